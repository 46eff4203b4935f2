package sqlquery

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Members is the table of memberships. It has one row for each pair of group and
// member, a primary key or unique index on both columns, and another index that
// begins with Member.
type Members struct {
	Table  string // "team_members"
	Group  string // column with the key of the group
	Member string // column with the key of the member

	// Of is the [Table] whose rows are the members. Ids that are not in it, such
	// as those of other tenants, do not become members; a member of another type
	// is refused. If Of is nil, members are ids of any resources, kept as text in
	// a column with a binary collation.
	Of MemberOf
	// Type is a column with the name of the member's resource type, which may
	// be "". Not with Of.
	Type string
	// Key is a column with schema.FoldKey of the id, for filters on members.
	// Not with Of.
	Key string
}

// MemberOf is a [Table] of any struct.
type MemberOf interface {
	Exists(ctx context.Context, ids []string, o store.GetOptions) ([]string, error)
	Type() *schema.ResourceType
	HasTenants() bool

	key(id string) (any, bool)
	fold(id string) (string, bool)
	newKey() (dest any, id func() string)
	idRule() columnRule
}

// GroupTable is a [Table] of a type with members. Make one with
// [NewGroupTable].
type GroupTable[T any] struct {
	*Table[T]
	members Members

	table, group, member string // quoted
	typ, foldKey         string // quoted, or ""
	one                  string // type of a member's key in look-ups one by one, or ""
	display              *field
	value                *schema.Attribute
}

var _ interface {
	store.MemberStore
	store.Describer
	store.Exister
} = (*GroupTable[struct{}])(nil)

// NewGroupTable is [NewTable] for a type with members. T has a field for
// displayName.
func NewGroupTable[T any](ctx context.Context, db *DB, name string, rt *schema.ResourceType, m Members, o Options[T]) (*GroupTable[T], error) {
	if rt == nil || rt.Members() == nil {
		return nil, errors.New("sqlquery: a group table needs a resource type with members")
	}
	if m.Table == "" || m.Group == "" || m.Member == "" || m.Of != nil && m.Type+m.Key != "" {
		return nil, errors.New("sqlquery: Members needs Table, Group and Member, and has Type and Key only without Of")
	}
	t, err := newTable(ctx, db, name, rt, o)
	if err != nil {
		return nil, err
	}
	g := &GroupTable[T]{
		Table: t, members: m, table: db.d.ident(m.Table), group: db.d.ident(m.Group), member: db.d.ident(m.Member),
		value: t.Type().Members().Sub("value"),
	}
	if m.Type != "" {
		g.typ = db.d.ident(m.Type)
	}
	if m.Key != "" {
		g.foldKey = db.d.ident(m.Key)
	}
	for _, f := range t.typed.fields {
		if f.role == roleAttribute && f.path.String() == "displayName" {
			g.display = f
		}
	}
	if g.display == nil {
		return nil, fmt.Errorf("sqlquery: %s needs a field for displayName", t.typed)
	}
	if m.Of != nil && m.Of.HasTenants() != t.HasTenants() {
		return nil, fmt.Errorf("sqlquery: %s: Members.Of has tenants and this table has none, or the reverse: give both tables a tenant column, or neither", t.typed)
	}
	t.where.special = func(s *statement, e filter.Expr) bool { return t.byID(s, e) || g.byMember(s, e) }
	return g, g.checkMembers(ctx)
}

// columns are those of one member.
func (g *GroupTable[T]) columns() string {
	out := g.member
	for _, c := range []string{g.typ, g.foldKey} {
		if c != "" {
			out += ", " + c
		}
	}
	return out
}

// byMember writes members.value eq "id" and members[value eq "id"], the filters
// for the groups of a member.
func (g *GroupTable[T]) byMember(s *statement, e filter.Expr) bool {
	if v, ok := e.(filter.ValuePath); ok && len(v.Path) == 1 && v.Path[0] == g.Type().Members() {
		e = v.Expr
	}
	c, ok := e.(filter.Compare)
	if !ok || c.Op != filter.EQ || c.Null || len(c.Path) == 0 || c.Path.Last() != g.value {
		return false
	}
	return g.holding(s, c.Value.Text())
}

// holding writes that the group has a member with an id, compared regardless of
// case. It reports false if the table has no column for that.
func (g *GroupTable[T]) holding(s *statement, id string) bool {
	begin := func() *statement {
		return s.add("EXISTS (SELECT 1 FROM ", g.table, " AS m WHERE m.", g.group, " = ", g.column(g.id), " AND ")
	}
	switch {
	case g.members.Of != nil:
		exact, ok := g.members.Of.fold(id)
		if !ok {
			return false
		}
		key, ok := g.members.Of.key(exact)
		if !ok {
			s.add(never)
			return true
		}
		begin()
		g.memberIs(s, "m.", key)
	case g.foldKey != "":
		begin()
		s.equal(s, "m."+g.foldKey, schema.FoldKey(id))
	default:
		return false
	}
	s.add(")")
	return true
}

// memberIs writes that the member column is equal to a key.
func (g *GroupTable[T]) memberIs(s *statement, alias string, key any) {
	if text, ok := key.(string); ok {
		s.equal(s, alias+g.member, text)
		return
	}
	s.add(alias, g.member, " = ").arg(key)
}

// memberKey returns the value of the member column for an id.
func (g *GroupTable[T]) memberKey(id string) (any, bool) {
	if g.members.Of != nil {
		return g.members.Of.key(id)
	}
	return id, id != "" && validText(id)
}

// newMember returns a destination for the member column in Scan, and a function
// that returns the scanned id, "" for NULL.
func (g *GroupTable[T]) newMember() (dest any, id func() string) {
	if g.members.Of != nil {
		return g.members.Of.newKey()
	}
	text := new(*string)
	return text, func() string {
		if *text == nil {
			return ""
		}
		return **text
	}
}

func (g *GroupTable[T]) typeName() string {
	if g.members.Of == nil {
		return ""
	}
	return g.members.Of.Type().Name
}

// newKey implements [MemberOf].
func (t *Table[T]) newKey() (dest any, id func() string) {
	p := reflect.New(reflect.PointerTo(t.id.Type)) // NULL is nil
	return p.Interface(), func() string {
		if p.Elem().IsNil() {
			return ""
		}
		return t.typed.ids.format(p.Elem().Elem())
	}
}

// fold returns the id that is equal to a text regardless of case, or "" if there
// is none; false if several ids may be equal to it.
func (t *Table[T]) fold(id string) (string, bool) {
	if !t.typed.oneCase() {
		return "", false
	}
	prefix := t.typed.ids.prefix
	folded, key := schema.FoldKey(prefix), schema.FoldKey(id)
	if len(key) < len(folded) || key[:len(folded)] != folded {
		return "", true // not an id of this table
	}
	return prefix + key[len(folded):], true
}
