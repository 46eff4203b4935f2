package sqlstore

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// table is the store of one resource type.
type table struct {
	db       *DB
	t        *schema.ResourceType
	name     string // of the type, in the tables
	indexes  []index
	unique   []schema.AttrPath
	rule     string              // how the keys are made
	keyed    []*schema.Attribute // the root attributes of indexes and unique
	display  schema.AttrPath     // what a group is called by; nil if there is no such attribute
	prepared atomic.Bool         // its keys are as this process makes them
}

var (
	_ store.Store     = (*table)(nil)
	_ store.Describer = (*table)(nil)
	_ store.Exister   = (*table)(nil)
)

func newTable(db *DB, t *schema.ResourceType) *table {
	s := &table{db: db, t: t, name: squeeze(t.Name), indexes: indexes(t, db.extra)}
	for _, p := range t.Unique() {
		if !kept(t, p.Root()) && !p.Last().Secret() {
			s.unique = append(s.unique, p)
		}
	}
	s.rule = s.describeKeys()
	s.keyed = s.keyedRoots()
	if p, ok := t.Resolve("displayName"); ok && t.Members() != nil {
		s.display = p
	}
	return s
}

// Type returns the resource type that the store keeps (scim.TypedStore).
func (t *table) Type() *schema.ResourceType { return t.t }

// Database implements scim.Located.
func (t *table) Database() any { return t.db.Database() }

// tenantColumn is the key of a tenant that was read from the tables.
type tenantColumn struct{}

// tenant returns the context's tenant as it is in the tables.
func tenant(ctx context.Context) string {
	if t, ok := ctx.Value(tenantColumn{}).(string); ok {
		return t
	}
	return squeeze(store.Tenant(ctx))
}

// columns are what a reader reads, of the alias r.
const columns = "r.id, r.version, r.created, r.last_modified, r.body_format, r.body"

// reader reads resources from the rows of a query. What the columns are scanned into
// is made once for all rows.
type reader struct {
	t                           *table
	id, created, modified, body string
	version, format             int64
	dest                        []any
}

// reader returns a reader that scans the columns after those of a resource into more.
func (t *table) reader(more ...any) *reader {
	r := &reader{t: t}
	r.dest = append([]any{&r.id, &r.version, &r.created, &r.modified, &r.format, &r.body}, more...)
	return r
}

// read reads some root attributes of a row, nil for all. Attributes that no longer fit
// the schema are left out and logged: one bad row must not make a list fail.
func (r *reader) read(scan func(...any) error, roots []*schema.Attribute) (*schema.Resource, error) {
	if err := scan(r.dest...); err != nil {
		return nil, err
	}
	t := r.t
	out := &schema.Resource{Type: t.t, ID: r.id, Version: strconv.FormatInt(r.version, 10)}
	var err error
	if out.Created, err = parseTime(r.created); err != nil {
		return nil, err
	}
	if out.LastModified = out.Created; r.modified != r.created {
		if out.LastModified, err = parseTime(r.modified); err != nil {
			return nil, err
		}
	}
	var problems []error
	out.Attributes, problems = t.attributes(r.body, r.format == t.t.StoredFormat()+r.version, roots)
	if len(problems) > 0 {
		t.db.log.Warn("sqlstore: a stored resource does not fit its schema", "type", t.t.Name, "id", r.id, "problems", errors.Join(problems...))
	}
	return out, nil
}

// attributes reads some root attributes of a body, nil for all. In the form that this
// program writes they need not be decoded.
func (t *table) attributes(body string, ownForm bool, roots []*schema.Attribute) (*schema.Object, []error) {
	if ownForm {
		if attributes, ok := t.t.ReadStored(body, roots); ok {
			return attributes, nil
		}
	}
	return t.t.DecodeStoredOnly([]byte(body), roots)
}

// Get implements [store.Store].
func (t *table) Get(ctx context.Context, id string, o store.GetOptions) (*schema.Resource, error) {
	if err := t.db.ready(ctx); err != nil {
		return nil, err
	}
	if !validID(id) {
		return nil, store.ErrNotFound
	}
	if o.ForUpdate && t.db.sql.InTransaction(ctx) {
		return t.lockWhole(ctx, id)
	}
	return t.read(ctx, id, o.Attributes, "", "")
}

// read reads a resource, with further columns after those of a resource into more.
func (t *table) read(ctx context.Context, id string, roots []*schema.Attribute, moreColumns, lock string, more ...any) (r *schema.Resource, err error) {
	query, args := "SELECT "+columns+moreColumns, []any{tenant(ctx), t.name, id}
	var groups []byte
	j := t.joins(ctx)
	if j != nil {
		query += ", " + t.db.d.groupsOfID
		args = append([]any{foldID(id), id, tenant(ctx), j.typ}, args...)
		more = append(more, &groups)
	}
	err = t.db.sql.QueryBrief(ctx, t.db.d.bind(query+" FROM scim_resource r WHERE r.tenant = ? AND r.type = ? AND r.id = ?"+lock), args, func(scan func(...any) error) (err error) {
		r, err = t.reader(more...).read(scan, roots)
		return err
	})
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, store.ErrNotFound
	}
	if j != nil {
		j.learn(id, groups)
	}
	return r, nil
}

// Exists implements [store.Exister]. ForUpdate locks the rows where the database
// has row locks; SQLite has one writer at a time.
func (t *table) Exists(ctx context.Context, ids []string, o store.GetOptions) ([]string, error) {
	if err := t.db.ready(ctx); err != nil {
		return nil, err
	}
	lock := ""
	if o.ForUpdate && t.db.sql.InTransaction(ctx) {
		lock = t.db.d.forShare
	}
	var out []string
	for chunk := range slices.Chunk(onlyValid(distinct(ids)), sqldb.Batch) {
		args := append([]any{tenant(ctx), t.name}, chunk...)
		err := t.db.query(ctx, "SELECT id FROM scim_resource WHERE tenant = ? AND type = ? AND id IN "+list(len(chunk))+" ORDER BY id"+lock, args,
			func(scan func(...any) error) error {
				var id string
				err := scan(&id)
				out = append(out, id)
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func distinct(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
}

func onlyValid(ids []string) []any {
	out := make([]any, 0, len(ids))
	for _, id := range ids {
		if validID(id) {
			out = append(out, id)
		}
	}
	return out
}
