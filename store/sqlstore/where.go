package sqlstore

import (
	"context"
	"slices"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Describe implements [store.Describer].
func (t *table) Describe() store.Capabilities {
	if t.db.keepKeys {
		return store.Capabilities{Versions: true}
	}
	return store.Capabilities{
		Versions: true,
		Filter:   t.answers,
		Sort: func(p schema.AttrPath) bool {
			_, ok := t.order(p)
			return ok
		},
	}
}

// clause is a condition on a row of scim_resource r. It is true or false,
// never NULL.
type clause struct {
	sql     string
	inverse string // the negation, if it is not NOT (sql), or ""
	args    []any
}

func constant(holds bool) clause {
	if holds {
		return clause{sql: "1 = 1"}
	}
	return clause{sql: "1 = 0"}
}

func condition(sql string, args ...any) clause { return clause{sql: sql, args: args} }

// negateUnless returns the condition, or its negation if holds is false.
func (c clause) negateUnless(holds bool) clause {
	switch {
	case holds:
		return c
	case c.inverse != "":
		return clause{c.inverse, c.sql, c.args}
	}
	return clause{"NOT (" + c.sql + ")", c.sql, c.args}
}

func join(a clause, word string, b clause) clause {
	return clause{sql: "(" + a.sql + ") " + word + " (" + b.sql + ")", args: slices.Concat(a.args, b.args)}
}

// where translates a filter, or with holds false its opposite: not is moved
// down to the comparisons. It reports false for what is not a condition in SQL. ctx
// carries the tenant.
func (t *table) where(ctx context.Context, e filter.Expr, holds bool) (clause, bool) {
	switch e := e.(type) {
	case filter.And:
		if owner, ok := ownerOf(e.Left); ok && holds {
			c, ok := t.where(ctx, e.Right, holds)
			return join(c, "AND", t.owned(owner)), ok
		}
		return t.both(ctx, e.Left, "AND", e.Right, holds)
	case filter.Or:
		return t.both(ctx, e.Left, "OR", e.Right, holds)
	case filter.Not:
		return t.where(ctx, e.Expr, !holds)
	case filter.Compare:
		if e.Op == filter.NE {
			e.Op, holds = filter.EQ, !holds // ne is the negation of eq (Z-11)
		}
		c, ok := t.compare(ctx, e)
		return c.negateUnless(holds), ok
	case filter.ValuePath:
		c, ok := t.valuePath(ctx, e)
		return c.negateUnless(holds), ok
	}
	return clause{}, false
}

func (t *table) both(ctx context.Context, left filter.Expr, word string, right filter.Expr, hold bool) (clause, bool) {
	if !hold { // neither, or not both
		word = map[string]string{"AND": "OR", "OR": "AND"}[word]
	}
	a, ok := t.where(ctx, left, hold)
	if !ok {
		return clause{}, false
	}
	b, ok := t.where(ctx, right, hold)
	return join(a, word, b), ok
}

// ownerOf returns the connection of a comparison with the owner by eq.
func ownerOf(e filter.Expr) (connection string, ok bool) {
	c, ok := e.(filter.Compare)
	if !ok || c.Op != filter.EQ || c.Null || len(c.Path) != 1 || c.Path[0] != schema.OwnerAttribute {
		return "", false
	}
	return c.Value.Text(), true
}

// owned is the condition that a resource, which another condition has found, belongs
// to a connection. As one more list of resources it would be read first by a planner
// without statistics, and a connection may own most of the table.
func (t *table) owned(connection string) clause {
	head, tail := split(escape(connection))
	return condition("EXISTS (SELECT 1 FROM scim_key o WHERE o.seq = r.seq AND o.path = ? AND o.ord = 0 AND o.absent = 0 AND o.head = ? AND o.tail = ?)",
		squeeze(schema.OwnerAttribute.Name), head, tail)
}

// compare translates a comparison by any operator but ne.
func (t *table) compare(ctx context.Context, e filter.Compare) (clause, bool) {
	if len(e.Path) == 0 || e.Path.String() == "meta.resourceType" {
		// The same for every resource of the type.
		return constant(filter.New(e).Match(&schema.Resource{Type: t.t})), true
	}
	if c, ok := t.column(e); ok {
		return c, true
	}
	if m := t.t.Members(); m != nil && e.Path.Root() == m {
		return t.memberCompare(e)
	}
	if x := t.index(e.Path); x != nil {
		return t.keyCompare(ctx, x, e)
	}
	return clause{}, false
}

// index returns the index of a path, or nil.
func (t *table) index(p schema.AttrPath) *index {
	for i := range t.indexes {
		if slices.Equal(t.indexes[i].path, p) {
			return &t.indexes[i]
		}
	}
	return nil
}

// column compares the attributes that every resource has: id and times.
func (t *table) column(e filter.Compare) (clause, bool) {
	name, isTime := columnOf(e.Path)
	switch {
	case name == "":
		return clause{}, false
	case e.Null:
		return constant(false), true // eq null: it is never unassigned
	case e.Op == filter.PR:
		return constant(true), true
	case !isTime && e.Op == filter.EQ:
		// Without the comparison of a tail, which an id has not: several ids are then a
		// list to the planner.
		return t.idIs(e.Value.Text()), true
	case !isTime:
		return t.db.d.textCompare(e.Op, name, "''", e.Value.Text())
	}
	text, err := timeText(e.Value.Time())
	if err != nil {
		return clause{}, false
	}
	switch e.Op {
	case filter.EQ:
		return condition(name+" = ?", text), true
	case filter.GT:
		return condition(name+" > ?", text), true
	case filter.GE:
		return condition(name+" >= ?", text), true
	case filter.LT:
		return condition(name+" < ?", text), true
	case filter.LE:
		return condition(name+" <= ?", text), true
	}
	return clause{}, false
}

func (t *table) idIs(id string) clause {
	if !validID(id) {
		return constant(false)
	}
	return condition("r.id = ?", id)
}

func columnOf(p schema.AttrPath) (name string, isTime bool) {
	if p.Root() == schema.IDAttribute {
		return "r.id", false
	}
	switch p.String() {
	case "meta.created":
		return "r.created", true
	case "meta.lastModified":
		return "r.last_modified", true
	}
	return "", false
}

// keyCompare compares values that have keys.
func (t *table) keyCompare(ctx context.Context, x *index, e filter.Compare) (clause, bool) {
	switch {
	case e.Null:
		// eq null holds when nothing is assigned (Z-12).
		return t.withKey(ctx, x, filter.PR, constant(true)).negateUnless(false), true
	case e.Op == filter.PR:
		return t.withKey(ctx, x, e.Op, condition("k.head <> ''")), true // T-13
	}
	c, ok := t.valueCompare(e)
	return t.withKey(ctx, x, e.Op, c), ok
}

// valueCompare is a condition on a row of scim_key k.
func (t *table) valueCompare(e filter.Compare) (clause, bool) {
	return t.db.d.textCompare(e.Op, "k.head", "k.tail", keyText(e.Path.Last(), e.Value))
}

// withKey selects the resources with a key for which c holds.
func (t *table) withKey(ctx context.Context, x *index, op filter.Op, c clause) clause {
	return t.db.d.among(op,
		"SELECT k.seq FROM scim_key k WHERE k.tenant = ? AND k.type = ? AND k.path = ? AND k.absent = 0 AND ("+c.sql+")",
		slices.Concat([]any{tenant(ctx), t.name, x.name}, c.args))
}

// valuePath answers emails[value op x] and emails[type eq "work" and value op
// x], which are about one key, and the like for members.
func (t *table) valuePath(ctx context.Context, e filter.ValuePath) (clause, bool) {
	value, kind, ok := pair(e.Expr)
	if !ok {
		return clause{}, false
	}
	parent := len(e.Path)
	value.Path = slices.Concat(e.Path, value.Path)
	if m := t.t.Members(); m != nil && e.Path.Root() == m {
		return t.memberPair(value, kind)
	}
	x := t.index(value.Path)
	if x == nil || parent != len(x.path)-1 {
		return clause{}, false
	}
	c, ok := t.valueCompare(value)
	if !ok || kind == nil {
		return t.withKey(ctx, x, value.Op, c), ok
	}
	if x.kind == nil || kind.Path.Last() != x.kind {
		return clause{}, false
	}
	return t.withKey(ctx, x, value.Op, join(c, "AND", kindIs("k.kind", *kind))), true
}

func kindIs(column string, e filter.Compare) clause {
	return condition(column+" = ?", kindText(e.Path.Last(), e.Value))
}

// pair takes a value filter apart: a comparison that only a value can satisfy,
// and optionally one of eq with the type beside it.
func pair(e filter.Expr) (value filter.Compare, kind *filter.Compare, ok bool) {
	switch e := e.(type) {
	case filter.Compare:
		return e, nil, positive(e)
	case filter.And:
		a, okA := e.Left.(filter.Compare)
		b, okB := e.Right.(filter.Compare)
		if !okA || !okB {
			return value, nil, false
		}
		if isKind(a) {
			a, b = b, a
		}
		return a, &b, positive(a) && isKind(b)
	}
	return value, nil, false
}

func positive(e filter.Compare) bool {
	return len(e.Path) == 1 && !e.Null && e.Op != filter.NE && e.Op != filter.PR
}

func isKind(e filter.Compare) bool {
	return len(e.Path) == 1 && e.Path[0].Name == "type" && e.Op == filter.EQ && !e.Null
}
