package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/store"
)

// ConnectionsFixture is what a case of [RunConnections] runs on: no connections, and
// the transactions that the store takes part in.
type ConnectionsFixture struct {
	Connections connection.Store
	Tx          store.Transactor
}

// RunConnections is [Run] for a [connection.Store].
func RunConnections(t *testing.T, open func(t *testing.T) ConnectionsFixture) {
	connectionStores.all(t, open)
}

var connectionStores = suite[ConnectionsFixture, connectionKit]{
	cases: connectionTests, missing: func(need, ConnectionsFixture) string { return "" }, kit: newConnectionKit, hang: hangTime,
}

// connectionTest is one case of [RunConnections].
type connectionTest = caseOf[connectionKit]

type connectionKit struct {
	ConnectionsFixture
	*require.Assertions
	ctx context.Context
}

func newConnectionKit(ctx context.Context, a *require.Assertions, f ConnectionsFixture) *connectionKit {
	return &connectionKit{ConnectionsFixture: f, Assertions: a, ctx: ctx}
}

func (k *connectionKit) withContext(ctx context.Context) *connectionKit {
	c := *k
	c.ctx = ctx
	return &c
}

func (k *connectionKit) as(tenant string) *connectionKit {
	return k.withContext(store.WithTenant(k.ctx, tenant))
}

// fullConnection makes a connection with a value in every field.
func fullConnection(name string) connection.Connection {
	return connection.Connection{
		Name: name, Label: "Okta of " + name, Provider: "okta", Client: "strict", Policy: "own", BaseURL: "https://scim.example.com/v2",
		State: connection.Paused, Created: noon, Changed: noon.Add(1234 * time.Microsecond), ChangedBy: "alice", Reason: "roll-out",
	}
}

func (k *connectionKit) add(c connection.Connection) {
	k.NoError(k.Connections.AddConnection(k.ctx, c), "AddConnection of %.30q", c.Name)
}

// has compares a connection as it is found.
func (k *connectionKit) has(want connection.Connection, what string) {
	got, err := k.Connections.FindConnection(k.ctx, want.Name)
	k.NoError(err, "FindConnection %s", what)
	k.equal(want, got, what)
}

func (k *connectionKit) equal(want, got connection.Connection, what string) {
	k.True(want.Created.Equal(got.Created), "Created %s: want %v, got %v", what, want.Created, got.Created)
	k.True(want.Changed.Equal(got.Changed), "Changed %s: want %v, got %v", what, want.Changed, got.Changed)
	got.Created, got.Changed = want.Created, want.Changed
	k.Equal(want, got, what)
}

func (k *connectionKit) unknown(name, what string) {
	_, err := k.Connections.FindConnection(k.ctx, name)
	k.ErrorIs(err, store.ErrNotFound, "FindConnection %s", what)
}

func (k *connectionKit) lists(what string, want ...string) {
	found, err := k.Connections.ListConnections(k.ctx)
	k.NoError(err, "ListConnections %s", what)
	var names []string
	for _, c := range found {
		names = append(names, c.Name)
	}
	k.Equal(want, names, "names %s", what)
}

// to is a change of the state.
func to(s connection.State, from ...connection.State) connection.Change {
	return connection.Change{State: &s, If: from, At: noon.Add(time.Hour), By: "bob", Reason: "a reason"}
}

const (
	addConnectionContract  = "AddConnection stores a new connection. ErrTaken if the tenant has one with that name; an empty name is an error."
	setConnectionContract  = "SetConnection changes a connection in one step and returns it as it is then. store.ErrNotFound if there is none, ErrState if it is in none of the states of c.If."
	connectionTenant       = "Calls join the transaction of the context, whose tenant is that of the connection."
	dropConnectionContract = "DropConnection forgets a connection: the name may be added again. store.ErrNotFound if there is none."
	connectionNameText     = "Names are compared byte by byte."
)

var connectionTests = []connectionTest{
	{
		name:     "connections/as added",
		contract: addConnectionContract,
		run: func(k *connectionKit) {
			full := fullConnection("okta")
			odd := fullConnection("odd")
			odd.Label, odd.Provider, odd.Policy = "a\x00b\xff", "\x01é𝄞", strings.Repeat("long ", 100)
			odd.ChangedBy, odd.Reason = "\xfe", strings.Repeat("x", 5000)
			least := connection.Connection{Name: "least", State: connection.Active, Created: noon, Changed: noon}
			for _, c := range []connection.Connection{full, odd, least} {
				k.unknown(c.Name, "before AddConnection")
				k.add(c)
			}
			k.has(full, "as added")
			k.has(odd, "with odd texts")
			k.has(least, "with the least")
			k.lists("as added", "least", "odd", "okta")
		},
	},
	{
		name:     "connections/names",
		contract: connectionNameText,
		run: func(k *connectionKit) {
			names := []string{"a", "A", "a ", "á", "a\u0301", "a\x00", "\xff", "%", strings.Repeat("a", 200), strings.Repeat("a", 201)}
			for i, name := range names {
				c := fullConnection(name)
				c.Label = fmt.Sprint(i)
				k.add(c)
			}
			for i, name := range names {
				c := fullConnection(name)
				c.Label = fmt.Sprint(i)
				k.has(c, fmt.Sprintf("with the name %.20q", name))
			}
			k.lists("byte by byte", slices.Sorted(slices.Values(names))...)
		},
	},
	{
		name:     "connections/a taken name",
		contract: addConnectionContract,
		run: func(k *connectionKit) {
			first := fullConnection("okta")
			k.add(first)
			again := first
			again.Label = "another"
			k.ErrorIs(k.Connections.AddConnection(k.ctx, again), connection.ErrTaken, "AddConnection with a taken name")
			k.Error(k.Connections.AddConnection(k.ctx, fullConnection("")), "AddConnection without a name")
			k.has(first, "after AddConnection with a taken name")
			k.lists("after AddConnection with a taken name", "okta")
		},
	},
	{
		name:     "connections/set",
		contract: setConnectionContract,
		run: func(k *connectionKit) {
			c, other := fullConnection("okta"), fullConnection("entra")
			k.add(c)
			k.add(other)
			text := func(s string) *string { return &s }
			for _, step := range []struct {
				change connection.Change
				apply  func(*connection.Connection)
			}{
				{connection.Change{}, func(*connection.Connection) {}},
				{connection.Change{Label: text("x")}, func(c *connection.Connection) { c.Label = "x" }},
				{connection.Change{Provider: text("x")}, func(c *connection.Connection) { c.Provider = "x" }},
				{connection.Change{Client: text("")}, func(c *connection.Connection) { c.Client = "" }},
				{connection.Change{Policy: text("x"), BaseURL: text("y")}, func(c *connection.Connection) { c.Policy, c.BaseURL = "x", "y" }},
				{to(connection.Off), func(c *connection.Connection) { c.State = connection.Off }},
			} {
				step.change.At, step.change.By, step.change.Reason = c.Changed.Add(time.Minute), c.ChangedBy+"!", c.Reason+"!"
				step.apply(&c)
				c.Changed, c.ChangedBy, c.Reason = step.change.At, step.change.By, step.change.Reason
				got, err := k.Connections.SetConnection(k.ctx, c.Name, step.change)
				k.NoError(err, "SetConnection")
				k.equal(c, got, "as SetConnection returns it")
				k.has(c, "after SetConnection")
			}
			k.has(other, "another connection")
			_, err := k.Connections.SetConnection(k.ctx, "unknown", to(connection.Off))
			k.ErrorIs(err, store.ErrNotFound, "SetConnection of an unknown one")
			k.lists("after SetConnection", "entra", "okta")
		},
	},
	{
		name:     "connections/set in a state",
		contract: setConnectionContract,
		run: func(k *connectionKit) {
			c := fullConnection("okta")
			k.add(c)
			_, err := k.Connections.SetConnection(k.ctx, c.Name, to(connection.Off, connection.Active))
			k.ErrorIs(err, connection.ErrState, "SetConnection in another state")
			k.has(c, "after SetConnection in another state")
			got, err := k.Connections.SetConnection(k.ctx, c.Name, to(connection.Off, connection.Active, connection.Paused))
			k.NoError(err, "SetConnection in one of the states")
			k.Equal(connection.Off, got.State, "state")
		},
	},
	{
		name:     "connections/set at the same time",
		contract: setConnectionContract,
		run: func(k *connectionKit) {
			k.add(fullConnection("okta"))
			var mu sync.Mutex
			var won int
			var errs []error
			var wait sync.WaitGroup
			for range 8 {
				wait.Add(1)
				go func() {
					defer wait.Done()
					_, err := k.Connections.SetConnection(k.ctx, "okta", to(connection.Off, connection.Paused))
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						won++
						return
					}
					errs = append(errs, err)
				}()
			}
			wait.Wait()
			k.Equal(1, won, "calls that found the connection paused")
			for _, err := range errs {
				k.ErrorIs(err, connection.ErrState, "the others")
			}
		},
	},
	{
		name:     "connections/rollback",
		contract: connectionTenant,
		run: func(k *connectionKit) {
			stays := fullConnection("stays")
			k.add(stays)
			k.ErrorIs(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				in := k.withContext(ctx)
				in.add(fullConnection("okta"))
				_, err := k.Connections.SetConnection(ctx, "stays", to(connection.Off))
				k.NoError(err, "SetConnection")
				k.NoError(k.Connections.DropConnection(ctx, "stays"), "DropConnection")
				in.lists("in the transaction", "okta")
				return errVeto
			}), errVeto, "InTx")
			k.has(stays, "after the rollback")
			k.lists("after the rollback", "stays")
		},
	},
	{
		name:     "connections/drop",
		contract: dropConnectionContract,
		run: func(k *connectionKit) {
			c := fullConnection("okta")
			k.ErrorIs(k.Connections.DropConnection(k.ctx, "okta"), store.ErrNotFound, "DropConnection of an unknown one")
			k.add(c)
			k.add(fullConnection("entra"))
			k.NoError(k.Connections.DropConnection(k.ctx, "okta"), "DropConnection")
			k.unknown("okta", "after DropConnection")
			k.lists("after DropConnection", "entra")
			k.ErrorIs(k.Connections.DropConnection(k.ctx, "okta"), store.ErrNotFound, "DropConnection again")
			k.add(c)
			k.has(c, "added again")
		},
	},
	{
		name:     "connections/of the tenant",
		contract: connectionTenant,
		run: func(k *connectionKit) {
			tenants := append(slices.Clone(neighbours), strings.Repeat("long ", 60))
			for i, tenant := range tenants {
				k := k.as(tenant)
				k.lists("of a tenant without any")
				c := fullConnection("okta")
				c.Label = fmt.Sprint(i)
				k.add(c)
			}
			for i, tenant := range tenants {
				c := fullConnection("okta")
				c.Label = fmt.Sprint(i)
				k.as(tenant).has(c, fmt.Sprintf("of tenant %.20q", tenant))
			}
			found, err := k.Connections.ConnectionTenants(k.as("globex").ctx)
			k.NoError(err, "ConnectionTenants")
			k.ElementsMatch(tenants, found, "ConnectionTenants")

			theirs := k.as("globex")
			theirs.unknown("okta", "of another tenant")
			_, err = k.Connections.SetConnection(theirs.ctx, "okta", to(connection.Off))
			k.ErrorIs(err, store.ErrNotFound, "SetConnection of another tenant")
			k.ErrorIs(k.Connections.DropConnection(theirs.ctx, "okta"), store.ErrNotFound, "DropConnection of another tenant")
			acme := k.as("acme")
			_, err = k.Connections.SetConnection(acme.ctx, "okta", to(connection.Off))
			k.NoError(err, "SetConnection")
			k.NoError(k.Connections.DropConnection(k.as("ACME").ctx, "okta"), "DropConnection")
			for i, tenant := range tenants {
				k := k.as(tenant)
				switch tenant {
				case "acme", "ACME":
				default:
					c := fullConnection("okta")
					c.Label = fmt.Sprint(i)
					k.has(c, fmt.Sprintf("of tenant %.20q, after changes of others", tenant))
				}
			}
			acme.lists("of a tenant whose neighbour dropped one", "okta")
		},
	},
}
