package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kefu/core"
	"kefu/core/blob"
	"kefu/localserver/internal/backup"
	"kefu/localserver/internal/config"
	"kefu/localserver/internal/sqlstore"
)

const (
	upkeepEvery = 10 * time.Second
	expireMost  = 200 // conversations a pass: others write meanwhile
	copyPrefix  = "kefu-"
	copySuffix  = ".db"
	copyTime    = "20060102T150405Z"
)

// upkeep makes the copies that are due and removes what is past its time, until
// ctx ends. It follows the configuration in force.
func (s *Server) upkeep(ctx context.Context) {
	every := time.NewTicker(upkeepEvery)
	defer every.Stop()
	for {
		s.copyIfDue(ctx)
		s.expire(ctx)
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// copies is where scheduled copies go.
func copies(c config.Config) string {
	if c.Backup.Dir != "" {
		return c.Backup.Dir
	}
	return filepath.Join(c.Data, "backups")
}

// copiesIn returns the names of the copies in a directory, the oldest first, and
// when the newest was made; the zero time if there is none.
func copiesIn(dir string) (names []string, newest time.Time, err error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, newest, nil
	}
	for _, f := range files {
		stamp, ours := strings.CutPrefix(f.Name(), copyPrefix)
		stamp, named := strings.CutSuffix(stamp, copySuffix)
		at, bad := time.Parse(copyTime, stamp)
		if !ours || !named || bad != nil {
			continue // what others have put there is left alone
		}
		names = append(names, f.Name())
		if at.After(newest) {
			newest = at
		}
	}
	slices.Sort(names)
	return names, newest, err
}

// copyIfDue makes a copy if it is time for one. What is there already counts, so
// a server that is started often makes no more of them. If the clock was set
// back, the newest copy lies in the future; it then counts as made now.
func (s *Server) copyIfDue(ctx context.Context) {
	c := s.config()
	if c.Backup.Every == 0 || c.Database != "" {
		return
	}
	now, dir := s.Now(), copies(c)
	_, newest, err := copiesIn(dir)
	if err == nil {
		s.metrics.BackedUp(newest)
		since := now.Sub(newest)
		if !newest.IsZero() && since < c.Backup.Every && since > -c.Backup.Every || now.Sub(s.tried) < retryCopy {
			return
		}
		s.tried = now
		err = s.copyNow(ctx, c, dir, now)
	}
	if ctx.Err() != nil {
		return
	}
	s.metrics.Backup(err == nil)
	if err != nil {
		s.Log.Error("no copy of the database could be made", "directory", dir, "error", err)
	}
}

// retryCopy is how long after a failure it is tried again.
const retryCopy = time.Minute

func (s *Server) copyNow(ctx context.Context, c config.Config, dir string, now time.Time) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	name := copyPrefix + now.UTC().Format(copyTime) + copySuffix
	summary, err := backup.Write(ctx, c.Data, filepath.Join(dir, name))
	if err != nil {
		return err
	}
	s.metrics.BackedUp(now)
	s.Log.Info("the database was copied", "copy", name, "bytes", summary.Bytes, "conversations", summary.Conversations, "events", summary.Events)
	names, _, err := copiesIn(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, old := range names[:max(len(names)-c.Backup.Keep, 0)] {
		errs = append(errs, os.Remove(filepath.Join(dir, old)))
	}
	return errors.Join(errs...)
}

// expiring is a store that can forget.
type expiring interface {
	Expire(ctx context.Context, site core.SiteID, others []core.SiteID, before time.Time, limit int) (sqlstore.Expired, error)
}

// expire removes conversations whose time is over: of each site that has an age
// of its own, and of all others.
func (s *Server) expire(ctx context.Context) {
	store, can := s.expiring()
	r := s.config().Retention
	if !can || r == (config.Retention{}) {
		return
	}
	var others []core.SiteID
	for site, age := range r.Sites.Each() {
		others = append(others, core.SiteID(site))
		if age > 0 {
			s.expireSite(ctx, store, core.SiteID(site), nil, age)
		}
	}
	if r.Age > 0 {
		s.expireSite(ctx, store, "", others, r.Age)
	}
}

func (s *Server) expiring() (expiring, bool) {
	if t, ok := s.store.(*timed); ok {
		x, can := t.Store.(expiring)
		return x, can
	}
	x, can := s.store.(expiring)
	return x, can
}

func (s *Server) expireSite(ctx context.Context, store expiring, site core.SiteID, others []core.SiteID, age config.Age) {
	gone, err := store.Expire(ctx, site, others, s.Now().Add(-age.Duration()), expireMost)
	for _, url := range gone.Files {
		if key := blob.KeyOf(url); key != "" && s.Uploads != nil {
			if failed := s.Uploads.Delete(ctx, key); failed != nil {
				err = errors.Join(err, fmt.Errorf("the file %s of a conversation that is gone could not be removed: %w", key, failed))
			}
		}
	}
	s.metrics.Expired(gone.Conversations)
	if gone.Conversations > 0 {
		s.Log.Info("what was past its time is removed", "site", site, "age", age.String(), "conversations", gone.Conversations, "events", gone.Events, "files", len(gone.Files))
	}
	if err != nil && ctx.Err() == nil {
		s.Log.Error("not all that is past its time could be removed", "site", site, "error", err)
	}
}
