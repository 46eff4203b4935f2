package sqlstore

import (
	"context"
	"errors"
	"iter"
	"strings"

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
		p, err := g.places(ctx, id)
		if err != nil {
			yield(schema.Member{}, err)
			return
		}
		for more := p.last > 0; more; {
			var members []string
			if members, more, err = g.read(ctx, p); err != nil {
				yield(schema.Member{}, err)
				return
			}
			for _, m := range members {
				if !yield(memberOf(m), nil) {
					return
				}
			}
		}
	}
}

// places says which rows of scim_member are read.
type places struct {
	grp        int64
	read, last int64 // the ord up to which rows were read, and the greatest one
	left       bool  // there are rows that do not count
}

// places finds a group and the places of its members.
func (g *groups) places(ctx context.Context, id string) (*places, error) {
	if err := g.db.ready(ctx); err != nil {
		return nil, err
	}
	if !validID(id) {
		return nil, store.ErrNotFound
	}
	left := "0"
	if g.db.d.leaveAtOnce > 0 {
		left = "(SELECT COUNT(*) FROM scim_left WHERE grp = r.seq)"
	}
	p, spans := &places{}, 0
	err := g.db.one(ctx, "SELECT r.seq, COALESCE((SELECT MAX(ord) FROM scim_member WHERE grp = r.seq), 0), "+left+
		" FROM scim_resource r WHERE r.tenant = ? AND r.type = ? AND r.id = ?", []any{tenant(ctx), g.name, id}, &p.grp, &p.last, &spans)
	if errors.Is(err, errNoRow) {
		err = store.ErrNotFound
	}
	p.left = spans > 0
	return p, err
}

// read reads the next members, as texts for memberOf, and reports whether there may be
// more. Members that join after places was called have later places.
func (g *groups) read(ctx context.Context, p *places) (out []string, more bool, err error) {
	if p.left || p.last-p.read > ahead {
		return g.readSome(ctx, p)
	}
	var text string
	to := []any{&text} // the same for all rows
	err = g.db.query(ctx, "SELECT "+g.db.d.memberText()+" FROM scim_member WHERE grp = ? AND ord > ? AND ord <= ? ORDER BY ord",
		[]any{p.grp, p.read, p.last}, func(scan func(...any) error) error {
			err := scan(to...)
			out = append(out, text)
			return err
		})
	return out, false, err
}

// readSome is read where the number of rows is not known, or some do not count.
func (g *groups) readSome(ctx context.Context, p *places) (out []string, more bool, err error) {
	left, err := g.db.left(ctx, p.grp)
	if err != nil {
		return nil, false, err
	}
	if s, ok := left.at(p.read + 1); ok {
		p.read = s.last
	}
	n := 0
	var text string
	to := []any{&p.read, &text}
	err = g.db.query(ctx, "SELECT ord, "+g.db.d.memberText()+" FROM scim_member WHERE grp = ? AND ord > ? AND ord <= ? ORDER BY ord"+g.db.d.limit,
		[]any{p.grp, p.read, p.last, ahead}, func(scan func(...any) error) error {
			n++
			if err := scan(to...); err != nil || left.has(p.read) {
				return err
			}
			out = append(out, text)
			return nil
		})
	return out, n == ahead, err
}

// memberSep is neither in an id nor in an escaped text.
const memberSep = "\x01\x03"

// memberText is the column with a member: the id of a user without a display, which
// nearly all members are, else the id, the type and the display. The cost of reading
// many rows is mostly that of their columns.
func (d *dialect) memberText() string {
	sep := "'" + memberSep + "'"
	return "CASE WHEN type = 'User' AND display = '' THEN member ELSE " +
		d.concat(d.concat(d.concat("member", sep), d.concat("type", sep)), "display") + " END"
}

// memberOf returns the member of a memberText.
func memberOf(text string) schema.Member {
	id, rest, found := strings.Cut(text, memberSep)
	if !found {
		return schema.Member{Value: id, Type: schema.UserType.Name}
	}
	typ, display, _ := strings.Cut(rest, memberSep)
	return schema.Member{Value: id, Type: unescape(typ), Display: unescape(display)}
}
