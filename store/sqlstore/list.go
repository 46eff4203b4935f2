package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/store"
)

var errFilter = errors.New("sqlstore: a filter that Describe did not declare")

// List implements [store.Store]. Without SortBy the order is that of creation.
func (t *table) List(ctx context.Context, q *store.Query) (store.Page, error) {
	if err := t.db.ready(ctx); err != nil {
		return store.Page{}, err
	}
	s, ok := t.selection(ctx, q.Filter)
	if !ok {
		return store.Page{}, errFilter
	}
	page, err := s.page(ctx, q)
	if err != nil || !q.Total {
		return page, err
	}
	n := len(page.Resources)
	if q.After == "" && q.Count > 0 && page.Next == "" && (n > 0 || q.Offset == 0) {
		page.Total = q.Offset + n // the page ends where the list ends
		return page, nil
	}
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

// page reads one row more than the page has, which tells whether there is a
// next one.
func (s *selection) page(ctx context.Context, q *store.Query) (store.Page, error) {
	by, err := s.order(q)
	if err != nil {
		return store.Page{}, err
	}
	query, args, err := s.statement(ctx, q, by)
	if err != nil || q.Count <= 0 {
		return store.Page{}, err
	}
	var page store.Page
	weight := 0
	place := by.place()
	err = s.t.db.query(ctx, query, args, func(scan func(...any) error) error {
		if len(page.Resources) == q.Count || q.Bytes > 0 && weight >= q.Bytes {
			page.Next = place.position(q)
			return sqldb.ErrStop
		}
		r, err := s.t.decode(scan, q.Attributes, place.dest()...)
		if err != nil {
			return err
		}
		page.Resources = append(page.Resources, r)
		weight += r.Attributes.Weight()
		return nil
	})
	return page, err
}

func (s *selection) order(q *store.Query) (order, error) {
	if q.SortBy == nil {
		return order{}, nil
	}
	by, ok := s.t.order(q.SortBy)
	if !ok {
		return order{}, fmt.Errorf("sqlstore: an order that Describe did not declare: %s", q.SortBy)
	}
	return by, nil
}

// statement returns what reads the page. The rows are chosen and put in order
// first, from indexes where that is possible, and read when it is known which
// ones they are: what an offset skips is never read.
func (s *selection) statement(ctx context.Context, q *store.Query, by order) (string, []any, error) {
	where, from := s.filter, "scim_resource r"
	if by.index != nil {
		keys := condition("s.tenant = ? AND s.type = ? AND s.path = ?", tenant(ctx), s.t.name, by.index.name)
		if q.Filter == nil {
			from, where = "scim_key s", keys // which has no resources but the tenant's
		} else {
			from, where = "scim_key s JOIN scim_resource r ON r.seq = s.seq", join(keys, "AND", where)
		}
	}
	if q.After != "" {
		after, err := s.t.db.d.afterCondition(by, q)
		if err != nil {
			return "", nil, err
		}
		where = join(where, "AND", after)
	}
	chosen, names, sorted := by.columns(q.Descending)
	return "SELECT " + columns + names + " FROM (SELECT " + chosen + " FROM " + from + " WHERE " + where.sql +
			" ORDER BY " + sorted + s.t.db.d.limit + s.t.db.d.offset + ") o JOIN scim_resource r ON r.seq = o.place ORDER BY " + sorted,
		append(where.args, q.Count+1, q.Offset), nil
}
