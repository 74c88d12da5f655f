package config

import "strings"

// Change is one key that another configuration sets otherwise.
type Change struct {
	Key      string
	From, To string // without secrets, so they may look the same
	Restart  bool   // it waits for the next start
}

// Changes says what is different in next, in the order of the keys.
func (c Config) Changes(next Config) []Change {
	var all []Change
	new := keysOf(&next)
	for i, k := range keysOf(&c) {
		if k.text() != new[i].text() {
			all = append(all, Change{Key: k.name, From: k.shown(), To: new[i].shown(), Restart: !c.takes(k, next)})
		}
	}
	return all
}

// Reloaded is what a server that runs with c has when it is told next: that, but
// for what counts only at the start.
func (c Config) Reloaded(next Config) Config {
	was := next // takes is asked about what next says, not what becomes of it
	new := keysOf(&next)
	for i, k := range keysOf(&c) {
		if !c.takes(k, was) {
			new[i].set(k.text())
		}
	}
	return next
}

// takes reports whether a key is taken over from next. A listener that speaks
// HTTPS goes on doing so, and one that does not too.
func (c Config) takes(k key, next Config) bool {
	if strings.HasPrefix(k.name, "tls.") && c.HTTPS() != next.HTTPS() {
		return false
	}
	return k.places&atStart == 0
}
