package sniff

import (
	"bytes"
	"encoding/binary"
	"iter"
)

// maxSide is how wide or high a picture may say to be, in pixels.
const maxSide = 1 << 17

// Pixels implements blob.Media.
func (Sniffer) Pixels(head []byte, kind string) (w, h int) {
	if w, h = said(head, kind); w < 1 || h < 1 || w > maxSide || h > maxSide {
		return 0, 0
	}
	return w, h
}

// said is what a picture says of itself.
func said(head []byte, kind string) (w, h int) {
	switch kind {
	case "image/png":
		if len(head) >= 24 && string(head[12:16]) == "IHDR" {
			return int(binary.BigEndian.Uint32(head[16:])), int(binary.BigEndian.Uint32(head[20:]))
		}
	case "image/gif":
		if len(head) >= 10 && string(head[:3]) == "GIF" {
			return int(binary.LittleEndian.Uint16(head[6:])), int(binary.LittleEndian.Uint16(head[8:]))
		}
	case "image/webp":
		return webp(head)
	case "image/jpeg":
		return jpeg(head)
	}
	return 0, 0
}

// webp reads the first chunk of a file: one of pixels, lossy or lossless, or
// one that says what all of the file is. RFC 9649, sections 2.5 to 2.7.
func webp(head []byte) (w, h int) {
	if len(head) < 30 || string(head[:4]) != "RIFF" || string(head[8:12]) != "WEBP" {
		return 0, 0
	}
	b := head[20:]
	switch kind := string(head[12:16]); {
	case kind == "VP8X":
		return 1 + int(b[4]) + int(b[5])<<8 + int(b[6])<<16, 1 + int(b[7]) + int(b[8])<<8 + int(b[9])<<16
	case kind == "VP8L" && b[0] == 0x2f:
		bits := int(binary.LittleEndian.Uint32(b[1:]))
		return 1 + bits&0x3fff, 1 + bits>>14&0x3fff
	case kind == "VP8 " && bytes.Equal(b[3:6], []byte{0x9d, 0x01, 0x2a}):
		return int(binary.LittleEndian.Uint16(b[6:]) & 0x3fff), int(binary.LittleEndian.Uint16(b[8:]) & 0x3fff)
	}
	return 0, 0
}

// jpeg reads the frame, and how the picture is to be turned.
func jpeg(head []byte) (w, h int) {
	turn := 1
	for marker, b := range Segments(head) {
		switch {
		case marker == APP1:
			if o := Orientation(b); o > 0 {
				turn = o
			}
		case marker >= SOF0 && marker <= SOF2 && len(b) >= 5: // the ones that decoders know
			h, w = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
			if turn > 4 {
				w, h = h, w
			}
			return w, h
		}
	}
	return 0, 0
}

// Markers of segments of a JPEG.
const (
	SOF0 = 0xc0 // a frame: how many pixels there are …
	SOF2 = 0xc2 // … whose coefficients come in several scans
	APP1 = 0xe1 // EXIF
	sos  = 0xda // pixels
)

// Segments yields the segments of a JPEG before its pixels, marker and content.
func Segments(data []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		for at := 2; at+4 <= len(data) && data[at] == 0xff; {
			marker, size := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
			if size < 2 || at+2+size > len(data) || marker == sos || !yield(marker, data[at+4:at+2+size]) {
				return
			}
			at += 2 + size
		}
	}
}

// Orientation reads one number, 1 to 8, from the segment of EXIF: the tag 0x0112
// of its first directory; 0: it is not there.
func Orientation(b []byte) int {
	b, found := bytes.CutPrefix(b, []byte("Exif\x00\x00"))
	if !found || len(b) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(b[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(b[4:]))
	if at < 8 || at+2 > int64(len(b)) {
		return 0
	}
	for i := range int64(order.Uint16(b[at:])) {
		entry := at + 2 + 12*i
		if entry+12 > int64(len(b)) {
			return 0
		}
		if order.Uint16(b[entry:]) == 0x0112 {
			if o := int(order.Uint16(b[entry+8:])); o >= 1 && o <= 8 {
				return o
			}
			return 0
		}
	}
	return 0
}
