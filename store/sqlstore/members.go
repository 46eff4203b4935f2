package sqlstore

import (
	"context"
	"errors"
	"iter"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// ahead is how many members are read before the first of them is handed out.
const ahead = 10_000

// Members implements [store.MemberStore], in the order in which they joined. A
// connection is used to read so many as ahead, and given back before they are
// yielded: the response is written to a client who may be slow, and the next
// are read by a query of its own. A place is not taken twice by those who
// stay, so that they are yielded once.
func (g *groups) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		seq, err := g.seq(ctx, id)
		if err != nil {
			yield(schema.Member{}, err)
			return
		}
		for last := int64(0); ; {
			var members []schema.Member
			if members, last, err = g.after(ctx, seq, last); err != nil {
				yield(schema.Member{}, err)
				return
			}
			for _, m := range members {
				if !yield(m, nil) {
					return
				}
			}
			if len(members) < ahead {
				return
			}
		}
	}
}

// seq finds a group.
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

// after reads the members behind a place, and returns the place of the last.
// Who comes after that place later is read later.
func (g *groups) after(ctx context.Context, seq, last int64) ([]schema.Member, int64, error) {
	var out []schema.Member
	err := g.db.query(ctx, "SELECT ord, member, type, display FROM scim_member WHERE grp = ? AND ord > ? ORDER BY ord LIMIT ?",
		[]any{seq, last, ahead}, func(scan func(...any) error) error {
			var m schema.Member
			if err := scan(&last, &m.Value, &m.Type, &m.Display); err != nil {
				return err
			}
			m.Type, m.Display = unescape(m.Type), unescape(m.Display)
			out = append(out, m)
			return nil
		})
	return out, last, err
}
