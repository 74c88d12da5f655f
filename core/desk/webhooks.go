package desk

import (
	"context"
	"encoding/base64"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"kefu/core"
	"kefu/core/identity"
)

// Webhook is an address that is told what happens in conversations: every
// event once at least, those of one conversation in their order. See
// deliverHooks for how, and README for what a receiver has to check.
type Webhook struct {
	ID       string        `json:"-"`
	Version  uint64        `json:"-"`
	URL      string        `json:"url"`
	Secret   string        `json:"secret"`   // whsec_ and base64, as in Standard Webhooks
	Kinds    []core.Kind   `json:"kinds"`    // of events; none: all
	Sites    []core.SiteID `json:"sites"`    // none: all
	Internal bool          `json:"internal"` // notes among agents too
	By       core.AgentID  `json:"by"`
	At       time.Time     `json:"at"` // events before that are not sent

	State HookState `json:"-"`
}

// HookState is how a webhook fares.
type HookState struct {
	Sent     time.Time `json:"sent,omitzero"`   // when one was last taken
	Since    time.Time `json:"since,omitzero"`  // when they began to fail; zero: they do not
	Fails    int       `json:"fails,omitempty"` // in a row
	Next     time.Time `json:"next,omitzero"`   // not before then
	Last     string    `json:"last,omitempty"`  // why the last one failed
	Disabled bool      `json:"disabled,omitempty"`
}

const (
	kindHook      = "webhook"
	kindHookState = "webhook-state"
	kindCursor    = "webhook-cursor" // ID: webhook and conversation
	kindMark      = "webhook-mark"   // ID: hour and conversation

	maxHooks    = 20
	maxAddress  = 2000 // bytes of a URL
	hookSecret  = 32   // bytes
	hookGivesUp = 3 * 24 * time.Hour
)

// Webhooks returns all. Secrets are masked. Only admins may, as with all that
// concerns webhooks.
func (d *Desk) Webhooks(ctx context.Context, who core.Account) ([]Webhook, error) {
	if err := allowed("list-webhooks", who); err != nil {
		return nil, err
	}
	list, err := d.loadHooks(ctx)
	for i := range list {
		list[i].Secret = maskOf(list[i].Secret)
		if _, err := d.readDoc(ctx, kindHookState, list[i].ID, &list[i].State); err != nil && core.CodeOf(err) != core.NotFound {
			return nil, err
		}
	}
	return list, err
}

func (d *Desk) loadHooks(ctx context.Context) (list []Webhook, err error) {
	err = d.eachDoc(ctx, kindHook, "", maxHooks, func(doc core.Document) (bool, error) {
		h := Webhook{ID: doc.ID, Version: doc.Version}
		err := decodeDoc(doc, &h)
		list = append(list, h)
		return true, err
	})
	return list, err
}

// knowHooks is loadHooks for the copy. Whoever has made the first webhook looks
// whether it works at once, and what was not marked is told of by nothing; for
// a second one everything is marked already.
func (d *Desk) knowHooks(ctx context.Context) ([]Webhook, error) {
	list, err := d.loadHooks(ctx)
	if d.hooks.keep = hooksFor; len(list) == 0 {
		d.hooks.keep = cacheFor
	}
	return list, err
}

// CreateWebhook makes one. Its secret is in the answer, and never again.
func (d *Desk) CreateWebhook(ctx context.Context, who core.Account, h Webhook) (Webhook, error) {
	if err := allowed("create-webhook", who); err != nil {
		return Webhook{}, err
	}
	if d.Outgoing == nil {
		return Webhook{}, core.Errorf(core.Unsupported, "this host sends no webhooks")
	}
	if err := d.checkHook(ctx, h); err != nil {
		return Webhook{}, err
	}
	raw := make([]byte, hookSecret)
	if _, err := io.ReadFull(d.Random, raw); err != nil {
		return Webhook{}, &core.Error{Code: core.Internal, Message: "the source of randomness failed", Cause: err}
	}
	id, err := identity.NewID(d.Random, "w")
	if err != nil {
		return Webhook{}, err
	}
	h.ID, h.Version, h.By, h.At, h.State = id, 1, who.ID, d.Now().UTC().Truncate(time.Millisecond), HookState{}
	h.Secret = "whsec_" + base64.StdEncoding.EncodeToString(raw)
	if err := d.putDoc(ctx, kindHook, id, 0, h); err != nil {
		return Webhook{}, err
	}
	d.hooks.forget()
	d.audit(ctx, who, "create-webhook", id, []Difference{{Path: "url", After: shownURL(h.URL)}})
	return h, nil
}

func (d *Desk) checkHook(ctx context.Context, h Webhook) error {
	if err := checkAddress(h.URL); err != nil {
		return err
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return err
	}
	for _, id := range h.Sites {
		if _, ok := settings.Site(id); !ok {
			return core.Errorf(core.Invalid, "sites: there is no site %q", id)
		}
	}
	list, err := d.loadHooks(ctx)
	if err == nil && len(list) >= maxHooks {
		err = core.Errorf(core.Full, "there are %d webhooks already, as many as there can be", maxHooks)
	}
	return err
}

func checkAddress(s string) error {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || len(s) > maxAddress || strings.ContainsAny(s, " \t\r\n") {
		return core.Errorf(core.Invalid, "url: an address such as https://shop.example/hooks is expected")
	}
	return nil
}

// shownURL is an address without what may be a key in it.
func shownURL(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return u.String()
}

// DeleteWebhook ends one.
func (d *Desk) DeleteWebhook(ctx context.Context, who core.Account, id string) error {
	if err := allowed("delete-webhook", who); err != nil {
		return err
	}
	if err := d.Store.DeleteDocument(ctx, kindHook, id); err != nil {
		return err
	}
	d.hooks.forget()
	if err := d.Store.DeleteDocument(ctx, kindHookState, id); err != nil && core.CodeOf(err) != core.NotFound {
		d.Log.WarnContext(ctx, "the state of a webhook remains", "webhook", id, "error", err)
	}
	d.audit(ctx, who, "delete-webhook", id, nil)
	return nil
}

// ResumeWebhook tries one again at once that fails, or was disabled for that.
// What happened while it was disabled is not sent.
func (d *Desk) ResumeWebhook(ctx context.Context, who core.Account, id string) error {
	if err := allowed("resume-webhook", who); err != nil {
		return err
	}
	if _, err := d.Store.Document(ctx, kindHook, id); err != nil {
		return err
	}
	err := d.changeHook(ctx, id, func(s *HookState) { *s = HookState{Sent: s.Sent} })
	if err == nil {
		d.audit(ctx, who, "resume-webhook", id, nil)
	}
	return err
}

// changeHook changes the state of one, whoever else does.
func (d *Desk) changeHook(ctx context.Context, id string, change func(*HookState)) error {
	for range attempts {
		var s HookState
		doc, err := d.readDoc(ctx, kindHookState, id, &s)
		if err != nil && core.CodeOf(err) != core.NotFound {
			return err
		}
		change(&s)
		if err = d.putDoc(ctx, kindHookState, id, doc.Version, s); core.CodeOf(err) != core.Conflict {
			return err
		}
	}
	return core.Errorf(core.Unavailable, "the webhook changes too fast")
}

// wants reports whether a webhook is told of an event.
func (h *Webhook) wants(site core.SiteID, e core.Event) bool {
	return !e.At.Before(h.At) && (h.Internal || !e.Internal) &&
		(len(h.Kinds) == 0 || slices.Contains(h.Kinds, e.Body.Kind)) && (len(h.Sites) == 0 || slices.Contains(h.Sites, site))
}
