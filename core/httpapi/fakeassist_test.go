package httpapi_test

import (
	"context"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/desk"
)

// returns is an article that the fake desk has, in Go and in JSON.
func returns() assist.Article {
	return assist.Article{ID: "k_1", Site: "shop", Title: "Returns", Text: "30 days", URL: "https://shop.example/r", By: "a_1", At: now, Version: 2}
}

const (
	articleJSON = `{"id":"k_1","site":"shop","title":"Returns","text":"30 days","url":"https://shop.example/r","by":"a_1","at":"2026-11-23T17:00:00.123Z","version":2}`
	askedJSON   = `{"id":"q_1","question":"Norway?","reason":"unanswered","count":3,"at":"2026-11-23T17:00:00.123Z","conversation":"c_1","proposal":"Yes."}`
)

func asked() desk.Asked {
	return desk.Asked{ID: "q_1", Question: "Norway?", Reason: core.ByIgnorance, Count: 3, At: now, Conversation: "c_1", Proposal: "Yes."}
}

func (f *fake) Articles(ctx context.Context, who core.Account, site core.SiteID) ([]assist.Article, error) {
	return []assist.Article{returns()}, f.note(ctx, "Articles", who.ID, site)
}

func (f *fake) PutArticle(ctx context.Context, who core.Account, a assist.Article) (assist.Article, error) {
	return returns(), f.note(ctx, "PutArticle", who.ID, a.ID, a.Version, a.Site, a.Title, a.Question, a.Text, a.URL)
}

func (f *fake) PutArticles(ctx context.Context, who core.Account, site core.SiteID, list []assist.Article) ([]assist.Article, error) {
	return []assist.Article{returns()}, f.note(ctx, "PutArticles", who.ID, site, len(list), list[0].Question, list[0].Text)
}

func (f *fake) DeleteArticle(ctx context.Context, who core.Account, site core.SiteID, id string) error {
	return f.note(ctx, "DeleteArticle", who.ID, site, id)
}

func (f *fake) SearchKnowledge(ctx context.Context, who core.Account, site core.SiteID, query string) ([]assist.Passage, error) {
	return []assist.Passage{{Source: core.Source{ID: "k_1", Title: "Returns"}, Text: "30 days"}}, f.note(ctx, "SearchKnowledge", who.ID, site, query)
}

func (f *fake) Room() assist.Bounds { return assist.Bounds{}.InForce() }

func (f *fake) Questions(ctx context.Context, who core.Account, site core.SiteID) ([]desk.Asked, error) {
	return []desk.Asked{asked()}, f.note(ctx, "Questions", who.ID, site)
}

func (f *fake) Propose(ctx context.Context, who core.Account, site core.SiteID, id string) (desk.Asked, error) {
	return asked(), f.note(ctx, "Propose", who.ID, site, id)
}

func (f *fake) Settle(ctx context.Context, who core.Account, site core.SiteID, id, question, answer string) (assist.Article, error) {
	return returns(), f.note(ctx, "Settle", who.ID, site, id, question, answer)
}

func (f *fake) Figures(ctx context.Context, who core.Account, site core.SiteID, days int) (map[string]desk.Figures, error) {
	return map[string]desk.Figures{"2026-11-23": {Sessions: 2, First: 900, Timed: 2, Handed: map[string]int64{"request": 1}}}, f.note(ctx, "Figures", who.ID, site, days)
}

func (f *fake) TryAnswer(ctx context.Context, who core.Account, site core.SiteID, lines []assist.Line) (assist.Answer, error) {
	return assist.Answer{Text: "Yes [1].", Sources: []core.Source{{ID: "k_1", Title: "Returns"}}}, f.note(ctx, "TryAnswer", who.ID, site, lines)
}

func (f *fake) TestAssistants(ctx context.Context, who core.Account) ([]desk.Ailment, error) {
	return []desk.Ailment{{Place: "sites[0]", Kind: assist.BadKey, Message: "a key is wrong"}}, f.note(ctx, "TestAssistants", who.ID)
}

// TestChange finds nothing wrong, and is not noted: it belongs to another call.
func (f *fake) TestChange(context.Context, uint64) ([]string, error) { return nil, nil }

func (f *fake) Suggest(ctx context.Context, who core.Account, id core.ConversationID) (string, []core.Source, error) {
	return "Yes.", nil, f.note(ctx, "Suggest", who.ID, id)
}

func (f *fake) Summarize(ctx context.Context, who core.Account, id core.ConversationID) (string, error) {
	return "Wants shoes.", f.note(ctx, "Summarize", who.ID, id)
}

func (f *fake) Translate(ctx context.Context, who core.Account, id core.ConversationID, seq uint64, to string) (string, error) {
	return "Hello", f.note(ctx, "Translate", who.ID, id, seq, to)
}

// assistRoutes are those of the receptionist.
func assistRoutes() []route {
	return []route{
		{"GET", "/v1/knowledge?site=shop", "", `Articles["a_1","shop"]`, 200, `{"articles":[` + articleJSON + `],"most":2000,"mostBytes":8388608}`},
		{"POST", "/v1/knowledge", `{"id":"k_1","version":1,"site":"shop","title":"Returns","text":"30 days"}`,
			`PutArticle["a_1","k_1",1,"shop","Returns","","30 days",""]`, 200, articleJSON},
		{"POST", "/v1/knowledge/import", `{"site":"shop","name":"a.csv","data":"cSxhCk9wZW4/LFllcw=="}`,
			`PutArticles["a_1","shop",1,"Open?","Yes"]`, 200, `{"articles":[` + articleJSON + `],"most":2000,"mostBytes":8388608}`},
		{"DELETE", "/v1/knowledge/k_1?site=shop", "", `DeleteArticle["a_1","shop","k_1"]`, 204, ""},
		{"GET", "/v1/knowledge/search?site=shop&q=back", "", `SearchKnowledge["a_1","shop","back"]`, 200, `{"passages":[{"article":"k_1","title":"Returns","text":"30 days"}]}`},
		{"GET", "/v1/assist/questions?site=shop", "", `Questions["a_1","shop"]`, 200, `{"questions":[` + askedJSON + `]}`},
		{"POST", "/v1/assist/questions/q_1/proposal?site=shop", "", `Propose["a_1","shop","q_1"]`, 200, askedJSON},
		{"POST", "/v1/assist/questions/q_1", `{"site":"shop","question":"Norway?","answer":"Yes."}`, `Settle["a_1","shop","q_1","Norway?","Yes."]`, 204, ""},
		{"GET", "/v1/assist/figures?site=shop&days=2", "", `Figures["a_1","shop",2]`, 200,
			`{"days":[{"day":"2026-11-23","sessions":2,"resolved":0,"answers":0,"cited":0,"handed":{"request":1},"first":0.45,"in":0,"out":0,"cost":0}]}`},
		{"POST", "/v1/assist/try", `{"site":"shop","lines":[{"visitor":true,"text":"hi"}]}`, `TryAnswer["a_1","shop",[{"Visitor":true,"Text":"hi"}]]`, 200,
			`{"text":"Yes [1].","sources":[{"id":"k_1","title":"Returns"}]}`},
		{"POST", "/v1/assist/test", "", `TestAssistants["a_1"]`, 200, `{"faults":["sites[0]: a key is wrong"],"models":[{"location":"body.sites[0]","kind":"key","message":"a key is wrong"}]}`},
		{"POST", "/v1/conversations/c_1/suggestion", "", `Suggest["a_1","c_1"]`, 200, `{"text":"Yes."}`},
		{"POST", "/v1/conversations/c_1/summary", "", `Summarize["a_1","c_1"]`, 200, `{"text":"Wants shoes."}`},
		{"POST", "/v1/conversations/c_1/translation", `{"seq":2,"to":"en"}`, `Translate["a_1","c_1",2,"en"]`, 200, `{"text":"Hello"}`},
	}
}
