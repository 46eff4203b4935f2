package main

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// database is PostgreSQL, by the pool of pgx, or SQLite. Both run the same
// statements.
type database struct {
	*sql.DB
	dialect sqlquery.Dialect
	kept    sqlstore.Dialect
	name    string // the directory of its migrations
	lock    string // keeps other processes from migrating, until the end of a transaction
	close   func() error
}

// open opens a postgres:// URL or the name of an SQLite file, and brings its
// tables up to date: the first migration has the tables of the application before
// SCIM, the second what SCIM needs, the third the clients of the token endpoint.
func open(ctx context.Context, name string) (*database, error) {
	db, err := connect(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx, "1_app.sql", "2_scim.sql", "3_oauth.sql"); err != nil {
		return nil, errors.Join(err, db.close())
	}
	return db, nil
}

func connect(ctx context.Context, name string) (*database, error) {
	if strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://") {
		return connectPostgreSQL(ctx, name)
	}
	// Other users of the machine must not read the file.
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	pool, err := sql.Open("sqlite", "file:"+(&url.URL{Path: name}).EscapedPath()+
		"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)")
	if err != nil {
		return nil, err
	}
	// Every transaction is BEGIN IMMEDIATE, which keeps other processes from writing.
	return &database{DB: pool, dialect: sqlquery.SQLite, kept: sqlstore.SQLite, name: "sqlite", lock: "SELECT 1", close: pool.Close}, nil
}

func connectPostgreSQL(ctx context.Context, name string) (*database, error) {
	config, err := pgxpool.ParseConfig(name)
	if err != nil {
		return nil, errors.New("the URL of the database does not parse") // it may hold a password
	}
	config.MaxConns = 20 // PostgreSQL accepts about 100 of all programs
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDBFromPool(pool)
	closeBoth := func() error {
		err := db.Close()
		pool.Close()
		return err
	}
	return &database{DB: db, dialect: sqlquery.PostgreSQL, kept: sqlstore.PostgreSQL, name: "postgres", lock: "SELECT pg_advisory_xact_lock(7643)", close: closeBoth}, nil
}

//go:embed migrations
var migrations embed.FS

// migrate runs the migrations that have not run on the database yet.
func (db *database) migrate(ctx context.Context, names ...string) error {
	return db.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, db.lock); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)"); err != nil {
			return err
		}
		for _, name := range names {
			if err := db.migrateOnce(ctx, tx, name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	})
}

func (db *database) migrateOnce(ctx context.Context, tx *sql.Tx, name string) error {
	text, err := migrations.ReadFile("migrations/" + db.name + "/" + name)
	if err != nil {
		return err
	}
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM migrations WHERE name = $1", name).Scan(&n); err != nil || n > 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO migrations (name) VALUES ($1)", name)
	return err
}

func (db *database) inTx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}
