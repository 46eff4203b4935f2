// Package ownertest proves scim.OwnResources and scim.Policy.Adopt over HTTP on the
// stores of a database, for the tests of stores that are in several modules.
package ownertest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// Fixture has stores of a database whose types of users and groups have an owner.
type Fixture struct {
	Users, Groups store.Store
	Tx            store.Transactor
	// Revives says that Users is a store.Reviver that keeps deleted users.
	Revives bool
}

// Run proves the rules, each in a tenant of its own.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	for name, prove := range map[string]func(*world){
		"others do not exist":       othersDoNotExist,
		"lists have only own":       listsHaveOnlyOwn,
		"operations of bulk":        bulkOperations,
		"taken names":               takenNames,
		"owner is hidden":           ownerIsHidden,
		"tokens of one connection":  tokensOfOneConnection,
		"members to add":            membersToAdd,
		"members of the host stay":  hostMembersStay,
		"members in queries":        membersInQueries,
		"groups of a user":          groupsOfUser,
		"shared groups":             sharedGroups,
		"inactive twins":            inactiveTwins,
		"deleted twins":             deletedTwins,
		"adoption":                  adoption,
		"adoption refused":          adoptionRefused,
		"adoption of a leaver":      adoptionOfLeaver,
		"adoption by a second":      adoptionBySecond,
		"deactivation and deletion": deactivationAndDeletion,
		"me":                        me,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{T: t, f: open(t)}
			w.start(nil)
			prove(w)
		})
	}
}

// world is a handler with four clients in one tenant: the connections okta, by two
// tokens, and entra, and app, to which every resource exists and whose resources
// have no owner: they are local.
type world struct {
	*testing.T
	f Fixture

	okta, rotated, entra, app, strict *scimtest.Client

	mu     sync.Mutex
	events []string
	audit  []scim.AuditRecord
}

// start makes the handler; adjust completes the configuration.
func (w *world) start(adjust func(c *scim.Config)) {
	token := func(id, connection, policy string) store.Token {
		t := scim.HashToken(id, id)
		t.Connection, t.Policy, t.Tenant = connection, policy, w.Name()
		return t
	}
	strict := token("strict", "okta", "")
	strict.Client = "strict"
	c := scim.Config{
		BaseURL: scimtest.BaseURL, Logger: slog.New(slog.DiscardHandler), Tx: w.f.Tx,
		Auth: scim.BearerTokens(token("okta1", "okta", ""), token("okta2", "okta", ""), token("entra", "entra", ""), strict, token("app", "", "all")),
		Endpoints: []scim.Endpoint{
			w.endpoint(scim.Users(w.f.Users)), w.endpoint(scim.Groups(w.f.Groups)),
		},
		Hooks: scim.Hooks{Before: w.note},
		Audit: func(_ context.Context, rec scim.AuditRecord) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.audit = append(w.audit, rec)
		},
	}
	if adjust != nil {
		adjust(&c)
	}
	h, err := scim.New(c)
	require.NoError(w, err)
	client := func(token string) *scimtest.Client { return scimtest.NewClient(w.T, h, token) }
	w.okta, w.rotated, w.entra, w.app, w.strict = client("okta1"), client("okta2"), client("entra"), client("app"), client("strict")
}

func (w *world) endpoint(e scim.Endpoint) scim.Endpoint {
	e.Policy = scim.Policy{Ownership: scim.OwnResources}
	e.Policies = map[string]scim.Policy{"all": {}}
	return e
}

// adopting restarts the handler with a function that decides about adoptions.
func (w *world) adopting(adopt func(ctx context.Context, a scim.Adoption) (bool, error)) {
	w.start(func(c *scim.Config) { c.Endpoints[0].Policy.Adopt = adopt })
}

func (w *world) note(_ context.Context, e *event.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, string(e.Kind)+" by "+string(e.Cause))
	return nil
}

// heard returns the events since it was last called.
func (w *world) heard() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	heard := w.events
	w.events = nil
	return heard
}

func (w *world) lastAudit() scim.AuditRecord {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.audit[len(w.audit)-1]
}

func id(path string) string { return scimtest.ID(path) }

func member(paths ...string) string {
	text := `"members":[`
	for i, p := range paths {
		if i > 0 {
			text += ","
		}
		text += `{"value":"` + id(p) + `"}`
	}
	return text + "]"
}

// members returns the ids of the members of a group as a client sees them.
func members(c *scimtest.Client, group string) []string {
	ids := []string{}
	list, _ := c.Get(group).Is(200).Value("members").([]any)
	for _, m := range list {
		ids = append(ids, m.(map[string]any)["value"].(string))
	}
	return ids
}

func ids(paths ...string) []string {
	out := []string{}
	for _, p := range paths {
		out = append(out, id(p))
	}
	return out
}

// body returns the body of a PUT to a user or a group.
func body(path string, attributes ...string) string {
	if strings.HasPrefix(path, "/Users/") {
		return scimtest.User("mine", attributes...)
	}
	return scimtest.Group("mine", attributes...)
}

func othersDoNotExist(w *world) {
	for name, owner := range map[string]*scimtest.Client{"local": w.app, "other": w.entra} {
		user := owner.NewUser(name)
		group := owner.NewGroup("team", member(user))
		before := [2]string{w.app.Get(user).Is(200).Text, w.app.Get(group).Is(200).Text}
		for _, path := range []string{user, group} {
			w.okta.Get(path).Fails(404, "")
			w.okta.Put(path, body(path)).Fails(404, "")
			w.okta.Put(path, body(path), `If-Match: W/"wrong"`).Fails(404, "")
			w.okta.Patch(path, `{"op":"replace","path":"displayName","value":"mine"}`).Fails(404, "")
			w.okta.Patch(path, `{"op":"remove","path":"externalId"}`).Fails(404, "")
			w.okta.Delete(path).Fails(404, "")
			w.okta.Delete(path, `If-Match: W/"wrong"`).Fails(404, "")
		}
		w.okta.Patch(user, `{"op":"replace","path":"active","value":false}`).Fails(404, "")
		w.okta.Patch(group, `{"op":"remove","path":"members"}`).Fails(404, "")
		require.Equal(w, before, [2]string{w.app.Get(user).Is(200).Text, w.app.Get(group).Is(200).Text})
	}
}

// An operation of a bulk request is answered as a request of its own: resources of
// others do not exist for it, and what it creates belongs to the connection.
func bulkOperations(w *world) {
	for name, owner := range map[string]*scimtest.Client{"local": w.app, "other": w.entra} {
		user := owner.NewUser(name)
		group := owner.NewGroup("team", member(user))
		before := [2]string{w.app.Get(user).Is(200).Text, w.app.Get(group).Is(200).Text}
		n := 0
		op := func(method, path, data string) string {
			n++
			return fmt.Sprintf(`{"method":%q,"bulkId":"%d","path":%q,"data":%s}`, method, n, path, data)
		}
		patch := scimtest.PatchOp(`{"op":"replace","path":"displayName","value":"mine"}`)
		r := w.okta.Post("/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+strings.Join([]string{
			op("PUT", user, body(user)), op("PATCH", user, patch), op("DELETE", user, `{}`),
			op("PUT", group, body(group)), op("PATCH", group, patch), op("DELETE", group, `{}`),
			op("POST", "/Users", scimtest.User(name)), op("POST", "/Users", scimtest.User("new-"+name)),
			op("POST", "/Groups", scimtest.Group("new-"+name, `"members":[{"value":"bulkId:8"},{"value":"`+id(user)+`"}]`)),
		}, ",")+`]}`).Is(200)
		for i, status := range []string{"404", "404", "404", "404", "404", "404", "409", "201", "201"} {
			r.Has(fmt.Sprintf("Operations[%d].status", i), `"`+status+`"`)
		}
		require.Equal(w, "okta", w.lastAudit().Connection)
		require.Equal(w, before, [2]string{w.app.Get(user).Is(200).Text, w.app.Get(group).Is(200).Text})
		made := "/Groups/" + id(r.String("Operations[8].location"))
		require.Equal(w, ids(r.String("Operations[7].location")), members(w.app, made))
		w.entra.Get(made).Fails(404, "")
	}
}

func listsHaveOnlyOwn(w *world) {
	var mine []string
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		w.app.NewUser("local-"+name, `"title":"t"`)
		w.entra.NewUser("entra-"+name, `"title":"t"`)
		w.entra.NewGroup("entra-" + name)
		mine = append(mine, id(w.okta.NewUser("okta-"+name, `"title":"t"`, `"externalId":"x-`+name+`"`)))
	}
	group := w.okta.NewGroup("okta-group")
	for _, query := range []string{"", "?filter=title eq \"t\"", "?filter=userName co \"-\"", "?filter=not (userName eq \"okta-x\")",
		"?filter=userName pr or userName eq \"local-a\"", "?filter=externalId pr or title pr", "?sortBy=userName", "?sortBy=userName&sortOrder=descending"} {
		got := w.okta.Get("/Users"+query).Is(200).Has("totalResults", "5")
		require.ElementsMatch(w, mine, got.Strings("id"), query)
	}
	for _, filter := range []string{`userName eq "local-a"`, `userName eq "entra-a"`, `userName sw "local"`, `id eq "` + id(w.app.NewUser("local-x")) + `"`} {
		w.okta.Get("/Users?filter="+filter).Is(200).Has("totalResults", "0", "Resources", "[]")
	}
	w.okta.Get("/Users?count=0").Is(200).Has("totalResults", "5")
	var paged []string
	for _, start := range []string{"1", "3", "5"} {
		paged = append(paged, w.okta.Get("/Users?count=2&sortBy=userName&startIndex="+start).Is(200).Has("totalResults", "5").Strings("id")...)
	}
	require.Equal(w, mine, paged)
	paged = nil
	for cursor := "&cursor="; cursor != ""; {
		page := w.okta.Get("/Users?count=2&sortBy=userName" + cursor).Is(200)
		paged, cursor = append(paged, page.Strings("id")...), ""
		if next, more := page.Value("nextCursor").(string); more {
			cursor = "&cursor=" + scimtest.Query(next)
			w.entra.Get("/Users?count=2&sortBy=userName"+cursor).Fails(400, "invalidCursor")
		}
	}
	require.Equal(w, mine, paged)
	w.okta.Post("/Users/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"title eq \"t\""}`).Is(200).Has("totalResults", "5")
	require.ElementsMatch(w, append(mine, id(group)), w.okta.Get("/").Is(200).Has("totalResults", "6").Strings("id"))
	w.app.Get("/Users").Is(200).Has("totalResults", "16")
}

func takenNames(w *world) {
	w.app.NewUser("Local@example.com")
	w.entra.NewUser("entra@example.com")
	mine := w.okta.NewUser("okta@example.com")
	want := w.okta.Post("/Users", scimtest.User("okta@example.com")).Fails(409, "uniqueness").Text
	for _, name := range []string{"local@example.com", "LOCAL@EXAMPLE.COM", "entra@example.com"} {
		require.Equal(w, want, w.okta.Post("/Users", scimtest.User(name)).Fails(409, "uniqueness").Text)
		w.okta.Put(mine, scimtest.User(name)).Fails(409, "uniqueness")
		w.okta.Patch(mine, `{"op":"replace","path":"userName","value":"`+name+`"}`).Fails(409, "uniqueness")
	}
}

func ownerIsHidden(w *world) {
	user := w.okta.NewUser("mine", `"$owner":"entra"`)
	group := w.okta.NewGroup("mine", `"$owner":"entra"`)
	for _, path := range []string{user, group} {
		w.okta.Put(path, body(path, `"$owner":"entra"`, `"externalId":"x"`)).Is(200)
		w.okta.Patch(path, `{"op":"add","value":{"$owner":"entra","displayName":"x"}}`).Is(200)
		w.okta.Patch(path, `{"op":"replace","path":"$owner","value":"entra"}`).Fails(400, "invalidPath")
		w.okta.Patch(path, `{"op":"remove","path":"$owner"}`).Fails(400, "invalidPath")
		w.entra.Get(path).Fails(404, "")
		for _, query := range []string{"", "?attributes=$owner,displayName", "?excludedAttributes=displayName"} {
			require.NotContains(w, w.okta.Get(path+query).Is(200).Text, "owner")
		}
	}
	w.strict.Post("/Users", scimtest.User("bob", `"$owner":"entra"`)).Fails(400, "invalidSyntax")
	for _, filter := range []string{`$owner eq "okta"`, `$owner pr`, schema.UserURI + `:$owner pr`, `not ($owner eq "entra")`} {
		w.okta.Get("/Users?filter="+filter).Fails(400, "invalidFilter")
	}
	w.okta.Get("/Users?sortBy=$owner").Fails(400, "invalidValue")
	for _, path := range []string{"/Schemas", "/ResourceTypes", "/Users", "/Groups"} {
		require.NotContains(w, w.okta.Get(path).Is(200).Text, "$owner")
	}
	require.Equal(w, "okta", w.lastAudit().Connection)
}

func tokensOfOneConnection(w *world) {
	user := w.okta.NewUser("ada")
	w.rotated.Get(user).Is(200)
	w.rotated.Put(user, scimtest.User("ada2")).Is(200)
	w.okta.Get(user).Is(200).Has("userName", `"ada2"`)
}

// An id of others is answered as one that no resource has.
func membersToAdd(w *world) {
	local, other, mine := w.app.NewUser("local"), w.entra.NewUser("other"), w.okta.NewUser("mine")
	foreign, unknown := w.entra.NewGroup("other"), "/Users/00000000-0000-4000-8000-000000000000"
	writes := func(path string) []*scimtest.Reply {
		group := w.okta.NewGroup("team", member(mine, path))
		value := `{"value":"` + id(path) + `"}`
		replies := []*scimtest.Reply{
			w.okta.Put(group, scimtest.Group("team", member(mine, path))),
			w.okta.Patch(group, `{"op":"add","path":"members","value":[`+value+`]}`),
			w.okta.Patch(group, `{"op":"add","path":"members","value":[`+value+`]}`, `{"op":"remove","path":"members[type eq \"Group\"]"}`),
			w.okta.Patch(group, `{"op":"add","value":{"members":[`+value+`]}}`),
			w.okta.Patch(group, `{"op":"replace","path":"members","value":[`+value+`,{"value":"`+id(mine)+`"}]}`),
		}
		require.Equal(w, ids(mine), members(w.app, group))
		require.Equal(w, ids(mine), members(w.okta, group))
		return replies
	}
	var want []int
	for _, reply := range writes(unknown) {
		want = append(want, reply.Status)
	}
	for _, path := range []string{local, other, foreign} {
		for i, reply := range writes(path) {
			reply.Is(want[i])
		}
	}
	w.app.Get(local).Is(200).Has("groups", "")

	w.start(func(c *scim.Config) { c.RequireMembers = true })
	detail := w.okta.Post("/Groups", scimtest.Group("new", member(mine, unknown))).Fails(400, "invalidValue").Text
	for _, path := range []string{local, other, foreign} {
		require.Equal(w, detail, w.okta.Post("/Groups", scimtest.Group("new", member(mine, path))).Fails(400, "invalidValue").Text)
	}
}

func hostMembersStay(w *world) {
	local, mine, second := w.app.NewUser("local"), w.okta.NewUser("mine"), w.okta.NewUser("second")
	group := w.okta.NewGroup("team", member(mine))
	w.app.Patch(group, `{"op":"add","path":"members","value":[{"value":"`+id(local)+`"}]}`)
	for _, write := range []func(){
		func() {},
		func() { w.okta.Put(group, scimtest.Group("team", member(mine))).Is(200) },
		func() {
			w.okta.Patch(group, `{"op":"remove","path":"members[value eq \"`+id(local)+`\"]"}`)
		},
		func() {
			w.okta.Patch(group, `{"op":"remove","path":"members","value":[{"value":"`+id(local)+`"}]}`)
		},
		func() {
			w.okta.Patch(group, `{"op":"replace","path":"members","value":[{"value":"`+id(mine)+`"}]}`).Is(204)
		},
	} {
		write()
		require.Equal(w, ids(mine), members(w.okta, group))
		require.ElementsMatch(w, ids(mine, local), members(w.app, group))
	}
	for _, user := range []string{local, "/Users/00000000-0000-4000-8000-000000000000"} {
		w.strict.Patch(group, `{"op":"replace","path":"members[value eq \"`+id(user)+`\"].type","value":"User"}`).Fails(400, "noTarget")
	}
	w.okta.Put(group, scimtest.Group("team2", member(second))).Is(200).Has("members.#", "1", "members[0].value", `"`+id(second)+`"`)
	require.ElementsMatch(w, ids(second, local), members(w.app, group))
	w.okta.Put(group, scimtest.Group("team2")).Is(200).Has("members", "")
	w.okta.Patch(group, `{"op":"add","path":"members","value":[{"value":"`+id(mine)+`"}]}`).Is(204)
	w.okta.Patch(group, `{"op":"remove","path":"members"}`).Is(204)
	require.Equal(w, ids(local), members(w.app, group))
}

func membersInQueries(w *world) {
	local, mine := w.app.NewUser("local"), w.okta.NewUser("mine")
	group := w.okta.NewGroup("team", member(mine))
	w.app.Patch(group, `{"op":"add","path":"members","value":[{"value":"`+id(local)+`"}]}`)
	theirs := w.app.NewGroup("theirs", member(mine))
	total := func(path, filter, want string) {
		w.Helper()
		w.okta.Get(path+"?filter="+filter).Is(200).Has("totalResults", want)
	}
	for user, want := range map[string]string{local: "0", mine: "1"} {
		total("/Groups", `members.value eq "`+id(user)+`"`, want)
		total("/Groups", `members[value eq "`+id(user)+`"]`, want)
		total("/Groups", `id eq "`+id(group)+`" and members eq "`+id(user)+`"`, want)
		total("/Groups", `not (members.value ne "`+id(user)+`")`, want)
	}
	for g, want := range map[string]string{theirs: "0", group: "1"} {
		total("/Users", `groups.value eq "`+id(g)+`"`, want)
		total("/Users", `groups[value eq "`+id(g)+`"]`, want)
		total("/Users", `userName eq "mine" and groups.value eq "`+id(g)+`"`, want)
	}
	total("/Users", `groups.display eq "theirs"`, "0")
	w.app.Patch(theirs, `{"op":"add","path":"members","value":[{"value":"`+id(local)+`"}]}`)
	w.start(func(c *scim.Config) { c.Limits.Scan = 1 })
	total("/Users", `groups.value eq "`+id(theirs)+`"`, "0") // not "too many", which would tell its size
	w.start(nil)
	total("/Users", `groups.display eq "team"`, "1")
}

func groupsOfUser(w *world) {
	mine := w.okta.NewUser("mine")
	w.app.NewGroup("theirs", member(mine))
	w.okta.Get(mine).Is(200).Has("groups", "")
	group := w.okta.NewGroup("team", member(mine))
	w.okta.Get(mine).Is(200).Has("groups.#", "1", "groups[0].value", `"`+id(group)+`"`)
	w.okta.Get("/Users").Is(200).Has("Resources[0].groups.#", "1")
	w.app.Get(mine).Is(200).Has("groups.#", "2")
}

// Users belong to connections, groups to all.
func sharedGroups(w *world) {
	w.start(func(c *scim.Config) { c.Endpoints[1].Policy = scim.Policy{} })
	local, other, mine := w.app.NewUser("local"), w.entra.NewUser("other"), w.okta.NewUser("mine")
	group := w.app.NewGroup("team", member(local))
	w.entra.Patch(group, `{"op":"add","path":"members","value":[{"value":"`+id(other)+`"}]}`).Is(204)
	w.okta.Patch(group, `{"op":"add","path":"members","value":[{"value":"`+id(mine)+`"}]}`).Is(204)
	w.okta.Patch(group, `{"op":"add","path":"members","value":[{"value":"`+id(other)+`"}]}`).Is(204)
	require.Equal(w, ids(mine), members(w.okta, group))
	require.Equal(w, ids(other), members(w.entra, group))
	w.okta.Put(group, scimtest.Group("team")).Is(200).Has("members", "")
	require.ElementsMatch(w, ids(local, other), members(w.app, group))
	w.okta.Get(mine).Is(200).Has("groups", "")
	w.entra.Get(other).Is(200).Has("groups.#", "1")
}

func inactiveTwins(w *world) {
	w.start(func(c *scim.Config) { c.Endpoints[0].Policy.OnTwin = scim.RestoreInactive })
	for name, owner := range map[string]*scimtest.Client{"local": w.app, "other": w.entra} {
		user := owner.NewUser(name, `"active":false`)
		w.okta.Post("/Users", scimtest.User(name)).Fails(409, "uniqueness")
		w.app.Get(user).Is(200).Has("active", "false")
	}
	mine := w.okta.NewUser("mine", `"active":false`)
	w.rotated.Post("/Users", scimtest.User("mine")).Is(201).Has("id", `"`+id(mine)+`"`, "active", "true")
}

func deletedTwins(w *world) {
	if !w.f.Revives {
		w.Skip("the store keeps no deleted users")
	}
	w.start(func(c *scim.Config) { c.Endpoints[0].Policy.OnTwin = scim.RestoreDeleted })
	for name, owner := range map[string]*scimtest.Client{"local": w.app, "other": w.entra} {
		user := owner.NewUser(name)
		owner.Delete(user).Is(204)
		again := w.okta.NewUser(name)
		require.NotEqual(w, user, again, "a tombstone of another owner is not restored")
		w.okta.Delete(again).Is(204)
		require.Equal(w, again, w.rotated.NewUser(name))
		w.okta.Get(again).Is(200)
		owner.Get(user).Fails(404, "")
	}
	user := w.entra.NewUser("moved")
	w.entra.Delete(user).Is(204)
	w.start(func(c *scim.Config) { c.Endpoints[0].Policy = scim.Policy{OnTwin: scim.RestoreDeleted} })
	require.Equal(w, user, w.okta.NewUser("moved"))
	w.start(nil)
	w.okta.Get(user).Is(200) // as if it had created it
	w.entra.Get(user).Fails(404, "")
}

func adoption(w *world) {
	var asked []scim.Adoption
	w.adopting(func(_ context.Context, a scim.Adoption) (bool, error) {
		asked = append(asked, a)
		return a.Existing.ID == a.Sent.Attributes.Get(schema.ExternalIDAttribute).Text(), nil
	})
	local := w.app.NewUser("Ada", `"title":"Countess"`)
	w.okta.Post("/Users", scimtest.User("ada", `"externalId":"wrong"`)).Fails(409, "uniqueness")
	w.okta.Get(local).Fails(404, "")
	require.False(w, w.lastAudit().Adopted)
	w.heard()

	w.okta.Post("/Users", scimtest.User("ada", `"externalId":"`+id(local)+`"`, `"nickName":"A"`)).Is(201).
		Has("id", `"`+id(local)+`"`, "userName", `"ada"`, "title", "", "nickName", `"A"`, "active", "true")
	require.Equal(w, []string{"updated by adopt"}, w.heard())
	rec := w.lastAudit()
	require.True(w, rec.Adopted)
	require.Equal(w, scim.OperationCreate, rec.Operation)
	require.Equal(w, id(local), rec.ID)
	require.Contains(w, rec.Changes, scim.AuditChange{Path: "$owner", Old: "", New: `"okta"`})

	w.rotated.Get(local).Is(200)
	w.entra.Get(local).Fails(404, "")
	w.okta.Post("/Users", scimtest.User("ada", `"externalId":"`+id(local)+`"`)).Fails(409, "uniqueness") // now its own
	require.Len(w, asked, 2)
	require.Empty(w, asked[1].Owner)
	require.Equal(w, "okta", asked[1].Principal.Connection)
	require.Equal(w, "ada", asked[1].Sent.Attributes.Get(asked[1].Sent.Type.MustResolve("userName").Last()).Text())
}

func adoptionRefused(w *world) {
	answer := errors.New("the directory is away")
	w.adopting(func(context.Context, scim.Adoption) (bool, error) { return true, answer })
	local := w.app.NewUser("ada")
	before := w.app.Get(local).Is(200).Text
	w.okta.Post("/Users", scimtest.User("ada")).Fails(500, "")
	w.adopting(func(context.Context, scim.Adoption) (bool, error) {
		return true, &scim.Error{Status: 403, Detail: answer.Error()}
	})
	w.okta.Post("/Users", scimtest.User("ada")).Fails(403, "")
	w.start(func(c *scim.Config) {
		c.Endpoints[0].Policy.Adopt = func(context.Context, scim.Adoption) (bool, error) { return true, nil }
		c.Authorize = func(_ context.Context, op scim.Operation) error {
			if op.Kind == scim.OperationReplace {
				return scim.ErrForbidden
			}
			return nil
		}
	})
	w.okta.Post("/Users", scimtest.User("ada")).Fails(409, "uniqueness")
	require.Equal(w, before, w.app.Get(local).Is(200).Text)
	w.okta.Get(local).Fails(404, "")
}

func adoptionOfLeaver(w *world) {
	w.adopting(func(context.Context, scim.Adoption) (bool, error) { return true, nil })
	gone, back := w.app.NewUser("gone", `"active":false`), w.app.NewUser("back", `"active":false`)
	w.heard()
	w.okta.Post("/Users", scimtest.User("gone", `"active":false`)).Is(201).Has("id", `"`+id(gone)+`"`, "active", "false")
	require.Equal(w, []string{"updated by adopt"}, w.heard())
	w.okta.Post("/Users", scimtest.User("back")).Is(201).Has("id", `"`+id(back)+`"`, "active", "true")
	require.ElementsMatch(w, []string{"reactivated by adopt", "updated by adopt"}, w.heard())
}

// The function learns that an account belongs to another connection.
func adoptionBySecond(w *world) {
	owners := []string{}
	w.adopting(func(_ context.Context, a scim.Adoption) (bool, error) {
		owners = append(owners, a.Owner)
		return a.Owner == "" || a.Sent.Attributes.Get(schema.ExternalIDAttribute).Text() == "moved", nil
	})
	user := w.app.NewUser("ada")
	w.entra.Post("/Users", scimtest.User("ada")).Is(201)
	w.okta.Post("/Users", scimtest.User("ada")).Fails(409, "uniqueness")
	w.okta.Post("/Users", scimtest.User("ada", `"externalId":"moved"`)).Is(201)
	require.Equal(w, []string{"", "entra", "entra"}, owners)
	w.entra.Get(user).Fails(404, "")
	w.okta.Get(user).Is(200)
}

func deactivationAndDeletion(w *world) {
	mine := w.okta.NewUser("mine")
	theirs := w.app.NewGroup("theirs", member(mine))
	w.okta.Patch(mine, `{"op":"replace","path":"active","value":false}`).Is(200).Has("active", "false")
	w.okta.Delete(mine).Is(204)
	w.okta.Get(mine).Fails(404, "")
	require.Empty(w, members(w.app, theirs))
	w.start(func(c *scim.Config) { c.Endpoints[0].Policy.OnDelete = scim.DeactivateOnDelete })
	local := w.app.NewUser("local", `"active":true`)
	w.okta.Delete(local).Fails(404, "")
	w.app.Get(local).Is(200).Has("active", "true")
}

func me(w *world) {
	var self string
	w.start(func(c *scim.Config) {
		c.Me = func(context.Context, *scim.Principal) (string, error) { return self, nil }
	})
	local, mine := w.app.NewUser("local"), w.okta.NewUser("mine")
	self = id(mine)
	w.okta.Get("/Me").Is(200).Has("userName", `"mine"`)
	self = id(local)
	w.okta.Get("/Me").Fails(404, "")
	w.okta.Patch("/Me", `{"op":"replace","path":"displayName","value":"x"}`).Fails(404, "")
	w.okta.Delete("/Me").Fails(404, "")
}
