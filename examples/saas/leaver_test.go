package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/seed5f3efb56/scim/scimtest"
)

func TestLeaversAreOut(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		name := fresh(t)
		a := startApp(t, name)
		access := func(kind, path string) scimtest.Access {
			return scimtest.Access{
				Name:   kind,
				SignIn: func(p scimtest.Person) (string, error) { return a.tokenBy(path, 1, p.UserName, p.Password), nil },
				Alive:  func(token string) (bool, error) { return a.me(token) != nil, nil },
			}
		}
		// Fail is nil: sessions and keys are in the database of the transaction, and
		// nothing is left to do after the commit.
		scimtest.Leaver{
			Handler: a.handler, BaseURL: "https://app.example/scim/v2", Token: testTokens[0],
			Access: []scimtest.Access{access("session", "/login"), access("API key", "/keys")},
			Start:  func(t *testing.T) (string, func()) { return startProcess(t, name) },
		}.Run(t)
	})
}

// The test binary is also the process that is killed.
const envDatabase = "SAAS_TEST_DATABASE"

func serveUntilKilled(name string) {
	db, err := open(context.Background(), name)
	if err != nil {
		panic(err)
	}
	a, err := newApp(context.Background(), db, bcrypt.MinCost)
	if err != nil {
		panic(err)
	}
	panic(a.listen(context.Background(), options{addr: "127.0.0.1:0", tokens: testTokens}, os.Stderr))
}

// startProcess starts the application as another process. It returns the base URL of
// its SCIM endpoints.
func startProcess(t *testing.T, name string) (base string, kill func()) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envDatabase+"="+name)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	kill = sync.OnceFunc(func() {
		require.NoError(t, cmd.Process.Kill())
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
