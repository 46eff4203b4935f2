//go:build linux

package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/seed5f3efb56/scim/internal/benchmark/process"
)

// postgres is a database of a side, on a PostgreSQL server of this machine.
type postgres struct {
	admin *sql.DB // on the database of the command line, which has another name
	name  string
	url   string
	// pooler is between the side and its database; nil: there is none.
	pooler *pooler
}

// newPostgres makes a database on the server.
func newPostgres(server, name string) (*postgres, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" {
		return nil, errors.New("PostgreSQL needs -postgres or SCIM_TEST_POSTGRES, a postgres:// URL")
	}
	admin, err := sql.Open("pgx", server)
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

// analyze makes the statistics that the server makes by itself within a minute.
func (p *postgres) analyze() error {
	direct, err := sql.Open("pgx", p.url)
	if err != nil {
		return err
	}
	defer direct.Close()
	_, err = direct.Exec("VACUUM ANALYZE")
	return err
}

// usage reads the CPU of each session of the database, and of the pooler, by the id of
// its process.
func (p *postgres) usage() (map[int]time.Duration, error) {
	rows, err := p.admin.Query("SELECT pid FROM pg_stat_activity WHERE datname = $1", p.name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var pids []int
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if p.pooler != nil {
		pids = append(pids, p.pooler.cmd.Process.Pid)
	}
	out := map[int]time.Duration{}
	for _, pid := range pids {
		used, err := process.CPU(pid)
		if errors.Is(err, os.ErrNotExist) {
			continue // a session that has ended
		}
		if err != nil {
			return nil, err
		}
		out[pid] = used
	}
	return out, nil
}

func (p *postgres) drop() {
	if p.pooler != nil {
		p.pooler.stop()
	}
	_, _ = p.admin.Exec("DROP DATABASE IF EXISTS " + p.name + " WITH (FORCE)")
	p.admin.Close()
}

// pooler is a PgBouncer in transaction mode.
type pooler struct {
	cmd *exec.Cmd
	url string
}

// pool puts a pooler before the database. A prepared statement belongs to a connection
// that the next transaction may not get, so the driver prepares none.
func (p *postgres) pool(dir string) error {
	u, err := url.Parse(p.url)
	if err != nil {
		return err
	}
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	server := fmt.Sprintf("host=%s port=%s dbname=%s user=%s", u.Hostname(), u.Port(), p.name, u.User.Username())
	if password, ok := u.User.Password(); ok {
		server += " password=" + password
	}
	file := filepath.Join(dir, p.name+".ini")
	text := fmt.Sprintf("[databases]\nscim = %s\n[pgbouncer]\nlisten_addr = %s\nlisten_port = %s\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 20\n", server, host, port)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	cmd := exec.Command("pgbouncer", "-q", file)
	if err := asPostgres(cmd, dir, file); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start PgBouncer: %w", err)
	}
	p.pooler = &pooler{cmd, fmt.Sprintf("postgres://%s@%s/scim?sslmode=disable&default_query_exec_mode=exec", u.User.Username(), addr)}
	return waitFor(addr)
}

// asPostgres runs the command as the user postgres if this program runs as root, as
// which PgBouncer does not.
func asPostgres(cmd *exec.Cmd, dir, file string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("PgBouncer does not run as root: %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return errors.Join(os.Chmod(dir, 0o711), os.Chown(file, int(uid), int(gid)))
}

func waitFor(addr string) error {
	var err error
	for range 500 {
		var c net.Conn
		if c, err = net.Dial("tcp", addr); err == nil {
			return c.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

func (p *pooler) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}
