package desk

import (
	"net/url"
	"testing"
	"time"
)

// The signatures of group robots, against values that were computed by the
// sample programs of their documentation: DingTalk's "this is secret"
// (open.dingtalk.com, custom robots: HMAC-SHA256 of "milliseconds\nsecret" under
// the secret) and Feishu's "demo" (open.feishu.cn, custom bots: of nothing, under
// "seconds\nsecret").
func TestRobotSignatures(t *testing.T) {
	to, err := signedDingTalk("https://oapi.dingtalk.com/robot/send?access_token=abc", "this is secret", time.UnixMilli(1577262236757))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"access_token": "abc", "timestamp": "1577262236757", "sign": "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=",
	} {
		if got := u.Query().Get(key); got != want {
			t.Errorf("DingTalk: %s is %q, want %q", key, got, want)
		}
	}
	// As it stands in the address: a plus there would be a blank.
	if want := "sign=hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D"; u.RawQuery != "access_token=abc&"+want+"&timestamp=1577262236757" {
		t.Errorf("DingTalk: the query is %q", u.RawQuery)
	}
	if to, err := signedDingTalk("https://oapi.dingtalk.com/robot/send?access_token=abc", "", time.UnixMilli(1)); err != nil || to != "https://oapi.dingtalk.com/robot/send?access_token=abc" {
		t.Errorf("DingTalk without a secret: %q, %v", to, err)
	}

	at, sign := signedFeishu("demo", time.Unix(1599360473, 999))
	if at != "1599360473" || sign != "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=" {
		t.Errorf("Feishu: %q, %q", at, sign)
	}
	if at, sign := signedFeishu("", time.Unix(1, 0)); at != "" || sign != "" {
		t.Errorf("Feishu without a secret: %q, %q", at, sign)
	}
}
