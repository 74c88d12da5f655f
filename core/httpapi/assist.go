package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/desk"
	"kefu/core/wire"
)

// Asked is a question that the receptionist left to a person.
type Asked struct {
	ID           string    `json:"id"`
	Question     string    `json:"question"`
	Reason       string    `json:"reason"`
	Count        int       `json:"count"`
	At           wire.Time `json:"at" doc:"When it was last asked."`
	Conversation string    `json:"conversation"`
	Proposal     string    `json:"proposal,omitempty" doc:"How a person answered it, or what a model made of that."`
}

// Questions are those that nobody has looked at, the most frequent first.
type Questions struct {
	Questions []Asked `json:"questions" nullable:"false"`
}

// Day is what the receptionist did on a day (UTC).
type Day struct {
	Day      string           `json:"day"`
	Sessions int64            `json:"sessions"`
	Resolved int64            `json:"resolved" doc:"Sessions that ended without a person."`
	Answers  int64            `json:"answers"`
	Cited    int64            `json:"cited" doc:"Answers that rest on knowledge."`
	Handed   map[string]int64 `json:"handed" doc:"Sessions that went to a person, by the reason."`
	First    float64          `json:"first" doc:"Seconds until the first words of an answer, on average; 0: nobody knows."`
	In       int64            `json:"in" doc:"Tokens that were sent."`
	Out      int64            `json:"out" doc:"Tokens that came back."`
	Cost     float64          `json:"cost" doc:"By the prices in the settings."`
}

// Days are the last days, the newest first. One without any use is left out.
type Days struct {
	Days []Day `json:"days" nullable:"false"`
}

// Tried is an answer that nobody was given.
type Tried struct {
	Text    string        `json:"text"`
	Sources []wire.Source `json:"sources" nullable:"false"`
	Hand    string        `json:"hand,omitempty" doc:"Why a person would be called."`
	Fault   string        `json:"fault,omitempty" doc:"What is wrong with the model, if that is why."`
	Kind    string        `json:"kind,omitempty" doc:"That for programs; see Ailment."`
}

// Faults are what is wrong with models, one line each.
type Faults struct {
	Faults []string  `json:"faults" nullable:"false"`
	Models []Ailment `json:"models" nullable:"false" doc:"The same in parts."`
}

// Ailment is what is wrong with one model.
type Ailment struct {
	Location string `json:"location" doc:"Of the provider, as the faults of the settings name it." example:"body.sites[0].receptionist.providers[0]"`
	Kind     string `json:"kind,omitempty" doc:"Such as key, model, host, 429, 5xx, garbage, broken, timeout, refused; none: the site's assistant is on without a model."`
	Message  string `json:"message"`
}

// Written is what a model wrote for an agent. It is sent by nobody but them.
type Written struct {
	Text    string        `json:"text"`
	Sources []wire.Source `json:"sources,omitempty"`
}

type settle struct {
	ID   string `path:"id" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Body settled
}

type settled struct {
	_        struct{} `json:"-" additionalProperties:"false"`
	Site     string   `json:"site" minLength:"1" maxLength:"64"`
	Question string   `json:"question,omitempty" maxLength:"400"`
	Answer   string   `json:"answer,omitempty" doc:"Without one it is rejected."`
}

type propose struct {
	ID   string `path:"id" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Site string `query:"site" required:"true" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
}

type lastDays struct {
	Site string `query:"site" required:"true" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Days int    `query:"days" minimum:"1" maximum:"90" default:"30"`
}

type try struct {
	_     struct{} `json:"-" additionalProperties:"false"`
	Site  string   `json:"site" minLength:"1" maxLength:"64"`
	Lines []line   `json:"lines" minItems:"1" maxItems:"40" nullable:"false"`
}

type line struct {
	_       struct{} `json:"-" additionalProperties:"false"`
	Visitor bool     `json:"visitor"`
	Text    string   `json:"text" minLength:"1" maxLength:"4000"`
}

type translate struct {
	ID   string `path:"id" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Body translation
}

type translation struct {
	_   struct{} `json:"-" additionalProperties:"false"`
	Seq uint64   `json:"seq" minimum:"1" maximum:"9007199254740991" doc:"Of the message."`
	To  string   `json:"to" minLength:"2" maxLength:"35" pattern:"^[A-Za-z0-9-]+$" patternDescription:"a language such as en"`
}

// assistant registers what is about the receptionist.
func (a *api) assistant() {
	operation := func(id, method, path, summary, about string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: about, Errors: errors, Tags: []string{"receptionist"},
		}
	}
	const leaders = "For supervisors and admins. "
	staffed(a, operation("list-questions", http.MethodGet, "/v1/assist/questions", "List what the receptionist left to people",
		leaders+"At most 500, the most frequent first. Personal things are masked."), a.listQuestions)
	staffed(a, operation("propose-answer", http.MethodPost, "/v1/assist/questions/{id}/proposal", "Have a model propose an answer",
		leaders+"It is made of how a person answered.", http.StatusNotFound, http.StatusNotImplemented), a.proposeAnswer)
	staffed(a, operation("settle-question", http.MethodPost, "/v1/assist/questions/{id}", "Approve or reject an answer",
		leaders+"With an answer the two are knowledge at once; without one the question is not listed any more.", http.StatusNotFound), a.settleQuestion)
	staffed(a, operation("assist-figures", http.MethodGet, "/v1/assist/figures", "Count what the receptionist did", leaders+"The last days, today first."), a.figures)
	staffed(a, operation("try-assistant", http.MethodPost, "/v1/assist/try", "Talk to the receptionist as a visitor would",
		leaders+"Nothing of it is kept.", http.StatusNotFound, http.StatusNotImplemented), a.tryAssistant)
	staffed(a, operation("test-assistant", http.MethodPost, "/v1/assist/test", "Ask the models of all sites for a word",
		"For admins. A wrong key, host or model is named."), a.testAssistant)
	const whose = "Of conversations that you may read. Nothing is sent. "
	staffed(a, operation("suggest-reply", http.MethodPost, "/v1/conversations/{id}/suggestion", "Have a model suggest a reply", whose, http.StatusNotFound, http.StatusNotImplemented), a.suggestReply)
	staffed(a, operation("summarize", http.MethodPost, "/v1/conversations/{id}/summary", "Have a model summarize the session",
		whose+"It is noted in the log, for the staff alone.", http.StatusNotFound, http.StatusNotImplemented), a.summarize)
	staffed(a, operation("translate", http.MethodPost, "/v1/conversations/{id}/translation", "Have a model translate a message",
		whose+"The original stays as it is.", http.StatusNotFound, http.StatusNotImplemented), a.inOtherWords)
}

func askedOf(x desk.Asked) Asked {
	return Asked{x.ID, x.Question, string(x.Reason), x.Count, wire.Time(x.At), string(x.Conversation), x.Proposal}
}

func sourcesOf(list []core.Source) []wire.Source {
	out := make([]wire.Source, len(list))
	for i, s := range list {
		out[i] = wire.Source(s)
	}
	return out
}

func (a *api) listQuestions(ctx context.Context, who core.Account, in *ofSite) (*body[Questions], error) {
	d, err := a.assist()
	if err != nil {
		return nil, err
	}
	list, err := d.Questions(ctx, who, core.SiteID(in.Site))
	out := Questions{Questions: make([]Asked, len(list))}
	for i, x := range list {
		out.Questions[i] = askedOf(x)
	}
	return &body[Questions]{out}, err
}

func (a *api) proposeAnswer(ctx context.Context, who core.Account, in *propose) (*body[Asked], error) {
	d, err := a.assist()
	if err != nil {
		return nil, err
	}
	x, err := d.Propose(ctx, who, core.SiteID(in.Site), in.ID)
	return &body[Asked]{askedOf(x)}, err
}

func (a *api) settleQuestion(ctx context.Context, who core.Account, in *settle) (*nothing, error) {
	d, err := a.assist()
	if err != nil {
		return nil, err
	}
	_, err = d.Settle(ctx, who, core.SiteID(in.Body.Site), in.ID, in.Body.Question, in.Body.Answer)
	return nil, err
}

func (a *api) figures(ctx context.Context, who core.Account, in *lastDays) (*body[Days], error) {
	d, err := a.assist()
	if err != nil {
		return nil, err
	}
	found, err := d.Figures(ctx, who, core.SiteID(in.Site), in.Days)
	out := Days{Days: []Day{}}
	for i := range in.Days {
		day := a.Now().UTC().AddDate(0, 0, -i).Format("2006-01-02")
		if f, ok := found[day]; ok {
			out.Days = append(out.Days, Day{day, f.Sessions, f.Resolved, f.Answers, f.Cited, f.Handed, float64(f.First) / 1000 / float64(max(f.Timed, 1)), f.In, f.Out, f.Cost})
		}
	}
	return &body[Days]{out}, err
}

func (a *api) tryAssistant(ctx context.Context, who core.Account, in *body[try]) (*body[Tried], error) {
	d, err := a.assist()
	if err != nil {
		return nil, err
	}
	lines := make([]assist.Line, len(in.Body.Lines))
	for i, l := range in.Body.Lines {
		lines[i] = assist.Line{Visitor: l.Visitor, Text: l.Text}
	}
	x, err := d.TryAnswer(ctx, who, core.SiteID(in.Body.Site), lines)
	out := Tried{Text: x.Text, Sources: sourcesOf(x.Sources), Hand: string(x.Hand)}
	if x.Err != nil {
		out.Fault, out.Kind = x.Err.Error(), string(assist.KindOf(x.Err))
	}
	return &body[Tried]{out}, err
}

func (a *api) testAssistant(ctx context.Context, who core.Account, _ *nothing) (*body[Faults], error) {
	d, err := a.assist()
	if err != nil {
		return nil, err
	}
	list, err := d.TestAssistants(ctx, who)
	out := Faults{make([]string, len(list)), make([]Ailment, len(list))}
	for i, x := range list {
		out.Faults[i], out.Models[i] = x.String(), Ailment{"body." + x.Place, string(x.Kind), x.Message}
	}
	return &body[Faults]{out}, err
}

func (a *api) suggestReply(ctx context.Context, who core.Account, in *byID) (*body[Written], error) {
	d, err := a.assist()
	if err != nil {
		return nil, err
	}
	text, sources, err := d.Suggest(ctx, who, core.ConversationID(in.ID))
	return &body[Written]{Written{text, sourcesOf(sources)}}, err
}

func (a *api) summarize(ctx context.Context, who core.Account, in *byID) (*body[Written], error) {
	d, err := a.assist()
	if err != nil {
		return nil, err
	}
	text, err := d.Summarize(ctx, who, core.ConversationID(in.ID))
	return &body[Written]{Written{Text: text}}, err
}

func (a *api) inOtherWords(ctx context.Context, who core.Account, in *translate) (*body[Written], error) {
	d, err := a.assist()
	if err != nil {
		return nil, err
	}
	text, err := d.Translate(ctx, who, core.ConversationID(in.ID), in.Body.Seq, in.Body.To)
	return &body[Written]{Written{Text: text}}, err
}
