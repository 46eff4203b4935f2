package health

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// population are the numbers of users and groups; nil is unknown.
type population struct {
	users  *Users
	groups *int
}

// populations remember what took long to count.
type populations struct {
	mu  sync.Mutex
	all map[key]*counted
}

type counted struct {
	population
	at   time.Time     // of the count
	cost time.Duration // that it took
	busy bool          // it is counted anew
}

const (
	// cheap is what may be counted for every question.
	cheap = 20 * time.Millisecond
	// rest is how long numbers are used after a count, in times of its cost.
	rest = 50
	// outdated is how long they are used while they are counted anew.
	outdated = 10 * rest
	// mostPopulations is how many are remembered.
	mostPopulations = 4096
	countTimeout    = time.Minute
)

// Population returns the numbers of users and groups of a tenant, whichever connection
// owns them; nil for those that its stores cannot count. Numbers that took longer than
// 20 ms to count are used again for 50 times as long, and counted anew in the
// background after that. The error is that of a store.
func (m *Monitor) Population(ctx context.Context, tenant string) (*Users, *int, error) {
	h := m.handler.Load()
	if h == nil {
		return nil, nil, nil
	}
	v := &view{m: m, handler: h, cfg: h.Config()}
	n, err := v.remembered(store.WithTenant(ctx, tenant), key{tenant: tenant}, false)
	return n.users, n.groups, err
}

// population returns the numbers of a connection: of what it owns, where types have an
// owner.
func (v *view) population(ctx context.Context, connection string) (population, error) {
	all, err := v.remembered(ctx, key{tenant: store.Tenant(ctx)}, false)
	if err != nil {
		return all, err
	}
	users, groups := v.endpoints()
	ownUsers, ownGroups := users != nil && users.Type.Owned, groups != nil && groups.Type.Owned
	if !ownUsers && !ownGroups {
		return all, nil
	}
	own, err := v.remembered(ctx, key{store.Tenant(ctx), connection}, true)
	if ownUsers {
		all.users = own.users
	}
	if ownGroups {
		all.groups = own.groups
	}
	return all, err
}

// remembered returns the numbers of a tenant, or of what a connection owns.
func (v *view) remembered(ctx context.Context, k key, owned bool) (population, error) {
	p := &v.m.populations
	if !owned {
		k.connection = nobody.connection
	}
	p.mu.Lock()
	c := p.all[k]
	if c != nil {
		age := time.Since(c.at)
		if age < outdated*c.cost {
			again := age >= rest*c.cost && !c.busy
			c.busy = c.busy || again
			n := c.population
			p.mu.Unlock()
			if again {
				go v.countAgain(context.WithoutCancel(ctx), k, owned)
			}
			return n, nil
		}
	}
	p.mu.Unlock()
	return v.count(ctx, k, owned)
}

// countAgain counts in the background.
func (v *view) countAgain(ctx context.Context, k key, owned bool) {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	_, err := v.count(ctx, k, owned)
	if err == nil {
		return
	}
	v.m.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "health: the users could not be counted", slog.String("error", err.Error()))
	p := &v.m.populations
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.all[k]; c != nil {
		c.busy = false
	}
}

// count counts, and remembers what took long.
func (v *view) count(ctx context.Context, k key, owned bool) (population, error) {
	begun := time.Now()
	var n population
	users, groups := v.endpoints()
	if users != nil && (!owned || users.Type.Owned) {
		var err error
		if n.users, err = countUsers(ctx, users, ownedBy(owned, k.connection)); err != nil {
			return n, fmt.Errorf("health: %w", err)
		}
	}
	if groups != nil && (!owned || groups.Type.Owned) {
		all, ok, err := count(ctx, groups, ownedBy(owned, k.connection))
		if err != nil {
			return n, fmt.Errorf("health: %w", err)
		}
		if ok {
			n.groups = &all
		}
	}
	p := &v.m.populations
	p.mu.Lock()
	defer p.mu.Unlock()
	if cost := time.Since(begun); cost > cheap {
		if len(p.all) >= mostPopulations || p.all == nil {
			p.all = map[key]*counted{}
		}
		p.all[k] = &counted{population: n, at: time.Now(), cost: cost}
	} else {
		delete(p.all, k)
	}
	return n, nil
}

// ownedBy returns the condition that a connection owns a resource, nil for all.
func ownedBy(owned bool, connection string) filter.Expr {
	if !owned {
		return nil
	}
	return filter.Compare{Path: schema.AttrPath{schema.OwnerAttribute}, Op: filter.EQ, Value: schema.String(connection)}
}

// activeCounter is a store that counts the resources which a filter selects, nil for
// all, and which are not inactive, though it cannot select these by a filter
// (sqlstore).
type activeCounter interface {
	CountActive(ctx context.Context, f *filter.Filter) (int, error)
}

// countUsers returns nil if the store cannot tell who is active.
func countUsers(ctx context.Context, ep *scim.Endpoint, condition filter.Expr) (*Users, error) {
	all, ok, err := count(ctx, ep, condition)
	if err != nil || !ok {
		return nil, err
	}
	var n int
	if c, has := store.As[activeCounter](ep.Store); has {
		var f *filter.Filter
		if condition != nil {
			f = filter.New(condition)
		}
		n, err = c.CountActive(ctx, f)
	} else {
		active := filter.Expr(filter.Compare{Path: schema.AttrPath{ep.Type.Root().Sub("active")}, Op: filter.NE, Value: schema.Boolean(false)})
		if condition != nil {
			active = filter.And{Left: condition, Right: active}
		}
		n, ok, err = count(ctx, ep, active)
	}
	if err != nil || !ok {
		return nil, err
	}
	return &Users{Active: n, Inactive: max(0, all-n)}, nil
}

// count returns how many resources meet a condition, nil for all. ok is false if the
// store cannot tell.
func count(ctx context.Context, ep *scim.Endpoint, condition filter.Expr) (n int, ok bool, err error) {
	q := store.Query{Total: true}
	if condition != nil {
		if can := store.Describe(ep.Store).Filter; can == nil || !can(condition) {
			return 0, false, nil
		}
		q.Filter = filter.New(condition)
	}
	page, err := ep.Store.List(ctx, &q)
	return page.Total, err == nil, err
}
