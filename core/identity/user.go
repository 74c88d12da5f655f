package identity

import (
	"errors"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/golang-jwt/jwt/v5"

	"kefu/core"
)

const (
	// UserLife is how far ahead the exp of a user token may lie. The server of
	// the site can not take a token back, so it has to be short; a day lets a
	// page that stays open reconnect.
	UserLife = 24 * time.Hour
	// MinUserSecret is how many bytes a site's secret has at least. Shorter
	// ones, the empty one above all, verify nothing.
	MinUserSecret = 32

	maxUserToken = 4096 // bytes of a user token
	maxUserID    = 128  // bytes of its sub
	maxName      = 80   // characters of its name; more is cut off
	maxAvatar    = 1024 // bytes of its avatar; more is left out
)

// User is what the server of a site says about one of its users.
type User struct {
	ID      string // the site's own id, at most 128 bytes
	Name    string // at most 80 characters, no control characters; may be empty
	Avatar  string // an absolute https or http URL; may be empty
	Expires time.Time
}

type userClaims struct {
	Name   string `json:"name"`
	Avatar string `json:"avatar"`
	jwt.RegisteredClaims
}

// ErrUserExpired says that a user token is good in all but its age. Unlike
// [ErrExpired] it is nothing that a client can mend by itself: only the site's
// own server makes another one.
var ErrUserExpired = core.Errorf(core.Unauthorized, "user token: it has expired")

// VerifyUser reads the user token of a hello frame: a JWT by HS256 with one of
// the site's secrets (two while it changes them), aud the site's id, exp at
// most [UserLife] after at, sub the user's id, and perhaps name and avatar.
//
// Unauthorized says what is wrong with it, because the one who reads that is
// integrating a site; everything that follows the signature was written by
// that site. A name or avatar that can not be shown is mended or left out: it
// keeps nobody from asking for help. With [ErrUserExpired] the user is returned
// all the same, for who has another proof of being that one.
func VerifyUser(token, site string, secrets []string, at time.Time) (User, error) {
	var set jwt.VerificationKeySet
	for _, s := range secrets {
		if len(s) >= MinUserSecret {
			set.Keys = append(set.Keys, []byte(s))
		}
	}
	if len(set.Keys) == 0 {
		return User{}, core.Errorf(core.Unauthorized, "site %q takes no user tokens", site)
	}
	var c userClaims
	err := verify(token, maxUserToken, site, at, &c, func(*jwt.Token) (any, error) { return set, nil })
	expired := errors.Is(err, jwt.ErrTokenExpired) &&
		!errors.Is(err, jwt.ErrTokenInvalidAudience) && !errors.Is(err, jwt.ErrTokenNotValidYet) && !errors.Is(err, jwt.ErrTokenRequiredClaimMissing)
	if err != nil && !expired {
		return User{}, core.Errorf(core.Unauthorized, "user token: %s", userFault(err))
	}
	if c.ExpiresAt.After(at.Add(UserLife + leeway)) {
		return User{}, core.Errorf(core.Unauthorized, "user token: its exp is more than %d hours ahead", int(UserLife.Hours()))
	}
	if c.Subject == "" || len(c.Subject) > maxUserID || strings.ContainsFunc(c.Subject, unicode.IsControl) {
		return User{}, core.Errorf(core.Unauthorized, "user token: sub must be a string of 1 to %d bytes without control characters", maxUserID)
	}
	user := User{c.Subject, showable(c.Name), pictureURL(c.Avatar), c.ExpiresAt.UTC()}
	if expired {
		return user, ErrUserExpired
	}
	return user, nil
}

// userFault says in one phrase what is wrong with a site's token.
func userFault(err error) string {
	for _, f := range []struct {
		is    error
		fault string
	}{
		{jwt.ErrTokenSignatureInvalid, "it is not signed by HS256 with a secret of this site"},
		{jwt.ErrTokenUnverifiable, "its header must say alg HS256, and no crit"},
		{jwt.ErrTokenRequiredClaimMissing, "aud and exp are required"},
		{jwt.ErrTokenInvalidAudience, "its aud is another site"},
		{jwt.ErrTokenExpired, "it has expired"},
		{jwt.ErrTokenNotValidYet, "its nbf is in the future"},
	} {
		if errors.Is(err, f.is) {
			return f.fault
		}
	}
	return "it is not a JWT of at most 4 KiB with strings in sub, name and avatar"
}

// showable returns name on one line, at most maxName characters long.
func showable(name string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, "�"))
	runes := []rune(strings.Join(strings.Fields(clean), " "))
	return string(runes[:min(len(runes), maxName)])
}

// pictureURL returns s if a page may load a picture from it, else "".
func pictureURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxAvatar || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.String()
}
