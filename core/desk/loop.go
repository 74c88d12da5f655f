package desk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kefu/core"
	"kefu/core/assist"
)

// Asked is a question that the assistant left to a person, with how often it
// was asked and what an answer to it may be.
type Asked struct {
	ID           string              `json:"id"`
	Site         core.SiteID         `json:"site"`
	Question     string              `json:"question"` // masked, as first asked
	Reason       core.Reason         `json:"reason"`
	Count        int                 `json:"count"`
	At           time.Time           `json:"at"` // last asked
	Conversation core.ConversationID `json:"conversation"`
	Seq          uint64              `json:"seq"`                // of the hand-off
	Proposal     string              `json:"proposal,omitempty"` // how a person answered
	State        string              `json:"state"`              // open, approved, rejected
	Article      string              `json:"article,omitempty"`  // that it became
}

const (
	kindAsked  = "assist-question" // site:id
	maxAsked   = 500               // that are listed
	maxMasked  = 500               // characters of a question
	askedAhead = 60                // events that are read to find an answer
)

const (
	askedOpen     = "open"
	askedApproved = "approved"
	askedRejected = "rejected"
)

// sameQuestion names questions that differ in nothing but spaces, case and marks.
func sameQuestion(text string) string {
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n.,;:!?。，；：！？、…~～\"'“”‘’", r) {
			return -1
		}
		return r
	}, strings.ToLower(text))
	sum := sha256.Sum256([]byte(plain))
	return hex.EncodeToString(sum[:10])
}

// noteQuestion counts the question that was handed over. What the visitor asked
// last is the question; a bare wish for a person is none, and the one before it
// counts.
func (d *Desk) noteQuestion(ctx context.Context, h handed) error {
	c, err := d.Store.Load(ctx, h.id)
	if err != nil {
		return err
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return err
	}
	site, _ := settings.Site(c.Site)
	events, err := d.Store.Before(ctx, h.id, h.seq, 20)
	if err != nil {
		return err
	}
	question := ""
	for _, e := range slices.Backward(events) {
		if e.By.Kind == core.Visitor && e.Body.Kind == core.KindText && !site.Receptionist.Calls(e.Body.Text) {
			question = e.Body.Text
			break
		}
	}
	if question == "" || site.ID == "" {
		return nil
	}
	question = assist.Masked(question)
	if r := []rune(question); len(r) > maxMasked {
		question = string(r[:maxMasked-1]) + "…"
	}
	id := sameQuestion(question)
	return d.changeAsked(ctx, site.ID, id, func(a *Asked) error {
		if a.Count == 0 {
			*a = Asked{ID: id, Site: site.ID, Question: question, State: askedOpen}
		}
		a.Count++
		a.Reason, a.At, a.Conversation, a.Seq = h.reason, d.Now().UTC(), h.id, h.seq
		if a.State == askedApproved {
			a.State = askedOpen // what was approved did not help
		}
		return nil
	})
}

// changeAsked changes one question, which may be new, against others who do too.
func (d *Desk) changeAsked(ctx context.Context, site core.SiteID, id string, change func(*Asked) error) error {
	name := string(site) + ":" + id
	for range bookTries {
		doc, err := d.Store.Document(ctx, kindAsked, name)
		var a Asked
		switch {
		case core.CodeOf(err) == core.NotFound:
		case err != nil:
			return err
		default:
			if err := json.Unmarshal(doc.Data, &a); err != nil {
				return err
			}
		}
		if err := change(&a); err != nil {
			return err
		}
		data, err := json.Marshal(a)
		if err != nil {
			return err
		}
		err = d.Store.PutDocument(ctx, core.Document{Kind: kindAsked, ID: name, Version: doc.Version + 1, At: d.Now(), Data: data})
		if core.CodeOf(err) != core.Conflict {
			return err
		}
	}
	return core.Errorf(core.Unavailable, "too many change it at once")
}

// Questions returns what the assistant left to people at a site and nobody has
// looked at yet, the most frequent first, at most 500. Each has how a person
// answered it, once one did. Only those who lead may.
func (d *Desk) Questions(ctx context.Context, who core.Account, site core.SiteID) ([]Asked, error) {
	if err := allowed("list-questions", who); err != nil {
		return nil, err
	}
	list := []Asked{}
	err := d.eachDocument(ctx, kindAsked, site, func(doc core.Document) error {
		var a Asked
		if err := json.Unmarshal(doc.Data, &a); err != nil {
			return err
		}
		if a.State == askedOpen {
			list = append(list, a)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b Asked) int { return cmp.Or(cmp.Compare(b.Count, a.Count), b.At.Compare(a.At)) })
	list = list[:min(len(list), maxAsked)]
	for i := range list[:min(len(list), 50)] { // those that are seen first
		answer, err := d.personsAnswer(ctx, list[i])
		if err != nil {
			return nil, err
		}
		list[i].Proposal = cmp.Or(list[i].Proposal, answer)
	}
	return list, nil
}

// personsAnswer returns what a person wrote to the visitor behind a hand-off.
func (d *Desk) personsAnswer(ctx context.Context, a Asked) (string, error) {
	events, err := d.Store.After(ctx, a.Conversation, a.Seq, askedAhead)
	if err != nil {
		return "", err
	}
	var said []string
	for _, e := range events {
		if e.By.Kind == core.Staff && !e.Internal && e.Body.Kind == core.KindText && len(said) < 4 {
			said = append(said, assist.Masked(e.Body.Text))
		}
		if e.Body.Kind == core.KindClosed || e.Body.Kind == core.KindOpened {
			break
		}
	}
	return strings.Join(said, "\n"), nil
}

// Propose has a model make a pair of how a question was answered, and keeps
// that as the proposal.
func (d *Desk) Propose(ctx context.Context, who core.Account, site core.SiteID, id string) (Asked, error) {
	if err := allowed("propose-answer", who); err != nil {
		return Asked{}, err
	}
	doc, err := d.Store.Document(ctx, kindAsked, string(site)+":"+id)
	if err != nil {
		return Asked{}, err
	}
	var a Asked
	if err := json.Unmarshal(doc.Data, &a); err != nil {
		return a, err
	}
	r, err := d.receptionist(ctx, site)
	if err != nil {
		return a, err
	}
	c, err := d.Store.Load(ctx, a.Conversation)
	if err != nil {
		return a, err
	}
	talk, _, err := d.talk(ctx, c)
	if err != nil {
		return a, err
	}
	if err := d.budgeted(ctx, site, r); err != nil {
		return a, err
	}
	question, answer, used, err := d.Receptionist.Propose(ctx, r, talk)
	d.books.spent(site, d.Now(), used)
	if err != nil {
		return a, err
	}
	err = d.changeAsked(ctx, site, id, func(now *Asked) error {
		now.Question, now.Proposal = cmp.Or(question, now.Question), answer
		a = *now
		return nil
	})
	return a, err
}

// Settle approves a question with its answer, which is knowledge at once, or
// with an empty answer rejects it.
func (d *Desk) Settle(ctx context.Context, who core.Account, site core.SiteID, id, question, answer string) (assist.Article, error) {
	if err := allowed("settle-question", who); err != nil {
		return assist.Article{}, err
	}
	if _, err := d.Store.Document(ctx, kindAsked, string(site)+":"+id); err != nil {
		return assist.Article{}, err
	}
	state, article := askedRejected, assist.Article{}
	if answer != "" {
		var err error
		article, err = d.PutArticle(ctx, who, assist.Article{Site: string(site), Question: question, Text: answer})
		if err != nil {
			return article, err
		}
		state = askedApproved
	}
	return article, d.changeAsked(ctx, site, id, func(a *Asked) error {
		a.State, a.Article = state, article.ID
		return nil
	})
}
