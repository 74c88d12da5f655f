package media_test

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"net/url"
	"path"
	"strings"
	"testing"
	"unicode/utf8"

	"kefu/core"
	"kefu/core/blob"
)

func crc(b []byte) uint32 { return crc32.ChecksumIEEE(b) }

func TestName(t *testing.T) {
	for _, c := range []struct{ name, kind, want string }{
		{"photo.jpg", "image/jpeg", "photo.jpg"},
		{"photo.JPEG", "image/jpeg", "photo.jpeg"},
		{"photo.heic", "image/jpeg", "photo.heic.jpg"},
		{"账单 2026.pdf", "application/pdf", "账单 2026.pdf"},
		{"../../etc/passwd", "text/plain", "passwd.txt"},
		{`C:\Users\Mei\账单.pdf`, "application/pdf", "账单.pdf"},
		{"invoice\u202etxt.exe", "text/plain", "invoicetxt.exe.txt"},
		{"a\u200bb\ufeff\x00c\x1b[31m.png", "image/png", "abc[31m.png"},
		{"page.html", "text/plain", "page.html.txt"},
		{"notes.md", "text/plain", "notes.md"},
		{"a\tb\r\nc  d.txt", "text/plain", "a b c d.txt"},
		{`<img src=x onerror="a">.png`, "image/png", "_img src=x onerror=_a__.png"},
		{"50%2e.png", "image/png", "50_2e.png"},
		{"", "image/png", "file.png"},
		{"...", "image/gif", "file.gif"},
		{".png", "image/png", "file.png"},
		{" .htaccess", "text/plain", "htaccess.txt"},
		{"\xff\xfe.png", "image/png", "file.png"},
		{"x", "application/x-nobody-knows", "x.bin"},
		{strings.Repeat("长", 200) + ".pdf", "application/pdf", strings.Repeat("长", 96) + ".pdf"},
		{"a." + strings.Repeat("x", 200), "image/png", "a." + strings.Repeat("x", 94) + ".png"},
	} {
		if got := images().Name(c.name, c.kind); got != c.want {
			t.Errorf("Name(%q, %s) = %q, want %q", c.name, c.kind, got, c.want)
		}
	}
}

// Whatever a file is called, its name is short, plain, and the same when it
// comes back in a URL.
func FuzzName(f *testing.F) {
	for _, s := range []string{"a.png", "\u202e", "%2e%2e", "a/b", strings.Repeat("é", 300), "CON", "a\u2028b", "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := images().Name(s, "image/png")
		if !utf8.ValidString(name) || utf8.RuneCountInString(name) > 100 || !strings.HasSuffix(name, ".png") || path.Base(name) != name {
			t.Errorf("%q is called %q", s, name)
		}
		if strings.ContainsAny(name, "/\\\"<>\r\n\x00%") || strings.HasPrefix(name, ".") {
			t.Errorf("%q is called %q", s, name)
		}
		file := blob.File{Key: "f_0", Name: name}
		back, err := url.Parse("https://kefu.example" + file.URL())
		if err != nil || back.Path != blob.Prefix+"f_0/"+name || blob.KeyOf(file.URL()) != "f_0" || len(file.URL()) > 2048 {
			t.Errorf("%s: %v, %v", file.URL(), back, err)
		}
		if again := images().Name(name, "image/png"); again != name {
			t.Errorf("%q is then called %q", name, again)
		}
	})
}

// zipOf is an archive with these entries.
func zipOf(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte("<x/>"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAccept(t *testing.T) {
	types := core.DefaultUploads().Types
	docx, archive := zipOf(t, "[Content_Types].xml", "_rels/.rels", "word/document.xml"), zipOf(t, "a.txt")
	const word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	for _, c := range []struct{ name, head, declared, want string }{
		{"an image", "\x89PNG\r\n\x1a\n", "image/png", "image/png"},
		{"an image that says nothing", "\x89PNG\r\n\x1a\n", "", "image/png"},
		{"an image that does not know", "\x89PNG\r\n\x1a\n", "application/octet-stream", "image/png"},
		{"an image that says another", "\x89PNG\r\n\x1a\n", "image/jpeg", ""},
		{"a page that says image", "<!DOCTYPE html><script>alert(1)</script>", "image/png", ""},
		{"a page", "<!DOCTYPE html><script>alert(1)</script>", "text/html", ""},
		{"a picture with scripts", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "image/svg+xml", ""},
		{"a program", "MZ\x90\x00\x03\x00\x00\x00", "application/pdf", ""},
		{"a PDF", "%PDF-1.7\n", "application/pdf", "application/pdf"},
		{"a text", "您好，包裹在哪里", "text/plain; charset=utf-8", "text/plain"},
		{"a text with commas", "a,b,c\n1,2,3\n4,5,6\n", "text/plain", "text/csv"},
		{"a table of Windows", "a,b,c\n1,2,3\n4,5,6\n", "application/vnd.ms-excel", "text/csv"},
		{"a text that says page", "hello", "text/html", ""},
		{"an archive", archive, "application/zip", ""},
		{"an archive that says document", archive, word, ""},
		{"a document", docx, word, word},
		{"a document that is called an archive", docx, "application/zip", ""},
		{"something", "\x00\x01\x02\x03", "", ""},
		{"a type that is none", "%PDF-1.7\n", "a pdf", ""},
	} {
		got, err := images().Accept([]byte(c.head), c.declared, types)
		if got != c.want || (err == nil) != (c.want != "") || err != nil && core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
	if got, err := images().Accept([]byte("a,b,c\n1,2,3\n4,5,6\n"), "", []string{"text/plain"}); got != "text/plain" || err != nil {
		t.Errorf("where only texts are taken: %q, %v", got, err)
	}
}
