package assist

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"kefu/core"
)

// Bounds of the knowledge of a site. It is searched in memory, on Lambda too.
const (
	MaxArticle   = 64 << 10 // bytes of text
	MaxArticles  = 2000
	MaxKnowledge = 8 << 20 // bytes of all texts
	MaxImport    = 1 << 20 // bytes of a file
)

// Bounds is how much a site may know. A host whose processes live shortly, and
// read all of it when they begin, has less room than the most there can be.
type Bounds struct {
	Articles int // 0: MaxArticles
	Bytes    int // of all texts; 0: MaxKnowledge
}

// InForce returns b with what is left out.
func (b Bounds) InForce() Bounds {
	return Bounds{cmp.Or(b.Articles, MaxArticles), cmp.Or(b.Bytes, MaxKnowledge)}
}

// Check returns TooLarge with the bound that so many articles, with so many
// bytes of text, are beyond.
func (b Bounds) Check(articles, bytes int) error {
	b = b.InForce()
	if articles <= b.Articles && bytes <= b.Bytes {
		return nil
	}
	return core.Errorf(core.TooLarge, "here a site knows at most %d articles with %d KiB of text; this would be %d with %d KiB",
		b.Articles, b.Bytes>>10, articles, (bytes+1023)>>10)
}

const maxTitle = 200 // characters

// Article is a piece of a site's knowledge: an article, or with a Question a
// pair of that and the answer in Text.
type Article struct {
	ID       string    `json:"id"`
	Site     string    `json:"site"`
	Title    string    `json:"title,omitempty"`
	Question string    `json:"question,omitempty"`
	Text     string    `json:"text"`
	URL      string    `json:"url,omitempty"` // where the visitor can read it
	By       string    `json:"by,omitempty"`  // id of an agent
	At       time.Time `json:"at"`
	Version  uint64    `json:"-"`
}

// Check returns Invalid or TooLarge with what is wrong with an article.
func (a Article) Check() error {
	if len(a.Text) > MaxArticle {
		return core.Errorf(core.TooLarge, "%q: an article has at most %d KiB of text, not %d", clipped(a.heading()), MaxArticle>>10, (len(a.Text)+1023)>>10)
	}
	for _, s := range []string{a.Title, a.Question, a.Text} {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return core.Errorf(core.Invalid, "%q: is no text in UTF-8", clipped(a.heading()))
		}
	}
	switch {
	case strings.TrimSpace(a.heading()) == "":
		return core.Errorf(core.Invalid, "title: an article has one, a pair has a question")
	case utf8.RuneCountInString(a.Title) > maxTitle || utf8.RuneCountInString(a.Question) > 2*maxTitle:
		return core.Errorf(core.Invalid, "title: at most %d characters are expected, a question has %d", maxTitle, 2*maxTitle)
	case strings.TrimSpace(a.Text) == "":
		return core.Errorf(core.Invalid, "%q: has no text", clipped(a.heading()))
	}
	if u, err := url.Parse(a.URL); a.URL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || len(a.URL) > 500) {
		return core.Errorf(core.Invalid, "url: an address such as https://shop.example/help is expected")
	}
	return nil
}

func clipped(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}

// Encode returns an article as it is stored.
func (a Article) Encode() []byte {
	data, err := json.Marshal(a)
	if err != nil {
		panic("assist: " + err.Error()) // a time out of range, which no clock tells
	}
	return data
}

// DecodeArticle reads what Encode wrote.
func DecodeArticle(data []byte) (Article, error) {
	var a Article
	err := json.Unmarshal(data, &a)
	return a, err
}

// Import reads a file of knowledge by the end of its name: .md is an article
// for each heading of the first two levels, .txt one article, .csv a pair or an
// article a line, by a first line that names its columns: question and
// answer, or title and text; url if there are any. An error names the file and
// the line.
func Import(name string, data []byte) ([]Article, error) {
	bad := func(format string, args ...any) error {
		return core.Errorf(core.Invalid, "%s: %s", clipped(name), fmt.Sprintf(format, args...))
	}
	if len(data) > MaxImport {
		return nil, core.Errorf(core.TooLarge, "%s: a file has at most %d KiB, not %d", clipped(name), MaxImport>>10, (len(data)+1023)>>10)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return nil, bad("is in UTF-16; save it as UTF-8")
	case bytes.IndexByte(data, 0) >= 0:
		return nil, bad("is no text")
	case !utf8.Valid(data):
		return nil, bad("is not in UTF-8 (GBK, perhaps); save it as UTF-8")
	}
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	var list []Article
	var err error
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".md", ".markdown":
		list = fromMarkdown(name, text)
	case ".txt":
		list = []Article{{Title: title(name), Text: text}}
	case ".csv":
		list, err = fromCSV(text)
	default:
		return nil, bad("a file that ends in .md, .txt or .csv is expected")
	}
	if err != nil {
		return nil, bad("%v", err)
	}
	if len(list) == 0 {
		return nil, bad("there is nothing in it")
	}
	if len(list) > MaxArticles {
		return nil, bad("has more than %d articles", MaxArticles)
	}
	for i, a := range list {
		if err := a.Check(); err != nil {
			return nil, fmt.Errorf("%s, number %d: %w", clipped(name), i+1, err)
		}
	}
	return list, nil
}

func title(name string) string {
	return strings.TrimSuffix(path.Base(name), path.Ext(name))
}

func fromMarkdown(name, text string) (list []Article) {
	a, fenced := Article{Title: title(name)}, false
	flush := func() {
		if a.Text = strings.TrimSpace(a.Text); a.Text != "" {
			list = append(list, a)
		}
	}
	var body strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		heading, one := strings.CutPrefix(line, "# ")
		if !one {
			heading, one = strings.CutPrefix(line, "## ")
		}
		if one && !fenced {
			a.Text = body.String()
			flush()
			body.Reset()
			a = Article{Title: strings.TrimSpace(strings.TrimRight(heading, "#"))}
			continue
		}
		body.WriteString(line + "\n")
	}
	a.Text = body.String()
	flush()
	return list
}

func fromCSV(text string) (list []Article, err error) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "question", "q", "问题", "问":
			column["question"] = i
		case "answer", "text", "a", "答案", "回答", "答", "内容":
			column["text"] = i
		case "title", "标题":
			column["title"] = i
		case "url", "link", "链接":
			column["url"] = i
		}
	}
	_, hasText := column["text"]
	_, hasQuestion := column["question"]
	if _, hasTitle := column["title"]; !hasText || !hasQuestion && !hasTitle {
		return nil, fmt.Errorf("a first line that names the columns is expected: question,answer or title,text")
	}
	for n, row := range rows[1:] {
		field := func(name string) string {
			if i, ok := column[name]; ok && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		a := Article{Title: field("title"), Question: field("question"), Text: field("text"), URL: field("url")}
		if a.heading() == "" && a.Text == "" {
			continue
		}
		if err := a.Check(); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+2, err)
		}
		list = append(list, a)
	}
	return list, nil
}
