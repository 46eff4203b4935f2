package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ways are the requests by which providers end access.
var ways = []struct {
	name          string
	take          func(a *running, path string) int
	done, retried int // status, and that of a retry which finds it done
}{
	{"PATCH", func(a *running, path string) int { return a.provider("PATCH", path, setActive(false)).Code }, http.StatusOK, http.StatusOK},
	{"PUT", func(a *running, path string) int {
		return a.provider("PUT", path, person("ada@example.com", false)).Code
	}, http.StatusOK, http.StatusOK},
	{"DELETE", func(a *running, path string) int { return a.provider("DELETE", path, nil).Code }, http.StatusNoContent, http.StatusNotFound},
}

func TestDeactivatedUserIsRefusedAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		for _, way := range ways {
			t.Run(way.name, func(t *testing.T) {
				t.Parallel()
				a := startNew(t, fresh)
				path := a.hire("ada@example.com")
				session, token := a.login("ada@example.com"), a.issueTo("ada@example.com")
				other := a.hire("grace@example.com")
				stays := a.login("grace@example.com")
				require.Equal(t, http.StatusOK, a.me(session))
				require.Equal(t, http.StatusOK, a.me(token))

				require.Equal(t, way.done, way.take(a, path))
				require.Equal(t, http.StatusUnauthorized, a.me(session))
				require.Equal(t, http.StatusUnauthorized, a.me(token))
				require.Empty(t, a.login("ada@example.com"))
				require.Empty(t, a.issueTo("ada@example.com"))
				require.Equal(t, http.StatusOK, a.me(stays), "of %s", other)

				if way.name == "DELETE" {
					require.NotEqual(t, path, a.hire("ada@example.com"), "the address is free, the id is not")
				} else {
					require.Equal(t, http.StatusOK, a.provider("PATCH", path, setActive(true)).Code)
				}
				require.Equal(t, http.StatusUnauthorized, a.me(session), "a reactivated user signs in again")
				require.Equal(t, http.StatusUnauthorized, a.me(token))
				require.NotEmpty(t, a.login("ada@example.com"))
			})
		}
	})
}

// failing is a token service that cannot revoke for a while.
type failing struct {
	tokenService
	mu   sync.Mutex
	left int
}

func (f *failing) Revoke(ctx context.Context, userID int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left > 0 {
		f.left--
		return errors.New("the token service is down")
	}
	return f.tokenService.Revoke(ctx, userID)
}

func TestResponseWaitsForRevocation(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		for _, way := range ways {
			t.Run(way.name, func(t *testing.T) {
				t.Parallel()
				a := start(t, fresh(t), &failing{tokenService: tokenFiles(t.TempDir()), left: 2})
				path := a.hire("ada@example.com")
				session, token := a.login("ada@example.com"), a.issueTo("ada@example.com")
				for range 2 {
					require.Equal(t, http.StatusServiceUnavailable, way.take(a, path))
					require.Equal(t, http.StatusUnauthorized, a.me(session), "ended by the commit")
					require.Equal(t, http.StatusOK, a.me(token), "revocation is pending, as the response says")
				}
				require.Equal(t, way.retried, way.take(a, path))
				require.Equal(t, http.StatusUnauthorized, a.me(token))
			})
		}
	})
}

func TestWorkerCompletesRevocation(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		a := start(t, fresh(t), &failing{tokenService: tokenFiles(t.TempDir()), left: 1})
		path := a.hire("ada@example.com")
		token := a.issueTo("ada@example.com")
		require.Equal(t, http.StatusServiceUnavailable, a.provider("PATCH", path, setActive(false)).Code)
		a.later(time.Hour)
		require.Eventually(t, func() bool { return a.me(token) == http.StatusUnauthorized }, 20*time.Second, 5*time.Millisecond)
	})
}

// later runs the worker at another time, until the test ends.
func (a *running) later(d time.Duration) {
	a.now = func() time.Time { return time.Now().Add(d) }
	moved := serving(a.t, a.app)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		moved.worker(ctx)
	}()
	a.t.Cleanup(func() { cancel(); <-stopped })
}

// A user signs in repeatedly while the provider deactivates the user. After the
// response no session and no token is valid.
func TestConcurrentLoginsAndDeactivations(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		const rounds, each = 25, 4
		a := startNew(t, fresh)
		path := a.hire("ada@example.com")
		for round := range rounds {
			way := ways[round%2]
			require.Equal(t, http.StatusOK, a.provider("PATCH", path, setActive(true)).Code)
			var mu sync.Mutex
			var got []credential
			var wg sync.WaitGroup
			begun := make(chan struct{}, 2*each)
			for range each {
				for _, enter := range []func(string) credential{a.login, a.issueTo} {
					wg.Go(func() {
						for n := range 5 {
							c := enter("ada@example.com")
							if n == 0 {
								begun <- struct{}{}
							}
							if c == "" {
								return
							}
							mu.Lock()
							got = append(got, c)
							mu.Unlock()
						}
					})
				}
			}
			<-begun
			require.Equal(t, way.done, way.take(a, path), "%s", way.name)
			wg.Wait()
			require.NotEmpty(t, got)
			for _, c := range got {
				require.Equal(t, http.StatusUnauthorized, a.me(c), "round %d: %s", round, c)
			}
		}
	})
}
