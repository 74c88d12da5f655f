package desk

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"kefu/core"
)

// maskStart begins a masked secret; up to four characters of it follow. That
// is shorter than a secret may be, so a mask is never one.
const maskStart = "••••"

func maskOf(secret string) string {
	r := []rune(secret)
	return maskStart + string(r[max(len(r)-4, 0):])
}

func isMask(s string) bool {
	return strings.HasPrefix(s, maskStart) && utf8.RuneCountInString(s) <= 8
}

func masks(secrets []string) []string {
	out := make([]string, len(secrets))
	for i, s := range secrets {
		out[i] = maskOf(s)
	}
	return out
}

// masked returns s as it may leave the server.
func masked(s core.Settings) core.Settings {
	return withSecrets(s, func(_ int, x core.Site) []string { return masks(x.Users.Secrets) })
}

// withSecrets returns s with other secrets, and leaves s alone.
func withSecrets(s core.Settings, secrets func(i int, x core.Site) []string) core.Settings {
	s.Sites = slices.Clone(s.Sites)
	for i, x := range s.Sites {
		s.Sites[i].Users.Secrets = secrets(i, x)
	}
	return s
}

// unmasked returns s with the secrets of the current settings where it has
// their masks. Of two secrets with one mask it is the one in the same place.
func unmasked(s, current core.Settings) (core.Settings, error) {
	var faults []string
	s = withSecrets(s, func(i int, x core.Site) []string {
		was, _ := current.Site(x.ID)
		out := slices.Clone(x.Users.Secrets)
		for k, m := range out {
			if !isMask(m) {
				continue
			}
			at := slices.Index(masks(was.Users.Secrets), m)
			if k < len(was.Users.Secrets) && maskOf(was.Users.Secrets[k]) == m {
				at = k
			}
			if at < 0 {
				faults = append(faults, fmt.Sprintf("sites[%d].users.secrets[%d]: no secret of this site ends like that", i, k))
				continue
			}
			out[k] = was.Users.Secrets[at]
		}
		return out
	})
	if len(faults) > 0 {
		return s, core.Errorf(core.Invalid, "%s", strings.Join(faults, "\n"))
	}
	return s, nil
}

// messageOf returns what an error says to people.
func messageOf(err error) string {
	var e *core.Error
	if !errors.As(err, &e) {
		return "internal error"
	}
	return e.Message
}
