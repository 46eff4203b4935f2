package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

var paging = []test{
	{
		name:     "paging/by position",
		contract: "After continues where a page ended; Total counts what is before it too.",
		run: func(k *kit) {
			k.newUsers(23)
			all := ids(k.list(k.Users, store.Query{Count: 100}).Resources)
			k.Equal(all, k.walk(k.Users, store.Query{Count: 5, Total: true}, 23), "pages of 5")
			k.Equal(all, k.walk(k.Users, store.Query{Count: 1, Total: true}, 23), "pages of 1")
		},
	},
	{
		name:     "paging/the end",
		contract: `Next "" is the end of the list, and the answer to Count 0.`,
		run: func(k *kit) {
			k.Empty(k.page(k.Users, store.Query{Count: 5}).Next, "Next of an empty list")
			k.newUsers(3)
			k.Empty(k.page(k.Users, store.Query{Count: 0, Total: true}).Next, "Next with Count 0")
		},
	},
	{
		name:     "paging/many resources",
		contract: "A page may have fewer resources than Count, but only with Next is it not the last one.",
		large:    true,
		run: func(k *kit) {
			created := k.manyUsers(1100)
			for _, count := range []int{5000, 1000, 97} {
				k.sameIDs(created, k.walk(k.Users, store.Query{Count: count, Total: true}, len(created)), "pages of %d", count)
			}
			by := schema.UserType.MustResolve("userName")
			if !can(store.Describe(k.Users).Sort, by) {
				return
			}
			for _, descending := range []bool{false, true} {
				want := slices.Clone(created)
				if descending {
					slices.Reverse(want)
				}
				q := store.Query{SortBy: by, Descending: descending, Count: 5000, Total: true}
				k.Equal(want, k.walk(k.Users, q, len(want)), "sorted, descending %t", descending)
				q.Count = 97
				k.Equal(want, k.walk(k.Users, q, len(want)), "sorted pages, descending %t", descending)
			}
		},
	},
	{
		name:     "paging/while others come and go",
		contract: walkContract,
		run:      func(k *kit) { k.walkAmidChanges(store.Query{Count: 6}) },
	},
	{
		name:     "paging/sorted, while others come and go",
		contract: walkContract,
		run: func(k *kit) {
			by := schema.UserType.MustResolve("userName")
			if !can(store.Describe(k.Users).Sort, by) {
				panic(skip("no order by userName"))
			}
			k.walkAmidChanges(store.Query{Count: 6, SortBy: by})
			k.walkAmidChanges(store.Query{Count: 6, SortBy: by, Descending: true})
		},
	},
	{
		name:     "paging/equal sort keys",
		contract: walkContract,
		run: func(k *kit) {
			by := schema.UserType.MustResolve("displayName")
			if !can(store.Describe(k.Users).Sort, by) || !k.keeps(by[0]) {
				panic(skip("no order by displayName"))
			}
			var stay []string
			for i := range 24 {
				a := attrs{"userName": fmt.Sprintf("user-%d", i)}
				if i%3 > 0 { // and without one
					a["displayName"] = strings.Repeat("The Same Name ", 20+i%3)
				}
				stay = append(stay, k.create(k.Users, k.resource(schema.UserType, a)).ID)
			}
			for _, descending := range []bool{false, true} {
				q := store.Query{SortBy: by, Descending: descending, Count: 5, Total: true}
				k.sameIDs(stay, k.walk(k.Users, q, 24), "pages, descending %t", descending)
			}
		},
	},
	{
		name:     "paging/by bytes",
		contract: "Bytes asks for a page that ends once its resources have that weight; it has one at least.",
		run: func(k *kit) {
			us := k.newUsers(7)
			for _, q := range k.orders() {
				q.Count, q.Bytes, q.Total = 5, 1, true
				k.sameIDs(us, k.walk(k.Users, q, 7), "pages of one byte, sorted by %s", q.SortBy)
				q.Offset = 3
				k.Len(k.list(k.Users, q).Resources, 4, "after an offset")
			}
		},
	},
	{
		name:     "paging/text that is not a position",
		contract: "Text that is not a position of the store is ErrPosition.",
		run: func(k *kit) {
			us := k.newUsers(3)
			for _, q := range k.orders() {
				for _, text := range []string{"x", us[1], "0", "-1", "2:id", "\x00", "\xff", "' OR 1=1 --", strings.Repeat("9", 5000)} {
					q.After = text
					_, err := k.Users.List(k.ctx, &q)
					k.ErrorIs(err, store.ErrPosition, "After %.20q, sorted by %s", text, q.SortBy)
				}
			}
		},
	},
}

const walkContract = "On the pages of a walk each resource that exists and matches throughout, with the same sort key, is returned exactly once."

// orders returns queries without an order and, if that is declared, by userName.
func (k *kit) orders() []store.Query {
	by := schema.UserType.MustResolve("userName")
	out := []store.Query{{Count: 5}}
	if can(store.Describe(k.Users).Sort, by) {
		out = append(out, store.Query{Count: 5, SortBy: by}, store.Query{Count: 5, SortBy: by, Descending: true})
	}
	return out
}

// walk reads the pages from the first to the last and returns their ids.
func (k *kit) walk(s store.Store, q store.Query, total int) []string {
	return k.walkWith(s, q, func(p store.Page) { k.totals(total, p.Total, "total after %q", q.After) })
}

func (k *kit) walkWith(s store.Store, q store.Query, each func(store.Page)) []string {
	out := []string{}
	for range 10_000 {
		p := k.page(s, q)
		each(p)
		out = append(out, ids(p.Resources)...)
		if p.Next == "" {
			return out
		}
		k.NotEqual(q.After, p.Next, "Next is the position of the page itself")
		q.After = p.Next
	}
	k.Fail("pages without an end")
	return nil
}

// manyUsers creates n users, whose userNames are in order, in one transaction if
// there is one.
func (k *kit) manyUsers(n int) []string {
	rs := make([]*schema.Resource, n)
	for i := range rs {
		rs[i] = k.user(fmt.Sprintf("user-%05d", i))
	}
	out := make([]string, n)
	create := func(ctx context.Context) error {
		for i, r := range rs {
			stored, err := k.Users.Create(ctx, Creation(r))
			if err != nil {
				return err
			}
			k.NotEmpty(stored.ID, "Create returned no id") // also a sign of progress
			out[i] = stored.ID
		}
		return nil
	}
	if k.Tx == nil {
		k.NoError(create(k.ctx), "Create")
		return out
	}
	k.NoError(k.Tx.InTx(k.ctx, create), "InTx")
	return out
}

// walkAmidChanges deletes and creates users between the pages. It deletes the last
// returned user, after which the next page begins, and a user that was not yet
// returned, and creates one.
func (k *kit) walkAmidChanges(q store.Query) {
	var all []string
	for i := range 60 {
		all = append(all, k.newUser(fmt.Sprintf("walk-%d-%02d-%t", i%7, i, q.Descending)).ID)
	}
	seen, gone := map[string]int{}, map[string]bool{}
	remove := func(id string) {
		k.delete(k.Users, k.get(k.Users, id))
		gone[id] = true
	}
	page := 0
	k.walkWith(k.Users, q, func(p store.Page) {
		for _, r := range p.Resources {
			seen[r.ID]++
		}
		if n := len(p.Resources); n > 0 && !gone[p.Resources[n-1].ID] {
			remove(p.Resources[n-1].ID)
		}
		i := slices.IndexFunc(all, func(id string) bool { return seen[id] == 0 && !gone[id] })
		if i >= 0 && page%2 == 0 {
			remove(all[i])
		}
		page++
		k.Less(page, 100, "pages without an end")
		k.newUser(fmt.Sprintf("walk-%d-new-%d-%t", page%8, page, q.Descending))
	})
	for _, id := range all {
		if !gone[id] {
			k.Equal(1, seen[id], "times that a user that stayed was returned, in order %+v", q)
		}
		k.LessOrEqual(seen[id], 1, "times that a user that was deleted was returned, in order %+v", q)
	}
}
