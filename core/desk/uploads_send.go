package desk

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"kefu/core"
	"kefu/core/blob"
	"kefu/core/wire"
)

// attach fills in what is stored under the URL of a message, or why that can
// not be sent. An error is one that asks to come again: whether the message is a
// repeat only the conversation knows.
func (d *Desk) attach(ctx context.Context, said *core.Said, id core.ConversationID) error {
	if d.Files == nil {
		said.Lost = errNoUploads()
		return nil
	}
	f, err := d.fileFor(ctx, said.Body.File.URL)
	switch {
	case core.CodeOf(err) == core.NotFound:
		said.Lost = core.Errorf(core.Invalid, "body.url: there is no such file here")
		return nil
	case err != nil:
		return err
	case f.Conversation != id || f.By != said.By.Party || f.URL() != said.Body.File.URL:
		said.Lost = core.Errorf(core.Invalid, "body.url: there is no such file here") // to others it is none
		return nil
	case d.Now().Sub(f.At) > sendWithin:
		said.Lost = core.Errorf(core.Invalid, "body.url: this file was uploaded too long ago; upload it again")
		return nil
	case said.Body.Kind == core.KindImage && !blob.IsImage(f.MIME):
		said.Lost = core.Errorf(core.Invalid, "body.kind: this file is no image")
		return nil
	}
	if d.Poster != nil {
		if err := d.inspect(ctx, &f); err != nil {
			if core.CodeOf(err) != core.Invalid {
				return err
			}
			said.Lost = err
		}
	}
	a := f.Attachment()
	said.File = &a
	return nil
}

func (d *Desk) fileFor(ctx context.Context, url string) (blob.File, error) {
	key := blob.KeyOf(url)
	if key == "" {
		return blob.File{}, core.Errorf(core.NotFound, "there is no such file")
	}
	return d.Files.Stat(ctx, key)
}

// lookInto is how much is read of a file that came by another way, to see what
// it is and how large a picture.
const lookInto = 64 << 10

// bareMost is the size of images that are read whole, so that they say no more
// than their pixels; larger ones are refused: a process has 256 MB.
const bareMost = 32 << 20

// inspect looks whether a file that its sender brought to the store is what they
// said, and leaves of an image its pixels. One that is not goes at once.
func (d *Desk) inspect(ctx context.Context, f *blob.File) error {
	most := int64(lookInto)
	if blob.IsImage(f.MIME) {
		if most = f.Size; most > bareMost {
			return core.Errorf(core.Invalid, "body.url: an image of more than %d MiB can not be sent", bareMost>>20)
		}
	}
	head, err := d.contentOf(ctx, f.Key, most)
	if err != nil {
		return err
	}
	if _, err := d.Media.Accept(head[:min(len(head), blob.Head)], f.MIME, []string{f.MIME}); err != nil {
		d.uploads.doom(blob.Doubt{Key: f.Key, At: f.At.Add(unsentFor)})
		return err
	}
	f.Width, f.Height = d.Media.Pixels(head, f.MIME)
	if blob.IsImage(f.MIME) && d.Media.Bare(head, f.MIME) {
		_, err = d.Files.Put(ctx, *f, bytes.NewReader(head))
	}
	return err
}

// contentOf returns a file, or so much of it.
func (d *Desk) contentOf(ctx context.Context, key string, most int64) ([]byte, error) {
	f, content, err := d.Files.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	data := make([]byte, min(f.Size, most))
	_, err = io.ReadFull(content, data)
	if err = errors.Join(err, content.Close()); err != nil {
		return nil, &core.Error{Code: core.Unavailable, Message: "the file can not be read", Retry: time.Second, Cause: err}
	}
	return data, nil
}

// recalling notes, before a message is taken back, that its file has to go with
// it, and returns how to have it go at once when that is done. So the file goes
// also if this process ends in between.
func (d *Desk) recalling(ctx context.Context, who core.Actor, f *wire.Frame) (gone func(core.Change), err error) {
	gone = func(core.Change) {}
	if f.Type != wire.Recall || d.Files == nil {
		return gone, nil
	}
	events, err := d.Store.After(ctx, core.ConversationID(f.Conversation), f.Seq-1, 1)
	if err != nil || len(events) == 0 {
		return gone, err
	}
	e := events[0]
	key := blob.KeyOf(e.Body.File.URL)
	if e.Seq != f.Seq || e.By != who.Party || key == "" {
		return gone, nil
	}
	doubt := blob.Doubt{Key: key, At: d.Now().Add(recallTakes)}
	if err := d.Files.Doubt(ctx, doubt); err != nil {
		return gone, err
	}
	return func(c core.Change) {
		if len(c.Erase) > 0 {
			d.uploads.doom(doubt)
		}
	}, nil
}

// recallTakes is how long it may take until a recall is decided; only then the
// log tells whether the file goes.
const recallTakes = 2 * time.Minute
