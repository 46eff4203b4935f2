package memstore

import (
	"bytes"
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/health/figures"
	"github.com/seed5f3efb56/scim/store"
)

var _ figures.Store = (*DB)(nil)

// figureKey is the place of figures: those of one connection are together, those of
// all time first.
type figureKey struct {
	tenant, connection string
	hour               time.Time
}

func (a figureKey) compare(b figureKey) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(a.connection, b.connection), a.hour.Compare(b.hour))
}

// AddFigures implements [figures.Store].
func (db *DB) AddFigures(ctx context.Context, all []figures.Figures) error {
	return db.edit(ctx, func(s *state) error {
		for i := range all {
			k := figureKey{all[i].Tenant, all[i].Connection, all[i].Hour.UTC()}
			f, ok := s.figures.get(k)
			if !ok {
				f = figures.Figures{Tenant: k.tenant, Connection: k.connection, Hour: k.hour}
			}
			f.Add(&all[i])
			f.Error = bytes.Clone(f.Error)
			s.figures = s.figures.put(k, f)
		}
		return nil
	})
}

// ListFigures implements [figures.Store].
func (db *DB) ListFigures(ctx context.Context, since time.Time) ([]figures.Figures, error) {
	s, err := db.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	tenant := store.Tenant(ctx)
	var out []figures.Figures
	for k, f := range s.figures.from(s.figures.rank(figureKey{tenant: tenant})) {
		if k.tenant != tenant {
			break
		}
		if k.hour.IsZero() || !k.hour.Before(since) {
			f.Error = bytes.Clone(f.Error)
			out = append(out, f)
		}
	}
	return out, nil
}

// PruneFigures implements [figures.Store]. It looks through all figures.
func (db *DB) PruneFigures(ctx context.Context, before time.Time, n int) (int, error) {
	pruned := 0
	err := db.edit(ctx, func(s *state) error {
		for k, f := range s.figures.from(0) {
			if pruned == n {
				return nil
			}
			if f.Pruned(before) {
				s.figures = s.figures.delete(k)
				pruned++
			}
		}
		return nil
	})
	return pruned, err
}
