package desk_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

// What was done, by whom, and never a secret.
func TestAudit(t *testing.T) {
	n := newNode(t)
	who, _ := n.admin()
	ctx := t.Context()
	bo, err := n.desk.CreateAgent(ctx, who, desk.NewAgent{Name: "bo", Password: "the words of bo"})
	n.must(err)
	n.pass(time.Second)
	seats, other := 2, "other words of bo"
	_, err = n.desk.ChangeAgent(ctx, who, bo.ID, desk.AgentPatch{Capacity: &seats, Password: &other})
	n.must(err)
	n.pass(time.Second)
	s, err := n.desk.Settings(ctx, who)
	n.must(err)
	s.Sites[0].Name, s.Sites[0].Users.Secrets = "Shop", []string{strings.Repeat("s3cret", 8)}
	_, err = n.desk.ChangeSettings(ctx, who, s)
	n.must(err)
	n.pass(time.Second)
	n.must(n.desk.Block(ctx, who, core.Block{Visitor: "v_1", Reason: "spam"}))
	n.pass(time.Second)
	n.must(n.desk.Unblock(ctx, who, "v_1"))
	n.pass(time.Second)
	n.must(n.desk.DisableAgent(ctx, who, bo.ID))

	var got []string
	before := ""
	for {
		list, next, err := n.desk.Audit(ctx, who, desk.AuditQuery{Limit: 2, Before: before})
		n.must(err)
		for _, e := range list {
			got = append(got, e.Operation)
			data, err := json.Marshal(e)
			n.must(err)
			for _, secret := range []string{"words of bo", "argon2", "s3crets3"} {
				if strings.Contains(string(data), secret) {
					t.Errorf("%s tells a secret: %s", e.Operation, data)
				}
			}
			if e.By != who.ID || e.Name != "admin" || e.Target == "" {
				t.Errorf("%+v", e)
			}
		}
		if before = next; before == "" {
			break
		}
	}
	want := "disable-agent delete-block create-block put-settings change-agent create-agent"
	if strings.Join(got, " ") != want {
		t.Errorf("the newest first: %q, want %q", got, want)
	}
	list, _, err := n.desk.Audit(ctx, who, desk.AuditQuery{Operation: "change-agent", Limit: 9})
	if n.must(err); len(list) != 1 || len(list[0].Changes) != 2 || list[0].Changes[0].Path != "capacity" || list[0].Changes[1].Path != "password" {
		t.Errorf("%+v", list)
	}
	if list, _, _ := n.desk.Audit(ctx, who, desk.AuditQuery{By: "nobody", Limit: 9}); len(list) != 0 {
		t.Errorf("%+v", list)
	}

	// It is kept for 400 days.
	n.pass(401 * 24 * time.Hour)
	n.must(n.desk.Block(ctx, who, core.Block{Visitor: "v_2"}))
	n.tick()
	list, _, err = n.desk.Audit(ctx, who, desk.AuditQuery{Limit: 50})
	if n.must(err); len(list) != 1 || list[0].Target != "v_2" {
		t.Errorf("after 401 days: %+v", list)
	}
}
