package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
)

// Hooks has the fields of scim.Hooks, where they are documented.
type Hooks struct {
	Before         func(ctx context.Context, e *event.Event) error
	EndSessions    func(ctx context.Context, e *event.Event) error
	Revoke         func(ctx context.Context, e *event.Event) error
	Created        func(ctx context.Context, e *event.Event) error
	Updated        func(ctx context.Context, e *event.Event) error
	Deactivated    func(ctx context.Context, e *event.Event) error
	Reactivated    func(ctx context.Context, e *event.Event) error
	Restored       func(ctx context.Context, e *event.Event) error
	Deleted        func(ctx context.Context, e *event.Event) error
	MembersChanged func(ctx context.Context, e *event.Event) error
	PasswordSet    func(ctx context.Context, e *event.Event) error
	Changed        func(ctx context.Context, e *event.Event) error
	AsyncResponse  func(ctx context.Context, e *event.Event) error
}

// deliver returns the hook for a kind of event, nil if none is set.
func (k *Hooks) deliver(kind event.Kind) func(context.Context, *event.Event) error {
	switch kind {
	case event.Created:
		return k.Created
	case event.Updated:
		return k.Updated
	case event.Deactivated:
		return k.Deactivated
	case event.Reactivated:
		return k.Reactivated
	case event.Restored:
		return k.Restored
	case event.Deleted:
		return k.Deleted
	case event.MembersChanged:
		return k.MembersChanged
	case event.PasswordSet:
		return k.PasswordSet
	case event.Changed:
		return k.Changed
	case event.AsyncResponse:
		return k.AsyncResponse
	}
	return nil
}

var eventKinds = []event.Kind{
	event.Created, event.Updated, event.Deactivated, event.Reactivated,
	event.Restored, event.Deleted, event.MembersChanged, event.PasswordSet,
	event.Changed, event.AsyncResponse,
}

// Delivers reports whether a hook is set for any kind of event.
func (k *Hooks) Delivers() bool {
	return slices.ContainsFunc(eventKinds, func(kind event.Kind) bool { return k.deliver(kind) != nil })
}

// isSet reports whether any hook is set; without one no events are made.
func (k *Hooks) isSet() bool {
	return k.Before != nil || k.EndSessions != nil || k.Revoke != nil || k.Delivers()
}

// checkHooks rejects hooks that the configuration cannot serve.
func (w *Writer) checkHooks() error {
	k := &w.cfg.Hooks
	switch {
	case !k.isSet():
		return nil
	case w.cfg.Tx == nil:
		return errors.New("scim: Config.Hooks need Config.Tx")
	case w.cfg.Outbox == nil && (k.Revoke != nil || k.Delivers()):
		return errors.New("scim: Hooks.Revoke and the hooks of events need Config.Outbox")
	case k.EndSessions == nil && k.Revoke == nil:
		return nil
	}
	return w.checkActive()
}

// checkActive rejects EndSessions and Revoke when no resource type has an
// active attribute. A user type without one would answer 200 to a deactivation
// that has no effect.
func (w *Writer) checkActive() error {
	some := false
	for _, ep := range w.endpoints {
		if ep.Active == nil && ep.Type.Schema.ID == schema.UserURI {
			return fmt.Errorf("scim: Hooks.EndSessions and Revoke need the attribute active, which %s does not have", ep.Type.Name)
		}
		some = some || ep.Active != nil
	}
	if !some {
		return errors.New("scim: Hooks.EndSessions and Revoke need a resource type with the attribute active")
	}
	return nil
}
