package sqlquery

import (
	"context"
	"strings"
)

// The column names of information_schema differ in case between servers.
const (
	mysqlTable = `SELECT table_type, COALESCE(engine, '') FROM information_schema.tables WHERE table_schema = %s AND table_name = ?`

	mysqlColumns = `SELECT column_name, column_type, data_type, is_nullable = 'NO', column_default IS NOT NULL OR extra LIKE '%auto_increment%' OR data_type = 'enum',
	COALESCE(generation_expression, ''), COALESCE(collation_name, ''), extra LIKE '%on update%'
FROM information_schema.columns WHERE table_schema = %s AND table_name = ? ORDER BY ordinal_position`

	// A part without a column is an expression, which MariaDB does not have.
	mysqlIndexes = `SELECT index_name, non_unique = 0, COALESCE(column_name, ''), sub_part IS NOT NULL
FROM information_schema.statistics WHERE table_schema = %s AND table_name = ? ORDER BY index_name, seq_in_index`

	mysqlTriggers = `SELECT COUNT(*) > 0 FROM information_schema.triggers
WHERE event_object_schema = %s AND event_object_table = ? AND event_manipulation = 'INSERT' AND action_timing = 'BEFORE'`

	mysqlChecks = `SELECT c.constraint_name, c.check_clause FROM information_schema.check_constraints c
JOIN information_schema.table_constraints t ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name
WHERE t.constraint_schema = %s AND t.table_name = ? AND t.constraint_type = 'CHECK'`
)

func mysqlCatalogue(ctx context.Context, db *DB, table string) (*catalogue, error) {
	c := &catalogue{}
	schemaName, name := splitName(table)
	query := func(text string, row func(scan func(...any) error) error) error {
		if schemaName == "" {
			return db.rows(ctx, strings.Replace(text, "%s", "DATABASE()", 1), []any{name}, row)
		}
		return db.rows(ctx, strings.Replace(text, "%s", "?", 1), []any{schemaName, name}, row)
	}
	err := query(mysqlTable, func(scan func(...any) error) error {
		var kind string
		err := scan(&kind, &c.engine)
		if kind != "BASE TABLE" && kind != "SYSTEM VERSIONED" {
			c.kind = relationOther
		}
		return err
	})
	if err != nil {
		return c, err
	}
	err = query(mysqlColumns, func(scan func(...any) error) error {
		col := &catalogueColumn{}
		var typ string
		if err := scan(&col.name, &col.typ, &typ, &col.notNull, &col.filled, &col.generated, &col.collation, &col.updated); err != nil {
			return err
		}
		col.class = mysqlClass(typ)
		c.columns = append(c.columns, col)
		return nil
	})
	if err != nil {
		return c, err
	}
	err = query(mysqlIndexes, func(scan func(...any) error) error {
		var index catalogueIndex
		var part indexPart
		var prefix bool // the index holds only the first characters
		err := scan(&index.name, &index.unique, &part.column, &prefix)
		if part.column == "" {
			part.expression = anyExpression
		}
		c.addPart(index, part)
		if prefix {
			c.indexes[len(c.indexes)-1].unique = false // it refuses values that only begin alike
		}
		return err
	})
	if err != nil {
		return c, err
	}
	if err := query(mysqlChecks, c.addCheck); err != nil {
		return c, err
	}
	return c, query(mysqlTriggers, func(scan func(...any) error) error { return scan(&c.fillsRows) })
}

// mysqlClass returns the class of a type of information_schema.columns.data_type.
func mysqlClass(typ string) columnClass {
	typ = strings.ToLower(typ)
	switch typ {
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "set":
		return classText
	case "enum":
		return classEnum
	case "tinyint", "smallint", "mediumint", "int", "bigint":
		return classInteger
	case "decimal", "float", "double":
		return classNumber
	case "datetime", "timestamp":
		return classTime
	case "tinyblob", "blob", "mediumblob", "longblob":
		return classBytes
	case "binary", "varbinary": // may hold text or a UUID
		return classUnknown
	case "uuid":
		return classUUID
	case "json":
		return classJSON
	case "bit", "date", "time", "year", "point", "geometry":
		return classOther
	}
	return classUnknown
}
