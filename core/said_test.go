package core_test

import (
	"testing"

	"kefu/core"
)

// saying is a message of the first of the cast, with its body.
func saying(n uint64, b core.Body) core.Said {
	return core.Said{Frame: frame("tab", n), Site: "default", Body: b}
}

// decide has an input decided on c.
func decide(t *testing.T, c core.Conversation, in core.Input) (core.Change, error) {
	t.Helper()
	rules, _ := core.DefaultSettings().Rules("default")
	return core.Step(c, rules, nine, in)
}

// The log has what is stored, not what the sender says of it; and what is lost is
// refused once, but acknowledged again if it was stored before it was lost.
func TestSaidFiles(t *testing.T) {
	image := core.Body{Kind: core.KindImage, File: core.Attachment{URL: "/v1/files/f_1/a.png", Name: "evil.exe", MIME: "text/html"}}
	stored := core.Attachment{URL: "/v1/files/f_1/a.png", Name: "a.png", Size: 9, MIME: "image/png", Width: 2, Height: 1}
	lost := core.Errorf(core.Invalid, "there is no such file")

	first := saying(1, image)
	first.Lost = lost
	if _, err := decide(t, core.Conversation{ID: "c"}, first); core.CodeOf(err) != core.Invalid {
		t.Fatalf("a file that is lost: %v", err)
	}
	first.Lost, first.File = nil, &stored
	change, err := decide(t, core.Conversation{ID: "c"}, first)
	if err != nil || change.Events[1].Body.File != stored {
		t.Fatalf("%+v, %v", change.Events, err)
	}
	again := saying(1, image)
	again.Lost = lost
	repeat, err := decide(t, change.Conversation, again)
	if err != nil || !repeat.Empty() || len(repeat.Effects) != 1 {
		t.Errorf("a repeat of what was lost since: %+v, %v", repeat, err)
	}
}

// A form is a message of a visitor; under one number there is one.
func TestSaidForm(t *testing.T) {
	form := func(value string) core.Body {
		return core.Body{Kind: core.KindForm, Fields: []core.FormField{{ID: "phone", Label: "Phone", Value: value}}}
	}
	change, err := decide(t, core.Conversation{ID: "c"}, saying(1, form("138")))
	if err != nil || change.Events[1].Body.Fields[0].Value != "138" || change.Conversation.Session.Phase != core.Waiting {
		t.Fatalf("%+v, %v", change, err)
	}
	if again, err := decide(t, change.Conversation, saying(1, form("138"))); err != nil || !again.Empty() {
		t.Errorf("a repeat: %+v, %v", again, err)
	}
	if _, err := decide(t, change.Conversation, saying(1, form("139"))); core.CodeOf(err) != core.Conflict {
		t.Errorf("another form under its number: %v", err)
	}
	of := saying(1, form("138"))
	of.By = core.Actor{Party: core.AgentParty("boss"), Role: core.RoleAdmin}
	if _, err := decide(t, change.Conversation, of); core.CodeOf(err) != core.Forbidden {
		t.Errorf("an agent's form: %v", err)
	}
}
