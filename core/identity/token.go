package identity

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kefu/core"
)

const (
	// VisitorLife is how long a visitor's token counts.
	VisitorLife = 365 * 24 * time.Hour
	// AgentLife is how long an agent's token counts: a working day.
	AgentLife = 12 * time.Hour

	renewAfter = 30 * 24 * time.Hour // a visitor's token older than this is replaced
	leeway     = 30 * time.Second    // what the clocks of two nodes may differ by

	maxToken = 1024 // bytes of a token of ours

	// The audience keeps the kinds apart, and both from a site's own tokens.
	visitorAudience = "kefu:visitor"
	agentAudience   = "kefu:agent"
)

// ErrExpired says that a token was ours and is merely too old. Its code is
// Unauthorized; a transport answers it with close code 4004, "refresh, then
// come back", and everything else with 4500.
var ErrExpired = core.Errorf(core.Unauthorized, "the token has expired")

// Visitor is what a visitor's token says.
type Visitor struct {
	Site    string
	ID      string
	Expires time.Time // to the second
	Renew   bool      // it still counts, but hand out a younger one: a month has passed, or the key is the old one
}

// Agent is what an agent's token says. It counts only while the Generation in
// the agent's record is the same.
type Agent struct {
	ID         string
	Generation uint64
	Expires    time.Time // to the second
}

type visitorClaims struct {
	Site string `json:"site"`
	jwt.RegisteredClaims
}

type agentClaims struct {
	Generation uint64 `json:"gen"`
	jwt.RegisteredClaims
}

// SignVisitor returns a token that names the visitor for [VisitorLife] from at.
// Site and id must not be empty, and must be short enough for a token of 1 KiB:
// Invalid.
func (k *Keys) SignVisitor(site, id string, at time.Time) (string, error) {
	return k.SignVisitorUntil(site, id, at.Add(VisitorLife))
}

// SignVisitorUntil is SignVisitor for a token that ends sooner.
func (k *Keys) SignVisitorUntil(site, id string, until time.Time) (string, error) {
	if site == "" || id == "" {
		return "", core.Errorf(core.Invalid, "a visitor's token needs a site and a visitor")
	}
	return k.sign(visitorClaims{site, registered(visitorAudience, id, until)})
}

// SignAgent returns a token that names the agent for [AgentLife] from at, as
// long as its record has this generation. Invalid as with [Keys.SignVisitor].
func (k *Keys) SignAgent(id string, generation uint64, at time.Time) (string, error) {
	if id == "" {
		return "", core.Errorf(core.Invalid, "an agent's token needs an agent")
	}
	return k.sign(agentClaims{generation, registered(agentAudience, id, at.Add(AgentLife))})
}

// Visitor reads a visitor's token as of at. Unauthorized for anything that is
// not one of ours, [ErrExpired] for one that is too old.
func (k *Keys) Visitor(token string, at time.Time) (Visitor, error) {
	var c visitorClaims
	old, err := k.parse(token, visitorAudience, at, &c)
	if err != nil {
		return Visitor{}, err
	}
	if c.Site == "" || c.Subject == "" {
		return Visitor{}, notOurs()
	}
	expires := c.ExpiresAt.UTC()
	renew := old || expires.Sub(at) < VisitorLife-renewAfter
	return Visitor{c.Site, c.Subject, expires, renew}, nil
}

// Agent reads an agent's token as of at, with the errors of [Keys.Visitor]. The
// caller still has to compare the generation with that of the agent's record.
func (k *Keys) Agent(token string, at time.Time) (Agent, error) {
	var c agentClaims
	if _, err := k.parse(token, agentAudience, at, &c); err != nil {
		return Agent{}, err
	}
	if c.Subject == "" {
		return Agent{}, notOurs()
	}
	return Agent{c.Subject, c.Generation, c.ExpiresAt.UTC()}, nil
}

func registered(audience, subject string, expires time.Time) jwt.RegisteredClaims {
	return jwt.RegisteredClaims{
		Subject:   subject,
		Audience:  jwt.ClaimStrings{audience},
		ExpiresAt: jwt.NewNumericDate(expires),
	}
}

func (k *Keys) sign(claims jwt.Claims) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	t.Header["kid"] = k.current.ID
	s, err := t.SignedString(k.current.Secret)
	if err != nil {
		return "", &core.Error{Code: core.Internal, Message: "a token could not be signed", Cause: err}
	}
	if len(s) > maxToken {
		return "", core.Errorf(core.Invalid, "a token would be %d bytes long, more than %d", len(s), maxToken)
	}
	return s, nil
}

// parse reads a token of ours into claims; old says that the previous key
// signed it.
func (k *Keys) parse(token, audience string, at time.Time, claims jwt.Claims) (old bool, err error) {
	err = verify(token, maxToken, audience, at, claims, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		found := k.find(id)
		if found == nil {
			return nil, jwt.ErrTokenUnverifiable
		}
		old = found != k.current
		return found.Secret, nil
	})
	switch {
	case err == nil:
		return old, nil
	// A token of another kind stays foreign however old it is.
	case errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenInvalidAudience):
		return false, ErrExpired
	default:
		return false, notOurs()
	}
}

// verify is the one place where a signed token is read, ours or a site's. The
// errors are those of the jwt package and stay in this one.
func verify(token string, limit int, audience string, at time.Time, claims jwt.Claims, find jwt.Keyfunc) error {
	if len(token) > limit {
		return jwt.ErrTokenMalformed
	}
	_, err := jwt.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		// An extension that must be understood is one we do not (RFC 7515 section 4.1.11).
		if _, ok := t.Header["crit"]; ok {
			return nil, jwt.ErrTokenUnverifiable
		}
		return find(t)
	},
		jwt.WithValidMethods([]string{"HS256"}),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
		jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(func() time.Time { return at }),
		jwt.WithStrictDecoding(),
	)
	return err
}

// notOurs is the one answer to a bad token of ours: what is wrong with a
// forgery is nothing its maker needs to know.
func notOurs() error {
	return core.Errorf(core.Unauthorized, "the token is not valid")
}
