package roles

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Roles serves the roles of the application at /Roles, as a read-only resource type
// ([RoleType]); a write is answered 501. list returns those of the tenant in the
// context, in any order; it is called once or more for every request that reads
// them, also concurrently, and the result is not modified. Its error is 500, or 503
// if it is store.ErrUnavailable. Two definitions with one Value, and a Value that
// cannot be an id, are 500 and logged.
func Roles(list func(ctx context.Context) ([]Definition, error)) scim.Endpoint {
	return Endpoint(RoleType, list)
}

// Entitlements serves the entitlements of the application at /Entitlements
// ([EntitlementType]); see [Roles].
func Entitlements(list func(ctx context.Context) ([]Definition, error)) scim.Endpoint {
	return Endpoint(EntitlementType, list)
}

// Endpoint serves definitions as a resource type of one of the schemas of this
// package, for example [DraftRoleType], or licenses at /Licenses with the schema of
// [EntitlementType]. Attributes of other schemas have no value. See [Roles].
func Endpoint(t *schema.ResourceType, list func(ctx context.Context) ([]Definition, error)) scim.Endpoint {
	return scim.Endpoint{
		Type: t, Store: &catalogue{t, list},
		Without: []scim.OperationKind{scim.OperationCreate, scim.OperationReplace, scim.OperationPatch, scim.OperationDelete},
	}
}

// catalogue is the store of a resource type that the application lists.
type catalogue struct {
	t    *schema.ResourceType
	list func(ctx context.Context) ([]Definition, error)
}

// errReadOnly: clients do not have the operations that write.
var errReadOnly = errors.New("roles: the application alone defines roles and entitlements")

// Type implements scim.TypedStore.
func (c *catalogue) Type() *schema.ResourceType { return c.t }

// Describe implements store.Describer: package scim filters and sorts.
func (c *catalogue) Describe() store.Capabilities { return store.Capabilities{Versions: true} }

// all returns the resources in the order of their ids.
func (c *catalogue) all(ctx context.Context) ([]*schema.Resource, error) {
	definitions, err := c.list(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*schema.Resource, 0, len(definitions))
	for _, d := range definitions {
		r, err := d.resource(c.t)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *schema.Resource) int { return strings.Compare(a.ID, b.ID) })
	for i := range len(out) - 1 {
		if out[i].ID == out[i+1].ID {
			return nil, fmt.Errorf("roles: %s: two definitions have the value %q", c.t.Name, out[i].ID)
		}
	}
	return out, nil
}

// Get implements store.Store.
func (c *catalogue) Get(ctx context.Context, id string, _ store.GetOptions) (*schema.Resource, error) {
	all, err := c.all(ctx)
	if err != nil {
		return nil, err
	}
	if i, ok := find(all, id); ok {
		return all[i], nil
	}
	return nil, store.ErrNotFound
}

// find returns the place of an id, and whether it is there.
func find(all []*schema.Resource, id string) (int, bool) {
	return slices.BinarySearchFunc(all, id, func(r *schema.Resource, id string) int { return strings.Compare(r.ID, id) })
}

// Exists implements store.Exister: a role is not a member of a group. If the list were
// asked for each member that joins one, the writes of groups would wait for it and fail
// with it.
func (c *catalogue) Exists(context.Context, []string, store.GetOptions) ([]string, error) {
	return nil, nil
}

// List implements store.Store. A position is the id before it.
func (c *catalogue) List(ctx context.Context, q *store.Query) (store.Page, error) {
	all, err := c.all(ctx)
	if err != nil {
		return store.Page{}, err
	}
	p := store.Page{}
	if q.Total {
		p.Total = len(all)
	}
	if q.After != "" {
		i, there := find(all, q.After)
		if there {
			i++
		}
		all = all[i:]
	}
	all = all[min(max(0, q.Offset), len(all)):]
	p.Resources = all[:min(max(0, q.Count), len(all))]
	if n := len(p.Resources); n > 0 && n < len(all) {
		p.Next = p.Resources[n-1].ID
	}
	return p, nil
}

// Create implements store.Store.
func (c *catalogue) Create(context.Context, *store.Change) (*schema.Resource, error) {
	return nil, errReadOnly
}

// Update implements store.Store.
func (c *catalogue) Update(context.Context, *store.Change) (*schema.Resource, error) {
	return nil, errReadOnly
}

// Delete implements store.Store.
func (c *catalogue) Delete(context.Context, *store.Change) error { return errReadOnly }
