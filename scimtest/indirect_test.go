package scimtest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
)

// indirectly returns a client of a server that shows groups some levels upwards.
func indirectly(t *testing.T, levels int, limits scim.Limits) *scimtest.Client {
	return serve(t, func(cfg *scim.Config) { cfg.IndirectGroups, cfg.Limits = levels, limits }).lenient(t)
}

// membersOf returns the attribute members with the resources at the paths.
func membersOf(paths ...string) string {
	var list []string
	for _, p := range paths {
		list = append(list, `{"value":"`+scimtest.ID(p)+`"}`)
	}
	return `"members":[` + strings.Join(list, ",") + `]`
}

// shown returns the groups of a user, each as its display and type.
func shown(r *scimtest.Reply) []string {
	var out []string
	list, _ := r.Value("groups").([]any)
	for _, one := range list {
		g := one.(map[string]any)
		out = append(out, fmt.Sprint(g["display"], " ", g["type"]))
	}
	return out
}

func TestConformanceIndirectGroups(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "N-14 N-12", "nested groups are indirect, as many levels as configured, in filters too", func(t *testing.T) {
		t.Parallel()
		for levels, want := range [][]string{
			{"a direct"}, {"a direct", "b indirect"}, {"a direct", "b indirect", "c indirect"},
		} {
			c := indirectly(t, levels, scim.Limits{})
			u, other := c.NewUser("u"), c.NewUser("other")
			a := c.NewGroup("a", membersOf(u))
			b := c.NewGroup("b", membersOf(a, other))
			outer := c.NewGroup("c", membersOf(b))
			require.Equal(t, want, shown(c.Get(u).Is(200)))
			for _, g := range c.Get(u).Value("groups").([]any) {
				c.Get(strings.TrimPrefix(g.(map[string]any)["$ref"].(string), scimtest.BaseURL)).Is(200)
			}
			list := c.Get("/Users?sortBy=userName").Is(200)
			require.Equal(t, len(want), len(list.Value("Resources[1].groups").([]any)), "in a list as in a GET")
			for i, g := range []string{a, b, outer} {
				found := 0
				if i <= levels {
					found = 1
				}
				matching := `groups.value eq "` + scimtest.ID(g) + `"`
				c.Filter("/Users", `userName eq "u" and `+matching).Total(found)
				c.Filter("/Users", `userName eq "u" and groups[type eq "`+map[bool]string{true: "direct", false: "indirect"}[i == 0]+`" and value eq "`+scimtest.ID(g)+`"]`).Total(found)
				c.Filter("/Users", `userName eq "u" and not (`+matching+`)`).Total(1 - found)
			}
		}
	})
	scimtest.Prove(t, "N-14 N-19", "a cycle of groups, and two ways to one group, show each group once", func(t *testing.T) {
		t.Parallel()
		c := indirectly(t, 10, scim.Limits{})
		u := c.NewUser("u")
		a := c.NewGroup("a", membersOf(u))
		b := c.NewGroup("b", membersOf(a))
		d := c.NewGroup("d", membersOf(a, b, u))
		c.Patch(a, `{"op":"add","path":"members","value":[{"value":"`+scimtest.ID(d)+`"},{"value":"`+scimtest.ID(a)+`"}]}`).Is(204)
		require.Equal(t, []string{"a direct", "d direct", "b indirect"}, shown(c.Get(u).Is(200)))
		for _, g := range []string{a, b, d} {
			c.Filter("/Users", `groups.value eq "`+scimtest.ID(g)+`"`).Total(1)
		}
	})
	scimtest.Prove(t, "N-14 V-2", "the ETag changes with the groups that are shown, and with their types", func(t *testing.T) {
		t.Parallel()
		c := indirectly(t, 1, scim.Limits{})
		u := c.NewUser("u")
		a := c.NewGroup("a", membersOf(u))
		before := c.Get(u).Header.Get("ETag")
		b := c.NewGroup("b", membersOf(a))
		nested := c.Get(u, "If-None-Match: "+before).Is(200).Header.Get("ETag")
		c.Patch(b, `{"op":"add","path":"members","value":[{"value":"`+scimtest.ID(u)+`"}]}`).Is(204)
		require.Equal(t, []string{"a direct", "b direct"}, shown(c.Get(u, "If-None-Match: "+nested).Is(200)))
		c.Put(u, scimtest.User("u", `"title":"t"`), "If-Match: "+nested).Is(200)
	})
	scimtest.Prove(t, "N-14", "the groups that a request looks at are bounded", func(t *testing.T) {
		t.Parallel()
		c := indirectly(t, 5, scim.Limits{Scan: 10})
		u := c.NewUser("u")
		a := c.NewGroup("a", membersOf(u))
		for i := range 12 {
			c.NewGroup(fmt.Sprint("over ", i), membersOf(a))
		}
		c.Get(u).Fails(400, "tooMany")
		c.Get(u + "?excludedAttributes=groups").Is(200)
	})
}
