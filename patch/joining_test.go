package patch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/patch"
	"github.com/seed5f3efb56/scim/schema"
)

func TestJoining(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, operations string
		want             []string
	}{
		{"a list", `{"op":"add","path":"members","value":[{"value":"1"},{"Value":"2","type":"User"}]}`, []string{"1", "2"}},
		{"one, replaced, in other letters", `{"op":"Replace","path":"Members","value":{"value":"1"}}`, []string{"1"}},
		{"bare ids", `{"op":"add","path":"members","value":["1","2"]}`, []string{"1", "2"}},
		{"without a path", `{"op":"add","value":{"displayName":"x","members":[{"value":"1"}]}}`, []string{"1"}},
		{"several operations", `{"op":"add","path":"members","value":"1"},{"op":"add","path":"members","value":"2"}`, []string{"1", "2"}},
		{"who leaves", `{"op":"remove","path":"members","value":[{"value":"1"}]}`, nil},
		{"something else", `{"op":"replace","path":"displayName","value":"1"}`, nil},
		{"what is no id", `{"op":"add","path":"members","value":[{"value":1},{"x":"1"},null,7,[]]}`, nil},
		{"no members", `{"op":"add","value":{"displayName":"x"}},{"op":"add","value":"x"},{"op":"add","path":"members"}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body, err := schema.ParseJSON([]byte(`{"schemas":["` + patch.MessageURI + `"],"Operations":[` + tt.operations + `]}`))
			require.NoError(t, err)
			ops, err := patch.Parse(body, 0)
			require.NoError(t, err)
			require.Equal(t, tt.want, patch.Joining(ops))
		})
	}
}
