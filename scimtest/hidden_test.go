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

const (
	lockerURI  = "urn:example:params:scim:schemas:2.0:Locker"
	serviceURI = "urn:example:params:scim:schemas:extension:service:2.0:Locker"
)

// lockerType returns a resource type with hidden attributes: a simple and a
// complex one, a sub-attribute of an object and of list elements, and one of an
// extension.
func lockerType(t *testing.T) *schema.ResourceType {
	hidden := func(name string) *schema.Attribute { return &schema.Attribute{Name: name, Hidden: true} }
	base, err := schema.New(schema.Schema{ID: lockerURI, Name: "Locker", Attributes: []*schema.Attribute{
		{Name: "label", Required: true},
		hidden("owner"),
		{Name: "audit", Type: schema.TypeComplex, Hidden: true, SubAttributes: []*schema.Attribute{{Name: "value"}}},
		{Name: "place", Type: schema.TypeComplex, SubAttributes: []*schema.Attribute{{Name: "room"}, hidden("code")}},
		{Name: "keys", Type: schema.TypeComplex, MultiValued: true, SubAttributes: []*schema.Attribute{{Name: "value"}, {Name: "type"}, hidden("holder")}},
	}})
	require.NoError(t, err)
	service, err := schema.New(schema.Schema{ID: serviceURI, Name: "Service", Attributes: []*schema.Attribute{{Name: "plan"}, hidden("since")}})
	require.NoError(t, err)
	rt, err := schema.NewResourceType(schema.ResourceType{
		Name: "Locker", Endpoint: "/Lockers", Schema: base, Extensions: []schema.Extension{{Schema: service}},
	})
	require.NoError(t, err)
	return rt
}

// lockers is a handler for lockers that gives each new one its hidden values.
type lockers struct {
	server
	typ   *schema.ResourceType
	store store.Store
}

const kept = `{"owner":"o-1","audit":{"value":"a-1"},"place":{"code":"c-1"},"keys":[{"value":"k1","holder":"h-1"}],"` + serviceURI + `":{"since":"2024"}}`

func newLockers(t *testing.T) *lockers {
	l := &lockers{typ: lockerType(t)}
	own, errs := l.typ.DecodeStored([]byte(kept))
	require.Empty(t, errs)
	l.server = serve(t, func(c *scim.Config) {
		e := &c.Endpoints[len(c.Endpoints)-1]
		l.store = e.Store
		e.Default = func(_ context.Context, _ *scim.Principal, o *schema.Object) *schema.Object {
			for a, v := range own.All() {
				if !o.Get(a).Assigned() {
					o = o.With(a, v)
				}
			}
			return o
		}
	}, l.typ)
	return l
}

func (l *lockers) create(c *scimtest.Client, attributes string) string {
	return "/Lockers/" + c.Post("/Lockers", `{"schemas":["`+lockerURI+`"],"label":"l"`+attributes+`}`).Is(201).String("id")
}

// stored returns the JSON of the attributes as the store has them.
func (l *lockers) stored(t *testing.T, path string) string {
	r, err := l.store.Get(context.Background(), path[len("/Lockers/"):], store.GetOptions{})
	require.NoError(t, err)
	return string(r.Attributes.AppendJSON(nil))
}

func TestHiddenAttributesStayFromResponses(t *testing.T) {
	t.Parallel()
	l := newLockers(t)
	l.both(t, func(c *scimtest.Client) {
		path := l.create(c, "")
		require.Contains(t, l.stored(t, path), `"owner":"o-1"`)
		for _, query := range []string{"", "?excludedAttributes=label", "?attributes=place,keys," + lockerURI, "?attributes=" + serviceURI} {
			body := c.Get(path + query).Is(200).Text
			for _, name := range []string{"owner", "audit", "code", "holder", "since", serviceURI} {
				require.NotContains(t, body, name, query)
			}
		}
		require.NotContains(t, c.Get("/Schemas").Is(200).Text, `"name":"owner"`)
		for _, name := range []string{"owner", "audit", "code", "holder"} {
			require.NotContains(t, c.Get("/Schemas/"+lockerURI).Is(200).Text, `"name":"`+name+`"`)
		}
		require.NotContains(t, c.Get("/Schemas/"+serviceURI).Is(200).Text, `"name":"since"`)
	})
}

// A hidden name is answered as one that no schema defines.
func TestHiddenAttributesAreUnknownToClients(t *testing.T) {
	t.Parallel()
	l := newLockers(t)
	for _, name := range []string{"owner", "audit", "audit.value", "place.code", "keys.holder", serviceURI + ":since", lockerURI + ":owner"} {
		l.both(t, func(c *scimtest.Client) {
			path := l.create(c, "")
			c.Filter("/Lockers", name+` eq "o-1"`).Fails(400, "invalidFilter")
			c.Filter("/Lockers", name+` pr`).Fails(400, "invalidFilter")
			c.Get("/Lockers?sortBy="+name).Fails(400, "invalidValue")
			before := l.stored(t, path)
			if name != serviceURI+":since" { // ignored beside others, as an unknown one of an extension
				c.Patch(path, `{"op":"replace","path":"`+name+`","value":"mine"}`).Fails(400, "invalidPath")
				c.Patch(path, `{"op":"remove","path":"`+name+`"}`).Fails(400, "invalidPath")
			}
			require.Equal(t, before, l.stored(t, path))
		})
		l.strict(t).Get("/Lockers?attributes="+name).Fails(400, "invalidValue")
		l.lenient(t).Get("/Lockers?attributes=" + name).Is(200)
	}
	l.both(t, func(c *scimtest.Client) { c.Filter("/Lockers", `keys[holder eq "h-1"]`).Fails(400, "invalidFilter") })
	for _, attributes := range []string{`"owner":"mine"`, `"place":{"room":"1","code":"mine"}`, `"keys":[{"value":"k1","holder":"mine"}]`, `"` + serviceURI + `":{"since":"mine"}`} {
		c := l.lenient(t)
		path := l.create(c, ","+attributes)
		require.NotContains(t, l.stored(t, path), "mine")
		c.Put(path, `{"schemas":["`+lockerURI+`"],"label":"l",`+attributes+`}`).Is(200)
		c.Patch(path, `{"op":"add","value":{`+attributes+`}}`).Is(200)
		require.NotContains(t, l.stored(t, path), "mine")
		c = l.strict(t)
		c.Post("/Lockers", `{"schemas":["`+lockerURI+`"],"label":"l",`+attributes+`}`).Fails(400, "invalidSyntax")
	}
}

// PUT and PATCH keep hidden values, those of a removed extension included.
func TestHiddenAttributesSurviveWrites(t *testing.T) {
	t.Parallel()
	l := newLockers(t)
	l.both(t, func(c *scimtest.Client) {
		path := l.create(c, `,"`+serviceURI+`":{"plan":"a"}`)
		c.Patch(path, `{"op":"add","path":"`+serviceURI+`:plan","value":"b"}`).Is(200)
		for _, write := range []func(){
			func() {
				c.Put(path, `{"schemas":["`+lockerURI+`"],"label":"m","place":{"room":"2"},"keys":[{"value":"k1"}]}`).Is(200)
			},
			func() { c.Patch(path, `{"op":"replace","path":"place","value":{"room":"3"}}`).Is(200) },
			func() {
				c.Patch(path, `{"op":"replace","path":"keys[value eq \"k1\"]","value":{"value":"k1","type":"u"}}`).Is(200)
			},
			func() { c.Patch(path, `{"op":"remove","path":"`+serviceURI+`"}`).Is(200) },
			func() { c.Patch(path, `{"op":"remove","path":"schemas[value eq \"`+serviceURI+`\"]"}`).Is(200) },
		} {
			write()
			got := l.stored(t, path)
			for _, want := range []string{`"owner":"o-1"`, `"audit":{"value":"a-1"}`, `"code":"c-1"`, `"holder":"h-1"`} {
				require.Contains(t, got, want)
			}
		}
		require.NotContains(t, c.Get(path).Is(200).Text, serviceURI)
	})
	path := l.create(l.lenient(t), "")
	l.lenient(t).Patch(path, `{"op":"add","path":"`+serviceURI+`:plan","value":"b"}`, `{"op":"remove","path":"`+serviceURI+`"}`).Is(200)
	require.Contains(t, l.stored(t, path), `"since":"2024"`)
}
