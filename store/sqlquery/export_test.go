package sqlquery

import (
	"reflect"

	"github.com/seed5f3efb56/scim/schema"
)

// CheckTags is NewTyped for a struct made at run time.
func CheckTags(host reflect.Type, t *schema.ResourceType) error {
	_, err := build(host, t)
	return err
}
