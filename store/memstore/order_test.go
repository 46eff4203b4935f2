package memstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// directory is a store of users with what it should have.
type directory struct {
	*testing.T
	db    *memstore.DB
	users store.Store
	live  map[string]*schema.Resource
	rnd   *rand.Rand
	next  int
}

func (d *directory) write(ctx context.Context) {
	user := func(id string) *schema.Resource {
		title := ""
		if n := d.rnd.IntN(40); n > 3 {
			title = fmt.Sprintf(`,"title":"%s %d"`, []string{"É", "é", "b"}[n%3], n)
		}
		return resource(d.T, schema.UserType, id, fmt.Sprintf(`{"userName":"u%s","active":%t%s}`, id, d.rnd.IntN(2) == 0, title))
	}
	ids := make([]string, 0, len(d.live))
	for id := range d.live {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	switch n := d.rnd.IntN(10); {
	case n < 2:
		id := ids[d.rnd.IntN(len(ids))]
		require.NoError(d, d.users.Delete(ctx, &store.Change{ID: id, Before: d.live[id]}))
		delete(d.live, id)
	case n < 8:
		id := ids[d.rnd.IntN(len(ids))]
		r, err := d.users.Update(ctx, &store.Change{ID: id, Before: d.live[id], After: user(id)})
		require.NoError(d, err)
		d.live[id] = r
	default:
		d.create(ctx, user)
	}
}

func (d *directory) create(ctx context.Context, user func(id string) *schema.Resource) {
	d.next++
	r, err := d.users.Create(ctx, storetest.Creation(user(fmt.Sprintf("%05d", d.next*7919%100000))))
	require.NoError(d, err)
	d.live[r.ID] = r
}

// check compares lists with what a sort of all resources returns.
func (d *directory) check(ctx context.Context, by schema.AttrPath, descending bool) {
	all := make([]*schema.Resource, 0, len(d.live))
	for _, r := range d.live {
		all = append(all, r)
	}
	schema.SortResources(all, by, false)
	if descending {
		slices.Reverse(all)
	}
	q := &store.Query{SortBy: by, Descending: descending, Count: 700, Total: true}
	var got []*schema.Resource
	for {
		p, err := d.users.List(ctx, q)
		require.NoError(d, err)
		require.Equal(d, len(all), p.Total)
		got = append(got, p.Resources...)
		if q.After = p.Next; p.Next == "" {
			break
		}
	}
	require.Len(d, got, len(all))
	for i := range all {
		require.Same(d, all[i], got[i], "%s %d", by, i)
	}
	offset := d.rnd.IntN(len(all))
	p, err := d.users.List(ctx, &store.Query{SortBy: by, Descending: descending, Offset: offset, Count: 10})
	require.NoError(d, err)
	require.Equal(d, all[offset:min(offset+10, len(all))], p.Resources)
}

// An order that is kept is that of the resources as they are, after any writes, in a
// transaction and after its end.
func TestKeptOrdersFollowWrites(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	d := &directory{T: t, db: db, users: db.Store(schema.UserType), live: map[string]*schema.Resource{}, rnd: rand.New(rand.NewPCG(1, 2))}
	ctx := t.Context()
	for range 1500 {
		d.create(ctx, func(id string) *schema.Resource {
			return resource(t, schema.UserType, id, fmt.Sprintf(`{"userName":"u%s","title":"%d"}`, id, d.next%9))
		})
	}
	paths := []schema.AttrPath{}
	for _, name := range []string{"userName", "title", "active", "meta.lastModified", "id", "nickName", "emails.value"} { // one more than are kept
		paths = append(paths, schema.UserType.MustResolve(name))
	}
	for range 40 {
		for range d.rnd.IntN(12) {
			d.write(ctx)
		}
		d.check(ctx, paths[d.rnd.IntN(len(paths))], d.rnd.IntN(2) == 0)
	}
	before := map[string]*schema.Resource{}
	for id, r := range d.live {
		before[id] = r
	}
	undo := errors.New("undo")
	require.ErrorIs(t, db.InTx(ctx, func(ctx context.Context) error {
		for range 20 {
			d.write(ctx)
		}
		d.check(ctx, paths[1], false)
		return undo
	}), undo)
	d.live = before
	d.check(ctx, paths[1], false)
}

// To make an order costs work of the request that asks for it first.
func TestOrdersAreMadeWithinTheWork(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users := db.Store(schema.UserType)
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
		for i := range 2000 {
			if _, err := users.Create(ctx, storetest.Creation(resource(t, schema.UserType, fmt.Sprint(i), fmt.Sprintf(`{"userName":"%d"}`, -i)))); err != nil {
				return err
			}
		}
		return nil
	}))
	list := func(work int) error {
		_, err := users.List(filter.WithBudget(t.Context(), filter.NewBudget(work, nil)), &store.Query{SortBy: schema.UserType.MustResolve("userName"), Count: 1})
		return err
	}
	require.Error(t, list(50_000))
	require.NoError(t, list(5_000_000))
	require.NoError(t, list(50_000), "it is kept")
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
		for i := range 400 {
			if _, err := users.Create(ctx, storetest.Creation(resource(t, schema.UserType, fmt.Sprint("new", i), fmt.Sprintf(`{"userName":"new%d"}`, i)))); err != nil {
				return err
			}
		}
		return nil
	}))
	require.NoError(t, list(1_000_000), "many changes cost no more than to sort anew")
}

// An order holds the resources as they were when it was asked for last. One that is not
// asked for again is dropped, so that it does not hold them for ever.
func TestOrdersThatAreNotAskedForAreDropped(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	d := &directory{T: t, db: db, users: db.Store(schema.UserType), live: map[string]*schema.Resource{}, rnd: rand.New(rand.NewPCG(1, 2))}
	ctx := t.Context()
	user := func(id string) *schema.Resource {
		return resource(t, schema.UserType, id, fmt.Sprintf(`{"userName":"u%s"}`, id))
	}
	for range 1000 {
		d.create(ctx, user)
	}
	list := func(work int, by string) error {
		_, err := d.users.List(filter.WithBudget(ctx, filter.NewBudget(work, nil)), &store.Query{SortBy: schema.UserType.MustResolve(by), Count: 1})
		return err
	}
	const little = 50_000 // less than it takes to sort
	require.NoError(t, list(10_000_000, "userName"))
	require.NoError(t, list(10_000_000, "id"))
	for range 4000 {
		id := fmt.Sprintf("%05d", 7919)
		r, err := d.users.Update(ctx, &store.Change{ID: id, Before: d.live[id], After: user(id)})
		require.NoError(t, err)
		d.live[id] = r
		require.NoError(t, list(little, "userName"), "it is asked for all the time")
	}
	require.Error(t, list(little, "id"))
	require.NoError(t, list(little, "userName"))
}
