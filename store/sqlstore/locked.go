package sqlstore

import (
	"context"
	"maps"
	"strconv"

	"github.com/seed5f3efb56/scim/schema"
)

// A write of a client reads the resource and locks it (Get), and then changes it
// (Update, PutMembers, Delete) in the same transaction. The transaction notes the row
// that was locked, which no other transaction changes meanwhile, so that the second step
// does not read it again. Every function of this package that changes the row removes
// the note.

// rowKey is the key of a noted row, a notedRow, in the notes of a transaction.
type rowKey struct{ tenant, typ, id string }

// notedRow is a row, and the table that decoded it.
type notedRow struct {
	row
	of *table
}

// lockWhole is Get with ForUpdate in a transaction.
func (t *table) lockWhole(ctx context.Context, id string) (*schema.Resource, error) {
	var r row
	var err error
	if r.stored, err = t.read(ctx, id, nil, ", r.seq", t.db.d.forUpdate, &r.seq); err != nil {
		return nil, err
	}
	r.created = r.stored.Created
	if r.version, err = strconv.ParseInt(r.stored.Version, 10, 64); err != nil {
		return nil, err
	}
	t.db.sql.Notes(ctx)[rowKey{tenant(ctx), t.name, id}] = notedRow{r, t}
	return r.stored, nil
}

// noted returns the row of a resource if the transaction has noted it.
func (t *table) noted(ctx context.Context, id string) (row, bool) {
	n, ok := t.db.sql.Notes(ctx)[rowKey{tenant(ctx), t.name, id}].(notedRow)
	return n.row, ok && n.of == t
}

// forget removes the note of a resource that is about to change.
func (t *table) forget(ctx context.Context, id string) {
	delete(t.db.sql.Notes(ctx), rowKey{tenant(ctx), t.name, id})
}

// forgetRows removes the notes of all resources.
func (db *DB) forgetRows(ctx context.Context) {
	maps.DeleteFunc(db.sql.Notes(ctx), func(key, _ any) bool {
		_, is := key.(rowKey)
		return is
	})
}
