package sqlquery

import (
	"context"
	"strings"
)

const sqliteColumns = `SELECT name, type, "notnull", COALESCE(dflt_value, 'NULL'), dflt_value IS NOT NULL, pk, hidden IN (2, 3)
FROM pragma_table_xinfo(?, ?) WHERE hidden <> 1`

// sqliteIndexes reads the parts of the indexes; %s is the schema table.
const sqliteIndexes = `SELECT l.name, l."unique", l.partial, COALESCE(x.name, ''), COALESCE(m.sql, '')
FROM pragma_index_list(?, ?) AS l JOIN pragma_index_xinfo(l.name, ?) AS x
LEFT JOIN %s AS m ON m.type = 'index' AND m.name = l.name
WHERE x.key = 1 ORDER BY l.name, x.seqno`

func sqliteCatalogue(ctx context.Context, db *DB, table string) (*catalogue, error) {
	c := &catalogue{}
	schemaName, name := splitName(table)
	if schemaName == "" {
		schemaName = "main"
	}
	master := db.d.ident(schemaName + ".sqlite_master")
	c.kind = relationOther
	err := db.rows(ctx, "SELECT sql FROM "+master+" WHERE type = 'table' AND lower(name) = lower(?)", []any{name}, func(scan func(...any) error) error {
		c.kind = relationTable
		return scan(&c.definition)
	})
	if err != nil {
		return c, err
	}
	primary := catalogueIndex{name: "PRIMARY KEY", unique: true}
	err = db.rows(ctx, sqliteColumns, []any{name, schemaName}, func(scan func(...any) error) error {
		col := &catalogueColumn{}
		var key int
		var generated bool
		if err := scan(&col.name, &col.typ, &col.notNull, &col.value, &col.filled, &key, &generated); err != nil {
			return err
		}
		if generated {
			col.generated = c.definition
		}
		if key > 0 {
			primary.parts = append(primary.parts, indexPart{column: col.name})
		}
		col.class = sqliteClass(col.typ)
		c.columns = append(c.columns, col)
		return nil
	})
	if err != nil {
		return c, err
	}
	if primary.parts != nil {
		c.indexes = append(c.indexes, &primary)
	}
	if len(primary.parts) == 1 {
		rowid := c.column(primary.parts[0].column)
		rowid.filled = rowid.filled || strings.EqualFold(rowid.typ, "INTEGER")
	}
	return c, db.rows(ctx, strings.Replace(sqliteIndexes, "%s", master, 1), []any{name, schemaName, schemaName}, func(scan func(...any) error) error {
		var index catalogueIndex
		var part indexPart
		var partial bool
		var definition string
		err := scan(&index.name, &index.unique, &partial, &part.column, &definition)
		if i := strings.LastIndex(strings.ToUpper(definition), "WHERE"); partial && i >= 0 {
			index.where = definition[i+len("WHERE"):]
		}
		if part.column == "" {
			part.expression = definition
		}
		c.addPart(index, part)
		return err
	})
}

// sqliteClass returns the class of a declared type: by the names that
// applications give to booleans, times and the like, else by the affinity
// (https://sqlite.org/datatype3.html §3.1).
func sqliteClass(typ string) columnClass {
	t := strings.ToUpper(typ)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(t, w) {
				return true
			}
		}
		return false
	}
	switch {
	case t == "", t == "ANY", has("JSON") && !has("TEXT"):
		return classUnknown
	case has("BOOL"):
		return classBool
	case has("UUID"):
		return classUUID
	case has("DATE", "TIME"):
		return classTime
	case has("INT"):
		return classInteger
	case has("CHAR", "CLOB", "TEXT"):
		return classText
	case has("BLOB"):
		return classUnknown // keeps any value as it is
	}
	return classNumber
}
