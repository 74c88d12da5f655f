package sdk_test

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"path"
	"regexp"
	"testing"

	"kefu/sdk"
)

func TestFilesHoldsWhatHostsServe(t *testing.T) {
	for _, name := range []string{
		"kefu.js", "kefu.es2017.js", "kefu.mjs", "kefu-ui.mjs", "kefu-core.mjs", "kefu-poll.mjs",
		"kefu-panel.mjs", "kefu-extras.mjs", "kefu-menu.mjs", "kefu-notice.mjs", "demo/index.html", "demo/main.js", "demo/style.css",
		"console/index.html", "console/main.js", "console/main.css",
	} {
		data, err := fs.ReadFile(sdk.Files(), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if len(data) == 0 {
			t.Errorf("%s is empty", name)
		}
	}
}

// A page names its files by relative path or by /kefu.js: each of them must be
// there, and none may come from another host, for the pages' CSP forbids it.
func TestPagesReferToFilesThatExist(t *testing.T) {
	reference := regexp.MustCompile(`(?:src|href)="([^"#]+)"`)
	for _, page := range []string{"demo/index.html", "console/index.html"} {
		html, err := fs.ReadFile(sdk.Files(), page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range reference.FindAllSubmatch(html, -1) {
			name := string(m[1])
			switch {
			case name == "./" || name == "data:,":
				continue
			case name[0] == '/':
				name = name[1:]
			default:
				name = path.Join(path.Dir(page), name)
			}
			if _, err := fs.Stat(sdk.Files(), name); err != nil {
				t.Errorf("%s refers to %s: %v", page, m[1], err)
			}
		}
	}
}

// Every visitor of every shop pays for these bytes.
func TestWidgetKeepsToItsBudget(t *testing.T) {
	const budget = 8_000 // bytes, gzip -9
	js, err := fs.ReadFile(sdk.Files(), "kefu.js")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(js); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if b.Len() > budget {
		t.Errorf("kefu.js is %d bytes after gzip, over %d", b.Len(), budget)
	}
}
