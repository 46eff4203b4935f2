package sqlquery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// selectLive writes FROM and WHERE for the live rows of the context's tenant.
func (t *Table[T]) selectLive(ctx context.Context, s *statement) error {
	s.add(" FROM ", t.name, " AS ", alias, " WHERE ")
	if err := t.ours(ctx, s); err != nil {
		return err
	}
	if t.deleted != nil {
		s.add(" AND ")
		t.alive(s)
	}
	return nil
}

func (t *Table[T]) alive(s *statement) {
	if t.deleted.nullable {
		s.add(t.column(t.deleted), " IS NULL")
		return
	}
	s.add("COALESCE(", t.column(t.deleted), ", FALSE) = FALSE")
}

// row reads one row; nil if there is none.
func (t *Table[T]) row(ctx context.Context, id string, lock bool) (*T, error) {
	return t.rowOf(ctx, id, lock, t.typed.all())
}

// rowOf reads a part of one row.
func (t *Table[T]) rowOf(ctx context.Context, id string, lock bool, part reading) (*T, error) {
	key, ok := t.key(id)
	if !ok {
		return nil, nil
	}
	return t.rowByKey(ctx, id, key, lock, part.fields)
}

func (t *Table[T]) rowByKey(ctx context.Context, id string, key any, lock bool, fields []*field) (*T, error) {
	s := t.db.d.statement("SELECT ", t.list(fields))
	if err := t.selectLive(ctx, s); err != nil {
		return nil, err
	}
	s.add(" AND ")
	t.keyIs(s, key)
	if lock && t.db.sql.InTransaction(ctx) {
		s.add(t.db.d.forUpdate)
	}
	var found *T
	err := t.db.query(ctx, s, func(scan func(...any) error) error {
		v := new(T)
		if err := t.read(scan, v, fields); err != nil {
			return err
		}
		if t.typed.ID(v) == id { // also where a column compares otherwise
			found = v
		}
		return nil
	})
	return found, err
}

// resource converts a row to a resource. It logs values that do not fit the
// schema.
func (t *Table[T]) resource(ctx context.Context, v *T) *schema.Resource {
	return t.resourceOf(ctx, v, t.typed.all())
}

// resourceOf converts the part of a row that was read.
func (t *Table[T]) resourceOf(ctx context.Context, v *T, part reading) *schema.Resource {
	r, problems := t.typed.resource(v, part)
	for _, p := range problems {
		if e := (*unnamedError)(nil); errors.As(p, &e) && !t.warned.first(p.Error()) {
			continue
		}
		t.log.WarnContext(ctx, "a row does not fit the schema", "table", t.name, "id", r.ID, "problem", p)
	}
	return r
}

// Get implements [store.Store].
func (t *Table[T]) Get(ctx context.Context, id string, o store.GetOptions) (*schema.Resource, error) {
	part := t.typed.part(o.Attributes)
	if o.ForUpdate {
		part = t.typed.all() // the row is kept for the write
	}
	v, err := t.rowOf(ctx, id, o.ForUpdate, part)
	switch {
	case err != nil:
		return nil, err
	case v == nil:
		return nil, store.ErrNotFound
	}
	if o.ForUpdate {
		t.keep(ctx, id, v)
	}
	return t.resourceOf(ctx, v, part), nil
}

// List implements [store.Store]. Without SortBy the order is that of the id
// column.
func (t *Table[T]) List(ctx context.Context, q *store.Query) (store.Page, error) {
	o, err := t.where.order(q.SortBy, q.Descending)
	if err != nil {
		return store.Page{}, fmt.Errorf("sqlquery: list %s: %w", t.name, err)
	}
	after, err := t.placeOf(o, q)
	if err != nil {
		return store.Page{}, err
	}
	where, err := t.condition(ctx, q)
	if err != nil {
		return store.Page{}, err
	}
	var p store.Page
	if q.Count > 0 {
		if p, err = t.page(ctx, q, where, o, after); err != nil {
			return store.Page{}, err
		}
	}
	if !q.Total {
		return p, nil
	}
	// A first page that is the last page too has all resources.
	if n := len(p.Resources); after == nil && q.Count > 0 && p.Next == "" && (n > 0 || q.Offset <= 0) {
		p.Total = max(0, q.Offset) + n
		return p, nil
	}
	p.Total, err = t.count(ctx, where)
	return p, err
}

// condition writes FROM and WHERE for the rows that q selects.
func (t *Table[T]) condition(ctx context.Context, q *store.Query) (*statement, error) {
	s := t.db.d.statement()
	if err := t.selectLive(ctx, s); err != nil {
		return nil, err
	}
	if q.Filter != nil {
		s.add(" AND ")
		if err := t.where.root(s, q.Filter.Expr()); err != nil {
			return nil, fmt.Errorf("sqlquery: list %s: %w", t.name, err)
		}
	}
	return s, nil
}

// page reads one row more than the page has, which tells whether there is a
// next one.
func (t *Table[T]) page(ctx context.Context, q *store.Query, where *statement, o order, after *place) (store.Page, error) {
	part := t.typed.part(q.Attributes)
	s := t.db.d.statement("SELECT ", t.list(part.fields), o.columns(), where.String())
	s.args = append(s.args, where.args...)
	if after != nil {
		s.add(" AND ")
		o.writeAfter(s, after)
	}
	s.add(" ORDER BY ", o.String(), " LIMIT ", strconv.Itoa(q.Count+1))
	if q.Offset > 0 {
		s.add(" OFFSET ", strconv.Itoa(q.Offset))
	}
	var p store.Page
	weight := 0
	last := o.scanned()
	err := t.db.query(ctx, s, func(scan func(...any) error) error {
		if n := len(p.Resources); n == q.Count || q.Bytes > 0 && weight >= q.Bytes {
			p.Next = last.position(t.db.d, q, p.Resources[n-1].ID)
			return sqldb.ErrStop
		}
		v := new(T)
		if err := t.read(scan, v, part.fields, last.dest...); err != nil {
			return err
		}
		r := t.resourceOf(ctx, v, part)
		p.Resources = append(p.Resources, r)
		weight += r.Attributes.Weight()
		return nil
	})
	return p, err
}

func (t *Table[T]) count(ctx context.Context, where *statement) (int, error) {
	s := t.db.d.statement("SELECT COUNT(*)", where.String())
	s.args = where.args
	n := 0
	err := t.db.query(ctx, s, func(scan func(...any) error) error { return scan(&n) })
	return n, err
}

// Exists implements [store.Exister]. ForUpdate locks the rows where the database
// has row locks. FOR KEY SHARE would not do: the deleted column is not a key.
func (t *Table[T]) Exists(ctx context.Context, ids []string, o store.GetOptions) ([]string, error) {
	if o.ForUpdate && t.holdsIDs(ctx, ids) {
		return slices.Clone(ids), nil
	}
	asked := make(map[string]bool, len(ids))
	var keys []any
	for _, id := range ids {
		if key, ok := t.key(id); ok && !asked[id] {
			asked[id] = true
			keys = append(keys, key)
		}
	}
	var out []string
	for chunk := range slices.Chunk(keys, sqldb.Batch) {
		s := t.db.d.statement("SELECT ", t.column(t.id))
		if err := t.selectLive(ctx, s); err != nil {
			return nil, err
		}
		s.add(" AND ", t.column(t.id), " IN ").list(chunk).add(" ORDER BY ", t.column(t.id))
		if o.ForUpdate && t.db.sql.InTransaction(ctx) {
			s.add(t.db.d.forShare)
		}
		err := t.db.query(ctx, s, func(scan func(...any) error) error {
			v := new(T)
			if err := t.read(scan, v, []*field{t.id}); err != nil {
				return err
			}
			if id := t.typed.ID(v); asked[id] {
				out = append(out, id)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if o.ForUpdate {
		t.keepIDs(ctx, out)
	}
	return out, nil
}
