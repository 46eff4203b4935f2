package scim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

type bulkResult struct {
	Status, Location string
	Response         struct{ ScimType string }
}

// inBulk sends operations in one request and returns the result of each.
func inBulk(t *testing.T, h http.Handler, ops []string) []bulkResult {
	t.Helper()
	w := send(h, http.MethodPost, "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+strings.Join(ops, ",")+`]}`)
	require.Equal(t, http.StatusOK, w.Code, "%.500s", w.Body)
	var answer struct{ Operations []bulkResult }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	require.Len(t, answer.Operations, len(ops))
	return answer.Operations
}

// requireSpentUp demands that the first operations succeed and that the others,
// some at least, are refused for what the request has cost.
func requireSpentUp(t *testing.T, results []bulkResult, least int) {
	t.Helper()
	n := 0
	for n < len(results) && results[n].Status[0] == '2' {
		n++
	}
	require.GreaterOrEqual(t, n, least, "%+v", results)
	require.Less(t, n, len(results), "all were carried out")
	for _, r := range results[n:] {
		require.Equal(t, "400", r.Status)
		require.Equal(t, "tooMany", r.Response.ScimType)
		require.NotEmpty(t, r.Location)
	}
}

func times(n int, op func(i int) string) []string {
	ops := make([]string, n)
	for i := range ops {
		ops[i] = op(i)
	}
	return ops
}

func changeOf(path, op string) string {
	return fmt.Sprintf(`{"method":"PATCH","path":%q,"data":%s}`, path, scimtest.PatchOp(op))
}

// TestBulkSharesOneWork: what the operations of a bulk request cost together is
// bounded as it is for one request: filters of PATCH, and reading and writing what
// is stored. The operations after it are refused, each in its own result.
func TestBulkSharesOneWork(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users := db.Store(schema.UserType)
	plain := handlerOf(t, db, users, scim.Limits{})
	emails := make([]string, 200)
	for i := range emails {
		emails[i] = fmt.Sprintf(`{"value":"u%d@example.com"}`, i)
	}
	user := func(name, more string) string {
		return fmt.Sprintf(`{"schemas":[%q],"userName":%q%s}`, schema.UserURI, name, more)
	}
	mails := "/Users/" + made(t, plain, "/Users", user("mails", `,"emails":[`+strings.Join(emails, ",")+`]`))
	large := func(name string) string {
		return "/Users/" + made(t, plain, "/Users", user(name, `,"title":"`+strings.Repeat("x", 10_000)+`"`))
	}
	patched, put := large("patched"), large("put")
	gone := times(20, func(i int) string { return large(fmt.Sprint("gone", i)) })

	for name, ops := range map[string][]string{
		"filters of PATCH": times(20, func(i int) string {
			return changeOf(mails, fmt.Sprintf(`{"op":"replace","path":"emails[value eq \"u%d@example.com\"].display","value":"x"}`, i))
		}),
		"PATCH of a large user": times(20, func(i int) string {
			return changeOf(patched, fmt.Sprintf(`{"op":"replace","path":"displayName","value":"%d"}`, i))
		}),
		"PUT of a large user": times(20, func(i int) string {
			return fmt.Sprintf(`{"method":"PUT","path":%q,"data":%s}`, put, user("put", `,"title":"`+strings.Repeat("y", 10_000)+`"`))
		}),
		"DELETE of large users": times(20, func(i int) string { return fmt.Sprintf(`{"method":"DELETE","path":%q}`, gone[i]) }),
	} {
		t.Run(name, func(t *testing.T) {
			h := handlerOf(t, db, users, scim.Limits{Work: 1_000_000})
			requireSpentUp(t, inBulk(t, h, ops), 2)
		})
	}
}

// TestBulkReadsMembersWithinItsWork: the members of a group that a PATCH has to read are
// taken off the work of the request, also where the group has too many.
func TestBulkReadsMembersWithinItsWork(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users, groups := db.Store(schema.UserType), db.Store(schema.GroupType).(store.MemberStore)
	seeded, err := scimtest.Seed(t.Context(), db, users, groups, 500)
	require.NoError(t, err)
	h := handlerOfGroups(t, db, scim.Limits{Work: 2_000_000})
	results := inBulk(t, h, times(20, func(int) string {
		return changeOf("/Groups/"+seeded.Large, `{"op":"remove","path":"members[type eq \"Nothing\"]"}`)
	}))
	requireSpentUp(t, results, 1)
}

func handlerOfGroups(t *testing.T, db *memstore.DB, limits scim.Limits) *scim.Handler {
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("test", "secret")), Tx: db, Limits: limits, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
	})
	require.NoError(t, err)
	return h
}

// TestBulkOfSmallOperationsIsUnhindered: as many operations as the limits let pass,
// on users of an ordinary size, are within the work of one request; it grows with
// BulkOperations.
func TestBulkOfSmallOperationsIsUnhindered(t *testing.T) {
	t.Parallel()
	for n, limits := range map[int]scim.Limits{500: {}, 10_000: {BulkOperations: 10_000, BulkPayload: 64 << 20}} {
		if n > 500 && testing.Short() {
			continue
		}
		db := memstore.New()
		h := handlerOf(t, db, db.Store(schema.UserType), limits)
		created := inBulk(t, h, times(n, func(i int) string {
			return fmt.Sprintf(`{"method":"POST","path":"/Users","bulkId":"%d","data":{"schemas":[%q],"userName":"user%d@example.com","externalId":"%d","active":true,
				"name":{"givenName":"Ursula","familyName":"Number %d"},"displayName":"Ursula %d","title":"Guide","preferredLanguage":"en-GB",
				"emails":[{"value":"user%d@example.com","type":"work","primary":true},{"value":"other%d@example.com","type":"home"}],
				"phoneNumbers":[{"value":"+49 30 %d","type":"work"}],"addresses":[{"streetAddress":"1 Way","locality":"Berlin","country":"DE","type":"work"}],
				"photos":[{"value":"https://example.com/photos/%d","type":"photo"}]}}`, i, schema.UserURI, i, i, i, i, i, i, i, i)
		}))
		changed := times(n, func(i int) string {
			require.Equal(t, "201", created[i].Status)
			_, id, _ := strings.Cut(created[i].Location, "/Users/")
			return changeOf("/Users/"+id, `{"op":"replace","path":"emails[type eq \"work\"].value","value":"new@example.com"}`)
		})
		h = handlerOf(t, db, db.Store(schema.UserType), limits) // another rate
		for _, r := range inBulk(t, h, changed) {
			require.Equal(t, "200", r.Status, "%d operations", n)
		}
	}
}

// TestRepeatedTransactionIsChargedOnce: a store that asks for its transactions to be
// repeated does not use up the work of a bulk request.
func TestRepeatedTransactionIsChargedOnce(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users := db.Store(schema.UserType)
	plain := handlerOf(t, db, users, scim.Limits{})
	carriedOut := func(name string, users store.Store) int {
		path := "/Users/" + made(t, plain, "/Users", fmt.Sprintf(`{"schemas":[%q],"userName":%q,"title":%q}`, schema.UserURI, name, strings.Repeat("x", 10_000)))
		ops := times(20, func(i int) string {
			return changeOf(path, fmt.Sprintf(`{"op":"replace","path":"displayName","value":"%d"}`, i))
		})
		n := 0
		for _, r := range inBulk(t, handlerOf(t, db, users, scim.Limits{Work: 1_000_000}), ops) {
			if r.Status == "200" {
				n++
			}
		}
		return n
	}
	once := carriedOut("a", users)
	require.Less(t, once, 20)
	conflicting := &conflictingStore{Store: users}
	require.Equal(t, once, carriedOut("b", conflicting))
	require.Equal(t, 2*once, conflicting.updates)
}

// conflictingStore fails every other update as a concurrent write would.
type conflictingStore struct {
	store.Store
	updates int
}

func (s *conflictingStore) Update(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	if s.updates++; s.updates%2 == 1 {
		return nil, store.ErrVersion
	}
	return s.Store.Update(ctx, c)
}
