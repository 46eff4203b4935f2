package sqlquery

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/seed5f3efb56/scim/store"
)

// Option changes how a [DB] works.
type Option func(*DB)

// Prepare sets a function that prepares each transaction for the tenant of the
// request (store.Tenant, "" without one), so that row-level security of the
// database keeps tenants apart:
//
//	sqlquery.Prepare(func(ctx context.Context, tx *sql.Tx, tenant string) error {
//		_, err := tx.ExecContext(ctx, "SELECT set_config('app.tenant', $1, true)", tenant)
//		return err
//	})
//
// What the function sets must end with the transaction (SET LOCAL), because a
// pool or a pooler gives the connection to another tenant next. After its end
// PostgreSQL shows the setting as "", which must not be a tenant of a policy:
//
//	CREATE POLICY tenants ON users USING (tenant = NULLIF(current_setting('app.tenant', true), ''))
//
// The function runs before the first statement of every transaction: of those
// that the DB begins, of those that it joins, and of those given to [DB.WithTx].
// It runs again in the same transaction before a statement of another tenant;
// after that, statements of the application in this transaction have that tenant.
// A ROLLBACK TO SAVEPOINT of the application must not undo it. Reads outside of a
// transaction run in a short one that only reads. [NewTable] calls it with the
// tenant of its context.
//
// A table whose struct has no tenant field then has rows of every tenant, so
// NewTable fails unless row-level security is active in it for the role of the
// connection: superusers, roles with BYPASSRLS and, without FORCE ROW LEVEL
// SECURITY, the owner of the table are exempt. A member table and those of
// Options.Lists need policies too; they are not checked.
//
// An error of the function ends the transaction. It is classified like that of a
// statement: store.ErrUnavailable (503) for a lost connection, a conflict or a
// server that cannot answer, else unknown (500). A [*schema.Error] in it is sent
// to the client. The function must not use the DB or its tables.
//
// Functions for all tenants, [Table.RebuildKeys] and [Table.EnsureKeys], fail with a
// DB that has a Prepare: they take a DB without it, on a pool whose role is exempt
// from row-level security, and a struct with a tenant field. SQLite has no settings
// that end with the transaction; New refuses it.
func Prepare(fn func(ctx context.Context, tx *sql.Tx, tenant string) error) Option {
	return func(db *DB) { db.sql.Prepare = fn }
}

// allTenants fails if the DB sees one tenant at a time.
func (db *DB) allTenants(what string) error {
	if db.sql.Prepare == nil {
		return nil
	}
	return fmt.Errorf("sqlquery: %s works on the rows of all tenants: call it on a table of a DB without Prepare, with a role that is exempt from row-level security", what)
}

// checkPolicies fails if neither a tenant field nor row-level security keeps the
// tenants of a DB with a Prepare apart.
func (t *Table[T]) checkPolicies(ctx context.Context) error {
	if t.db.sql.Prepare == nil || len(t.typed.tenants) > 0 {
		return nil
	}
	if t.db.d == PostgreSQL.dialect {
		s := t.db.d.statement("SELECT row_security_active(").arg(t.name).add("::text)")
		if err := t.db.query(ctx, s, func(scan func(...any) error) error { return scan(&t.policed) }); err != nil {
			return err
		}
	}
	if !t.policed {
		return fmt.Errorf("sqlquery: nothing keeps the tenants of %s apart: give %s a tenant field, or put row-level security into force for the role of the connection (ENABLE and FORCE ROW LEVEL SECURITY, no superuser, no BYPASSRLS)", t.name, t.typed)
	}
	return nil
}

// checkTenant fails without a tenant, on a table in which row-level security
// decides.
func (t *Table[T]) checkTenant(ctx context.Context) error {
	if store.Tenant(ctx) == "" {
		return fmt.Errorf("sqlquery: %s has row-level security, but the request has no tenant: set store.Token.Tenant, or scim.Principal.Tenant in the Authenticator", t.name)
	}
	return nil
}
