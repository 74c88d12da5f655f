package desk_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"kefu/core"
	"kefu/core/blob"
	"kefu/core/blob/blobtest"
	"kefu/core/desk"
	"kefu/core/wire"
)

// keeper returns a node that takes files, and where it keeps them.
func keeper(t testing.TB) (*node, *blobtest.Memory) {
	files := &blobtest.Memory{}
	return newWorld(t).node(func(o *desk.Options) { o.Files = files }), files
}

func picture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// uploads has a visitor upload a file, from the page they are on.
func (c *client) uploads(name string, content []byte) (wire.Uploaded, error) {
	return c.desk.Upload(c.Context(), desk.Upload{
		Token: c.token, Page: "https://shop.example", Name: name, File: bytes.NewReader(content),
	})
}

// uploaded is uploads of one that must be taken.
func (c *client) uploaded(name string, content []byte) wire.Uploaded {
	c.Helper()
	up, err := c.uploads(name, content)
	c.must(err)
	return up
}

// sends has somebody send what they uploaded.
func (th thread) sends(kind string, up wire.Uploaded) {
	th.Helper()
	th.frame("send", map[string]any{"body": map[string]any{"kind": kind, "url": up.URL, "name": up.Name, "size": up.Size, "mime": up.MIME}})
}

func has(t *testing.T, n *node, url string) bool {
	t.Helper()
	key, name, _ := strings.Cut(strings.TrimPrefix(url, blob.Prefix), "/")
	_, content, _, err := n.desk.File(t.Context(), key, name)
	if err != nil && core.CodeOf(err) != core.NotFound {
		t.Fatal(err)
	}
	if err == nil {
		n.must(content.Close())
	}
	return err == nil
}

// A visitor sends an image before anything else; the log says what it is, not
// what they say it is.
func TestSendImage(t *testing.T) {
	n, _ := keeper(t)
	vi := n.visitor("vi")
	up := vi.uploaded("shoe.png", picture(t))
	if up.Name != "shoe.png" || up.MIME != "image/png" || up.Width != 40 || up.Height != 30 || up.Size == 0 || up.Post != nil {
		t.Errorf("uploaded %+v", up)
	}
	vi.own().frame("send", map[string]any{"body": map[string]any{"kind": "image", "url": up.URL, "name": "evil.exe", "size": 1, "mime": "text/html", "width": 9}})
	file := n.log(vi.conv)[1].Body.File
	if want := (core.Attachment{URL: up.URL, Name: up.Name, Size: up.Size, MIME: up.MIME, Width: 40, Height: 30}); file != want {
		t.Errorf("the log has %+v, want %+v", file, want)
	}
	if !has(t, n, up.URL) || has(t, n, up.URL+"x") {
		t.Error("a file is found by its whole URL")
	}
}

// What is sent must have been uploaded by its sender, for that conversation, not
// long ago, and be what it is sent as.
func TestSendForeignFiles(t *testing.T) {
	n, _ := keeper(t)
	vi, eve := n.visitor("vi"), n.visitor("eve")
	up, text := vi.uploaded("shoe.png", picture(t)), vi.uploaded("a.txt", []byte("hello"))
	eve.say("hi")
	eve.seenAll()
	eve.own().sends("image", up)
	eve.sees("error invalid n 2")
	for _, url := range []string{"https://evil.example/a.png", "/v1/files/f_00000000000000000000000000/a.png", up.URL + "x", "/etc/passwd"} {
		eve.n[eve.conv]--
		eve.own().sends("image", wire.Uploaded{URL: url})
		eve.sees("error invalid n 2")
	}
	vi.own().sends("image", text)
	vi.sees("error invalid n 1")
	vi.n[vi.conv]--
	n.pass(23*time.Hour + time.Minute)
	vi.own().sends("image", up)
	vi.sees("error invalid n 1")
	amy := n.agent("amy", core.RoleAgent, 1).online()
	amy.seenAll()
	amy.in(eve).sends("image", up)
	amy.sees("eve: error invalid n 1")
}

// A repeat is acknowledged although the file is gone: by then the message may
// have been taken back.
func TestRepeatOfAFileThatIsGone(t *testing.T) {
	n, _ := keeper(t)
	vi := n.visitor("vi")
	up := vi.uploaded("shoe.png", picture(t))
	vi.own().sends("image", up)
	sent := vi.sent
	vi.seenAll()
	tab := vi.tab("tab")
	tab.own().frame("recall", map[string]any{"seq": 2})
	n.after(time.Second)
	if has(t, n, up.URL) {
		t.Error("the file of a message that was taken back is there")
	}
	vi.seenAll()
	vi.serve(sent)
	vi.sees("ack 1 is #2, again")
	if len(n.log(vi.conv)) != 4 {
		t.Errorf("the log has %d events", len(n.log(vi.conv)))
	}
}

// A recall takes the file with it, also if the process ends before it is gone;
// one that is refused leaves it.
func TestRecallDeletes(t *testing.T) {
	n, files := keeper(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	vi := n.visitor("vi")
	kept, gone := vi.uploaded("kept.png", picture(t)), vi.uploaded("gone.png", picture(t))
	vi.own().sends("image", kept)
	vi.own().sends("file", gone)
	amy.in(vi).frame("recall", map[string]any{"seq": 2})
	n.after(time.Second)
	if !has(t, n, kept.URL) {
		t.Fatal("who did not send it took it back")
	}
	seq := n.load(vi.conv).Seq
	vi.own().frame("recall", map[string]any{"seq": seq})
	if !has(t, n, gone.URL) {
		t.Fatal("gone before the tick; this test wants to lose that")
	}
	other := n.world.node(func(o *desk.Options) { o.Files = files })
	other.after(5 * time.Minute)
	if has(t, other, gone.URL) || !has(t, other, kept.URL) {
		t.Error("another node does not find out what was taken back")
	}
	other.after(48 * time.Hour)
	if !has(t, other, kept.URL) {
		t.Error("what was sent and kept is gone")
	}
	if left, err := files.Doubts(t.Context(), n.clock(), 10); err != nil || len(left) > 0 {
		t.Errorf("doubts are left: %v, %v", left, err)
	}
}

// What nobody sends is gone within a day, and what somebody sent stays.
func TestOrphans(t *testing.T) {
	n, files := keeper(t)
	vi := n.visitor("vi")
	sent, unsent := vi.uploaded("sent.png", picture(t)), vi.uploaded("unsent.txt", []byte("hello"))
	n.pass(20 * time.Hour)
	vi.own().sends("image", sent)
	vi.says(5, "more")
	n.after(3 * time.Hour)
	if !has(t, n, unsent.URL) {
		t.Error("gone too early")
	}
	n.after(2 * time.Hour)
	if has(t, n, unsent.URL) || !has(t, n, sent.URL) {
		t.Error("what was not sent is there, or what was sent is not")
	}
	if left, err := files.Doubts(t.Context(), n.clock(), 10); err != nil || len(left) > 0 {
		t.Errorf("doubts are left: %v, %v", left, err)
	}
}

// Erasing a conversation erases what was sent in it.
func TestEraseFiles(t *testing.T) {
	n, _ := keeper(t)
	vi, other := n.visitor("vi"), n.visitor("other")
	mine, theirs := vi.uploaded("a.png", picture(t)), other.uploaded("a.png", picture(t))
	vi.own().sends("image", mine)
	other.own().sends("image", theirs)
	n.must(n.desk.EraseFiles(t.Context(), vi.conv))
	if has(t, n, mine.URL) || !has(t, n, theirs.URL) {
		t.Error("their files are there, or those of others are not")
	}
}

// Who may upload, and for which conversation.
func TestWhoUploads(t *testing.T) {
	n, _ := keeper(t)
	n.set(func(s *core.Settings) {
		s.Sites[0].Origins = []string{"https://shop.example"}
		s.Groups = append(s.Groups, core.Group{ID: "vip"})
		s.Sites = append(s.Sites, core.Site{ID: "quiet", Groups: []core.GroupID{"vip"}, Uploads: core.Uploads{Off: true}})
	})
	n.pass(6 * time.Second)
	holder, vi := n.agent("amy", core.RoleAgent, 1).online(), n.visitor("vi")
	vi.say("hello")
	quiet := n.connect("quiet").hello(map[string]any{"site": "quiet"})
	account := func(id string) core.Account {
		a, err := n.store.Account(t.Context(), core.AgentID(id))
		n.must(err)
		return a
	}
	n.hire("bob", core.RoleAgent, 1)
	n.hire("cat", core.RoleAgent, 1, "vip")
	n.hire("sue", core.RoleSupervisor, 1, "vip")
	_ = holder
	for name, c := range map[string]struct {
		u    desk.Upload
		want core.Code
	}{
		"a visitor":                 {desk.Upload{Token: vi.token, Page: "https://shop.example"}, ""},
		"no page at all":            {desk.Upload{Token: vi.token}, ""},
		"another page":              {desk.Upload{Token: vi.token, Page: "https://evil.example"}, core.Forbidden},
		"nobody":                    {desk.Upload{}, core.Unauthorized},
		"a token of somebody else":  {desk.Upload{Token: "eyJ.x.y"}, core.Unauthorized},
		"an agent's for a visitor":  {desk.Upload{Token: n.signed("amy")}, core.Unauthorized},
		"where nothing is taken":    {desk.Upload{Token: quiet.token}, core.Forbidden},
		"who holds the session":     {desk.Upload{Who: account("amy"), Conversation: vi.conv}, ""},
		"an agent of its group":     {desk.Upload{Who: account("bob"), Conversation: vi.conv}, ""},
		"an agent of another group": {desk.Upload{Who: account("cat"), Conversation: vi.conv}, core.Forbidden},
		"a supervisor":              {desk.Upload{Who: account("sue"), Conversation: vi.conv}, ""},
		"an agent for nobody":       {desk.Upload{Who: account("amy")}, core.Invalid},
		"an agent for a stranger":   {desk.Upload{Who: account("sue"), Conversation: "c_nobody"}, core.NotFound},
	} {
		c.u.Name, c.u.File = "a.txt", strings.NewReader("hello")
		if _, err := n.desk.Upload(t.Context(), c.u); errCode(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	n.must(n.desk.Block(t.Context(), account("sue"), core.Block{Visitor: n.load(vi.conv).Visitor}))
	n.pass(6 * time.Second)
	if _, err := vi.uploads("a.txt", []byte("hello")); core.CodeOf(err) != core.Forbidden {
		t.Errorf("who is blocked: %v", err)
	}
}

func errCode(err error) core.Code {
	if err == nil {
		return ""
	}
	return core.CodeOf(err)
}

// What is no file that is taken here is refused, and leaves nothing.
func TestRefusedFiles(t *testing.T) {
	n, files := keeper(t)
	n.set(func(s *core.Settings) { s.Sites[0].Uploads.Size = 10_000 })
	vi := n.visitor("vi")
	broken := errors.New("the phone is in a lift")
	for name, c := range map[string]struct {
		u    desk.Upload
		want core.Code
	}{
		"a page":                   {desk.Upload{File: strings.NewReader("<!DOCTYPE html><script>alert(1)</script>")}, core.Invalid},
		"a page that says image":   {desk.Upload{MIME: "image/png", File: strings.NewReader("<html>")}, core.Invalid},
		"an image that says text":  {desk.Upload{MIME: "text/plain", File: bytes.NewReader(picture(t))}, core.Invalid},
		"half an image":            {desk.Upload{File: bytes.NewReader(picture(t)[:40])}, core.Invalid},
		"nothing":                  {desk.Upload{File: strings.NewReader("")}, core.Invalid},
		"no file":                  {desk.Upload{}, core.Invalid},
		"too much text":            {desk.Upload{File: strings.NewReader(strings.Repeat("a long story ", 1000))}, core.TooLarge},
		"too much of an image":     {desk.Upload{File: io.MultiReader(bytes.NewReader(picture(t)), bytes.NewReader(make([]byte, 1<<20)))}, core.TooLarge},
		"what breaks off":          {desk.Upload{File: io.MultiReader(strings.NewReader("hello"), iotest.ErrReader(broken))}, core.Unavailable},
		"a text that breaks off":   {desk.Upload{File: io.MultiReader(strings.NewReader(strings.Repeat("x", 5000)), iotest.ErrReader(io.ErrUnexpectedEOF))}, core.Unavailable},
		"an image that breaks off": {desk.Upload{File: io.MultiReader(bytes.NewReader(picture(t)), iotest.ErrReader(io.ErrUnexpectedEOF))}, core.Unavailable},
	} {
		c.u.Token = vi.token
		if _, err := n.desk.Upload(t.Context(), c.u); errCode(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	n.pass(time.Minute)
	if _, err := vi.uploads("a.txt", []byte("and yet it goes on")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	n.after(25 * time.Hour)
	if left, err := files.Doubts(t.Context(), n.clock(), 100); err != nil || len(left) > 0 {
		t.Errorf("%d doubts are left, %v", len(left), err)
	}
}

// Without a place to keep files everything says so, and nothing offers it.
func TestNoUploads(t *testing.T) {
	n := newNode(t)
	vi := n.visitor("vi")
	if _, err := vi.uploads("a.txt", []byte("hello")); core.CodeOf(err) != core.Unsupported {
		t.Errorf("upload: %v", err)
	}
	vi.own().sends("image", wire.Uploaded{URL: "/v1/files/f_0/a.png"})
	vi.sees("error unsupported n 1")
	if got := object(vi.find("welcome")); strings.Contains(got, "uploads") {
		t.Errorf("the welcome offers uploads: %s", got)
	}
	if _, _, _, err := n.desk.File(t.Context(), "f_0", "a.png"); core.CodeOf(err) != core.NotFound {
		t.Errorf("file: %v", err)
	}
	n.must(n.desk.EraseFiles(t.Context(), vi.conv))
}

// cursed is a store with a file that can not be read.
type cursed struct {
	blob.Store
	key string
}

func (c cursed) Stat(ctx context.Context, key string) (blob.File, error) {
	if key == c.key {
		return blob.File{}, core.Errorf(core.Internal, "damaged")
	}
	return c.Store.Stat(ctx, key)
}

// One file that can not be read keeps no other from being swept.
func TestOrphansBesideADamagedFile(t *testing.T) {
	n, files := keeper(t)
	vi := n.visitor("vi")
	first, second := vi.uploaded("a.txt", []byte("hello")), vi.uploaded("b.txt", []byte("hello"))
	n.desk.Files = cursed{files, blob.KeyOf(first.URL)}
	n.pass(25 * time.Hour)
	if err := n.desk.Tick(t.Context()); core.CodeOf(err) != core.Internal {
		t.Errorf("tick: %v", err)
	}
	if has(t, n, second.URL) {
		t.Error("the other is still there")
	}
}

// unreachable is a store of files that does not answer.
type unreachable struct{ blob.Store }

func (unreachable) Stat(context.Context, string) (blob.File, error) {
	return blob.File{}, core.Errorf(core.Unavailable, "nobody knows")
}

func (unreachable) Doubt(context.Context, blob.Doubt) error {
	return core.Errorf(core.Unavailable, "nobody knows")
}

// While the files can not be reached, a message that names one has no definite
// answer, and nothing is taken back: its file would stay.
func TestFilesUnavailable(t *testing.T) {
	n, files := keeper(t)
	vi := n.visitor("vi")
	up := vi.uploaded("shoe.png", picture(t))
	n.desk.Files = unreachable{files}
	vi.own().sends("image", up)
	vi.sees("error unavailable n 1")
	n.desk.Files = files
	vi.n[vi.conv]--
	vi.own().sends("image", up)
	vi.seenAll()
	n.desk.Files = unreachable{files}
	vi.own().frame("recall", map[string]any{"seq": 2})
	vi.sees("error unavailable n 2")
	if body := n.log(vi.conv)[1].Body; body.Kind != core.KindImage {
		t.Errorf("taken back: %+v", body)
	}
}
