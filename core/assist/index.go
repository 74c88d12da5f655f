package assist

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"kefu/core"
)

// Index finds passages in the knowledge of one site. It is made once and only
// read: another version of the knowledge is another index.
type Index struct {
	passages []passage
	postings map[string][]posting
	mean     float64 // terms a passage
}

type passage struct {
	Passage
	terms  int
	vector Vector
}

type posting struct {
	at    int32
	times float32
}

// BM25's usual constants; a title counts as often as titleTimes its words.
const (
	bmK, bmB   = 1.2, 0.6
	titleTimes = 2
)

// NewIndex makes the index of articles. vectors has those of their chunks, as
// Chunks returns them, by the article's ID; nil: there are none.
func NewIndex(articles []Article, vectors map[string][]Vector) *Index {
	x := &Index{postings: map[string][]posting{}}
	total := 0
	for _, a := range articles {
		title, own := a.heading(), vectors[a.ID]
		for i, text := range a.Chunks() {
			p := passage{Passage: Passage{Source: core.Source{ID: a.ID, Title: title, URL: a.URL}, Text: text}}
			counts := map[string]float32{}
			for range titleTimes {
				for _, w := range termsOf(title) {
					counts[w]++
					p.terms++
				}
			}
			for _, w := range termsOf(text) {
				counts[w]++
				p.terms++
			}
			if i < len(own) {
				p.vector = own[i]
			}
			at := int32(len(x.passages))
			for w, n := range counts {
				x.postings[w] = append(x.postings[w], posting{at, n})
			}
			x.passages = append(x.passages, p)
			total += p.terms
		}
	}
	x.mean = float64(total) / float64(max(len(x.passages), 1))
	return x
}

// Find returns at most n passages for a query, the best first, at most two of
// one article. near is the query's vector; nil: words alone decide.
func (x *Index) Find(query string, n int, near []float32) []Passage {
	order := x.byWords(query)
	if near != nil {
		order = fuse(order, x.byVector(near))
	}
	var out []Passage
	from := map[string]int{}
	for _, at := range order {
		p := x.passages[at].Passage
		if from[p.Source.ID]++; from[p.Source.ID] > 2 {
			continue
		}
		if out = append(out, p); len(out) == n {
			break
		}
	}
	return out
}

const ranked = 50 // of each kind that are looked at

type scored struct {
	at    int32
	score float64
}

func top(scores map[int32]float64) []int32 {
	list := make([]scored, 0, len(scores))
	for at, s := range scores {
		list = append(list, scored{at, s})
	}
	slices.SortFunc(list, func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.at, b.at)) })
	list = list[:min(len(list), ranked)]
	out := make([]int32, len(list))
	for i, s := range list {
		out[i] = s.at
	}
	return out
}

// byWords ranks by BM25. A single CJK character counts a third of a pair: alone
// it may mean anything.
func (x *Index) byWords(query string) []int32 {
	scores := map[int32]float64{}
	seen := map[string]bool{}
	for _, w := range termsOf(query) {
		list := x.postings[w]
		if seen[w] || len(list) == 0 {
			continue
		}
		seen[w] = true
		weight := math.Log(1 + (float64(len(x.passages)-len(list))+0.5)/(float64(len(list))+0.5))
		if r, size := utf8.DecodeRuneInString(w); size == len(w) && cjk(r) {
			weight /= 3
		}
		for _, p := range list {
			length := float64(x.passages[p.at].terms) / x.mean
			times := float64(p.times)
			scores[p.at] += weight * times * (bmK + 1) / (times + bmK*(1-bmB+bmB*length))
		}
	}
	return top(scores)
}

// byVector ranks by cosine.
func (x *Index) byVector(near []float32) []int32 {
	scores := map[int32]float64{}
	for i, p := range x.passages {
		if s := p.vector.Cosine(near); s > 0 {
			scores[int32(i)] = s
		}
	}
	return top(scores)
}

// fuse merges two rankings by the places in them (reciprocal rank fusion,
// Cormack, Clarke and Büttcher, SIGIR 2009).
func fuse(a, b []int32) []int32 {
	scores := map[int32]float64{}
	for _, list := range [][]int32{a, b} {
		for place, at := range list {
			scores[at] += 1 / float64(60+place)
		}
	}
	return top(scores)
}

// Vector is an embedding in one byte a dimension: 4 bytes that name what was
// embedded, 4 of scale, then the values. Its zero value is none.
type Vector []byte

// MakeVector packs an embedding of a text.
func MakeVector(text string, v []float32) Vector {
	most := float32(0)
	for _, f := range v {
		most = max(most, float32(math.Abs(float64(f))))
	}
	out := make(Vector, 8, 8+len(v))
	binary.LittleEndian.PutUint32(out, printOf(text))
	if most == 0 || math.IsNaN(float64(most)) || math.IsInf(float64(most), 0) {
		return out
	}
	scale := most / 127
	binary.LittleEndian.PutUint32(out[4:], math.Float32bits(scale))
	for _, f := range v {
		out = append(out, byte(int8(math.Round(float64(f/scale)))))
	}
	return out
}

// Of reports whether v was made of a text.
func (v Vector) Of(text string) bool {
	return len(v) > 8 && binary.LittleEndian.Uint32(v) == printOf(text)
}

func printOf(text string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text)) // never fails
	return h.Sum32()
}

// Cosine returns how near v is to an embedding; 0 if they can not be compared.
func (v Vector) Cosine(to []float32) float64 {
	if len(v) != 8+len(to) || len(to) == 0 {
		return 0
	}
	var dot, a, b float64
	for i, f := range to {
		x := float64(int8(v[8+i]))
		dot += x * float64(f)
		a += x * x
		b += float64(f) * float64(f)
	}
	if a == 0 || b == 0 {
		return 0
	}
	return dot / math.Sqrt(a*b)
}

// heading is the title that an article is shown and found by.
func (a Article) heading() string {
	if a.Question != "" {
		return a.Question
	}
	return a.Title
}

// chunk is about how many bytes a passage has.
const chunk = 1200

// Chunks returns the passages of an article: paragraphs, put together as long
// as they have room, cut where one is too long. The headings of Markdown stay
// with what follows them.
func (a Article) Chunks() []string {
	var out []string
	var b strings.Builder
	flush := func() {
		if s := strings.TrimSpace(b.String()); s != "" {
			out = append(out, s)
		}
		b.Reset()
	}
	for para := range strings.SplitSeq(a.Text, "\n\n") {
		para = strings.TrimSpace(para)
		if b.Len() > 0 && (b.Len()+len(para) > chunk || strings.HasPrefix(para, "#") && b.Len() > chunk/2) {
			flush()
		}
		for len(para) > chunk {
			cut := cutTo(para, chunk)
			if i := strings.LastIndexAny(cut, ".。！？!?\n;；"); i > chunk/2 {
				_, size := utf8.DecodeRuneInString(cut[i:])
				cut = cut[:i+size]
			}
			b.WriteString(cut)
			flush()
			para = strings.TrimSpace(para[len(cut):])
		}
		if para != "" {
			b.WriteString(para + "\n\n")
		}
	}
	flush()
	if len(out) == 0 && strings.TrimSpace(a.heading()) != "" {
		out = []string{a.heading()}
	}
	return out
}
