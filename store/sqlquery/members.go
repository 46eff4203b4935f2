package sqlquery

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Create implements [store.Store].
func (g *GroupTable[T]) Create(ctx context.Context, r *schema.Resource) (*schema.Resource, error) {
	var out *schema.Resource
	err := g.db.InTx(ctx, func(ctx context.Context) error {
		v, err := g.insert(ctx, r)
		if err != nil {
			return err
		}
		out = g.resource(ctx, v)
		_, err = g.join(ctx, g.arg(v, g.id), membersOf(r))
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// membersOf returns the initial members of a new group.
func membersOf(r *schema.Resource) []schema.Member {
	a := r.Type.Members()
	list := r.Attributes.Get(a)
	out := make([]schema.Member, 0, list.Len())
	for _, e := range list.All() {
		text := func(name string) string { return e.Object().Get(a.Sub(name)).Text() }
		out = append(out, schema.Member{Value: text("value"), Type: text("type")})
	}
	return out
}

// Delete implements [store.Store]. The members of the group leave it.
func (g *GroupTable[T]) Delete(ctx context.Context, id string, ifVersion string) error {
	return g.db.InTx(ctx, func(ctx context.Context) error {
		v, err := g.locked(ctx, id, ifVersion)
		if err != nil {
			return err
		}
		s := g.db.d.statement("DELETE FROM ", g.table, " WHERE ", g.group, " = ").arg(g.arg(v, g.id))
		if _, err := g.db.exec(ctx, s); err != nil {
			return err
		}
		return g.remove(ctx, v)
	})
}

// Members implements [store.MemberStore], in the order of the member column.
// All are read at once, so that no connection is held while a response is
// written.
func (g *GroupTable[T]) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		members, err := g.read(ctx, id)
		if err != nil {
			yield(schema.Member{}, err)
			return
		}
		for _, m := range members {
			if err := ctx.Err(); err != nil {
				yield(schema.Member{}, err)
				return
			}
			if !yield(m, nil) {
				return
			}
		}
	}
}

func (g *GroupTable[T]) read(ctx context.Context, id string) ([]schema.Member, error) {
	v, err := g.row(ctx, id, false)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, store.ErrNotFound
	}
	s := g.db.d.statement("SELECT ", g.member)
	if g.typ != "" {
		s.add(", ", g.typ)
	}
	s.add(" FROM ", g.table, " WHERE ", g.group, " = ").arg(g.arg(v, g.id)).add(" ORDER BY ", g.member)
	var out []schema.Member
	err = g.db.query(ctx, s, func(scan func(...any) error) error {
		dest, id := g.newMember()
		m := schema.Member{Type: g.typeName()}
		to := []any{dest}
		var typ *string // may be NULL
		if g.typ != "" {
			to = append(to, &typ)
		}
		if err := scan(to...); err != nil {
			return err
		}
		if typ != nil {
			m.Type = *typ
		}
		m.Value = id()
		out = append(out, m)
		return nil
	})
	return out, err
}

// UpdateMembers implements [store.MemberStore].
func (g *GroupTable[T]) UpdateMembers(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	var out *schema.Resource
	var did schema.MemberDelta
	err := g.db.InTx(ctx, func(ctx context.Context) error {
		did = schema.MemberDelta{}
		v, err := g.locked(ctx, c.After.ID, c.IfVersion)
		if err != nil {
			return err
		}
		if did, err = g.apply(ctx, g.arg(v, g.id), c.Members); err != nil {
			return err
		}
		if did.Empty() && c.After.Attributes == c.Before.Attributes {
			out = c.Before
			return nil
		}
		if v, err = g.write(ctx, v, c.After); err == nil {
			out = g.resource(ctx, v)
		}
		return err
	})
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	return out, did, nil
}

// apply changes the members of a group, which is locked, and returns what took
// effect.
func (g *GroupTable[T]) apply(ctx context.Context, group any, d *schema.MemberDelta) (did schema.MemberDelta, err error) {
	if d == nil {
		return did, nil
	}
	leaving := d.Remove
	if d.Replace {
		if leaving, err = g.others(ctx, group, d.Add); err != nil {
			return did, err
		}
	}
	if did.Remove, err = g.leave(ctx, group, leaving); err != nil {
		return did, err
	}
	did.Add, err = g.join(ctx, group, d.Add)
	return did, err
}

// others returns the members that are not among keep.
func (g *GroupTable[T]) others(ctx context.Context, group any, keep []schema.Member) ([]string, error) {
	kept := make(map[string]bool, len(keep))
	for _, m := range keep {
		kept[m.Value] = true
	}
	s := g.db.d.statement("SELECT ", g.member, " FROM ", g.table, " WHERE ", g.group, " = ").arg(group)
	var out []string
	err := g.ids(ctx, s, func(id string) {
		if !kept[id] {
			out = append(out, id)
		}
	})
	return out, err
}

// ids reads a result of member keys.
func (g *GroupTable[T]) ids(ctx context.Context, s *statement, each func(id string)) error {
	return g.db.query(ctx, s, func(scan func(...any) error) error {
		dest, id := g.newMember()
		if err := scan(dest); err != nil {
			return err
		}
		each(id())
		return nil
	})
}

// among returns which of the ids are members of the group.
func (g *GroupTable[T]) among(ctx context.Context, group any, ids []string) (map[string]bool, error) {
	found := map[string]bool{}
	err := batches(ids, func(ids []string) error {
		s := g.db.d.statement("SELECT ", g.member, " FROM ", g.table, " WHERE ", g.group, " = ").arg(group)
		if !g.in(s, "", ids) {
			return nil
		}
		return g.ids(ctx, s, func(id string) { found[id] = true })
	})
	return found, err
}

// in writes AND member IN (…). It reports false if no id can be a member.
func (g *GroupTable[T]) in(s *statement, alias string, ids []string) bool {
	keys := make([]any, 0, len(ids))
	for _, id := range ids {
		if key, ok := g.memberKey(id); ok {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return false
	}
	s.add(" AND ", alias, g.member, " IN ").list(keys)
	return true
}

// leave takes members out, and returns those who were.
func (g *GroupTable[T]) leave(ctx context.Context, group any, ids []string) ([]string, error) {
	here, err := g.among(ctx, group, ids)
	if err != nil {
		return nil, err
	}
	var leaving []string
	for _, id := range ids {
		if here[id] {
			leaving = append(leaving, id)
			here[id] = false
		}
	}
	return leaving, batches(leaving, func(ids []string) error {
		s := g.db.d.statement("DELETE FROM ", g.table, " WHERE ", g.group, " = ").arg(group)
		if !g.in(s, "", ids) {
			return nil
		}
		_, err := g.db.exec(ctx, s)
		return err
	})
}

// join adds members, and returns those who were none.
func (g *GroupTable[T]) join(ctx context.Context, group any, members []schema.Member) ([]schema.Member, error) {
	possible, err := g.possible(ctx, members)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(possible))
	for i, m := range possible {
		ids[i] = m.Value
	}
	here, err := g.among(ctx, group, ids)
	if err != nil {
		return nil, err
	}
	var joining []schema.Member
	for _, m := range possible {
		if !here[m.Value] {
			joining = append(joining, m)
			here[m.Value] = true
		}
	}
	return joining, batches(joining, func(members []schema.Member) error { return g.insertMembers(ctx, group, members) })
}

// possible leaves out members that the table cannot have. A reference that
// leads nowhere fails nothing else (Entra ID's validator sends such); a
// resource of another type is a mistake that somebody has to know of.
func (g *GroupTable[T]) possible(ctx context.Context, members []schema.Member) ([]schema.Member, error) {
	ids := make([]string, 0, len(members))
	for _, m := range members {
		if g.members.Of != nil && m.Type != "" && m.Type != g.typeName() {
			return nil, &schema.Error{
				Type: schema.ErrorInvalidValue, Path: g.Type().Members().Name,
				Detail: fmt.Sprintf("only resources of type %s can be members", g.typeName()),
			}
		}
		if _, ok := g.memberKey(m.Value); ok {
			ids = append(ids, m.Value)
		}
	}
	if g.members.Of != nil && len(ids) > 0 {
		var err error
		if ids, err = g.members.Of.Exists(ctx, ids); err != nil {
			return nil, err
		}
	}
	can := make(map[string]bool, len(ids))
	for _, id := range ids {
		can[id] = true
	}
	var out []schema.Member
	for _, m := range members {
		if can[m.Value] {
			out = append(out, m)
		}
	}
	return out, nil
}

func (g *GroupTable[T]) insertMembers(ctx context.Context, group any, members []schema.Member) error {
	s := g.db.d.statement("INSERT INTO ", g.table, " (", g.group, ", ", g.columns(), ") VALUES ")
	for i, m := range members {
		if i > 0 {
			s.add(", ")
		}
		key, _ := g.memberKey(m.Value)
		args := []any{group, key}
		if g.typ != "" {
			args = append(args, m.Type)
		}
		if g.foldKey != "" {
			args = append(args, schema.FoldKey(m.Value))
		}
		s.list(args)
	}
	// Somebody else of the application may be faster.
	_, err := g.db.exec(ctx, s.add(g.db.d.onTaken(g.group)))
	return err
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
	return out, batches(once, func(ids []string) error { return g.groupsOf(ctx, ids, out) })
}

func (g *GroupTable[T]) groupsOf(ctx context.Context, ids []string, out map[string][]store.GroupRef) error {
	fields := []*store.Field{g.id, g.display}
	s := g.db.d.statement("SELECT m.", g.member, ", ", g.list(fields), " FROM ", g.table, " AS m JOIN (SELECT ", g.list(fields))
	if !g.from(ctx, s) {
		return nil
	}
	s.add(") AS ", alias, " ON ", g.column(g.id), " = m.", g.group, " WHERE ", always)
	if !g.in(s, "m.", ids) {
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
		ref := store.GroupRef{ID: g.typed.ID(v), Display: g.display.Value(v).Text()}
		out[id()] = append(out[id()], ref)
		return nil
	})
}

// RemoveFromAll implements [store.MemberStore].
func (g *GroupTable[T]) RemoveFromAll(ctx context.Context, id string, at time.Time) ([]string, error) {
	key, ok := g.memberKey(id)
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
			left, err := g.leave(ctx, g.arg(v, g.id), []string{id})
			if err != nil {
				return err
			}
			if len(left) == 0 {
				continue
			}
			if err := g.touch(ctx, v, at); err != nil {
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
	fields := g.typed.Fields()
	s := g.db.d.statement("SELECT ", g.list(fields))
	if !g.from(ctx, s) {
		return nil, nil
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

// touch gives a group another version.
func (g *GroupTable[T]) touch(ctx context.Context, v *T, at time.Time) error {
	next := *v
	g.typed.SetModified(&next, at)
	return g.update(ctx, v, &next)
}
