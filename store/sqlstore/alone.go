package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"strconv"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// A write of one resource may be a single statement, which the database carries out as
// a whole or not at all, as it does a transaction.

// WritesAlone reports whether Create and UpdateAlone need no transaction of tx around
// them: tx is the database of the table itself and the context has no transaction.
func (t *table) WritesAlone(ctx context.Context, tx store.Transactor) bool {
	return tx == store.Transactor(t.db) && t.t.Members() == nil && !t.db.sql.InTransaction(ctx) && t.db.ready(ctx) == nil
}

// UpdateAlone is Update of a resource that Get returned, c.Before, in one statement
// where that is possible. Its version guards it. What the statement does not change is
// left to Update: a resource with another version or another rule, or with other keys.
func (t *table) UpdateAlone(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	r, err := rowOf(c.Before)
	if err != nil {
		return nil, err
	}
	if c.IfVersion != c.Before.Version || !t.sameKeys(c.Before, c.After) || !t.db.mayPauseSweep() {
		return t.Update(ctx, c)
	}
	modified, err := timeText(c.After.LastModified)
	if err != nil {
		return nil, err
	}
	b := t.body(c.After, r.version+1)
	result, err := t.db.sql.ExecAlone(ctx, t.db.d.bind("UPDATE scim_resource SET version = version + 1, last_modified = ?, display = ?, body_format = ?, body = ?"+
		" WHERE tenant = ? AND type = ? AND id = ? AND version = ? AND "+t.db.d.sameRule()),
		modified, b.display, b.format, b.json, tenant(ctx), t.name, c.ID, r.version, t.name, t.rule)
	if err != nil {
		if t.db.sql.Undone(err) {
			return t.Update(ctx, c)
		}
		return nil, err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return t.Update(ctx, c)
	}
	return t.updated(r, c.After, b), nil
}

// mayPauseSweep reports whether a write need not sweep, and counts it.
func (db *DB) mayPauseSweep() bool {
	return db.d.sweep == 0 || db.unswept.Load() > 0 && db.unswept.Add(-1) > 0
}

// rowOf returns the row of a resource as Get returned it, without its number.
func rowOf(r *schema.Resource) (row, error) {
	version, err := strconv.ParseInt(r.Version, 10, 64)
	return row{version: version, created: r.Created, stored: r}, err
}

// maxAtOnce is the most keys of a resource that is created by one statement: the
// connection keeps it prepared for each number of keys.
const maxAtOnce = 20

// createAtOnce is create in one statement, on a database that has such. It reports
// false if nothing was created, because a value is taken or for any other reason that
// create finds out.
func (t *table) createAtOnce(ctx context.Context, r *schema.Resource) (*schema.Resource, bool, error) {
	uniques, keys := t.uniques(r), t.keys(r)
	if t.db.d.createAtOnce == nil || !validID(r.ID) || len(uniques)+len(keys) > maxAtOnce {
		return nil, false, nil
	}
	created, err := timeText(r.Created)
	modified, err2 := timeText(r.LastModified)
	if err = cmp.Or(err, err2); err != nil {
		return nil, false, err
	}
	b := t.body(r, 1)
	args := []any{tenant(ctx), t.name, r.ID, created, modified, b.display, b.format, b.json, tenant(ctx), t.name, r.ID, t.name, t.rule}
	for _, u := range uniques {
		args = append(args, u.path, u.key)
	}
	for _, id := range sorted(keys) {
		k := keys[id]
		args = append(args, id.path, id.ord, k.absent, k.head, k.tail, nullable(k.kind))
	}
	var one int
	var groups []byte
	column, dest := "1", []any{&one}
	j := t.joins(ctx)
	if j != nil {
		column += ", " + t.db.d.groupsOfID
		args, dest = append(args, foldID(r.ID), r.ID, tenant(ctx), j.typ), append(dest, &groups)
	}
	err = t.db.one(ctx, t.db.d.createAtOnce(t.db.d, len(uniques), len(keys), column), args, dest...)
	switch {
	case errors.Is(err, errNoRow), err != nil && t.db.sql.Undone(err):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	if j != nil {
		j.learn(r.ID, groups)
	}
	return t.created(r, b), true, nil
}
