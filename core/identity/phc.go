package identity

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// What a stored hash may ask for: older and costlier ones are welcome, but a
// damaged record must not take the memory of the machine.
const (
	maxHash    = 256       // characters of the whole string
	maxMemory  = 64 * 1024 // KiB
	maxTime    = 16        // passes
	maxThreads = 4
)

// params are the costs of argon2id.
type params struct {
	memory  uint32 // KiB
	time    uint32 // passes
	threads uint8
}

// ours are the costs of a new hash.
func ours() params { return params{memory: 19456, time: 2, threads: 1} }

// phc is a password hash in the PHC string format:
// $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>, base64 without padding.
type phc struct {
	params
	salt, sum []byte
}

func (h phc) String() string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.memory, h.time, h.threads, enc.EncodeToString(h.salt), enc.EncodeToString(h.sum))
}

// parsePHC reads what String wrote; argon2id of version 19 and within bounds,
// or nothing.
func parsePHC(s string) (phc, bool) {
	parts := strings.Split(s, "$")
	if len(s) > maxHash || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return phc{}, false
	}
	costs, ok := parseParams(parts[3])
	if !ok {
		return phc{}, false
	}
	enc := base64.RawStdEncoding.Strict()
	salt, err := enc.DecodeString(parts[4])
	if err != nil || len(salt) < 8 || len(salt) > 64 {
		return phc{}, false
	}
	sum, err := enc.DecodeString(parts[5])
	if err != nil || len(sum) < 16 || len(sum) > 64 {
		return phc{}, false
	}
	h := phc{costs, salt, sum}
	// The decoders forgive leading zeros and line ends; we write neither.
	return h, h.String() == s
}

// parseParams reads "m=19456,t=2,p=1".
func parseParams(s string) (params, bool) {
	parts := strings.Split(s, ",")
	if len(parts) != 3 {
		return params{}, false
	}
	memory, ok1 := parseParam(parts[0], "m=", 8, maxMemory)
	passes, ok2 := parseParam(parts[1], "t=", 1, maxTime)
	threads, ok3 := parseParam(parts[2], "p=", 1, maxThreads)
	return params{memory, passes, uint8(threads)}, ok1 && ok2 && ok3
}

func parseParam(s, name string, least, most uint64) (uint32, bool) {
	text, ok := strings.CutPrefix(s, name)
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), ok && err == nil && least <= n && n <= most
}
