package main

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

// The test binary is also the process that is killed.
const (
	envDatabase = "EXISTING_APP_TEST_DATABASE"
	envTokens   = "EXISTING_APP_TEST_TOKENS"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	if name := os.Getenv(envDatabase); name != "" {
		serveUntilKilled(name, os.Getenv(envTokens))
		os.Exit(3)
	}
	os.Exit(m.Run())
}

// deadly is a token service that kills the process instead of revoking.
type deadly struct{ tokenService }

func (deadly) Revoke(ctx context.Context, _ int64) error {
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func serveUntilKilled(name, tokens string) {
	db, err := open(context.Background(), name)
	if err != nil {
		panic(err)
	}
	a, err := newApp(db, deadly{tokenFiles(tokens)}, bcrypt.MinCost)
	if err != nil {
		panic(err)
	}
	panic(a.listen(context.Background(), options{addr: "127.0.0.1:0", token: testToken}, os.Stderr))
}

// A process is killed between commit and revocation, and the provider does not try
// again: the worker of the next process revokes.
func TestWorkerCompletesRevocationOfKilledProcess(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		name, tokens := fresh(t), tokenFiles(t.TempDir())
		a := start(t, name, tokens)
		path := a.hire("ada@example.com")
		session, token := a.login("ada@example.com"), a.issueTo("ada@example.com")

		deactivateAndDie(t, name, string(tokens), path)
		require.Equal(t, http.StatusUnauthorized, a.me(session), "ended by the commit")
		require.Equal(t, http.StatusOK, a.me(token), "the process died before")

		b := start(t, name, tokens)
		b.later(time.Hour)
		require.Eventually(t, func() bool { return b.me(token) == http.StatusUnauthorized }, 20*time.Second, 5*time.Millisecond)
		require.Equal(t, http.StatusUnauthorized, b.me(session))
	})
}

// startProcess starts the application as another process, which is killed before
// it revokes anything. It returns the base URL of its SCIM endpoints.
func startProcess(t *testing.T, name, tokens string) (base string, kill func()) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envDatabase+"="+name, envTokens+"="+tokens)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	kill = sync.OnceFunc(func() {
		cmd.Process.Kill() // it may have ended
		require.Error(t, cmd.Wait())
		require.Equal(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())
	})
	t.Cleanup(kill)
	line, err := bufio.NewReader(stderr).ReadString('\n')
	require.NoError(t, err)
	_, base, ok := strings.Cut(strings.TrimSpace(line), "SCIM at ")
	require.True(t, ok, line)
	return base, kill
}

// deactivateAndDie lets another process deactivate the user.
func deactivateAndDie(t *testing.T, name, tokens, path string) {
	base, kill := startProcess(t, name, tokens)
	body := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":"False"}}]}`
	r, err := http.NewRequestWithContext(t.Context(), "PATCH", base+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+testToken)
	r.Header.Set("Content-Type", "application/scim+json")
	_, err = http.DefaultClient.Do(r)
	require.Error(t, err, "the process answered")
	kill()
}
