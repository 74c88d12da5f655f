package identity

import (
	"context"
	"crypto/subtle"
	_ "embed"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"kefu/core"
)

const (
	minPassword = 8   // characters
	maxPassword = 128 // characters: what is hashed must be bounded

	saltSize = 16 // bytes
	hashSize = 32 // bytes
)

// commonest holds words and passwords that everybody tries first, lower case,
// one a line.
//
//go:embed common.txt
var commonest string

// Passwords hashes and checks passwords with argon2id (m=19456 KiB, t=2, p=1:
// the least that OWASP's Password Storage Cheat Sheet allows). Each takes
// 19 MiB and some 20 ms of one core, so only so many run at a time; the others
// wait their turn, and not for long. Safe for concurrent use.
type Passwords struct {
	random io.Reader
	wait   time.Duration

	// A slot stands for 19 MiB. turn is held while slots are gathered: two that
	// each need several can not end up with half of them.
	slots, turn chan struct{}
}

// NewPasswords returns Passwords that use at most parallel x 19 MiB at a time
// (parallel >= 1) and let a call wait at most that long for its share. The
// randomness must be fit for secrets and safe for concurrent use, as that of
// crypto/rand is.
func NewPasswords(random io.Reader, parallel int, wait time.Duration) *Passwords {
	return &Passwords{
		random: random,
		wait:   wait,
		slots:  make(chan struct{}, max(parallel, 1)),
		turn:   make(chan struct{}, 1),
	}
}

// CheckPassword says whether a password may be chosen: 8 to 128 characters of
// valid UTF-8, and not among those that everybody tries first. Else Invalid,
// with a message that may be shown.
func CheckPassword(password string) error {
	if n := utf8.RuneCountInString(password); n < minPassword || n > maxPassword || !utf8.ValidString(password) {
		return core.Errorf(core.Invalid, "a password has %d to %d characters", minPassword, maxPassword)
	}
	if guessable(password) {
		return core.Errorf(core.Invalid, "this password is among the first that anybody tries")
	}
	return nil
}

// Hash returns the PHC string of a password that [CheckPassword] accepts, or
// its error; Unavailable if there was no room in time.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(p.random, salt); err != nil {
		return "", noRandomness(err)
	}
	h := phc{params: ours(), salt: salt}
	sum, err := p.derive(ctx, password, h, hashSize)
	if err != nil {
		return "", err
	}
	h.sum = sum
	return h.String(), nil
}

// Verify checks a password against what Hash returned. Without an error it is
// the right one; rehash then says that the string was made with other
// parameters than today's, and should be made again while the password is at
// hand. A wrong one is Unauthorized, no room in time Unavailable, a string that
// is not a hash Internal.
func (p *Passwords) Verify(ctx context.Context, hash, password string) (rehash bool, err error) {
	h, ok := parsePHC(hash)
	if !ok {
		return false, core.Errorf(core.Internal, "a stored password hash can not be read")
	}
	// Nothing longer was ever hashed. Short or common ones may have been, by an
	// older rule: they are the owner's to change, not a reason to lock out.
	if utf8.RuneCountInString(password) > maxPassword {
		return false, wrong()
	}
	sum, err := p.derive(ctx, password, h, len(h.sum))
	if err != nil {
		return false, err
	}
	if subtle.ConstantTimeCompare(sum, h.sum) != 1 {
		return false, wrong()
	}
	return h.params != ours() || len(h.salt) != saltSize || len(h.sum) != hashSize, nil
}

// VerifyUnknown does the work of Verify for a name that nobody has, and gives
// the error of a wrong password, so that neither the answer nor the time it
// takes tells which names exist.
func (p *Passwords) VerifyUnknown(ctx context.Context, password string) error {
	if utf8.RuneCountInString(password) > maxPassword {
		return wrong()
	}
	h := phc{params: ours(), salt: make([]byte, saltSize)}
	if _, err := p.derive(ctx, password, h, hashSize); err != nil {
		return err
	}
	return wrong()
}

// derive computes size bytes once there is room for it.
func (p *Passwords) derive(ctx context.Context, password string, h phc, size int) ([]byte, error) {
	n := p.weight(h.memory)
	if err := p.acquire(ctx, n); err != nil {
		return nil, err
	}
	defer p.release(n)
	return argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(size)), nil
}

// weight is how many slots so many KiB take: all of them at most, or they would
// never be had.
func (p *Passwords) weight(memory uint32) int {
	unit := ours().memory
	return min(int((memory+unit-1)/unit), cap(p.slots))
}

// acquire takes n slots, all or none, or gives Unavailable.
func (p *Passwords) acquire(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return busy()
	}
	for got := range n {
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			p.release(got)
			return busy()
		}
	}
	return nil
}

func (p *Passwords) release(n int) {
	for range n {
		<-p.slots
	}
}

// wrong is the answer to a wrong password and to an unknown name alike.
func wrong() error {
	return core.Errorf(core.Unauthorized, "the name or the password is wrong")
}

func busy() error {
	return &core.Error{Code: core.Unavailable, Message: "too many are logging in; try again", Retry: time.Second}
}

// guessable reports whether a password is a well-known one, a well-known word
// between a few digits and signs, a run such as 12345678, or one piece repeated.
func guessable(password string) bool {
	p := strings.ToLower(password)
	word := strings.TrimFunc(p, func(r rune) bool { return !unicode.IsLetter(r) })
	if len(p)-len(word) > 8 {
		word = p
	}
	for line := range strings.SplitSeq(commonest, "\n") {
		if line != "" && (line == p || line == word) {
			return true
		}
	}
	return isRun([]rune(p)) || isRepeated([]rune(p))
}

// isRun reports whether each character follows the one before by the same step
// of 1 or -1.
func isRun(p []rune) bool {
	step := p[1] - p[0]
	for i := 1; i < len(p); i++ {
		if p[i]-p[i-1] != step {
			return false
		}
	}
	return step == 1 || step == -1
}

// isRepeated reports whether p is one shorter piece two times or more.
func isRepeated(p []rune) bool {
	for n := 1; n <= len(p)/2; n++ {
		same := len(p)%n == 0
		for i := n; same && i < len(p); i++ {
			same = p[i] == p[i-n]
		}
		if same {
			return true
		}
	}
	return false
}
