package schema

import (
	"iter"

	"github.com/seed5f3efb56/scim/internal/ascii"
)

// jsonKind is the kind of a JSON value.
type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonFalse
	jsonTrue
	jsonNumber
	jsonString
	jsonArray
	jsonObject
	jsonOther // a Go value that ParseJSON never returns
)

// node is one JSON value without those within it.
type node struct {
	name string // of a member of an object
	text string // of a string or number
	kind jsonKind
	len  int32 // how many members or elements it has
	size int32 // how many nodes the whole value has, at least 1
}

// jsonValue is a JSON value: its node, then those of its members or elements, each
// followed by what is in it. A whole text is one list, and not an allocation for each
// value.
type jsonValue []node

// kind returns the kind of a value, which may be missing.
func (v jsonValue) kind() jsonKind {
	if len(v) == 0 {
		return jsonNull
	}
	return v[0].kind
}

// isText reports whether the value is that string.
func (v jsonValue) isText(s string) bool { return v.kind() == jsonString && v[0].text == s }

// parts yields the members of an object or the elements of an array.
func (v jsonValue) parts() iter.Seq[jsonValue] { return v[1:].each() }

// each yields the values of a list in which complete values follow one another.
func (v jsonValue) each() iter.Seq[jsonValue] {
	return func(yield func(jsonValue) bool) {
		for rest := v; len(rest) > 0; {
			n := rest[0].size
			if !yield(rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// find returns the first of several members whose name equals name without case, or
// nil.
func (v jsonValue) find(name string) jsonValue {
	for one := range v.each() {
		if ascii.EqualFold(one[0].name, name) {
			return one
		}
	}
	return nil
}

// tree returns the value in the form of ParseJSON.
func (v jsonValue) tree() any {
	switch v.kind() {
	case jsonFalse:
		return false
	case jsonTrue:
		return true
	case jsonNumber:
		return Number(v[0].text)
	case jsonString:
		return v[0].text
	case jsonArray:
		list := make([]any, 0, v[0].len)
		for one := range v.parts() {
			list = append(list, one.tree())
		}
		return list
	case jsonObject:
		return v.object()
	}
	return nil
}

// object is tree for an object.
func (v jsonValue) object() JSONObject {
	o := make(JSONObject, 0, v[0].len)
	for one := range v.parts() {
		o = append(o, JSONMember{one[0].name, one.tree()})
	}
	return o
}

// appendNodes appends the nodes of a value in the form of ParseJSON.
func appendNodes(list jsonValue, name string, value any) jsonValue {
	at := len(list)
	n := node{name: name}
	list = append(list, n)
	switch v := value.(type) {
	case nil:
	case bool:
		if n.kind = jsonFalse; v {
			n.kind = jsonTrue
		}
	case Number:
		n.kind, n.text = jsonNumber, string(v)
	case string:
		n.kind, n.text = jsonString, v
	case []any:
		n.kind, n.len = jsonArray, int32(len(v))
		for _, one := range v {
			list = appendNodes(list, "", one)
		}
	case JSONObject:
		n.kind, n.len = jsonObject, int32(len(v))
		for _, m := range v {
			list = appendNodes(list, m.Name, m.Value)
		}
	default:
		n.kind = jsonOther
	}
	n.size = int32(len(list) - at)
	list[at] = n
	return list
}
