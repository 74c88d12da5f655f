package identity

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/argon2"

	"kefu/core"
)

const pass = "correct horse battery"

func passwords(parallel int) *Passwords {
	return NewPasswords(rand.Reader, parallel, time.Minute)
}

func TestHashAndVerify(t *testing.T) {
	p := passwords(1)
	for _, password := range []string{pass, "八个字的密码不短", strings.Repeat("ab长", 42) + "cd"} {
		hash, err := p.Hash(t.Context(), password)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(hash, password) {
			t.Errorf("got %s", hash)
		}
		if rehash, err := p.Verify(t.Context(), hash, password); rehash || err != nil {
			t.Errorf("%q: rehash %t, %v", password, rehash, err)
		}
		_, err = p.Verify(t.Context(), hash, password+"x")
		wantCode(t, err, core.Unauthorized)
	}
	one, err1 := p.Hash(t.Context(), pass)
	two, err2 := p.Hash(t.Context(), pass)
	if err1 != nil || err2 != nil || one == two {
		t.Errorf("the same salt twice: %s, %s (%v, %v)", one, two, err1, err2)
	}
}

func TestVerifyAnswersAlike(t *testing.T) {
	p := passwords(1)
	hash, err := p.Hash(t.Context(), pass)
	if err != nil {
		t.Fatal(err)
	}
	for _, guess := range []string{"", "x", "wrong horse battery", strings.Repeat("x", maxPassword+1)} {
		_, known := p.Verify(t.Context(), hash, guess)
		unknown := p.VerifyUnknown(t.Context(), guess)
		wantCode(t, unknown, core.Unauthorized)
		if known == nil || known.Error() != unknown.Error() {
			t.Errorf("%q: %v for a name that exists, %v for one that does not", guess, known, unknown)
		}
	}
}

// The work for an unknown name is the work for a known one: one share of
// memory, and the same computation. Both wait for the same slot.
func TestVerifyUnknownCostsTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPasswords(rand.Reader, 1, 2*time.Second)
		p.slots <- struct{}{} // somebody else's
		start := time.Now()
		wantCode(t, p.VerifyUnknown(t.Context(), pass), core.Unavailable)
		if waited := time.Since(start); waited != 2*time.Second {
			t.Errorf("waited %s, want 2s", waited)
		}
	})
	p := passwords(1)
	hash := phc{ours(), make([]byte, saltSize), make([]byte, hashSize)}.String()
	known := allocated(func() { _, _ = p.Verify(t.Context(), hash, pass) })
	unknown := allocated(func() { _ = p.VerifyUnknown(t.Context(), pass) })
	if known < 19<<20 || unknown < known*9/10 || unknown > known*11/10 {
		t.Errorf("a known name takes %d bytes, an unknown one %d", known, unknown)
	}
}

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestCheckPassword(t *testing.T) {
	for _, c := range []struct {
		name, password string
		ok             bool
	}{
		{"a phrase", pass, true},
		{"8 characters", "kx7 vq2w", true},
		{"8 Chinese characters", "山高月小水落石出", true},
		{"128 characters", strings.Repeat("ab长", 42) + "cd", true},
		{"a common word far from alone", "dragon-tea-7-lamp", true},
		{"empty", "", false},
		{"7 characters", "kx7 vq2", false},
		{"7 Chinese characters", "山高月小水落石", false},
		{"129 characters", strings.Repeat("ab长", 43), false},
		{"not UTF-8", "kx7 vq2w\xff", false},
		{"the commonest", "password", false},
		{"in capitals", "PassWord", false},
		{"with a tail", "Password2026!", false},
		{"with a head", "123admin", false},
		{"our own name", "kefu2026", false},
		{"digits in the list", "1qaz2wsx", false},
		{"a letter and digits", "qq12345678", false},
		{"in Chinese", "我爱你520520", false},
		{"a run upwards", "23456789", false},
		{"a run downwards", "hgfedcba", false},
		{"one character", "aaaaaaaa", false},
		{"one piece repeated", "xy7xy7xy7", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckPassword(c.password)
			if c.ok && err != nil {
				t.Errorf("%q is refused: %v", c.password, err)
			}
			if !c.ok {
				wantCode(t, err, core.Invalid)
				if _, err := passwords(1).Hash(t.Context(), c.password); core.CodeOf(err) != core.Invalid {
					t.Errorf("Hash gives %v", err)
				}
			}
		})
	}
}

func TestCommonestIsTidy(t *testing.T) {
	before := ""
	for line := range strings.Lines(commonest) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line != strings.ToLower(line) || line != strings.TrimSpace(line) {
			t.Errorf("%q matches nothing", line)
		}
		if line <= before {
			t.Errorf("%q is not in order after %q", line, before)
		}
		before = line
	}
}

func TestRehash(t *testing.T) {
	salt := []byte("0123456789abcdef")
	for _, c := range []struct {
		name   string
		params params
		salt   []byte
		size   uint32
		want   bool
	}{
		{"as today", ours(), salt, hashSize, false},
		{"less memory", params{8192, 2, 1}, salt, hashSize, true},
		{"more passes", params{19456, 3, 1}, salt, hashSize, true},
		{"two threads", params{19456, 2, 2}, salt, hashSize, true},
		{"more memory than there are slots", params{3 * 19456, 1, 1}, salt, hashSize, true},
		{"short salt", ours(), salt[:8], hashSize, true},
		{"short hash", ours(), salt, 16, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := phc{c.params, c.salt, argon2.IDKey([]byte(pass), c.salt, c.params.time, c.params.memory, c.params.threads, c.size)}
			got, err := passwords(2).Verify(t.Context(), h.String(), pass)
			if err != nil || got != c.want {
				t.Errorf("got %t, %v, want %t", got, err, c.want)
			}
		})
	}
}

// The string of another implementation: Debian's argon2 20190702, as in
// echo -n "correct horse battery" | argon2 somesalt -id -v 13 -k 19456 -t 2 -p 1 -l 32 -e
func TestVerifyForeignHash(t *testing.T) {
	const hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$+j2r9QHA9+7aeoWmSnsjDyakDkQGd+TUb/jowcX0Csg"
	if rehash, err := passwords(1).Verify(t.Context(), hash, pass); err != nil || !rehash {
		t.Errorf("rehash %t, %v; want true, for its salt is short", rehash, err)
	}
}

func TestDamagedHashes(t *testing.T) {
	salt := base64.RawStdEncoding.EncodeToString(make([]byte, 16))
	sum := base64.RawStdEncoding.EncodeToString(make([]byte, 32))
	tail := "$" + salt + "$" + sum
	for name, hash := range map[string]string{
		"empty":            "",
		"plain text":       pass,
		"bcrypt":           "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"argon2i":          "$argon2i$v=19$m=19456,t=2,p=1" + tail,
		"another version":  "$argon2id$v=16$m=19456,t=2,p=1" + tail,
		"no version":       "$argon2id$m=19456,t=2,p=1" + tail,
		"no memory":        "$argon2id$v=19$m=0,t=2,p=1" + tail,
		"all the memory":   "$argon2id$v=19$m=4194304,t=2,p=1" + tail,
		"no passes":        "$argon2id$v=19$m=19456,t=0,p=1" + tail,
		"endless passes":   "$argon2id$v=19$m=19456,t=4000000000,p=1" + tail,
		"no threads":       "$argon2id$v=19$m=19456,t=2,p=0" + tail,
		"256 threads":      "$argon2id$v=19$m=19456,t=2,p=256" + tail,
		"a sign":           "$argon2id$v=19$m=+19456,t=2,p=1" + tail,
		"a leading zero":   "$argon2id$v=19$m=019456,t=2,p=1" + tail,
		"another order":    "$argon2id$v=19$t=2,m=19456,p=1" + tail,
		"a fourth":         "$argon2id$v=19$m=19456,t=2,p=1,x=1" + tail,
		"no salt":          "$argon2id$v=19$m=19456,t=2,p=1$$" + sum,
		"no hash":          "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$",
		"a line end":       "$argon2id$v=19$m=19456,t=2,p=1" + tail + "\n",
		"not base64":       "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$!" + sum,
		"something behind": "$argon2id$v=19$m=19456,t=2,p=1" + tail + "$",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := passwords(1).Verify(t.Context(), hash, pass)
			wantCode(t, err, core.Internal)
		})
	}
}

func TestNoRoomInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPasswords(rand.Reader, 2, time.Second)
		p.slots <- struct{}{}
		p.slots <- struct{}{}

		_, err := p.Hash(t.Context(), pass)
		wantCode(t, err, core.Unavailable)

		gone, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		wantCode(t, p.VerifyUnknown(gone, pass), core.Unavailable)
		if waited := time.Since(start); waited != 0 {
			t.Errorf("waited %s for somebody who has left", waited)
		}

		<-p.slots
		if _, err := p.Hash(t.Context(), pass); err != nil {
			t.Errorf("with room: %v", err)
		}
		if len(p.slots) != 1 || len(p.turn) != 0 {
			t.Errorf("%d slots and %d turns are held, want 1 and 0", len(p.slots), len(p.turn))
		}
	})
}

// Two that each need both slots of two, and one that can have only one of them:
// nobody keeps half, nobody is left behind.
func TestSlotsAreTakenWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPasswords(rand.Reader, 2, time.Second)
		p.slots <- struct{}{}
		wantCode(t, p.acquire(t.Context(), 2), core.Unavailable)
		if len(p.slots) != 1 {
			t.Fatalf("%d slots are held after a failure, want 1", len(p.slots))
		}

		done := make(chan error, 2)
		for range 2 {
			go func() {
				err := p.acquire(t.Context(), 2)
				if err == nil {
					p.release(2)
				}
				done <- err
			}()
		}
		synctest.Wait()
		<-p.slots
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if len(p.slots) != 0 {
			t.Errorf("%d slots are held at the end, want 0", len(p.slots))
		}
	})
}

// FuzzPHC: what is read is written again as it was, and is within bounds.
func FuzzPHC(f *testing.F) {
	f.Add("")
	f.Add(phc{ours(), make([]byte, saltSize), make([]byte, hashSize)}.String())
	f.Add("$argon2id$v=19$m=019456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		h, ok := parsePHC(s)
		if !ok {
			return
		}
		if h.String() != s {
			t.Errorf("%q is read as %q", s, h.String())
		}
		if h.memory < 8 || h.memory > maxMemory || h.time < 1 || h.time > maxTime || h.threads < 1 || h.threads > maxThreads || len(h.sum) < 16 {
			t.Errorf("%q costs %+v", s, h.params)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	p := passwords(1)
	hash, err := p.Hash(b.Context(), pass)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Verify(b.Context(), hash, pass); err != nil {
			b.Fatal(err)
		}
	}
}
