package sqlstore_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// BenchmarkProtection compares requests without authentication, rates and brake with
// requests that have a token of the store, a connection with a state, both rates and the
// brake, in turns on one database. "%more" is what these add to the time, by the medians.
func BenchmarkProtection(b *testing.B) {
	for _, on := range []struct {
		name string
		make func(t testing.TB) database
	}{{"SQLite", sqlite}, {"PostgreSQL", postgreSQL}, {"MariaDB", mariaDB}} {
		b.Run(on.name, func(b *testing.B) {
			db := on.make(b).store(b)
			seeded, err := scimtest.Seed(b.Context(), db, db.Store(schema.UserType), db.Store(schema.GroupType).(store.MemberStore), 1000)
			require.NoError(b, err)
			credential := scim.HashToken("okta-1", "secret")
			credential.Connection = "okta"
			require.NoError(b, db.AddToken(b.Context(), credential))
			require.NoError(b, db.AddConnection(b.Context(), connection.Connection{Name: "okta", State: connection.Active}))
			without := serve(b, db, scim.InsecureNoAuthentication(), func(c *scim.Config) { c.Brake.Off = true })
			with := serve(b, db, scim.StoredTokens(db, nil), func(c *scim.Config) {
				c.Limits = scim.Limits{Rate: math.MaxInt32, TenantRate: math.MaxInt32}
				c.Brake.Leavers = brake.Bound{Most: math.MaxInt32}
				c.Connections = db
			})
			get := func(i int) (string, string, string) { return "GET", "/Users/" + seeded.Users[i*7919%1000], "" }
			b.Run("get", func(b *testing.B) { compareRequests(b, inProcess(without), inProcess(with), get) })
			b.Run("get over HTTP", func(b *testing.B) { compareRequests(b, overHTTP(b, without), overHTTP(b, with), get) })
			b.Run("deactivate or reactivate", func(b *testing.B) {
				compareRequests(b, inProcess(without), inProcess(with), func(i int) (string, string, string) {
					return "PATCH", "/Users/" + seeded.Users[i/2*7919%1000], scimtest.PatchOp(fmt.Sprintf(`{"op":"replace","path":"active","value":%t}`, i%2 == 1))
				})
			})
		})
	}
}

// A sender sends a request and returns the status and how long the response took.
type sender func(r *http.Request) (int, time.Duration)

// inProcess calls the handler.
func inProcess(h http.Handler) sender {
	return func(r *http.Request) (int, time.Duration) {
		w := httptest.NewRecorder()
		start := time.Now()
		h.ServeHTTP(w, r)
		return w.Code, time.Since(start)
	}
}

// overHTTP sends to a server of this process, by one connection.
func overHTTP(b *testing.B, h http.Handler) sender {
	server := httptest.NewServer(h)
	b.Cleanup(server.Close)
	return func(r *http.Request) (int, time.Duration) {
		r.URL, r.RequestURI = &url.URL{Scheme: "http", Host: server.Listener.Addr().String(), Path: r.URL.Path}, ""
		start := time.Now()
		w, err := server.Client().Do(r)
		if err != nil {
			b.Fatal(err)
		}
		defer w.Body.Close()
		if _, err := io.Copy(io.Discard, w.Body); err != nil {
			b.Fatal(err)
		}
		return w.StatusCode, time.Since(start)
	}
}

// compareRequests sends two requests, the second of which may undo the first, in each
// of two ways in turn.
func compareRequests(b *testing.B, without, with sender, request func(i int) (method, path, body string)) {
	ctx, cancel := context.WithCancel(b.Context()) // as the requests of a server have it
	defer cancel()
	timed := func(send sender, i int) time.Duration {
		method, path, body := request(i)
		r := httptest.NewRequestWithContext(ctx, method, scimtest.BaseURL+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer secret")
		r.Header.Set("Content-Type", "application/scim+json")
		status, took := send(r)
		if status != http.StatusOK {
			b.Fatal(method, path, status)
		}
		return took
	}
	times := [2][]time.Duration{}
	b.ResetTimer()
	for i := range b.N {
		for n, send := range []sender{without, with} {
			times[n] = append(times[n], timed(send, 2*i), timed(send, 2*i+1))
		}
	}
	var medians [2]float64
	for n := range times {
		slices.Sort(times[n])
		medians[n] = float64(times[n][len(times[n])/2])
	}
	b.ReportMetric(medians[0]/1e3, "µs-without")
	b.ReportMetric(medians[1]/1e3, "µs-with")
	b.ReportMetric(100*(medians[1]/medians[0]-1), "%more")
}
