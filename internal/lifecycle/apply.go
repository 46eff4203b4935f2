package lifecycle

import (
	"context"
	"errors"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Edit is the content that a write gives to a resource.
type Edit struct {
	Attributes *schema.Object
	Members    *schema.MemberDelta // nil: members stay as they are
	Secrets    schema.Secrets
	valid      bool // not validated: the stored resource with active set
	revives    bool // the resource is a tombstone
}

// Complete returns members with the names of their resource types. Its errors
// are those of a write that adds the members.
type Complete func(members []schema.Member) ([]schema.Member, error)

// Update is a write to an existing resource.
type Update struct {
	ID    string
	Cause event.Cause
	// Joining are the ids of resources that may become members, as far as the
	// request names them. They are locked before the resource itself.
	Joining []string
	// Adopts lets the write reach a resource that does not exist for the connection.
	Adopts bool
	// Make returns the new content of the locked resource. complete gives members
	// that it adds the type that they will be stored with.
	Make func(ctx context.Context, before *schema.Resource, complete Complete) (Edit, error)
}

// Update is the one path of PUT and PATCH; the order is that of leave.go. An edit
// that changes nothing writes nothing and leaves the version as it is
// (RFC 7644 §3.5.2.1).
func (w *Writer) Update(ctx context.Context, r *Request, ep *Endpoint, c Update) (*schema.Resource, error) {
	var result *schema.Resource
	update := func(ctx context.Context, u *unit) error {
		u.adopts = c.Adopts
		before, err := u.lockWith(ctx, c.ID, c.Joining)
		if err != nil {
			return err
		}
		made, err := c.Make(ctx, before, func(members []schema.Member) ([]schema.Member, error) {
			return u.completeMembers(ctx, members)
		})
		if err != nil {
			return err
		}
		result, err = u.apply(ctx, before, made)
		return err
	}
	if !c.Adopts {
		if done, err := w.tryAlone(ctx, r, ep, c.Cause, update); done {
			return result, err
		}
	}
	err := w.write(ctx, r, ep, c.Cause, update)
	return result, err
}

// apply validates and stores the new content of a resource, passes on its
// secrets, and raises the events of the change.
func (u *unit) apply(ctx context.Context, before *schema.Resource, made Edit) (*schema.Resource, error) {
	made.Attributes = u.ep.DropDerived(u.ep.keepInactive(before, made.Attributes))
	d := schema.NewDiff(before.Attributes, made.Attributes)
	if err := u.check(ctx, d, made.Secrets); err != nil && !made.valid {
		return nil, err
	}
	if u.r.Access.Limited() {
		var err error
		if made.Members, err = u.ownDelta(ctx, before.ID, made.Members); err != nil {
			return nil, err
		}
	}
	if err := u.brakeEarly(ctx, before, before.WithAttributes(made.Attributes)); err != nil {
		return nil, err
	}
	after, members, err := u.store(ctx, before, made, d.Empty())
	if err != nil {
		return nil, err
	}
	if err := u.storeSecrets(ctx, after, made.Secrets); err != nil {
		return nil, err
	}
	u.written, u.revives = Written{Before: before, After: after, Members: members, Secrets: u.kept(made.Secrets)}, made.revives
	return after, u.raiseChange(ctx, before, after, members, made.Secrets)
}

// check checks the new content of a resource.
func (u *unit) check(ctx context.Context, d schema.Diff, secrets schema.Secrets) error {
	if err := u.ep.Type.ValidateChange(d); err != nil {
		return err
	}
	if err := u.ep.CheckReferences(ctx, d); err != nil {
		return err
	}
	return u.cfg.Bounds.Check(u.ep.Type, d, secrets)
}

// keepInactive keeps active false where a change leaves it unassigned: only an
// explicit true gives access back.
func (ep *Endpoint) keepInactive(before *schema.Resource, after *schema.Object) *schema.Object {
	if !ep.Inactive(before) || after.Get(ep.Active).Assigned() {
		return after
	}
	return after.With(ep.Active, schema.Boolean(false))
}

// store writes the edit if it differs from before; same says that its attributes do
// not. It returns the stored resource and the members that joined and left in effect.
func (u *unit) store(ctx context.Context, before *schema.Resource, made Edit, same bool) (*schema.Resource, *schema.MemberDelta, error) {
	if same && made.Members.Empty() && !made.revives {
		return before, nil, nil
	}
	touched := u.touched(before)
	c := &store.Change{ID: before.ID, Before: before, After: touched, IfVersion: before.Version, At: touched.LastModified, Cause: u.cause}
	if !same {
		c.After.Attributes = made.Attributes
	}
	switch {
	case made.revives:
		after, err := u.ep.Reviver.Revive(ctx, c)
		return after, nil, takenMeansNoTombstone(err)
	case u.alone != nil:
		after, err := u.alone.UpdateAlone(ctx, c)
		return after, nil, err
	case made.Members.Empty():
		after, err := u.ep.Store.Update(ctx, c)
		return after, nil, err
	}
	complete, err := u.completeMembers(ctx, made.Members.Add)
	if err != nil {
		return nil, nil, err
	}
	c.Members = &schema.MemberDelta{Replace: made.Members.Replace, Add: complete, Remove: made.Members.Remove}
	after, effective, err := u.ep.Members.PutMembers(ctx, c)
	return after, &effective, err
}

// touched returns a copy with a new lastModified, which is later than the old one
// even if the clock is coarse or was set back.
func (w *Writer) touched(r *schema.Resource) *schema.Resource {
	c := *r
	c.LastModified = store.Later(r.LastModified, w.now())
	return &c
}

// kept returns the secrets that SetPassword stores: none without it.
func (w *Writer) kept(s schema.Secrets) schema.Secrets {
	if w.cfg.SetPassword == nil {
		return schema.Secrets{}
	}
	return s
}

// storeSecrets passes the secrets of a resource to SetPassword.
func (w *Writer) storeSecrets(ctx context.Context, r *schema.Resource, s schema.Secrets) error {
	if w.cfg.SetPassword == nil || s.Len() == 0 {
		return nil
	}
	if err := w.cfg.SetPassword(ctx, r, s); err != nil {
		return &HookError{err}
	}
	return nil
}

// ErrNoTombstone: no deleted resource may be revived; create a new one.
var ErrNoTombstone = errors.New("scim: no tombstone to revive")

// takenMeansNoTombstone maps a uniqueness conflict to ErrNoTombstone, so that the
// ordinary create path reports it.
func takenMeansNoTombstone(err error) error {
	var taken *store.UniquenessError
	if errors.As(err, &taken) {
		return ErrNoTombstone
	}
	return err
}
