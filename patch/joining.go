package patch

import (
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// Joining returns the ids of those whom the operations may make members of a
// group, as far as that is seen without applying them: for locking them first.
// Some of the texts may be nothing of that kind.
func Joining(ops []Operation) []string {
	var ids []string
	for _, op := range ops {
		switch {
		case op.Op == Remove:
		case !op.HasPath:
			if o, ok := op.Value.(schema.JSONObject); ok {
				members, _ := o.Get("members")
				ids = appendIDs(ids, members)
			}
		case strings.EqualFold(op.Path, "members"):
			ids = appendIDs(ids, op.Value)
		}
	}
	return ids
}

// appendIDs adds the ids in a list of members, or in one.
func appendIDs(ids []string, raw any) []string {
	list, many := raw.([]any)
	if !many {
		list = []any{raw}
	}
	for _, one := range list {
		switch v := one.(type) {
		case string: // leniency: a member as the bare id
			ids = append(ids, v)
		case schema.JSONObject:
			value, _ := v.Get("value")
			if id, ok := value.(string); ok {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
