package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// List implements [store.Store]. Without SortBy the order is that of creation.
func (t *table) List(ctx context.Context, q *store.Query) (store.Page, error) {
	if err := t.db.ready(ctx); err != nil {
		return store.Page{}, err
	}
	s, ok := t.selection(ctx, q.Filter)
	if !ok {
		return store.Page{}, errors.New("sqlstore: a filter that Describe did not declare")
	}
	page := store.Page{}
	if q.Count > 0 {
		resources, err := s.page(ctx, q)
		if err != nil {
			return store.Page{}, err
		}
		page.Resources = resources
	}
	if !q.Total {
		return page, nil
	}
	if n := len(page.Resources); q.AfterID == "" && n < q.Count && (n > 0 || q.Offset == 0) {
		page.Total = q.Offset + n // the page ends where the list ends
		return page, nil
	}
	var err error
	page.Total, err = s.count(ctx, q)
	return page, err
}

// selection is the resources of the tenant that a filter selects.
type selection struct {
	t      *table
	filter clause
}

func (t *table) selection(ctx context.Context, f *filter.Filter) (*selection, bool) {
	all := condition("r.tenant = ? AND r.type = ?", tenant(ctx), t.name)
	if f == nil {
		return &selection{t, all}, true
	}
	c, ok := t.where(ctx, f.Expr(), true)
	return &selection{t, join(all, "AND", c)}, ok
}

func (s *selection) page(ctx context.Context, q *store.Query) ([]*schema.Resource, error) {
	query, args, err := s.statement(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []*schema.Resource
	err = s.t.db.query(ctx, query, args, func(scan func(...any) error) error {
		r, err := s.t.decode(scan)
		out = append(out, r)
		return err
	})
	return out, err
}

// statement returns what reads the page. The rows are chosen and put in order
// first, from indexes where that is possible, and read when it is known which
// ones they are: what an offset skips is never read.
func (s *selection) statement(ctx context.Context, q *store.Query) (string, []any, error) {
	where, by, from := s.filter, order{}, "scim_resource r"
	if q.SortBy != nil {
		var ok bool
		if by, ok = s.t.order(q.SortBy); !ok {
			return "", nil, fmt.Errorf("sqlstore: an order that Describe did not declare: %s", q.SortBy)
		}
	}
	if q.AfterID != "" {
		seq, err := s.t.place(ctx, q.AfterID)
		if err != nil {
			return "", nil, err
		}
		where = join(where, "AND", condition("r.seq > ?", seq))
	}
	if by.index != nil {
		keys := condition("s.tenant = ? AND s.type = ? AND s.path = ?", tenant(ctx), s.t.name, by.index.name)
		if q.Filter == nil {
			from, where = "scim_key s", keys // which has no resources but the tenant's
		} else {
			from, where = "scim_key s JOIN scim_resource r ON r.seq = s.seq", join(keys, "AND", where)
		}
	}
	chosen, sorted := by.columns(q.Descending)
	return "SELECT " + columns + " FROM (SELECT " + chosen + " FROM " + from + " WHERE " + where.sql +
			" ORDER BY " + sorted + " LIMIT ? OFFSET ?) o JOIN scim_resource r ON r.seq = o.place ORDER BY " + sorted,
		append(where.args, q.Count, q.Offset), nil
}

// place returns where in the order the resource with that id is, or was before
// it was deleted. Behind an id that never was there is nothing.
func (t *table) place(ctx context.Context, id string) (int64, error) {
	if !validID(id) {
		return math.MaxInt64, nil
	}
	var seq int64
	args := []any{tenant(ctx), t.name, id, tenant(ctx), t.name, id}
	err := t.db.one(ctx, "SELECT seq FROM scim_resource WHERE tenant = ? AND type = ? AND id = ?"+
		" UNION ALL SELECT seq FROM scim_deleted WHERE tenant = ? AND type = ? AND id = ?", args, &seq)
	if errors.Is(err, errNoRow) {
		return math.MaxInt64, nil
	}
	return seq, err
}

// order is how resources r are sorted before the order of creation decides: by
// columns, which are those of rows s of an index if there is one.
type order struct {
	by    []string
	index *index
}

// columns returns the columns to select, and their names to sort by.
func (o order) columns(descending bool) (chosen, sorted string) {
	direction, seq := "", "r.seq"
	if descending {
		direction = " DESC"
	}
	if o.index != nil {
		seq = "s.seq"
	}
	chosen = seq + " AS place"
	for i, column := range o.by {
		name := fmt.Sprintf("k%d", i)
		chosen += ", " + column + " AS " + name
		sorted += name + direction + ", "
	}
	return chosen, sorted + "place"
}

// order returns how to sort by an attribute: ascending without a value last,
// descending first (RFC 7644 §3.4.2.3).
func (t *table) order(p schema.AttrPath) (order, bool) {
	if name, _ := columnOf(p); name != "" {
		return order{by: []string{name}}, true
	}
	x := t.index(p)
	if x == nil || !x.single {
		return order{}, false
	}
	return order{by: []string{"s.absent", "s.head", "s.tail"}, index: x}, true
}
