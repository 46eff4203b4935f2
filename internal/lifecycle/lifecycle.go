package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Config is what the write path needs of scim.Config.
type Config struct {
	Tx             store.Transactor // nil: every store by itself
	Outbox         store.Outbox
	Hooks          Hooks
	SetPassword    func(ctx context.Context, r *schema.Resource, secrets schema.Secrets) error
	RequireMembers bool
	HookTimeout    time.Duration // for one call of a hook after the commit
	Attempts       int           // failures until an event is set aside as dead
	Logger         *slog.Logger
	Now            func() time.Time
	NewID          func() string
}

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

// Endpoint is what the write path needs of an endpoint.
type Endpoint struct {
	Type     *schema.ResourceType
	Store    store.Store
	Versions bool              // the store keeps versions
	Members  store.MemberStore // nil for a type without members
	Reviver  store.Reviver     // nil unless deleted resources may be revived
	Active   *schema.Attribute // the single boolean attribute active, or nil
	// DropDerived returns the attributes without those that are derived when a
	// resource is returned.
	DropDerived func(*schema.Object) *schema.Object
}

// Writer carries out the writes of clients and, in the background ([Writer.Run]),
// the hooks that follow a commit. It is safe for concurrent use.
type Writer struct {
	cfg       Config
	endpoints []*Endpoint
	wake      map[store.Queue]chan struct{} // signals the worker
}

// New returns a Writer for the endpoints. It fails if a hook is set whose
// promise the configuration cannot keep.
func New(cfg Config, endpoints []*Endpoint) (*Writer, error) {
	w := &Writer{cfg: cfg, endpoints: endpoints, wake: newWake()}
	if err := w.checkHooks(); err != nil {
		return nil, err
	}
	return w, nil
}

// Inactive reports whether the resource says active: false. What says nothing
// is not inactive.
func (ep *Endpoint) Inactive(r *schema.Resource) bool {
	return r != nil && ep.Active != nil && r.Attributes.Get(ep.Active).Assigned() && !r.Attributes.Get(ep.Active).Bool()
}

// checkHooks refuses hooks whose promise could not be kept.
func (w *Writer) checkHooks() error {
	k := &w.cfg.Hooks
	switch {
	case !k.any():
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

// now is the time of a change, in microseconds, which every database keeps.
func (w *Writer) now() time.Time { return w.cfg.Now().UTC().Truncate(time.Microsecond) }

func (w *Writer) byType(name string) *Endpoint {
	for _, ep := range w.endpoints {
		if ep.Type.Name == name {
			return ep
		}
	}
	return nil
}
