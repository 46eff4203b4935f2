package patch

import (
	"slices"

	"github.com/seed5f3efb56/scim/schema"
)

// schemas applies an operation to the schemas attribute. It follows from the
// content ([schema.Resource.Get]), so that naming a URI that is there, or an
// extension that is still to come, succeeds and changes nothing; taking the URI of an
// extension away takes its attributes away (P-19, P-26).
func (w *run) schemas(op Operation, t target) error {
	if op.Op == Remove {
		return w.removeSchemas(t, op.Value)
	}
	if !t.whole() {
		return failSchemas(schema.ErrorMutability, "a schema URI cannot be changed")
	}
	uris, err := w.schemaURIs(op.Value)
	if err != nil {
		return err
	}
	for _, uri := range uris {
		if uri == w.typ.Schema.ID {
			return nil
		}
	}
	if op.Op == Replace { // RFC 7643 §3.3
		return failSchemas(schema.ErrorInvalidValue, "must contain "+w.typ.Schema.ID)
	}
	return nil
}

// removeSchemas removes the extensions whose URIs the path selects and the
// value, if there is one, lists.
func (w *run) removeSchemas(t target, raw any) error {
	var listed []string
	if raw != nil {
		if err := w.checkRemove(); err != nil {
			return t.prefixPath(err)
		}
		var err error
		if listed, err = w.schemaURIs(raw); err != nil {
			return err
		}
	}
	for _, v := range w.before.WithAttributes(w.root).Get(schema.SchemasAttribute).All() {
		if t.filter != nil && !t.filter.Matches(v) || raw != nil && !slices.Contains(listed, v.Text()) {
			continue
		}
		if err := w.removeSchema(v.Text()); err != nil {
			return err
		}
	}
	return nil
}

func (w *run) removeSchema(uri string) error {
	if uri == w.typ.Schema.ID {
		return failSchemas(schema.ErrorMutability, "the schema of the resource type cannot be removed")
	}
	return w.change(Remove, target{attr: w.typ.Root().Sub(uri)}, nil)
}

// schemaURIs reads one URI or a list of them and returns those the resource
// type knows, as it spells them.
func (w *run) schemaURIs(raw any) ([]string, error) {
	list, ok := raw.([]any)
	if !ok {
		list = []any{raw}
	}
	var known []string
	for _, one := range list {
		uri, ok := one.(string)
		if !ok {
			return nil, failSchemas(schema.ErrorInvalidValue, "a schema URI must be a string")
		}
		if id, ok := w.schemaID(uri); ok {
			known = append(known, id)
		} else if !w.profile.UnknownAttributes {
			wrong := schema.ErrorInvalidValue
			if w.profile.UnknownInvalidSyntax {
				wrong = schema.ErrorInvalidSyntax
			}
			return nil, failSchemas(wrong, schema.Quote(uri)+" is not a schema of resource type "+w.typ.Name)
		}
	}
	return known, nil
}

// schemaID returns a URI of the resource type's schemas as the schema spells
// it.
func (w *run) schemaID(uri string) (string, bool) {
	found, _ := w.typ.CutURI(uri)
	if found == "" || found != uri {
		return "", false
	}
	if extension := w.typ.Root().Sub(uri); extension != nil {
		return extension.Name, true
	}
	return w.typ.Schema.ID, true
}

func failSchemas(t schema.ErrorType, detail string) error {
	return prefixPath(schema.SchemasAttribute, fail(t, detail))
}
