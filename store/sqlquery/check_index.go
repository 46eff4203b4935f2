package sqlquery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// anyExpression is the expression of an index that the catalogue does not show.
const anyExpression = "?"

// about reports whether the part is the column, or an expression or generated
// column that is computed from it.
func (p indexPart) about(c *catalogue, column string) bool {
	expression := p.expression
	if p.column != "" {
		if c.same(p.column, column) {
			return true
		}
		if col := c.column(p.column); col != nil {
			expression = col.generated
		}
	}
	return expression == anyExpression || strings.Contains(strings.ToLower(expression), strings.ToLower(column))
}

// mentions reports whether one part of the index is the column.
func (i *catalogueIndex) mentions(c *catalogue, column string) bool {
	return slices.ContainsFunc(i.parts, func(p indexPart) bool { return p.about(c, column) })
}

// covers reports whether the index consists of the columns, in any order, and of
// no others but those in allowed.
func (c *catalogue) covers(i *catalogueIndex, columns, allowed []string) bool {
	for _, column := range columns {
		if !i.mentions(c, column) {
			return false
		}
	}
	return !slices.ContainsFunc(i.parts, func(p indexPart) bool {
		about := func(column string) bool { return p.about(c, column) }
		return !slices.ContainsFunc(columns, about) && !slices.ContainsFunc(allowed, about)
	})
}

// checkUniqueIndexes requires an index that refuses a unique value twice in a
// tenant when two requests write it at the same time (RFC 7643 §7).
func (t *Table[T]) checkUniqueIndexes(ctx context.Context, c *catalogue) error {
	var errs []error
	for _, f := range t.unique() {
		if t.lookedUp(f) == nil {
			continue // an error of checkUnique
		}
		err := t.checkUniqueIndex(c, f)
		if err != nil && c.kind == relationPartitioned {
			t.log.LogAttrs(ctx, slog.LevelWarn, err.Error())
			continue
		}
		errs = append(errs, err)
		t.reportValueIndex(ctx, c, f)
	}
	return errors.Join(errs...)
}

// lookedUp returns the field that has the unique value in its compared form.
func (t *Table[T]) lookedUp(f *field) *field {
	if f.path.Last().FoldsCase() {
		return t.typed.keyField(f)
	}
	return f
}

func (t *Table[T]) checkUniqueIndex(c *catalogue, f *field) error {
	at := t.lookedUp(f)
	columns := []string{columnName(at.StructField)}
	columns = append(columns, t.tenantColumns()...)
	keeps := t.deleted != nil && !(at.role == roleKey && at.nullable) // deleted rows keep the value
	partial := ""
	for _, i := range c.indexes {
		switch {
		case !i.unique || !c.covers(i, columns, t.fixedColumns(c)) || t.policed && c.covers(i, columns, nil):
		case t.whereIsLive(i.where, at), i.where == "" && (!keeps || !c.plain(i)):
			return nil
		default:
			partial = i.name
		}
	}
	return t.missingIndex(c, f, columns, keeps, partial)
}

// fixedColumns returns the columns that Options.Where names, which may have one
// value in all rows of the resource type, and in a table with row-level security
// those without a field, one of which is the tenant's.
func (t *Table[T]) fixedColumns(c *catalogue) []string {
	var out []string
	for _, col := range c.columns {
		mapped := slices.ContainsFunc(t.typed.fields, func(f *field) bool { return c.same(col.name, columnName(f.StructField)) })
		if t.policed && !mapped || t.options.Where != "" && strings.Contains(strings.ToLower(t.options.Where), strings.ToLower(col.name)) {
			out = append(out, col.name)
		}
	}
	return out
}

// plain reports whether the index consists of columns that are not generated.
func (c *catalogue) plain(i *catalogueIndex) bool {
	return !slices.ContainsFunc(i.parts, func(p indexPart) bool {
		col := c.column(p.column)
		return col == nil || col.generated != ""
	})
}

// whereIsLive reports whether the condition of a partial index holds for every
// row that is not deleted. With Options.Where it cannot be judged and is
// accepted.
func (t *Table[T]) whereIsLive(where string, at *field) bool {
	if where == "" || t.options.Where != "" {
		return where != ""
	}
	key := strings.ToLower(columnName(at.StructField))
	accepted := []string{key + " is not null", key + " <> ''"}
	if t.deleted != nil {
		deleted := strings.ToLower(columnName(t.deleted.StructField))
		accepted = append(accepted, deleted+" is null", "not "+deleted, deleted+" = false", deleted+" = 0", deleted+" is false", deleted+" is not true")
	}
	for _, term := range strings.Split(conditionText.Replace(strings.ToLower(where)), " and ") {
		if !slices.Contains(accepted, strings.Join(strings.Fields(term), " ")) {
			return false
		}
	}
	return true
}

// conditionText removes what databases add to a condition.
var conditionText = strings.NewReplacer("(", " ", ")", " ", `"`, "", "`", "", "::text", "", "::character varying", "", ";", "", "!=", "<>")

func (t *Table[T]) missingIndex(c *catalogue, f *field, columns []string, keeps bool, partial string) error {
	at := columns[0]
	if t.policed {
		columns = append(columns, "tenant") // or the name that it has in the policy
	}
	index := fmt.Sprintf("CREATE UNIQUE INDEX %s_%s ON %s (%s)", strings.ReplaceAll(c.name, ".", "_"), at, c.name, strings.Join(append(slices.Clone(columns[1:]), at), ", "))
	switch {
	case keeps && t.db.d.partial:
		index += " WHERE " + t.liveCondition()
	case keeps:
		return fmt.Errorf("sqlquery: %s.%s (%s) has no unique index that leaves deleted rows out: give the key field a type that can be null (*string), or index a generated column that is NULL in deleted rows", c.name, at, f.path)
	}
	switch {
	case partial != "":
		return fmt.Errorf("sqlquery: %s.%s (%s): the unique index %s does not hold for all resources that are not deleted, or for deleted ones too: %s", c.name, at, f.path, partial, index)
	case t.HasTenants() && slices.ContainsFunc(c.indexes, func(i *catalogueIndex) bool { return i.unique && c.covers(i, columns[:1], nil) }):
		return fmt.Errorf("sqlquery: %s.%s (%s) is unique over all tenants, so that one tenant can take a name from another: drop that index; %s", c.name, at, f.path, index)
	}
	return fmt.Errorf("sqlquery: %s.%s (%s) has no unique index; two requests at the same time would create the resource twice: %s", c.name, at, f.path, index)
}

// tenantColumns returns the columns of the tenant.
func (t *Table[T]) tenantColumns() []string {
	var out []string
	for _, f := range t.typed.tenants {
		out = append(out, columnName(f.StructField))
	}
	return out
}

// liveCondition is the condition for rows that are not deleted, for an index.
func (t *Table[T]) liveCondition() string {
	name := columnName(t.deleted.StructField)
	if t.deleted.codec.kind == kindBool {
		return "NOT " + name
	}
	return name + " IS NULL"
}

// reportValueIndex logs a unique index on the value of a deleted row, which
// keeps the value taken.
func (t *Table[T]) reportValueIndex(ctx context.Context, c *catalogue, f *field) {
	if t.deleted == nil || t.lookedUp(f) == f {
		return
	}
	columns := []string{columnName(f.StructField)}
	for _, i := range c.indexes {
		if i.unique && i.where == "" && c.plain(i) && c.covers(i, columns, t.tenantColumns()) {
			t.log.LogAttrs(ctx, slog.LevelWarn, "sqlquery: a unique index on the value keeps the value of a deleted resource taken; the index on the key is enough",
				slog.String("table", c.name), slog.String("column", columns[0]), slog.String("index", i.name))
		}
	}
}
