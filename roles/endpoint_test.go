package roles_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/roles"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// defined returns a function that lists definitions.
func defined(ds ...roles.Definition) func(context.Context) ([]roles.Definition, error) {
	return func(context.Context) ([]roles.Definition, error) { return ds, nil }
}

// serving returns a client of users, groups and further endpoints.
func serving(t *testing.T, endpoints ...scim.Endpoint) *scimtest.Client {
	db := memstore.New()
	token := scim.HashToken("test", "secret")
	token.Tenant = "acme"
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(token), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: append([]scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))}, endpoints...),
	})
	require.NoError(t, err)
	return scimtest.NewClient(t, h, "secret")
}

// The calls of Okta's entitlement discovery, in their order: /ResourceTypes, then
// the endpoint of each type with a schema of Okta's.
func TestOktaFindsRolesAndEntitlements(t *testing.T) {
	t.Parallel()
	c := serving(t,
		roles.Roles(defined(roles.Definition{Value: "role-2", Display: "Second Role"}, roles.Definition{Value: "role-1", Display: "First Role"})),
		roles.Entitlements(defined(roles.Definition{Value: "license-1", Display: "Full seat", Type: "License"})))
	endpoints := map[string]string{}
	for _, one := range c.Get("/ResourceTypes").Is(200).Value("Resources").([]any) {
		rt := one.(map[string]any)
		endpoints[rt["schema"].(string)] = rt["endpoint"].(string)
	}
	require.Equal(t, "/Roles", endpoints["urn:okta:scim:schemas:core:1.0:Role"])
	require.Equal(t, "/Entitlements", endpoints["urn:okta:scim:schemas:core:1.0:Entitlement"])
	list := c.Get("/Roles?count=100&startIndex=1").Is(200).Total(2)
	list.Has("Resources[0].id", `"role-1"`, "Resources[0].displayName", `"First Role"`, "Resources[0].schemas[0]", `"urn:okta:scim:schemas:core:1.0:Role"`,
		"Resources[1].id", `"role-2"`, "Resources[1].type", "")
	c.Get("/Entitlements?count=100&startIndex=1").Is(200).Total(1).Has("Resources[0].id", `"license-1"`, "Resources[0].displayName", `"Full seat"`, "Resources[0].type", `"License"`)
	c.Get("/Schemas/"+roles.OktaRoleURI).Is(200).Has("attributes[0].mutability", `"readOnly"`)
	c.Get("/Schemas/" + roles.DraftEntitlementURI).Is(200)
}

// The attributes of draft-ietf-scim-roles-entitlements-01 are an extension of
// RoleType, and the resource itself with DraftRoleType.
func TestAttributesOfTheDraft(t *testing.T) {
	t.Parallel()
	list := defined(
		roles.Definition{Value: "us_team_lead", Display: "U.S. Team Lead", Type: "lead", Contains: []string{"regional_lead"}, ContainedBy: []string{"global_lead"}, MostAssignments: 5, Assignments: 2},
		roles.Definition{Value: "regional_lead", Unsupported: true})
	want := `{"value":"us_team_lead","display":"U.S. Team Lead","type":"lead","supported":true,"limitedAssignmentsPermitted":true,` +
		`"totalAssignmentsPermitted":5,"totalAssignmentsUsed":2,"containedBy":["global_lead"],"contains":["regional_lead"]}`
	c := serving(t, roles.Roles(list))
	got := c.Get("/Roles/us_team_lead").Is(200).Has("schemas", `["`+roles.OktaRoleURI+`","`+roles.DraftRoleURI+`"]`)
	require.Contains(t, got.Text, `"`+roles.DraftRoleURI+`":`+want)

	c = serving(t, roles.Endpoint(roles.DraftRoleType, list), roles.Endpoint(roles.DraftEntitlementType, list))
	c.Get("/Roles/us_team_lead").Is(200).Has("schemas", `["`+roles.DraftRoleURI+`"]`, "value", `"us_team_lead"`, "contains", `["regional_lead"]`, "totalAssignmentsUsed", "2")
	c.Get("/Roles/regional_lead").Is(200).Has("supported", "false", "display", `"regional_lead"`, "limitedAssignmentsPermitted", "false", "totalAssignmentsPermitted", "", "contains", "")
	c.Get("/Entitlements/us_team_lead").Is(200).Has("schemas", `["`+roles.DraftEntitlementURI+`"]`)
}

// Definitions are read as all resources are: filters, sorting, both kinds of paging,
// projection, ETags, .search and queries at the root.
func TestDefinitionsAreReadAsResources(t *testing.T) {
	t.Parallel()
	var all []roles.Definition
	for i := range 25 {
		all = append(all, roles.Definition{Value: fmt.Sprintf("r%02d", i), Display: fmt.Sprintf("Role %d", 24-i)})
	}
	c := serving(t, roles.Roles(defined(all...)))
	c.Get("/Roles?count=10&startIndex=21").Total(25).Has("itemsPerPage", "5", "Resources[0].id", `"r20"`)
	c.Get("/Roles?count=0").Total(25)
	c.Filter("/Roles", `displayName eq "role 3"`).Total(1).Has("Resources[0].id", `"r21"`)
	c.Filter("/Roles", roles.DraftRoleURI+`:value sw "R1"`).Total(10)
	c.Get("/Roles?sortBy=displayName&count=1").Has("Resources[0].displayName", `"Role 0"`)
	c.Get("/Roles/r03?attributes=displayName").Is(200).Has(roles.DraftRoleURI, "")
	c.Post("/Roles/.search", scimtest.Search(`"filter":"id eq \"r03\""`)).Total(1)
	c.Filter("/", `meta.resourceType eq "Role"`).Total(25)
	c.Get("/Roles/none").Fails(404, "")
	etag := c.Get("/Roles/r03").Is(200).Header.Get("ETag")
	require.NotEmpty(t, etag)
	c.Get("/Roles/r03", "If-None-Match: "+etag).Is(304)

	var walked []string
	for cursor := ""; ; {
		page := c.Get("/Roles?count=10&cursor=" + cursor).Is(200)
		walked = append(walked, page.Strings("id")...)
		if cursor, _ = page.Value("nextCursor").(string); cursor == "" {
			break
		}
	}
	require.Len(t, walked, 25)
}

// The application alone defines roles: clients write none, also not in a bulk request.
func TestDefinitionsAreNotWritten(t *testing.T) {
	t.Parallel()
	c := serving(t, roles.Roles(defined(roles.Definition{Value: "a"})))
	body := `{"schemas":["` + roles.OktaRoleURI + `"],"displayName":"x"}`
	require.Equal(t, "GET, HEAD, OPTIONS", c.Post("/Roles", body).Fails(501, "").Header.Get("Allow"))
	c.Put("/Roles/a", body).Fails(501, "")
	c.Patch("/Roles/a", `{"op":"replace","path":"displayName","value":"x"}`).Fails(501, "")
	c.Delete("/Roles/a").Fails(501, "")
	c.Post("/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"DELETE","path":"/Roles/a"}]}`).
		Is(200).Has("Operations[0].status", `"501"`)
	c.Get("/Roles/a").Is(200).Has("displayName", `"a"`)
}

// The list is that of the tenant. A definition that changes has another ETag. What the
// list does wrong is 500 and never a part of the list.
func TestListOfTheHost(t *testing.T) {
	t.Parallel()
	var now []roles.Definition
	var failure error
	var tenant string
	c := serving(t, roles.Roles(func(ctx context.Context) ([]roles.Definition, error) {
		tenant = store.Tenant(ctx)
		return now, failure
	}))
	now = []roles.Definition{{Value: "a"}}
	before := c.Get("/Roles/a").Is(200).Header.Get("ETag")
	require.Equal(t, "acme", tenant)
	now = []roles.Definition{{Value: "a", Unsupported: true}}
	require.NotEqual(t, before, c.Get("/Roles/a").Is(200).Header.Get("ETag"))
	for _, wrong := range [][]roles.Definition{{{Value: "a"}, {Value: "a"}}, {{}}, {{Value: "bulkId:1"}}, {{Value: ".search"}}, {{Value: "a\xff"}}} {
		now = wrong
		c.Get("/Roles").Fails(500, "")
		c.Get("/Roles/a").Fails(500, "")
	}
	now, failure = nil, store.ErrUnavailable
	c.Get("/Roles").Fails(503, "")
	failure = nil
	c.Get("/Roles").Total(0)
}

// The writes of groups and users do not ask for the list.
func TestListIsNotAskedByWrites(t *testing.T) {
	t.Parallel()
	asked := 0
	c := serving(t, roles.Roles(func(context.Context) ([]roles.Definition, error) {
		asked++
		return nil, store.ErrUnavailable
	}))
	user := c.NewUser("u")
	group := c.NewGroup("g", `"members":[{"value":"`+scimtest.ID(user)+`"},{"value":"admin"}]`)
	c.Get(group).Is(200).Has("members.#", "2")
	c.Delete(user).Is(204)
	require.Zero(t, asked)
}

// What the handler announces is what a probe of each feature finds, also about types
// that are only read.
func TestProbeWithRoles(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("test", "secret")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{
			scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType)),
			roles.Roles(defined(roles.Definition{Value: "admin"})), roles.Entitlements(defined(roles.Definition{Value: "seat", Type: "License"})),
		},
	})
	require.NoError(t, err)
	scimtest.Probe(t, h, "secret")
}
