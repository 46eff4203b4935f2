package connection

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Connection is the connection of a tenant to one identity provider.
type Connection struct {
	// Name is the scim.Principal.Connection of its credentials and the owner of what
	// it provisioned, for example "okta". It is unique in the tenant and never
	// changes.
	Name  string
	Label string // for people
	// Provider is what is connected, for people and consoles: "okta", "entra".
	Provider string
	// Client, Policy and BaseURL are those of the tokens that are issued for it
	// (store.Token).
	Client, Policy, BaseURL string
	State                   State
	Created                 time.Time
	// Changed, ChangedBy and Reason are the time, the actor and the reason of the last
	// change.
	Changed           time.Time
	ChangedBy, Reason string
}

// State decides how the requests of a connection are answered.
type State string

const (
	// Active connections are served.
	Active State = "active"
	// Paused connections are answered 503 with Retry-After: the provider tries again
	// later, and nothing is lost.
	Paused State = "paused"
	// Off is 401, as for a credential that does not exist.
	Off State = "off"
)

// Known reports whether the state is one of the constants.
func (s State) Known() bool { return s == Active || s == Paused || s == Off }

// Errors of a [Store], wrapped or not.
var (
	// ErrTaken: the tenant has a connection with that name.
	ErrTaken = errors.New("connection: the name is taken")
	// ErrState: the connection is in none of the states of Change.If.
	ErrState = errors.New("connection: it is in another state")
)

// ErrArgument is what an error of a [Manager] is (errors.Is) that says which argument is
// wrong and what to do; its text may be shown to the administrator.
var ErrArgument = errors.New("connection: an argument is wrong")

// argumentError is an ErrArgument.
type argumentError struct{ text string }

func mistake(format string, args ...any) error {
	return &argumentError{fmt.Sprintf(format, args...)}
}

func (e *argumentError) Error() string { return e.text }

// Is reports whether the target is ErrArgument.
func (e *argumentError) Is(target error) bool { return target == ErrArgument }

// Change is a change of a [Connection]: fields that are nil stay as they are.
type Change struct {
	Label, Provider, Client, Policy, BaseURL *string
	State                                    *State
	// If, unless empty, has the states of which the connection must have one.
	If []State
	// At, By and Reason become Changed, ChangedBy and Reason.
	At         time.Time
	By, Reason string
}

// Apply returns the connection with the change. The error is ErrState.
func (c Change) Apply(to Connection) (Connection, error) {
	if !c.allows(to.State) {
		return to, ErrState
	}
	set(&to.Label, c.Label)
	set(&to.Provider, c.Provider)
	set(&to.Client, c.Client)
	set(&to.Policy, c.Policy)
	set(&to.BaseURL, c.BaseURL)
	set(&to.State, c.State)
	to.Changed, to.ChangedBy, to.Reason = c.At, c.By, c.Reason
	return to, nil
}

func (c Change) allows(s State) bool {
	for _, one := range c.If {
		if one == s {
			return true
		}
	}
	return len(c.If) == 0
}

// set assigns a value that is given.
func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// Store keeps connections. sqlstore.DB and memstore.DB are stores. It is safe for
// concurrent use by several processes. Arguments and results belong to the caller;
// calls join the transaction of the context, whose tenant is that of the connection
// (store.WithTenant). Names are compared byte by byte.
//
// Errors, wrapped or not, are those that the methods name, and store.ErrUnavailable
// from every method.
type Store interface {
	// AddConnection stores a new connection. ErrTaken if the tenant has one with that
	// name; an empty name is an error.
	AddConnection(ctx context.Context, c Connection) error
	// FindConnection returns the connection with that name, store.ErrNotFound if there
	// is none.
	FindConnection(ctx context.Context, name string) (Connection, error)
	// ListConnections returns the connections of the tenant in the order of their
	// names, byte by byte.
	ListConnections(ctx context.Context) ([]Connection, error)
	// SetConnection changes a connection in one step and returns it as it is then
	// (Change.Apply). store.ErrNotFound if there is none, ErrState if it is in none of
	// the states of c.If.
	SetConnection(ctx context.Context, name string, c Change) (Connection, error)
	// DropConnection forgets a connection: the name may be added again.
	// store.ErrNotFound if there is none.
	DropConnection(ctx context.Context, name string) error
	// ConnectionTenants returns the tenants that have connections, in any order,
	// whatever the context's tenant.
	ConnectionTenants(ctx context.Context) ([]string, error)
}
