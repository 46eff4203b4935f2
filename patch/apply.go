package patch

import (
	"regexp"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// run is one call of Apply: the copy as the operations so far have left it.
type run struct {
	*Patcher
	before  *schema.Resource
	root    *schema.Object
	secrets schema.Secrets
	budget  *filter.Budget

	mentioned []*schema.Attribute
	at        int    // index of the operation that is applied
	ignored   string // name of an unknown attribute that schema.Deactivates
	ignoredAt int    // index of its operation

	members   *memberSet // nil until an operation names members
	source    Members
	complete  Complete
	sourceErr error
	known     known
	ahead     []Operation // the one being applied and those after it
}

func (w *run) result() Result {
	out := Result{Resource: w.before, Secrets: w.secrets, Mentioned: w.mentioned}
	if !schema.IdenticalObjects(w.before.Attributes, w.root) {
		out.Resource = w.before.WithAttributes(w.root)
	}
	if w.members != nil {
		out.Members = w.members.delta()
	}
	return out
}

func (w *run) operation(op Operation) error {
	if op.Op != Remove && !op.HasValue {
		return fail(schema.ErrorInvalidValue, op.Op.String()+" needs a value") // RFC 7644 §3.5.2.1
	}
	if !op.HasPath {
		return w.withoutPath(op)
	}
	if w.profile.UnknownAttributes && w.foreign(op.Path) {
		w.ignore(op.Path, op.Value)
		return nil
	}
	if w.isOwnURI(op.Path) {
		return w.ownURI(op)
	}
	p, err := w.resolver.Path(op.Path, w.budget)
	if err != nil {
		return err
	}
	t, err := pathTarget(p)
	if err == nil && w.selectsElements(op.Op, t) {
		err = fail(schema.ErrorInvalidPath, "the path selects whole values; it needs a sub-attribute after the filter")
	}
	if err != nil {
		return t.prefixPath(err)
	}
	if op.Op == Remove && op.HasValue && !t.readOnly() && w.emptyRemove(t, op.Value) {
		if t.attr == w.typ.Members() {
			w.nameMembers()
		}
		return nil
	}
	if t.attr == schema.SchemasAttribute {
		return w.schemas(op, t)
	}
	return w.change(op.Op, t, op.Value)
}

// selectsElements reports whether the target is one that SubAttributePaths refuses.
func (w *run) selectsElements(op Op, t target) bool {
	if !w.profile.SubAttributePaths || t.filter == nil || t.sub != nil || t.attr.Type != schema.TypeComplex {
		return false
	}
	return op != Remove || t.attr != w.typ.Members()
}

// foreign reports whether a path names an attribute of an extension that the
// type has not, or one that an extension of the type has not. An operation on it
// has nothing to change, and must not keep the others from happening: Entra ID
// sends custom mappings together with active, under URIs of this form.
func (w *run) foreign(path string) bool {
	if !strings.Contains(path, ":") {
		return false // no URI
	}
	uri, rest := w.typ.CutURIFor(path, w.profile)
	if uri == "" {
		return extensionPath.MatchString(path)
	}
	extension := w.typ.Root().Sub(uri)
	if extension == nil || !attributePath.MatchString(rest) {
		return false
	}
	_, known := w.typ.ResolveFor(path, w.profile)
	return !known
}

// isOwnURI reports whether a path or name is the schema URI of the type itself,
// which stands for the resource.
func (p *Patcher) isOwnURI(path string) bool {
	return p.profile.QualifiedNames && strings.EqualFold(path, p.typ.Schema.ID)
}

// ignore notes a member or operation that names no attribute, if it says that
// the resource is not active.
func (w *run) ignore(name string, value any) {
	if schema.Deactivates(name, value) {
		w.ignored, w.ignoredAt = name, w.at
	}
}

var attributePath = regexp.MustCompile(`(?i)^[a-z$][\w$-]*(\.[a-z$][\w$-]*)?$`)

var extensionPath = regexp.MustCompile(`(?i)^urn:ietf:params:scim:schemas:extension:[\w.-]+:[\w.-]+:\w+[:.][a-z][\w-]*(\.[a-z][\w-]*)?$`)

// change carries out one operation on one target. For remove a value of nil
// stands for no value.
func (w *run) change(op Op, t target, raw any) error {
	if t.readOnly() {
		return t.prefixPath(readOnly())
	}
	w.mention(op, t)
	if t.attr == w.typ.Members() {
		if err := w.changeMembers(op, t, raw); err != nil {
			return t.prefixPath(err)
		}
		return nil
	}
	old := w.get(t)
	if err := w.spend(t.attr, old); err != nil {
		return err
	}
	v, err := w.changed(op, t, old, raw)
	if err != nil {
		return t.prefixPath(err)
	}
	return w.put(op, t, v)
}

// mention notes which attribute the client sent a value for.
func (w *run) mention(op Op, t target) {
	top := t.attr
	if t.extension != nil {
		top = t.extension
	}
	if op != Remove && !slices.Contains(w.mentioned, top) {
		w.mentioned = append(w.mentioned, top)
	}
}

// changed returns the attribute's value after the operation.
func (w *run) changed(op Op, t target, old schema.Value, raw any) (schema.Value, error) {
	switch {
	case op == Remove:
		return w.removed(t, old, raw)
	case t.selects():
		return w.selected(op, t, old, raw)
	case t.sub != nil:
		return w.changedSub(op, t, old, raw)
	}
	e, err := w.decoder(op, t).edit(t.attr, raw)
	if err != nil {
		return old, err
	}
	e.whole = w.profile.ReplaceComplex && op == Replace && !(schema.AttrPath{t.attr}).Extension()
	return e.apply(op, old)
}

// changedSub sets a sub-attribute of a singular attribute, which is created if
// need be (P-33).
func (w *run) changedSub(op Op, t target, old schema.Value, raw any) (schema.Value, error) {
	sub, err := w.decoder(op, t).descend(t.attr).edit(t.sub, raw)
	if err != nil {
		return old, prefixPath(t.sub, err)
	}
	return edit{attr: t.attr, merge: true, fields: []edit{sub}}.apply(op, old)
}

// get returns the value of a target. What several operations may ask for is decoded once.
func (w *run) get(t target) schema.Value {
	top := t.attr
	if t.extension != nil {
		top = t.extension
	}
	if several := w.at > 0 || len(w.ahead) > 1; several {
		w.root = w.root.Decode(top)
	}
	if t.extension != nil {
		return w.root.Get(top).Object().Get(t.attr)
	}
	return w.root.Get(top)
}

// put stores a new value. An extension left without attributes is gone, and
// its URI with it (Z-31).
func (w *run) put(op Op, t target, v schema.Value) error {
	top := t.attr
	if t.extension != nil {
		top = t.extension
		v = schema.Complex(w.root.Get(top).Object().With(t.attr, v))
	}
	if isEmpty(v) && !isEmpty(w.root.Get(top)) && w.requiredExtension(top) {
		return prefixPath(top, unassigning(op, "a required extension"))
	}
	w.root = w.root.With(top, v)
	return nil
}

// isEmpty reports whether a client sees nothing of an attribute's value.
func isEmpty(v schema.Value) bool {
	o := v.Object()
	return !v.Assigned() || o != nil && o.Len() == o.Hidden().Len()
}

func (w *run) requiredExtension(a *schema.Attribute) bool {
	for _, e := range w.typ.Extensions {
		if e.Required && e.Schema.ID == a.Name {
			return true
		}
	}
	return false
}
