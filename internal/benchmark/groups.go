//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// groupOperations add one member to groups of several sizes, and read a large group.
func groupOperations() []operation {
	var out []operation
	for _, size := range []int{10, 1_000, 100_000} {
		op := joining(size)
		if size > 10 {
			op.base = "member-10"
		}
		out = append(out, op)
	}
	const large = 10_000
	return append(out, operation{
		name: "group", title: "get a group of 10,000 members", status: 200, rival: true,
		prepare: func(s *side) error { return s.makeGroup("group", large) },
		request: func(s *side, _ int) (string, string, string) { return "GET", "/Groups/" + s.groups["group"], "" },
	})
}

// joining adds one member to a group of a size. Those who have joined leave it again
// between the slices.
func joining(size int) operation {
	name := fmt.Sprintf("member-%d", size)
	return operation{
		name: name, title: "add one member to " + thousands(size), status: 204, rival: true,
		prepare: func(s *side) error { return s.makeGroup(name, size) },
		request: func(s *side, i int) (string, string, string) {
			_, id := s.user(1, 2, i)
			return "PATCH", "/Groups/" + s.groups[name], patchBody(`{"op":"add","path":"members","value":[{"value":"` + id + `"}]}`)
		},
		most: func(s *side) int { return min(len(s.users)/2, 2000) },
		clean: func(s *side, from, to int) error {
			var leave []string
			for i := from; i < to; i++ {
				_, id := s.user(1, 2, i)
				leave = append(leave, `{"op":"remove","path":"members[value eq \"`+id+`\"]"}`)
			}
			if len(leave) == 0 {
				return nil
			}
			_, err := s.do("PATCH", "/Groups/"+s.groups[name], patchBody(leave...), 204)
			return err
		},
	}
}

// makeGroup makes the group of an operation, with members that are no users of the
// server: users in groups would be sent with them.
func (s *side) makeGroup(name string, size int) error {
	if s.groups[name] != "" {
		return nil
	}
	text, err := s.do("POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"`+name+`"}`, 201)
	if err != nil {
		return err
	}
	var made struct{ ID string }
	if err := json.Unmarshal(text, &made); err != nil {
		return err
	}
	s.groups[name] = made.ID
	ids := rand.New(rand.NewPCG(1, uint64(size)))
	const most = 10_000 // in one request
	for size > 0 {
		n := min(size, most)
		size -= n
		members := make([]string, n)
		for i := range members {
			members[i] = fmt.Sprintf(`{"value":"%08x-%04x-4000-8000-%012x","type":"User"}`, ids.Uint32(), ids.IntN(1<<16), ids.Int64N(1<<48))
		}
		if _, err := s.do("PATCH", "/Groups/"+made.ID, patchBody(`{"op":"add","path":"members","value":[`+strings.Join(members, ",")+`]}`), 204); err != nil {
			return err
		}
	}
	return nil
}

// thousands writes a number with commas.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
