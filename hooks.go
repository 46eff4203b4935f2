package scim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Hooks are how the application takes part in the lifecycle of its users and
// groups: joiner, mover, leaver. Every hook is optional. Events are shared and
// must not be modified.
//
// In the transaction of the write, in this order, after the resource was
// written and before the commit: Before, then EndSessions. Both may run more
// than once for one request (a conflict repeats the transaction), so they
// touch nothing but the database of the transaction in their context. Their
// context ends with the client's.
//
// After the commit: Revoke, before the client is answered; then, from the
// outbox in the background ([Handler.Run]), the hook of each event. These run
// at least once and must be idempotent. Their context does not end with the
// client's; it has the tenant and a deadline (Limits.Revoke).
type Hooks struct {
	// Before may veto: an error undoes the whole write and is answered as it
	// is if it is an [*Error] or *schema.Error (last owner, no seat left,
	// foreign domain), [ErrForbidden] or store.ErrUnavailable, else by a plain
	// 500. It sees every event, deactivated and deleted too: a rule about who
	// may come in must not keep anybody from leaving, so look at Kind. Resolve
	// attributes with e.Resource().Type, which may be a reduced schema.UserType.
	Before func(ctx context.Context, e *store.Event) error

	// EndSessions ends the sessions that live in the database of the
	// transaction when a resource is deactivated (store.EventDeactivated, by
	// PATCH, PUT or DELETE alike). An error undoes the write, as Before's.
	EndSessions func(ctx context.Context, e *store.Event) error

	// Revoke ends sessions that live elsewhere when a resource is
	// deactivated. It runs after the commit, or a login could slip in
	// between, and before the answer: as long as it fails the client is
	// answered 503 and the revocation stays pending. The background worker
	// and every later write on the resource run it again first, one that
	// changes nothing or is answered 404 too. It needs Config.Outbox. It may
	// run more than once, also at the same time.
	Revoke func(ctx context.Context, e *store.Event) error

	// The hooks of the events; see store.EventKind. They need Config.Outbox
	// and [Handler.Run]. Events of one resource are delivered in order, the
	// next when the one before is; those of different resources in any order
	// and at the same time.
	Created        func(ctx context.Context, e *store.Event) error
	Updated        func(ctx context.Context, e *store.Event) error
	Deactivated    func(ctx context.Context, e *store.Event) error
	Reactivated    func(ctx context.Context, e *store.Event) error
	Restored       func(ctx context.Context, e *store.Event) error
	Deleted        func(ctx context.Context, e *store.Event) error
	MembersChanged func(ctx context.Context, e *store.Event) error
	PasswordSet    func(ctx context.Context, e *store.Event) error
}

// deliver returns the hook of an event kind, nil if there is none.
func (k *Hooks) deliver(kind store.EventKind) func(context.Context, *store.Event) error {
	switch kind {
	case store.EventCreated:
		return k.Created
	case store.EventUpdated:
		return k.Updated
	case store.EventDeactivated:
		return k.Deactivated
	case store.EventReactivated:
		return k.Reactivated
	case store.EventRestored:
		return k.Restored
	case store.EventDeleted:
		return k.Deleted
	case store.EventMembersChanged:
		return k.MembersChanged
	case store.EventPasswordSet:
		return k.PasswordSet
	}
	return nil
}

var eventKinds = []store.EventKind{
	store.EventCreated, store.EventUpdated, store.EventDeactivated, store.EventReactivated,
	store.EventRestored, store.EventDeleted, store.EventMembersChanged, store.EventPasswordSet,
}

// delivers reports whether any event has a hook.
func (k *Hooks) delivers() bool {
	return slices.ContainsFunc(eventKinds, func(kind store.EventKind) bool { return k.deliver(kind) != nil })
}

// any reports whether events matter at all.
func (k *Hooks) any() bool {
	return k.Before != nil || k.EndSessions != nil || k.Revoke != nil || k.delivers()
}

// checkHooks refuses hooks whose promise could not be kept.
func (w *writePath) checkHooks() error {
	k := &w.hooks
	switch {
	case !k.any():
		return nil
	case w.tx == nil:
		return errors.New("scim: Config.Hooks need Config.Tx")
	case w.outbox == nil && (k.Revoke != nil || k.delivers()):
		return errors.New("scim: Hooks.Revoke and the hooks of events need Config.Outbox")
	case k.EndSessions == nil && k.Revoke == nil:
		return nil
	}
	return w.checkActive()
}

// checkActive rejects EndSessions and Revoke when no resource type has an
// active attribute. A user type without one would answer 200 to a deactivation
// that has no effect.
func (w *writePath) checkActive() error {
	some := false
	for _, ep := range w.endpoints {
		if ep.active == nil && ep.Type.Schema.ID == schema.UserURI {
			return fmt.Errorf("scim: Hooks.EndSessions and Revoke need the attribute active, which %s does not have", ep.Type.Name)
		}
		some = some || ep.active != nil
	}
	if !some {
		return errors.New("scim: Hooks.EndSessions and Revoke need a resource type with the attribute active")
	}
	return nil
}

// writePath is the write path: it carries out the writes of clients and, in the
// background, what is to happen after them. It knows nothing of HTTP.
type writePath struct {
	tx             store.Transactor
	outbox         store.Outbox
	hooks          Hooks
	setPassword    func(ctx context.Context, r *schema.Resource, secrets schema.Secrets) error
	requireMembers bool
	patience       time.Duration // for one call of a hook after the commit
	attempts       int           // failures until an event is set aside as dead
	logger         *slog.Logger
	clock          func() time.Time
	newID          func() string

	endpoints []*writeEndpoint
	wake      map[store.Queue]chan struct{} // the worker
}

// writeEndpoint is what the write path knows of an endpoint.
type writeEndpoint struct {
	Type     *schema.ResourceType
	Store    store.Store
	versions bool              // the store keeps versions
	members  store.MemberStore // nil for a type without members
	reviver  store.Reviver     // set with RestoreDeleted
	active   *schema.Attribute // the boolean that says who may come in, or nil
	// dropDerived takes out of the attributes what is derived when they are
	// returned.
	dropDerived func(*schema.Object) *schema.Object
}

// writeRequest is what the write path knows of a request.
type writeRequest struct {
	actor string // Event.Actor
	// preconditions fails if a resource of that version must not be written.
	preconditions func(version string) error
	// committed, if set, is told what was written, once it is committed and
	// before access is revoked.
	committed func(written)
}

// written is one change of one resource.
type written struct {
	before, after *schema.Resource
	members       *schema.MemberDelta
	secrets       schema.Secrets
}

// unit is one write on its way.
type unit struct {
	*writePath
	r     *writeRequest
	ep    *writeEndpoint
	cause store.Cause
	// revocations are the pending ones this write appended; they become real
	// with its commit.
	revocations []store.Entry
	// types has those who were asked for as members so far, each with the
	// resource type it has; "" if nobody has it.
	types map[string]string
	// written is what a transaction has written; one that is repeated notes it
	// again.
	written written
}

// hookError is the error of a hook that takes part in a transaction. What it
// wraps is the hook's own affair: not found is something that the hook did not
// find, and no answer to the client. The transaction sees through it, to run
// again after a conflict.
type hookError struct{ error }

func (e *hookError) Unwrap() error { return e.error }

// write runs fn in the transaction of all stores and carries out what the
// leaver-safe order asks for around it: revocations still pending for the
// resource first (unit.lock finds them), those of this write after the
// commit, and no answer before both are done.
func (w *writePath) write(ctx context.Context, r *writeRequest, ep *writeEndpoint, cause store.Cause, fn func(context.Context, *unit) error) error {
	for range casRetries {
		u := &unit{writePath: w, r: r, ep: ep, cause: cause}
		err := retry(ctx, func() error {
			return w.inTx(ctx, func(ctx context.Context) error {
				// What an earlier run has found is gone with its transaction.
				u.revocations, u.types, u.written = nil, nil, written{}
				return fn(ctx, u)
			})
		})
		var left *pendingError
		switch {
		case errors.As(err, &left):
			if err := w.revokeNow(ctx, left.revocations); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			if r.committed != nil {
				r.committed(u.written)
			}
			w.wakeWorker()
			return w.revokeNow(ctx, u.revocations)
		}
	}
	return store.ErrUnavailable
}

// pendingError undoes a write before which revocations are to be carried out.
type pendingError struct{ revocations []store.Entry }

func (e *pendingError) Error() string { return "scim: access is not revoked yet" }

// nothingPending fails if earlier writes left revocations of the resource
// behind. It is asked behind the lock of the resource, when no such write is on
// its way any more.
func (u *unit) nothingPending(ctx context.Context, id string) error {
	if u.hooks.Revoke == nil {
		return nil
	}
	entries, err := u.outbox.Pending(ctx, store.QueueRevoke, u.ep.Type.Name, id)
	if err == nil && len(entries) > 0 {
		err = &pendingError{entries}
	}
	return err
}

// happened raises the events of a change: before is nil for a new resource,
// after for a deleted one.
func (u *unit) happened(ctx context.Context, before, after *schema.Resource, members *schema.MemberDelta, secrets schema.Secrets) error {
	if !u.hooks.any() {
		return nil
	}
	var events []*store.Event
	add := func(when bool, kind store.EventKind) {
		if when {
			events = append(events, &store.Event{Kind: kind, Before: before, After: after})
		}
	}
	add(u.deactivates(before, after), store.EventDeactivated)
	add(before == nil, store.EventCreated)
	add(u.cause == store.CauseRestore, store.EventRestored)
	add(u.reactivates(before, after), store.EventReactivated)
	add(before != nil && after != nil && u.updates(before, after), store.EventUpdated)
	if !members.Empty() {
		events = append(events, &store.Event{Kind: store.EventMembersChanged, Before: before, After: after, Members: members})
	}
	add(u.setPassword != nil && secrets.Len() > 0, store.EventPasswordSet)
	add(after == nil, store.EventDeleted)
	return u.raise(ctx, u.ep.Type.Name, events)
}

// inactive reports whether the resource says active: false. What says nothing
// is not inactive.
func (ep *writeEndpoint) inactive(r *schema.Resource) bool {
	return r != nil && ep.active != nil && r.Attributes.Get(ep.active).Assigned() && !r.Attributes.Get(ep.active).Bool()
}

func (u *unit) deactivates(before, after *schema.Resource) bool {
	if u.ep.active == nil || before == nil {
		return false
	}
	return !u.ep.inactive(before) && (after == nil || u.ep.inactive(after))
}

func (u *unit) reactivates(before, after *schema.Resource) bool {
	return after != nil && u.ep.inactive(before) && !u.ep.inactive(after)
}

// updates reports whether anything but active differs.
func (u *unit) updates(before, after *schema.Resource) bool {
	b, a := before.Attributes, after.Attributes
	if u.ep.active != nil {
		a = a.With(u.ep.active, b.Get(u.ep.active))
	}
	return !schema.IdenticalObjects(b, a)
}

// raise completes the events, lets the hooks of the transaction see them, and
// appends to the outbox what is to happen after the commit.
func (u *unit) raise(ctx context.Context, typ string, events []*store.Event) error {
	for _, e := range events {
		e.ID, e.Time, e.Tenant, e.Actor = u.newID(), u.now(), store.Tenant(ctx), u.r.actor
		e.Type, e.ResourceID = typ, e.Resource().ID
		if e.Cause == "" {
			e.Cause = u.cause
		}
	}
	if before := u.hooks.Before; before != nil {
		for _, e := range events {
			if err := before(ctx, e); err != nil {
				return &hookError{err}
			}
		}
	}
	if end := u.hooks.EndSessions; end != nil {
		for _, e := range events {
			if e.Kind != store.EventDeactivated {
				continue
			}
			if err := end(ctx, e); err != nil {
				return &hookError{fmt.Errorf("end sessions: %w", err)}
			}
		}
	}
	return u.enqueue(ctx, events)
}

// enqueue appends to the outbox what is to happen after the commit.
func (u *unit) enqueue(ctx context.Context, events []*store.Event) error {
	var entries []store.Entry
	for _, e := range events {
		if u.hooks.Revoke != nil && e.Kind == store.EventDeactivated {
			revocation := u.entry(store.QueueRevoke, e)
			// The worker leaves it to this request at first.
			revocation.Due = revocation.Created.Add(2 * u.patience)
			entries = append(entries, revocation)
			u.revocations = append(u.revocations, revocation)
		}
		if u.hooks.deliver(e.Kind) != nil {
			entries = append(entries, u.entry(store.QueueEvent, e))
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return u.outbox.Append(ctx, entries)
}

func (u *unit) entry(q store.Queue, e *store.Event) store.Entry {
	return store.Entry{
		ID: u.newID(), Queue: q, Tenant: e.Tenant, Type: e.Type, ResourceID: e.ResourceID,
		Payload: encodeEvent(e), Created: e.Time, Due: e.Time,
	}
}
