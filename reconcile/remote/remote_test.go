package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/reconcile"
	"github.com/seed5f3efb56/scim/reconcile/remote"
)

// answers is a service provider of n users in pages.
type answers struct {
	n        int
	cursor   bool
	failures []int    // statuses of the first requests
	after    string   // Retry-After of the failures
	asked    []string // the queries
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.asked = append(a.asked, r.URL.RawQuery)
	if r.Header.Get("Authorization") != "Bearer s3cret" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if len(a.failures) > 0 {
		status := a.failures[0]
		a.failures = a.failures[1:]
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		if a.after != "" {
			w.Header().Set("Retry-After", a.after)
		}
		w.WriteHeader(status)
		return
	}
	first, count := 1, 0
	_, _ = fmt.Sscan(r.URL.Query().Get("startIndex"), &first)
	_, _ = fmt.Sscan(r.URL.Query().Get("cursor"), &first)
	_, _ = fmt.Sscan(r.URL.Query().Get("count"), &count)
	var users []string
	for i := first; i < first+count && i <= a.n; i++ {
		users = append(users, fmt.Sprintf(`{"id":"%d","userName":"u%d","active":true}`, i, i))
	}
	head := fmt.Sprintf(`"totalResults":%d`, a.n)
	if a.cursor {
		head = `"itemsPerPage":1`
		if first+count <= a.n {
			head += fmt.Sprintf(`,"nextCursor":"%d"`, first+count)
		} else if first == 1 {
			head += `,"totalResults":1`
		}
	}
	fmt.Fprintf(w, `{%s,"Resources":[%s]}`, head, strings.Join(users, ","))
}

func client(h http.Handler, waits *[]time.Duration) *remote.Client {
	return &remote.Client{BaseURL: "https://other.example.com/scim/", Token: "s3cret", HTTP: remote.Local(h), Count: 10, Wait: func(_ context.Context, d time.Duration) error {
		if waits != nil {
			*waits = append(*waits, d)
		}
		return nil
	}}
}

func count(c *remote.Client) (n int, err error) {
	for _, err := range c.Users(context.Background()) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func TestUsersAreReadByIndexAndByCursor(t *testing.T) {
	t.Parallel()
	for _, cursor := range []bool{false, true} {
		for _, n := range []int{1, 10, 11, 25} {
			a := &answers{n: n, cursor: cursor}
			got, err := count(client(a, nil))
			require.NoError(t, err)
			require.Equal(t, n, got)
			require.Equal(t, "count=10", a.asked[0], "the first page is of the method that the server prefers")
			for _, q := range a.asked[1:] {
				require.Equal(t, cursor, strings.Contains(q, "cursor="), q)
			}
		}
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	var waits []time.Duration
	n, err := count(client(&answers{n: 5, failures: []int{429, 503, 0}, after: "7"}, &waits))
	require.NoError(t, err)
	require.Equal(t, 5, n)
	require.Equal(t, []time.Duration{7 * time.Second, 7 * time.Second, 4 * time.Second}, waits)

	waits = nil
	_, err = count(client(&answers{failures: []int{429, 429, 429, 429, 429, 429}}, &waits))
	require.ErrorContains(t, err, "429")
	require.Len(t, waits, 4, "five attempts")

	waits = nil
	_, err = count(client(&answers{failures: []int{503}, after: "300"}, &waits))
	require.ErrorContains(t, err, "503")
	require.Empty(t, waits, "the brake: an operator has to act")

	_, err = count(client(&answers{failures: []int{500}}, nil))
	require.ErrorContains(t, err, "500")
	c := client(&answers{}, nil)
	c.Token = "wrong"
	_, err = count(c)
	require.ErrorContains(t, err, "401")
}

// A write whose answer is lost is not sent again, since it may have been carried out.
func TestWritesAreNotRepeatedAfterAnError(t *testing.T) {
	t.Parallel()
	a := &answers{failures: []int{0, 0}}
	_, err := client(a, nil).Do(t.Context(), reconcile.Request{Method: "PATCH", Path: "/Users/1", Body: []byte(`{}`)})
	require.Error(t, err)
	require.Len(t, a.asked, 1)
	a = &answers{failures: []int{503, 204}}
	resp, err := client(a, nil).Do(t.Context(), reconcile.Request{Method: "PATCH", Path: "/Users/1", Body: []byte(`{}`)})
	require.NoError(t, err)
	require.Equal(t, 204, resp.Status)
}

// The token is not sent in the clear, nor to where a redirect leads.
func TestTheTokenStays(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"http://example.com": "https", "ftp://example.com": "https", "/scim": "absolute", "https://x/?a=b": "absolute", "": "absolute", "http://127.0.0.1.example.com": "https",
	} {
		_, err := count(&remote.Client{BaseURL: base, Token: "s3cret", HTTP: remote.Local(&answers{})})
		require.ErrorContains(t, err, want, base)
	}
	_, err := count(&remote.Client{BaseURL: "https://x"})
	require.ErrorContains(t, err, "Token is required")
	for _, base := range []string{"http://localhost:80", "http://127.0.0.1/scim", "http://[::1]:9"} {
		n, err := count(&remote.Client{BaseURL: base, Token: "s3cret", HTTP: remote.Local(&answers{n: 1})})
		require.NoError(t, err)
		require.Equal(t, 1, n)
	}
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer other.Close()
	redirect := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer redirect.Close()
	_, err = count(&remote.Client{BaseURL: redirect.URL, Token: "s3cret"})
	require.ErrorContains(t, err, "307")
	require.False(t, reached)
}

func TestListingsWithoutAnEnd(t *testing.T) {
	t.Parallel()
	same := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"totalResults":1000,"Resources":[{"id":"1","userName":"u"}]}`)
	})
	_, err := count(client(same, nil))
	require.ErrorContains(t, err, "startIndex or cursor is ignored")
	cursor := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"nextCursor":"again","Resources":[]}`)
	})
	_, err = count(client(cursor, nil))
	require.ErrorContains(t, err, "nextCursor is the cursor of the page itself")
}

func TestWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(503)
		cancel()
	})
	c := &remote.Client{BaseURL: "https://x", Token: "s3cret", HTTP: remote.Local(h)}
	_, err := c.Do(ctx, reconcile.Request{Method: "GET", Path: "/Users"})
	require.True(t, err == nil || errors.Is(err, context.Canceled))
}

func TestGroups(t *testing.T) {
	t.Parallel()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/scim/Groups", r.URL.Path)
		_, _ = io.WriteString(w, `{"totalResults":1,"Resources":[{"id":"g","displayName":"G","externalId":"e","members":[{"value":"1"}]}]}`)
	})
	for g, err := range client(h, nil).Groups(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, reconcile.GroupRecord{DisplayName: "G", ExternalID: "e", Members: []string{"1"}, Position: "resource 1"}, g)
	}
}
