package patch

import (
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// withoutPath applies an operation to the resource itself: each member of the
// value is an attribute to add or replace. Every name is read as an attribute
// path, so that Entra ID's "name.givenName", URI-qualified ones and
// `emails[type eq "work"].value` work (Z-32).
func (w *run) withoutPath(op Operation) error {
	if op.Op == Remove {
		return fail(schema.ErrorNoTarget, "remove needs a path") // RFC 7644 §3.5.2.2
	}
	object, ok := w.pathlessObject(op.Value)
	if !ok {
		return fail(schema.ErrorInvalidValue, "without a path the value must be an object of attributes")
	}
	return w.changeAll(op.Op, object)
}

// ownURI applies an operation whose path is the type's own schema URI. A remove
// removes the attributes that its value names.
func (w *run) ownURI(op Operation) error {
	object, ok := w.pathlessObject(op.Value)
	if op.Op != Remove || !ok {
		return w.withoutPath(op)
	}
	return w.changeAll(Remove, object)
}

// changeAll adds, replaces or removes the attributes that the members of an object name.
// The type's own schema URI names such an object.
func (w *run) changeAll(op Op, object schema.JSONObject) error {
	for _, m := range object {
		err := error(nil)
		if inner, ok := w.pathlessObject(m.Value); ok && w.isOwnURI(m.Name) {
			err = w.changeAll(op, inner)
		} else {
			err = w.changeNamed(op, m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *run) changeNamed(op Op, m schema.JSONMember) error {
	t, known, err := w.named(m.Name)
	if err != nil {
		return err
	}
	if !known {
		if w.profile.UnknownAttributes {
			w.ignore(m.Name, m.Value)
			return nil
		}
		return fail(schema.ErrorInvalidPath, "unknown attribute "+schema.Quote(m.Name))
	}
	if op == Remove && (m.Value == nil || w.emptyRemove(t, m.Value)) {
		return nil
	}
	if t.attr == schema.SchemasAttribute {
		return w.namedSchemas(Operation{Op: op, Value: m.Value}, t)
	}
	if t.readOnly() && w.profile.IgnoreReadOnly {
		return nil
	}
	return w.change(op, t, m.Value)
}

// namedSchemas is schemas as one of the members. It follows from the content;
// authentik sends it along, whatever the URIs.
func (w *run) namedSchemas(op Operation, t target) error {
	if w.profile.UnknownAttributes {
		return nil
	}
	return w.schemas(op, t)
}

// named reads the name of a member as the path of an attribute, or of values of
// one that is known.
func (w *run) named(name string) (t target, known bool, err error) {
	if p, ok := w.typ.ResolveFor(name, w.profile); ok {
		return attrTarget(p), true, nil
	}
	attr, _, selects := strings.Cut(name, "[")
	if _, ok := w.typ.ResolveFor(attr, w.profile); !ok || !selects {
		return target{}, false, nil
	}
	p, err := w.resolver.Path(name, w.budget)
	if err != nil {
		return target{}, true, err
	}
	t, err = pathTarget(p)
	return t, true, err
}

func unknownSub(name string) error {
	return fail(schema.ErrorInvalidSyntax, "unknown sub-attribute "+schema.Quote(name))
}
