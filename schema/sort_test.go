package schema_test

import (
	"testing"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/stretchr/testify/require"
)

// user makes a user of JSON, whose id is its place in a list.
func user(t *testing.T, id, attributes string) *schema.Resource {
	t.Helper()
	o, errs := schema.UserType.DecodeStored([]byte(attributes))
	require.Empty(t, errs)
	return &schema.Resource{Type: schema.UserType, ID: id, Attributes: o}
}

func TestSort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		by         string
		descending bool
		users      []string // ids are a, b, c…
		want       string
	}{
		{"O-8 folded", "userName", false, []string{`{"userName":"b"}`, `{"userName":"A"}`, `{"userName":"C"}`}, "bac"},
		{"O-8 case-exact", "externalId", false, []string{`{"externalId":"a"}`, `{"externalId":"B"}`}, "ba"},
		{"O-7 descending", "userName", true, []string{`{"userName":"b"}`, `{"userName":"A"}`, `{"userName":"C"}`}, "cab"},
		{"O-5 without a value last", "title", false, []string{`{}`, `{"title":"x"}`, `{"title":""}`}, "cba"},
		{"O-5 without a value first when descending", "title", true, []string{`{"title":"x"}`, `{}`, `{"title":""}`}, "bac"},
		{"O-10 equal keys by id", "title", false, []string{`{"title":"x"}`, `{"title":"X"}`, `{"title":"x"}`}, "abc"},
		{"O-10 equal keys by id also when descending", "title", true, []string{`{"title":"x"}`, `{"title":"X"}`, `{}`, `{}`}, "cdab"},
		{"O-3 by the primary value", "emails.value", false, []string{
			`{"emails":[{"value":"a"},{"value":"z","primary":true}]}`,
			`{"emails":[{"value":"b"}]}`,
		}, "ba"},
		{"O-3 by the first without a primary", "emails.value", false, []string{
			`{"emails":[{"value":"b"},{"value":"a"}]}`,
			`{"emails":[{"value":"ab"},{"value":"z"}]}`,
		}, "ba"},
		{"O-3 a primary without that value", "emails.value", false, []string{
			`{"emails":[{"value":"a"},{"type":"work","primary":true}]}`,
			`{"emails":[{"value":"z"}]}`,
		}, "ba"},
		{"O-9 booleans", "active", false, []string{`{}`, `{"active":true}`, `{"active":false}`}, "cba"},
		{"O-2 in an extension", schema.EnterpriseUserURI + ":department", false, []string{
			`{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"b"}}`,
			`{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"A"}}`,
		}, "ba"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var rs []*schema.Resource
			for i, text := range c.users {
				rs = append(rs, user(t, string(rune('a'+i)), text))
			}
			schema.SortResources(rs, schema.UserType.MustResolve(c.by), c.descending)
			got := ""
			for _, r := range rs {
				got += r.ID
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestSortOfNothing(t *testing.T) {
	t.Parallel()
	schema.SortResources(nil, schema.UserType.MustResolve("userName"), true)
}
