package lifecycle

import (
	"context"
	"errors"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Edit is what a PUT or PATCH makes of a resource.
type Edit struct {
	Attributes *schema.Object
	Members    *schema.MemberDelta // nil: not mentioned
	Secrets    schema.Secrets
	valid      bool // whatever was there before: nothing of it is the client's
	revives    bool // the resource is a tombstone
}

// Update is a write to a resource that is there.
type Update struct {
	ID      string
	Cause   store.Cause
	Joining []string // whom it may make members, as far as that is known before
	Make    func(ctx context.Context, before *schema.Resource) (Edit, error)
}

// Update is the one path of PUT and PATCH: read and lock, check the
// preconditions, make the new resource, validate, and write what differs. A
// change of nothing writes nothing and moves no version (RFC 7644 §3.5.2.1).
func (w *Writer) Update(ctx context.Context, r *Request, ep *Endpoint, c Update) (*schema.Resource, error) {
	var result *schema.Resource
	err := w.write(ctx, r, ep, c.Cause, func(ctx context.Context, u *unit) error {
		if err := u.hold(ctx, c.Joining); err != nil {
			return err
		}
		before, err := u.lock(ctx, c.ID)
		if err != nil {
			return err
		}
		made, err := c.Make(ctx, before)
		if err != nil {
			return err
		}
		result, err = u.apply(ctx, before, made)
		return err
	})
	return result, err
}

// apply validates and stores what was made of a resource, and raises what
// happened to it.
func (u *unit) apply(ctx context.Context, before *schema.Resource, made Edit) (*schema.Resource, error) {
	made.Attributes = u.ep.DropDerived(u.ep.keepInactive(before, made.Attributes))
	if err := u.ep.Type.ValidateChange(before.Attributes, made.Attributes); err != nil && !made.valid {
		return nil, err
	}
	after, members, err := u.store(ctx, before, made)
	if err != nil {
		return nil, err
	}
	if err := u.passwordSet(ctx, after, made.Secrets); err != nil {
		return nil, err
	}
	u.written = Written{before, after, members, u.kept(made.Secrets)}
	return after, u.happened(ctx, before, after, members, made.Secrets)
}

// keepInactive keeps active: false where a change leaves active unassigned:
// access is given back by an explicit true alone.
func (ep *Endpoint) keepInactive(before *schema.Resource, after *schema.Object) *schema.Object {
	if !ep.Inactive(before) || after.Get(ep.Active).Assigned() {
		return after
	}
	return after.With(ep.Active, schema.Boolean(false))
}

// store writes the difference between before and what was made of it, and
// returns the members who really joined and left.
func (u *unit) store(ctx context.Context, before *schema.Resource, made Edit) (*schema.Resource, *schema.MemberDelta, error) {
	same := schema.IdenticalObjects(before.Attributes, made.Attributes)
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

// touched returns a copy with a new lastModified, later than the old one also
// when the clock is coarse or was put back.
func (w *Writer) touched(r *schema.Resource) *schema.Resource {
	c := *r
	c.LastModified = store.Later(r.LastModified, w.now())
	return &c
}

// kept returns the secrets that do not vanish.
func (w *Writer) kept(s schema.Secrets) schema.Secrets {
	if w.cfg.SetPassword == nil {
		return schema.Secrets{}
	}
	return s
}

func (w *Writer) passwordSet(ctx context.Context, r *schema.Resource, s schema.Secrets) error {
	if w.cfg.SetPassword == nil || s.Len() == 0 {
		return nil
	}
	if err := w.cfg.SetPassword(ctx, r, s); err != nil {
		return &HookError{err}
	}
	return nil
}

// ErrNoTombstone: there is no tombstone to revive, and the creation is of somebody new.
var ErrNoTombstone = errors.New("scim: nobody comes back")

// takenMeansNoTombstone: a live resource has a unique value of the Creation's. What
// conflict that is, and whether with an inactive twin, the creation finds out.
func takenMeansNoTombstone(err error) error {
	var taken *store.UniquenessError
	if errors.As(err, &taken) {
		return ErrNoTombstone
	}
	return err
}
