package issuer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/store"
)

// The memory of replays is bounded: a client that has filled its part is refused,
// other clients are not, and none forgets what has not ended.
func TestMemoryOfReplaysIsBounded(t *testing.T) {
	t.Parallel()
	var m Memory
	start := time.Unix(1e9, 0)
	count := func(client, name string, at time.Time) (int64, error) {
		ctx := context.WithValue(context.Background(), clientKey{}, client)
		return m.Count(ctx, store.Count{Name: client + name, Add: 1, At: at, Expires: at.Add(time.Hour)})
	}
	fill := func(client string, n int) {
		for i := range n {
			got, err := count(client, strconv.Itoa(i), start)
			require.NoError(t, err)
			require.EqualValues(t, 1, got)
		}
	}
	refused := func(client string) {
		_, err := count(client, "one more", start)
		require.ErrorIs(t, err, store.ErrUnavailable)
	}
	fill("acme", 50)
	for n := range 10 {
		flood := fmt.Sprint("flood", n)
		fill(flood, min(maxOfClient, maxRemembered-len(m.seen)))
		refused(flood)
	}
	require.Len(t, m.seen, maxRemembered)
	fill("globex", fairShare)
	refused("globex")
	for _, client := range []string{"acme", "flood0", "globex"} {
		got, err := count(client, "7", start)
		require.NoError(t, err)
		require.EqualValues(t, 2, got, "those that are there are remembered")
	}
	got, err := count("acme", "one more", start)
	require.NoError(t, err)
	require.EqualValues(t, 1, got, "a client with less than its share")
	got, err = count("globex", "one more", start.Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 1, got)
	require.Len(t, m.seen, 1, "those that ended are forgotten")
	require.Equal(t, map[string]int{"globex": 1}, m.clients)
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The cache of key sets is bounded: the one that was not used for the longest time
// makes room.
func TestCacheOfKeySetsIsBounded(t *testing.T) {
	t.Parallel()
	hits, clock := map[string]int{}, time.Unix(1e9, 0)
	f, err := NewFetcher(Config{Transport: transport(func(r *http.Request) (*http.Response, error) {
		hits[r.URL.Path]++
		return nil, errors.New("no network")
	}), Now: func() time.Time { return clock }})
	require.NoError(t, err)
	load := func(n int) {
		clock = clock.Add(time.Millisecond)
		_, err := f.load(context.Background(), fmt.Sprintf("https://idp.example.com/%d", n), false)
		require.ErrorContains(t, err, "no network")
	}
	for n := range maxKeySets {
		load(n)
	}
	load(0)
	load(maxKeySets) // in place of 1
	require.Len(t, f.sets, maxKeySets)
	load(0)
	require.Equal(t, 1, hits["/0"])
	load(1)
	require.Equal(t, 2, hits["/1"])
	require.Len(t, f.sets, maxKeySets)
}

// Any text is a key set with usable keys, each of which may have made a signature by
// one of the Algorithms, or an error.
func FuzzKeySet(f *testing.F) {
	f.Add(`{"keys":[{"kty":"RSA","kid":"a","use":"sig","n":"AQAB","e":"AQAB"}]}`)
	f.Add(`{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)
	f.Add(`{"keys":[{"kty":"oct","k":"AA"},null,7,"x",[]]}`)
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := ParseKeys([]byte(text))
		if (err == nil) != (len(keys) > 0) {
			t.Fatalf("%q: %d keys, %v", text, len(keys), err)
		}
		for _, k := range keys {
			fit := func(a jose.SignatureAlgorithm) bool { return fits(k.Key, string(a)) }
			if !k.IsPublic() || !slices.ContainsFunc(Algorithms, fit) {
				t.Fatalf("%q: %T", text, k.Key)
			}
		}
	})
}
