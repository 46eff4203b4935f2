package sqlquery

import (
	"reflect"
	"slices"
	"time"

	"github.com/seed5f3efb56/scim/schema"
)

// key returns what a key or former field has for a value: its schema.FoldKey,
// or the value if the attribute is compared as it is.
func (f *field) key(v schema.Value) schema.Value {
	switch {
	case !v.Assigned():
		return v
	case !f.codec.attr.FoldsCase():
		return schema.String(v.Text())
	}
	return schema.String(schema.FoldKey(v.Text()))
}

// Keys sets the key fields of v to the keys of its values, and reports whether
// one of them changed. If v is deleted it sets the former keys that are not null
// instead.
func (m *Typed[T]) Keys(v *T) bool {
	role := roleKey
	if m.isDeleted(v) {
		role = roleFormer
	}
	return m.setKeys(v, func(k *field, to reflect.Value) bool {
		return k.role == role && (role == roleKey || k.codec.get(to).Assigned())
	})
}

// setKeys sets the chosen key fields, and reports whether any changed.
func (m *Typed[T]) setKeys(v *T, choose func(k *field, to reflect.Value) bool) (changed bool) {
	row := reflect.ValueOf(v).Elem()
	for _, k := range m.fields {
		to := row.FieldByIndex(k.Index)
		if !choose(k, to) {
			continue
		}
		for _, f := range m.fields {
			if f.role != roleAttribute || !f.sameValue(k) {
				continue
			}
			before := k.codec.get(to)
			_ = k.codec.set(to, k.key(f.codec.get(row.FieldByIndex(f.Index)))) // text fits
			changed = changed || !schema.Identical(before, k.codec.get(to))
		}
	}
	return changed
}

// setDeleted marks v as deleted and, if T has a field for active, as inactive: an
// application that looks only at its own flag refuses the login. It sets the
// former keys to the keys of the values, and the keys that can be null to null, so
// that a unique index lets another resource have them. Without a deleted field it returns false and
// changes nothing.
func (m *Typed[T]) setDeleted(v *T, at time.Time) bool {
	if m.deleted == nil {
		return false
	}
	value := schema.DateTime(at)
	if m.deleted.codec.kind == kindBool {
		value = schema.Boolean(true)
	}
	_ = m.deleted.codec.set(m.deleted.goValue(v), value) // cannot fail
	if active := m.activeField(); active != nil {
		_ = active.codec.set(active.goValue(v), schema.Boolean(false)) // cannot fail
	}
	m.setKeys(v, func(k *field, _ reflect.Value) bool { return k.role == roleFormer })
	m.clear(v, func(k *field) bool { return k.role == roleKey && k.nullable })
	return true
}

// activeField returns the field of the attribute active, or nil.
func (m *Typed[T]) activeField() *field {
	for _, f := range m.fields {
		if f.role == roleAttribute && f.path.String() == "active" {
			return f
		}
	}
	return nil
}

// setLive clears the mark of a deleted v and the former keys.
func (m *Typed[T]) setLive(v *T) {
	m.clear(v, func(f *field) bool { return f.role == roleDeleted || f.role == roleFormer })
}

func (m *Typed[T]) clear(v *T, choose func(*field) bool) {
	for _, f := range m.fields {
		if choose(f) {
			f.goValue(v).SetZero()
		}
	}
}

// deletedAt returns the time of deletion; zero if v is not deleted or the
// deleted field is a boolean.
func (m *Typed[T]) deletedAt(v *T) time.Time {
	if m.deleted == nil || m.deleted.codec.kind == kindBool {
		return time.Time{}
	}
	return m.deleted.rowValue(v).Time()
}

func (m *Typed[T]) isDeleted(v *T) bool {
	if m.deleted == nil {
		return false
	}
	at := m.deleted.rowValue(v)
	return at.Assigned() && (m.deleted.codec.kind != kindBool || at.Bool())
}

// formerField returns the field with the former key of an attribute, or nil.
func (m *Typed[T]) formerField(p schema.AttrPath) *field {
	for _, f := range m.fields {
		if f.role == roleFormer && slices.Equal(f.path, p) {
			return f
		}
	}
	return nil
}

// identifies reports whether a deleted resource can be found by a path: a unique
// string with a single value, such as userName.
func (b *builder) identifies(p schema.AttrPath) bool {
	return len(p) == 1 && !p[0].MultiValued && p[0].Type == schema.TypeString && p[0].Uniqueness != schema.UniquenessNone
}
