package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// operation is a kind of request.
type operation struct {
	name    string
	status  int
	request func(s *side, i int) (method, path, body string)

	// prepare, if set, runs before the first request to a side.
	prepare func(s *side) error
	// most, if set, is how many requests are sent before clean, which undoes them.
	most  func(s *side) int
	clean func(s *side, from, to int) error
}

// The users of a side have parts, so that operations do not meet: the first quarter is
// replaced, the second one patched, the other half joins groups.
func (s *side) user(part, of, i int) (n int, id string) {
	size := max(len(s.users)/of, 1)
	n = part*size + i*7919%size // 7919 is prime: all of them, in a mixed order
	return n, s.users[n]
}

var operations = []operation{
	{name: "get", status: 200, request: func(s *side, i int) (string, string, string) {
		_, id := s.user(0, 2, i)
		return "GET", "/Users/" + id, ""
	}},
	{name: "look-up", status: 200, request: func(s *side, i int) (string, string, string) {
		n, _ := s.user(0, 2, i)
		return "GET", "/Users?filter=" + url.QueryEscape(`userName eq "`+userName(n)+`"`), ""
	}},
	{name: "create", status: 201, request: func(_ *side, i int) (string, string, string) {
		return "POST", "/Users", userBody("new", i, "Engineer")
	}},
	{name: "put", status: 200, request: func(s *side, i int) (string, string, string) {
		n, id := s.user(0, 4, i)
		return "PUT", "/Users/" + id, userBody("user", n, fmt.Sprintf("Engineer %d", i))
	}},
	{name: "patch", status: 200, request: func(s *side, i int) (string, string, string) {
		_, id := s.user(1, 4, i)
		active := i/max(len(s.users)/4, 1)%2 == 1
		return "PATCH", "/Users/" + id, patchBody(fmt.Sprintf(`{"op":"replace","path":"active","value":%t}`, active))
	}},
	{name: "list", status: 200, request: func(*side, int) (string, string, string) {
		return "GET", "/Users?startIndex=1&count=100", ""
	}},
}

func patchBody(operations ...string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + strings.Join(operations, ",") + `]}`
}

// same fails unless the sides answer the same user to a get, but for id and meta.
func same(sides []*side) error {
	var want string
	for _, s := range sides {
		text, err := s.do("GET", "/Users/"+s.users[0], "", 200)
		if err != nil {
			return err
		}
		var got map[string]any
		if err := json.Unmarshal(text, &got); err != nil {
			return err
		}
		delete(got, "id")
		delete(got, "meta")
		plain, err := json.Marshal(got)
		if err != nil {
			return err
		}
		if want == "" {
			want = string(plain)
		} else if want != string(plain) {
			return fmt.Errorf("%s answers\n%s\nand %s\n%s", sides[0].name, want, s.name, plain)
		}
	}
	return nil
}
