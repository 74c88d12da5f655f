package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/desk"
	"kefu/core/wire"
)

// Assist is what the API asks of a desk about its receptionist; see the methods
// of desk.Desk.
type Assist interface {
	Articles(ctx context.Context, who core.Account, site core.SiteID) ([]assist.Article, error)
	PutArticle(ctx context.Context, who core.Account, a assist.Article) (assist.Article, error)
	PutArticles(ctx context.Context, who core.Account, site core.SiteID, list []assist.Article) ([]assist.Article, error)
	DeleteArticle(ctx context.Context, who core.Account, site core.SiteID, id string) error
	SearchKnowledge(ctx context.Context, who core.Account, site core.SiteID, query string) ([]assist.Passage, error)
	Room() assist.Bounds

	Questions(ctx context.Context, who core.Account, site core.SiteID) ([]desk.Asked, error)
	Propose(ctx context.Context, who core.Account, site core.SiteID, id string) (desk.Asked, error)
	Settle(ctx context.Context, who core.Account, site core.SiteID, id, question, answer string) (assist.Article, error)

	Figures(ctx context.Context, who core.Account, site core.SiteID, days int) (map[string]desk.Figures, error)
	TryAnswer(ctx context.Context, who core.Account, site core.SiteID, lines []assist.Line) (assist.Answer, error)
	TestAssistants(ctx context.Context, who core.Account) ([]desk.Ailment, error)
	TestChange(ctx context.Context, version uint64) ([]string, error)

	Suggest(ctx context.Context, who core.Account, id core.ConversationID) (string, []core.Source, error)
	Summarize(ctx context.Context, who core.Account, id core.ConversationID) (string, error)
	Translate(ctx context.Context, who core.Account, id core.ConversationID, seq uint64, to string) (string, error)
}

var _ Assist = (*desk.Desk)(nil)

// assist returns the part of the desk that this is about.
func (a *api) assist() (Assist, error) {
	if d, ok := a.Desk.(Assist); ok {
		return d, nil
	}
	return nil, core.Errorf(core.Unsupported, "this host has no receptionist")
}

// Article is a piece of a site's knowledge.
type Article struct {
	ID       string    `json:"id"`
	Site     string    `json:"site"`
	Title    string    `json:"title"`
	Question string    `json:"question,omitempty" doc:"Of a question and answer; the answer is the text."`
	Text     string    `json:"text"`
	URL      string    `json:"url,omitempty"`
	By       string    `json:"by" doc:"The id of an agent."`
	At       wire.Time `json:"at"`
	Version  uint64    `json:"version"`
}

// Articles is the knowledge of a site, and how much it may be.
type Articles struct {
	Articles []Article `json:"articles" nullable:"false"`
	Most     int       `json:"most" doc:"Articles a site may have on this host."`

	MostBytes int `json:"mostBytes" doc:"Bytes of text they may have together."`
}

// Passage is what a search finds.
type Passage struct {
	Article string `json:"article"`
	Title   string `json:"title"`
	Text    string `json:"text"`
}

// Passages are what a search finds, the best first.
type Passages struct {
	Passages []Passage `json:"passages" nullable:"false"`
}

type newArticle struct {
	_        struct{} `json:"-" additionalProperties:"false"`
	ID       string   `json:"id,omitempty" maxLength:"64" doc:"Of the article that this takes the place of."`
	Version  uint64   `json:"version,omitempty" maximum:"9007199254740991" doc:"Under which that was read."`
	Site     string   `json:"site" minLength:"1" maxLength:"64"`
	Title    string   `json:"title,omitempty" maxLength:"200"`
	Question string   `json:"question,omitempty" maxLength:"400"`
	Text     string   `json:"text" minLength:"1"`
	URL      string   `json:"url,omitempty" maxLength:"500"`
}

type newFile struct {
	_    struct{} `json:"-" additionalProperties:"false"`
	Site string   `json:"site" minLength:"1" maxLength:"64"`
	Name string   `json:"name" minLength:"1" maxLength:"200" doc:"Of the file; its end says what it is: .md, .txt or .csv."`
	Data []byte   `json:"data" doc:"The file, in base64."`
}

type ofSite struct {
	Site string `query:"site" required:"true" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
}

type ofArticle struct {
	ID   string `path:"id" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Site string `query:"site" required:"true" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
}

type search struct {
	Site string `query:"site" required:"true" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Q    string `query:"q" required:"true" minLength:"1" maxLength:"400"`
}

// maxImport is how many bytes a request has that brings a file.
const maxImport = assist.MaxImport/3*4 + 4<<10

// knowledge registers what the receptionist knows.
func (a *api) knowledge() {
	operation := func(id, method, path, summary, about string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: about, Errors: errors, Tags: []string{"knowledge"},
		}
	}
	staffed(a, operation("list-articles", http.MethodGet, "/v1/knowledge", "List a site's knowledge", "All of it, by id."), a.listArticles)
	staffed(a, operation("put-article", http.MethodPost, "/v1/knowledge", "Write an article, or a question and answer",
		"For supervisors and admins. Without an id it takes the place of the one that has its title or question, or else is new. An article has at most 64 KiB of text, "+
			"a site 2,000 articles and 8 MiB. It is found from then on.", http.StatusConflict, http.StatusNotFound), a.putArticle)
	imports := operation("import-articles", http.MethodPost, "/v1/knowledge/import", "Import a file",
		"For supervisors and admins. Markdown is an article for each heading of the first two levels, text is one, CSV a pair or an article a line; its first line "+
			"names the columns: question and answer, or title and text, and perhaps url. At most 1 MiB in UTF-8. All of it is stored, or the error says which line is wrong.", http.StatusNotFound)
	imports.MaxBodyBytes = maxImport + 1
	staffed(a, imports, a.importArticles)
	staffed(a, operation("delete-article", http.MethodDelete, "/v1/knowledge/{id}", "Remove an article", "For supervisors and admins.", http.StatusNotFound), a.deleteArticle)
	staffed(a, operation("search-knowledge", http.MethodGet, "/v1/knowledge/search", "Search a site's knowledge", "What the receptionist would find, the best first."), a.searchKnowledge)
}

func articleOf(x assist.Article) Article {
	return Article{ID: x.ID, Site: x.Site, Title: x.Title, Question: x.Question, Text: x.Text, URL: x.URL, By: x.By, At: wire.Time(x.At), Version: x.Version}
}

func articlesOf(list []assist.Article, room assist.Bounds) Articles {
	out := Articles{Articles: make([]Article, len(list)), Most: room.Articles, MostBytes: room.Bytes}
	for i, x := range list {
		out.Articles[i] = articleOf(x)
	}
	return out
}

func (a *api) listArticles(ctx context.Context, who core.Account, in *ofSite) (*body[Articles], error) {
	d, err := a.assist()
	if err != nil {
		return nil, err
	}
	list, err := d.Articles(ctx, who, core.SiteID(in.Site))
	return &body[Articles]{articlesOf(list, d.Room())}, err
}

func (a *api) putArticle(ctx context.Context, who core.Account, in *body[newArticle]) (*body[Article], error) {
	d, err := a.assist()
	if err != nil {
		return nil, err
	}
	b := in.Body
	x, err := d.PutArticle(ctx, who, assist.Article{ID: b.ID, Version: b.Version, Site: b.Site, Title: b.Title, Question: b.Question, Text: b.Text, URL: b.URL})
	return &body[Article]{articleOf(x)}, err
}

func (a *api) importArticles(ctx context.Context, who core.Account, in *body[newFile]) (*body[Articles], error) {
	d, err := a.assist()
	if err != nil {
		return nil, err
	}
	list, err := assist.Import(in.Body.Name, in.Body.Data)
	if err != nil {
		return nil, err
	}
	list, err = d.PutArticles(ctx, who, core.SiteID(in.Body.Site), list)
	return &body[Articles]{articlesOf(list, d.Room())}, err
}

func (a *api) deleteArticle(ctx context.Context, who core.Account, in *ofArticle) (*nothing, error) {
	d, err := a.assist()
	if err != nil {
		return nil, err
	}
	return nil, d.DeleteArticle(ctx, who, core.SiteID(in.Site), in.ID)
}

func (a *api) searchKnowledge(ctx context.Context, who core.Account, in *search) (*body[Passages], error) {
	d, err := a.assist()
	if err != nil {
		return nil, err
	}
	list, err := d.SearchKnowledge(ctx, who, core.SiteID(in.Site), in.Q)
	out := Passages{Passages: make([]Passage, len(list))}
	for i, p := range list {
		out.Passages[i] = Passage{p.Source.ID, p.Source.Title, p.Text}
	}
	return &body[Passages]{out}, err
}
