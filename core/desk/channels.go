package desk

import (
	"context"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kefu/core"
	"kefu/core/identity"
)

// Channel is a way to reach staff who do not look at the console: it is told of
// visitors who wait, or whose message nobody has read, for longer than After.
type Channel struct {
	ID      string         `json:"-"`
	Version uint64         `json:"-"`
	Name    string         `json:"name"`
	Kind    string         `json:"kind"`             // see channelKinds
	URL     string         `json:"url,omitempty"`    // of all but mail
	Secret  string         `json:"secret,omitempty"` // signs; of wecom there is none
	To      []string       `json:"to,omitempty"`     // of mail: addresses
	After   time.Duration  `json:"after"`
	Waiting bool           `json:"waiting"` // nobody has taken it
	Unread  bool           `json:"unread"`  // somebody has, and does not look
	Groups  []core.GroupID `json:"groups"`  // none: all
	Lang    string         `json:"lang"`    // zh or en
	Link    string         `json:"link"`    // the console's address, to go there
	Off     bool           `json:"off"`

	State ChannelState `json:"-"`
}

// ChannelState is how a channel fares.
type ChannelState struct {
	Sent time.Time `json:"sent,omitzero"`
	Last string    `json:"last,omitempty"` // why the last message did not arrive; empty: it did
}

// channelKinds are a webhook of one's own (JSON, signed as in Standard
// Webhooks), mail, and the robots of the groups of WeCom, DingTalk and Feishu.
func channelKinds() []string { return []string{"webhook", "mail", "wecom", "dingtalk", "feishu"} }

const (
	kindChannel      = "channel"
	kindChannelState = "channel-state"

	maxChannels = 20
	maxTo       = 20
)

// Channels returns all. Secrets, and keys in addresses, are masked. Only admins
// may, as with all that concerns channels.
func (d *Desk) Channels(ctx context.Context, who core.Account) ([]Channel, error) {
	if err := allowed("list-channels", who); err != nil {
		return nil, err
	}
	list, err := d.loadChannels(ctx)
	for i := range list {
		if _, err := d.readDoc(ctx, kindChannelState, list[i].ID, &list[i].State); err != nil && core.CodeOf(err) != core.NotFound {
			return nil, err
		}
		list[i] = shownChannel(list[i])
	}
	return list, err
}

// shownChannel is one as it may leave the server. The whole address of a robot
// is a key.
func shownChannel(c Channel) Channel {
	if c.Secret != "" {
		c.Secret = maskOf(c.Secret)
	}
	if c.URL != "" && c.Kind != "webhook" {
		c.URL = maskOf(c.URL)
	}
	return c
}

func (d *Desk) loadChannels(ctx context.Context) (list []Channel, err error) {
	err = d.eachDoc(ctx, kindChannel, "", maxChannels, func(doc core.Document) (bool, error) {
		c, err := channelOf(doc)
		list = append(list, c)
		return true, err
	})
	return list, err
}

func channelOf(doc core.Document) (Channel, error) {
	var c Channel
	err := decodeDoc(doc, &c)
	c.ID, c.Version = doc.ID, doc.Version
	return c, err
}

// PutChannel makes a channel, or with an ID changes it: all of it, but a mask
// in the place of a secret or an address keeps that. It is Conflict unless the
// channel has the given version.
func (d *Desk) PutChannel(ctx context.Context, who core.Account, c Channel) (Channel, error) {
	operation, was := "create-channel", Channel{}
	if c.ID != "" {
		operation = "change-channel"
	}
	if err := allowed(operation, who); err != nil {
		return Channel{}, err
	}
	if c.ID != "" {
		doc, err := d.Store.Document(ctx, kindChannel, c.ID)
		if err != nil {
			return Channel{}, err
		}
		if was, err = channelOf(doc); err != nil {
			return Channel{}, err
		}
	}
	if isMask(c.URL) && c.URL == shownChannel(was).URL {
		c.URL = was.URL
	}
	if isMask(c.Secret) && c.Secret == shownChannel(was).Secret {
		c.Secret = was.Secret
	}
	if err := d.checkChannel(ctx, &c); err != nil {
		return Channel{}, err
	}
	if c.ID == "" {
		var err error
		if c.ID, err = identity.NewID(d.Random, "n"); err != nil {
			return Channel{}, err
		}
		c.Version = 0
	}
	if err := d.putDoc(ctx, kindChannel, c.ID, c.Version, c); err != nil {
		return Channel{}, err
	}
	c.Version++
	d.audit(ctx, who, operation, c.ID, []Difference{{Path: "name", Before: was.Name, After: c.Name}, {Path: "kind", Before: was.Kind, After: c.Kind}, {Path: "after", Before: was.After.String(), After: c.After.String()}})
	return shownChannel(c), nil
}

func (d *Desk) checkChannel(ctx context.Context, c *Channel) error {
	c.Name = strings.TrimSpace(c.Name)
	settings, err := d.settings.get(ctx, d.Now())
	rules := core.Rules{Groups: settings.Groups}
	switch {
	case err != nil:
		return err
	case c.Name == "" || utf8.RuneCountInString(c.Name) > maxTitle:
		return core.Errorf(core.Invalid, "name: 1 to %d characters are expected", maxTitle)
	case !slices.Contains(channelKinds(), c.Kind):
		return core.Errorf(core.Invalid, "kind: %s is expected", strings.Join(channelKinds(), ", "))
	case c.After < time.Second || c.After > 24*time.Hour:
		return core.Errorf(core.Invalid, "after: 1 to 86400 seconds are expected")
	case !c.Waiting && !c.Unread:
		return core.Errorf(core.Invalid, "waiting: at least one of waiting and unread is expected")
	case c.Lang != "zh" && c.Lang != "en":
		return core.Errorf(core.Invalid, "lang: zh or en is expected")
	case len(c.Secret) > 200:
		return core.Errorf(core.Invalid, "secret: at most 200 bytes")
	case c.Link != "" && (!strings.HasPrefix(c.Link, "https://") && !strings.HasPrefix(c.Link, "http://") || len(c.Link) > maxAddress || strings.ContainsAny(c.Link, " \t\r\n")):
		return core.Errorf(core.Invalid, "link: an address such as https://desk.example/console/ is expected")
	}
	if err := d.checkWay(c); err != nil {
		return err
	}
	for _, g := range c.Groups {
		if !rules.HasGroup(g) {
			return core.Errorf(core.Invalid, "groups: there is no group %q", g)
		}
	}
	list, err := d.loadChannels(ctx)
	if err == nil && c.ID == "" && len(list) >= maxChannels {
		err = core.Errorf(core.Full, "there are %d channels already, as many as there can be", maxChannels)
	}
	return err
}

// checkWay looks at where a channel leads to, and whether this host goes there.
func (d *Desk) checkWay(c *Channel) error {
	if c.Kind != "mail" {
		if d.Outgoing == nil {
			return core.Errorf(core.Unsupported, "kind: this host sends nothing out")
		}
		c.To = nil
		return checkAddress(c.URL)
	}
	if d.Mail == nil {
		return core.Errorf(core.Unsupported, "kind: this host sends no mail; its operator configures smtp.url")
	}
	c.URL, c.Secret = "", ""
	if len(c.To) == 0 || len(c.To) > maxTo {
		return core.Errorf(core.Invalid, "to: 1 to %d addresses are expected", maxTo)
	}
	for _, to := range c.To {
		a, err := mail.ParseAddress(to)
		if err != nil || a.Address != to {
			return core.Errorf(core.Invalid, "to: an address such as amy@shop.example is expected, not %.60q", to)
		}
	}
	return nil
}

// DeleteChannel removes one.
func (d *Desk) DeleteChannel(ctx context.Context, who core.Account, id string) error {
	if err := allowed("delete-channel", who); err != nil {
		return err
	}
	if err := d.Store.DeleteDocument(ctx, kindChannel, id); err != nil {
		return err
	}
	if err := d.Store.DeleteDocument(ctx, kindChannelState, id); err != nil && core.CodeOf(err) != core.NotFound {
		d.Log.WarnContext(ctx, "the state of a channel remains", "channel", id, "error", err)
	}
	d.audit(ctx, who, "delete-channel", id, nil)
	return nil
}

// TestChannel sends a word of greeting over one, and says what came of it:
// Conflict with the reason, if it did not arrive.
func (d *Desk) TestChannel(ctx context.Context, who core.Account, id string) error {
	if err := allowed("test-channel", who); err != nil {
		return err
	}
	if err := d.pacedRequest(who, d.limits(ctx)); err != nil {
		return err
	}
	doc, err := d.Store.Document(ctx, kindChannel, id)
	if err != nil {
		return err
	}
	c, err := channelOf(doc)
	if err != nil {
		return err
	}
	if err := d.send(ctx, c, notice{test: true}); err != nil {
		return core.Errorf(core.Conflict, "it did not arrive: %s", clipped(err.Error(), 200))
	}
	return nil
}
