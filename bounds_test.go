package scim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// weighedStore ends a page at Query.Bytes, as a database does, and records the
// size of the largest page.
type weighedStore struct {
	store.Store
	heaviest, pages, gets int
}

func (s *weighedStore) List(ctx context.Context, q *store.Query) (store.Page, error) {
	s.pages++
	one := *q
	one.Count = min(1, q.Count)
	all, err := s.Store.List(ctx, &one)
	weight := weightOf(all)
	for err == nil && all.Next != "" && len(all.Resources) < q.Count && weight < q.Bytes {
		one.After, one.Offset = all.Next, 0
		var p store.Page
		p, err = s.Store.List(ctx, &one)
		all.Resources, all.Next = append(all.Resources, p.Resources...), p.Next
		weight = weightOf(all)
	}
	s.heaviest = max(s.heaviest, weight)
	return all, err
}

func (s *weighedStore) Get(ctx context.Context, id string, o store.GetOptions) (*schema.Resource, error) {
	s.gets++
	return s.Store.Get(ctx, id, o)
}

func weightOf(p store.Page) int {
	n := 0
	for _, r := range p.Resources {
		n += r.Attributes.Weight()
	}
	return n
}

// ableWeighedStore declares what the store below can do.
type ableWeighedStore struct{ *weighedStore }

func (s ableWeighedStore) Describe() store.Capabilities { return store.Describe(s.Store) }

// TestPageOfLargeResourcesIsReadInParts: the client gets as many resources as it
// asked for (RFC 7644 §3.4.2.4), however large they are, and no more than
// Limits.PageBytes of them are held at once.
func TestPageOfLargeResourcesIsReadInParts(t *testing.T) {
	t.Parallel()
	const users, size, bound = 60, 10_000, 50_000
	db := memstore.New()
	plain := handlerOf(t, db, db.Store(schema.UserType), scim.Limits{})
	for i := range users {
		made(t, plain, "/Users", fmt.Sprintf(`{"schemas":["%s"],"userName":"user-%03d","title":"%s"}`, schema.UserURI, i, strings.Repeat("x", size)))
	}
	for _, able := range []bool{true, false} {
		s := &weighedStore{Store: db.Store(schema.UserType)}
		var users store.Store = s
		if able {
			users = ableWeighedStore{s}
		}
		h := handlerOf(t, db, users, scim.Limits{PageBytes: bound})
		for _, query := range []string{
			"count=50&startIndex=5",
			"count=50&startIndex=5&attributes=userName",
			"count=50&startIndex=5&sortBy=userName",
			"count=50&startIndex=5&filter=" + url.QueryEscape(`title sw "x"`),
			"count=50&startIndex=5&sortBy=userName&filter=" + url.QueryEscape(`title sw "x"`),
		} {
			l := listed(t, h, "/Users?"+query)
			require.Equal(t, 60, l.TotalResults, query)
			require.Equal(t, 50, l.ItemsPerPage, query)
			require.Len(t, l.Resources, 50, query)
			for i, r := range l.Resources {
				require.Equal(t, fmt.Sprintf("user-%03d", i+4), r.UserName, query)
			}
		}
		require.LessOrEqual(t, s.heaviest, bound+2*size, "able %t", able)
		if !able {
			require.Greater(t, s.gets, 2*(50-bound/size), "resources beyond the memory bound are read again")
		}
	}
}

// TestWorkOfOneRequestIsBounded: filters, scans, sorting and PATCH share one
// budget.
func TestWorkOfOneRequestIsBounded(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users := titled(t, db, 200)
	heavy := "filter=" + url.QueryEscape(strings.TrimSuffix(strings.Repeat(`title co "y" or `, 40), " or "))
	emails := make([]string, 200)
	for i := range emails {
		emails[i] = fmt.Sprintf(`{"value":"u%d@example.com"}`, i)
	}
	for name, s := range map[string]store.Store{"matched by the store": users, "matched by the library": &cappedStore{Store: users, longest: 100}} {
		enough := handlerOf(t, db, s, scim.Limits{})
		h := handlerOf(t, db, s, scim.Limits{Work: 400_000})
		require.Equal(t, 200, listed(t, h, "/Users?count=1000").TotalResults, name)
		require.Equal(t, 0, listed(t, enough, "/Users?"+heavy).TotalResults, name)
		requireTooMany(t, send(h, "GET", "/Users?"+heavy, ""), name)
	}
	enough := handlerOf(t, db, users, scim.Limits{})
	h := handlerOf(t, db, users, scim.Limits{Work: 400_000})
	id := made(t, enough, "/Users", `{"schemas":["`+schema.UserURI+`"],"userName":"many","emails":[`+strings.Join(emails, ",")+`]}`)
	op := `{"op":"remove","path":"emails[value co \"nobody\"]"}`
	body := func(n int) string {
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + strings.Repeat(op+",", n-1) + op + `]}`
	}
	require.Equal(t, 200, send(h, "PATCH", "/Users/"+id, body(2)).Code)
	requireTooMany(t, send(h, "PATCH", "/Users/"+id, body(100)), "PATCH")
	require.Equal(t, 200, send(enough, "PATCH", "/Users/"+id, body(100)).Code)
	requireTooMany(t, send(handlerOf(t, db, users, scim.Limits{Work: 20_000}), "GET", "/Users?sortBy=userName", ""), "sorting")
}

// TestTotalBeyondTheWorkIsLeftOut: a walk by cursor goes on where the work of a request
// does not suffice to count the results (RFC 9865 §2).
func TestTotalBeyondTheWorkIsLeftOut(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users := titled(t, db, 200)
	heavy := "filter=" + url.QueryEscape(strings.Repeat(`title co "y" or `, 40)+`title eq "x"`)
	const work = 2_000_000 // four fifths of it to parse the filter
	for _, limited := range []bool{false, true} {
		var total any = 200.0
		var limits scim.Limits
		if limited {
			total, limits.Work = nil, work
		}
		h := handlerOf(t, db, users, limits)
		sent := 0
		for path := "/Users?count=10&cursor&" + heavy; path != ""; {
			w := send(h, "GET", path, "")
			require.Equal(t, 200, w.Code, w.Body)
			var page map[string]any
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &page))
			require.Equal(t, total, page["totalResults"])
			sent += len(page["Resources"].([]any))
			path = ""
			if next, ok := page["nextCursor"].(string); ok {
				path = "/Users?count=10&cursor=" + next + "&" + heavy
			}
		}
		require.Equal(t, 200, sent)
	}
	requireTooMany(t, send(handlerOf(t, db, users, scim.Limits{Work: work}), "GET", "/Users?count=10&"+heavy, ""), "by index")
}

func requireTooMany(t *testing.T, w *httptest.ResponseRecorder, what string) {
	t.Helper()
	require.Equal(t, 400, w.Code, "%s: %s", what, w.Body)
	require.Contains(t, w.Body.String(), `"scimType":"tooMany"`, what)
}

// TestDisconnectedClientEndsTheScan: the work of a request ends with its context.
func TestDisconnectedClientEndsTheScan(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users := titled(t, db, 50)
	ctx, cancel := context.WithCancel(t.Context())
	s := &leavingStore{Store: users, leave: cancel}
	h := handlerOf(t, db, s, scim.Limits{})
	r := httptest.NewRequest(http.MethodGet, scimtest.BaseURL+"/Users?filter="+url.QueryEscape(`title co "y"`), nil).WithContext(ctx)
	r.Header.Set("Authorization", "Bearer secret")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, 503, w.Code)
	require.Equal(t, 1, s.calls, "pages read")
}

// leavingStore answers a page at a time, and the client leaves after the first.
type leavingStore struct {
	store.Store
	leave func()
	calls int
}

func (s *leavingStore) List(ctx context.Context, q *store.Query) (store.Page, error) {
	s.calls++
	short := *q
	short.Count = 10
	p, err := s.Store.List(ctx, &short)
	s.leave()
	return p, err
}

// TestOversizedValuesAreRefused: a value beyond its bound is refused before anything is
// written, by POST, PUT and PATCH, with and without a path.
func TestOversizedValuesAreRefused(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h := handlerOf(t, db, db.Store(schema.UserType), scim.Limits{})
	text := func(n int) string { return strings.Repeat("x", n) }
	base64 := func(n int) string { return strings.Repeat("QUJD", n/4) }
	user := func(rest string) string { return `{"schemas":["` + schema.UserURI + `"],` + rest + `}` }
	id := made(t, h, "/Users", user(`"userName":"a"`))
	many := `"emails":[` + strings.TrimSuffix(strings.Repeat(`{"value":"`+text(60_000)+`%d"},`, 36), ",") + `]`
	for i := range 36 {
		many = strings.Replace(many, "%d", fmt.Sprint(i), 1)
	}
	for _, c := range []struct{ fits, beyond, path string }{
		{`"userName":"` + text(1024) + `"`, `"userName":"` + text(1025) + `"`, "userName"},
		{`"userName":"a","externalId":"` + text(1024) + `"`, `"userName":"a","externalId":"` + text(1025) + `"`, "externalId"},
		{`"userName":"a","displayName":"` + text(1024) + `"`, `"userName":"a","displayName":"` + text(1025) + `"`, "displayName"},
		{`"userName":"a","title":"` + text(64<<10) + `"`, `"userName":"a","title":"` + text(64<<10+1) + `"`, "title"},
		{`"userName":"a","name":{"givenName":"` + text(64<<10) + `"}`, `"userName":"a","name":{"givenName":"` + text(64<<10+1) + `"}`, "name.givenName"},
		{`"userName":"a","emails":[{"value":"` + text(64<<10) + `"}]`, `"userName":"a","emails":[{"value":"b"},{"value":"` + text(64<<10+1) + `"}]`, "emails.value"},
		{`"userName":"a","photos":[{"value":"https://` + text(1<<20-9) + `"}]`, `"userName":"a","photos":[{"value":"https://` + text(1<<20) + `"}]`, "photos.value"},
		{`"userName":"a","x509Certificates":[{"value":"` + base64(1<<20) + `"}]`, `"userName":"a","x509Certificates":[{"value":"` + base64(1<<20+4) + `"}]`, "x509Certificates.value"},
		{`"userName":"a"`, `"userName":"a","password":"` + text(64<<10+1) + `"`, "password"},
		{`"userName":"a"`, `"userName":"a",` + many, "the resource is larger than the maximum of 2097152 bytes"},
	} {
		w := send(h, "PUT", "/Users/"+id, user(c.fits))
		require.Equal(t, 200, w.Code, "%.60s: %.300s", c.fits, w.Body)
		patch := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","value":{` + c.beyond + `}}]}`
		for what, w := range map[string]*httptest.ResponseRecorder{
			"POST":  send(h, "POST", "/Users", user(strings.Replace(c.beyond, `"userName":"a"`, `"userName":"b"`, 1))),
			"PUT":   send(h, "PUT", "/Users/"+id, user(c.beyond)),
			"PATCH": send(h, "PATCH", "/Users/"+id, patch),
		} {
			require.Equal(t, 400, w.Code, "%s %.60s: %.300s", what, c.beyond, w.Body)
			require.Contains(t, w.Body.String(), `"scimType":"invalidValue"`)
			require.Contains(t, w.Body.String(), c.path)
			require.NotContains(t, w.Body.String(), "xxxx")
		}
	}
	require.Equal(t, 1, listed(t, h, "/Users").TotalResults, "nothing was created")
}

// TestNumberOfValuesIsBounded: an attribute does not get more values than
// Limits.Values, and one that has more can become shorter.
func TestNumberOfValuesIsBounded(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users := db.Store(schema.UserType)
	user := func(name string, emails int) string {
		var list []string
		for i := range emails {
			list = append(list, fmt.Sprintf(`{"value":"%d@example.com"}`, i))
		}
		return `{"schemas":["` + schema.UserURI + `"],"userName":"` + name + `","active":true,"emails":[` + strings.Join(list, ",") + `]}`
	}
	before := made(t, handlerOf(t, db, users, scim.Limits{}), "/Users", user("before", 5))
	h := handlerOf(t, db, users, scim.Limits{Values: 3})
	id := made(t, h, "/Users", user("a", 3))
	patch := func(op string) string {
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + op + `]}`
	}
	add := patch(`{"op":"add","path":"emails","value":[{"value":"more@example.com"}]}`)
	for what, w := range map[string]*httptest.ResponseRecorder{
		"POST":                  send(h, "POST", "/Users", user("b", 4)),
		"PUT":                   send(h, "PUT", "/Users/"+id, user("a", 4)),
		"PATCH":                 send(h, "PATCH", "/Users/"+id, add),
		"PATCH of a longer one": send(h, "PATCH", "/Users/"+before, add),
	} {
		require.Equal(t, 400, w.Code, "%s: %s", what, w.Body)
		require.Contains(t, w.Body.String(), `"detail":"emails: has more than the maximum of 3 values"`, what)
	}
	require.Equal(t, 200, send(h, "PATCH", "/Users/"+before, patch(`{"op":"replace","path":"active","value":false}`)).Code)
	require.Equal(t, 200, send(h, "PATCH", "/Users/"+before, patch(`{"op":"remove","path":"emails[value eq \"4@example.com\"]"}`)).Code)
	require.Contains(t, send(h, "GET", "/Users/"+before, "").Body.String(), "3@example.com")
}

// TestMembersOfARequestAreBounded: a request that names more members than
// Limits.Members is 413 and changes nothing, also where the group has them already
// or has them no longer. What it does not name is not counted.
func TestMembersOfARequestAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *scim.Config) { c.Limits.Members = 3 })
	patch := func(ops string) string { return scimtest.PatchOp(ops) }
	list := func(ids ...string) string { return `["` + strings.Join(ids, `","`) + `"]` }
	add := func(ids ...string) string { return `{"op":"add","path":"members","value":` + list(ids...) + `}` }
	group := func(ids ...string) string { return scimtest.Group("g", `"members":`+list(ids...)) }
	path := "/Groups/" + idOf(t, w.do(201, "POST", "/Groups", group("1", "2", "3")))
	w.do(204, "PATCH", path, patch(add("4", "5")))
	members := w.do(200, "GET", path, "").Body.String()

	remove := func(value string) string { return patch(`{"op":"remove","path":"members","value":` + value + `}`) }
	for name, r := range map[string][3]string{
		"POST":                               {"POST", "/Groups", group("1", "2", "3", "4")},
		"PUT of members that are there":      {"PUT", path, group("1", "2", "3", "4")},
		"PATCH":                              {"PATCH", path, patch(add("6", "7", "8", "9"))},
		"PATCH of members that are there":    {"PATCH", path, patch(add("1", "2", "3", "4"))},
		"PATCH of several operations":        {"PATCH", path, patch(add("6", "7") + "," + add("8", "9"))},
		"PATCH without a path":               {"PATCH", path, patch(`{"op":"add","value":{"` + schema.GroupURI + `:members":["6","7","8","9"]}}`)},
		"PATCH of a list as text":            {"PATCH", path, patch(`{"op":"add","path":"members","value":"[\"6\",\"7\",\"8\",\"9\"]"}`)},
		"PATCH that removes":                 {"PATCH", path, remove(list("1", "2", "3", "4"))},
		"PATCH that removes some who left":   {"PATCH", path, remove(list("6", "7", "8", "9"))},
		"PATCH that adds and removes":        {"PATCH", path, patch(add("6", "7") + `,{"op":"remove","path":"members","value":["1","2"]}`)},
		"PATCH that removes by their values": {"PATCH", path, patch(`{"op":"remove","path":"members[value eq \"1\" or value eq \"2\" or value eq \"3\" or value eq \"4\"]"}`)},
		"PATCH that removes by a filter":     {"PATCH", path, patch(`{"op":"remove","path":"members[value ne \"0\"]"}`)},
	} {
		got := w.do(413, r[0], r[1], r[2]).Body.String()
		require.Contains(t, got, "the request names more than the maximum of 3 members; change a large group by several PATCH requests", name)
	}
	require.Equal(t, members, w.do(200, "GET", path, "").Body.String())

	w.do(204, "PATCH", path, patch(add("6", "7", "8")))
	w.do(204, "PATCH", path, remove(list("6", "7", "8")))
	w.do(200, "PATCH", path, patch(`{"op":"replace","path":"displayName","value":"renamed"}`))
	w.do(200, "PUT", path, group("1"))
	w.do(204, "PATCH", path, patch(add("2", "3")))
	w.do(204, "PATCH", path, patch(add("4", "5")))
	w.do(204, "PATCH", path, patch(`{"op":"remove","path":"members"}`))
	require.NotContains(t, w.do(200, "GET", path, "").Body.String(), "members")
}

// TestArraysOfABodyAreBounded: a body has at most eight times as many elements of
// arrays as the greatest of three limits lets it have in one, also of attributes
// that are ignored.
func TestArraysOfABodyAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *scim.Config) { c.Limits.Members, c.Limits.Operations, c.Limits.Values = 1, 1, 1 })
	user := func(name, x string) string { return `{"userName":"` + name + `","x":` + x + `}` }
	w.do(201, "POST", "/Users", user("a", `[1,2,3,[4,5],{"y":[9]}]`))
	got := w.do(400, "POST", "/Users", user("b", `[1,2,3,[4,5],{"y":[9,10]}]`))
	require.Contains(t, got.Body.String(), `"scimType":"invalidSyntax"`)
	require.Contains(t, got.Body.String(), "too many elements of arrays")
}

// TestStoredOversizedValueDoesNotBlockDeactivation: a value beyond a bound that was stored before does
// not prevent a deactivation.
func TestStoredOversizedValueDoesNotBlockDeactivation(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users := db.Store(schema.UserType)
	before := handlerOf(t, db, users, scim.Limits{})
	content := `"userName":"` + strings.Repeat("u", 200) + `","title":"` + strings.Repeat("t", 300) + `","emails":[{"value":"` + strings.Repeat("e", 300) + `"},{"value":"e"}]`
	id := made(t, before, "/Users", `{"schemas":["`+schema.UserURI+`"],"active":true,`+content+`}`)
	h := handlerOf(t, db, users, scim.Limits{String: 100, Name: 100, Resource: 200})
	require.Equal(t, 200, send(h, "PUT", "/Users/"+id, `{"schemas":["`+schema.UserURI+`"],"active":false,`+content+`}`).Code)
	ops := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false},{"op":"remove","path":"emails[value eq \"e\"]"}]}`
	w := send(h, "PATCH", "/Users/"+id, ops)
	require.Equal(t, 200, w.Code, w.Body)
}
