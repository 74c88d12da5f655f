package httpapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/desk"
)

// Agent is an account of staff as its colleagues may see it. What must not
// leave the server has no field here.
type Agent struct {
	ID       string   `json:"id"`
	Name     string   `json:"name" doc:"To sign in with."`
	Display  string   `json:"display" doc:"What visitors see."`
	Role     string   `json:"role" enum:"agent,supervisor,admin"`
	Groups   []string `json:"groups" nullable:"false"`
	Capacity int      `json:"capacity" doc:"Sessions held at once, at most."`
	Weight   float64  `json:"weight" doc:"Share of the work compared with others; 1 is usual."`
	Avatar   string   `json:"avatar" doc:"URL, or empty."`
	Disabled bool     `json:"disabled" doc:"May not sign in; kept, for the log still names them."`
	Version  uint64   `json:"version" doc:"Grows with each change, sign-outs too."`
}

// agentOf shows an account. Groups are [] and not null if there are none.
func agentOf(a core.Account) Agent {
	out := Agent{
		ID: string(a.ID), Name: a.Name, Display: a.Display, Role: string(a.Role), Groups: []string{},
		Capacity: a.Capacity, Weight: a.Weight, Avatar: a.Avatar, Disabled: a.Disabled, Version: a.Version,
	}
	for _, g := range a.Groups {
		out.Groups = append(out.Groups, string(g))
	}
	return out
}

// Agents is a list of accounts.
type Agents struct {
	Agents []Agent `json:"agents" nullable:"false"`
}

// newAgent is an account to be made. The bounds here keep a request small;
// what an account may be is the desk's to say.
type newAgent struct {
	_        struct{}       `json:"-" additionalProperties:"false"`
	Name     string         `json:"name" minLength:"1" maxLength:"64"`
	Password string         `json:"password" minLength:"1" maxLength:"1024"`
	Display  string         `json:"display,omitempty" maxLength:"64" doc:"Without it, the name."`
	Role     core.Role      `json:"role,omitempty" enum:"agent,supervisor,admin" doc:"Without it, agent."`
	Groups   []core.GroupID `json:"groups,omitempty" nullable:"false" maxItems:"50" doc:"Without it, the group default."`
	Capacity *int           `json:"capacity,omitempty" minimum:"0" maximum:"100" doc:"Without it, 5."`
	Weight   *float64       `json:"weight,omitempty" exclusiveMinimum:"0" maximum:"100" doc:"Without it, 1."`
	Avatar   string         `json:"avatar,omitempty" maxLength:"2048"`
}

// agentPatch is what of an account shall change; what is absent stays.
type agentPatch struct {
	_        struct{}        `json:"-" additionalProperties:"false"`
	Name     *string         `json:"name,omitempty" minLength:"1" maxLength:"64"`
	Password *string         `json:"password,omitempty" minLength:"1" maxLength:"1024"`
	Current  *string         `json:"current,omitempty" minLength:"1" maxLength:"1024" doc:"The present password: needed to change one's own"`
	Display  *string         `json:"display,omitempty" maxLength:"64"`
	Role     *core.Role      `json:"role,omitempty" enum:"agent,supervisor,admin"`
	Groups   *[]core.GroupID `json:"groups,omitempty" nullable:"false" maxItems:"50"`
	Capacity *int            `json:"capacity,omitempty" minimum:"0" maximum:"100"`
	Weight   *float64        `json:"weight,omitempty" exclusiveMinimum:"0" maximum:"100"`
	Avatar   *string         `json:"avatar,omitempty" maxLength:"2048"`
	Version  uint64          `json:"version,omitempty" maximum:"9007199254740991" doc:"The one that was changed; if it is not the newest any more, that is a conflict. Absent: whichever there is."`
}

// byID is the input of what concerns one thing. Where there is more input, the
// field is repeated: huma does not look into an embedded type that is not
// exported.
type byID struct {
	ID string `path:"id" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
}

// createdAgent says where the new account is to be found.
type createdAgent struct {
	Location string `header:"Location"`
	Body     Agent
}

type changeAgent struct {
	ID   string `path:"id" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Body agentPatch
}

// agents registers accounts.
func (a *api) agents() {
	operation := func(id, method, path, summary, about string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: about, Errors: errors, Tags: []string{"agents"},
		}
	}
	const here = "/v1/agents/{id}"
	created := operation("create-agent", http.MethodPost, "/v1/agents", "Make an account", "For admins.", http.StatusConflict)
	created.DefaultStatus = http.StatusCreated
	staffed(a, operation("list-agents", http.MethodGet, "/v1/agents", "List accounts", "Disabled ones too."), a.listAgents)
	staffed(a, created, a.createAgent)
	staffed(a, operation("read-agent", http.MethodGet, here, "Read an account", "", http.StatusNotFound), a.readAgent)
	staffed(a, operation("change-agent", http.MethodPatch, here, "Change an account",
		"For admins; others change of their own the password, the display name and the avatar. What is absent stays. Another password ends every login.",
		http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests), a.changeAgent)
	staffed(a, operation("disable-agent", http.MethodDelete, here, "Disable an account",
		"For admins. For good; what it holds waits again.", http.StatusNotFound, http.StatusConflict), a.disableAgent)
}

func (a *api) listAgents(ctx context.Context, who core.Account, _ *nothing) (*body[Agents], error) {
	accounts, err := a.Desk.Agents(ctx, who)
	out := Agents{Agents: make([]Agent, len(accounts))}
	for i, account := range accounts {
		out.Agents[i] = agentOf(account)
	}
	return &body[Agents]{out}, err
}

func (a *api) createAgent(ctx context.Context, who core.Account, in *body[newAgent]) (*createdAgent, error) {
	b := in.Body
	account, err := a.Desk.CreateAgent(ctx, who, desk.NewAgent{
		Name: b.Name, Display: b.Display, Password: b.Password, Role: b.Role, Groups: b.Groups,
		Capacity: b.Capacity, Weight: b.Weight, Avatar: b.Avatar,
	})
	return &createdAgent{Location: "/v1/agents/" + url.PathEscape(string(account.ID)), Body: agentOf(account)}, located(err)
}

func (a *api) readAgent(ctx context.Context, who core.Account, in *byID) (*body[Agent], error) {
	account, err := a.Desk.Agent(ctx, who, core.AgentID(in.ID))
	return &body[Agent]{agentOf(account)}, err
}

func (a *api) changeAgent(ctx context.Context, who core.Account, in *changeAgent) (*body[Agent], error) {
	b := in.Body
	account, err := a.Desk.ChangeAgent(ctx, who, core.AgentID(in.ID), desk.AgentPatch{
		Version: b.Version, Name: b.Name, Display: b.Display, Password: b.Password, Current: b.Current, Role: b.Role, Groups: b.Groups,
		Capacity: b.Capacity, Weight: b.Weight, Avatar: b.Avatar,
	})
	return &body[Agent]{agentOf(account)}, located(err)
}

func (a *api) disableAgent(ctx context.Context, who core.Account, in *byID) (*nothing, error) {
	return nil, a.Desk.DisableAgent(ctx, who, core.AgentID(in.ID))
}
