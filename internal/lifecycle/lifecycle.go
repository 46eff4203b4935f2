package lifecycle

import (
	"context"
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

// newWake makes what wakes the worker, for each queue.
func newWake() map[store.Queue]chan struct{} {
	return map[store.Queue]chan struct{}{store.QueueRevoke: make(chan struct{}, 1), store.QueueEvent: make(chan struct{}, 1)}
}
