package schema

import (
	"time"
)

// Resource is one stored resource: a header that the library and the store
// keep, and the attributes a client may set. It is treated as immutable once
// handed over: change a copy ([Resource.WithAttributes]).
//
// Attributes never holds schemas, id or meta, which follow from the header and
// the content ([Resource.Get]), never secrets, and never members of a group
// unless it is the argument of a store's Create.
type Resource struct {
	Type         *ResourceType
	ID           string
	Version      string // opaque, without W/ and quotes; "" if the store has none
	Created      time.Time
	LastModified time.Time
	Location     string // meta.location; set by package scim on the way out, ignored by stores
	Attributes   *Object
}

// WithAttributes returns a copy with other attributes.
func (r *Resource) WithAttributes(o *Object) *Resource {
	c := *r
	c.Attributes = o
	return &c
}

// With returns a copy in which a root attribute has another value.
func (r *Resource) With(a *Attribute, v Value) *Resource {
	return r.WithAttributes(r.Attributes.With(a, v))
}

// Get returns the value of a root attribute, including schemas, id and meta.
func (r *Resource) Get(a *Attribute) Value {
	switch a {
	case SchemasAttribute:
		return r.schemas()
	case IDAttribute:
		if r.ID == "" {
			return Value{}
		}
		return String(r.ID)
	case MetaAttribute:
		return r.meta()
	}
	return r.Attributes.Get(a)
}

// schemas lists the base schema and the extensions in use (RFC 7643 §3).
func (r *Resource) schemas() Value {
	uris := []Value{Reference(r.Type.Schema.ID)}
	for _, e := range r.Type.Extensions {
		if e.Required || r.Attributes.shows(e.Schema.extension) {
			uris = append(uris, Reference(e.Schema.ID))
		}
	}
	return List(uris...)
}

func (r *Resource) meta() Value {
	fields := make([]field, 1, 5)
	fields[0] = field{metaResourceType, String(r.Type.Name)}
	if !r.Created.IsZero() {
		fields = append(fields, field{metaCreated, DateTime(r.Created)})
	}
	if !r.LastModified.IsZero() {
		fields = append(fields, field{metaLastModified, DateTime(r.LastModified)})
	}
	if r.Location != "" {
		fields = append(fields, field{metaLocation, Reference(r.Location)})
	}
	if r.Version != "" {
		fields = append(fields, field{metaVersion, String(`W/"` + r.Version + `"`)})
	}
	return Complex(&Object{fields: fields})
}

// AppendSchemas appends the JSON of the attribute schemas, as Get returns it.
func (r *Resource) AppendSchemas(dst []byte) []byte {
	dst = append(append(dst, '['), r.Type.Schema.extension.quoted()...)
	for _, e := range r.Type.Extensions {
		if e.Required || r.Attributes.shows(e.Schema.extension) {
			dst = append(append(dst, ','), e.Schema.extension.quoted()...)
		}
	}
	return append(dst, ']')
}

// quoted returns the name as a JSON string.
func (a *Attribute) quoted() string { return a.key[:len(a.key)-1] }

// AppendMeta appends the JSON of the attribute meta, as Get returns it.
func (r *Resource) AppendMeta(dst []byte) []byte {
	dst = AppendJSONString(append(append(dst, '{'), metaResourceType.key...), r.Type.Name)
	from := len(dst)
	if !r.Created.IsZero() {
		dst = appendTime(dst, metaCreated, r.Created)
	}
	switch value := dst[from:]; {
	case r.LastModified.IsZero():
	case r.LastModified.Equal(r.Created): // as of most resources: the text is there
		value = value[1+len(metaCreated.key):]
		dst = append(append(append(dst, ','), metaLastModified.key...), value...)
	default:
		dst = appendTime(dst, metaLastModified, r.LastModified)
	}
	if r.Location != "" {
		dst = AppendJSONString(append(append(dst, ','), metaLocation.key...), r.Location)
	}
	if r.Version != "" {
		dst = append(append(dst, ','), metaVersion.key...)
		dst = append(appendJSONText(append(dst, `"W/\"`...), r.Version), `\""`...)
	}
	return append(dst, '}')
}

func appendTime(dst []byte, a *Attribute, t time.Time) []byte {
	dst = append(append(append(dst, ','), a.key...), '"')
	return append(t.UTC().AppendFormat(dst, time.RFC3339Nano), '"')
}

// Common attributes (RFC 7643 §3, §3.1): part of every resource type, whatever
// its schemas say, and of no schema of their own.
var (
	SchemasAttribute    = compiled(0, &Attribute{Name: "schemas", Type: TypeReference, MultiValued: true, Required: true, CaseExact: true, Mutability: ReadOnly, Returned: ReturnedAlways, ReferenceTypes: []string{"uri"}})
	IDAttribute         = compiled(1, &Attribute{Name: "id", Required: true, CaseExact: true, Mutability: ReadOnly, Returned: ReturnedAlways, Uniqueness: UniquenessServer})
	ExternalIDAttribute = compiled(2, &Attribute{Name: "externalId", CaseExact: true})
	MetaAttribute       = compiled(orderMeta, &Attribute{Name: "meta", Type: TypeComplex, Mutability: ReadOnly, SubAttributes: []*Attribute{
		metaResourceType, metaCreated, metaLastModified, metaLocation, metaVersion,
	}})

	metaResourceType = &Attribute{Name: "resourceType", CaseExact: true, Mutability: ReadOnly}
	metaCreated      = &Attribute{Name: "created", Type: TypeDateTime, Mutability: ReadOnly}
	metaLastModified = &Attribute{Name: "lastModified", Type: TypeDateTime, Mutability: ReadOnly}
	metaLocation     = &Attribute{Name: "location", Type: TypeReference, CaseExact: true, Mutability: ReadOnly, ReferenceTypes: []string{"uri"}}
	metaVersion      = &Attribute{Name: "version", CaseExact: true, Mutability: ReadOnly}
)

// Orders of the root attributes: the common ones, then the base schema's in
// its order from orderBase on, then the extensions, then meta.
const (
	orderBase      = 8
	orderExtension = 1 << 20
	orderMeta      = 1 << 21
)

// compiled makes an attribute ready for use. It is called where the variable is
// declared: the resource types of this package are made of them before any init.
func compiled(order int, a *Attribute) *Attribute {
	a.compile(order)
	return a
}
