package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// List implements [store.Store]. Without SortBy the order is that of creation.
func (t *table) List(ctx context.Context, q *store.Query) (store.Page, error) {
	if err := t.db.ready(ctx); err != nil {
		return store.Page{}, err
	}
	s := selection{t: t, filter: clause{"r.tenant = ? AND r.type = ?", []any{tenant(ctx), t.name}}}
	if q.Filter != nil {
		c, ok := t.where(ctx, q.Filter.Expr())
		if !ok {
			return store.Page{}, errors.New("sqlstore: a filter that Describe did not declare")
		}
		s.filter = join(s.filter, "AND", c)
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
	page.Total, err = s.count(ctx)
	return page, err
}

// selection is the resources that a query's filter selects.
type selection struct {
	t      *table
	filter clause
}

func (s *selection) count(ctx context.Context) (int, error) {
	var n int
	err := s.t.db.one(ctx, "SELECT COUNT(*) FROM scim_resource r WHERE "+s.filter.sql, s.filter.args, &n)
	return n, err
}

func (s *selection) page(ctx context.Context, q *store.Query) ([]*schema.Resource, error) {
	from, where := order{columns: "r.seq"}, s.filter
	if q.SortBy != nil {
		var ok bool
		if from, ok = s.t.order(q.SortBy, q.Descending); !ok {
			return nil, fmt.Errorf("sqlstore: an order that Describe did not declare: %s", q.SortBy)
		}
	}
	if q.AfterID != "" {
		seq, err := s.t.place(ctx, q.AfterID)
		if err != nil {
			return nil, err
		}
		where = join(where, "AND", clause{"r.seq > ?", []any{seq}})
	}
	args := slices.Concat(where.args, []any{q.Count, q.Offset})
	if from.index != nil {
		where = join(clause{"s.tenant = ? AND s.type = ? AND s.path = ?", nil}, "AND", where)
		args = slices.Concat([]any{tenant(ctx), s.t.name, from.index.name}, args)
	}
	var out []*schema.Resource
	err := s.t.db.query(ctx, "SELECT "+columns+" FROM scim_resource r"+from.join()+" WHERE "+where.sql+
		" ORDER BY "+from.columns+" LIMIT ? OFFSET ?", args, func(scan func(...any) error) error {
		r, err := s.t.decode(scan)
		out = append(out, r)
		return err
	})
	return out, err
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

// order is how resources r are sorted, by the rows s of an index if there is
// one.
type order struct {
	columns string
	index   *index
}

func (o order) join() string {
	if o.index == nil {
		return ""
	}
	return " JOIN scim_key s ON s.seq = r.seq"
}

// order returns how to sort by an attribute: ascending without a value last,
// descending first (RFC 7644 §3.4.2.3), equal ones in the order of creation.
func (t *table) order(p schema.AttrPath, descending bool) (order, bool) {
	direction := ""
	if descending {
		direction = " DESC"
	}
	if name, _ := columnOf(p); name != "" {
		return order{columns: name + direction + ", r.seq"}, true
	}
	x := t.index(p)
	if x == nil || !x.single {
		return order{}, false
	}
	return order{"s.absent" + direction + ", s.head" + direction + ", s.tail" + direction + ", s.seq", x}, true
}
