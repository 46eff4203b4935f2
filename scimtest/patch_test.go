package scimtest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// newDevice creates a device and returns its path.
func newDevice(c *scimtest.Client, members string) string {
	return "/Devices/" + c.Post("/Devices", device(members)).Is(201).String("id")
}

// refused sends operations one by one; each must fail with the scimType and
// change nothing.
func refused(t *testing.T, c *scimtest.Client, path, scimType string, ops ...string) {
	t.Helper()
	before := c.Get(path).Is(200).Text
	for _, op := range ops {
		c.Patch(path, op).Fails(400, scimType)
		c.Patch(path, `{"op":"add","path":"label","value":"changed"}`, op).Fails(400, scimType)
	}
	require.Equal(t, before, c.Get(path).Text)
}

// unmoved sends operations one by one; each must succeed and change nothing,
// also not the version.
func unmoved(t *testing.T, c *scimtest.Client, path string, ops ...string) {
	t.Helper()
	before := c.Get(path).Is(200).Text
	for _, op := range ops {
		require.Equal(t, before, c.Patch(path, op).Is(200).Text, op)
	}
	require.Equal(t, before, c.Get(path).Text)
}

func TestConformancePatchImmutable(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, deviceType(t, false))
	scimtest.Prove(t, "P-15 P-44 P-71", "an immutable attribute without a value can be given one, by add and by replace", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			for _, op := range []string{`{"op":"add","path":"serial","value":"S1"}`, `{"op":"replace","path":"serial","value":"S1"}`, `{"op":"add","value":{"serial":"S1"}}`, `{"op":"replace","value":{"SERIAL":"S1"}}`, `{"op":"add","path":"` + deviceURI + `:serial","value":"S1"}`} {
				path := newDevice(c, "")
				c.Patch(path, op).Is(200).Has("serial", `"S1"`)
				refused(t, c, path, "mutability", `{"op":"add","path":"serial","value":"S2"}`)
			}
			path := newDevice(c, "")
			c.Patch(path, `{"op":"add","path":"origin.site","value":"a"}`).Is(200).Has("origin", `{"site":"a"}`)
			refused(t, c, path, "mutability", `{"op":"add","path":"origin.line","value":"1"}`, `{"op":"replace","path":"origin","value":{"site":"b"}}`)
			refused(t, c, newDevice(c, ""), "mutability", `{"op":"add","path":"serial","value":"S1"},{"op":"replace","path":"serial","value":"S2"}`)
		})
	})
	scimtest.Prove(t, "P-15 P-44 P-71", "an immutable attribute with a value takes that value and no other", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := newDevice(c, `"serial":"S1","origin":{"site":"a","line":"1"},"place":{"building":"A","room":"1"}`)
			refused(t, c, path, "mutability",
				`{"op":"add","path":"serial","value":"S2"}`, `{"op":"replace","path":"serial","value":"S2"}`, `{"op":"replace","path":"serial","value":null}`, `{"op":"replace","path":"serial","value":""}`, `{"op":"add","value":{"serial":"S2"}}`, `{"op":"replace","value":{"serial":null}}`,
				`{"op":"replace","path":"origin","value":{"site":"b","line":"1"}}`, `{"op":"add","path":"origin.site","value":"b"}`, `{"op":"replace","path":"place.building","value":"B"}`, `{"op":"add","path":"place","value":{"building":"B","room":"2"}}`, `{"op":"replace","path":"place","value":null}`)
			unmoved(t, c, path,
				`{"op":"add","path":"serial","value":"S1"}`, `{"op":"replace","path":"serial","value":"S1"}`, `{"op":"replace","path":"serial","value":"s1"}`, `{"op":"replace","value":{"serial":"S1"}}`, `{"op":"replace","path":"origin","value":{"line":"1","site":"a"}}`, `{"op":"replace","path":"origin","value":{"site":"a"}}`, `{"op":"add","path":"place","value":{"building":"A"}}`)
		})
	})
	scimtest.Prove(t, "P-54", "remove of an immutable attribute is a mutability error, of an unassigned one it is nothing", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := newDevice(c, `"serial":"S1","origin":{"site":"a"},"place":{"building":"A","room":"1"}`)
			refused(t, c, path, "mutability", `{"op":"remove","path":"serial"}`, `{"op":"remove","path":"origin"}`, `{"op":"remove","path":"origin.site"}`, `{"op":"remove","path":"place.building"}`, `{"op":"remove","path":"place"}`)
			unmoved(t, c, path, `{"op":"remove","path":"origin.line"}`)
			c.Patch(path, `{"op":"remove","path":"place.room"}`).Is(200).Has("place", `{"building":"A"}`)
			unmoved(t, c, newDevice(c, ""), `{"op":"remove","path":"serial"}`, `{"op":"remove","path":"origin"}`, `{"op":"remove","path":"place"}`, `{"op":"remove","path":"place.building"}`)
		})
	})
	scimtest.Prove(t, "P-50", "members of a large group are removed by value, by anything else only up to the limit", func(t *testing.T) {
		c := serve(t, func(cfg *scim.Config) { cfg.Limits.Scan = 2 }).lenient(t)
		group := c.NewGroup("g", `"members":[{"value":"a"},{"value":"b"},{"value":"c"}]`)
		c.Patch(group, `{"op":"remove","path":"members[value co \"a\"]"}`).Fails(400, "tooMany")
		c.Patch(group, `{"op":"replace","path":"members[value eq \"a\"].value","value":"a"}`).Fails(400, "tooMany")
		c.Patch(group, `{"op":"remove","path":"members[value eq \"a\"]"}`).Is(204)
		c.Patch(group, `{"op":"remove","path":"members[value co \"b\"]"}`).Is(204)
		c.Get(group).Has("members.#", "1", "members[0].value", `"c"`)
	})
	scimtest.Prove(t, "P-14 P-70", "a path to a readOnly part is an error, a member of a value only for the strict client", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := newDevice(c, `"place":{"room":"1"}`)
			refused(t, c, path, "mutability", `{"op":"add","path":"state","value":"x"}`, `{"op":"remove","path":"state"}`, `{"op":"replace","path":"place.floor","value":"1"}`, `{"op":"remove","path":"place.floor"}`, `{"op":"remove","path":"PLACE.FLOOR"}`)
		})
		path := newDevice(s.lenient(t), "")
		for _, op := range []string{`{"op":"replace","value":{"state":"x"}}`, `{"op":"replace","path":"place","value":{"floor":"1"}}`, `{"op":"add","value":{"place":{"floor":{"any":"thing"}}}}`} {
			refused(t, s.strict(t), path, "mutability", op)
			unmoved(t, s.lenient(t), path, op)
		}
	})
}

func TestConformancePatchSimpleLists(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, deviceType(t, false))
	scimtest.Prove(t, "P-36 P-34 P-35", "add appends to a list of simple values, each value once", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := newDevice(c, "")
			for _, one := range [][2]string{
				{`{"op":"add","path":"tags","value":["a"]}`, `["a"]`}, {`{"op":"add","path":"tags","value":"b"}`, `["a","b"]`}, {`{"op":"add","path":"tags","value":["b","c","c","a"]}`, `["a","b","c"]`},
				{`{"op":"add","value":{"tags":["d"]}}`, `["a","b","c","d"]`}, {`{"op":"replace","path":"tags","value":["x","y","x"]}`, `["x","y"]`}, {`{"op":"add","path":"tags","value":"z"}`, `["x","y","z"]`},
			} {
				c.Patch(path, one[0]).Is(200).Has("tags", one[1])
			}
			unmoved(t, c, path, `{"op":"add","path":"tags","value":["x"]}`, `{"op":"add","path":"tags","value":"Y"}`, `{"op":"add","path":"tags","value":[]}`, `{"op":"replace","path":"tags","value":["x","y","z"]}`)
			c.Patch(path, `{"op":"add","path":"sizes","value":[3,1]}`, `{"op":"add","path":"sizes","value":2}`, `{"op":"add","path":"sizes","value":[1,3]}`).Is(200).Has("sizes", `[3,1,2]`)
			refused(t, c, path, "invalidValue", `{"op":"add","path":"sizes","value":["x"]}`, `{"op":"add","path":"sizes","value":1.5}`, `{"op":"add","path":"tags","value":[{"value":"x"}]}`, `{"op":"add","path":"tags","value":[["x"]]}`, `{"op":"add","path":"tags","value":true}`)
		})
	})
	scimtest.Prove(t, "P-26 P-49", "values of a simple list are selected by value, or by the attribute itself", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			for _, one := range [][2]string{
				{`tags[value eq \"b\"]`, `["a","c"]`}, {`tags eq \"b\"`, `["a","c"]`}, {`tags[value eq \"a\" or value eq \"c\"]`, `["b"]`}, {`tags[not (value eq \"b\")]`, `["b"]`}, {`TAGS[VALUE sw \"C\"]`, `["a","b"]`}, {`tags[value gt \"a\"]`, `["a"]`}, {`tags[value pr]`, ""}, {`tags[value eq \"nope\"]`, `["a","b","c"]`},
			} {
				path := newDevice(c, `"tags":["a","b","c"],"label":"l"`)
				c.Patch(path, `{"op":"remove","path":"`+one[0]+`"}`).Is(200).Has("tags", one[1], "label", `"l"`)
			}
			path := newDevice(c, `"tags":["a","b"],"sizes":[1,2,3]`)
			c.Patch(path, `{"op":"replace","path":"tags[value eq \"b\"]","value":"x"}`).Is(200).Has("tags", `["a","x"]`)
			c.Patch(path, `{"op":"replace","path":"tags[value pr]","value":"y"}`).Is(200).Has("tags", `["y"]`)
			c.Patch(path, `{"op":"remove","path":"sizes[value ge 2]"}`).Is(200).Has("sizes", `[1]`)
			refused(t, c, path, "noTarget", `{"op":"replace","path":"tags[value eq \"nope\"]","value":"x"}`, `{"op":"add","path":"tags[value eq \"nope\"]","value":"x"}`)
			refused(t, c, path, "invalidFilter", `{"op":"remove","path":"tags[type eq \"b\"]"}`, `{"op":"remove","path":"sizes[value eq \"x\"]"}`, `{"op":"remove","path":"tags[value eq true]"}`)
		})
	})
	scimtest.Prove(t, "P-48 P-27", "a simple list is emptied by remove, [] and null", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			for _, op := range []string{`{"op":"remove","path":"tags"}`, `{"op":"replace","path":"tags","value":[]}`, `{"op":"replace","path":"tags","value":null}`, `{"op":"replace","value":{"tags":[]}}`, `{"op":"replace","path":"tags","value":[null]}`} {
				c.Patch(newDevice(c, `"tags":["a","b"],"label":"l"`), op).Is(200).Has("tags", "", "label", `"l"`)
			}
		})
	})
	scimtest.Prove(t, "P-60 P-61 P-16", "numbers, dates and binaries are set and checked", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := newDevice(c, "")
			for _, one := range [][2]string{{"count", "5"}, {"count", "-9007199254740993"}, {"weight", "1.50"}, {"weight", "3"}, {"seen", `"2011-08-01T21:32:44.882Z"`}, {"seen", `"2011-08-01T21:32:44+02:00"`}, {"online", "true"}, {"key", `"aGVsbG8="`}} {
				c.Patch(path, `{"op":"replace","path":"`+one[0]+`","value":`+one[1]+`}`).Is(200).Has(one[0], one[1])
				unmoved(t, c, path, `{"op":"add","path":"`+one[0]+`","value":`+one[1]+`}`)
			}
			for _, one := range [][2]string{{"count", "1.5"}, {"count", `"x"`}, {"count", "true"}, {"count", "1e400"}, {"count", "[1,2]"}, {"weight", `"x"`}, {"weight", "true"}, {"seen", `"yesterday"`}, {"seen", "5"}, {"seen", `"2011-13-01T00:00:00Z"`}, {"online", `"perhaps"`}, {"key", `"%%%"`}, {"key", "5"}, {"slot", "1.5"}} {
				refused(t, c, path, "invalidValue", `{"op":"replace","path":"`+one[0]+`","value":`+one[1]+`}`, `{"op":"add","value":{"`+one[0]+`":`+one[1]+`}}`)
			}
		})
	})
}

func TestConformancePatchRequired(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "P-52 P-24 P-72", "a required attribute stays: remove is a mutability error, null invalidValue", func(t *testing.T) {
		s := serve(t, nil, deviceType(t, true))
		s.both(t, func(c *scimtest.Client) {
			path := newDevice(c, `"`+assetURI+`":{"owner":"o","price":1}`)
			refused(t, c, path, "mutability", `{"op":"remove","path":"displayName"}`, `{"op":"remove","path":"`+assetURI+`:owner"}`, `{"op":"remove","path":"`+assetURI+`"}`)
			refused(t, c, path, "invalidValue", `{"op":"replace","path":"displayName","value":null}`, `{"op":"replace","path":"`+assetURI+`:owner","value":null}`, `{"op":"replace","path":"`+assetURI+`","value":{"owner":null}}`, `{"op":"replace","path":"`+assetURI+`","value":null}`, `{"op":"add","value":{"displayName":""}}`)
			c.Patch(path, `{"op":"remove","path":"`+assetURI+`:price"}`).Is(200).Has("['"+assetURI+"']", `{"owner":"o"}`)
		})
	})
	scimtest.Prove(t, "P-52 P-24", "required parts of a value and of an extension", func(t *testing.T) {
		s := serve(t, nil, deviceType(t, false))
		s.both(t, func(c *scimtest.Client) {
			path := newDevice(c, `"contacts":[{"value":"a","type":"x"},{"value":"b"}]`)
			refused(t, c, path, "mutability", `{"op":"remove","path":"contacts[type eq \"x\"].value"}`, `{"op":"remove","path":"contacts.value"}`)
			refused(t, c, path, "invalidValue", `{"op":"replace","path":"contacts[type eq \"x\"].value","value":null}`, `{"op":"add","path":"contacts","value":[{"type":"y"}]}`, `{"op":"replace","path":"contacts","value":[{"type":"y"}]}`, `{"op":"replace","path":"contacts[type eq \"x\"]","value":{"type":"z"}}`)
			c.Patch(path, `{"op":"remove","path":"contacts[type eq \"x\"]"}`).Is(200).Has("contacts.#", "1")
			refused(t, c, path, "invalidValue", `{"op":"add","path":"`+assetURI+`:price","value":1}`) // its extension lacks the owner
			c.Patch(path, `{"op":"add","path":"`+assetURI+`:price","value":1}`, `{"op":"add","path":"`+assetURI+`:owner","value":"o"}`).Is(200)
			refused(t, c, path, "mutability", `{"op":"remove","path":"`+assetURI+`:owner"}`)
			c.Patch(path, `{"op":"remove","path":"`+assetURI+`"}`).Is(200).Has("schemas.#", "1")
		})
	})
}

// counted counts the writes of a store.
type counted struct {
	store.Store
	updates *int
}

func (s counted) Update(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	*s.updates++
	return s.Store.Update(ctx, c)
}

func TestConformancePatchWrites(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "P-25 P-22 P-9", "one PATCH is one write, one without effect or with a failure is none", func(t *testing.T) {
		updates, passwords := 0, 0
		s := serve(t, func(cfg *scim.Config) {
			cfg.Endpoints[0].Store = counted{cfg.Endpoints[0].Store, &updates}
			cfg.SetPassword = func(context.Context, *schema.Resource, schema.Secrets) error { passwords++; return nil }
		})
		s.both(t, func(c *scimtest.Client) {
			path := c.NewUser("u", `"title":"t"`)
			updates, passwords = 0, 0
			c.Patch(path, `{"op":"add","path":"nickName","value":"n"}`, `{"op":"replace","path":"title","value":"x"}`, `{"op":"add","path":"emails","value":[{"value":"a@x.example"}]}`).Is(200)
			require.Equal(t, 1, updates)
			c.Patch(path, `{"op":"add","path":"nickName","value":"n"}`, `{"op":"replace","path":"title","value":"y"}`, `{"op":"replace","path":"title","value":"x"}`).Is(200)
			c.Patch(path, `{"op":"replace","path":"title","value":"z"}`, `{"op":"replace","path":"password","value":"p"}`, `{"op":"remove","path":"userName"}`).Fails(400, "mutability")
			c.Patch(path, `{"op":"replace","path":"password","value":"p"}`, `{"op":"replace","path":"active","value":"maybe"}`).Fails(400, "invalidValue")
			require.Equal(t, 1, updates)
			require.Zero(t, passwords)
			c.Patch(path, `{"op":"replace","path":"password","value":"p"}`).Is(200)
			require.Equal(t, 1, passwords)
			c.Delete(path).Is(204)
		})
	})
}
