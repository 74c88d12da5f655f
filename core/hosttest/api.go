package hosttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// counters make names that nobody has.
type counters struct{ origins, accounts atomic.Int64 }

// account is a member of staff.
type account struct {
	id, name, password, token, role string
	gone                            bool // a story disabled it
}

func newSuite(t *testing.T, h Host) *suite {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context())) // a test's own ends before what it cleans up
	t.Cleanup(cancel)
	s := &suite{
		ctx: ctx, host: h, url: h.URL, http: &http.Client{Timeout: pollWait*time.Second + 2*patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}, pool: map[string][]*account{},
		started: time.Now(), atEnd: t.Cleanup, admin: &account{name: h.Admin, password: h.Password, role: "admin"},
	}
	t.Cleanup(s.http.CloseIdleConnections)
	s.login(t, s.admin)
	return s
}

// password of all accounts: long enough, and in no list.
const password = "walnut-lantern-42-meadow"

// hire makes an account and logs it in.
func (s *suite) hire(t *testing.T, role string, groups []string) *account {
	t.Helper()
	a := &account{password: password, role: role}
	var status int
	var answer []byte
	err := s.again(func() (err error) { // under another name, for the last one may be taken: by whom no answer came to
		a.name = fmt.Sprintf("agent-%d", s.accounts.Add(1))
		who := fields{"name": a.name, "password": a.password, "role": role, "groups": groups}
		status, answer, err = s.try(s.admin.token, http.MethodPost, "/v1/agents", who)
		if err == nil && status >= 500 {
			err = fmt.Errorf("status %d", status)
		}
		return err
	})
	if err != nil || status != http.StatusCreated {
		t.Fatalf("%s is not hired: %d %s, %v", a.name, status, answer, err)
	}
	s.login(t, a) // which says the id
	return a
}

func (s *suite) login(t *testing.T, a *account) {
	t.Helper()
	var answer struct {
		Token string
		Agent struct{ ID string }
	}
	s.call(t, http.MethodPost, "/v1/login", fields{"name": a.name, "password": a.password}, &answer)
	a.token, a.id = answer.Token, answer.Agent.ID
}

// call is a request of the HTTP API, as the admin, that must succeed.
func (s *suite) call(t *testing.T, method, path string, body, answer any) {
	t.Helper()
	var status int
	var got []byte
	err := s.again(func() (err error) {
		status, got, err = s.try(s.admin.token, method, path, body)
		if err == nil && status >= 500 {
			err = fmt.Errorf("%s %s: %d", method, path, status)
		}
		return err
	})
	if err != nil || status >= 300 {
		t.Fatalf("%s %s: %d %s, %v", method, path, status, got, err)
	}
	if answer != nil {
		if err := json.Unmarshal(got, answer); err != nil {
			t.Fatalf("%s %s: %v: %s", method, path, err, got)
		}
	}
}

// request is one with any outcome.
func (s *suite) request(t *testing.T, token, method, path string, body any) (status int, answer []byte) {
	t.Helper()
	status, answer, err := s.try(token, method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}

// try is request for goroutines beside that of the story.
func (s *suite) try(token, method, path string, body any) (status int, answer []byte, err error) {
	var data []byte
	if body != nil {
		if data, err = json.Marshal(body); err != nil {
			return 0, nil, err
		}
	}
	req, err := http.NewRequestWithContext(s.ctx, method, s.url+path, bytes.NewReader(data))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := s.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// list returns the heads that a query selects, as the admin sees them.
func (s *suite) list(t *testing.T, query string) []head {
	t.Helper()
	var list struct{ Conversations []head }
	s.call(t, http.MethodGet, "/v1/conversations"+query, nil, &list)
	return list.Conversations
}

// log returns the whole log of a conversation, as the admin reads it.
func (s *suite) log(t *testing.T, id string) (log []event) {
	t.Helper()
	for more := true; more; {
		var page struct {
			Events []event
			More   bool
		}
		after := uint64(0)
		if len(log) > 0 {
			after = log[len(log)-1].Seq
		}
		s.call(t, http.MethodGet, fmt.Sprintf("/v1/conversations/%s/events?after=%d&limit=200", id, after), nil, &page)
		log, more = append(log, page.Events...), page.More
	}
	return log
}

// settings changes the settings for the rest of the story.
func (p *play) settings(change func(all fields)) {
	p.Helper()
	was, now := p.read(p.T), p.read(p.T)
	change(now)
	p.put(p.T, now)
	if p.changed == nil {
		p.changed = was
	}
}

// site is settings of the default site.
func (p *play) site(change func(site fields)) {
	p.Helper()
	p.settings(func(all fields) {
		sites, _ := all["sites"].([]any)
		site, _ := sites[0].(map[string]any)
		change(site)
	})
}

func (s *suite) read(t *testing.T) (all fields) {
	t.Helper()
	s.call(t, http.MethodGet, "/v1/settings", nil, &all)
	return all
}

// put stores settings over whatever version there is, and waits until they
// count everywhere: no frame says so.
func (s *suite) put(t *testing.T, all fields) {
	t.Helper()
	delete(all, "at") // these two are not for clients to say
	delete(all, "by")
	err := s.again(func() error { // who is not sure that it was stored meets their own version
		all["version"] = s.read(t)["version"]
		status, got, err := s.try(s.admin.token, http.MethodPut, "/v1/settings", all)
		if err == nil && status >= 300 {
			err = fmt.Errorf("PUT /v1/settings: %d %s", status, got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	<-time.After(s.host.Profile.Lag)
}
