package scimtest_test

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/devicetype"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// The tests of this package are the cases that need custom resource types or
// another configuration than the kit's.

const (
	deviceURI = devicetype.URI
	assetURI  = devicetype.AssetURI
)

// deviceType returns the resource type of these tests, with the extension required or
// not.
func deviceType(t *testing.T, required bool) *schema.ResourceType {
	rt, err := devicetype.New(required)
	require.NoError(t, err)
	return rt
}

// server is a handler with a default and a strict client.
type server struct{ http.Handler }

// tokenOf returns a token of a kind of client, whose name is the secret.
func tokenOf(client string) store.Token {
	k := scim.HashToken(client, client)
	k.Client = client
	return k
}

// serve returns a server that keeps users, groups and the given types in memory;
// configure may be nil.
func serve(t *testing.T, configure func(*scim.Config), types ...*schema.ResourceType) server {
	db := memstore.New()
	cfg := scim.Config{
		BaseURL: scimtest.BaseURL, Tx: db, Logger: slog.New(slog.DiscardHandler),
		Auth:      scim.BearerTokens(tokenOf("default"), tokenOf("strict")),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
	}
	for _, rt := range types {
		cfg.Endpoints = append(cfg.Endpoints, scim.Endpoint{Type: rt, Store: db.Store(rt)})
	}
	if configure != nil {
		configure(&cfg)
	}
	h, err := scim.New(cfg)
	require.NoError(t, err)
	return server{h}
}

func (s server) lenient(t *testing.T) *scimtest.Client { return scimtest.NewClient(t, s, "default") }

func (s server) strict(t *testing.T) *scimtest.Client { return scimtest.NewClient(t, s, "strict") }

// both runs a proof as the default and as the strict client.
func (s server) both(t *testing.T, prove func(c *scimtest.Client)) {
	prove(s.lenient(t))
	prove(s.strict(t))
}

// device returns the JSON of a device.
func device(members string) string {
	if members != "" {
		members = "," + members
	}
	return `{"schemas":["` + deviceURI + `"],"displayName":"d"` + members + `}`
}

func TestGroupsOfIDsThatDifferInCase(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "M-16 P-49 L-7", "ids that differ in case are those of different members (Z-26)", func(t *testing.T) {
		ids := []string{"aB1", "Ab1", "g"}
		s := serve(t, func(c *scim.Config) {
			c.NewID = func() string {
				id := ids[0]
				ids = ids[1:]
				return id
			}
		})
		c := s.lenient(t)
		c.NewUser("one")
		c.NewUser("two")
		in := func(id string, n string) { c.Get("/Users/"+id).Is(200).Has("groups.#", n) }

		group := c.NewGroup("g", `"members":[{"value":"aB1"},{"value":"Ab1"}]`)
		in("aB1", "1")
		in("Ab1", "1")
		c.Filter("/Users", `groups.value eq "g"`).Total(2)
		c.Patch(group, `{"op":"remove","path":"members[value eq \"ab1\"]"}`).Is(204)
		in("aB1", "1")
		c.Patch(group, `{"op":"remove","path":"members[value eq \"aB1\"]"}`).Is(204)
		in("aB1", "0")
		in("Ab1", "1")
		c.Put(group, scimtest.Group("g", `"members":[{"value":"Ab1"},{"value":"aB1"}]`)).Is(200)
		in("aB1", "1")
		c.Delete("/Users/Ab1").Is(204)
		in("aB1", "1")
		c.Get(group).Has("members.#", "1", "members[0].value", `"aB1"`)
	})
}
