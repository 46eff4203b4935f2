package patch_test

import (
	"fmt"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/patch"
	"github.com/seed5f3efb56/scim/schema"
)

func ExamplePatcher_Apply() {
	t, profile := schema.UserType, schema.Lenient()
	patcher := patch.New(t, filter.NewResolver(t, filter.Options{Profile: profile}), profile)

	attributes, _ := t.DecodeStored([]byte(`{"userName":"bjensen","active":true}`))
	before := &schema.Resource{Type: t, ID: "2819c223", Attributes: attributes}

	body, err := schema.ParseJSON([]byte(`{
		"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
		"Operations": [
			{"op": "Replace", "path": "active", "value": "False"},
			{"op": "Add", "path": "emails[type eq \"work\"].value", "value": "bjensen@example.com"}
		]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	ops, err := patch.Parse(body, 1000, schema.Strict())
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := patcher.Apply(before, ops, nil, filter.NewBudget(filter.DefaultWork, nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", before.Attributes.AppendJSON(nil))
	fmt.Printf("%s\n", result.Resource.Attributes.AppendJSON(nil))
	// Output:
	// {"userName":"bjensen","active":true}
	// {"userName":"bjensen","active":false,"emails":[{"value":"bjensen@example.com","type":"work"}]}
}
