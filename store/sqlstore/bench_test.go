package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/position"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

var start = time.Date(2024, 2, 29, 12, 0, 0, 123456789, time.UTC)

func value(attribute string, text string) (*schema.Attribute, schema.Value) {
	return schema.UserType.MustResolve(attribute).Last(), schema.String(text)
}

// user returns the n-th user.
func user(n int) *schema.Resource {
	var b, name, email schema.Builder
	b.Set(value("userName", fmt.Sprintf("User.%06d@example.com", n)))
	b.Set(value("externalId", fmt.Sprintf("00u%06d", n)))
	b.Set(value("displayName", fmt.Sprintf("User %d", n)))
	b.Set(schema.UserType.MustResolve("active").Last(), schema.Boolean(true))
	name.Set(value("name.givenName", "Ursula"))
	name.Set(value("name.familyName", fmt.Sprintf("Number %d", n)))
	b.Set(schema.UserType.MustResolve("name").Last(), schema.Complex(name.Object()))
	email.Set(value("emails.value", fmt.Sprintf("user.%06d@example.com", n)))
	email.Set(value("emails.type", "work"))
	b.Set(schema.UserType.MustResolve("emails").Last(), schema.List(schema.Complex(email.Object())))
	return resource(schema.UserType, fmt.Sprintf("11111111-2222-4333-8444-%012d", n), b.Object())
}

func resource(t *schema.ResourceType, id string, o *schema.Object) *schema.Resource {
	return &schema.Resource{Type: t, ID: id, Created: start, LastModified: start, Attributes: o}
}

func group(id, name string) *schema.Resource {
	var o *schema.Object
	return resource(schema.GroupType, id, o.With(schema.GroupType.MustResolve("displayName").Last(), schema.String(name)))
}

// filled is a database with many users and a group that has all of them as members.
type filled struct {
	*sqlstore.DB
	users  store.Store
	groups store.MemberStore
	group  *schema.Resource
	size   int
	fresh  atomic.Int64 // numbers of further users
}

func fill(t testing.TB, db *sqlstore.DB, size int) *filled {
	f := &filled{DB: db, users: db.Store(schema.UserType), groups: db.Store(schema.GroupType).(store.MemberStore), size: size}
	require.NoError(t, db.InTx(context.Background(), func(ctx context.Context) error {
		members := make([]schema.Member, size)
		for n := range size {
			u, err := f.users.Create(ctx, storetest.Creation(user(n)))
			if err != nil {
				return err
			}
			members[n] = schema.Member{Value: u.ID, Type: "User"}
		}
		g, err := f.groups.Create(ctx, storetest.Creation(group("g", "All")))
		if err != nil {
			return err
		}
		f.group, _, err = f.groups.PutMembers(ctx, &store.Change{ID: g.ID, Before: g, After: g, Members: &schema.MemberDelta{Add: members}})
		return err
	}))
	return f
}

func BenchmarkSQLite(b *testing.B)     { benchmarks(b, sqlite) }
func BenchmarkPostgreSQL(b *testing.B) { benchmarks(b, postgreSQL) }
func BenchmarkMariaDB(b *testing.B)    { benchmarks(b, mariaDB) }

// BenchmarkHandler measures whole requests; every write is durable before its
// response.
func BenchmarkHandler(b *testing.B) {
	for _, on := range []struct {
		name string
		make func(t testing.TB) database
	}{{"SQLite", sqlite}, {"PostgreSQL", postgreSQL}, {"MariaDB", mariaDB}} {
		for _, users := range []int{1_000, 100_000} {
			b.Run(fmt.Sprintf("%s/users=%d", on.name, users), func(b *testing.B) {
				d := on.make(b)
				db := d.store(b)
				seeded, err := scimtest.Seed(b.Context(), db, db.Store(schema.UserType), db.Store(schema.GroupType).(store.MemberStore), users)
				require.NoError(b, err)
				d.analyze(b)
				h := serve(b, db, scim.InsecureNoAuthentication())
				scimtest.BenchmarkRequests(b, func(method, path, body string) (int, string) {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, httptest.NewRequest(method, scimtest.BaseURL+path, strings.NewReader(body)))
					return w.Code, w.Body.String()
				}, seeded)
			})
		}
	}
}

// analyze updates the statistics, which servers do themselves within a minute.
func (d database) analyze(b *testing.B) {
	if d.path != "" {
		return
	}
	for _, table := range []string{"scim_resource", "scim_key", "scim_member"} {
		statement := "ANALYZE " + table
		if d.dialect == sqlstore.MariaDB {
			statement = "ANALYZE TABLE " + table
		}
		_, err := d.open(b).Exec(statement)
		require.NoError(b, err)
	}
}

func benchmarks(b *testing.B, make func(t testing.TB) database) {
	for _, size := range []int{1_000, 100_000} {
		if testing.Short() && size > 1_000 {
			continue
		}
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			f := sync.OnceValue(func() *filled {
				d := make(b)
				f := fill(b, d.store(b), size)
				d.analyze(b)
				return f
			})
			for _, c := range cases {
				b.Run(c.name, func(b *testing.B) {
					f := f()
					ctx := context.Background()
					b.ReportAllocs()
					b.ResetTimer()
					for n := range b.N {
						require.NoError(b, c.run(ctx, b, f, n))
					}
				})
			}
		})
	}
}

func listing(q func(b testing.TB, f *filled, n int) *store.Query) func(context.Context, testing.TB, *filled, int) error {
	return func(ctx context.Context, b testing.TB, f *filled, n int) error {
		query := q(b, f, n)
		page, err := f.users.List(ctx, query)
		if err == nil && len(page.Resources) == 0 {
			return fmt.Errorf("nothing found")
		}
		return err
	}
}

var cases = []struct {
	name string
	run  func(ctx context.Context, b testing.TB, f *filled, n int) error
}{
	{"get", func(ctx context.Context, b testing.TB, f *filled, n int) error {
		_, err := f.users.Get(ctx, user(n%f.size).ID, store.GetOptions{})
		return err
	}},
	{"by userName", listing(func(b testing.TB, f *filled, n int) *store.Query {
		return &store.Query{Filter: equal("userName", fmt.Sprintf("user.%06d@EXAMPLE.com", n%f.size)), Count: 100, Total: true}
	})},
	{"by userName or externalId", listing(func(b testing.TB, f *filled, n int) *store.Query {
		return &store.Query{Filter: filter.New(filter.Or{
			Left:  equal("userName", fmt.Sprintf("user.%06d@EXAMPLE.com", n%f.size)).Expr(),
			Right: equal("externalId", fmt.Sprintf("00u%06d", n%f.size)).Expr(),
		}), Count: 100, Total: true}
	})},
	{"by part of userName", listing(func(b testing.TB, f *filled, n int) *store.Query {
		e := filter.Compare{Path: schema.UserType.MustResolve("userName"), Op: filter.CO, Value: schema.String(fmt.Sprintf("%06d", n%f.size))}
		return &store.Query{Filter: filter.New(e), Count: 100, Total: true}
	})},
	{"first page of 100", listing(func(b testing.TB, f *filled, n int) *store.Query {
		return &store.Query{Count: 100}
	})},
	{"first page of 100 with total", listing(func(b testing.TB, f *filled, n int) *store.Query {
		return &store.Query{Count: 100, Total: true}
	})},
	{"page of 100 after a position", listing(func(b testing.TB, f *filled, n int) *store.Query {
		return &store.Query{Count: 100, After: position.Join("id", strconv.Itoa(1+n%(f.size-101)))}
	})},
	{"page of 100 sorted by userName after a position", listing(func(b testing.TB, f *filled, n int) *store.Query {
		return &store.Query{Count: 100, SortBy: schema.UserType.MustResolve("userName"), After: position.Join("+userName", "1", "0", fmt.Sprintf("user.%06d@example.com", n%(f.size-101)), "")}
	})},
	{"page of 100 at a middle offset with total", listing(func(b testing.TB, f *filled, n int) *store.Query {
		return &store.Query{Count: 100, Offset: f.size / 2, Total: true}
	})},
	{"first page of 100 sorted by userName", listing(func(b testing.TB, f *filled, n int) *store.Query {
		return &store.Query{Count: 100, SortBy: schema.UserType.MustResolve("userName")}
	})},
	{"last page of 100 sorted by userName descending", listing(func(b testing.TB, f *filled, n int) *store.Query {
		return &store.Query{Count: 100, Offset: f.size - 100, SortBy: schema.UserType.MustResolve("userName"), Descending: true}
	})},
	{"update", func(ctx context.Context, b testing.TB, f *filled, n int) error {
		before, err := f.users.Get(ctx, user(n%f.size).ID, store.GetOptions{})
		if err != nil {
			return err
		}
		after := before.With(value("title", fmt.Sprint(n)))
		_, err = f.users.Update(ctx, &store.Change{ID: before.ID, Before: before, After: after, IfVersion: before.Version})
		return err
	}},
	{"add a member and remove it", func(ctx context.Context, b testing.TB, f *filled, n int) error {
		for _, d := range []schema.MemberDelta{{Add: []schema.Member{{Value: "new"}}}, {Remove: []string{"new"}}} {
			_, did, err := f.groups.PutMembers(ctx, &store.Change{ID: f.group.ID, Before: f.group, After: f.group, Members: &d})
			if err != nil || did.Empty() {
				return fmt.Errorf("no effect: %w", err)
			}
		}
		return nil
	}},
	{"groups of 100", func(ctx context.Context, b testing.TB, f *filled, n int) error {
		ids := make([]string, 100)
		for i := range ids {
			ids[i] = user(i).ID
		}
		_, err := f.groups.GroupsOf(ctx, ids)
		return err
	}},
	{"all members", func(ctx context.Context, b testing.TB, f *filled, n int) error {
		for _, err := range f.groups.Members(ctx, "g") {
			if err != nil {
				return err
			}
		}
		return nil
	}},
	{"create", func(ctx context.Context, b testing.TB, f *filled, n int) error {
		_, err := f.users.Create(ctx, storetest.Creation(user(int(f.fresh.Add(1))+f.size)))
		return err
	}},
	{"50 creates at once", func(ctx context.Context, b testing.TB, f *filled, n int) error {
		errs := make([]error, 50)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { _, errs[i] = f.users.Create(ctx, storetest.Creation(user(int(f.fresh.Add(1))+f.size))) })
		}
		wg.Wait()
		return errors.Join(errs...)
	}},
}

func equal(path, text string) *filter.Filter {
	return filter.New(filter.Compare{Path: schema.UserType.MustResolve(path), Op: filter.EQ, Value: schema.String(text)})
}
