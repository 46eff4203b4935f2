package scimtest_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

func TestConformanceVersions(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "V-11", "a store without versions: no ETag, no meta.version, and conditions without effect", func(t *testing.T) {
		s := serve(t, func(cfg *scim.Config) { cfg.Endpoints[0].Store = unversioned{cfg.Endpoints[0].Store} })
		s.both(t, func(c *scimtest.Client) {
			c.Get("/ServiceProviderConfig").Has("etag.supported", "true") // groups have them
			made := c.Post("/Users", scimtest.User("u")).Is(201)
			path := "/Users/" + made.String("id")
			for i, header := range []string{`If-Match: W/"99"`, `If-Match: nope`, `If-Match: *`, `If-None-Match: *`, `If-None-Match: W/"1"`, ""} {
				var headers []string
				if header != "" {
					headers = []string{header}
				}
				title := `"` + strings.Repeat("t", i+1) + `"`
				for _, r := range []*scimtest.Reply{
					c.Get(path, headers...), c.Put(path, scimtest.User("u", `"title":`+title), headers...),
					c.Do("PATCH", path, scimtest.PatchOp(`{"op":"add","path":"nickName","value":`+title+`}`), headers...), c.Get("/Users", headers...), made,
				} {
					require.Less(t, r.Status, 300, "%s: %s", header, r.Text)
					require.Empty(t, r.Header.Get("ETag"))
					require.NotContains(t, r.Text, `"version"`)
				}
				victim := c.NewUser("victim")
				c.Delete(victim, headers...).Is(204)
			}
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "V-12 P-9", "without transactions the version keeps concurrent writes apart", func(t *testing.T) {
		s := serve(t, func(cfg *scim.Config) { cfg.Tx = nil })
		c := s.lenient(t)
		path := c.NewUser("u")
		tag := c.Get(path).Header.Get("ETag")
		var won, lost int
		var mu sync.Mutex
		var group sync.WaitGroup
		for i := range 20 {
			group.Add(1)
			go func() {
				defer group.Done()
				r := c.Put(path, scimtest.User("u", `"title":"`+strings.Repeat("t", i+1)+`"`), "If-Match: "+tag)
				mu.Lock()
				defer mu.Unlock()
				switch r.Status {
				case 200:
					won++
				case 412:
					lost++
				}
			}()
		}
		group.Wait()
		require.Equal(t, 1, won)
		require.Equal(t, 19, lost)
	})
	scimtest.Prove(t, "V-12 V-7", "a write between reading and writing is noticed, and the operations are applied to its result", func(t *testing.T) {
		var between func()
		s := serve(t, func(cfg *scim.Config) {
			cfg.Tx = nil
			cfg.Endpoints[0].Store = &interrupted{Store: cfg.Endpoints[0].Store, between: &between}
		})
		s.both(t, func(c *scimtest.Client) {
			path := c.NewUser("u")
			tag := c.Get(path).Header.Get("ETag")
			between = func() { c.Patch(path, `{"op":"add","path":"nickName","value":"theirs"}`).Is(200) }
			c.Patch(path, `{"op":"add","path":"title","value":"ours"}`).Is(200).Has("nickName", `"theirs"`, "title", `"ours"`)
			between = func() { c.Patch(path, `{"op":"add","path":"nickName","value":"again"}`).Is(200) }
			now := c.Get(path).Header.Get("ETag")
			require.NotEqual(t, tag, now)
			c.Do("PATCH", path, scimtest.PatchOp(`{"op":"add","path":"title","value":"late"}`), "If-Match: "+now).Fails(412, "")
			c.Get(path).Has("title", `"ours"`, "nickName", `"again"`)
			between = nil
			c.Delete(path).Is(204)
		})
	})
}

// interrupted calls between once, before an update.
type interrupted struct {
	store.Store
	between *func()
}

func (s *interrupted) Unwrap() store.Store { return s.Store }

func (s *interrupted) Update(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	if f := *s.between; f != nil {
		*s.between = nil
		f()
	}
	return s.Store.Update(ctx, c)
}

func TestConformanceDelete(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "L-5 L-2 L-3 L-4", "a deleted resource that a store keeps is visible nowhere", func(t *testing.T) {
		kept := &tombstones{}
		s := serve(t, func(cfg *scim.Config) {
			kept.Store = cfg.Endpoints[0].Store
			cfg.Endpoints[0].Store = kept
		})
		s.both(t, func(c *scimtest.Client) {
			path := c.NewUser("u")
			c.Delete(path).Is(204)
			require.Contains(t, kept.ids, scimtest.ID(path))
			c.Get(path).Fails(404, "")
			c.Delete(path).Fails(404, "")
			c.Get("/Users").Total(0)
			again := c.NewUser("u")
			require.NotEqual(t, path, again)
			c.Delete(again).Is(204)
		})
	})
	scimtest.Prove(t, "L-5", "an embedder may let DELETE deactivate instead, which is 204 too", func(t *testing.T) {
		s := serve(t, func(cfg *scim.Config) { cfg.Endpoints[0].OnDelete = scim.DeactivateOnDelete })
		c := s.lenient(t)
		path := c.NewUser("u", `"active":true`)
		group := c.NewGroup("g", `"members":[{"value":"`+scimtest.ID(path)+`"}]`)
		c.Delete(path, `If-Match: W/"nope"`).Fails(412, "")
		require.Empty(t, c.Delete(path).Is(204).Text)
		c.Get(path).Is(200).Has("active", "false")
		c.Post("/Users", scimtest.User("u")).Fails(409, "uniqueness")
		c.Delete(path).Is(204)
		c.Delete("/Users/nope").Fails(404, "")
		c.Delete(group).Is(204)
		c.Get(group).Fails(404, "")
	})
}

// tombstones is a store that records the ids of deleted resources.
type tombstones struct {
	store.Store
	ids []string
}

func (s *tombstones) Delete(ctx context.Context, c *store.Change) error {
	err := s.Store.Delete(ctx, c)
	if err == nil {
		s.ids = append(s.ids, c.ID)
	}
	return err
}
