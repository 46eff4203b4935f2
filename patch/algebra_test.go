package patch_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// memberStep is one operation and its effect on a plain set.
type memberStep struct {
	op    string
	apply func(set map[string]bool)
}

// memberType gives each id its type, as in a store of users and groups.
func memberType(id string) string {
	if id < "d" {
		return "User"
	}
	return "Group"
}

func randomStep(r *rand.Rand) memberStep {
	some := make([]string, r.IntN(4))
	for i := range some {
		some[i] = string(rune('a' + r.IntN(6)))
	}
	var objects []string
	for _, id := range some {
		objects = append(objects, fmt.Sprintf(`{"value":%q,"type":%q}`, id, memberType(id)))
	}
	list := "[" + strings.Join(objects, ",") + "]"
	drop := func(which func(string) bool) func(map[string]bool) {
		return func(set map[string]bool) {
			maps.DeleteFunc(set, func(id string, _ bool) bool { return which(id) })
		}
	}
	add := func(set map[string]bool) {
		for _, id := range some {
			set[id] = true
		}
	}
	one := string(rune('a' + r.IntN(6)))
	other := string(rune('a' + r.IntN(6)))
	switch r.IntN(11) {
	case 0:
		return memberStep{`{"op":"add","path":"members","value":` + list + `}`, add}
	case 1:
		return memberStep{`{"op":"add","value":{"members":` + list + `}}`, add}
	case 2:
		return memberStep{`{"op":"remove","path":"members"}`, func(set map[string]bool) { clear(set) }}
	case 3, 4:
		return memberStep{fmt.Sprintf(`{"op":"remove","path":"members[value eq \"%s\"]"}`, one), drop(func(id string) bool { return id == one })}
	case 5:
		return memberStep{fmt.Sprintf(`{"op":"remove","path":"members[value eq \"%s\" or value eq \"%s\"]"}`, one, other), drop(func(id string) bool { return id == one || id == other })}
	case 6:
		return memberStep{`{"op":"remove","path":"members","value":` + list + `}`, drop(func(id string) bool { return slices.Contains(some, id) })}
	case 7:
		return memberStep{`{"op":"replace","path":"members","value":` + list + `}`, func(set map[string]bool) { clear(set); add(set) }}
	case 8:
		return memberStep{`{"op":"remove","path":"members[type eq \"User\"]"}`, drop(func(id string) bool { return memberType(id) == "User" })}
	case 9:
		return memberStep{fmt.Sprintf(`{"op":"remove","path":"members[value ge \"%s\" and type eq \"Group\"]"}`, one), drop(func(id string) bool { return id >= one && memberType(id) == "Group" })}
	}
	return memberStep{fmt.Sprintf(`{"op":"remove","path":"members[not (value eq \"%s\")]"}`, one), drop(func(id string) bool { return id != one })}
}

// The delta of any sequence of operations, applied to the stored members, has the
// result of the operations applied one after the other.
func TestMemberDeltaComposesExactly(t *testing.T) {
	t.Parallel()
	p := newPatcher(schema.GroupType, schema.Lenient())
	before := resource(t, schema.GroupType, `{"displayName":"g"}`)
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		start := map[string]bool{}
		var members []schema.Member
		for id := 'a'; id <= 'f'; id++ {
			if r.IntN(2) == 0 {
				start[string(id)] = true
				members = append(members, schema.Member{Value: string(id), Type: memberType(string(id))})
			}
		}
		want := maps.Clone(start)
		var ops []string
		for range 1 + r.IntN(8) {
			step := randomStep(r)
			ops = append(ops, step.op)
			step.apply(want)
		}
		text := "[" + strings.Join(ops, ",") + "]"
		got, err := p.Apply(before, operations(t, text), membersOf(members...), nil)
		require.NoError(t, err, text)
		requireWellFormed(t, got.Members, text)
		require.Equal(t, want, applied(start, got.Members), "%v %s", start, text)
	}
}

func applied(start map[string]bool, d *schema.MemberDelta) map[string]bool {
	set := map[string]bool{}
	if !d.Replace {
		set = maps.Clone(start)
	}
	for _, id := range d.Remove {
		delete(set, id)
	}
	for _, m := range d.Add {
		set[m.Value] = true
	}
	return set
}

// requireWellFormed checks the contract of schema.MemberDelta.
func requireWellFormed(t *testing.T, d *schema.MemberDelta, text string) {
	t.Helper()
	seen := map[string]bool{}
	for _, id := range d.Remove {
		require.False(t, seen[id], "%s twice: %s", id, text)
		seen[id] = true
	}
	for _, m := range d.Add {
		require.False(t, seen[m.Value], "%s twice: %s", m.Value, text)
		require.NotEmpty(t, m.Value)
		seen[m.Value] = true
	}
	if d.Replace {
		require.Empty(t, d.Remove, text)
	}
}
