package openai

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestEvents(t *testing.T) {
	for in, want := range map[string]string{
		"":                                    "",
		"data: 1\n\ndata: 2\n\n":              "data: 1\n\ndata: 2\n\n",
		": at work\n\ndata: 1\n\n":            "data: 1\n\n",
		"data: 1\n\n: at work\n\ndata: 2\n\n": "data: 1\n\ndata: 2\n\n",
		"data: 1\r\n\r\n:\r\n\r\n\r\n":        "data: 1\r\n\r\n",
		"event: x\n: within\ndata: 1\n\n":     "event: x\ndata: 1\n\n",
		"data: no end":                        "data: no end",
		": no end":                            "",
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(in), "by bytes": iotest.OneByteReader(strings.NewReader(in))} {
			got, err := io.ReadAll(iotest.OneByteReader(&events{in: bufio.NewReader(r)}))
			if string(got) != want || err != nil {
				t.Errorf("%q, %s: %q, %v, want %q", in, name, got, err, want)
			}
		}
	}
}
