package sqlquery

import (
	"context"
	"strings"
)

// postgresColumns reads the columns of the table that the search_path selects. A
// domain counts as the type under it.
const postgresColumns = `SELECT CAST(c.relkind AS text), a.attname, format_type(a.atttypid, a.atttypmod),
	CAST(COALESCE(b.typname, t.typname) AS text), CAST(COALESCE(b.typcategory, t.typcategory) AS text),
	a.attnotnull OR t.typnotnull, a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL,
	CASE WHEN a.attgenerated <> '' THEN COALESCE(pg_get_expr(d.adbin, d.adrelid), '') ELSE '' END,
	EXISTS (SELECT 1 FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D' AND (CAST(g.tgtype AS integer) & 7) = 7)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.oid = to_regclass(CAST($1 AS text)) ORDER BY a.attnum`

// postgresIndexes reads the parts of the valid indexes.
const postgresIndexes = `SELECT x.relname, i.indisunique, COALESCE(pg_get_expr(i.indpred, i.indrelid), ''),
	COALESCE(a.attname, ''), CASE WHEN a.attname IS NULL THEN pg_get_indexdef(i.indexrelid, k.n, true) ELSE '' END
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
CROSS JOIN LATERAL generate_series(1, CAST(i.indnkeyatts AS integer)) AS k(n)
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n - 1]
WHERE i.indrelid = to_regclass(CAST($1 AS text)) AND i.indisvalid ORDER BY x.relname, k.n`

const postgresChecks = `SELECT conname, pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint
WHERE conrelid = to_regclass(CAST($1 AS text)) AND contype = 'c'`

func postgresCatalogue(ctx context.Context, db *DB, table string) (*catalogue, error) {
	c := &catalogue{exactNames: true}
	args := []any{db.d.ident(table)}
	err := db.rows(ctx, postgresColumns, args, func(scan func(...any) error) error {
		var kind, typ, category string
		col := &catalogueColumn{}
		if err := scan(&kind, &col.name, &col.typ, &typ, &category, &col.notNull, &col.filled, &col.generated, &c.fillsRows); err != nil {
			return err
		}
		c.kind = postgresRelation(kind)
		col.class = postgresClass(typ, category)
		c.columns = append(c.columns, col)
		return nil
	})
	if err != nil {
		return c, err
	}
	err = db.rows(ctx, postgresIndexes, args, func(scan func(...any) error) error {
		var index catalogueIndex
		var part indexPart
		err := scan(&index.name, &index.unique, &index.where, &part.column, &part.expression)
		c.addPart(index, part)
		return err
	})
	if err != nil {
		return c, err
	}
	return c, db.rows(ctx, postgresChecks, args, c.addCheck)
}

func postgresRelation(kind string) relation {
	switch kind {
	case "r":
		return relationTable
	case "p":
		return relationPartitioned
	}
	return relationOther
}

// postgresClass returns the class of a type by its name, or by its category.
func postgresClass(typ, category string) columnClass {
	switch typ {
	case "citext":
		return classCaseless
	case "int2", "int4", "int8":
		return classInteger
	case "timestamp", "timestamptz":
		return classTime
	case "bytea":
		return classBytes
	case "uuid":
		return classUUID
	case "json", "jsonb":
		return classJSON
	}
	switch category {
	case "S":
		return classText
	case "B":
		return classBool
	case "N":
		return classNumber
	case "E":
		return classEnum
	}
	if strings.ContainsAny(category, "ADGIRT") { // arrays, dates, geometry, networks, ranges, intervals
		return classOther
	}
	return classUnknown
}
