package patch

import "github.com/seed5f3efb56/scim/schema"

// index finds among the values of a multi-valued attribute those that a client
// means. It holds keys only for the client's values, which are few.
type index struct {
	attr    *schema.Attribute
	untyped bool                      // a value without type may mean one with a type
	exact   map[schema.ElementKey]int // -1 where there is none
	byValue map[schema.ElementKey]int // the first with this value, whatever its type
}

func newIndex(a *schema.Attribute, wanted schema.Value, untyped bool) *index {
	ix := &index{attr: a, untyped: untyped, exact: map[schema.ElementKey]int{}, byValue: map[schema.ElementKey]int{}}
	for _, v := range wanted.All() {
		key := schema.KeyOf(a, v)
		ix.exact[key], ix.byValue[key.WithoutType()] = -1, -1
	}
	return ix
}

// put says that v is at position i. The first one with a key keeps it.
func (ix *index) put(i int, v schema.Value) {
	key := schema.KeyOf(ix.attr, v)
	at, ok := ix.byValue[key.WithoutType()]
	if !ok {
		return // so are nearly all of them
	}
	if at < 0 {
		ix.byValue[key.WithoutType()] = i
	}
	if at, ok := ix.exact[key]; ok && at < 0 {
		ix.exact[key] = i
	}
}

// find returns the position of the value that v, one of those wanted, means;
// -1 if there is none. With untyped a value without type means the first with
// the same "value" if none is without type as well.
func (ix *index) find(v schema.Value) int {
	key := schema.KeyOf(ix.attr, v)
	if i := ix.exact[key]; i >= 0 || key.Typed() || !ix.untyped {
		return i
	}
	return ix.byValue[key]
}
