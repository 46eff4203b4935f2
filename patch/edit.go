package patch

import "github.com/seed5f3efb56/scim/schema"

// edit is the decoded value of an add or replace for one attribute: a value
// (unassigned to clear), or fields to merge into a complex one. Decoding happens
// once, applying as often as there are values to change.
type edit struct {
	attr   *schema.Attribute
	secret bool // kept apart already, nothing to change
	merge  bool // fields are merged; otherwise value takes the place
	whole  bool // the fields are all that a merged value has
	fields []edit
	value  schema.Value

	profile schema.Profile // for the values of a list that is added to
}

// decoder reads the values of an operation. Secrets go to the run at once.
type decoder struct {
	*run
	op      Op
	parents schema.AttrPath // of the attribute that is decoded
}

func (w *run) decoder(op Op, t target) decoder {
	d := decoder{run: w, op: op}
	if t.extension != nil {
		d = d.descend(t.extension)
	}
	return d
}

func (d decoder) descend(a *schema.Attribute) decoder {
	d.parents = append(d.parents[:len(d.parents):len(d.parents)], a)
	return d
}

// edit decodes the value of attribute a.
func (d decoder) edit(a *schema.Attribute, raw any) (edit, error) {
	if a.Type == schema.TypeComplex && !a.MultiValued {
		return d.mergeEdit(a, raw)
	}
	if d.op == Replace && a.MultiValued {
		if err := d.checkList(raw); err != nil {
			return edit{}, err
		}
	}
	v, err := d.value(a, raw, false)
	if err != nil {
		return edit{}, err
	}
	return edit{attr: a, value: v, secret: a.Secret(), profile: d.profile}, nil
}

func (d decoder) value(a *schema.Attribute, raw any, element bool) (schema.Value, error) {
	v, secrets, err := schema.DecodeValue(a, raw, element, d.profile)
	if err != nil {
		return v, err
	}
	if a.Secret() {
		if a.Required && secrets.Len() == 0 {
			return v, unassigning(d.op, "a required attribute")
		}
		d.forget(d.descend(a).parents)
	}
	d.secrets = d.secrets.Merge(secrets.Prefixed(d.parents))
	return v, nil
}

// mergeEdit decodes a set of sub-attributes for the complex attribute a, or
// for one of its values (RFC 7644 §3.5.2.1, §3.5.2.3): those not given stay,
// null unassigns one, and nothing at all unassigns the whole.
func (d decoder) mergeEdit(a *schema.Attribute, raw any) (edit, error) {
	object, ok, err := d.object(a, raw)
	if err != nil || !ok {
		return edit{attr: a}, err
	}
	e := edit{attr: a, merge: true}
	for _, m := range object {
		sub := a.Public(m.Name)
		if sub == nil {
			if d.profile.UnknownAttributes {
				if !a.MultiValued { // an element is not the resource
					d.ignore(m.Name, m.Value)
				}
				continue
			}
			return edit{}, unknownSub(m.Name)
		}
		if sub.Mutability == schema.ReadOnly {
			if d.profile.IgnoreReadOnly {
				continue // as in a POST (RFC 7644 §3.3)
			}
			return edit{}, prefixPath(sub, readOnly())
		}
		f, err := d.descend(a).edit(sub, m.Value)
		if err != nil {
			return edit{}, prefixPath(sub, err)
		}
		e.fields = append(e.fields, f)
	}
	return e, nil
}

// forget drops a secret which an earlier operation set.
func (w *run) forget(p schema.AttrPath) {
	if w.secrets.Len() > 0 {
		w.secrets = w.secrets.With(p.String(), schema.Value{})
	}
}

// apply returns a value of the attribute after the edit.
func (e edit) apply(op Op, old schema.Value) (schema.Value, error) {
	switch {
	case e.secret:
		return old, nil
	case e.merge:
		o := old.Object()
		if e.whole {
			o = keptOnReplace(nil, o)
		}
		o, err := merged(op, o, e.fields)
		if err != nil {
			return old, err
		}
		return guarded(op, e.attr, old, schema.Complex(o))
	case op == Add && e.attr.MultiValued:
		v, err := added(e.attr, old, e.value, e.profile)
		if err != nil {
			return old, err
		}
		return guarded(op, e.attr, old, v)
	}
	return guarded(op, e.attr, old, e.value)
}

// merged applies edits of sub-attributes to an object.
func merged(op Op, o *schema.Object, fields []edit) (*schema.Object, error) {
	for _, f := range fields {
		v, err := f.apply(op, o.Get(f.attr))
		if err != nil {
			return nil, prefixPath(f.attr, err)
		}
		o = o.With(f.attr, v)
	}
	return o, nil
}
