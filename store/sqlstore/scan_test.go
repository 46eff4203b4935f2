package sqlstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// Filters that no index answers select the same resources, page by page, as in memory,
// though one statement does not read all rows.
func TestScansOfManyRows(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		const size = 1100
		db, memory := d.store(t), memstore.New()
		stores := []store.Store{db.Store(schema.UserType), memory.Store(schema.UserType)}
		for i, tx := range []store.Transactor{db, memory} {
			require.NoError(t, tx.InTx(t.Context(), func(ctx context.Context) error {
				for n := range size {
					u := user(n).With(value("title", fmt.Sprintf("Tïtle %d", n%7)))
					u = u.With(value("nickName", fmt.Sprintf("%04d", size-n)))
					if _, err := stores[i].Create(ctx, storetest.Creation(u)); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		resolver := filter.NewResolver(schema.UserType, filter.Options{Profile: schema.Lenient()})
		for _, text := range []string{
			`title eq "TÏTLE 3"`,
			`not (title eq "tïtle 3")`,
			`nickName eq "0001"`,
			`nickName eq "none"`,
			`userName sw "user.000" and nickName ew "7"`,
			`userName eq "User.000007@example.com" or nickName co "22"`,
			`meta.created pr and name[familyName co "number" and givenName eq "ursula"]`,
			`id sw "1" and schemas eq "` + schema.UserURI + `"`,
			`meta.version eq "none" or active ne true`,
		} {
			f, err := resolver.Filter(text, nil)
			require.NoError(t, err)
			for _, by := range []string{"", "userName"} {
				for _, descending := range []bool{false, by != ""} {
					q := store.Query{Filter: f, Descending: descending}
					if by != "" {
						q.SortBy = schema.UserType.MustResolve(by)
					}
					want := selected(t, stores[1], q)
					require.Equal(t, want, selected(t, stores[0], q), "%s by %s", text, by)
					pagesAgree(t, stores[0], q, want)
				}
			}
		}
	})
}

// selected returns the ids that a walk finds.
func selected(t *testing.T, s store.Store, q store.Query) []string {
	ids := []string{}
	for q.Count = 300; ; {
		p, err := s.List(t.Context(), &q)
		require.NoError(t, err)
		for _, r := range p.Resources {
			ids = append(ids, r.ID)
		}
		if p.Next == "" {
			return ids
		}
		q.After = p.Next
	}
}

// pagesAgree requires the pages by offset, the total and pages bounded by their size.
func pagesAgree(t *testing.T, s store.Store, q store.Query, want []string) {
	for _, offset := range []int{1, 900} {
		q.Offset, q.Count, q.Total = offset, 20, true
		p, err := s.List(t.Context(), &q)
		require.NoError(t, err)
		require.Equal(t, len(want), p.Total)
		rest := want[min(offset, len(want)):]
		require.Len(t, p.Resources, min(20, len(rest)))
		for i, r := range p.Resources {
			require.Equal(t, rest[i], r.ID)
		}
		require.Equal(t, len(rest) > 20, p.Next != "")
	}
	q.Offset, q.Count, q.Bytes = 0, 1000, 1
	p, err := s.List(t.Context(), &q)
	require.NoError(t, err)
	require.Equal(t, len(want), p.Total)
	require.Len(t, p.Resources, min(1, len(want)))
	q.Count, q.After, q.Bytes = 0, p.Next, 0
	p, err = s.List(t.Context(), &q)
	require.NoError(t, err)
	require.Equal(t, len(want), p.Total, "also after a position")
	require.Empty(t, p.Resources)
}

// A scan ends when the work of its request is used up.
func TestScansAreBounded(t *testing.T) {
	t.Parallel()
	users := fill(t, sqlite(t).store(t), 100).users
	f := filter.New(filter.Compare{Path: schema.UserType.MustResolve("title"), Op: filter.PR})
	for work, refused := range map[int]bool{50_000: true, 10_000_000: false} {
		_, err := users.List(filter.WithBudget(t.Context(), filter.NewBudget(work, nil)), &store.Query{Filter: f, Total: true})
		if !refused {
			require.NoError(t, err)
			continue
		}
		var tooMany *schema.Error
		require.ErrorAs(t, err, &tooMany)
		require.Equal(t, schema.ErrorTooMany, tooMany.Type)
	}
}

// A page of the second half of a list, which is read from its end, is that of the list,
// and so is its position.
func TestPagesFromTheEnd(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		users := fill(t, d.store(t), 23).users
		for _, by := range []string{"", "userName", "id"} {
			for _, descending := range []bool{false, by != ""} {
				q := store.Query{Count: 5, Total: true, Descending: descending}
				if by != "" {
					q.SortBy = schema.UserType.MustResolve(by)
				}
				want := selected(t, users, q)
				require.Len(t, want, 23)
				for offset := range 25 {
					q.Offset = offset
					p, err := users.List(t.Context(), &q)
					require.NoError(t, err)
					require.Equal(t, 23, p.Total)
					rest := want[min(offset, len(want)):]
					require.Len(t, p.Resources, min(5, len(rest)))
					for i, r := range p.Resources {
						require.Equal(t, rest[i], r.ID)
					}
					require.Equal(t, len(rest) > 5, p.Next != "")
					if p.Next != "" {
						after := store.Query{SortBy: q.SortBy, Descending: descending, After: p.Next}
						require.Equal(t, rest[5:], selected(t, users, after))
					}
				}
			}
		}
	})
}

// A page that is read from the end of a list begins where the page before it ended, also
// if a resource is created after the resources were counted.
func TestPageFromTheEndWhileResourcesAreCreated(t *testing.T) {
	db, recorder := sqlite(t).recorded(t)
	users := db.Store(schema.UserType)
	create := func(i int) {
		_, err := users.Create(t.Context(), storetest.Creation(user(i)))
		require.NoError(t, err)
	}
	for i := range 10 {
		create(i)
	}
	recorder.Before = func(query string) {
		if strings.Contains(query, " o JOIN scim_resource r ") {
			recorder.Before = nil
			create(10)
		}
	}
	p, err := users.List(t.Context(), &store.Query{Offset: 7, Count: 2, Total: true})
	require.NoError(t, err)
	require.Nil(t, recorder.Before, "the page was read")
	require.Equal(t, []string{user(7).ID, user(8).ID}, []string{p.Resources[0].ID, p.Resources[1].ID})
	require.Equal(t, 11, p.Total)
}
