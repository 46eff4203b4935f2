package sqlquery

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// unique returns the fields whose values are unique (RFC 7643 §7).
func (t *Table[T]) unique() []*field {
	var out []*field
	for _, p := range t.typed.Type().Unique() {
		for _, f := range t.typed.fields {
			if f.role == roleAttribute && slices.Equal(f.path, p) {
				out = append(out, f)
			}
		}
	}
	return out
}

// checkUnique fails if a unique attribute has no field, or needs a key field and
// has none.
func (t *Table[T]) checkUnique() error {
	fields := t.unique()
	if n := len(t.typed.Type().Unique()); n != len(fields) {
		return fmt.Errorf("sqlquery: %s: every unique attribute needs a field", t.typed)
	}
	for _, f := range fields {
		if f.path.Last().FoldsCase() && t.typed.keyField(f) == nil {
			return fmt.Errorf("sqlquery: %s.%s: %s is unique regardless of case and needs a key field: `scim:\"%s,key\"`", t.typed, f.Name, f.path, f.path)
		}
	}
	return nil
}

// lookUp returns a [*store.UniquenessError] if another row has a unique value of
// v. Two transactions may both find nothing; then the unique index refuses one
// of them.
func (t *Table[T]) lookUp(ctx context.Context, v, old *T) error {
	for _, f := range t.unique() {
		at := f
		if f.path.Last().FoldsCase() {
			at = t.typed.keyField(f)
		}
		value := at.rowValue(v)
		if !value.Assigned() || old != nil && schema.Identical(value, at.rowValue(old)) {
			continue
		}
		taken, err := t.taken(ctx, at, value, old)
		if err != nil {
			return err
		}
		if taken {
			return &store.UniquenessError{Path: f.path.String()}
		}
	}
	return nil
}

func (t *Table[T]) taken(ctx context.Context, f *field, value schema.Value, old *T) (bool, error) {
	s := t.db.d.statement("SELECT ", t.column(t.id))
	if err := t.selectLive(ctx, s); err != nil {
		return false, err
	}
	s.add(" AND ")
	if value.Type() == schema.TypeInteger {
		s.add(t.column(f), " = ").arg(value.Int())
	} else {
		s.equal(s, t.column(f), value.Text())
	}
	taken := false
	err := t.db.query(ctx, s, func(scan func(...any) error) error {
		other := new(T)
		if err := t.read(scan, other, []*field{t.id}); err != nil {
			return err
		}
		taken = taken || old == nil || t.typed.ID(other) != t.typed.ID(old)
		return nil
	})
	return taken, err
}

// validText reports whether a text is UTF-8 without U+0000. No database keeps
// other text, and some refuse to compare with it.
func validText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
