//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/internal/benchmark/load"
	"github.com/seed5f3efb56/scim/internal/benchmark/process"
)

// The stores of a side. pgbouncer is PostgreSQL behind a PgBouncer in transaction mode.
const (
	inMemory   = "memory"
	onSQLite   = "sqlite"
	onPostgres = "postgres"
	pooled     = "pgbouncer"
)

var errInterrupted = errors.New("interrupted")

// place is where the servers of a cell find their database and their first users.
type place struct {
	done     <-chan struct{} // closed when the servers are to stop
	dir      string
	store    string
	postgres string // the URL of a server
	seed     string // a file, "" for no users
}

// side is a server of a contestant that runs, on a database of its own.
type side struct {
	contestant
	done   <-chan struct{}
	cmd    *exec.Cmd
	ended  chan error
	addr   string
	conns  []*load.Conn
	users  []string          // ids
	groups map[string]string // ids by the name of the operation
	total  int               // users, at the start of the operation
	next   map[string]int    // the number of the next request, by operation
	db     *postgres         // nil: not on PostgreSQL
	ids    string            // the file of the ids of users
}

// start starts a server. It is ready after wait.
func (c contestant) start(p place) (s *side, err error) {
	s = &side{contestant: c, done: p.done, groups: map[string]string{}, next: map[string]int{}, ended: make(chan error, 1)}
	if s.addr, err = freeAddress(); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return nil, err
	}
	name := c.name + "_" + p.store + "_" + port
	db, err := s.database(p, name)
	if err != nil {
		return nil, err
	}
	s.ids = filepath.Join(p.dir, name+".ids")
	args := append(append([]string(nil), c.args...), "-addr", s.addr, "-db", db, "-seed", p.seed, "-ids", s.ids)
	s.cmd = exec.Command(c.program, args...)
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.ended <- s.cmd.Wait() }()
	return s, nil
}

// database returns the name of the database for the flag -db of the server.
func (s *side) database(p place, name string) (string, error) {
	switch p.store {
	case inMemory:
		return "memory", nil
	case onSQLite:
		return filepath.Join(p.dir, name+".db"), nil
	}
	var err error
	if s.db, err = newPostgres(p.postgres, name); err != nil {
		return "", err
	}
	if p.store == onPostgres {
		return s.db.url, nil
	}
	if err := s.db.pool(p.dir); err != nil {
		return "", err
	}
	return s.db.pooler.url, nil
}

// wait waits until the server answers, and reads the ids of its users.
func (s *side) wait(connections int) error {
	for len(s.conns) < connections {
		c, err := load.Dial(s.addr)
		if err == nil {
			s.conns = append(s.conns, c)
			continue
		}
		select {
		case <-s.done:
			return errInterrupted
		case err := <-s.ended:
			return fmt.Errorf("%s has ended: %w", s.name, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	if ids, err := os.ReadFile(s.ids); err == nil {
		s.users = strings.Fields(string(ids))
	}
	if s.db != nil {
		return s.db.analyze()
	}
	return nil
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
	return s.doOn(s.conns[0], method, path, body, want)
}

func (s *side) doOn(c *load.Conn, method, path, body string, want int) ([]byte, error) {
	select {
	case <-s.done:
		return nil, errInterrupted
	default:
	}
	status, response, err := c.Do(method, "/scim/v2"+path, body)
	if err == nil && status != want {
		err = fmt.Errorf("%s %s %.200s: %d %.300s, want %d", method, path, body, status, response, want)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", s.name, err)
	}
	return response, err
}

// usage is the CPU used so far by a server, and by each session of its database.
type usage struct {
	server   time.Duration
	sessions map[int]time.Duration
}

func (s *side) usage() (u usage, err error) {
	if s.db != nil {
		if u.sessions, err = s.db.usage(); err != nil {
			return u, err
		}
	}
	u.server, err = process.CPU(s.cmd.Process.Pid)
	return u, err
}

// since returns what was used since an earlier usage.
func (u usage) since(before usage) (server, database time.Duration) {
	for pid, used := range u.sessions {
		database += used - before.sessions[pid]
	}
	return u.server - before.server, database
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
