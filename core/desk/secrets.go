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

// keyMask masks the key of a provider. The name of a variable is no secret, and
// of a short key the end would be half of it.
func keyMask(p core.Provider) string {
	_, env := p.EnvKey()
	switch {
	case env || p.Key == "":
		return p.Key
	case utf8.RuneCountInString(p.Key) < 12:
		return maskStart
	default:
		return maskOf(p.Key)
	}
}

// masked returns s as it may leave the server.
func masked(s core.Settings) core.Settings {
	s = withSecrets(s, func(_ int, x core.Site) []string { return masks(x.Users.Secrets) })
	return withKeys(s, func(_, _ int, _ core.Site, p core.Provider) string { return keyMask(p) })
}

// withKeys returns s with other keys of providers, and leaves s alone.
func withKeys(s core.Settings, key func(i, k int, x core.Site, p core.Provider) string) core.Settings {
	s.Sites = slices.Clone(s.Sites)
	for i, x := range s.Sites {
		list := slices.Clone(x.Receptionist.Providers)
		for k, p := range list {
			list[k].Key = key(i, k, x, p)
		}
		s.Sites[i].Receptionist.Providers = list
	}
	return s
}

// unmaskedKeys returns s with the keys of the current settings where it has
// their masks. A mask stands for a key only beside the URL that the key was
// given for: whoever sends it elsewhere has to know it.
func unmaskedKeys(s, current core.Settings) (core.Settings, []string) {
	var faults []string
	s = withKeys(s, func(i, k int, x core.Site, p core.Provider) string {
		if !isMask(p.Key) {
			return p.Key
		}
		was, _ := current.Site(x.ID)
		list := was.Receptionist.Providers
		same := func(o core.Provider) bool { return keyMask(o) == p.Key && o.URL == p.URL }
		at := slices.IndexFunc(list, same)
		if k < len(list) && same(list[k]) {
			at = k
		}
		if at < 0 {
			faults = append(faults, fmt.Sprintf("sites[%d].receptionist.providers[%d].key: must be given anew, for this URL has none that ends like that", i, k))
			return p.Key
		}
		return list[at].Key
	})
	return s, faults
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
	s, faults := unmaskedKeys(s, current)
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
