package assist

import (
	_ "embed"
	"strings"
	"testing"
)

//go:embed testdata/retrieval.txt
var retrieval string

// Of a bilingual set of questions, the article that answers is among the first
// three that words alone find for at least 85 in 100.
func TestRecall(t *testing.T) {
	var articles []Article
	type question struct{ text, id string }
	var questions []question
	for line := range strings.Lines(retrieval) {
		line = strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(line, "?"); ok {
			questions = append(questions, question{text, articles[len(articles)-1].ID})
		} else if f := strings.SplitN(line, "|", 3); len(f) == 3 && !strings.HasPrefix(line, "#") {
			articles = append(articles, Article{ID: f[0], Title: f[1], Text: f[2]})
		}
	}
	if len(articles) < 40 || len(questions) < 60 {
		t.Fatalf("%d articles, %d questions", len(articles), len(questions))
	}
	index, found := NewIndex(articles, nil), 0
	for _, q := range questions {
		hit := false
		for _, p := range index.Find(q.text, 3, nil) {
			hit = hit || p.Source.ID == q.id
		}
		if hit {
			found++
		} else {
			t.Logf("not found: %s (%s)", q.text, q.id)
		}
	}
	recall := float64(found) / float64(len(questions))
	t.Logf("recall@3 %.3f of %d questions over %d articles", recall, len(questions), len(articles))
	if recall < 0.85 {
		t.Errorf("recall@3 is %.3f", recall)
	}
}
