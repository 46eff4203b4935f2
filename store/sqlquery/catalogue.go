package sqlquery

import (
	"context"
	"log/slog"
	"strings"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// catalogue is what the database's catalogue says about one table.
type catalogue struct {
	name    string
	kind    relation
	engine  string // of MariaDB and MySQL, else ""
	columns []*catalogueColumn
	indexes []*catalogueIndex
	// fillsRows means that a trigger may set columns before a row is inserted.
	fillsRows  bool
	exactNames bool   // names of columns are compared with regard to case
	definition string // the CREATE TABLE statement in SQLite, else ""
	// checks are the expressions of CHECK constraints, by name in lower case. SQLite
	// has them in the definition.
	checks map[string]string
}

// relation is the kind of a table.
type relation uint8

const (
	relationTable       relation = iota
	relationPartitioned          // a unique index must contain the columns of the partition
	relationOther                // a view or a foreign table: NOT NULL and indexes are elsewhere
)

// catalogueColumn is a column. The database fills it in a new row if it has a
// DEFAULT, is an identity or is generated.
type catalogueColumn struct {
	name      string
	typ       string // as the database names it, for errors
	class     columnClass
	notNull   bool
	filled    bool
	generated string // the expression of a generated column, which cannot be set
	value     string // the DEFAULT expression in SQLite, else ""
	collation string // in MariaDB and MySQL, else ""
	updated   bool   // ON UPDATE CURRENT_TIMESTAMP, in MariaDB and MySQL
}

// catalogueIndex is an index, also that of a primary key or a constraint.
type catalogueIndex struct {
	name   string
	unique bool
	parts  []indexPart
	where  string // the condition of a partial index
}

// indexPart is a column or an expression of an index.
type indexPart struct{ column, expression string }

// columnClass is the kind of values that a column's type holds.
type columnClass uint8

const (
	classUnknown  columnClass = iota // nothing is refused
	classText                        // text that is compared with regard to case
	classCaseless                    // citext
	classBool
	classInteger
	classNumber // decimal or floating point
	classTime   // a date with a time
	classBytes
	classUUID
	classEnum
	classJSON
	classOther // arrays, ranges, intervals and the like
)

// catalogue reads the catalogue of a table; nil if the database does not show
// it, which is logged. The error is that of a database that does not answer.
func (db *DB) catalogue(ctx context.Context, name string, log *slog.Logger) (*catalogue, error) {
	c, err := db.d.catalogue(ctx, db, name)
	switch f := db.sql.Fault(err); {
	case err != nil && (ctx.Err() != nil || f == sqldb.Again || f == sqldb.Unavailable):
		return nil, err
	case err != nil || len(c.columns) == 0:
		log.LogAttrs(ctx, slog.LevelWarn, "sqlquery: the catalogue of the database does not show the table; its columns and indexes are not checked",
			slog.String("table", name), slog.Any("error", err))
		return nil, nil
	}
	c.name = name
	if c.kind == relationOther {
		log.LogAttrs(ctx, slog.LevelInfo, "sqlquery: the table is a view or a foreign table; NOT NULL columns and indexes are not checked", slog.String("table", name))
	}
	return c, nil
}

// rows runs a query of the catalogue.
func (db *DB) rows(ctx context.Context, query string, args []any, row func(scan func(...any) error) error) error {
	return db.sql.Query(ctx, query, args, row)
}

// column returns a column, or nil.
func (c *catalogue) column(name string) *catalogueColumn {
	for _, col := range c.columns {
		if c.same(col.name, name) {
			return col
		}
	}
	return nil
}

// same reports whether two names are those of one column.
func (c *catalogue) same(a, b string) bool { return c.nameKey(a) == c.nameKey(b) }

// nameKey returns a text that is equal for the names of one column.
func (c *catalogue) nameKey(name string) string {
	if c != nil && c.exactNames {
		return name
	}
	return strings.ToLower(name)
}

// addCheck scans the name and the expression of a CHECK. Two of one name count as
// one that has both expressions.
func (c *catalogue) addCheck(scan func(...any) error) error {
	var name, expression string
	if err := scan(&name, &expression); err != nil {
		return err
	}
	if c.checks == nil {
		c.checks = map[string]string{}
	}
	c.checks[strings.ToLower(name)] += " " + expression
	return nil
}

// addPart adds a part to the index, which is new if it has another name than
// the last one.
func (c *catalogue) addPart(index catalogueIndex, part indexPart) {
	n := len(c.indexes)
	if n == 0 || c.indexes[n-1].name != index.name {
		c.indexes = append(c.indexes, &index)
		n++
	}
	c.indexes[n-1].parts = append(c.indexes[n-1].parts, part)
}

// splitName splits the name of a table at its last dot. The schema is "" if the
// name has none.
func splitName(name string) (schemaName, table string) {
	i := strings.LastIndexByte(name, '.')
	return name[:max(i, 0)], name[i+1:]
}
