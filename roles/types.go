package roles

import "github.com/seed5f3efb56/scim/schema"

// URIs of the schemas. Okta defines the first two ("Build a SCIM 2.0 server with
// entitlements"), draft-ietf-scim-roles-entitlements-01 the last two. The draft has
// expired: its URIs may change before an RFC has them.
const (
	OktaRoleURI         = "urn:okta:scim:schemas:core:1.0:Role"
	OktaEntitlementURI  = "urn:okta:scim:schemas:core:1.0:Entitlement"
	DraftRoleURI        = "urn:ietf:params:scim:schemas:core:2.0:Role"
	DraftEntitlementURI = "urn:ietf:params:scim:schemas:core:2.0:Entitlement"
)

// RoleType and EntitlementType are resource types with Okta's schema, by which
// Okta's entitlement discovery finds them in /ResourceTypes, and the schema of the
// IETF draft as an extension.
//
// DraftRoleType and DraftEntitlementType have the schema of the draft alone, for
// clients that know no other: its attributes stand at the top of the resource, as
// the draft wants, and Okta does not find them.
var (
	RoleType = mustType(schema.ResourceType{
		Name: "Role", Endpoint: "/Roles", Description: "Roles that users can have",
		Schema: oktaSchema(OktaRoleURI, "Role"), Extensions: []schema.Extension{{Schema: draftSchema(DraftRoleURI, "Role")}},
	})
	EntitlementType = mustType(schema.ResourceType{
		Name: "Entitlement", Endpoint: "/Entitlements", Description: "Entitlements that users can have",
		Schema: oktaSchema(OktaEntitlementURI, "Entitlement"), Extensions: []schema.Extension{{Schema: draftSchema(DraftEntitlementURI, "Entitlement")}},
	})
	DraftRoleType = mustType(schema.ResourceType{
		Name: "Role", Endpoint: "/Roles", Description: "Roles that users can have",
		Schema: draftSchema(DraftRoleURI, "Role"),
	})
	DraftEntitlementType = mustType(schema.ResourceType{
		Name: "Entitlement", Endpoint: "/Entitlements", Description: "Entitlements that users can have",
		Schema: draftSchema(DraftEntitlementURI, "Entitlement"),
	})
)

func mustType(t schema.ResourceType) *schema.ResourceType {
	made, err := schema.NewResourceType(t)
	if err != nil {
		panic(err)
	}
	return made
}

func mustSchema(s schema.Schema) *schema.Schema {
	made, err := schema.New(s)
	if err != nil {
		panic(err)
	}
	return made
}

// oktaSchema returns a schema of Okta's: a role has an id and a displayName, an
// entitlement a type too.
func oktaSchema(uri, name string) *schema.Schema {
	attributes := []*schema.Attribute{
		{Name: "displayName", Required: true, Mutability: schema.ReadOnly, Description: "The name for people."},
		{Name: "description", Mutability: schema.ReadOnly, Description: "What it permits."},
	}
	if uri == OktaEntitlementURI {
		attributes = append(attributes, &schema.Attribute{Name: "type", Mutability: schema.ReadOnly, Description: "The kind of entitlement."})
	}
	return mustSchema(schema.Schema{ID: uri, Name: name, Description: name, Attributes: attributes})
}

// draftSchema returns a schema of the draft. The attribute primary, which only an
// example of the draft has, is left out.
func draftSchema(uri, name string) *schema.Schema {
	attribute := func(name string, typ schema.Type, description string) *schema.Attribute {
		return &schema.Attribute{Name: name, Type: typ, Mutability: schema.ReadOnly, Description: description}
	}
	list := func(name, description string) *schema.Attribute {
		a := attribute(name, schema.TypeString, description)
		a.MultiValued = true
		return a
	}
	value := attribute("value", schema.TypeString, "The value that users have.")
	value.Required = true
	return mustSchema(schema.Schema{ID: uri, Name: name, Description: name, Attributes: []*schema.Attribute{
		value,
		attribute("display", schema.TypeString, "The name for people."),
		attribute("type", schema.TypeString, "A label for its function."),
		attribute("supported", schema.TypeBoolean, "Whether it can be given to users."),
		attribute("limitedAssignmentsPermitted", schema.TypeBoolean, "Whether only a number of users can have it."),
		attribute("totalAssignmentsPermitted", schema.TypeInteger, "How many users can have it."),
		attribute("totalAssignmentsUsed", schema.TypeInteger, "How many users have it."),
		list("containedBy", "The values of those that include it."),
		list("contains", "The values of those that it includes."),
	}})
}
