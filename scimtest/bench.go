package scimtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Seeded are the resources that [Seed] created.
type Seeded struct {
	Users []string // their ids
	Large string   // a group of all users
	Small string   // a group of 100 of them
}

// Seed fills stores with n users, at least 100, and two groups, in one
// transaction, before a benchmark.
func Seed(ctx context.Context, tx store.Transactor, users store.Store, groups store.MemberStore, n int) (Seeded, error) {
	var s Seeded
	err := tx.InTx(ctx, func(ctx context.Context) error {
		s = Seeded{}
		for i := range n {
			user := decoded(schema.UserType, fmt.Sprintf("00000000-0000-4000-8000-%012d", i), benchUser(i))
			made, err := users.Create(ctx, &store.Change{ID: user.ID, After: user, At: user.LastModified, Cause: event.ByPost})
			if err != nil {
				return err
			}
			s.Users = append(s.Users, made.ID)
		}
		var err error
		if s.Large, err = seedGroup(ctx, groups, "00000000-0000-4000-9000-000000000000", "everyone", s.Users); err != nil {
			return err
		}
		s.Small, err = seedGroup(ctx, groups, "00000000-0000-4000-9000-000000000001", "some", s.Users[:100])
		return err
	})
	return s, err
}

func seedGroup(ctx context.Context, groups store.MemberStore, id, name string, members []string) (string, error) {
	delta := &schema.MemberDelta{}
	for _, id := range members {
		delta.Add = append(delta.Add, schema.Member{Value: id, Type: schema.UserType.Name})
	}
	group := decoded(schema.GroupType, id, Group(name))
	made, _, err := groups.PutMembers(ctx, &store.Change{ID: id, After: group, Members: delta, At: group.LastModified, Cause: event.ByPost})
	if err != nil {
		return "", err
	}
	return made.ID, nil
}

// decoded returns the resource of a body.
func decoded(t *schema.ResourceType, id, body string) *schema.Resource {
	v, err := schema.ParseJSON([]byte(body))
	if err != nil {
		panic(err) // a body of this package
	}
	d, err := t.Decode(v.(schema.JSONObject), schema.Strict())
	if err != nil {
		panic(err)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return &schema.Resource{Type: t, ID: id, Created: at, LastModified: at, Attributes: d.Attributes}
}

// BenchmarkRequests measures the most frequent requests of identity providers on
// a handler over stores that [Seed] has filled. send carries out one request,
// as a client without restrictions.
func BenchmarkRequests(b *testing.B, send func(method, path, body string) (status int, text string), seeded Seeded) {
	ids, users := seeded.Users, len(seeded.Users)
	n, fresh := 0, 0 // names stay fresh when a benchmark is run again
	next := func() int { n = (n + 7919) % users; return n }
	change := func(group string) func(int) (string, string, string) {
		return func(i int) (string, string, string) {
			if i%2 == 1 {
				return "PATCH", "/Groups/" + group, PatchOp(fmt.Sprintf(`{"op":"remove","path":"members[value eq \"new-%d\"]"}`, fresh))
			}
			fresh++
			return "PATCH", "/Groups/" + group, PatchOp(fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"new-%d"}]}`, fresh))
		}
	}
	for _, bench := range []struct {
		name    string
		request func(i int) (method, path, body string)
		want    int
	}{
		{"get", func(int) (string, string, string) { return "GET", "/Users/" + ids[next()], "" }, 200},
		{"look-up by userName", func(int) (string, string, string) {
			return "GET", fmt.Sprintf("/Users?filter=userName+eq+%%22user%d%%22", next()), ""
		}, 200},
		{"look-up by work email", func(int) (string, string, string) {
			return "GET", fmt.Sprintf("/Users?filter=emails%%5Btype+eq+%%22work%%22%%5D.value+eq+%%22user%d@example.com%%22", next()), ""
		}, 200},
		{"create", func(int) (string, string, string) {
			fresh++
			return "POST", "/Users", benchUser(users + fresh)
		}, 201},
		{"patch active", func(int) (string, string, string) {
			fresh++
			return "PATCH", "/Users/" + ids[next()], PatchOp(fmt.Sprintf(`{"op":"replace","value":{"active":%t,"title":"%d"}}`, fresh%2 == 0, fresh))
		}, 200},
		{"first page", func(int) (string, string, string) { return "GET", "/Users?count=100", "" }, 200},
		{"last page", func(int) (string, string, string) {
			return "GET", fmt.Sprintf("/Users?count=100&startIndex=%d", users-99), ""
		}, 200},
		{"add or remove a member of 100", change(seeded.Small), 204},
		{"add or remove a member of all", change(seeded.Large), 204},
		{"get the group of all without members", func(int) (string, string, string) {
			return "GET", "/Groups/" + seeded.Large + "?excludedAttributes=members", ""
		}, 200},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				method, path, body := bench.request(i)
				if status, text := send(method, path, body); status != bench.want {
					b.Fatal(status, text)
				}
			}
		})
	}
}

func benchUser(i int) string {
	return User(fmt.Sprintf("user%d", i),
		fmt.Sprintf(`"externalId":"ext-%d","active":true,"name":{"givenName":"Given","familyName":"Family %d"},"emails":[{"value":"user%d@example.com","type":"work","primary":true}]`, i, i, i))
}
