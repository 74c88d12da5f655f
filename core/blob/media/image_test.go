package media_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"kefu/core"
	"kefu/core/blob"
	"kefu/core/blob/media"
	"kefu/core/blob/sniff"
)

// corners is a picture whose four corners are red, green, blue and white, from
// the top left on as one reads.
func corners(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, colourAt(2*x/w, 2*y/h))
		}
	}
	return img
}

func colourAt(right, down int) color.NRGBA {
	return []color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}}[2*down+right]
}

// look names the corners of a picture, as one reads.
func look(img image.Image) string {
	b := img.Bounds()
	var out strings.Builder
	for _, p := range []image.Point{{b.Min.X + 1, b.Min.Y + 1}, {b.Max.X - 2, b.Min.Y + 1}, {b.Min.X + 1, b.Max.Y - 2}, {b.Max.X - 2, b.Max.Y - 2}} {
		r, g, bl, _ := img.At(p.X, p.Y).RGBA()
		switch {
		case r > 0xd000 && g > 0xd000 && bl > 0xd000:
			out.WriteString("W")
		case r > g && r > bl:
			out.WriteString("R")
		case g > bl:
			out.WriteString("G")
		default:
			out.WriteString("B")
		}
	}
	return out.String()
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exif puts an EXIF segment into a JPEG, with an orientation and a place.
func exif(data []byte, orientation uint16, order binary.AppendByteOrder) []byte {
	mark := map[bool]string{true: "MM", false: "II"}[order.String() == "BigEndian"]
	b := []byte("Exif\x00\x00" + mark)
	b = order.AppendUint32(order.AppendUint16(b, 42), 8)
	b = order.AppendUint16(b, 2)
	b = append(order.AppendUint32(order.AppendUint16(order.AppendUint16(b, 0x010f), 2), 4), "Nok\x00"...)
	b = order.AppendUint16(order.AppendUint32(order.AppendUint16(order.AppendUint16(b, 0x0112), 3), 1), orientation)
	b = append(b, "\x00\x00GPS 31.2304N 121.4737E"...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(b)+2))
	return append(append(append([]byte{}, data[:2]...), append(segment, b...)...), data[2:]...)
}

func images() *media.Media { return media.New(media.Budget) }

func made(t *testing.T, data []byte, kind string) (blob.Image, image.Image) {
	t.Helper()
	got, err := images().Make(t.Context(), data, kind)
	if err != nil {
		t.Fatal(err)
	}
	img, format, err := image.Decode(bytes.NewReader(got.Data))
	if err != nil || "image/"+format != got.MIME {
		t.Fatalf("%s, said to be %s: %v", format, got.MIME, err)
	}
	if s := img.Bounds().Size(); s.X != got.Width || s.Y != got.Height {
		t.Errorf("%v, said to be %d x %d", s, got.Width, got.Height)
	}
	return got, img
}

// A photo is seen the right way up, whichever way the phone was held, and says
// no longer where it was taken.
func TestOrientation(t *testing.T) {
	sources := map[string]image.Image{"colours for each pixel": yuv(image.YCbCrSubsampleRatio444), "for four": yuv(image.YCbCrSubsampleRatio420), "grey": grey()}
	for name, source := range sources {
		plain := jpegOf(t, source)
		_, upright := made(t, plain, "image/jpeg")
		for o := 1; o <= 8; o++ {
			order := []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian}[o%2]
			got, img := made(t, exif(plain, uint16(o), order), "image/jpeg")
			if bytes.Contains(got.Data, []byte("GPS")) || bytes.Contains(got.Data, []byte("Exif")) {
				t.Errorf("%s, %d: it says where it was taken", name, o)
			}
			if aside := o > 4; (got.Width == 30) != aside || (got.Height == 30) == aside {
				t.Errorf("%s, %d: %d x %d", name, o, got.Width, got.Height)
			}
			want := map[int]string{1: "RGBW", 2: "GRWB", 3: "WBGR", 4: "BWRG", 5: "RBGW", 6: "BRWG", 7: "WGBR", 8: "GWRB"}[o]
			if name == "grey" {
				want = turnedLook(look(upright), want)
			}
			if seen := look(img); seen != want {
				t.Errorf("%s, %d: looks %s, want %s", name, o, seen, want)
			}
		}
	}
}

// turnedLook takes the corners of a picture to where RGBW went.
func turnedLook(upright, turn string) string {
	out := ""
	for _, c := range turn {
		out += string(upright[strings.IndexRune("RGBW", c)])
	}
	return out
}

func yuv(ratio image.YCbCrSubsampleRatio) image.Image {
	src := corners(40, 30)
	out := image.NewYCbCr(src.Rect, ratio)
	for y := range 30 {
		for x := range 40 {
			c := src.NRGBAAt(x, y)
			out.Y[out.YOffset(x, y)], out.Cb[out.COffset(x, y)], out.Cr[out.COffset(x, y)] = color.RGBToYCbCr(c.R, c.G, c.B)
		}
	}
	return out
}

func grey() image.Image {
	out := image.NewGray(image.Rect(0, 0, 40, 30))
	for i := range out.Pix {
		if x, y := i%40, i/40; x >= 20 && y >= 15 {
			out.Pix[i] = 255
		}
	}
	return out
}

// What is drawn stays exact, and what can be seen through stays so; what comes
// after the picture does not come along.
func TestPNG(t *testing.T) {
	src := corners(7, 5)
	src.SetNRGBA(3, 2, color.NRGBA{1, 2, 3, 0})
	got, img := made(t, append(pngOf(t, src), "<script>alert(1)</script>"...), "image/png")
	if bytes.Contains(got.Data, []byte("script")) || got.MIME != "image/png" {
		t.Errorf("%s %q", got.MIME, got.Data)
	}
	if _, _, _, a := img.At(3, 2).RGBA(); a != 0 || look(img) != "RGBW" {
		t.Errorf("looks %s, alpha %d", look(img), a)
	}
}

func moving(frames, w, h int) *gif.GIF {
	g := &gif.GIF{LoopCount: 3}
	for i := range frames {
		f := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.Black, color.White})
		f.Pix[i%(w*h)] = 1
		g.Image, g.Delay = append(g.Image, f), append(g.Delay, 5+i)
	}
	return g
}

func gifOf(t testing.TB, g *gif.GIF) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A GIF goes on moving.
func TestGIF(t *testing.T) {
	data := gifOf(t, moving(4, 9, 9))
	comment := append([]byte("!\xfe\x06secret\x00"), data[len(data)-1:]...)
	got, _ := made(t, append(data[:len(data)-1:len(data)-1], comment...), "image/gif")
	all, err := gif.DecodeAll(bytes.NewReader(got.Data))
	if err != nil || len(all.Image) != 4 || all.Delay[3] != 8 || all.LoopCount != 3 || bytes.Contains(got.Data, []byte("secret")) {
		t.Errorf("%v: %d frames, %v, %d times", err, len(all.Image), all.Delay, all.LoopCount)
	}
}

// A WebP becomes what every page can show.
func TestWebP(t *testing.T) {
	// 1 x 1, lossy; and 1 x 1 lossless: both as libwebp writes them.
	lossy := "RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x000\x01\x00\x9d\x01*\x01\x00\x01\x00\x02\x004%\xa4\x00\x03p\x00\xfe\xfb\x94\x00\x00"
	lossless := "RIFF\x1a\x00\x00\x00WEBPVP8L\r\x00\x00\x00/\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"
	for data, want := range map[string]string{lossy: "image/jpeg", lossless: "image/png"} {
		if got, _ := made(t, []byte(data), "image/webp"); got.MIME != want || got.Width != 1 {
			t.Errorf("%s, %d pixels", got.MIME, got.Width)
		}
	}
}

// A few bytes that would become gigabytes are refused before they do.
func TestBombs(t *testing.T) {
	wide := pngOf(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(wide[16:], 50_000)
	binary.BigEndian.PutUint32(wide[20:], 50_000)
	binary.BigEndian.PutUint32(wide[29:], crc(wide[12:29]))
	tall := jpegOf(t, image.NewGray(image.Rect(0, 0, 8, 8)))
	at := bytes.Index(tall, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(tall[at+5:], 65_000)
	binary.BigEndian.PutUint16(tall[at+7:], 65_000)
	frames := gifOf(t, moving(1, 1000, 1000))
	begin := bytes.Index(frames, []byte("!\xf9"))
	frame := frames[begin : len(frames)-1]
	many := append(append([]byte{}, frames[:begin]...), bytes.Repeat(frame, 300)...)
	endless := append(append([]byte{}, frames[:begin]...), bytes.Repeat([]byte(",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x00"), 2001)...)
	for name, c := range map[string]struct {
		data []byte
		kind string
	}{
		"a wide PNG": {wide, "image/png"}, "a tall JPEG": {tall, "image/jpeg"}, "300 frames": {many, "image/gif"}, "2001 frames": {endless, "image/gif"},
	} {
		if len(c.data) > 1<<20 {
			t.Errorf("%s: %d bytes are no bomb", name, len(c.data))
		}
		if _, err := images().Make(t.Context(), c.data, c.kind); core.CodeOf(err) != core.TooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What only begins like an image is Invalid, and an image waits its turn.
func TestNoImages(t *testing.T) {
	whole := map[string][]byte{
		"image/png": pngOf(t, corners(9, 9)), "image/jpeg": jpegOf(t, corners(9, 9)), "image/gif": gifOf(t, moving(2, 9, 9)),
		"image/webp": []byte("RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x00"), "image/svg+xml": []byte("<svg>"),
	}
	for kind, data := range whole {
		for _, n := range []int{0, 3, 12, len(data) / 2} {
			if _, err := images().Make(t.Context(), data[:min(n, len(data))], kind); core.CodeOf(err) != core.Invalid {
				t.Errorf("%d bytes of %s: %v", n, kind, err)
			}
		}
	}
	if _, err := media.New(100).Make(t.Context(), whole["image/png"], "image/png"); core.CodeOf(err) != core.TooLarge {
		t.Errorf("with 100 bytes of memory: %v", err)
	}
}

// The size is known from the beginning of a file, as it will be seen.
func TestPixels(t *testing.T) {
	for kind, data := range map[string][]byte{
		"image/png": pngOf(t, corners(40, 30)), "image/jpeg": jpegOf(t, corners(40, 30)), "image/gif": gifOf(t, moving(1, 40, 30)),
	} {
		if w, h := images().Pixels(data[:min(len(data), 700)], kind); w != 40 || h != 30 {
			t.Errorf("%s: %d x %d", kind, w, h)
		}
	}
	if w, h := images().Pixels(exif(jpegOf(t, corners(40, 30)), 6, binary.BigEndian), "image/jpeg"); w != 30 || h != 40 {
		t.Errorf("aside: %d x %d", w, h)
	}
	if w, h := images().Pixels([]byte("%PDF-"), "application/pdf"); w != 0 || h != 0 {
		t.Errorf("a text: %d x %d", w, h)
	}
}

// No bytes make it panic, or take more than there is.
func FuzzMake(f *testing.F) {
	for _, data := range [][]byte{pngOf(f, corners(9, 9)), exif(jpegOf(f, corners(9, 9)), 6, binary.LittleEndian), gifOf(f, moving(2, 9, 9))} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		kind := sniff.Type(data)
		if !blob.IsImage(kind) {
			kind = "image/jpeg"
		}
		got, err := media.New(8<<20).Make(t.Context(), data, kind)
		switch code := core.CodeOf(err); {
		case err == nil && (!blob.IsImage(got.MIME) || sniff.Type(got.Data) != got.MIME):
			t.Errorf("made %s, which looks like %s", got.MIME, sniff.Type(got.Data))
		case err != nil && code != core.Invalid && code != core.TooLarge:
			t.Error(err)
		}
	})
}
