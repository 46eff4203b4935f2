package patch

import "github.com/seed5f3efb56/scim/schema"

// added appends values to a multi-valued attribute. A value that is there
// already is not added again (RFC 7644 §3.5.2.1): one with the same "value" and
// "type" takes over the sub-attributes that differ, anything else must be equal
// as a whole.
func added(a *schema.Attribute, old, more schema.Value, p schema.Profile) (schema.Value, error) {
	if !more.Assigned() {
		return old, nil // nothing to add; never a way to empty a group
	}
	list := values(old)
	seen := newIndex(a, more, p.UntypedValues)
	for i, v := range list {
		seen.put(i, v)
	}
	winner := -1
	for _, v := range more.All() {
		i := seen.find(v)
		if i < 0 {
			i = len(list)
			list = append(list, v)
			seen.put(i, v)
		} else if o, err := united(a, list[i].Object(), v.Object()); err != nil {
			return old, err
		} else if o != nil {
			list[i] = schema.Complex(o)
		}
		if a.IsPrimary(v) {
			winner = i
		}
	}
	if winner >= 0 {
		resetPrimary(a, list, winner)
	}
	return schema.List(list...), nil
}

// united returns o, a value of attribute a, with those fields of more that are
// not equal; nil for a value without sub-attributes.
func united(a *schema.Attribute, o, more *schema.Object) (*schema.Object, error) {
	for sub, v := range more.All() {
		if schema.Equal(sub, o.Get(sub), v) || sub == a.Primary() && isUnset(o.Get(sub), v) {
			continue
		}
		v, err := guarded(Add, sub, o.Get(sub), v)
		if err != nil {
			return nil, prefixPath(sub, err)
		}
		o = o.With(sub, v)
	}
	return o, nil
}

// isUnset reports whether v says of a missing "primary" that it is false,
// which it is anyway (RFC 7643 §2.4).
func isUnset(old, v schema.Value) bool {
	return !old.Assigned() && !v.Bool()
}
