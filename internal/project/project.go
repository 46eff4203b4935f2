// Package project shapes what a response returns: the characteristic
// "returned" (RFC 7643 §7) and the parameters attributes and
// excludedAttributes (RFC 7644 §3.9), and encodes the result as JSON straight
// from the value tree.
package project

import (
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// Projection says which attributes of one resource type a response returns.
// It is immutable and safe for concurrent use.
type Projection struct {
	t        *schema.ResourceType
	included *selection // the names in attributes; nil without
	excluded *selection // the names in excludedAttributes; nil without
	sent     *selection // attributes "returned: request" that the request carried
}

// selection is a set of attributes, each whole or in parts.
type selection struct {
	whole bool
	parts map[*schema.Attribute]*selection
}

func (s *selection) add(p schema.AttrPath) {
	for _, a := range p {
		if s.parts == nil {
			s.parts = map[*schema.Attribute]*selection{}
		}
		next := s.parts[a]
		if next == nil {
			next = &selection{}
			s.parts[a] = next
		}
		s = next
	}
	s.whole = true
}

// part returns the selected part of a; nil if nothing is selected.
func (s *selection) part(a *schema.Attribute) *selection {
	switch {
	case s == nil:
		return nil
	case s.whole:
		return s
	}
	return s.parts[a]
}

// All returns everything that is returned by default.
func All(t *schema.ResourceType) *Projection { return &Projection{t: t} }

// New returns the projection for the parameters attributes and
// excludedAttributes, either of which may be empty. Names in neither are in
// standard notation (RFC 7644 §3.10); a bare schema URI means all its
// attributes (Z-20). A name that the type does not have is left out, or an
// [*schema.Error] of invalidValue without [schema.Profile.UnknownAttributes]. Both lists together are
// invalidValue (RFC 7644 §3.9: "mutually exclusive").
func New(t *schema.ResourceType, attributes, excluded []string, p schema.Profile) (*Projection, error) {
	if len(attributes) > 0 && len(excluded) > 0 {
		return nil, &schema.Error{Type: schema.ErrorInvalidValue, Detail: "attributes and excludedAttributes are mutually exclusive"}
	}
	out := All(t)
	var err error
	if len(attributes) > 0 {
		out.included, err = selected(t, attributes, p)
	}
	if len(excluded) > 0 {
		out.excluded, err = selected(t, excluded, p)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func selected(t *schema.ResourceType, names []string, p schema.Profile) (*selection, error) {
	s := &selection{}
	for _, name := range names {
		if strings.EqualFold(name, t.Schema.ID) {
			for _, a := range t.Schema.Attributes {
				s.add(schema.AttrPath{a}) // hidden ones are left out by child
			}
			continue
		}
		path, ok := t.ResolveFor(name, p)
		if ok {
			s.add(path)
			continue
		}
		if !p.UnknownAttributes {
			return nil, &schema.Error{Type: schema.ErrorInvalidValue, Detail: "unknown attribute " + schema.Quote(name)}
		}
	}
	return s, nil
}

// Sent returns a projection that also returns the attributes with "returned:
// request" among those a POST, PUT or PATCH carried (RFC 7643 §7).
func (p *Projection) Sent(attributes []*schema.Attribute) *Projection {
	var s *selection
	for _, a := range attributes {
		if !onRequest(a) {
			continue
		}
		if s == nil {
			s = &selection{}
		}
		s.add(schema.AttrPath{a})
	}
	if s == nil {
		return p
	}
	c := *p
	c.sent = s
	return &c
}

// onRequest reports whether a or an attribute within it is "returned: request".
func onRequest(a *schema.Attribute) bool {
	return a.Returned == schema.ReturnedRequest || slices.ContainsFunc(a.SubAttributes, onRequest)
}

// Without returns a projection that leaves out the root attribute a as well.
// It is meant for attributes that are expensive to derive.
func (p *Projection) Without(a *schema.Attribute) *Projection {
	c := *p
	c.excluded = &selection{}
	c.excluded.add(schema.AttrPath{a})
	return &c
}

// Includes reports whether the root attribute a is returned if it has a value,
// so that an expensive value is derived only when it is returned.
func (p *Projection) Includes(a *schema.Attribute) bool {
	in, _, _, _ := p.root().child(a)
	return in
}

// Names reports whether attributes names the attribute at the path itself, and not only
// one around it.
func (p *Projection) Names(path schema.AttrPath) bool {
	s := p.included
	for _, a := range path {
		if s == nil {
			return false
		}
		s = s.parts[a]
	}
	return s != nil && s.whole
}

// Explicit reports whether attributes or excludedAttributes were given.
func (p *Projection) Explicit() bool { return p.included != nil || p.excluded != nil }

func (p *Projection) root() level {
	return level{named: p.included, excluded: p.excluded, sent: p.sent}
}

// level are the rules for the attributes of one object.
type level struct {
	named    *selection // non-nil: only these and those always returned
	excluded *selection
	sent     *selection // "returned: request" attributes that are returned too
}

// child decides about one attribute: whether it is returned, and what holds
// for its sub-attributes.
func (l level) child(a *schema.Attribute) (in bool, named, excluded, sent *selection) {
	named, excluded, sent = l.named.part(a), l.excluded.part(a), l.sent.part(a)
	switch {
	case a.Secret(), a.Hidden:
		return false, nil, nil, nil
	case a.Returned == schema.ReturnedAlways:
		in = true
	case l.named != nil:
		in = named != nil
	case excluded != nil && excluded.whole:
		in = false
	case a.Returned == schema.ReturnedRequest:
		in = sent != nil
	default:
		in = true
	}
	if !in && alwaysWithin(a) {
		in = true
		if excluded == nil {
			named = &selection{}
		}
	}
	if named != nil && named.whole {
		// Naming a complex attribute returns its default set (J-12), and what
		// is named within it besides.
		if sent == nil && named.parts != nil {
			sent = &selection{parts: named.parts}
		}
		named = nil
	}
	return in, named, excluded, sent
}

// alwaysWithin reports whether a is an extension with attributes that are
// always returned: it is no attribute itself but their namespace.
func alwaysWithin(a *schema.Attribute) bool {
	return schema.AttrPath{a}.Extension() && slices.ContainsFunc(a.SubAttributes, func(sub *schema.Attribute) bool {
		return sub.Returned == schema.ReturnedAlways && !sub.Secret() && !sub.Hidden
	})
}
