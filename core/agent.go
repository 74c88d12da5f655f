package core

import (
	"slices"
	"time"
)

// Account is a member of staff as the desk keeps one. Its zero Version means
// that it is not stored yet; every stored change adds one.
type Account struct {
	ID       AgentID
	Version  uint64
	Name     string // to log in with; unique
	Display  string // what visitors see
	Avatar   string // URL, or empty
	Role     Role
	Groups   []GroupID
	Capacity int     // seats
	Weight   float64 // share of the work compared with others; 1 is usual
	Password string  // its hash, as PHC string; never leaves the server
	Tokens   uint64  // generation of tokens that are good; grows to revoke them all
	Disabled bool    // may not log in; kept, for the log still names them
}

// Status is what an agent says of themselves. It counts only while their
// lease lives.
type Status string

const (
	Online  Status = "online"  // takes new sessions
	Away    Status = "away"    // keeps what they hold, takes nothing new
	Offline Status = "offline" // gone
)

// Valid reports whether s is one of the three.
func (s Status) Valid() bool { return s == Online || s == Away || s == Offline }

// Duty is the presence of an agent. It has a record of its own, last writer
// wins, and is never part of a conversation.
type Duty struct {
	Status Status
	Lease  time.Time // until when it counts without another frame
}

// Agent is a member of staff as routing sees one.
type Agent struct {
	ID       AgentID
	Status   Status // Offline if the lease has ended
	Held     int    // seats taken
	Capacity int
	Weight   float64       // configured; 0 counts as 1
	Pace     time.Duration // recent mean time to a first answer; 0: unknown
	Last     time.Time     // when they were last given a session
}

// Roster is the members of a group, on duty or not.
type Roster []Agent

// Find returns the member with the given ID.
func (r Roster) Find(id AgentID) (Agent, bool) {
	i := slices.IndexFunc(r, func(a Agent) bool { return a.ID == id })
	if i < 0 {
		return Agent{}, false
	}
	return r[i], true
}

// Seats counts the seats of those on duty, and how many of them are free.
func (r Roster) Seats() (all, free int) {
	for _, a := range r {
		if a.Status == Online {
			all += a.Capacity
			free += max(a.Capacity-a.Held, 0)
		}
	}
	return all, free
}

// bar says what keeps an agent from being given a session; "": nothing.
func (a *Agent) bar() Bar {
	switch {
	case a.Status == Away:
		return BarAway
	case a.Status != Online:
		return BarOffline
	case a.Held >= a.Capacity:
		return BarFull
	}
	return ""
}

// MeanPace returns the mean time to a first answer after one more, which moves it
// by a fifth of the way. It is at least a millisecond, for zero is unknown.
func MeanPace(mean, took time.Duration) time.Duration {
	took = max(took, time.Millisecond)
	if mean <= 0 {
		return took
	}
	return max(mean+(took-mean)/5, time.Millisecond)
}

func (a *Agent) weight() float64 {
	if a.Weight > 0 {
		return a.Weight
	}
	return 1
}

// load is the share of an agent's strength that is taken. The configured
// weight is bent by recent first-response time: who answers in half the usual
// pace takes up to 1.5 times as much, who needs long at least half.
func (a *Agent) load(usual time.Duration) float64 {
	factor := 1.0
	if a.Pace > 0 && usual > 0 {
		factor = min(max(float64(usual)/float64(a.Pace), 0.5), 1.5)
	}
	return float64(a.Held) / (float64(max(a.Capacity, 1)) * a.weight() * factor)
}

// Estimate returns how long the one at the given position of a line (1 is
// next) will wait: the line ahead, shared by the seats of those on duty, each
// of which comes free once per typical session. Zero: it can not be said.
func Estimate(position, seats int, typical time.Duration) time.Duration {
	if position < 1 || seats < 1 || typical <= 0 {
		return 0
	}
	return time.Duration(float64(typical) * float64(position) / float64(seats)).Round(time.Second)
}
