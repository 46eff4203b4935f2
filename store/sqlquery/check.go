package sqlquery

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// check fails if the table lacks a column of the struct, or if it may assign an
// id again after a deletion (RFC 7643 §3.1).
func (t *Table[T]) check(ctx context.Context, name string) error {
	if err := t.db.sql.Check(ctx); err != nil {
		return err
	}
	errs := []error{t.checkColumns(ctx), t.findTextColumns(ctx)}
	if t.db.d == SQLite.dialect && t.typed.integerIDs() {
		errs = append(errs, t.checkAutoincrement(ctx, name))
	}
	if len(t.former) > 0 {
		errs = append(errs, t.checkHostColumns(ctx, name))
	}
	return errors.Join(errs...)
}

// checkColumns selects all columns. If that fails it selects each of them, so
// that the error names those that are missing.
func (t *Table[T]) checkColumns(ctx context.Context) error {
	fields := t.typed.fields
	if t.selectNothing(ctx, fields) == nil {
		return nil
	}
	var errs []error
	if err := t.selectNothing(ctx, []*field{t.id}); err != nil {
		return err
	}
	for _, f := range fields {
		if err := t.selectNothing(ctx, []*field{f}); err != nil {
			errs = append(errs, fmt.Errorf("%s.%s: %w", t.typed, f.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (t *Table[T]) selectNothing(ctx context.Context, fields []*field) error {
	s := t.db.d.statement("SELECT ", t.list(fields), " FROM ", t.name, " AS ", alias, " WHERE 1 = 0")
	return t.db.query(ctx, s, func(func(...any) error) error { return nil })
}

var autoincrement = regexp.MustCompile(`(?i)\bAUTOINCREMENT\b`)

// checkAutoincrement requires AUTOINCREMENT. Without it SQLite assigns the
// greatest id again after its row is deleted.
func (t *Table[T]) checkAutoincrement(ctx context.Context, name string) error {
	if t.deleted != nil {
		return nil // deleted rows stay in the table
	}
	schemaName, table := "main", name
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		schemaName, table = name[:i], name[i+1:]
	}
	var definitions []string
	s := t.db.d.statement("SELECT sql FROM ", t.db.d.ident(schemaName+".sqlite_master"), " WHERE type = 'table' AND lower(name) = lower(").arg(table).add(")")
	err := t.db.query(ctx, s, func(scan func(...any) error) error {
		definitions = append(definitions, "")
		return scan(&definitions[len(definitions)-1])
	})
	if err == nil && !slices.ContainsFunc(definitions, autoincrement.MatchString) {
		err = fmt.Errorf("sqlquery: the key of %s must be INTEGER PRIMARY KEY AUTOINCREMENT; otherwise SQLite assigns the id of a deleted row again", name)
	}
	return err
}
