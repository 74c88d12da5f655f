package config

import (
	"strings"
	"testing"
	"time"
)

// Settings in the file are over those of an empty store, and are told in the
// file's own lines where they are wrong.
func TestSettings(t *testing.T) {
	file := `
settings:
  sites:
    - id: shop
      name: Shop
      greeting: {en: Welcome}
      groups: [sales]
      timeouts: {agent: 90s}
      users: {required: true, secrets: [walnut-walnut-walnut-walnut-walnut]}
  groups: [{id: sales, name: Sales}]
  limits: {rate: 20}
`
	c, err := Load([]string{"--config", "kefu.yaml"}, nil, only(file))
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Settings.Settings()
	if err != nil {
		t.Fatal(err)
	}
	shop := s.Sites[0]
	if shop.Name != "Shop" || len(shop.Greeting) != 1 || shop.Timeouts.Agent != 90*time.Second || shop.Timeouts.Visitor != 30*time.Minute || shop.Edit == 0 {
		t.Errorf("the site is %+v", shop)
	}
	if s.Limits.Rate != 20 || s.Limits.Text != 4000 || s.Routing.Least != 2 || len(s.Groups) != 1 {
		t.Errorf("the rest is %+v", s)
	}
	if text := c.String(); strings.Contains(text, "walnut") || !strings.Contains(text, "settings=•••") {
		t.Errorf("shown as %s", text)
	}
	if s, err := Default().Settings.Settings(); s != nil || err != nil {
		t.Errorf("without any: %v, %v", s, err)
	}
}

func TestAges(t *testing.T) {
	got := Ages("shop=90d, blog=0d").Each()
	if len(got) != 2 || got["shop"].Duration() != 90*24*time.Hour || got["blog"] != 0 {
		t.Errorf("got %v", got)
	}
}
