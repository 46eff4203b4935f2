package sqlquery

import (
	"context"
	"database/sql/driver"
	"reflect"
	"strings"
)

// A byte slice whose column has a type of text, such as the rest column, is
// written as a string. Otherwise the result depends on the driver and its mode:
// in SQLite a BLOB equals no text, pgx refuses json.RawMessage for TEXT, and in
// its modes for poolers pgx writes a byte slice to TEXT in hexadecimal.

// findTextColumns finds the columns of text among those of byte slices.
func (t *Table[T]) findTextColumns(ctx context.Context) error {
	t.text = map[string]bool{}
	columns := t.byteColumns()
	if len(columns) == 0 {
		return nil
	}
	query := "SELECT " + strings.Join(columns, ", ") + " FROM " + t.name + " WHERE 1 = 0"
	types, err := t.db.sql.ColumnTypes(ctx, query)
	if err != nil {
		return err
	}
	for i, column := range columns {
		t.text[column] = isTextType(types[i])
	}
	return nil
}

// byteColumns returns the quoted columns of the fields that are byte slices.
func (t *Table[T]) byteColumns() []string {
	var columns []string
	for _, f := range t.typed.fields {
		if isBytes(f.Type) {
			columns = append(columns, t.columns[f])
		}
	}
	for _, f := range hostFields[T]() {
		if isBytes(f.Type) {
			columns = append(columns, t.db.d.ident(columnName(f)))
		}
	}
	return columns
}

// isTextType reports whether a column of that type holds text. The name is "" if
// the driver does not know the type; then bytes are written as bytes.
func isTextType(name string) bool {
	if name == "" {
		return false
	}
	for _, binary := range []string{"BYTEA", "BLOB", "BINARY"} {
		if strings.Contains(name, binary) {
			return false
		}
	}
	return true
}

// isBytes reports whether a field is a byte slice without a Value method
// (driver.Valuer).
func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !t.Implements(reflect.TypeFor[driver.Valuer]())
}

// columnArg returns the argument for a value in a column, whose name is quoted.
func (t *Table[T]) columnArg(column string, v reflect.Value) any {
	if !isBytes(v.Type()) {
		return argOf(v)
	}
	switch {
	case v.IsNil():
		return nil
	case t.text[column]:
		return string(v.Bytes())
	}
	return v.Bytes()
}
