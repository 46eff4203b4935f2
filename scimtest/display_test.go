package scimtest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
)

func TestConformanceMemberDisplays(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "N-18 J-1", "members have a display where members.display is asked for", func(t *testing.T) {
		t.Parallel()
		serve(t, nil).both(t, func(c *scimtest.Client) {
			named, plain, inner := c.NewUser("a", `"displayName":"Ann"`), c.NewUser("bob"), c.NewGroup("Inner")
			refs := `"members":[{"value":"` + scimtest.ID(named) + `"},{"value":"` + scimtest.ID(plain) + `"},{"value":"` + scimtest.ID(inner) + `"},{"value":"unknown"}]`
			made := c.Post("/Groups?attributes=members.display,members.value", scimtest.Group("g", refs)).Is(201)
			g := "/Groups/" + made.String("id")
			want := []string{"Ann", "bob", "Inner", ""}
			for _, r := range []*scimtest.Reply{made, c.Get(g + "?attributes=members.display,members.value"), c.Get(g + "?attributes=members,members.display")} {
				for i, display := range want {
					if display != "" {
						display = `"` + display + `"`
					}
					r.Has(fmt.Sprintf("members[%d].display", i), display)
				}
				r.Has("members[3].value", `"unknown"`)
			}
			c.Post("/Groups/.search", scimtest.Search(`"attributes":["members.display"]`, `"filter":"displayName eq \"g\""`)).Is(200).
				Has("Resources[0].members[0]", `{"display":"Ann"}`)
			for _, query := range []string{"", "?attributes=members", "?attributes=members.value", "?excludedAttributes=displayName"} {
				c.Get(g+query).Is(200).Has("members[0].display", "")
			}
			c.Filter("/Groups?attributes=members.display", `members.display eq "Ann"`).Total(0)

			etag := c.Get(g + "?attributes=members.display").Header.Get("ETag")
			c.Patch(named, `{"op":"replace","path":"displayName","value":"Anne"}`).Is(200)
			c.Get(g+"?attributes=members.display", "If-None-Match: "+etag).Is(200).Has("members[0].display", `"Anne"`)
			for _, p := range []string{named, plain, inner, g} {
				c.Delete(p).Is(204)
			}
		})
	})
	scimtest.Prove(t, "N-18", "the displays of a large group are those of its members", func(t *testing.T) {
		t.Parallel()
		c := serve(t, nil).lenient(t)
		var paths []string
		for i := range 250 {
			paths = append(paths, c.NewUser(fmt.Sprint("u", i)))
		}
		g := c.NewGroup("g", membersOf(paths...))
		list := c.Get(g + "?attributes=members.value,members.display").Is(200).Value("members").([]any)
		require.Len(t, list, 250)
		shown := map[string]string{}
		for _, one := range list {
			m := one.(map[string]any)
			shown[m["value"].(string)] = m["display"].(string)
		}
		for i, p := range paths {
			require.Equal(t, fmt.Sprint("u", i), shown[scimtest.ID(p)])
		}
	})
	scimtest.Prove(t, "N-18", "a client sees no display of a type that it may not query", func(t *testing.T) {
		t.Parallel()
		denied := false
		s := serve(t, func(cfg *scim.Config) {
			token, groups := scim.HashToken("default", "default"), scim.HashToken("groups", "groups")
			groups.Types = []string{"Group"}
			cfg.Auth = scim.BearerTokens(token, groups)
			cfg.Authorize = func(_ context.Context, op scim.Operation) error {
				if denied && op.Kind == scim.OperationQuery && op.Type.Name == "User" {
					return scim.ErrForbidden
				}
				return nil
			}
		})
		c := scimtest.NewClient(t, s, "default")
		query := c.NewGroup("g", membersOf(c.NewUser("u"), c.NewGroup("inner"))) + "?attributes=members.display,members.type"
		c.Get(query).Is(200).Has("members[0].display", `"u"`, "members[1].display", `"inner"`)
		scimtest.NewClient(t, s, "groups").Get(query).Is(200).Has("members[0].display", "", "members[1].display", `"inner"`)
		denied = true
		c.Get(query).Is(200).Has("members[0].display", "", "members[1].display", `"inner"`)
	})
}

// Members beyond those that Limits.Work pays for have no display.
func TestDisplaysOfMembersAreBounded(t *testing.T) {
	t.Parallel()
	c := serve(t, func(cfg *scim.Config) { cfg.Limits.Work = 4_000_000 }).lenient(t)
	var paths []string
	for i := range 250 {
		paths = append(paths, c.NewUser(fmt.Sprint("u", i)))
	}
	g := c.NewGroup("g", membersOf(paths...))
	shown := 0
	list := c.Get(g + "?attributes=members.value,members.display").Is(200).Value("members").([]any)
	for _, one := range list {
		if one.(map[string]any)["display"] != nil {
			shown++
		}
	}
	require.Len(t, list, 250)
	require.Equal(t, 100, shown, "the second hundred would be more than is left")
}
