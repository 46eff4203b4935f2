package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// database is what the program needs of either kind.
type database struct {
	users, groups store.Store
	tx            store.Transactor
	close         func() error
	file          string // "" in memory
}

func open(ctx context.Context, name string) (*database, error) {
	if name == "memory" {
		db := memstore.New()
		return &database{
			users: db.Store(schema.UserType), groups: db.Store(schema.GroupType),
			tx: db, close: func() error { return nil },
		}, nil
	}
	db, err := sqlstore.OpenSQLite("sqlite", name)
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &database{
		users: db.Store(schema.UserType), groups: db.Store(schema.GroupType),
		tx: db, close: db.Close, file: name,
	}, nil
}

func (d *database) Close() error { return d.close() }

// token returns the bearer token to accept: the one given, else the one made
// at first start, of which the database keeps the hash alone.
func (d *database) token(ctx context.Context, given string, stdout io.Writer) (scim.Token, error) {
	if given != "" {
		return scim.HashToken("given", given), nil
	}
	if d.file == "" {
		return newToken(stdout), nil
	}
	db, err := sql.Open("sqlite", "file:"+d.file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return scim.Token{}, err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS quickstart_token (sha256 TEXT NOT NULL)"); err != nil {
		return scim.Token{}, err
	}
	var kept string
	switch err := db.QueryRowContext(ctx, "SELECT sha256 FROM quickstart_token").Scan(&kept); {
	case err == nil:
		return scim.ParseToken("first start", kept)
	case !errors.Is(err, sql.ErrNoRows):
		return scim.Token{}, err
	}
	made := newToken(stdout)
	_, err = db.ExecContext(ctx, "INSERT INTO quickstart_token (sha256) VALUES (?)", hex.EncodeToString(made.SHA256[:]))
	return made, err
}

// newToken makes a token and shows it, once.
func newToken(stdout io.Writer) scim.Token {
	var secret [sha256.Size]byte
	rand.Read(secret[:]) // never fails: crypto/rand
	text := hex.EncodeToString(secret[:])
	fmt.Fprintf(stdout, "Bearer token (shown once; set -token or $SCIM_TOKEN for one of your own):\n%s\n", text)
	return scim.HashToken("first start", text)
}
