package patch_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/patch"
	"github.com/seed5f3efb56/scim/schema"
)

const envelope = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":`

func TestParseReads(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		want       []patch.Operation
	}{
		{"op, path and value", envelope + `[{"op":"add","path":"title","value":"T"}]}`,
			[]patch.Operation{{Op: patch.Add, Path: "title", HasPath: true, Value: "T", HasValue: true}}},
		{"several in order", envelope + `[{"op":"remove","path":"a"},{"op":"replace","value":1}]}`,
			[]patch.Operation{{Op: patch.Remove, Path: "a", HasPath: true}, {Op: patch.Replace, Value: schema.Number("1"), HasValue: true}}},
		{"op in any case (Entra ID), P-4 Z-22", envelope + `[{"op":"Add"},{"op":"REMOVE"},{"op":"Replace"}]}`,
			[]patch.Operation{{Op: patch.Add}, {Op: patch.Remove}, {Op: patch.Replace}}},
		{"stray members are ignored, Z-22", `{"id":"x","schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"name":"addMember","op":"add","value":true}]}`,
			[]patch.Operation{{Op: patch.Add, Value: true, HasValue: true}}},
		{"member names in any case, any order, M-31", `{"operations":[{"Value":null,"PATH":"x","OP":"add"}],"SCHEMAS":["URN:IETF:params:scim:api:messages:2.0:patchop","urn:other"]}`,
			[]patch.Operation{{Op: patch.Add, Path: "x", HasPath: true, HasValue: true}}},
		{"a null path is none", envelope + `[{"op":"add","path":null,"value":{}}]}`,
			[]patch.Operation{{Op: patch.Add, Value: schema.JSONObject{}, HasValue: true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			body, err := schema.ParseJSON([]byte(c.body))
			require.NoError(t, err)
			got, err := patch.Parse(body, 10, schema.Strict())
			require.NoError(t, err)
			require.Len(t, got, len(c.want))
			for i := range got {
				if o, ok := got[i].Value.(schema.JSONObject); ok && len(o) == 0 {
					got[i].Value = schema.JSONObject{}
				}
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const op = `[{"op":"add","value":{}}]`
	for _, c := range []struct {
		name, body string
		want       schema.ErrorType
		index      int // -1: the message as a whole
	}{
		{"no object", `[]`, schema.ErrorInvalidSyntax, -1},
		{"null", `null`, schema.ErrorInvalidSyntax, -1},
		{"no schemas, P-2", `{"Operations":` + op + `}`, schema.ErrorInvalidSyntax, -1},
		{"another schema, P-2", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"Operations":` + op + `}`, schema.ErrorInvalidSyntax, -1},
		{"schemas as a string, P-2", `{"schemas":"urn:ietf:params:scim:api:messages:2.0:PatchOp","Operations":` + op + `}`, schema.ErrorInvalidSyntax, -1},
		{"schemas of no strings, P-2", `{"schemas":[1,null],"Operations":` + op + `}`, schema.ErrorInvalidSyntax, -1},
		{"no Operations, P-3", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`, schema.ErrorInvalidSyntax, -1},
		{"Operations empty, P-3", envelope + `[]}`, schema.ErrorInvalidSyntax, -1},
		{"Operations an object, P-3", envelope + `{"op":"add"}}`, schema.ErrorInvalidSyntax, -1},
		{"too many", envelope + `[` + strings.Repeat(`{"op":"add","value":{}},`, 10) + `{"op":"add","value":{}}]}`, schema.ErrorInvalidSyntax, -1},
		{"an operation that is no object", envelope + `[{"op":"add"},"add"]}`, schema.ErrorInvalidSyntax, 1},
		{"no op, P-4", envelope + `[{"path":"x"}]}`, schema.ErrorInvalidSyntax, 0},
		{"op move, P-4, P-6", envelope + `[{"op":"move"}]}`, schema.ErrorInvalidSyntax, 0},
		{"op copy, P-4", envelope + `[{"op":"copy"}]}`, schema.ErrorInvalidSyntax, 0},
		{"op test, P-4", envelope + `[{"op":"add"},{"op":"test"}]}`, schema.ErrorInvalidSyntax, 1},
		{"op of another type, P-4", envelope + `[{"op":1}]}`, schema.ErrorInvalidSyntax, 0},
		{"an empty path, P-5", envelope + `[{"op":"add","path":"","value":1}]}`, schema.ErrorInvalidPath, 0},
		{"a path that is no string", envelope + `[{"op":"add","path":["x"],"value":1}]}`, schema.ErrorInvalidSyntax, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			body, err := schema.ParseJSON([]byte(c.body))
			require.NoError(t, err)
			got, err := patch.Parse(body, 10, schema.Strict())
			require.Nil(t, got)
			require.Equal(t, c.want, errorType(err), "%v", err)
			var at *patch.Error
			if c.index < 0 {
				require.NotErrorAs(t, err, &at)
				return
			}
			require.ErrorAs(t, err, &at)
			require.Equal(t, c.index, at.Index)
		})
	}
}

func TestParseLimitErrorHasTheLimit(t *testing.T) {
	t.Parallel()
	body, err := schema.ParseJSON([]byte(envelope + `[{"op":"add"},{"op":"add"},{"op":"add"}]}`))
	require.NoError(t, err)
	_, err = patch.Parse(body, 2, schema.Strict())
	require.ErrorContains(t, err, "the request has 3 operations; the maximum is 2")
	_, err = patch.Parse(body, 3, schema.Strict())
	require.NoError(t, err)
	_, err = patch.Parse(body, 0, schema.Strict())
	require.NoError(t, err)
}

func FuzzParse(f *testing.F) {
	f.Add(envelope + `[{"op":"Add","path":"title","value":"T"}]}`)
	f.Add(envelope + `[{"op":"remove","path":null},{"op":"replace","value":{"a":[1]}}]}`)
	f.Add(`{"schemas":[],"Operations":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		body, err := schema.ParseJSON([]byte(text))
		if err != nil {
			return
		}
		ops, err := patch.Parse(body, 5, schema.Strict())
		if err != nil {
			require.Nil(t, ops)
			require.Contains(t, []schema.ErrorType{schema.ErrorInvalidSyntax, schema.ErrorInvalidPath}, errorType(err))
			return
		}
		require.NotEmpty(t, ops)
		require.LessOrEqual(t, len(ops), 5)
		for _, op := range ops {
			require.LessOrEqual(t, op.Op, patch.Replace)
			require.Equal(t, op.HasPath, op.Path != "")
			require.True(t, op.HasValue || op.Value == nil)
		}
	})
}
