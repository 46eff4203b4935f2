package sqlstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

//go:embed migrations
var migrations embed.FS

// schemaVersion is the number of the newest migration.
const schemaVersion = 7

// Migrate brings the tables to the version this package needs, and rebuilds
// the keys of those types for which [DB.Store] was called and whose keys are
// made in another way than before (a new [schema.FoldVersion], another set of
// indexed paths). It changes nothing in tables that are up to date. Several
// processes may call it at the same time: one works and the others wait. It
// refuses tables of a newer version of this package.
func (db *DB) Migrate(ctx context.Context) error {
	if db.sql.InTransaction(ctx) {
		return errors.New("sqlstore: Migrate cannot run in a transaction")
	}
	if err := db.sql.Check(ctx); err != nil {
		return err
	}
	if !db.isCurrent(ctx) {
		if err := db.exclusively(ctx, db.migrate); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	if db.d.weak != nil {
		db.d.weak(ctx, db)
	}
	return db.prepare(ctx)
}

// isCurrent reports whether the tables are there, in the version of this program.
// Then nothing is written, so that a program can serve reads from a replica.
func (db *DB) isCurrent(ctx context.Context) bool {
	v, err := db.currentVersion(ctx)
	return err == nil && v == schemaVersion
}

// exclusively runs fn in a transaction while no other process migrates.
func (db *DB) exclusively(ctx context.Context, fn func(ctx context.Context) error) error {
	return db.sql.Write(ctx, sqldb.BeginOptions{Statement: db.d.lock, After: db.d.unlock}, fn)
}

func (db *DB) migrate(ctx context.Context) error {
	if _, err := db.exec(ctx, "CREATE TABLE IF NOT EXISTS scim_schema (version INTEGER NOT NULL PRIMARY KEY)"); err != nil {
		return err
	}
	current, err := db.currentVersion(ctx)
	if err != nil {
		return err
	}
	for v := current + 1; v <= schemaVersion; v++ {
		if err := db.apply(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) currentVersion(ctx context.Context) (int, error) {
	var v int
	if err := db.one(ctx, "SELECT COALESCE(MAX(version), 0) FROM scim_schema", nil, &v); err != nil {
		return 0, err
	}
	if v > schemaVersion {
		return 0, fmt.Errorf("sqlstore: the tables are of version %d, newer than this program's %d", v, schemaVersion)
	}
	return v, nil
}

// apply runs the statements of one migration, of each part, and records it.
func (db *DB) apply(ctx context.Context, version int) error {
	files, err := fs.Glob(migrations, fmt.Sprintf("migrations/%s/%d_*.sql", db.d.name, version))
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := db.applyFile(ctx, file); err != nil {
			return err
		}
	}
	if version == 5 {
		if err := db.fillOwners(ctx); err != nil {
			return err
		}
	}
	_, err = db.exec(ctx, "INSERT INTO scim_schema (version) VALUES (?)", version)
	return err
}

func (db *DB) applyFile(ctx context.Context, name string) error {
	text, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	for _, statement := range strings.SplitAfter(string(text), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := db.exec(ctx, strings.TrimSuffix(statement, ";\n")); err != nil {
			return err
		}
	}
	return nil
}

// fillOwners sets the column owner, which migration 5 adds, from the tenant.
func (db *DB) fillOwners(ctx context.Context) error {
	var tenants []string
	err := db.query(ctx, "SELECT DISTINCT tenant FROM scim_outbox", nil, func(scan func(...any) error) error {
		var t string
		err := scan(&t)
		tenants = append(tenants, t)
		return err
	})
	if err != nil {
		return err
	}
	for _, t := range tenants {
		name, err := inexact(t)
		if err != nil {
			return err
		}
		if _, err := db.exec(ctx, "UPDATE scim_outbox SET owner = ? WHERE tenant = ?", squeeze(name), t); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes sure, once for each store, that the tables and the keys are as
// this process expects them.
func (db *DB) prepare(ctx context.Context) error {
	if db.pending.Load() == 0 {
		return nil
	}
	select {
	case db.checking <- struct{}{}:
		defer func() { <-db.checking }()
	case <-ctx.Done():
		return fmt.Errorf("sqlstore: %w", ctx.Err())
	}
	if db.pending.Load() == 0 {
		return nil
	}
	if err := db.checkVersion(ctx); err != nil {
		return err
	}
	for _, t := range db.unprepared() {
		if err := t.prepare(ctx); err != nil {
			return err
		}
		t.prepared.Store(true)
		db.pending.Add(-1)
	}
	return nil
}

// prepareWithin is prepare in a transaction, which may belong to another package. It
// does not rebuild keys or wait for a rebuild, and sets no state that a rollback
// would make wrong.
func (db *DB) prepareWithin(ctx context.Context, writing bool) error {
	if db.pending.Load() == 0 {
		return nil
	}
	if err := db.checkVersion(ctx); err != nil {
		return err
	}
	for _, t := range db.unprepared() {
		if err := t.prepareWithin(ctx, writing); err != nil {
			return err
		}
	}
	return nil
}

// checkVersion fails if the tables are not as this package needs them.
func (db *DB) checkVersion(ctx context.Context) error {
	if err := db.sql.Check(ctx); err != nil {
		return err
	}
	v, err := db.currentVersion(ctx)
	if err != nil {
		return fmt.Errorf("%w (was Migrate called?)", err)
	}
	if v < schemaVersion {
		return fmt.Errorf("sqlstore: the tables are of version %d, this program needs %d: call Migrate", v, schemaVersion)
	}
	return nil
}

// ready is called first by everything that may run outside a transaction.
func (db *DB) ready(ctx context.Context) error {
	if db.sql.InTransaction(ctx) {
		return db.prepareWithin(ctx, false)
	}
	return db.prepare(ctx)
}
