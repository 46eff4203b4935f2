package sqlquery

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/seed5f3efb56/scim/schema"
)

// Typed maps a struct of the application to a resource type and back, as the
// struct's tags say:
//
//	type User struct {
//		ID        int64          `scim:"id,prefix=u"`
//		Email     string         `scim:"userName"`
//		EmailKey  string         `scim:"userName,key"`
//		FirstName string         `scim:"name.givenName"`
//		WorkEmail sql.NullString `scim:"emails[type eq \"work\"].value"`
//		Disabled  bool           `scim:"active,not"`
//		Dept      *string        `scim:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"`
//		Version   int64          `scim:"meta.version"`
//		UpdatedAt time.Time      `scim:"meta.lastModified"`
//		Rest      []byte         `scim:",rest"`
//	}
//
// A tag is a path, then options, separated by commas. Fields without a tag, or
// with "-", are the application's own.
//
//	userName, name.givenName     a single value; attributes of an extension have its URI in front
//	emails[primary].value        of the element that is primary, else of the first
//	emails[type eq "work"].value of the first element that satisfies all eq
//	…,not                        the opposite of a boolean
//	…,true=active|invited,false=suspended
//	                             a string or integer for a boolean: further values are read as the first
//	…,default=VALUE              what a boolean or number that cannot be null is without a value, on creation; else zero, and true for active
//	…,unit=s|ms|us|ns            an integer that is a time since 1970
//	…,key                        schema.FoldKey of another field's value, kept by the library
//	…,former                     the key that a unique value had when the row was deleted; see [store.Reviver]
//	id                           string, integer, or what reads and writes itself as text (a UUID type)
//	id,prefix=u                  in front of the id that clients see; keeps the integers of two tables apart
//	id,uuid                      a string that must be a UUID in lower case
//	meta.version                 an integer that counts the changes
//	meta.created                 a time
//	meta.lastModified            a time
//	,tenant                      the tenant, with types and uuid as for id; of several fields the tenant is their
//	                             texts in the order of the struct, joined by "/"
//	,owner                       string: the connection that provisioned the resource; see schema.WithOwner
//	,deleted                     boolean, or nullable time: rows stay, inactive and as if they were gone
//	,composed                    a column that Options.Complete makes from the resource; any type
//	…,composed                   a string attribute that Options.Complete may overwrite
//	,rest                        []byte or string: JSON of all that has no field of its own
//
// A value fits a field of the Go type of its attribute type: string; bool; any
// integer; float; time.Time. Pointers and the Null types of database/sql have
// no value when the attribute has none. In other fields the empty string and
// the zero time mean that there is none; booleans and numbers keep what they
// had when a client takes the value away. Types with a Scan or Value method are
// refused: SQL would not compare what the field means.
//
// Of the values after true= and false= the first is written, and only if the
// column does not mean the same already. A value that is not named means false,
// and is logged once.
//
// A rest field keeps every attribute that has no field, and all values of
// multi-valued attributes, so that nothing that a client sent is lost. A field
// overrides the value of the rest: clients see what the application writes to
// the field. An element that is missing in the rest is added. Without a rest
// field, [Typed.Type] has only the attributes with a field.
//
// A Typed is immutable and safe for concurrent use.
type Typed[T any] struct{ mapping }

// mapping is the result of reading the tags of one struct.
type mapping struct {
	typ    *schema.ResourceType
	fields []*field

	id, version, created, modified, deleted, rest *field
	tenants                                       []tenantField // in the order of the struct
	ids                                           idCodec
}

// role is the meaning of a field to the library.
type role uint8

// The roles of a field.
const (
	roleAttribute    role = iota // the value of an attribute
	roleKey                      // schema.FoldKey of a value
	roleFormer                   // the key of a unique value before the deletion
	roleID                       // id
	roleVersion                  // meta.version
	roleCreated                  // meta.created
	roleLastModified             // meta.lastModified
	roleTenant                   // ,tenant
	roleDeleted                  // ,deleted
	roleRest                     // ,rest
	roleComposed                 // ,composed
)

// field is one tagged field of a struct.
type field struct {
	reflect.StructField // Index is relative to the struct T
	role                role
	// path is the attribute of roleAttribute, roleKey and roleFormer, in
	// [Typed.Type]. primary or terms select one element of a multi-valued
	// attribute.
	path     schema.AttrPath
	primary  bool
	terms    []term
	not      bool // the field is the opposite of a boolean attribute
	composed bool // Options.Complete may set the field
	nullable bool // the field's type has a state for "no value"
	isTime   bool // the field is a time.Time, possibly nullable

	codec codec
	start schema.Value // the default
}

// goValue returns the field of the struct that v points to.
func (f *field) goValue(v any) reflect.Value { return reflect.ValueOf(v).Elem().FieldByIndex(f.Index) }

// selects reports whether the field holds a value of one element of a
// multi-valued attribute.
func (f *field) selects() bool { return f.primary || f.terms != nil }

// arg returns the argument that the column of the field is compared with: the
// value in the Go type of the field. It reports false if the field cannot hold
// the value.
func (f *field) arg(v schema.Value) (any, bool) {
	c := f.codec
	if c.null != notNull {
		c.null, c.typ = notNull, baseOf(c)
	}
	to := reflect.New(c.typ).Elem()
	if !v.Assigned() || c.setInner(to, v) != nil {
		return nil, false
	}
	return to.Interface(), true
}

func baseOf(c codec) reflect.Type {
	if c.null == nullPointer {
		return c.typ.Elem()
	}
	return c.typ.Field(0).Type
}

// NewTyped reads the tags of T, which must be a struct. The error joins all
// mistakes.
func NewTyped[T any](t *schema.ResourceType) (*Typed[T], error) {
	m, err := build(reflect.TypeFor[T](), t)
	if err != nil {
		return nil, err
	}
	return &Typed[T]{*m}, nil
}

func build(host reflect.Type, t *schema.ResourceType) (*mapping, error) {
	if host.Kind() != reflect.Struct {
		return nil, &tagError{host, "", "is not a struct"}
	}
	if t == nil || t.Root() == nil {
		return nil, &tagError{host, "", "needs a resource type made by schema.NewResourceType"}
	}
	b := builder{host: host, typ: t}
	m := &mapping{fields: b.read()}
	m.typ = b.typ
	m.id, m.version, m.created = b.only(roleID), b.only(roleVersion), b.only(roleCreated)
	m.modified, m.deleted, m.rest = b.only(roleLastModified), b.only(roleDeleted), b.only(roleRest)
	m.ids, m.tenants = b.ids, b.tenants
	if m.id == nil {
		b.fail("", "has no field with the tag id")
	}
	b.checkTogether(m.rest != nil)
	if m.rest == nil && len(b.errs) == 0 {
		m.typ = b.reduce()
	}
	return m, errors.Join(b.errs...)
}

// Type returns the resource type to serve (scim.Endpoint.Type). With a rest
// field it is the type given to NewTyped. Otherwise it has only the attributes
// with a field, and secrets, members and groups, which are kept elsewhere.
func (m *Typed[T]) Type() *schema.ResourceType { return m.typ }

// keyField returns the key field that belongs to an attribute's field, or nil.
func (m *Typed[T]) keyField(f *field) *field {
	for _, k := range m.fields {
		if k.role == roleKey && k.sameValue(f) {
			return k
		}
	}
	return nil
}

// integerIDs reports whether the database assigns the ids.
func (m *Typed[T]) integerIDs() bool { return m.ids.form == idInteger }

// ID returns the id of v.
func (m *Typed[T]) ID(v *T) string { return m.ids.format(m.id.goValue(v)) }

// SetID sets the id of v. It reports false, and changes nothing, if no resource
// can have the id: it lacks the prefix, is not a number or UUID, or is spelled
// in another way than ID returns it.
func (m *Typed[T]) SetID(v *T, id string) bool {
	parsed, ok := m.ids.parse(id)
	if ok {
		m.id.goValue(v).Set(parsed)
	}
	return ok
}

// versionText returns the version of v; "" without a version field.
func (m *Typed[T]) versionText(v *T) string {
	if m.version == nil {
		return ""
	}
	if f := m.version.goValue(v); f.CanInt() {
		return strconv.FormatInt(f.Int(), 10)
	}
	return strconv.FormatUint(m.version.goValue(v).Uint(), 10)
}

// String returns the name of the struct, for errors.
func (m *Typed[T]) String() string { return fmt.Sprintf("%s as %s", reflect.TypeFor[T](), m.typ.Name) }

// rowValue returns the field of the struct that v points to as a value of the
// attribute; for a key field, the key.
func (f *field) rowValue(v any) schema.Value { return f.codec.get(f.goValue(v)) }

// setModified sets meta.lastModified of v, if T has a field for it.
func (m *Typed[T]) setModified(v *T, at time.Time) {
	if m.modified != nil {
		_ = m.modified.codec.set(m.modified.goValue(v), schema.DateTime(at)) // cannot fail
	}
}

// oneCase reports whether two ids never differ only in case: they are integers
// or UUIDs.
func (m *Typed[T]) oneCase() bool { return m.ids.form == idInteger || m.ids.isUUID() }
