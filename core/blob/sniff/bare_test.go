package sniff_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/webp"

	"kefu/core/blob/sniff"
)

// secret is what nobody else is to learn.
const secret = "31.2304N 121.4737E"

// exif is a segment of a camera's, which turns the picture and says where it was
// taken.
func exif(order binary.AppendByteOrder, orientation uint16) []byte {
	mark := "MM\x00*"
	if order.String() == "LittleEndian" {
		mark = "II*\x00"
	}
	b := order.AppendUint16(order.AppendUint32([]byte("Exif\x00\x00"+mark), 8), 2)
	for _, e := range []struct {
		tag, kind uint16
		n         uint32
		value     []byte
	}{{0x010f, 2, uint32(len(secret)), order.AppendUint32(nil, 38)}, {0x0112, 3, 1, append(order.AppendUint16(nil, orientation), 0, 0)}} {
		b = append(order.AppendUint32(order.AppendUint16(order.AppendUint16(b, e.tag), e.kind), e.n), e.value...)
	}
	return append(b, "\x00\x00\x00\x00"+secret...)
}

// segment is one of a JPEG.
func segment(marker byte, content string) string {
	return string(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(content)+2))) + content
}

func chunk(kind, content string) string {
	b := append(binary.BigEndian.AppendUint32(nil, uint32(len(content))), kind+content...)
	return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:])))
}

func riff(kind, content string) string {
	return kind + string(binary.LittleEndian.AppendUint32(nil, uint32(len(content)))) + content + strings.Repeat("\x00", len(content)%2)
}

// TestBare: what was said besides the pixels is gone, the picture is the same,
// turned the same way, and a second time there is nothing to do.
func TestBare(t *testing.T) {
	of := pictures(t)
	j, p, w := string(of["image/jpeg"][0]), string(of["image/png"][0]), string(of["image/webp"][0])
	icc, adobe := segment(0xe2, "ICC_PROFILE\x00\x01\x01profile"), segment(0xee, "Adobe\x00d\x00\x00\x00\x00\x01")
	head := p[:33] // the signature and IHDR
	body := w[12:] + riff("EXIF", string(exif(binary.BigEndian, 3)[6:])) + riff("XMP ", "<x>"+secret+"</x>")
	for name, c := range map[string]struct{ kind, data, keeps string }{
		"a camera's JPEG": {"image/jpeg", j[:2] + segment(0xe0, "JFIF\x00\x01\x02") + segment(0xe1, string(exif(binary.LittleEndian, 6))) +
			segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x>"+secret+"</x>") + icc + segment(0xe2, "MPF\x00"+secret) + segment(0xed, "Photoshop 3.0\x00"+secret) +
			segment(0xfe, secret) + j[2:], icc},
		"with a film behind it":          {"image/jpeg", j + "ftypmp42" + secret, ""},
		"with fillers, and Adobe's word": {"image/jpeg", j[:2] + "\xff\xff" + segment(0xfe, secret) + adobe + j[2:], adobe},
		"a picture of a screen":          {"image/png", head + chunk("tEXt", "Author\x00"+secret) + chunk("eXIf", string(exif(binary.BigEndian, 1)[6:])) + chunk("pHYs", "\x00\x00\x0b\x13\x00\x00\x0b\x13\x01") + p[33:] + secret, "pHYs"},
		"a WebP":                         {"image/webp", "RIFF" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)+4))) + "WEBP" + body + secret, "VP8 "},
	} {
		data := []byte(c.data)
		before := slices.Clone(data)
		if !(sniff.Sniffer{}).Bare(data, c.kind) {
			t.Errorf("%s: nothing is said to have been there", name)
		}
		if len(data) != len(before) || strings.Contains(string(data), secret) || !strings.Contains(string(data), c.keeps) {
			t.Errorf("%s: %q", name, data)
		}
		wide, high := sniff.Sniffer{}.Pixels(data, c.kind)
		if w, h := (sniff.Sniffer{}).Pixels(before, c.kind); w != wide || h != high {
			t.Errorf("%s: %d x %d has become %d x %d", name, w, h, wide, high)
		}
		if decoded(t, c.kind, before) != decoded(t, c.kind, data) {
			t.Errorf("%s: the picture is another one", name)
		}
		if (sniff.Sniffer{}).Bare(data, c.kind) {
			t.Errorf("%s: a second time there is still something", name)
		}
	}
}

// decoded are the pixels of a picture, as one string.
func decoded(t *testing.T, kind string, data []byte) string {
	t.Helper()
	decode := map[string]func() (string, error){
		"image/jpeg": func() (string, error) { img, err := jpeg.Decode(bytes.NewReader(data)); return pixels(img), err },
		"image/png":  func() (string, error) { img, err := png.Decode(bytes.NewReader(data)); return pixels(img), err },
		"image/webp": func() (string, error) { img, err := webp.Decode(bytes.NewReader(data)); return pixels(img), err },
	}
	s, err := decode[kind]()
	if err != nil && kind != "image/webp" { // of which the test has only the beginning
		t.Fatalf("%s: %v", kind, err)
	}
	return s
}

// FuzzBare: whatever it is, it stays as long, and once is enough.
func FuzzBare(f *testing.F) {
	for kind, list := range pictures(f) {
		for _, data := range list {
			f.Add(data, kind)
		}
	}
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x22"+string(exif(binary.BigEndian, 8))), "image/jpeg")
	f.Fuzz(func(t *testing.T, data []byte, kind string) {
		var s sniff.Sniffer
		bare := slices.Clone(data)
		s.Bare(bare, kind)
		if len(bare) != len(data) {
			t.Fatalf("%d bytes have become %d", len(data), len(bare))
		}
		if s.Bare(bare, kind) {
			t.Errorf("a second time there is still something: %q has become %q", data, bare)
		}
	})
}

// pixels are those of a picture; empty: there is none.
func pixels(img image.Image) string {
	if img == nil {
		return ""
	}
	var b strings.Builder
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			fmt.Fprint(&b, img.At(img.Bounds().Min.X+x, img.Bounds().Min.Y+y))
		}
	}
	return b.String()
}
