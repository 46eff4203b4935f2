package memstore

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/storetest"
	"github.com/stretchr/testify/require"
)

// Every benchmark runs at two sizes: the cost of an operation must not grow with
// the stored data.
var sizes = []int{1_000, 100_000}

// stock is n users and one group with all of them, made once: every benchmark
// leaves it as it was.
type stock struct {
	n      int
	users  store.Store
	groups store.MemberStore
	group  string
}

var stocks = map[int]*stock{}

func stocked(b *testing.B, n int) *stock {
	if s := stocks[n]; s != nil {
		return s
	}
	db, ctx := New(), context.Background()
	s := &stock{n: n, users: db.Store(schema.UserType), groups: db.Store(schema.GroupType).(store.MemberStore)}
	require.NoError(b, db.InTx(ctx, func(ctx context.Context) error {
		var ids []string
		for i := range n {
			r, err := s.users.Create(ctx, storetest.Creation(newUser(b, i)))
			require.NoError(b, err)
			ids = append(ids, r.ID)
		}
		g, _, err := s.groups.PutMembers(ctx, storetest.Creation(newGroup(b, 0), membersOf(ids...)...))
		s.group = g.ID
		return err
	}))
	stocks[n] = s
	return s
}

func atSizes(b *testing.B, run func(b *testing.B, s *stock)) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := stocked(b, n)
			b.ReportAllocs()
			b.ResetTimer()
			run(b, s)
		})
	}
}

func BenchmarkGet(b *testing.B) {
	atSizes(b, func(b *testing.B, s *stock) {
		ids := make([]string, 1000)
		for i := range ids {
			ids[i] = fmt.Sprint("id-", i*7919%s.n)
		}
		for i := range b.N {
			if _, err := s.users.Get(context.Background(), ids[i%len(ids)], store.GetOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkLookUp(b *testing.B) {
	for path, text := range map[string]string{"userName": "USER-%d", "emails.value": "u%d@example.com"} {
		b.Run(path, func(b *testing.B) {
			atSizes(b, func(b *testing.B, s *stock) {
				f := filter.New(filter.Compare{Path: schema.UserType.MustResolve(path), Op: filter.EQ, Value: schema.String(fmt.Sprintf(text, s.n/2))})
				for range b.N {
					p, err := s.users.List(context.Background(), &store.Query{Filter: f, Count: 2, Total: true})
					if err != nil || p.Total != 1 {
						b.Fatal(p.Total, err)
					}
				}
			})
		})
	}
}

func BenchmarkPage(b *testing.B) {
	atSizes(b, func(b *testing.B, s *stock) {
		for range b.N {
			p, err := s.users.List(context.Background(), &store.Query{Offset: s.n / 2, Count: 100, Total: true})
			if err != nil || len(p.Resources) != 100 || p.Total != s.n {
				b.Fatal(p.Total, err)
			}
		}
	})
}

func BenchmarkScan(b *testing.B) {
	atSizes(b, func(b *testing.B, s *stock) {
		f := filter.New(filter.Compare{Path: schema.UserType.MustResolve("title"), Op: filter.NE, Value: schema.String("Guide")})
		for range b.N {
			p, err := s.users.List(context.Background(), &store.Query{Filter: f, Count: 100, Total: true})
			if err != nil || p.Total != 0 {
				b.Fatal(p.Total, err)
			}
		}
	})
}

func BenchmarkSort(b *testing.B) {
	atSizes(b, func(b *testing.B, s *stock) {
		for range b.N {
			p, err := s.users.List(context.Background(), &store.Query{SortBy: schema.UserType.MustResolve("userName"), Count: 100, Total: true})
			if err != nil || p.Total != s.n {
				b.Fatal(p.Total, err)
			}
		}
	})
}

func BenchmarkUpdate(b *testing.B) {
	title := schema.User.Attribute("title")
	atSizes(b, func(b *testing.B, s *stock) {
		r, err := s.users.Get(context.Background(), fmt.Sprint("id-", s.n/2), store.GetOptions{})
		require.NoError(b, err)
		for i := range b.N {
			after := r.With(title, schema.String([]string{"Guide", "Tour Guide"}[i%2]))
			if r, err = s.users.Update(context.Background(), &store.Change{ID: r.ID, Before: r, After: after}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCreateAndDelete(b *testing.B) {
	atSizes(b, func(b *testing.B, s *stock) {
		like := newUser(b, s.n)
		for range b.N {
			r := *like
			r.ID = fmt.Sprint("new-", newcomers.Add(1))
			if _, err := s.users.Create(context.Background(), storetest.Creation(&r)); err != nil {
				b.Fatal(err)
			}
			if err := s.users.Delete(context.Background(), storetest.Deletion(&r, "")); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAddAndRemoveMember(b *testing.B) {
	atSizes(b, func(b *testing.B, s *stock) {
		g := s.get(b)
		add := &schema.MemberDelta{Add: []schema.Member{{Value: "new-member", Type: "User"}}}
		remove := &schema.MemberDelta{Remove: []string{"new-member"}}
		for i := range b.N {
			d := add
			if i%2 == 1 {
				d = remove
			}
			g = s.update(b, g, d)
		}
		s.update(b, g, remove)
	})
}

func BenchmarkMembers(b *testing.B) {
	atSizes(b, func(b *testing.B, s *stock) {
		for range b.N {
			seen := 0
			for range s.groups.Members(context.Background(), s.group) {
				seen++
			}
			if seen != s.n {
				b.Fatal(seen)
			}
		}
	})
}

// BenchmarkReplaceMembers replaces all members of a separate group by the same
// number of others.
func BenchmarkReplaceMembers(b *testing.B) {
	atSizes(b, func(b *testing.B, s *stock) {
		like := newGroup(b, 1)
		like.ID = fmt.Sprint("new-", newcomers.Add(1))
		g, err := s.groups.Create(context.Background(), storetest.Creation(like))
		require.NoError(b, err)
		for i := range b.N {
			all := make([]schema.Member, s.n)
			for j := range all {
				all[j] = schema.Member{Value: fmt.Sprint("other-", i%2, "-", j)}
			}
			g = s.update(b, g, &schema.MemberDelta{Replace: true, Add: all})
		}
		require.NoError(b, s.groups.Delete(context.Background(), storetest.Deletion(g, "")))
	})
}

// newcomers counts what benchmarks create: ids are used once.
var newcomers atomic.Int64

func (s *stock) get(b *testing.B) *schema.Resource {
	g, err := s.groups.Get(context.Background(), s.group, store.GetOptions{})
	require.NoError(b, err)
	return g
}

func (s *stock) update(b *testing.B, g *schema.Resource, d *schema.MemberDelta) *schema.Resource {
	g, _, err := s.groups.PutMembers(context.Background(), &store.Change{ID: g.ID, Before: g, After: g, Members: d})
	if err != nil {
		b.Fatal(err)
	}
	return g
}
