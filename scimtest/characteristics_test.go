package scimtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
)

const search = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"attributes":["hint","pin","contacts.code"]}`

func TestConformanceMutability(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, deviceType(t, false))

	scimtest.Prove(t, "A-3 W-6", "an immutable attribute is set at creation; the same value is no change, another value a mutability error", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := "/Devices/" + c.Post("/Devices", device(`"serial":"S1","origin":{"site":"a","line":"1"}`)).Is(201).Has("serial", `"S1"`).String("id")
			before := c.Get(path).Text
			for _, members := range []string{`"serial":"S2"`, `"serial":"","origin":{"site":"a","line":"1"}`, `"origin":{"site":"b","line":"1"}`, `"origin":{"site":"a"}`, `"serial":"S1","origin":{"site":"b"}`} {
				c.Put(path, device(members)).Fails(400, "mutability")
			}
			for _, op := range []string{
				`{"op":"replace","path":"serial","value":"S2"}`, `{"op":"add","path":"serial","value":"S2"}`, `{"op":"remove","path":"serial"}`, `{"op":"replace","path":"serial","value":null}`,
				`{"op":"replace","value":{"serial":"S2"}}`, `{"op":"add","value":{"label":"l","serial":"S2"}}`, `{"op":"replace","path":"origin.site","value":"b"}`, `{"op":"remove","path":"origin.site"}`, `{"op":"remove","path":"origin"}`,
				`{"op":"replace","path":"` + deviceURI + `:serial","value":"S2"}`,
			} {
				c.Patch(path, op).Fails(400, "mutability")
			}
			require.Equal(t, before, c.Get(path).Text)
			c.Put(path, device(`"serial":"S1","origin":{"line":"1","site":"a"}`)).Is(200)
			c.Put(path, device(``)).Is(200).Has("serial", `"S1"`, "origin", `{"site":"a","line":"1"}`)
			c.Put(path, device(`"serial":null`)).Is(200).Has("serial", `"S1"`)
			c.Patch(path, `{"op":"replace","path":"serial","value":"S1"}`).Is(200)
			require.Equal(t, before, c.Get(path).Text)
		})
	})
	scimtest.Prove(t, "A-3", "an immutable attribute without a value is set once, by PUT or PATCH", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := "/Devices/" + c.Post("/Devices", device(``)).Is(201).String("id")
			c.Put(path, device(`"serial":"S1"`)).Is(200).Has("serial", `"S1"`)
			c.Put(path, device(`"serial":"S2"`)).Fails(400, "mutability")
			path = "/Devices/" + c.Post("/Devices", device(``)).Is(201).String("id")
			c.Patch(path, `{"op":"add","path":"serial","value":"S1"}`).Is(200).Has("serial", `"S1"`)
			c.Patch(path, `{"op":"add","path":"serial","value":"S2"}`).Fails(400, "mutability")
			c.Patch(path, `{"op":"replace","path":"`+assetURI+`:tag","value":"t"}`, `{"op":"replace","path":"`+assetURI+`:owner","value":"o"}`).Is(200)
			c.Patch(path, `{"op":"replace","path":"`+assetURI+`:tag","value":"u"}`).Fails(400, "mutability")
		})
	})
	scimtest.Prove(t, "A-3", "immutable sub-attributes of a singular complex attribute", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := "/Devices/" + c.Post("/Devices", device(`"place":{"room":"1","building":"A"}`)).Is(201).String("id")
			c.Put(path, device(`"place":{"room":"2"}`)).Is(200).Has("place", `{"room":"2","building":"A"}`)
			c.Put(path, device(`"place":{"room":"2","building":"B"}`)).Fails(400, "mutability")
			c.Patch(path, `{"op":"replace","path":"place.building","value":"B"}`).Fails(400, "mutability")
			c.Patch(path, `{"op":"replace","path":"place","value":{"building":"B"}}`).Fails(400, "mutability")
			c.Patch(path, `{"op":"replace","path":"place","value":{"room":"3"}}`).Is(200).Has("place", `{"room":"3","building":"A"}`)
		})
	})
	scimtest.Prove(t, "A-2", "a readOnly attribute is ignored in POST and PUT, and an error in PATCH", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := "/Devices/" + c.Post("/Devices", device(`"state":"mine","place":{"floor":"9","room":"1"}`)).Is(201).Has("state", "", "place", `{"room":"1"}`).String("id")
			c.Put(path, device(`"state":{"any":"thing"},"place":{"floor":9}`)).Is(200).Has("state", "", "place", "")
			for _, p := range []string{"state", "place.floor", "STATE"} {
				c.Patch(path, `{"op":"replace","path":"`+p+`","value":"x"}`).Fails(400, "mutability")
			}
		})
	})
	scimtest.Prove(t, "A-4", "writeOnly values are never returned, filtered or sorted by", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			body := device(`"pin":"p1n-4711","hint":"p1n-4711","contacts":[{"value":"v","code":"p1n-4711"}]`)
			made := c.Post("/Devices?attributes=pin,hint,contacts.code", body).Is(201)
			path := "/Devices/" + made.String("id")
			for _, r := range []*scimtest.Reply{made, c.Get(path), c.Get(path + "?attributes=pin,hint,contacts"), c.Put(path+"?attributes=hint", body), c.Get("/Devices?attributes=contacts.code"), c.Post("/Devices/.search", search),
				c.Do("PATCH", path+"?attributes=hint,pin", scimtest.PatchOp(`{"op":"replace","value":{"pin":"p1n-4711","hint":"p1n-4711"}}`))} {
				require.Less(t, r.Status, 300)
				require.NotContains(t, r.Text, "p1n-4711")
			}
			for _, f := range []string{`pin eq "p1n-4711"`, `hint eq "p1n-4711"`, `hint pr`, `contacts.code eq "p1n-4711"`, `contacts[code eq "p1n-4711"]`} {
				c.Filter("/Devices", f).Fails(400, "invalidFilter")
			}
			c.Get("/Devices?sortBy=hint").Fails(400, "invalidValue")
			c.Delete(path).Is(204)
		})
	})
}

func TestConformanceReturned(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, deviceType(t, false))

	scimtest.Prove(t, "A-5", "an attribute returned always is in every response", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := "/Devices/" + c.Post("/Devices?attributes=displayName", device(`"model":"M"`)).Is(201).Has("model", `"M"`).String("id")
			for _, q := range []string{"", "?attributes=displayName", "?excludedAttributes=model", "?attributes=id", "?excludedAttributes=displayName,model,id"} {
				c.Get(path+q).Is(200).Has("model", `"M"`)
				c.Get("/Devices"+q).Is(200).Has("Resources[0].model", `"M"`)
			}
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "A-6", "an attribute returned never is in no response, also when it is named", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := "/Devices/" + c.Post("/Devices", device(`"hint":"h"`)).Is(201).Has("hint", "").String("id")
			c.Get(path+"?attributes=hint").Is(200).Has("hint", "")
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "A-8", "an attribute returned by request is returned when the client sent it or names it", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := "/Devices/" + c.Post("/Devices", device(`"notes":"n"`)).Is(201).Has("notes", `"n"`).String("id")
			c.Get(path).Is(200).Has("notes", "")
			c.Get("/Devices").Is(200).Has("Resources[0].notes", "")
			c.Get(path+"?excludedAttributes=label").Is(200).Has("notes", "")
			c.Get(path+"?attributes=notes").Is(200).Has("notes", `"n"`)
			c.Get("/Devices?attributes=NOTES").Is(200).Has("Resources[0].notes", `"n"`)
			c.Patch(path, `{"op":"replace","path":"label","value":"l"}`).Is(200).Has("notes", "")
			c.Patch(path, `{"op":"replace","path":"notes","value":"m"}`).Is(200).Has("notes", `"m"`)
			c.Patch(path, `{"op":"add","value":{"notes":"o"}}`).Is(200).Has("notes", `"o"`)
			c.Put(path, device(`"notes":"p"`)).Is(200).Has("notes", `"p"`)
			c.Put(path, device(``)).Is(200).Has("notes", "")
			c.Get(path+"?attributes=notes").Is(200).Has("notes", "")
			c.Delete(path).Is(204)
		})
	})
}

func TestConformanceReferenceTypes(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, deviceType(t, false))

	scimtest.Prove(t, "A-15", "a reference to a resource of another type than referenceTypes has is invalidValue", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			user, group := c.NewUser("u"), c.NewGroup("g")
			for _, uri := range []string{".." + group, scimtest.BaseURL + group, scimtest.BaseURL + "/Devices/1"} {
				c.Post("/Devices", device(`"keeper":"`+uri+`"`)).Fails(400, "invalidValue")
				c.Post("/Users", scimtest.User("v", `"`+schema.EnterpriseUserURI+`":{"manager":{"$ref":"`+uri+`"}}`)).Fails(400, "invalidValue")
			}
			path := "/Devices/" + c.Post("/Devices", device(`"keeper":"..`+user+`"`)).Is(201).String("id")
			c.Put(path, device(`"keeper":"`+scimtest.BaseURL+group+`"`)).Fails(400, "invalidValue")
			c.Patch(path, `{"op":"replace","path":"keeper","value":"..`+group+`"}`).Fails(400, "invalidValue")
			c.Put(path, device(`"keeper":"https://elsewhere.example.com/Groups/1"`)).Is(200)
			for _, p := range []string{path, user, group} {
				c.Delete(p).Is(204)
			}
		})
	})
}

func TestConformanceUniqueness(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, deviceType(t, false))

	scimtest.Prove(t, "A-10", "any attribute can be unique, with or without case as it is defined", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			one := "/Devices/" + c.Post("/Devices", device(`"code":"Ab","slot":1`)).Is(201).String("id")
			for _, members := range []string{`"code":"Ab"`, `"slot":1`, `"code":"x","slot":1`} {
				c.Post("/Devices", device(members)).Fails(409, "uniqueness")
			}
			two := "/Devices/" + c.Post("/Devices", device(`"code":"ab","slot":2`)).Is(201).String("id")
			c.Put(two, device(`"code":"Ab"`)).Fails(409, "uniqueness")
			c.Patch(two, `{"op":"replace","path":"slot","value":1}`).Fails(409, "uniqueness")
			c.Patch(two, `{"op":"remove","path":"slot"}`).Is(200)
			c.Post("/Devices", device(``)).Is(201)
			c.Post("/Devices", device(``)).Is(201)
			c.Put(one, device(`"code":"Ab"`)).Is(200)
			three := c.Post("/Devices", device(`"slot":1,"code":"c"`)).Is(201).String("id")
			for _, path := range []string{one, two, "/Devices/" + three} {
				c.Delete(path).Is(204)
			}
		})
	})
	scimtest.Prove(t, "A-1", "an attribute of which only the name is given has the default characteristics", func(t *testing.T) {
		s.lenient(t).Get("/Schemas/"+deviceURI).Is(200).Has("attributes[0]",
			`{"name":"label","type":"string","multiValued":false,"description":"","required":false,"caseExact":false,"mutability":"readWrite","returned":"default","uniqueness":"none"}`)
		s.both(t, func(c *scimtest.Client) {
			path := "/Devices/" + c.Post("/Devices", device(`"label":"La"`)).Is(201).Has("label", `"La"`).String("id")
			c.Post("/Devices", device(`"label":"La"`)).Is(201)
			c.Filter("/Devices", `label eq "LA" and id eq "`+scimtest.ID(path)+`"`).Total(1)
			c.Patch(path, `{"op":"replace","path":"label","value":"x"}`, `{"op":"remove","path":"label"}`).Is(200).Has("label", "")
			c.Post("/Devices", device(`"label":["x"]`)).Fails(400, "invalidValue")
		})
	})
	scimtest.Prove(t, "A-12", "a required sub-attribute counts where its parent has a value", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := "/Devices/" + c.Post("/Devices", device(`"contacts":[]`)).Is(201).String("id")
			for _, list := range []string{`[{"type":"work"}]`, `[{"value":"a"},{"type":"work"}]`, `[{"value":null,"type":"work"}]`, `[{"value":"","type":"work"}]`} {
				c.Post("/Devices", device(`"contacts":`+list)).Fails(400, "invalidValue")
				c.Put(path, device(`"contacts":`+list)).Fails(400, "invalidValue")
				c.Patch(path, `{"op":"add","path":"contacts","value":`+list+`}`).Fails(400, "invalidValue")
			}
			c.Patch(path, `{"op":"add","path":"contacts","value":[{"value":"a","type":"work"}]}`).Is(200)
			c.Patch(path, `{"op":"remove","path":"contacts[type eq \"work\"].value"}`).Fails(400, "mutability")
			c.Get(path).Has("contacts", `[{"value":"a","type":"work"}]`)
		})
	})
	scimtest.Prove(t, "A-13", "values outside canonicalValues are kept by default and refused for the strict client", func(t *testing.T) {
		s.lenient(t).Post("/Devices", device(`"colour":"blue"`)).Is(201).Has("colour", `"blue"`)
		s.strict(t).Post("/Devices", device(`"colour":"blue"`)).Fails(400, "invalidValue")
		s.strict(t).Post("/Devices", device(`"colour":"RED"`)).Is(201).Has("colour", `"RED"`)
	})
}
