package schema_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

func TestResourceGet(t *testing.T) {
	t.Parallel()
	created := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	r := &schema.Resource{
		Type: schema.UserType, ID: "1", Version: "v7", Created: created, LastModified: created.Add(time.Hour), Location: "https://x/Users/1",
		Attributes: object(t, schema.UserType, `{"userName":"u"}`),
	}
	get := func(r *schema.Resource, a *schema.Attribute) string {
		text := string(r.Get(a).AppendJSON(nil))
		switch a {
		case schema.SchemasAttribute:
			require.Equal(t, text, string(r.AppendSchemas(nil)))
		case schema.MetaAttribute:
			require.Equal(t, text, string(r.AppendMeta(nil)))
		}
		return text
	}
	require.Equal(t, `"1"`, get(r, schema.IDAttribute))
	require.Equal(t, `"u"`, get(r, schema.User.Attribute("userName")))
	require.Equal(t, `["`+schema.UserURI+`"]`, get(r, schema.SchemasAttribute)) // M-8, M-1
	require.Equal(t, `{"resourceType":"User","created":"2020-01-02T03:04:05Z","lastModified":"2020-01-02T04:04:05Z","location":"https://x/Users/1","version":"W/\"v7\""}`,
		get(r, schema.MetaAttribute)) // M-22
	r.LastModified, r.Version = created.In(time.FixedZone("", 3600)), `a"b`
	require.Equal(t, `{"resourceType":"User","created":"2020-01-02T03:04:05Z","lastModified":"2020-01-02T03:04:05Z","location":"https://x/Users/1","version":"W/\"a\"b\""}`,
		get(r, schema.MetaAttribute))
	r.Created, r.Version = time.Time{}, "v7"
	require.Equal(t, `{"resourceType":"User","lastModified":"2020-01-02T03:04:05Z","location":"https://x/Users/1","version":"W/\"v7\""}`,
		get(r, schema.MetaAttribute))

	ext := schema.UserType.MustResolve(enterprise).Root()
	var b schema.Builder
	b.Set(schema.EnterpriseUser.Attribute("department"), schema.String("d"))
	with := r.With(ext, schema.Complex(b.Object()))
	require.Equal(t, `["`+schema.UserURI+`","`+enterprise+`"]`, get(with, schema.SchemasAttribute))
	require.Equal(t, "1", with.ID)
	require.False(t, r.Get(ext).Assigned(), "the original is as it was")
	require.Equal(t, `["`+schema.UserURI+`"]`, get(with.With(ext, schema.Value{}), schema.SchemasAttribute)) // Z-31

	bare := &schema.Resource{Type: schema.GroupType}
	require.Equal(t, `null`, get(bare, schema.IDAttribute))
	require.Equal(t, `{"resourceType":"Group"}`, get(bare, schema.MetaAttribute))

	required := mustType(schema.ResourceType{Name: "G", Endpoint: "/Gs", Schema: gadgetSchema, Extensions: []schema.Extension{{Schema: gadgetExtension, Required: true}}})
	require.Equal(t, `["urn:example:gadget","urn:example:gadget:ext:1.0"]`, get(&schema.Resource{Type: required}, schema.SchemasAttribute))
}
