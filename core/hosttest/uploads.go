package hosttest

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"
)

// Stories of files, and of what a site shows and asks.

// uploaded answers POST /v1/uploads.
type uploaded struct {
	attachment
	Post *struct {
		URL    string
		Fields map[string]string
	}
	Code   code // of a refusal
	status int
}

// picture is a PNG of 2 x 1 pixels.
func picture() []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 1))) // into memory
	return b.Bytes()
}

// secret is what a picture says of where it was taken.
const secret = "31.2304N 121.4737E"

// photo is a picture that says more than its pixels: a JPEG with a comment.
func photo() []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 8)), nil) // into memory
	said := append([]byte{0xff, 0xfe, 0, byte(len(secret) + 2)}, secret...)
	return slices.Insert(b.Bytes(), 2, said...)
}

// upload offers a file as a client does, with the fields that it has besides,
// and if the host says so brings it where it goes.
func (c *client) upload(name, kind string, content []byte, more fields) uploaded {
	c.t.Helper()
	info, f := c.welcome.Site.Uploads, []string{"name", name}
	if !c.visitor() {
		info = c.welcome.Limits.Uploads
	}
	if info == nil {
		c.t.Fatalf("%s is not told what files may be sent: %s", c.name, c.welcome.raw)
	}
	if c.visitor() {
		f = append([]string{"token", c.token}, f...)
	}
	for _, k := range slices.Sorted(maps.Keys(more)) {
		f = append(f, k, more[k].(string))
	}
	var out uploaded
	var answer []byte
	if info.Post {
		size, _ := json.Marshal(len(content))
		f = append(f, "size", string(size), "mime", kind)
		out.status, answer = c.post(c.p.url+"/v1/uploads", f, "", "", nil)
	} else {
		out.status, answer = c.post(c.p.url+"/v1/uploads", f, name, kind, content)
	}
	if err := json.Unmarshal(answer, &out); err != nil {
		c.t.Fatalf("%d, and no JSON: %s", out.status, answer)
	}
	if out.Post != nil {
		f = nil
		for _, k := range slices.Sorted(maps.Keys(out.Post.Fields)) {
			f = append(f, k, out.Post.Fields[k])
		}
		if status, answer := c.post(out.Post.URL, f, name, kind, content); status/100 != 2 {
			c.t.Fatalf("the store says %d %s", status, answer)
		}
	}
	return out
}

// post sends a form: its fields in pairs, and then the file if there is one.
func (c *client) post(url string, pairs []string, name, kind string, content []byte) (int, []byte) {
	c.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for i := 0; i+1 < len(pairs); i += 2 {
		_ = form.WriteField(pairs[i], pairs[i+1]) // into memory
	}
	if content != nil {
		h := textproto.MIMEHeader{"Content-Disposition": {multipart.FileContentDisposition("file", name)}}
		if kind != "" {
			h.Set("Content-Type", kind)
		}
		part, _ := form.CreatePart(h)
		_, _ = part.Write(content)
	}
	_ = form.Close()
	req, err := http.NewRequestWithContext(c.p.ctx, http.MethodPost, url, &b)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	if !c.visitor() && strings.HasPrefix(url, c.p.url) {
		req.Header.Set("Authorization", "Bearer "+c.as.token)
	}
	res, err := c.p.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, answer
}

// fetch gets a file as a page does: without a token.
func (p *play) fetch(url string) (status int, header http.Header, content []byte) {
	p.Helper()
	req, err := http.NewRequestWithContext(p.ctx, http.MethodGet, p.url+url, nil)
	if err != nil {
		p.Fatal(err)
	}
	res, err := p.http.Do(req)
	if err != nil {
		p.Fatal(err)
	}
	defer res.Body.Close()
	content, err = io.ReadAll(res.Body)
	if err != nil {
		p.Fatal(err)
	}
	return res.StatusCode, res.Header, content
}

func (a attachment) as(kind string) fields {
	return fields{"body": fields{"kind": kind, "url": a.URL, "name": a.Name, "size": a.Size, "mime": a.MIME}}
}

// A visitor sends an image before they have said anything, and an agent sees it.
func tellImage(p *play) {
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	if !slices.Contains(v.welcome.Features, "uploads") || !slices.Contains(v.welcome.Site.Uploads.Types, "image/png") {
		p.Errorf("uploads are not offered: %s", v.welcome.raw)
	}
	up := v.upload("../鞋 \u202egnp.exe", "image/png", picture(), nil)
	if up.status != http.StatusCreated || !strings.HasPrefix(up.URL, "/v1/files/f_") || up.MIME != "image/png" || !strings.HasSuffix(up.Name, ".png") || strings.ContainsAny(up.Name, "/\u202e") {
		p.Fatalf("uploaded: %+v", up)
	}
	v.does("send", v.mine(), fields{"body": fields{"kind": "image", "url": up.URL, "name": "evil.exe", "size": 7, "mime": "text/html"}})
	e := a.seesKind(v, "image")
	if e.Body.URL != up.URL || e.Body.Name != up.Name || e.Body.MIME != "image/png" || e.Body.Size == 7 || e.Body.Width != 2 || e.Body.Height != 1 {
		p.Errorf("the agent sees %+v", e.Body.attachment)
	}
	status, header, content := p.fetch(up.URL)
	if status != http.StatusOK || !bytes.HasPrefix(content, []byte("\x89PNG")) {
		p.Errorf("fetched: %d %q", status, content)
	}
	if !v.welcome.Site.Uploads.Post {
		p.guarded(header)
	}
	taken := v.upload("photo.jpg", "image/jpeg", photo(), nil)
	v.does("send", v.mine(), taken.as("image"))
	seen := a.seesEvent(v, "the photo", func(e event) bool { return e.Body.MIME == "image/jpeg" })
	_, _, content = p.fetch(seen.Body.URL)
	if img, err := jpeg.Decode(bytes.NewReader(content)); err != nil || img.Bounds().Dx() != 16 || bytes.Contains(content, []byte(secret)) {
		p.Errorf("a photo comes as %q, %v", content, err)
	}
	if h := p.head(v); h.Last == nil || h.Last.Body.Kind != "image" {
		p.Errorf("the head shows %+v", h.Last)
	}
}

// guarded: a browser that opens a file runs nothing of it.
func (p *play) guarded(h http.Header) {
	p.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox", "Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "private",
	} {
		if !strings.Contains(h.Get(name), want) {
			p.Errorf("%s: %q", name, h.Get(name))
		}
	}
}

// An agent sends a file, which a visitor saves.
func tellAgentsFile(p *play) {
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("may I have the bill?")
	v.isHeldBy(a.id())
	up := a.upload("账单.txt", "text/plain", []byte("您好 <script>alert(1)</script>"), fields{"conversation": v.mine()})
	if up.status != http.StatusCreated || up.Name != "账单.txt" {
		p.Fatalf("uploaded: %+v", up)
	}
	a.does("send", v.mine(), up.as("file"))
	if e := v.seesKind(v, "file"); e.Body.Name != up.Name || e.Body.URL != up.URL {
		p.Errorf("the visitor sees %+v", e.Body.attachment)
	}
	_, header, content := p.fetch(up.URL)
	if !strings.HasPrefix(header.Get("Content-Disposition"), "attachment") || !strings.Contains(string(content), "alert(1)") {
		p.Errorf("fetched: %v %q", header, content)
	}
	if status, _, _ := p.fetch(up.URL[:len(up.URL)-1]); status != http.StatusNotFound {
		p.Errorf("by half its URL: %d", status)
	}
	a.fails("invalid", "send", v.mine(), up.as("image"))
}

// What lies about itself, is too large or of no type that is taken is refused,
// at the latest when it is sent; and so is a file that is none of ours.
func tellRefusedFiles(p *play) {
	v := p.visitor("Mei")
	most := v.welcome.Site.Uploads.Size
	for name, c := range map[string]struct {
		kind    string
		content []byte
		status  int
		code    code
	}{
		"a page that says image": {"image/png", []byte("<!DOCTYPE html><script>alert(1)</script>"), 400, "invalid"},
		"a program":              {"application/x-msdownload", []byte("MZ\x90\x00\x03\x00\x00\x00"), 400, "invalid"},
		"one that is too large":  {"text/plain", bytes.Repeat([]byte("a long story "), int(most/13)+1), 413, "too_large"},
	} {
		up := v.upload("a.png", c.kind, c.content, nil)
		if v.welcome.Site.Uploads.Post && up.status == http.StatusCreated {
			v.fails("invalid", "send", v.mine(), up.as("file"))
		} else if up.status != c.status || up.Code != c.code {
			p.Errorf("%s: %d %s, want %d %s", name, up.status, up.Code, c.status, c.code)
		}
	}
	other := p.visitor("Hua")
	theirs := other.upload("a.png", "image/png", picture(), nil)
	for _, url := range []string{theirs.URL, "https://elsewhere.example/a.png", "/v1/files/f_00000000000000000000000000/a.png", "/console/"} {
		v.fails("invalid", "send", v.mine(), attachment{URL: url, Name: "a.png"}.as("image"))
	}
	other.does("send", other.mine(), theirs.as("image"))
}

// Who may upload: a visitor for themselves, an agent where they may write.
func tellUploadRights(p *play) {
	a, stranger, boss := p.agent("Li"), p.desk("Wu", p.account("agent", []string{})), p.staff("Sun", "supervisor")
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("hello")
	v.isHeldBy(a.id())
	here := fields{"conversation": v.mine()}
	for _, c := range []struct {
		who  *client
		more fields
		want int
	}{{a, here, 201}, {boss, here, 201}, {stranger, here, 403}, {a, nil, 400}, {a, fields{"conversation": "c_nobody"}, 404}} {
		if up := c.who.upload("a.txt", "text/plain", []byte("hello"), c.more); up.status != c.want {
			p.Errorf("%s, %v: %d, want %d", c.who.name, c.more, up.status, c.want)
		}
	}
	known := v.token
	for token, want := range map[string]int{"": 401, "eyJ.x.y": 401, a.as.token: 401} {
		v.token = token
		if up := v.upload("a.txt", "text/plain", []byte("hello"), nil); up.status != want || up.Code != "unauthorized" {
			p.Errorf("with the token %.5q: %d %s", token, up.status, up.Code)
		}
	}
	v.token = known
	p.site(func(site fields) { site["uploads"] = map[string]any{"off": true} })
	if up := v.upload("a.txt", "text/plain", []byte("hello"), nil); up.status != http.StatusForbidden {
		p.Errorf("where visitors send no files: %d", up.status)
	}
	if late := p.visitor("Hua"); late.welcome.Site.Uploads != nil {
		p.Errorf("uploads are offered where there are none: %s", late.welcome.raw)
	}
}

// A message that is taken back takes its file with it.
func tellRecalledFile(p *play) {
	v := p.visitor("Mei")
	up := v.upload("a.png", "image/png", picture(), nil)
	seq := v.does("send", v.mine(), up.as("image"))
	v.does("recall", v.mine(), fields{"seq": seq})
	v.until("the file to go", func() bool {
		status, _, _ := p.fetch(up.URL)
		return status == http.StatusNotFound
	})
	v.fails("invalid", "send", v.mine(), up.as("image"))
	if i := slices.IndexFunc(p.log(p.T, v.mine()), func(e event) bool { return e.Body.URL != "" }); i >= 0 {
		p.Error("the log still names the file")
	}
}

// What a site shows its visitors is there in their language.
func tellSite(p *play) {
	both := func(en, zh string) map[string]any { return map[string]any{"en": en, "zh": zh} }
	p.site(func(site fields) {
		site["offline"], site["quick"], site["rating"] = both("Leave a message", "请留言"), []any{both("Where is my parcel?", "包裹在哪里？")}, true
		site["privacy"] = map[string]any{"text": both("We keep it", "我们会保存"), "url": "https://shop.example/privacy"}
		site["form"] = map[string]any{"text": both("Who?", "您是？"), "fields": []any{
			map[string]any{"id": "topic", "label": both("Topic", "事由"), "type": "select", "required": true, "options": []any{both("Order", "订单")}}}}
		site["invite"] = []any{map[string]any{"id": "cart", "text": both("May we help?", "需要帮忙吗？"), "after": "30s", "path": "/cart/*", "again": "1h"}}
		site["hours"] = map[string]any{"zone": "Asia/Shanghai", "spans": p.closedNow()}
	})
	s := p.visitor("Mei", fields{"lang": "zh-CN"}).welcome.Site
	if s.Offline != "请留言" || !slices.Equal(s.Quick, []string{"包裹在哪里？"}) || !s.Rating || s.Privacy == nil || s.Privacy.Text != "我们会保存" || s.Privacy.URL == "" {
		p.Errorf("shown: %+v", s)
	}
	if s.Form == nil || s.Form.Text != "您是？" || len(s.Form.Fields) != 1 || s.Form.Fields[0].Label != "事由" || !s.Form.Fields[0].Required || !slices.Equal(s.Form.Fields[0].Options, []string{"订单"}) {
		p.Errorf("asked: %+v", s.Form)
	}
	if len(s.Invite) != 1 || s.Invite[0].Text != "需要帮忙吗？" || s.Invite[0].After != 30 || s.Invite[0].Again != 3600 || s.Invite[0].Path != "/cart/*" {
		p.Errorf("invited: %+v", s.Invite)
	}
	if s.Open || s.Opens == nil || !s.Opens.After(time.Now()) || time.Until(*s.Opens) > 8*24*time.Hour || len(s.Hours) != 1 || s.Zone != "Asia/Shanghai" {
		p.Errorf("open: %v, opens %v, %v %s", s.Open, s.Opens, s.Hours, s.Zone)
	}
}

// closedNow are hours of a day that is neither today nor tomorrow, anywhere.
func (p *play) closedNow() []any {
	day := time.Now().UTC().AddDate(0, 0, 3).Weekday()
	return []any{map[string]any{"day": strings.ToLower(day.String()[:3]), "from": "09:00", "until": "18:00"}}
}

// What a visitor was asked is a message like any other, that only they send.
func tellForm(p *play) {
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	form := fields{"kind": "form", "fields": []any{
		fields{"id": "phone", "label": "电话", "value": "138 0013 8000"}, fields{"id": "topic", "label": "事由", "value": "<b>退款</b>"}}}
	seq := v.does("send", v.mine(), fields{"body": form})
	v.isHeldBy(a.id())
	if e := a.seesKind(v, "form"); len(e.Body.Fields) != 2 || e.Body.Fields[1].Value != "<b>退款</b>" || e.Body.Fields[0].Label != "电话" || e.By.Kind != "visitor" {
		p.Errorf("the agent sees %+v", e)
	}
	if h := p.head(v); h.Last == nil || len(h.Last.Body.Fields) != 1 || h.Last.Body.Fields[0].Value != "138 0013 8000" {
		p.Errorf("the head shows %+v", h.Last)
	}
	a.fails("forbidden", "send", v.mine(), fields{"body": form})
	v.fails("invalid", "send", v.mine(), fields{"body": fields{"kind": "form"}})
	v.fails("invalid", "edit", v.mine(), fields{"seq": seq, "body": text("no")})
	v.writes("hello")
}
