package scim_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// countingGets is a wrapper that passes on the five methods of a store only.
type countingGets struct {
	store.Store
	gets atomic.Int64
}

func (s *countingGets) Unwrap() store.Store { return s.Store }

func (s *countingGets) Get(ctx context.Context, id string, o store.GetOptions) (*schema.Resource, error) {
	s.gets.Add(1)
	return s.Store.Get(ctx, id, o)
}

// 500 new members are looked up by one Exists, not by 500 locked Gets.
func TestMembersAreLookedUpThroughAWrapper(t *testing.T) {
	t.Parallel()
	users := &countingGets{}
	w := newWorld(t, func(w *world, c *scim.Config) {
		users.Store = w.users
		c.Endpoints[0].Store = users
		c.RequireMembers = true
	})
	member := scimtest.ID(w.user("a"))
	users.gets.Store(0)
	w.do(201, "POST", "/Groups", scimtest.Group("g", `"members":[{"value":"`+member+`"}]`))
	require.Zero(t, users.gets.Load(), "Gets of users")
	var many []string
	for i := range 500 {
		many = append(many, fmt.Sprintf(`{"value":"nobody-%d"}`, i))
	}
	w.do(400, "POST", "/Groups", scimtest.Group("h", `"members":[`+strings.Join(many, ",")+`]`))
	require.Zero(t, users.gets.Load(), "Gets of users")
}

func TestNewLogsInterfacesHiddenByAWrapper(t *testing.T) {
	t.Parallel()
	db := memstore.New(memstore.KeepDeleted)
	users, groups := db.Store(schema.UserType), db.Store(schema.GroupType)
	build := func(users, groups store.Store, policy scim.Policy) (string, error) {
		var log bytes.Buffer
		e := scim.Users(users)
		e.Policy = policy
		_, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: db,
			Endpoints: []scim.Endpoint{e, scim.Groups(groups)}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		return log.String(), err
	}
	text, err := build(users, groups, scim.Policy{})
	require.NoError(t, err)
	require.Empty(t, text, "without a wrapper")

	text, err = build(&countingGets{Store: &countingGets{Store: users}}, groups, scim.Policy{})
	require.NoError(t, err)
	require.Contains(t, text, "level=WARN")
	require.Contains(t, text, "type=User wrapper=*scim_test.countingGets ability=store.Reviver")

	_, err = build(&countingGets{Store: users}, groups, scim.Policy{OnTwin: scim.RestoreDeleted})
	require.ErrorContains(t, err, "needs a store.Reviver")
	_, err = build(users, &countingGets{Store: groups}, scim.Policy{})
	require.ErrorContains(t, err, "its store (*scim_test.countingGets) is not a store.MemberStore")
}

func TestTypeOfAWrappedStore(t *testing.T) {
	t.Parallel()
	reduced, err := schema.NewResourceType(schema.ResourceType{Name: "User", Endpoint: "/Users", Schema: schema.User})
	require.NoError(t, err)
	wrapped := &countingGets{Store: reducedUsers{memstore.New().Store(reduced), reduced}}
	require.Same(t, reduced, scim.Users(wrapped).Type)
	_, err = scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: memstore.New(),
		Endpoints: []scim.Endpoint{{Type: schema.UserType, Store: wrapped}},
	})
	require.ErrorContains(t, err, "has a type of its own")
}
