package sqlstore

import (
	"context"
	"errors"
	"slices"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// SQLite has one writer, and to remove the row of a member costs it a look-up in
// two trees. So where more members than dialect.leaveAtOnce leave a group, or are
// the members of a group that is deleted, the write only notes which rows do not
// count any more, as spans in scim_left, and each later write removes some of
// them (sweep). Every reader of scim_member leaves such rows out: those of one
// group by spans.has, the others by the condition dialect.stays. Rows of a group
// that was deleted need no condition, because its seq is never used again.

// span is the rows of a group with an ord from first to last.
type span struct{ first, last int64 }

// spans are in order and do not overlap.
type spans []span

// left returns the rows of a group that do not count any more. Outside of a
// transaction it is called before the rows are read: a sweep between the two
// removes no row that counts.
func (db *DB) left(ctx context.Context, grp int64) (spans, error) {
	if db.d.leaveAtOnce == 0 {
		return nil, nil
	}
	var out spans
	err := db.query(ctx, "SELECT first, last FROM scim_left WHERE grp = ? ORDER BY last", []any{grp}, func(scan func(...any) error) error {
		var s span
		err := scan(&s.first, &s.last)
		out = append(out, s)
		return err
	})
	return out, err
}

// at returns the span that an ord is in.
func (s spans) at(ord int64) (span, bool) {
	i, _ := slices.BinarySearchFunc(s, ord, func(x span, ord int64) int {
		if x.last < ord {
			return -1
		}
		return 1
	})
	if i == len(s) || s[i].first > ord {
		return span{}, false
	}
	return s[i], true
}

func (s spans) has(ord int64) bool {
	_, ok := s.at(ord)
	return ok
}

// end returns the last ord of all spans, 0 if there are none.
func (s spans) end() int64 {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1].last
}

// between returns the spans up to last of the rows that do not stay.
func between(stays []int64, last int64) spans {
	slices.Sort(stays)
	var out spans
	first := int64(1)
	for _, ord := range append(stays, last+1) {
		if first < ord {
			out = append(out, span{first, ord - 1})
		}
		first = ord + 1
	}
	return out
}

// setLeft notes the rows of a group that do not count any more, in place of those
// that were noted before.
func (db *DB) setLeft(ctx context.Context, grp int64, s spans) error {
	db.unswept.Store(0)
	if _, err := db.exec(ctx, "DELETE FROM scim_left WHERE grp = ?", grp); err != nil {
		return err
	}
	for chunk := range slices.Chunk(s, sqldb.Batch) {
		args := make([]any, 0, 3*len(chunk))
		for _, x := range chunk {
			args = append(args, grp, x.first, x.last)
		}
		if _, err := db.exec(ctx, "INSERT INTO scim_left (grp, first, last) VALUES "+rows(len(chunk), 3), args...); err != nil {
			return err
		}
	}
	return nil
}

// dropMembers removes all members of a group that is deleted.
func (db *DB) dropMembers(ctx context.Context, grp int64) error {
	if db.d.leaveAtOnce > 0 {
		var last int64
		if err := db.one(ctx, "SELECT COALESCE(MAX(ord), 0) FROM scim_member WHERE grp = ?", []any{grp}, &last); err != nil {
			return err
		}
		if last > int64(db.d.leaveAtOnce) {
			return db.setLeft(ctx, grp, spans{{1, last}})
		}
	}
	_, err := db.exec(ctx, "DELETE FROM scim_member WHERE grp = ?", grp)
	return err
}

// sweepPause is the number of writes that do not look for rows to remove after one
// found none. Another process may have noted some meanwhile.
const sweepPause = 100

// sweep removes some of the rows that do not count any more, at most
// dialect.sweep of them. It is part of every write.
func (db *DB) sweep(ctx context.Context) error {
	if db.mayPauseSweep() {
		return nil
	}
	for budget := db.d.sweep; budget > 0; {
		var grp int64
		var s span
		err := db.one(ctx, "SELECT grp, first, last FROM scim_left LIMIT 1", nil, &grp, &s.first, &s.last)
		if errors.Is(err, errNoRow) {
			db.unswept.Store(sweepPause)
			return nil
		}
		if err != nil {
			return err
		}
		removed, err := db.exec(ctx, "DELETE FROM scim_member WHERE grp = ? AND ord IN"+
			" (SELECT ord FROM scim_member WHERE grp = ? AND ord BETWEEN ? AND ? ORDER BY ord"+db.d.limit+")", grp, grp, s.first, s.last, budget)
		if err != nil || removed == int64(budget) {
			return err
		}
		if _, err := db.exec(ctx, "DELETE FROM scim_left WHERE grp = ? AND last = ?", grp, s.last); err != nil {
			return err
		}
		budget -= max(int(removed), 20) // two statements cost as much as 20 rows
	}
	return nil
}
