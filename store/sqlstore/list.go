package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

var errFilter = errors.New("sqlstore: a filter that Describe did not declare")

// List implements [store.Store]. Without SortBy the order is that of creation.
func (t *table) List(ctx context.Context, q *store.Query) (store.Page, error) {
	if err := t.db.ready(ctx); err != nil {
		return store.Page{}, err
	}
	s, rest, err := t.selection(ctx, q.Filter)
	if err != nil {
		return store.Page{}, err
	}
	if rest != nil {
		m, err := s.scan(ctx, q, rest)
		if err != nil {
			return store.Page{}, err
		}
		return m.page(ctx, q)
	}
	page, w, err := s.windowed(ctx, q)
	if err != nil || !q.Total {
		return page, err
	}
	n := len(page.Resources)
	if w.total >= 0 {
		if page.Total = w.total; n > 0 {
			page.Total = max(w.total, q.Offset+n) // some were created after they were counted
		}
		return page, nil
	}
	if q.After == "" && q.Count > 0 && page.Next == "" && (n > 0 || q.Offset == 0) {
		page.Total = q.Offset + n // the page ends where the list ends
		return page, nil
	}
	page.Total, err = s.count(ctx)
	return page, err
}

// selection is the resources of the tenant that a filter selects, as far as it is a
// condition in SQL.
type selection struct {
	t      *table
	filter clause
	all    bool // without a condition
	// key, if not nil, finds the rows by the condition on scim_key k, which most often
	// is one.
	key *clause
}

// selection returns what a filter selects in SQL, and the rest of the filter, with
// which the resources are matched here; nil if there is none.
func (t *table) selection(ctx context.Context, f *filter.Filter) (s *selection, rest *filter.Filter, err error) {
	push, rest := filter.Split(f, t.inSQL)
	if rest != nil && !t.scannable(nil, rest.Expr()) {
		return nil, nil, errFilter
	}
	s = &selection{t, condition("r.tenant = ? AND r.type = ?", tenant(ctx), t.name), push == nil, t.lookUp(ctx, push)}
	if push != nil {
		c, _ := t.where(ctx, push.Expr(), true) // as inSQL says
		s.filter = join(s.filter, "AND", c)
	}
	return s, rest, nil
}

// lookUp returns the condition on scim_key k of a filter that compares a single value
// with keys, nil for another filter. Every resource has one key of the path at most.
func (t *table) lookUp(ctx context.Context, f *filter.Filter) *clause {
	if f == nil {
		return nil
	}
	e, ok := f.Expr().(filter.Compare)
	if !ok || e.Op != filter.EQ || e.Null || e.Path.Root() == schema.OwnerAttribute {
		return nil
	}
	x := t.index(e.Path)
	if x == nil || !x.single {
		return nil
	}
	value, ok := t.valueCompare(e)
	if !ok {
		return nil
	}
	c := join(condition("k.tenant = ? AND k.type = ? AND k.path = ? AND k.absent = 0", tenant(ctx), t.name, x.name), "AND", value)
	return &c
}

// window is which rows of an order a page is read from: one row more than the page
// has, which tells whether there is a next one, or, with fromEnd, those of the page.
type window struct {
	skip, rows int
	fromEnd    bool // skip is the number of rows after the page
	total      int  // of the list; -1 if it is not known
}

// window reads a page in the second half of a list from its end, since a database steps
// over all rows before an offset.
func (s *selection) window(ctx context.Context, q *store.Query) (window, error) {
	w := window{skip: q.Offset, rows: q.Count + 1, total: -1}
	if !q.Total || !s.all || q.After != "" || q.Offset <= 0 {
		return w, nil
	}
	var err error
	w.total, err = s.count(ctx)
	if left := max(0, w.total-q.Offset); left < q.Offset {
		w.fromEnd = true
		w.rows = min(q.Count, left)
		w.skip = left - w.rows
	}
	return w, err
}

// windowed reads a page and returns the window it was read from. Where resources were
// created since they were counted, a page from the end is not where q.Offset says: one
// that was there before would be on no page.
func (s *selection) windowed(ctx context.Context, q *store.Query) (store.Page, window, error) {
	w, err := s.window(ctx, q)
	if err != nil {
		return store.Page{}, w, err
	}
	page, err := s.page(ctx, q, w)
	if err != nil || !w.fromEnd || len(page.Resources) == 0 {
		return page, w, err
	}
	now, err := s.count(ctx)
	if err != nil || now == w.total {
		return page, w, err
	}
	w = window{skip: q.Offset, rows: q.Count + 1, total: now}
	page, err = s.page(ctx, q, w)
	return page, w, err
}

// page reads a page.
func (s *selection) page(ctx context.Context, q *store.Query, w window) (store.Page, error) {
	by, err := s.order(q)
	if err != nil {
		return store.Page{}, err
	}
	query, args, err := s.statement(ctx, q, by, w)
	if err != nil || q.Count <= 0 || w.rows <= 0 {
		return store.Page{}, err
	}
	var page store.Page
	weight := 0
	place := by.place()
	dest := place.dest()
	var groups []byte
	j := s.joins(ctx)
	if j != nil {
		dest = append(dest, &groups)
	}
	rows := s.t.reader(dest...)
	run := s.t.db.sql.Query
	if s.key != nil {
		run = s.t.db.sql.QueryBrief
	}
	err = run(ctx, s.t.db.d.bind(query), args, func(scan func(...any) error) error {
		if len(page.Resources) == q.Count || q.Bytes > 0 && weight >= q.Bytes {
			page.Next = place.position(q)
			return sqldb.ErrStop
		}
		r, err := rows.read(scan, q.Attributes)
		if err != nil {
			return err
		}
		if j != nil && hasFoldedID(r) {
			j.learn(r.ID, groups)
		}
		page.Resources = append(page.Resources, r)
		weight += r.Attributes.Weight()
		return nil
	})
	if w.fromEnd && w.skip > 0 && page.Next == "" && len(page.Resources) > 0 {
		page.Next = place.position(q)
	}
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

// joins is table.joins of the page. A server reads the groups of many resources cheaper
// by a statement of their own: GroupsOf.
func (s *selection) joins(ctx context.Context) *joined {
	if s.key == nil && !s.t.db.d.kind.OneWriter {
		return nil
	}
	return s.t.joins(ctx)
}

// statement returns what reads the page. The rows are chosen and put in order
// first, from indexes where that is possible, and read when it is known which
// ones they are: what an offset skips is never read.
func (s *selection) statement(ctx context.Context, q *store.Query, by order, w window) (string, []any, error) {
	if s.key != nil && s.t.db.d.byKey != nil && q.SortBy == nil && !q.Descending && q.After == "" {
		query, args := s.lookUpStatement(ctx, w)
		return query, args, nil
	}
	from, where, err := s.source(ctx, q, by, !s.all)
	if err != nil {
		return "", nil, err
	}
	chosen, names, sorted := by.columns(q.Descending)
	_, _, choosing := by.columns(q.Descending != w.fromEnd)
	if j := s.joins(ctx); j != nil {
		names += ", " + s.t.db.d.groupsOfRow
		where.args = append([]any{j.typ}, where.args...)
	}
	return "SELECT " + columns + names + " FROM (SELECT " + chosen + " FROM " + from + " WHERE " + where.sql +
			" ORDER BY " + choosing + s.t.db.d.limit + s.t.db.d.offset + ") o JOIN scim_resource r ON r.seq = o.place ORDER BY " + sorted,
		append(where.args, w.rows, w.skip), nil
}

// lookUpStatement is statement by a key: what few resources it finds need not be chosen
// first.
func (s *selection) lookUpStatement(ctx context.Context, w window) (string, []any) {
	query, args := "SELECT "+columns+", r.seq", s.key.args
	if j := s.joins(ctx); j != nil {
		query += ", " + s.t.db.d.groupsOfRow
		args = append([]any{j.typ}, args...)
	}
	return query + s.t.db.d.byKey(s.key.sql) + s.t.db.d.limit + s.t.db.d.offset, append(args, w.rows, w.skip)
}

// source returns the tables that a page is chosen from, and the condition. Without a
// condition on the resources the rows of an index suffice: they have no resources but
// the tenant's.
func (s *selection) source(ctx context.Context, q *store.Query, by order, resources bool) (from string, where clause, err error) {
	from, where = "scim_resource r", s.filter
	if by.index != nil {
		keys := condition("s.tenant = ? AND s.type = ? AND s.path = ?", tenant(ctx), s.t.name, by.index.name)
		from, where = "scim_key s JOIN scim_resource r ON r.seq = s.seq", join(keys, "AND", where)
		if !resources {
			from, where = "scim_key s", keys
		}
	}
	if q.After == "" {
		return from, where, nil
	}
	after, err := s.t.db.d.afterCondition(by, q)
	return from, join(where, "AND", after), err
}
