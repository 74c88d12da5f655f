package server

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the second connection to the database
)

// Somebody puts another epoch into the database while it is in use, as who
// restores it does: a server that went on would have its clients believe in a
// log that is no more.
func TestAnotherDatabase(t *testing.T) {
	c := settings(t)
	s, err := Open(t.Context(), Options{Config: c, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(c.Data, "kefu.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), "UPDATE store SET epoch = 'another'")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "start again") {
		t.Errorf("it ends with %v", err)
	}
}
