package main

import (
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/internal/benchmark/load"
	"github.com/seed5f3efb56/scim/internal/benchmark/process"
)

//go:embed library
var librarySource embed.FS

// build compiles the service provider of package library into the tree of a version of
// this library, and returns the program. The files are laid over the tree, which is not
// changed: over its module of examples, which requires all that they import.
func build(tree, name, dir string) (string, error) {
	tree, err := filepath.Abs(tree)
	if err != nil {
		return "", err
	}
	settings := "settings.go"
	if _, err := os.Stat(filepath.Join(tree, "brake")); errors.Is(err, os.ErrNotExist) {
		settings = "settings_before.go.txt"
	}
	replace := map[string]string{}
	for to, from := range map[string]string{"main.go": "main.go", "settings.go": settings} {
		text, err := librarySource.ReadFile("library/" + from)
		if err != nil {
			return "", err
		}
		file := filepath.Join(dir, name+"-"+to)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(tree, "examples", "benchmark-library", to)] = file
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, name+"-overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		return "", err
	}
	program := filepath.Join(dir, name)
	cmd := exec.Command("go", "build", "-overlay", file, "-o", program, "./examples/benchmark-library")
	cmd.Dir = tree
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the library of %s: %w\n%s", tree, err, text)
	}
	return program, nil
}

// checkout returns the tree of a commit, or the directory itself if it is one.
func checkout(version, dir string) (string, error) {
	if info, err := os.Stat(version); err == nil && info.IsDir() {
		return version, nil
	}
	tree := filepath.Join(dir, "against")
	if err := os.Mkdir(tree, 0o700); err != nil {
		return "", err
	}
	archive := exec.Command("git", "archive", "--format=tar", "-o", tree+".tar", version)
	if text, err := archive.CombinedOutput(); err != nil {
		return "", fmt.Errorf("-against %s is neither a directory nor a commit: %w\n%s", version, err, text)
	}
	if text, err := exec.Command("tar", "-xf", tree+".tar", "-C", tree).CombinedOutput(); err != nil {
		return "", fmt.Errorf("unpack %s: %w\n%s", version, err, text)
	}
	return tree, nil
}

// contestant is a program to be measured.
type contestant struct {
	name    string
	program string
	args    []string // before those of every server
	stores  string   // those it has
}

// side is a server of a contestant that runs, on its own database.
type side struct {
	contestant
	cmd    *exec.Cmd
	addr   string
	conns  []*load.Conn
	users  []string
	groups map[int]string // ids by size
	next   map[string]int // the number of the next request, by operation
	db     *postgres      // nil: not on PostgreSQL
	ids    string
}

// start starts a server. It is ready after wait.
func (c contestant) start(dir, store, seed string) (s *side, err error) {
	s = &side{contestant: c, groups: map[int]string{}, next: map[string]int{}}
	if s.addr, err = freeAddress(); err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s-%s-%s", c.name, store, s.addr[strings.LastIndexByte(s.addr, ':')+1:])
	s.ids = filepath.Join(dir, name+".ids")
	db := "memory"
	switch store {
	case "sqlite":
		db = filepath.Join(dir, name+".db")
	case "postgres":
		if s.db, err = newPostgres(strings.ReplaceAll(name, "-", "_")); err != nil {
			return nil, err
		}
		db = s.db.url
	}
	args := append(append([]string(nil), c.args...), "-addr", s.addr, "-db", db, "-seed", seed, "-ids", s.ids)
	s.cmd = exec.Command(c.program, args...)
	s.cmd.Stderr = os.Stderr
	return s, s.cmd.Start()
}

// wait waits until the server answers, and reads the ids of its users.
func (s *side) wait(connections int) error {
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }()
	for {
		c, err := load.Dial(s.addr)
		if err == nil {
			s.conns = append(s.conns, c)
			break
		}
		select {
		case err := <-ended:
			return fmt.Errorf("%s has ended: %w", s.name, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	for len(s.conns) < connections {
		c, err := load.Dial(s.addr)
		if err != nil {
			return err
		}
		s.conns = append(s.conns, c)
	}
	ids, err := os.ReadFile(s.ids)
	s.users = strings.Fields(string(ids))
	return err
}

// stop ends the server and drops its database.
func (s *side) stop() {
	_ = s.cmd.Process.Kill()
	for _, c := range s.conns {
		c.Close()
	}
	if s.db != nil {
		s.db.drop()
	}
}

// do sends a request over the first connection, beside the measurement.
func (s *side) do(method, path, body string, want int) ([]byte, error) {
	status, response, err := s.conns[0].Do(method, "/scim/v2"+path, body)
	if err == nil && status != want {
		err = fmt.Errorf("%s: %s %s: %d %.300s", s.name, method, path, status, response)
	}
	return response, err
}

// cost is the CPU that requests have used.
type cost struct {
	requests int
	server   time.Duration
	database time.Duration
}

// usage reads the CPU used so far by the server, and by its sessions on PostgreSQL.
func (s *side) usage() (server time.Duration, sessions map[int]time.Duration, err error) {
	if s.db != nil {
		if sessions, err = s.db.usage(); err != nil {
			return 0, nil, err
		}
	}
	server, err = process.CPU(s.cmd.Process.Pid)
	return server, sessions, err
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// postgres is a database of a server for one side.
type postgres struct {
	admin *sql.DB // on the database of the command line
	name  string
	url   string
}

// postgresURL names a database on the server; SCIM_TEST_POSTGRES by default.
var postgresURL string

func newPostgres(name string) (*postgres, error) {
	u, err := url.Parse(postgresURL)
	if err != nil || u.Host == "" {
		return nil, errors.New("the store postgres needs -postgres or SCIM_TEST_POSTGRES, a postgres:// URL")
	}
	admin, err := sql.Open("pgx", postgresURL)
	if err != nil {
		return nil, err
	}
	p := &postgres{admin: admin, name: "benchmark_" + name}
	u.Path = "/" + p.name
	p.url = u.String()
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + p.name + " WITH (FORCE)", "CREATE DATABASE " + p.name} {
		if _, err := admin.Exec(statement); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// usage reads the CPU of each session of the database, by the id of its process, which
// is one of this machine.
func (p *postgres) usage() (map[int]time.Duration, error) {
	rows, err := p.admin.Query("SELECT pid FROM pg_stat_activity WHERE datname = $1", p.name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[int]time.Duration{}
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return nil, err
		}
		if out[pid], err = process.CPU(pid); err != nil {
			return nil, err
		}
	}
	return out, rows.Err()
}

func (p *postgres) drop() {
	_, _ = p.admin.Exec("DROP DATABASE IF EXISTS " + p.name + " WITH (FORCE)")
	p.admin.Close()
}
