package sniff_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"testing"

	"golang.org/x/image/webp"

	"kefu/core"
	"kefu/core/blob"
	"kefu/core/blob/sniff"
)

// decoders are those that the headers are held against.
func decoders() map[string]func(io.Reader) (image.Config, error) {
	return map[string]func(io.Reader) (image.Config, error){
		"image/png": png.DecodeConfig, "image/jpeg": jpeg.DecodeConfig, "image/gif": gif.DecodeConfig, "image/webp": webp.DecodeConfig,
	}
}

// pictures are some of each kind. Those of WebP begin as libwebp writes them:
// lossy, lossless, and one of which a part is transparent.
func pictures(t testing.TB) map[string][][]byte {
	t.Helper()
	img := image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{color.Black, color.White})
	var p, j, g bytes.Buffer
	for _, err := range []error{png.Encode(&p, img), jpeg.Encode(&j, img, nil), gif.Encode(&g, img, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string][][]byte{
		"image/png": {p.Bytes()}, "image/jpeg": {j.Bytes()}, "image/gif": {g.Bytes()},
		"image/webp": {
			[]byte("RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x000\x01\x00\x9d\x01*\x28\x00\x1e\x00\x02\x004%\xa4\x00\x03p\x00\xfe\xfb\x94\x00\x00"),
			[]byte("RIFF\x1a\x00\x00\x00WEBPVP8L\r\x00\x00\x00/\x27\x40\x07\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"),
			[]byte("RIFF\x24\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00\x27\x00\x00\x1d\x00\x00ALPH\x00\x00"),
		},
	}
}

func TestPixels(t *testing.T) {
	var s sniff.Sniffer
	for kind, list := range pictures(t) {
		for i, data := range list {
			if w, h := s.Pixels(data, kind); w != 40 || h != 30 {
				t.Errorf("%s %d: %d x %d", kind, i, w, h)
			}
			if sniff.Type(data) != kind {
				t.Errorf("%s %d looks like %s", kind, i, sniff.Type(data))
			}
		}
	}
	if w, h := s.Pixels([]byte("%PDF-"), "application/pdf"); w != 0 || h != 0 {
		t.Errorf("a text: %d x %d", w, h)
	}
	wide := bytes.Clone(pictures(t)["image/png"][0])
	binary.BigEndian.PutUint32(wide[16:], 1<<31)
	if w, h := s.Pixels(wide, "image/png"); w != 0 || h != 0 {
		t.Errorf("no picture is that large: %d x %d", w, h)
	}
	if _, err := s.Make(t.Context(), wide, "image/png"); core.CodeOf(err) != core.Unsupported {
		t.Errorf("made: %v", err)
	}
}

// Whatever a decoder finds, the headers say too; and no bytes make it panic.
func FuzzPixels(f *testing.F) {
	for _, list := range pictures(f) {
		for _, data := range list {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for kind, decode := range decoders() {
			w, h := sniff.Sniffer{}.Pixels(data, kind)
			c, err := decode(bytes.NewReader(data))
			if err != nil || sniff.Type(data) != kind || !blob.IsImage(kind) {
				continue
			}
			small := c.Width > 0 && c.Height > 0 && c.Width <= 1<<17 && c.Height <= 1<<17
			same := w == c.Width && h == c.Height || w == c.Height && h == c.Width // as it is to be seen
			if small && !same && w != 0 {
				t.Errorf("%s: %d x %d, and the decoder says %d x %d", kind, w, h, c.Width, c.Height)
			}
		}
	})
}
