package patch_test

import (
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/patch"
	"github.com/seed5f3efb56/scim/schema"
)

// memberCase is one request on a group whose members are not loaded.
type memberCase struct {
	name    string
	profile *schema.Profile
	ops     string
	want    schema.MemberDelta
	fail    schema.ErrorType
	index   int
	drawn   int // how often the members are read
}

// The group of these cases has u1 and u2, users, and g1, a group.
var groupMembers = []schema.Member{
	{Value: "u1", Type: "User", Display: "One"}, {Value: "u2", Type: "User"}, {Value: "g1", Type: "Group"}, {Value: "x1"},
}

func ids(ids ...string) []schema.Member {
	var ms []schema.Member
	for _, id := range ids {
		ms = append(ms, schema.Member{Value: id})
	}
	return ms
}

func runMemberCases(t *testing.T, cases []memberCase) {
	for _, c := range cases {
		for name, profile := range map[string]*schema.Profile{"strict": strict, "lenient": lenient} {
			if c.profile != nil && c.profile != profile {
				continue
			}
			t.Run(c.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				c.run(t, *profile)
			})
		}
	}
}

func (c memberCase) run(t *testing.T, p schema.Profile) {
	before := resource(t, schema.GroupType, `{"displayName":"g"}`)
	drawn := 0
	source := func() iter.Seq2[schema.Member, error] {
		drawn++
		return membersOf(groupMembers...)()
	}
	got, err := newPatcher(schema.GroupType, p).Apply(before, operations(t, c.ops), source, nil)
	if c.fail != "" {
		require.Equal(t, c.fail, errorType(err), "%v", err)
		var at *patch.Error
		require.ErrorAs(t, err, &at)
		require.Equal(t, c.index, at.Index)
		require.Equal(t, patch.Result{}, got)
		return
	}
	require.NoError(t, err)
	require.Same(t, before, got.Resource, "members are no part of the resource")
	require.NotNil(t, got.Members)
	require.Equal(t, c.want, *got.Members)
	require.Equal(t, c.drawn, drawn, "reads of the members")
}

func TestMembersAdd(t *testing.T) {
	t.Parallel()
	runMemberCases(t, []memberCase{
		{name: "several at once, display and $ref ignored, P-45", ops: `{"op":"add","path":"members","value":[{"value":"a","display":"A","$ref":"../Users/a"},{"value":"b","type":"User"}]}`,
			want: schema.MemberDelta{Add: []schema.Member{{Value: "a"}, {Value: "b", Type: "User"}}}},
		{name: "one object, P-34", ops: `{"op":"add","path":"members","value":{"VALUE":"a"}}`, want: schema.MemberDelta{Add: ids("a")}},
		{name: "null $ref and type (Entra ID)", ops: `{"op":"Add","path":"members","value":[{"$ref":null,"type":null,"value":"a"}]}`, want: schema.MemberDelta{Add: ids("a")}},
		{name: "one for each operation (authentik)", ops: `[{"op":"add","path":"members","value":[{"value":"a"}]},{"op":"add","path":"members","value":[{"value":"b"}]}]`, want: schema.MemberDelta{Add: ids("a", "b")}},
		{name: "twice is once, the first type stays, P-35", ops: `{"op":"add","path":"members","value":[{"value":"a"},{"value":"a","type":"User"},{"value":"a","type":"Group"}]}`, want: schema.MemberDelta{Add: []schema.Member{{Value: "a", Type: "User"}}}},
		{name: "ids differ by case, M-16", ops: `{"op":"add","path":"members","value":[{"value":"a"},{"value":"A"}]}`, want: schema.MemberDelta{Add: ids("a", "A")}},
		{name: "nothing", ops: `[{"op":"add","path":"members","value":[]},{"op":"add","path":"members","value":null}]`},
		{name: "without path", ops: `{"op":"add","value":{"members":[{"value":"a"}]}}`, want: schema.MemberDelta{Add: ids("a")}},
		{name: "without value", ops: `{"op":"add","path":"members","value":[{"value":"a"},{"type":"User"}]}`, fail: schema.ErrorInvalidValue},
		{name: "with an empty value", profile: strict, ops: `{"op":"add","path":"members","value":[{"value":""}]}`, fail: schema.ErrorInvalidValue},
		{name: "with a null value", profile: strict, ops: `{"op":"add","path":"members","value":[{"value":null}]}`, fail: schema.ErrorInvalidValue},
		{name: "an empty object", profile: strict, ops: `{"op":"add","path":"members","value":{}}`, fail: schema.ErrorInvalidValue},
		{name: "with a number for a value", profile: strict, ops: `{"op":"add","path":"members","value":[{"value":7}]}`, fail: schema.ErrorInvalidValue},
		{name: "with a number for a type", profile: strict, ops: `{"op":"add","path":"members","value":[{"value":"a","type":7}]}`, fail: schema.ErrorInvalidValue},
		{name: "a number", profile: strict, ops: `{"op":"add","path":"members","value":7}`, fail: schema.ErrorInvalidValue},
		{name: "null, to the letter", profile: strict, ops: `{"op":"add","path":"members","value":[{"value":"a"},null]}`, fail: schema.ErrorInvalidValue},
		{name: "elements that name nothing", profile: lenient, ops: `{"op":"add","path":"members","value":[{"value":"a"},null,{},"",{"value":""},{"value":null}]}`, want: schema.MemberDelta{Add: ids("a")}},
		{name: "an object that names nothing", profile: lenient, ops: `{"op":"add","path":"members","value":{"value":""}}`},
		{name: "numbers", profile: lenient, ops: `{"op":"add","path":"members","value":[7,{"value":8}]}`, want: schema.MemberDelta{Add: ids("7", "8")}},
		{name: "JSON text of a list", profile: lenient, ops: `{"op":"add","path":"members","value":"[{\"value\":\"a\"}]"}`, want: schema.MemberDelta{Add: ids("a")}},
		{name: "JSON text of an object", profile: lenient, ops: `{"op":"add","path":"members","value":["{\"value\":\"a\"}"]}`, want: schema.MemberDelta{Add: ids("a")}},
		{name: "JSON text without a path", profile: lenient, ops: `{"op":"add","value":"{\"members\":[{\"value\":\"a\"}]}"}`, want: schema.MemberDelta{Add: ids("a")}},
		{name: "in an object under its own URI", profile: lenient, ops: `{"op":"add","value":{"` + schema.GroupURI + `":{"members":[{"value":"a"}]}}}`, want: schema.MemberDelta{Add: ids("a")}},
		{name: "a list in a list", ops: `{"op":"add","path":"members","value":[[]]}`, fail: schema.ErrorInvalidValue},
		{name: "unknown sub-attribute", profile: strict, ops: `{"op":"add","path":"members","value":[{"value":"a","nope":1}]}`, fail: schema.ErrorInvalidSyntax},
		{name: "unknown sub-attribute (Okta)", profile: lenient, ops: `{"op":"add","path":"members","value":[{"value":"a","nope":1}]}`, want: schema.MemberDelta{Add: ids("a")}},
		{name: "a string", profile: strict, ops: `{"op":"add","path":"members","value":["a"]}`, fail: schema.ErrorInvalidValue},
		{name: "a string stands for its value", profile: lenient, ops: `{"op":"add","path":"members","value":["a"]}`, want: schema.MemberDelta{Add: ids("a")}},
		{name: "a later operation that fails takes all back, P-9", ops: `[{"op":"add","path":"members","value":[{"value":"a"}]},{"op":"remove","path":"id"}]`, fail: schema.ErrorMutability, index: 1},
	})
}

func TestMembersRemove(t *testing.T) {
	t.Parallel()
	runMemberCases(t, []memberCase{
		{name: "all, P-48", ops: `{"op":"remove","path":"members"}`, want: schema.MemberDelta{Replace: true}},
		{name: "none with a null value", profile: lenient, ops: `{"op":"remove","path":"members","value":null}`},
		{name: "none with an empty string", profile: lenient, ops: `{"op":"remove","path":"members","value":""}`},
		{name: "all with a null value, to the letter", profile: strict, ops: `{"op":"remove","path":"members","value":null}`, want: schema.MemberDelta{Replace: true}},
		{name: "by value, P-49", ops: `{"op":"remove","path":"members[value eq \"u1\"]"}`, want: schema.MemberDelta{Remove: []string{"u1"}}},
		{name: "by several values, P-49", ops: `{"op":"remove","path":"members[value eq \"u1\" or value eq \"u2\" or value eq \"u1\"]"}`, want: schema.MemberDelta{Remove: []string{"u1", "u2"}}},
		{name: "not a member, P-55", ops: `{"op":"remove","path":"members[value eq \"zz\"]"}`, want: schema.MemberDelta{Remove: []string{"zz"}}},
		{name: "by type reads the members, P-50", ops: `{"op":"remove","path":"members[type eq \"User\"]"}`, want: schema.MemberDelta{Remove: []string{"u1", "u2"}}, drawn: 1},
		{name: "by value and type reads the members, P-50", ops: `{"op":"remove","path":"members[value eq \"u1\" and type eq \"Group\"]"}`, drawn: 1},
		{name: "by display reads the members, P-50", ops: `{"op":"remove","path":"members[display eq \"one\"]"}`, want: schema.MemberDelta{Remove: []string{"u1"}}, drawn: 1},
		{name: "by another operator reads the members", ops: `{"op":"remove","path":"members[value sw \"u\"]"}`, want: schema.MemberDelta{Remove: []string{"u1", "u2"}}, drawn: 1},
		{name: "by what is not, reads the members", ops: `{"op":"remove","path":"members[not (value eq \"u1\" or type pr)]"}`, want: schema.MemberDelta{Remove: []string{"x1"}}, drawn: 1},
		{name: "once for all operations that need it, on the running state, P-8",
			ops:  `[{"op":"add","path":"members","value":[{"value":"u3","type":"User"},{"value":"u1","type":"User"}]},{"op":"remove","path":"members[value eq \"u2\"]"},{"op":"remove","path":"members[value sw \"u\"]"},{"op":"remove","path":"members[type eq \"user\"]"}]`,
			want: schema.MemberDelta{Remove: []string{"u2", "u1", "u3"}}, drawn: 1},
		{name: "a stored member keeps its stored type", ops: `[{"op":"add","path":"members","value":[{"value":"u1","type":"Group"}]},{"op":"remove","path":"members[type eq \"Group\"]"}]`,
			want: schema.MemberDelta{Add: []schema.Member{{Value: "u1", Type: "Group"}}, Remove: []string{"g1"}}, drawn: 1},
		{name: "after all have gone nothing is read", ops: `[{"op":"replace","path":"members","value":[{"value":"u9"}]},{"op":"remove","path":"members[value sw \"u\"]"}]`, want: schema.MemberDelta{Replace: true}},
		{name: "with a value list, Z-46", profile: strict, ops: `{"op":"remove","path":"members","value":[{"value":"u1"}]}`, fail: schema.ErrorInvalidValue},
		{name: "with a value list (Entra ID), Z-46", profile: lenient, ops: `{"op":"Remove","path":"members","value":[{"$ref":null,"value":"u1"},{"value":"zz"}]}`, want: schema.MemberDelta{Remove: []string{"u1", "zz"}}},
		{name: "with a wrapped value list (Salesforce), Z-46", profile: lenient, ops: `{"op":"Remove","path":"members","value":{"members":[{"value":"u1"}]}}`, want: schema.MemberDelta{Remove: []string{"u1"}}},
		{name: "with one value, Z-46", profile: lenient, ops: `{"op":"Remove","path":"members","value":{"value":"u1"}}`, want: schema.MemberDelta{Remove: []string{"u1"}}},
		{name: "with ids, Z-46", profile: lenient, ops: `{"op":"Remove","path":"members","value":["u1","u2"]}`, want: schema.MemberDelta{Remove: []string{"u1", "u2"}}},
		{name: "with an empty list removes no member, Z-46", profile: lenient, ops: `[{"op":"Remove","path":"members","value":[]},{"op":"Remove","path":"members","value":""},{"op":"Remove","path":"members","value":{"members":[]}}]`},
		{name: "none with an empty object", profile: lenient, ops: `{"op":"Remove","path":"members","value":{}}`},
		{name: "with something else, Z-46", profile: lenient, ops: `{"op":"Remove","path":"members","value":{"display":"One"}}`, fail: schema.ErrorInvalidValue},
		{name: "by value as a sub-attribute", profile: lenient, ops: `{"op":"remove","path":"members.value","value":["u1"]}`, want: schema.MemberDelta{Remove: []string{"u1"}}},
		{name: "with a value list that a type selects", profile: lenient, ops: `{"op":"remove","path":"members[type eq \"User\"]","value":[{"value":"u2"},{"value":"g1"}]}`, want: schema.MemberDelta{Remove: []string{"u2"}}, drawn: 1},
		{name: "with a value list beside a filter", profile: lenient, ops: `{"op":"Remove","path":"members[value eq \"u1\"]","value":[{"value":"u2"},{"value":"u1"}]}`, want: schema.MemberDelta{Remove: []string{"u1"}}},
		{name: "with a value list that has none of the selected", profile: lenient, ops: `{"op":"Remove","path":"members[value eq \"u1\"]","value":[{"value":"u2"}]}`},
		{name: "a sub-attribute of all, N-17", ops: `{"op":"remove","path":"members.type"}`, fail: schema.ErrorMutability},
		{name: "a sub-attribute of one, N-17", ops: `{"op":"remove","path":"members[value eq \"u1\"].type"}`, fail: schema.ErrorMutability},
		{name: "a sub-attribute of no member, Z-26", ops: `{"op":"remove","path":"members[value eq \"zz\"].type"}`, drawn: 1},
	})
}

func TestMembersReplace(t *testing.T) {
	t.Parallel()
	runMemberCases(t, []memberCase{
		{name: "all, P-62", ops: `{"op":"replace","path":"members","value":[{"value":"a"},{"value":"b"},{"value":"a"}]}`, want: schema.MemberDelta{Replace: true, Add: ids("a", "b")}},
		{name: "all with none (Okta), P-72", ops: `{"op":"replace","path":"members","value":[]}`, want: schema.MemberDelta{Replace: true}},
		{name: "all with null, P-72", ops: `{"op":"replace","value":{"members":null}}`, want: schema.MemberDelta{Replace: true}},
		{name: "all with one object, Z-30", profile: strict, ops: `{"op":"replace","path":"members","value":{"value":"a"}}`, fail: schema.ErrorInvalidValue},
		{name: "all with one object, Z-30", profile: lenient, ops: `{"op":"replace","path":"members","value":{"value":"a"}}`, want: schema.MemberDelta{Replace: true, Add: ids("a")}},
		{name: "value of a member, N-17 P-71", ops: `{"op":"replace","path":"members[value eq \"u1\"].value","value":"b"}`, fail: schema.ErrorMutability},
		{name: "value of a member with the same, P-71", ops: `{"op":"replace","path":"members[value eq \"u1\"].value","value":"u1"}`, drawn: 1},
		{name: "value of no member, P-67", ops: `{"op":"replace","path":"members[value eq \"zz\"].value","value":"zz"}`, fail: schema.ErrorNoTarget},
		{name: "type of a member, N-17", ops: `{"op":"replace","path":"members[value eq \"u1\"].type","value":"Group"}`, fail: schema.ErrorMutability},
		{name: "type of a member with the same", ops: `{"op":"add","path":"members[value eq \"u1\"].type","value":"user"}`, drawn: 1},
		{name: "type of a member whose type is not known", ops: `{"op":"replace","path":"members[value eq \"x1\"].type","value":"User"}`, drawn: 1},
		{name: "$ref of a member, N-17", ops: `{"op":"replace","path":"members[value eq \"u1\"].$ref","value":"https://h/Users/u2"}`, fail: schema.ErrorMutability},
		{name: "$ref of a member with the same", ops: `{"op":"replace","path":"members[value eq \"u1\"].$ref","value":"https://h/Users/u1"}`, drawn: 1},
		{name: "$ref of a member with null", ops: `{"op":"replace","path":"members[value eq \"u1\"].$ref","value":null}`, fail: schema.ErrorMutability},
		{name: "$ref of a member with a number", ops: `{"op":"replace","path":"members[value eq \"u1\"].$ref","value":1}`, fail: schema.ErrorInvalidValue},
		{name: "display of a member, which is readOnly", ops: `{"op":"replace","path":"members[value eq \"u1\"].display","value":"One"}`, fail: schema.ErrorMutability},
		{name: "a member with itself", ops: `{"op":"replace","path":"members[value eq \"u1\"]","value":{"value":"u1","display":"other","type":"User"}}`, drawn: 1},
		{name: "a member with another, N-17", ops: `{"op":"replace","path":"members[value eq \"u1\"]","value":{"value":"u9"}}`, fail: schema.ErrorMutability},
		{name: "a member with another type, N-17", ops: `{"op":"add","path":"members[value eq \"u1\"]","value":{"type":"Group"}}`, fail: schema.ErrorMutability},
		{name: "a member with null, N-17", ops: `{"op":"replace","path":"members[value eq \"u1\"]","value":null}`, fail: schema.ErrorMutability},
		{name: "a member, null added", ops: `{"op":"add","path":"members[value eq \"u1\"]","value":null}`, drawn: 1},
		{name: "no member with a member", ops: `{"op":"replace","path":"members[value eq \"zz\"]","value":{"value":"zz"}}`, fail: schema.ErrorNoTarget},
		{name: "a member removed by this request, P-8", ops: `[{"op":"remove","path":"members[value eq \"u1\"]"},{"op":"replace","path":"members[value eq \"u1\"].value","value":"u1"}]`, fail: schema.ErrorNoTarget, index: 1},
		{name: "a member added by this request, P-8", ops: `[{"op":"add","path":"members","value":[{"value":"n1"}]},{"op":"replace","path":"members[value eq \"n1\"].value","value":"n1"}]`, want: schema.MemberDelta{Add: ids("n1")}, drawn: 1},
		{name: "a sub-attribute of all, N-17", ops: `{"op":"replace","path":"members.value","value":"a"}`, fail: schema.ErrorMutability},
		{name: "a sub-attribute of all, add, N-17", ops: `{"op":"add","path":"members.type","value":"User"}`, fail: schema.ErrorMutability},
	})
}

func TestMembersInOrder(t *testing.T) {
	t.Parallel()
	runMemberCases(t, []memberCase{
		{name: "add then remove", ops: `[{"op":"add","path":"members","value":[{"value":"a"},{"value":"b"}]},{"op":"remove","path":"members[value eq \"a\"]"}]`, want: schema.MemberDelta{Add: ids("b"), Remove: []string{"a"}}},
		{name: "remove then add", ops: `[{"op":"remove","path":"members[value eq \"a\"]"},{"op":"add","path":"members","value":[{"value":"a"}]}]`, want: schema.MemberDelta{Add: ids("a")}},
		{name: "remove all then add (RFC example)", ops: `[{"op":"remove","path":"members"},{"op":"add","path":"members","value":[{"value":"a"}]}]`, want: schema.MemberDelta{Replace: true, Add: ids("a")}},
		{name: "replace then remove", ops: `[{"op":"replace","path":"members","value":[{"value":"a"},{"value":"b"}]},{"op":"remove","path":"members[value eq \"a\"]"}]`, want: schema.MemberDelta{Replace: true, Add: ids("b")}},
		{name: "add then replace forgets the first", ops: `[{"op":"add","path":"members","value":[{"value":"a"}]},{"op":"replace","path":"members","value":[{"value":"b"}]}]`, want: schema.MemberDelta{Replace: true, Add: ids("b")}},
		{name: "one out, one in (Okta)", ops: `[{"op":"remove","path":"members[value eq \"u1\"]"},{"op":"add","path":"members","value":[{"value":"u2","display":"d"}]}]`, want: schema.MemberDelta{Add: ids("u2"), Remove: []string{"u1"}}},
	})
}

func TestMembersWithOtherAttributes(t *testing.T) {
	t.Parallel()
	before := resource(t, schema.GroupType, `{"displayName":"g"}`)
	p := newPatcher(schema.GroupType, schema.Lenient())

	got, err := p.Apply(before, operations(t, `[{"op":"replace","value":{"displayName":"h","externalId":"e","members":[{"value":"a"}]}}]`), nil, nil)
	require.NoError(t, err)
	require.JSONEq(t, `{"displayName":"h","externalId":"e"}`, string(got.Resource.Attributes.AppendJSON(nil)))
	require.Equal(t, &schema.MemberDelta{Replace: true, Add: ids("a")}, got.Members)

	got, err = p.Apply(before, operations(t, `{"op":"replace","path":"displayName","value":"h"}`), nil, nil)
	require.NoError(t, err)
	require.Nil(t, got.Members, "no operation names them")

	got, err = p.Apply(before, operations(t, `{"op":"add","path":"members","value":[]}`), nil, nil)
	require.NoError(t, err)
	require.NotNil(t, got.Members)
	require.True(t, got.Members.Empty())
}

func TestMembersWithoutSource(t *testing.T) {
	t.Parallel()
	got, err := newPatcher(schema.GroupType, schema.Strict()).Apply(resource(t, schema.GroupType, `{"displayName":"g"}`),
		operations(t, `[{"op":"add","path":"members","value":[{"value":"u1"}]},{"op":"remove","path":"members[value sw \"u\"]"}]`), nil, nil)
	require.NoError(t, err)
	require.Equal(t, &schema.MemberDelta{Remove: []string{"u1"}}, got.Members)
}

func TestMembersSourceErrorIsReturnedUnchanged(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection lost")
	source := func() iter.Seq2[schema.Member, error] {
		return func(yield func(schema.Member, error) bool) {
			_ = yield(schema.Member{Value: "u1"}, nil) && yield(schema.Member{}, broken)
		}
	}
	for _, ops := range []string{
		`{"op":"remove","path":"members[value sw \"u\"]"}`,
		`{"op":"replace","path":"members[value eq \"u9\"].value","value":"u9"}`,
	} {
		got, err := newPatcher(schema.GroupType, schema.Strict()).Apply(resource(t, schema.GroupType, `{"displayName":"g"}`), operations(t, ops), source, nil)
		require.Same(t, broken, err)
		require.Equal(t, patch.Result{}, got)
	}
}

func TestMembersMutability(t *testing.T) {
	t.Parallel()
	for _, mutability := range []schema.Mutability{schema.ReadOnly, schema.Immutable} {
		s, err := schema.New(schema.Schema{ID: "urn:x:Team", Name: "Team", Attributes: []*schema.Attribute{
			{Name: "crew", Type: schema.TypeComplex, MultiValued: true, Mutability: mutability, SubAttributes: []*schema.Attribute{{Name: "value"}}},
		}})
		require.NoError(t, err)
		team, err := schema.NewResourceType(schema.ResourceType{Name: "Team", Endpoint: "/Teams", Schema: s, MembersAttribute: "crew"})
		require.NoError(t, err)
		for _, ops := range []string{`{"op":"add","path":"crew","value":[{"value":"a"}]}`, `{"op":"remove","path":"crew"}`} {
			_, err = newPatcher(team, schema.Lenient()).Apply(resource(t, team, `{}`), operations(t, ops), nil, nil)
			require.Equal(t, schema.ErrorMutability, errorType(err), fmt.Sprint(mutability, ops))
		}
	}
}
