package sqlstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// scanRows is how many rows one statement of a scan reads: about 1 MB, which a driver
// may hold at once and reads to the end if the scan ends earlier.
const scanRows = 1000

// scanCost is what reading a row costs, beside the bytes of its text.
const scanCost = 500

// answers reports whether List answers an expression: each of its conjuncts is a
// condition in SQL, or is matched here.
func (t *table) answers(e filter.Expr) bool {
	_, rest := filter.Split(filter.New(e), t.inSQL)
	return rest == nil || t.scannable(nil, rest.Expr())
}

// inSQL reports whether an expression is a condition in SQL.
func (t *table) inSQL(e filter.Expr) bool {
	_, ok := t.where(context.Background(), e, true)
	return ok
}

// scannable reports whether an expression, whose paths are relative to prefix, is
// about nothing but what a row of scim_resource has: not members, nor what package
// scim makes of the stored values.
func (t *table) scannable(prefix schema.AttrPath, e filter.Expr) bool {
	switch e := e.(type) {
	case filter.And:
		return t.scannable(prefix, e.Left) && t.scannable(prefix, e.Right)
	case filter.Or:
		return t.scannable(prefix, e.Left) && t.scannable(prefix, e.Right)
	case filter.Not:
		return t.scannable(prefix, e.Expr)
	case filter.ValuePath:
		return t.inRow(e.Path) && t.scannable(e.Path, e.Expr)
	case filter.Compare:
		return t.inRow(prefix) && t.inRow(e.Path)
	}
	return false
}

var metaLocation = schema.MetaAttribute.Sub("location")

func (t *table) inRow(p schema.AttrPath) bool {
	return !slices.ContainsFunc(p, func(a *schema.Attribute) bool {
		return a == t.t.Members() || a == t.t.Groups() || a.Name == "$ref" || a == metaLocation
	})
}

// scan reads the rows that the conditions in SQL select and matches them with a
// filter. No condition on the text of a row is sent: SQLite takes longer to search it
// than it takes to read it and to decode what the filter compares, and the search would
// have to find every spelling that folds to a literal.
type scan struct {
	*selection
	filter  *filter.Filter
	budget  *filter.Budget
	roots   []*schema.Attribute // what is decoded
	by      order
	whole   bool   // the filter is about more than the body
	columns string // what is read
}

func (s *selection) scan(ctx context.Context, q *store.Query, f *filter.Filter) (*scan, error) {
	by, err := s.order(q)
	if err != nil {
		return nil, err
	}
	m := &scan{selection: s, filter: f, budget: filter.BudgetFrom(ctx), roots: []*schema.Attribute{}, by: by}
	schemas := f.Uses(schema.SchemasAttribute) // which are those of the extensions that have a value
	for _, a := range s.t.t.Attributes() {
		if f.Uses(a) || schemas && (schema.AttrPath{a}).Extension() {
			m.roots = append(m.roots, a)
		}
	}
	m.columns = "r.body_format - r.version, r.body"
	if m.whole = f.Uses(schema.IDAttribute) || f.Uses(schema.MetaAttribute); m.whole {
		m.columns = columns
	}
	return m, nil
}

// match is a row that matches.
type match struct {
	*place
	size int // of its text
}

// page returns the page of q. Without a total it may end where one statement ends,
// so that the caller can stop in between.
func (m *scan) page(ctx context.Context, q *store.Query) (store.Page, error) {
	p := &matches{query: q, skip: max(0, q.Offset), counts: q.Total && q.After == ""}
	var total int
	var err error
	if q.Total && !p.counts {
		if total, err = m.count(ctx, q); err != nil {
			return store.Page{}, err
		}
	}
	for after, more := q.After, q.Count > 0 || p.counts; more; {
		if after, more, err = m.piece(ctx, q, after, p.add); err != nil {
			return store.Page{}, err
		}
		if more && !p.counts && p.skip == 0 {
			p.next = after
			break
		}
	}
	page, err := m.read(ctx, p)
	if page.Total = total; p.counts {
		page.Total = p.total
	}
	return page, err
}

// count returns how many resources match.
func (m *scan) count(ctx context.Context, q *store.Query) (int, error) {
	n := 0
	for after, more := "", true; more; {
		var err error
		if after, more, err = m.piece(ctx, q, after, func(match) bool { n++; return true }); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// matches are those of a page.
type matches struct {
	query  *store.Query
	counts bool // those after the page are counted too
	skip   int  // how many come before the page
	total  int
	rows   []match
	bytes  int
	next   string
}

// add takes a match, and reports whether the next one is asked for.
func (p *matches) add(r match) bool {
	p.total++
	switch {
	case p.skip > 0:
		p.skip--
	case len(p.rows) < p.query.Count && (p.query.Bytes <= 0 || p.bytes < p.query.Bytes):
		p.rows = append(p.rows, match{&place{r.seq, slices.Clone(r.values)}, r.size})
		p.bytes += r.size
	case p.next == "" && len(p.rows) > 0:
		p.next = p.rows[len(p.rows)-1].position(p.query)
	}
	return p.counts || p.next == ""
}

// piece calls found for the matches among the rows after a position that one statement
// reads, until it returns false. last is the position of the last row; more tells
// whether others may follow it.
func (m *scan) piece(ctx context.Context, q *store.Query, after string, found func(match) bool) (last string, more bool, err error) {
	part := *q
	part.After = after
	from, where, err := m.source(ctx, &part, m.by, true)
	if err != nil {
		return "", false, err
	}
	chosen, _, sorted := m.by.columns(q.Descending)
	query := "SELECT " + m.columns + ", " + chosen + " FROM " + from + " WHERE " + where.sql + " ORDER BY " + sorted + " LIMIT ?"
	row := m.row()
	n := 0
	var ended error // of the budget: not an error of the statement
	err = m.t.db.query(ctx, query, append(where.args, scanRows), func(scan func(...any) error) error {
		if err := row.read(scan); err != nil {
			return err
		}
		n++
		var ok bool
		if ok, ended = m.matches(row); ended != nil || ok && !found(row.match) {
			n = 0
			return sqldb.ErrStop
		}
		return nil
	})
	if err = cmp.Or(err, ended); err != nil {
		return "", false, err
	}
	return row.position(q), n == scanRows, nil
}

// scanRow is the row that a scan is at.
type scanRow struct {
	match
	resource *schema.Resource // with the attributes of roots
	read     func(scan func(...any) error) error
}

func (m *scan) row() *scanRow {
	row := &scanRow{match: match{place: m.by.place()}}
	place := row.dest()
	if m.whole {
		resources := m.t.reader(place...)
		row.read = func(scan func(...any) error) (err error) {
			if row.resource, err = resources.read(scan, m.roots); err == nil {
				row.size = row.resource.Attributes.Weight()
			}
			return err
		}
		return row
	}
	var body string
	var form int64
	dest := append([]any{&form, &body}, place...)
	row.resource = &schema.Resource{Type: m.t.t}
	row.read = func(scan func(...any) error) error {
		if err := scan(dest...); err != nil {
			return err
		}
		row.size = len(body)
		row.resource.Attributes, _ = m.t.attributes(body, form == m.t.t.StoredFormat(), m.roots) // a page logs what does not fit
		return nil
	}
	return row
}

// matches decides about a row. What it costs is taken from the budget.
func (m *scan) matches(row *scanRow) (bool, error) {
	if err := m.budget.Spend(scanCost + row.size); err != nil {
		return false, err
	}
	return m.filter.MatchWithin(row.resource, m.budget)
}

// read returns the page. Resources that were deleted meanwhile are not on it.
func (m *scan) read(ctx context.Context, p *matches) (store.Page, error) {
	page := store.Page{Next: p.next}
	for rows := range slices.Chunk(p.rows, sqldb.Batch) {
		args := make([]any, len(rows))
		for i, r := range rows {
			args[i] = r.seq
		}
		found := make(map[int64]*schema.Resource, len(rows))
		var seq int64
		resources := m.t.reader(&seq)
		err := m.t.db.query(ctx, "SELECT "+columns+", r.seq FROM scim_resource r WHERE r.seq IN "+list(len(args)), args, func(scan func(...any) error) error {
			r, err := resources.read(scan, p.query.Attributes)
			found[seq] = r
			return err
		})
		if err != nil {
			return store.Page{}, err
		}
		for _, r := range rows {
			if resource := found[r.seq]; resource != nil {
				page.Resources = append(page.Resources, resource)
			}
		}
	}
	return page, nil
}
