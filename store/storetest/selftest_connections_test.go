package storetest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/store"
)

// naiveConnections is the simplest store of connections, with one defect.
type naiveConnections struct {
	defect string
	lock   sync.Mutex
	all    map[naiveConnectionKey]connection.Connection
}

type naiveConnectionKey struct{ tenant, name string }

type naiveConnectionTx struct{}

func newNaiveConnections(defect string) *naiveConnections {
	return &naiveConnections{defect: defect, all: map[naiveConnectionKey]connection.Connection{}}
}

func (n *naiveConnections) InTx(ctx context.Context, fn func(context.Context) error) error {
	if ctx.Value(naiveConnectionTx{}) != nil {
		return fn(ctx)
	}
	n.lock.Lock()
	defer n.lock.Unlock()
	before := maps.Clone(n.all)
	err := fn(context.WithValue(ctx, naiveConnectionTx{}, true))
	if err != nil && n.defect != "there is no transaction" {
		n.all = before
	}
	return err
}

func (n *naiveConnections) key(ctx context.Context, name string) naiveConnectionKey {
	key := naiveConnectionKey{store.Tenant(ctx), name}
	switch n.defect {
	case "connections of all tenants":
		key.tenant = ""
	case "tenants without case":
		key.tenant = strings.ToLower(key.tenant)
	case "names without case":
		key.name = strings.ToLower(name)
	}
	return key
}

func (n *naiveConnections) AddConnection(ctx context.Context, c connection.Connection) error {
	return n.InTx(ctx, func(ctx context.Context) error {
		key := n.key(ctx, c.Name)
		if _, taken := n.all[key]; c.Name == "" && n.defect != "no name is a name" {
			return errors.New("no name")
		} else if taken && n.defect != "a taken name is replaced" {
			return connection.ErrTaken
		}
		if n.defect == "the reason is lost" {
			c.Reason = ""
		}
		n.all[key] = c
		return nil
	})
}

func (n *naiveConnections) FindConnection(ctx context.Context, name string) (c connection.Connection, err error) {
	err = n.InTx(ctx, func(ctx context.Context) error {
		found, ok := n.all[n.key(ctx, name)]
		if c = found; !ok {
			return store.ErrNotFound
		}
		return nil
	})
	return c, err
}

func (n *naiveConnections) ListConnections(ctx context.Context) (out []connection.Connection, err error) {
	err = n.InTx(ctx, func(ctx context.Context) error {
		for key, c := range n.all {
			if key.tenant == n.key(ctx, "").tenant {
				out = append(out, c)
			}
		}
		return nil
	})
	slices.SortFunc(out, func(a, b connection.Connection) int {
		if n.defect == "the order is reversed" {
			a, b = b, a
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out, err
}

func (n *naiveConnections) SetConnection(ctx context.Context, name string, c connection.Change) (changed connection.Connection, err error) {
	err = n.InTx(ctx, func(ctx context.Context) error {
		key := n.key(ctx, name)
		old, ok := n.all[key]
		if !ok && n.defect != "an unknown one is made" {
			return store.ErrNotFound
		}
		if n.defect == "every state will do" {
			c.If = nil
		}
		if n.defect == "the whole is replaced" && c.Label == nil {
			c.Label = new(string)
		}
		var err error
		if changed, err = c.Apply(old); err == nil {
			n.all[key] = changed
		}
		return err
	})
	return changed, err
}

func (n *naiveConnections) DropConnection(ctx context.Context, name string) error {
	return n.InTx(ctx, func(ctx context.Context) error {
		key := n.key(ctx, name)
		if _, ok := n.all[key]; !ok && n.defect != "dropping nothing is no error" {
			return store.ErrNotFound
		}
		delete(n.all, key)
		return nil
	})
}

func (n *naiveConnections) ConnectionTenants(ctx context.Context) (out []string, err error) {
	err = n.InTx(ctx, func(ctx context.Context) error {
		for key := range n.all {
			if !slices.Contains(out, key.tenant) && (n.defect != "one tenant is all" || key.tenant == store.Tenant(ctx)) {
				out = append(out, key.tenant)
			}
		}
		return nil
	})
	return out, err
}

var caughtConnections = []breach{
	{"the reason is lost", "connections/as added"},
	{"the order is reversed", "connections/as added"},
	{"names without case", "connections/names"},
	{"a taken name is replaced", "connections/a taken name"},
	{"no name is a name", "connections/a taken name"},
	{"the whole is replaced", "connections/set"},
	{"an unknown one is made", "connections/set"},
	{"every state will do", "connections/set in a state"},
	{"every state will do", "connections/set at the same time"},
	{"there is no transaction", "connections/rollback"},
	{"dropping nothing is no error", "connections/drop"},
	{"connections of all tenants", "connections/of the tenant"},
	{"tenants without case", "connections/of the tenant"},
	{"one tenant is all", "connections/of the tenant"},
}

func TestBrokenConnectionsAreCaught(t *testing.T) {
	t.Parallel()
	connectionStores.prove(t, caughtConnections, func(defect string) ConnectionsFixture {
		n := newNaiveConnections(defect)
		return ConnectionsFixture{Connections: n, Tx: n}
	})
}

func TestSimplestConnectionsPass(t *testing.T) {
	t.Parallel()
	RunConnections(t, func(*testing.T) ConnectionsFixture {
		n := newNaiveConnections("")
		return ConnectionsFixture{Connections: n, Tx: n}
	})
}
