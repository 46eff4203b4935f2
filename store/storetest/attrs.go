package storetest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/seed5f3efb56/scim/schema"
)

// attrs are attributes as Go literals, by path: string, bool, int, []any for a
// list and attrs for a complex value. The text of a number or a dateTime may
// be given instead of it.
type attrs map[string]any

// object makes an object from literals that match the resource type.
func object(t *schema.ResourceType, a attrs) *schema.Object {
	var o *schema.Object
	for _, path := range slices.Sorted(maps.Keys(a)) {
		p := t.MustResolve(path)
		o = set(o, p, value(p.Last(), a[path]))
	}
	return o
}

func set(o *schema.Object, p schema.AttrPath, v schema.Value) *schema.Object {
	if len(p) > 1 {
		v = schema.Complex(set(o.Get(p[0]).Object(), p[1:], v))
	}
	return o.With(p[0], v)
}

func value(a *schema.Attribute, x any) schema.Value {
	switch x := x.(type) {
	case []any:
		list := make([]schema.Value, len(x))
		for i, one := range x {
			list[i] = value(a, one)
		}
		return schema.List(list...)
	case attrs:
		var b schema.Builder
		for name, v := range x {
			sub := a.Sub(name)
			b.Set(sub, value(sub, v))
		}
		return schema.Complex(b.Object())
	case bool:
		return schema.Boolean(x)
	case int:
		return schema.Integer(int64(x))
	case string:
		if a.Type == schema.TypeString {
			return schema.String(x)
		}
		return must(schema.ParseScalar(a, x))
	}
	panic(fmt.Sprintf("storetest: %T is no value", x))
}
