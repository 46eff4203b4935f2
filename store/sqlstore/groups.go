package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// groups is the store of a type with members.
type groups struct{ *table }

var _ store.MemberStore = (*groups)(nil)

// Create implements [store.Store].
func (g *groups) Create(ctx context.Context, r *schema.Resource) (*schema.Resource, error) {
	var out *schema.Resource
	err := g.db.InTx(ctx, func(ctx context.Context) error {
		created, seq, err := g.create(ctx, r)
		if err != nil {
			return err
		}
		out = created
		_, err = g.add(ctx, seq, g.members(r))
		return err
	})
	return out, err
}

// members returns the initial members that Create is given.
func (g *groups) members(r *schema.Resource) []schema.Member {
	m := g.t.Members()
	text := func(o *schema.Object, name string) string {
		if a := m.Sub(name); a != nil {
			return o.Get(a).Text()
		}
		return ""
	}
	var out []schema.Member
	for _, v := range r.Attributes.Get(m).All() {
		o := v.Object()
		out = append(out, schema.Member{Value: text(o, "value"), Type: text(o, "type"), Display: text(o, "display")})
	}
	return out
}

// UpdateMembers implements [store.MemberStore]. Everything that changes the
// members of a group locks the group first, so that what is read of them
// holds until the end of the transaction.
func (g *groups) UpdateMembers(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	var out *schema.Resource
	var delta schema.MemberDelta
	err := g.db.InTx(ctx, func(ctx context.Context) error {
		r, err := g.lock(ctx, c.Before.ID, c.IfVersion)
		if err != nil {
			return err
		}
		if delta, err = g.change(ctx, r.seq, c.Members); err != nil {
			return err
		}
		if delta.Empty() && sameAttributes(c) {
			out = c.Before
			return nil
		}
		out, err = g.put(ctx, r, c.After)
		return err
	})
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	return out, delta, nil
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

// add inserts those who are not members yet, and returns them.
func (g *groups) add(ctx context.Context, grp int64, members []schema.Member) ([]schema.Member, error) {
	if len(members) == 0 {
		return nil, nil
	}
	var ord int64
	if err := g.db.one(ctx, "SELECT COALESCE(MAX(ord), 0) FROM scim_member WHERE grp = ?", []any{grp}, &ord); err != nil {
		return nil, err
	}
	var added []schema.Member
	for chunk := range slices.Chunk(members, batch) {
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
				return nil, fmt.Errorf("sqlstore: %q is no id of a member", m.Value)
			}
			there[m.Value] = 0
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

// remove deletes those who are members, and returns them.
func (g *groups) remove(ctx context.Context, grp int64, members []string) ([]string, error) {
	var removed []string
	for chunk := range slices.Chunk(members, batch) {
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

// GroupsOf implements [store.MemberStore].
func (g *groups) GroupsOf(ctx context.Context, ids []string) (map[string][]store.GroupRef, error) {
	if err := g.db.ready(ctx); err != nil {
		return nil, err
	}
	out := make(map[string][]store.GroupRef, len(ids))
	for chunk := range slices.Chunk(distinct(ids), batch) {
		wanted := make(map[string]bool, len(chunk))
		for _, id := range chunk {
			wanted[id] = true
		}
		args := append(foldIDs(chunk), tenant(ctx), g.name)
		err := g.db.query(ctx, "SELECT m.member, r.id, r.display FROM scim_member m JOIN scim_resource r ON r.seq = m.grp"+
			" WHERE m.folded IN "+list(len(chunk))+" AND r.tenant = ? AND r.type = ? ORDER BY r.seq", args, func(scan func(...any) error) error {
			var member string
			var ref store.GroupRef
			err := scan(&member, &ref.ID, &ref.Display)
			if wanted[member] {
				ref.Display = unescape(ref.Display)
				out[member] = append(out[member], ref)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// RemoveFromAll implements [store.MemberStore].
func (g *groups) RemoveFromAll(ctx context.Context, id string, at time.Time) ([]string, error) {
	if !validID(id) {
		return nil, nil // nobody is a member under such an id
	}
	var out []string
	err := g.db.InTx(ctx, func(ctx context.Context) error {
		out = nil
		modified, err := timeText(at)
		if err != nil {
			return err
		}
		// Lock first, in one order for all, and look again at what was locked.
		groups, err := g.with(ctx, id, g.db.d.forUpdate+g.db.d.ofGroup)
		if err != nil || len(groups) == 0 {
			return err
		}
		if g.db.d.forUpdate != "" {
			if groups, err = g.with(ctx, id, ""); err != nil {
				return err
			}
		}
		for _, group := range groups {
			out = append(out, group.id)
		}
		return g.leave(ctx, id, groups, modified)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

type groupRow struct {
	seq int64
	id  string
}

// with returns the groups that have the member.
func (g *groups) with(ctx context.Context, id, lock string) ([]groupRow, error) {
	var out []groupRow
	err := g.db.query(ctx, "SELECT r.seq, r.id FROM scim_member m JOIN scim_resource r ON r.seq = m.grp"+
		" WHERE m.folded = ? AND m.member = ? AND r.tenant = ? AND r.type = ? ORDER BY r.seq"+lock,
		[]any{foldID(id), id, tenant(ctx), g.name}, func(scan func(...any) error) error {
			var r groupRow
			err := scan(&r.seq, &r.id)
			out = append(out, r)
			return err
		})
	return out, err
}

func (g *groups) leave(ctx context.Context, id string, groups []groupRow, modified string) error {
	for chunk := range slices.Chunk(groups, batch) {
		seqs := make([]any, len(chunk))
		for i, r := range chunk {
			seqs[i] = r.seq
		}
		in := list(len(seqs))
		if _, err := g.db.exec(ctx, "DELETE FROM scim_member WHERE folded = ? AND member = ? AND grp IN "+in, append([]any{foldID(id), id}, seqs...)...); err != nil {
			return err
		}
		if _, err := g.db.exec(ctx, "UPDATE scim_resource SET version = version + 1, last_modified = ? WHERE seq IN "+in, append([]any{modified}, seqs...)...); err != nil {
			return err
		}
	}
	return nil
}

// memberCompare answers comparisons of members.value, and whether there are
// members at all.
func (t *table) memberCompare(e filter.Compare) (clause, bool) {
	some := condition("EXISTS (SELECT 1 FROM scim_member m WHERE m.grp = r.seq)")
	value := t.t.Members().Sub("value")
	switch {
	case len(e.Path) == 2 && e.Path[1] != value:
		return clause{}, false
	case e.Null:
		return some.is(false), true
	case e.Op == filter.PR:
		return some, true
	case e.Op == filter.EQ && len(e.Path) == 2:
		return t.withMember(memberIs(value, e.Value.Text())), true
	}
	return clause{}, false
}

// memberPair answers members[value eq "x"] and members[value eq "x" and type
// eq "User"].
func (t *table) memberPair(value filter.Compare, kind *filter.Compare) (clause, bool) {
	m := t.t.Members()
	if value.Op != filter.EQ || value.Path.Last() != m.Sub("value") {
		return clause{}, false
	}
	c := memberIs(m.Sub("value"), value.Value.Text())
	if kind == nil {
		return t.withMember(c), true
	}
	if !kind.Path.Last().FoldsCase() {
		return clause{}, false
	}
	return t.withMember(join(c, "AND", condition("m.kind = ?", typeKey(kind.Value.Text())))), true
}

// memberIs is a condition on a row of scim_member m.
func memberIs(value *schema.Attribute, id string) clause {
	c := condition("m.folded = ?", foldID(id))
	if value.FoldsCase() {
		return c
	}
	return join(c, "AND", condition("m.member = ?", escape(id)))
}

func (t *table) withMember(c clause) clause {
	return t.db.d.among(filter.EQ, "SELECT m.grp FROM scim_member m WHERE "+c.sql, c.args)
}
