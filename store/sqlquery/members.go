package sqlquery

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Delete implements [store.Store]. The members of the group leave it.
func (g *GroupTable[T]) Delete(ctx context.Context, c *store.Change) error {
	return g.db.InTx(ctx, func(ctx context.Context) error {
		v, err := g.locked(ctx, c.ID, c.IfVersion)
		if err != nil {
			return err
		}
		s := g.db.d.statement("DELETE FROM ", g.table, " WHERE ", g.group, " = ").arg(g.arg(v, g.id))
		if _, err := g.db.exec(ctx, s); err != nil {
			return err
		}
		return g.remove(ctx, v, c.At)
	})
}

// ahead is the number of members in one query.
const ahead = 10_000

// Members implements [store.MemberStore], in the order of the member column. Each
// query reads up to ahead members, so that no connection is held while a response is
// written.
func (g *GroupTable[T]) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		key, ok := g.key(id)
		if !ok {
			yield(schema.Member{}, store.ErrNotFound)
			return
		}
		members, more, err := g.readFirst(ctx, key)
		for err == nil && len(members) > 0 {
			for _, m := range members {
				if err = ctx.Err(); err != nil {
					break
				}
				if !yield(m, nil) {
					return
				}
			}
			if err != nil || !more {
				break
			}
			members, more, err = g.readAfter(ctx, key, members[len(members)-1].Value)
		}
		if err != nil {
			yield(schema.Member{}, err)
		}
	}
}

// readFirst reads the first members in one statement, which has a row without a member
// for a group without members.
func (g *GroupTable[T]) readFirst(ctx context.Context, key any) (out []schema.Member, more bool, err error) {
	s := g.selectMembers()
	s.add(" FROM (SELECT ", g.column(g.id))
	if err := g.selectLive(ctx, s); err != nil {
		return nil, false, err
	}
	s.add(" AND ")
	g.keyIs(s, key)
	s.add(") AS ", alias, " LEFT JOIN ", g.table, " AS m ON m.", g.group, " = ", g.column(g.id))
	out, rows, err := g.read(ctx, s)
	if err == nil && rows == 0 {
		err = store.ErrNotFound
	}
	return out, rows == ahead, err
}

// readAfter reads the members after one.
func (g *GroupTable[T]) readAfter(ctx context.Context, key any, member string) (out []schema.Member, more bool, err error) {
	last, ok := g.memberKey(member)
	if !ok {
		return nil, false, fmt.Errorf("sqlquery: %s: the id of a member cannot be a key", g.members.Table)
	}
	s := g.selectMembers().add(" FROM ", g.table, " AS m WHERE m.", g.group, " = ").arg(key)
	out, rows, err := g.read(ctx, s.add(" AND m.", g.member, " > ").arg(last))
	return out, rows == ahead, err
}

func (g *GroupTable[T]) selectMembers() *statement {
	s := g.db.d.statement("SELECT m.", g.member)
	if g.typ != "" {
		s.add(", m.", g.typ)
	}
	return s
}

// read reads the first members of a query, and counts its rows.
func (g *GroupTable[T]) read(ctx context.Context, s *statement) (out []schema.Member, rows int, err error) {
	s.add(" ORDER BY m.", g.member, " LIMIT ", strconv.Itoa(ahead))
	dest, id := g.newMember()
	var typ *string // may be NULL
	to := []any{dest, &typ}
	if g.typ == "" {
		to = to[:1]
	}
	of := g.typeName()
	err = g.db.query(ctx, s, func(scan func(...any) error) error {
		rows++
		if err := scan(to...); err != nil {
			return err
		}
		m := schema.Member{Value: id(), Type: of}
		if typ != nil {
			m.Type = *typ
		}
		if m.Value != "" {
			out = append(out, m)
		}
		return nil
	})
	return out, rows, err
}

// PutMembers implements [store.MemberStore].
func (g *GroupTable[T]) PutMembers(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	var out *schema.Resource
	var did schema.MemberDelta
	err := g.db.InTx(ctx, func(ctx context.Context) (err error) {
		if c.Before == nil {
			out, did, err = g.createWith(ctx, c)
		} else {
			out, did, err = g.updateWith(ctx, c)
		}
		return err
	})
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	return out, did, nil
}

// createWith creates a group with its first members.
func (g *GroupTable[T]) createWith(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	v, err := g.insert(ctx, c.After)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	did, err := g.apply(ctx, g.arg(v, g.id), c.Members)
	return g.resource(ctx, v), did, err
}

// updateWith changes a group and its members.
func (g *GroupTable[T]) updateWith(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	v, err := g.locked(ctx, c.ID, c.IfVersion)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	did, err := g.apply(ctx, g.arg(v, g.id), c.Members)
	if err != nil {
		return nil, did, err
	}
	if did.Empty() && c.After.Attributes == c.Before.Attributes {
		return c.Before, did, nil
	}
	if v, err = g.write(ctx, v, c.After, !did.Empty()); err != nil {
		return nil, did, err
	}
	return g.resource(ctx, v), did, nil
}

// GroupsOf implements [store.MemberStore], in the order of the groups' keys.
func (g *GroupTable[T]) GroupsOf(ctx context.Context, ids []string) (map[string][]store.GroupRef, error) {
	out := make(map[string][]store.GroupRef, len(ids))
	done := make(map[string]bool, len(ids))
	var once []string
	for _, id := range ids {
		if !done[id] {
			done[id] = true
			once = append(once, id)
		}
	}
	for chunk := range slices.Chunk(once, sqldb.Batch) {
		if err := g.groupsOf(ctx, chunk, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (g *GroupTable[T]) groupsOf(ctx context.Context, ids []string, out map[string][]store.GroupRef) error {
	fields := []*field{g.id, g.display}
	s := g.db.d.statement("SELECT m.", g.member, ", ", g.list(fields), " FROM ", g.table, " AS m JOIN (SELECT ", g.list(fields))
	if err := g.selectLive(ctx, s); err != nil {
		return err
	}
	s.add(") AS ", alias, " ON ", g.column(g.id), " = m.", g.group, " WHERE ", always)
	if !g.memberIn(s, "m.", ids) {
		return nil
	}
	s.add(" ORDER BY ", g.column(g.id))
	return g.db.query(ctx, s, func(scan func(...any) error) error {
		dest, id := g.newMember()
		v := new(T)
		err := g.Table.read(func(to ...any) error { return scan(append([]any{dest}, to...)...) }, v, fields)
		if err != nil {
			return err
		}
		ref := store.GroupRef{ID: g.typed.ID(v), Display: g.display.rowValue(v).Text()}
		out[id()] = append(out[id()], ref)
		return nil
	})
}

// RemoveFromAll implements [store.MemberStore].
func (g *GroupTable[T]) RemoveFromAll(ctx context.Context, c *store.Change) ([]string, error) {
	key, ok := g.memberKey(c.ID)
	if !ok {
		return nil, ctx.Err()
	}
	var out []string
	err := g.db.InTx(ctx, func(ctx context.Context) error {
		out = nil
		groups, err := g.lockGroupsOf(ctx, key)
		if err != nil {
			return err
		}
		for _, v := range groups {
			left, err := g.leave(ctx, g.arg(v, g.id), []string{c.ID})
			if err != nil {
				return err
			}
			if len(left) == 0 {
				continue
			}
			if err := g.touch(ctx, v, c.At); err != nil {
				return err
			}
			out = append(out, g.typed.ID(v))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// lockGroupsOf reads the groups of a member, always in the same order, so that
// two of these do not wait for each other.
func (g *GroupTable[T]) lockGroupsOf(ctx context.Context, key any) ([]*T, error) {
	fields := g.typed.fields
	s := g.db.d.statement("SELECT ", g.list(fields))
	if err := g.selectLive(ctx, s); err != nil {
		return nil, err
	}
	s.add(" AND ", g.column(g.id), " IN (SELECT m.", g.group, " FROM ", g.table, " AS m WHERE ")
	g.memberIs(s, "m.", key)
	s.add(") ORDER BY ", g.column(g.id), g.db.d.forUpdate)
	var out []*T
	err := g.db.query(ctx, s, func(scan func(...any) error) error {
		v := new(T)
		out = append(out, v)
		return g.Table.read(scan, v, fields)
	})
	return out, err
}

// touch sets a new version of a group.
func (g *GroupTable[T]) touch(ctx context.Context, v *T, at time.Time) error {
	next := *v
	if r, _ := g.typed.Resource(v); !r.LastModified.IsZero() { // what does not fit is logged when it is read
		at = store.Later(r.LastModified, at)
	}
	g.typed.setModified(&next, at)
	return g.update(ctx, v, &next)
}
