package scimtest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// bulk returns the JSON of a bulk request.
func bulk(ops ...string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[` + strings.Join(ops, ",") + `]}`
}

func postUser(name string) string {
	return fmt.Sprintf(`{"method":"POST","path":"/Users","bulkId":%q,"data":%s}`, name, scimtest.User(name))
}

func TestConformanceBulk(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "B-28", "each operation is authorized, calls the hooks and has an audit record, as a request of its own", func(t *testing.T) {
		t.Parallel()
		var seen, audited []string
		db := memstore.New()
		s := serve(t, func(cfg *scim.Config) {
			cfg.Tx, cfg.Endpoints = db, []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))}
			cfg.Authorize = func(_ context.Context, op scim.Operation) error {
				if op.Kind == scim.OperationDelete {
					return scim.ErrForbidden
				}
				return nil
			}
			cfg.Hooks.Before = func(_ context.Context, e *event.Event) error {
				if r := e.Resource(); e.Kind == event.Updated && r.Text("title") == "panic" {
					panic("secret of the hook")
				} else if r.Text("userName") == "vetoed" {
					return &scim.Error{Status: 400, Type: schema.ErrorInvalidValue, Detail: "no such name"}
				} else if r.Text("userName") == "broken" {
					return errors.New("secret of the hook")
				}
				return nil
			}
			cfg.Hooks.EndSessions = func(_ context.Context, e *event.Event) error {
				seen = append(seen, e.ResourceID)
				return nil
			}
			cfg.Audit = func(_ context.Context, rec scim.AuditRecord) {
				audited = append(audited, fmt.Sprintf("%s %s %d %s", rec.Method, rec.Operation, rec.Status, rec.Name))
			}
		})
		c := s.lenient(t)
		leaver := c.NewUser("leaver")
		audited = nil
		r := c.Post("/Bulk", bulk(postUser("a"), postUser("vetoed"), postUser("broken"),
			`{"method":"PATCH","path":"`+leaver+`","data":`+scimtest.PatchOp(`{"op":"replace","path":"title","value":"panic"}`)+`}`,
			`{"method":"DELETE","path":"`+leaver+`"}`,
			`{"method":"PATCH","path":"`+leaver+`","data":`+scimtest.PatchOp(`{"op":"replace","path":"active","value":false}`)+`}`)).Is(200)
		for i, status := range []string{"201", "400", "500", "500", "403", "200"} {
			r.Has(fmt.Sprintf("Operations[%d].status", i), `"`+status+`"`)
		}
		require.NotContains(t, r.Text, "secret")
		require.Equal(t, []string{scimtest.ID(leaver)}, seen)
		require.Equal(t, []string{"POST create 201 a", "POST create 400 vetoed", "POST create 500 broken", "PATCH patch 500 leaver", "DELETE delete 403 ", "PATCH patch 200 leaver", "POST  200 "}, audited)
		c.Get(leaver).Has("title", "", "active", "false")
	})
	scimtest.Prove(t, "B-24 B-25 B-26 E-12", "the limits are those of the configuration, with a length and in chunks", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(cfg *scim.Config) { cfg.Limits.BulkOperations, cfg.Limits.BulkPayload = 2, 600 })
		s.both(t, func(c *scimtest.Client) {
			c.Get("/ServiceProviderConfig").Has("bulk", `{"supported":true,"maxOperations":2,"maxPayloadSize":600}`)
			c.Post("/Bulk", bulk(postUser("a"), postUser("b"), postUser("c"))).Fails(413, "")
		})
		c := s.lenient(t)
		c.Get("/Users").Has("totalResults", "0")
		c.Post("/Bulk", bulk(postUser("a"), postUser("b"))).Is(200).Has("Operations.#", "2")
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		large := bulk(postUser(strings.Repeat("x", 700)))
		for _, body := range []*strings.Reader{strings.NewReader(large)} {
			resp, text, err := exchange(t, server, "POST", "/Bulk", body)
			require.NoError(t, err)
			require.Equal(t, 413, resp.StatusCode)
			require.Contains(t, text, "600")
		}
		chunked, err := http.NewRequest("POST", server.URL+"/scim/v2/Bulk", struct{ *strings.Reader }{strings.NewReader(large)})
		require.NoError(t, err)
		chunked.ContentLength = -1
		chunked.Header.Set("Authorization", "Bearer default")
		resp, err := server.Client().Do(chunked)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, 413, resp.StatusCode)
		c.Get("/Users").Has("totalResults", "2")
	})
	scimtest.Prove(t, "B-28 B-10", "a read-only credential and one for other types may carry out no operation of the others", func(t *testing.T) {
		t.Parallel()
		p := &scim.Principal{ReadOnly: true}
		s := serve(t, func(cfg *scim.Config) {
			cfg.Auth = scim.AuthenticatorFunc(func(*http.Request) (*scim.Principal, error) { return p, nil })
		})
		c := s.lenient(t)
		c.Post("/Bulk", bulk(postUser("a"))).Is(200).Has("Operations[0].status", `"403"`)
		p = &scim.Principal{Types: []string{"Group"}}
		c.Post("/Bulk", bulk(postUser("a"), `{"method":"POST","path":"/Groups","bulkId":"g","data":`+scimtest.Group("g")+`}`)).Is(200).
			Has("Operations[0].status", `"403"`, "Operations[1].status", `"201"`)
	})
}

// The operations of a bulk request together name as many members as one request
// may.
func TestMembersOfABulkRequestAreBounded(t *testing.T) {
	t.Parallel()
	s := serve(t, func(cfg *scim.Config) { cfg.Limits.Members = 3 })
	c := s.lenient(t)
	group := func(id string, members string) string {
		return `{"method":"POST","path":"/Groups","bulkId":"` + id + `","data":` + scimtest.Group(id, `"members":[`+members+`]`) + `}`
	}
	r := c.Post("/Bulk", bulk(group("a", `{"value":"1"},{"value":"2"}`), group("b", `{"value":"3"},{"value":"4"}`), group("c", `{"value":"5"}`))).Is(200)
	r.Has("Operations[0].status", `"201"`, "Operations[1].status", `"413"`, "Operations[2].status", `"413"`)
	c.Post("/Bulk", bulk(group("d", `{"value":"1"},{"value":"2"}`), group("e", `{"value":"3"}`))).Is(200).
		Has("Operations[0].status", `"201"`, "Operations[1].status", `"201"`)

	s = serve(t, func(cfg *scim.Config) {
		cfg.Limits.Members, cfg.Limits.Operations, cfg.Limits.Values, cfg.Limits.BulkOperations = 3, 3, 40, 2
	})
	c = s.lenient(t)
	user := func(id string, emails int) string {
		list := strings.Repeat(`,{"value":"x"}`, emails)[1:]
		return `{"method":"POST","path":"/Users","bulkId":"` + id + `","data":{"userName":"` + id + `","emails":[` + list + `]}}`
	}
	c.Post("/Bulk", bulk(user("a", 30), user("b", 31))).Fails(413, "")
	c.Get("/Users").Has("totalResults", "0")
	c.Post("/Bulk", bulk(user("a", 30), user("b", 30))).Is(200).Has("Operations[1].status", `"201"`)
}

// An operation has the limits of the body of a request of its own, also where the
// bulk request may be larger.
func TestAnOperationHasTheLimitsOfARequest(t *testing.T) {
	t.Parallel()
	s := serve(t, func(cfg *scim.Config) {
		cfg.Limits.Body, cfg.Limits.BulkPayload = 400, 1<<20
		cfg.Limits.Members, cfg.Limits.Operations, cfg.Limits.Values = 5, 5, 5 // 8 times as many elements in one body
	})
	c := s.lenient(t)
	elements := strings.Repeat(",1", 41)[1:]
	r := c.Post("/Bulk", bulk(postUser("a"), postUser("b"+strings.Repeat("x", 300)), postUser("c"),
		`{"method":"POST","path":"/Users","bulkId":"d","data":{"userName":"d","unknown":[`+elements+`]}}`)).Is(200)
	r.Has("Operations[0].status", `"201"`, "Operations[1].status", `"413"`, "Operations[2].status", `"201"`,
		"Operations[3].status", `"400"`, "Operations[3].response.scimType", `"invalidSyntax"`)
	require.Contains(t, r.Text, "400 bytes")
	c.Get("/Users").Has("totalResults", "2")
}

// A client that closes the connection ends the request after the operation that is
// being carried out.
func TestABulkRequestEndsWithItsConnection(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	made := 0
	s := serve(t, func(cfg *scim.Config) {
		cfg.Hooks.Before = func(context.Context, *event.Event) error {
			if made++; made == 3 {
				cancel()
			}
			return nil
		}
	})
	ops := make([]string, 10)
	for i := range ops {
		ops[i] = postUser(fmt.Sprint("u", i))
	}
	r := httptest.NewRequestWithContext(ctx, "POST", "/scim/v2/Bulk", strings.NewReader(bulk(ops...)))
	r.Header.Set("Authorization", "Bearer default")
	s.ServeHTTP(httptest.NewRecorder(), r)
	require.Equal(t, 3, made)
	require.LessOrEqual(t, len(s.lenient(t).Get("/Users").Strings("id")), 3)
}

// syncing is a transactor whose transactions are put on disk together.
type syncing struct {
	*memstore.DB
	did *[]string
	err *error
}

type deferredKey struct{}

func (s syncing) DeferSync(ctx context.Context) (context.Context, func() error) {
	return context.WithValue(ctx, deferredKey{}, true), func() error {
		*s.did = append(*s.did, "sync")
		return *s.err
	}
}

// recorder notes when the first part of the response is sent.
type recorder struct {
	*httptest.ResponseRecorder
	did *[]string
}

func (r recorder) WriteHeader(status int) {
	*r.did = append(*r.did, "send")
	r.ResponseRecorder.WriteHeader(status)
}

// The results of operations, and their audit records, follow after their
// transactions are on disk (store.Syncer). With an outbox, whose worker acts on a
// commit, each transaction is on disk when it commits.
func TestBulkResultsFollowTheSync(t *testing.T) {
	t.Parallel()
	var did []string
	var failure error
	db := memstore.New()
	serveWith := func(outbox bool) server {
		return serve(t, func(cfg *scim.Config) {
			cfg.Tx = syncing{db, &did, &failure}
			cfg.Endpoints = []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))}
			cfg.Hooks.Before = func(ctx context.Context, e *event.Event) error {
				if ctx.Value(deferredKey{}) != nil {
					did = append(did, "deferred")
					return nil
				}
				did = append(did, "write")
				return nil
			}
			cfg.Audit = func(_ context.Context, rec scim.AuditRecord) { did = append(did, fmt.Sprint("audit ", rec.Name)) }
			if outbox {
				cfg.Outbox = db
			}
		})
	}
	send := func(s server, ops ...string) *httptest.ResponseRecorder {
		did = nil
		r := httptest.NewRequest("POST", "/scim/v2/Bulk", strings.NewReader(bulk(ops...)))
		r.Header.Set("Authorization", "Bearer default")
		w := httptest.NewRecorder()
		s.ServeHTTP(recorder{w, &did}, r)
		return w
	}
	s := serveWith(false)
	require.Equal(t, 200, send(s, postUser("a"), postUser("b")).Code)
	require.Equal(t, []string{"deferred", "deferred", "sync", "audit a", "audit b", "send", "audit "}, did)

	ops := make([]string, 130)
	for i := range ops {
		ops[i] = postUser(fmt.Sprint("many", i))
	}
	require.Equal(t, 200, send(s, ops...).Code)
	require.Equal(t, "sync", did[64], "after 64 operations")
	require.Equal(t, "sync", did[64+1+64+64])

	ops = ops[:63]
	group := func(name, member string) string {
		return fmt.Sprintf(`{"method":"POST","path":"/Groups","bulkId":%q,"data":%s}`, name, scimtest.Group(name, `"members":[{"value":"bulkId:`+member+`"}]`))
	}
	for i := range ops {
		ops[i] = postUser(fmt.Sprint("more", i))
	}
	ops = append(ops, group("x", "y"), group("y", "x")) // x is the 64th, without a result until y is there
	for i := range 100 {
		ops = append(ops, group(fmt.Sprint("g", i), "x"))
	}
	require.Equal(t, 200, send(s, ops...).Code)
	require.Equal(t, "sync", did[66], "after a POST that is still to be completed; y has two events")

	failure = store.ErrUnavailable
	w := send(s, postUser("c"))
	require.Equal(t, 503, w.Code)
	require.NotContains(t, w.Body.String(), `"201"`)
	failure = nil

	require.Equal(t, 200, send(serveWith(true), postUser("d")).Code)
	require.Equal(t, []string{"write", "audit d", "send", "audit "}, did)
}

// An operation that fails for whatever reason leaves the results of the others.
func TestBulkReportsWhatWasDone(t *testing.T) {
	t.Parallel()
	s := serve(t, func(cfg *scim.Config) {
		cfg.Hooks.Before = func(_ context.Context, e *event.Event) error {
			switch e.Resource().Text("userName") {
			case "unavailable":
				return store.ErrUnavailable
			case "panics":
				panic("secret of the hook")
			}
			return nil
		}
	})
	c := s.lenient(t)
	r := c.Post("/Bulk", bulk(postUser("a"), postUser("unavailable"), postUser("b"), postUser("panics"), postUser("c"))).Is(200)
	for i, status := range []string{"201", "503", "201", "500", "201"} {
		r.Has(fmt.Sprintf("Operations[%d].status", i), `"`+status+`"`, fmt.Sprintf("Operations[%d].method", i), `"POST"`)
	}
	require.NotContains(t, r.Text, "secret")
	c.Get("/Users").Has("totalResults", "3")
	last := strings.Replace(bulk(postUser("d"), postUser("unavailable"), postUser("e")), `"Operations"`, `"failOnErrors":1,"Operations"`, 1)
	c.Post("/Bulk", last).Is(200).Has("Operations.#", "2", "Operations[0].status", `"201"`, "Operations[1].status", `"503"`)
	c.Get("/Users").Has("totalResults", "4")
}

// Circles of any length, and groups that all refer to each other, are resolved in one
// request, which takes a time that grows with the number of references.
func TestLargeCircles(t *testing.T) {
	t.Parallel()
	for name, circle := range map[string]struct {
		n       int
		members func(i int) []int
	}{
		"a ring of 1,000 groups":              {1000, func(i int) []int { return []int{(i + 1) % 1000} }},
		"100 groups that refer to each other": {100, func(int) []int { return rand.Perm(100) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, members := circle.n, make([][]int, circle.n)
			s := serve(t, func(cfg *scim.Config) { cfg.Limits.BulkOperations = n })
			ops := make([]string, n)
			for i := range ops {
				var list []string
				members[i] = circle.members(i)
				for _, j := range members[i] {
					list = append(list, fmt.Sprintf(`{"value":"bulkId:%d"}`, j))
				}
				ops[i] = fmt.Sprintf(`{"method":"POST","path":"/Groups","bulkId":"%d","data":%s}`, i, scimtest.Group(fmt.Sprint("g", i), `"members":[`+strings.Join(list, ",")+`]`))
			}
			c := s.lenient(t)
			r := c.Post("/Bulk", bulk(ops...)).Is(200).Has("Operations.#", fmt.Sprint(n))
			require.Equal(t, n, strings.Count(r.Text, `"status":"201"`))
			id := func(i int) string { return scimtest.ID(r.String(fmt.Sprintf("Operations[%d].location", i))) }
			for _, i := range []int{0, n / 2, n - 1} {
				got := c.Get("/Groups/"+id(i)).Is(200).Has("members.#", fmt.Sprint(len(members[i])))
				require.Contains(t, got.Text, `"value":"`+id(members[i][0])+`"`)
			}
		})
	}
}

// An id that needs escapes in a path is escaped when it replaces a bulkId.
func TestBulkIDsWithEscapes(t *testing.T) {
	t.Parallel()
	n := 0
	c := serve(t, func(cfg *scim.Config) {
		cfg.NewID = func() string { n++; return fmt.Sprintf("dept/50%%25-%d", n) }
	}).lenient(t)
	r := c.Post("/Bulk", bulk(postUser("q"),
		`{"method":"PATCH","path":"/Users/bulkId:q","data":`+scimtest.PatchOp(`{"op":"replace","path":"active","value":false}`)+`}`)).Is(200)
	r.Has("Operations[1].status", `"200"`)
	c.Get("/Users").Has("Resources[0].active", "false")

	group := func(name, other string) string {
		return fmt.Sprintf(`{"method":"POST","path":"/Groups","bulkId":%q,"data":{"schemas":[%q],"displayName":%q,"members":[{"value":"bulkId:%s","$ref":"/Groups/bulkId:%s"}]}}`,
			name, schema.GroupURI, name, other, other)
	}
	r = c.Post("/Bulk", bulk(group("a", "b"), group("b", "a"))).Is(200)
	r.Has("Operations[0].status", `"201"`, "Operations[1].status", `"201"`)
	c.Get("/Groups?attributes=members").Has("Resources[0].members.#", "1", "Resources[1].members.#", "1")
}
