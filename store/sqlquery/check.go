package sqlquery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// check compares the struct with the table and joins all mistakes. Each error
// names table, column and remedy.
func (t *Table[T]) check(ctx context.Context, name string) error {
	if err := t.db.sql.Check(ctx); err != nil {
		return err
	}
	c, err := t.db.catalogue(ctx, name, t.log)
	if err != nil {
		return err
	}
	t.known = c
	errs := []error{t.checkPolicies(ctx), t.checkUnique(), t.checkFields(c), t.findDefaults(c)}
	if c == nil || errors.Join(errs...) == nil {
		errs = append(errs, t.selectNothing(ctx), t.findTextColumns(ctx))
	}
	if c != nil && c.kind != relationOther {
		t.reportCharacterSets(ctx, c)
		t.reportCollations(ctx, c)
		errs = append(errs, c.checkEngine(), t.checkTimes(c), t.checkNull(c), t.checkFilled(c), t.checkID(c), t.checkUniqueIndexes(ctx, c))
	}
	for _, l := range t.lists {
		errs = append(errs, t.checkList(ctx, l))
	}
	return errors.Join(errs...)
}

// mistake is an error about a field of T.
func (t *Table[T]) mistake(fieldName, format string, args ...any) error {
	return &tagError{reflect.TypeFor[T](), fieldName, fmt.Sprintf(format, args...)}
}

// selectNothing proves that the columns can be read.
func (t *Table[T]) selectNothing(ctx context.Context) error {
	s := t.db.d.statement("SELECT ", t.list(t.typed.fields), " FROM ", t.name, " AS ", alias, " WHERE 1 = 0")
	return t.db.query(ctx, s, func(func(...any) error) error { return nil })
}

// checkFields finds fields whose column does not exist, has another type or is
// that of another field.
func (t *Table[T]) checkFields(c *catalogue) error {
	var errs []error
	names := map[string]string{} // field by column
	for _, f := range t.typed.fields {
		name := c.nameKey(columnName(f.StructField))
		if other, twice := names[name]; twice {
			errs = append(errs, t.mistake(f.Name, "the column %s is that of %s too; give one of them another column (tag db)", name, other))
		}
		names[name] = f.Name
		if c != nil {
			errs = append(errs, t.checkType(c, f))
		}
	}
	for _, f := range hostFields[T]() {
		if other, twice := names[c.nameKey(columnName(f))]; twice {
			errs = append(errs, t.mistake(f.Name, "the column %s is that of %s too; delete this field, which the library would write a second time", columnName(f), other))
		}
	}
	return errors.Join(errs...)
}

func (t *Table[T]) checkType(c *catalogue, f *field) error {
	name := columnName(f.StructField)
	col := c.column(name)
	if col == nil {
		return t.mistake(f.Name, "%s has no column %s; add the column, or name another one in the tag db", c.name, name)
	}
	rule := t.typed.columnRule(f, t.db.d)
	if !rule.accepts(col.class) {
		return t.mistake(f.Name, "%s.%s is %s and cannot hold the %s of the field: the column must be %s", c.name, col.name, col.typ, f.Type, rule.want)
	}
	return nil
}

// checkEngine refuses engines of MariaDB and MySQL without transactions.
func (c *catalogue) checkEngine() error {
	if c.engine == "" || strings.EqualFold(c.engine, "InnoDB") {
		return nil
	}
	return fmt.Errorf("sqlquery: %s has the engine %s; writes need transactions: ALTER TABLE %s ENGINE = InnoDB", c.name, c.engine, c.name)
}

// comparesBytes reports whether texts of a field are the same only if their bytes
// are.
func (t *Table[T]) comparesBytes(f *field) bool {
	return f.role == roleKey || f.role == roleFormer || f.role == roleTenant || f.role == roleID && !t.typed.oneCase()
}

// reportCharacterSets logs columns of MariaDB and MySQL that cannot hold every text:
// a request with another text fails.
func (t *Table[T]) reportCharacterSets(ctx context.Context, c *catalogue) {
	for _, f := range t.typed.fields {
		col := c.column(columnName(f.StructField))
		if col == nil || col.collation == "" || strings.HasPrefix(col.collation, "utf8mb4_") {
			continue
		}
		if strings.HasPrefix(col.collation, "utf8") && !t.comparesBytes(f) {
			continue // utf8mb3 is compared with every text
		}
		t.log.LogAttrs(ctx, slog.LevelWarn, "sqlquery: the character set of the column does not have every character; requests with others fail",
			slog.String("table", c.name), slog.String("column", col.name), slog.String("collation", col.collation),
			slog.String("remedy", "CHARACTER SET utf8mb4; for keys, tenants and ids COLLATE utf8mb4_nopad_bin (MySQL: utf8mb4_0900_bin)"))
	}
}

// reportCollations logs columns of MariaDB and MySQL that are compared byte by
// byte and have another collation: it takes two texts for one.
func (t *Table[T]) reportCollations(ctx context.Context, c *catalogue) {
	for _, f := range t.typed.fields {
		col := c.column(columnName(f.StructField))
		if !t.comparesBytes(f) || col == nil || col.collation == "" || strings.HasSuffix(col.collation, "_bin") {
			continue
		}
		message := "sqlquery: the collation is not binary; a unique index on the column refuses names that differ in accents or in trailing spaces only"
		if f.role == roleTenant {
			message = "sqlquery: the collation is not binary; tenants that differ in case or accents only share their unique names"
		}
		t.log.LogAttrs(ctx, slog.LevelWarn, message,
			slog.String("table", c.name), slog.String("column", col.name), slog.String("collation", col.collation),
			slog.String("remedy", "CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin (MySQL: utf8mb4_0900_bin)"))
	}
}

// checkTimes refuses columns of MariaDB and MySQL for meta.created and
// meta.lastModified that would hold another time than the response: the database
// writes them too, or drops microseconds.
func (t *Table[T]) checkTimes(c *catalogue) error {
	var errs []error
	for _, f := range []*field{t.typed.created, t.typed.modified} {
		if f == nil {
			continue
		}
		switch col := c.column(columnName(f.StructField)); {
		case col == nil || c.engine == "" || col.class != classTime:
		case col.updated:
			errs = append(errs, fmt.Errorf("sqlquery: %s.%s has ON UPDATE CURRENT_TIMESTAMP, so that the row has another time than the response: give the field %s a column of its own", c.name, col.name, f.Name))
		case !strings.HasSuffix(col.typ, "(6)"):
			errs = append(errs, fmt.Errorf("sqlquery: %s.%s is %s, which does not keep microseconds: make it DATETIME(6)", c.name, col.name, col.typ))
		}
	}
	return errors.Join(errs...)
}

// checkNull finds columns that the library sets to NULL and that are NOT NULL.
func (t *Table[T]) checkNull(c *catalogue) error {
	if t.deleted == nil {
		return nil
	}
	var errs []error
	for _, f := range t.typed.fields {
		clears := f == t.deleted && f.nullable || f.role == roleFormer || f.role == roleKey && f.nullable
		if col := c.column(columnName(f.StructField)); clears && col != nil && col.notNull {
			errs = append(errs, fmt.Errorf("sqlquery: %s.%s is NOT NULL, but the library sets it to NULL when a resource is deleted or revived: make the column nullable", c.name, col.name))
		}
	}
	return errors.Join(errs...)
}

// checkFilled finds columns of the application that are NOT NULL and that neither
// the library nor the database fills in a new row.
func (t *Table[T]) checkFilled(c *catalogue) error {
	var known []string
	for _, f := range t.typed.fields {
		known = append(known, columnName(f.StructField))
	}
	if t.options.New != nil {
		for _, f := range hostFields[T]() {
			known = append(known, columnName(f))
		}
	}
	return c.unfilled(known, "give the column a DEFAULT, or T a field with the tag db that Options.New sets")
}

// unfilled returns an error for each column that is NOT NULL, has no DEFAULT and
// is not one of the columns that the library writes. A trigger that runs before
// the insert may fill them.
func (c *catalogue) unfilled(written []string, remedy string) error {
	if c.fillsRows {
		return nil
	}
	var errs []error
	for _, col := range c.columns {
		writes := slices.ContainsFunc(written, func(name string) bool { return c.same(col.name, name) })
		if col.notNull && !col.filled && col.generated == "" && !writes {
			errs = append(errs, fmt.Errorf("sqlquery: %s.%s is NOT NULL without a DEFAULT, and a new row would have no value for it: %s", c.name, col.name, remedy))
		}
	}
	return errors.Join(errs...)
}

// checkID requires a unique index on the id: without one the library could write
// two rows at once. The database assigns integers. Ids that are never assigned twice may be unique in each
// tenant or partition only. SQLite must not assign the id of a deleted row again
// (RFC 7643 §3.1).
func (t *Table[T]) checkID(c *catalogue) error {
	id := columnName(t.id.StructField)
	var more []string
	if t.typed.oneCase() {
		more = append(t.tenantColumns(), t.fixedColumns(c)...)
	}
	found := slices.ContainsFunc(c.indexes, func(i *catalogueIndex) bool {
		return i.unique && i.where == "" && (c.covers(i, []string{id}, more) || c.kind == relationPartitioned && i.mentions(c, id))
	})
	if !found {
		return fmt.Errorf("sqlquery: %s.%s is the id and has no unique index: make it the primary key", c.name, id)
	}
	if col := c.column(id); t.typed.integerIDs() && col != nil && !col.filled && !c.fillsRows {
		return fmt.Errorf("sqlquery: %s.%s is not assigned by the database: make it %s", c.name, id, t.db.d.serial)
	}
	if t.typed.integerIDs() && t.deleted == nil && c.definition != "" && !autoincrement.MatchString(c.definition) {
		return fmt.Errorf("sqlquery: %s.%s must be %s; otherwise SQLite assigns the id of a deleted row again", c.name, id, t.db.d.serial)
	}
	return nil
}

var autoincrement = regexp.MustCompile(`(?i)\bAUTOINCREMENT\b`)

// findDefaults finds out what the application's columns are set to when a row is
// revived. Each of them must exist and be a column that can be set.
func (t *Table[T]) findDefaults(c *catalogue) error {
	if len(t.former) == 0 {
		return nil
	}
	t.fresh = map[string]string{}
	var errs []error
	for _, f := range hostFields[T]() {
		name := columnName(f)
		t.fresh[name] = "DEFAULT"
		if c == nil {
			continue
		}
		switch col := c.column(name); {
		case col == nil:
			errs = append(errs, t.mistake(f.Name, "reviving needs the column %s.%s; add it, or delete the field", c.name, name))
		case col.generated != "":
			errs = append(errs, t.mistake(f.Name, "reviving needs a column that can be set, and %s.%s is generated: delete the field", c.name, name))
		case !t.db.d.setsDefault:
			t.fresh[name] = "(" + col.value + ")"
		}
	}
	if c == nil && !t.db.d.setsDefault && len(t.fresh) > 0 {
		errs = append(errs, fmt.Errorf("sqlquery: %s: reviving needs the DEFAULTs of the table, which the database does not show", t.typed))
	}
	return errors.Join(errs...)
}
