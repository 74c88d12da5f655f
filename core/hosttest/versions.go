package hosttest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Two admins have read the same account, or group. The one who is slower is told
// so and changes nothing, whichever node each of them meets; who says no version
// means whatever there is.
func tellVersions(p *play) {
	account, group := p.hire(p.T, "agent", []string{}), struct{ ID string }{}
	p.call(p.T, http.MethodPost, "/v1/groups", fields{"name": "Walnuts"}, &group)
	defer p.call(p.T, http.MethodDelete, "/v1/groups/"+group.ID, nil, nil)
	account.gone = true // what it is called no other story expects
	for path, field := range map[string]string{"/v1/agents/" + account.id: "display", "/v1/groups/" + group.ID: "name"} {
		list := path[:len("/v1/agents")] // a group is read with all of them
		now := func() (thing fields) {
			p.Helper()
			var all map[string][]fields
			p.call(p.T, http.MethodGet, list, nil, &all)
			for _, x := range all[list[len("/v1/"):]] {
				if path == list+"/"+fmt.Sprint(x["id"]) {
					return x
				}
			}
			p.Fatalf("%s is not in the list", path)
			return nil
		}
		read := now()
		p.call(p.T, http.MethodPatch, path, fields{field: "the first"}, nil)
		first := now()
		if first["version"] == read["version"] {
			p.Errorf("%s: version %v after a change", path, first["version"])
		}
		if status, code := p.patches(path, fields{field: "too slow", "version": read["version"]}); status != http.StatusConflict || code != "conflict" {
			p.Errorf("%s: who is slower is told %d %s", path, status, code)
		}
		if got := now()[field]; got != "the first" {
			p.Errorf("%s: who was slower made it %v", path, got)
		}
		p.patches(path, fields{field: "the second", "version": first["version"]}) // or it was done, and the answer lost
		if got := now()[field]; got != "the second" {
			p.Errorf("%s: who read the newest made it %v", path, got)
		}
	}
}

// patches changes something as the admin, and again while what stands before
// the host answers for it.
func (p *play) patches(path string, change fields) (status int, code string) {
	p.Helper()
	err := p.again(func() error {
		got, answer, err := p.try(p.admin.token, http.MethodPatch, path, change)
		if status = got; err == nil && status >= http.StatusInternalServerError {
			err = fmt.Errorf("PATCH %s: %d %s", path, status, answer)
		}
		var problem struct{ Code string }
		_ = json.Unmarshal(answer, &problem) // an answer that is no problem has no code
		code = problem.Code
		return err
	})
	if err != nil {
		p.Fatal(err)
	}
	return status, code
}
