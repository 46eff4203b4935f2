package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// database has the stores of the program, on any kind of database.
type database struct {
	users, groups store.Store
	tx            store.Transactor
	tokens        store.Tokens
	close         func() error
}

// open opens the database of -db: memory, a postgres:// or mysql:// URL, or a file.
func open(ctx context.Context, name string) (*database, error) {
	if name == "memory" {
		db := memstore.New()
		return &database{
			users: db.Store(schema.UserType), groups: db.Store(schema.GroupType),
			tx: db, tokens: db, close: func() error { return nil },
		}, nil
	}
	db, closeDB, err := openSQL(name)
	if err != nil {
		return nil, err
	}
	d := &database{
		users: db.Store(schema.UserType), groups: db.Store(schema.GroupType),
		tx: db, tokens: db, close: closeDB,
	}
	if err := db.Migrate(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func openSQL(name string) (*sqlstore.DB, func() error, error) {
	driver, dsn, dialect := "pgx", name, sqlstore.PostgreSQL
	switch scheme, _, _ := strings.Cut(name, "://"); scheme {
	case "postgres", "postgresql":
	case "mysql", "mariadb":
		var err error
		if dsn, err = mysqlDSN(name); err != nil {
			return nil, nil, err
		}
		driver, dialect = "mysql", sqlstore.MariaDB
	default:
		db, err := sqlstore.OpenSQLite("sqlite", name)
		if err != nil {
			return nil, nil, err
		}
		return db, db.Close, nil
	}
	pool, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, nil, errors.New("the URL does not parse") // it may hold a password
	}
	pool.SetMaxOpenConns(20) // servers accept about 100 of all programs
	pool.SetMaxIdleConns(20)
	pool.SetConnMaxLifetime(10 * time.Minute)
	db, err := sqlstore.New(pool, dialect)
	return db, pool.Close, err
}

// mysqlDSN turns mysql://user:password@host:port/database?tls=true into the DSN of
// the driver. The query has the driver's parameters.
func mysqlDSN(name string) (string, error) {
	u, err := url.Parse(name)
	if err != nil || u.Host == "" || len(u.Path) < 2 {
		return "", errors.New("want mysql://user:password@host:port/database") // without what may hold a password
	}
	c, err := mysql.ParseDSN("/?" + u.RawQuery)
	if err != nil {
		return "", err
	}
	c.Net, c.Addr, c.DBName, c.User = "tcp", u.Host, u.Path[1:], u.User.Username()
	if u.Port() == "" {
		c.Addr += ":3306"
	}
	c.Passwd, _ = u.User.Password()
	return c.FormatDSN(), nil
}

func (d *database) Close() error { return d.close() }

// firstStart is the id of the token that is made at first start.
const firstStart = "first-start"

// token returns the bearer token to accept: the given one, or else the one made at
// first start. The database keeps only its hash.
func (d *database) token(ctx context.Context, given string, stdout io.Writer) (store.Token, error) {
	if given != "" {
		return scim.HashToken("given", given), nil
	}
	kept, err := d.tokens.ListTokens(ctx)
	if err != nil {
		return store.Token{}, err
	}
	for _, t := range kept {
		if t.ID == firstStart && !t.Revoked {
			fmt.Fprintln(stdout, "Bearer token: the one shown at first start; -token or $SCIM_TOKEN takes its place")
			return t, nil
		}
	}
	secret, sum := scim.NewToken()
	made := store.Token{ID: firstStart, SHA256: sum, Created: time.Now()}
	if err := d.tokens.AddToken(ctx, made); err != nil {
		return store.Token{}, err
	}
	fmt.Fprintf(stdout, "Bearer token (shown once; set -token or $SCIM_TOKEN for one of your own):\n%s\n", secret)
	return made, nil
}
