package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// schemaVersion is the number of the newest migration.
const schemaVersion = 12

// Migrate brings the tables of parts, without parts those of all, to the version
// this package needs, and rebuilds the keys of those types for which [DB.Store] was
// called and whose keys are made in another way than before (a new
// [schema.FoldVersion], another set of indexed paths). It changes nothing in tables
// that are up to date, also if another tool applied the migrations of [Schema].
// Several processes may call it at the same time: one works and the others wait. It
// refuses tables of a newer version of this package.
func (db *DB) Migrate(ctx context.Context, parts ...Part) error {
	if db.sql.InTransaction(ctx) {
		return errors.New("sqlstore: Migrate cannot run in a transaction")
	}
	wanted, err := Schema(Dialect{db.d}, parts...)
	if err != nil {
		return err
	}
	if err := db.sql.Check(ctx); err != nil {
		return err
	}
	if !db.isCurrent(ctx, wanted) {
		migrate := func(ctx context.Context) error { return db.migrate(ctx, wanted) }
		if err := db.exclusively(ctx, migrate); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	if db.d.weak != nil {
		db.d.weak(ctx, db)
	}
	return db.prepare(ctx)
}

// Check fails if a migration of the parts, without parts of all, was not applied,
// or if the tables are of a newer version of this package. It writes nothing.
// Programs whose tables are migrated by another tool call it at their start.
func (db *DB) Check(ctx context.Context, parts ...Part) error {
	wanted, err := Schema(Dialect{db.d}, parts...)
	if err != nil {
		return err
	}
	if err := db.sql.Check(ctx); err != nil {
		return err
	}
	done, err := db.applied(ctx)
	if err != nil {
		return fmt.Errorf("%w (was Migrate called?)", err)
	}
	for _, m := range wanted {
		if !done[m.step()] {
			return fmt.Errorf("sqlstore: the migration %s was not applied: call Migrate, or apply the SQL of Schema", m.Name)
		}
	}
	return nil
}

// isCurrent reports whether the migrations were applied. Then nothing is written, so
// that a program can serve reads from a replica.
func (db *DB) isCurrent(ctx context.Context, wanted []Migration) bool {
	done, err := db.applied(ctx)
	return err == nil && !slices.ContainsFunc(wanted, func(m Migration) bool { return !done[m.step()] })
}

// exclusively runs fn in a transaction while no other process migrates.
func (db *DB) exclusively(ctx context.Context, fn func(ctx context.Context) error) error {
	return db.sql.Write(ctx, sqldb.BeginOptions{Statement: db.d.lock, After: db.d.unlock}, fn)
}

func (db *DB) migrate(ctx context.Context, wanted []Migration) error {
	if err := db.script(ctx, db.d.recordTable()); err != nil {
		return err
	}
	done, err := db.applied(ctx)
	if err != nil {
		return err
	}
	if len(done) == 0 {
		if done, err = db.adoptVersion(ctx); err != nil {
			return err
		}
	}
	for _, m := range wanted {
		if done[m.step()] {
			continue
		}
		if err := db.apply(ctx, m); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	return nil
}

// step identifies a migration.
type step struct {
	part    Part
	version int
}

func (m Migration) step() step { return step{m.Part, m.Version} }

// applied returns the migrations that were applied.
func (db *DB) applied(ctx context.Context) (map[step]bool, error) {
	done := map[step]bool{}
	err := db.query(ctx, "SELECT part, version FROM scim_migration", nil, func(scan func(...any) error) error {
		var s step
		err := scan(&s.part, &s.version)
		done[s] = true
		return errors.Join(err, notNewer(s.version))
	})
	return done, err
}

func notNewer(version int) error {
	if version > schemaVersion {
		return fmt.Errorf("sqlstore: the tables are of version %d, newer than this program's %d", version, schemaVersion)
	}
	return nil
}

// adoptVersion records the migrations of tables from before migrations had parts:
// the table scim_schema has the versions of all of them.
func (db *DB) adoptVersion(ctx context.Context) (map[step]bool, error) {
	done := map[step]bool{}
	var tables, version int
	if err := db.one(ctx, db.d.hasTable, []any{"scim_schema"}, &tables); err != nil || tables == 0 {
		return done, err
	}
	if err := db.one(ctx, "SELECT COALESCE(MAX(version), 0) FROM scim_schema", nil, &version); err != nil {
		return nil, err
	}
	if err := notNewer(version); err != nil {
		return nil, err
	}
	all, err := Schema(Dialect{db.d})
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		if m.Version > version {
			continue
		}
		if err := db.script(ctx, db.d.recording(m.Part, m.Version)); err != nil {
			return nil, err
		}
		done[m.step()] = true
	}
	return done, nil
}

// apply runs the statements of a migration, the last of which records it.
func (db *DB) apply(ctx context.Context, m Migration) error {
	if err := db.script(ctx, m.SQL); err != nil {
		return err
	}
	if m.step() == (step{Outbox, 5}) {
		return db.fillOwners(ctx)
	}
	return nil
}

// script runs statements, each of which ends with a semicolon and a newline.
func (db *DB) script(ctx context.Context, text string) error {
	for _, statement := range strings.SplitAfter(text, ";\n") {
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
	if err := db.Check(ctx, Resources); err != nil {
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
	if err := db.Check(ctx, Resources); err != nil {
		return err
	}
	for _, t := range db.unprepared() {
		if err := t.prepareWithin(ctx, writing); err != nil {
			return err
		}
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
