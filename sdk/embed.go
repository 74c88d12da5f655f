// Package sdk holds the built browser side of Kefu, for hosts to serve.
//
//	kefu.js             the widget, for a <script> on a shop's page
//	kefu-panel.mjs      its panel, which it loads when a visitor reaches for it
//	kefu-poll.mjs       long-polling, which it loads where WebSocket does not work
//	kefu.mjs            all of it, for bundlers
//	demo/index.html     an H5 shop with the widget on it
//	console/index.html  the agents' page
//
// The sources are beside it: visitor (widget and the headless pieces that the
// console shares), console, demo. dist is committed, so that building a host
// needs no Node; `npm run build` makes it anew, and CI compares the two.
package sdk

import (
	"embed"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// Files returns what is served, rooted at dist. It is read-only and the same
// for as long as the program runs.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("sdk: " + err.Error()) // only an invalid path fails, and it is constant
	}
	return files
}
