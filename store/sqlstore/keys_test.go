package sqlstore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// named returns a user with nothing but a name.
func named(id, name string) *schema.Resource {
	var o *schema.Object
	return resource(schema.UserType, id, o.With(value("userName", name)))
}

// Names that are longer than an index key, or have characters that a database
// does not store, are unique, found and sorted like others.
func TestNamesOfEveryLengthAndCharacter(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		users := d.store(t).Store(schema.UserType)
		long := strings.Repeat("x", 1100) // see MariaDB for where its order ends
		wide := strings.Repeat("😀", 127)
		names := []string{ // in order
			"", "\x00", "\x00\x00", "\x00a", "\x01", "\x02", "%", "'; DROP TABLE scim_key; --", "_", "a", "a\x00", "aa",
			long[:127], long[:128], long[:128] + "\x00", long[:129], long, long + "a", long + "b", "é", "\uD7FF", "\uE000", wide + "ü", wide + "üz", wide + "😀", "\U0010FFFF",
		}
		require.True(t, slices.IsSorted(names))
		for i, name := range slices.Backward(names) { // so that creation is another order
			_, err := users.Create(t.Context(), storetest.Creation(named(fmt.Sprint("id", i), name)))
			require.NoError(t, err, "%q", name)
		}
		path := schema.UserType.MustResolve("userName")
		compare := func(op filter.Op, name string) *filter.Filter {
			return filter.New(filter.Compare{Path: path, Op: op, Value: schema.String(name)})
		}
		var all []string
		page, err := users.List(t.Context(), &store.Query{SortBy: path, Count: 100, Total: true})
		require.NoError(t, err)
		for _, r := range page.Resources {
			all = append(all, r.Attributes.Get(path.Last()).Text())
		}
		require.Equal(t, names, all)
		page, err = users.List(t.Context(), &store.Query{SortBy: path, Descending: true, Count: 100})
		require.NoError(t, err)
		require.Equal(t, names[len(names)-1], page.Resources[0].Get(path.Last()).Text())

		for i, name := range names {
			var taken *store.UniquenessError
			_, err := users.Create(t.Context(), storetest.Creation(named("twin", strings.ToUpper(name))))
			require.ErrorAs(t, err, &taken, "%q", name)
			page, err := users.List(t.Context(), &store.Query{Filter: compare(filter.EQ, name), Count: 100, Total: true})
			require.NoError(t, err)
			require.Equal(t, 1, page.Total, "%q", name)
			require.Equal(t, fmt.Sprint("id", i), page.Resources[0].ID, "%q", name)
		}
		for _, op := range []filter.Op{filter.SW, filter.CO, filter.EW, filter.GT, filter.GE, filter.LT, filter.LE, filter.NE} {
			for _, name := range names {
				f := compare(op, name)
				if !store.Describe(users).Filter(f.Expr()) {
					continue
				}
				want := 0
				for _, other := range names {
					if f.Match(named("x", other)) {
						want++
					}
				}
				page, err := users.List(t.Context(), &store.Query{Filter: f, Total: true})
				require.NoError(t, err)
				require.Equal(t, want, page.Total, "%d %q", op, name)
			}
		}
	})
}

// If one of two unique values is taken, the other one stays free.
func TestRefusedResourceTakesNoUniqueValue(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		things := db.Store(storetest.ThingType)
		thing := func(id string, serial int64, code string) *schema.Resource {
			var more schema.Builder
			path := storetest.ThingType.MustResolve("urn:example:storetest:2.0:More:code")
			more.Set(path.Last(), schema.String(code))
			var o *schema.Object
			o = o.With(storetest.ThingType.MustResolve("serial").Last(), schema.Integer(serial))
			return resource(storetest.ThingType, id, o.With(path.Root(), schema.Complex(more.Object())))
		}
		_, err := things.Create(t.Context(), storetest.Creation(thing("first", 1, "x")))
		require.NoError(t, err)
		second, err := things.Create(t.Context(), storetest.Creation(thing("second", 2, "y")))
		require.NoError(t, err)
		err = db.InTx(t.Context(), func(ctx context.Context) error {
			var taken *store.UniquenessError
			_, err := things.Create(ctx, storetest.Creation(thing("third", 3, "x")))
			require.ErrorAs(t, err, &taken)
			require.Equal(t, "urn:example:storetest:2.0:More:code", taken.Path)
			_, err = things.Update(ctx, &store.Change{ID: second.ID, Before: second, After: thing("second", 4, "x")})
			require.ErrorAs(t, err, &taken)
			return nil
		})
		require.NoError(t, err)
		for _, serial := range []int64{3, 4} {
			id := fmt.Sprint("later", serial)
			_, err := things.Create(t.Context(), storetest.Creation(thing(id, serial, id)))
			require.NoError(t, err, "serial %d", serial)
		}
	})
}

func TestHugeNamesAreDistinct(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		users := d.store(t).Store(schema.UserType)
		huge := strings.Repeat("x", 100_000)
		for _, end := range []string{"a", "b"} {
			_, err := users.Create(t.Context(), storetest.Creation(named(end, huge+end)))
			require.NoError(t, err)
		}
		for _, end := range []string{"a", "b"} {
			page, err := users.List(t.Context(), &store.Query{Filter: equal("userName", huge+end), Count: 10, Total: true})
			require.NoError(t, err)
			require.Equal(t, 1, page.Total)
			require.Equal(t, end, page.Resources[0].ID)
			var taken *store.UniquenessError
			_, err = users.Create(t.Context(), storetest.Creation(named("twin", huge+end)))
			require.ErrorAs(t, err, &taken)
		}
	})
}

// A large number of elements is written in batches.
func TestManyValues(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		users := d.store(t).Store(schema.UserType)
		emails := schema.UserType.MustResolve("emails").Last()
		of := func(from, to int) schema.Value {
			var list []schema.Value
			for n := from; n < to; n++ {
				var b schema.Builder
				b.Set(value("emails.value", fmt.Sprintf("%d@example.com", n)))
				list = append(list, schema.Complex(b.Object()))
			}
			return schema.List(list...)
		}
		u, err := users.Create(t.Context(), storetest.Creation(named("u", "u").With(emails, of(0, 3000))))
		require.NoError(t, err)
		u, err = users.Update(t.Context(), &store.Change{ID: u.ID, Before: u, After: u.With(emails, of(2000, 3500))})
		require.NoError(t, err)
		for n, want := range map[int]int{0: 0, 1999: 0, 2000: 1, 3499: 1} {
			page, err := users.List(t.Context(), &store.Query{Filter: equal("emails.value", fmt.Sprintf("%d@EXAMPLE.com", n)), Count: 2, Total: true})
			require.NoError(t, err)
			require.Equal(t, want, page.Total, n)
		}
		_, err = users.Update(t.Context(), &store.Change{ID: u.ID, Before: u, After: u.With(emails, schema.Value{})})
		require.NoError(t, err)
		page, err := users.List(t.Context(), &store.Query{Filter: filter.New(filter.Compare{Path: schema.UserType.MustResolve("emails.value"), Op: filter.PR}), Count: 1})
		require.NoError(t, err)
		require.Empty(t, page.Resources)
	})
}

func TestUndeclaredQueriesAreRefused(t *testing.T) {
	t.Parallel()
	users := sqlite(t).store(t).Store(schema.UserType)
	groups := schema.UserType.MustResolve("groups")
	_, err := users.List(t.Context(), &store.Query{Filter: filter.New(filter.Compare{Path: groups, Op: filter.PR}), Count: 1})
	require.ErrorContains(t, err, "declare")
	_, err = users.List(t.Context(), &store.Query{SortBy: schema.UserType.MustResolve("title"), Count: 1})
	require.ErrorContains(t, err, "declare")
}

func TestResourcesThatCannotBeStored(t *testing.T) {
	t.Parallel()
	db := sqlite(t).store(t)
	users, groups := db.Store(schema.UserType), db.Store(schema.GroupType).(store.MemberStore)
	for _, id := range []string{"", "\x00", "\xff", strings.Repeat("x", 256)} {
		_, err := users.Create(t.Context(), storetest.Creation(named(id, "x")))
		require.Error(t, err, "id %q", id)
	}
	timeless := *named("id", "x")
	timeless.LastModified = timeless.LastModified.AddDate(10000, 0, 0)
	_, err := users.Create(t.Context(), storetest.Creation(&timeless))
	require.Error(t, err)
	g, err := groups.Create(t.Context(), storetest.Creation(group("g", "G")))
	require.NoError(t, err)
	_, _, err = groups.PutMembers(t.Context(), &store.Change{ID: g.ID, Before: g, After: g, Members: &schema.MemberDelta{Add: []schema.Member{{Value: "\x00"}}}})
	require.Error(t, err)
	require.Equal(t, 0, count(t, db))
}

// A group with more members than are read at once, on one connection.
func TestMembersOfALargeGroup(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		groups := db.Store(schema.GroupType).(store.MemberStore)
		const size = 10_500
		members := make([]schema.Member, size)
		for n := range members {
			members[n] = schema.Member{Value: fmt.Sprintf("m%d", n), Type: "User", Display: "M\x00"}
		}
		g, err := groups.Create(t.Context(), storetest.Creation(group("g", "G")))
		require.NoError(t, err)
		_, _, err = groups.PutMembers(t.Context(), &store.Change{ID: g.ID, Before: g, After: g, Members: &schema.MemberDelta{Add: members}})
		require.NoError(t, err)
		for _, stop := range []int{1, 10_200, size} {
			var got []schema.Member
			for m, err := range groups.Members(t.Context(), "g") {
				require.NoError(t, err)
				if got = append(got, m); len(got) == stop {
					break
				}
			}
			require.Equal(t, members[:stop], got)
		}
		require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
			n := 0
			for _, err := range groups.Members(ctx, "g") {
				require.NoError(t, err)
				if n++; n%5000 == 0 {
					_, err := groups.Get(ctx, "g", store.GetOptions{}) // on the same connection
					require.NoError(t, err)
				}
			}
			require.Equal(t, size, n)
			return nil
		}))
	})
}
