package sqlstore

import (
	"context"
	"fmt"
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
	remove := d.Remove
	if d.Replace {
		all, err := g.others(ctx, grp, d.Add)
		if err != nil {
			return schema.MemberDelta{}, err
		}
		remove = all
	}
	removed, err := g.remove(ctx, grp, remove)
	if err != nil {
		return schema.MemberDelta{}, err
	}
	added, err := g.add(ctx, grp, d.Add)
	return schema.MemberDelta{Add: added, Remove: removed}, err
}

// others returns the members that are not among keep.
func (g *groups) others(ctx context.Context, grp int64, keep []schema.Member) ([]string, error) {
	stays := make(map[string]bool, len(keep))
	for _, m := range keep {
		stays[m.Value] = true
	}
	var out []string
	err := g.db.query(ctx, "SELECT member FROM scim_member WHERE grp = ? ORDER BY ord", []any{grp}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		if !stays[id] {
			out = append(out, id)
		}
		return err
	})
	return out, err
}

// add inserts the members that the group does not have yet, and returns them.
func (g *groups) add(ctx context.Context, grp int64, members []schema.Member) ([]schema.Member, error) {
	if len(members) == 0 {
		return nil, nil
	}
	var ord int64
	if err := g.db.one(ctx, "SELECT COALESCE(MAX(ord), 0) FROM scim_member WHERE grp = ?", []any{grp}, &ord); err != nil {
		return nil, err
	}
	var added []schema.Member
	for chunk := range slices.Chunk(members, sqldb.Batch) {
		there, err := g.among(ctx, grp, ids(chunk))
		if err != nil {
			return nil, err
		}
		var args []any
		n := 0
		for _, m := range chunk {
			if _, ok := there[m.Value]; ok {
				continue
			}
			if !validID(m.Value) {
				return nil, fmt.Errorf("sqlstore: %q is not a valid id of a member", m.Value)
			}
			n++
			args = append(args, grp, ord+int64(n), foldID(m.Value), m.Value, escape(m.Type), nullable(typeKey(m.Type)), escape(m.Display))
			added = append(added, m)
		}
		if n == 0 {
			continue
		}
		ord += int64(n)
		if _, err := g.db.exec(ctx, "INSERT INTO scim_member (grp, ord, folded, member, type, kind, display) VALUES "+rows(n, 7), args...); err != nil {
			return nil, err
		}
	}
	return added, nil
}

func ids(members []schema.Member) []string {
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = m.Value
	}
	return out
}

// remove deletes the members that the group has, and returns their ids.
func (g *groups) remove(ctx context.Context, grp int64, members []string) ([]string, error) {
	var removed []string
	for chunk := range slices.Chunk(members, sqldb.Batch) {
		there, err := g.among(ctx, grp, chunk)
		if err != nil {
			return nil, err
		}
		args := []any{grp}
		for _, id := range chunk {
			if ord, ok := there[id]; ok {
				args = append(args, ord)
				removed = append(removed, id)
				delete(there, id)
			}
		}
		if len(args) == 1 {
			continue
		}
		if _, err := g.db.exec(ctx, "DELETE FROM scim_member WHERE grp = ? AND ord IN "+list(len(args)-1), args...); err != nil {
			return nil, err
		}
	}
	return removed, nil
}

// among returns those of the ids that are members, with their place. The index
// is by folded id because a filter compares members.value without case; ids
// are compared byte for byte.
func (g *groups) among(ctx context.Context, grp int64, ids []string) (map[string]int64, error) {
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
		if wanted[id] {
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
