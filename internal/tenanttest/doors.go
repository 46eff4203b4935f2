package tenanttest

import (
	"net/url"
	"strings"

	"github.com/seed5f3efb56/scim/scimtest"
)

// door is a way to name what another tenant has.
type door struct {
	name    string
	request func(p *person) (method, path, body string)
	writes  bool // if it were open
}

// get is a GET of a path.
func get(name string, path func(p *person) string) door {
	return door{name: name, request: func(p *person) (string, string, string) { return "GET", path(p), "" }}
}

// write is a request with a body.
func write(name, method string, path, body func(p *person) string) door {
	return door{name, func(p *person) (string, string, string) { return method, path(p), body(p) }, true}
}

// search is a POST that writes nothing.
func search(name string, path, body func(p *person) string) door {
	d := write(name, "POST", path, body)
	d.writes = false
	return d
}

func toUser(p *person) string  { return "/Users/" + p.User }
func toGroup(p *person) string { return "/Groups/" + p.Group }

func to(path string) func(*person) string { return func(*person) string { return path } }

func patching(op string, value func(p *person) string) func(p *person) string {
	return func(p *person) string { return scimtest.PatchOp(strings.ReplaceAll(op, "VALUE", value(p))) }
}

// filters select what another tenant has. USER and so on are its ids and names.
var filters = []struct{ name, path, filter string }{
	{"userName", "/Users", `userName eq "NAME"`},
	{"the start of a userName", "/Users", `userName sw "NAME"`},
	{"externalId", "/Users", `externalId eq "EXTERNAL"`},
	{"id", "/Users", `id eq "USER"`},
	{"e-mail address", "/Users", `emails[type eq "work"].value eq "NAME"`},
	{"a negation", "/Users", `not (userName eq "NAME")`},
	{"an attribute without an index", "/Users", `title pr and userName eq "NAME"`},
	{"groups of a user", "/Users", `groups.value eq "GROUP"`},
	{"displayName of a group", "/Groups", `displayName eq "TEAM"`},
	{"a member", "/Groups", `members.value eq "USER"`},
	{"members by a value path", "/Groups", `members[value eq "USER"]`},
	{"every type", "/", `id eq "USER" or id eq "GROUP"`},
}

func (p *person) fill(text string) string {
	return strings.NewReplacer("NAME", p.Name, "EXTERNAL", p.ExternalID, "USER", p.User, "GROUP", p.Group, "TEAM", p.Team).Replace(text)
}

// bulk are operations in one request.
var bulk = []struct{ name, operations string }{
	{"PUT", `{"method":"PUT","path":"/Users/USER","data":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"x@example.com"}}`},
	{"PATCH", `{"method":"PATCH","path":"/Users/USER","data":{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}}`},
	{"DELETE", `{"method":"DELETE","path":"/Users/USER"},{"method":"DELETE","path":"/Groups/GROUP"}`},
	{"a member", `{"method":"POST","bulkId":"b","path":"/Groups","data":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"bulk","members":[{"value":"USER"}]}}`},
	{"a name", `{"method":"POST","bulkId":"b","path":"/Users","data":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"NAME"}}`},
}

var doors = func() []door {
	all := []door{
		get("GET of a user", toUser),
		get("GET of a group", toGroup),
		get("GET of a user as a group", func(p *person) string { return "/Groups/" + p.User }),
		get("GET with attributes", func(p *person) string { return toUser(p) + "?attributes=userName,groups" }),
		write("PUT of a user", "PUT", toUser, func(*person) string { return scimtest.User("x@example.com") }),
		write("PUT of a group", "PUT", toGroup, func(*person) string { return scimtest.Group("x") }),
		write("PATCH of a user", "PATCH", toUser, patching(`{"op":"replace","path":"active","value":false}`, toUser)),
		write("PATCH of a group", "PATCH", toGroup, patching(`{"op":"remove","path":"members"}`, toUser)),
		write("DELETE of a user", "DELETE", toUser, to("")),
		write("DELETE of a group", "DELETE", toGroup, to("")),
		write("POST of its userName", "POST", to("/Users"), func(p *person) string { return scimtest.User(p.Name, `"externalId":"`+p.ExternalID+`"`) }),
		write("POST of its group", "POST", to("/Groups"), func(p *person) string { return scimtest.Group(p.Team) }),
		write("POST of its id", "POST", to("/Users"), func(p *person) string { return scimtest.User("new@example.com", `"id":"`+p.User+`"`) }),
		write("POST with it as member", "POST", to("/Groups?attributes=displayName,members.display"), func(p *person) string {
			return scimtest.Group("with a member", `"members":[{"value":"`+p.User+`"},{"value":"`+p.Group+`"}]`)
		}),
		get("list of users", to("/Users")),
		get("list of users, sorted", to("/Users?sortBy=title&sortOrder=descending")),
		get("list of groups", to("/Groups")),
		get("list of everything", to("/")),
		get("count of users", to("/Users?count=0")),
		get("page beyond its own", to("/Users?startIndex=3&count=10")),
		get("cursor", func(p *person) string { return "/Users?cursor=" + url.QueryEscape(p.Cursor) + "&count=1" }),
		get("cursor of another list", func(p *person) string { return "/Groups?cursor=" + url.QueryEscape(p.Cursor) + "&count=1" }),
		get("/Me", to("/Me")),
		write("PATCH of /Me", "PATCH", to("/Me"), patching(`{"op":"remove","path":"members[value eq \"VALUE\"]"}`, func(p *person) string { return p.User })),
		get("a path with its name", func(p *person) string { return "/Users/" + url.PathEscape(p.Name) }),
	}
	for _, f := range filters {
		all = append(all,
			get("filter: "+f.name, func(p *person) string { return f.path + "?filter=" + url.QueryEscape(p.fill(f.filter)) }),
			search(".search: "+f.name, to(strings.TrimSuffix(f.path, "/")+"/.search"), func(p *person) string {
				return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"` + strings.ReplaceAll(p.fill(f.filter), `"`, `\"`) + `"}`
			}))
	}
	for _, b := range bulk {
		all = append(all, write("Bulk: "+b.name, "POST", to("/Bulk"), func(p *person) string {
			return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[` + p.fill(b.operations) + `]}`
		}))
	}
	return all
}()
