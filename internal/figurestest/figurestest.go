// Package figurestest has the tests of stores of figures (health/figures).
package figurestest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/health/figures"
	"github.com/seed5f3efb56/scim/store"
)

var noon = time.Date(2024, 2, 29, 12, 0, 0, 123456000, time.UTC)

// Run tests a store; open returns an empty one, the same database for both results.
func Run(t *testing.T, open func(t *testing.T) (figures.Store, store.Transactor)) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s figures.Store, tx store.Transactor)
	}{
		{"figures are added", added},
		{"names and tenants are any text", names},
		{"hours before since are left out", since},
		{"old figures are pruned", pruned},
		{"a rollback adds nothing", rolledBack},
		{"additions at the same time", concurrent},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, tx := open(t)
			c.run(t, s, tx)
		})
	}
}

func listed(t *testing.T, s figures.Store, tenant string, since time.Time) []figures.Figures {
	t.Helper()
	all, err := s.ListFigures(store.WithTenant(t.Context(), tenant), since)
	require.NoError(t, err)
	for i := range all {
		for _, at := range []*time.Time{&all[i].Hour, &all[i].LastRequest, &all[i].LastSuccess, &all[i].LastError} {
			*at = at.UTC()
		}
	}
	slices.SortFunc(all, func(a, b figures.Figures) int {
		return strings.Compare(a.Connection+a.Hour.Format(time.RFC3339), b.Connection+b.Hour.Format(time.RFC3339))
	})
	return all
}

func added(t *testing.T, s figures.Store, _ store.Transactor) {
	hour := noon.Truncate(time.Hour)
	first := figures.Figures{
		Tenant: "acme", Connection: "okta", Requests: 5, Errors: 4, ServerErrors: 1, RateLimited: 2, Stopped: 1,
		LastRequest: noon, LastSuccess: noon.Add(-time.Minute), LastError: noon, Error: []byte(`{"status":409}`),
	}
	inHour := figures.Figures{Tenant: "acme", Connection: "okta", Hour: hour, Requests: 5, LastRequest: noon}
	require.Empty(t, listed(t, s, "acme", hour))
	require.NoError(t, s.AddFigures(t.Context(), []figures.Figures{inHour, first}))
	require.Equal(t, []figures.Figures{first, inHour}, listed(t, s, "acme", hour))

	older := figures.Figures{Tenant: "acme", Connection: "okta", Requests: 1 << 40, Errors: 1, LastRequest: noon.Add(-time.Hour), LastSuccess: noon.Add(time.Microsecond), LastError: noon.Add(-1), Error: []byte(`{}`)}
	require.NoError(t, s.AddFigures(t.Context(), []figures.Figures{older}))
	want := first
	want.Requests, want.Errors, want.LastSuccess = 5+1<<40, 5, older.LastSuccess
	require.Equal(t, []figures.Figures{want, inHour}, listed(t, s, "acme", hour))

	newer := figures.Figures{Tenant: "acme", Connection: "okta", LastError: noon.Add(time.Hour), Error: []byte(`{"status":500}`)}
	require.NoError(t, s.AddFigures(t.Context(), []figures.Figures{newer}))
	want.LastError, want.Error = newer.LastError, newer.Error
	require.Equal(t, want, listed(t, s, "acme", hour)[0])
}

func names(t *testing.T, s figures.Store, _ store.Transactor) {
	texts := []string{"", "a", "A", "a ", "a\x00", "\x00", "\xff", "%", strings.Repeat("ä", 200), strings.Repeat("ä", 201)}
	for _, tenant := range texts {
		for i, name := range texts {
			require.NoError(t, s.AddFigures(t.Context(), []figures.Figures{{Tenant: tenant, Connection: name, Requests: int64(i + 1)}}), "%q %q", tenant, name)
		}
	}
	for _, tenant := range texts {
		all := listed(t, s, tenant, noon)
		require.Len(t, all, len(texts))
		for i := range all {
			require.Equal(t, tenant, all[i].Tenant)
			require.Equal(t, texts[all[i].Requests-1], all[i].Connection)
		}
	}
}

func since(t *testing.T, s figures.Store, _ store.Transactor) {
	hour := noon.Truncate(time.Hour)
	for i := range 5 {
		require.NoError(t, s.AddFigures(t.Context(), []figures.Figures{{Connection: "okta", Hour: hour.Add(time.Duration(i) * time.Hour), Requests: 1}}))
	}
	require.Len(t, listed(t, s, "", hour.Add(2*time.Hour)), 3)
	require.Len(t, listed(t, s, "", hour.Add(2*time.Hour).In(time.FixedZone("", 7200))), 3)
	require.Empty(t, listed(t, s, "other", hour))
}

func pruned(t *testing.T, s figures.Store, _ store.Transactor) {
	hour := noon.Truncate(time.Hour)
	for i := range 5 {
		require.NoError(t, s.AddFigures(t.Context(), []figures.Figures{{Tenant: "acme", Connection: "okta", Hour: hour.Add(time.Duration(i) * time.Hour), Requests: 1}}))
	}
	require.NoError(t, s.AddFigures(t.Context(), []figures.Figures{
		{Tenant: "acme", Connection: "okta", Requests: 1, LastRequest: noon},
		{Tenant: "acme", Connection: "old", Requests: 1, LastRequest: noon.Add(-figures.Remembered)},
	}))
	for i, want := range []int{2, 2, 0} {
		n, err := s.PruneFigures(t.Context(), hour.Add(3*time.Hour), 2)
		require.NoError(t, err)
		require.Equal(t, want, n, i)
	}
	all := listed(t, s, "acme", time.Time{})
	require.Len(t, all, 3)
	require.Equal(t, "okta", all[0].Connection)
}

func rolledBack(t *testing.T, s figures.Store, tx store.Transactor) {
	require.ErrorIs(t, tx.InTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, s.AddFigures(ctx, []figures.Figures{{Connection: "okta", Requests: 1}}))
		return context.Canceled
	}), context.Canceled)
	require.Empty(t, listed(t, s, "", noon))
}

func concurrent(t *testing.T, s figures.Store, _ store.Transactor) {
	const workers, times = 4, 10
	errs := make(chan error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range times {
				all := []figures.Figures{{Connection: "a", Requests: 1}, {Connection: "b", Requests: 1}, {Connection: "b", Hour: noon.Truncate(time.Hour), Requests: 1}}
				if w%2 == 0 {
					slices.Reverse(all)
				}
				if err := s.AddFigures(context.Background(), all); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	for _, f := range listed(t, s, "", noon.Add(-time.Hour)) {
		require.EqualValues(t, workers*times, f.Requests, f.Connection)
	}
}
