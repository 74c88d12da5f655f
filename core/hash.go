package core

import "math/bits"

// hash64 is a fast hash with fixed constants: the same on every node and in
// every release, for shards and digests depend on it. It is no protection
// against somebody who looks for collisions, and need not be: a collision
// spoils only the sender's own shard or repeat.
func hash64(seed uint64, s string) uint64 {
	h := seed ^ mix(uint64(len(s)), 0x9e3779b97f4a7c15)
	i := 0
	for ; i+8 <= len(s); i += 8 {
		h = mix(h^word(s[i:]), 0xa0761d6478bd642f)
	}
	if rest := len(s) - i; rest > 0 {
		tail := uint64(0)
		if i > 0 {
			tail = word(s[len(s)-8:]) >> (64 - 8*rest)
		} else {
			for k := range rest {
				tail |= uint64(s[k]) << (8 * k)
			}
		}
		h = mix(h^tail, 0xe7037ed1a0b428db)
	}
	return mix(h, 0x8ebc6af09c88c6e3)
}

func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x2d358dccaa6c78a5, b)
	return hi ^ lo
}

// digest tells two frames under one number apart.
func digest(kind string, parts ...uint64) uint64 {
	h := hash64(0, kind)
	for _, p := range parts {
		h = mix(h^p, 0xa0761d6478bd642f)
	}
	return h
}

func text(s string) uint64 { return hash64(1, s) }

// texts is for a list of them.
func texts(list []string) uint64 {
	h := uint64(len(list))
	for _, s := range list {
		h = digest("text", h, text(s))
	}
	return h
}

func digestSaid(in Said) uint64 {
	h := digestBody(in.Body)
	if in.Internal {
		h = ^h
	}
	return h
}

func digestBody(b Body) uint64 {
	h := digest(string(b.Kind), text(b.Text), text(b.File.URL), text(b.File.Name), uint64(b.File.Size))
	for _, o := range b.Options {
		h = mix(h^text(o), 0xe7037ed1a0b428db)
	}
	for _, f := range b.Fields {
		h = digest("field", h, text(f.ID), text(f.Label), text(f.Value))
	}
	return h
}
