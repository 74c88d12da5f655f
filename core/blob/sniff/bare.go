package sniff

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// Bare implements blob.Media. Nothing is decoded: what is metadata is overwritten
// where it stands, and so is what follows the picture, where phones keep a film
// or a second picture. Of EXIF the orientation stays; colour profiles do. GIFs,
// which no camera makes, are left alone.
func (Sniffer) Bare(data []byte, kind string) (changed bool) {
	b := blank{data: data}
	switch kind {
	case "image/jpeg":
		b.jpeg()
	case "image/png":
		b.png()
	case "image/webp":
		b.webp()
	}
	return b.changed
}

// blank overwrites parts of a file.
type blank struct {
	data    []byte
	changed bool
}

// with overwrites data[from:to] with what is wanted there, and zeros behind it.
func (b *blank) with(from, to int, want ...byte) {
	part := b.data[from:to]
	n := min(len(want), len(part))
	if bytes.Equal(part[:n], want[:n]) && len(bytes.Trim(part[n:], "\x00")) == 0 {
		return
	}
	b.changed = true
	clear(part[copy(part, want[:n]):])
}

// Markers of segments that Bare looks at.
const (
	app0, app2, app14, app15 = 0xe0, 0xe2, 0xee, 0xef
	comment, eoi             = 0xfe, 0xd9
	rst0, rst7               = 0xd0, 0xd7
)

// jpeg goes from marker to marker. ITU-T T.81, annex B; where it is no JPEG any
// more it stops.
func (b *blank) jpeg() {
	at := 2
	for at+4 <= len(b.data) && b.data[at] == 0xff {
		marker := b.data[at+1]
		switch {
		case marker == 0xff: // a filler
			at++
			continue
		case marker == eoi:
			b.with(at+2, len(b.data))
			return
		}
		end := at + 2 + int(binary.BigEndian.Uint16(b.data[at+2:]))
		if end < at+4 || end > len(b.data) {
			return
		}
		b.segment(marker, at+4, end)
		if at = end; marker == sos {
			at = b.scan(at)
		}
	}
}

// scan returns where the marker behind pixels is: one that is no part of them.
func (b *blank) scan(at int) int {
	for ; at+1 < len(b.data); at++ {
		if next := b.data[at+1]; b.data[at] == 0xff && next != 0 && next != 0xff && (next < rst0 || next > rst7) {
			break
		}
	}
	return at
}

// segment blanks one that says more than a decoder needs: all that programs and
// cameras add, but for JFIF, a colour profile, and what Adobe says of colours.
func (b *blank) segment(marker byte, from, to int) {
	content := b.data[from:to]
	starts := func(with string) bool { return bytes.HasPrefix(content, []byte(with)) }
	switch {
	case marker == app0 && starts("JFIF\x00"), marker == app2 && starts("ICC_PROFILE\x00"), marker == app14 && starts("Adobe"):
	case marker == APP1 && Orientation(content) > 1:
		b.with(from, to, append([]byte("Exif\x00\x00"), turned(Orientation(content))...)...)
	case marker >= app0 && marker <= app15, marker == comment:
		b.with(from, to)
	}
}

// turned is a TIFF header with one directory, of one entry: the orientation.
func turned(orientation int) []byte {
	return []byte{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, byte(orientation), 0, 0, 0, 0, 0, 0}
}

// png makes chunks of words, of time and of EXIF chunks that mean nothing, and
// are no fault: a private type that may be left out.
func (b *blank) png() {
	const blanked = "kfNo"
	for at := 8; at+12 <= len(b.data); {
		end := int64(at) + 12 + int64(binary.BigEndian.Uint32(b.data[at:]))
		if end > int64(len(b.data)) {
			return
		}
		switch string(b.data[at+4 : at+8]) {
		case "eXIf", "tEXt", "zTXt", "iTXt", "tIME":
			b.with(at+4, int(end)-4, []byte(blanked)...)
			binary.BigEndian.PutUint32(b.data[end-4:], crc32.ChecksumIEEE(b.data[at+4:end-4]))
		case "IEND":
			b.with(int(end), len(b.data))
			return
		}
		at = int(end)
	}
}

// webp blanks what is in chunks of EXIF and XMP. RFC 9649, section 2.7.
func (b *blank) webp() {
	if len(b.data) < 12 {
		return
	}
	most := min(int64(len(b.data)), 8+int64(binary.LittleEndian.Uint32(b.data[4:])))
	for at := int64(12); at+8 <= most; {
		size := int64(binary.LittleEndian.Uint32(b.data[at+4:]))
		from, to := at+8, at+8+size
		if to > most {
			return
		}
		switch string(b.data[at : at+4]) {
		case "EXIF":
			o := max(Orientation(b.data[from:to]), Orientation(append([]byte("Exif\x00\x00"), b.data[from:to]...)))
			if o > 1 {
				b.with(int(from), int(to), turned(o)...)
			} else {
				b.with(int(from), int(to))
			}
		case "XMP ":
			b.with(int(from), int(to))
		}
		at = to + size%2
	}
	b.with(int(most), len(b.data))
}
