package patch

import "github.com/seed5f3efb56/scim/schema"

// unwrapped takes a single value out of a list of one, which clients on older
// SCIM-SDK releases send (SingleValues), as does Entra ID for manager.
func (p *Patcher) unwrapped(raw any) any {
	if list, ok := raw.([]any); ok && len(list) == 1 && p.profile.SingleValues {
		return list[0]
	}
	return raw
}

// valueTarget returns the "value" of the selected values as the target if raw is
// a string or number for it, so that their other sub-attributes stay.
func (w *run) valueTarget(t target, raw any) target {
	s, ok := w.text(w.profile.FromText(w.unwrapped(raw)))
	if ok && s != "" && t.sub == nil && w.profile.ComplexStrings {
		t.sub = valueOf(t.attr)
	}
	return t
}

// pathlessObject reads the attributes of the resource itself: an object, a list
// of one (SCIM-SDK), or the JSON text of either (scim-for-keycloak).
func (p *Patcher) pathlessObject(raw any) (schema.JSONObject, bool) {
	object, ok := p.profile.FromText(p.unwrapped(p.profile.FromText(raw))).(schema.JSONObject)
	return object, ok
}

// text returns the string that stands for the "value" of a complex value.
func (w *run) text(raw any) (string, bool) {
	if n, ok := raw.(schema.Number); ok && w.profile.NumberStrings {
		return string(n), true
	}
	s, ok := raw.(string)
	return s, ok
}

// checkList refuses a lone value as the replacement of a multi-valued
// attribute, unless the profile wraps it (SingleValues, Z-30). For add one
// value is the form of RFC 7644 §3.5.2.1.
func (w *run) checkList(raw any) error {
	switch raw.(type) {
	case nil, []any:
		return nil
	}
	if _, isList := w.profile.FromText(raw).([]any); isList || w.profile.SingleValues || raw == "" && w.profile.EmptyStrings {
		return nil
	}
	return fail(schema.ErrorInvalidValue, "must be an array")
}

// object reads a set of sub-attributes of a; false stands for unassigned.
// Entra ID sends a string for the "value" of a complex attribute and clears it
// with "" or {"value": ""} (ComplexStrings).
func (w *run) object(a *schema.Attribute, raw any) (schema.JSONObject, bool, error) {
	raw = w.profile.FromText(w.unwrapped(w.profile.FromText(raw)))
	if s, ok := w.text(raw); ok {
		raw = s
	}
	switch v := raw.(type) {
	case nil:
		return nil, false, nil
	case []any:
		if len(v) == 0 {
			return nil, false, nil
		}
	case string:
		if v == "" && (w.profile.ComplexStrings || w.profile.EmptyStrings) {
			return nil, false, nil
		}
		if w.profile.ComplexStrings && valueOf(a) != nil {
			return schema.JSONObject{{Name: "value", Value: v}}, true, nil
		}
	case schema.JSONObject:
		return v, !w.clears(a, v), nil
	}
	return nil, false, fail(schema.ErrorInvalidValue, "must be an object of sub-attributes")
}

// clears reports whether an object says only that "value" is empty.
func (w *run) clears(a *schema.Attribute, o schema.JSONObject) bool {
	if !w.profile.ComplexStrings || a.MultiValued || len(o) != 1 {
		return false
	}
	value := valueOf(a)
	return value != nil && a.Sub(o[0].Name) == value && o[0].Value == ""
}

// valueOf returns the "value" sub-attribute of a (RFC 7643 §2.4), or nil.
func valueOf(a *schema.Attribute) *schema.Attribute {
	if (schema.AttrPath{a}).Extension() {
		return nil
	}
	return a.Public("value")
}
