package scim

import (
	"context"
	"errors"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// edit is what a PUT or PATCH makes of a resource.
type edit struct {
	attributes *schema.Object
	members    *schema.MemberDelta // nil: not mentioned
	secrets    schema.Secrets
	valid      bool // whatever was there before: nothing of it is the client's
	revives    bool // the resource is a tombstone
}

// change is a write to a resource that is there.
type change struct {
	id      string
	cause   store.Cause
	joining []string // whom it may make members, as far as that is known before
	make    func(ctx context.Context, before *schema.Resource) (edit, error)
}

// casRetries is how often a write is tried again when a store without
// transactions has seen another one in between.
const casRetries = 10

// inTx runs a write in the transaction of all stores, if there is one.
func (w *writePath) inTx(ctx context.Context, fn func(context.Context) error) error {
	if w.tx == nil {
		return fn(ctx)
	}
	return w.tx.InTx(ctx, fn)
}

// update is the one path of PUT and PATCH: read and lock, check the
// preconditions, make the new resource, validate, and write what differs. A
// change of nothing writes nothing and moves no version (RFC 7644 §3.5.2.1).
func (w *writePath) update(ctx context.Context, r *writeRequest, ep *writeEndpoint, c change) (*schema.Resource, error) {
	var result *schema.Resource
	err := w.write(ctx, r, ep, c.cause, func(ctx context.Context, u *unit) error {
		if err := u.hold(ctx, c.joining); err != nil {
			return err
		}
		before, err := u.lock(ctx, c.id)
		if err != nil {
			return err
		}
		made, err := c.make(ctx, before)
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
func (u *unit) apply(ctx context.Context, before *schema.Resource, made edit) (*schema.Resource, error) {
	made.attributes = u.ep.dropDerived(u.ep.keepInactive(before, made.attributes))
	if err := u.ep.Type.ValidateChange(before.Attributes, made.attributes); err != nil && !made.valid {
		return nil, err
	}
	after, members, err := u.store(ctx, before, made)
	if err != nil {
		return nil, err
	}
	if err := u.passwordSet(ctx, after, made.secrets); err != nil {
		return nil, err
	}
	u.written = written{before, after, members, u.kept(made.secrets)}
	return after, u.happened(ctx, before, after, members, made.secrets)
}

// keepInactive keeps active: false where a change leaves active unassigned:
// access is given back by an explicit true alone.
func (ep *writeEndpoint) keepInactive(before *schema.Resource, after *schema.Object) *schema.Object {
	if !ep.inactive(before) || after.Get(ep.active).Assigned() {
		return after
	}
	return after.With(ep.active, schema.Boolean(false))
}

// lock reads the resource for a write and checks the preconditions. Access
// that is still to be revoked comes before all, also before saying that there
// is no such resource: the client may be repeating a DELETE.
func (u *unit) lock(ctx context.Context, id string) (*schema.Resource, error) {
	before, err := u.ep.Store.Get(ctx, id, store.GetOptions{ForUpdate: true})
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	if err := u.nothingPending(ctx, id); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	version := before.Version
	if !u.ep.versions {
		version = ""
	}
	if err := u.r.preconditions(version); err != nil {
		return nil, &preconditionError{err}
	}
	return before, nil
}

// preconditionError is an If-Match or If-None-Match that failed, as opposed to
// a store that noticed another write.
type preconditionError struct{ error }

func (e *preconditionError) Unwrap() error { return e.error }

// retry repeats a write that lost against another one: compare-and-set for
// stores without transactions. Preconditions of the client are checked anew
// each time, against the resource as it then is.
func retry(ctx context.Context, write func() error) error {
	for i := 0; ; i++ {
		err := write()
		var precondition *preconditionError
		var hook *hookError
		if !errors.Is(err, store.ErrVersion) || errors.As(err, &precondition) || errors.As(err, &hook) {
			return err
		}
		if i == casRetries {
			return store.ErrUnavailable
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// store writes the difference between before and what was made of it, and
// returns the members who really joined and left.
func (u *unit) store(ctx context.Context, before *schema.Resource, made edit) (*schema.Resource, *schema.MemberDelta, error) {
	same := schema.IdenticalObjects(before.Attributes, made.attributes)
	if same && made.members.Empty() && !made.revives {
		return before, nil, nil
	}
	c := &store.Change{Before: before, After: u.touched(before), IfVersion: before.Version, Cause: u.cause}
	if !same {
		c.After.Attributes = made.attributes
	}
	switch {
	case made.revives:
		after, err := u.ep.reviver.Revive(ctx, c)
		return after, nil, nobodyIfTaken(err)
	case made.members.Empty():
		after, err := u.ep.Store.Update(ctx, c)
		return after, nil, err
	}
	complete, err := u.completeMembers(ctx, made.members.Add)
	if err != nil {
		return nil, nil, err
	}
	c.Members = &schema.MemberDelta{Replace: made.members.Replace, Add: complete, Remove: made.members.Remove}
	after, effective, err := u.ep.members.UpdateMembers(ctx, c)
	return after, &effective, err
}

// touched returns a copy with a new lastModified, later than the old one also
// when the clock is coarse or was put back.
func (w *writePath) touched(r *schema.Resource) *schema.Resource {
	c := *r
	c.LastModified = store.Later(r.LastModified, w.now())
	return &c
}
