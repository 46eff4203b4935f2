package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

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
	rule     string          // how the keys are made
	display  schema.AttrPath // what a group is called by; nil if there is no such attribute
	prepared atomic.Bool     // its keys are as this process makes them
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
	if p, ok := t.Resolve("displayName"); ok && t.Members() != nil {
		s.display = p
	}
	return s
}

// tenantColumn is the key of a tenant that was read from the tables.
type tenantColumn struct{}

// tenant returns the context's tenant as it is in the tables.
func tenant(ctx context.Context) string {
	if t, ok := ctx.Value(tenantColumn{}).(string); ok {
		return t
	}
	return squeeze(store.Tenant(ctx))
}

// columns are what decode reads, of the alias r.
const columns = "r.id, r.version, r.created, r.last_modified, r.body"

// decode reads a row. Attributes that no longer fit the schema are left out
// and logged: one bad row must not make a list fail.
func (t *table) decode(scan func(...any) error) (*schema.Resource, error) {
	var id, created, modified string
	var version int64
	var body []byte
	if err := scan(&id, &version, &created, &modified, &body); err != nil {
		return nil, err
	}
	r := &schema.Resource{Type: t.t, ID: id, Version: strconv.FormatInt(version, 10)}
	var err error
	if r.Created, err = parseTime(created); err != nil {
		return nil, err
	}
	if r.LastModified, err = parseTime(modified); err != nil {
		return nil, err
	}
	var problems []error
	r.Attributes, problems = t.t.DecodeStored(body)
	if len(problems) > 0 {
		t.db.log.Warn("sqlstore: a stored resource does not fit its schema", "type", t.t.Name, "id", id, "problems", errors.Join(problems...))
	}
	return r, nil
}

// Get implements [store.Store].
func (t *table) Get(ctx context.Context, id string, o store.GetOptions) (*schema.Resource, error) {
	if err := t.db.ready(ctx); err != nil {
		return nil, err
	}
	if !validID(id) {
		return nil, store.ErrNotFound
	}
	query := "SELECT " + columns + " FROM scim_resource r WHERE r.tenant = ? AND r.type = ? AND r.id = ?"
	if o.ForUpdate {
		query += t.db.d.forUpdate
	}
	var r *schema.Resource
	err := t.db.query(ctx, query, []any{tenant(ctx), t.name, id}, func(scan func(...any) error) (err error) {
		r, err = t.decode(scan)
		return err
	})
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, store.ErrNotFound
	}
	return r, nil
}

// Exists implements [store.Exister]. Within a transaction what it returns is
// not deleted before the transaction ends, where rows can be locked; so no
// group gets a member that is on its way out.
func (t *table) Exists(ctx context.Context, ids []string) ([]string, error) {
	if err := t.db.ready(ctx); err != nil {
		return nil, err
	}
	lock := ""
	if t.db.transaction(ctx) != nil {
		lock = t.db.d.forShare
	}
	var out []string
	for chunk := range slices.Chunk(onlyValid(distinct(ids)), batch) {
		args := append([]any{tenant(ctx), t.name}, chunk...)
		err := t.db.query(ctx, "SELECT id FROM scim_resource WHERE tenant = ? AND type = ? AND id IN "+list(len(chunk))+lock, args,
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

// row is what a write needs to know of a stored resource.
type row struct {
	seq     int64
	version int64
	created time.Time
}

// lock finds a resource and keeps others from changing it until the end of the
// transaction.
func (t *table) lock(ctx context.Context, id, ifVersion string) (row, error) {
	if !validID(id) {
		return row{}, store.ErrNotFound
	}
	var r row
	var created string
	err := t.db.one(ctx, "SELECT seq, version, created FROM scim_resource WHERE tenant = ? AND type = ? AND id = ?"+t.db.d.forUpdate,
		[]any{tenant(ctx), t.name, id}, &r.seq, &r.version, &created)
	switch {
	case errors.Is(err, errNoRow):
		return row{}, store.ErrNotFound
	case err != nil:
		return row{}, err
	case ifVersion != "" && ifVersion != strconv.FormatInt(r.version, 10):
		return row{}, store.ErrVersion
	}
	r.created, err = parseTime(created)
	return r, err
}

// body returns the attributes as they are stored, and as columns.
func (t *table) body(r *schema.Resource) (o *schema.Object, display, body string) {
	o = r.Attributes
	if m := t.t.Members(); m != nil {
		o = o.With(m, schema.Value{})
	}
	if t.display != nil {
		for v := range t.display.Values(r) {
			display = escape(v.Text())
		}
	}
	if o.Len() == 0 {
		return o, display, "{}"
	}
	return o, display, string(o.AppendJSON(nil))
}

// Create implements [store.Store].
func (t *table) Create(ctx context.Context, r *schema.Resource) (*schema.Resource, error) {
	var out *schema.Resource
	err := t.db.InTx(ctx, func(ctx context.Context) (err error) {
		out, _, err = t.create(ctx, r)
		return err
	})
	return out, err
}

// create inserts a resource and returns its seq with it.
func (t *table) create(ctx context.Context, r *schema.Resource) (*schema.Resource, int64, error) {
	if !validID(r.ID) {
		return nil, 0, fmt.Errorf("sqlstore: %q is no id", r.ID)
	}
	created, err := timeText(r.Created)
	if err != nil {
		return nil, 0, err
	}
	modified, err := timeText(r.LastModified)
	if err != nil {
		return nil, 0, err
	}
	attributes, display, body := t.body(r)
	seq, err := t.insert(ctx, r.ID, created, modified, display, body)
	if err != nil {
		return nil, 0, err
	}
	if err := t.takeUniques(ctx, seq, t.uniques(r)); err != nil {
		// A caller that joins a transaction may go on with it.
		_, undo := t.db.exec(ctx, "DELETE FROM scim_resource WHERE seq = ?", seq)
		return nil, 0, errors.Join(err, undo)
	}
	if err := t.putKeys(ctx, seq, t.keys(r)); err != nil {
		return nil, 0, err
	}
	return &schema.Resource{
		Type: t.t, ID: r.ID, Version: "1", Attributes: attributes,
		Created: r.Created.UTC().Round(0), LastModified: r.LastModified.UTC().Round(0),
	}, seq, nil
}

func (t *table) insert(ctx context.Context, id, created, modified, display, body string) (int64, error) {
	d := t.db.d
	args := []any{tenant(ctx), t.name, id, created, modified, display, body, tenant(ctx), t.name, id, t.name, t.rule}
	var seq int64
	err := t.db.one(ctx, d.insert+"scim_resource (tenant, type, id, version, created, last_modified, display, body)"+
		" SELECT ?, ?, ?, 1, ?, ?, ?, ?"+d.dual+
		" WHERE NOT EXISTS (SELECT 1 FROM scim_deleted WHERE tenant = ? AND type = ? AND id = ?)"+
		" AND "+d.sameRule()+
		d.onTaken+" RETURNING seq", args, &seq)
	if !errors.Is(err, errNoRow) {
		return seq, err
	}
	if err := t.checkRule(ctx); err != nil {
		return 0, err
	}
	return 0, &store.UniquenessError{Path: schema.IDAttribute.Name}
}

// Update implements [store.Store].
func (t *table) Update(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	var out *schema.Resource
	err := t.db.InTx(ctx, func(ctx context.Context) error {
		r, err := t.lock(ctx, c.Before.ID, c.IfVersion)
		if err != nil {
			return err
		}
		out, err = t.put(ctx, r, c.After)
		return err
	})
	return out, err
}

// put stores after in a row that is locked.
func (t *table) put(ctx context.Context, r row, after *schema.Resource) (*schema.Resource, error) {
	modified, err := timeText(after.LastModified)
	if err != nil {
		return nil, err
	}
	if err := t.moveKeys(ctx, r.seq, after); err != nil {
		return nil, err
	}
	attributes, display, body := t.body(after)
	n, err := t.db.exec(ctx, "UPDATE scim_resource SET version = version + 1, last_modified = ?, display = ?, body = ? WHERE seq = ? AND version = ? AND "+t.db.d.sameRule(),
		modified, display, body, r.seq, r.version, t.name, t.rule)
	if err != nil {
		return nil, err
	}
	if n != 1 {
		return nil, t.db.done(ctx, cmp.Or(t.checkRule(ctx), errors.New("a locked row has changed")))
	}
	return &schema.Resource{
		Type: t.t, ID: after.ID, Version: strconv.FormatInt(r.version+1, 10), Attributes: attributes,
		Created: r.created, LastModified: after.LastModified.UTC().Round(0),
	}, nil
}

// Delete implements [store.Store].
func (t *table) Delete(ctx context.Context, id string, ifVersion string) error {
	return t.db.InTx(ctx, func(ctx context.Context) error {
		r, err := t.lock(ctx, id, ifVersion)
		if err != nil {
			return err
		}
		if _, err := t.db.exec(ctx, "INSERT INTO scim_deleted (tenant, type, id, seq) VALUES (?, ?, ?, ?)", tenant(ctx), t.name, id, r.seq); err != nil {
			return err
		}
		for _, query := range []string{
			"DELETE FROM scim_member WHERE grp = ?",
			"DELETE FROM scim_unique WHERE seq = ?",
			"DELETE FROM scim_key WHERE seq = ?",
			"DELETE FROM scim_resource WHERE seq = ?",
		} {
			if _, err := t.db.exec(ctx, query, r.seq); err != nil {
				return err
			}
		}
		return nil
	})
}
