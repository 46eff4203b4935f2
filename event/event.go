// Package event describes what happened to a resource: the argument of the
// hooks of package scim.
package event

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/seed5f3efb56/scim/schema"
)

// Kind is what happened to a resource.
type Kind string

// The events. A change may be several: a PUT that renames and deactivates a
// user is Deactivated and Updated.
const (
	// Created: a resource was created.
	Created Kind = "created"
	// Updated: attributes other than active changed.
	Updated Kind = "updated"
	// Deactivated: active became false, or a resource that was not
	// inactive was deleted. PATCH, PUT and DELETE raise the same event.
	Deactivated Kind = "deactivated"
	// Reactivated: active became true after it was false.
	Reactivated Kind = "reactivated"
	// Restored: a POST restored an inactive or deleted resource that has, or
	// had, the same unique value.
	Restored Kind = "restored"
	// Deleted: the resource was deleted.
	Deleted Kind = "deleted"
	// MembersChanged: members joined or left a group.
	MembersChanged Kind = "membersChanged"
	// PasswordSet: a password was given; the event does not have it.
	PasswordSet Kind = "passwordSet"
	// SessionsRevoked: an operator, or the identity provider by another door than
	// SCIM, ended the sessions of a resource, which did not change.
	SessionsRevoked Kind = "sessionsRevoked"
	// Changed stands for all events of one change of one resource, which
	// Event.Kinds lists. It is delivered after the commit only.
	Changed Kind = "changed"
	// AsyncResponse has the result of a request that was answered 202
	// (RFC 9967 §2.5.1.3). It is no change of a resource: it has neither Type,
	// ResourceID, Cause, Before nor After. Path is that of the endpoint if the
	// request, within a bulk request, has no resource.
	AsyncResponse Kind = "asyncResponse"
)

// ErrUndeliverable is wrapped by the error of an event hook when another attempt
// cannot succeed. The event is set aside as dead at once (store.Outbox.Dead), and
// not after Limits.Attempts failures.
var ErrUndeliverable = errors.New("event: cannot be delivered")

// Cause is the kind of request that made a change.
type Cause string

// The causes of a change.
const (
	ByPost    Cause = "post"
	ByPut     Cause = "put"
	ByPatch   Cause = "patch"
	ByDelete  Cause = "delete"
	ByRestore Cause = "restore" // a POST that restored an inactive or deleted resource
	ByAdopt   Cause = "adopt"   // a POST that made a connection the owner of an existing resource
	ByMembers Cause = "members" // a member of the group was deleted
	// ByOperator is scim.Handler.Revoke, and in store.Change also a change of the owner by
	// package connection, which has no event.
	ByOperator Cause = "operator"
)

// Event is one thing that happened to one resource, described by values alone,
// so that it can be kept and handled later. It never carries secrets. The
// resources are shared and must not be modified.
type Event struct {
	ID         string // unique
	Kind       Kind
	Time       time.Time
	Tenant     string
	Actor      string // the token id of the principal
	Cause      Cause
	Type       string // resource type name
	ResourceID string
	// Path is the path of the resource below the base URL, for example
	// /Users/2819c223-7f76-453a-919d-413861904646.
	Path string
	// Transaction names the transaction of the write. It is the same in all its
	// events, and the value of Set-Txn if the request was answered 202.
	Transaction string
	// Record is the id of the audit record of the write, "" without
	// scim.Config.AuditTrail.
	Record string
	// Connection is the connection of the principal, "" if it has none.
	Connection string
	// Before is the resource as it was, nil when created; with it a hook finds
	// the user that an old e-mail address belonged to. After is the resource as
	// it is, nil when deleted. For a deleted resource that comes back, Before is
	// the tombstone, inactive. Members of a group are in neither. For a group
	// that a deleted member has left (ByMembers) both are the group as it is.
	Before *schema.Resource
	After  *schema.Resource
	// Members, of MembersChanged, are exactly the members that joined and
	// left. Many of them are delivered after the commit as several events, each
	// with an ID of its own, since an outbox entry is limited (store.MaxPayload).
	Members *schema.MemberDelta
	// Omitted names attributes that are in neither Before nor After because an
	// outbox entry is limited. A hook that needs one reads the resource. The
	// hooks of the transaction see the whole event.
	Omitted []string

	// The other fields are those of Changed and AsyncResponse.

	// Kinds are the kinds of the events that Changed stands for, in their order. Of
	// a deleted resource that came back, Before is nil in Changed: others saw its
	// deletion, and it exists again.
	Kinds []Kind
	// Attributes, of Changed, are the paths of the attributes that the change
	// added, changed or removed, in the notation of PATCH (RFC 7644 §3.5.2), also
	// those of Omitted. A secret that was set is named, hidden attributes are not.
	Attributes []string
	// Part is the number, from 0, of an event among those into which many Members
	// were divided.
	Part int
	// Response, of AsyncResponse, is the result in the form of an operation of a
	// bulk response (RFC 7644 §3.7.3).
	Response json.RawMessage
}

// Resource returns After, or Before of a deleted resource.
func (e *Event) Resource() *schema.Resource {
	if e.After != nil {
		return e.After
	}
	return e.Before
}
