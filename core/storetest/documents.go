package storetest

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"kefu/core"
)

// documentVersions: Conflict unless the version follows; a deleted document
// begins again.
func documentVersions(d *desk) {
	ctx := d.Context()
	_, err := d.st.Document(ctx, "reply", "r_1")
	d.wants(err, core.NotFound)
	d.wants(d.st.DeleteDocument(ctx, "reply", "r_1"), core.NotFound)
	doc := core.Document{Kind: "reply", ID: "r_1", At: d.now, Data: []byte("您好\x00\xff")}
	for _, v := range []uint64{0, 2} {
		doc.Version = v
		d.wants(d.st.PutDocument(ctx, doc), core.Conflict)
	}
	doc.Version = 1
	d.ok(d.st.PutDocument(ctx, doc))
	equal(d, "Document", must(d.st.Document(ctx, "reply", "r_1"))(d), doc)
	d.wants(d.st.PutDocument(ctx, doc), core.Conflict)
	next := core.Document{Kind: "reply", ID: "r_1", Version: 2, At: d.now.Add(time.Second)} // no data is a value too
	d.ok(d.st.PutDocument(ctx, next))
	equal(d, "Document", must(d.st.Document(ctx, "reply", "r_1"))(d), next)

	other := core.Document{Kind: "article", ID: "r_1", Version: 1, At: d.now, Data: []byte("of another kind")}
	d.ok(d.st.PutDocument(ctx, other))
	d.ok(d.st.DeleteDocument(ctx, "reply", "r_1"))
	d.wants(d.st.DeleteDocument(ctx, "reply", "r_1"), core.NotFound)
	_, err = d.st.Document(ctx, "reply", "r_1")
	d.wants(err, core.NotFound)
	equal(d, "another kind", must(d.st.Document(ctx, "article", "r_1"))(d), other)
	next.Version = 3
	d.wants(d.st.PutDocument(ctx, next), core.Conflict)
	d.ok(d.st.PutDocument(ctx, doc))
	equal(d, "Document, put anew", must(d.st.Document(ctx, "reply", "r_1"))(d), doc)
}

// documentPaging: a kind at a time, by ID, behind one.
func documentPaging(d *desk) {
	ctx := d.Context()
	none(d, "Documents at first", must(d.st.Documents(ctx, "reply", "", 10))(d))
	ids := []string{"!", "0", "A", "Z", "_", "a", "a#b", "a/b", "aa", "é", "中", "😀"} // as their bytes sort
	for i := range ids {
		id := ids[(i*5)%len(ids)] // in another order
		d.ok(d.st.PutDocument(ctx, core.Document{Kind: "reply", ID: id, Version: 1, At: d.now, Data: []byte(id)}))
		d.ok(d.st.PutDocument(ctx, core.Document{Kind: "reply2", ID: id, Version: 1, At: d.now}))
	}
	for _, size := range []int{1, 5, len(ids), 100} {
		var got []string
		for after := ""; ; {
			page := must(d.st.Documents(ctx, "reply", after, size))(d)
			if len(page) > size {
				d.Fatalf("a page of %d with limit %d", len(page), size)
			}
			if len(page) == 0 {
				break
			}
			for _, doc := range page {
				equal(d, "its data", string(doc.Data), doc.ID)
				got = append(got, doc.ID)
			}
			after = page[len(page)-1].ID
		}
		equal(d, fmt.Sprint("pages of ", size), got, ids)
	}
	equal(d, "behind one that is not there", must(d.st.Documents(ctx, "reply", "a#", 1))(d)[0].ID, "a#b")
	none(d, "limit 0", must(d.st.Documents(ctx, "reply", "", 0))(d))
	none(d, "behind the last", must(d.st.Documents(ctx, "reply", "😀", 5))(d))
	none(d, "an unknown kind", must(d.st.Documents(ctx, "nothing", "", 5))(d))
}

// documentLimits: a document of the greatest size comes back whole, several of
// them in one listing too; what is over a limit stores nothing.
func documentLimits(d *desk) {
	ctx := d.Context()
	big := bytes.Repeat([]byte{0, 1, 0xfe, 0xff}, core.MaxDocument/4)
	long := strings.Repeat("客", 66) + "ab" // 200 bytes
	for i := range 5 {
		doc := core.Document{Kind: long, ID: fmt.Sprint(long[:199], i), Version: 1, At: d.now, Data: big}
		d.ok(d.st.PutDocument(ctx, doc))
		equal(d, "Document", must(d.st.Document(ctx, doc.Kind, doc.ID))(d), doc)
	}
	page := must(d.st.Documents(ctx, long, "", 200))(d)
	equal(d, "how many", len(page), 5)
	for _, doc := range page {
		if !bytes.Equal(doc.Data, big) {
			d.Fatalf("%s has %d bytes, want %d", doc.ID, len(doc.Data), len(big))
		}
	}
	d.wants(d.st.PutDocument(ctx, core.Document{Kind: "k", ID: "i", Version: 1, Data: append(big, 0)}), core.TooLarge)
	for _, name := range []string{"", long + "c", "a\x00b", "a\nb", "\xff"} {
		d.wants(d.st.PutDocument(ctx, core.Document{Kind: "k", ID: name, Version: 1}), core.Invalid)
		d.wants(d.st.PutDocument(ctx, core.Document{Kind: name, ID: "i", Version: 1}), core.Invalid)
		_, err := d.st.Document(ctx, "k", name)
		d.wants(err, core.NotFound)
		d.wants(d.st.DeleteDocument(ctx, "k", name), core.NotFound)
	}
	none(d, "what was refused", must(d.st.Documents(ctx, "k", "", 5))(d))
}

// oneChangeOfDocumentWins: of those who put the same version one wins, the
// first version and a later one alike.
func oneChangeOfDocumentWins(d *desk) {
	ctx := d.Context()
	for v := uint64(1); v <= 3; v++ {
		won := d.race(16, core.Conflict, func(i int) error {
			return d.st.PutDocument(ctx, core.Document{Kind: "reply", ID: "r_1", Version: v, At: d.now, Data: []byte{byte(i)}})
		})
		if won != 1 {
			d.Fatalf("%d changes to version %d won, want 1", won, v)
		}
		equal(d, "the version", must(d.st.Document(ctx, "reply", "r_1"))(d).Version, v)
	}
}

// callerOwnsDocument: neither what was put nor what came back is shared.
func callerOwnsDocument(d *desk) {
	ctx := d.Context()
	data := []byte("as it was put")
	d.ok(d.st.PutDocument(ctx, core.Document{Kind: "reply", ID: "r_1", Version: 1, Data: data}))
	data[0] = '!'
	for range 2 {
		doc := must(d.st.Document(ctx, "reply", "r_1"))(d)
		equal(d, "Data", string(doc.Data), "as it was put")
		doc.Data[0] = '!'
		page := must(d.st.Documents(ctx, "reply", "", 1))(d)
		equal(d, "Data of a page", string(page[0].Data), "as it was put")
		page[0].Data[0] = '!'
	}
}
