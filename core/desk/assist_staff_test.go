package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/assist"
)

// Prompts are in the log only where the site wants that, and masked.
func TestRecord(t *testing.T) {
	for _, record := range []bool{false, true} {
		r := newReception(t, func(x *core.Receptionist) { x.Record, x.Unmasked = record, true })
		r.asks(r.visitor("vi"), "Call me at 13800138000, please")
		switch said := r.log.String(); {
		case strings.Contains(said, "Call me at") != record:
			t.Errorf("record %v: %s", record, said)
		case strings.Contains(said, "13800138000"):
			t.Errorf("the number is in the log: %s", said)
		}
	}
}

// Whoever ends the assistant's part, a person finds a summary, which the visitor
// does not see; where a site does not want it, or nothing was said yet, there is none.
func TestBrief(t *testing.T) {
	r := newReception(t, func(x *core.Receptionist) { x.Brief = true })
	r.chat = func(p assist.Prompt) (assist.Reply, error) {
		if strings.Contains(p.System, "a note for a colleague") {
			return assist.Reply{Text: "Wants size 40 in blue."}, nil
		}
		return assist.Reply{Text: "Which size?"}, nil
	}
	notes := func(v *client) (list []string) {
		for _, e := range r.node.log(v.conv) {
			if e.By.Kind == core.Robot && e.Internal {
				list = append(list, e.Body.Text)
			}
		}
		return list
	}
	amy := r.comes("amy").online()
	for name, ends := range map[string]func(v *client){
		"the visitor by the button": func(v *client) { v.own().frame("human", nil) },
		"the visitor by a word":     func(v *client) { v.say("人工") },
		"an agent":                  func(v *client) { amy.in(v).take() },
		"the clock": func(v *client) {
			v.say("and in red?")
			r.jobs = nil // nobody answers
			r.after(30 * time.Second)
		},
	} {
		v := r.visitor(name)
		r.asks(v, "Do you have it in blue?")
		ends(v)
		r.work()
		if got := notes(v); len(got) != 1 || got[0] != "Wants size 40 in blue." {
			t.Errorf("%s: the notes are %q", name, got)
		}
		v.mu.Lock()
		for _, f := range v.frames {
			if strings.Contains(fmt.Sprint(f), "Wants size") {
				t.Errorf("%s: the visitor is shown %v", name, f)
			}
		}
		v.mu.Unlock()
	}
	v := r.visitor("at once")
	r.asks(v, "人工")
	if got := notes(v); len(got) != 0 {
		t.Errorf("nothing was said, and the notes are %q", got)
	}
	r.configure(func(x *core.Receptionist) { x.Brief = false })
	v = r.visitor("not wanted")
	r.asks(v, "Do you have it in blue?")
	r.asks(v, "人工")
	if got := notes(v); len(got) != 0 {
		t.Errorf("nobody wants them, and the notes are %q", got)
	}
}

// What a change of the settings brought is tested, and what is wrong is said by
// its place; the rest is left in peace. Readiness warns of it until it is mended.
func TestTestChange(t *testing.T) {
	r := newReception(t, nil)
	version := func() uint64 { s, err := r.store.Settings(t.Context()); r.must(err); return s.Version }
	r.chat = func(assist.Prompt) (assist.Reply, error) {
		return assist.Reply{}, &assist.Fault{Provider: core.Provider{URL: "https://model.example/v1", Model: "m"}, Kind: assist.BadKey, Message: "it does not take the key (401)"}
	}
	r.configure(func(x *core.Receptionist) { x.Providers[0].Key = "wrong" })
	lines, err := r.desk.TestChange(t.Context(), version())
	const says = "model.example (m): it does not take the key (401)"
	if err != nil || len(lines) != 1 || lines[0] != "sites[0].receptionist.providers[0]: "+says {
		t.Errorf("%q, %v", lines, err)
	}
	if got := r.desk.ModelWarnings(t.Context()); len(got) != 1 || got[0] != says {
		t.Errorf("readiness warns of %q", got)
	}
	r.configure(func(x *core.Receptionist) { x.Persona = "friendly" })
	before, _ := r.times()
	if lines, err = r.desk.TestChange(t.Context(), version()); err != nil || len(lines) != 0 {
		t.Errorf("the models did not change: %q, %v", lines, err)
	}
	if after, _ := r.times(); after != before {
		t.Errorf("they are asked %d times", after-before)
	}
	r.configure(func(x *core.Receptionist) { x.Providers[0].Model = "other" })
	if got := r.desk.ModelWarnings(t.Context()); len(got) != 0 {
		t.Errorf("readiness warns of a model that nobody has: %q", got)
	}
}
