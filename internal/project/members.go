package project

import (
	"iter"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// Members are the members of a resource that is encoded.
type Members struct {
	// Each yields them.
	Each iter.Seq2[schema.Member, error]
	// AppendRef appends $ref as a JSON string. It appends nothing for a member of a
	// type that is not served.
	AppendRef func(dst []byte, m schema.Member) []byte
}

// memberChunk is how many bytes of a resource's members are collected before
// they are flushed.
const memberChunk = 32 << 10

// appendMembers appends the members attribute. The text of a member is appended
// straight from its strings: a large group has many of them, and values made of
// each cost more than the text.
func appendMembers(dst []byte, first bool, a *schema.Attribute, l level, members *Members, flush func([]byte) ([]byte, error)) ([]byte, bool, error) {
	t := memberText{dst: dst, first: first, attr: a, parts: partsOf(a, l), ref: members.AppendRef, flush: flush}
	if t.parts.n == 0 {
		return dst, first, nil
	}
	members.Each(t.add)
	if t.open {
		t.dst = append(t.dst, ']')
	}
	return t.dst, t.first, t.err
}

// appendGroups appends the attribute groups, straight from the strings of the groups as
// appendMembers does. Ref is their $ref.
func appendGroups(dst []byte, first bool, a *schema.Attribute, l level, groups []schema.Member) ([]byte, bool) {
	if len(groups) == 0 {
		return dst, first
	}
	t := memberText{dst: dst, first: first, attr: a, parts: partsOf(a, l), ref: appendRef}
	for _, g := range groups {
		t.add(g, nil)
	}
	if t.open {
		t.dst = append(t.dst, ']')
	}
	return t.dst, t.first
}

func appendRef(dst []byte, m schema.Member) []byte {
	if m.Ref == "" {
		return dst
	}
	return schema.AppendJSONString(dst, m.Ref)
}

// memberPart is a sub-attribute of members or groups.
type memberPart int

const (
	memberValue memberPart = iota
	memberRef
	memberType
	memberDisplay
)

// memberNames are the names of the parts as members of a JSON object.
var memberNames = [...]string{memberValue: `"value":`, memberRef: `"$ref":`, memberType: `"type":`, memberDisplay: `"display":`}

// memberParts are the sub-attributes that are returned, in the order of the schema.
type memberParts struct {
	part [len(memberNames)]memberPart
	n    int
}

// partsOf returns those of an attribute. The names are compared without a look-up of
// each, since a page has the groups of many resources.
func partsOf(a *schema.Attribute, l level) (parts memberParts) {
	add := func(p memberPart) {
		parts.part[parts.n] = p
		parts.n++
	}
	for _, sub := range a.SubAttributes {
		if in, _, _, _ := l.child(sub); !in {
			continue
		}
		switch strings.ToLower(sub.Name) { // no two are the same
		case "value":
			add(memberValue)
		case "$ref":
			add(memberRef)
		case "type":
			add(memberType)
		case "display":
			add(memberDisplay)
		}
	}
	return parts
}

// memberText is the text of members while it is made.
type memberText struct {
	dst   []byte
	first bool // no attribute was appended before
	open  bool // a member was appended
	attr  *schema.Attribute
	parts memberParts
	ref   func([]byte, schema.Member) []byte
	flush func([]byte) ([]byte, error)
	err   error
}

// add appends a member, or nothing if the projection leaves nothing of it. It
// returns false to end the loop, with err set.
func (t *memberText) add(m schema.Member, err error) bool {
	if t.err = err; err != nil {
		return false
	}
	start := len(t.dst)
	if t.open {
		t.dst = append(t.dst, ',')
	} else {
		t.dst = append(appendName(t.dst, t.first, t.attr), '[')
	}
	body, any := t.appendMember(append(t.dst, '{'), m)
	if !any {
		t.dst = t.dst[:start]
		return true
	}
	t.dst, t.first, t.open = append(body, '}'), false, true
	if t.flush != nil && len(t.dst) >= memberChunk {
		t.dst, t.err = t.flush(t.dst)
	}
	return t.err == nil
}

func (t *memberText) appendMember(dst []byte, m schema.Member) (body []byte, any bool) {
	empty := len(dst)
	for _, p := range t.parts.part[:t.parts.n] {
		before := len(dst)
		if before > empty {
			dst = append(dst, ',')
		}
		dst = append(dst, memberNames[p]...)
		name := len(dst)
		switch {
		case p == memberValue:
			dst = schema.AppendJSONString(dst, m.Value)
		case p == memberRef:
			dst = t.ref(dst, m)
		case p == memberType && m.Type != "":
			dst = schema.AppendJSONString(dst, m.Type)
		case p == memberDisplay && m.Display != "":
			dst = schema.AppendJSONString(dst, m.Display)
		}
		if len(dst) == name {
			dst = dst[:before] // it has no value
		}
	}
	return dst, len(dst) > empty
}
