// Library is a service provider of this library for the benchmark: users and groups,
// a bearer token of a fixed list, default settings but for the bounds on how much a
// client may do (settings.go). The benchmark compiles these files into the tree that
// it measures, also into that of an earlier commit: they use nothing but what both have.
package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "`address` to listen on")
	db := flag.String("db", "memory", "memory, a postgres:// URL or the name of a SQLite file")
	token := flag.String("token", "t", "the bearer token")
	seed := flag.String("seed", "", "`file` with a user to create in each line, before the first request")
	ids := flag.String("ids", "", "`file` for the ids of these users")
	brake := flag.Bool("brake", true, "count what the brake bounds")
	flag.Parse()
	if err := run(*addr, *db, *token, *seed, *ids, *brake); err != nil {
		fmt.Fprintln(os.Stderr, "library:", err)
		os.Exit(1)
	}
}

func run(addr, name, token, seed, ids string, brake bool) error {
	db, err := open(name)
	if err != nil {
		return err
	}
	cfg := scim.Config{
		BaseURL:   "http://" + addr + "/scim/v2",
		Auth:      scim.BearerTokens(scim.HashToken("benchmark", token)),
		Endpoints: []scim.Endpoint{scim.Users(db.users), scim.Groups(db.groups)},
		Tx:        db.tx,
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	raise(&cfg, brake)
	h, err := scim.New(cfg)
	if err != nil {
		return err
	}
	if seed != "" {
		s := seeder{handler: h, base: cfg.BaseURL, token: token, tx: db.tx, chunk: db.chunk}
		if err := s.run(seed, ids); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	return http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/heap" {
			heap(w)
			return
		}
		h.ServeHTTP(w, r)
	}))
}

// heap answers the bytes of the live heap.
func heap(w io.Writer) {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one has found to be finalized
	runtime.ReadMemStats(&m)
	fmt.Fprintln(w, m.HeapAlloc)
}

// database has the stores of a program.
type database struct {
	users, groups store.Store
	tx            store.Transactor
	chunk         int // users that are created in one transaction
}

func open(name string) (*database, error) {
	if name == "memory" {
		db := memstore.New()
		return &database{users: db.Store(schema.UserType), groups: db.Store(schema.GroupType), tx: db, chunk: 1}, nil
	}
	db, err := openSQL(name)
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(context.Background()); err != nil {
		return nil, err
	}
	return &database{users: db.Store(schema.UserType), groups: db.Store(schema.GroupType), tx: db, chunk: 1000}, nil
}

// openSQL opens a server as sqlstore.OpenURL does, which earlier commits do not have.
func openSQL(name string) (*sqlstore.DB, error) {
	if !strings.HasPrefix(name, "postgres://") {
		return sqlstore.OpenSQLite("sqlite", name)
	}
	pool, err := sql.Open("pgx", name)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(20)
	pool.SetMaxIdleConns(20)
	return sqlstore.New(pool, sqlstore.PostgreSQL)
}

// seeder creates users by POST within the process, many in one transaction.
type seeder struct {
	handler     http.Handler
	base, token string
	tx          store.Transactor
	chunk       int
}

func (s *seeder) run(from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	var ids bytes.Buffer
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for more := true; more; {
		var chunk []string
		for len(chunk) < s.chunk && lines.Scan() {
			chunk = append(chunk, lines.Text())
		}
		if more = len(chunk) == s.chunk; len(chunk) == 0 {
			break
		}
		if err := s.create(chunk, &ids); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return os.WriteFile(to, ids.Bytes(), 0o600)
}

func (s *seeder) create(users []string, ids io.Writer) error {
	if len(users) == 1 {
		id, err := s.post(context.Background(), users[0])
		fmt.Fprintln(ids, id)
		return err
	}
	var made []string
	err := s.tx.InTx(context.Background(), func(ctx context.Context) error {
		made = made[:0]
		for _, u := range users {
			id, err := s.post(ctx, u)
			if err != nil {
				return err
			}
			made = append(made, id)
		}
		return nil
	})
	for _, id := range made {
		fmt.Fprintln(ids, id)
	}
	return err
}

func (s *seeder) post(ctx context.Context, body string) (id string, err error) {
	r := httptest.NewRequestWithContext(ctx, "POST", s.base+"/Users", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	var made struct{ ID string }
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != http.StatusCreated {
		return "", fmt.Errorf("POST /Users: %d %.200s", w.Code, w.Body)
	}
	return made.ID, nil
}
