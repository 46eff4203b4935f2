package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/scimtest"
)

// started runs the program on a free port until the test ends and returns the URL
// that it prints.
func started(t *testing.T, args ...string) string {
	ctx, stop := context.WithCancel(context.Background())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, append([]string{"-addr", "127.0.0.1:0", "-db", "memory", "-token", "secret"}, args...), io.Discard, w)
	}()
	line := make([]byte, 256)
	n, err := r.Read(line)
	require.NoError(t, err)
	go io.Copy(io.Discard, r)
	t.Cleanup(func() {
		stop()
		select {
		case err := <-done:
			require.NoError(t, err)
		case <-time.After(time.Minute):
			t.Error("does not stop")
		}
		w.Close()
	})
	_, url, found := strings.Cut(strings.TrimSpace(string(line[:n])), "listening on ")
	require.True(t, found, "%s", line[:n])
	return url
}

// -readiness prints the report and ends; an unknown -client is an error.
func TestReadinessIsPrinted(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, run(context.Background(), []string{"-db", "memory", "-token", "secret", "-client", "ipsie-al1", "-readiness", "-audit", "0", "-addr", "127.0.0.1:0"}, &out, io.Discard))
	require.Contains(t, out.String(), "every write is audited (set Config.AuditTrail)")
	err := run(context.Background(), []string{"-db", "memory", "-token", "secret", "-client", "lax", "-addr", "127.0.0.1:0"}, io.Discard, io.Discard)
	require.ErrorContains(t, err, `unknown client "lax"`)
}

// The database has an audit record of each write, unless -audit is 0.
func TestWritesAreAudited(t *testing.T) {
	t.Parallel()
	for days, want := range map[string]int{"90": 1, "0": 0} {
		file := filepath.Join(t.TempDir(), "scim.db")
		base := started(t, "-db", file, "-audit", days)
		status, body := answered(t, "POST", base+"/Users", `{"userName":"ada"}`)
		require.Equal(t, 201, status, body)
		db, err := open(t.Context(), file)
		require.NoError(t, err)
		n := 0
		for rec, err := range audit.All(t.Context(), db.tables, audit.Query{}) {
			require.NoError(t, err)
			require.Equal(t, "ada", rec.Name)
			n++
		}
		require.Equal(t, want, n)
		require.NoError(t, db.Close())
	}
}

// What ServiceProviderConfig announces is what a probe finds.
func TestAnnouncementsAreTrue(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"memory", filepath.Join(t.TempDir(), "scim.db")} {
		target, err := url.Parse(started(t, "-db", database))
		require.NoError(t, err)
		target.Path = ""
		scimtest.Probe(t, httputil.NewSingleHostReverseProxy(target), "secret")
	}
}

// RFC 7644 §3.12: the response to every request is a SCIM error, also for a method
// that the router does not know.
func TestUnknownMethods(t *testing.T) {
	t.Parallel()
	base := started(t)
	for token, status := range map[string]int{"": 401, "Bearer secret": 501} {
		req, err := http.NewRequest("FOO", base+"/Users", nil)
		require.NoError(t, err)
		if token != "" {
			req.Header.Set("Authorization", token)
		}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, status, resp.StatusCode, "%s", body)
		require.Contains(t, string(body), "urn:ietf:params:scim:api:messages:2.0:Error")
	}
}

// When the program ends, the connection of a client that stalls in the middle of a
// body is closed; serve returns no error.
func TestShutdownCutsOffAStalledClient(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	reading := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- serve(ctx, listener, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(reading)
			io.Copy(io.Discard, r.Body)
		}), 50*time.Millisecond)
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
	require.NoError(t, err)
	<-reading
	stop()
	select {
	case err := <-done:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("does not stop")
	}
}
