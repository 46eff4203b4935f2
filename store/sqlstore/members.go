package sqlstore

import (
	"context"
	"errors"
	"iter"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// ahead is the number of members in one query.
const ahead = 10_000

// Members implements [store.MemberStore], in the order in which members joined.
// Each query reads up to ahead members and releases its connection before they
// are yielded, since the client that reads the response may be slow. The place
// of a member does not change, so that a member that stays is yielded once.
func (g *groups) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		seq, err := g.seq(ctx, id)
		if err != nil {
			yield(schema.Member{}, err)
			return
		}
		for last := int64(0); ; {
			var members []schema.Member
			var more bool
			if members, last, more, err = g.membersAfter(ctx, seq, last); err != nil {
				yield(schema.Member{}, err)
				return
			}
			for _, m := range members {
				if !yield(m, nil) {
					return
				}
			}
			if !more {
				return
			}
		}
	}
}

// seq returns the row number of a group.
func (g *groups) seq(ctx context.Context, id string) (seq int64, err error) {
	if err := g.db.ready(ctx); err != nil {
		return 0, err
	}
	if !validID(id) {
		return 0, store.ErrNotFound
	}
	err = g.db.one(ctx, "SELECT seq FROM scim_resource WHERE tenant = ? AND type = ? AND id = ?", []any{tenant(ctx), g.name, id}, &seq)
	if errors.Is(err, errNoRow) {
		err = store.ErrNotFound
	}
	return seq, err
}

// membersAfter reads members after a place. It returns the place that it read up
// to, and whether there may be more. Members that join later have later places.
func (g *groups) membersAfter(ctx context.Context, seq, last int64) (out []schema.Member, end int64, more bool, err error) {
	left, err := g.db.left(ctx, seq)
	if err != nil {
		return nil, last, false, err
	}
	if s, ok := left.at(last + 1); ok {
		last = s.last
	}
	n := 0
	err = g.db.query(ctx, "SELECT ord, member, type, display FROM scim_member WHERE grp = ? AND ord > ? ORDER BY ord"+g.db.d.limit,
		[]any{seq, last, ahead}, func(scan func(...any) error) error {
			n++
			var m schema.Member
			if err := scan(&last, &m.Value, &m.Type, &m.Display); err != nil || left.has(last) {
				return err
			}
			m.Type, m.Display = unescape(m.Type), unescape(m.Display)
			out = append(out, m)
			return nil
		})
	return out, last, n == ahead, err
}
