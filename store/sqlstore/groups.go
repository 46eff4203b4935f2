package sqlstore

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// groups is the store of a type with members.
type groups struct{ *table }

var _ store.MemberStore = (*groups)(nil)

// PutMembers implements [store.MemberStore]. Every change of the members locks
// the group first, so that members that were read stay the same until the
// transaction ends.
func (g *groups) PutMembers(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	var out *schema.Resource
	var delta schema.MemberDelta
	err := g.db.InTx(ctx, func(ctx context.Context) (err error) {
		if c.Before == nil {
			out, delta, err = g.createWith(ctx, c)
		} else {
			out, delta, err = g.updateWith(ctx, c)
		}
		return err
	})
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	return out, delta, nil
}

// createWith creates a group with its first members.
func (g *groups) createWith(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	created, seq, err := g.create(ctx, c.After)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	delta, err := g.change(ctx, seq, c.Members)
	return created, delta, err
}

// updateWith changes a group and its members.
func (g *groups) updateWith(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	r, err := g.lock(ctx, c.ID, c.IfVersion)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	delta, err := g.change(ctx, r.seq, c.Members)
	if err != nil {
		return nil, delta, err
	}
	if delta.Empty() && sameAttributes(c) {
		return c.Before, delta, nil
	}
	out, err := g.put(ctx, r, c.After)
	return out, delta, err
}

func sameAttributes(c *store.Change) bool {
	return c.After == c.Before || schema.IdenticalObjects(c.After.Attributes, c.Before.Attributes)
}

// change applies a delta and returns the one that took effect.
func (g *groups) change(ctx context.Context, grp int64, d *schema.MemberDelta) (schema.MemberDelta, error) {
	if d.Empty() {
		return schema.MemberDelta{}, nil
	}
	g.db.forgetGroups(ctx)
	left, err := g.db.left(ctx, grp)
	if err != nil {
		return schema.MemberDelta{}, err
	}
	if g.db.d.addMembers != nil && len(left) == 0 && len(d.Remove) == 0 && !d.Replace {
		return g.add(ctx, grp, d.Add)
	}
	e, err := g.effect(ctx, grp, d, left)
	if err != nil {
		return schema.MemberDelta{}, err
	}
	if err := g.remove(ctx, grp, e); err != nil {
		return schema.MemberDelta{}, err
	}
	did := schema.MemberDelta{Add: e.joining}
	for _, p := range e.leaving {
		did.Remove = append(did.Remove, p.member)
	}
	last := e.last
	for chunk := range slices.Chunk(e.joining, g.db.d.memberRows) {
		if err := g.insert(ctx, grp, last, chunk); err != nil {
			return schema.MemberDelta{}, err
		}
		last += int64(len(chunk))
	}
	return did, nil
}

// add adds those of the members that are not there. All rows of the group count.
func (g *groups) add(ctx context.Context, grp int64, members []schema.Member) (did schema.MemberDelta, err error) {
	for chunk := range slices.Chunk(members, g.db.d.memberRows) {
		args := make([]any, 0, 5*len(chunk)+1)
		for _, m := range chunk {
			if args, err = memberArgs(args, m); err != nil {
				return schema.MemberDelta{}, err
			}
		}
		added := make(map[string]bool, len(chunk))
		err := g.db.query(ctx, g.db.d.addMembers(len(chunk)), append(args, grp), func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			added[id] = true
			return err
		})
		if err != nil {
			return schema.MemberDelta{}, err
		}
		for _, m := range chunk {
			if added[m.Value] {
				did.Add = append(did.Add, m)
				delete(added, m.Value)
			}
		}
	}
	return did, nil
}

// remove removes the members that leave, and the rows of those that join which
// are there though they do not count.
func (g *groups) remove(ctx context.Context, grp int64, e *effect) error {
	if e.all && g.db.d.leaveAtOnce > 0 && len(e.leaving) > g.db.d.leaveAtOnce {
		e.left = between(e.staying, e.last)
		if err := g.db.setLeft(ctx, grp, e.left); err != nil {
			return err
		}
	} else {
		for chunk := range slices.Chunk(e.leaving, sqldb.Batch) {
			args := []any{grp}
			for _, p := range chunk {
				args = append(args, p.ord)
			}
			if _, err := g.db.exec(ctx, "DELETE FROM scim_member WHERE grp = ? AND ord IN "+list(len(chunk)), args...); err != nil {
				return err
			}
		}
	}
	if len(e.left) == 0 {
		return nil
	}
	for chunk := range slices.Chunk(e.joining, g.db.d.memberRows) {
		args := append([]any{grp}, foldIDs(ids(chunk))...)
		for _, m := range chunk {
			args = append(args, m.Value)
		}
		in := list(len(chunk))
		if _, err := g.db.exec(ctx, "DELETE FROM scim_member WHERE grp = ? AND folded IN "+in+" AND member IN "+in, args...); err != nil {
			return err
		}
	}
	return nil
}

// memberRow is the row of a member. Members that join later have a greater ord.
type memberRow struct {
	ord    int64
	member string
}

// effect is what a delta does to the members of a group.
type effect struct {
	leaving []memberRow
	joining []schema.Member
	all     bool    // everything but staying leaves
	staying []int64 // if all: the ords of the members that stay
	last    int64   // the greatest ord, 0 if there are no members
	left    spans   // rows that did not count before
}

// effect returns the members of a delta that leave and that join in effect.
func (g *groups) effect(ctx context.Context, grp int64, d *schema.MemberDelta, left spans) (*effect, error) {
	e := &effect{left: left}
	if len(d.Add) > 0 || d.Replace {
		if err := g.db.one(ctx, "SELECT COALESCE(MAX(ord), 0) FROM scim_member WHERE grp = ?", []any{grp}, &e.last); err != nil {
			return nil, err
		}
	}
	e.last = max(e.last, left.end())
	switch {
	case e.last == 0 && len(d.Remove) == 0:
		e.joining = d.Add
		return e, nil
	case d.Replace:
		return e, g.replaced(ctx, grp, d.Add, e)
	}
	for chunk := range slices.Chunk(d.Remove, sqldb.Batch) {
		there, err := g.among(ctx, grp, chunk, left)
		if err != nil {
			return nil, err
		}
		for _, id := range chunk {
			if ord, ok := there[id]; ok {
				e.leaving = append(e.leaving, memberRow{ord, id})
			}
		}
	}
	for chunk := range slices.Chunk(d.Add, sqldb.Batch) {
		there, err := g.among(ctx, grp, ids(chunk), left)
		if err != nil {
			return nil, err
		}
		e.joining = append(e.joining, missing(chunk, there)...)
	}
	return e, nil
}

// replaced is effect for members that take the place of all.
func (g *groups) replaced(ctx context.Context, grp int64, members []schema.Member, e *effect) error {
	there := make(map[string]int64, len(members))
	for _, m := range members {
		there[m.Value] = 0
	}
	e.all = true
	err := g.db.query(ctx, "SELECT ord, member FROM scim_member WHERE grp = ? ORDER BY ord", []any{grp}, func(scan func(...any) error) error {
		var p memberRow
		if err := scan(&p.ord, &p.member); err != nil || e.left.has(p.ord) {
			return err
		}
		if _, stays := there[p.member]; stays {
			there[p.member] = p.ord
			e.staying = append(e.staying, p.ord)
		} else {
			e.leaving = append(e.leaving, p)
		}
		return nil
	})
	maps.DeleteFunc(there, func(_ string, ord int64) bool { return ord == 0 })
	e.joining = missing(members, there)
	return err
}

// missing returns the members that are not there.
func missing(members []schema.Member, there map[string]int64) (out []schema.Member) {
	for _, m := range members {
		if _, ok := there[m.Value]; !ok {
			out = append(out, m)
		}
	}
	return out
}

// insert adds rows for members, at the places after last.
func (g *groups) insert(ctx context.Context, grp, last int64, members []schema.Member) error {
	args := make([]any, 0, 7*len(members))
	var err error
	for i, m := range members {
		if args, err = memberArgs(append(args, grp, last+int64(i)+1), m); err != nil {
			return err
		}
	}
	_, err = g.db.exec(ctx, "INSERT INTO scim_member (grp, ord, folded, member, type, kind, display) VALUES "+rows(len(members), 7), args...)
	return err
}

// memberArgs appends what a row of scim_member has of a member.
func memberArgs(args []any, m schema.Member) ([]any, error) {
	if !validID(m.Value) {
		return nil, fmt.Errorf("sqlstore: %q is not a valid id of a member", m.Value)
	}
	return append(args, foldID(m.Value), m.Value, escape(m.Type), nullable(typeKey(m.Type)), escape(m.Display)), nil
}

func ids(members []schema.Member) []string {
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = m.Value
	}
	return out
}

// among returns those of the ids that are members, with their place; rows in left
// do not count. The index is by folded id because a filter compares members.value
// without case; ids are compared byte for byte.
func (g *groups) among(ctx context.Context, grp int64, ids []string, left spans) (map[string]int64, error) {
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	there := make(map[string]int64)
	args := append(foldIDs(ids), grp)
	err := g.db.query(ctx, g.db.d.members(len(ids)), args, func(scan func(...any) error) error {
		var ord int64
		var id string
		err := scan(&ord, &id)
		if wanted[id] && !left.has(ord) {
			there[id] = ord
		}
		return err
	})
	return there, err
}

func foldID(id string) string { return squeeze(schema.FoldKey(id)) }

func foldIDs(ids []string) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = foldID(id)
	}
	return out
}

// typeKey is the key of a member's type; "" if it is unknown.
func typeKey(name string) string {
	if name == "" {
		return ""
	}
	return "=" + squeeze(schema.FoldKey(name))
}
