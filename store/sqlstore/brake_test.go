package sqlstore_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// braked serves a database with a brake at most leavers.
func braked(t *testing.T, db *sqlstore.DB, most int, log *bytes.Buffer) *scim.Handler {
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("okta", "okta")), Tx: db, Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		Brake:     brake.Config{Leavers: brake.Bound{Most: most}},
	})
	require.NoError(t, err)
	return h
}

// Two processes on one database stop a connection together, and what they counted
// and what was released outlives both.
func TestBrakeIsSharedAndOutlivesTheProcess(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		const most, many = 15, 60
		var log bytes.Buffer
		client := func(h http.Handler) *scimtest.Client { return scimtest.NewClient(t, h, "okta") }
		first, second := braked(t, d.store(t), most, &log), braked(t, d.store(t), most, &log)
		var users []string
		for i := range many {
			users = append(users, client(first).NewUser(fmt.Sprint("user", i)))
		}
		clients := []*scimtest.Client{client(first), client(second)}
		got := atOnce(many, func(i int) *scimtest.Reply { return clients[i%2].Delete(users[i]) })
		require.Equal(t, map[int]int{204: most, 503: many - most}, got)

		h := braked(t, d.store(t), most, &log)
		left := client(h).Get("/Users").Strings("id")
		require.Len(t, left, many-most, "the rest is there")
		one := func(i int) string { return "/Users/" + left[i] }
		require.Equal(t, 503, client(h).Delete(one(0)).Status)
		require.NoError(t, h.ReleaseBrake(t.Context(), "", brake.Release{Connection: "okta", Kind: brake.Leavers, Type: "User", More: 2, Actor: "Grace", Reason: "a test"}))

		h = braked(t, d.store(t), most, &log)
		require.Equal(t, []int{204, 204, 503}, []int{client(h).Delete(one(0)).Status, client(h).Delete(one(1)).Status, client(h).Delete(one(2)).Status})
		assert.Equal(t, 2, bytes.Count(log.Bytes(), []byte("the brake stopped a connection")), "one alert of all processes, and one after the release")
	})
}

// A share is one of the people who are active, however many are inactive.
func TestShareLeavesOutInactive(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		now := time.Now()
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("okta", "okta")), Tx: db, Logger: slog.New(slog.DiscardHandler),
			Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
			Brake:     brake.Config{Leavers: brake.Bound{Most: 1, Share: 0.1}, Memberships: brake.Bound{Most: 1, Share: 0.1}},
			Now:       func() time.Time { return now },
		})
		require.NoError(t, err)
		c := scimtest.NewClient(t, h, "okta")
		var users []string
		for i := range 30 {
			users = append(users, c.NewUser(fmt.Sprint("user", i), `"title":"\"active\":false"`))
		}
		for i := range 50 {
			c.NewUser(fmt.Sprint("inactive", i), `"active":false`)
		}
		group := c.NewGroup("g", `"members":[{"value":"1"},{"value":"2"},{"value":"3"},{"value":"4"}]`)
		now = now.Add(25 * time.Hour)
		c.Patch(group, `{"op":"replace","path":"members","value":[{"value":"1"}]}`).Is(204)
		c.Delete(group).Is(503)
		for i := range 3 {
			c.Patch(users[i], `{"op":"replace","path":"active","value":false}`).Is(200)
		}
		c.Delete(users[3]).Is(503)
		now = now.Add(2 * time.Minute)
		c.Delete(users[3]).Is(503)
	})
}

// With OwnResources a share is one of the connection's own people who are active.
func TestShareOfOwnResources(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		owned := schema.WithOwner(schema.UserType)
		db := d.empty(t)
		users := db.Store(owned)
		require.NoError(t, db.Migrate(t.Context()))
		now := time.Now()
		tokens := []store.Token{scim.HashToken("hr", "hr"), scim.HashToken("okta", "okta")}
		tokens[0].Connection, tokens[1].Connection = "hr", "okta"
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(tokens...), Tx: db, Logger: slog.New(slog.DiscardHandler),
			Endpoints: []scim.Endpoint{{Type: owned, Store: users, Policy: scim.Policy{Ownership: scim.OwnResources}}},
			Brake:     brake.Config{Leavers: brake.Bound{Most: 1, Share: 0.1}},
			Now:       func() time.Time { return now },
		})
		require.NoError(t, err)
		for i := range 60 {
			c := scimtest.NewClient(t, h, tokens[i%2].ID)
			c.NewUser(fmt.Sprint("active", i))
			c.NewUser(fmt.Sprint("inactive", i), `"active":false`)
		}
		now = now.Add(25 * time.Hour)
		states, err := h.BrakeState(t.Context(), &scim.Principal{Connection: "okta"})
		require.NoError(t, err)
		require.Equal(t, brake.State{Connection: "okta", Kind: brake.Leavers, Type: "User", Limit: 3}, states[0])
	})
}

// Members whose rows stay for the time being are counted when they leave.
func TestBrakeOfALargeGroup(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("okta", "okta")), Tx: db, Logger: slog.New(slog.DiscardHandler),
			Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
			Brake:     brake.Config{Memberships: brake.Bound{Most: 20_500}},
		})
		require.NoError(t, err)
		c := scimtest.NewClient(t, h, "okta")
		group := c.NewGroup("g")
		for range 3 {
			members := make([]string, 7000)
			for i := range members {
				members[i] = fmt.Sprintf(`{"value":"%s"}`, rand.Text())
			}
			c.Patch(group, `{"op":"add","path":"members","value":[`+strings.Join(members, ",")+`]}`).Is(204)
		}
		c.Delete(group).Is(503)
		c.Patch(group, `{"op":"remove","path":"members"}`).Is(503)
		c.Put(group, scimtest.Group("g")).Is(503)
		c.Get(group).Is(200).Has("members.#", "21000")
	})
}

// An application that made no table for counters has a brake in each process.
func TestBrakeWithoutCounters(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.empty(t)
		require.NoError(t, db.Migrate(t.Context(), sqlstore.Resources))
		var log bytes.Buffer
		c := scimtest.NewClient(t, braked(t, db, 1, &log), "okta")
		a, b := c.NewUser("a"), c.NewUser("b")
		require.Equal(t, []int{204, 503}, []int{c.Delete(a).Status, c.Delete(b).Status})
		require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("the brake counts in this process alone")), log.String())
	})
}

// A user who exists is a conflict also when no more users may be created: it is no
// creation, and stops nothing.
func TestBrakeDoesNotCountConflicts(t *testing.T) {
	onEachHandler(t, func(t *testing.T, c *scimtest.Client) {
		c.NewUser("ada")
		require.Equal(t, []int{409, 503, 409}, []int{
			c.Post("/Users", scimtest.User("ada")).Status, c.Post("/Users", scimtest.User("eve")).Status, c.Post("/Users", scimtest.User("ada")).Status,
		})
	}, func(c *scim.Config) { c.Brake.Creations = brake.Bound{Most: 1, Share: 0.01} })
}
