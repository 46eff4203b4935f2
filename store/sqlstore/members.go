package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"math"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// ahead is how many members are read before the first is handed out. A group
// that is no larger gives its connection back before the slow part, writing
// the response, begins.
const ahead = 10_000

// Members implements [store.MemberStore] with one statement, which all three
// databases answer from one snapshot without keeping writers out. Within a
// transaction all members are read first, so that its connection is free for
// other statements.
func (g *groups) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		if err := g.db.ready(ctx); err != nil {
			yield(schema.Member{}, err)
			return
		}
		if !validID(id) {
			yield(schema.Member{}, store.ErrNotFound)
			return
		}
		limit := ahead
		if g.db.transaction(ctx) != nil {
			limit = math.MaxInt
		}
		m := &memberReader{yield: yield, limit: limit}
		// The outer join tells an empty group from none.
		err := g.db.query(ctx, "SELECT m.member, m.type, m.display FROM scim_resource r LEFT JOIN scim_member m ON m.grp = r.seq"+
			" WHERE r.tenant = ? AND r.type = ? AND r.id = ? ORDER BY m.ord", []any{tenant(ctx), g.name, id}, m.row)
		m.finish(err)
	}
}

// memberReader hands rows to yield, once it has read limit of them or all.
type memberReader struct {
	yield   func(schema.Member, error) bool
	limit   int
	held    []schema.Member
	direct  bool // limit was reached: hand out each as it comes
	found   bool
	stopped bool
}

// errStopped ends a query whose reader wants no more.
var errStopped = errors.New("sqlstore: stopped")

func (m *memberReader) row(scan func(...any) error) error {
	m.found = true
	var id, kind, display sql.NullString
	if err := scan(&id, &kind, &display); err != nil || !id.Valid {
		return err
	}
	member := schema.Member{Value: id.String, Type: unescape(kind.String), Display: unescape(display.String)}
	if !m.direct && len(m.held) < m.limit {
		m.held = append(m.held, member)
		return nil
	}
	m.direct = true
	m.flush()
	m.give(member)
	if m.stopped {
		return errStopped
	}
	return nil
}

func (m *memberReader) give(member schema.Member) {
	if !m.stopped {
		m.stopped = !m.yield(member, nil)
	}
}

func (m *memberReader) flush() {
	for _, member := range m.held {
		m.give(member)
	}
	m.held = nil
}

// finish hands out what is held, and the error as the last element.
func (m *memberReader) finish(err error) {
	if err == nil && !m.found {
		err = store.ErrNotFound
	}
	if err == nil {
		m.flush()
	}
	if err != nil && !m.stopped {
		m.yield(schema.Member{}, err)
	}
}
