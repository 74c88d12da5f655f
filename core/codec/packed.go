package codec

import (
	"encoding/binary"
	"errors"
	"time"
)

// maxTexts is how many texts of one header can be referred to again: all of a
// usual one. They are compared one by one, which for so few is quicker than a
// map.
const maxTexts = 64

// texts are those that a header had so far. The same few people are named
// again and again, so a repeat is written as a number.
type texts struct {
	list [maxTexts]string
	n    int
}

func (t *texts) add(s string) {
	if t.n < maxTexts && s != "" {
		t.list[t.n] = s
		t.n++
	}
}

func (t *texts) find(s string) (int, bool) {
	for i := range t.n {
		if t.list[i] == s {
			return i, true
		}
	}
	return 0, false
}

// writer packs values: numbers as varints, times as milliseconds since base.
type writer struct {
	buf   []byte
	base  int64
	texts texts
}

func (w *writer) byte(b byte) { w.buf = append(w.buf, b) }

func (w *writer) uint(v uint64) { w.buf = binary.AppendUvarint(w.buf, v) }

// fixed is for digests, which a varint would only lengthen.
func (w *writer) fixed(v uint64) { w.buf = binary.LittleEndian.AppendUint64(w.buf, v) }

// text writes twice the length and the bytes, or for a repeat twice its
// number and one.
func (w *writer) text(s string) {
	if i, ok := w.texts.find(s); ok {
		w.uint(uint64(i)<<1 | 1)
		return
	}
	w.uint(uint64(len(s)) << 1)
	w.buf = append(w.buf, s...)
	w.texts.add(s)
}

// time writes 0 for the zero time, else the zigzagged distance and one.
func (w *writer) time(t time.Time) {
	if t.IsZero() {
		w.uint(0)
		return
	}
	d := t.UnixMilli() - w.base
	w.uint(uint64(d<<1^d>>63) + 1)
}

// millis is what other times are counted from; 0 if there is none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

var (
	errShort = errors.New("it ends too early")
	errLong  = errors.New("something follows its end")
	errRange = errors.New("a value is out of range")
)

// reader unpacks what writer packed. After its first error it yields zeros,
// so that callers look at the error once, at the end. Texts are parts of rest:
// a header is one allocation, however many names are in it.
type reader struct {
	rest  string
	base  int64
	texts texts
	err   error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.rest = ""
}

func (r *reader) end() error {
	if r.err == nil && r.rest != "" {
		return errLong
	}
	return r.err
}

// byteUpTo refuses what is greater than limit: a Phase or a PartyKind that
// does not exist would make its String panic later.
func (r *reader) byteUpTo(limit byte) byte {
	if r.rest == "" {
		r.fail(errShort)
		return 0
	}
	b := r.rest[0]
	if r.rest = r.rest[1:]; b > limit {
		r.fail(errRange)
		return 0
	}
	return b
}

// uint is binary.Uvarint for a string. It takes no tenth byte above one, for
// that would not fit.
func (r *reader) uint() uint64 {
	var v uint64
	for shift := uint(0); shift < 64; shift += 7 {
		b := r.byteUpTo(255)
		if shift == 63 && b > 1 {
			break
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.fail(errRange)
	return 0
}

func (r *reader) uint32() uint32 {
	v := r.uint()
	if v>>32 != 0 {
		r.fail(errRange)
		return 0
	}
	return uint32(v)
}

func (r *reader) uint16() uint16 {
	v := r.uint()
	if v>>16 != 0 {
		r.fail(errRange)
		return 0
	}
	return uint16(v)
}

// count reads how many items follow. Each takes at least a byte, so a damaged
// count can not ask for much memory.
func (r *reader) count() int {
	v := r.uint()
	if v > uint64(len(r.rest)) {
		r.fail(errShort)
		return 0
	}
	return int(v)
}

func (r *reader) fixed() uint64 {
	if len(r.rest) < 8 {
		r.fail(errShort)
		return 0
	}
	var b [8]byte
	copy(b[:], r.rest)
	r.rest = r.rest[8:]
	return binary.LittleEndian.Uint64(b[:])
}

func (r *reader) text() string {
	v := r.uint()
	if v&1 == 1 {
		if v >>= 1; v >= uint64(r.texts.n) {
			r.fail(errRange)
			return ""
		}
		return r.texts.list[v]
	}
	if v >>= 1; v > uint64(len(r.rest)) {
		r.fail(errShort)
		return ""
	}
	s := r.rest[:v]
	r.rest = r.rest[v:]
	r.texts.add(s)
	return s
}

func (r *reader) time() time.Time {
	v := r.uint()
	if v == 0 {
		return time.Time{}
	}
	v--
	return time.UnixMilli(int64(v>>1) ^ -int64(v&1) + r.base).UTC()
}
