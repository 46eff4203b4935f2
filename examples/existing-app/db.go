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

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// database is the database of the application: SQLite or PostgreSQL. Both run the
// same statements.
type database struct {
	*sql.DB
	serialKey string // type of a primary key
	lock      string // keeps other processes from migrating, until the end of a transaction
	query     sqlquery.Dialect
	kept      sqlstore.Dialect
}

// open opens a postgres:// URL or the name of an SQLite file, and brings its
// tables up to date.
func open(ctx context.Context, name string) (*database, error) {
	db, err := connect(name)
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func connect(name string) (*database, error) {
	if strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://") {
		pool, err := sql.Open("pgx", name)
		if err != nil {
			return nil, errors.New("the URL of the database does not parse") // it may hold a password
		}
		pool.SetMaxOpenConns(20) // PostgreSQL accepts about 100 of all programs
		pool.SetMaxIdleConns(20)
		return &database{
			DB: pool, query: sqlquery.PostgreSQL, kept: sqlstore.PostgreSQL,
			serialKey: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
			lock:      "SELECT pg_advisory_xact_lock(7643)",
		}, nil
	}
	// Other users of the machine must not read the file.
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	// With _txlock every transaction is BEGIN IMMEDIATE: one writer at a time from
	// its first statement on, so that rows do not change after they were read.
	pool, err := sql.Open("sqlite", "file:"+(&url.URL{Path: name}).EscapedPath()+
		"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)")
	return &database{
		DB: pool, query: sqlquery.SQLite, kept: sqlstore.SQLite,
		serialKey: "INTEGER PRIMARY KEY AUTOINCREMENT", lock: "SELECT 1", // BEGIN IMMEDIATE has done it
	}, err
}

//go:embed migrations
var migrations embed.FS

// migrate brings the tables up to date: the first migration has the tables of the
// application before SCIM, the second adds those that SCIM needs.
func (db *database) migrate(ctx context.Context) error {
	return db.migrateTo(ctx, "1_app.sql", "2_scim.sql")
}

// migrateTo runs the migrations that have not run on the database yet.
func (db *database) migrateTo(ctx context.Context, names ...string) error {
	if err := db.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
		return err
	}); err != nil {
		return err
	}
	for _, name := range names {
		text, err := migrations.ReadFile("migrations/" + name)
		if err != nil {
			return err
		}
		if err := db.inTx(ctx, func(tx *sql.Tx) error {
			if done, err := migrated(ctx, tx, name); done || err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, strings.ReplaceAll(string(text), "SERIAL_KEY", db.serialKey)); err != nil {
				return err
			}
			return setMigrated(ctx, tx, name)
		}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func migrated(ctx context.Context, tx *sql.Tx, name string) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, "SELECT count(*) FROM migrations WHERE name = $1", name).Scan(&n)
	return n > 0, err
}

func setMigrated(ctx context.Context, tx *sql.Tx, name string) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO migrations (name) VALUES ($1)", name)
	return err
}

// inTx runs fn in a transaction; other processes that migrate wait for its end.
func (db *database) inTx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, db.lock); err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}
