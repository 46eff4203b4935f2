package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Hooks has the fields of scim.Hooks, where they are documented.
type Hooks struct {
	Before         func(ctx context.Context, e *store.Event) error
	EndSessions    func(ctx context.Context, e *store.Event) error
	Revoke         func(ctx context.Context, e *store.Event) error
	Created        func(ctx context.Context, e *store.Event) error
	Updated        func(ctx context.Context, e *store.Event) error
	Deactivated    func(ctx context.Context, e *store.Event) error
	Reactivated    func(ctx context.Context, e *store.Event) error
	Restored       func(ctx context.Context, e *store.Event) error
	Deleted        func(ctx context.Context, e *store.Event) error
	MembersChanged func(ctx context.Context, e *store.Event) error
	PasswordSet    func(ctx context.Context, e *store.Event) error
}

// deliver returns the hook for a kind of event, nil if none is set.
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

// delivers reports whether a hook is set for any kind of event.
func (k *Hooks) delivers() bool {
	return slices.ContainsFunc(eventKinds, func(kind store.EventKind) bool { return k.deliver(kind) != nil })
}

// isSet reports whether any hook is set; without one no events are made.
func (k *Hooks) isSet() bool {
	return k.Before != nil || k.EndSessions != nil || k.Revoke != nil || k.delivers()
}

// checkHooks rejects hooks that the configuration cannot serve.
func (w *Writer) checkHooks() error {
	k := &w.cfg.Hooks
	switch {
	case !k.isSet():
		return nil
	case w.cfg.Tx == nil:
		return errors.New("scim: Config.Hooks need Config.Tx")
	case w.cfg.Outbox == nil && (k.Revoke != nil || k.delivers()):
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
