package requestlog_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/requestlog"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/memstore"
)

var noon = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

type world struct {
	*testing.T
	l *requestlog.Log
	h *scim.Handler
}

func newWorld(t *testing.T, cfg requestlog.Config) *world {
	l, err := requestlog.New(cfg)
	require.NoError(t, err)
	db := memstore.New()
	token := scim.HashToken("t1", "secret")
	token.Tenant, token.Connection = "acme", "okta"
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(token), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints:           []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		SensitiveAttributes: []string{"phoneNumbers.value", "nickName"},
		Observe:             l.Observe,
	})
	require.NoError(t, err)
	l.Attach(h)
	return &world{t, l, h}
}

func (w *world) send(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, scimtest.BaseURL+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer secret")
	r.Header.Set("Cookie", "session=hidden")
	r.Header.Set("User-Agent", "Okta SCIM Client 1.0")
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, r)
	return rec
}

// last sends a request and returns its entry.
func (w *world) last(method, path, body string) requestlog.Entry {
	w.Helper()
	w.send(method, path, body)
	all := w.l.Entries("acme", "okta")
	require.NotEmpty(w, all)
	return all[len(all)-1]
}

// tagless removes the tags, which differ with each process.
func tagless(text string) string {
	for {
		i := strings.Index(text, " #")
		if i < 0 {
			return text
		}
		text = text[:i] + text[i+6:]
	}
}

func TestLogIsOffUntilItIsStarted(t *testing.T) {
	t.Parallel()
	clock := noon
	w := newWorld(t, requestlog.Config{Now: func() time.Time { return clock }})
	w.send("GET", "/Users", "")
	require.Empty(t, w.l.Entries("acme", "okta"))
	require.Zero(t, w.l.Until("acme", "okta"))

	w.l.Start("acme", "okta", noon.Add(time.Hour))
	w.l.Start("acme", "entra", noon.Add(time.Hour))
	require.Equal(t, noon.Add(time.Hour), w.l.Until("acme", "okta"))
	w.send("GET", "/Users", "")
	require.Len(t, w.l.Entries("acme", "okta"), 1)
	require.Empty(t, w.l.Entries("acme", "entra"))
	require.Empty(t, w.l.Entries("", "okta"))

	clock = noon.Add(time.Hour)
	w.send("GET", "/Users", "")
	require.Len(t, w.l.Entries("acme", "okta"), 1, "the time is over, and what was kept stays")
	w.l.Stop("acme", "okta")
	require.Empty(t, w.l.Entries("acme", "okta"))
}

func TestEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, requestlog.Config{Always: true})
	e := w.last("POST", "/Users", scimtest.User("ada@example.com", `"emails":true`))
	require.Equal(t, "t1", e.TokenID)
	require.Equal(t, "/Users", e.Route)
	require.Equal(t, 400, e.Status)
	require.EqualValues(t, "invalidValue", e.ScimType)
	require.Equal(t, "emails: must be an object", e.Detail)
	require.Equal(t, map[string]string{"User-Agent": "Okta SCIM Client 1.0"}, e.Header)
	require.JSONEq(t, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"[email 9-16]","emails":true}`, tagless(string(e.Body)))
}

func TestMasks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, requestlog.Config{Always: true})
	const p = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[%s]}`
	for _, c := range []struct{ name, in, want string }{
		{"booleans, short numbers and null", `{"active":false,"count":42,"x":null,"long":123456789}`, `{"active":false,"count":42,"x":null,"long":"[digits 9-16]"}`},
		{"a boolean in a text", `{"active":"False"}`, `{"active":"False"}`},
		{"kinds", `{"externalId":"2819c223-7f76-453a-919d-413861904646","title":"Dr","a":["https://example.com/x","2024-02-29T12:00:00Z","+49 30 123456","   ",""]}`,
			`{"externalId":"[uuid 33-64]","title":"[text 1-8]","a":["[url 17-32]","[date 17-32]","[phone 9-16]","[blank 1-8]",""]}`},
		{"types of the schema", `{"emails":[{"type":"work","value":"a@b"},{"type":"Ada's"}]}`, `{"emails":[{"type":"work","value":"[email 1-8]"},{"type":"[text 1-8]"}]}`},
		{"secrets", `{"password":"hidden","Password":7}`, ``},
		{"a secret", `{"password":["hidden"],"urn:ietf:params:scim:schemas:core:2.0:User:password":"hidden"}`, `{"password":"[redacted]","urn:ietf:params:scim:schemas:core:2.0:User:password":"[redacted]"}`},
		{"sensitive attributes", `{"nickName":"hidden","phoneNumbers":[{"value":"hidden"}]}`, `{"nickName":"[redacted]","phoneNumbers":"[redacted]"}`},
		{"operations", fmt.Sprintf(p, `{"op":"Replace","path":"active","value":"False"},{"op":"Ada","path":"title","value":{"x":"y"}}`),
			fmt.Sprintf(p, `{"op":"Replace","path":"active","value":"False"},{"op":"[text 1-8]","path":"title","value":{"x":"[text 1-8]"}}`)},
		{"the value of a secret path", fmt.Sprintf(p, `{"op":"add","path":"password","value":{"hidden":1}},{"OP":"add","Path":"phoneNumbers[type eq \"work\"].value","Value":"hidden"}`),
			fmt.Sprintf(p, `{"op":"add","path":"password","value":"[redacted]"},{"OP":"add","Path":"phoneNumbers[type eq \"work\"].value","Value":"[redacted]"}`)},
		{"a path with a value", fmt.Sprintf(p, `{"op":"remove","path":"members[value eq \"2819c223-7f76-453a-919d-413861904646\"]"},{"op":"add","path":"emails[type eq \"work\" and value eq \"a@b\"].value","value":"x"}`),
			fmt.Sprintf(p, `{"op":"remove","path":"members[value eq \"[uuid 33-64]\"]"},{"op":"add","path":"emails[type eq \"work\" and value eq \"[email 1-8]\"].value","value":"[text 1-8]"}`)},
		{"a name that is a path", `{"emails[type eq \"work\"].value":"a@b","Ada Lovelace":1,"members[value eq \"Ada\"]":true}`,
			`{"emails[type eq \"work\"].value":"[email 1-8]","[text 1-8] [text 1-8]":1,"members[value eq \"[text 1-8]\"]":true}`},
		{"a search", `{"filter":"userName eq \"ada\"","sortBy":"name.familyName","attributes":["userName","Ada L"],"startIndex":1}`,
			`{"filter":"userName eq \"[text 1-8]\"","sortBy":"name.familyName","attributes":["userName","[text 1-8]"],"startIndex":1}`},
		{"bulk", `{"Operations":[{"method":"PUT","path":"/Users/ada","bulkId":"b1","data":{"userName":"ada"}}]}`,
			`{"Operations":[{"method":"PUT","path":"/Users/[text 1-8]","bulkId":"[text 1-8]","data":{"userName":"[text 1-8]"}}]}`},
		{"many elements", `{"members":[` + strings.Repeat(`{"value":"x"},`, 29) + `{"value":"x"}]}`, `{"members":[` + strings.Repeat(`{"value":"[text 1-8]"},`, 20) + `"[10 more]"]}`},
		{"no JSON", `{"password":"hidden"`, ``},
		{"no JSON in the end", `{"password":"hidden"} hidden`, ``},
		{"not even an object", `"hidden"`, `"[text 1-8]"`},
		{"large", `{"a":{` + strings.Repeat(`"x":[1],`, 0) + manyMembers(3000) + `}}`, `"[more than 8192 bytes]"`},
	} {
		got := tagless(string(w.last("PUT", "/Users/1", c.in).Body))
		if c.name == "large" {
			require.Less(t, len(got), 8192, c.name)
			continue
		}
		require.Equal(t, c.want, got, c.name)
	}
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"a%s":{"value":"x","other":["y","y","y","y","y"]},`, strings.Repeat("b", i%40)+fmt.Sprintf("%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676))
	}
	return b.String() + `"z":1`
}

func TestMasksQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, requestlog.Config{Always: true})
	for _, c := range []struct{ name, filter, want string }{
		{"a value", `userName eq "ada@example.com"`, `userName eq "[email 9-16]"`},
		{"a value without quotes", `userName eq ada`, `userName eq [text 1-8]`},
		{"a value of two words", `userName eq Ada Lovelace`, `userName eq [text 1-8] [text 1-8]`},
		{"an open quote", `userName eq "Ada Lovelace`, `userName eq "[text 9-16]"`},
		{"an escaped quote", `userName eq "a\"Ada" and active eq true`, `userName eq "[text 1-8]" and active eq true`},
		{"a word alone", `Lovelace`, `[text 1-8]`},
		{"operators and numbers", `not (meta.lastModified gt "2024-02-29T12:00:00Z") or x.y lt 12 and emails[type eq "work" and value co "@"] and title pr`,
			`not (meta.lastModified gt "[date 17-32]") or x.y lt 12 and emails[type eq "work" and value co "[text 1-8]"] and title pr`},
		{"a sensitive attribute", `nickName eq "Ada" or userName eq "ada"`, `nickName eq "[redacted]" or userName eq "[redacted]"`},
		{"a secret without quotes", `password eq hunter two`, `password eq [redacted] [redacted]`},
		{"an unknown attribute", `samAccountName eq "ada"`, `samAccountName eq "[text 1-8]"`},
		{"quotes only", `"Ada" "Lovelace"`, `"[text 1-8]" "[text 1-8]"`},
	} {
		e := w.last("GET", "/Users?startIndex=1&count=10&cursor=abc&Ada+L=x&filter="+url.QueryEscape(c.filter), "")
		require.Equal(t, c.want, tagless(e.Query["filter"]), c.name)
		require.Equal(t, "10", e.Query["count"])
		require.Equal(t, "[text 1-8]", tagless(e.Query["cursor"]))
		text, err := json.Marshal(e)
		require.NoError(t, err)
		require.NotContains(t, string(text), "Ada L")
	}
	require.Equal(t, map[string]string{"?": "[malformed, 9 bytes]"}, w.last("GET", "/Users?Ada%zz=1x", "").Query)
}

// Values that differ in case have one tag, so that a person can be recognised.
func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t, requestlog.Config{Always: true})
	body := func(name string) string { return string(w.last("POST", "/Groups", `{"displayName":"`+name+`"}`).Body) }
	require.Equal(t, body("Ada"), body("ADA"))
	require.NotEqual(t, body("Ada"), body("Bob"))
}

// Nothing that was planted is in the JSON of any entry.
func TestEntriesHaveNoPersonalData(t *testing.T) {
	t.Parallel()
	w := newWorld(t, requestlog.Config{Always: true, Entries: 1000})
	planted := []string{"Lovelace", "ada.lovelace@example.com", "030-5551234", "secret-of-ada", "hidden", "Bearer"}
	name := planted[0]
	for _, body := range []string{
		scimtest.User(planted[1], `"name":{"familyName":"`+name+`"}`, `"password":"`+planted[3]+`"`, `"phoneNumbers":[{"value":"`+planted[2]+`"}]`),
		scimtest.User(planted[1], `"name":{"familyName":["`+name+`"]}`),
		scimtest.PatchOp(`{"op":"replace","value":{"emails[value eq \"` + planted[1] + `\"].display":"` + name + `"}}`),
		scimtest.PatchOp(`{"op":"replace","path":"emails[value eq \"` + planted[1] + `\"","value":"x"}`),
		scimtest.PatchOp(`{"op":"` + planted[1] + `","path":"` + planted[1] + `"}`),
		`{"` + planted[1] + `":"` + name + `"`, `[["` + name + `"]]`, `"` + name,
		`{"schemas":["` + planted[1] + `"],"type":"` + name + `","filter":"` + name + ` ` + name + `"}`,
		`{"meta":{"resourceType":"` + name + `","version":"` + planted[3] + `"},"id":"` + name + `"}`,
	} {
		for _, target := range []string{"POST /Users", "PUT /Users/" + name, "PATCH /Users/" + name, "POST /.search", "POST /Bulk", "POST /Nothing/" + name} {
			method, path, _ := strings.Cut(target, " ")
			w.send(method, path, body)
		}
		w.send("GET", "/Users?filter="+url.QueryEscape(`name.familyName eq `+name+` `+name)+"&"+url.QueryEscape(planted[1])+"="+name, "")
		w.send("GET", "/Users/"+name+"?attributes="+url.QueryEscape(planted[1])+",userName", "")
		w.send("GET", "/"+name+"/"+planted[3], "")
	}
	all := w.l.Entries("acme", "okta")
	require.Len(t, all, 90)
	text, err := json.Marshal(all)
	require.NoError(t, err)
	for _, p := range planted {
		require.NotContains(t, strings.ToLower(string(text)), strings.ToLower(p))
	}
}

// The failed operations of a bulk request are in its entry.
func TestBulkEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, requestlog.Config{Always: true})
	one := `{"method":"POST","path":"/Users","bulkId":"1","data":` + scimtest.User("a") + `}`
	operations := one
	for i := range 30 {
		operations += "," + strings.Replace(one, `"1"`, fmt.Sprintf(`"again%d"`, i), 1)
	}
	e := w.last("POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+operations+`]}`)
	require.Equal(t, 200, e.Status, e.Detail)
	require.Equal(t, 31, e.Bulk)
	require.Len(t, e.Operations, 20)
	require.Equal(t, 409, e.Operations[0].Status)
}

func TestBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, requestlog.Config{Always: true, Entries: 3})
	for i := range 10 {
		w.send("GET", fmt.Sprint("/Users?startIndex=", i), "")
	}
	all := w.l.Entries("acme", "okta")
	require.Len(t, all, 3)
	require.Equal(t, "7", all[0].Query["startIndex"])
	require.Equal(t, "9", all[2].Query["startIndex"])

	w = newWorld(t, requestlog.Config{Always: true, Bytes: 20_000, Entries: 1000})
	for range 100 {
		w.send("GET", "/Users", "")
		w.h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", scimtest.BaseURL+"/Users", nil))
	}
	n := len(w.l.Entries("acme", "okta")) + len(w.l.Entries("", requestlog.Unauthenticated))
	require.Less(t, n, 35)
	require.Greater(t, n, 15)

	_, err := requestlog.New(requestlog.Config{Entries: -1})
	require.ErrorContains(t, err, "0 takes the default")
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, requestlog.Config{Bytes: 10_000})
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 50 {
				w.l.Start("acme", "okta", time.Now().Add(time.Hour))
				w.send("POST", "/Users", scimtest.User("ada"))
				w.l.Entries("acme", "okta")
				w.l.Stop("acme", "okta")
			}
		}()
	}
	wg.Wait()
	require.Empty(t, w.l.Entries("acme", "okta"))
}

// FuzzBody: a text that cannot be a name is never kept, wherever it stands.
func FuzzBody(f *testing.F) {
	for _, s := range []string{`{"password":"h!dden"}`, `{"Operations":[{"path":"password","value":"h!dden"}]}`, `{"a":[{"password":{"x":"h!dden"}}]}`, `{"filter":"password eq \"h!dden\""}`, `h!dden`} {
		f.Add(s)
	}
	l, err := requestlog.New(requestlog.Config{Always: true, Entries: 1})
	require.NoError(f, err)
	db := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: db,
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
	})
	require.NoError(f, err)
	l.Attach(h)
	f.Fuzz(func(t *testing.T, body string) {
		l.Observe(t.Context(), &scim.Exchange{Authenticated: true, Body: []byte(body)})
		e := l.Entries("", "")[0]
		if len(e.Body) > 0 {
			require.True(t, json.Valid(e.Body))
		}
		require.NotContains(t, string(e.Body), "h!dden")
	})
}
