package sqlquery

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/seed5f3efb56/scim/schema"
)

// violated converts the violation of a CHECK: 400 if the constraint mentions a
// column that a value of a client reaches, or if its columns are not known. A
// constraint on columns of the application alone is the application's own
// mistake (500): the client could not mend it.
func (t *Table[T]) violated(err error, constraint string) error {
	columns := t.known.checkedColumns(constraint)
	reached := false
	var paths []string
	for _, f := range t.typed.fields {
		if !slices.ContainsFunc(columns, func(column string) bool { return t.known.same(column, columnName(f.StructField)) }) {
			continue
		}
		switch f.role {
		case roleAttribute:
			paths = append(paths, f.path.String())
			reached = true
		case roleKey, roleRest, roleComposed:
			reached = true
		}
	}
	if len(columns) > 0 && !reached {
		return err
	}
	wrong := &schema.Error{Type: schema.ErrorInvalidValue, Detail: "a value is not allowed for its column"}
	if len(paths) == 1 {
		wrong.Path = paths[0]
	}
	return wrong
}

var sqlLiteral = regexp.MustCompile(`'(?:[^']|'')*'`)

// checkedColumns returns the columns that a CHECK mentions, by its name or
// expression; none if they are not known.
func (c *catalogue) checkedColumns(constraint string) []string {
	if c == nil || constraint == "" {
		return nil
	}
	text := constraint + " " + c.checks[strings.ToLower(constraint)] + " " + namedCheck(c.definition, constraint)
	words := strings.FieldsFunc(sqlLiteral.ReplaceAllString(text, " "), func(r rune) bool {
		return r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	var out []string
	for _, col := range c.columns {
		if slices.ContainsFunc(words, func(word string) bool { return strings.EqualFold(word, col.name) }) {
			out = append(out, col.name)
		}
	}
	return out
}

// namedCheck returns the expression of a named CHECK in a CREATE TABLE statement.
func namedCheck(definition, name string) string {
	begin := regexp.MustCompile("(?i)\\bCONSTRAINT\\s+[\"`\\[]?" + regexp.QuoteMeta(name) + "[\"`\\]]?\\s+CHECK\\s*\\(").FindStringIndex(definition)
	if begin == nil {
		return ""
	}
	depth := 1
	for i, r := range definition[begin[1]:] {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			return definition[begin[1] : begin[1]+i]
		}
	}
	return ""
}
