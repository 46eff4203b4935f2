package sqlquery

import (
	"fmt"
	"strings"
)

// KeyGuard returns the statements that make the database refuse a writer that
// forgets a key, for migration tools; it runs none of them. For each key column
// they demand, of rows that are not deleted and have a value:
//
//   - the key of an ASCII value is the value in lower case (CHECK; in SQLite a
//     trigger),
//   - any other value has a key (likewise),
//   - an UPDATE that changes such a value changes the key or the version
//     (trigger, if T has a field for meta.version). The database cannot compute
//     schema.FoldKey of such a value, and a change of case leaves the key as it
//     is, but the library moves the version with every change.
//
// Writes of the library satisfy them. Run them when no row is without its key,
// after [Table.EnsureKeys]. Options.Where becomes part of the CHECK: it must name
// columns without an alias, and no other table.
func (t *Table[T]) KeyGuard() []string {
	var out []string
	for _, f := range t.typed.fields {
		if key := t.typed.keyField(f); key != nil && f.role == roleAttribute {
			out = append(out, t.db.d.guard(t.db.d, t.keyGuard(f, key))...)
		}
	}
	return out
}

// keyGuard describes the guard of one key column. Names are quoted, but for name and plainTable.
type keyGuard struct {
	name        string // of the constraint and the trigger
	plainTable  string // not quoted
	table, id   string
	value, key  string
	deleted     string // the condition for a deleted row; %s is the prefix of a column
	version     string // "" without a field for it
	where       string
	explanation string // of the error, without quotes
}

func (t *Table[T]) keyGuard(f, key *field) keyGuard {
	_, table := splitName(t.table)
	g := keyGuard{
		name: table + "_" + columnName(key.StructField) + "_guard", plainTable: t.table, table: t.name, id: t.columns[t.id],
		value: t.columns[f], key: t.columns[key], where: t.options.Where,
	}
	if t.deleted != nil {
		g.deleted = "%s" + t.columns[t.deleted] + " IS TRUE"
		if t.deleted.nullable {
			g.deleted = "%s" + t.columns[t.deleted] + " IS NOT NULL"
		}
	}
	if t.version != nil {
		g.version = t.columns[t.version]
	}
	g.explanation = strings.NewReplacer("'", "", `"`, "", "`", "").Replace(fmt.Sprintf("%s: write schema.FoldKey of %s to %s beside it", table, g.value, g.key))
	return g
}

// exempt is the condition for rows that need no key. The prefix stands before
// each column.
func (g keyGuard) exempt(prefix string) string {
	out := prefix + g.value + " IS NULL OR " + prefix + g.value + " = ''"
	if g.deleted != "" {
		out += " OR " + strings.ReplaceAll(g.deleted, "%s", prefix)
	}
	return out
}

// right is the condition that a row has the key of its value, or needs none.
// ascii and lower are expressions of the value.
func (g keyGuard) right(prefix, ascii, lower string, key func(column string) string) string {
	k := key("COALESCE(" + prefix + g.key + ", '')")
	out := g.exempt(prefix) + " OR CASE WHEN " + ascii + " THEN " + k + " = " + lower + " ELSE " + k + " <> " + key("''") + " END"
	if g.where != "" {
		out = "(" + g.where + ") IS NOT TRUE OR " + out
	}
	return out
}

func (g keyGuard) check(d *dialect, right string) string {
	return "ALTER TABLE " + g.table + " ADD CONSTRAINT " + d.ident(g.name) + " CHECK (" + right + ")"
}

// postgresGuard has a CHECK, and a trigger for values that are not ASCII.
func postgresGuard(d *dialect, g keyGuard) []string {
	text := func(x string) string { return "CAST(" + x + ` AS text) COLLATE "C"` }
	ascii := func(x string) string { return "(" + text(x) + `) !~ '[^\x01-\x7F]'` }
	out := []string{g.check(d, g.right("", ascii(g.value), "lower("+text(g.value)+")", text))}
	if g.version == "" {
		return out
	}
	function := d.ident(g.name)
	return append(out,
		"CREATE FUNCTION "+function+"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '"+g.explanation+"' USING ERRCODE = 'check_violation'; END $$",
		"CREATE TRIGGER "+function+" BEFORE UPDATE ON "+g.table+" FOR EACH ROW WHEN (NOT ("+g.exempt("NEW.")+" OR "+ascii("NEW."+g.value)+
			") AND "+text("NEW."+g.value)+" IS DISTINCT FROM "+text("OLD."+g.value)+
			" AND NEW."+g.key+" IS NOT DISTINCT FROM OLD."+g.key+" AND NEW."+g.version+" IS NOT DISTINCT FROM OLD."+g.version+") EXECUTE FUNCTION "+function+"()")
}

// mysqlGuard has a CHECK, and a trigger for values that are not ASCII.
func mysqlGuard(d *dialect, g keyGuard) []string {
	ascii := func(x string) string { return "CHAR_LENGTH(" + x + ") = LENGTH(CONVERT(" + x + " USING utf8mb4))" }
	out := []string{g.check(d, g.right("", ascii(g.value), mysqlBytes("LOWER(CONVERT("+g.value+" USING utf8mb4))"), mysqlBytes))}
	if g.version == "" {
		return out
	}
	return append(out, "CREATE TRIGGER "+d.ident(g.name)+" BEFORE UPDATE ON "+g.table+" FOR EACH ROW IF NOT ("+g.exempt("NEW.")+" OR "+ascii("NEW."+g.value)+
		") AND NOT ("+mysqlBytes("NEW."+g.value)+" <=> "+mysqlBytes("OLD."+g.value)+
		") AND NEW."+g.key+" <=> OLD."+g.key+" AND NEW."+g.version+" <=> OLD."+g.version+
		" THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '"+g.explanation+"'; END IF")
}

// sqliteGuard has triggers, since SQLite adds no CHECK to a table that exists.
func sqliteGuard(d *dialect, g keyGuard) []string {
	schemaName, table := splitName(g.plainTable)
	name := func(event string) string {
		return d.ident(strings.TrimPrefix(schemaName+"."+g.name+"_"+event, "."))
	}
	on := d.ident(table) // a trigger and its table are in one schema
	ascii := func(x string) string { return "length(CAST(" + x + " AS BLOB)) = length(" + x + ")" }
	key := func(x string) string { return x + " COLLATE BINARY" }
	wrong := "NOT (" + g.right("", ascii(g.value), "lower("+g.value+")", key) + ")"
	refuse := func(event, condition string) string {
		return "CREATE TRIGGER " + name(event) + " AFTER " + strings.ToUpper(event) + " ON " + on +
			" BEGIN SELECT RAISE(ABORT, '" + g.explanation + "') FROM " + on + " WHERE " + g.id + " = NEW." + g.id + " AND (" + condition + "); END"
	}
	changed := wrong
	if g.version != "" {
		changed += " OR NOT (" + g.exempt("NEW.") + " OR " + ascii("NEW."+g.value) + ") AND NEW." + g.value + " COLLATE BINARY IS NOT OLD." + g.value +
			" AND NEW." + g.key + " IS OLD." + g.key + " AND NEW." + g.version + " IS OLD." + g.version
	}
	return []string{refuse("insert", wrong), refuse("update", changed)}
}
