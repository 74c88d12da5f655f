package media_test

import (
	"encoding/binary"
	"image"
	"math/rand/v2"
	"runtime"
	"testing"
)

// photo is a JPEG of 12 megapixels that was taken with the phone upright.
func photo(b *testing.B) []byte {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	img := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = byte(i/700) + byte(r.IntN(16))
	}
	return exif(jpegOf(b, img), 6, binary.BigEndian)
}

// BenchmarkPhoto shows what an upload of a usual photo costs: bytes at most, and
// time of one core.
func BenchmarkPhoto(b *testing.B) {
	data := photo(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n := 0
	for b.Loop() {
		if _, err := images().Make(b.Context(), data, "image/jpeg"); err != nil {
			b.Fatal(err)
		}
		n++
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(n)/(12e6), "B/pixel")
}
