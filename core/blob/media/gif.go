package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image/gif"

	"kefu/core/blob"
)

// What one frame takes besides its pixels, and how many there may be: each may
// have a palette of its own.
const (
	frameCost = 8 << 10
	maxFrames = 2000
)

var errGIF = errors.New("no whole GIF")

// planGIF weighs all frames of a GIF, by walking over its blocks: the decoder
// would unpack the last one before anybody could say stop.
func planGIF(data []byte) (plan, error) {
	r := blocks{data}
	screen := r.take(13)
	if len(screen) < 13 {
		return plan{}, errGIF
	}
	r.palette(screen[10])
	weight, frames := int64(0), 0
	for {
		switch kind := r.take(1); string(kind) {
		case ";", "": // some end without saying so; whether that will do the decoder says
			if frames == 0 {
				return plan{}, errGIF
			}
			return plan{weight, makeGIF}, nil
		case "!":
			r.take(1)
			r.skip()
		case ",":
			d := r.take(9)
			if len(d) < 9 {
				return plan{}, errGIF
			}
			r.palette(d[8])
			r.take(1)
			r.skip()
			w, h := binary.LittleEndian.Uint16(d[4:]), binary.LittleEndian.Uint16(d[6:])
			weight += frameCost + int64(w)*int64(h)
			if frames++; frames > maxFrames {
				return plan{1 << 40, nil}, nil
			}
		default:
			return plan{}, errGIF
		}
	}
}

func makeGIF(data []byte) (blob.Image, error) {
	all, err := gif.DecodeAll(bytes.NewReader(data))
	if err != nil {
		return blob.Image{}, err
	}
	var b bytes.Buffer
	err = gif.EncodeAll(&b, all)
	return blob.Image{Data: b.Bytes(), MIME: "image/gif", Width: all.Config.Width, Height: all.Config.Height}, err
}

// blocks reads what a GIF is made of. At the end it yields less than asked for.
type blocks struct{ rest []byte }

func (r *blocks) take(n int) []byte {
	n = min(n, len(r.rest))
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// palette skips the palette that flags say there is.
func (r *blocks) palette(flags byte) {
	if flags&0x80 != 0 {
		r.take(3 << (flags&7 + 1))
	}
}

// skip skips parts of up to 255 bytes, up to an empty one.
func (r *blocks) skip() {
	for n := r.take(1); len(n) == 1 && n[0] > 0; n = r.take(1) {
		r.take(int(n[0]))
	}
}
