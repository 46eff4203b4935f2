package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// OpenURL opens a database that a setting of a program names, with a driver that the
// program has imported:
//
//   - postgres:// and postgresql://, with the driver "pgx" of jackc/pgx;
//   - mysql://user:password@host:port/database?param=value and mariadb://, with the
//     driver "mysql" of go-sql-driver, whose parameters stand in the query;
//   - anything else is the name of a SQLite file, with the driver "sqlite" of
//     modernc.org/sqlite ([OpenSQLite]).
//
// It connects to a server with at most 20 connections; [DB.Close] closes them. No
// error has the password. The tables are made by [DB.Migrate].
func OpenURL(name string, options ...Option) (*DB, error) {
	scheme, _, isURL := strings.Cut(name, "://")
	switch {
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		return openServer("pgx", name, PostgreSQL, options)
	case isURL && (scheme == "mysql" || scheme == "mariadb"):
		dsn, err := mysqlDSN(name)
		if err != nil {
			return nil, fmt.Errorf("sqlstore: %w", err)
		}
		return openServer("mysql", dsn, MariaDB, options)
	case isURL:
		return nil, errors.New("sqlstore: the database is neither a postgres:// or mysql:// URL nor the name of a file")
	}
	return OpenSQLite("sqlite", name, options...)
}

// maxConnections leaves room for other programs: servers accept about 100 of all.
const maxConnections = 20

func openServer(driver, dsn string, d Dialect, options []Option) (*DB, error) {
	pool, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, errors.New("sqlstore: the URL does not parse, or the program has not imported the driver " + driver) // the error may hold a password
	}
	pool.SetMaxOpenConns(maxConnections)
	pool.SetMaxIdleConns(maxConnections)
	pool.SetConnMaxLifetime(10 * time.Minute)
	db, err := New(pool, d, options...)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	db.owned = []*sql.DB{pool}
	return db, nil
}

// mysqlDSN turns a URL into the DSN of the driver. The driver finds the address
// between the last "@" and the last "/", so that a password needs no escapes.
func mysqlDSN(name string) (string, error) {
	u, err := url.Parse(name)
	if err != nil || u.Host == "" || len(u.Path) < 2 {
		return "", errors.New("want mysql://user:password@host:port/database") // without what may hold a password
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), "3306")
	}
	user := u.User.Username()
	if strings.Contains(user, ":") {
		return "", errors.New("the driver cannot have a user name with a colon")
	}
	if password, ok := u.User.Password(); ok {
		user += ":" + password
	}
	dsn := user + "@tcp(" + u.Host + ")/" + url.PathEscape(u.Path[1:])
	if u.RawQuery != "" {
		dsn += "?" + u.RawQuery
	}
	return dsn, nil
}
