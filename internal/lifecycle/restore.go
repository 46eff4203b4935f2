package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Restore replaces an inactive twin; conflict is the answer if it is inactive
// no more, or has another name.
func (w *Writer) Restore(ctx context.Context, r *Request, ep *Endpoint, name *schema.Attribute, id string, n *Creation, conflict error) (*schema.Resource, error) {
	made := n.edit(ep)
	return w.Update(ctx, r, ep, Update{id, store.CauseRestore, MemberIDs(n.Members), func(_ context.Context, before *schema.Resource) (Edit, error) {
		if !ep.Inactive(before) || !schema.Equal(name, before.Attributes.Get(name), n.Attributes.Get(name)) {
			return Edit{}, conflict
		}
		e := made
		var err error
		e.Attributes, err = ep.Type.Carry(before.Attributes, made.Attributes)
		return e, err
	}})
}

// edit is what the Creation makes of a twin: active, unless it says otherwise.
func (n *Creation) edit(ep *Endpoint) Edit {
	made := Edit{Attributes: n.Attributes, Secrets: n.Secrets}
	if ep.Members != nil {
		made.Members = &schema.MemberDelta{Replace: true, Add: n.Members}
	}
	if !made.Attributes.Get(ep.Active).Assigned() {
		made.Attributes = made.Attributes.With(ep.Active, schema.Boolean(true))
	}
	return made
}

// Tombstone asks the store for what was deleted under the Creation's name.
func (ep *Endpoint) Tombstone(ctx context.Context, name *schema.Attribute, value schema.Value, o store.GetOptions) (*schema.Resource, error) {
	found, err := ep.Reviver.Tombstone(ctx, schema.AttrPath{name}, value, o)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNoTombstone
	}
	return found, err
}

// Revive makes a tombstone what the Creation is, in one transaction with all
// that a write is. Who lost against another POST finds nobody any more, and
// then the name taken.
func (w *Writer) Revive(ctx context.Context, r *Request, ep *Endpoint, name *schema.Attribute, id string, n *Creation) (*schema.Resource, error) {
	var revived *schema.Resource
	err := w.write(ctx, r, ep, store.CauseRestore, func(ctx context.Context, u *unit) error {
		found, err := ep.Tombstone(ctx, name, n.Attributes.Get(name), store.GetOptions{ForUpdate: true})
		if err != nil {
			return err
		}
		if found.ID != id {
			return fmt.Errorf("%w: another resource of that name was deleted meanwhile", store.ErrUnavailable)
		}
		if err := u.nothingPending(ctx, id); err != nil {
			return err
		}
		revived, err = u.revive(ctx, found, n)
		return err
	})
	return revived, err
}

// revive brings a tombstone back, which is locked. It was inactive, whatever it
// says: its access ended when it was deleted. Memberships that outlived it, or
// that it was given as a reference to nobody, end first.
func (u *unit) revive(ctx context.Context, found *schema.Resource, n *Creation) (*schema.Resource, error) {
	before := found.With(u.ep.Active, schema.Boolean(false))
	made := n.edit(u.ep)
	made.revives = true
	var err error
	if made.Attributes, err = u.ep.Type.Carry(before.Attributes, made.Attributes); err != nil {
		return nil, ErrNoTombstone // an immutable value is another: not the same person
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
