package scimtest_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
)

// bulkOf returns a BulkRequest with operations, each the JSON of one.
func bulkOf(operations string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[` + operations + `]}`
}

func TestConformanceSwitches(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "H-18 E-14 L-8 D-4", "a type without DELETE answers 501 with Allow, and its other operations work", func(t *testing.T) {
		s := serve(t, func(cfg *scim.Config) { cfg.Endpoints[1].Without = []scim.OperationKind{scim.OperationDelete} })
		s.both(t, func(c *scimtest.Client) {
			user := c.NewUser("u")
			group := c.NewGroup("g", `"members":[{"value":"`+scimtest.ID(user)+`"}]`)
			for _, path := range []string{group, "/Groups/none", group + "?attributes=id"} {
				r := c.Delete(path, `If-Match: "none"`)
				r.Fails(501, "")
				require.Equal(t, "GET, HEAD, OPTIONS, PATCH, PUT", r.Header.Get("Allow"))
			}
			c.Delete("/Groups").Fails(405, "")
			c.Put(group, scimtest.Group("h", `"members":[{"value":"`+scimtest.ID(user)+`"}]`)).Is(200)
			c.Patch(group, `{"op":"replace","path":"displayName","value":"i"}`).Is(200)
			c.Delete(user).Is(204)
			c.Get(group).Is(200).Has("displayName", `"i"`, "members", "")
			c.Get("/ServiceProviderConfig").Has("patch.supported", "true", "bulk.supported", "true")
		})
	})
	scimtest.Prove(t, "P-1 D-4 H-18 E-14", "a type without PATCH answers 501, and patch is announced as long as one type has it", func(t *testing.T) {
		c := serve(t, func(cfg *scim.Config) { cfg.Endpoints[1].Without = []scim.OperationKind{scim.OperationPatch} }).lenient(t)
		require.Equal(t, "DELETE, GET, HEAD, OPTIONS, PUT", c.Patch(c.NewGroup("g"), `{"op":"replace","path":"displayName","value":"i"}`).Fails(501, "").Header.Get("Allow"))
		user := c.NewUser("u")
		c.Patch(user, `{"op":"replace","path":"title","value":"t"}`).Is(200)
		c.Get("/ServiceProviderConfig").Has("patch.supported", "true")
		c.Delete(user).Is(204) // and the group loses a member without a PATCH of a client's
		none := serve(t, func(cfg *scim.Config) {
			for i := range cfg.Endpoints {
				cfg.Endpoints[i].Without = []scim.OperationKind{scim.OperationPatch}
			}
		}).lenient(t)
		none.Get("/ServiceProviderConfig").Has("patch.supported", "false")
		for _, path := range []string{none.NewUser("u"), none.NewGroup("g"), "/Users/none"} {
			none.Patch(path, `{"op":"remove","path":"externalId"}`).Fails(501, "")
		}
	})
	scimtest.Prove(t, "H-18 E-14 D-4", "a type that is only read answers 501 to every write", func(t *testing.T) {
		s := serve(t, func(cfg *scim.Config) {
			cfg.Endpoints[1].Without = []scim.OperationKind{scim.OperationCreate, scim.OperationReplace, scim.OperationPatch, scim.OperationDelete}
		})
		s.both(t, func(c *scimtest.Client) {
			require.Equal(t, "GET, HEAD, OPTIONS", c.Post("/Groups", scimtest.Group("g")).Fails(501, "").Header.Get("Allow"))
			require.Equal(t, "GET, HEAD, OPTIONS", c.Put("/Groups/x", scimtest.Group("g")).Fails(501, "").Header.Get("Allow"))
			c.Patch("/Groups/x", `{"op":"remove","path":"members"}`).Fails(501, "")
			c.Delete("/Groups/x").Fails(501, "")
			c.Get("/Groups/x").Fails(404, "")
			c.Get("/Groups").Is(200)
			c.Get("/ResourceTypes/Group").Is(200)
		})
	})
	scimtest.Prove(t, "B-1 D-4 H-18", "an operation that its type leaves out is 501 in a bulk request as well", func(t *testing.T) {
		s := serve(t, func(cfg *scim.Config) {
			cfg.Endpoints[1].Without = []scim.OperationKind{scim.OperationPatch, scim.OperationDelete}
		})
		s.both(t, func(c *scimtest.Client) {
			group := c.NewGroup("g")
			r := c.Post("/Bulk", bulkOf(`{"method":"DELETE","path":"`+group+`"},
				{"method":"PATCH","path":"`+group+`","data":`+scimtest.PatchOp(`{"op":"replace","path":"displayName","value":"i"}`)+`},
				{"method":"PUT","path":"`+group+`","data":`+scimtest.Group("h")+`}`)).Is(200)
			r.Has("Operations[0].status", `"501"`, "Operations[0].response.status", `"501"`, "Operations[1].status", `"501"`, "Operations[2].status", `"200"`)
			c.Get(group).Has("displayName", `"h"`)
		})
	})
	scimtest.Prove(t, "B-16", "references in a circle are completed also where the type has no PATCH", func(t *testing.T) {
		c := serve(t, func(cfg *scim.Config) { cfg.Endpoints[1].Without = []scim.OperationKind{scim.OperationPatch} }).lenient(t)
		r := c.Post("/Bulk", bulkOf(`{"method":"POST","path":"/Groups","bulkId":"a","data":`+scimtest.Group("a", `"members":[{"value":"bulkId:b","type":"Group"}]`)+`},
			{"method":"POST","path":"/Groups","bulkId":"b","data":`+scimtest.Group("b", `"members":[{"value":"bulkId:a","type":"Group"}]`)+`}`)).Is(200)
		r.Has("Operations[0].status", `"201"`, "Operations[1].status", `"201"`)
		c.Get("/Groups").Has("Resources[0].members.#", "1", "Resources[1].members.#", "1")
	})
	scimtest.Prove(t, "B-16", "a circle that cannot be resolved is 409", func(t *testing.T) {
		for characteristic, made := range map[string]int{`"required":true`: 0, `"multiValued":true,"mutability":"immutable"`: 2} {
			s, err := schema.Parse([]byte(`{"id":"urn:example:Pair","name":"Pair","description":"p","attributes":[{"name":"peer","type":"reference","referenceTypes":["Pair"],` + characteristic + `}]}`))
			require.NoError(t, err)
			rt, err := schema.NewResourceType(schema.ResourceType{Name: "Pair", Endpoint: "Pairs", Description: "p", Schema: s})
			require.NoError(t, err)
			c := serve(t, nil, rt).lenient(t)
			value := func(peer string) string {
				if made > 0 {
					return `["https://example.com/x","bulkId:` + peer + `"]`
				}
				return `"bulkId:` + peer + `"`
			}
			pair := func(id, peer string) string {
				return `{"method":"POST","path":"/Pairs","bulkId":"` + id + `","data":{"schemas":["urn:example:Pair"],"peer":` + value(peer) + `}}`
			}
			r := c.Post("/Bulk", bulkOf(pair("a", "b")+","+pair("b", "a"))).Is(200)
			r.Has("Operations[0].status", `"409"`, "Operations[0].response.scimType", "")
			require.Contains(t, r.String("Operations[0].response.detail"), "peer refers to")
			c.Get("/Pairs").Total(made)
			if made > 0 {
				require.Contains(t, r.String("Operations[0].location"), "/Pairs/")
				r.Has("Operations[1].status", `"201"`)
			}
		}
	})
	scimtest.Prove(t, "I-1 I-3", "/Me has the operations of users", func(t *testing.T) {
		var self string
		s := serve(t, func(cfg *scim.Config) {
			cfg.Endpoints[0].Without = []scim.OperationKind{scim.OperationDelete, scim.OperationPatch}
			cfg.Me = func(context.Context, *scim.Principal) (string, error) { return self, nil }
		})
		c := s.lenient(t)
		self = scimtest.ID(c.NewUser("u"))
		c.Put("/Me", scimtest.User("u", `"title":"t"`)).Is(200)
		for _, r := range []*scimtest.Reply{c.Delete("/Me"), c.Patch("/Me", `{"op":"remove","path":"title"}`)} {
			require.Equal(t, "GET, HEAD, OPTIONS, PUT", r.Fails(501, "").Header.Get("Allow"))
		}
		c.Get("/Me").Is(200).Has("title", `"t"`)
	})
}

func TestConformanceWithoutBulk(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "B-1 D-4", "Bulk that is switched off, or has no operation, is 501 and not announced", func(t *testing.T) {
		readOnly := []scim.OperationKind{scim.OperationCreate, scim.OperationReplace, scim.OperationPatch, scim.OperationDelete}
		for name, configure := range map[string]func(*scim.Config){
			"WithoutBulk":        func(cfg *scim.Config) { cfg.WithoutBulk = true },
			"no type is written": func(cfg *scim.Config) { cfg.Endpoints[0].Without, cfg.Endpoints[1].Without = readOnly, readOnly },
		} {
			t.Run(name, func(t *testing.T) {
				s := serve(t, configure)
				s.both(t, func(c *scimtest.Client) {
					c.Get("/ServiceProviderConfig").Has("bulk", `{"supported":false,"maxOperations":0,"maxPayloadSize":0}`)
					c.Post("/Bulk", bulkOf(`{"method":"POST","path":"/Users","bulkId":"a","data":`+scimtest.User("u")+`}`)).Fails(501, "")
					c.Get("/Users").Total(0)
				})
				scimtest.NewClient(t, s, "").Do(http.MethodPost, "/Bulk", bulkOf("")).Fails(401, "")
			})
		}
	})
}
