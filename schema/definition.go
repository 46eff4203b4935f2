package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

var (
	typeNames       = []string{"string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"}
	mutabilityNames = []string{"readWrite", "readOnly", "immutable", "writeOnly"}
	returnedNames   = []string{"default", "always", "never", "request"}
	uniquenessNames = []string{"none", "server", "global"}
)

// String returns the RFC's word for the data type.
func (t Type) String() string { return word(typeNames, int(t)) }

// String returns the RFC's word for the mutability.
func (m Mutability) String() string { return word(mutabilityNames, int(m)) }

// String returns the RFC's word for the characteristic.
func (r Returned) String() string { return word(returnedNames, int(r)) }

// String returns the RFC's word for the uniqueness.
func (u Uniqueness) String() string { return word(uniquenessNames, int(u)) }

func word(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return strconv.Itoa(i)
}

// definition is the JSON form of an attribute (RFC 7643 §7).
type definition struct {
	Name            string       `json:"name"`
	Type            string       `json:"type"`
	MultiValued     bool         `json:"multiValued"`
	Description     string       `json:"description"`
	Required        bool         `json:"required"`
	CanonicalValues []string     `json:"canonicalValues,omitzero"`
	CaseExact       *bool        `json:"caseExact,omitempty"`
	Mutability      string       `json:"mutability"`
	Returned        string       `json:"returned"`
	Uniqueness      string       `json:"uniqueness,omitempty"`
	ReferenceTypes  wordList     `json:"referenceTypes,omitzero"`
	SubAttributes   []definition `json:"subAttributes,omitempty"`
}

// MarshalJSON returns the definition as /Schemas publishes it: every
// characteristic that applies to the type, with the defaults of RFC 7643 §2.2
// filled in, and without hidden sub-attributes.
func (a *Attribute) MarshalJSON() ([]byte, error) {
	return json.Marshal(a.definition())
}

func (a *Attribute) definition() definition {
	d := definition{
		Name: a.Name, Type: a.Type.String(), MultiValued: a.MultiValued, Description: a.Description,
		Required: a.Required, CanonicalValues: a.CanonicalValues,
		Mutability: a.Mutability.String(), Returned: a.Returned.String(),
		ReferenceTypes: a.ReferenceTypes,
	}
	for _, sub := range a.SubAttributes {
		if sub.Hidden {
			continue
		}
		d.SubAttributes = append(d.SubAttributes, sub.definition())
	}
	switch a.Type { // binary cannot be unique, but RFC 7643 §8.7.1 says so for it
	case TypeString, TypeBinary, TypeReference:
		d.CaseExact = &a.CaseExact
	}
	switch a.Type {
	case TypeString, TypeBinary, TypeReference, TypeInteger, TypeDecimal:
		d.Uniqueness = a.Uniqueness.String()
	}
	return d
}

// UnmarshalJSON reads a definition. A characteristic that is missing has the
// default of RFC 7643 §2.2.
func (a *Attribute) UnmarshalJSON(data []byte) error {
	var d definition
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	return d.attribute(a)
}

func (d *definition) attribute(a *Attribute) error {
	*a = Attribute{
		Name: d.Name, MultiValued: d.MultiValued, Description: d.Description, Required: d.Required,
		CanonicalValues: d.CanonicalValues, CaseExact: d.CaseExact != nil && *d.CaseExact,
		ReferenceTypes: d.ReferenceTypes,
	}
	for _, word := range []struct {
		text  string
		names []string
		set   func(int)
	}{
		{d.Type, typeNames, func(i int) { a.Type = Type(i) }},
		{d.Mutability, mutabilityNames, func(i int) { a.Mutability = Mutability(i) }},
		{d.Returned, returnedNames, func(i int) { a.Returned = Returned(i) }},
		{d.Uniqueness, uniquenessNames, func(i int) { a.Uniqueness = Uniqueness(i) }},
	} {
		if word.text == "" {
			continue
		}
		i := slices.Index(word.names, word.text)
		if i < 0 {
			return fmt.Errorf("schema: attribute %s: %q is none of %q", d.Name, word.text, word.names)
		}
		word.set(i)
	}
	for i := range d.SubAttributes {
		sub := &Attribute{}
		if err := d.SubAttributes[i].attribute(sub); err != nil {
			return err
		}
		a.SubAttributes = append(a.SubAttributes, sub)
	}
	return nil
}

// Parse reads a schema from its JSON form (RFC 7643 §7, §8.7) and checks it as
// [New] does.
func Parse(data []byte) (*Schema, error) {
	s, err := parseDefinition(data)
	if err != nil {
		return nil, err
	}
	return New(s)
}

func parseDefinition(data []byte) (Schema, error) {
	var raw struct {
		ID          string       `json:"id"`
		Name        string       `json:"name"`
		Description string       `json:"description"`
		Attributes  []definition `json:"attributes"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return Schema{}, fmt.Errorf("schema: %w", err)
	}
	s := Schema{ID: raw.ID, Name: raw.Name, Description: raw.Description}
	for i := range raw.Attributes {
		a := &Attribute{}
		if err := raw.Attributes[i].attribute(a); err != nil {
			return Schema{}, err
		}
		s.Attributes = append(s.Attributes, a)
	}
	return s, nil
}
