package scim

import (
	"context"

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
