//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"slices"
)

// exchange is a request to each side.
type exchange struct {
	method string
	path   func(s *side) string
	body   string
}

// answersAgree fails unless the limit and the library answer the same to requests like
// those of the operations, but for ids and meta. Otherwise it would be no limit.
func answersAgree(sides []*side) error {
	user := func(s *side) string { return "/Users/" + s.users[0] }
	fixed := func(path string) func(*side) string { return func(*side) string { return path } }
	for _, x := range []exchange{
		{"GET", user, ""},
		{"GET", fixed(lookUp(userName(0))), ""},
		{"GET", fixed(lookUp(userName(-1))), ""},
		{"GET", fixed("/Users?startIndex=2&count=2"), ""},
		{"GET", fixed("/Users?startIndex=2&count=2&sortBy=userName"), ""},
		{"PUT", user, userBody("user", 0, "Manager")},
		{"PATCH", user, patchBody(`{"op":"replace","path":"active","value":false}`)},
		{"GET", user, ""},
		{"PUT", user, userBody("user", 0, "Engineer")},
	} {
		if err := agree(sides, x); err != nil {
			return err
		}
	}
	return nil
}

// groupsAgree does the same with the large group, if there is one.
func groupsAgree(sides []*side) error {
	if sides[0].groups["group"] == "" {
		return nil
	}
	return agree(sides, exchange{"GET", func(s *side) string { return "/Groups/" + s.groups["group"] }, ""})
}

func agree(sides []*side, x exchange) error {
	want := ""
	for _, s := range sides {
		if s.name == rivalName {
			continue
		}
		text, err := s.do(x.method, x.path(s), x.body, 200)
		if err != nil {
			return err
		}
		got, err := plain(s, text)
		if err != nil {
			return err
		}
		if want == "" {
			want = got
		} else if want != got {
			return fmt.Errorf("to %s %s %s answers\n%.2000s\nand %s\n%.2000s", x.method, x.path(s), sides[0].name, want, s.name, got)
		}
	}
	return nil
}

// plain returns the JSON of a response without ids and meta, also within a list, with
// members in one order and their references relative to the server.
func plain(s *side, text []byte) (string, error) {
	var o map[string]any
	if err := json.Unmarshal(text, &o); err != nil {
		return "", err
	}
	resources, _ := o["Resources"].([]any)
	for _, r := range append(slices.Clone(resources), o) {
		if one, ok := r.(map[string]any); ok {
			delete(one, "id")
			delete(one, "meta")
		}
	}
	if members, ok := o["members"].([]any); ok {
		var texts []string
		for _, m := range members {
			one, _ := m.(map[string]any)
			texts = append(texts, fmt.Sprint(one["value"], " ", one["type"], one["$ref"] == "http://"+s.addr+"/scim/v2/Users/"+fmt.Sprint(one["value"])))
		}
		slices.Sort(texts)
		o["members"] = texts
	}
	out, err := json.Marshal(o)
	return string(out), err
}
