package filter_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// naive is the reference evaluator: it follows RFC 7644 §3.4.2.2 word by word on
// plain JSON, without the value types of the library. doc is a resource, or a
// value within brackets.
func naive(e filter.Expr, doc any, inside string) bool {
	switch e := e.(type) {
	case filter.And:
		return naive(e.Left, doc, inside) && naive(e.Right, doc, inside)
	case filter.Or:
		return naive(e.Left, doc, inside) || naive(e.Right, doc, inside)
	case filter.Not:
		return !naive(e.Expr, doc, inside)
	case filter.ValuePath:
		for _, v := range collect(doc, names(e.Path), false) {
			if naive(e.Expr, v, e.Path.Last().Name) {
				return true
			}
		}
		return false
	case filter.Compare:
		return naiveCompare(e, doc, inside)
	}
	panic("unknown")
}

func naiveCompare(e filter.Compare, doc any, inside string) bool {
	if len(e.Path) == 0 {
		return (e.Op == filter.NE) != e.Null
	}
	path := names(e.Path)
	if path[len(path)-1] == inside {
		path = nil
	}
	inComplex := inside != "" || len(e.Path) > 2 || len(e.Path) == 2 && !e.Path.Extension()
	found := collect(doc, path, inComplex && e.Op != filter.PR && !e.Null)
	any := false
	for _, v := range found {
		any = any || e.Null || naiveOne(e, v)
	}
	switch {
	case e.Null && e.Op == filter.EQ:
		return len(found) == 0
	case e.Op == filter.NE && !e.Null:
		return !any
	}
	return any
}

func naiveOne(e filter.Compare, v any) bool {
	a, want := e.Path.Last(), e.Value.Text()
	if e.Op == filter.PR {
		return naiveFilled(v)
	}
	order := 0
	switch v := v.(type) {
	case bool:
		if fmt.Sprint(v) != want {
			order = 1
		}
	case json.Number:
		x, _ := v.Float64()
		y, _ := json.Number(want).Float64()
		order = compareAny(x < y, x > y)
	case string:
		if a.Type == schema.TypeDateTime {
			x, _ := time.Parse(time.RFC3339, v)
			y, _ := time.Parse(time.RFC3339, want)
			order = compareAny(x.Before(y), x.After(y))
			break
		}
		if !a.CaseExact {
			v, want = strings.ToLower(v), strings.ToLower(want)
		}
		switch e.Op {
		case filter.CO:
			return strings.Contains(v, want)
		case filter.SW:
			return strings.HasPrefix(v, want)
		case filter.EW:
			return strings.HasSuffix(v, want)
		}
		order = strings.Compare(v, want)
	}
	return map[filter.Op]bool{
		filter.EQ: order == 0, filter.NE: order == 0, filter.GT: order > 0,
		filter.GE: order >= 0, filter.LT: order < 0, filter.LE: order <= 0,
	}[e.Op]
}

// naiveFilled: "a non-empty or non-null value, or ... a non-empty node" (Table
// 3); a node that has only empty strings is empty.
func naiveFilled(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, sub := range v {
			if naiveFilled(sub) {
				return true
			}
		}
		return false
	case []any:
		return slices.ContainsFunc(v, naiveFilled)
	}
	return v != ""
}

func compareAny(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

func names(p schema.AttrPath) []string {
	var out []string
	for _, a := range p {
		out = append(out, a.Name)
	}
	return out
}

// collect returns all single values at the path.
func collect(v any, path []string, primary bool) []any {
	if list, ok := v.([]any); ok {
		var out []any
		for _, v := range list {
			out = append(out, collect(v, path, primary)...)
		}
		return out
	}
	if len(path) == 0 {
		return []any{v}
	}
	object, _ := v.(map[string]any)
	next, ok := object[path[0]]
	switch {
	case ok:
		return collect(next, path[1:], primary)
	case primary && len(path) == 1 && path[0] == "primary":
		return []any{false}
	}
	return nil
}

// generator makes random filters and resources over few values, so that
// matches are frequent.
type generator struct{ *rand.Rand }

func (g generator) pick(options ...string) string { return options[g.IntN(len(options))] }

func (g generator) filter(depth int, comparison func() string) string {
	if depth == 0 {
		return comparison()
	}
	switch g.IntN(6) {
	case 0, 1:
		return g.filter(depth-1, comparison) + " and " + g.filter(depth-1, comparison)
	case 2:
		return g.filter(depth-1, comparison) + " or " + g.filter(depth-1, comparison)
	case 3:
		return "not (" + g.filter(depth-1, comparison) + ")"
	case 4:
		return "(" + g.filter(depth-1, comparison) + ")"
	}
	return comparison()
}

func (g generator) root() string {
	switch g.IntN(12) {
	case 0:
		return g.pick("box", "parts", "marks", oddURI, httpURI, oddURI+":boss") + " pr"
	case 1, 2:
		f := "parts[" + g.filter(2, g.part) + "]"
		return f + g.pick("", "", ".size gt 1", `.value eq "a"`, ".primary ne true", ".type pr")
	case 3:
		return g.pick("tags", "box.words") + "[" + g.filter(1, func() string { return g.text("value") }) + "]"
	case 4:
		return oddURI + ":rooms[" + g.filter(1, func() string { return g.pick(g.text("value"), g.boolean("primary")) }) + "]"
	case 5:
		return g.text(g.pick("name", "code", "tags", "box.label", "box.words", "parts.words", "parts", "marks.text"))
	case 6:
		return g.text(g.pick(oddURI+":unit", httpURI+":boss.value", oddURI+":boss", longURI+":rooms"))
	case 7:
		return g.boolean(g.pick("on", "primary", "box.primary", "parts.primary", oddURI+":primary", oddURI+":rooms.primary"))
	case 8:
		return g.ordered(g.pick("count", "codes", "parts.size"), "0", "1", "2", "-1")
	case 9:
		return g.ordered("weight", "0", "1.0", "1.5", "-1e0")
	case 10:
		return g.ordered("seen", `"2020-01-01T00:00:00Z"`, `"2020-01-01T01:00:00+01:00"`, `"2020-01-01T00:00:00.5Z"`)
	}
	return g.pick(g.text("parts.type"), g.text("name"), `blob eq "AAEC"`, `blob ne "AAEC"`, "blob pr")
}

func (g generator) part() string {
	switch g.IntN(4) {
	case 0:
		return g.boolean("primary")
	case 1:
		return g.ordered("size", "0", "1", "2")
	}
	return g.text(g.pick("value", "type", "words"))
}

func (g generator) text(path string) string {
	switch g.IntN(8) {
	case 0:
		return path + " pr"
	case 1:
		return path + g.pick(" eq null", " ne null")
	}
	return path + " " + g.pick("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le") + ` "` + g.word() + `"`
}

func (g generator) word() string { return g.pick("", "a", "b", "A", "ab", "Ba", "aBa") }

func (g generator) boolean(path string) string {
	return path + g.pick(" pr", " eq true", " eq false", " ne true", " ne false", " eq null", " ne null")
}

func (g generator) ordered(path string, literals ...string) string {
	if g.IntN(6) == 0 {
		return path + g.pick(" pr", " eq null", " ne null")
	}
	return path + " " + g.pick("eq", "ne", "gt", "ge", "lt", "le") + " " + g.pick(literals...)
}

func (g generator) resource() string {
	str := func() string { return `"` + g.word() + `"` }
	list := func(make func() string) func() string {
		return func() string {
			var out []string
			for range g.IntN(3) {
				out = append(out, make())
			}
			return "[" + strings.Join(out, ",") + "]"
		}
	}
	boolean := func() string { return g.pick("true", "false") }
	integer := func() string { return g.pick("0", "1", "2", "-1") }
	room := func() string { return g.object("value", str, "primary", boolean) }
	extension := func() string {
		return g.object("unit", str, "primary", boolean, "boss", func() string { return g.object("value", str) }, "rooms", list(room))
	}
	return g.object(
		"name", str, "code", str, "on", boolean, "primary", boolean, "count", integer,
		"weight", func() string { return g.pick("0", "1", "1.50", "-1") },
		"seen", func() string { return g.pick(`"2020-01-01T00:00:00Z"`, `"2020-01-01T02:00:00.500+02:00"`) },
		"blob", func() string { return g.pick(`"AAEC"`, `"AAED"`) },
		"tags", list(str), "codes", list(integer),
		"box", func() string { return g.object("label", str, "words", list(str), "primary", boolean) },
		"parts", list(func() string {
			return g.object("value", str, "type", str, "primary", boolean, "size", integer, "words", list(str))
		}),
		"marks", list(func() string { return g.object("text", str) }),
		oddURI, extension, httpURI, extension,
	)
}

// object makes an object from names and makers of values; it omits about half.
func (g generator) object(members ...any) string {
	var out []string
	for i := 0; i < len(members); i += 2 {
		if g.IntN(2) == 0 {
			out = append(out, fmt.Sprintf("%q:%s", members[i], members[i+1].(func() string)()))
		}
	}
	return "{" + strings.Join(out, ",") + "}"
}

func TestMatchAgreesWithTheReferenceEvaluator(t *testing.T) { // F-2
	t.Parallel()
	r := lenient(thingType)
	for seed := range uint64(3000) {
		g := generator{rand.New(rand.NewPCG(1, seed))}
		text := g.filter(g.IntN(4), g.root)
		f, err := r.Filter(text, nil)
		require.NoError(t, err, "seed %d: %s", seed, text)
		again, err := r.Filter(f.String(), nil)
		require.NoError(t, err, "seed %d: %s", seed, f)
		require.Equal(t, f.Expr(), again.Expr(), "seed %d: %s", seed, text)

		for range 4 {
			res := resource(t, thingType, g.resource())
			stored := res.Attributes.AppendJSON(nil)
			var doc any
			d := json.NewDecoder(strings.NewReader(string(stored)))
			d.UseNumber()
			require.NoError(t, d.Decode(&doc))
			require.Equal(t, naive(f.Expr(), doc, ""), f.Match(res), "seed %d: %s on %s", seed, f, stored)
			checkSplit(t, g, f, res)
		}
	}
}

// checkSplit checks the laws of Split for a random store.
func checkSplit(t *testing.T, g generator, f *filter.Filter, r *schema.Resource) {
	t.Helper()
	salt := g.Uint32()
	can := func(e filter.Expr) bool {
		n := salt
		for _, c := range filter.New(e).String() {
			n = n*31 + uint32(c)
		}
		return n>>16&1 == 0
	}
	push, rest := filter.Split(f, can)
	if push != nil {
		_, isAnd := push.Expr().(filter.And)
		require.True(t, isAnd || can(push.Expr()))
	}
	if rest != nil {
		_, isAnd := rest.Expr().(filter.And)
		require.True(t, isAnd || !can(rest.Expr()))
	}
	require.Equal(t, f.Match(r), (push == nil || push.Match(r)) && (rest == nil || rest.Match(r)), "%s", f)
}
