package sqlquery

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// apply changes the members of a locked group and returns the delta that took
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

// ids returns the ids in a result of member keys.
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

// among returns the ids that are members of the group.
func (g *GroupTable[T]) among(ctx context.Context, group any, ids []string) (map[string]bool, error) {
	found := map[string]bool{}
	for chunk := range slices.Chunk(ids, sqldb.Batch) {
		keys := g.keys(chunk)
		if len(keys) == 0 {
			continue
		}
		s := g.db.d.statement("SELECT ", g.member, " FROM ", g.table, " WHERE ", g.group, " = ").arg(group).add(" AND ", g.member, " IN ").list(keys)
		if g.one != "" {
			s = g.each(group, keys)
		}
		if err := g.ids(ctx, s, func(id string) { found[id] = true }); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// each returns the query of the members among keys that looks up each by itself.
// With a list, PostgreSQL reads all members of the group for each list, unless its
// statistics say that the group is large. OFFSET keeps the planner from turning the
// query into a list.
func (g *GroupTable[T]) each(group any, keys []any) *statement {
	s := g.db.d.statement("SELECT m.", g.member, " FROM (VALUES ")
	for i, key := range keys {
		s.add([]string{"(CAST(", ", (CAST("}[min(i, 1)]).arg(key).add(" AS ", g.one, "))")
	}
	return s.add(") AS v (id), LATERAL (SELECT ", g.member, " FROM ", g.table, " WHERE ", g.group, " = ").arg(group).
		add(" AND ", g.member, " = v.id OFFSET 0) AS m")
}

// keys returns the keys of those ids that can be members.
func (g *GroupTable[T]) keys(ids []string) []any {
	keys := make([]any, 0, len(ids))
	for _, id := range ids {
		if key, ok := g.memberKey(id); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// memberIn writes AND member IN (…). It reports false if no id can be a member.
func (g *GroupTable[T]) memberIn(s *statement, alias string, ids []string) bool {
	keys := g.keys(ids)
	if len(keys) == 0 {
		return false
	}
	s.add(" AND ", alias, g.member, " IN ").list(keys)
	return true
}

// leave takes members out and returns the ids that were members.
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
	for chunk := range slices.Chunk(leaving, sqldb.Batch) {
		s := g.db.d.statement("DELETE FROM ", g.table, " WHERE ", g.group, " = ").arg(group)
		if !g.memberIn(s, "", chunk) {
			continue
		}
		if _, err := g.db.exec(ctx, s); err != nil {
			return nil, err
		}
	}
	return leaving, nil
}

// join adds members and returns those that were not members before.
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
	for chunk := range slices.Chunk(joining, sqldb.Batch) {
		if err := g.insertMembers(ctx, group, chunk); err != nil {
			return nil, err
		}
	}
	return joining, nil
}

// possible returns the members that the table can have. An id without a
// resource does not fail the request (Entra ID's validator sends such ids); a
// resource of another type is 400 invalidValue.
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
		if ids, err = g.members.Of.Exists(ctx, ids, store.GetOptions{ForUpdate: true}); err != nil {
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
	// The application may have inserted the same row meanwhile.
	_, err := g.db.exec(ctx, s.add(g.db.d.onTaken(g.group)))
	return err
}
