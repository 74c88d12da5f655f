package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"kefu/core"
)

// settings mirrors core.Settings in the JSON that is stored and that
// /v1/settings speaks. Everything is written, also what is off or empty, so
// that who reads it sees what there is to set.
type settings struct {
	Version uint64  `json:"version"`
	At      stamp   `json:"at,omitzero"`
	By      string  `json:"by"`
	Sites   []site  `json:"sites"`
	Groups  []group `json:"groups"`
	Routing routing `json:"routing"`
	Limits  limits  `json:"limits"`

	Security security `json:"security"`

	// What a host found out about them when they were saved; never kept, and
	// ignored in what comes in, for clients send back what they were answered.
	Warnings []string `json:"warnings,omitempty"`
}

type security struct {
	Second bool `json:"second"`
}

type group struct {
	ID       core.GroupID `json:"id"`
	Name     string       `json:"name"`
	Timeouts *timeouts    `json:"timeouts,omitempty"`
}

type timeouts struct {
	Assistant duration `json:"assistant"`
	Agent     duration `json:"agent"`
	Visitor   duration `json:"visitor"`
	Warning   duration `json:"warning"`
	Abandoned duration `json:"abandoned"`
	Return    duration `json:"return"`
}

type routing struct {
	Share    finite   `json:"share"`
	Least    int      `json:"least"`
	Affinity duration `json:"affinity"`
	Pace     duration `json:"pace"`
}

type limits struct {
	Text  int `json:"text"`
	Frame int `json:"frame"`
	Batch int `json:"batch"`
	Rate  int `json:"rate"`
	Burst int `json:"burst"`
}

// duration is written as "90s", "3m" or "720h": time.Duration would say
// "3m0s". Days are not offered, for not all of them have 24 hours.
type duration time.Duration

func (d duration) MarshalText() ([]byte, error) {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return []byte(s), nil
}

func (d *duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = duration(v)
	return err
}

// day is written as "mon", in English. A number would be counted from Sunday by
// some and from Monday by others.
type day time.Weekday

func (d day) MarshalText() ([]byte, error) {
	return []byte(strings.ToLower(time.Weekday(d).String()[:3])), nil
}

func (d *day) UnmarshalText(b []byte) error {
	for v := day(time.Sunday); v <= day(time.Saturday); v++ {
		if name, _ := v.MarshalText(); bytes.Equal(name, b) {
			*d = v
			return nil
		}
	}
	return errRange
}

// clock is minutes after midnight, written as "09:30", up to "24:00".
type clock int

func (c clock) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%02d:%02d", int(c)/60, int(c)%60), nil
}

func (c *clock) UnmarshalText(b []byte) error {
	t, err := time.Parse("15:04", string(b))
	switch {
	case string(b) == "24:00":
		*c = 24 * 60
	case err != nil || len(b) != len("15:04"):
		return errRange
	default:
		*c = clock(t.Hour()*60 + t.Minute())
	}
	return nil
}

// AppendSettings appends s as one line of JSON. They are such as Validate
// accepts.
func AppendSettings(dst []byte, s core.Settings) []byte {
	out := settings{
		Version: s.Version, At: stamp(s.At), By: string(s.By), Sites: []site{}, Groups: []group{}, Limits: limits(s.Limits),
		Routing:  routing{finite(s.Routing.Share), s.Routing.Least, duration(s.Routing.Affinity), duration(s.Routing.Pace)},
		Security: security(s.Security),
	}
	for _, x := range s.Sites {
		out.Sites = append(out.Sites, siteJSON(x))
	}
	for _, g := range s.Groups {
		x := group{ID: g.ID, Name: g.Name}
		if g.Timeouts != nil {
			own := timeoutsJSON(*g.Timeouts)
			x.Timeouts = &own
		}
		out.Groups = append(out.Groups, x)
	}
	return appendJSON(dst, out)
}

func timeoutsJSON(t core.Timeouts) timeouts {
	return timeouts{
		duration(t.Assistant), duration(t.Agent), duration(t.Visitor), duration(t.Warning), duration(t.Abandoned), duration(t.Return),
	}
}

// Settings reads what AppendSettings wrote, or what a person did. It returns
// Invalid with everything that is no setting, one line each, as
// "sites[0].timeouts.agent: a duration such as \"3m\" is expected". What is
// left out is zero. It does not Validate.
func Settings(b []byte) (core.Settings, error) {
	if !json.Valid(b) {
		return core.Settings{}, core.Errorf(core.Invalid, "settings must be one JSON object")
	}
	var in settings
	if f := strict(b, &in); len(f) > 0 {
		return core.Settings{}, core.Errorf(core.Invalid, "%s", strings.Join(f, "\n"))
	}
	out := core.Settings{
		Version: in.Version, At: time.Time(in.At), By: core.AgentID(in.By), Limits: core.Limits(in.Limits),
		Routing: core.Routing{
			Share: float64(in.Routing.Share), Least: in.Routing.Least,
			Affinity: time.Duration(in.Routing.Affinity), Pace: time.Duration(in.Routing.Pace),
		},
		Security: core.Security(in.Security),
	}
	for _, x := range in.Sites {
		out.Sites = append(out.Sites, x.core())
	}
	for _, x := range in.Groups {
		g := core.Group{ID: x.ID, Name: x.Name}
		if x.Timeouts != nil {
			own := x.Timeouts.core()
			g.Timeouts = &own
		}
		out.Groups = append(out.Groups, g)
	}
	return out, nil
}

func (t timeouts) core() core.Timeouts {
	return core.Timeouts{
		Assistant: time.Duration(t.Assistant), Agent: time.Duration(t.Agent), Visitor: time.Duration(t.Visitor),
		Warning: time.Duration(t.Warning), Abandoned: time.Duration(t.Abandoned), Return: time.Duration(t.Return),
	}
}
