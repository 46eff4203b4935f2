package sqlquery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/store"
)

var _ store.Purger = (*Table[struct{}])(nil)

// Purge implements [store.Purger]: it deletes rows that have a time in the
// deleted column, also rows that the application itself has marked as deleted.
// The foreign keys of the application's other tables hold: a row that one of
// them refers to makes Purge fail and change nothing, or takes the referring
// rows with it (ON DELETE CASCADE). Without a deleted column, or with a boolean
// one, the error is errors.ErrUnsupported.
func (t *Table[T]) Purge(ctx context.Context, before time.Time, n int) (int, error) {
	if t.deleted == nil || t.deleted.codec.kind == kindBool {
		return 0, fmt.Errorf("sqlquery: %s has no time of deletion: %w", t.typed, errors.ErrUnsupported)
	}
	if n <= 0 {
		return 0, nil
	}
	purged := 0
	err := t.db.InTx(ctx, func(ctx context.Context) error {
		rows, err := t.deletedBefore(ctx, before, n)
		if err != nil {
			return err
		}
		purged = len(rows)
		return t.erase(ctx, rows)
	})
	if err != nil {
		return 0, err
	}
	return purged, nil
}

// deletedBefore locks up to n rows that were deleted before a time, and reads
// their ids. Where SQL cannot compare times it reads all deleted rows.
func (t *Table[T]) deletedBefore(ctx context.Context, before time.Time, n int) ([]*T, error) {
	fields := []*field{t.id, t.deleted}
	s := t.db.d.statement("SELECT ", t.list(fields), " FROM ", t.name, " AS ", alias, " WHERE ")
	if err := t.dead(ctx, s); err != nil {
		return nil, err
	}
	if t.db.d.times {
		limit := new(T)
		t.typed.setDeleted(limit, before)
		s.add(" AND ", t.column(t.deleted), " < ").arg(t.arg(limit, t.deleted))
		s.add(" LIMIT ").arg(n)
	}
	s.add(t.db.d.forUpdate)
	var rows []*T
	err := t.db.query(ctx, s, func(scan func(...any) error) error {
		v := new(T)
		if err := t.read(scan, v, fields); err != nil {
			return err
		}
		if len(rows) < n && t.typed.deletedAt(v).Before(before) {
			rows = append(rows, v)
		}
		return nil
	})
	return rows, err
}

// erase deletes rows, and theirs in Options.Lists.
func (t *Table[T]) erase(ctx context.Context, rows []*T) error {
	for chunk := range slices.Chunk(rows, sqldb.Batch) {
		keys := make([]any, len(chunk))
		for i, v := range chunk {
			if err := t.clearLists(ctx, v); err != nil {
				return err
			}
			keys[i] = t.arg(v, t.id)
		}
		s := t.db.d.statement("DELETE FROM ", t.name, " WHERE ", t.columns[t.id], " IN ").list(keys)
		if _, err := t.db.exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
