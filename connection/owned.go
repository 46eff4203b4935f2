package connection

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/paging"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Owned is a resource of a connection, as far as a preview shows it.
type Owned struct {
	Type, ID string
	Name     string // userName or displayName
	Inactive bool
}

// Preview is what a change would do. Nothing is written for it.
type Preview struct {
	// Match are the resources that would be changed, Stay those of the connection that
	// would not.
	Match, Stay []Owned
	// Unknown are the HandOver.Names that no resource of the connection has.
	Unknown []string
	// Brake is, for a Purge, how far the connection is towards each bound
	// (scim.Config.Brake): a purge of more needs a release first
	// (scim.Handler.ReleaseBrake). Empty if the brake is off.
	Brake []brake.State
}

// Result is what a change did.
type Result struct {
	Done   int       // resources that were changed
	Failed []Failure // those that were not; the error of the call says so too
}

// Failure is a resource that was not changed, for example because Hooks.Before vetoed
// it.
type Failure struct {
	Owned
	Err error
}

// types returns those of the host's types that are wanted, all if none are named: those
// without members first, so that people leave their groups one by one.
func (m *Manager) types(wanted []string) ([]Resources, error) {
	if m.cfg.Handler == nil {
		return nil, errors.New("connection: Config.Handler is not set, and it has the resources of connections")
	}
	if len(m.host.Types) == 0 {
		return nil, errors.New("connection: no resource type of the Handler has an owner: make the stores and the endpoints with schema.WithOwner(type), or give the struct of a sqlquery table a field with the tag `scim:\",owner\"`")
	}
	var names []string
	for _, r := range m.host.Types {
		names = append(names, r.Type.Name)
	}
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			return nil, mistake("connection: %q is no resource type with an owner; those are %q", name, names)
		}
	}
	var out []Resources
	for _, groups := range []bool{false, true} {
		for _, r := range m.host.Types {
			if (r.Type.Members() != nil) == groups && (len(wanted) == 0 || slices.Contains(wanted, r.Type.Name)) {
				out = append(out, r)
			}
		}
	}
	return out, nil
}

// lister is a function as a paging.Lister.
type lister func(ctx context.Context, q *store.Query) (store.Page, error)

func (l lister) List(ctx context.Context, q *store.Query) (store.Page, error) { return l(ctx, q) }

// pageBytes is the weight of the resources that are read at a time.
const pageBytes = 1 << 20

// each calls visit with the resources of a connection in the tenant of the context.
func (r *Resources) each(ctx context.Context, connection string, visit func(Owned)) error {
	q := store.Query{Bytes: pageBytes, Attributes: []*schema.Attribute{schema.OwnerAttribute}}
	owned := filter.Compare{Path: schema.AttrPath{schema.OwnerAttribute}, Op: filter.EQ, Value: schema.String(connection)}
	if r.Filter(owned) {
		q.Filter = filter.New(owned)
	}
	for _, a := range []*schema.Attribute{r.Name, r.Active} {
		if a != nil {
			q.Attributes = append(q.Attributes, a)
		}
	}
	for page, err := range paging.NewWalker(lister(r.List), q, -1).Pages(ctx) {
		if err != nil {
			return err
		}
		for _, found := range page.Resources {
			if found.Owner() == connection {
				visit(r.owned(found))
			}
		}
	}
	return nil
}

func (r *Resources) owned(found *schema.Resource) Owned {
	o := Owned{Type: r.Type.Name, ID: found.ID}
	if r.Name != nil {
		o.Name = found.Attributes.Get(r.Name).Text()
	}
	if r.Active != nil {
		active := found.Attributes.Get(r.Active)
		o.Inactive = active.Assigned() && !active.Bool()
	}
	return o
}

// mostRounds is how often the resources of a connection are listed: some may have come
// while the first were changed.
const mostRounds = 3

// every calls change with each resource that matches. It ends with the first error that
// would meet the others too: of the brake, of a store that is unavailable, or of the
// context.
func (m *Manager) every(ctx context.Context, types []Resources, connection string, matches func(*Resources, Owned) bool, change func(*Resources, Owned) error) (Result, error) {
	var result Result
	for i := range types {
		r := &types[i]
		tried := map[string]bool{}
		for range mostRounds {
			var found []Owned
			err := r.each(ctx, connection, func(o Owned) {
				if !tried[o.ID] && matches(r, o) {
					found = append(found, o)
				}
			})
			if err != nil {
				return result, err
			}
			for _, o := range found {
				tried[o.ID] = true
				if err := result.note(o, change(r, o)); err != nil {
					return result, err
				}
			}
			if len(found) == 0 {
				break
			}
		}
	}
	return result, result.err()
}

// note counts a resource whose change ended with an error, and returns those that end
// the whole.
func (r *Result) note(o Owned, err error) error {
	var stop *brake.Stop
	switch {
	case err == nil:
		r.Done++
	case errors.Is(err, store.ErrNotFound): // it belongs to another connection by now
	case errors.As(err, &stop), errors.Is(err, store.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	default:
		r.Failed = append(r.Failed, Failure{o, err})
	}
	return nil
}

func (r *Result) err() error {
	if len(r.Failed) == 0 {
		return nil
	}
	first := r.Failed[0]
	return fmt.Errorf("%d resources were not changed; the first is %s %s (%s): %w", len(r.Failed), first.Type, first.ID, first.Name, first.Err)
}
