package identity

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"

	"kefu/core"
)

// seeded is a source of bytes that differ and are the same in every run.
func seeded(seed byte) io.Reader {
	return &counter{n: seed}
}

type counter struct{ n byte }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		c.n = c.n*77 + 41
		p[i] = c.n
	}
	return len(p), nil
}

func mustKeys(t testing.TB, seed byte) *Keys {
	t.Helper()
	k, err := NewKeys(seeded(seed))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func wantCode(t testing.TB, err error, want core.Code) {
	t.Helper()
	if got := core.CodeOf(err); got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

func TestKeysSurviveStorage(t *testing.T) {
	one := mustKeys(t, 1)
	two, err := one.Rotate(seeded(2))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*Keys{one, two} {
		again, err := ParseKeys(k.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Bytes(), k.Bytes()) {
			t.Errorf("%s came back as %s", k, again)
		}
	}
}

func TestParseKeysRefuses(t *testing.T) {
	secret := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("s"), secretSize))
	short := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("s"), secretSize-1))
	good := `{"kid":"k_1","secret":"` + secret + `"}`
	for name, data := range map[string]string{
		"nothing":        ``,
		"null":           `null`,
		"no current":     `{"previous":` + good + `}`,
		"short secret":   `{"current":{"kid":"k_1","secret":"` + short + `"}}`,
		"no secret":      `{"current":{"kid":"k_1"}}`,
		"no kid":         `{"current":{"secret":"` + secret + `"}}`,
		"strange kid":    `{"current":{"kid":"k 1","secret":"` + secret + `"}}`,
		"bad previous":   `{"current":` + good + `,"previous":{"kid":"k_2","secret":""}}`,
		"the same kid":   `{"current":` + good + `,"previous":` + good + `}`,
		"an unknown key": `{"current":` + good + `,"next":` + good + `}`,
		"a tail":         `{"current":` + good + `}{}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseKeys([]byte(data))
			wantCode(t, err, core.Invalid)
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
	if _, err := ParseKeys([]byte(`{"current":` + good + `}`)); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestKeysKeepTheirSecrets(t *testing.T) {
	k, err := mustKeys(t, 1).Rotate(seeded(2))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("text", "keys", k)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "keys", k)
	fmt.Fprintf(&log, "%v %+v %#v %s", k, k, k, k)
	for _, secret := range [][]byte{k.current.Secret, k.previous.Secret} {
		for _, form := range []string{
			string(secret), fmt.Sprint(secret), fmt.Sprintf("%x", secret),
			base64.StdEncoding.EncodeToString(secret), fmt.Sprintf("%#v", secret),
		} {
			if strings.Contains(log.String(), form) {
				t.Errorf("a secret is written as %s in %s", form, log.String())
			}
		}
	}
	if !strings.Contains(log.String(), k.current.ID) {
		t.Errorf("the log does not name the key: %s", log.String())
	}
}

func TestNewID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id, err := NewID(rand.Reader, "v")
		if err != nil {
			t.Fatal(err)
		}
		if len(id) != 28 || !strings.HasPrefix(id, "v_") || !isID(id) || seen[id] {
			t.Fatalf("got %q", id)
		}
		seen[id] = true
	}
}

func TestSymbolsAreEven(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	s, err := symbols(bytes.NewReader(all), 256)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range alphabet {
		if n := strings.Count(s, string(r)); n != 8 {
			t.Errorf("%c comes %d times in 256 bytes, want 8", r, n)
		}
	}
}

func TestNewPassword(t *testing.T) {
	p, err := NewPassword(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if len(p) != 23 || strings.Count(p, "-") != 3 || strings.ContainsAny(p, "ilouILOU") {
		t.Errorf("got %q", p)
	}
	if err := CheckPassword(p); err != nil {
		t.Errorf("%q may not be chosen: %v", p, err)
	}
}

func TestRandomnessThatFails(t *testing.T) {
	broken := iotest.ErrReader(errors.New("no entropy"))
	short := bytes.NewReader(make([]byte, 40)) // enough for a kid, not for its secret
	_, err1 := NewKeys(broken)
	_, err2 := NewKeys(short)
	_, err3 := mustKeys(t, 1).Rotate(broken)
	_, err4 := NewID(broken, "v")
	_, err5 := NewPassword(broken)
	_, err6 := NewPasswords(broken, 1, 0).Hash(t.Context(), "correct horse battery")
	for i, err := range []error{err1, err2, err3, err4, err5, err6} {
		if core.CodeOf(err) != core.Internal {
			t.Errorf("%d: got %v, want internal", i+1, err)
		}
	}
}
