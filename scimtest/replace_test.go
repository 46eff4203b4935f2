package scimtest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
)

func TestConformanceReplace(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "W-6 W-14", "another immutable value is a mutability error and changes nothing; the same value is accepted", func(t *testing.T) {
		t.Parallel()
		s := serve(t, nil, gadgetType)
		s.both(t, func(c *scimtest.Client) {
			path := newGadget(c, "g", `"serial":"S1"`, `"marks":["a","b"]`, `"box":{"lot":"L","color":"red"}`, part(`"lot":"P"`))
			before := c.Get(path).Is(200).Text
			for _, members := range []string{
				`"serial":"S2"`, `"serial":"s1"`, `"serial":"S1","marks":["a"]`, `"marks":["a","b","c"]`, `"box":{"lot":"M"}`, part(`"lot":"Q"`),
			} {
				c.Put(path, gadget("other", `"size":5`, members)).Fails(400, "mutability")
				require.Equal(t, before, c.Get(path).Is(200).Text, members)
			}
			same := c.Put(path, gadget("g", `"serial":"S1"`, `"marks":["a","b"]`, `"box":{"lot":"L","color":"red"}`, part(`"lot":"P"`))).Is(200)
			require.JSONEq(t, before, same.Text)
			c.Put(path, gadget("g", `"SERIAL":"S1"`, `"size":5`)).Is(200).Has("serial", `"S1"`, "size", "5")
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "W-7", "an immutable attribute without a value takes the new one", func(t *testing.T) {
		t.Parallel()
		s := serve(t, nil, gadgetType)
		s.both(t, func(c *scimtest.Client) {
			path := newGadget(c, "g", `"box":{"color":"red"}`)
			c.Put(path, gadget("g", `"serial":"S1"`, `"marks":["a"]`, `"box":{"lot":"L"}`, part(`"lot":"P"`))).Is(200).
				Has("serial", `"S1"`, "marks", `["a"]`, "box.lot", `"L"`, "box.color", "")
			c.Put(path, gadget("g", `"serial":"S2"`)).Fails(400, "mutability")
			c.Put(path, gadget("g", `"marks":["b"]`)).Fails(400, "mutability")
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "W-13 W-4", "an omitted immutable value is kept, an omitted readWrite one cleared", func(t *testing.T) {
		t.Parallel()
		s := serve(t, nil, gadgetType)
		s.both(t, func(c *scimtest.Client) {
			path := newGadget(c, "g", `"serial":"S1"`, `"marks":["a"]`, `"size":5`, `"tags":["x"]`, part(`"lot":"P","number":3`))
			for _, body := range []string{gadget("h"), gadget("h", `"serial":null`, `"marks":[]`)} {
				got := c.Put(path, body).Is(200)
				got.Has("label", `"h"`, "serial", `"S1"`, "marks", `["a"]`, "size", "", "tags", "")
				require.JSONEq(t, got.Text, c.Get(path).Is(200).Text)
			}
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "W-8 A-2", "a readOnly attribute of any value is ignored", func(t *testing.T) {
		t.Parallel()
		s := serve(t, nil, gadgetType)
		s.both(t, func(c *scimtest.Client) {
			path := newGadget(c, "g", `"state":"new"`)
			for _, member := range []string{`"state":"old"`, `"state":null`, `"state":5`, `"STATE":{}`} {
				c.Put(path, gadget("g", member)).Is(200).Has("state", "")
			}
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "W-3 W-13", "a password is replaced when given and kept when omitted", func(t *testing.T) {
		t.Parallel()
		var got []string
		s := serve(t, func(cfg *scim.Config) {
			cfg.SetPassword = func(_ context.Context, r *schema.Resource, secrets schema.Secrets) error {
				got = append(got, r.Get(schema.UserType.MustResolve("userName")[0]).Text()+":"+secrets.Get("password").Text())
				return nil
			}
		})
		c := s.lenient(t)
		path := c.NewUser("u", `"password":"one"`)
		etag := c.Get(path).Header.Get("ETag")
		c.Put(path, scimtest.User("u")).Is(200)
		require.Equal(t, etag, c.Put(path, scimtest.User("u")).Is(200).Header.Get("ETag"))
		require.NotContains(t, c.Put(path, scimtest.User("v", `"password":"two"`)).Is(200).Text, "two")
		c.Put(path, scimtest.User("v", `"password":"three"`, `"active":5`)).Fails(400, "invalidValue")
		require.Equal(t, []string{"u:one", "v:two"}, got)
	})
	scimtest.Prove(t, "W-12 M-9", "a required extension must be in a PUT too", func(t *testing.T) {
		t.Parallel()
		s := serve(t, nil, deviceType(t, true))
		s.both(t, func(c *scimtest.Client) {
			path := "/Devices/" + c.Post("/Devices", device(`"`+assetURI+`":{"tag":"a","owner":"o"}`)).Is(201).String("id")
			before := c.Get(path).Is(200).Text
			c.Put(path, device(`"label":"x"`)).Fails(400, "invalidValue")
			c.Put(path, device(`"`+assetURI+`":{}`)).Fails(400, "invalidValue")
			require.Equal(t, before, c.Get(path).Is(200).Text)
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "W-15 A-15", "with RequireMembers an unknown member is invalidValue and the group stays", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(cfg *scim.Config) { cfg.RequireMembers = true })
		c := s.lenient(t)
		u := c.NewUser("u")
		g := c.NewGroup("g", `"members":[{"value":"`+scimtest.ID(u)+`"}]`)
		c.Put(g, scimtest.Group("h", `"members":[{"value":"nobody"}]`)).Fails(400, "invalidValue")
		c.Get(g).Is(200).Has("displayName", `"g"`, "members.#", "1")
		c.Put(g, scimtest.Group("h", `"members":[{"value":"`+scimtest.ID(g)+`"}]`)).Is(200).Has("members[0].type", `"Group"`)
	})
}

// newGadget creates a gadget and returns its path.
func newGadget(c *scimtest.Client, label string, members ...string) string {
	return "/Gadgets/" + c.Post("/Gadgets", gadget(label, members...)).Is(201).String("id")
}

// part returns the member of a gadget that holds its extension.
func part(members string) string { return `"` + partURI + `":{` + members + `}` }

func TestConformanceProjection(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, gadgetType)
	keys := func(r *scimtest.Reply, path string) []string { return r.Is(200).Keys(path) }
	scimtest.Prove(t, "J-2 J-4 A-5 A-8", "attributes returned always, by request and by default", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := newGadget(c, "g", `"note":"n"`, `"size":5`, `"pin":"1"`)
			for query, want := range map[string][]string{
				"":                               {"id", "label", "meta", "schemas", "size"},
				"?attributes=size":               {"id", "label", "schemas", "size"},
				"?attributes=note":               {"id", "label", "note", "schemas"},
				"?attributes=pin":                {"id", "label", "schemas"},
				"?attributes=id":                 {"id", "label", "schemas"},
				"?excludedAttributes=label,note": {"id", "label", "meta", "schemas", "size"},
				"?excludedAttributes=size,meta":  {"id", "label", "schemas"},
				"?attributes=" + gadgetURI:       {"id", "label", "note", "schemas", "size"},
			} {
				require.Equal(t, want, keys(c.Get(path+query), ""), query)
				require.Equal(t, want, keys(c.Get("/Gadgets"+query), "Resources[0]"), query)
			}
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "J-12 J-7", "a complex attribute returns its default sub-attributes, those returned always, and those by request when they are named", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := newGadget(c, "g", `"box":{"color":"red","mark":"m","hint":"h","count":1}`)
			for query, want := range map[string][]string{
				"":                              {"color", "count", "mark"},
				"?attributes=box":               {"color", "count", "mark"},
				"?attributes=box.color":         {"color", "mark"},
				"?attributes=box.hint":          {"hint", "mark"},
				"?attributes=box,box.hint":      {"color", "count", "hint", "mark"},
				"?attributes=box.hint,box":      {"color", "count", "hint", "mark"},
				"?excludedAttributes=box.color": {"count", "mark"},
				"?excludedAttributes=box.mark":  {"color", "count", "mark"},
			} {
				require.Equal(t, want, keys(c.Get(path+query), "box"), query)
				require.Equal(t, want, keys(c.Get("/Gadgets"+query), "Resources[0].box"), query)
			}
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "J-8 A-5", "an extension returns its attributes returned always, and those by request when they are named", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := newGadget(c, "g", part(`"label":"x","number":7,"lot":"l"`))
			const e = "['" + partURI + "']"
			for query, want := range map[string][]string{
				"":                                  {"lot", "number"},
				"?attributes=" + partURI:            {"lot", "number"},
				"?attributes=" + partURI + ":label": {"label", "number"},
				"?attributes=" + partURI + ":lot":   {"lot", "number"},
				"?excludedAttributes=" + partURI + ":lot":    {"number"},
				"?excludedAttributes=" + partURI + ":number": {"lot", "number"},
			} {
				require.Equal(t, want, keys(c.Get(path+query), e), query)
			}
			for _, query := range []string{"?attributes=label", "?attributes=id", "?excludedAttributes=" + partURI, "?excludedAttributes=" + partURI + "," + partURI + ":number"} {
				c.Get(path+query).Is(200).Has(e, `{"number":7}`)
				c.Get("/Gadgets"+query).Is(200).Has("Resources[0]"+e, `{"number":7}`)
			}
			c.Delete(path).Is(204)
		})
	})
}
