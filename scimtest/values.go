package scimtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// Schema URIs, short for use in cases.
const (
	user = schema.UserURI
	grp  = schema.GroupURI
	ent  = schema.EnterpriseUserURI
)

// enterprise returns the member of a user that holds enterprise attributes.
func enterprise(members ...string) string {
	return quote(ent) + ":{" + strings.Join(members, ",") + "}"
}

// schemas returns a schemas member.
func schemas(uris ...string) string {
	text, _ := json.Marshal(uris)
	return `"schemas":` + string(text)
}

// enterprisePath returns a path of [Reply.Value] into the enterprise extension.
func enterprisePath(path string) string { return "['" + ent + "']." + path }

// Keys returns the member names of the object at a path, sorted.
func (r *Reply) Keys(path string) []string {
	r.t.Helper()
	o, ok := r.Value(path).(map[string]any)
	require.True(r.t, ok, "%s: no object at %q: %s", r.line, path, r.Text)
	return slices.Sorted(maps.Keys(o))
}

// Only demands that the body has the members and no others, beside what [App]
// declares to have a value always.
func (r *Reply) Only(names ...string) *Reply {
	r.t.Helper()
	got := slices.DeleteFunc(r.Keys(""), func(name string) bool {
		return !slices.Contains(names, name) && r.mayHave(name)
	})
	require.Equal(r.t, slices.Sorted(slices.Values(names)), got, r.line)
	return r
}

// Time returns the dateTime at a path and demands that there is one.
func (r *Reply) Time(path string) time.Time {
	r.t.Helper()
	at, err := time.Parse(time.RFC3339Nano, r.String(path))
	require.NoError(r.t, err, "%s: %s: %s", r.line, path, r.Text)
	return at
}

// memberIDs returns the ids of a group's members, in the order of the response.
// Any order is valid.
func (r *Reply) memberIDs() []string {
	r.t.Helper()
	list, _ := r.Value("members").([]any)
	var ids []string
	for i := range list {
		ids = append(ids, r.String(fmt.Sprintf("members[%d].value", i)))
	}
	return ids
}

// member returns the path in the body of the group's member that a path of a
// resource or an id names, and demands that there is one.
func (r *Reply) member(path string) string {
	r.t.Helper()
	i := slices.Index(r.memberIDs(), ID(path))
	require.GreaterOrEqual(r.t, i, 0, "%s: %s is not a member: %s", r.line, path, r.Text)
	return fmt.Sprintf("members[%d]", i)
}

// Total demands a list response of n results.
func (r *Reply) Total(n int) *Reply {
	r.t.Helper()
	r.Is(200)
	want, _ := json.Marshal(n)
	return r.Has("schemas", `["urn:ietf:params:scim:api:messages:2.0:ListResponse"]`, "totalResults", string(want))
}

// Filter queries a path, which may have a query already, with a filter.
func (c *Client) Filter(path, filter string) *Reply {
	c.t.Helper()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return c.Get(path + separator + "filter=" + Query(filter))
}

// Search returns the JSON of a SearchRequest (RFC 7644 §3.4.3).
func Search(members ...string) string {
	return "{" + strings.Join(append([]string{schemas("urn:ietf:params:scim:api:messages:2.0:SearchRequest")}, members...), ",") + "}"
}

// refuses demands that POST and PUT of a user with these members fail with the
// scimType and change nothing.
func (c *Client) refuses(scimType string, members ...string) {
	c.t.Helper()
	path := c.NewUser("kept", `"title":"before"`)
	before := c.Get(path).Is(200).Text
	c.Post("/Users", User("refused", members...)).Fails(400, scimType)
	c.Put(path, User("kept", members...)).Fails(400, scimType)
	require.Equal(c.t, before, c.Get(path).Is(200).Text)
	c.Filter("/Users", `userName eq "refused"`).Total(0)
	c.forget(path)
}

// forget takes the name and the attributes from a user. It does not delete the user:
// a case that deletes hundreds of users meets the brake of the application.
func (c *Client) forget(path string) {
	c.t.Helper()
	c.Put(path, User(ID(path))).Is(200)
}

// keeps demands that POST and PUT of a user with these members succeed and that
// the user then has the pairs.
func (c *Client) keeps(members []string, pairs ...string) {
	c.t.Helper()
	made := c.Post("/Users", User("made", members...)).Is(201).Has(pairs...)
	require.JSONEq(c.t, made.Text, c.Get("/Users/"+made.String("id")).Is(200).Text)
	c.forget("/Users/" + made.String("id"))
	path := c.NewUser("replaced")
	c.Put(path, User("replaced", members...)).Is(200).Has(pairs...)
	c.Get(path).Is(200).Has(pairs...)
	c.forget(path)
}
