// Package media is blob.Media: what package sniff knows of files, and images that
// are made anew from their pixels; see package blob.
package media

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
	"golang.org/x/sync/semaphore"

	"kefu/core"
	"kefu/core/blob"
	"kefu/core/blob/sniff"
)

// Media is blob.Media.
type Media struct {
	sniff.Sniffer // what a file is, and is called

	budget int64
	memory *semaphore.Weighted
}

var _ blob.Media = (*Media)(nil)

// Budget is how many bytes all images that are being made may take together,
// unless somebody says otherwise. A photo of 50 megapixels takes 150 MB.
const Budget = 256 << 20

// New returns a Media whose images take at most so many bytes at a time.
func New(budget int64) *Media { return &Media{sniff.Sniffer{}, budget, semaphore.NewWeighted(budget)} }

// quality of JPEGs. At 85 nobody sees the difference on a phone.
const quality = 85

// Make implements blob.Media.
func (m *Media) Make(ctx context.Context, data []byte, kind string) (blob.Image, error) {
	p, err := planOf(data, kind)
	if err != nil {
		return blob.Image{}, unreadable(err)
	}
	if p.weight > m.budget {
		return blob.Image{}, core.Errorf(core.TooLarge, "this image has too many pixels; send a smaller one")
	}
	if err := m.memory.Acquire(ctx, p.weight); err != nil {
		return blob.Image{}, &core.Error{Code: core.Unavailable, Message: "too many images at a time", Cause: err}
	}
	defer m.memory.Release(p.weight)
	out, err := p.make(data)
	return out, unreadable(err)
}

func unreadable(err error) error {
	if err == nil || core.CodeOf(err) != core.Internal {
		return err
	}
	return &core.Error{Code: core.Invalid, Message: "this image can not be read", Cause: err}
}

// plan is how an image is made and what that takes.
type plan struct {
	weight int64 // bytes
	make   func(data []byte) (blob.Image, error)
}

// planOf reads no more than headers.
func planOf(data []byte, kind string) (plan, error) {
	switch kind {
	case "image/jpeg":
		return planJPEG(data)
	case "image/gif":
		return planGIF(data)
	case "image/png":
		c, err := png.DecodeConfig(bytes.NewReader(data))
		// An interlaced one is decoded in passes, each with a picture of its own.
		return plan{2 * pixels(c.Width, c.Height) * depth(c.ColorModel), func(data []byte) (blob.Image, error) {
			img, err := png.Decode(bytes.NewReader(data))
			return encoded(img, err)
		}}, err
	case "image/webp":
		c, err := webp.DecodeConfig(bytes.NewReader(data))
		return plan{2 * pixels(c.Width, c.Height) * 4, func(data []byte) (blob.Image, error) {
			img, err := webp.Decode(bytes.NewReader(data))
			return encoded(img, err)
		}}, err
	default:
		return plan{}, errors.New("no image")
	}
}

// maxSide is how many pixels an image may have along one side, so that what it
// weighs can be counted.
const maxSide = 1 << 16

// pixels is width times height, or more than anybody has memory for.
func pixels(w, h int) int64 {
	if w <= 0 || h <= 0 || w > maxSide || h > maxSide {
		return 1 << 40
	}
	return int64(w) * int64(h)
}

// depth is how many bytes a pixel takes.
func depth(m color.Model) int64 {
	switch m {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	return 4
}

// encoded writes an image that was decoded: photos as JPEG, and what is drawn
// or can be seen through as PNG.
func encoded(img image.Image, err error) (blob.Image, error) {
	if err != nil {
		return blob.Image{}, err
	}
	var b bytes.Buffer
	size := img.Bounds().Size()
	out := blob.Image{MIME: "image/png", Width: size.X, Height: size.Y}
	switch img := img.(type) {
	case *image.YCbCr:
		out.MIME = "image/jpeg"
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: quality})
	case *image.NYCbCrA: // the encoder would ask for each pixel
		drawn := image.NewNRGBA(img.Bounds())
		draw.Draw(drawn, drawn.Bounds(), img, img.Bounds().Min, draw.Src)
		err = png.Encode(&b, drawn)
	default:
		err = png.Encode(&b, img)
	}
	out.Data = b.Bytes()
	return out, err
}
