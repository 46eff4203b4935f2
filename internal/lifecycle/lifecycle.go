package lifecycle

import (
	"context"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Config has the fields of scim.Config that the write path uses, with defaults
// filled in.
type Config struct {
	Tx     store.Transactor // nil: no transaction spans the stores
	Outbox store.Outbox
	// Result, if set, records the end of a hook that ran after the commit, in the
	// transaction that settles its entry. An error undoes the settlement.
	Result         func(ctx context.Context, r Result) error
	Hooks          Hooks
	Brake          *brake.Brake // nil: off
	SetPassword    func(ctx context.Context, r *schema.Resource, secrets schema.Secrets) error
	RequireMembers bool
	Bounds         schema.Bounds // of what clients store
	HookTimeout    time.Duration // for one call of a hook after the commit
	Attempts       int           // failures until an event is set aside as dead
	Logger         *slog.Logger
	Now            func() time.Time
	NewID          func() string
}

// Endpoint is a resource type and the store of its resources.
type Endpoint struct {
	Type     *schema.ResourceType
	Store    store.Store
	Versions bool                       // the store keeps versions
	Filter   func(filter.Expr) bool     // what the store filters itself; nil: nothing
	Sort     func(schema.AttrPath) bool // the orders of the store; nil: none
	Members  store.MemberStore          // nil for a type without members
	Reviver  store.Reviver              // nil unless deleted resources may be revived
	Active   *schema.Attribute          // the single boolean attribute active, or nil
	// DropDerived returns the attributes without those that are derived when a
	// resource is returned.
	DropDerived func(*schema.Object) *schema.Object
	// CheckReferences rejects references to resources of other types than the schema
	// allows. before is nil for a new resource.
	CheckReferences func(ctx context.Context, d schema.Diff) error
}

// Writer runs the writes of clients and, in the background ([Writer.Run]), the
// hooks that follow a commit. It is safe for concurrent use.
type Writer struct {
	cfg       Config
	endpoints []*Endpoint
	wake      map[store.Queue]chan struct{} // signals the worker

	calling sync.Mutex
	calls   map[string]*hookCall // by entry, those that have not returned
}

// New returns a Writer for the endpoints. It rejects hooks that cfg or the
// endpoints cannot serve.
func New(cfg Config, endpoints []*Endpoint) (*Writer, error) {
	w := &Writer{cfg: cfg, endpoints: endpoints, wake: newWake(), calls: map[string]*hookCall{}}
	if err := w.checkHooks(); err != nil {
		return nil, err
	}
	return w, nil
}

// Inactive reports whether active is false. A resource whose active is unassigned
// is not inactive.
func (ep *Endpoint) Inactive(r *schema.Resource) bool {
	return r != nil && ep.Active != nil && r.Attributes.Get(ep.Active).Assigned() && !r.Attributes.Get(ep.Active).Bool()
}

// path is the path of a resource below the base URL.
func (ep *Endpoint) path(id string) string { return ep.Type.Endpoint + "/" + url.PathEscape(id) }

// now returns the time of a change in microseconds, a precision that every
// database has.
func (w *Writer) now() time.Time { return w.cfg.Now().UTC().Truncate(time.Microsecond) }

func (w *Writer) byType(name string) *Endpoint {
	for _, ep := range w.endpoints {
		if ep.Type.Name == name {
			return ep
		}
	}
	return nil
}

// newWake returns the channels that wake the worker, one for each queue.
func newWake() map[store.Queue]chan struct{} {
	return map[store.Queue]chan struct{}{store.QueueRevoke: make(chan struct{}, 1), store.QueueEvent: make(chan struct{}, 1)}
}
