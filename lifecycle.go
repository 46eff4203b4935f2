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

// TwinPolicy says what a POST does when its unique value (userName) belongs to
// an inactive resource, or belonged to a deleted one: somebody who left and
// comes back.
type TwinPolicy uint8

const (
	// RefuseTwin answers 409 uniqueness: the client finds the twin and
	// reactivates it.
	RefuseTwin TwinPolicy = iota
	// RestoreInactive replaces the inactive twin by what the client sent, as
	// PUT would, and answers 201 with the twin's id. It is active unless the
	// client says otherwise. Config.Authorize is asked whether the client may
	// replace the twin; if not, it is a conflict as any other.
	RestoreInactive
	// RestoreDeleted is RestoreInactive, and a resource that was deleted comes
	// back under its old id if its unique value is free and the store still has
	// it; of several, the one deleted last. It answers 201. New wants Config.Tx,
	// a store.Reviver that declares Capabilities.Revives, and a type without
	// members.
	//
	// The id and meta.created stay, the version moves on. All else is what the
	// client sent, as PUT would make it: externalId, extensions, roles and
	// entitlements are not taken over, readOnly and omitted immutable values
	// are. It is active unless the client says otherwise. Memberships ended with
	// the deletion and stay ended, and with them what they granted (package
	// roles). The library has no password to bring back; what becomes of the application's
	// own columns is the store's affair (see sqlquery.Options.New).
	//
	// Events are EventRestored, EventReactivated unless it comes back inactive,
	// and EventUpdated if anything else differs, all with CauseRestore; Before
	// is what was deleted, as inactive. The audit record has the old id.
	//
	// Revocations still pending from before come first. If Config.Authorize does
	// not let the client replace the old resource, or an immutable value the
	// client sent is another, the client gets a new resource with a new id.
	RestoreDeleted
)

// DeletePolicy says what DELETE does to a resource. Whether what a store
// deletes is gone or kept as a tombstone is the store's affair.
type DeletePolicy uint8

const (
	// DeleteResource deletes it: 404 afterwards, its unique values are free.
	DeleteResource DeletePolicy = iota
	// DeactivateOnDelete sets active to false and answers 204. The resource
	// stays visible and keeps its unique values, against RFC 7644 §3.6.
	DeactivateOnDelete
)

// Policy is what becomes of a resource when somebody comes back or leaves.
type Policy struct {
	// OnTwin says what a POST does whose unique value belongs to a resource
	// that is inactive, or belonged to one that was deleted. A live twin is
	// always 409 uniqueness.
	OnTwin TwinPolicy
	// OnDelete says what DELETE does.
	OnDelete DeletePolicy
}
