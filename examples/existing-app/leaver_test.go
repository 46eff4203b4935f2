package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/scimtest"
)

func TestLeaversAreOut(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		name, tokens := fresh(t), tokenFiles(t.TempDir())
		service := &failing{tokenService: tokens}
		a := start(t, name, service)
		scimtest.Leaver{
			Handler: a.handler, Token: testToken,
			Access: []scimtest.Access{
				{Name: "session", SignIn: a.loginOf, Alive: a.accepts},
				{Name: "API token", SignIn: a.tokenOf, Alive: a.accepts},
			},
			Fail:  service.down.Store,
			Start: func(t *testing.T) (string, func()) { return startProcess(t, name, string(tokens)) },
		}.Run(t)
	})
}

// loginOf returns a session as the header of a request, "" if it is refused.
func (a *running) loginOf(p scimtest.Person) (string, error) {
	w := a.do("POST", "/login", object{"email": p.UserName, "password": p.Password})
	if w.Code != http.StatusOK {
		return "", refusal(w.Code)
	}
	c := w.Result().Cookies()[0]
	return "Cookie: " + c.Name + "=" + c.Value, nil
}

// tokenOf returns an API token as the header of a request, "" if it is refused.
func (a *running) tokenOf(p scimtest.Person) (string, error) {
	w := a.do("POST", "/tokens", object{"email": p.UserName, "password": p.Password})
	if w.Code != http.StatusOK {
		return "", refusal(w.Code)
	}
	var out struct{ Token string }
	err := json.Unmarshal(w.Body.Bytes(), &out)
	return "Authorization: Bearer " + out.Token, err
}

func (a *running) accepts(text string) (bool, error) {
	status := a.me(credential(text))
	return status == http.StatusOK, refusal(status)
}

// refusal returns nil for a status that accepts or refuses a user.
func refusal(status int) error {
	if status == http.StatusOK || status == http.StatusUnauthorized {
		return nil
	}
	return fmt.Errorf("status %d", status)
}

// failing is a token service that cannot revoke while it is down.
type failing struct {
	tokenService
	down atomic.Bool
}

func (f *failing) Revoke(ctx context.Context, userID int64) error {
	if f.down.Load() {
		return errors.New("the token service is down")
	}
	return f.tokenService.Revoke(ctx, userID)
}

func TestWorkerCompletesRevocation(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		service := &failing{tokenService: tokenFiles(t.TempDir())}
		a := start(t, fresh(t), service)
		path := a.hire("ada@example.com")
		session, token := a.login("ada@example.com"), a.issueTo("ada@example.com")
		service.down.Store(true)
		require.Equal(t, http.StatusServiceUnavailable, a.provider("PATCH", path, setActive(false)).Code)
		require.Equal(t, http.StatusUnauthorized, a.me(session), "ended by the commit")
		require.Equal(t, http.StatusOK, a.me(token), "revocation is pending, as the response says")
		service.down.Store(false)
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
