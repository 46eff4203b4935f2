package lifecycle

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Access says which resources exist for the connection of a request. A nil Access
// is a connection without a name for which all exist.
type Access struct {
	Connection string // the owner of what the request creates; "" is none
	// Own has the endpoints of which only the resources of the connection exist
	// for it.
	Own map[*Endpoint]bool
}

// connection returns the name of the connection; "" if there is none.
func (a *Access) connection() string {
	if a == nil {
		return ""
	}
	return a.Connection
}

// Limited reports whether resources of any endpoint may not exist for the
// connection.
func (a *Access) Limited() bool { return a != nil && len(a.Own) > 0 }

// LimitedIn reports whether resources of an endpoint may not exist for the
// connection.
func (a *Access) LimitedIn(ep *Endpoint) bool { return a != nil && a.Own[ep] }

// Sees reports whether a resource of an endpoint exists for the connection.
func (a *Access) Sees(ep *Endpoint, r *schema.Resource) bool {
	return !a.LimitedIn(ep) || r.Owner() == a.Connection
}

// Owned is the condition that a resource belongs to the connection.
func (a *Access) Owned() filter.Expr {
	return filter.Compare{Path: schema.AttrPath{schema.OwnerAttribute}, Op: filter.EQ, Value: schema.String(a.Connection)}
}

// SetOwner makes another connection the owner of a resource of the connection of the
// request; "" is none. Nothing else of it changes, so no hook is called, but it has a
// new version, as after every write.
func (w *Writer) SetOwner(ctx context.Context, r *Request, ep *Endpoint, id, to string) error {
	return w.write(ctx, r, ep, event.ByOperator, func(ctx context.Context, u *unit) error {
		before, err := u.lock(ctx, id)
		if err != nil {
			return err
		}
		owned := before.Attributes.WithOwner(to)
		after, _, err := u.store(ctx, before, Edit{Attributes: owned}, schema.IdenticalObjects(before.Attributes, owned))
		u.written = Written{Before: before, After: after}
		return err
	})
}

// visibleBatch is the number of ids in one look-up of their owners, and of the
// members that are read for it.
const visibleBatch = 100

// Visible returns those of the members that are resources that exist for the
// connection, in order. The type of a member may be "".
func (w *Writer) Visible(ctx context.Context, a *Access, members []schema.Member) ([]schema.Member, error) {
	if !a.Limited() || len(members) == 0 {
		return members, nil
	}
	seen := make(map[string]bool, len(members))
	for _, ep := range w.endpoints {
		var ids []string
		for _, m := range members {
			if m.Type == ep.Type.Name || w.byType(m.Type) == nil {
				ids = append(ids, m.Value)
			}
		}
		found, err := a.visibleIn(ctx, ep, ids)
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			seen[id] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(members), func(m schema.Member) bool { return !seen[m.Value] }), nil
}

// visibleIn returns those of the ids that are resources of the endpoint that exist
// for the connection.
func (a *Access) visibleIn(ctx context.Context, ep *Endpoint, ids []string) ([]string, error) {
	if !a.LimitedIn(ep) {
		return exists(ctx, ep.Store, ids, store.GetOptions{})
	}
	var found []string
	for batch := range slices.Chunk(ids, visibleBatch) {
		some, err := a.ownedIn(ctx, ep, batch)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

var byID = schema.AttrPath{schema.IDAttribute}

// OnlyOwner are the attributes that are read to find the owner of a resource.
var OnlyOwner = []*schema.Attribute{schema.OwnerAttribute}

// ownedIn returns those of a few ids that are resources of the connection. The query
// has no condition on the owner, which keeps a database from reading all that the
// connection owns. A store that does not answer the query is asked for one resource at
// a time.
func (a *Access) ownedIn(ctx context.Context, ep *Endpoint, ids []string) ([]string, error) {
	var found []string
	answered, err := ep.EachOf(ctx, ids, store.Query{Attributes: OnlyOwner}, func(r *schema.Resource) {
		if r.Owner() == a.Connection {
			found = append(found, r.ID)
		}
	})
	if err == nil && !answered {
		return a.ownedAmong(ctx, ep, ids)
	}
	return found, err
}

// EachOf calls visit for those of a few ids, at least one, that are resources of the
// endpoint, with one query; q has its Bytes and Attributes. answered is false, and nothing is read, if the store does not answer the query. It
// asks for the order of ids, which keeps a database from reading another index.
func (ep *Endpoint) EachOf(ctx context.Context, ids []string, q store.Query, visit func(*schema.Resource)) (answered bool, err error) {
	expr := anyOf(ids)
	if ep.Filter == nil || !ep.Filter(expr) {
		return false, nil
	}
	q.Filter, q.Count = filter.New(expr), len(ids)
	if ep.Sort != nil && ep.Sort(byID) {
		q.SortBy = byID
	}
	for {
		p, err := ep.Store.List(ctx, &q)
		if err != nil {
			return true, err
		}
		for _, r := range p.Resources {
			visit(r)
		}
		if p.Next == "" {
			return true, nil
		}
		q.After = p.Next
	}
}

func (a *Access) ownedAmong(ctx context.Context, ep *Endpoint, ids []string) ([]string, error) {
	var found []string
	for _, id := range ids {
		r, err := ep.Store.Get(ctx, id, store.GetOptions{Attributes: OnlyOwner})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err == nil && r.Owner() == a.Connection {
			found = append(found, id)
		}
	}
	return found, nil
}

// anyOf is the condition that the id is one of ids, which are not empty.
func anyOf(ids []string) filter.Expr {
	if len(ids) == 1 {
		return filter.Compare{Path: byID, Op: filter.EQ, Value: schema.String(ids[0])}
	}
	half := len(ids) / 2
	return filter.Or{Left: anyOf(ids[:half]), Right: anyOf(ids[half:])}
}

// VisibleMembers yields the members of a group that exist for the connection, as
// store.MemberStore.Members does.
func (w *Writer) VisibleMembers(ctx context.Context, a *Access, ep *Endpoint, id string) iter.Seq2[schema.Member, error] {
	if !a.Limited() {
		return ep.Members.Members(ctx, id)
	}
	return func(yield func(schema.Member, error) bool) {
		var batch []schema.Member
		flush := func() bool {
			visible, err := w.Visible(ctx, a, batch)
			batch = batch[:0]
			if err != nil {
				yield(schema.Member{}, err)
				return false
			}
			for _, m := range visible {
				if !yield(m, nil) {
					return false
				}
			}
			return true
		}
		for m, err := range ep.Members.Members(ctx, id) {
			if err != nil {
				yield(m, err)
				return
			}
			if batch = append(batch, m); len(batch) == visibleBatch && !flush() {
				return
			}
		}
		flush()
	}
}

// ownDelta returns the change of members as far as it concerns those that exist
// for a connection that is limited: the others stay, whatever the request says. The
// group is locked.
func (u *unit) ownDelta(ctx context.Context, group string, d *schema.MemberDelta) (*schema.MemberDelta, error) {
	a := u.r.Access
	if d.Empty() {
		return d, nil
	}
	own := &schema.MemberDelta{Add: d.Add}
	if !d.Replace {
		asked := make([]schema.Member, len(d.Remove))
		for i, id := range d.Remove {
			asked[i] = schema.Member{Value: id}
		}
		visible, err := u.Visible(ctx, a, asked)
		own.Remove = MemberIDs(visible)
		return own, err
	}
	stays := make(map[string]bool, len(d.Add))
	for _, m := range d.Add {
		stays[m.Value] = true
	}
	for m, err := range u.VisibleMembers(ctx, a, u.ep, group) {
		if err != nil {
			return nil, err
		}
		if !stays[m.Value] {
			own.Remove = append(own.Remove, m.Value)
		}
	}
	return own, nil
}
