//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// The part of RFC 6455 that a client of ours needs.

const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// upgrade is the request that opens a WebSocket. The key is always the same: it
// is there to keep caches from answering.
func upgrade(host string) []byte {
	return []byte("GET /ws HTTP/1.1\r\nHost: " + host + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
}

// upgraded returns what is behind the answer to upgrade, or false if it is not
// whole yet.
func upgraded(b []byte) (rest []byte, whole bool, err error) {
	head, rest, whole := bytes.Cut(b, []byte("\r\n\r\n"))
	if !whole {
		return nil, false, nil
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) {
		line, _, _ := bytes.Cut(head, []byte("\r\n"))
		return nil, true, fmt.Errorf("no WebSocket: %s", line)
	}
	return rest, true, nil
}

// appendFrame appends a message of a client. The mask is zero, which is a mask
// too, and leaves the bytes as they are.
func appendFrame(to []byte, op byte, payload []byte) []byte {
	to = append(to, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		to = append(to, 0x80|byte(n))
	case n < 1<<16:
		to = binary.BigEndian.AppendUint16(append(to, 0x80|126), uint16(n))
	default:
		to = binary.BigEndian.AppendUint64(append(to, 0x80|127), uint64(n))
	}
	return append(append(to, 0, 0, 0, 0), payload...)
}

var errFrame = errors.New("the server sent what is no whole frame of RFC 6455")

// cutFrame returns the first frame and what is behind it; n is 0 if it is not
// whole yet.
func cutFrame(b []byte) (op byte, payload []byte, n int, err error) {
	if len(b) < 2 {
		return 0, nil, 0, nil
	}
	if b[0]&0xf0 != 0x80 || b[1]&0x80 != 0 {
		return 0, nil, 0, errFrame
	}
	size, from := int(b[1]), 2
	switch {
	case size == 126 && len(b) < 4, size == 127 && len(b) < 10:
		return 0, nil, 0, nil
	case size == 126:
		size, from = int(binary.BigEndian.Uint16(b[2:])), 4
	case size == 127:
		long := binary.BigEndian.Uint64(b[2:])
		if long > 1<<24 {
			return 0, nil, 0, errFrame
		}
		size, from = int(long), 10
	}
	if len(b) < from+size {
		return 0, nil, 0, nil
	}
	return b[0] & 0xf, b[from : from+size], from + size, nil
}
