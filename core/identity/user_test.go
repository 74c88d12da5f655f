package identity

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kefu/core"
)

const siteSecret = "a secret of the shop, 32 bytes +"

func userToken(t testing.TB, secret string, change map[string]any) string {
	t.Helper()
	claims := map[string]any{"aud": "shop", "sub": "user-1", "exp": noon().Add(time.Hour).Unix()}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return forge(t, jwt.SigningMethodHS256, []byte(secret), nil, claims)
}

func TestVerifyUser(t *testing.T) {
	hour := noon().Add(time.Hour)
	for _, c := range []struct {
		name   string
		claims map[string]any
		want   User
	}{
		{"plain", nil, User{ID: "user-1", Expires: hour}},
		{
			"with a name and a picture",
			map[string]any{"name": "李雷", "avatar": "https://shop.example/li.png?s=1"},
			User{ID: "user-1", Name: "李雷", Avatar: "https://shop.example/li.png?s=1", Expires: hour},
		},
		{"one audience of two", map[string]any{"aud": []string{"other", "shop"}}, User{ID: "user-1", Expires: hour}},
		{"a name on two lines", map[string]any{"name": " Li\n\x00 Lei\t"}, User{ID: "user-1", Name: "Li Lei", Expires: hour}},
		{
			"a name without end",
			map[string]any{"name": strings.Repeat("长", 200)},
			User{ID: "user-1", Name: strings.Repeat("长", maxName), Expires: hour},
		},
		{"a picture that is a script", map[string]any{"avatar": "javascript:alert(1)"}, User{ID: "user-1", Expires: hour}},
		{"a picture from nowhere", map[string]any{"avatar": "/li.png"}, User{ID: "user-1", Expires: hour}},
		{"a picture with a password", map[string]any{"avatar": "https://a:b@shop.example/"}, User{ID: "user-1", Expires: hour}},
		{"a picture too long", map[string]any{"avatar": "https://shop.example/" + strings.Repeat("a", maxAvatar)}, User{ID: "user-1", Expires: hour}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := VerifyUser(userToken(t, siteSecret, c.claims), "shop", []string{siteSecret}, noon())
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestVerifyUserWithTwoSecrets(t *testing.T) {
	next := strings.Repeat("n", MinUserSecret)
	for _, secret := range []string{siteSecret, next} {
		if _, err := VerifyUser(userToken(t, secret, nil), "shop", []string{next, "", siteSecret}, noon()); err != nil {
			t.Errorf("signed with %q: %v", secret, err)
		}
	}
}

func TestVerifyUserRefuses(t *testing.T) {
	secrets := []string{siteSecret}
	token := func(change map[string]any) string { return userToken(t, siteSecret, change) }
	for _, c := range []struct {
		name, token string
		secrets     []string
		want        string
	}{
		{"without secrets", token(nil), nil, `site "shop" takes no user tokens`},
		{"signed with nothing", userToken(t, "", nil), []string{""}, `site "shop" takes no user tokens`},
		{"signed with a short secret", userToken(t, "short", nil), []string{"short"}, `site "shop" takes no user tokens`},
		{"another secret", userToken(t, strings.Repeat("x", 32), nil), secrets, "user token: it is not signed by HS256 with a secret of this site"},
		{"the empty secret beside a good one", userToken(t, "", nil), []string{"", siteSecret}, "user token: it is not signed by HS256 with a secret of this site"},
		{"another algorithm", forge(t, jwt.SigningMethodHS384, []byte(siteSecret), nil, map[string]any{"aud": "shop"}), secrets, "user token: it is not signed by HS256 with a secret of this site"},
		{"crit", forge(t, jwt.SigningMethodHS256, []byte(siteSecret), map[string]any{"crit": []string{"b64"}}, map[string]any{"aud": "shop"}), secrets, "user token: its header must say alg HS256, and no crit"},
		{"another site", token(map[string]any{"aud": "other"}), secrets, "user token: its aud is another site"},
		{"no audience", token(map[string]any{"aud": nil}), secrets, "user token: aud and exp are required"},
		{"no end", token(map[string]any{"exp": nil}), secrets, "user token: aud and exp are required"},
		{"expired", token(map[string]any{"exp": noon().Add(-time.Minute).Unix()}), secrets, "user token: it has expired"},
		{"too far ahead", token(map[string]any{"exp": noon().Add(25 * time.Hour).Unix()}), secrets, "user token: its exp is more than 24 hours ahead"},
		{"in milliseconds", token(map[string]any{"exp": noon().UnixMilli()}), secrets, "user token: its exp is more than 24 hours ahead"},
		{"not yet", token(map[string]any{"nbf": noon().Add(time.Hour).Unix()}), secrets, "user token: its nbf is in the future"},
		{"no sub", token(map[string]any{"sub": nil}), secrets, "user token: sub must be a string of 1 to 128 bytes without control characters"},
		{"a long sub", token(map[string]any{"sub": strings.Repeat("u", 129)}), secrets, "user token: sub must be a string of 1 to 128 bytes without control characters"},
		{"a sub on two lines", token(map[string]any{"sub": "a\nb"}), secrets, "user token: sub must be a string of 1 to 128 bytes without control characters"},
		{"a number for sub", token(map[string]any{"sub": 17}), secrets, "user token: it is not a JWT of at most 4 KiB with strings in sub, name and avatar"},
		{"too long", token(map[string]any{"name": strings.Repeat("n", maxUserToken)}), secrets, "user token: it is not a JWT of at most 4 KiB with strings in sub, name and avatar"},
		{"nothing", "", secrets, "user token: it is not a JWT of at most 4 KiB with strings in sub, name and avatar"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := VerifyUser(c.token, "shop", c.secrets, noon())
			wantCode(t, err, core.Unauthorized)
			if err != nil && err.Error() != "unauthorized: "+c.want {
				t.Errorf("got  %v\nwant unauthorized: %s", err, c.want)
			}
		})
	}
}

// Only what is good in all but its age still says whose it was.
func TestExpiredUser(t *testing.T) {
	past := noon().Add(-time.Minute).Unix()
	got, err := VerifyUser(userToken(t, siteSecret, map[string]any{"exp": past, "name": "Li"}), "shop", []string{siteSecret}, noon())
	if !errors.Is(err, ErrUserExpired) || errors.Is(err, ErrExpired) || got.ID != "user-1" || got.Name != "Li" {
		t.Errorf("got %+v, %v", got, err)
	}
	for name, token := range map[string]string{
		"another site":   userToken(t, siteSecret, map[string]any{"exp": past, "aud": "other"}),
		"another secret": userToken(t, strings.Repeat("x", 32), map[string]any{"exp": past}),
		"not yet":        userToken(t, siteSecret, map[string]any{"exp": past, "nbf": noon().Add(time.Hour).Unix()}),
		"no audience":    userToken(t, siteSecret, map[string]any{"exp": past, "aud": nil}),
		"nobody":         userToken(t, siteSecret, map[string]any{"exp": past, "sub": ""}),
	} {
		if got, err := VerifyUser(token, "shop", []string{siteSecret}, noon()); errors.Is(err, ErrUserExpired) || got.ID != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestUserTokenIsNoneOfOurs(t *testing.T) {
	k := mustKeys(t, 1)
	// A site that was handed our secret by mistake still makes no agents.
	token := forge(t, jwt.SigningMethodHS256, k.current.Secret, map[string]any{"kid": k.current.ID},
		map[string]any{"aud": "shop", "sub": "a_li", "exp": noon().Add(time.Hour).Unix()})
	_, err := k.Agent(token, noon())
	wantCode(t, err, core.Unauthorized)
	_, err = VerifyUser(mustVisitor(t, k, noon()), "shop", []string{string(k.current.Secret)}, noon())
	wantCode(t, err, core.Unauthorized)
}

// FuzzUser: whatever arrives and however it is signed, nothing panics, and what
// comes out can be shown.
func FuzzUser(f *testing.F) {
	f.Add("user-1", "Li Lei", "https://shop.example/li.png", int64(3600))
	f.Add("", "\xff\x00", "//x", int64(-1))
	f.Fuzz(func(t *testing.T, sub, name, avatar string, ahead int64) {
		token := userToken(t, siteSecret, map[string]any{"sub": sub, "name": name, "avatar": avatar, "exp": noon().Unix() + ahead%1e12})
		u, err := VerifyUser(token, "shop", []string{siteSecret}, noon())
		if err != nil {
			wantCode(t, err, core.Unauthorized)
			return
		}
		if u.ID == "" || len(u.ID) > maxUserID || len([]rune(u.Name)) > maxName || strings.ContainsAny(u.Name, "\n\x00") {
			t.Errorf("got %+v", u)
		}
		if u.Avatar != "" && !strings.HasPrefix(u.Avatar, "http://") && !strings.HasPrefix(u.Avatar, "https://") {
			t.Errorf("got avatar %q", u.Avatar)
		}
		if u.Expires.After(noon().Add(UserLife + leeway)) {
			t.Errorf("good until %v", u.Expires)
		}
		if _, err := VerifyUser(sub+"."+name+"."+avatar, "shop", []string{siteSecret}, noon()); err == nil {
			t.Error("the raw text was believed")
		}
	})
}
