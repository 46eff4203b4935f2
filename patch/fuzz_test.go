package patch_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/patch"
	"github.com/seed5f3efb56/scim/schema"
)

// FuzzApply applies every input that parses to a full resource. The input
// resource stays unchanged. The result equals the resource decoded from its JSON,
// has at most one primary value and no value twice, and is the same when the
// request is repeated on a copy.
func FuzzApply(f *testing.F) {
	for _, ops := range []string{
		`[{"op":"Replace","path":"active","value":"False"}]`,
		`[{"op":"add","path":"emails","value":[{"value":"n@x","primary":true}]}]`,
		`[{"op":"replace","path":"emails[type eq \"work\"].primary","value":true}]`,
		`[{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"n@x"}}]`,
		`[{"op":"replace","path":"emails.value","value":"same@x"}]`,
		`[{"op":"replace","path":"emails.value","value":"same@x"},{"op":"remove","path":"emails.type"}]`,
		`[{"op":"replace","path":"emails[type eq \"home\" and display eq \"x\"].value","value":"C@x"}]`,
		`[{"op":"remove","path":"emails[value sw \"b\"].type"},{"op":"remove","path":"title"}]`,
		`[{"op":"remove","path":"emails","value":[{"value":"b@x"}]}]`,
		`[{"op":"replace","value":{"name.givenName":"X","` + ent + `":{"manager":"m"},"nope":1}}]`,
		`[{"op":"add","path":"roles[primary eq \"True\"].value","value":"r"}]`,
		`[{"op":"remove","path":"schemas[value eq \"` + ent + `\"]"}]`,
		`[{"op":"add","path":"members","value":[{"value":"a"}]},{"op":"remove","path":"members[type eq \"User\"]"}]`,
		`[{"op":"replace","path":"parts[weight gt 1]","value":{"value":"q","primary":true}}]`,
		`[{"op":"add","path":"parts","value":[{"value":"v","weight":2e3,"maker":"m"}]}]`,
		`[{"op":"add","path":"box","value":{"words":["a","b"],"key":"k","lock":null}}]`,
		`[{"op":"add","path":"urn:x:Needed","value":{"rooms":["1"],"floor":null}}]`,
		`[{"op":"replace","path":"tags[value eq \"a\"]","value":"b"},{"op":"remove","path":"tags eq \"b\""}]`,
	} {
		f.Add(ops)
	}
	subjects := fuzzSubjects(f)
	f.Fuzz(func(t *testing.T, ops string) {
		body, err := schema.ParseJSON([]byte(envelope + ops + `}`))
		if err != nil {
			return
		}
		parsed, err := patch.Parse(body, 20, schema.Strict())
		if err != nil {
			return
		}
		for _, s := range subjects {
			s.check(t, parsed)
		}
	})
}

type fuzzSubject struct {
	patcher  *patch.Patcher
	resource *schema.Resource
}

func fuzzSubjects(f *testing.F) []fuzzSubject {
	var out []fuzzSubject
	for _, p := range []schema.Profile{schema.Strict(), schema.Lenient()} {
		out = append(out,
			fuzzSubject{newPatcher(schema.UserType, p), resource(f, schema.UserType, strings.Replace(fullUser, `"type":"home"`, `"type":"home","primary":true`, 1))},
			fuzzSubject{newPatcher(schema.GroupType, p), resource(f, schema.GroupType, `{"displayName":"g"}`)},
			fuzzSubject{newPatcher(thingType, p), resource(f, thingType, `{"name":"n","serial":"1","server":"s","tags":["a","b"],"codes":[1,2],"owners":["o"],"count":3,"seen":"2020-01-02T03:04:05Z",
				"box":{"lock":"l","size":"s","words":["w"]},"parts":[{"value":"v","type":"t","maker":"m","stamp":"s","weight":1.50,"primary":true},{"value":"w","weight":2}],"urn:x:Needed":{"floor":"1"},"urn:x:Extra":{"note":"n"}}`)},
		)
	}
	return out
}

func (s fuzzSubject) check(t *testing.T, ops []patch.Operation) {
	frozen := string(s.resource.Attributes.AppendJSON(nil))
	apply := func() (patch.Result, error) {
		return s.patcher.Apply(s.resource, ops, membersOf(groupMembers...), filter.NewBudget(20_000_000, nil))
	}
	got, err := apply()
	require.Equal(t, frozen, string(s.resource.Attributes.AppendJSON(nil)), "the input changed")
	if err != nil {
		var at *patch.Error
		require.ErrorAs(t, err, &at)
		require.NotEmpty(t, errorType(err))
		require.Equal(t, patch.Result{}, got)
		return
	}
	s.requireSound(t, got, frozen)
	again, err := apply()
	require.NoError(t, err)
	require.Equal(t, string(got.Resource.Attributes.AppendJSON(nil)), string(again.Resource.Attributes.AppendJSON(nil)))
	require.Equal(t, got.Members, again.Members)
}

func (s fuzzSubject) requireSound(t *testing.T, got patch.Result, frozen string) {
	text := string(got.Resource.Attributes.AppendJSON(nil))
	require.Equal(t, text != frozen, got.Resource != s.resource, "a new pointer means a change")
	back, errs := s.resource.Type.DecodeStored([]byte(text))
	require.Empty(t, errs, text)
	require.True(t, schema.IdenticalObjects(got.Resource.Attributes, back), text)
	for a, v := range got.Resource.Attributes.All() {
		requireOnePrimary(t, a, v)
		requireDistinct(t, a, v)
		requireNoSecret(t, a, v)
	}
	for _, path := range []string{"serial", "box.lock", "server", "userName", "displayName", "name", "owners"} { // immutable, readOnly or required
		if p, ok := s.resource.Type.Resolve(path); ok && p.Last().Required {
			_, assigned := first(p, got.Resource)
			_, before := first(p, s.resource)
			require.Equal(t, before, before && assigned, path)
		} else if ok && p.Last().Mutability != schema.ReadWrite {
			now, _ := first(p, got.Resource)
			before, _ := first(p, s.resource)
			require.Equal(t, before, now, path)
		}
	}
	if got.Members != nil {
		requireWellFormed(t, got.Members, text)
	}
}

func first(p schema.AttrPath, r *schema.Resource) (string, bool) {
	for v := range p.Values(r) {
		return v.Text(), true
	}
	return "", false
}

func requireOnePrimary(t *testing.T, a *schema.Attribute, v schema.Value) {
	primary := a.Sub("primary")
	if primary == nil {
		return
	}
	count := 0
	for _, one := range v.All() {
		if one.Object().Get(primary).Bool() {
			count++
		}
	}
	require.LessOrEqual(t, count, 1, a.Name)
}

// requireDistinct demands that a PUT of the values would not merge any (N-3).
func requireDistinct(t *testing.T, a *schema.Attribute, v schema.Value) {
	if !a.MultiValued {
		return
	}
	var list []schema.Value
	for _, one := range v.All() {
		list = append(list, one)
	}
	require.Len(t, schema.Distinct(a, list), v.Len(), a.Name)
}

func requireNoSecret(t *testing.T, a *schema.Attribute, v schema.Value) {
	require.False(t, a.Secret(), a.Name)
	for _, one := range v.All() {
		for sub, v := range one.Object().All() {
			requireNoSecret(t, sub, v)
		}
	}
}
