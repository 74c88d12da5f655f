package socket

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"kefu/core/wire"
)

// This is RFC 6455 as a table: what a client sends, byte by byte, and what must
// come back. No client library is in between, for none would send most of it.

func TestFraming(t *testing.T) {
	s := begin(t, 0, nil)
	long := func(n int) string { return strings.Repeat("x", n) }
	padded := func(size int) string { return hello + strings.Repeat(" ", size-len(hello)) }
	split := func(text string, at ...int) (frames []frame) {
		op, from := byte(textOp), 0
		for _, to := range at {
			frames = append(frames, frame{head: op, payload: text[from:to]})
			op, from = contOp, to
		}
		return append(frames, frame{head: final | op, payload: text[from:]})
	}
	han := `{"type":"ping","extra":"你好😀"}`
	within := func(sub string, n int) int { return strings.Index(han, sub) + n }
	const (
		rsv1, rsv2, rsv3 = 0x40, 0x20, 0x10
		wrong            = "close 1002"
		notText          = "close 1007"
		invalid          = "error invalid"
	)
	// Each is sent after the welcome, in one piece.
	for name, test := range map[string]struct {
		sent   []frame
		want   []string
		goesOn bool
	}{
		// 5.2: RSV bits and opcodes that nothing was agreed about
		"RSV1":                 {[]frame{{head: final | rsv1 | textOp, payload: ping}}, []string{wrong}, false},
		"RSV2":                 {[]frame{{head: final | rsv2 | textOp, payload: ping}}, []string{wrong}, false},
		"RSV3":                 {[]frame{{head: final | rsv3 | textOp, payload: ping}}, []string{wrong}, false},
		"RSV1 on a ping":       {[]frame{{head: final | rsv1 | pingOp}}, []string{wrong}, false},
		"RSV1 on a last part":  {[]frame{{head: textOp, payload: "{"}, {head: final | rsv1 | contOp, payload: "}"}}, []string{wrong}, false},
		"opcode 3":             {[]frame{{head: final | 3}}, []string{wrong}, false},
		"opcode 7":             {[]frame{{head: final | 7, payload: "x"}}, []string{wrong}, false},
		"opcode 11":            {[]frame{{head: final | 11}}, []string{wrong}, false},
		"opcode 15":            {[]frame{{head: final | 15, payload: "x"}}, []string{wrong}, false},
		"opcode 3 in parts":    {[]frame{{head: textOp, payload: "{"}, {head: final | 3}}, []string{wrong}, false},
		"a good one before it": {[]frame{pingFrame("a"), {head: final | 3}}, []string{"pong a", wrong}, false},

		// 5.1, 5.3: masks
		"not masked":            {[]frame{{head: final | textOp, payload: ping, bare: true}}, []string{wrong}, false},
		"an unmasked ping":      {[]frame{{head: final | pingOp, payload: "x", bare: true}}, []string{wrong}, false},
		"an unmasked close":     {[]frame{{head: final | closeOp, bare: true}}, []string{wrong}, false},
		"an unmasked last part": {[]frame{{head: textOp, payload: "{"}, {head: final | contOp, payload: "}", bare: true}}, []string{wrong}, false},

		// 5.2: lengths
		"nothing":                {[]frame{textFrame("")}, []string{invalid}, true},
		"125 bytes":              {[]frame{pingFrame(long(125))}, []string{"pong " + long(125)}, true},
		"126 bytes":              {[]frame{textFrame(`{"type":"ping"` + strings.Repeat(" ", 111) + "}")}, []string{pong}, true},
		"65536 bytes":            {[]frame{textFrame(padded(1 << 16))}, []string{"error too_large", "close 4502"}, false},
		"125 in 16 bits":         {[]frame{{head: final | textOp, payload: `{"type":"ping"` + strings.Repeat(" ", 110) + "}", form: 16}}, []string{wrong}, false},
		"0 in 64 bits":           {[]frame{{head: final | textOp, form: 64}}, []string{wrong}, false},
		"65535 in 64 bits":       {[]frame{{head: final | textOp, payload: ping, size: 1<<16 - 1, form: 64}}, []string{wrong}, false},
		"2^63 bytes":             {[]frame{{head: final | textOp, size: 1 << 63, form: 64}}, []string{wrong}, false},
		"2^64-1 bytes":           {[]frame{{head: final | binaryOp, size: 1<<64 - 1, form: 64}}, []string{wrong}, false},
		"2^63 bytes, and a half": {[]frame{{head: textOp, payload: "{"}, {head: final | contOp, size: 1<<63 + 5, form: 64}}, []string{wrong}, false},

		// 5.4: fragments
		"two parts":            {split(ping, 5), []string{pong}, true},
		"many parts":           {split(ping, 1, 2, 3, 4, 5, 6, 7, 8), []string{pong}, true},
		"empty parts":          {split(ping, 0, 0, 4, 4, len(ping)), []string{pong}, true},
		"a ping in between":    {slices.Insert(split(ping, 5), 1, pingFrame("a")), []string{"pong a", pong}, true},
		"many in between":      {slices.Insert(split(ping, 5), 1, pingFrame("a"), frame{head: final | pongOp}, pingFrame("b")), []string{"pong a", "pong b", pong}, true},
		"a close in between":   {slices.Insert(split(ping, 5), 1, closing(1000, "")), []string{"close 1000"}, false},
		"a message in between": {[]frame{{head: textOp, payload: "{"}, textFrame(ping)}, []string{wrong}, false},
		"another begins":       {[]frame{{head: textOp, payload: "{"}, {head: textOp, payload: "{"}}, []string{wrong}, false},
		"a part of nothing":    {[]frame{{head: contOp, payload: "x"}}, []string{wrong}, false},
		"the end of nothing":   {[]frame{{head: final | contOp, payload: "x"}}, []string{wrong}, false},
		"a part after the end": {append(split(`{"type":"typing"}`, 5), frame{head: final | contOp}), []string{wrong}, false},

		// 5.5: control frames
		"a ping":               {[]frame{pingFrame("")}, []string{"pong "}, true},
		"bytes in a ping":      {[]frame{pingFrame("\x00\xff\xfe")}, []string{"pong \x00\xff\xfe"}, true},
		"ten pings":            {slices.Repeat([]frame{pingFrame("x")}, 10), slices.Repeat([]string{"pong x"}, 10), true},
		"a pong for nothing":   {[]frame{{head: final | pongOp, payload: "x"}}, nil, true},
		"a ping of 126 bytes":  {[]frame{pingFrame(long(126))}, []string{wrong}, false},
		"a pong of 126 bytes":  {[]frame{{head: final | pongOp, payload: long(126)}}, []string{wrong}, false},
		"a close of 126 bytes": {[]frame{closing(1000, long(124))}, []string{wrong}, false},
		"a ping in parts":      {[]frame{{head: pingOp, payload: "a"}, {head: final | contOp, payload: "b"}}, []string{wrong}, false},
		"a close in parts":     {[]frame{{head: closeOp}}, []string{wrong}, false},

		// 5.5.1, 7.4: closing
		"a close":             {[]frame{{head: final | closeOp}}, []string{"close"}, false},
		"close 1000":          {[]frame{closing(1000, "bye")}, []string{"close 1000"}, false},
		"close 1001":          {[]frame{closing(1001, "")}, []string{"close 1001"}, false},
		"close 1003":          {[]frame{closing(1003, "")}, []string{"close 1003"}, false},
		"close 1007":          {[]frame{closing(1007, "")}, []string{"close 1007"}, false},
		"close 1011":          {[]frame{closing(1011, "")}, []string{"close 1011"}, false},
		"close 1014":          {[]frame{closing(1014, "")}, []string{"close 1014"}, false},
		"close 3000":          {[]frame{closing(3000, "")}, []string{"close 3000"}, false},
		"close 4999":          {[]frame{closing(4999, "")}, []string{"close 4999"}, false},
		"a long reason":       {[]frame{closing(1000, long(123))}, []string{"close 1000"}, false},
		"a reason in Chinese": {[]frame{closing(1000, "再见😀")}, []string{"close 1000"}, false},
		"half a code":         {[]frame{{head: final | closeOp, payload: "\x03"}}, []string{wrong}, false},
		"close 0":             {[]frame{closing(0, "")}, []string{wrong}, false},
		"close 999":           {[]frame{closing(999, "")}, []string{wrong}, false},
		"close 1004":          {[]frame{closing(1004, "")}, []string{wrong}, false},
		"close 1005":          {[]frame{closing(1005, "")}, []string{wrong}, false},
		"close 1006":          {[]frame{closing(1006, "")}, []string{wrong}, false},
		"close 1015":          {[]frame{closing(1015, "")}, []string{wrong}, false},
		"close 1016":          {[]frame{closing(1016, "")}, []string{wrong}, false},
		"close 2999":          {[]frame{closing(2999, "")}, []string{wrong}, false},
		"close 5000":          {[]frame{closing(5000, "")}, []string{wrong}, false},
		"a reason not UTF-8":  {[]frame{closing(1000, "caf\xe9")}, []string{notText}, false},
		"half a character":    {[]frame{closing(4000, "再\xe8\xa7")}, []string{notText}, false},
		"data after a close":  {[]frame{closing(1000, ""), textFrame(ping), pingFrame("x")}, []string{"close 1000"}, false},
		"two closes":          {[]frame{closing(1001, ""), closing(1000, "")}, []string{"close 1001"}, false},

		// 5.6, 8.1: text is UTF-8, wherever it is cut
		"Chinese":             {[]frame{textFrame(han)}, []string{pong}, true},
		"cut in a character":  {split(han, within("你", 1), within("你", 2), within("😀", 1), within("😀", 3)), []string{pong}, true},
		"byte by byte":        {split(han, seq(len(han))...), []string{pong}, true},
		"a ping in a letter":  {slices.Insert(split(han, within("你", 1)), 1, pingFrame("a")), []string{"pong a", pong}, true},
		"the greatest":        {[]frame{textFrame(`{"type":"ping","x":"` + "\U0010ffff" + `"}`)}, []string{pong}, true},
		"not a character":     {[]frame{textFrame(`{"type":"ping","x":"` + "\ufffe\uffff" + `"}`)}, []string{pong}, true},
		"a byte alone":        {[]frame{textFrame("\x80")}, []string{invalid, notText}, false},
		"Latin-1":             {[]frame{textFrame(`{"type":"ping","x":"caf` + "\xe9" + `"}`)}, []string{invalid, notText}, false},
		"overlong":            {[]frame{textFrame("\xc0\xaf")}, []string{invalid, notText}, false},
		"overlong, three":     {[]frame{textFrame("\xe0\x80\xaf")}, []string{invalid, notText}, false},
		"overlong, four":      {[]frame{textFrame("\xf0\x80\x80\xaf")}, []string{invalid, notText}, false},
		"half a pair":         {[]frame{textFrame("\xed\xa0\x80")}, []string{invalid, notText}, false},
		"a pair of halves":    {[]frame{textFrame("\xed\xa0\xbd\xed\xb8\x80")}, []string{invalid, notText}, false},
		"above the greatest":  {[]frame{textFrame("\xf4\x90\x80\x80")}, []string{invalid, notText}, false},
		"five bytes":          {[]frame{textFrame("\xf8\x88\x80\x80\x80")}, []string{invalid, notText}, false},
		"cut off at the end":  {[]frame{textFrame(`{"type":"ping"}` + "\xe4\xbd")}, []string{invalid, notText}, false},
		"bad across the cut":  {[]frame{{head: textOp, payload: "\xe4"}, {head: final | contOp, payload: "\x28\xa1"}}, []string{invalid, notText}, false},
		"a byte order mark":   {[]frame{textFrame("\ufeff" + ping)}, []string{invalid}, true},
		"U+0000 as it stands": {[]frame{textFrame("{\x00}")}, []string{invalid}, true},

		// ours: text only, and bounded
		"binary":          {[]frame{{head: final | binaryOp, payload: ping}}, []string{invalid, "close 1003"}, false},
		"empty binary":    {[]frame{{head: final | binaryOp}}, []string{invalid, "close 1003"}, false},
		"binary in parts": {[]frame{{head: binaryOp, payload: "{"}, {head: final | contOp, payload: "}"}}, []string{invalid, "close 1003"}, false},
		"one too large":   {[]frame{textFrame(padded(MaxMessage + 1))}, []string{"error too_large", "close 4502"}, false},
		"too large, in parts": {append(append([]frame{{head: textOp, payload: long(30_000)}}, slices.Repeat([]frame{{head: contOp, payload: long(1000)}}, 10)...), frame{head: final | contOp}),
			[]string{"error too_large", "close 4502"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := greeted(t, s)
			go func() { _, _ = io.WriteString(r, all(test.sent...)) }() // who is refused may not get rid of it all
			r.expect(t, test.want, test.goesOn)
		})
	}
}

// However a stream is cut into pieces on its way, the frames are the same ones.
func TestPieces(t *testing.T) {
	s := begin(t, 0, nil)
	for name, test := range map[string]struct {
		frames []frame
		want   []string
		goesOn bool
	}{
		"good":       {[]frame{pingFrame("a"), textFrame(`{"type":"ping"` + strings.Repeat(" ", 111) + "}"), pingFrame("b"), textFrame(ping)}, []string{"pong a", "pong b", pong, pong}, true},
		"closed":     {[]frame{pingFrame("a"), closing(1000, "再见")}, []string{"pong a", "close 1000"}, false},
		"no mask":    {[]frame{pingFrame("a"), {head: final | pingOp, bare: true}}, []string{"pong a", "close 1002"}, false},
		"long form":  {[]frame{pingFrame("a"), {head: final | textOp, form: 64}}, []string{"pong a", "close 1002"}, false},
		"bad reason": {[]frame{pingFrame("a"), closing(1000, "caf\xe9")}, []string{"pong a", "close 1007"}, false},
	} {
		for _, size := range []int{1, 2, 3, 7, 1 << 20} {
			t.Run(fmt.Sprintf("%s by %d", name, size), func(t *testing.T) {
				r := greeted(t, s)
				if c, ok := r.Conn.(*net.TCPConn); ok {
					if err := c.SetNoDelay(true); err != nil {
						t.Fatal(err)
					}
				}
				go func() {
					for piece := range slices.Chunk([]byte(all(test.frames...)), size) {
						if _, err := r.Write(piece); err != nil {
							return // it is refused before the end
						}
					}
				}()
				r.expect(t, test.want, test.goesOn)
			})
		}
	}
}

// 4.2: what is no handshake is answered by an HTTP status that says why.
func TestHandshakes(t *testing.T) {
	s := begin(t, 0, nil)
	const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	const version = "Sec-WebSocket-Version: 13\r\n"
	const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	for name, test := range map[string]struct {
		request string
		status  int
		header  string // of the answer, with its value
		value   string
	}{
		"the sample of the RFC": {"GET /ws HTTP/1.1\r\n" + upgrade + version + key, 101, "Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
		"in other letters":      {"GET /ws HTTP/1.1\r\nupgrade: WebSocket\r\nCONNECTION: keep-alive, upgrade\r\n" + version + key, 101, "Upgrade", "websocket"},
		"in two lines":          {"GET /ws HTTP/1.1\r\nUpgrade: other, websocket\r\nConnection: keep-alive\r\nConnection: Upgrade\r\n" + version + key, 101, "", ""},
		"spaces around the key": {"GET /ws HTTP/1.1\r\n" + upgrade + version + "Sec-WebSocket-Key:   dGhlIHNhbXBsZSBub25jZQ==  \r\n", 101, "Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
		"any origin":            {"GET /ws HTTP/1.1\r\n" + upgrade + version + key + "Origin: https://elsewhere.example\r\n", 101, "", ""}, // the desk judges it by the site
		"no origin at all":      {"GET /ws HTTP/1.1\r\n" + upgrade + version + key + "Origin: null\r\n", 101, "", ""},
		"HTTP/1.0":              {"GET /ws HTTP/1.0\r\n" + upgrade + version + key, 426, "", ""},
		"no upgrade":            {"GET /ws HTTP/1.1\r\nConnection: Upgrade\r\n" + version + key, 426, "Upgrade", "websocket"},
		"another upgrade":       {"GET /ws HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n" + version + key, 426, "Upgrade", "websocket"},
		"no connection":         {"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n" + version + key, 426, "Upgrade", "websocket"},
		"POST":                  {"POST /ws HTTP/1.1\r\nContent-Length: 0\r\n" + upgrade + version + key, 405, "", ""},
		"no version":            {"GET /ws HTTP/1.1\r\n" + upgrade + key, 400, "Sec-WebSocket-Version", "13"},
		"version 8":             {"GET /ws HTTP/1.1\r\n" + upgrade + "Sec-WebSocket-Version: 8\r\n" + key, 400, "Sec-WebSocket-Version", "13"},
		"no key":                {"GET /ws HTTP/1.1\r\n" + upgrade + version, 400, "", ""},
		"a short key":           {"GET /ws HTTP/1.1\r\n" + upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n", 400, "", ""},
		"no base64":             {"GET /ws HTTP/1.1\r\n" + upgrade + version + "Sec-WebSocket-Key: not a key at all ******\r\n", 400, "", ""},
		"two keys":              {"GET /ws HTTP/1.1\r\n" + upgrade + version + key + key, 400, "", ""},
		"no host":               {"GET /ws HTTP/1.1\r\n" + upgrade + version + key + "\x00", 400, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := s.tcp()
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			host := "Host: x\r\n"
			if strings.HasSuffix(test.request, "\x00") {
				test.request, host = strings.TrimSuffix(test.request, "\x00"), ""
			}
			if _, err := io.WriteString(c, test.request+host+"\r\n"); err != nil {
				t.Fatal(err)
			}
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != test.status || test.header != "" && res.Header.Get(test.header) != test.value {
				t.Errorf("%d %v", res.StatusCode, res.Header)
			}
		})
	}
	// None of these may have kept a place.
	within(t, "all places are free", func() bool { return s.handler.porch.len() == 0 })
}

func (p *porch) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.line.Len()
}

// A client may end its half of the connection: there is nothing left to wait
// for, so the server ends the other one.
func TestHalfClose(t *testing.T) {
	s := begin(t, 0, nil)
	r, _ := dialRaw(t, s.tcp, "Origin: half\r\n", textFrame(hello).bytes())
	if _, got := r.next(t); kind(got) != "welcome" {
		t.Fatalf("got %s", got)
	}
	c, ok := r.Conn.(*net.TCPConn)
	if !ok {
		t.Fatalf("a connection is a %T", r.Conn)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got := r.answers(t); len(got) != 0 {
		t.Errorf("it is told %q", got)
	}
	within(t, "it is gone", func() bool { return s.left() == "half false" })
}

// What a frame announces is not what it takes: nothing is set aside for bytes
// that have not come.
func TestHugeLengths(t *testing.T) {
	s := begin(t, 0, nil)
	const many = 50
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range many {
		r, _ := dialRaw(t, s.tcp, "", textFrame(hello).bytes()+frame{head: final | textOp, payload: ping, size: 1<<63 - 1, form: 64}.bytes())
		if _, got := r.next(t); kind(got) != "welcome" {
			t.Fatalf("got %s", got)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > many*(64<<10) {
		t.Errorf("%d connections that announce 2^63 bytes take %d KiB", many, grown>>10)
	}
	// Who does send as much is told after the first that is too much.
	r, _ := dialRaw(t, s.tcp, "", textFrame(hello).bytes())
	go func() {
		_, _ = io.WriteString(r, frame{head: final | textOp, payload: strings.Repeat("x", MaxMessage+1), size: 1 << 40, form: 64}.bytes())
	}()
	for _, want := range []string{"welcome", "error too_large", "close 4502"} {
		head, payload := r.next(t)
		if got := told(head, payload); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// Silent sockets have half of the places; of more, the one that came first
// goes. Who says hello is not concerned, however long ago that was.
func TestSilentSockets(t *testing.T) {
	s := begin(t, 20, nil)
	talker := s.dial(t, "talker")
	send(t, talker, hello)
	receive(t, talker)
	var silent []*raw
	for range 10 {
		r, _ := dialRaw(t, s.tcp, "", "")
		silent = append(silent, r)
		within(t, "it waits", func() bool { return s.handler.porch.len() == len(silent) }) // so that the order is known
	}
	for i := range 3 {
		dialRaw(t, s.tcp, "", "")
		if got := silent[i].answers(t); !slices.Equal(got, []string{fmt.Sprintf("bye %d", wire.CloseStale), fmt.Sprintf("close %d", wire.CloseStale)}) {
			t.Errorf("silent one %d is told %q", i, got)
		}
	}
	// The next in line says hello just in time, and another takes its place.
	silent[3].send(t, textFrame(hello).bytes())
	if _, got := silent[3].next(t); kind(got) != "welcome" {
		t.Errorf("got %s", got)
	}
	within(t, "it is inside", func() bool { return s.handler.porch.len() == 9 })
	dialRaw(t, s.tcp, "", "")
	within(t, "another waits", func() bool { return s.handler.porch.len() == 10 })
	send(t, talker, ping)
	if got := kind(receive(t, talker)); got != "pong" {
		t.Errorf("who talks got %s", got)
	}
	for _, r := range silent[4:] {
		_ = r.Close()
	}
	within(t, "who left waits no more", func() bool { return s.handler.porch.len() == 4 })
}

// Who was told to go and sends on and on is cut, long before the five seconds
// that the library would read on for.
func TestSendingAfterOurClose(t *testing.T) {
	s := begin(t, 0, nil)
	r := greeted(t, s)
	r.send(t, all(frame{head: final | binaryOp}))
	begun, sent := time.Now(), 0
	junk := all(textFrame(strings.Repeat("x", 60_000)))
	for {
		n, err := io.WriteString(r, junk)
		if sent += n; err != nil {
			break
		}
		if sent > 1<<30 {
			t.Fatal("a GiB is taken of who was told to go")
		}
	}
	if took := time.Since(begun); took > 4*time.Second {
		t.Errorf("cut after %s and %d bytes", took, sent)
	}
}
