package desk_test

import (
	"encoding/json"
	"testing"
	"time"

	"kefu/core"
)

// polls sends frames of an agent's as a poll and returns the frames that
// answer it, by type; of several the last.
func (n *node) polls(token string, frames ...map[string]any) map[string]frame {
	n.Helper()
	body := object(map[string]any{"token": token, "origin": "origin-of-a-poll", "frames": frames})
	data, err := n.desk.Poll(n.Context(), []byte(body), "", "192.0.2.7")
	n.must(err)
	var list []frame
	n.must(json.Unmarshal(data, &list))
	got := map[string]frame{}
	for _, f := range list {
		got[f.str("type")] = f
	}
	return got
}

// An agent without a WebSocket is there, is given conversations, reads and
// answers, by the numbers of their outbox.
func TestPollOfAnAgent(t *testing.T) {
	n := newNode(t)
	n.hire("amy", core.RoleAgent, 1)
	token := n.signed("amy")
	got := n.polls(token, map[string]any{"type": "hello", "v": 1, "origin": "origin-of-a-poll"},
		map[string]any{"type": "status", "status": "online"})
	if w := got["welcome"]; w.str("role") != "agent" || len(w.list("agents")) != 1 {
		t.Errorf("welcomed with %v", w)
	}
	if p := got["presence"]; p.list("agents")[0].str("status") != "online" {
		t.Errorf("the status is %v", p)
	}
	vi := n.visitor("vi")
	vi.say("hello") // 1 to 4
	id := string(vi.conv)
	if got := n.polls(token)["pong"].of("heads").num(id); got != 4 {
		t.Errorf("the pong says #%d of what is held", got)
	}
	if events := n.polls(token, map[string]any{"type": "after", "conversation": id, "seq": 0})["events"].list("events"); len(events) != 4 {
		t.Errorf("%d events", len(events))
	}
	send := map[string]any{"type": "send", "origin": "origin-of-a-poll", "n": 1, "conversation": id, "body": map[string]any{"kind": "text", "text": "hi"}}
	for range 2 { // the second is a repeat, as after an answer that was lost
		if ack := n.polls(token, send)["ack"]; ack.num("n") != 1 || ack.num("seq") != 5 {
			t.Errorf("acknowledged with %v", ack)
		}
	}
	if got := n.log(vi.conv); len(got) != 5 {
		t.Errorf("stored %v", got)
	}
	for range 12 { // far beyond a lease: who polls is there
		n.after(10 * time.Second)
		n.polls(token)
	}
	if got := n.log(vi.conv); len(got) != 5 {
		t.Errorf("taken from who polls: %v", got)
	}
	if code := n.polls(token, map[string]any{"type": "watch", "conversations": []string{id}})["error"].str("code"); code != "unsupported" {
		t.Errorf("to watch by polls: %q", code)
	}
	n.after(3 * time.Minute) // and who polls no more is not
	if got := n.log(vi.conv); len(got) == 5 {
		t.Error("what is held stays with who is gone")
	}
}

// A poll has the rights of its account, which end with it.
func TestPollOfAnAgentWithoutRights(t *testing.T) {
	n := newNode(t)
	n.hire("amy", core.RoleAgent, 1)
	token := n.signed("amy")
	n.polls(token, map[string]any{"type": "ping"})
	n.account("amy", func(a *core.Account) { a.Tokens++ })
	n.pass(time.Minute)
	body := object(map[string]any{"token": token, "frames": []any{map[string]any{"type": "ping"}}})
	if _, err := n.desk.Poll(t.Context(), []byte(body), "", "192.0.2.7"); core.CodeOf(err) != core.Forbidden && core.CodeOf(err) != core.Unauthorized {
		t.Errorf("a token of before: %v", err)
	}
}
