package sqlquery

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// arg returns a field's value as an argument of a statement.
func (t *Table[T]) arg(v *T, f *field) any {
	return t.columnArg(t.columns[f], f.goValue(v))
}

// argOf returns the argument for a Go value. Text is returned as a string, also
// from named types, pointers and Null types, so that statement.arg escapes it;
// times likewise. database/sql converts other pointers and Null types.
func argOf(v reflect.Value) any {
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil() && isPlain(v.Elem()):
		return argOf(v.Elem())
	case v.Kind() == reflect.String && isPlain(v):
		return v.String()
	}
	switch x := v.Interface().(type) {
	case sql.NullString:
		if x.Valid {
			return x.String
		}
	case sql.NullTime:
		if x.Valid {
			return x.Time
		}
	case sql.Null[string]:
		if x.Valid {
			return x.V
		}
	}
	return v.Interface()
}

// isPlain reports whether a value is a string or a time without a Value method
// (driver.Valuer).
func isPlain(v reflect.Value) bool {
	_, valuer := v.Interface().(driver.Valuer)
	return !valuer && (v.Kind() == reflect.String || v.Type() == timeType)
}

// list returns the columns of the fields, separated by commas.
func (t *Table[T]) list(fields []*field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = t.column(f)
	}
	return strings.Join(names, ", ")
}

// read scans the columns of the fields into v and the columns that follow into
// more. NULL sets a field that cannot be nil to its zero value, so that one such
// row does not fail a list.
func (t *Table[T]) read(scan func(...any) error, v *T, fields []*field, more ...any) error {
	dest := make([]any, len(fields), len(fields)+len(more))
	targets := make([]target, len(fields))
	for i, f := range fields {
		targets[i] = newTarget(f.goValue(v))
		dest[i] = targets[i].dest
	}
	if err := scan(append(dest, more...)...); err != nil {
		return err
	}
	for _, to := range targets {
		to.finish()
	}
	if t.db.d.escapes {
		for _, f := range fields {
			unescapeText(f.goValue(v))
		}
	}
	return nil
}

// target is the destination of a column in Scan. finish runs after Scan and
// sets the field.
type target struct {
	dest   any
	finish func()
}

func nothing() {}

func newTarget(f reflect.Value) target {
	base := f.Type()
	if base.Kind() == reflect.Pointer {
		base = base.Elem()
	}
	switch {
	case base == timeType, f.Type() == reflect.TypeFor[sql.NullTime](), f.Type() == reflect.TypeFor[sql.Null[time.Time]]():
		at := new(instant)
		return target{at, func() { at.into(f) }}
	case isBytes(f.Type()): // of a named type too, which database/sql does not scan text into
		text := new([]byte)
		return target{text, func() { f.SetBytes(*text) }}
	case f.Addr().Type().Implements(reflect.TypeFor[sql.Scanner]()), f.Kind() == reflect.Pointer, f.Kind() == reflect.Slice:
		return target{f.Addr().Interface(), nothing}
	}
	p := reflect.New(reflect.PointerTo(f.Type())) // NULL is nil
	return target{p.Interface(), func() {
		if p.Elem().IsNil() {
			f.SetZero()
			return
		}
		f.Set(p.Elem().Elem())
	}}
}

// unescapeText reverses the escaping of text by statement.arg.
func unescapeText(f reflect.Value) {
	switch {
	case f.Kind() == reflect.Pointer && !f.IsNil():
		f = f.Elem()
	case f.Kind() == reflect.Struct && f.NumField() > 0:
		f = f.Field(0)
	}
	if f.Kind() == reflect.String && f.CanSet() && strings.Contains(f.String(), "\x01") {
		f.SetString(sqldb.Unescape(f.String()))
	}
}

// instant scans a time. Some drivers return times as text.
type instant struct {
	at    time.Time
	valid bool
}

// layouts are the formats in which databases and drivers write times.
var layouts = []string{
	"2006-01-02 15:04:05.999999999-07:00", time.RFC3339Nano, "2006-01-02 15:04:05.999999999 -0700 MST",
	"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", "2006-01-02",
}

// Scan implements sql.Scanner.
func (i *instant) Scan(src any) error {
	*i = instant{}
	switch x := src.(type) {
	case nil:
		return nil
	case time.Time:
		*i = instant{x.UTC(), true}
		return nil
	case []byte:
		return i.parse(string(x))
	case string:
		return i.parse(x)
	}
	return fmt.Errorf("sqlquery: cannot read a %T as a time", src)
}

func (i *instant) parse(text string) error {
	if strings.HasPrefix(text, "0000-00-00") { // MySQL's zero date, to which drivers convert Go's zero time
		*i = instant{time.Time{}, true}
		return nil
	}
	text, _, _ = strings.Cut(text, " m=") // the monotonic clock in time.Time.String
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			*i = instant{at.UTC(), true}
			return nil
		}
	}
	return fmt.Errorf("sqlquery: cannot parse %q as a time", text)
}

func (i *instant) into(f reflect.Value) {
	f.SetZero()
	if !i.valid {
		return
	}
	at := reflect.ValueOf(i.at)
	switch {
	case f.Kind() == reflect.Pointer:
		p := reflect.New(timeType)
		p.Elem().Set(at)
		f.Set(p)
	case f.Type() == timeType:
		f.Set(at)
	default: // sql.NullTime, sql.Null
		f.Field(0).Set(at)
		f.Field(1).SetBool(true)
	}
}
