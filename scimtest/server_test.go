package scimtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// exchange sends a request to a server and returns the response and its body.
func exchange(t *testing.T, server *httptest.Server, method, path string, body io.Reader) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequest(method, server.URL+"/scim/v2"+path, body)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer default")
	resp, err := server.Client().Do(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp, string(text), err
}

// breaking is a member store whose Members ends in an error while breaks is
// true, after some members.
type breaking struct {
	store.MemberStore
	breaks *bool
	after  int
}

func (b breaking) Unwrap() store.Store { return b.MemberStore }

func (b breaking) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		n := 0
		for m, err := range b.MemberStore.Members(ctx, id) {
			if n++; *b.breaks && n > b.after {
				yield(schema.Member{}, errors.New("connection lost: secret"))
				return
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

// manyMembers returns the members of a large group.
func manyMembers(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`{"value":"member-%06d"}`, i)
	}
	return `"members":[` + strings.Join(list, ",") + `]`
}

func TestConformanceServer(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "E-26 E-12", "errors over a connection have their form and length", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(cfg *scim.Config) { cfg.Limits.Body = 1000 })
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		for _, path := range []string{"/Users/none", "/nowhere", "/Users?filter=%28", "/Me"} {
			get, text, err := exchange(t, server, "GET", path, nil)
			require.NoError(t, err)
			head, none, err := exchange(t, server, "HEAD", path, nil)
			require.NoError(t, err)
			require.Empty(t, none)
			require.Equal(t, get.StatusCode, head.StatusCode)
			require.Equal(t, get.Header.Get("Content-Type"), head.Header.Get("Content-Type"))
			require.Equal(t, int64(len(text)), get.ContentLength)
		}
		huge := scimtest.User("u", `"title":"`+strings.Repeat("x", 5000)+`"`)
		for _, body := range []io.Reader{strings.NewReader(huge), io.MultiReader(strings.NewReader(huge))} { // with a length and in chunks
			resp, text, err := exchange(t, server, "POST", "/Users", body)
			require.NoError(t, err)
			require.Equal(t, 413, resp.StatusCode)
			require.Contains(t, text, `"status":"413"`)
		}
	})
	scimtest.Prove(t, "Q-1 R-1", "a list and a group larger than the buffer are complete", func(t *testing.T) {
		t.Parallel()
		s := serve(t, nil)
		c := s.lenient(t)
		const n = 6000
		for i := range 3 {
			c.NewGroup(fmt.Sprint("g", i), manyMembers(n))
		}
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		resp, text, err := exchange(t, server, "GET", "/Groups", nil)
		require.NoError(t, err)
		require.Equal(t, "application/scim+json", resp.Header.Get("Content-Type"))
		var list struct {
			TotalResults int
			Resources    []struct{ Members []struct{ Value string } }
		}
		require.NoError(t, json.Unmarshal([]byte(text), &list))
		require.Equal(t, 3, list.TotalResults)
		for _, g := range list.Resources {
			require.Len(t, g.Members, n)
		}
		_, none, err := exchange(t, server, "HEAD", "/Groups", nil)
		require.NoError(t, err)
		require.Empty(t, none)
	})
	scimtest.Prove(t, "E-13 E-26", "a backend lost before or within the body is a 500 or a cut connection, never a part that looks complete", func(t *testing.T) {
		t.Parallel()
		breaks, early := false, false
		s := serve(t, func(cfg *scim.Config) {
			groups := cfg.Endpoints[1].Store.(store.MemberStore)
			cfg.Endpoints[1].Store = breaking{groups, &breaks, 4000}
		})
		small := serve(t, func(cfg *scim.Config) {
			groups := cfg.Endpoints[1].Store.(store.MemberStore)
			cfg.Endpoints[1].Store = breaking{groups, &early, 2}
		})
		path := s.lenient(t).NewGroup("g", manyMembers(6000))
		c := small.lenient(t)
		smallPath := c.NewGroup("g", manyMembers(10))
		breaks, early = true, true
		require.NotContains(t, c.Get(smallPath).Fails(500, "").Text, "secret")
		require.Empty(t, c.Get("/Groups").Fails(500, "").Header.Get("ETag"))
		c.Get(smallPath + "?excludedAttributes=members").Is(200)
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		for _, path := range []string{path, "/Groups", "/"} {
			_, text, err := exchange(t, server, "GET", path, nil)
			require.Error(t, err, "%d bytes that look whole", len(text))
		}
	})
}
