package patch

import "github.com/seed5f3efb56/scim/schema"

// removed returns the attribute's value without the values that the target names
// (RFC 7644 §3.5.2.2). Where there is nothing to remove nothing changes (Z-26).
func (w *run) removed(t target, old schema.Value, raw any) (schema.Value, error) {
	if raw != nil {
		if err := w.checkRemove(); err != nil {
			return old, err
		}
	}
	if p := t.path(); p.Last().Secret() {
		w.forget(p) // whether the host keeps one is not known here
		return old, nil
	}
	if !namesNoValue(raw) {
		return w.removedNamed(t, old, raw)
	}
	if t.whole() {
		return guarded(Remove, t.attr, old, schema.Value{})
	}
	at, err := t.locate(old, w.budget)
	if err != nil {
		return old, err
	}
	list := values(old)
	for _, i := range at {
		v, err := removedElement(t, list[i])
		if err != nil {
			return old, err
		}
		list[i] = v
	}
	if t.attr.MultiValued {
		list = schema.Distinct(t.attr, list) // without their types two may be one
	}
	return guarded(Remove, t.attr, old, listOf(t.attr, list))
}

// removedElement returns the rest of one value.
func removedElement(t target, v schema.Value) (schema.Value, error) {
	if t.sub == nil {
		return schema.Value{}, nil
	}
	o := v.Object()
	left, err := guarded(Remove, t.sub, o.Get(t.sub), schema.Value{})
	if err != nil {
		return v, prefixPath(t.sub, err)
	}
	return schema.Complex(o.With(t.sub, left)), nil
}
