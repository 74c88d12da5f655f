package desk

import (
	"fmt"
	"slices"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// siteInfo is a site as a visitor who reads the given language sees it.
func (d *Desk) siteInfo(s core.Site, lang string) wire.SiteInfo {
	out := wire.SiteInfo{
		Name: s.Name, Greeting: s.Greeting.In(lang), Lang: lang, Offline: s.Offline.In(lang), Quick: inLanguage(s.Quick, lang),
		Rating: s.Rating, Preview: s.Preview, Edit: int(s.Edit.Seconds()),
	}
	if len(s.Form.Fields) > 0 {
		out.Form = formInfo(s.Form, lang)
	}
	for _, x := range s.Invite {
		out.Invite = append(out.Invite, wire.Invite{
			ID: x.ID, Text: x.Text.In(lang), After: seconds(x.After), Path: x.Path, Referrer: x.Referrer, Again: seconds(x.Again),
		})
	}
	if p := (wire.Privacy{Text: s.Privacy.Text.In(lang), URL: s.Privacy.URL}); p != (wire.Privacy{}) {
		out.Privacy = &p
	}
	if !s.Uploads.Off {
		out.Uploads = d.uploadInfo(s.Uploads)
	}
	d.hoursInfo(&out, s.Hours)
	return out
}

func inLanguage(list []core.Texts, lang string) (out []string) {
	for _, t := range list {
		out = append(out, t.In(lang))
	}
	return out
}

// seconds rounds up: who set a moment did not mean at once.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

func formInfo(f core.Form, lang string) *wire.Form {
	out := &wire.Form{Text: f.Text.In(lang)}
	for _, x := range f.Fields {
		out.Fields = append(out.Fields, wire.Question{
			ID: x.ID, Label: x.Label.In(lang), Type: x.Type, Required: x.Required, Options: inLanguage(x.Options, lang),
		})
	}
	return out
}

// hoursInfo says when the site is open: by its own clock, and by that of the
// world.
func (d *Desk) hoursInfo(out *wire.SiteInfo, h core.Hours) {
	at := d.Now().UTC()
	if loc, err := time.LoadLocation(h.Zone); err == nil {
		at = at.In(loc)
	}
	if out.Open = h.Open(at); !out.Open {
		if next := h.Opens(at); !next.IsZero() {
			opens := wire.Time(next)
			out.Opens = &opens
		}
	}
	if len(h.Spans) == 0 {
		return
	}
	clock := func(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
	out.Zone = h.Zone
	for _, s := range h.Spans {
		out.Hours = append(out.Hours, wire.Hours{Day: int(s.Day), From: clock(s.From), Until: clock(s.Until)})
	}
}

// uploadInfo is what somebody is told of the files they may send; nil: this
// host takes none.
func (d *Desk) uploadInfo(u core.Uploads) *wire.Uploads {
	if d.Files == nil {
		return nil
	}
	u = u.InForce()
	return &wire.Uploads{Size: u.Size, Types: u.Types, Post: d.Poster != nil}
}

// agentLimits are those of any site: an agent works for many. What is more than
// a site takes is refused when it comes.
func (d *Desk) agentLimits(s core.Settings) wire.Limits {
	out, all := limitsOf(s), core.Uploads{}
	for _, site := range s.Sites {
		u := site.Uploads.InForce()
		all.Size = max(all.Size, u.Size)
		out.Edit = max(out.Edit, int(site.Edit.Seconds()))
		for _, t := range u.Types {
			if !slices.Contains(all.Types, t) {
				all.Types = append(all.Types, t)
			}
		}
	}
	out.Uploads = d.uploadInfo(all)
	return out
}
