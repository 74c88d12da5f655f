// Package sdk holds the built browser side of Kefu, for hosts to serve.
//
//	kefu.js             the widget, for a <script> on a shop's page
//	kefu.es2017.js      the same for old webviews, in one file
//	kefu.mjs            the same for bundlers; kefu-ui.mjs is its launcher
//	kefu-core.mjs       the connection, which they load when the page is idle
//	kefu-panel.mjs      the chat, which they load when a visitor reaches for it,
//	                    and then kefu-extras, kefu-menu and kefu-notice.mjs
//	kefu-poll.mjs       long-polling, which is loaded where WebSocket does not work
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
