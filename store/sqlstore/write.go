package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// row has the columns of a stored resource that a write needs.
type row struct {
	seq     int64
	version int64
	created time.Time
	stored  *schema.Resource // nil: only the columns were read
}

// lock finds a resource and locks it until the end of the transaction, unless
// lockWhole has.
func (t *table) lock(ctx context.Context, id, ifVersion string) (row, error) {
	if !validID(id) {
		return row{}, store.ErrNotFound
	}
	r, err := t.lockedRow(ctx, id)
	switch {
	case err != nil:
		return row{}, err
	case ifVersion != "" && ifVersion != strconv.FormatInt(r.version, 10):
		return row{}, store.ErrVersion
	}
	return r, nil
}

// lockedRow is lock without a condition.
func (t *table) lockedRow(ctx context.Context, id string) (row, error) {
	if r, ok := t.noted(ctx, id); ok {
		return r, nil
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
	}
	r.created, err = parseTime(created)
	return r, err
}

// body is what the row of a resource has of its attributes.
type body struct {
	display string // of a group
	json    string
	format  int64 // of json, as it is with a version of the row; see migration 11
}

// body returns the columns of the attributes, for a version of the row.
func (t *table) body(r *schema.Resource, version int64) body {
	var b body
	if t.display != nil {
		for v := range t.display.Values(r) {
			b.display = escape(v.Text())
		}
	}
	if b.json, b.format = t.t.EncodeStored(r.Attributes); b.format != 0 {
		b.format += version
	}
	return b
}

// Create implements [store.Store].
func (t *table) Create(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	var out *schema.Resource
	if !t.db.sql.InTransaction(ctx) {
		if err := t.db.ready(ctx); err != nil {
			return nil, err
		}
		if created, done, err := t.createAtOnce(ctx, c.After); err != nil || done {
			return created, err
		}
	}
	err := t.db.InTx(ctx, func(ctx context.Context) (err error) {
		out, _, err = t.create(ctx, c.After)
		return err
	})
	return out, err
}

// create inserts a resource and returns it with its row number.
func (t *table) create(ctx context.Context, r *schema.Resource) (*schema.Resource, int64, error) {
	if !validID(r.ID) {
		return nil, 0, fmt.Errorf("sqlstore: %q is not a valid id", r.ID)
	}
	created, err := timeText(r.Created)
	if err != nil {
		return nil, 0, err
	}
	modified, err := timeText(r.LastModified)
	if err != nil {
		return nil, 0, err
	}
	b := t.body(r, 1)
	seq, err := t.insert(ctx, r.ID, created, modified, b)
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
	if err := t.counted(ctx, 1); err != nil {
		return nil, 0, err
	}
	if err := t.db.sweep(ctx); err != nil {
		return nil, 0, err
	}
	return t.created(r, b), seq, nil
}

// asStored returns the attributes of a resource that was written, as Get would: a
// response with them has the stored text.
func (t *table) asStored(r *schema.Resource, b body) *schema.Object {
	if b.format != 0 {
		if o, ok := t.t.ReadStored(b.json, nil); ok {
			return o
		}
	}
	return r.Attributes
}

// created returns a new resource as it is stored.
func (t *table) created(r *schema.Resource, b body) *schema.Resource {
	return &schema.Resource{
		Type: t.t, ID: r.ID, Version: "1", Attributes: t.asStored(r, b),
		Created: r.Created.UTC().Round(0), LastModified: r.LastModified.UTC().Round(0),
	}
}

// updated returns a resource as it is stored in place of a row.
func (t *table) updated(r row, after *schema.Resource, b body) *schema.Resource {
	return &schema.Resource{
		Type: t.t, ID: after.ID, Version: strconv.FormatInt(r.version+1, 10), Attributes: t.asStored(after, b),
		Created: r.created, LastModified: after.LastModified.UTC().Round(0),
	}
}

func (t *table) insert(ctx context.Context, id, created, modified string, b body) (int64, error) {
	d := t.db.d
	args := []any{tenant(ctx), t.name, id, created, modified, b.display, b.format, b.json, tenant(ctx), t.name, id, t.name, t.rule}
	var seq int64
	returning, dest := " RETURNING seq", []any{&seq}
	var groups []byte
	j := t.joins(ctx)
	if j != nil { // a group may have had the id as a member before the resource
		returning += ", " + d.groupsOfID
		args, dest = append(args, foldID(id), id, tenant(ctx), j.typ), append(dest, &groups)
	}
	err := t.db.one(ctx, d.insert+"scim_resource (tenant, type, id, version, created, last_modified, display, body_format, body)"+
		" SELECT ?, ?, ?, 1, ?, ?, ?, ?, ?"+d.dual+
		" WHERE NOT EXISTS (SELECT 1 FROM scim_deleted WHERE tenant = ? AND type = ? AND id = ?)"+
		" AND "+d.sameRule()+
		d.onTaken+returning, args, dest...)
	if err == nil && j != nil {
		j.learn(id, groups)
	}
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
		r, err := t.lock(ctx, c.ID, c.IfVersion)
		if err != nil {
			return err
		}
		out, err = t.put(ctx, r, c.After)
		return err
	})
	return out, err
}

// put updates a locked row to after.
func (t *table) put(ctx context.Context, r row, after *schema.Resource) (*schema.Resource, error) {
	modified, err := timeText(after.LastModified)
	if err != nil {
		return nil, err
	}
	t.forget(ctx, after.ID)
	if t.t.Members() != nil {
		t.db.forgetGroups(ctx) // their displays
	}
	if r.stored == nil || !t.sameKeys(r.stored, after) {
		if err := t.moveKeys(ctx, r.seq, after); err != nil {
			return nil, err
		}
	}
	b := t.body(after, r.version+1)
	n, err := t.db.exec(ctx, "UPDATE scim_resource SET version = version + 1, last_modified = ?, display = ?, body_format = ?, body = ? WHERE seq = ? AND version = ? AND "+t.db.d.sameRule(),
		modified, b.display, b.format, b.json, r.seq, r.version, t.name, t.rule)
	if err != nil {
		return nil, err
	}
	if n != 1 {
		return nil, t.db.sql.Report(ctx, cmp.Or(t.checkRule(ctx), errors.New("a locked row has changed")))
	}
	if err := t.db.sweep(ctx); err != nil {
		return nil, err
	}
	return t.updated(r, after, b), nil
}

// Delete implements [store.Store].
func (t *table) Delete(ctx context.Context, c *store.Change) error {
	return t.db.InTx(ctx, func(ctx context.Context) error {
		r, err := t.lock(ctx, c.ID, c.IfVersion)
		if err != nil {
			return err
		}
		t.forget(ctx, c.ID)
		t.db.forgetGroups(ctx)
		if _, err := t.db.exec(ctx, "INSERT INTO scim_deleted (tenant, type, id, seq) VALUES (?, ?, ?, ?)", tenant(ctx), t.name, c.ID, r.seq); err != nil {
			return err
		}
		if err := t.db.dropMembers(ctx, r.seq); err != nil {
			return err
		}
		for _, query := range []string{
			"DELETE FROM scim_unique WHERE seq = ?",
			"DELETE FROM scim_key WHERE seq = ?",
		} {
			if _, err := t.db.exec(ctx, query, r.seq); err != nil {
				return err
			}
		}
		n, err := t.db.exec(ctx, "DELETE FROM scim_resource WHERE seq = ? AND "+t.db.d.sameRule(), r.seq, t.name, t.rule)
		if err != nil {
			return err
		}
		if n != 1 {
			return t.db.sql.Report(ctx, cmp.Or(t.checkRule(ctx), errors.New("a locked row has changed")))
		}
		if err := t.counted(ctx, -1); err != nil {
			return err
		}
		return t.db.sweep(ctx)
	})
}
