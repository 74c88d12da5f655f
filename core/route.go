package core

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// Routing is how Pick weighs agents.
type Routing struct {
	Share    float64       // the part of a group that is the shard of a tag; 0 means a third
	Least    int           // but at least so many members; 0 means 2
	Affinity time.Duration // how long a visitor comes back to who last answered; 0 means never
	Pace     time.Duration // the first-response time that leaves a weight as configured; 0 means 30 s
}

// Tier says which rule found an agent.
type Tier string

const (
	TierAffinity Tier = "affinity" // they last answered this visitor
	TierShard    Tier = "shard"    // least loaded of the shard of the tag
	TierGroup    Tier = "group"    // least loaded of the group: the shard has no seat
	TierTaken    Tier = "taken"    // they took it themselves
	TierTransfer Tier = "transfer" // somebody passed it to them
)

// Bar is what kept an agent from being chosen.
type Bar string

const (
	BarOffline Bar = "offline"
	BarAway    Bar = "away"
	BarFull    Bar = "full"
	BarPassed  Bar = "passed" // they let this session go before
)

// Why is the record of a choice, stored with the assignment. It names at most
// maxNamed candidates and maxNamed of those removed; the counts are of all.
type Why struct {
	Tier       Tier
	Key        string // what was hashed: the tag, or without one the visitor
	Members    int    // of the group
	Shard      int    // of the shard
	Able       int    // members that nothing barred
	Candidates []Candidate
	Removed    []Removed
}

// Candidate is an agent that could have been chosen, best first.
type Candidate struct {
	Agent AgentID
	Shard bool      // of the shard
	Load  float64   // held / (capacity × weight × pace factor)
	Last  time.Time // their last assignment; who waited longest wins a tie
}

// Removed is a member that could not be chosen, and what removed them.
type Removed struct {
	Agent AgentID
	Bar   Bar
}

const maxNamed = 8

// Choice is the agent that Pick chose, and why.
type Choice struct {
	Agent AgentID
	Why   *Why
}

// Pick chooses an agent of the group for a session that waits in it, or
// reports that nobody has a seat. For a session's first placement, who last
// answered this visitor comes first; then the least loaded of the shard that
// the tag hashes to; then the least loaded of the group.
//
// The shard is the top of a weighted rendezvous hash over the members, on
// duty or not, so that a member coming or going moves only their own share.
func Pick(c Conversation, roster Roster, r Routing, at time.Time) (Choice, bool) {
	key := c.Session.Tag
	if key == "" {
		key = string(c.Visitor)
	}
	why := &Why{Tier: TierGroup, Key: key, Members: len(roster)}
	inShard := shardOf(key, roster, r)
	others := othersOnDuty(c.Session, roster)
	best := make([]Candidate, 0, maxNamed+1)
	affine := -1
	for i := range roster {
		a := &roster[i]
		if inShard[i] {
			why.Shard++
		}
		bar := a.bar()
		if p, _ := c.Session.past(a.ID); bar == "" && others && p.LetGo > 0 {
			bar = BarPassed
		}
		if bar != "" {
			if len(why.Removed) < maxNamed {
				why.Removed = append(why.Removed, Removed{a.ID, bar})
			}
			continue
		}
		why.Able++
		if a.ID == c.Last {
			affine = i
		}
		best = insert(best, Candidate{a.ID, inShard[i], a.load(r.pace()), a.Last})
	}
	why.Candidates = best
	if len(best) == 0 {
		return Choice{Why: why}, false
	}
	if affine >= 0 && r.affine(c, at) {
		why.Tier = TierAffinity
		return Choice{c.Last, why}, true
	}
	if best[0].Shard {
		why.Tier = TierShard
	}
	return Choice{best[0].Agent, why}, true
}

func (r Routing) pace() time.Duration {
	if r.Pace <= 0 {
		return 30 * time.Second
	}
	return r.Pace
}

// affine reports whether the visitor still belongs to who last answered: a
// preference for the first placement of a session, never a lock.
func (r Routing) affine(c Conversation, at time.Time) bool {
	return c.Last != "" && len(c.Session.Past) == 0 && at.Sub(c.LastAt) < r.Affinity
}

// othersOnDuty reports whether somebody is on duty who never let s go.
func othersOnDuty(s Session, roster Roster) bool {
	if len(s.Past) == 0 {
		return false
	}
	return slices.ContainsFunc(roster, func(a Agent) bool {
		p, _ := s.past(a.ID)
		return a.Status == Online && p.LetGo == 0
	})
}

// better orders candidates: the shard first, then load, then who waited
// longest, then the name, so that the order is total.
func better(a, b Candidate) int {
	if a.Shard != b.Shard {
		if a.Shard {
			return -1
		}
		return 1
	}
	if a.Load != b.Load {
		return cmp.Compare(a.Load, b.Load)
	}
	if d := a.Last.Compare(b.Last); d != 0 {
		return d
	}
	return strings.Compare(string(a.Agent), string(b.Agent))
}

// insert keeps the best maxNamed candidates in order.
func insert(best []Candidate, c Candidate) []Candidate {
	if n := len(best); n == maxNamed && better(best[n-1], c) <= 0 {
		return best
	}
	i, _ := slices.BinarySearchFunc(best, c, better)
	best = slices.Insert(best, i, c)
	return best[:min(len(best), maxNamed)]
}

// shardOf marks the members with the highest scores for key.
func shardOf(key string, roster Roster, r Routing) []bool {
	share, least := r.Share, r.Least
	if share <= 0 {
		share = 1.0 / 3
	}
	if least <= 0 {
		least = 2
	}
	n := len(roster)
	size := min(max(int(math.Ceil(float64(n)*share)), least), n)
	in := make([]bool, n)
	if size == n {
		for i := range in {
			in[i] = true
		}
		return in
	}
	scores := make([]float64, 2*n)
	scores, scratch := scores[:n], scores[n:]
	seed := hash64(2, key)
	for i := range roster {
		scores[i] = score(seed, &roster[i])
	}
	copy(scratch, scores)
	least64 := nthLargest(scratch, size)
	for i, s := range scores {
		in[i] = s >= least64
	}
	return in
}

// score is the weighted rendezvous hash: with u uniform in (0,1), w / -ln u is
// largest for a member with probability proportional to its weight w.
func score(seed uint64, a *Agent) float64 {
	u := (float64(hash64(seed, string(a.ID))>>12) + 0.5) / (1 << 52)
	return -a.weight() / math.Log(u)
}

// nthLargest returns the k-th largest value (1 is the largest), reordering x.
func nthLargest(x []float64, k int) float64 {
	k = len(x) - k
	lo, hi := 0, len(x)-1
	for lo < hi {
		pivot := x[lo+(hi-lo)/2]
		i, j := lo, hi
		for i <= j {
			for x[i] < pivot {
				i++
			}
			for x[j] > pivot {
				j--
			}
			if i <= j {
				x[i], x[j] = x[j], x[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return x[k]
		}
	}
	return x[k]
}
