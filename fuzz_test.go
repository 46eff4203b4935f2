package scim_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// newHandler returns a handler over a fresh memory store, with one user and a
// group in it.
func newHandler(t testing.TB, client string) (h *scim.Handler, user, group string) {
	t.Helper()
	db := memstore.New()
	token := scim.HashToken("test", "secret")
	token.Client = client
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(token), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
	})
	require.NoError(t, err)
	user = made(t, h, "/Users", scimtest.User("bjensen", `"emails":[{"value":"b@example.com","type":"work","primary":true}]`))
	group = made(t, h, "/Groups", scimtest.Group("Tour Guides", `"members":[{"value":"`+user+`"}]`))
	return h, user, group
}

func made(t testing.TB, h http.Handler, path, body string) string {
	t.Helper()
	w := send(h, http.MethodPost, path, body)
	require.Equal(t, http.StatusCreated, w.Code, w.Body.String())
	var v struct{ ID string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v))
	return v.ID
}

func send(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, newRequest(method, path, body))
	return w
}

func newRequest(method, path, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, scimtest.BaseURL+"/", strings.NewReader(body))
	r.Method = method // NewRequest panics on some
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut("/scim/v2"+path, "?")
	r.Header.Set("Authorization", "Bearer secret")
	r.Header.Set("Content-Type", "application/scim+json")
	return r
}

// FuzzHandler: no response to any request is a 500, every response of 400 and
// above is a SCIM error, and a refused write changes nothing.
func FuzzHandler(f *testing.F) {
	for _, seed := range [][3]string{
		{"GET", "/Users?filter=userName+eq+%22bjensen%22&sortBy=name.familyName", ""},
		{"GET", "/?filter=meta.resourceType+eq+%22Group%22&attributes=displayName", ""},
		{"POST", "/Users", scimtest.User("babs", `"name":{"familyName":"Jensen"},"roles":[],"active":"True"`)},
		{"POST", "/Users/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"emails[type eq \"work\"]","count":1}`},
		{"PUT", "/Users/{user}", scimtest.User("bjensen", `"id":"x","meta":{}`)},
		{"PATCH", "/Users/{user}", scimtest.PatchOp(`{"op":"Replace","path":"emails[type eq \"home\"].value","value":"h@example.com"}`)},
		{"PATCH", "/Groups/{group}", scimtest.PatchOp(`{"op":"Remove","path":"members","value":[{"value":"{user}"}]}`)},
		{"DELETE", "/Users/{user}", ""},
		{"GET", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], false)
		f.Add(seed[0], seed[1], seed[2], true)
	}
	f.Fuzz(func(t *testing.T, method, path, body string, strict bool) {
		client := ""
		if strict {
			client = "strict"
		}
		h, user, group := newHandler(t, client)
		fill := strings.NewReplacer("{user}", user, "{group}", group)
		before := state(h)
		w := send(h, method, fill.Replace(path), fill.Replace(body))
		require.NotEqual(t, http.StatusInternalServerError, w.Code, w.Body.String())
		if w.Code < 400 {
			return
		}
		var e struct {
			Schemas []string
			Status  string
			Detail  string
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &e), w.Body.String())
		require.Equal(t, []string{scim.ErrorURI}, e.Schemas)
		require.NotEmpty(t, e.Detail)
		require.Equal(t, before, state(h), "a refused request changed something")
	})
}

func state(h http.Handler) string { return send(h, http.MethodGet, "/", "").Body.String() }
