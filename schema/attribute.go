package schema

import "github.com/seed5f3efb56/scim/internal/ascii"

// Type is an attribute's data type (RFC 7643 §2.3). The zero value is the
// RFC's default, string.
type Type uint8

// The data types of RFC 7643 §2.3.
const (
	TypeString Type = iota
	TypeBoolean
	TypeDecimal
	TypeInteger
	TypeDateTime
	TypeBinary
	TypeReference
	TypeComplex
)

// Mutability says when a client may change a value (RFC 7643 §7).
type Mutability uint8

// The mutabilities of RFC 7643 §7; ReadWrite is the default.
const (
	ReadWrite Mutability = iota
	ReadOnly
	Immutable
	WriteOnly
)

// Returned says when a value is part of a response (RFC 7643 §7).
type Returned uint8

// The values of "returned"; ReturnedDefault is the default.
const (
	ReturnedDefault Returned = iota
	ReturnedAlways
	ReturnedNever
	ReturnedRequest
)

// Uniqueness says among which resources a value is unique (RFC 7643 §7).
// Server and global are enforced alike: per tenant and resource type.
type Uniqueness uint8

// The values of "uniqueness"; UniquenessNone is the default.
const (
	UniquenessNone Uniqueness = iota
	UniquenessServer
	UniquenessGlobal
)

// Attribute defines one attribute or sub-attribute (RFC 7643 §7). The zero
// value of each field is the RFC's default (§2.2). Attributes reachable from a
// [Schema] made by [New] or [Parse] are immutable and safe for concurrent use;
// their pointers are identities: a field of an [Object] names its attribute by
// pointer.
type Attribute struct {
	Name            string
	Type            Type
	MultiValued     bool
	Description     string
	Required        bool
	CanonicalValues []string
	CaseExact       bool
	Mutability      Mutability
	Returned        Returned
	Uniqueness      Uniqueness
	ReferenceTypes  []string
	SubAttributes   []*Attribute

	// Hidden keeps the attribute from clients: /Schemas does not list it,
	// responses do not hold it, and its name is that of an unknown attribute in
	// bodies, filters, paths and parameters. A PUT keeps its value as it keeps
	// one of a readOnly attribute. Stores and the embedder read and write it as
	// any other. JSON definitions ([Parse]) cannot say it.
	Hidden bool

	order   int        // position among its siblings; the order of encoding
	folded  string     // lower-case name
	key     string     // the name as a JSON member name, with the colon
	open    bool       // canonicalValues do not bind, see checkCanonical
	whole   bool       // see ReturnedWhole
	carried bool       // a PUT keeps something of it, see Carry
	check   vocabulary // that RFC 7643 §4.1 asks for, if any
	byName  map[string]*Attribute
	primary *Attribute // see Primary
}

// Sub returns the sub-attribute with that name, compared without case
// (RFC 7643 §2.1), or nil.
func (a *Attribute) Sub(name string) *Attribute {
	if s, ok := a.byName[name]; ok {
		return s
	}
	return a.byName[ascii.ToLower(name)]
}

// Public returns the sub-attribute of that name as [Attribute.Sub] does, or nil
// if it is hidden, so that a client cannot name it.
func (a *Attribute) Public(name string) *Attribute {
	if s := a.Sub(name); s != nil && !s.Hidden {
		return s
	}
	return nil
}

// kept reports whether a write of a client keeps the value: readOnly and hidden
// attributes are not the client's to change.
func (a *Attribute) kept() bool { return a.Mutability == ReadOnly || a.Hidden }

// Primary returns the boolean sub-attribute "primary" of a complex attribute
// (RFC 7643 §2.4), or nil. An extension has none: it is not a value.
func (a *Attribute) Primary() *Attribute { return a.primary }

// IsPrimary reports whether v, one value of the complex attribute a, is the
// primary one. A missing "primary" is false (RFC 7643 §2.4).
func (a *Attribute) IsPrimary(v Value) bool {
	return a.primary != nil && v.Object().Get(a.primary).Bool()
}

// Secret reports whether values of the attribute never leave the server:
// writeOnly or returned never. They are split off when a body is decoded.
func (a *Attribute) Secret() bool {
	return a.Mutability == WriteOnly || a.Returned == ReturnedNever
}

// ReturnedWhole reports whether a response without the parameters attributes and
// excludedAttributes has the value as it is stored, with all of its parts.
func (a *Attribute) ReturnedWhole() bool { return a.whole }

// FoldsCase reports whether values are compared without case: strings that
// are not caseExact. References and binaries are always case-exact
// (RFC 7643 §2.3.6, §2.3.7).
func (a *Attribute) FoldsCase() bool {
	return a.Type == TypeString && !a.CaseExact
}
