package scimtest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
)

const entURI = schema.EnterpriseUserURI

// A write in a form that only the default client may send: the expected user, which
// had the attributes of leniencyUser. The strict client is refused.
type leniency struct {
	name, method, body string
	has                []string // nil: the default client is refused too
}

const leniencyUser = `"active":true,"title":"Guide","name":{"givenName":"G","familyName":"F"},` +
	`"emails":[{"value":"w@x.example","type":"work","primary":true},{"value":"h@x.example","type":"home"}],` +
	`"` + entURI + `":{"department":"D","costCenter":"C","manager":{"value":"m"}}`

const op = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`

var leniencies = []leniency{
	// A deactivation that is named by a URI.
	{"own URI as a container", "PATCH", op + `{"op":"replace","value":{"` + schema.UserURI + `":{"active":false}}}]}`, []string{"active", "false"}},
	{"own URI as a path", "PATCH", op + `{"op":"replace","path":"` + schema.UserURI + `","value":{"active":"False"}}]}`, []string{"active", "false"}},
	{"own URI in a PUT", "PUT", `{"schemas":["` + schema.UserURI + `"],"userName":"u","` + schema.UserURI + `":{"active":false}}`, []string{"active", "false"}},
	{"qualified name in a PUT", "PUT", `{"schemas":["` + schema.UserURI + `"],"userName":"u","` + strings.ToUpper(schema.UserURI) + `:Active":false}`, []string{"active", "false"}},
	{"qualified extension name in a PUT", "PUT", `{"schemas":["` + schema.UserURI + `"],"userName":"u","` + entURI + `:department":"x"}`, []string{"['" + entURI + "'].department", `"x"`}},
	{"enterprise URI as a container", "PATCH", op + `{"op":"replace","value":{"` + entURI + `":{"active":false}}}]}`, nil},
	{"enterprise URI in a PUT", "PUT", `{"schemas":["` + schema.UserURI + `"],"userName":"u","` + entURI + `":{"active":false}}`, nil},
	{"unknown URI in a PUT", "PUT", `{"schemas":["` + schema.UserURI + `"],"userName":"u","urn:acme:2.0:User":{"active":"false"}}`, nil},
	{"unknown URI in a PATCH", "PATCH", op + `{"op":"replace","value":{"urn:acme:2.0:User:active":false}}]}`, nil},
	{"unknown extension in a path", "PATCH", op + `{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:acme:2.0:User.active","value":"False"}]}`, nil},
	{"enterprise attribute in a path", "PATCH", op + `{"op":"replace","path":"` + entURI + `:active","value":false}]}`, nil},
	{"beside the operations", "PATCH", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"active":false,"Operations":[{"op":"add","path":"title","value":"x"}]}`, nil},
	{"instead of operations", "PATCH", `{"schemas":["` + schema.UserURI + `"],"active":false}`, nil},
	{"obeyed by another operation", "PATCH", op + `{"op":"replace","path":"` + entURI + `:active","value":false},{"op":"replace","path":"active","value":false}]}`, []string{"active", "false"}},
	{"an empty string for active", "PATCH", op + `{"op":"replace","path":"active","value":""}]}`, nil},
	{"unknown attribute of a known extension", "PATCH", op + `{"op":"replace","path":"` + entURI + `:jobLevel","value":"L5"},{"op":"replace","path":"active","value":false}]}`, []string{"active", "false"}},

	// A remove with a value.
	{"remove of one address", "PATCH", op + `{"op":"remove","path":"emails.value","value":"h@x.example"}]}`, []string{"emails[0].value", `"w@x.example"`, "emails[1]", `{"type":"home"}`}},
	{"remove of another title", "PATCH", op + `{"op":"remove","path":"title","value":"x"},{"op":"remove","path":"` + entURI + `:manager","value":"x"}]}`, []string{"title", `"Guide"`, "['" + entURI + "'].manager.value", `"m"`}},
	{"remove of sub-attributes", "PATCH", op + `{"op":"remove","path":"name","value":{"givenName":"G"}}]}`, []string{"name", `{"familyName":"F"}`}},
	{"remove of selected values", "PATCH", op + `{"op":"remove","path":"emails[type pr]","value":[{"value":"w@x.example"}]}]}`, []string{"emails", `[{"value":"h@x.example","type":"home"}]`}},
	{"remove of attributes of an extension", "PATCH", op + `{"op":"remove","path":"` + entURI + `","value":{"department":"D"}}]}`, []string{"['" + entURI + "'].department", "", "['" + entURI + "'].costCenter", `"C"`, "['" + entURI + "'].manager.value", `"m"`}},

	// Other forms of values.
	{"numbers for strings", "PATCH", op + `{"op":"replace","path":"active","value":false},{"op":"replace","path":"` + entURI + `:employeeNumber","value":701984}]}`, []string{"active", "false", "['" + entURI + "'].employeeNumber", `"701984"`}},
	{"words for elements", "PUT", `{"schemas":["` + schema.UserURI + `"],"userName":"u","roles":["admin","auditor"]}`, []string{"roles", `[{"value":"admin"},{"value":"auditor"}]`}},
	{"one word for a list", "PATCH", op + `{"op":"add","path":"roles","value":"admin"}]}`, []string{"roles", `[{"value":"admin"}]`}},
	{"a string on a value path", "PATCH", op + `{"op":"replace","path":"emails[type eq \"work\"]","value":"n@x.example"}]}`, []string{"emails[0]", `{"value":"n@x.example","type":"work","primary":true}`}},
	{"JSON text on a value path", "PATCH", op + `{"op":"replace","path":"emails[type eq \"home\"]","value":"{\"value\":\"n@x.example\"}"}]}`, []string{"emails[1].value", `"n@x.example"`, "emails.#", "2"}},
	{"JSON text of the resource", "PATCH", op + `{"op":"replace","value":"{\"active\":false}"}]}`, []string{"active", "false"}},
	{"JSON text of an element", "PUT", `{"schemas":["` + schema.UserURI + `"],"userName":"u","emails":["{\"value\":\"n@x.example\"}"]}`, []string{"emails", `[{"value":"n@x.example"}]`}},
	{"a list of one without a path", "PATCH", op + `{"op":"replace","value":[{"active":false}]}]}`, []string{"active", "false"}},
	{"a dot after the URI", "PATCH", op + `{"op":"replace","path":"` + entURI + `.department","value":"x"}]}`, []string{"['" + entURI + "'].department", `"x"`}},
	{"a dot after the URI, as a name", "PATCH", op + `{"op":"replace","value":{"` + schema.UserURI + `.active":false}}]}`, []string{"active", "false"}},
	{"any text for a certificate", "PUT", `{"schemas":["` + schema.UserURI + `"],"userName":"u","x509Certificates":[{"value":"some words!"}]}`, []string{"x509Certificates[0].value", `"some words!"`}},

	// Messages.
	{"PATCH without schemas", "PATCH", `{"Operations":[{"op":"replace","path":"active","value":false}]}`, []string{"active", "false"}},
	{"PATCH with the schemas of the resource", "PATCH", `{"schemas":["` + schema.UserURI + `"],"Operations":[{"op":"replace","path":"active","value":false}]}`, []string{"active", "false"}},
	{"PATCH with empty schemas", "PATCH", `{"schemas":[],"Operations":[{"op":"replace","path":"active","value":false}]}`, []string{"active", "false"}},
	{"PATCH of another type", "PATCH", `{"schemas":["` + schema.GroupURI + `"],"Operations":[{"op":"replace","path":"active","value":false}]}`, nil},
	{"another message", "PATCH", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"op":"replace","path":"active","value":false}]}`, nil},
	{"no operations", "PATCH", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`, []string{"active", "true", "title", `"Guide"`}},
	{"empty operations", "PATCH", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[]}`, []string{"active", "true"}},
	{"one operation that is no list", "PATCH", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":{"op":"replace","path":"active","value":false}}`, []string{"active", "false"}},
	{"attributes instead of operations", "PATCH", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"title":"x"}`, nil},
	{"PUT with schemas as a string", "PUT", `{"schemas":"` + schema.UserURI + `","userName":"u","title":"x"}`, []string{"title", `"x"`}},
	{"PUT without schemas", "PUT", `{"userName":"u","title":"x"}`, []string{"title", `"x"`}},
	{"PUT of another type", "PUT", `{"schemas":["` + schema.GroupURI + `"],"userName":"u"}`, nil},
}

func TestLeniencies(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	for i, l := range leniencies {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			c := s.lenient(t)
			name := strings.Repeat("u", i+1)
			path := c.NewUser(name, leniencyUser)
			before := c.Get(path).Text
			body := strings.ReplaceAll(l.body, `"userName":"u"`, `"userName":"`+name+`"`)
			s.strict(t).Do(l.method, path, body).Is(400)
			require.Equal(t, before, c.Get(path).Text)
			if l.has == nil {
				c.Do(l.method, path, body).Is(400)
				require.Equal(t, before, c.Get(path).Text)
				return
			}
			c.Do(l.method, path, body).Is(200)
			c.Get(path).Has(l.has...)
		})
	}
}

// An operation without effect does not change the version.
func TestNoOperationsChangeNothing(t *testing.T) {
	t.Parallel()
	c := serve(t, nil).lenient(t)
	path := c.NewUser("u", `"title":"t"`)
	etag := c.Get(path).Header.Get("ETag")
	for _, body := range []string{`{}`, `{"Operations":[]}`, `{"schemas":null,"Operations":null}`} {
		c.Do("PATCH", path, body).Is(200)
		require.Equal(t, etag, c.Get(path).Header.Get("ETag"))
		c.Do("PATCH", path, body, `If-Match: W/"none"`).Fails(412, "")
	}
	c.Do("PATCH", "/Users/none", `{}`).Fails(404, "")
}

func TestLenientQueries(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	c, strict := s.lenient(t), s.strict(t)
	c.NewUser("bjensen", leniencyUser)
	c.NewUser("other")
	for query, total := range map[string]int{
		"filter=userName+eq+bjensen": 1, `filter=userName+eq+"bjensen"&count=&startIndex=`: 1, "filter=": 2,
		"filter=" + entURI + `.department+eq+"d"`: 1, "filter=userName+eq+5": 0,
	} {
		target := "/Users?" + strings.ReplaceAll(query, `"`, "%22")
		c.Get(target).Is(200).Total(total)
		strict.Get(target).Is(400)
	}
	search := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],`
	for body, total := range map[string]int{
		search + `"filter":"userName eq \"bjensen\"","count":"1","startIndex":"1"}`: 1, search + `"attributes":"userName,name"}`: 2,
		search + `"filter":"","count":""}`: 2, `{"filter":"userName eq \"bjensen\""}`: 1, `{"schemas":"urn:x:y"}`: 2,
	} {
		c.Post("/Users/.search", body).Is(200).Total(total)
		strict.Post("/Users/.search", body).Is(400)
	}
	c.Post("/Users/.search", search+`"attributes":"userName,name"}`).Has("Resources[0].title", "", "Resources[0].name.familyName", `"F"`)
	c.Post("/Users/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`).Fails(400, "invalidSyntax")
	c.Get("/Users?count=ten").Fails(400, "invalidValue")
}

// Elements of members without a value are dropped; a remove with null instead of a
// list of members removes none.
func TestMembersThatNameNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	c := s.lenient(t)
	a, b := c.NewUser("a"), c.NewUser("b")
	members := func(element string) string { return `"members":[{"value":"` + scimtest.ID(a) + `"},` + element + `]` }
	for _, element := range []string{`null`, `{}`, `{"value":""}`, `{"value":null}`, `{"value":"","display":""}`} {
		group := c.NewGroup("g", members(element))
		c.Get(group).Has("members.#", "1")
		c.Put(group, scimtest.Group("g", members(element))).Is(200).Has("members.#", "1")
		c.Patch(group, `{"op":"add","path":"members","value":[{"value":"`+scimtest.ID(b)+`"},`+element+`]}`).Is(204)
		c.Patch(group, `{"op":"remove","path":"members","value":null}`).Is(204)
		c.Patch(group, `{"op":"remove","path":"members","value":[`+element+`]}`).Is(204)
		c.Get(group).Has("members.#", "2")
		s.strict(t).Post("/Groups", scimtest.Group("h", members(element))).Fails(400, "invalidValue")
		s.strict(t).Patch(group, `{"op":"add","path":"members","value":[`+element+`]}`).Fails(400, "invalidValue")
		c.Delete(group).Is(204)
	}
	c.Post("/Groups", scimtest.Group("words", `"members":["`+scimtest.ID(a)+`"]`)).Is(201).Has("members[0].value", `"`+scimtest.ID(a)+`"`, "members[0].type", `"User"`)
	c.Post("/Groups", scimtest.Group("nobody", `"members":[{"display":"A"}]`)).Fails(400, "invalidValue")
}
