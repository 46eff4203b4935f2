package scim_test

import (
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// connections serves the connections okta (with two tokens) and entra of acme, and
// okta of globex.
func connections(t *testing.T, limits scim.Limits) func(token, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	token := func(id, tenant, connection string) store.Token {
		k := scim.HashToken(id, id)
		k.Tenant, k.Connection = tenant, connection
		return k
	}
	db := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Tx: db, Logger: slog.New(slog.DiscardHandler), Limits: limits,
		Auth: scim.BearerTokens(token("okta-1", "acme", "okta"), token("okta-2", "acme", "okta"), token("entra", "acme", "entra"), token("globex", "globex", "okta"),
			token("plain-1", "acme", ""), token("plain-2", "acme", "")),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
	})
	require.NoError(t, err)
	return func(token, method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, scimtest.BaseURL+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/scim+json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
}

func TestRateOfAConnection(t *testing.T) {
	t.Parallel()
	do := connections(t, scim.Limits{Rate: 0.001, Burst: 3})
	for range 3 {
		require.Equal(t, 200, do("okta-1", "GET", "/Users", "").Code)
	}
	for _, token := range []string{"okta-1", "okta-2"} {
		w := do(token, "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada"}`)
		require.Equal(t, http.StatusTooManyRequests, w.Code, "the tokens of a connection share its rate")
		assert.JSONEq(t, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"429","detail":"too many requests; try again in `+w.Header().Get("Retry-After")+` seconds"}`, w.Body.String())
		assert.InDelta(t, 1000, toInt(t, w.Header().Get("Retry-After")), 20, "a rate of one request in 1,000 seconds")
	}
	assert.Equal(t, 200, do("entra", "GET", "/Users", "").Code, "another connection")
	assert.Equal(t, 200, do("globex", "GET", "/Users", "").Code, "another tenant")
	assert.NotContains(t, do("entra", "GET", "/Users", "").Body.String(), "ada", "nothing of the request happened")
	assert.Equal(t, 401, do("stranger", "GET", "/Users", "").Code)
	assert.Equal(t, 200, do("plain-1", "GET", "/Users", "").Code, "tokens without a connection have rates of their own")
	assert.Equal(t, 200, do("plain-2", "GET", "/Users", "").Code)
}

func TestRateOfATenant(t *testing.T) {
	t.Parallel()
	do := connections(t, scim.Limits{Rate: 0.001, Burst: 3, TenantRate: 0.001, TenantBurst: 4})
	for range 3 {
		require.Equal(t, 200, do("okta-1", "GET", "/Users", "").Code)
	}
	require.Equal(t, 200, do("entra", "GET", "/Users", "").Code)
	require.Equal(t, 429, do("entra", "GET", "/Users", "").Code)
	assert.Equal(t, 200, do("globex", "GET", "/Users", "").Code)
}

// By default 100 users assigned at once pass: a look-up, a creation, a second
// look-up and a membership each. 2,000 requests at once do not.
func TestDefaultRate(t *testing.T) {
	t.Parallel()
	do := connections(t, scim.Limits{})
	group := do("okta-1", "POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"all"}`)
	require.Equal(t, 201, group.Code)
	id := strings.TrimPrefix(group.Header().Get("Location"), scimtest.BaseURL)
	for i := range 100 {
		lookUp := fmt.Sprintf("/Users?filter=userName+eq+%%22user%d%%22", i)
		require.Equal(t, 200, do("okta-1", "GET", lookUp, "").Code)
		require.Equal(t, 201, do("okta-1", "POST", "/Users", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"user%d"}`, i)).Code)
		require.Equal(t, 200, do("okta-1", "GET", lookUp, "").Code)
		require.Equal(t, 204, do("okta-1", "PATCH", id, scimtest.PatchOp(`{"op":"add","path":"members","value":[{"value":"x`+fmt.Sprint(i)+`"}]}`)).Code)
	}
	refused := 0
	for range 2000 {
		if w := do("okta-1", "GET", "/Users/none", ""); w.Code == 429 {
			refused++
			require.Equal(t, "1", w.Header().Get("Retry-After"))
		}
	}
	assert.Positive(t, refused)
	assert.Equal(t, 200, do("globex", "GET", "/Users", "").Code)
}

func TestInfiniteRateIsNoLimit(t *testing.T) {
	t.Parallel()
	do := connections(t, scim.Limits{Rate: math.Inf(1), TenantRate: math.Inf(1)})
	for range 3000 {
		require.Equal(t, 404, do("okta-1", "GET", "/Users/none", "").Code)
	}
}

func TestOperationsOfABulkRequestCount(t *testing.T) {
	t.Parallel()
	do := connections(t, scim.Limits{Rate: 0.001, Burst: 5})
	op := `{"method":"DELETE","path":"/Users/none"}`
	w := do("okta-1", "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+strings.Repeat(op+",", 99)+op+`]}`)
	require.Equal(t, 200, w.Code)
	require.Equal(t, 100, strings.Count(w.Body.String(), `{"method":"DELETE"`), "they do not wait")
	w = do("okta-1", "GET", "/Users", "")
	require.Equal(t, 429, w.Code)
	assert.InDelta(t, 97_000, toInt(t, w.Header().Get("Retry-After")), 1000, "each is owed")
	assert.Equal(t, 200, do("entra", "GET", "/Users", "").Code, "another connection of the tenant")
}

func toInt(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}
