package patch_test

import (
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/patch"
	"github.com/seed5f3efb56/scim/schema"
)

// crowd is a group of n members, m0 to mn-1, that counts how often it is read
// and how many members are drawn from it.
type crowd struct{ n, passes, drawn int }

func (c *crowd) members() iter.Seq2[schema.Member, error] {
	c.passes++
	return func(yield func(schema.Member, error) bool) {
		for i := range c.n {
			if c.drawn++; !yield(schema.Member{Value: fmt.Sprintf("m%d", i), Type: "User"}, nil) {
				return
			}
		}
	}
}

// removeBy returns n operations, each removing the members that a filter selects.
func removeBy(n int, condition string) string {
	op := fmt.Sprintf(`{"op":"remove","path":"members[%s]"}`, strings.ReplaceAll(condition, `"`, `\"`))
	return "[" + strings.TrimSuffix(strings.Repeat(op+",", n), ",") + "]"
}

// The number of members that a request may read for its filters is bounded. A
// request beyond the bound is refused before more members are read.
func TestMembersReadForFiltersAreBounded(t *testing.T) {
	t.Parallel()
	const noMatch = `value co "zz"`
	anyOf := func(n int) string { return noMatch + strings.Repeat(` or `+noMatch, n-1) }
	for _, c := range []struct {
		name          string
		members, max  int
		ops           string
		want          schema.ErrorType
		passes, drawn int // at most
	}{
		{name: "one look at as many members as allowed", members: 20_000, ops: removeBy(1, noMatch), passes: 1, drawn: 20_000},
		{name: "one look at more members than allowed", members: 100_000, ops: removeBy(1, noMatch), want: schema.ErrorTooMany, passes: 1, drawn: 20_001},
		{name: "one look at more than configured", members: 11, max: 10, ops: removeBy(1, noMatch), want: schema.ErrorTooMany, passes: 1, drawn: 11},
		{name: "one look at as many as configured", members: 100_000, max: 100_000, ops: removeBy(1, noMatch), passes: 1, drawn: 100_000},
		{name: "many looks at few", members: 2000, ops: removeBy(1000, noMatch), passes: 1, drawn: 2000},
		{name: "many looks at many", members: 100_000, max: 100_000, ops: removeBy(1000, noMatch), want: schema.ErrorTooMany, passes: 1, drawn: 2501},
		{name: "long filters count more", members: 2000, ops: removeBy(1000, anyOf(10)), want: schema.ErrorTooMany, passes: 1, drawn: 251},
		{name: "requests far beyond the bound are refused at once", members: 100_000, ops: removeBy(10_000, anyOf(50)), want: schema.ErrorTooMany, passes: 1, drawn: 6},
		{name: "a change of one member is a look", members: 20_001, ops: `{"op":"replace","path":"members[value eq \"m1\"].type","value":"User"}`, want: schema.ErrorTooMany, passes: 1, drawn: 20_001},
		{name: "removing by value looks at no member", members: 100_000, ops: removeBy(10_000, `value eq "m1"`)},
		{name: "removing by several values looks at no member", members: 100_000, ops: removeBy(1000, `value eq "m1" or value eq "m2" or value eq "m3"`)},
		{name: "operations that do not look do not count", members: 20_000, ops: strings.TrimSuffix(removeBy(1, noMatch), "]") + "," + removeBy(9999, `value eq "m1"`)[1:], passes: 1, drawn: 20_000},
		{name: "operations without paths count one by one", members: 20_000, ops: `[` + strings.TrimSuffix(strings.Repeat(`{"op":"add","value":{"members[value eq \"m1\"].type":"User"}},`, 250), ",") + `]`, want: schema.ErrorTooMany, passes: 1, drawn: 20_000},
		{name: "added members are looked at, too", ops: strings.TrimSuffix(memberAdds(2000), "]") + "," + removeBy(1100, noMatch)[1:], want: schema.ErrorTooMany, passes: 1},
		{name: "no member is looked at after all were removed", members: 100_000, ops: `[{"op":"remove","path":"members"},` + removeBy(5000, noMatch)[1:]},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPatcher(schema.GroupType, schema.Lenient())
			p.MaxMembers = c.max
			group := &crowd{n: c.members}
			got, err := p.Apply(resource(t, schema.GroupType, `{"displayName":"g"}`), operations(t, c.ops), group.members, filter.NewBudget(filter.DefaultWork, nil))
			require.Equal(t, c.want, errorType(err), "%v", err)
			require.LessOrEqual(t, group.passes, c.passes, "passes")
			require.LessOrEqual(t, group.drawn, c.drawn, "members drawn")
			if c.want != "" {
				var at *patch.Error
				require.ErrorAs(t, err, &at)
				require.Equal(t, patch.Result{}, got)
			}
		})
	}
}

func BenchmarkApplyLookAtAdded(b *testing.B) {
	benchmarkApply(b, schema.GroupType, `{"displayName":"g"}`, strings.TrimSuffix(memberAdds(2000), "]")+","+removeBy(300, `value co "zz"`)[1:])
}

func BenchmarkApplyLook(b *testing.B) {
	for _, c := range []struct{ ops, members int }{{1, 20_000}, {100, 20_000}, {1000, 2000}} {
		b.Run(fmt.Sprintf("ops=%d/members=%d", c.ops, c.members), func(b *testing.B) {
			p := newPatcher(schema.GroupType, schema.Strict())
			r := resource(b, schema.GroupType, `{"displayName":"g"}`)
			parsed := operations(b, removeBy(c.ops, `value co "zz"`))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Apply(r, parsed, (&crowd{n: c.members}).members, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
