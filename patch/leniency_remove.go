package patch

import (
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// removesListed reports whether the value of a remove says which values are to
// go. RFC 7644 §3.5.2.2 knows no value; read literally, Entra ID's
// {"op":"remove","path":"members","value":[…]} would empty the group, so
// without RemoveValues it is an error (Z-46). Where the path itself selects
// values, or there is but one, the value adds nothing.
func (w *run) removesListed(t target) (bool, error) {
	if !w.profile.RemoveValues {
		return false, fail(schema.ErrorInvalidValue, "remove takes no value")
	}
	if (schema.AttrPath{t.attr}).Extension() {
		return false, fail(schema.ErrorInvalidValue, "remove of an extension takes no value")
	}
	return t.whole() && t.attr.MultiValued, nil
}

// removedListed takes out the listed values: those with the same "value", and
// the same "type" if one is given; where there is no "value", equal ones.
func (w *run) removedListed(t target, old schema.Value, raw any) (schema.Value, error) {
	listed, _, err := schema.DecodeValue(t.attr, unwrapNamed(t.attr, raw), false, w.profile)
	if err != nil {
		return old, err
	}
	gone := make(map[schema.ElementKey]bool, listed.Len())
	for _, v := range listed.All() {
		gone[schema.KeyOf(t.attr, v)] = true
	}
	var left []schema.Value
	for _, v := range old.All() {
		if key := schema.KeyOf(t.attr, v); !gone[key] && !gone[key.WithoutType()] {
			left = append(left, v)
		}
	}
	return guarded(Remove, t.attr, old, schema.List(left...))
}

// unwrapNamed takes the list out of {"members": […]}, as clients in the manner
// of Salesforce send it for path members.
func unwrapNamed(a *schema.Attribute, raw any) any {
	o, ok := raw.(schema.JSONObject)
	if ok && len(o) == 1 && strings.EqualFold(o[0].Name, a.Name) && a.Sub(o[0].Name) == nil {
		return o[0].Value
	}
	return raw
}
