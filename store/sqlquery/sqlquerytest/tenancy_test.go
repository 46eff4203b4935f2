package sqlquerytest

import (
	"context"
	"iter"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// rename returns a context with the tenant that the tables of a fixture have for
// a tenant of the kit, which uses "" and texts that are not numbers.
type rename func(tenant string) string

func (n rename) ctx(ctx context.Context) context.Context {
	return store.WithTenant(ctx, n(store.Tenant(ctx)))
}

// named keeps the tenants of the kit, except for the empty one.
func named(tenant string) string {
	if tenant == "" {
		return "none"
	}
	return tenant
}

// table has the interfaces of *sqlquery.Table.
type table interface {
	store.Reviver
	store.Describer
	store.Exister
	store.Purger
	RebuildKeys(context.Context) (int, error)
}

// renamed is a table whose tenants are renamed.
type renamed struct {
	table
	rename
}

func (r renamed) Get(ctx context.Context, id string, o store.GetOptions) (*schema.Resource, error) {
	return r.table.Get(r.ctx(ctx), id, o)
}

func (r renamed) List(ctx context.Context, q *store.Query) (store.Page, error) {
	return r.table.List(r.ctx(ctx), q)
}

func (r renamed) Create(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	return r.table.Create(r.ctx(ctx), c)
}

func (r renamed) Update(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	return r.table.Update(r.ctx(ctx), c)
}

func (r renamed) Delete(ctx context.Context, c *store.Change) error {
	return r.table.Delete(r.ctx(ctx), c)
}

func (r renamed) Exists(ctx context.Context, ids []string, o store.GetOptions) ([]string, error) {
	return r.table.Exists(r.ctx(ctx), ids, o)
}

func (r renamed) Tombstone(ctx context.Context, p schema.AttrPath, v schema.Value, o store.GetOptions) (*schema.Resource, error) {
	return r.table.Tombstone(r.ctx(ctx), p, v, o)
}

func (r renamed) Revive(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	return r.table.Revive(r.ctx(ctx), c)
}

func (r renamed) Purge(ctx context.Context, before time.Time, n int) (int, error) {
	return r.table.Purge(r.ctx(ctx), before, n)
}

// renamedGroups is a group table whose tenants are renamed.
type renamedGroups struct {
	renamed
	groups store.MemberStore
}

func (r renamedGroups) Delete(ctx context.Context, c *store.Change) error {
	return r.groups.Delete(r.ctx(ctx), c)
}

func (r renamedGroups) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return r.groups.Members(r.ctx(ctx), id)
}

func (r renamedGroups) PutMembers(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	return r.groups.PutMembers(r.ctx(ctx), c)
}

func (r renamedGroups) GroupsOf(ctx context.Context, ids []string) (map[string][]store.GroupRef, error) {
	return r.groups.GroupsOf(r.ctx(ctx), ids)
}

func (r renamedGroups) RemoveFromAll(ctx context.Context, c *store.Change) ([]string, error) {
	return r.groups.RemoveFromAll(r.ctx(ctx), c)
}
