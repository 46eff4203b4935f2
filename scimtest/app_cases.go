package scimtest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"
)

// declaration proves what an [App] declares.
type declaration struct {
	name     string
	declared func(App) bool
	prove    func(c *Case)
}

var declarations = []declaration{
	{"Tenant: the names are different", func(a App) bool { return a.Tenant != nil }, proveTenants},
	{"SingleTenant: open returns an application with an empty database", func(a App) bool { return a.SingleTenant }, proveEmpty},
	{"MembersAreUsers: a group as a member is refused, an id of no user is not kept", func(a App) bool { return a.MembersAreUsers }, proveMembers},
	{"TwoStateActive: active is always true or false", func(a App) bool { return a.TwoStateActive }, proveActive},
	{"Filled: the attributes always have a value", func(a App) bool { return len(a.Filled) > 0 }, proveFilled},
}

func proveTenants(c *Case) {
	seen := map[string]int{}
	for n := 1; n <= 2000; n++ {
		name := c.kit.Tenant(n)
		require.NotEmpty(c, name, "App.Tenant(%d)", n)
		require.Zero(c, seen[name], "App.Tenant(%d) is the name of tenant %d as well", n, seen[name])
		seen[name] = n
	}
}

func proveEmpty(c *Case) {
	c.Default.NewUser("u")
	c.Default.NewGroup("g")
	c.OtherTenant().Get("/").Total(0)
}

func proveMembers(c *Case) {
	c.Both(func(c *Client) {
		inner, u := c.NewGroup("inner"), c.NewUser("u")
		group := c.NewGroup("g", `"members":`+refs(u))
		of := func(path, typ string) string { return `[{"value":` + quote(ID(path)) + typ + `}]` }
		for _, typ := range []string{"", `,"type":"Group"`, `,"type":"User"`} {
			c.Post("/Groups", Group("other", `"members":`+of(inner, typ))).Fails(400, "invalidValue")
			c.Put(group, Group("g", `"members":`+of(inner, typ))).Fails(400, "invalidValue")
			c.fails(group, "invalidValue", add("members", of(inner, typ)), replace("members", of(inner, typ)))
		}
		c.Filter("/Groups", `displayName eq "other"`).Total(0)
		c.Filter("/Groups", `members[type eq "Group"]`).Total(0)
		for _, unknown := range []string{"nobody", ID(u) + "0", "2819c223-7f76-453a-919d-413861904646"} {
			r := c.Patch(group, add("members", `[{"value":`+quote(unknown)+`}]`))
			require.Contains(c.t, []int{200, 204, 400}, r.Status, r.line)
			c.Get(group).Has("members.#", "1", "members[0].value", quote(ID(u)))
			c.Filter("/Groups", `members.value eq `+quote(unknown)).Total(0)
		}
	})
}

func proveActive(c *Case) {
	c.Both(func(c *Client) {
		path := c.NewUser("u")
		has := func(want ...bool) {
			c.t.Helper()
			got := c.Get(path)
			active, ok := got.Value("active").(bool)
			require.True(c.t, ok, "active has no value: %s", got.Text)
			require.Contains(c.t, want, active, got.Text)
		}
		has(true, false)
		for _, clear := range []func() *Reply{
			func() *Reply { return c.Put(path, User("u")) },
			func() *Reply { return c.Put(path, User("u", `"active":null`)) },
			func() *Reply { return c.Patch(path, remove("active")) },
			func() *Reply { return c.Patch(path, replace("active", "null")) },
		} {
			c.Patch(path, replace("active", "true")).Is(200)
			clear().Is(200)
			has(true, false)
			c.Patch(path, replace("active", "false")).Is(200)
			clear().Is(200)
			has(false) // only an explicit true gives access back
		}
		c.NewUser("on", `"active":true`)
		for filter, n := range map[string]int{"active eq true": 1, "active eq false": 1, "active ne true": 1, "active pr": 2, "not (active pr)": 0, "active eq null": 0, "active ne null": 2} {
			c.Filter("/Users", filter).Total(n)
		}
		require.Equal(c.t, []string{"u", "on"}, c.Get("/Users?sortBy=active").Is(200).Strings("userName"))
	})
}

func proveFilled(c *Case) {
	c.Both(func(c *Client) {
		for i, attribute := range c.app.Filled {
			root, sub, _ := strings.Cut(attribute, ".")
			path := c.NewUser(fmt.Sprintf("u%d", i))
			has := func() {
				c.t.Helper()
				got := c.Get(path)
				value, _ := got.Value(attribute).(string)
				require.NotEmpty(c.t, value, "%s has no value: %s", attribute, got.Text)
			}
			has()
			for _, clear := range []func() *Reply{
				func() *Reply { return c.Put(path, User(fmt.Sprintf("u%d", i))) },
				func() *Reply { return c.Put(path, User(fmt.Sprintf("u%d", i), quote(root)+":null")) },
				func() *Reply { return c.Patch(path, remove(root)) },
				func() *Reply { return c.Patch(path, remove(attribute)) },
				func() *Reply { return c.Patch(path, replace(attribute, "null")) },
			} {
				clear().Is(200)
				has()
			}
			sent := `"sent"`
			if sub != "" {
				sent = `{` + quote(sub) + `:"sent"}`
			}
			c.Patch(path, replace(root, sent)).Is(200).Has(attribute, `"sent"`)
			c.Filter("/Users", attribute+` eq "sent"`).Total(1)
			c.Filter("/Users", attribute+" pr").Total(i + 1)
			c.Filter("/Users", "not ("+attribute+" pr)").Total(0)
			c.Filter("/Users", attribute+" eq null").Total(0)
		}
	})
}
