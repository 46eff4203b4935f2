package store

import (
	"time"

	"github.com/seed5f3efb56/scim/schema"
)

// EventKind is what happened to a resource.
type EventKind string

// The events. A change may be several: a PUT that renames and deactivates a
// user is EventDeactivated and EventUpdated.
const (
	// EventCreated: a resource was created.
	EventCreated EventKind = "created"
	// EventUpdated: attributes other than active changed.
	EventUpdated EventKind = "updated"
	// EventDeactivated: active became false, or a resource that was not
	// inactive was deleted. PATCH, PUT and DELETE raise the same event.
	EventDeactivated EventKind = "deactivated"
	// EventReactivated: active became true after it was false.
	EventReactivated EventKind = "reactivated"
	// EventRestored: a POST restored an inactive or deleted resource that has, or
	// had, the same unique value.
	EventRestored EventKind = "restored"
	// EventDeleted: the resource was deleted.
	EventDeleted EventKind = "deleted"
	// EventMembersChanged: members joined or left a group.
	EventMembersChanged EventKind = "membersChanged"
	// EventPasswordSet: a password was given; the event does not have it.
	EventPasswordSet EventKind = "passwordSet"
)

// Event is one thing that happened to one resource, described by values alone,
// so that it can be kept and handled later. It never carries secrets. The
// resources are shared and must not be modified.
type Event struct {
	ID         string // unique
	Kind       EventKind
	Time       time.Time
	Tenant     string
	Actor      string // the token id of the principal
	Cause      Cause
	Type       string // resource type name
	ResourceID string
	// Before is the resource as it was, nil when created; with it a hook finds
	// the user that an old e-mail address belonged to. After is the resource as
	// it is, nil when deleted. For a deleted resource that comes back, Before is
	// the tombstone, inactive. Members of a group are in neither. For a group
	// that a deleted member has left (CauseMembers) both are the group as it is.
	Before *schema.Resource
	After  *schema.Resource
	// Members, of EventMembersChanged, are exactly the members that joined and
	// left. Many of them are delivered after the commit as several events, each
	// with an ID of its own, since an outbox entry is limited (MaxPayload).
	Members *schema.MemberDelta
	// Omitted names attributes that are in neither Before nor After because an
	// outbox entry is limited. A hook that needs one reads the resource. The
	// hooks of the transaction see the whole event.
	Omitted []string
}

// Resource returns After, or Before of a deleted resource.
func (e *Event) Resource() *schema.Resource {
	if e.After != nil {
		return e.After
	}
	return e.Before
}
