package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ParseTypes reads resource types as a service provider publishes them: the
// documents of its /ResourceTypes and /Schemas (RFC 7644 §4), each a ListResponse,
// an array or one object. Schemas that no type uses are left out. A type's readOnly
// multi-valued complex attribute groups becomes its GroupsAttribute, and members its
// MembersAttribute (RFC 7643 §4.1.2, §4.2), which the documents cannot say.
//
// One referenceType may stand without a list. The error joins what [New] and [NewResourceType] find, and names a
// schema that is missing.
func ParseTypes(resourceTypes, schemas []byte) ([]*ResourceType, error) {
	all, err := ParseAll(schemas)
	if err != nil {
		return nil, err
	}
	texts, err := documents(resourceTypes)
	if err != nil {
		return nil, err
	}
	var types []*ResourceType
	var errs []error
	for _, text := range texts {
		t, err := parseType(text, all)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		types = append(types, t)
	}
	return types, errors.Join(errs...)
}

// ParseAll reads the schemas of a document: a ListResponse of /Schemas, an array, or
// one schema as [Parse] reads it. The error joins what is wrong with each.
func ParseAll(data []byte) ([]*Schema, error) {
	texts, err := documents(data)
	if err != nil {
		return nil, err
	}
	var schemas []*Schema
	var errs []error
	for _, text := range texts {
		s, err := Parse(text)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		schemas = append(schemas, s)
	}
	return schemas, errors.Join(errs...)
}

// documents returns the objects of a document.
func documents(data []byte) ([]json.RawMessage, error) {
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(data, &list); err != nil {
			return nil, fmt.Errorf("schema: %w", err)
		}
		return list, nil
	}
	var response struct{ Resources []json.RawMessage }
	if err := json.Unmarshal(data, &response); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	if response.Resources != nil {
		return response.Resources, nil
	}
	return []json.RawMessage{data}, nil
}

// parseType reads one resource type (RFC 7643 §6).
func parseType(data []byte, schemas []*Schema) (*ResourceType, error) {
	var raw struct {
		Name, Endpoint, Description, Schema string
		SchemaExtensions                    []struct {
			Schema   string
			Required bool
		}
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	find := func(uri string) (*Schema, error) {
		for _, s := range schemas {
			if strings.EqualFold(s.ID, uri) {
				return s, nil
			}
		}
		return nil, fmt.Errorf("schema: the schema %q of resource type %q is missing", uri, raw.Name)
	}
	t := ResourceType{Name: raw.Name, Endpoint: raw.Endpoint, Description: raw.Description}
	var err error
	if t.Schema, err = find(raw.Schema); err != nil {
		return nil, err
	}
	for _, e := range raw.SchemaExtensions {
		s, err := find(e.Schema)
		if err != nil {
			return nil, err
		}
		t.Extensions = append(t.Extensions, Extension{Schema: s, Required: e.Required})
	}
	if a := t.Schema.Attribute("groups"); isList(a) && a.Mutability == ReadOnly {
		t.GroupsAttribute = a.Name
	}
	if a := t.Schema.Attribute("members"); isList(a) && a.Sub("value") != nil {
		t.MembersAttribute = a.Name
	}
	return NewResourceType(t)
}

// wordList is a JSON list of words, or one word alone.
type wordList []string

// UnmarshalJSON reads either form.
func (l *wordList) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = wordList{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(l))
}
