package scim_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// stopsAt makes a world whose brake allows a number of leavers, memberships and
// creations, and notes alerts.
func stopsAt(t *testing.T, leavers, memberships, creations int) *world {
	return newWorld(t, func(w *world, c *scim.Config) {
		c.Brake = brake.Config{
			Leavers: brake.Bound{Most: leavers}, Memberships: brake.Bound{Most: memberships}, Creations: brake.Bound{Most: creations},
			Alert: func(ctx context.Context, s *brake.Stop) {
				w.note("alert: %s %s of %s beyond %d, tenant %q", s.Kind, s.Type, s.Connection, s.Limit, store.Tenant(ctx))
			},
		}
		c.Hooks.EndSessions = w.see
		c.Hooks.Before = func(_ context.Context, e *event.Event) error { return nil }
	})
}

func (w *world) requireStopped(method, path, body string) {
	w.Helper()
	got := w.do(503, method, path, body)
	require.Equal(w, "300", got.Header().Get("Retry-After"))
	require.Contains(w, got.Body.String(), "stopped by the brake: more than")
}

func TestBrakeStopsLeavers(t *testing.T) {
	t.Parallel()
	w := stopsAt(t, 4, 100, 100)
	var users []string
	for i := range 12 {
		users = append(users, w.user(fmt.Sprint("user", i)))
	}
	named := func(i int, active string) string {
		return scimtest.User(fmt.Sprint("user", i), `"active":`+active)
	}
	w.do(200, "PATCH", users[0], scimtest.PatchOp(deactivate))
	w.do(200, "PUT", users[1], named(1, "false"))
	w.do(204, "DELETE", users[2], "")
	w.do(200, "PATCH", users[0], scimtest.PatchOp(deactivate)) // has no effect and does not count
	w.do(200, "PATCH", users[0], scimtest.PatchOp(reactivate))
	w.do(200, "PATCH", users[0], scimtest.PatchOp(deactivate))
	w.noted()

	w.requireStopped("PATCH", users[3], scimtest.PatchOp(deactivate))
	w.requireStopped("PUT", users[4], named(4, "false"))
	w.requireStopped("DELETE", users[5], "")
	w.requireStopped("DELETE", users[0], "")
	bulk := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"DELETE","path":"` + users[6] + `"},{"method":"PATCH","path":"` + users[7] + `","data":` + scimtest.PatchOp(deactivate) + `}]}`
	answer := w.do(200, "POST", "/Bulk", bulk).Body.String()
	require.Equal(t, 2, strings.Count(answer, `"detail":"stopped by the brake`), answer)
	notes := w.noted()
	require.Contains(t, notes, `alert: leavers User of okta beyond 4, tenant ""`)
	require.Equal(t, 1, strings.Count(strings.Join(notes, "\n"), "alert"), "one alert")
	for _, u := range append(users[3:8], users[0]) {
		require.Equal(t, u != users[0], strings.Contains(w.do(200, "GET", u, "").Body.String(), `"active":true`), "as it was")
	}

	// Everything else goes on.
	w.do(200, "PATCH", users[0], scimtest.PatchOp(reactivate))
	w.do(200, "PATCH", users[8], scimtest.PatchOp(`{"op":"replace","path":"displayName","value":"Ada"}`))
	w.user("new")

	w.later(25 * time.Hour)
	w.do(200, "PATCH", users[3], scimtest.PatchOp(deactivate))
}

func TestBrakeIsReleased(t *testing.T) {
	t.Parallel()
	var records []scim.AuditRecord
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Brake.Leavers = brake.Bound{Most: 1}
		c.Audit = func(_ context.Context, r scim.AuditRecord) { records = append(records, r) }
	})
	var users []string
	for i := range 8 {
		users = append(users, w.user(fmt.Sprint("user", i)))
	}
	release := func(change func(*brake.Release)) error {
		r := brake.Release{Connection: "okta", Kind: brake.Leavers, Type: "User", Actor: "Grace", Reason: "a site was closed"}
		change(&r)
		return w.h.ReleaseBrake(t.Context(), "", r)
	}
	w.do(200, "PATCH", users[0], scimtest.PatchOp(deactivate))
	w.requireStopped("PATCH", users[1], scimtest.PatchOp(deactivate))

	require.NoError(t, release(func(r *brake.Release) { r.ID = strings.TrimPrefix(users[2], "/Users/") }))
	w.requireStopped("PATCH", users[1], scimtest.PatchOp(deactivate))
	w.do(200, "PATCH", users[2], scimtest.PatchOp(deactivate))
	w.do(200, "PATCH", users[2], scimtest.PatchOp(reactivate))
	w.requireStopped("PATCH", users[2], scimtest.PatchOp(deactivate)) // once

	records = nil
	require.NoError(t, release(func(r *brake.Release) { r.More = 2 }))
	require.Len(t, records, 1)
	require.Equal(t, scim.OperationReleaseBrake, records[0].Operation)
	require.Equal(t, []string{"Grace", "okta", "User", "a site was closed"}, []string{records[0].Actor, records[0].Connection, records[0].Type, records[0].Reason})
	w.do(200, "PATCH", users[1], scimtest.PatchOp(deactivate))
	w.do(204, "DELETE", users[3], "")
	w.requireStopped("DELETE", users[4], "")
	require.NoError(t, release(func(r *brake.Release) { r.More = 1 }))
	w.do(204, "DELETE", users[4], "")
	w.requireStopped("DELETE", users[5], "")

	for _, c := range []struct {
		mistake string
		change  func(*brake.Release)
	}{
		{"needs an Actor and a Reason", func(r *brake.Release) { r.More, r.Reason = 1, "" }},
		{"needs an Actor and a Reason", func(r *brake.Release) { r.More, r.Actor = 1, "" }},
		{"needs More, or the ID", func(*brake.Release) {}},
		{"needs More, or the ID", func(r *brake.Release) { r.More = -1 }},
		{"More of at most 1000000000", func(r *brake.Release) { r.More = math.MaxInt64 }}, // a sum of two would be negative
		{"needs a Type, and the Connection", func(r *brake.Release) { r.More, r.Type = 1, "" }},
		{`has the Type "Group", and leavers are counted for other types`, func(r *brake.Release) { r.More, r.Type = 1, "Group" }},
		{`has the Type "User", and memberships are counted for other types`, func(r *brake.Release) { r.More, r.Kind = 1, brake.Memberships }},
		{"unknown Kind", func(r *brake.Release) { r.More, r.Kind = 1, "all" }},
	} {
		require.ErrorContains(t, release(c.change), c.mistake)
	}
	w.requireStopped("DELETE", users[5], "")
	off := newWorld(t, func(_ *world, c *scim.Config) { c.Brake.Off = true })
	require.ErrorContains(t, off.h.ReleaseBrake(t.Context(), "", brake.Release{}), "the brake is off")
}

func TestBrakeStopsMemberships(t *testing.T) {
	t.Parallel()
	w := stopsAt(t, 100, 5, 100)
	group := func(name string, n int) string {
		var members []string
		for i := range n {
			members = append(members, fmt.Sprintf(`{"value":"%d"}`, i))
		}
		return "/Groups/" + idOf(t, w.do(201, "POST", "/Groups", scimtest.Group(name, `"members":[`+strings.Join(members, ",")+`]`)))
	}
	a, b, c := group("a", 10), group("b", 6), group("c", 1)
	w.do(204, "PATCH", a, scimtest.PatchOp(`{"op":"remove","path":"members[value eq \"0\"]"}`, `{"op":"add","path":"members","value":[{"value":"x"}]}`))
	w.do(200, "PUT", a, scimtest.Group("a", `"members":[{"value":"x"},{"value":"1"},{"value":"2"},{"value":"3"},{"value":"4"},{"value":"5"},{"value":"6"}]`)) // 3 left
	w.requireStopped("PUT", a, scimtest.Group("a"))
	w.requireStopped("DELETE", b, "")
	w.do(204, "DELETE", c, "") // the fifth
	w.requireStopped("PATCH", a, scimtest.PatchOp(`{"op":"remove","path":"members[value eq \"1\"]"}`))
	require.Contains(t, w.noted(), `alert: memberships Group of okta beyond 5, tenant ""`)
	require.Equal(t, 7, strings.Count(w.do(200, "GET", a, "").Body.String(), `"value"`))
	require.Equal(t, 6, strings.Count(w.do(200, "GET", b, "").Body.String(), `"value"`))
	w.do(204, "PATCH", a, scimtest.PatchOp(`{"op":"add","path":"members","value":[{"value":"y"}]}`))
}

func TestBrakeStopsCreations(t *testing.T) {
	t.Parallel()
	w := stopsAt(t, 100, 100, 3)
	for i := range 3 {
		w.user(fmt.Sprint("user", i))
	}
	w.do(409, "POST", "/Users", scimtest.User("user1"))
	w.requireStopped("POST", "/Users", scimtest.User("user3"))
	w.requireStopped("POST", "/Users", scimtest.User("user3"))
	w.do(201, "POST", "/Groups", scimtest.Group("a"))
	require.NoError(t, w.h.ReleaseBrake(t.Context(), "", brake.Release{Connection: "okta", Kind: brake.Creations, Type: "User", More: 1, Actor: "Grace", Reason: "first synchronisation"}))
	w.user("user3")
	w.requireStopped("POST", "/Users", scimtest.User("user4"))
}

// Of 50,000 deactivations by one token, of as many people, the bound of 10 % is carried
// out, by whatever way they come; a release lets as many more leave, and one by id.
func TestBrakeOfFiftyThousandDeactivations(t *testing.T) {
	t.Parallel()
	if testing.Short() && os.Getenv("SCIM_TEST_REQUIRE_ALL") != "1" {
		t.Skip("a hundred thousand writes: left out with -short")
	}
	const people, bound, size = 50_000, 5000, 500
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Limits.Rate, c.Limits.TenantRate, c.Outbox = math.Inf(1), math.Inf(1), nil
	})
	active := schema.User.Attribute("active")
	var ids []string
	for i := range people {
		var b schema.Builder
		b.Set(schema.User.Attribute("userName"), schema.String(fmt.Sprint("user", i)))
		b.Set(active, schema.Boolean(true))
		ids = append(ids, fmt.Sprint(i))
		_, err := w.users.Create(t.Context(), &store.Change{ID: ids[i], After: &schema.Resource{Type: schema.UserType, ID: ids[i], Attributes: b.Object()}})
		require.NoError(t, err)
	}
	operation := func(i int) string {
		path := `"path":"/Users/` + ids[i] + `"`
		switch i % 3 {
		case 0:
			return `{"method":"PATCH",` + path + `,"data":` + scimtest.PatchOp(deactivate) + `}`
		case 1:
			return `{"method":"PUT",` + path + `,"data":` + scimtest.User(fmt.Sprint("user", i), `"active":false`) + `}`
		}
		return `{"method":"DELETE",` + path + `}`
	}
	attack := func(from, to int) {
		var all sync.WaitGroup
		for worker := range 2 {
			all.Add(1)
			go func() {
				defer all.Done()
				for at := from + worker*size; at < to; at += 2 * size {
					var ops []string
					for i := at; i < at+size; i++ {
						ops = append(ops, operation(i))
					}
					assert.Equal(t, 200, send(w.h, "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+strings.Join(ops, ",")+`]}`).Code)
				}
			}()
		}
		all.Wait()
	}
	stay := func() (n int, one string) {
		q := store.Query{Count: 10_000}
		for {
			page, err := w.users.List(t.Context(), &q)
			require.NoError(t, err)
			for _, r := range page.Resources {
				if r.Attributes.Get(active).Bool() {
					n, one = n+1, r.ID
				}
			}
			if q.After = page.Next; q.After == "" {
				return n, one
			}
		}
	}
	attack(0, people)
	left, one := stay()
	require.Equal(t, people-bound, left)

	more := brake.Release{Connection: "okta", Kind: brake.Leavers, Type: "User", More: 1234, Actor: "Grace", Reason: "a test"}
	require.NoError(t, w.h.ReleaseBrake(t.Context(), "", more))
	attack(20_000, 30_000)
	left, _ = stay()
	require.Equal(t, people-bound-1234, left)
	more.ID = one
	require.NoError(t, w.h.ReleaseBrake(t.Context(), "", more))
	w.do(204, "DELETE", "/Users/"+one, "")
	attack(20_000, 25_000)
	left, _ = stay()
	require.Equal(t, people-bound-1235, left)
}

// The bound is the greater of a number and a share of all.
func TestBrakeOfAShare(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *scim.Config) { c.Brake.Leavers = brake.Bound{Most: 2, Share: 0.25} })
	var users []string
	for i := range 20 {
		users = append(users, w.user(fmt.Sprint("user", i)))
	}
	w.later(25 * time.Hour)
	for _, u := range users[:5] {
		w.do(200, "PATCH", u, scimtest.PatchOp(deactivate))
	}
	w.requireStopped("PATCH", users[5], scimtest.PatchOp(deactivate))
}

// Of many requests at the same moment as many succeed as the bound allows, and
// another connection is not concerned.
func TestBrakeOfManyAtOnce(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Tx: db, Logger: slog.New(slog.DiscardHandler),
		Auth:      scim.BearerTokens(scim.HashToken("okta", "secret"), scim.HashToken("entra", "other")),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		Brake:     brake.Config{Leavers: brake.Bound{Most: 20}},
	})
	require.NoError(t, err)
	var users []string
	for i := range 102 {
		users = append(users, "/Users/"+idOf(t, send(h, "POST", "/Users", scimtest.User(fmt.Sprint("user", i)))))
	}
	var ok, stopped atomic.Int64
	var all sync.WaitGroup
	for _, u := range users[:100] {
		all.Add(1)
		go func() {
			defer all.Done()
			switch send(h, "DELETE", u, "").Code {
			case 204:
				ok.Add(1)
			case 503:
				stopped.Add(1)
			}
		}()
	}
	all.Wait()
	assert.Equal(t, []int64{20, 80}, []int64{ok.Load(), stopped.Load()})
	r := httptest.NewRequest("DELETE", scimtest.BaseURL+users[100], nil)
	r.Header.Set("Authorization", "Bearer other")
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	assert.Equal(t, http.StatusNoContent, answer.Code)
}

// A write that fails does not count.
func TestBrakeCountsWhatIsCommitted(t *testing.T) {
	t.Parallel()
	var veto error
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Brake.Leavers = brake.Bound{Most: 2}
		c.Hooks.Before = func(context.Context, *event.Event) error { return veto }
	})
	a, b, c := w.user("a"), w.user("b"), w.user("c")
	veto = errors.New("not now")
	for range 5 {
		w.do(500, "PATCH", a, scimtest.PatchOp(deactivate))
	}
	veto = nil
	w.do(200, "PATCH", a, scimtest.PatchOp(deactivate))
	w.do(200, "PATCH", b, scimtest.PatchOp(deactivate))
	w.requireStopped("PATCH", c, scimtest.PatchOp(deactivate))
}

// company is a simulation of people who come, move and go.
type company struct {
	*world
	random         *rand.Rand
	serial         int
	people, groups []string
	former         map[int][]string // those who left, by the day of their deletion
	peaks          map[brake.Kind]float64
}

func (c *company) join(n int) {
	for range n {
		c.serial++
		c.people = append(c.people, c.user(fmt.Sprint("user", c.serial)))
	}
}

// leave deactivates some, who are deleted thirty days later, as Entra ID does.
func (c *company) leave(day, n int) {
	for range n {
		i := c.random.Intn(len(c.people))
		c.do(200, "PATCH", c.people[i], scimtest.PatchOp(deactivate))
		c.former[day+30] = append(c.former[day+30], c.people[i])
		c.people[i] = c.people[len(c.people)-1]
		c.people = c.people[:len(c.people)-1]
	}
}

// rehire gives some of those who left last their access back.
func (c *company) rehire(day, n int) {
	for ; n > 0 && len(c.former[day+29]) > 0; n-- {
		back := c.former[day+29][0]
		c.do(200, "PATCH", back, scimtest.PatchOp(reactivate))
		c.former[day+29] = c.former[day+29][1:]
		c.people = append(c.people, back)
	}
}

func (c *company) move(n int) {
	for range n {
		id := strings.TrimPrefix(c.people[c.random.Intn(len(c.people))], "/Users/")
		from, to := c.groups[c.random.Intn(len(c.groups))], c.groups[c.random.Intn(len(c.groups))]
		for _, group := range []string{from, to} {
			c.do(204, "PATCH", group, scimtest.PatchOp(`{"op":"add","path":"members","value":[{"value":"`+id+`"}]}`))
		}
		c.do(204, "PATCH", from, scimtest.PatchOp(`{"op":"remove","path":"members[value eq \"`+id+`\"]"}`))
	}
}

// project makes a group with some members.
func (c *company) project(name string, n int) string {
	var members []string
	for _, i := range c.random.Perm(len(c.people))[:n] {
		members = append(members, c.people[i])
	}
	return c.world.group(name, members...)
}

// measure notes how near to its bounds the connection is.
func (c *company) measure() {
	states, err := c.h.BrakeState(c.Context(), &scim.Principal{TokenID: "okta"})
	require.NoError(c, err)
	for _, s := range states {
		c.peaks[s.Kind] = max(c.peaks[s.Kind], float64(s.Count)/float64(s.Limit))
	}
}

// A year of 5,000 people does not meet the brake with its defaults: contracts that begin
// and end with the month, leavers who are deleted after thirty days, re-hires, seasonal
// staff, students, dismissals, a reorganisation, projects that end, and an outage of the
// provider, which sends the changes of four days at once. Windows begin at any hour.
func TestANormalYearDoesNotMeetTheBrake(t *testing.T) {
	t.Parallel()
	if testing.Short() && os.Getenv("SCIM_TEST_REQUIRE_ALL") != "1" {
		t.Skip("twenty thousand requests: left out with -short")
	}
	c := &company{random: rand.New(rand.NewSource(1)), former: map[int][]string{}, peaks: map[brake.Kind]float64{}}
	c.world = newWorld(t, func(_ *world, c *scim.Config) {
		c.Outbox, c.Limits.Rate, c.Limits.TenantRate = nil, math.Inf(1), math.Inf(1)
	})
	c.join(5000)
	for i := range 50 {
		c.groups = append(c.groups, c.project(fmt.Sprint("team ", i), 100))
	}
	project, everybody := c.project("project 0", 60), c.project("class of last year", 1500)
	late := 0 // days that the provider has not sent yet
	for day := range 365 {
		c.later(16 * time.Hour) // until the next morning
		if late++; day >= 150 && day < 153 {
			c.later(8 * time.Hour)
			continue // an outage
		}
		for part := range 2 { // before and after noon
			c.join(late * c.random.Intn(3))
			c.leave(day, late*c.random.Intn(3))
			c.move(late * c.random.Intn(6))
			c.rehire(day, c.random.Intn(2))
			for d := day - late + 1; d <= day && part == 1; d++ {
				for _, user := range c.former[d] {
					c.do(204, "DELETE", user, "")
				}
			}
			switch {
			case day%30 == 0:
				c.join(20 + c.random.Intn(20))
			case day%30 == 29:
				c.leave(day, 15+c.random.Intn(15))
				c.do(204, "DELETE", project, "")
				project = c.project(fmt.Sprint("project ", day, part), 60)
			case day == 61 || day == 62:
				c.leave(day, 65) // 5 % are dismissed on two days
			case day == 125: // seasonal staff
				c.join(200)
			case day == 190:
				c.leave(day, 175)
			case day == 200: // students
				c.join(100)
			case day == 290:
				c.leave(day, 100)
			case day == 241: // a reorganisation
				c.move(400)
			case day == 331 && part == 1:
				c.do(204, "DELETE", everybody, "")
			}
			c.measure()
			c.later(4 * time.Hour)
		}
		late = 0
	}
	t.Log("nearest to the bounds:", c.peaks)
	for kind, peak := range c.peaks {
		require.Less(t, peak, 0.8, "%s", kind)
	}
}

func TestMistakesInTheBrake(t *testing.T) {
	t.Parallel()
	for mistake, b := range map[string]brake.Config{
		"the bound of leavers is negative":     {Leavers: brake.Bound{Most: -1}},
		"the bound of memberships is negative": {Memberships: brake.Bound{Share: -0.1}},
		"Config.Brake.Window is 1s":            {Window: time.Second},
		"has a Share and no Most":              {Leavers: brake.Bound{Share: 0.1}},
		"has a Share of more than 1":           {Leavers: brake.Bound{Most: 1, Share: math.Inf(1)}},
	} {
		db := memstore.New()
		_, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("okta", "secret")), Tx: db, Brake: b,
			Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		})
		require.ErrorContains(t, err, mistake)
	}
	db := memstore.New()
	_, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("okta", "secret")), Tx: db, Counters: memstore.New(),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
	})
	require.ErrorContains(t, err, "Config.Counters (*memstore.DB) is on another database than Config.Tx")
}

// What a connection creates, and who is inactive, does not raise its bound.
func TestTheShareIsOfPeopleFromBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Brake.Leavers = brake.Bound{Most: 2, Share: 0.1}
		c.Limits.Rate, c.Limits.TenantRate = math.Inf(1), math.Inf(1)
	})
	var users []string
	for i := range 60 {
		users = append(users, w.user(fmt.Sprint("user", i)))
	}
	for i := range 100 {
		w.do(201, "POST", "/Users", scimtest.User(fmt.Sprint("inactive", i), `"active":false`))
	}
	w.later(25 * time.Hour)
	for i := range 300 {
		w.user(fmt.Sprint("made up", i))
	}
	for _, u := range users[:6] { // 10 % of 60
		w.do(200, "PATCH", u, scimtest.PatchOp(deactivate))
	}
	w.requireStopped("PATCH", users[6], scimtest.PatchOp(deactivate))
}

// A connection that is still stopped is an alert again after an hour, and after a
// release.
func TestTheAlertIsRepeated(t *testing.T) {
	t.Parallel()
	w := stopsAt(t, 1, 1, 100)
	a, b, c := w.user("a"), w.user("b"), w.user("c")
	w.do(204, "DELETE", a, "")
	alerts := func() int {
		w.requireStopped("DELETE", b, "")
		return strings.Count(strings.Join(w.noted(), "\n"), "alert")
	}
	require.Equal(t, []int{1, 0}, []int{alerts(), alerts()})
	w.later(61 * time.Minute)
	require.Equal(t, []int{1, 0}, []int{alerts(), alerts()})
	require.NoError(t, w.h.ReleaseBrake(t.Context(), "", brake.Release{Connection: "okta", Kind: brake.Leavers, Type: "User", More: 1, Actor: "Grace", Reason: "a test"}))
	w.do(204, "DELETE", c, "")
	require.Equal(t, []int{1, 0}, []int{alerts(), alerts()})
}

// Whatever the way in which access ends, it is counted once, and what ends none is not.
func TestBrakeCountsEachWayOnce(t *testing.T) {
	t.Parallel()
	const core = schema.UserURI
	bulk := func(ops ...string) string {
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[` + strings.Join(ops, ",") + `]}`
	}
	one := func(method, path, body string) func(w *world, user, group string) {
		return func(w *world, user, group string) {
			path := strings.NewReplacer("{user}", user, "{group}", group).Replace(path)
			body := strings.NewReplacer("{user}", user, "{group}", group).Replace(body)
			got := send(w.h, method, path, body)
			require.Contains(w, []int{200, 201, 204}, got.Code, got.Body)
			require.NotRegexp(w, `"status":"[45]`, got.Body.String())
		}
	}
	patch := func(path string, ops ...string) func(w *world, user, group string) {
		return one("PATCH", path, scimtest.PatchOp(ops...))
	}
	counted := func(w *world, k brake.Kind) int64 {
		all, err := w.h.BrakeState(t.Context(), &scim.Principal{TokenID: "okta"})
		require.NoError(t, err)
		for _, s := range all {
			if s.Kind == k {
				return s.Count
			}
		}
		return 0
	}
	deactivates := scim.Policy{OnDelete: scim.DeactivateOnDelete}
	restores := scim.Policy{OnTwin: scim.RestoreInactive}
	for name, c := range map[string]struct {
		policy               scim.Policy
		send                 func(w *world, user, group string)
		leavers, memberships int64
	}{
		"PATCH with a path":             {send: patch("{user}", deactivate), leavers: 1},
		"PATCH without a path":          {send: patch("{user}", `{"op":"replace","value":{"active":false}}`), leavers: 1},
		"PATCH with a URI in the path":  {send: patch("{user}", `{"op":"replace","path":"`+core+`:active","value":false}`), leavers: 1},
		"PATCH with a URI in the value": {send: patch("{user}", `{"op":"replace","value":{"`+core+`:active":false}}`), leavers: 1},
		"PATCH that adds":               {send: patch("{user}", `{"op":"Add","path":"ACTIVE","value":false}`), leavers: 1},
		"PATCH with a string":           {send: patch("{user}", `{"op":"Replace","path":"active","value":"False"}`), leavers: 1},
		"PATCH twice":                   {send: func(w *world, u, g string) { patch(u, deactivate)(w, u, g); patch(u, deactivate)(w, u, g) }, leavers: 1},
		"PATCH that deactivates twice":  {send: patch("{user}", deactivate, reactivate, deactivate), leavers: 1},
		"PATCH that takes it back":      {send: patch("{user}", deactivate, reactivate), leavers: 0},
		"PATCH that removes active":     {send: patch("{user}", `{"op":"remove","path":"active"}`), leavers: 0},
		"PATCH after active was removed": {send: func(w *world, u, g string) {
			patch(u, `{"op":"remove","path":"active"}`)(w, u, g)
			patch(u, deactivate)(w, u, g)
		}, leavers: 1},
		"PATCH of another attribute":     {send: patch("{user}", `{"op":"replace","path":"displayName","value":"x"}`), leavers: 0},
		"PUT":                            {send: one("PUT", "{user}", scimtest.User("u", `"active":false`)), leavers: 1},
		"PUT with a string":              {send: one("PUT", "{user}", scimtest.User("u", `"active":"False"`)), leavers: 1},
		"PUT without active":             {send: one("PUT", "{user}", scimtest.User("u")), leavers: 0},
		"PUT of a user who is inactive":  {send: func(w *world, u, g string) { patch(u, deactivate)(w, u, g); one("PUT", u, scimtest.User("u"))(w, u, g) }, leavers: 1},
		"DELETE of a member":             {send: one("DELETE", "{user}", ""), leavers: 1},
		"DELETE after PATCH":             {send: func(w *world, u, g string) { patch(u, deactivate)(w, u, g); one("DELETE", u, "")(w, u, g) }, leavers: 2},
		"DELETE that deactivates":        {policy: deactivates, send: one("DELETE", "{user}", ""), leavers: 1},
		"DELETE that deactivates, twice": {policy: deactivates, send: func(w *world, u, g string) { one("DELETE", u, "")(w, u, g); one("DELETE", u, "")(w, u, g) }, leavers: 1},
		"PATCH /Me":                      {send: patch("/Me", deactivate), leavers: 1},
		"DELETE /Me":                     {send: one("DELETE", "/Me", ""), leavers: 1},
		"Bulk":                           {send: one("POST", "/Bulk", bulk(`{"method":"PATCH","path":"{user}","data":`+scimtest.PatchOp(deactivate)+`}`, `{"method":"DELETE","path":"/Users/id1"}`)), leavers: 2},
		"Bulk of one user":               {send: one("POST", "/Bulk", bulk(`{"method":"PATCH","path":"{user}","data":`+scimtest.PatchOp(deactivate)+`}`, `{"method":"PUT","path":"{user}","data":`+scimtest.User("u", `"active":false`)+`}`)), leavers: 1},
		"POST that restores": {policy: restores, send: func(w *world, u, g string) {
			patch(u, deactivate)(w, u, g)
			one("POST", "/Users", scimtest.User("u"))(w, u, g)
		}, leavers: 1},
		"POST that restores, inactive": {policy: restores, send: func(w *world, u, g string) {
			patch(u, deactivate)(w, u, g)
			one("POST", "/Users", scimtest.User("u", `"active":false`))(w, u, g)
		}, leavers: 1},
		"POST of an inactive user":          {send: one("POST", "/Users", scimtest.User("new", `"active":false`)), leavers: 0},
		"PATCH that removes one member":     {send: patch("{group}", `{"op":"remove","path":"members[value eq \"1\"]"}`), memberships: 1},
		"PATCH that removes some":           {send: patch("{group}", `{"op":"remove","path":"members","value":[{"value":"1"},{"value":"2"},{"value":"1"},{"value":"none"}]}`), memberships: 2},
		"PATCH that removes all":            {send: patch("{group}", `{"op":"remove","path":"members"}`), memberships: 4},
		"PATCH that replaces":               {send: patch("{group}", `{"op":"replace","path":"members","value":[{"value":"1"},{"value":"new"}]}`), memberships: 3},
		"PATCH that replaces, without path": {send: patch("{group}", `{"op":"replace","value":{"members":[{"value":"new"}]}}`), memberships: 4},
		"PATCH that adds again":             {send: patch("{group}", `{"op":"remove","path":"members[value eq \"1\"]"}`, `{"op":"add","path":"members","value":[{"value":"1"}]}`), memberships: 0},
		"PUT with fewer members":            {send: one("PUT", "{group}", scimtest.Group("g", `"members":[{"value":"2"}]`)), memberships: 3},
		"PUT without members":               {send: one("PUT", "{group}", scimtest.Group("g")), memberships: 4},
		"DELETE of a group":                 {send: one("DELETE", "{group}", ""), memberships: 4},
		"Bulk of a group":                   {send: one("POST", "/Bulk", bulk(`{"method":"PATCH","path":"{group}","data":`+scimtest.PatchOp(`{"op":"remove","path":"members[value eq \"1\"]"}`)+`}`, `{"method":"DELETE","path":"{group}"}`)), memberships: 4},
	} {
		me, policy := "", c.policy
		w := newWorld(t, func(w *world, c *scim.Config) {
			c.Me = func(context.Context, *scim.Principal) (string, error) { return me, nil }
			n := 0
			c.NewID = func() string { n++; return fmt.Sprint("id", n) }
			c.Endpoints[0].Policy = policy
		})
		require.Equal(t, "/Users/id1", w.user("boss"))
		user := w.user("u")
		me = strings.TrimPrefix(user, "/Users/")
		group := "/Groups/" + idOf(t, w.do(201, "POST", "/Groups", scimtest.Group("g", `"members":[{"value":"1"},{"value":"2"},{"value":"3"},{"value":"`+me+`"}]`)))
		c.send(w, user, group)
		assert.Equal(t, []int64{c.leavers, c.memberships}, []int64{counted(w, brake.Leavers), counted(w, brake.Memberships)}, name)
	}
}

// A POST that adopts an account and deactivates it is counted for the connection that
// adopts, and what it adopts is no part of its share.
func TestBrakeOfAdoptions(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	owned := schema.WithOwner(schema.UserType)
	tokens := []store.Token{scim.HashToken("hr", "hr"), scim.HashToken("okta", "secret")}
	tokens[0].Connection, tokens[1].Connection = "hr", "okta"
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(tokens...), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{{Type: owned, Store: db.Store(owned), Policy: scim.Policy{
			Ownership: scim.OwnResources, Adopt: func(context.Context, scim.Adoption) (bool, error) { return true, nil },
		}}},
		Brake: brake.Config{Leavers: brake.Bound{Most: 1, Share: 0.1}},
	})
	require.NoError(t, err)
	hr, okta := scimtest.NewClient(t, h, "hr"), scimtest.NewClient(t, h, "secret")
	for i := range 40 {
		hr.NewUser(fmt.Sprint("user", i))
	}
	for i := range 30 {
		okta.Post("/Users", scimtest.User(fmt.Sprint("user", i))).Is(201)
	}
	okta.Post("/Users", scimtest.User("user30", `"active":false`)).Is(201)
	okta.Post("/Users", scimtest.User("user31", `"active":false`)).Is(503)
	hr.Post("/Users", scimtest.User("user0", `"active":false`)).Is(201)
	states, err := h.BrakeState(t.Context(), &scim.Principal{Connection: "okta"})
	require.NoError(t, err)
	require.Equal(t, []int64{1, 1}, []int64{states[0].Count, states[0].Limit})
}

// Requests without a connection, as behind a proxy that authenticates, are stopped and
// released like others.
func TestBrakeOfRequestsWithoutConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Auth, c.Brake.Leavers = scim.InsecureNoAuthentication(), brake.Bound{Most: 1}
	})
	a, b := w.user("a"), w.user("b")
	w.do(204, "DELETE", a, "")
	w.requireStopped("DELETE", b, "")
	require.NoError(t, w.h.ReleaseBrake(t.Context(), "", brake.Release{Kind: brake.Leavers, Type: "User", More: 1, Actor: "Grace", Reason: "a test"}))
	w.do(204, "DELETE", b, "")
}

// The state of a connection says how far it is, until when, and what was released.
func TestBrakeState(t *testing.T) {
	t.Parallel()
	w := stopsAt(t, 2, 5, 100)
	state := func(k brake.Kind) brake.State {
		all, err := w.h.BrakeState(t.Context(), &scim.Principal{Connection: "okta"})
		require.NoError(t, err)
		require.Len(t, all, 3, "two kinds for users and one for groups")
		for _, s := range all {
			if s.Kind == k {
				return s
			}
		}
		t.Fatal(k)
		return brake.State{}
	}
	require.Equal(t, brake.State{Connection: "okta", Kind: brake.Leavers, Type: "User", Limit: 2}, state(brake.Leavers))
	a, b, c := w.user("a"), w.user("b"), w.user("c")
	begun := w.now().Truncate(time.Second)
	w.do(200, "PATCH", a, scimtest.PatchOp(deactivate))
	w.later(time.Hour)
	w.do(204, "DELETE", b, "")
	full := brake.State{Connection: "okta", Kind: brake.Leavers, Type: "User", Count: 2, Limit: 2, Until: begun.Add(24 * time.Hour)}
	require.Equal(t, full, state(brake.Leavers))
	w.later(time.Hour)
	w.requireStopped("DELETE", c, "")
	w.later(2 * time.Hour)
	w.requireStopped("DELETE", c, "")
	full.Stopped = begun.Add(2 * time.Hour)
	require.Equal(t, full, state(brake.Leavers), "a stop changes no count")

	more := brake.Release{Connection: "okta", Kind: brake.Leavers, Type: "User", More: 3, Actor: "Grace", Reason: "a test"}
	require.NoError(t, w.h.ReleaseBrake(t.Context(), "", more))
	full.Limit, full.Stopped, full.Released, full.ReleasedUntil = 5, time.Time{}, 3, begun.Add(28*time.Hour)
	require.Equal(t, full, state(brake.Leavers))
	require.Equal(t, brake.State{Connection: "okta", Kind: brake.Creations, Type: "User", Count: 3, Limit: 100, Until: begun.Add(24 * time.Hour)}, state(brake.Creations))

	group := idOf(t, w.do(201, "POST", "/Groups", scimtest.Group("g", `"members":[{"value":"1"},{"value":"2"},{"value":"3"},{"value":"4"},{"value":"5"},{"value":"6"}]`)))
	w.requireStopped("DELETE", "/Groups/"+group, "")
	require.Equal(t, brake.State{Connection: "okta", Kind: brake.Memberships, Type: "Group", Limit: 5, Stopped: begun.Add(4 * time.Hour)}, state(brake.Memberships), "one write can be too much")

	w.later(24 * time.Hour)
	require.Equal(t, brake.State{Connection: "okta", Kind: brake.Memberships, Type: "Group", Limit: 5}, state(brake.Memberships))
	w.later(time.Hour)
	require.Equal(t, brake.State{Connection: "okta", Kind: brake.Leavers, Type: "User", Limit: 2}, state(brake.Leavers))

	off := newWorld(t, func(_ *world, c *scim.Config) { c.Brake.Off = true })
	none, err := off.h.BrakeState(t.Context(), &scim.Principal{Connection: "okta"})
	require.NoError(t, err)
	require.Empty(t, none)
}

// Who was inactive before the window does not raise the bound by coming back, and a
// leaver who comes back and leaves again is one of the same people.
func TestReactivationsDoNotRaiseTheBound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Brake.Leavers = brake.Bound{Most: 2, Share: 0.1}
		c.Limits.Rate, c.Limits.TenantRate = math.Inf(1), math.Inf(1)
	})
	var users, inactive []string
	for i := range 40 {
		users = append(users, w.user(fmt.Sprint("user", i)))
	}
	for i := range 100 {
		inactive = append(inactive, "/Users/"+idOf(t, w.do(201, "POST", "/Users", scimtest.User(fmt.Sprint("inactive", i), `"active":false`))))
	}
	w.later(25 * time.Hour)
	for _, u := range inactive {
		w.do(200, "PATCH", u, scimtest.PatchOp(reactivate))
	}
	for range 2 {
		w.do(200, "PATCH", users[0], scimtest.PatchOp(deactivate))
		w.do(200, "PATCH", users[0], scimtest.PatchOp(reactivate))
	}
	w.do(200, "PATCH", users[1], scimtest.PatchOp(deactivate))
	w.do(200, "PATCH", users[2], scimtest.PatchOp(deactivate)) // 10 % of 40
	w.requireStopped("PATCH", users[3], scimtest.PatchOp(deactivate))
	w.later(2 * time.Minute) // the number of users is read again
	w.requireStopped("PATCH", users[3], scimtest.PatchOp(deactivate))
}

// A release lets as many more leave as it says, also after an earlier one has ended and
// the window in which it was used has not.
func TestReleaseAfterAnEarlierOneEnded(t *testing.T) {
	t.Parallel()
	w := stopsAt(t, 1, 100, 100)
	var users []string
	for i := range 12 {
		users = append(users, w.user(fmt.Sprint("user", i)))
	}
	release := func(more int64) {
		require.NoError(t, w.h.ReleaseBrake(t.Context(), "", brake.Release{Connection: "okta", Kind: brake.Leavers, Type: "User", More: more, Actor: "Grace", Reason: "a test"}))
	}
	leave := func(n int) {
		for _, u := range users[:n] {
			w.do(204, "DELETE", u, "")
		}
		users = users[n:]
		w.requireStopped("DELETE", users[0], "")
	}
	release(4) // before the first leaver
	w.later(20 * time.Hour)
	leave(5)
	w.later(5 * time.Hour)
	w.requireStopped("DELETE", users[0], "")
	release(1)
	release(1)
	leave(2)
	w.later(20 * time.Hour) // a new window, in which only the last release goes on
	leave(3)
}

// failing is a Transactor that is no store.Counters and whose commits may fail.
type failing struct {
	store.Transactor
	fails bool
}

func (f *failing) InTx(ctx context.Context, fn func(context.Context) error) error {
	return f.Transactor.InTx(ctx, func(ctx context.Context) error {
		if err := fn(ctx); err != nil || !f.fails {
			return err
		}
		return store.ErrUnavailable
	})
}

// Counts of the process are undone with the write.
func TestBrakeOfOneProcessCountsWhatIsCommitted(t *testing.T) {
	t.Parallel()
	tx := &failing{}
	w := newWorld(t, func(w *world, c *scim.Config) {
		tx.Transactor = w.db
		c.Tx, c.Outbox = tx, nil
		c.Brake = brake.Config{Leavers: brake.Bound{Most: 2}, Memberships: brake.Bound{Most: 2}, Creations: brake.Bound{Most: 4}}
	})
	a, b, c := w.user("a"), w.user("b"), w.user("c")
	g := "/Groups/" + idOf(t, w.do(201, "POST", "/Groups", scimtest.Group("g", `"members":[{"value":"1"},{"value":"2"},{"value":"3"}]`)))
	leave := func(n string) string {
		return scimtest.PatchOp(`{"op":"remove","path":"members[value eq \"` + n + `\"]"}`)
	}
	tx.fails = true
	for range 5 {
		w.do(503, "PATCH", a, scimtest.PatchOp(deactivate))
		w.do(503, "POST", "/Users", scimtest.User("d"))
		w.do(503, "PATCH", g, leave("1"))
	}
	tx.fails = false
	w.do(200, "PATCH", a, scimtest.PatchOp(deactivate))
	w.do(200, "PATCH", b, scimtest.PatchOp(deactivate))
	w.requireStopped("PATCH", c, scimtest.PatchOp(deactivate))
	w.user("d")
	w.requireStopped("POST", "/Users", scimtest.User("e"))
	w.do(204, "PATCH", g, leave("1"))
	w.do(204, "PATCH", g, leave("2"))
	w.requireStopped("PATCH", g, leave("3"))
	w.later(25 * time.Hour)
	w.do(200, "PATCH", c, scimtest.PatchOp(deactivate))
}

// Without transactions a POST that is refused is not counted.
func TestBrakeWithoutTransactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Tx, c.Outbox = nil, nil
		c.Brake = brake.Config{Leavers: brake.Bound{Most: 1}, Creations: brake.Bound{Most: 3}}
	})
	a, b := w.user("a"), w.user("b")
	for range 5 {
		w.do(409, "POST", "/Users", scimtest.User("a"))
	}
	w.user("c")
	w.requireStopped("POST", "/Users", scimtest.User("d"))
	w.do(204, "DELETE", a, "")
	w.requireStopped("DELETE", b, "")
	w.do(200, "GET", b, "")
}
