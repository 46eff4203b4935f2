package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	_ "github.com/go-sql-driver/mysql"
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
	tables        backend
	users, groups store.Store
	close         func() error
}

// open opens the database of -db: memory, a postgres:// or mysql:// URL, or a file.
func open(ctx context.Context, name string) (*database, error) {
	if name == "memory" {
		db := memstore.New()
		return &database{
			users: db.Store(schema.UserType), groups: db.Store(schema.GroupType),
			tables: db, close: func() error { return nil },
		}, nil
	}
	db, err := sqlstore.OpenURL(name)
	if err != nil {
		return nil, err
	}
	d := &database{
		users: db.Store(schema.UserType), groups: db.Store(schema.GroupType),
		tables: db, close: db.Close,
	}
	if err := db.Migrate(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
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
	kept, err := d.tables.ListTokens(ctx)
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
	if err := d.tables.AddToken(ctx, made); err != nil {
		return store.Token{}, err
	}
	fmt.Fprintf(stdout, "Bearer token (shown once; set -token or $SCIM_TOKEN for one of your own):\n%s\n", secret)
	return made, nil
}
