package identity_test

import (
	"crypto/rand"
	"net/url"
	"strings"
	"testing"
	"time"

	"kefu/core/identity"
)

// The vectors of RFC 6238, appendix B, for SHA-1; of their eight digits the
// last six, as authenticators show them.
func TestTOTPVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := identity.TOTPCode(secret, time.Unix(at, 0)); got != want[2:] {
			t.Errorf("at %d: %s, want %s", at, got, want[2:])
		}
	}
}

func TestCheckTOTP(t *testing.T) {
	secret, err := identity.NewTOTP(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_015, 0)
	code := identity.TOTPCode(secret, now)
	step, ok := identity.CheckTOTP(secret, code[:3]+" "+code[3:], now, 0)
	if !ok || step != 1_800_000_015/30 {
		t.Fatal(step, ok)
	}
	if _, again := identity.CheckTOTP(secret, code, now, step); again {
		t.Error("a code counts twice")
	}
	for off, want := range map[time.Duration]bool{-60 * time.Second: false, -30 * time.Second: true, 30 * time.Second: true, 60 * time.Second: false} {
		if _, ok := identity.CheckTOTP(secret, identity.TOTPCode(secret, now.Add(off)), now, 0); ok != want {
			t.Errorf("%v off: %v", off, ok)
		}
	}
	for _, bad := range []string{"", "0", "1234567", "abcdef", code + "0", strings.Repeat("1", 1000)} {
		if _, ok := identity.CheckTOTP(secret, bad, now, 0); ok {
			t.Errorf("%.20q counts", bad)
		}
	}
	uri, err := url.Parse(identity.TOTPURI(secret, "My: Kefu", "amy@shop"))
	if err != nil || uri.Scheme != "otpauth" || uri.Host != "totp" || uri.Path != "/My  Kefu:amy@shop" || uri.Query().Get("secret") != identity.TOTPSecret(secret) {
		t.Errorf("%v, %v", uri, err)
	}
}

func TestRecovery(t *testing.T) {
	codes, kept, err := identity.NewRecovery(rand.Reader)
	if err != nil || len(codes) != 10 || len(kept) != 10 {
		t.Fatal(codes, err)
	}
	left, ok := identity.UseRecovery(kept, " "+strings.ToUpper(codes[3])+" ")
	if !ok || len(left) != 9 {
		t.Fatal(len(left), ok)
	}
	if _, ok := identity.UseRecovery(left, codes[3]); ok {
		t.Error("one counts twice")
	}
	if l, ok := identity.UseRecovery(left, "0000-0000-0000-0000"); ok || len(l) != 9 {
		t.Error("one that is none counts")
	}
}
