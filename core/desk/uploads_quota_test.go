package desk_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/blob"
	"kefu/core/blob/blobtest"
	"kefu/core/desk"
	"kefu/core/wire"
)

// What a visitor may upload in a day they may upload on all nodes together, and
// again on the next day; others are not slowed down by it.
func TestUploadsADay(t *testing.T) {
	n, files := keeper(t)
	n.set(func(s *core.Settings) { s.Sites[0].Uploads = core.Uploads{Count: 5, Total: 1000} })
	other := n.world.node(func(o *desk.Options) { o.Files = files })
	vi, hua := n.visitor("vi"), n.visitor("hua")
	uploads := func(at *node) error {
		_, err := at.desk.Upload(t.Context(), desk.Upload{Token: vi.token, Name: "a.txt", File: strings.NewReader("hello")})
		return err
	}
	for i, at := range []*node{n, other, n, other, n} {
		if err := uploads(at); err != nil {
			t.Fatalf("file %d: %v", i, err)
		}
	}
	for _, at := range []*node{n, other} {
		err := uploads(at)
		if core.CodeOf(err) != core.RateLimited || retryOf(err) != 15*time.Hour {
			t.Errorf("the sixth: %v, come again in %s", err, retryOf(err))
		}
	}
	hua.uploaded("a.txt", []byte("hello"))
	hua.uploaded("a.txt", []byte(strings.Repeat("x", 990)))
	if _, err := hua.uploads("a.txt", []byte("too long")); core.CodeOf(err) != core.RateLimited {
		t.Errorf("1003 bytes of 1000: %v", err)
	}
	hua.uploaded("a.txt", []byte("last."))
	n.pass(15 * time.Hour)
	vi.uploaded("a.txt", []byte("hello"))
}

func retryOf(err error) time.Duration {
	var e *core.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Retry
}

// Many at once are counted one by one; those over the number leave no file.
func TestUploadsAtOnce(t *testing.T) {
	n, files := keeper(t)
	n.set(func(s *core.Settings) { s.Sites[0].Uploads.Count = 4 })
	vi := n.visitor("vi")
	nodes := []*node{n}
	for range 3 {
		nodes = append(nodes, n.world.node(func(o *desk.Options) { o.Files = files }))
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var urls []string
	for i := range 12 {
		all.Go(func() {
			up, err := nodes[i%4].desk.Upload(t.Context(), desk.Upload{Token: vi.token, Name: "a.txt", File: strings.NewReader("hello")})
			mu.Lock()
			defer mu.Unlock()
			switch core.CodeOf(err) {
			case core.RateLimited:
			default:
				if err != nil {
					t.Error(err)
				}
				urls = append(urls, up.URL)
			}
		})
	}
	all.Wait()
	if len(urls) != 4 {
		t.Errorf("%d files of 4 were taken", len(urls))
	}
	for _, x := range nodes {
		x.after(time.Second)
	}
	if left, err := files.Doubts(t.Context(), n.clock().Add(48*time.Hour), 100); err != nil || len(left) != 4 {
		t.Errorf("%d files are there, %v", len(left), err)
	}
}

// Nobody has more than three files on their way at a time.
func TestUploadsOnTheirWay(t *testing.T) {
	n, _ := keeper(t)
	vi := n.visitor("vi")
	begun, release := make(chan struct{}, 3), make(chan struct{})
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if _, err := n.desk.Upload(t.Context(), desk.Upload{Token: vi.token, Name: "a.txt", File: &slowly{begun: begun, release: release}}); err != nil {
				t.Error(err)
			}
		})
	}
	for range 3 {
		<-begun
	}
	if _, err := vi.uploads("a.txt", []byte("hello")); core.CodeOf(err) != core.RateLimited {
		t.Errorf("the fourth: %v", err)
	}
	close(release)
	all.Wait()
	vi.uploaded("a.txt", []byte("hello"))
}

// slowly says hello once it is let.
type slowly struct {
	begun   chan<- struct{}
	release <-chan struct{}
	done    bool
}

func (s *slowly) Read(p []byte) (int, error) {
	if s.done {
		return 0, io.EOF
	}
	s.done = true
	s.begun <- struct{}{}
	<-s.release
	return copy(p, "hello"), nil
}

// Uploads are frames like others: too many are too fast.
func TestUploadsTooFast(t *testing.T) {
	n, _ := keeper(t)
	n.set(func(s *core.Settings) { s.Limits.Burst = 64; s.Sites[0].Uploads.Count = 1000 })
	vi := n.visitor("vi")
	for i := range 100 {
		if _, err := vi.uploads("a.txt", []byte("hello")); err != nil {
			if core.CodeOf(err) != core.RateLimited || retryOf(err) > time.Second || i < 50 {
				t.Errorf("upload %d: %v", i, err)
			}
			return
		}
	}
	t.Error("a hundred at once were taken")
}

// bucket is a store that clients bring files to.
type bucket struct {
	blobtest.Memory
	want  blob.File
	until time.Time
}

func (b *bucket) Post(_ context.Context, f blob.File, until time.Time) (string, map[string]string, error) {
	b.want, b.until = f, until
	return "https://bucket.example/", map[string]string{"key": f.Key}, nil
}

func (b *bucket) Link(_ context.Context, f blob.File) (string, error) {
	return "https://bucket.example/" + f.Key, nil
}

// brings stores what was announced, as a browser does.
func (b *bucket) brings(t *testing.T, content []byte) {
	t.Helper()
	if _, err := b.Put(t.Context(), b.want, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
}

// Where files go past the desk it says where to, and looks at them when they are
// sent.
func TestPostedUploads(t *testing.T) {
	b := &bucket{}
	n := newWorld(t).node(func(o *desk.Options) { o.Files, o.Poster = b, b })
	vi := n.visitor("vi")
	announce := func(name, kind string, size int64) (wire.Uploaded, error) {
		return n.desk.Upload(t.Context(), desk.Upload{Token: vi.token, Name: name, MIME: kind, Size: size})
	}
	for kind, size := range map[string]int64{"image/png": 0, "image/svg+xml": 9, "": 9} {
		if _, err := announce("a", kind, size); core.CodeOf(err) != core.Invalid {
			t.Errorf("%d bytes of %q: %v", size, kind, err)
		}
	}
	if _, err := announce("a", "image/png", 10<<20+1); core.CodeOf(err) != core.TooLarge {
		t.Errorf("too large: %v", err)
	}
	up, err := announce("shoe.png", "image/png", int64(len(picture(t))))
	n.must(err)
	if up.Post == nil || up.Post.Fields["key"] == "" || !b.until.Equal(n.clock().Add(10*time.Minute)) {
		t.Fatalf("%+v, until %s", up, b.until)
	}
	vi.own().sends("image", up)
	vi.sees("error invalid n 1") // not there yet
	b.brings(t, picture(t))
	vi.n[vi.conv]--
	vi.own().sends("image", up)
	if f := n.log(vi.conv)[1].Body.File; f.Width != 40 || f.Height != 30 {
		t.Errorf("the log has %+v", f)
	}
	if _, content, link, err := n.desk.File(t.Context(), b.want.Key, "shoe.png"); err != nil || content != nil || link != "https://bucket.example/"+b.want.Key {
		t.Errorf("%q, %v", link, err)
	}

	up, err = announce("shoe.png", "image/png", 6)
	n.must(err)
	b.brings(t, []byte("<html>"))
	vi.seenAll()
	vi.own().sends("image", up)
	vi.sees("error invalid n 2")
	n.after(time.Second)
	if _, err := b.Stat(t.Context(), b.want.Key); core.CodeOf(err) != core.NotFound {
		t.Errorf("what lied is still there: %v", err)
	}
}
