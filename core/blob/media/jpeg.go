package media

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"

	"kefu/core/blob"
	"kefu/core/blob/sniff"
)

// header is what a JPEG says of itself before its first scan.
type header struct {
	turn        int  // orientation of EXIF, 1 to 8
	progressive bool // all coefficients are kept until the end
	samples     int64
	per         int64 // samples are of so many pixels
}

// planJPEG weighs a JPEG: its samples, four bytes more for each if it is
// progressive, and once more if it has to be turned.
func planJPEG(data []byte) (plan, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return plan{}, err
	}
	h, ok := headerOf(data)
	if !ok { // the decoder forgives more than headerOf does
		h = header{turn: h.turn, progressive: true, samples: 4, per: 1}
	}
	each := int64(1)
	if h.progressive {
		each += 4
	}
	if h.turn > 1 {
		each++
	}
	return plan{each * (pixels(c.Width, c.Height)*h.samples/h.per + 1), func(data []byte) (blob.Image, error) {
		img, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			return blob.Image{}, err
		}
		img = turned(img, h.turn)
		var b bytes.Buffer
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: quality})
		size := img.Bounds().Size()
		return blob.Image{Data: b.Bytes(), MIME: "image/jpeg", Width: size.X, Height: size.Y}, err
	}}, nil
}

// headerOf reads the segments up to the frame; false: it did not find one.
func headerOf(data []byte) (h header, ok bool) {
	h.turn = 1
	for marker, body := range sniff.Segments(data) {
		switch marker {
		case sniff.APP1:
			if o := sniff.Orientation(body); o > 0 {
				h.turn = o
			}
		case sniff.SOF0, sniff.SOF0 + 1, sniff.SOF2: // the ones the decoder knows
			h.progressive = marker == sniff.SOF2
			return h, h.frame(body)
		}
	}
	return h, false
}

// frame reads how many samples there are of how many pixels: colours are often
// stored for two or four pixels together.
func (h *header) frame(b []byte) bool {
	if len(b) < 6 || len(b) < 6+3*int(b[5]) {
		return false
	}
	var most int64
	for i := range int(b[5]) {
		hv := b[6+3*i+1]
		n := int64(hv>>4) * int64(hv&15)
		h.samples += n
		most = max(most, n)
	}
	h.per = most
	return most > 0
}

// turned returns an image as it is to be seen. Orientations above 4 lie on
// their side.
func turned(img image.Image, o int) image.Image {
	if o <= 1 {
		return img
	}
	switch src := img.(type) {
	case *image.Gray:
		p := turnPlane(plane{src.Pix, src.Stride, src.Rect.Dx(), src.Rect.Dy(), 1}, o)
		return &image.Gray{Pix: p.pix, Stride: p.stride, Rect: image.Rect(0, 0, p.w, p.h)}
	case *image.YCbCr:
		if ratio, ok := turnedRatio(src.SubsampleRatio, o); ok {
			return turnColours(src, ratio, o)
		}
	}
	b := img.Bounds()
	flat := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(flat, flat.Rect, img, b.Min, draw.Src)
	p := turnPlane(plane{flat.Pix, flat.Stride, b.Dx(), b.Dy(), 4}, o)
	return &image.RGBA{Pix: p.pix, Stride: p.stride, Rect: image.Rect(0, 0, p.w, p.h)}
}

func turnColours(src *image.YCbCr, ratio image.YCbCrSubsampleRatio, o int) *image.YCbCr {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	cw, ch := src.CStride, len(src.Cb)/src.CStride
	switch src.SubsampleRatio {
	case image.YCbCrSubsampleRatio444:
		cw, ch = w, h
	case image.YCbCrSubsampleRatio422:
		cw, ch = (w+1)/2, h
	case image.YCbCrSubsampleRatio420:
		cw, ch = (w+1)/2, (h+1)/2
	case image.YCbCrSubsampleRatio440:
		cw, ch = w, (h+1)/2
	case image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410: // not turned here
	}
	y := turnPlane(plane{src.Y, src.YStride, w, h, 1}, o)
	cb, cr := turnPlane(plane{src.Cb, src.CStride, cw, ch, 1}, o), turnPlane(plane{src.Cr, src.CStride, cw, ch, 1}, o)
	return &image.YCbCr{
		Y: y.pix, Cb: cb.pix, Cr: cr.pix, YStride: y.stride, CStride: cb.stride, SubsampleRatio: ratio, Rect: image.Rect(0, 0, y.w, y.h),
	}
}

// turnedRatio is how colours are stored after a turn; false: in no way that
// there is.
func turnedRatio(r image.YCbCrSubsampleRatio, o int) (image.YCbCrSubsampleRatio, bool) {
	aside := o > 4
	switch r {
	case image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio420:
		return r, true
	case image.YCbCrSubsampleRatio422:
		if aside {
			r = image.YCbCrSubsampleRatio440
		}
		return r, true
	case image.YCbCrSubsampleRatio440:
		if aside {
			r = image.YCbCrSubsampleRatio422
		}
		return r, true
	default:
		return r, false
	}
}

// plane is a rectangle of samples of some bytes each.
type plane struct {
	pix          []byte
	stride, w, h int
	bytes        int
}

// turnPlane moves each sample to where an orientation says it is seen. Along a
// row of what is seen, the source goes by equal steps.
func turnPlane(src plane, o int) plane {
	dst := plane{w: src.w, h: src.h, bytes: src.bytes}
	if o > 4 {
		dst.w, dst.h = src.h, src.w
	}
	dst.stride = dst.w * dst.bytes
	dst.pix = make([]byte, dst.stride*dst.h)
	for y := range dst.h {
		row := dst.pix[y*dst.stride : (y+1)*dst.stride]
		at := src.from(o, 0, y)
		step := src.from(o, 1, y) - at
		for x := 0; x < len(row); x += src.bytes {
			for i := range src.bytes {
				row[x+i] = src.pix[at+i]
			}
			at += step
		}
	}
	return dst
}

// from returns the index of the sample that is seen at x, y.
func (p plane) from(o, x, y int) int {
	if o > 4 {
		x, y = y, x
	}
	switch o {
	case 2, 3, 7, 8:
		x = p.w - 1 - x
	}
	switch o {
	case 3, 4, 6, 7:
		y = p.h - 1 - y
	}
	return y*p.stride + x*p.bytes
}
