package sqlquery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/seed5f3efb56/scim/schema"
)

// checkComplete demands that a field with the option composed and Options.Complete
// come together.
func (t *Table[T]) checkComplete() error {
	composed := false
	for _, f := range t.typed.fields {
		composed = composed || f.composed
	}
	switch {
	case composed && t.options.Complete == nil:
		return fmt.Errorf("sqlquery: %s has a field with the option composed: set Options.Complete, which fills it", t.typed)
	case !composed && t.options.Complete != nil:
		return fmt.Errorf("sqlquery: %s has no field that Options.Complete may set: give one the option composed, as in `scim:\",composed\"`", t.typed)
	}
	return nil
}

// complete lets Options.Complete set the composed fields of a row that is about to
// be written, and sets their keys.
func (t *Table[T]) complete(ctx context.Context, v *T, r *schema.Resource) error {
	if t.options.Complete == nil {
		return nil
	}
	t.detach(v) // the row before the change shares pointers with v
	before := *v
	t.detach(v)
	if err := t.options.Complete(ctx, v, r); err != nil {
		return err
	}
	if err := t.onlyComposed(&before, v); err != nil {
		return err
	}
	t.typed.setKeys(v, func(k *field, _ reflect.Value) bool { return k.role == roleKey && t.typed.isComposed(k) })
	return nil
}

// onlyComposed fails if a field differs that Options.Complete may not set: the
// change would be lost, or the row would contradict the resource.
func (t *Table[T]) onlyComposed(before, v *T) error {
	var errs []error
	wrong := func(name string) {
		errs = append(errs, fmt.Errorf("sqlquery: Options.Complete has set %s.%s, which lacks the option composed", reflect.TypeFor[T](), name))
	}
	for _, f := range t.typed.fields {
		if !f.composed && !sameField(f.goValue(before), f.goValue(v)) {
			wrong(f.Name)
		}
	}
	for _, f := range hostFields[T]() {
		x, xerr := reflect.ValueOf(before).Elem().FieldByIndexErr(f.Index)
		y, yerr := reflect.ValueOf(v).Elem().FieldByIndexErr(f.Index)
		if xerr == nil && yerr == nil && !sameField(x, y) {
			wrong(f.Name)
		}
	}
	return errors.Join(errs...)
}

// detach gives v copies of what its tagged fields point to.
func (t *Table[T]) detach(v *T) {
	for _, f := range t.typed.fields {
		switch x := f.goValue(v); {
		case x.Kind() == reflect.Pointer && !x.IsNil():
			p := reflect.New(x.Type().Elem())
			p.Elem().Set(x.Elem())
			x.Set(p)
		case x.Kind() == reflect.Slice && x.Type().Elem().Kind() == reflect.Uint8:
			x.SetBytes(bytes.Clone(x.Bytes()))
		}
	}
}

// isComposed reports whether a key is that of a composed field.
func (m *Typed[T]) isComposed(k *field) bool {
	for _, f := range m.fields {
		if f.composed && f.role == roleAttribute && f.sameValue(k) {
			return true
		}
	}
	return false
}
