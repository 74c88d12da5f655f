package core

import (
	"math"
	"slices"
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
	TierReturn   Tier = "return"   // they had snoozed it, or invited the visitor
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
	BarPassed  Bar = "passed" // they had this session, and it is somebody else's turn
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
// reports that nobody has a seat. Who snoozed the session comes first when it
// comes back. For a session's first placement, who last
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
	shard := shardOf(key, roster, r)
	why.Shard = shard.size
	others := othersOnDuty(c.Session, roster)
	best, affine, back, usual := ranking{roster: roster}, false, false, r.pace()
	for i := range roster {
		a := &roster[i]
		bar := a.bar()
		if bar == "" && others && c.Session.passed(a.ID) {
			bar = BarPassed
		}
		if bar != "" {
			if len(why.Removed) < maxNamed {
				why.Removed = append(why.Removed, Removed{a.ID, bar})
			}
			continue
		}
		why.Able++
		affine, back = affine || a.ID == c.Last, back || a.ID == c.Session.Back
		if in := shard.has(i); in || !best.shardOnly() { // saves most of a large group the arithmetic
			best.add(i, in, a.load(usual))
		}
	}
	why.Candidates = best.candidates()
	if why.Able == 0 {
		return Choice{Why: why}, false
	}
	if back {
		why.Tier = TierReturn
		return Choice{c.Session.Back, why}, true
	}
	if affine && r.affine(c, at) {
		why.Tier = TierAffinity
		return Choice{c.Last, why}, true
	}
	if why.Candidates[0].Shard {
		why.Tier = TierShard
	}
	return Choice{why.Candidates[0].Agent, why}, true
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

// othersOnDuty reports whether somebody is on duty who never passed s. Who
// offers no seat at all is nobody to wait for.
func othersOnDuty(s Session, roster Roster) bool {
	if len(s.Past) == 0 {
		return false
	}
	return slices.ContainsFunc(roster, func(a Agent) bool { return a.Status == Online && a.Capacity > 0 && !s.passed(a.ID) })
}

// ranking keeps the best maxNamed of the members that nothing bars, in order.
type ranking struct {
	roster Roster
	n      int
	places [maxNamed]place
}

// place is a member by index: without pointers it is moved at no cost.
type place struct {
	load  float64
	at    int
	shard bool
}

// better: the shard first, then load, then who waited longest, then the name,
// so that the order is total.
func (r *ranking) better(p, q place) bool {
	if p.shard != q.shard {
		return p.shard
	}
	if p.load != q.load {
		return p.load < q.load
	}
	return waitedLonger(&r.roster[p.at], &r.roster[q.at])
}

func waitedLonger(a, b *Agent) bool {
	if d := a.Last.Compare(b.Last); d != 0 {
		return d < 0
	}
	return a.ID < b.ID
}

// shardOnly reports whether nobody from outside of the shard can get in.
func (r *ranking) shardOnly() bool { return r.n == maxNamed && r.places[maxNamed-1].shard }

func (r *ranking) add(at int, shard bool, load float64) {
	p, i := place{load, at, shard}, r.n
	if i < maxNamed {
		r.n++
	} else if i--; !r.better(p, r.places[i]) {
		return
	}
	for ; i > 0 && r.better(p, r.places[i-1]); i-- {
		r.places[i] = r.places[i-1]
	}
	r.places[i] = p
}

func (r *ranking) candidates() []Candidate {
	list := make([]Candidate, r.n)
	for i, p := range r.places[:r.n] {
		a := &r.roster[p.at]
		list[i] = Candidate{a.ID, p.shard, p.load, a.Last}
	}
	return list
}

// shard is the members whose key is not below the least. Without keys it is
// all of them.
type shard struct {
	size  int
	keys  []uint64
	least uint64
}

func (s shard) has(i int) bool { return s.keys == nil || s.keys[i] >= s.least }

// shardOf returns the members with the highest scores for key.
func shardOf(key string, roster Roster, r Routing) shard {
	share, least := r.Share, r.Least
	if share <= 0 {
		share = 1.0 / 3
	}
	if least <= 0 {
		least = 2
	}
	n := len(roster)
	size := min(max(int(math.Ceil(float64(n)*share)), least), n)
	if size == n {
		return shard{size: n}
	}
	keys := make([]uint64, 2*n)
	keys, scratch := keys[:n], keys[n:]
	seed, weight, equal := hash64(2, key), roster[0].Weight, true
	for i := range keys {
		a := &roster[i]
		keys[i] = hash64(seed, string(a.ID))
		equal = equal && a.Weight == weight
	}
	if !equal { // else the scores are in the order of the hashes, and the logarithms are saved
		for i, h := range keys {
			keys[i] = math.Float64bits(score(h, roster[i].weight())) // of positive numbers: in their order
		}
	}
	copy(scratch, keys)
	return shard{size, keys, nthLargest(scratch, size)}
}

// score is the weighted rendezvous hash: with u uniform in (0,1), w / -ln u is
// largest for a member with probability proportional to its weight w.
func score(hash uint64, weight float64) float64 {
	u := (float64(hash>>12) + 0.5) / (1 << 52)
	return -weight / math.Log(u)
}

// nthLargest returns the k-th largest value (1 is the largest), reordering x.
func nthLargest(x []uint64, k int) uint64 {
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
