// Package orms ends the sessions of a user in the transaction of the write, with
// the handles of sqlc, gorm, bun and ent, for docs/embedding.md. None of them may
// begin, commit or roll back a transaction in a hook.
package orms

import (
	"context"
	"database/sql"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/glebarez/sqlite"
	"github.com/uptrace/bun"
	"gorm.io/gorm"

	"github.com/seed5f3efb56/scim/examples/integrations/orms/queries"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// Session is a row of sessions.
type Session struct {
	bun.BaseModel `bun:"table:sessions" gorm:"-"`
	AccountID     int64
	Token         string
}

// SQLC ends the sessions of an account by queries of sqlc.
func SQLC(ctx context.Context, accountID int64) error {
	tx, _ := sqlquery.Tx(ctx)
	return queries.New(tx).EndSessions(ctx, accountID)
}

// Gorm ends the sessions of an account by gorm.
func Gorm(ctx context.Context, accountID int64) error {
	tx, _ := sqlquery.Tx(ctx)
	db, err := gorm.Open(sqlite.Dialector{Conn: tx}, &gorm.Config{SkipDefaultTransaction: true})
	if err != nil {
		return err
	}
	return db.WithContext(ctx).Where("account_id = ?", accountID).Delete(&Session{}).Error
}

// Bun ends the sessions of an account by a query of bun that runs in tx.
func Bun(ctx context.Context, db *bun.DB, accountID int64) error {
	tx, _ := sqlquery.Tx(ctx)
	_, err := db.NewDelete().Conn(tx).Model((*Session)(nil)).Where("account_id = ?", accountID).Exec(ctx)
	return err
}

// Ent ends the sessions of an account by a driver of ent on the transaction. An
// application gives it to the client that ent generated, which is too large for an
// example: ent.NewClient(ent.Driver(driver)).Session.Delete() passes the same test (v0.14.5).
func Ent(ctx context.Context, accountID int64) error {
	tx, _ := sqlquery.Tx(ctx)
	driver := entsql.NewDriver(dialect.SQLite, entsql.Conn{ExecQuerier: tx})
	query, args := entsql.Dialect(dialect.SQLite).Delete("sessions").Where(entsql.EQ("account_id", accountID)).Query()
	var result sql.Result
	return driver.Exec(ctx, query, args, &result)
}
