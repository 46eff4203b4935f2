package schema

import _ "embed"

// URIs of the schemas of RFC 7643 §8.7.
const (
	UserURI                  = "urn:ietf:params:scim:schemas:core:2.0:User"
	GroupURI                 = "urn:ietf:params:scim:schemas:core:2.0:Group"
	EnterpriseUserURI        = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	ServiceProviderConfigURI = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	ResourceTypeURI          = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	SchemaURI                = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

// The files are RFC 7643 §8.7 with the verified errata and the corrections its
// own text forces; see docs/design.md.
var (
	//go:embed core/User.json
	userJSON []byte
	//go:embed core/Group.json
	groupJSON []byte
	//go:embed core/EnterpriseUser.json
	enterpriseUserJSON []byte
	//go:embed core/ServiceProviderConfig.json
	serviceProviderConfigJSON []byte
	//go:embed core/ResourceType.json
	resourceTypeJSON []byte
	//go:embed core/Schema.json
	schemaJSON []byte
)

// The schemas of RFC 7643 §4.
var (
	User           = mustParse(userJSON)
	Group          = mustParse(groupJSON)
	EnterpriseUser = mustParse(enterpriseUserJSON)
)

// Discovery returns the schemas of the discovery endpoints (RFC 7643 §5 to
// §7), which are published in /Schemas but belong to no resource type: the
// Schema schema nests complex attributes, which resources may not.
func Discovery() []*Schema {
	var out []*Schema
	for _, data := range [][]byte{serviceProviderConfigJSON, resourceTypeJSON, schemaJSON} {
		s, err := parseDefinition(data)
		if err != nil {
			panic(err)
		}
		for i, a := range s.Attributes {
			a.compile(orderBase + i)
		}
		out = append(out, &s)
	}
	return out
}

// UserType and GroupType are the resource types of RFC 7643 §4: User with the
// enterprise extension at /Users, Group at /Groups.
var (
	UserType = mustType(ResourceType{
		Name: "User", Endpoint: "/Users", Description: "User Account", Schema: User,
		Extensions:      []Extension{{Schema: EnterpriseUser}},
		GroupsAttribute: "groups",
	})
	GroupType = mustType(ResourceType{
		Name: "Group", Endpoint: "/Groups", Description: "Group", Schema: Group,
		MembersAttribute: "members",
	})
)

func mustParse(data []byte) *Schema {
	s, err := Parse(data)
	if err != nil {
		panic(err)
	}
	return s
}

func mustType(t ResourceType) *ResourceType {
	rt, err := NewResourceType(t)
	if err != nil {
		panic(err)
	}
	return rt
}
