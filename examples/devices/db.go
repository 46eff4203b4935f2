package main

import (
	"context"
	"database/sql"
	"net/url"
	"strings"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// database is one pool of connections, with the tables of sqlstore and the table
// agents.
type database struct {
	*sql.DB
	kept  *sqlstore.DB
	query *sqlquery.DB
}

const agents = `CREATE TABLE IF NOT EXISTS agents (
	id SERIAL_KEY, tenant KEY NOT NULL, name LONG NOT NULL, name_key KEY NOT NULL, client_id KEY NOT NULL, enabled BOOLEAN,
	protocol KEY, owner_id KEY, owner_ref LONG, budget BIGINT, expires MOMENT, rest LONG NOT NULL,
	version BIGINT NOT NULL, created_at MOMENT NOT NULL, changed_at MOMENT NOT NULL, UNIQUE (tenant, client_id))`

// open opens a postgres:// URL, a DSN of MariaDB (user@tcp(host)/database) or an
// SQLite file, and makes the tables.
func open(ctx context.Context, name string) (*database, error) {
	driver, dsn, kept, query := "sqlite", "", sqlstore.SQLite, sqlquery.SQLite
	types := []string{"SERIAL_KEY", "INTEGER PRIMARY KEY AUTOINCREMENT", "KEY", "TEXT", "LONG", "TEXT", "MOMENT", "TIMESTAMPTZ"}
	switch {
	case strings.HasPrefix(name, "postgres://"):
		driver, dsn, kept, query = "pgx", name, sqlstore.PostgreSQL, sqlquery.PostgreSQL
		types[1] = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
	case strings.Contains(name, "@tcp("):
		driver, dsn, kept, query = "mysql", name, sqlstore.MariaDB, sqlquery.MySQL
		text := " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
		types = []string{"SERIAL_KEY", "BIGINT AUTO_INCREMENT PRIMARY KEY", "KEY", "VARCHAR(255)" + text, "LONG", "LONGTEXT" + text, "MOMENT", "DATETIME(6)"}
	default:
		dsn = "file:" + (&url.URL{Path: name}).EscapedPath() + "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	}
	pool, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(20)
	pool.SetMaxIdleConns(20)
	d := &database{DB: pool}
	if d.kept, err = sqlstore.New(pool, kept); err != nil {
		return nil, err
	}
	if d.query, err = sqlquery.New(pool, query); err != nil {
		return nil, err
	}
	if err := d.kept.Migrate(ctx, sqlstore.Resources); err != nil {
		return nil, err
	}
	_, err = pool.ExecContext(ctx, words(agents, types))
	return d, err
}

// words replaces whole words of a text, given in pairs.
func words(text string, pairs []string) string {
	spaced := make([]string, len(pairs))
	for i, p := range pairs {
		spaced[i] = " " + p
	}
	return strings.NewReplacer(spaced...).Replace(text)
}
