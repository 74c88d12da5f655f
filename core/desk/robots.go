package desk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"kefu/core/identity"
	"kefu/core/wire"
)

// send tells a channel. nil: whoever is there said that they have it.
func (d *Desk) send(ctx context.Context, c Channel, n notice) error {
	first, rest := n.words(c)
	text := first
	if rest != "" {
		text += "\n" + rest
	}
	if c.Kind == "mail" {
		if d.Mail == nil {
			return errors.New("this host sends no mail")
		}
		return d.Mail(ctx, c.To, first, text+"\n")
	}
	if d.Outgoing == nil {
		return errors.New("this host sends nothing out")
	}
	m, err := d.robot(c, n, text)
	if err != nil {
		return err
	}
	answer, err := d.Outgoing(ctx, m)
	if err != nil {
		return err
	}
	return taken(c.Kind, answer)
}

// robot is a text in the words of each kind.
func (d *Desk) robot(c Channel, n notice, text string) (Outgoing, error) {
	now := d.Now()
	type content struct {
		Content string `json:"content"`
	}
	switch c.Kind {
	case "wecom": // developer.work.weixin.qq.com/document/path/91770
		return outgoing(c.URL, struct {
			Type string  `json:"msgtype"`
			Text content `json:"text"`
		}{"text", content{text}})
	case "dingtalk": // open.dingtalk.com, custom robots: security by signature
		to, err := signedDingTalk(c.URL, c.Secret, now)
		if err != nil {
			return Outgoing{}, err
		}
		return outgoing(to, struct {
			Type string  `json:"msgtype"`
			Text content `json:"text"`
		}{"text", content{text}})
	case "feishu": // open.feishu.cn, custom bots: signature verification
		at, sign := signedFeishu(c.Secret, now)
		return outgoing(c.URL, struct {
			Timestamp string `json:"timestamp,omitempty"`
			Sign      string `json:"sign,omitempty"`
			Type      string `json:"msg_type"`
			Content   struct {
				Text string `json:"text"`
			} `json:"content"`
		}{at, sign, "text", struct {
			Text string `json:"text"`
		}{text}})
	}
	m, err := outgoing(c.URL, noticeBody(n, text, now))
	if err != nil {
		return m, err
	}
	id, err := identity.NewID(d.Random, "m")
	if c.Secret != "" {
		m.Header = signed(c.Secret, id, now, m.Body)
	}
	return m, err
}

func outgoing(to string, body any) (Outgoing, error) {
	data, err := json.Marshal(body)
	return Outgoing{URL: to, Body: data}, err
}

// toldNotice is what a webhook of a channel is sent, as JSON.
type toldNotice struct {
	Type      string    `json:"type"` // notice, or test
	Timestamp wire.Time `json:"timestamp"`
	Data      struct {
		Text          string    `json:"text"`
		Conversations []waiting `json:"conversations"`
	} `json:"data"`
}

type waiting struct {
	ID     string    `json:"id"`
	Group  string    `json:"group"`
	Agent  string    `json:"agent,omitempty"`
	Since  wire.Time `json:"since"`
	Unread bool      `json:"unread"`
}

func noticeBody(n notice, text string, now time.Time) toldNotice {
	out := toldNotice{Type: "notice", Timestamp: wire.Time(now)}
	if n.test {
		out.Type = "test"
	}
	out.Data.Text, out.Data.Conversations = text, []waiting{}
	for _, o := range n.all {
		s := o.c.Session
		out.Data.Conversations = append(out.Data.Conversations, waiting{string(o.c.ID), string(s.Group), string(s.Agent), wire.Time(o.since), o.unread})
	}
	return out
}

// signedDingTalk adds the time and, with a secret, the signature to the address:
// HMAC-SHA256 of "milliseconds\nsecret" under the secret.
func signedDingTalk(to, secret string, now time.Time) (string, error) {
	u, err := url.Parse(to)
	if err != nil || secret == "" {
		return to, err
	}
	at := strconv.FormatInt(now.UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s\n%s", at, secret)
	q := u.Query()
	q.Set("timestamp", at)
	q.Set("sign", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// signedFeishu is the other way round: HMAC-SHA256 of nothing under
// "seconds\nsecret".
func signedFeishu(secret string, now time.Time) (at, sign string) {
	if secret == "" {
		return "", ""
	}
	at = strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(at+"\n"+secret))
	return at, base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// taken reads an answer: robots say 200 also when they refuse.
func taken(kind string, a OutgoingAnswer) error {
	if a.Status < 200 || a.Status >= 300 {
		return fmt.Errorf("the answer was %d", a.Status)
	}
	if kind == "webhook" {
		return nil
	}
	var said struct {
		ErrCode *int   `json:"errcode"` // WeCom, DingTalk
		ErrMsg  string `json:"errmsg"`
		Code    *int   `json:"code"` // Feishu
		Msg     string `json:"msg"`
		Status  *int   `json:"StatusCode"` // Feishu, formerly
	}
	if err := json.Unmarshal(a.Body, &said); err != nil {
		return errors.New("the answer is not one of such a robot")
	}
	for _, code := range []*int{said.ErrCode, said.Code, said.Status} {
		if code != nil && *code != 0 {
			return fmt.Errorf("it says %d %s%s", *code, said.ErrMsg, said.Msg)
		}
	}
	if said.ErrCode == nil && said.Code == nil && said.Status == nil {
		return errors.New("the answer is not one of such a robot")
	}
	return nil
}
