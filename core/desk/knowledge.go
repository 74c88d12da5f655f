package desk

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/assist"
)

// Knowledge is documents of three kinds: articles, the vectors of each, and of
// each site a mark that grows with every change, so that a node that has an
// index reads no more than that to know whether it is still right.
const (
	kindArticle = "article" // site:id
	kindVectors = "vectors" // site:id
	kindShelf   = "knowledge"
)

// library keeps an index of each site's knowledge that was asked for lately.
type library struct {
	mu    sync.Mutex
	sites map[core.SiteID]*shelved
}

type shelved struct {
	mu    sync.Mutex
	mark  uint64    // guarded by mu, as the rest
	model string    // that made its vectors
	until time.Time // not looked at again before
	tried time.Time // when it was asked for that vectors be made
	index *assist.Index
}

// reembedEvery is how long vectors that are missing, as after another model for them was
// set, are left to whoever was asked to make them.
const reembedEvery = 10 * time.Minute

// maxShelves is how many sites have an index in memory.
const maxShelves = 20

func (l *library) shelf(site core.SiteID) *shelved {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sites[site] == nil {
		if l.sites == nil || len(l.sites) >= maxShelves {
			l.sites = map[core.SiteID]*shelved{}
		}
		l.sites[site] = &shelved{}
	}
	return l.sites[site]
}

// forget has the next search look at the mark.
func (l *library) forget(site core.SiteID) {
	s := l.shelf(site)
	s.mu.Lock()
	s.until = time.Time{}
	s.mu.Unlock()
}

// index returns the index of a site's knowledge: at once after a change here,
// within five seconds after one on another node. Vectors of another model than
// the site has now count for nothing, and are made anew, while words are enough.
func (d *Desk) index(ctx context.Context, site core.SiteID, r core.Receptionist) (*assist.Index, error) {
	model := ""
	if d.Receptionist != nil {
		model = assist.Embedder(r)
	}
	s := d.library.shelf(site)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := d.Now()
	if s.index != nil && now.Before(s.until) && s.model == model {
		return s.index, nil
	}
	mark, err := d.Store.Document(ctx, kindShelf, string(site))
	if err != nil && core.CodeOf(err) != core.NotFound {
		if s.index != nil {
			return s.index, nil // yesterday's knowledge is better than none
		}
		return nil, err
	}
	if s.index == nil || s.mark != mark.Version || s.model != model {
		articles, err := d.articles(ctx, site)
		if err != nil {
			return nil, err
		}
		vectors, whole, err := d.vectors(ctx, site, articles, model)
		if err != nil {
			return nil, err
		}
		s.index, s.mark, s.model = assist.NewIndex(articles, vectors), mark.Version, model
		if !whole && d.Reembed != nil && now.Sub(s.tried) >= reembedEvery {
			s.tried = now
			d.Reembed(site)
		}
	}
	s.until = d.Now().Add(cacheFor)
	return s.index, nil
}

// finder returns the search of a site's knowledge: by words, and by vectors if
// the site has a model for them and that answers in time.
func (d *Desk) finder(ctx context.Context, site core.SiteID, r core.Receptionist) assist.Find {
	return func(query string, n int) []assist.Passage {
		index, err := d.index(ctx, site, r)
		if err != nil {
			d.Log.WarnContext(ctx, "the knowledge could not be read", "site", site, "error", err)
			return nil
		}
		return index.Find(query, n, d.near(ctx, site, r, query))
	}
}

// near is the vector of a query; nil: words alone decide.
func (d *Desk) near(ctx context.Context, site core.SiteID, r core.Receptionist, query string) []float32 {
	if d.Receptionist == nil || !assist.Embeds(r) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 1500*time.Millisecond)
	defer cancel()
	v, used, err := d.Receptionist.Embed(ctx, r, []string{query})
	d.books.spent(site, d.Now(), used)
	if err != nil {
		d.Log.DebugContext(ctx, "a query has no vector; it is searched by its words", "error", err)
		return nil
	}
	return v[0]
}

// eachDocument calls do with all documents of a kind whose IDs begin with the
// site.
func (d *Desk) eachDocument(ctx context.Context, kind string, site core.SiteID, do func(core.Document) error) error {
	prefix := string(site) + ":"
	for after := prefix; ; {
		list, err := d.Store.Documents(ctx, kind, after, 100)
		if err != nil {
			return err
		}
		for _, doc := range list {
			if !strings.HasPrefix(doc.ID, prefix) {
				return nil
			}
			if err := do(doc); err != nil {
				return err
			}
			after = doc.ID
		}
		if len(list) < 100 {
			return nil
		}
	}
}

func (d *Desk) articles(ctx context.Context, site core.SiteID) (list []assist.Article, err error) {
	err = d.eachDocument(ctx, kindArticle, site, func(doc core.Document) error {
		a, err := assist.DecodeArticle(doc.Data)
		a.Version = doc.Version
		list = append(list, a)
		return err
	})
	return list, err
}

// vectors returns those that a model made of the articles as they are, by the
// article, and whether all are there. Without a model there is none to miss.
func (d *Desk) vectors(ctx context.Context, site core.SiteID, articles []assist.Article, model string) (all map[string][]assist.Vector, whole bool, err error) {
	if model == "" {
		return nil, true, nil
	}
	all, whole = map[string][]assist.Vector{}, true
	prefix := string(site) + ":"
	err = d.eachDocument(ctx, kindVectors, site, func(doc core.Document) error {
		all[strings.TrimPrefix(doc.ID, prefix)] = unpackVectors(doc.Data)
		return nil
	})
	for _, a := range articles {
		list := make([]assist.Vector, len(a.Chunks()))
		for i, text := range a.Chunks() {
			if had := all[a.ID]; i < len(had) && had[i].Of(model+"\n"+text) {
				list[i] = had[i]
			} else {
				whole = false
			}
		}
		all[a.ID] = list
	}
	return all, whole, err
}

// packVectors writes them one after the other, each behind its length.
func packVectors(list []assist.Vector) (data []byte) {
	for _, v := range list {
		data = binary.AppendUvarint(data, uint64(len(v)))
		data = append(data, v...)
	}
	return data
}

func unpackVectors(data []byte) (list []assist.Vector) {
	for len(data) > 0 {
		n, size := binary.Uvarint(data)
		if size <= 0 || n > uint64(len(data)-size) {
			return list // the rest is damaged; it is embedded anew when it changes
		}
		list = append(list, assist.Vector(data[size:size+int(n)]))
		data = data[size+int(n):]
	}
	return list
}

// embed gives an article the vectors that it has none of yet: only what changed
// is embedded again.
func (d *Desk) embed(ctx context.Context, r core.Receptionist, a assist.Article) error {
	id := a.Site + ":" + a.ID
	stored, err := d.Store.Document(ctx, kindVectors, id)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return err
	}
	var missing []string
	had := map[string]assist.Vector{}
	chunks, model := a.Chunks(), assist.Embedder(r)
	for _, v := range unpackVectors(stored.Data) {
		for _, text := range chunks {
			if v.Of(model + "\n" + text) {
				had[text] = v
			}
		}
	}
	for _, text := range chunks {
		if had[text] == nil {
			missing = append(missing, text)
		}
	}
	for from := 0; from < len(missing); from += 64 {
		part := missing[from:min(from+64, len(missing))]
		vectors, used, err := d.Receptionist.Embed(ctx, r, part)
		d.books.spent(core.SiteID(a.Site), d.Now(), used)
		if err != nil {
			return err
		}
		for i, v := range vectors {
			had[part[i]] = assist.MakeVector(model+"\n"+part[i], v)
		}
	}
	list := make([]assist.Vector, len(chunks))
	for i, text := range chunks {
		list[i] = had[text]
	}
	data := packVectors(list)
	if len(missing) == 0 && string(data) == string(stored.Data) {
		return nil
	}
	return d.Store.PutDocument(ctx, core.Document{Kind: kindVectors, ID: id, Version: stored.Version + 1, At: d.Now(), Data: data})
}

// Embed gives all of a site's knowledge the vectors that it has none of. A host
// calls it when Options.Reembed wanted it. An error stands for those that are left,
// which are found by their words.
func (d *Desk) Embed(ctx context.Context, site core.SiteID) error {
	r, err := d.receptionist(ctx, site)
	if err != nil || !assist.Embeds(r) {
		return err
	}
	articles, err := d.articles(ctx, site)
	if err != nil {
		return err
	}
	for _, a := range articles {
		if err = d.budgeted(ctx, site, r); err == nil {
			err = d.embed(ctx, r, a)
		}
		if err != nil {
			break
		}
	}
	return errors.Join(err, d.reshelved(ctx, site, 0, 0)) // every node reads what there is now
}

// reshelved says that a site's knowledge has changed, by so many articles and bytes.
func (d *Desk) reshelved(ctx context.Context, site core.SiteID, articles, bytes int) error {
	defer d.library.forget(site)
	for range bookTries {
		doc, size, err := d.size(ctx, site)
		if err != nil {
			return err
		}
		size.Articles, size.Bytes = max(size.Articles+articles, 0), max(size.Bytes+bytes, 0)
		data, err := json.Marshal(size)
		if err != nil {
			return err
		}
		err = d.Store.PutDocument(ctx, core.Document{Kind: kindShelf, ID: string(site), Version: doc.Version + 1, At: d.Now(), Data: data})
		if core.CodeOf(err) != core.Conflict {
			return err
		}
	}
	return core.Errorf(core.Unavailable, "too many change the knowledge at once")
}

// Shelf is how much a site knows.
type Shelf struct {
	Articles int `json:"articles"`
	Bytes    int `json:"bytes"`
}

func (d *Desk) size(ctx context.Context, site core.SiteID) (doc core.Document, s Shelf, err error) {
	doc, err = d.Store.Document(ctx, kindShelf, string(site))
	if core.CodeOf(err) == core.NotFound {
		return doc, s, nil
	}
	if err == nil {
		err = json.Unmarshal(doc.Data, &s)
	}
	return doc, s, err
}
