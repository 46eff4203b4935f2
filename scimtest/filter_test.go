package scimtest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
)

func TestFilterConfigured(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "F-6 F-13 F-12", "numbers and dateTimes of a custom type are compared by value", func(t *testing.T) {
		t.Parallel()
		c, _ := configured(t, nil)
		for _, g := range []string{
			gadget("nine", `"size":9`, `"weight":9.5`, `"since":"2020-01-01T12:00:00+02:00"`, `"levels":[1,20]`, `"tags":["A","b c"]`, `"readings":[{"value":5,"kind":"x"},{"value":50,"kind":"y"}]`),
			gadget("ten", `"size":10`, `"weight":10`, `"since":"2020-01-01T11:00:00.25Z"`, `"levels":[7]`, `"tags":["a"]`, `"home":"https://a.example/X"`, `"box":{"count":0}`),
			gadget("big", `"size":9007199254740993`, `"weight":-0.5`),
		} {
			c.Post("/Gadgets", g).Is(201)
		}
		for filter, want := range map[string][]string{
			`size eq 9`: {"nine"}, `size ne 9`: {"ten", "big"}, `size lt 10`: {"nine"}, `size le 10`: {"nine", "ten"}, `size gt 9`: {"ten", "big"}, `size ge 10`: {"ten", "big"},
			`size eq 9007199254740993`: {"big"}, `size eq 9007199254740992`: {}, `size gt -5`: {"nine", "ten", "big"}, `size eq -0`: {},
			`weight eq 10.0`: {"ten"}, `weight eq 1e1`: {"ten"}, `weight lt 9.75`: {"nine", "big"}, `weight gt -1`: {"nine", "ten", "big"}, `weight eq 95e-1`: {"nine"},
			`since eq "2020-01-01T10:00:00Z"`: {"nine"}, `since eq "2020-01-01T10:00:00.000+00:00"`: {"nine"}, `since gt "2020-01-01T10:30:00Z"`: {"ten"}, `since le "2020-01-01T06:00:00.25-05:00"`: {"nine", "ten"},
			`since ge "2020-01-01T06:00:00.25-05:00"`: {"ten"}, `since eq null`: {"big"},
			`levels eq 20`: {"nine"}, `levels gt 6`: {"nine", "ten"}, `levels lt 1`: {}, `levels pr`: {"nine", "ten"}, `levels[value gt 6 and value lt 10]`: {"ten"},
			`tags eq "a"`: {"ten"}, `tags eq "A"`: {"nine"}, `tags co "c"`: {"nine"}, `tags sw "A" or tags sw "a"`: {"nine", "ten"}, `tags ne "a"`: {"nine", "big"}, `not (tags pr)`: {"big"}, `tags[value eq "a"]`: {"ten"},
			`readings eq 5`: {"nine"}, `readings gt 40`: {"nine"}, `readings[value gt 10 and kind eq "x"]`: {}, `readings[value gt 10 and kind eq "Y"]`: {"nine"}, `readings.value lt 6 and readings.kind eq "y"`: {"nine"},
			`home eq "https://a.example/X"`: {"ten"}, `home eq "https://a.example/x"`: {}, `home sw "https://"`: {"ten"}, `box.count eq 0`: {"ten"}, `box pr`: {"ten"}, `box.count pr`: {"ten"}, `box[count lt 1]`: {"ten"},
			`label eq "NINE"`: {"nine"}, `state eq null`: {"nine", "ten", "big"},
		} {
			got := c.Filter("/Gadgets", filter).Is(200)
			require.ElementsMatch(t, want, got.Strings("label"), filter)
			got.Total(len(want))
		}
	})
	scimtest.Prove(t, "F-33 F-14 F-25 A-16", "an operand that does not fit the type of a custom attribute is invalidFilter", func(t *testing.T) {
		t.Parallel()
		c, strict := configured(t, nil)
		c.Post("/Gadgets", gadget("x", `"size":1`, `"pin":"1234"`, `"secret":"s"`)).Is(201)
		for _, filter := range []string{
			`size sw "1"`, `size sw 1`, `size co 1`, `size ew 1`, `size eq 1.0`, `size eq 1e1`, `size eq true`, `size gt "a"`, `size eq 99999999999999999999`, `weight co 1`, `weight eq true`,
			`since co "2020"`, `since eq "2020-01-01"`, `since gt 5`, `levels co 1`, `readings[value co 5]`,
			`box eq "x"`, `box.nope pr`, `home eq 5`, `home gt 5`, `pin eq "1234"`, `pin pr`, `secret eq "s"`, `secret pr`, `pin eq null`, `levels[kind eq 5]`, `label[value eq "x"]`,
		} {
			c.Filter("/Gadgets", filter).Fails(400, "invalidFilter")
			strict.Filter("/Gadgets", filter).Fails(400, "invalidFilter")
		}
		for _, filter := range []string{`size eq "1"`, `weight eq "1.5"`, `levels eq "1"`, `tags eq 5`, `readings eq "5"`, `readings.value eq "5"`, `readings[value eq "5"]`} {
			c.Filter("/Gadgets", filter).Is(200)
			strict.Filter("/Gadgets", filter).Fails(400, "invalidFilter")
		}
	})
	scimtest.Prove(t, "F-26", "a defaulted attribute is filtered by the value that was returned", func(t *testing.T) {
		t.Parallel()
		active := schema.UserType.MustResolve("active")[0]
		c, _ := configured(t, func(cfg *scim.Config) {
			cfg.Endpoints[0].Default = func(_ context.Context, _ *scim.Principal, o *schema.Object) *schema.Object {
				return o.With(active, schema.Boolean(true))
			}
		})
		c.Get(c.NewUser("defaulted")).Is(200).Has("active", "true")
		c.Get(c.NewUser("off", `"active":false`)).Is(200).Has("active", "false")
		c.Get(c.NewUser("none", `"active":null`)).Is(200).Has("active", "")
		require.Equal(t, []string{"defaulted"}, c.Filter("/Users", `active eq true`).Is(200).Strings("userName"))
		require.Equal(t, []string{"off"}, c.Filter("/Users", `active eq false`).Is(200).Strings("userName"))
		require.ElementsMatch(t, []string{"defaulted", "off"}, c.Filter("/Users", `active pr`).Is(200).Strings("userName"))
	})
	scimtest.Prove(t, "F-30 J-8 M-33", "an extension attribute and a core attribute of one name are kept apart", func(t *testing.T) {
		t.Parallel()
		c, _ := configured(t, nil)
		c.Post("/Gadgets", gadget("core", `"`+partURI+`":{"label":"part","number":7}`)).Is(201)
		for filter, want := range map[string]int{`label eq "core"`: 1, `label eq "part"`: 0, partURI + `:label eq "part"`: 1, partURI + `:label eq "core"`: 0, partURI + `:number gt 6`: 1, `schemas eq "` + partURI + `"`: 1, partURI + ` pr`: 1} {
			c.Filter("/Gadgets", filter).Total(want)
		}
		c.Filter("/Gadgets", `number eq 7`).Total(1) // no other schema has a number
	})
	scimtest.Prove(t, "E-24 S-6", "a filter on a sensitive attribute is 403 sensitive in a URL and welcome in .search", func(t *testing.T) {
		t.Parallel()
		c, strict := configured(t, func(cfg *scim.Config) { cfg.SensitiveAttributes = []string{"emails.value", "externalId"} })
		c.NewUser("u", `"emails":[{"value":"a@x.example","type":"work"}]`, `"externalId":"e"`)
		for _, filter := range []string{
			`emails.value eq "a@x.example"`, `emails co "x"`, `emails[value eq "a"]`, `emails[type eq "work" and value co "x"]`, `not (emails.value pr)`, `userName eq "u" or EXTERNALID eq "e"`,
			`userName eq "u" and emails pr`, schema.UserURI + `:emails.value pr`,
		} {
			c.Filter("/Users", filter).Fails(403, "sensitive")
			c.Filter("/", filter).Fails(403, "sensitive")
			strict.Filter("/Users?count=0", filter).Fails(403, "sensitive")
		}
		c.Filter("/Users", `emails.type eq "work"`).Total(1)
		c.Filter("/Users", `emails[type eq "work"]`).Total(1)
		c.Post("/Users/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"emails.value eq \"a@x.example\""}`).Total(1)
		c.Get("/Users?attributes=emails.value").Total(1)
	})
}
