package sqlstore_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

func token(id string) store.Token {
	t := scim.HashToken(id, "secret of "+id)
	t.Tenant, t.Connection, t.Types = "acme", "okta", []string{"User"}
	return t
}

func sum(id string) [sha256.Size]byte { return sha256.Sum256([]byte("secret of " + id)) }

// change is a change of a token by one of those that can make it.
type change struct {
	name string
	make func(ctx context.Context, db *sqlstore.DB) error
	seen func(store.Token, error) bool
}

var changes = []change{
	{"revoked", set(store.TokenChange{Revoked: pointer(true)}), func(t store.Token, err error) bool { return err == nil && t.Revoked }},
	{"paused", set(store.TokenChange{Paused: pointer(true)}), func(t store.Token, err error) bool { return err == nil && t.Paused }},
	{"expired", set(store.TokenChange{Expires: pointer(start)}), func(t store.Token, err error) bool { return err == nil && t.Expires.Equal(start) }},
	{"dropped", func(ctx context.Context, db *sqlstore.DB) error { return db.DropToken(ctx, "t") },
		func(_ store.Token, err error) bool { return errors.Is(err, store.ErrNotFound) }},
}

func pointer[T any](v T) *T { return &v }

func set(c store.TokenChange) func(context.Context, *sqlstore.DB) error {
	return func(ctx context.Context, db *sqlstore.DB) error { return db.SetToken(ctx, "t", c) }
}

// A token that another process, another handle of the file or the same one has changed
// is never found as it was.
func TestChangesOfTokensHoldAtOnce(t *testing.T) {
	t.Parallel()
	for _, c := range changes {
		for by, change := range map[string]func(t *testing.T, d database, own *sqlstore.DB){
			"the same handle": func(t *testing.T, d database, own *sqlstore.DB) { require.NoError(t, c.make(acme(t), own)) },
			"another handle":  func(t *testing.T, d database, own *sqlstore.DB) { require.NoError(t, c.make(acme(t), d.store(t))) },
			"a pool of the application": func(t *testing.T, d database, own *sqlstore.DB) {
				db, err := sqlstore.New(d.open(t), sqlstore.SQLite)
				require.NoError(t, err)
				require.NoError(t, c.make(acme(t), db))
			},
			"another process": func(t *testing.T, d database, own *sqlstore.DB) {
				cmd := exec.Command(os.Args[0], "-test.run=^TestProcessThatChangesAToken$/^"+c.name+"$")
				cmd.Env = append(os.Environ(), "SCIM_TEST_TOKENS="+d.path)
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, "%s", out)
			},
		} {
			t.Run(c.name+" by "+by, func(t *testing.T) {
				t.Parallel()
				d := sqlite(t)
				db := d.store(t)
				require.NoError(t, db.AddToken(t.Context(), token("t")))
				for range 2 {
					found, err := db.FindToken(t.Context(), sum("t"))
					require.NoError(t, err)
					require.False(t, c.seen(found, err))
				}
				require.Equal(t, 1, db.CachedTokens())
				change(t, d, db)
				found, err := db.FindToken(t.Context(), sum("t"))
				require.True(t, c.seen(found, err), "%+v %v", found, err)
			})
		}
	}
}

func acme(t *testing.T) context.Context { return store.WithTenant(t.Context(), "acme") }

// TestProcessThatChangesAToken is not a test: it is the other process.
func TestProcessThatChangesAToken(t *testing.T) {
	path := os.Getenv("SCIM_TEST_TOKENS")
	if path == "" {
		t.Skip("only as a process of its own")
	}
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, c.make(acme(t), database{path: path}.store(t)))
		})
	}
}

// Of requests at once none that begins after the end of a revocation finds the token
// as it was.
func TestRevocationBetweenRequestsAtOnce(t *testing.T) {
	t.Parallel()
	d := sqlite(t)
	db, other := d.store(t), d.store(t)
	for n := range 50 {
		id := fmt.Sprint(n)
		require.NoError(t, other.AddToken(t.Context(), token(id)))
		var revoked atomic.Bool
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for over := false; !over; {
					over = revoked.Load()
					found, err := db.FindToken(t.Context(), sum(id))
					if err != nil || over && !found.Revoked {
						t.Errorf("revoked %t, found %+v, %v", over, found, err)
						return
					}
				}
			})
		}
		err := other.SetToken(acme(t), id, store.TokenChange{Revoked: pointer(true)})
		revoked.Store(true)
		wg.Wait()
		require.NoError(t, err)
	}
}

// What a transaction changes is seen within it, and elsewhere after its end.
func TestTokensInTransactions(t *testing.T) {
	t.Parallel()
	db := sqlite(t).store(t)
	require.NoError(t, db.AddToken(t.Context(), token("t")))
	find := func(ctx context.Context) bool {
		found, err := db.FindToken(ctx, sum("t"))
		require.NoError(t, err)
		return found.Revoked
	}
	require.False(t, find(t.Context()))
	undo := errors.New("undo")
	require.ErrorIs(t, db.InTx(acme(t), func(ctx context.Context) error {
		require.NoError(t, db.SetToken(ctx, "t", store.TokenChange{Revoked: pointer(true)}))
		require.True(t, find(ctx))
		require.False(t, find(t.Context()))
		return undo
	}), undo)
	require.False(t, find(t.Context()))
	require.NoError(t, db.InTx(acme(t), func(ctx context.Context) error {
		return db.SetToken(ctx, "t", store.TokenChange{Revoked: pointer(true)})
	}))
	require.True(t, find(t.Context()))
}

// The cache holds what was found, as its own, and no more than its bound.
func TestCacheOfTokensIsBounded(t *testing.T) {
	t.Parallel()
	db := sqlite(t).store(t)
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
		for n := range 1001 {
			if err := db.AddToken(ctx, token(fmt.Sprint(n))); err != nil {
				return err
			}
		}
		return nil
	}))
	for n := range 1000 {
		_, err := db.FindToken(t.Context(), sum(fmt.Sprint(n)))
		require.NoError(t, err)
		_, err = db.FindToken(t.Context(), sum("unknown"+fmt.Sprint(n)))
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	require.Equal(t, 1000, db.CachedTokens())
	_, err := db.FindToken(t.Context(), sum("1000"))
	require.NoError(t, err)
	require.Equal(t, 1, db.CachedTokens())
	for range 3 {
		found, err := db.FindToken(t.Context(), sum("1000"))
		require.NoError(t, err)
		require.Equal(t, []string{"User"}, found.Types)
		found.Types[0] = "Group"
	}
}

// Without its connection every token is read.
func TestTokensAreReadWithoutTheCache(t *testing.T) {
	t.Parallel()
	db := sqlite(t).store(t)
	require.NoError(t, db.AddToken(t.Context(), token("t")))
	_, err := db.FindToken(t.Context(), sum("t"))
	require.NoError(t, err)
	require.NoError(t, db.BreakTokenCache())
	require.Zero(t, db.CachedTokens())
	for range 2 {
		found, err := db.FindToken(t.Context(), sum("t"))
		require.NoError(t, err)
		require.Equal(t, "acme", found.Tenant)
		require.Zero(t, db.CachedTokens())
	}
	require.NoError(t, db.Close())
	_, err = db.FindToken(t.Context(), sum("t"))
	require.Error(t, err)
}

// A token that is known costs no query.
func TestKnownTokenCostsNoQuery(t *testing.T) {
	db := sqlite(t).store(t)
	require.NoError(t, db.AddToken(t.Context(), token("t")))
	find := func() {
		_, err := db.FindToken(t.Context(), sum("t"))
		require.NoError(t, err)
	}
	find()
	known := testing.AllocsPerRun(50, find)
	require.NoError(t, db.BreakTokenCache())
	require.Less(t, 3*known, testing.AllocsPerRun(50, find), "allocations")
}
