package server

import (
	"context"
	"time"
)

// again is how long a model that failed is left in peace before it is tested once more.
const again = 10 * time.Minute

// askModels has the models of all sites asked for a word, so that a wrong key,
// host or model is in the log and in /readyz before a visitor finds it out. One
// that fails is asked again until it does not; visitors may come first.
func (s *Server) askModels(ctx context.Context) {
	for ctx.Err() == nil {
		lines, err := s.desk.Ailing(ctx)
		if ctx.Err() != nil || err == nil && len(lines) == 0 {
			return
		}
		for _, l := range lines {
			s.Log.Warn("a model of a site is no use; visitors go to people", "fault", l)
		}
		if err != nil {
			s.Log.Warn("the models of sites could not be tested", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
}
