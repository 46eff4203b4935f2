package scimtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Seed fills stores with n users, and one group that has them all, in one
// transaction, and returns their ids. It is how benchmarks begin.
func Seed(ctx context.Context, tx store.Transactor, users store.Store, groups store.MemberStore, n int) (ids []string, group string, err error) {
	err = tx.InTx(ctx, func(ctx context.Context) error {
		ids = ids[:0]
		for i := range n {
			made, err := users.Create(ctx, decoded(schema.UserType, fmt.Sprintf("00000000-0000-4000-8000-%012d", i), benchUser(i)))
			if err != nil {
				return err
			}
			ids = append(ids, made.ID)
		}
		made, err := groups.Create(ctx, decoded(schema.GroupType, "00000000-0000-4000-9000-000000000000", Group("everyone")))
		if err != nil {
			return err
		}
		group = made.ID
		delta := &schema.MemberDelta{}
		for _, id := range ids {
			delta.Add = append(delta.Add, schema.Member{Value: id, Type: schema.UserType.Name})
		}
		_, _, err = groups.UpdateMembers(ctx, &store.Change{Before: made, After: made, Members: delta, IfVersion: made.Version, Cause: store.CausePatch})
		return err
	})
	return ids, group, err
}

// decoded makes the resource of a body.
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

// BenchmarkRequests measures the requests that identity providers make most,
// on a handler over stores that [Seed] has filled with ids and group. send
// carries out one request. The handler's only client may do everything.
func BenchmarkRequests(b *testing.B, send func(method, path, body string) (status int, text string), ids []string, group string) {
	users := len(ids)
	n, fresh := 0, 0 // names stay fresh when a benchmark is run again
	next := func() int { n = (n + 7919) % users; return n }
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
		{"add one member", func(int) (string, string, string) {
			fresh++
			return "PATCH", "/Groups/" + group, PatchOp(fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"new-%d"}]}`, fresh))
		}, 204},
		{"remove one member", func(int) (string, string, string) {
			return "PATCH", "/Groups/" + group, PatchOp(`{"op":"remove","path":"members[value eq \"` + ids[next()] + `\"]"}`)
		}, 204},
		{"get the group without members", func(int) (string, string, string) {
			return "GET", "/Groups/" + group + "?excludedAttributes=members", ""
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
