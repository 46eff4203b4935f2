package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Restore replaces an inactive resource with the same unique value (name). It
// returns conflict if the resource is no longer inactive or has another value.
func (w *Writer) Restore(ctx context.Context, r *Request, ep *Endpoint, name *schema.Attribute, id string, n *Creation, conflict error) (*schema.Resource, error) {
	made := n.edit(ep)
	return w.Update(ctx, r, ep, Update{ID: id, Cause: event.ByRestore, Joining: MemberIDs(n.Members), Make: func(_ context.Context, before *schema.Resource, _ Complete) (Edit, error) {
		if !ep.Inactive(before) || !schema.Equal(name, before.Attributes.Get(name), n.Attributes.Get(name)) {
			return Edit{}, conflict
		}
		e := made
		var err error
		e.Attributes, err = ep.Type.Carry(before.Attributes, made.Attributes)
		return e, err
	}})
}

// Adopt replaces a resource that the connection does not own, with the same unique
// value (name), by the creation, and makes the connection its owner. decide is
// called with the locked resource; if it declines, or if the resource has another
// value or owner by then, the error is conflict.
func (w *Writer) Adopt(ctx context.Context, r *Request, ep *Endpoint, name *schema.Attribute, id string, n *Creation, conflict error, decide Decision) (*schema.Resource, error) {
	made := n.edit(ep)
	return w.Update(ctx, r, ep, Update{ID: id, Cause: event.ByAdopt, Joining: MemberIDs(n.Members), Adopts: true, Make: func(ctx context.Context, before *schema.Resource, _ Complete) (Edit, error) {
		if r.Access.Sees(ep, before) || !schema.Equal(name, before.Attributes.Get(name), n.Attributes.Get(name)) {
			return Edit{}, conflict
		}
		adopts, err := decide(ctx, before)
		if err != nil {
			return Edit{}, &HookError{err}
		}
		if !adopts {
			return Edit{}, conflict
		}
		e := made
		if e.Attributes, err = ep.Type.Carry(before.Attributes, made.Attributes); err != nil {
			return Edit{}, err
		}
		e.Attributes = r.owned(ep, e.Attributes)
		return e, nil
	}})
}

// Decision reports whether the connection of a request adopts a resource.
type Decision func(ctx context.Context, existing *schema.Resource) (bool, error)

// edit returns the content that the creation gives to the restored resource:
// active is true unless the creation assigns it.
func (n *Creation) edit(ep *Endpoint) Edit {
	made := Edit{Attributes: n.Attributes, Secrets: n.Secrets}
	if ep.Members != nil {
		made.Members = &schema.MemberDelta{Replace: true, Add: n.Members}
	}
	if ep.Active != nil && !made.Attributes.Get(ep.Active).Assigned() {
		made.Attributes = made.Attributes.With(ep.Active, schema.Boolean(true))
	}
	return made
}

// Tombstone returns the resource that was deleted last of those with a unique
// value; ErrNoTombstone if there is none.
func (ep *Endpoint) Tombstone(ctx context.Context, name *schema.Attribute, value schema.Value, o store.GetOptions) (*schema.Resource, error) {
	found, err := ep.Reviver.Tombstone(ctx, schema.AttrPath{name}, value, o)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNoTombstone
	}
	return found, err
}

// Revive replaces the tombstone id by the creation, in the order of every write.
// A concurrent POST that loses the race finds no tombstone (ErrNoTombstone) and
// then gets the uniqueness conflict.
func (w *Writer) Revive(ctx context.Context, r *Request, ep *Endpoint, name *schema.Attribute, id string, n *Creation) (*schema.Resource, error) {
	var revived *schema.Resource
	err := w.write(ctx, r, ep, event.ByRestore, func(ctx context.Context, u *unit) error {
		found, err := ep.Tombstone(ctx, name, n.Attributes.Get(name), store.GetOptions{ForUpdate: true})
		if err != nil {
			return err
		}
		if !r.Access.Sees(ep, found) {
			return ErrNoTombstone
		}
		if found.ID != id {
			return fmt.Errorf("%w: another resource with the same unique value was deleted meanwhile", store.ErrUnavailable)
		}
		if err := u.nothingPending(ctx, id); err != nil {
			return err
		}
		revived, err = u.revive(ctx, found, n)
		return err
	})
	return revived, err
}

// revive replaces a locked tombstone by the creation. The tombstone counts as
// inactive, since access ended with the deletion. Memberships that survived the
// deletion, or that were added for the id since, end first.
func (u *unit) revive(ctx context.Context, found *schema.Resource, n *Creation) (*schema.Resource, error) {
	before := found.With(u.ep.Active, schema.Boolean(false))
	made := n.edit(u.ep)
	made.revives = true
	var err error
	if made.Attributes, err = u.ep.Type.Carry(before.Attributes, made.Attributes); err != nil {
		return nil, ErrNoTombstone // an immutable value differs
	}
	if u.r.Access.connection() != "" {
		made.Attributes = u.r.owned(u.ep, made.Attributes)
	}
	left, err := u.leaveGroups(ctx, before.ID)
	if err != nil {
		return nil, err
	}
	revived, err := u.apply(ctx, before, made)
	if err != nil {
		return nil, err
	}
	return revived, u.membersLeft(ctx, left, before.ID)
}
