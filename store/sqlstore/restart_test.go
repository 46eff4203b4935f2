package sqlstore_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	accounts "os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// ownServer is a database server that a test may stop and start.
type ownServer struct {
	database
	stop  func(t *testing.T, immediately bool)
	start func(t *testing.T)
}

// missing skips a test that needs a program that is not installed.
func missing(t *testing.T, what string) {
	if os.Getenv("SCIM_TEST_REQUIRE_ALL") == "1" {
		t.Fatalf("%s not found, and SCIM_TEST_REQUIRE_ALL=1", what)
	}
	t.Skipf("%s not found: no server to restart", what)
}

// account returns an unprivileged user to run a server if the test runs as root,
// which servers refuse, and a directory of that user.
func account(t *testing.T, name string) (*syscall.SysProcAttr, string) {
	dir, err := os.MkdirTemp("", "scim") // short: there will be a socket in it
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	if os.Getuid() != 0 {
		return nil, dir
	}
	u, err := accounts.Lookup(name)
	if err != nil {
		missing(t, "user "+name)
	}
	uid, err := strconv.Atoi(u.Uid)
	require.NoError(t, err)
	gid, err := strconv.Atoi(u.Gid)
	require.NoError(t, err)
	require.NoError(t, os.Chown(dir, uid, gid))
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, dir
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func ownPostgreSQL(t *testing.T) ownServer {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl")
	require.NoError(t, err)
	if path, err := exec.LookPath("pg_ctl"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		missing(t, "pg_ctl")
	}
	bin := filepath.Dir(slices.Max(found))
	as, dir := account(t, "postgres")
	run := func(t *testing.T, program string, args ...string) {
		c := exec.Command(filepath.Join(bin, program), append([]string{"-D", filepath.Join(dir, "data")}, args...)...)
		c.SysProcAttr, c.Dir = as, dir
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%s: %s", program, out)
	}
	port := freePort(t)
	options := fmt.Sprintf("-p %d -k %s -c listen_addresses=127.0.0.1", port, dir)
	s := ownServer{
		database: database{"pgx", fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port), sqlstore.PostgreSQL, ""},
		start:    func(t *testing.T) { run(t, "pg_ctl", "-w", "-l", filepath.Join(dir, "log"), "-o", options, "start") },
		stop: func(t *testing.T, immediately bool) {
			mode := "fast"
			if immediately {
				mode = "immediate"
			}
			run(t, "pg_ctl", "-w", "-m", mode, "stop")
		},
	}
	run(t, "initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
	s.start(t)
	t.Cleanup(func() { s.stop(t, true) })
	return s
}

func ownMariaDB(t *testing.T) ownServer {
	path, err := exec.LookPath("mariadbd")
	if err != nil {
		missing(t, "mariadbd")
	}
	as, dir := account(t, "mysql")
	data, port := filepath.Join(dir, "data"), freePort(t)
	install := exec.Command("mariadb-install-db", "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal")
	install.SysProcAttr, install.Dir = as, dir
	out, err := install.CombinedOutput()
	require.NoError(t, err, "%s", out)
	d := database{"mysql", fmt.Sprintf("root@tcp(127.0.0.1:%d)/test", port), sqlstore.MariaDB, ""}
	var c *exec.Cmd
	s := ownServer{database: d,
		start: func(t *testing.T) {
			// A server that starts deletes the temporary tables in its tmpdir, also those
			// of another server that is running.
			c = exec.Command(path, "--no-defaults", "--datadir="+data, "--tmpdir="+dir, "--socket="+dir+"/s", "--pid-file="+dir+"/pid", "--bind-address=127.0.0.1", fmt.Sprintf("--port=%d", port))
			c.SysProcAttr, c.Dir = as, dir
			require.NoError(t, c.Start())
		},
		stop: func(t *testing.T, immediately bool) {
			signal := syscall.SIGTERM
			if immediately {
				signal = syscall.SIGKILL
			}
			require.NoError(t, c.Process.Signal(signal))
			_ = c.Wait() // which says how it died
		},
	}
	s.start(t)
	t.Cleanup(func() { s.stop(t, true) })
	pool := d.open(t)
	require.Eventually(t, func() bool {
		_, err := pool.Exec("CREATE DATABASE IF NOT EXISTS test")
		return err == nil
	}, time.Minute, 50*time.Millisecond)
	return s
}

// A server that is stopped or killed while clients write loses no acknowledged
// write. While it is stopped the response is 503; requests succeed when it runs
// again.
func TestRestartLosesNoWrite(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name string
		make func(t *testing.T) ownServer
	}{{"PostgreSQL", ownPostgreSQL}, {"MariaDB", ownMariaDB}} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := x.make(t)
			l := newLoad(t, scimtest.NewClient(t, serve(t, s.store(t), tenantToken{}), "t"))
			for round := range 4 {
				l.until(t, 20, func(status int) bool { return status < 300 })
				s.stop(t, round%2 == 1)
				l.until(t, 5, func(status int) bool { return status == 503 })
				s.start(t)
			}
			l.until(t, 20, func(status int) bool { return status < 300 })
			l.check(t)
		})
	}
}

// load has clients that write until they are stopped.
type load struct {
	c       *scimtest.Client
	group   string
	stop    context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	counts  map[int]int
	users   []string // names of acknowledged users
	members []string // acknowledged members
	bad     []string // answers there must not be
}

func newLoad(t *testing.T, c *scimtest.Client) *load {
	ctx, stop := context.WithCancel(context.Background())
	l := &load{c: c, group: c.NewGroup("g"), stop: stop, counts: map[int]int{}}
	t.Cleanup(func() { stop(); l.running.Wait() })
	for worker := range 6 {
		l.running.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				l.write(fmt.Sprintf("%d.%d", worker, n), n%3)
			}
		})
	}
	return l
}

func (l *load) write(name string, kind int) {
	var r *scimtest.Reply
	switch kind {
	case 0:
		r = l.c.Post("/Users", scimtest.User(name))
	case 1:
		r = l.c.Patch(l.group, `{"op":"add","path":"members","value":[{"value":"`+name+`"}]}`)
	case 2:
		r = l.c.Get(`/Users?filter=userName eq "` + name + `"`)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[r.Status]++
	switch {
	case r.Status >= 300 && (r.Status != 503 || r.Header.Get("Retry-After") == ""):
		l.bad = append(l.bad, fmt.Sprintf("%d %s", r.Status, r.Text))
	case r.Status < 300 && kind == 0:
		l.users = append(l.users, name)
	case r.Status < 300 && kind == 1:
		l.members = append(l.members, name)
	}
}

// until waits for n more responses of a kind.
func (l *load) until(t *testing.T, n int, kind func(status int) bool) {
	count := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		sum := 0
		for status, n := range l.counts {
			if kind(status) {
				sum += n
			}
		}
		return sum
	}
	from := count()
	require.Eventually(t, func() bool { return count() >= from+n }, time.Minute, 5*time.Millisecond)
}

func (l *load) check(t *testing.T) {
	l.stop()
	l.running.Wait()
	require.Empty(t, l.bad)
	t.Log("answers by status:", l.counts)
	for _, name := range l.users {
		l.c.Get(`/Users?filter=userName eq "`+name+`"`).Is(200).Has("totalResults", "1")
	}
	there := map[any]bool{}
	for _, m := range members(l.c.Get(l.group).Is(200)) {
		there[m["value"]] = true
	}
	for _, name := range l.members {
		require.True(t, there[name], name)
	}
}
