package desk

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"kefu/core"
	"kefu/core/identity"
)

// Reply is a text that agents send often. It is its owner's, unless it is
// Shared; then it is everybody's, or with a Group that group's.
//
// The text may name what is filled in when it is put into a message:
// {{visitor.name}}, {{agent.name}} and {{site.name}}.
type Reply struct {
	ID       string       `json:"-"`
	Version  uint64       `json:"-"`
	Title    string       `json:"title"`
	Text     string       `json:"text"`
	Shortcut string       `json:"shortcut"` // typed after a slash; empty: none
	Shared   bool         `json:"shared"`
	Group    core.GroupID `json:"group,omitempty"`
	Owner    core.AgentID `json:"owner"`
}

// ReplyPatch is what changes about a reply; nil: nothing.
type ReplyPatch struct {
	Title, Text, Shortcut *string
	Shared                *bool
	Group                 *core.GroupID
}

const (
	mostReplies    = 5000 // of the desk
	mostOwnReplies = 500  // that are one agent's alone
	maxTitle       = 100  // characters
	maxReplyText   = 4000
	maxShortcut    = 40
)

var (
	shortcutForm = regexp.MustCompile(`^[\p{L}\p{N}_.-]+$`)
	variableForm = regexp.MustCompile(`\{\{([^{}]*)\}\}`)
)

// variables are what a reply may name.
func variables() []string { return []string{"visitor.name", "agent.name", "site.name"} }

// Replies returns those that who may use: their own, everybody's, and those of
// their groups; of all groups, if they lead. With a search, only those whose
// shortcut begins with it, or whose title or text has it; the former first.
func (d *Desk) Replies(ctx context.Context, who core.Account, search string) ([]Reply, error) {
	if err := allowed("list-replies", who); err != nil {
		return nil, err
	}
	var list []Reply
	err := d.eachDoc(ctx, kindReply, "", mostReplies, func(doc core.Document) (bool, error) {
		r, err := replyOf(doc)
		if err == nil && mayUse(who, r) && matches(r, search) > 0 {
			list = append(list, r)
		}
		return true, err
	})
	slices.SortFunc(list, func(a, b Reply) int {
		return cmp.Or(matches(b, search)-matches(a, search), cmp.Compare(a.Shortcut, b.Shortcut), cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

// matches is how well a reply fits a search; 0: not at all.
func matches(r Reply, search string) int {
	search = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(search), "/"))
	switch {
	case strings.HasPrefix(strings.ToLower(r.Shortcut), search):
		return 3
	case strings.Contains(strings.ToLower(r.Title), search):
		return 2
	case strings.Contains(strings.ToLower(r.Text), search):
		return 1
	}
	return 0
}

func mayUse(who core.Account, r Reply) bool {
	if !r.Shared {
		return r.Owner == who.ID
	}
	return r.Group == "" || who.Role.Leads() || slices.Contains(who.Groups, r.Group)
}

// mayKeep says who makes and changes a reply: its owner, or if it is shared,
// who leads.
func mayKeep(who core.Account, r Reply) error {
	switch {
	case r.Shared && !who.Role.Leads():
		return core.Errorf(core.Forbidden, "shared: supervisors and admins keep the replies of others")
	case !r.Shared && r.Owner != who.ID:
		return errNoReply()
	}
	return nil
}

func errNoReply() error { return core.Errorf(core.NotFound, "there is no such reply") }

func replyOf(doc core.Document) (Reply, error) {
	var r Reply
	err := decodeDoc(doc, &r)
	r.ID, r.Version = doc.ID, doc.Version
	return r, err
}

// CreateReply makes a reply; ID, Version and Owner are filled in.
func (d *Desk) CreateReply(ctx context.Context, who core.Account, r Reply) (Reply, error) {
	if err := allowed("create-reply", who); err != nil {
		return Reply{}, err
	}
	r.Owner = who.ID
	if err := mayKeep(who, r); err != nil {
		return Reply{}, err
	}
	if err := d.checkReply(ctx, &r); err != nil {
		return Reply{}, err
	}
	var err error
	if r.ID, err = identity.NewID(d.Random, "r"); err != nil {
		return Reply{}, err
	}
	if err := d.putDoc(ctx, kindReply, r.ID, 0, r); err != nil {
		return Reply{}, err
	}
	r.Version = 1
	d.auditReply(ctx, who, "create-reply", Reply{}, r)
	return r, nil
}

// ChangeReply changes a reply and returns the result. It is Conflict unless
// the reply has the given version; 0: any.
func (d *Desk) ChangeReply(ctx context.Context, who core.Account, id string, version uint64, p ReplyPatch) (Reply, error) {
	was, err := d.ownReply(ctx, who, "change-reply", id)
	if err != nil {
		return Reply{}, err
	}
	if version != 0 && version != was.Version {
		return Reply{}, core.Errorf(core.Conflict, "somebody changed this reply meanwhile: it has version %d", was.Version)
	}
	r := was
	set(&r.Title, p.Title)
	set(&r.Text, p.Text)
	set(&r.Shortcut, p.Shortcut)
	set(&r.Group, p.Group)
	if set(&r.Shared, p.Shared); was.Shared && !r.Shared {
		r.Owner = who.ID // whose it is now
	}
	if err := mayKeep(who, r); err != nil {
		return Reply{}, err
	}
	if err := d.checkReply(ctx, &r); err != nil {
		return Reply{}, err
	}
	if err := d.putDoc(ctx, kindReply, id, was.Version, r); err != nil {
		return Reply{}, err
	}
	r.Version++
	d.auditReply(ctx, who, "change-reply", was, r)
	return r, nil
}

// DeleteReply removes a reply.
func (d *Desk) DeleteReply(ctx context.Context, who core.Account, id string) error {
	was, err := d.ownReply(ctx, who, "delete-reply", id)
	if err != nil {
		return err
	}
	if err := d.Store.DeleteDocument(ctx, kindReply, id); err != nil {
		return err
	}
	d.auditReply(ctx, who, "delete-reply", was, Reply{})
	return nil
}

// ownReply returns a reply that who may change. One that they may not even see
// is NotFound.
func (d *Desk) ownReply(ctx context.Context, who core.Account, operation, id string) (Reply, error) {
	if err := allowed(operation, who); err != nil {
		return Reply{}, err
	}
	doc, err := d.Store.Document(ctx, kindReply, id)
	if core.CodeOf(err) == core.NotFound {
		return Reply{}, errNoReply()
	}
	if err != nil {
		return Reply{}, err
	}
	r, err := replyOf(doc)
	if err == nil && !mayUse(who, r) {
		err = errNoReply()
	}
	if err == nil {
		err = mayKeep(who, r)
	}
	return r, err
}

// auditReply notes what was done to a reply of others. What agents keep for
// themselves is nobody else's business.
func (d *Desk) auditReply(ctx context.Context, who core.Account, operation string, was, is Reply) {
	if !was.Shared && !is.Shared {
		return
	}
	var list []Difference
	for _, x := range []struct{ path, before, after string }{
		{"title", was.Title, is.Title}, {"text", was.Text, is.Text}, {"shortcut", was.Shortcut, is.Shortcut}, {"group", string(was.Group), string(is.Group)},
		{"shared", fmt.Sprint(was.Shared), fmt.Sprint(is.Shared)},
	} {
		if x.before != x.after {
			list = append(list, Difference{x.path, x.before, x.after})
		}
	}
	d.audit(ctx, who, operation, cmp.Or(is.ID, was.ID), list)
}

// checkReply holds a reply against the limits, and against those there are:
// of two with one shortcut nobody could tell which is meant.
func (d *Desk) checkReply(ctx context.Context, r *Reply) error {
	r.Title, r.Shortcut = strings.TrimSpace(r.Title), strings.TrimPrefix(strings.TrimSpace(r.Shortcut), "/")
	if !r.Shared {
		r.Group = ""
	}
	settings, err := d.settings.get(ctx, d.Now())
	switch {
	case err != nil:
		return err
	case r.Title == "" || utf8.RuneCountInString(r.Title) > maxTitle:
		return core.Errorf(core.Invalid, "title: 1 to %d characters are expected", maxTitle)
	case strings.TrimSpace(r.Text) == "" || utf8.RuneCountInString(r.Text) > maxReplyText:
		return core.Errorf(core.Invalid, "text: 1 to %d characters are expected", maxReplyText)
	case utf8.RuneCountInString(r.Shortcut) > maxShortcut || r.Shortcut != "" && !shortcutForm.MatchString(r.Shortcut):
		return core.Errorf(core.Invalid, "shortcut: at most %d letters, digits, dots and dashes are expected", maxShortcut)
	case r.Group != "" && !(core.Rules{Groups: settings.Groups}).HasGroup(r.Group):
		return core.Errorf(core.Invalid, "group: there is no group %q", r.Group)
	}
	for _, m := range variableForm.FindAllStringSubmatch(r.Text, -1) {
		if !slices.Contains(variables(), strings.TrimSpace(m[1])) {
			return core.Errorf(core.Invalid, "text: {{%s}} is not known; there are {{%s}}", m[1], strings.Join(variables(), "}}, {{"))
		}
	}
	return d.checkAmongReplies(ctx, *r)
}

func (d *Desk) checkAmongReplies(ctx context.Context, r Reply) error {
	all, own := 0, 0
	err := d.eachDoc(ctx, kindReply, "", mostReplies, func(doc core.Document) (bool, error) {
		o, err := replyOf(doc)
		all++
		if !o.Shared && o.Owner == r.Owner {
			own++
		}
		same := o.ID != r.ID && o.Shared == r.Shared && o.Group == r.Group && (o.Shared || o.Owner == r.Owner)
		if err == nil && same && r.Shortcut != "" && strings.EqualFold(o.Shortcut, r.Shortcut) {
			err = core.Errorf(core.Conflict, "shortcut: %q is taken by %q", r.Shortcut, o.Title)
		}
		return true, err
	})
	switch {
	case err != nil || r.ID != "":
		return err
	case all >= mostReplies:
		return core.Errorf(core.Full, "there are %d replies already, as many as there can be", mostReplies)
	case !r.Shared && own >= mostOwnReplies:
		return core.Errorf(core.Full, "you have %d replies already, as many as there can be", mostOwnReplies)
	}
	return nil
}
