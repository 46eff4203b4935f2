//go:build linux

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
	title   string // for people
	status  int
	request func(s *side, i int) (method, path, body string)
	base    string // the name of an operation to which this one is compared as well
	rival   bool   // the rival can do it

	// prepare, if set, runs before the first request to a side.
	prepare func(s *side) error
	// most, if set, is how many requests are sent before clean, which undoes them.
	most  func(s *side) int
	clean func(s *side, from, to int) error
}

// user returns the number and the id of a user of a part of all users, in a mixed order.
// Operations that would disturb each other have parts of their own: the first quarter
// is replaced, the second one patched, and the other half joins groups.
func (s *side) user(part, of, i int) (n int, id string) {
	size := max(len(s.users)/of, 1)
	n = part*size + i*7919%size // 7919 is prime, so that all of the part come
	return n, s.users[n]
}

var operations = append([]operation{
	{name: "get", title: "get", status: 200, rival: true, request: func(s *side, i int) (string, string, string) {
		_, id := s.user(0, 2, i)
		return "GET", "/Users/" + id, ""
	}},
	{name: "look-up", title: "look-up by userName", status: 200, rival: true, request: func(s *side, i int) (string, string, string) {
		n, _ := s.user(0, 2, i)
		return "GET", lookUp(userName(n)), ""
	}},
	{name: "put", title: "PUT", status: 200, rival: true, request: func(s *side, i int) (string, string, string) {
		n, id := s.user(0, 4, i)
		return "PUT", "/Users/" + id, userBody("user", n, fmt.Sprintf("Engineer %d", i))
	}},
	{name: "patch", title: "PATCH of active", status: 200, rival: true, request: func(s *side, i int) (string, string, string) {
		_, id := s.user(1, 4, i)
		active := i/max(len(s.users)/4, 1)%2 == 1 // each request changes it
		return "PATCH", "/Users/" + id, patchBody(fmt.Sprintf(`{"op":"replace","path":"active","value":%t}`, active))
	}},
	{name: "list", title: "list, first page of 100", status: 200, rival: true, request: page("", false)},
	{name: "list-last", title: "list, last page of 100", status: 200, rival: true, request: page("", true), prepare: (*side).count},
	{name: "sorted", title: "sorted, first page of 100", status: 200, base: "list", request: page("&sortBy=userName", false)},
	{name: "sorted-last", title: "sorted, last page of 100", status: 200, base: "list-last", request: page("&sortBy=userName", true), prepare: (*side).count},
	// After the lists: a side that creates faster would have longer ones.
	{name: "create", title: "create", status: 201, rival: true, request: func(_ *side, i int) (string, string, string) {
		return "POST", "/Users", userBody("new", i, "Engineer")
	}},
}, groupOperations()...)

func operationOf(name string) *operation {
	for i := range operations {
		if operations[i].name == name {
			return &operations[i]
		}
	}
	return nil
}

func lookUp(userName string) string {
	return "/Users?filter=" + url.QueryEscape(`userName eq "`+userName+`"`)
}

// page reads the first or the last page of a list.
func page(query string, last bool) func(s *side, i int) (string, string, string) {
	return func(s *side, _ int) (string, string, string) {
		start := 1
		if last {
			start = max(s.total-99, 1)
		}
		return "GET", fmt.Sprintf("/Users?startIndex=%d&count=100%s", start, query), ""
	}
}

// count reads how many users there are.
func (s *side) count() error {
	text, err := s.do("GET", "/Users?startIndex=1&count=1", "", 200)
	if err != nil {
		return err
	}
	var list struct{ TotalResults int }
	err = json.Unmarshal(text, &list)
	s.total = list.TotalResults
	return err
}

func patchBody(operations ...string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + strings.Join(operations, ",") + `]}`
}
