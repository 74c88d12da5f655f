package sqlstore_test

import (
	"testing"

	"kefu/core"
	"kefu/localserver/internal/pgtest"
	"kefu/localserver/internal/sqlstore"
)

// An older copy of PostgreSQL's files is noticed by who remembers how far they
// had come; a crash is none, nor is a node that remembers nothing.
func TestPostgresOlderFiles(t *testing.T) {
	s := pgtest.Start(t)
	url, dir := s.Database(t), t.TempDir()
	begin := func(dir string) (*sqlstore.Store, string) {
		t.Helper()
		o := options(dir)
		o.URL = url
		st, err := sqlstore.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		epoch, err := st.Epoch(t.Context())
		if err == nil {
			err = st.Ready(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		return st, epoch
	}
	end := func(st *sqlstore.Store) {
		t.Helper()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
	st, first := begin(dir)
	end(st)
	s.Stop(t)
	putBack := s.CopyFiles(t)
	s.Start(t)

	st, second := begin(dir)
	if second != first {
		t.Errorf("after a crash the epoch is %s, was %s", second, first)
	}
	if err := st.PutProfile(t.Context(), core.Profile{ID: "v_1", Site: "default", Name: "Vi"}); err != nil {
		t.Fatal(err)
	}
	end(st)
	st, third := begin(dir) // which notes how far it is
	end(st)
	if third != first {
		t.Errorf("after a restart the epoch is %s, was %s", third, first)
	}
	s.Stop(t)
	putBack()
	s.Start(t)

	st, stranger := begin(t.TempDir())
	end(st)
	if stranger != first {
		t.Errorf("who remembers nothing begins an epoch: %s, was %s", stranger, first)
	}
	st, fourth := begin(dir)
	end(st)
	if fourth == first {
		t.Error("an older copy of the files is not noticed")
	}
	st, fifth := begin(dir)
	end(st)
	if fifth != fourth {
		t.Errorf("the same once more: %s, was %s", fifth, fourth)
	}
}

// A node that is running does not go on with an older copy either.
func TestPostgresOlderFilesUnderANode(t *testing.T) {
	s := pgtest.Start(t)
	o := options("")
	o.URL = s.Database(t)
	st, err := sqlstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	s.Stop(t)
	putBack := s.CopyFiles(t)
	s.Start(t)
	for range 3 {
		if err := st.PutProfile(t.Context(), core.Profile{ID: "v_1", Site: "default", Name: "Vi"}); err != nil && core.CodeOf(err) != core.Unavailable {
			t.Fatal(err)
		}
	}
	for err = st.Ready(t.Context()); err != nil; err = st.Ready(t.Context()) {
		if sqlstore.Moved(err) {
			t.Fatal(err)
		}
	}
	s.Stop(t)
	putBack()
	s.Start(t)
	err = st.PutProfile(t.Context(), core.Profile{ID: "v_2", Site: "default", Name: "Wu"})
	for err != nil && !sqlstore.Moved(err) {
		err = st.PutProfile(t.Context(), core.Profile{ID: "v_2", Site: "default", Name: "Wu"})
	}
	if !sqlstore.Moved(err) {
		t.Errorf("written to an older copy: %v", err)
	}
}
