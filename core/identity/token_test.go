package identity

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kefu/core"
)

// noon is when the tests take place.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func mustVisitor(t testing.TB, k *Keys, at time.Time) string {
	t.Helper()
	s, err := k.SignVisitor("default", "v_1", at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVisitorToken(t *testing.T) {
	k := mustKeys(t, 1)
	token := mustVisitor(t, k, noon())
	day := 24 * time.Hour
	for _, c := range []struct {
		name  string
		after time.Duration
		renew bool
		err   error
	}{
		{"at once", 0, false, nil},
		{"before a month", 30*day - time.Second, false, nil},
		{"after a month", 30*day + time.Second, true, nil},
		{"on its last day", 365*day - time.Second, true, nil},
		{"within the leeway", 365*day + 29*time.Second, true, nil},
		{"after the leeway", 365*day + 30*time.Second, false, ErrExpired},
		{"from a clock behind ours", -time.Minute, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := k.Visitor(token, noon().Add(c.after))
			if !errors.Is(err, c.err) {
				t.Fatalf("got %v, want %v", err, c.err)
			}
			want := Visitor{}
			if err == nil {
				want = Visitor{"default", "v_1", noon().Add(VisitorLife), c.renew}
			}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestAgentToken(t *testing.T) {
	k := mustKeys(t, 1)
	const generation = 1<<63 + 1 // beyond what a JSON number in a float holds
	token, err := k.SignAgent("a_li", generation, noon())
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.Agent(token, noon().Add(AgentLife))
	if want := (Agent{"a_li", generation, noon().Add(AgentLife)}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if _, err := k.Agent(token, noon().Add(AgentLife+leeway)); !errors.Is(err, ErrExpired) {
		t.Errorf("got %v, want %v", err, ErrExpired)
	}
}

func TestSignRefuses(t *testing.T) {
	k := mustKeys(t, 1)
	_, err1 := k.SignVisitor("", "v_1", noon())
	_, err2 := k.SignVisitor("default", "", noon())
	_, err3 := k.SignVisitor("default", strings.Repeat("v", maxToken), noon())
	_, err4 := k.SignAgent("", 1, noon())
	for _, err := range []error{err1, err2, err3, err4} {
		wantCode(t, err, core.Invalid)
	}
}

func TestKindsAreNotMistaken(t *testing.T) {
	k := mustKeys(t, 1)
	visitor := mustVisitor(t, k, noon())
	agent, err := k.SignAgent("v_1", 0, noon())
	if err != nil {
		t.Fatal(err)
	}
	for _, later := range []time.Duration{0, 2 * VisitorLife} {
		_, err = k.Agent(visitor, noon().Add(later))
		wantCode(t, err, core.Unauthorized)
		if errors.Is(err, ErrExpired) {
			t.Error("a visitor's token was taken for an expired one of an agent")
		}
		_, err = k.Visitor(agent, noon().Add(later))
		wantCode(t, err, core.Unauthorized)
		if errors.Is(err, ErrExpired) {
			t.Error("an agent's token was taken for an expired one of a visitor")
		}
	}
}

func TestRotation(t *testing.T) {
	one := mustKeys(t, 1)
	two, err := one.Rotate(seeded(2))
	if err != nil {
		t.Fatal(err)
	}
	three, err := two.Rotate(seeded(3))
	if err != nil {
		t.Fatal(err)
	}
	token := mustVisitor(t, one, noon())
	if v, err := two.Visitor(token, noon()); err != nil || !v.Renew {
		t.Errorf("after one rotation: %+v, %v; want it to count and be renewed", v, err)
	}
	if v, err := two.Visitor(mustVisitor(t, two, noon()), noon()); err != nil || v.Renew {
		t.Errorf("by the new key: %+v, %v; want it as it is", v, err)
	}
	_, err = three.Visitor(token, noon())
	wantCode(t, err, core.Unauthorized)
}

// forge signs any header and claims, as somebody might who has the secret of
// one kid or none.
func forge(t testing.TB, method jwt.SigningMethod, secret any, header, claims map[string]any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, jwt.MapClaims(claims))
	maps.Copy(token.Header, header)
	s, err := token.SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestForgedTokens(t *testing.T) {
	k := mustKeys(t, 1)
	kid, secret := k.current.ID, k.current.Secret
	claims := func(change func(m map[string]any)) map[string]any {
		m := map[string]any{"aud": visitorAudience, "site": "default", "sub": "v_1", "exp": noon().Add(time.Hour).Unix()}
		if change != nil {
			change(m)
		}
		return m
	}
	header := map[string]any{"kid": kid}
	good := forge(t, jwt.SigningMethodHS256, secret, header, claims(nil))
	if _, err := k.Visitor(good, noon()); err != nil {
		t.Fatalf("the pattern of all forgeries is not good: %v", err)
	}
	parts := strings.Split(good, ".")
	hs256 := jwt.SigningMethodHS256
	for name, token := range map[string]string{
		"empty":              "",
		"alg none":           forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, header, claims(nil)),
		"alg HS512":          forge(t, jwt.SigningMethodHS512, secret, header, claims(nil)),
		"no kid":             forge(t, hs256, secret, nil, claims(nil)),
		"kid of no key":      forge(t, hs256, secret, map[string]any{"kid": "k_other"}, claims(nil)),
		"kid is empty":       forge(t, hs256, secret, map[string]any{"kid": ""}, claims(nil)),
		"kid is a number":    forge(t, hs256, secret, map[string]any{"kid": 1}, claims(nil)),
		"crit":               forge(t, hs256, secret, map[string]any{"kid": kid, "crit": []string{"x"}}, claims(nil)),
		"another secret":     forge(t, hs256, []byte(strings.Repeat("x", 32)), header, claims(nil)),
		"no exp":             forge(t, hs256, secret, header, claims(func(m map[string]any) { delete(m, "exp") })),
		"no aud":             forge(t, hs256, secret, header, claims(func(m map[string]any) { delete(m, "aud") })),
		"no sub":             forge(t, hs256, secret, header, claims(func(m map[string]any) { delete(m, "sub") })),
		"no site":            forge(t, hs256, secret, header, claims(func(m map[string]any) { delete(m, "site") })),
		"sub is a number":    forge(t, hs256, secret, header, claims(func(m map[string]any) { m["sub"] = 1 })),
		"not yet":            forge(t, hs256, secret, header, claims(func(m map[string]any) { m["nbf"] = noon().Add(time.Hour).Unix() })),
		"no signature":       parts[0] + "." + parts[1] + ".",
		"two parts":          parts[0] + "." + parts[1],
		"four parts":         good + ".",
		"another body":       parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"aud":"kefu:visitor"}`)) + "." + parts[2],
		"too long":           good + strings.Repeat("A", maxToken),
		"not base64":         "!." + parts[1] + "." + parts[2],
		"claims are no JSON": parts[0] + ".e30x." + parts[2],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := k.Visitor(token, noon())
			wantCode(t, err, core.Unauthorized)
			if err == nil || errors.Is(err, ErrExpired) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// FuzzToken: whatever arrives, nothing panics, and what is believed is what
// was signed.
func FuzzToken(f *testing.F) {
	k := mustKeys(f, 1)
	visitor := mustVisitor(f, k, noon())
	agent, err := k.SignAgent("a_li", 7, noon())
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", ".", "..", "a.b.c", visitor, agent, visitor + ".", visitor[1:], "{}.{}.{}"} {
		f.Add(s)
	}
	signed := func(token string) map[string]any {
		body, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if err != nil {
			f.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(body, &m); err != nil {
			f.Fatal(err)
		}
		return m
	}
	f.Fuzz(func(t *testing.T, token string) {
		v, err := k.Visitor(token, noon())
		if err == nil {
			if m := signed(visitor); v.ID != m["sub"] || v.Site != m["site"] {
				t.Errorf("%q is believed to be %+v", token, v)
			}
		} else if core.CodeOf(err) != core.Unauthorized {
			t.Errorf("%q: %v", token, err)
		}
		a, err := k.Agent(token, noon())
		if err == nil {
			if m := signed(agent); a.ID != m["sub"] || float64(a.Generation) != m["gen"] {
				t.Errorf("%q is believed to be %+v", token, a)
			}
		} else if core.CodeOf(err) != core.Unauthorized {
			t.Errorf("%q: %v", token, err)
		}
	})
}

func BenchmarkVisitorToken(b *testing.B) {
	k := mustKeys(b, 1)
	token := mustVisitor(b, k, noon())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Visitor(token, noon()); err != nil {
			b.Fatal(err)
		}
	}
}
