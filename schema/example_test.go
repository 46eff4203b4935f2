package schema_test

import (
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
)

// Decode turns a request body into attributes of the schema and returns the
// secrets separately.
func ExampleResourceType_Decode() {
	v, err := schema.ParseJSON([]byte(`{
		"schemas":  ["urn:ietf:params:scim:schemas:core:2.0:User"],
		"USERNAME": "bjensen",
		"password": "t0p-s3cret",
		"active":   "True",
		"emails":   [{"value": "bjensen@example.com", "type": "work"}]
	}`))
	if err != nil {
		panic(err)
	}
	got, err := schema.UserType.Decode(v.(schema.JSONObject), schema.Lenient())
	if err != nil {
		panic(err)
	}
	fmt.Println(string(got.Attributes.AppendJSON(nil)))
	fmt.Println(got.Secrets)

	_, err = schema.UserType.Decode(v.(schema.JSONObject), schema.Strict())
	fmt.Println(err)
	// Output:
	// {"userName":"bjensen","active":true,"emails":[{"value":"bjensen@example.com","type":"work"}]}
	// secrets[password]
	// active: must be true or false
}

// A custom schema is defined in JSON (RFC 7643 §7) or in Go.
func ExampleNew() {
	_, err := schema.New(schema.Schema{
		ID:   "urn:example:Device",
		Name: "Device",
		Attributes: []*schema.Attribute{
			{Name: "serialNumber", Required: true, CaseExact: true, Uniqueness: schema.UniquenessServer},
			{Name: "in use", Type: schema.TypeBoolean},
		},
	})
	fmt.Println(err)
	// Output:
	// schema: urn:example:Device:in use: not an attribute name (RFC 7643 §2.1)
}
