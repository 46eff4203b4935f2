package scimtest_test

import (
	"strings"
	"testing"

	"github.com/seed5f3efb56/scim/scimtest"
)

// A filter on members reads the type and URI of members that an earlier operation
// of the same PATCH added, also if the client sent another type.
func TestPatchSelectsMembersItAdded(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	s.both(t, func(c *scimtest.Client) {
		user := c.NewUser("m" + c.NewGroup("x")[len("/Groups/"):])
		id := scimtest.ID(user)
		for _, given := range []string{"", `,"type":"User"`, `,"type":"Group"`} {
			add := `{"op":"add","path":"members","value":[{"value":"` + id + `"` + given + `}]}`
			for filter, left := range map[string]string{
				`type eq \"User\"`: "0", `type ne \"User\"`: "1", `type eq \"Group\"`: "1",
				`$ref ew \"` + user + `\"`: "0", `$ref co \"/Groups/\"`: "1", `type pr and value eq \"` + id + `\"`: "0",
			} {
				group := c.NewGroup("g")
				c.Patch(group, add, `{"op":"remove","path":"members[`+filter+`]"}`).Is(204)
				c.Get(group).Has("members.#", left)
				c.Delete(group).Is(204)
			}
		}
	})
}

func TestGroupsAreFoundByTheirExactID(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	s.both(t, func(c *scimtest.Client) {
		user := c.NewUser("g" + c.NewGroup("x")[len("/Groups/"):])
		id := scimtest.ID(c.NewGroup("g", `"members":[{"value":"`+scimtest.ID(user)+`"}]`))
		for _, op := range []string{"eq", "co", "sw", "ew"} {
			c.Filter("/Users", `groups.value `+op+` "`+id+`"`).Total(1)
			c.Filter("/Users", `groups.value `+op+` "`+strings.ToUpper(id)+`"`).Total(0)
		}
	})
}

func TestStrictAddOfAValueWithoutType(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	path := s.lenient(t).NewUser("u", `"emails":[{"value":"a","type":"work"}]`)
	s.lenient(t).Patch(path, `{"op":"add","path":"emails","value":[{"value":"a","display":"d"}]}`).Is(200).Has("emails", `[{"value":"a","type":"work","display":"d"}]`)
	s.strict(t).Patch(path, `{"op":"add","path":"emails","value":[{"value":"a","display":"e"}]}`).Is(200).
		Has("emails", `[{"value":"a","type":"work","display":"d"},{"value":"a","display":"e"}]`)
}
