package scimtest

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// filled returns the attributes of users that always have a value.
func (a *App) filled() []string {
	if a == nil {
		return nil
	}
	if a.TwoStateActive {
		return append(slices.Clone(a.Filled), "active")
	}
	return a.Filled
}

// fills reports whether an attribute of users, or a part of it, always has a value.
func (a *App) fills(path string) bool {
	for _, f := range a.filled() {
		if strings.EqualFold(f, path) || strings.HasPrefix(f, path+".") {
			return true
		}
	}
	return false
}

// word is an attribute in a filter, or another word.
var word = regexp.MustCompile(`[A-Za-z$][A-Za-z0-9.$:]*`)

// mentions reports whether a filter has an attribute that always has a value, so
// that it selects other users than without the application's values.
func (a *App) mentions(filter string) bool {
	for _, w := range word.FindAllString(filter, -1) {
		if i := strings.LastIndexByte(w, ':'); strings.EqualFold(w[:max(i, 0)], schema.UserURI) {
			w = w[i+1:]
		}
		if a.fills(w) {
			return true
		}
	}
	return false
}

func (a *App) membersAreUsers() bool { return a != nil && a.MembersAreUsers }

// aMember returns an id that can be that of a member: the given one, or if the
// application wants users, that of a new one.
func (c *Client) aMember(id string) string {
	c.t.Helper()
	if c.app.membersAreUsers() {
		return ID(c.anyUser())
	}
	return id
}

// removals returns the operations that remove attributes, without those that always
// have a value.
func (c *Client) removals(paths ...string) []string {
	var ops []string
	for _, p := range paths {
		if !c.app.fills(p) {
			ops = append(ops, remove(p))
		}
	}
	return ops
}

// filledMembers returns the members of a user's body that the application fills.
func (r *Reply) filledMembers() []string {
	roots := map[string]any{}
	for _, path := range r.app.filled() {
		root, sub, complex := strings.Cut(path, ".")
		if !complex {
			roots[root] = r.Value(root)
			continue
		}
		if roots[root] == nil {
			roots[root] = map[string]any{}
		}
		roots[root].(map[string]any)[sub] = r.Value(path)
	}
	var members []string
	for root, value := range roots {
		text, _ := json.Marshal(value)
		members = append(members, quote(root)+":"+string(text))
	}
	return members
}

// mayHave reports whether the application fills the attribute of the body of a
// user, and the query does not leave it out.
func (r *Reply) mayHave(name string) bool {
	_, ok := r.userAttribute(name)
	return ok && r.app.fills(name) && !r.selected()
}

// selected reports whether the request selects attributes.
func (r *Reply) selected() bool {
	return strings.Contains(r.line, "?attributes=") || strings.Contains(r.line, "&attributes=") || strings.Contains(r.line, `"attributes":`)
}

// withoutFilled returns the value at a path of the body. Of a user's complex value
// it leaves out the parts that the application fills and that want, a JSON, has not.
// It reports whether the application fills the attribute.
func (r *Reply) withoutFilled(path, want string) (value any, filled bool) {
	value = r.Value(path)
	attribute, ok := r.userAttribute(path)
	if !ok || r.selected() || !r.app.fills(attribute) {
		return value, false
	}
	if want == "" && strings.Contains(r.line, "excludedAttributes") {
		return value, value != nil // excluded as a whole, or in part
	}
	got, isObject := value.(map[string]any)
	if !isObject || want == "" {
		return value, true
	}
	var expected map[string]any
	if json.Unmarshal([]byte(want), &expected) != nil {
		return value, true
	}
	got = maps.Clone(got)
	for _, f := range r.app.filled() {
		if sub, ok := strings.CutPrefix(f, attribute+"."); ok && expected[sub] == nil {
			delete(got, sub)
		}
	}
	return got, true
}

// userAttribute returns the attribute that a path of the body leads to, without the
// resource; false if the resource is not a user.
func (r *Reply) userAttribute(path string) (string, bool) {
	resource := ""
	if strings.HasPrefix(path, "Resources[") {
		i := strings.IndexByte(path, ']') + 1
		resource, path = path[:i]+".", strings.TrimPrefix(path[i:], ".")
	}
	schemas, _ := r.Value(resource + "schemas").([]any)
	return path, slices.Contains(schemas, any(schema.UserURI))
}
