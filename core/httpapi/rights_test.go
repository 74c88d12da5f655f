package httpapi_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/identity"
)

// rights says, for every operation of the document and by role, whether it is
// refused (401, 403) or looked at. Request is one that is well-formed.
//
//	none: no token; visitor: a visitor's token in the place of an agent's
func rights() string {
	return `
		operation           none visitor agent supervisor admin  request
		login               ok   ok      ok    ok         ok     POST   /v1/login {"name":"admin","password":"correct horse battery"}
		poll                ok   ok      ok    ok         ok     POST   /v1/poll {}
		create-upload       ok   ok      ok    ok         ok     POST   /v1/uploads {}
		read-file           ok   ok      ok    ok         ok     GET    /v1/files/f_1/a.png
		list-agents         401  401     ok    ok         ok     GET    /v1/agents
		create-agent        401  401     403   403        ok     POST   /v1/agents {"name":"new","password":"walnut-lantern-42-meadow"}
		read-agent          401  401     ok    ok         ok     GET    /v1/agents/admin
		change-agent        401  401     403   403        ok     PATCH  /v1/agents/other {"version":1,"capacity":2}
		disable-agent       401  401     403   403        ok     DELETE /v1/agents/other
		list-groups         401  401     ok    ok         ok     GET    /v1/groups
		create-group        401  401     403   403        ok     POST   /v1/groups {"name":"Sales"}
		update-group        401  401     403   403        ok     PATCH  /v1/groups/default {"version":"x","name":"Service"}
		delete-group        401  401     403   403        ok     DELETE /v1/groups/nobody
		list-conversations  401  401     ok    ok         ok     GET    /v1/conversations
		list-sites          401  401     ok    ok         ok     GET    /v1/sites
		search-messages     401  401     ok    ok         ok     GET    /v1/search?q=parcel
		read-conversation   401  401     ok    ok         ok     GET    /v1/conversations/c_1
		read-events         401  401     ok    ok         ok     GET    /v1/conversations/c_1/events
		send-event          401  401     ok    ok         ok     POST   /v1/conversations/c_1/events {"body":{"kind":"image","url":"/x"}}
		list-visitors       401  401     ok    ok         ok     GET    /v1/visitors?online=true
		read-visitor        401  401     ok    ok         ok     GET    /v1/visitors/v_1
		erase-visitor       401  401     403   403        ok     DELETE /v1/visitors/v_1
		invite-visitor      401  401     ok    ok         ok     POST   /v1/visitors/v_1/invite {"site":"default","text":"Any questions?"}
		read-why            401  401     ok    ok         ok     GET    /v1/conversations/c_1/why
		read-floor          401  401     403   ok         ok     GET    /v1/floor
		list-blocks         401  401     403   ok         ok     GET    /v1/blocks
		create-block        401  401     403   ok         ok     POST   /v1/blocks {"visitor":"v_1"}
		delete-block        401  401     403   ok         ok     DELETE /v1/blocks/v_1
		get-settings        401  401     403   ok         ok     GET    /v1/settings
		put-settings        401  401     403   403        ok     PUT    /v1/settings {"version":99}
		settings-history    401  401     403   403        ok     GET    /v1/settings/history
		rollback-settings   401  401     403   403        ok     POST   /v1/settings/rollback {"version":99}
		list-replies        401  401     ok    ok         ok     GET    /v1/replies
		create-reply        401  401     ok    ok         ok     POST   /v1/replies {"title":"Hi","text":"Hello"}
		change-reply        401  401     ok    ok         ok     PATCH  /v1/replies/r_1 {"title":"Hi"}
		delete-reply        401  401     ok    ok         ok     DELETE /v1/replies/r_1
		read-totp           401  401     ok    ok         ok     GET    /v1/totp
		begin-totp          401  401     ok    ok         ok     POST   /v1/totp {"current":"walnut-lantern-42-meadow"}
		confirm-totp        401  401     ok    ok         ok     PUT    /v1/totp {"code":"000000"}
		end-totp            401  401     ok    ok         ok     POST   /v1/totp/end {"current":"walnut-lantern-42-meadow","code":"000000"}
		reset-totp          401  401     403   403        ok     DELETE /v1/agents/other/totp
		list-audit          401  401     403   403        ok     GET    /v1/audit
		list-webhooks       401  401     403   403        ok     GET    /v1/webhooks
		create-webhook      401  401     403   403        ok     POST   /v1/webhooks {"url":"https://shop.example/"}
		delete-webhook      401  401     403   403        ok     DELETE /v1/webhooks/w_1
		resume-webhook      401  401     403   403        ok     POST   /v1/webhooks/w_1/resume
		list-channels       401  401     403   403        ok     GET    /v1/channels
		create-channel      401  401     403   403        ok     POST   /v1/channels {"name":"x","kind":"wecom","url":"https://x/","after":60,"waiting":true,"lang":"zh"}
		change-channel      401  401     403   403        ok     PUT    /v1/channels/n_1 {"version":1,"name":"x","kind":"wecom","url":"https://x/","after":60,"waiting":true,"lang":"zh"}
		delete-channel      401  401     403   403        ok     DELETE /v1/channels/n_1
		test-channel        401  401     403   403        ok     POST   /v1/channels/n_1/test
		read-report         401  401     403   ok         ok     GET    /v1/reports/days
		list-articles       401  401     ok    ok         ok     GET    /v1/knowledge?site=default
		put-article         401  401     403   ok         ok     POST   /v1/knowledge {"site":"default","title":"Returns","text":"30 days"}
		import-articles     401  401     403   ok         ok     POST   /v1/knowledge/import {"site":"default","name":"a.txt","data":"aGVsbG8="}
		delete-article      401  401     403   ok         ok     DELETE /v1/knowledge/k_1?site=default
		search-knowledge    401  401     ok    ok         ok     GET    /v1/knowledge/search?site=default&q=returns
		list-questions      401  401     403   ok         ok     GET    /v1/assist/questions?site=default
		propose-answer      401  401     403   ok         ok     POST   /v1/assist/questions/q_1/proposal?site=default
		settle-question     401  401     403   ok         ok     POST   /v1/assist/questions/q_1 {"site":"default"}
		assist-figures      401  401     403   ok         ok     GET    /v1/assist/figures?site=default
		try-assistant       401  401     403   ok         ok     POST   /v1/assist/try {"site":"default","lines":[{"visitor":true,"text":"hello"}]}
		test-assistant      401  401     403   403        ok     POST   /v1/assist/test
		suggest-reply       401  401     ok    ok         ok     POST   /v1/conversations/c_1/suggestion
		summarize           401  401     ok    ok         ok     POST   /v1/conversations/c_1/summary
		translate           401  401     ok    ok         ok     POST   /v1/conversations/c_1/translation {"seq":1,"to":"en"}
		logout              401  401     ok    ok         ok     POST   /v1/logout`
}

// TestRights walks all of the document: an operation that nobody thought about
// the rights of fails it.
func TestRights(t *testing.T) {
	s, st := newDesk(t, polls(&teller{}), keeps(&shelf{}))
	tokens := map[string]string{"none": "", "visitor": visitorToken(t, st)}
	root := s.signIn("admin", "correct horse battery")
	const password = "walnut-lantern-42-meadow"
	for _, role := range []string{"agent", "supervisor", "admin"} {
		w := s.ask("POST", "/v1/agents", fmt.Sprintf(`{"name":"a-%s","password":%q,"role":%q}`, role, password, role), auth, root)
		if w.Code != 201 {
			t.Fatal(w.Body)
		}
		tokens[role] = s.signIn("a-"+role, password)
	}
	fatal(t, st.PutAccount(t.Context(), core.Account{ID: "other", Version: 1, Name: "other", Role: core.RoleAgent, Capacity: 1, Weight: 1}))

	known := map[string]bool{}
	lines := strings.Split(strings.TrimSpace(rights()), "\n")
	roles := strings.Fields(lines[0])[1:6]
	for _, line := range lines[1:] {
		f := strings.Fields(line)
		operation, request := f[0], strings.SplitN(strings.TrimSpace(line), "/v1", 2)[1]
		known[operation] = true
		target, content, _ := strings.Cut("/v1"+request, " ")
		for i, role := range roles {
			w := s.ask(f[6], target, content, auth, tokens[role])
			if got := verdict(w); got != f[i+1] {
				t.Errorf("%s as %s: %d %s, want %s", operation, role, w.Code, w.Body, f[i+1])
			}
		}
	}
	for _, methods := range openAPI(s).Paths {
		for _, op := range methods {
			if !known[op.OperationID] {
				t.Errorf("nobody said who may %q", op.OperationID)
			}
			delete(known, op.OperationID)
		}
	}
	if len(known) > 0 {
		t.Errorf("not in the document: %v", known)
	}
}

// verdict: what is not refused may still fail for what it asks for.
func verdict(w *httptest.ResponseRecorder) string {
	if w.Code == 401 || w.Code == 403 {
		return fmt.Sprint(w.Code)
	}
	return "ok"
}

// visitorToken is signed by the desk's own keys, so that it is refused for whose
// it is.
func visitorToken(t *testing.T, st core.Store) string {
	kept, err := st.Secret(t.Context(), "token-keys", nil)
	fatal(t, err)
	keys, err := identity.ParseKeys(kept)
	fatal(t, err)
	token, err := keys.SignVisitor("default", "v_1", now)
	fatal(t, err)
	if v, err := keys.Visitor(token, now.Add(time.Minute)); err != nil || v.ID != "v_1" {
		t.Fatalf("%+v, %v", v, err)
	}
	return "Bearer " + token
}
