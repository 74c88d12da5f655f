package stack

import (
	"context"
	"net"
	"net/http"

	"kefu/core/httpapi"
	"kefu/functions/local/edge"
	"kefu/sdk"
)

// openRoutes puts everything behind one address, as CloudFront does.
func (s *Stack) openRoutes(ctx context.Context) error {
	socket := s.Functions[Socket]
	s.Gateway = edge.New(ctx, edge.Options{
		Stage: "ws", Region: region, Credentials: s.keys, Now: s.Now, Log: s.Log, Faults: s.Faults,
		Routes: map[string]edge.Route{
			"$connect": {Function: socket}, "$disconnect": {Function: socket}, "$default": {Function: socket, Responds: true},
		},
	})
	s.later(func() error { s.Gateway.Close(); return nil })
	files, err := httpapi.New(httpapi.Options{Files: sdk.Files(), Bucket: s.bucket, Now: s.Now})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/ws", s.viewer(s.Gateway))
	mux.Handle("/ws/@connections/", s.Gateway)
	mux.Handle("/v1/", s.viewer(&edge.HTTP{Function: s.Functions[HTTP], Now: s.Now, Log: s.Log}))
	mux.Handle("/", files) // never /v1/: that has a route of its own
	s.serve(s.listener, mux)
	return nil
}

// viewer writes down who asks, over anything that they say of themselves, as
// CloudFront does: see functions/internal/cloudfront.
func (s *Stack) viewer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			host = r.RemoteAddr
		}
		r.Header.Set("Kefu-Viewer", host)
		r.Header.Set("Kefu-Host", r.Host)
		r.Header.Set("Kefu-Edge", s.edgeKey)
		next.ServeHTTP(w, r)
	})
}
