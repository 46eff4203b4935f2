package scim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/internal/sampling"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Hooks are functions of the application that are called when resources are
// created, changed and deleted. Every hook is optional. Events are shared between
// hooks and must not be modified.
//
// In the transaction of the write, after the resource is written and before the
// commit: Before, then EndSessions. A conflict repeats the transaction and with it
// both hooks, so they must change nothing outside the database of the transaction
// in their context. Their context ends with the request's.
//
// After the commit: Revoke, before the response; then, from the outbox in the
// background ([Handler.Run]), the hook of each event. These are called at least
// once and must be idempotent. Their context does not end with the request's; it
// has the tenant and a deadline (Limits.Revoke). An error that wraps
// event.ErrUndeliverable ends the attempts for an event.
type Hooks struct {
	// Before may veto the write: an error undoes all of it. An [*Error] or
	// *schema.Error (last owner, no seat left, foreign domain) is sent to the
	// client, [ErrForbidden] becomes 403, store.ErrUnavailable 503, any other
	// error 500. Before is called with every kind of event, deactivations and
	// deletions included: look at Kind, so that a rule for new users does not
	// keep a leaver in. Resolve attributes with e.Resource().Type, which may be a
	// reduced schema.UserType.
	Before func(ctx context.Context, e *event.Event) error

	// EndSessions ends the sessions in the database of the transaction when a
	// resource is deactivated (event.Deactivated, by PATCH, PUT or DELETE), or when
	// they are revoked ([Handler.Revoke], event.SessionsRevoked).
	// An error undoes the write, as that of Before does.
	EndSessions func(ctx context.Context, e *event.Event) error

	// Revoke ends sessions in other places at the same events. It is
	// called after the commit, so that no login succeeds between the two, and
	// before the response. If it fails, the response is 503 and the revocation
	// stays pending: the background worker calls Revoke again, and so does every
	// later write on the resource before anything else, even a write that changes
	// nothing or is answered 404. Revoke needs Config.Outbox. It may be called
	// more than once, also concurrently.
	Revoke func(ctx context.Context, e *event.Event) error

	// The hooks of the events; see event.Kind. They need Config.Outbox and
	// [Handler.Run]. Events of one resource are delivered in order, each after
	// the one before it was delivered; events of different resources in any order
	// and concurrently.
	Created        func(ctx context.Context, e *event.Event) error
	Updated        func(ctx context.Context, e *event.Event) error
	Deactivated    func(ctx context.Context, e *event.Event) error
	Reactivated    func(ctx context.Context, e *event.Event) error
	Restored       func(ctx context.Context, e *event.Event) error
	Deleted        func(ctx context.Context, e *event.Event) error
	MembersChanged func(ctx context.Context, e *event.Event) error
	PasswordSet    func(ctx context.Context, e *event.Event) error

	// Changed is called once for each change of a resource, with an event that
	// stands for all others of the change (event.Changed): what a program that
	// passes changes on wants, for example as security event tokens (RFC 9967,
	// module secevent).
	Changed func(ctx context.Context, e *event.Event) error

	// AsyncResponse receives the results of requests that were answered 202, as
	// events of kind event.AsyncResponse (RFC 9967 §2.5.1). If it is set, a POST,
	// PUT, PATCH or DELETE of resources and a bulk request with the preference
	// respond-async (RFC 7240 §4.1) are answered so if they succeed: with the
	// header field Set-Txn, whose value is Event.Transaction of the result, and
	// without a body. Else the preference is ignored, as RFC 7240 §2 allows.
	//
	// The request is carried out before the answer all the same, with Revoke, and the
	// result is in the outbox before the answer; no client is told of a success that
	// is still to come. An error is answered as always, and so is a request that took
	// less than the preference wait (RFC 7240 §4.3). A bulk request has one result
	// for each operation, failed ones included.
	AsyncResponse func(ctx context.Context, e *event.Event) error
}

// TwinPolicy decides about a POST whose unique value (userName) belongs to an
// inactive resource, or belonged to a deleted one: the twin. The usual cause is a
// user who left and returns.
type TwinPolicy uint8

const (
	// RefuseTwin answers 409 uniqueness if the twin is inactive: the client is
	// expected to find and reactivate it. A deleted twin stays deleted.
	RefuseTwin TwinPolicy = iota
	// RestoreInactive replaces the inactive twin by the resource that was sent, as
	// PUT would, and answers 201 with the id of the twin. The resource is active
	// unless the client sent active. If Config.Authorize does not allow the client
	// to replace the twin, the answer is 409.
	RestoreInactive
	// RestoreDeleted is RestoreInactive, and restores a deleted twin under its old
	// id if its unique value is free and the store still has its tombstone; of
	// several, the one deleted last. It answers 201. New requires Config.Tx, a
	// store.Reviver that declares Capabilities.Revives, and a type without
	// members.
	//
	// The id and meta.created stay, the version changes. All other values are
	// those of a PUT of the resource that was sent: externalId, extensions, roles
	// and entitlements are not taken over from the tombstone; readOnly values and
	// immutable values that were not sent are. The resource is active unless the
	// client sent active. Memberships ended with the deletion and stay ended, and
	// with them the roles that they granted (package roles). The library has no
	// old password; the store decides about the application's own columns (see
	// sqlquery.Options.New).
	//
	// The events are Restored, Reactivated unless the resource is
	// inactive, and Updated if another attribute differs, all with
	// event.ByRestore; Before is the deleted resource, as inactive. The audit record
	// has the old id.
	//
	// Pending revocations of the twin are carried out first. If Config.Authorize
	// does not allow the client to replace the twin, or if the client sent another
	// value of an immutable attribute, a new resource with a new id is created.
	RestoreDeleted
)

// DeletePolicy decides what DELETE does to a resource. Whether a deleted resource
// leaves a tombstone depends on the store.
type DeletePolicy uint8

const (
	// DeleteResource deletes the resource: later requests are answered 404, and
	// its unique values are free.
	DeleteResource DeletePolicy = iota
	// DeactivateOnDelete sets active to false and answers 204. The resource stays
	// visible and keeps its unique values, contrary to RFC 7644 §3.6.
	DeactivateOnDelete
)

// Policy decides about leavers, about users who return, and about the resources
// that a connection did not provision.
type Policy struct {
	// OnTwin decides about a POST whose unique value belongs to an inactive
	// resource or belonged to a deleted one. An active twin is always 409
	// uniqueness.
	OnTwin TwinPolicy
	// OnDelete decides what DELETE does.
	OnDelete DeletePolicy
	// Ownership decides which resources exist for the connection.
	Ownership OwnershipPolicy
	// Adopt, if set, decides with OwnResources about a POST whose unique value
	// (userName) belongs to a resource that does not exist for the connection. With
	// true the connection becomes its owner and the resource is replaced as by
	// TwinPolicy: 201 with its id, active unless the client sent active. With false
	// the answer is 409 uniqueness, as without Adopt. Decide for each account, by
	// what your application knows of it, never by an e-mail address alone: what a
	// provider sends may be wrong, or made up to take over an administrator.
	//
	// Adopt is called in the transaction of the write, with the resource locked, and
	// more than once if the transaction is repeated. An error undoes the write: an
	// [*Error] or a *schema.Error is sent to the client, any other becomes 500. The
	// events are event.Updated, and event.Reactivated if the resource was inactive,
	// with event.ByAdopt; the audit record has Adopted. Config.Authorize must allow
	// the client to replace the resource, or the answer is 409.
	Adopt func(ctx context.Context, a Adoption) (bool, error)
}

// OwnershipPolicy decides which resources exist for a connection
// ([Principal.Connection]).
type OwnershipPolicy uint8

const (
	// AllResources: every resource of the tenant exists for every connection.
	AllResources OwnershipPolicy = iota
	// OwnResources: only the resources exist that the connection provisioned or
	// adopted. Accounts of the application itself, which have no owner, and those of
	// other connections are safe from it: it does not find them, in no filter, count
	// or group, and a request for one of them by its id is answered 404. Their unique
	// values stay taken: a POST with the userName of one is answered 409 uniqueness
	// (see Adopt).
	//
	// The members of a group, and the groups of a user, are those that exist for the
	// connection. It can neither add nor remove others, also not by a PUT of the
	// group: an id that does not exist for it is left out of the group, or 400
	// invalidValue with Config.RequireMembers, as is one of no resource. DELETE of a
	// resource of its own takes it from every group. OnTwin concerns only inactive
	// and deleted resources of its own.
	//
	// [New] requires a type with an owner: schema.WithOwner, or a sqlquery field
	// with the tag ",owner". A principal without Connection is answered 500.
	OwnResources
)

// Adoption is a POST whose unique value (userName) belongs to a resource that
// exists but not for the connection.
type Adoption struct {
	Principal *Principal
	// Owner is the connection that owns Existing; "" is an account of the
	// application itself. A connection that adopts takes the account from its owner.
	Owner    string
	Existing *schema.Resource // as it is stored, active or not
	// Sent are the attributes of the POST, which will replace those of Existing. The
	// client can send whatever it likes: an e-mail address in it proves nothing.
	Sent *schema.Resource
}

// Revoke ends all sessions of a user of a tenant ("" without tenants) who stays as it
// is: an operator's button. It is [Handler.RevokeSessions] of the user with that id.
func (h *Handler) Revoke(ctx context.Context, tenant, id, reason string) error {
	if id == "" {
		return store.ErrNotFound
	}
	return h.RevokeSessions(ctx, Revocation{Tenant: tenant, Person: Person{ID: id}, Reason: reason})
}

// Revocation is a request to end all sessions of one user.
type Revocation struct {
	Tenant string // "" without tenants
	// Person is the user, by one key.
	Person Person
	// Email, in place of Person, is an e-mail address that one user has and no other:
	// any of emails, or the userName where users have no emails. It is compared without
	// case.
	Email string
	// Connection is the connection that asks, "" is none. Of a type with an owner
	// (schema.WithOwner) only the users exist for it that it provisioned or adopted,
	// whatever its policy. Its state decides (Config.Connections).
	Connection string
	// Actor, Connection and Reason stand in the audit record. The reason is required.
	Actor, Reason string
	// Received is when the request for it arrived, from which AuditRecord.DurationMS
	// counts. Zero is the time of the call.
	Received time.Time
}

// RevokeSessions ends all sessions of a user who stays as it is, for an operator or for
// a door beside SCIM such as a request for a global logout (package oauth/logout). It
// calls Hooks.EndSessions and Hooks.Revoke with event.SessionsRevoked, as a deactivation
// does, and returns when both have. Hooks.Before and the brake have no say. Config.Audit
// gets a record with the reason and the time that it took, also if there is no such user.
//
// The error is store.ErrNotFound if there is no such user for the connection, or if
// several have the key; [ErrUnauthenticated] if the connection is off or does not exist;
// store.ErrUnavailable if it is paused, or if Hooks.Revoke failed (the outbox repeats it);
// an [*Error] if the store cannot find the key and Limits.Scan is too small for a
// search; and else that of the store, or one with the text of the error of
// Hooks.EndSessions, which it does not wrap: nothing has ended then. Without a hook that
// ends sessions it is an error.
func (h *Handler) RevokeSessions(ctx context.Context, r Revocation) error {
	ep := h.byType(schema.UserType.Name)
	if ep == nil || !h.lifecycle.EndsSessions() {
		return errors.New("scim: Revoke needs an endpoint for User, and Hooks.EndSessions or Hooks.Revoke")
	}
	if r.Reason == "" {
		return errors.New("scim: Revoke needs a reason, for the audit record")
	}
	if r.Received.IsZero() {
		r.Received = h.cfg.Now()
	}
	ctx = store.WithTenant(ctx, r.Tenant)
	rec := AuditRecord{
		Time: r.Received, Tenant: r.Tenant, Actor: r.Actor, Connection: r.Connection, Reference: newUUID(),
		Operation: OperationRevoke, Type: ep.Type.Name, Reason: r.Reason,
	}
	committed, err := h.revoke(ctx, ep, r, &rec)
	h.recordOperator(ctx, rec, committed, err)
	return err
}

// revoke completes the record by the id of the user, as far as it was found, and by
// that of the record of the write. It reports whether the revocation was committed.
func (h *Handler) revoke(ctx context.Context, ep *endpoint, r Revocation, rec *AuditRecord) (committed bool, err error) {
	w := operatorRequest()
	w.Actor, w.Connection, w.Principal = r.Actor, r.Connection, r.Connection
	if r.Connection != "" && ep.Type.Owned {
		w.Access = &lifecycle.Access{Connection: r.Connection, Own: map[*lifecycle.Endpoint]bool{ep.Endpoint: true}}
	}
	switch p, err := h.admit(ctx, &Principal{Tenant: r.Tenant, Connection: r.Connection}); {
	case err != nil:
		return false, err
	case p.Paused:
		return false, fmt.Errorf("scim: the connection %q is paused: %w", r.Connection, store.ErrUnavailable)
	}
	if rec.ID, err = h.personID(ctx, ep, r, w.Access); err != nil {
		return false, err
	}
	if h.cfg.AuditTrail != nil {
		rec.Record = newUUID()
		w.Record, w.RecordID = h.recorder(*rec), rec.Record
	}
	w.Committed = func(lifecycle.Written) { committed = true }
	err = h.lifecycle.Revoke(ctx, w, ep.Endpoint, rec.ID)
	var hook *lifecycle.HookError
	if errors.As(err, &hook) {
		// %v: a store.ErrNotFound of the hook does not say that there is no such user.
		err = fmt.Errorf("scim: the sessions have not ended: %v", err)
	}
	return committed, err
}

// operatorRequest is a write that no client asked for.
func operatorRequest() *lifecycle.Request {
	return &lifecycle.Request{Preconditions: func(string) error { return nil }}
}

// recordOperator passes on the audit record of what an operator did. What was committed
// is in the trail, but not that it failed afterwards.
func (h *Handler) recordOperator(ctx context.Context, rec AuditRecord, committed bool, err error) {
	if !h.audits() {
		return
	}
	ctx = context.WithoutCancel(ctx)
	rec.DurationMS, rec.Kind, rec.Outcome = milliseconds(h.cfg.Now().Sub(rec.Time)), audit.Write, audit.Success
	if err != nil {
		rec.Detail, rec.Outcome = err.Error(), audit.Failure
	}
	if !committed {
		rec.Kind = audit.Request
	}
	if h.cfg.AuditTrail != nil && err != nil && (committed || h.sampler.Take(sampling.Key{Tenant: rec.Tenant, Connection: rec.Connection}, "", h.cfg.Now())) {
		later := rec
		if later.Record = ""; committed {
			later.Kind, later.Of = audit.Result, rec.Record
		}
		h.appendLater(ctx, later)
	}
	if h.cfg.Audit != nil {
		h.cfg.Audit(ctx, rec)
	}
}

// ReleaseBrake lets a connection of a tenant ("" without tenants) go on that the brake
// stopped (Config.Brake). It is logged, Config.AuditTrail keeps its record in the
// transaction of the release, and Config.Audit gets one. The error names what is missing in r or says that the brake is off (brake.ErrRelease), or
// is one of Config.Counters.
func (h *Handler) ReleaseBrake(ctx context.Context, tenant string, r brake.Release) error {
	if err := errors.Join(h.brake.CheckRelease(r), h.checkRelease(r)); err != nil {
		return &releaseError{err}
	}
	rec := AuditRecord{
		Time: h.cfg.Now(), Tenant: tenant, Actor: r.Actor, Connection: r.Connection, Reference: newUUID(),
		Operation: OperationReleaseBrake, Type: r.Type, ID: r.ID, Reason: r.Reason,
	}
	if err := h.releaseBrake(store.WithTenant(ctx, tenant), r, &rec); err != nil {
		return err
	}
	h.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "scim: brake released", slog.String("tenant", tenant), slog.String("actor", r.Actor),
		slog.String("connection", r.Connection), slog.String("kind", string(r.Kind)), slog.String("type", r.Type), slog.Int64("more", r.More), slog.String("reason", r.Reason))
	h.recordOperator(ctx, rec, true, nil)
	return nil
}

// releaseBrake releases the brake, in one transaction with the record if there is an
// audit trail. Counters of this process take part in no transaction: the record is
// committed before them.
func (h *Handler) releaseBrake(ctx context.Context, r brake.Release, rec *AuditRecord) error {
	if h.cfg.AuditTrail == nil {
		return h.brake.Release(ctx, r)
	}
	h.brake.Prepare(ctx)
	rec.Record = newUUID()
	written := *rec
	written.Kind, written.Outcome = audit.Write, audit.Success
	if h.brake.Local(r.Kind) {
		if err := h.append(ctx, written); err != nil {
			return err
		}
		return h.brake.Release(ctx, r)
	}
	return h.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := h.append(ctx, written); err != nil {
			return err
		}
		return h.brake.Release(ctx, r)
	})
}

// BrakeState returns how far a connection is towards each bound of Config.Brake, two
// for a resource type without members that clients can write and one for a type with
// members; none if the brake is off. p needs the Tenant, the Connection (or the TokenID
// of a credential without one) and the Policy of the connection: with OwnResources a
// share is one of its own resources. It is safe for concurrent use and reads from the
// stores and Config.Counters, whose errors it returns. A principal that no request
// could have is an error too.
func (h *Handler) BrakeState(ctx context.Context, p *Principal) ([]brake.State, error) {
	if h.brake == nil {
		return nil, nil
	}
	access, err := h.access(p)
	if err != nil {
		return nil, err
	}
	ctx = context.WithValue(store.WithTenant(ctx, p.Tenant), accessKey{}, access)
	var out []brake.State
	for _, ep := range h.endpoints {
		for _, k := range ep.braked() {
			s, err := h.brake.State(ctx, p.limitedAs(), ep.Type.Name, k)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
	}
	return out, nil
}

// braked returns the kinds that the brake counts for the type.
func (ep *endpoint) braked() []brake.Kind {
	var out []brake.Kind
	changes := ep.has(OperationReplace) || ep.has(OperationPatch)
	switch {
	case ep.Members != nil && (changes || ep.has(OperationDelete)):
		out = append(out, brake.Memberships)
	case ep.Members != nil:
	case ep.has(OperationDelete) || ep.Active != nil && changes:
		out = append(out, brake.Leavers)
	}
	if ep.Members == nil && ep.has(OperationCreate) {
		out = append(out, brake.Creations)
	}
	return out
}

// brakeHost is what the brake needs of the handler.
func (h *Handler) brakeHost() brake.Host {
	host := brake.Host{Counters: h.cfg.Counters, Now: h.cfg.Now, Logger: h.cfg.Logger, Total: h.total}
	if isNil(host.Counters) {
		host.Counters, host.Fallback = nil, true
		if c, ok := h.cfg.Tx.(store.Counters); ok {
			host.Counters = c
		}
	}
	return host
}

// total returns how many resources of a type exist for the connection of the context
// and are not inactive; 0 of a type that is not served. apart is false if the store
// cannot tell those that are inactive from the others, and counts all.
func (h *Handler) total(ctx context.Context, typ string) (n int, apart bool, err error) {
	ep := h.byType(typ)
	if ep == nil {
		return 0, true, nil
	}
	s := &selection{ep: ep}
	if ep.Active == nil {
		s.limit(accessOf(ctx))
		n, err := ep.count(ctx, s.filter)
		return n, true, err
	}
	if c, ok := store.As[activeCounter](ep.Store); ok {
		s.limit(accessOf(ctx))
		n, err := c.CountActive(ctx, s.filter)
		return n, true, err
	}
	active := filter.Compare{Path: schema.AttrPath{ep.Active}, Op: filter.NE, Value: schema.Boolean(false)}
	if apart = ep.canFilter(active); apart {
		s.filter = filter.New(active)
	}
	s.limit(accessOf(ctx))
	n, err = ep.count(ctx, s.filter)
	return n, apart, err
}

// activeCounter is a store that counts the resources which a filter selects, nil for
// all, and which are not inactive, although it has no filter for active.
type activeCounter interface {
	CountActive(ctx context.Context, f *filter.Filter) (int, error)
}

// count returns how many resources a filter selects, nil for all.
func (ep *endpoint) count(ctx context.Context, f *filter.Filter) (int, error) {
	page, err := ep.Store.List(ctx, &store.Query{Filter: f, Total: true})
	return page.Total, err
}

// checkRelease rejects a release that no write could use.
// releaseError is a brake.ErrRelease.
type releaseError struct{ error }

// Is reports whether the target is brake.ErrRelease.
func (*releaseError) Is(target error) bool { return target == brake.ErrRelease }

func (h *Handler) checkRelease(r brake.Release) error {
	ep := h.byType(r.Type)
	if r.Type != "" && (ep == nil || (ep.Members != nil) != (r.Kind == brake.Memberships)) {
		return fmt.Errorf("scim: the release of the brake has the Type %q, and %s are counted for other types", r.Type, r.Kind)
	}
	return nil
}
