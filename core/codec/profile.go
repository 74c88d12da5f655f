package codec

import (
	"encoding/json"
	"fmt"
	"time"

	"kefu/core"
)

// more is what a profile says besides who a visitor is.
type more struct {
	Device string  `json:"device,omitempty"`
	First  stamp   `json:"first,omitzero"`
	Pages  []visit `json:"pages,omitempty"`
}

type visit struct {
	URL      string `json:"url,omitempty"`
	Title    string `json:"title,omitempty"`
	Referrer string `json:"referrer,omitempty"`
	At       stamp  `json:"at,omitzero"`
}

// AppendMore appends what a store keeps of a profile in one piece: the device,
// the first time and the pages. Of nothing it appends {}.
func AppendMore(dst []byte, p core.Profile) []byte {
	m := more{Device: p.Device, First: stamp(p.First)}
	for _, v := range p.Pages {
		m.Pages = append(m.Pages, visit{v.URL, v.Title, v.Referrer, stamp(v.At)})
	}
	return appendJSON(dst, m)
}

// More reads what AppendMore wrote into p; of a store's older rows, which have
// none, nothing.
func More(b []byte, p *core.Profile) error {
	if len(b) == 0 {
		return nil
	}
	var m more
	if err := json.Unmarshal(b, &m); err != nil {
		return fmt.Errorf("the profile of a visitor is damaged: %w", err)
	}
	p.Device, p.First, p.Pages = m.Device, time.Time(m.First), nil
	for _, v := range m.Pages {
		p.Pages = append(p.Pages, core.Visit{Page: core.Page{URL: v.URL, Title: v.Title, Referrer: v.Referrer}, At: time.Time(v.At)})
	}
	return nil
}
