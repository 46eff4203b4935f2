package sqlquery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// checkMembers compares Members with its table.
func (g *GroupTable[T]) checkMembers(ctx context.Context) error {
	m := g.members
	c, err := g.db.catalogue(ctx, m.Table, g.log)
	if err != nil {
		return err
	}
	written := slices.DeleteFunc([]string{m.Group, m.Member, m.Type, m.Key}, func(name string) bool { return name == "" })
	if err := c.missing(written, "Members"); err != nil {
		return err
	}
	s := g.db.d.statement("SELECT ", g.group, ", ", g.columns(), " FROM ", g.table, " WHERE 1 = 0")
	if err := g.db.query(ctx, s, func(func(...any) error) error { return nil }); err != nil {
		return err
	}
	if c == nil || c.kind == relationOther {
		return nil
	}
	g.one = g.lookUp(c.column(m.Member))
	errs := []error{c.checkEngine(), g.checkMemberTypes(c), c.unfilled(written, "give the column a DEFAULT; Members has only group and member")}
	if !c.uniqueOn(m.Group, m.Member) {
		errs = append(errs, fmt.Errorf("sqlquery: %s has no primary key or unique index on (%s, %s); a member would be there twice: ALTER TABLE %s ADD PRIMARY KEY (%s, %s)",
			m.Table, m.Group, m.Member, m.Table, m.Group, m.Member))
	}
	if !slices.ContainsFunc(c.indexes, func(i *catalogueIndex) bool { return i.parts[0].about(c, m.Member) }) {
		g.log.LogAttrs(ctx, slog.LevelWarn, "sqlquery: no index begins with the member; every look-up of the groups of a user reads the whole table",
			slog.String("table", m.Table), slog.String("remedy", fmt.Sprintf("CREATE INDEX %s_%s ON %s (%s)", strings.ReplaceAll(m.Table, ".", "_"), m.Member, m.Table, m.Member)))
	}
	return errors.Join(errs...)
}

// lookUp returns the type of a member's key in look-ups one by one, "" if a list is
// to be used. Comparing a column with the type keeps its index in use.
func (g *GroupTable[T]) lookUp(member *catalogueColumn) string {
	switch {
	case !g.db.d.oneByOne:
		return ""
	case member.class == classInteger:
		return "bigint"
	case member.class == classUUID:
		return "uuid"
	case member.typ == "text", strings.HasPrefix(member.typ, "character varying"):
		return "text"
	}
	return ""
}

// missing returns an error for each column that the table does not have.
func (c *catalogue) missing(columns []string, where string) error {
	if c == nil {
		return nil
	}
	var errs []error
	for _, name := range columns {
		if c.column(name) == nil {
			errs = append(errs, fmt.Errorf("sqlquery: %s has no column %s, which %s names; add it", c.name, name, where))
		}
	}
	return errors.Join(errs...)
}

// uniqueOn reports whether a unique index consists of exactly these columns.
func (c *catalogue) uniqueOn(columns ...string) bool {
	return slices.ContainsFunc(c.indexes, func(i *catalogueIndex) bool {
		return i.unique && i.where == "" && c.covers(i, columns, nil)
	})
}

// checkMemberTypes compares the columns of the keys with the fields of the ids.
func (g *GroupTable[T]) checkMemberTypes(c *catalogue) error {
	member := columnRule{[]columnClass{classText}, "text"}
	if g.members.Of != nil {
		member = g.members.Of.idRule()
	}
	return errors.Join(
		c.checkReference(g.members.Group, g.idRule()),
		c.checkReference(g.members.Member, member),
	)
}

// idRule returns the rule for columns that refer to the id.
func (t *Table[T]) idRule() columnRule { return t.typed.ids.columnRule() }

func (c *catalogue) checkReference(column string, r columnRule) error {
	if col := c.column(column); !r.accepts(col.class) {
		want, _, _ := strings.Cut(r.want, ";")
		return fmt.Errorf("sqlquery: %s.%s is %s and cannot hold the id: the column must be %s", c.name, column, col.typ, want)
	}
	return nil
}

// checkList compares a table of Options.Lists with its table.
func (t *Table[T]) checkList(ctx context.Context, l *valueTable) error {
	c, err := t.db.catalogue(ctx, l.Table, t.log)
	if c == nil || err != nil {
		return err
	}
	written := []string{l.Owner}
	for _, names := range []map[string]string{l.Values, l.Keys} {
		for _, name := range names {
			written = append(written, name)
		}
	}
	slices.Sort(written[1:])
	if err := c.missing(written, "ListTable"); err != nil || c.kind == relationOther {
		return err
	}
	errs := []error{c.checkEngine(), c.checkReference(l.Owner, t.idRule()), c.unfilled(written, "give the column a DEFAULT; the library writes the columns of ListTable only")}
	for _, name := range written[1:] {
		if col := c.column(name); col.notNull {
			errs = append(errs, fmt.Errorf("sqlquery: %s.%s is NOT NULL, but an element may have no such value: make the column nullable", c.name, col.name))
		}
	}
	return errors.Join(errs...)
}
