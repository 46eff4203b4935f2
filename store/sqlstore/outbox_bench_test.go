package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// The cost of an append or a claim does not depend on the number of pending
// entries, of many resources or of one.
func BenchmarkOutbox(b *testing.B) {
	for _, x := range []struct {
		name, variable string
		make           func(t testing.TB) database
	}{{"SQLite", "", sqlite}, {"PostgreSQL", "SCIM_TEST_POSTGRES", postgreSQL}, {"MariaDB", "SCIM_TEST_MARIADB", mariaDB}} {
		b.Run(x.name, func(b *testing.B) {
			if x.variable != "" {
				sqltest.Server(b, x.variable)
			}
			for _, size := range []int{1_000, 100_000} {
				if testing.Short() && size > 1_000 {
					continue
				}
				benchmarkOutbox(b, x.make, size, "many resources", func(n int) string { return fmt.Sprint("user", n) })
				benchmarkOutbox(b, x.make, size, "one resource", func(int) string { return "group" })
			}
		})
	}
}

func benchmarkOutbox(b *testing.B, make func(t testing.TB) database, size int, name string, resource func(n int) string) {
	entry := func(n int) store.Entry {
		return store.Entry{
			ID: fmt.Sprint("entry", n), Queue: store.QueueEvent, Type: "User", ResourceID: resource(n),
			Payload: []byte(`{}`), Created: start, Due: start,
		}
	}
	var db *sqlstore.DB
	open := func(b *testing.B) {
		if db != nil {
			return
		}
		db = make(b).store(b)
		var all []store.Entry
		for n := range size {
			all = append(all, entry(n))
		}
		require.NoError(b, db.Append(context.Background(), all))
	}
	b.Run(fmt.Sprintf("%d/%s", size, name), func(b *testing.B) {
		open(b)
		last := size
		b.Run("append", func(b *testing.B) {
			for range b.N {
				last++
				require.NoError(b, db.Append(context.Background(), []store.Entry{entry(last)}))
			}
		})
		b.Run("claim, fail, claim, done", func(b *testing.B) {
			for range b.N {
				for _, again := range []bool{true, false} {
					es, err := db.Claim(context.Background(), store.QueueEvent, start, start.Add(time.Hour), 1)
					require.NoError(b, err)
					require.Len(b, es, 1)
					if again {
						require.NoError(b, db.Fail(context.Background(), es[0], "", start, false))
						continue
					}
					require.NoError(b, db.Done(context.Background(), es[0]))
				}
				last++
				require.NoError(b, db.Append(context.Background(), []store.Entry{entry(last)}))
			}
		})
	})
}
