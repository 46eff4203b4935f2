package scimtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkRequests fills a handler with users and a group, and measures the
// requests that identity providers make most. send carries out one request.
func BenchmarkRequests(b *testing.B, send func(method, path, body string) (status int, text string), users int) {
	ids := make([]string, users)
	for i := range ids {
		ids[i] = createdID(b, send, "/Users", benchUser(i))
	}
	group := createdID(b, send, "/Groups", Group("everyone"))
	for start := 0; start < users; start += 1000 {
		var members []string
		for _, id := range ids[start:min(start+1000, users)] {
			members = append(members, `{"value":"`+id+`"}`)
		}
		status, text := send("PATCH", "/Groups/"+group, PatchOp(`{"op":"add","path":"members","value":[`+strings.Join(members, ",")+`]}`))
		require.Equal(b, 204, status, text)
	}
	n := 0
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
		{"create", func(i int) (string, string, string) {
			n := users + i
			users++ // names stay fresh when the benchmark is run again
			return "POST", "/Users", benchUser(n + users*1000)
		}, 201},
		{"patch active", func(i int) (string, string, string) {
			return "PATCH", "/Users/" + ids[i%len(ids)], PatchOp(fmt.Sprintf(`{"op":"replace","path":"active","value":%t}`, i/len(ids)%2 == 1))
		}, 200},
		{"first page", func(int) (string, string, string) { return "GET", "/Users?count=100", "" }, 200},
		{"add one member", func(i int) (string, string, string) {
			return "PATCH", "/Groups/" + group, PatchOp(fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"new-%d-%d"}]}`, users, i))
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

func createdID(b *testing.B, send func(method, path, body string) (int, string), path, body string) string {
	status, text := send("POST", path, body)
	require.Equal(b, 201, status, text)
	var made struct{ ID string }
	require.NoError(b, json.Unmarshal([]byte(text), &made))
	return made.ID
}
