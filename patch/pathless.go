package patch

import (
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
)

// withoutPath applies an operation to the resource itself: each member of the
// value is an attribute to add or replace. Every name is read as an attribute
// path, so that Entra ID's "name.givenName" and URI-qualified ones work (Z-32).
func (w *run) withoutPath(op Operation) error {
	if op.Op == Remove {
		return fail(schema.ErrorNoTarget, "remove needs a path") // RFC 7644 §3.5.2.2
	}
	object, ok := op.Value.(schema.JSONObject)
	if !ok {
		return fail(schema.ErrorInvalidValue, "without a path the value must be an object of attributes")
	}
	for _, m := range object {
		if err := w.changeNamed(op.Op, m); err != nil {
			return err
		}
	}
	return nil
}

func (w *run) changeNamed(op Op, m schema.JSONMember) error {
	p, ok := w.typ.Resolve(m.Name)
	if !ok {
		if w.profile.UnknownAttributes {
			return nil
		}
		return fail(schema.ErrorInvalidPath, fmt.Sprintf("there is no attribute %.64q", m.Name))
	}
	t := attrTarget(p)
	if t.attr == schema.SchemasAttribute {
		return nil // it follows from the content; authentik sends it along
	}
	if t.readOnly() && w.profile.IgnoreReadOnly {
		return nil
	}
	return w.change(op, t, m.Value)
}

func unknownSub(name string) error {
	return fail(schema.ErrorInvalidSyntax, fmt.Sprintf("there is no sub-attribute %.64q", name))
}
