package codec

import (
	"time"

	"kefu/core"
)

type site struct {
	ID           core.SiteID    `json:"id"`
	Name         string         `json:"name"`
	Greeting     core.Texts     `json:"greeting"`
	Offline      core.Texts     `json:"offline"`
	Quick        []core.Texts   `json:"quick"`
	Form         form           `json:"form"`
	Invite       []invite       `json:"invite"`
	Privacy      privacy        `json:"privacy"`
	Look         look           `json:"look"`
	Rating       bool           `json:"rating"`
	Origins      []string       `json:"origins"`
	Groups       []core.GroupID `json:"groups"`
	Assistant    bool           `json:"assistant"`
	Receptionist receptionist   `json:"receptionist"`
	Preview      bool           `json:"preview"`
	Edit         duration       `json:"edit"`
	Users        users          `json:"users"`
	Uploads      uploads        `json:"uploads"`
	Hours        hours          `json:"hours"`
	Timeouts     timeouts       `json:"timeouts"`
}

type receptionist struct {
	Providers []provider `json:"providers"`
	Persona   string     `json:"persona"`
	Languages []string   `json:"languages"`
	Words     []string   `json:"words"`
	Links     []string   `json:"links"`
	Fields    []string   `json:"fields"`
	Turns     int        `json:"turns"`
	Budget    budget     `json:"budget"`
	Unmasked  bool       `json:"unmasked"`
	Record    bool       `json:"record"`
	Brief     bool       `json:"brief"`
}

type provider struct {
	URL       string `json:"url"`
	Model     string `json:"model"`
	Key       string `json:"key"`
	Embedding string `json:"embedding"`
	In        finite `json:"in"`
	Out       finite `json:"out"`
}

type budget struct {
	Visitor int   `json:"visitor"`
	Session int64 `json:"session"`
	Day     int64 `json:"day"`
}

type users struct {
	Required bool     `json:"required"`
	Secrets  []string `json:"secrets"`
}

type form struct {
	Text   core.Texts `json:"text"`
	Fields []field    `json:"fields"`
}

type field struct {
	ID       string       `json:"id"`
	Label    core.Texts   `json:"label"`
	Type     string       `json:"type"`
	Required bool         `json:"required"`
	Options  []core.Texts `json:"options"`
}

type invite struct {
	ID       string     `json:"id"`
	Text     core.Texts `json:"text"`
	After    duration   `json:"after"`
	Path     string     `json:"path"`
	Referrer string     `json:"referrer"`
	Again    duration   `json:"again"`
}

type privacy struct {
	Text core.Texts `json:"text"`
	URL  string     `json:"url"`
}

type look struct {
	Color string `json:"color"`
	Theme string `json:"theme"`
	Side  string `json:"side"`
	Lang  string `json:"lang"`
}

type uploads struct {
	Off   bool     `json:"off"`
	Size  int64    `json:"size"`
	Types []string `json:"types"`
	Count int      `json:"count"`
	Total int64    `json:"total"`
}

type hours struct {
	Zone    string    `json:"zone"`
	Spans   []span    `json:"spans"`
	Special []special `json:"special"`
}

type special struct {
	Date  string `json:"date"`
	Name  string `json:"name"`
	Spans []part `json:"spans"`
}

// part is a span of a day that is known already.
type part struct {
	From  clock `json:"from"`
	Until clock `json:"until"`
}

type span struct {
	Day   day   `json:"day"`
	From  clock `json:"from"`
	Until clock `json:"until"`
}

// siteJSON writes empty lists as [] and texts as {}, not null: clients need no
// case for it.
func siteJSON(s core.Site) site {
	out := site{
		ID: s.ID, Name: s.Name, Greeting: some(s.Greeting), Offline: some(s.Offline), Quick: list(s.Quick), Invite: []invite{},
		Form:    form{Text: some(s.Form.Text), Fields: []field{}},
		Privacy: privacy{some(s.Privacy.Text), s.Privacy.URL}, Look: look(s.Look), Rating: s.Rating,
		Origins: list(s.Origins), Groups: list(s.Groups), Assistant: s.Assistant, Receptionist: receptionistJSON(s.Receptionist),
		Preview: s.Preview, Edit: duration(s.Edit), Users: users{s.Users.Required, list(s.Users.Secrets)},
		Uploads: uploads{s.Uploads.Off, s.Uploads.Size, list(s.Uploads.Types), s.Uploads.Count, s.Uploads.Total},
		Hours:   hours{Zone: s.Hours.Zone, Spans: []span{}, Special: []special{}}, Timeouts: timeoutsJSON(s.Timeouts),
	}
	for _, x := range s.Form.Fields {
		out.Form.Fields = append(out.Form.Fields, field{x.ID, some(x.Label), x.Type, x.Required, list(x.Options)})
	}
	for _, x := range s.Invite {
		out.Invite = append(out.Invite, invite{x.ID, some(x.Text), duration(x.After), x.Path, x.Referrer, duration(x.Again)})
	}
	for _, x := range s.Hours.Spans {
		out.Hours.Spans = append(out.Hours.Spans, span{day(x.Day), clock(x.From), clock(x.Until)})
	}
	for _, x := range s.Hours.Special {
		o := special{Date: x.Date, Name: x.Name, Spans: []part{}}
		for _, p := range x.Spans {
			o.Spans = append(o.Spans, part{clock(p.From), clock(p.Until)})
		}
		out.Hours.Special = append(out.Hours.Special, o)
	}
	return out
}

func receptionistJSON(r core.Receptionist) receptionist {
	out := receptionist{
		Providers: []provider{}, Persona: r.Persona, Languages: list(r.Languages), Words: list(r.Words), Links: list(r.Links), Fields: list(r.Fields),
		Turns: r.Turns, Budget: budget(r.Budget), Unmasked: r.Unmasked, Record: r.Record, Brief: r.Brief,
	}
	for _, p := range r.Providers {
		out.Providers = append(out.Providers, provider{p.URL, p.Model, p.Key, p.Embedding, finite(p.In), finite(p.Out)})
	}
	return out
}

func (r receptionist) core() core.Receptionist {
	out := core.Receptionist{
		Persona: r.Persona, Languages: r.Languages, Words: r.Words, Links: r.Links, Fields: r.Fields,
		Turns: r.Turns, Budget: core.Budget(r.Budget), Unmasked: r.Unmasked, Record: r.Record, Brief: r.Brief,
	}
	for _, p := range r.Providers {
		out.Providers = append(out.Providers, core.Provider{
			URL: p.URL, Model: p.Model, Key: p.Key, Embedding: p.Embedding, In: float64(p.In), Out: float64(p.Out),
		})
	}
	return out
}

func some(t core.Texts) core.Texts {
	if t == nil {
		return core.Texts{}
	}
	return t
}

func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

func (s site) core() core.Site {
	out := core.Site{
		ID: s.ID, Name: s.Name, Greeting: s.Greeting, Offline: s.Offline, Quick: s.Quick, Form: core.Form{Text: s.Form.Text},
		Privacy: core.Privacy(s.Privacy), Look: core.Look(s.Look), Rating: s.Rating, Origins: s.Origins, Groups: s.Groups, Assistant: s.Assistant, Receptionist: s.Receptionist.core(),
		Preview: s.Preview, Edit: time.Duration(s.Edit), Users: core.Users(s.Users), Uploads: core.Uploads(s.Uploads),
		Hours: core.Hours{Zone: s.Hours.Zone}, Timeouts: s.Timeouts.core(),
	}
	for _, x := range s.Form.Fields {
		out.Form.Fields = append(out.Form.Fields, core.Field(x))
	}
	for _, x := range s.Invite {
		out.Invite = append(out.Invite, core.Invite{
			ID: x.ID, Text: x.Text, After: time.Duration(x.After), Path: x.Path, Referrer: x.Referrer, Again: time.Duration(x.Again),
		})
	}
	for _, x := range s.Hours.Spans {
		out.Hours.Spans = append(out.Hours.Spans, core.Span{Day: time.Weekday(x.Day), From: int(x.From), Until: int(x.Until)})
	}
	for _, x := range s.Hours.Special {
		o := core.Special{Date: x.Date, Name: x.Name}
		for _, p := range x.Spans {
			o.Spans = append(o.Spans, core.Part{From: int(p.From), Until: int(p.Until)})
		}
		out.Hours.Special = append(out.Hours.Special, o)
	}
	return out
}
