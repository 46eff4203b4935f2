package sqlstore

import (
	"context"
	"maps"
	"slices"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// uniqueID has the columns of scim_unique that differ between the rows of a
// resource.
type uniqueID struct{ path, key string }

// uniques returns the rows of scim_unique for a resource, in the order of the
// schema, and each once.
func (t *table) uniques(r *schema.Resource) []uniqueID {
	var out []uniqueID
	seen := map[uniqueID]bool{}
	for _, p := range t.unique {
		for v := range p.Values(r) {
			u := uniqueID{squeeze(p.String()), squeeze(keyText(p.Last(), v))}
			if !seen[u] {
				seen[u] = true
				out = append(out, u)
			}
		}
	}
	return out
}

// takeUniques inserts rows of scim_unique. If another resource has one of them
// none is inserted and the error is a [*store.UniquenessError].
func (t *table) takeUniques(ctx context.Context, seq int64, want []uniqueID) error {
	if len(want) == 0 {
		return nil
	}
	taken := map[uniqueID]bool{}
	for chunk := range slices.Chunk(want, sqldb.Batch) {
		args := make([]any, 0, len(chunk)*5)
		for _, u := range chunk {
			args = append(args, tenant(ctx), t.name, u.path, u.key, seq)
		}
		err := t.db.query(ctx, t.db.d.insert+"scim_unique (tenant, type, path, ukey, seq) VALUES "+rows(len(chunk), 5)+
			t.db.d.onTaken+" RETURNING path, ukey", args, func(scan func(...any) error) error {
			var u uniqueID
			err := scan(&u.path, &u.key)
			taken[u] = true
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, u := range want {
		if taken[u] {
			continue
		}
		if err := t.freeUniques(ctx, seq, slices.Collect(maps.Keys(taken))); err != nil {
			return err
		}
		return &store.UniquenessError{Path: t.pathOf(u.path)}
	}
	return nil
}

func (t *table) freeUniques(ctx context.Context, seq int64, gone []uniqueID) error {
	for _, u := range gone {
		_, err := t.db.exec(ctx, "DELETE FROM scim_unique WHERE tenant = ? AND type = ? AND path = ? AND ukey = ? AND seq = ?",
			tenant(ctx), t.name, u.path, u.key, seq)
		if err != nil {
			return err
		}
	}
	return nil
}

// pathOf returns the unique path with that name in the tables.
func (t *table) pathOf(name string) string {
	for _, p := range t.unique {
		if squeeze(p.String()) == name {
			return p.String()
		}
	}
	return name
}
