//go:build linux

package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// heavy is a request to be measured. prepare, if set, makes what the request needs
// and returns it.
type heavy struct {
	name    string
	request request
	prepare func(*server) (request, error)
}

// limits are the defaults of scim.Limits that the requests go up to.
const (
	limitBody       = 4 << 20
	limitOperations = 10_000
	limitValues     = 10_000
	limitMembers    = 15_000  // the names of the requests say it too
	limitElements   = 120_000 // of arrays
	limitBulk       = 500
)

func cases(users population) []heavy {
	return slices.Concat(reads(len(users)), writes(), bodies(), groups(users))
}

func reads(users int) []heavy {
	comparisons := make([]string, 64)
	for i := range comparisons {
		comparisons[i] = fmt.Sprintf(`nickName co "n%d"`, i)
	}
	return []heavy{
		{name: fmt.Sprintf("scan of %d users for a filter that the store cannot answer, 64 comparisons", users), request: request{"GET", "/Users?filter=" + url.QueryEscape(strings.Join(comparisons, " or ")), ""}},
		{name: fmt.Sprintf("sorting %d users by an attribute without an index, page of 1,000", users), request: request{"GET", "/Users?sortBy=nickName&count=1000", ""}},
		{name: "page of 1,000 at the end of the list", request: request{"GET", fmt.Sprintf("/Users?startIndex=%d&count=1000", users-1000), ""}},
		large("`attributes=userName` of 60 users of 1 MiB", 60, 1, "attributes=userName&"),
		large("page of 80 users of 2 MiB", 80, 2, ""),
	}
}

// large is a list of n users whose photos have that many MiB, with parameters.
func large(name string, n, size int, parameters string) heavy {
	photos := make([]string, size)
	for i := range photos {
		photos[i] = fmt.Sprintf(`{"value":"https://example.com/%d/%s"}`, i, strings.Repeat("p", 1<<20-100))
	}
	return heavy{name: name, prepare: func(s *server) (request, error) {
		for i := range n {
			if _, err := s.create("/Users", fmt.Sprintf(`{"userName":"large%d","photos":[%s]}`, i, strings.Join(photos, ","))); err != nil {
				return request{}, err
			}
		}
		return request{"GET", fmt.Sprintf("/Users?%scount=%d&filter=%s", parameters, n, url.QueryEscape(`userName sw "large"`)), ""}, nil
	}}
}

func writes() []heavy {
	return []heavy{
		{name: "PATCH of 10,000 operations that each search 10,000 e-mail addresses", prepare: func(s *server) (request, error) {
			id, err := s.create("/Users", fmt.Sprintf(`{"userName":"searched","emails":[%s]}`, emails(limitValues)))
			return request{"PATCH", "/Users/" + id, patchBody(repeat(limitOperations, `{"op":"remove","path":"emails[value eq \"x%d@example.com\"]"}`))}, err
		}},
		{name: "PATCH of 5,000 operations with filters of 33 comparisons never seen before", prepare: func(s *server) (request, error) {
			id, err := s.create("/Users", fmt.Sprintf(`{"userName":"filtered","emails":[%s]}`, emails(10)))
			return request{"PATCH", "/Users/" + id, patchBody(repeat(5000, `{"op":"remove","path":"emails[`+strings.Repeat(`value eq \"%d@x\" and type eq \"w\" or `, 16)+`value eq \"y%d\"]"}`))}, err
		}},
		{name: "PATCH of 10,000 operations on single values of a resource of 2 MiB", prepare: func(s *server) (request, error) {
			id, err := s.create("/Users", fmt.Sprintf(`{"userName":"edited","photos":[{"value":"https://example.com/%s"},{"value":"https://example.org/%[1]s"}]}`, strings.Repeat("p", 1<<20-1000)))
			return request{"PATCH", "/Users/" + id, patchBody(repeat(limitOperations, `{"op":"replace","path":"title","value":"%d"}`))}, err
		}},
		{name: "Bulk of 500 creations", request: request{"POST", "/Bulk", bulkBody()}},
		{name: "POST of 10,000 e-mail addresses, each with an index entry", request: request{"POST", "/Users", fmt.Sprintf(`{"userName":"addresses","emails":[%s]}`, emails(limitValues))}},
	}
}

// bodies are the largest bodies, which are refused after they were read.
func bodies() []heavy {
	post := func(path, body, element string) request { return request{"POST", path, fill(body, element)} }
	return []heavy{
		{name: "POST of 4 MiB, refused by `Limits.Resource`", request: post("/Users", `{"userName":"refused","x509Certificates":[%s]}`, `{"value":"`+strings.Repeat("0123456", 100)+`%d"}`)},
		{name: "POST of 4 MiB, refused by `Limits.Values`", request: post("/Users", `{"userName":"refused","emails":[%s]}`, `{"value":"%d@example.com","type":"work"}`)},
		{name: "the same with 120,000 e-mail addresses as plain strings", request: post("/Users", `{"userName":"refused","emails":[%s]}`, `"%d"`)},
		{name: "the same with 120,000 members, refused by `Limits.Members`", request: post("/Groups", `{"displayName":"refused","members":[%s]}`, `"%d"`)},
		{name: "PATCH that adds 120,000 members, refused by `Limits.Members`", prepare: func(s *server) (request, error) {
			id, err := s.create("/Groups", groupBody("refused", ""))
			r := post("/Groups", patchBody(`{"op":"add","path":"members","value":[%s]}`), `"%d"`)
			return request{"PATCH", "/Groups/" + id, r.body}, err
		}},
		{name: "PATCH that removes 120,000 members by value, refused by `Limits.Members`", prepare: func(s *server) (request, error) {
			id, err := s.create("/Groups", groupBody("refused", ""))
			r := post("/Groups", patchBody(`{"op":"remove","path":"members","value":[%s]}`), `"%d"`)
			return request{"PATCH", "/Groups/" + id, r.body}, err
		}},
		{name: "the same with members as objects", request: post("/Groups", `{"displayName":"refused","members":[%s]}`, `{"value":"%d","type":"User"}`)},
		{name: "POST of objects of 10,000 names that are ignored", request: request{"POST", "/Users", ignored()}},
	}
}

func groups(ids population) []heavy {
	name := "15,000 members"
	all := ids.members(0, limitMembers)
	others := ids.members(limitMembers, 2*limitMembers)
	return []heavy{
		{name: "POST of a group of " + name, request: request{"POST", "/Groups?attributes=id", groupBody("post", all)}},
		{name: "POST of a group of one member more, refused", request: request{"POST", "/Groups", groupBody("post", ids.members(0, limitMembers+1))}},
		existing("PUT of a group of "+name+", all of them new", "", func(id string) request {
			return request{"PUT", "/Groups/" + id + "?attributes=id", groupBody("put", all)}
		}),
		existing("PUT of a group of "+name+", all of them there", all, func(id string) request {
			return request{"PUT", "/Groups/" + id + "?attributes=id", groupBody("put", all)}
		}),
		existing("PUT of a group of "+name+" in place of as many others", others, func(id string) request {
			return request{"PUT", "/Groups/" + id + "?attributes=id", groupBody("put", all)}
		}),
		existing("PATCH that adds "+name, "", func(id string) request {
			return request{"PATCH", "/Groups/" + id, patchBody(`{"op":"add","path":"members","value":[` + all + `]}`)}
		}),
		existing("PATCH that removes "+name, all, func(id string) request {
			return request{"PATCH", "/Groups/" + id, patchBody(`{"op":"remove","path":"members","value":[` + all + `]}`)}
		}),
		existing("PATCH that removes "+name+" by a filter", all, func(id string) request {
			return request{"PATCH", "/Groups/" + id, patchBody(`{"op":"remove","path":"members[type eq \"User\"]"}`)}
		}),
		ids.large("PATCH that removes one of 100,000 members", func(id string) request {
			return request{"PATCH", "/Groups/" + id, patchBody(`{"op":"remove","path":"members[value eq \"` + ids.at(7) + `\"]"}`)}
		}),
		ids.large("PATCH that removes all of 100,000 members", func(id string) request {
			return request{"PATCH", "/Groups/" + id, patchBody(`{"op":"remove","path":"members"}`)}
		}),
		ids.large("PUT that keeps "+name+" of 100,000, every sixth", func(id string) request {
			var kept []string
			for n := 0; len(kept) < limitMembers; n += 6 {
				kept = append(kept, ids.members(n, n+1))
			}
			return request{"PUT", "/Groups/" + id + "?attributes=id", groupBody("large", strings.Join(kept, ","))}
		}),
		ids.large("DELETE of a group of 100,000 members", func(id string) request { return request{"DELETE", "/Groups/" + id, ""} }),
		ids.large("GET of a group of 100,000 members", func(id string) request { return request{"GET", "/Groups/" + id, ""} }),
	}
}

// existing is a request about a group of some members.
func existing(name, members string, about func(id string) request) heavy {
	return heavy{name: name, prepare: func(s *server) (request, error) {
		id, err := s.create("/Groups", groupBody("existing", members))
		return about(id), err
	}}
}

// large is a request about a group of 100,000 members.
func (p population) large(name string, about func(id string) request) heavy {
	return heavy{name: name, prepare: func(s *server) (request, error) {
		const part = 10_000
		id, err := s.create("/Groups", groupBody("large", ""))
		for n := 0; n < 100_000 && err == nil; n += part {
			err = s.want(http.StatusNoContent, request{"PATCH", "/Groups/" + id, patchBody(`{"op":"add","path":"members","value":[` + p.members(n, n+part) + `]}`)})
		}
		return about(id), err
	}}
}

// userBody is a small user.
func userBody(n int) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"user.%06d@example.com","externalId":"00u%06[1]d","active":true,`+
		`"nickName":"nick %06[1]d","name":{"givenName":"Ursula","familyName":"Number %[1]d"},"emails":[{"value":"user.%06[1]d@example.com","type":"work"}]}`, n)
}

func groupBody(name, members string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":%q,"members":[%s]}`, name, members)
}

func patchBody(operations string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + operations + `]}`
}

// population are the ids of the users in the database.
type population []string

// at is the id of a user, or after the last one an id that no resource has.
func (p population) at(n int) string {
	if n < len(p) {
		return p[n]
	}
	return fmt.Sprintf("%08x-0000-4000-8000-%012d", uint32(n)*2654435761, n) // in no order, like ids of users
}

// members are elements of a members attribute.
func (p population) members(from, to int) string {
	list := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		list = append(list, `{"value":"`+p.at(i)+`"}`)
	}
	return strings.Join(list, ",")
}

// bulkBody creates as many users as one bulk request may.
func bulkBody() string {
	ops := make([]string, limitBulk)
	for i := range ops {
		ops[i] = fmt.Sprintf(`{"method":"POST","path":"/Users","bulkId":"%d","data":%s}`, i, userBody(2_000_000+i))
	}
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[` + strings.Join(ops, ",") + `]}`
}

func emails(n int) string { return repeat(n, `{"value":"%d@example.com"}`) }

// repeat is a list of n elements, each with its number.
func repeat(n int, element string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = strings.ReplaceAll(element, "%d", fmt.Sprint(i))
	}
	return strings.Join(list, ",")
}

// ignored is a body of objects with as many names as they may have.
func ignored() string {
	names := "{" + repeat(10_000, `"%d":0`) + "}"
	return `{"userName":"ignored"` + strings.ReplaceAll(","+repeat((limitBody-100)/(len(names)+7), `"x%d":@`), "@", names) + "}"
}

// fill is a body with as many elements of an array as it may have.
func fill(body, element string) string {
	size := len(element) + 1
	if strings.Contains(element, "%d") {
		size += 4 // up to six digits in place of the verb
	}
	return fmt.Sprintf(body, repeat(min((limitBody-len(body))/size, limitElements-2), element))
}
