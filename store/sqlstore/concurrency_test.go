package sqlstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// atOnce runs n requests at the same time and counts the statuses.
func atOnce(n int, request func(i int) *scimtest.Reply) map[int]int {
	statuses := make([]int, n)
	sqltest.AtOnce(n, func(i int) { statuses[i] = request(i).Status })
	counts := map[int]int{}
	for _, status := range statuses {
		counts[status]++
	}
	return counts
}

// V-7, C-11: of concurrent requests with one unique value, one succeeds.
func TestOneOfManyPostsOfAUserNameSucceeds(t *testing.T) {
	onEachHandler(t, func(t *testing.T, c *scimtest.Client) {
		got := atOnce(50, func(i int) *scimtest.Reply {
			name := "Jensen"
			if i%2 == 0 {
				name = "jENSEN"
			}
			return c.Post("/Users", scimtest.User(name))
		})
		require.Equal(t, map[int]int{201: 1, 409: 49}, got)
		c.Get(`/Users?filter=userName eq "jensen"`).Is(200).Has("totalResults", "1")
		c.Get("/Users").Is(200).Has("totalResults", "1")
	})
}

func TestOneOfManyPutsWithTheSameIfMatchSucceeds(t *testing.T) {
	onEachHandler(t, func(t *testing.T, c *scimtest.Client) {
		user := c.NewUser("u")
		etag := c.Get(user).Is(200).Header.Get("ETag")
		require.NotEmpty(t, etag)
		got := atOnce(50, func(i int) *scimtest.Reply {
			return c.Put(user, scimtest.User("u", fmt.Sprintf(`"title":"%d"`, i)), "If-Match: "+etag)
		})
		require.Equal(t, map[int]int{200: 1, 412: 49}, got)
	})
}

// 200 clients add members, rename the group and change its owner: each change is
// stored and has moved the version by one.
func TestConcurrentClientsLoseNoWrite(t *testing.T) {
	onEachHandler(t, func(t *testing.T, c *scimtest.Client) {
		const clients = 200
		group, user := c.NewGroup("g"), c.NewUser("u")
		members, renames := 0, 0
		for i := range clients {
			switch i % 4 {
			case 0, 1:
				members++
			case 2:
				renames++
			}
		}
		got := atOnce(clients, func(i int) *scimtest.Reply {
			switch i % 4 {
			case 0, 1:
				return c.Patch(group, fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"member %d"}]}`, i))
			case 2:
				return c.Patch(group, fmt.Sprintf(`{"op":"replace","path":"displayName","value":"name %d"}`, i))
			}
			return c.Patch(user, fmt.Sprintf(`{"op":"replace","value":{"active":%t,"title":"%d"}}`, i%8 == 3, i))
		})
		require.Equal(t, clients, got[200]+got[204], "%v", got)

		read := c.Get(group).Is(200)
		read.Has("members.#", fmt.Sprint(members))
		require.True(t, strings.HasPrefix(read.String("displayName"), "name "))
		require.Equal(t, fmt.Sprintf(`W/"%d"`, 1+members+renames), read.String("meta.version"))
		require.Equal(t, fmt.Sprintf(`W/"%d"`, 1+clients-members-renames), c.Get(user).Is(200).String("meta.version"))
	})
}

// A user is deleted while requests add it to groups. Afterwards it is a member of
// none; requests after the deletion add the id of an unknown member.
func TestDeletedUserIsInNoConcurrentlyChangedGroup(t *testing.T) {
	onEachHandler(t, func(t *testing.T, c *scimtest.Client) {
		const groups = 8
		for round := range 5 {
			user := c.NewUser(fmt.Sprintf("u%d", round))
			var paths []string
			for i := range groups {
				paths = append(paths, c.NewGroup(fmt.Sprintf("g%d-%d", round, i)))
			}
			add := `{"op":"add","path":"members","value":[{"value":"` + scimtest.ID(user) + `"}]}`
			got := atOnce(groups+1, func(i int) *scimtest.Reply {
				if i == groups/2 {
					return c.Delete(user)
				}
				return c.Patch(paths[i%groups], add)
			})
			require.Equal(t, groups+1, got[200]+got[204], "%v", got)
			c.Get(user).Fails(http.StatusNotFound, "")
			for _, path := range paths {
				for _, m := range members(c.Get(path).Is(200)) {
					require.Empty(t, m["type"], "a member of type User is one that exists")
				}
			}
		}
	})
}

func members(r *scimtest.Reply) []map[string]any {
	list, _ := r.Value("members").([]any)
	var out []map[string]any
	for _, m := range list {
		out = append(out, m.(map[string]any))
	}
	return out
}

// DELETE of a user locks the user and then its groups. A change of members locks
// the members and then the group; the other order would be a deadlock.
func TestWritesInOppositeOrderSucceed(t *testing.T) {
	onEachHandler(t, func(t *testing.T, c *scimtest.Client) {
		const users, groups = 12, 6
		var ids, refs, all []string
		for i := range users {
			ids = append(ids, scimtest.ID(c.NewUser(fmt.Sprintf("u%d", i))))
			refs = append(refs, `{"value":"`+ids[i]+`"}`)
		}
		for i := range groups {
			all = append(all, c.NewGroup(fmt.Sprintf("g%d", i), `"members":[`+strings.Join(refs, ",")+`]`))
		}
		backwards := make([]string, users)
		for i, ref := range refs {
			backwards[users-1-i] = ref
		}
		got := atOnce(users+4*groups, func(i int) *scimtest.Reply {
			if i < users {
				return c.Delete("/Users/" + ids[(i*5)%users])
			}
			list := refs
			if i%2 == 0 {
				list = backwards
			}
			return c.Patch(all[(i/2)%groups], `{"op":"replace","path":"members","value":[`+strings.Join(list, ",")+`]}`)
		})
		require.Equal(t, users+4*groups, got[200]+got[204], "%v", got)
		c.Get("/Users").Is(200).Has("totalResults", "0")
	})
}

// countingTx counts how often the functions of its transactions run.
type countingTx struct {
	store.Transactor
	runs atomic.Int64
}

func (c *countingTx) InTx(ctx context.Context, fn func(context.Context) error) error {
	return c.Transactor.InTx(ctx, func(ctx context.Context) error {
		c.runs.Add(1)
		return fn(ctx)
	})
}

// Groups that become members of each other are locked in one order, so that there
// is no deadlock and no transaction is retried.
func TestGroupsJoinEachOtherWithoutDeadlock(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, d database) {
		db := d.store(t)
		tx := &countingTx{Transactor: db}
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: tx, Logger: slog.New(slog.DiscardHandler),
			Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		})
		require.NoError(t, err)
		c := scimtest.NewClient(t, h, "")
		var groups []string
		for i := range 6 {
			groups = append(groups, c.NewGroup(fmt.Sprint("g", i)))
		}
		before := tx.runs.Load()
		const requests = 60
		got := atOnce(requests, func(i int) *scimtest.Reply {
			joining := strings.TrimPrefix(groups[(i+1+i/6%5)%6], "/Groups/")
			return c.Patch(groups[i%6], fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"%s"}]}`, joining))
		})
		require.Equal(t, map[int]int{204: requests}, got)
		require.EqualValues(t, requests, tx.runs.Load()-before, "transactions that ran")
	})
}
