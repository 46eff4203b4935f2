package schema

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/internal/ascii"
)

// Schema is a set of attribute definitions known by a URI (RFC 7643 §7). Make
// one with [New] or [Parse]; from then on it is immutable and safe for
// concurrent use.
type Schema struct {
	ID          string // the schema URI
	Name        string
	Description string
	Attributes  []*Attribute

	extension *Attribute // the schema as an attribute of a resource type that it extends
}

// New checks a schema and returns a compiled copy. The error joins every
// violation of RFC 7643 §2 and §7: names (§2.1), sub-attributes of simple or
// within complex attributes (§1.2, §2.3.8), uniqueness, case sensitivity or
// referenceTypes where they cannot apply (§2.3, §7).
func New(s Schema) (*Schema, error) {
	c := &Schema{ID: s.ID, Name: s.Name, Description: s.Description}
	var errs []error
	if !validURI(s.ID) {
		errs = append(errs, fmt.Errorf("schema: %q is not a schema URI", s.ID))
	}
	c.Attributes = copyAttributes(s.Attributes)
	errs = append(errs, checkAttributes(s.ID, c.Attributes, true)...)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for i, a := range c.Attributes {
		a.compile(orderBase + i)
	}
	c.extension = &Attribute{Name: s.ID, Type: TypeComplex, SubAttributes: c.Attributes}
	c.extension.bind(orderExtension)
	c.bindVocabularies()
	return c, nil
}

// Attribute returns the schema's attribute of that name, compared without
// case, or nil.
func (s *Schema) Attribute(name string) *Attribute { return s.extension.Sub(name) }

// Password returns the attribute password of the core schema of users (RFC 7643
// §4.1.1); nil if the schema is another one or lacks it.
func (s *Schema) Password() *Attribute {
	if !ascii.EqualFold(s.ID, UserURI) {
		return nil
	}
	return s.Attribute("password")
}

func copyAttributes(as []*Attribute) []*Attribute {
	out := make([]*Attribute, 0, len(as))
	for _, a := range as {
		if a == nil {
			continue
		}
		c := *a
		c.CanonicalValues = slices.Clone(a.CanonicalValues)
		c.ReferenceTypes = slices.Clone(a.ReferenceTypes)
		c.SubAttributes = copyAttributes(a.SubAttributes)
		if c.Type == TypeReference || c.Type == TypeBinary {
			c.CaseExact = true // RFC 7643 §2.3.6, §2.3.7
		}
		out = append(out, &c)
	}
	return out
}

// compile makes an attribute and its sub-attributes ready for use.
func (a *Attribute) compile(order int) {
	for i, s := range a.SubAttributes {
		s.compile(i)
	}
	a.bind(order)
}

func (a *Attribute) bind(order int) {
	a.order = order
	a.folded = ascii.ToLower(a.Name)
	a.key = string(AppendJSONString(nil, a.Name)) + ":"
	a.byName = index(a.SubAttributes)
	a.whole = !a.Secret() && !a.Hidden && a.Returned != ReturnedRequest
	a.carried = a.kept() || a.Mutability == Immutable
	a.primary = nil
	if p := a.byName["primary"]; order != orderExtension && p != nil && p.Type == TypeBoolean && !p.MultiValued {
		a.primary = p
	}
	_, references := a.byName["$ref"]
	for _, s := range a.SubAttributes {
		s.open = references
		a.carried = a.carried || s.carried
		a.whole = a.whole && s.whole
	}
}

// index maps names to attributes in both the schema's spelling and lower case,
// so that the usual spelling is found without folding.
func index(as []*Attribute) map[string]*Attribute {
	m := make(map[string]*Attribute, 2*len(as))
	for _, a := range as {
		m[a.Name] = a
		m[ascii.ToLower(a.Name)] = a
	}
	return m
}

func checkAttributes(where string, as []*Attribute, top bool) []error {
	var errs []error
	seen := map[string]bool{}
	for _, a := range as {
		path := where + ":" + a.Name
		if folded := ascii.ToLower(a.Name); seen[folded] {
			errs = append(errs, fmt.Errorf("schema: %s is defined twice", path))
		} else {
			seen[folded] = true
		}
		for _, problem := range a.problems(top) {
			errs = append(errs, fmt.Errorf("schema: %s: %s", path, problem))
		}
		errs = append(errs, checkAttributes(path, a.SubAttributes, false)...)
	}
	return errs
}

func (a *Attribute) problems(top bool) []string {
	var out []string
	add := func(bad bool, text string) {
		if bad {
			out = append(out, text)
		}
	}
	add(a.Type > TypeComplex || a.Mutability > WriteOnly || a.Returned > ReturnedRequest || a.Uniqueness > UniquenessGlobal,
		"type, mutability, returned or uniqueness is none of RFC 7643 §2.3 and §7")
	add(!validName(a.Name), "not an attribute name (RFC 7643 §2.1)")
	add(a.Type != TypeComplex && len(a.SubAttributes) > 0, "a simple attribute has no sub-attributes (RFC 7643 §1.2)")
	add(a.Type == TypeComplex && !top, "a complex attribute has no complex sub-attributes (RFC 7643 §2.3.8)")
	add(a.Type == TypeComplex && len(a.SubAttributes) == 0, "a complex attribute needs sub-attributes (RFC 7643 §2.3.8)")
	add(a.Type != TypeReference && len(a.ReferenceTypes) > 0, "referenceTypes need type reference (RFC 7643 §7)")
	switch a.Type {
	case TypeBoolean, TypeDateTime, TypeBinary, TypeComplex:
		add(a.Uniqueness != UniquenessNone, "no uniqueness on this type (RFC 7643 §2.3, errata 6004)")
	}
	switch a.Type {
	case TypeBoolean, TypeDecimal, TypeInteger, TypeDateTime, TypeComplex:
		add(a.CaseExact, "no case sensitivity on this type (RFC 7643 §2.3)")
	}
	add(a.Mutability == WriteOnly && a.Returned == ReturnedAlways, "writeOnly values are never returned (RFC 7643 §7)")
	return out
}

// validName follows ATTRNAME of RFC 7643 §2.1, with the leading "$" of $ref
// (errata 8924).
func validName(name string) bool {
	rest := strings.TrimPrefix(name, "$")
	if rest == "" || !isAlpha(rest[0]) {
		return false
	}
	for i := 1; i < len(rest); i++ {
		c := rest[i]
		if !isAlpha(c) && !('0' <= c && c <= '9') && c != '$' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func isAlpha(c byte) bool { return 'a' <= ascii.Lower(c) && ascii.Lower(c) <= 'z' }

// validURI checks for the form that path notation needs: a scheme, printable ASCII, none
// of the characters that delimit a filter.
func validURI(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || rest == "" || !isAlpha(scheme[0]) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7f || strings.IndexByte(`"[]()\`, s[i]) >= 0 {
			return false
		}
	}
	return true
}
