package retention

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Handler is the SCIM service whose users are kept: *scim.Handler.
type Handler interface{ RetentionHost() Host }

// Host has what a [Keeper] needs of the service.
type Host struct {
	Type     *schema.ResourceType // of users; nil if the service has none with active
	Active   *schema.Attribute
	List     func(ctx context.Context, q *store.Query) (store.Page, error)
	Get      func(ctx context.Context, id string) (*schema.Resource, error)
	Filter   func(e filter.Expr) bool // whether List answers the expression
	Counters store.Counters           // nil if the service has none
	// Tx has the transactions of Counters. nil: none, and one process sweeps.
	Tx store.Transactor
	// Delete deletes a user of the tenant in the context in the same way as a DELETE of
	// a client, if still returns nil for the user as it is then; else the error is that of
	// still. reason is for the audit record.
	Delete func(ctx context.Context, id, reason string, still func(*schema.Resource) error) error
	Now    func() time.Time
	Logger *slog.Logger
}

// Config is the configuration of a [Keeper]. Handler and After are required.
type Config struct {
	Handler Handler
	// After is how long a user is kept after the deactivation, at least a day.
	After time.Duration
	// HandOver, if set, gives what the user had to somebody else, or removes it. It is
	// called before the deletion, outside of a transaction and without a lock, and must be
	// idempotent: it is called again if the deletion then fails, and in two processes at
	// once. It must not change the user, who would be kept anew. An error, or a panic, postpones the user to the next sweep; it does not concern
	// the provider, whose deactivation was accepted long ago. The context has the tenant.
	HandOver func(ctx context.Context, user *schema.Resource) error
	// Exempt, if set, reports whether a user is never deleted, for example because of a
	// legal hold.
	Exempt func(ctx context.Context, user *schema.Resource) (bool, error)
	// Local also deletes accounts of the application itself, which have no owner, where
	// the type has one (schema.WithOwner). By default they are exempt.
	Local bool
	// Since, if set, returns since when an inactive user is inactive, in place of what
	// sweeps have seen. The zero time is not known: the user stays. It needs no Counters.
	Since func(ctx context.Context, user *schema.Resource) (time.Time, error)
	// Most is how many users one sweep deletes; default 100.
	Most int
	// Gap is how far apart two sweeps may be; default 3 days. Sweep once a day.
	Gap time.Duration
	// Counters keep when users were first seen inactive, in the transactions of
	// scim.Config.Tx. Default those of the handler (scim.Config.Counters, or Tx if it has
	// them: memstore, sqlstore).
	Counters store.Counters
}

// Keeper deletes users whose time is over. It is safe for concurrent use, also by
// several processes: a user is deleted once.
type Keeper struct {
	cfg  Config
	host Host
}

const day = 24 * time.Hour

// New returns a keeper. The error says what is missing.
func New(c Config) (*Keeper, error) {
	if c.Handler == nil {
		return nil, errors.New("retention: Config.Handler is required")
	}
	k := &Keeper{c, c.Handler.RetentionHost()}
	k.cfg.Most, k.cfg.Gap = cmp.Or(c.Most, 100), cmp.Or(c.Gap, 3*day)
	if k.cfg.Counters == nil {
		k.cfg.Counters = k.host.Counters
	}
	var errs []error
	if k.host.Type == nil {
		errs = append(errs, errors.New("retention: the handler has no endpoint for User with the attribute active"))
	}
	if c.After < day {
		errs = append(errs, errors.New("retention: Config.After must be at least 24 hours"))
	}
	if k.cfg.Most < 0 || k.cfg.Gap < time.Hour {
		errs = append(errs, errors.New("retention: Config.Most must not be negative, and Gap at least an hour"))
	}
	if c.Since == nil && k.cfg.Counters == nil {
		errs = append(errs, errors.New("retention: nothing keeps since when users are inactive: set Config.Counters (sqlstore.DB, memstore.DB), or Since"))
	}
	return k, errors.Join(errs...)
}

// Person is one inactive user.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"` // userName
	// Since is since when the user is known to be inactive, Due when the time is over.
	Since time.Time `json:"since"`
	Due   time.Time `json:"due"`
	// Reason says why a person was postponed.
	Reason string `json:"reason,omitempty"`
}

// Report is what a sweep did.
type Report struct {
	Inactive int // users that are inactive
	Waiting  int // whose time is not over
	Exempt   int
	// Deleted are the users that were deleted; of a dry run those that would be.
	Deleted []Person
	// Postponed are those who stay until the next sweep: HandOver or a hook failed, or the
	// user has changed meanwhile.
	Postponed []Person
	// Left is how many are due beyond Config.Most, or after the sweep was stopped.
	Left int
	// Next is when the next of those who wait is due; zero if nobody waits.
	Next time.Time
}

// Sweep deletes the users of a tenant ("" without tenants) whose time is over, and
// notes who is inactive.
//
// A user whom HandOver or a hook refuses is postponed; so is one who was changed meanwhile. The
// error is that of the store, of a context that has ended, or of the brake (a
// *brake.Stop of the connection "retention"; scim.Handler.ReleaseBrake lets the next
// sweep go on); the report then has what was done before it. To call it again at any time
// is safe.
func (k *Keeper) Sweep(ctx context.Context, tenant string) (Report, error) {
	return k.sweep(store.WithTenant(ctx, tenant), false)
}

// DryRun reports what a Sweep would do now, and changes nothing: neither is HandOver
// called, nor noted who is inactive.
func (k *Keeper) DryRun(ctx context.Context, tenant string) (Report, error) {
	return k.sweep(store.WithTenant(ctx, tenant), true)
}
