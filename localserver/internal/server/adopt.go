package server

import (
	"context"
	"fmt"

	"kefu/core"
	"kefu/localserver/internal/foreign"
)

// Adopt adds conversations of another system to a site.
func (s *Server) Adopt(ctx context.Context, id string, a foreign.Archive) (foreign.Added, error) {
	settings, err := s.desk.Settings(ctx, operator())
	if err != nil {
		return foreign.Added{}, err
	}
	site, ok := settings.Site(core.SiteID(id))
	if !ok {
		return foreign.Added{}, fmt.Errorf("there is no site %q; --site names one", id)
	}
	return a.Store(ctx, s.store, site)
}
