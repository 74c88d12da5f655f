package desk

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"kefu/core"
	"kefu/core/blob"
	"kefu/core/identity"
	"kefu/core/wire"
)

// Upload is a file that somebody wants to send.
type Upload struct {
	Token string // of a visitor
	Page  string // the HTTP Origin of their page, or empty

	Who          core.Account        // an agent, in the place of Token …
	Conversation core.ConversationID // … and where they want to send it

	Name string // as its sender calls it
	MIME string // as its sender says; empty: nothing
	Size int64  // bytes, as its sender says; needed if File is nil
	File io.Reader
}

// Upload stores a file, or says where it goes if that is not here. It is not
// sent by that: a send names it, within a day. Unauthorized and Forbidden are about who
// uploads, Invalid about what the file is, TooLarge about its size, RateLimited
// about how much somebody uploads at once or in a day. Unsupported: this host
// takes no files.
//
// Who uploads is judged before the first byte of File is read.
func (d *Desk) Upload(ctx context.Context, u Upload) (wire.Uploaded, error) {
	if d.Files == nil {
		return wire.Uploaded{}, errNoUploads()
	}
	f, most, err := d.uploader(ctx, u)
	if err != nil {
		return wire.Uploaded{}, err
	}
	if err := d.pacedUpload(ctx, f.By, most); err != nil {
		return wire.Uploaded{}, err
	}
	done, err := d.uploads.begin(f.By)
	if err != nil {
		return wire.Uploaded{}, err
	}
	defer done()
	if f.Key, err = identity.NewID(d.Random, "f"); err != nil {
		return wire.Uploaded{}, err
	}
	f.At = d.Now().UTC().Truncate(time.Millisecond)
	if d.Poster != nil {
		return d.posted(ctx, f, u, most)
	}
	if u.File == nil {
		return wire.Uploaded{}, core.Errorf(core.Invalid, "file: is missing")
	}
	if f, err = d.take(ctx, f, u, most); err != nil {
		return wire.Uploaded{}, err
	}
	return uploaded(f), nil
}

func uploaded(f blob.File) wire.Uploaded {
	return wire.Uploaded{URL: f.URL(), Name: f.Name, Size: f.Size, MIME: f.MIME, Width: f.Width, Height: f.Height}
}

func errNoUploads() error { return core.Errorf(core.Unsupported, "this host takes no uploads") }

// uploader says whose file it is, for which conversation, and what may be sent
// there. A visitor may not have said anything yet.
func (d *Desk) uploader(ctx context.Context, u Upload) (blob.File, core.Uploads, error) {
	if u.Token == "" {
		return d.agentUploads(ctx, u)
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return blob.File{}, core.Uploads{}, err
	}
	v, err := d.keys.Visitor(u.Token, d.Now())
	if err != nil {
		return blob.File{}, core.Uploads{}, err
	}
	site, ok := settings.Site(core.SiteID(v.Site))
	id := core.VisitorID(v.ID)
	switch {
	case !ok:
		err = core.Errorf(core.NotFound, "there is no site %q", v.Site)
	case !site.Admits(u.Page):
		err = core.Errorf(core.Forbidden, "this page may not use the site %q", site.ID)
	case site.Users.Required && !lent(v, d.Now()):
		err = core.Errorf(core.Unauthorized, "the site %q serves only its own users", site.ID)
	case site.Uploads.Off:
		err = core.Errorf(core.Forbidden, "visitors send no files here")
	default:
		err = d.blocked(ctx, id)
	}
	f := blob.File{By: core.Party{Kind: core.Visitor, ID: v.ID}, Conversation: core.ConversationOf(site.ID, id)}
	return f, site.Uploads.InForce(), err
}

// agentTimesFiles is how many times as much as a visitor an agent may upload in
// a day.
const agentTimesFiles = 10

// agentUploads: who holds the session, its group, and those who lead.
func (d *Desk) agentUploads(ctx context.Context, u Upload) (blob.File, core.Uploads, error) {
	if u.Who.ID == "" {
		return blob.File{}, core.Uploads{}, core.Errorf(core.Unauthorized, "token: is missing")
	}
	if err := allowed("create-upload", u.Who); err != nil {
		return blob.File{}, core.Uploads{}, err
	}
	if u.Conversation == "" {
		return blob.File{}, core.Uploads{}, core.Errorf(core.Invalid, "conversation: is missing")
	}
	c, err := d.visible(ctx, u.Who, u.Conversation)
	if err != nil {
		return blob.File{}, core.Uploads{}, err
	}
	s := c.Session
	if !u.Who.Role.Leads() && s.Agent != u.Who.ID && !slices.Contains(u.Who.Groups, s.Group) {
		return blob.File{}, core.Uploads{}, core.Errorf(core.Forbidden, "you no longer hold this session")
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return blob.File{}, core.Uploads{}, err
	}
	site, _ := settings.Site(c.Site)
	most := site.Uploads.InForce()
	most.Count, most.Total = most.Count*agentTimesFiles, most.Total*agentTimesFiles
	return blob.File{By: core.AgentParty(u.Who.ID), Conversation: c.ID}, most, nil
}

// take reads a file, and stores it or what is made of it. Images are read whole
// first, all others go through.
func (d *Desk) take(ctx context.Context, f blob.File, u Upload, most core.Uploads) (blob.File, error) {
	head := make([]byte, blob.Head)
	n, err := io.ReadFull(u.File, head)
	switch {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return f, notWhole(err)
	case n == 0:
		return f, core.Errorf(core.Invalid, "this file is empty")
	}
	head = head[:n]
	if f.MIME, err = d.Media.Accept(head, u.MIME, most.Types); err != nil {
		return f, err
	}
	content := io.Reader(&limited{r: io.MultiReader(bytes.NewReader(head), u.File), most: most.Size})
	if blob.IsImage(f.MIME) {
		data, free, err := d.uploads.read(content)
		defer free()
		if err != nil {
			return f, err
		}
		made, err := d.Media.Make(ctx, data, f.MIME)
		if err != nil {
			return f, err
		}
		f.MIME, f.Width, f.Height, f.Clean = made.MIME, made.Width, made.Height, true
		content = bytes.NewReader(made.Data)
	}
	f.Name = d.Media.Name(u.Name, f.MIME)
	return d.store(ctx, f, content, most)
}

// store puts a file into the store. That it may be sent by nobody is noted
// before it is there, and that it counts once its size is known.
func (d *Desk) store(ctx context.Context, f blob.File, content io.Reader, most core.Uploads) (blob.File, error) {
	doubt := blob.Doubt{Key: f.Key, At: f.At.Add(unsentFor)}
	if err := d.Files.Doubt(ctx, doubt); err != nil {
		return f, err
	}
	f, err := d.Files.Put(ctx, f, content)
	if err == nil {
		err = d.countFile(ctx, f.By, most, f.Size, f.Key)
	}
	if err != nil {
		d.uploads.doom(doubt)
	}
	return f, err
}

// posted says where a file goes that can not go through here. What it is, its
// first bytes will tell when it is sent; see attach.
func (d *Desk) posted(ctx context.Context, f blob.File, u Upload, most core.Uploads) (wire.Uploaded, error) {
	switch {
	case u.Size <= 0:
		return wire.Uploaded{}, core.Errorf(core.Invalid, "size: how many bytes the file has is expected")
	case u.Size > most.Size:
		return wire.Uploaded{}, errFileTooLarge(most.Size)
	case !slices.Contains(most.Types, u.MIME):
		return wire.Uploaded{}, core.Errorf(core.Invalid, "mime: files of type %.100q are not taken here", u.MIME)
	}
	f.MIME, f.Size, f.Name = u.MIME, u.Size, d.Media.Name(u.Name, u.MIME)
	if err := d.countFile(ctx, f.By, most, f.Size, f.Key); err != nil {
		return wire.Uploaded{}, err
	}
	if err := d.Files.Doubt(ctx, blob.Doubt{Key: f.Key, At: f.At.Add(unsentFor)}); err != nil {
		return wire.Uploaded{}, err
	}
	url, fields, err := d.Poster.Post(ctx, f, f.At.Add(postWithin))
	if err != nil {
		return wire.Uploaded{}, err
	}
	out := uploaded(f)
	out.Post = &wire.Post{URL: url, Fields: fields}
	return out, nil
}

const (
	postWithin = 10 * time.Minute
	sendWithin = 23 * time.Hour // an upload is sent within a day …
	unsentFor  = 24 * time.Hour // … and goes after one; clocks and commits may take an hour
)

// File returns a stored file and its content, or for one that is fetched from
// elsewhere a link to it and nil. Who has the URL may have the file. NotFound:
// it is gone, or never was.
func (d *Desk) File(ctx context.Context, key, name string) (f blob.File, content io.ReadCloser, link string, err error) {
	none := core.Errorf(core.NotFound, "there is no such file")
	if d.Files == nil || !blob.IsKey(key) {
		return f, nil, "", none
	}
	if d.Poster != nil {
		f, err = d.Files.Stat(ctx, key)
	} else {
		f, content, err = d.Files.Open(ctx, key)
	}
	switch {
	case err != nil:
		return f, nil, "", err
	case f.Name != name:
		if content != nil {
			_ = content.Close() // nothing was read, so nothing can be lost
		}
		return f, nil, "", none
	case d.Poster != nil:
		link, err = d.Poster.Link(ctx, f)
	}
	return f, content, link, err
}

func errFileTooLarge(most int64) error {
	return core.Errorf(core.TooLarge, "a file may have %d bytes", most)
}

// limited reads at most so many bytes, and says so if there are more.
type limited struct {
	r    io.Reader
	most int64
	n    int64
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.n += int64(n); l.n > l.most {
		return 0, errFileTooLarge(l.most)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = notWhole(err)
	}
	return n, err
}

// notWhole is for a client that went away.
func notWhole(err error) error {
	if core.CodeOf(err) != core.Internal {
		return err
	}
	return &core.Error{Code: core.Unavailable, Message: "the file did not arrive whole", Retry: time.Second, Cause: err}
}
