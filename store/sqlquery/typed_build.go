package sqlquery

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// builder reads the tags of one struct and collects mistakes.
type builder struct {
	host    reflect.Type
	typ     *schema.ResourceType
	fields  []*field
	ids     idCodec
	tenants []tenantField
	errs    []error
}

func (b *builder) fail(field, format string, args ...any) {
	b.errs = append(b.errs, &tagError{b.host, field, fmt.Sprintf(format, args...)})
}

func (b *builder) read() []*field {
	found, errs := structFields(b.host)
	b.errs = append(b.errs, errs...)
	for _, sf := range found {
		g, err := parseTag(sf.Tag.Get("scim"))
		if err == nil {
			err = b.field(sf, g)
		}
		if err != nil {
			b.fail(sf.Name, "%s", err)
		}
	}
	return b.fields
}

// headers are the paths of fields of schema.Resource outside of Attributes.
var headers = map[string]role{
	"id": roleID, "meta.version": roleVersion, "meta.created": roleCreated, "meta.lastmodified": roleLastModified,
}

// allowed are the options that each role can have.
var allowed = map[role][]string{
	roleAttribute: {"not", "default", "unit", "composed", "true", "false", "owner"}, roleKey: {"key"}, roleFormer: {"former"}, roleID: {"prefix", "uuid"},
	roleCreated: {"unit"}, roleLastModified: {"unit"},
	roleTenant: {"tenant", "uuid"}, roleDeleted: {"deleted"}, roleRest: {"rest"}, roleComposed: {"composed"},
}

func (b *builder) field(sf reflect.StructField, g tag) error {
	f := &field{StructField: sf, not: g.has("not"), composed: g.has("composed"), codec: newCodec(sf.Type)}
	f.codec.not = f.not
	f.nullable, f.isTime = f.codec.null != notNull, f.codec.kind == kindTime
	if err := b.role(f, g); err != nil {
		return err
	}
	if f.role != roleID && f.role != roleTenant && f.role != roleRest && f.role != roleComposed && convertsItself(baseType(sf.Type)) {
		return fmt.Errorf("is %s, whose Scan or Value method (sql.Scanner, driver.Valuer) makes filters on its column differ from those on the attribute; use a string, bool, integer, float, time.Time, or a Null type of database/sql", f.Type)
	}
	for o := range g.options {
		if !slices.Contains(allowed[f.role], o) {
			return fmt.Errorf("option %s is not possible for this path", o)
		}
	}
	if unit := g.options["unit"]; unit != "" {
		if f.codec.unit = units[unit]; f.codec.unit == 0 || f.codec.kind != kindInt {
			return fmt.Errorf("option unit must be s, ms, us or ns, on an integer")
		}
	}
	if err := b.check(f, g); err != nil {
		return err
	}
	b.fields = append(b.fields, f)
	return nil
}

// convertsItself reports whether database/sql reads or writes values of a type by
// its methods, so that the column does not have the value of the field.
func convertsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[sql.Scanner]()) || p.Implements(reflect.TypeFor[driver.Valuer]())
}

func (b *builder) role(f *field, g tag) error {
	if g.has("owner") {
		return b.owner(f, g)
	}
	switch header, isHeader := headers[strings.ToLower(g.path)]; {
	case g.path == "" && g.has("rest"):
		f.role = roleRest
	case g.path == "" && g.has("composed"):
		f.role = roleComposed
	case g.path == "" && g.has("deleted"):
		f.role = roleDeleted
	case g.path == "" && g.has("tenant"):
		f.role = roleTenant
	case g.path == "":
		return fmt.Errorf("the tag needs a path, or one of the options rest, deleted, owner, composed and tenant")
	case isHeader && !g.bracket:
		f.role = header
	default:
		switch {
		case g.has("key"):
			f.role = roleKey
		case g.has("former"):
			f.role = roleFormer
		}
		return b.resolve(f, g)
	}
	return nil
}

// owner makes the field that of the owner; the type becomes one with an owner.
func (b *builder) owner(f *field, g tag) error {
	if g.path != "" {
		return fmt.Errorf("option owner stands alone, as in \",owner\"")
	}
	b.typ = schema.WithOwner(b.typ)
	g.path = schema.OwnerAttribute.Name
	return b.resolve(f, g)
}

// resolve finds the attribute of a path and parses the selector.
func (b *builder) resolve(f *field, g tag) error {
	p, ok := b.typ.Resolve(g.path)
	if !ok {
		return fmt.Errorf("%s has no attribute %q", b.typ.Name, g.path)
	}
	a := p.Last()
	f.path, f.codec.attr = p, a
	switch {
	case slices.ContainsFunc(p, (*schema.Attribute).Secret):
		return fmt.Errorf("%s is a secret, which is not part of a resource: see scim.Config.SetPassword", p)
	case p[0] == schema.MetaAttribute, p[0] == schema.SchemasAttribute:
		return fmt.Errorf("%s is made by the library", p)
	case p[0] == b.typ.Members(), p[0] == b.typ.Groups():
		return fmt.Errorf("%s is kept in a separate table", p)
	case a.Type == schema.TypeComplex:
		return fmt.Errorf("%s is complex: name one of its sub-attributes", p)
	case !p.MultiValued() && g.bracket:
		return fmt.Errorf("%s has a single value: no brackets", p)
	case p.MultiValued() && (!g.bracket || a.MultiValued):
		return fmt.Errorf("%s has several values: select one, as in emails[primary].value, or keep them in the rest field", p)
	case strings.EqualFold(g.selector, "primary"):
		f.primary = true
		return nil
	case !g.bracket:
		return nil
	}
	var err error
	f.terms, err = g.terms(b.typ, f.list().Last())
	return err
}

// list returns the path of the multi-valued attribute of a selecting field.
func (f *field) list() schema.AttrPath { return f.path[:len(f.path)-1] }

// check checks that the Go type fits the role.
func (b *builder) check(f *field, g tag) error {
	c, null := &f.codec, f.codec.null != notNull
	bad := func(want string) error { return fmt.Errorf("is %s, but must be %s", f.Type, want) }
	switch f.role {
	case roleAttribute:
		return b.checkAttribute(f, g)
	case roleKey:
		switch {
		case c.kind != kindText:
			return bad("a string")
		case !c.attr.FoldsCase():
			return fmt.Errorf("%s is compared without folding and needs no key", f.path)
		}
	case roleFormer:
		switch {
		case c.kind != kindText || !null:
			return bad("a nullable string")
		case !b.identifies(f.path):
			return fmt.Errorf("%s is not a unique string: deleted resources cannot be found by it", f.path)
		}
	case roleID:
		var reason string
		if b.ids, reason = newIDCodec(f.Type, g); reason != "" {
			return fmt.Errorf("%s", reason)
		}
	case roleVersion:
		if null || c.kind != kindInt && c.kind != kindUint {
			return bad("an integer")
		}
	case roleCreated, roleLastModified:
		c.attr = schema.MetaAttribute.Sub("created")
		if !c.fits(schema.TypeDateTime) {
			return bad("a time, or an integer with the option unit")
		}
	case roleTenant:
		ids, reason := newIDCodec(f.Type, g)
		if reason != "" {
			return fmt.Errorf("%s", reason)
		}
		b.tenants = append(b.tenants, tenantField{f, ids})
	case roleDeleted:
		if c.kind != kindBool && (!null || c.kind != kindTime) || c.kind == kindBool && null {
			return bad("a boolean or a nullable time")
		}
		c.attr = schema.MetaAttribute.Sub("created")
	case roleRest:
		if null || c.kind != kindText && c.kind != kindBytes {
			return bad("[]byte or a string")
		}
	}
	return nil
}

func (b *builder) checkAttribute(f *field, g tag) error {
	c := &f.codec
	if g.has("true") || g.has("false") {
		var err error
		if c.values, err = newValueMap(*c, g); err != nil {
			return err
		}
	}
	switch text, given := g.options["default"]; {
	case !c.fits(c.attr.Type):
		return fmt.Errorf("is %s, which does not hold the %s %s", f.Type, c.attr.Type, f.path)
	case f.not && c.attr.Type != schema.TypeBoolean:
		return fmt.Errorf("option not is for booleans")
	case f.composed && (c.attr.Type != schema.TypeString || f.selects() || c.attr.Uniqueness != schema.UniquenessNone):
		return fmt.Errorf("option composed is for string attributes with a single value that need not be unique")
	case given && (c.null != notNull || c.hasEmpty()):
		return fmt.Errorf("option default is for booleans and numbers that cannot be null")
	case given:
		v, err := c.parseDefault(text)
		if err == nil {
			err = c.set(reflect.New(c.typ).Elem(), v)
		}
		if err != nil {
			return fmt.Errorf("default: %w", err)
		}
		f.start = v
	case c.null == notNull && f.path.String() == "active":
		// A user created without active is active.
		f.start = schema.Boolean(true)
	}
	return nil
}

// sameValue reports whether two fields have the same path and selector.
func (f *field) sameValue(g *field) bool {
	return slices.Equal(f.path, g.path) && f.sameElement(g)
}

// sameElement reports whether two fields have the same selector.
func (f *field) sameElement(g *field) bool {
	return f.primary == g.primary && slices.EqualFunc(f.terms, g.terms, func(x, y term) bool {
		return x.sub == y.sub && schema.Equal(x.sub, x.value, y.value)
	})
}

// only returns the field of a role that at most one field can have, or nil.
func (b *builder) only(r role) *field {
	var found *field
	for _, f := range b.fields {
		switch {
		case f.role != r:
		case found != nil:
			b.fail(f.Name, "has the tag of %s", found.Name)
		default:
			found = f
		}
	}
	return found
}

// checkTogether finds fields that contradict each other, and missing fields.
func (b *builder) checkTogether(rest bool) {
	for i, f := range b.fields {
		if f.role != roleAttribute && f.role != roleKey && f.role != roleFormer {
			continue
		}
		for _, g := range b.fields[:i] {
			switch {
			case g.role == f.role && f.sameValue(g):
				b.fail(f.Name, "has the tag of %s", g.Name)
			case !rest && f.overlaps(g):
				b.fail(f.Name, "and %s may select the same element of %s; only a rest field allows that", g.Name, f.list())
			}
		}
		if f.role == roleFormer && !slices.ContainsFunc(b.fields, func(g *field) bool { return g.role == roleDeleted }) {
			b.fail(f.Name, "needs a field with the tag deleted")
		}
		if f.role != roleAttribute && !slices.ContainsFunc(b.fields, func(g *field) bool { return g.role == roleAttribute && g.sameValue(f) }) {
			b.fail(f.Name, "is the key of a value that has no field")
		}
	}
	if !rest {
		b.checkRequired()
	}
}

// overlaps reports whether two different selectors of one attribute can select
// the same element.
func (f *field) overlaps(g *field) bool {
	if !f.selects() || !g.selects() || !slices.Equal(f.list(), g.list()) || f.sameElement(g) {
		return false
	}
	for _, x := range f.terms {
		for _, y := range g.terms {
			if x.sub == y.sub && !schema.Equal(x.sub, x.value, y.value) {
				return false
			}
		}
	}
	return true
}

// checkRequired finds required attributes that T cannot keep.
func (b *builder) checkRequired() {
	for _, a := range b.typ.Schema.Attributes {
		has := func(f *field) bool { return f.role == roleAttribute && f.path[0] == a }
		if a.Required && !a.Secret() && a != b.typ.Members() && !slices.ContainsFunc(b.fields, has) {
			b.fail("", "has no field for %s, which is required, and no rest field", a.Name)
		}
	}
}
