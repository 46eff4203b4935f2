package schema_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// The representations of RFC 7643 §8 are accepted unchanged and returned
// unchanged, except for readOnly attributes and secrets.
func TestResourceExamples(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file string
		rt   *schema.ResourceType
	}{
		{"8.1-minimal-user.json", schema.UserType},
		{"8.2-full-user.json", schema.UserType},
		{"8.3-enterprise-user.json", schema.UserType},
		{"8.4-group.json", schema.GroupType},
	} {
		for name, p := range map[string]schema.Profile{"strict": schema.Strict(), "lenient": schema.Lenient()} {
			t.Run(c.file+"/"+name, func(t *testing.T) {
				t.Parallel()
				data := readFile(t, "testdata/rfc7643/"+c.file)
				got, err := c.rt.Decode(parse(t, string(data)).(schema.JSONObject), p)
				require.NoError(t, err)
				require.NoError(t, c.rt.Validate(got.Attributes))
				require.JSONEq(t, clientsShare(t, data), text(got.Attributes))

				stored, errs := c.rt.DecodeStored(got.Attributes.AppendJSON(nil))
				require.Empty(t, errs)
				require.True(t, schema.IdenticalObjects(got.Attributes, stored))
			})
		}
	}
}

// clientsShare removes readOnly attributes and secrets.
func clientsShare(t *testing.T, data []byte) string {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(data, &m))
	for _, name := range []string{"schemas", "id", "meta", "groups", "password"} {
		delete(m, name)
	}
	if ext, ok := m[enterprise].(map[string]any); ok {
		delete(ext["manager"].(map[string]any), "displayName")
	}
	members, _ := m["members"].([]any)
	for _, member := range members {
		delete(member.(map[string]any), "display")
	}
	out, err := json.Marshal(m)
	require.NoError(t, err)
	return string(out)
}

// The discovery examples fit their schemas' definitions (RFC 7643 §5, §6).
func TestDiscoveryExamples(t *testing.T) {
	t.Parallel()
	byID := map[string]*schema.Schema{}
	for _, s := range schema.Discovery() {
		byID[s.ID] = s
	}
	check := func(id string, o schema.JSONObject) {
		root := &schema.Attribute{Name: id, Type: schema.TypeComplex, SubAttributes: byID[id].Attributes}
		for _, m := range o {
			switch m.Name {
			case "schemas", "id", "meta":
				continue
			}
			found := false
			for _, a := range root.SubAttributes {
				found = found || a.Name == m.Name
			}
			require.True(t, found, "%s has no %s", id, m.Name)
		}
	}
	check(schema.ServiceProviderConfigURI, parse(t, string(readFile(t, "testdata/rfc7643/8.5-service-provider-config.json"))).(schema.JSONObject))
	for _, o := range parse(t, string(readFile(t, "testdata/rfc7643/8.6-resource-types.json"))).([]any) {
		check(schema.ResourceTypeURI, o.(schema.JSONObject))
	}
}
