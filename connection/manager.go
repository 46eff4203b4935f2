package connection

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/store"
)

// Config is the configuration of [New]. Store is required.
type Config struct {
	// Handler is the *scim.Handler that serves the connections. Its Config.Connections
	// is Store. Without it, as in a program that serves nothing, HandOver, MakeLocal and
	// Purge and their previews are errors, and Client, Policy and BaseURL are not
	// checked.
	Handler Handler
	// Store keeps the connections.
	Store Store
	// Tokens keeps their tokens. Default Store, if it is a store.Tokens. Without it the
	// methods about tokens are errors.
	Tokens store.Tokens
	// Tx makes a change one transaction. Default Store, if it is a store.Transactor;
	// otherwise each part of a change is stored by itself.
	Tx store.Transactor
	// Counters remember which expiries were told. Default Store, if it is a
	// store.Counters; otherwise each process tells by itself, again when it restarts.
	Counters store.Counters
	// AuditTrail, if set, keeps a record of each change of a connection and its tokens, in
	// the transaction of the change. Default that of the Handler.
	AuditTrail store.AuditTrail
	// Audit, if set, receives a record of each change after it was committed, in addition
	// to scim.Config.Audit of the Handler.
	Audit func(ctx context.Context, r audit.Record)
	// Expiring, if set, is called 30, 20 and 7 days before a credential expires. See
	// [Manager.Run].
	Expiring func(ctx context.Context, e Expiry) error
	// Credentials, if set, returns credentials of the tenant in the context that are not
	// in Tokens, such as OAuth client secrets (oauth.List has such a method).
	Credentials func(ctx context.Context) ([]Credential, error)
	// Logger receives a record of each change. Default that of Handler, or
	// slog.Default().
	Logger *slog.Logger
	// Now is the clock. Default that of Handler, or time.Now.
	Now func() time.Time
}

// By is who changes something, and why. Both are required; they are part of the audit
// record.
type By struct{ Actor, Reason string }

func (b By) check() error {
	if b.Actor == "" || b.Reason == "" {
		return mistake("connection: By needs an Actor and a Reason, for the audit record")
	}
	return nil
}

// The operations of audit records.
const (
	OpCreate      = "createConnection"
	OpChange      = "changeConnection"
	OpPause       = "pauseConnection"
	OpResume      = "resumeConnection"
	OpSwitchOff   = "switchOffConnection"
	OpDrop        = "dropConnection"
	OpIssueToken  = "issueToken"
	OpRotateToken = "rotateToken"
	OpRevokeToken = "revokeToken"
	OpHandOver    = "handOver"  // of a resource
	OpMakeLocal   = "makeLocal" // of a resource
	OpPurge       = "purge"     // of a resource
)

// RecordType is the Type of the audit record of a change of a connection or of its
// tokens. Its ID and Connection are the name of the connection, its Name is the id of
// the token, if there is one.
const RecordType = "Connection"

// event is a change that an audit record is about.
type event struct {
	tenant, connection, operation string
	by                            By
	token                         string // id
	detail                        string // for people
}

func (e event) record(now time.Time) audit.Record {
	return audit.Record{
		Record: rand.Text(), Reference: rand.Text(), Kind: audit.Write, Outcome: audit.Success, Time: now,
		Tenant: e.tenant, Actor: e.by.Actor, Reason: e.by.Reason, Connection: e.connection, Operation: audit.Operation(e.operation),
		Type: RecordType, ID: e.connection, Name: e.token, Detail: e.detail,
	}
}

// Manager manages the connections of all tenants. It is safe for concurrent use. Every
// method takes a tenant, "" without tenants, and a change takes effect before it
// returns: at once in the process of Handler, within a second in others.
//
// Errors are store.ErrNotFound for a connection or token that the tenant does not have,
// store.ErrUnavailable for a store that cannot answer now, others that the methods
// name, and ErrArgument for a wrong argument.
type Manager struct {
	cfg  Config
	host Host
	told *told // of a Manager without Counters
}

// New checks the configuration and returns a manager. The error joins all problems.
func New(cfg Config) (*Manager, error) {
	m := &Manager{cfg: cfg}
	var errs []error
	if isNil(cfg.Store) {
		errs = append(errs, errors.New("connection: Config.Store is required; sqlstore.DB and memstore.DB are stores of connections"))
	}
	if !isNil(cfg.Handler) {
		m.host = cfg.Handler.ConnectionHost()
		switch {
		case m.host.States == nil:
			errs = append(errs, errors.New("connection: the states of connections would have no effect: set scim.Config.Connections of the Handler to the same store"))
		case !same(m.host.States.Store(), cfg.Store):
			errs = append(errs, fmt.Errorf("connection: Config.Store (%T) is another store than scim.Config.Connections of the Handler (%T): give both the same", cfg.Store, m.host.States.Store()))
		}
	}
	if cfg.Credentials != nil && cfg.Expiring == nil {
		errs = append(errs, errors.New("connection: Config.Credentials has no effect without Config.Expiring, which is told of their expiry"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	m.setDefaults()
	if err := m.checkDatabases(); err != nil {
		return nil, err
	}
	if m.host.Record != nil && m.cfg.Tx == nil {
		return nil, errors.New("connection: an audit trail needs Config.Tx, so that a change and its record are one")
	}
	if cfg.Expiring != nil && isNil(m.cfg.Tokens) && cfg.Credentials == nil {
		return nil, errors.New("connection: Config.Expiring has no effect without Config.Tokens or Config.Credentials, whose expiry it is told")
	}
	return m, nil
}

func (m *Manager) setDefaults() {
	if isNil(m.cfg.Tokens) {
		m.cfg.Tokens, _ = m.cfg.Store.(store.Tokens)
	}
	if isNil(m.cfg.Tx) {
		m.cfg.Tx, _ = m.cfg.Store.(store.Transactor)
	}
	if isNil(m.cfg.Counters) {
		m.cfg.Counters, _ = m.cfg.Store.(store.Counters)
	}
	if m.cfg.Counters == nil {
		m.told = newTold()
		m.cfg.Counters = m.told
	}
	if trail := m.cfg.AuditTrail; !isNil(trail) {
		m.host.Record = func(ctx context.Context, r audit.Record) error { return audit.Append(ctx, trail, r) }
	}
	if m.cfg.Logger == nil {
		m.cfg.Logger = m.host.Logger
	}
	if m.cfg.Logger == nil {
		m.cfg.Logger = slog.Default()
	}
	if m.cfg.Now == nil {
		m.cfg.Now = m.host.Now
	}
	if m.cfg.Now == nil {
		m.cfg.Now = time.Now
	}
}

// checkDatabases rejects stores that are known to use another database than Tx: a
// change, its tokens and its record would not be one.
func (m *Manager) checkDatabases() error {
	tx, ok := databaseOf(m.cfg.Tx)
	if !ok {
		return nil
	}
	var errs []error
	for name, v := range map[string]any{"Store": m.cfg.Store, "Tokens": m.cfg.Tokens, "AuditTrail": m.cfg.AuditTrail} {
		if db, ok := databaseOf(v); ok && db != tx {
			errs = append(errs, fmt.Errorf("connection: Config.%s (%T) is on another database than Config.Tx (%T): make both with the same pool of connections", name, v, m.cfg.Tx))
		}
	}
	return errors.Join(errs...)
}

// databaseOf returns the database that a value names (scim.Located).
func databaseOf(v any) (any, bool) {
	l, ok := v.(interface{ Database() any })
	if !ok || isNil(v) {
		return nil, false
	}
	return l.Database(), true
}

// isNil reports whether a value is nil or an interface that holds a nil pointer.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// same reports whether two stores are known to be one.
func same(a, b Store) bool {
	t := reflect.TypeOf(a)
	return t == reflect.TypeOf(b) && (!t.Comparable() || a == b)
}

// now is the time in microseconds, a precision that every database has.
func (m *Manager) now() time.Time { return m.cfg.Now().UTC().Truncate(time.Microsecond) }

// List returns the connections of a tenant in the order of their names.
func (m *Manager) List(ctx context.Context, tenant string) ([]Connection, error) {
	return m.cfg.Store.ListConnections(store.WithTenant(ctx, tenant))
}

// Get returns a connection.
func (m *Manager) Get(ctx context.Context, tenant, name string) (Connection, error) {
	return m.cfg.Store.FindConnection(store.WithTenant(ctx, tenant), name)
}

// Tenants returns the tenants that have connections.
func (m *Manager) Tenants(ctx context.Context) ([]string, error) {
	return m.cfg.Store.ConnectionTenants(ctx)
}

// Create stores a new connection and returns it as stored. State "" is Active; the
// times, ChangedBy and Reason are set. ErrTaken if the tenant has one with that name.
func (m *Manager) Create(ctx context.Context, tenant string, c Connection, by By) (Connection, error) {
	if c.State == "" {
		c.State = Active
	}
	c.Created = m.now()
	c.Changed, c.ChangedBy, c.Reason = c.Created, by.Actor, by.Reason
	if err := errors.Join(by.check(), m.check(c)); err != nil {
		return Connection{}, err
	}
	e := event{tenant: tenant, connection: c.Name, operation: OpCreate, by: by, detail: string(c.State)}
	return c, m.change(ctx, e, func(ctx context.Context) error { return m.cfg.Store.AddConnection(ctx, c) })
}

// Ensure creates the connection if the tenant has none with that name, and returns the
// one that there is, unchanged. Programs whose credentials are configured call it at
// their start.
func (m *Manager) Ensure(ctx context.Context, tenant string, c Connection, by By) (Connection, error) {
	found, err := m.Get(ctx, tenant, c.Name)
	if !errors.Is(err, store.ErrNotFound) {
		return found, err
	}
	created, err := m.Create(ctx, tenant, c, by)
	if errors.Is(err, ErrTaken) { // by another process
		return m.Get(ctx, tenant, c.Name)
	}
	return created, err
}

// Change changes Label, Provider, Client, Policy and BaseURL, those that are not nil in
// c; its other fields are not used. Client, Policy and BaseURL are those of tokens that
// are issued from now on.
func (m *Manager) Change(ctx context.Context, tenant, name string, c Change, by By) (Connection, error) {
	if err := by.check(); err != nil {
		return Connection{}, err
	}
	c.State, c.If = nil, nil
	c.At, c.By, c.Reason = m.now(), by.Actor, by.Reason
	var changed Connection
	err := m.change(ctx, event{tenant: tenant, connection: name, operation: OpChange, by: by}, func(ctx context.Context) error {
		old, err := m.cfg.Store.FindConnection(ctx, name)
		if err != nil {
			return err
		}
		if changed, err = c.Apply(old); err != nil {
			return err
		}
		if err := m.check(changed); err != nil {
			return err
		}
		changed, err = m.cfg.Store.SetConnection(ctx, name, c)
		return err
	})
	return changed, err
}

// Pause answers the requests of a connection 503, so that the provider tries again
// later. ErrState if it is off: Resume first.
func (m *Manager) Pause(ctx context.Context, tenant, name string, by By) error {
	return m.setState(ctx, tenant, name, Paused, OpPause, by, Active, Paused)
}

// Resume serves a connection that is paused or off.
func (m *Manager) Resume(ctx context.Context, tenant, name string, by By) error {
	return m.setState(ctx, tenant, name, Active, OpResume, by)
}

// SwitchOff answers the requests of a connection 401, whatever the credential. Its
// tokens are not revoked: Resume makes them valid again.
func (m *Manager) SwitchOff(ctx context.Context, tenant, name string, by By) error {
	return m.setState(ctx, tenant, name, Off, OpSwitchOff, by)
}

func (m *Manager) setState(ctx context.Context, tenant, name string, s State, operation string, by By, from ...State) error {
	if err := by.check(); err != nil {
		return err
	}
	e := event{tenant: tenant, connection: name, operation: operation, by: by, detail: string(s)}
	return m.change(ctx, e, func(ctx context.Context) error {
		_, err := m.cfg.Store.SetConnection(ctx, name, Change{State: &s, If: from, At: m.now(), By: by.Actor, Reason: by.Reason})
		return err
	})
}

// change runs a change in one transaction with its audit record, as far as Config.Tx
// makes one.
func (m *Manager) change(ctx context.Context, e event, fn func(ctx context.Context) error) error {
	ctx = store.WithTenant(ctx, e.tenant)
	rec := e.record(m.now())
	err := m.inTx(ctx, func(ctx context.Context) error {
		if err := fn(ctx); err != nil || m.host.Record == nil {
			return err
		}
		return m.host.Record(ctx, rec)
	})
	if err != nil {
		return fmt.Errorf("connection: %s of %q: %w", e.operation, e.connection, err)
	}
	if m.host.States != nil {
		m.host.States.Forget(e.tenant, e.connection)
	}
	m.committed(ctx, rec)
	return nil
}

func (m *Manager) inTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if m.cfg.Tx == nil {
		return fn(ctx)
	}
	return m.cfg.Tx.InTx(ctx, fn)
}

// committed passes on the audit record of a change.
func (m *Manager) committed(ctx context.Context, rec audit.Record) {
	ctx = context.WithoutCancel(ctx)
	m.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "scim: connection", slog.String("operation", string(rec.Operation)), slog.String("tenant", rec.Tenant),
		slog.String("connection", rec.Connection), slog.String("token", rec.Name), slog.String("detail", rec.Detail), slog.String("actor", rec.Actor), slog.String("reason", rec.Reason))
	if m.host.Audit != nil {
		m.host.Audit(ctx, rec)
	}
	if m.cfg.Audit != nil {
		m.cfg.Audit(ctx, rec)
	}
}

const maxName = 128

// check rejects a connection that could not be served.
func (m *Manager) check(c Connection) error {
	var errs []error
	if !validName(c.Name) {
		errs = append(errs, mistake("connection: the name %.200q has to have 1 to %d bytes of text without control characters or spaces at its ends: it is the Connection of tokens and the owner of resources", c.Name, maxName))
	}
	if !c.State.Known() {
		errs = append(errs, mistake("connection: the state %q is unknown: active, paused or off", c.State))
	}
	if m.host.Check != nil {
		if err := m.host.Check(c); err != nil {
			errs = append(errs, mistake("%s", err))
		}
	}
	return errors.Join(errs...)
}

func validName(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= maxName && utf8.ValidString(name) && strings.TrimSpace(name) == name && strings.IndexFunc(name, unicode.IsControl) < 0
}
