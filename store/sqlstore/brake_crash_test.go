package sqlstore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// TestBrakeProcess is not a test: it is a server of [TestBrakeOfFiftyThousandDeactivations].
// POST /release releases the brake.
func TestBrakeProcess(t *testing.T) {
	serveReplica(t, func(d database) http.Handler {
		h := withDefaultBrake(t, d.store(t))
		mux := http.NewServeMux()
		mux.Handle("/", h)
		mux.HandleFunc("POST /release", func(w http.ResponseWriter, r *http.Request) {
			var release brake.Release
			if err := json.NewDecoder(r.Body).Decode(&release); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
			} else if err := h.ReleaseBrake(r.Context(), "", release); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
		return mux
	})
}

// withDefaultBrake serves a database with the defaults of the brake and without a rate.
func withDefaultBrake(t *testing.T, db *sqlstore.DB) *scim.Handler {
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("okta", "okta")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		Limits:    scim.Limits{Rate: math.Inf(1)},
	})
	require.NoError(t, err)
	return h
}

// Of the deactivations of 5,000 people by one token, sent to two processes of which one
// is killed in the middle, 500 are carried out, 10 %. A release lets as many more leave as
// it says, although the process that wrote it is killed, and one person by id. With
// SCIM_TEST_LONG=1 (.ci/run -long) they are 50,000 on SQLite, and 5,000 on a server, where
// 50,000 take more than a minute.
func TestBrakeOfFiftyThousandDeactivations(t *testing.T) {
	if testing.Short() && os.Getenv("SCIM_TEST_REQUIRE_ALL") != "1" {
		t.Skip("many thousand requests: left out with -short")
	}
	onEach(t, func(t *testing.T, d database) {
		const people, bound = 5000, 500
		attempts, again := 1500, 300
		if os.Getenv("SCIM_TEST_LONG") == "1" {
			attempts, again = people, 2000
			if d.path != "" {
				attempts = 50_000
			}
		}
		w := newLeavers(t, d, people)
		first, kill := d.process(t, "TestBrakeProcess")
		second, _ := d.process(t, "TestBrakeProcess")

		either := func(sent int) http.Handler { return []http.Handler{first, second}[sent/50%2] }
		var once sync.Once
		w.deactivate(600, func(sent int) http.Handler {
			if sent >= 250 {
				once.Do(kill)
			}
			return either(sent)
		})
		require.Positive(t, w.left())
		require.Less(t, w.left(), bound)
		first, kill = d.process(t, "TestBrakeProcess")
		w.deactivate(attempts, either)
		require.Equal(t, bound, w.left())

		more := brake.Release{Connection: "okta", Kind: brake.Leavers, Type: "User", More: 70, Actor: "Grace", Reason: "a test"}
		release(t, first, more)
		kill()
		first, kill = d.process(t, "TestBrakeProcess")
		w.deactivate(again, either)
		require.Equal(t, bound+70, w.left())

		one := w.active()[0]
		require.Equal(t, 503, status(first, asOkta("DELETE", "/Users/"+one, "")))
		more.ID, more.More = one, 0
		release(t, first, more)
		kill()
		require.Equal(t, 204, status(second, asOkta("DELETE", "/Users/"+one, "")))
		w.deactivate(again, func(int) http.Handler { return second })
		require.Equal(t, bound+70+1, w.left())
	})
}

// leavers are people in a database of whom many are deactivated.
type leavers struct {
	*testing.T
	users store.Store
	ids   []string
	next  atomic.Int64
}

func newLeavers(t *testing.T, d database, n int) *leavers {
	db := d.store(t)
	w := &leavers{T: t, users: db.Store(schema.UserType)}
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
		for i := range n {
			created, err := w.users.Create(ctx, storetest.Creation(user(i)))
			if err != nil {
				return err
			}
			w.ids = append(w.ids, created.ID)
		}
		return nil
	}))
	return w
}

// deactivate sends n deactivations in bulk requests of 50, four at a time, the next
// of the people one after another: by PATCH, PUT and DELETE. to gets the number of
// deactivations that were sent before, and returns the handler to send them to.
func (w *leavers) deactivate(n int, to func(sent int) http.Handler) {
	const workers, size = 4, 50
	var sent atomic.Int64
	var failures sync.Map
	sqltest.AtOnce(workers, func(int) {
		for {
			before := int(sent.Add(size)) - size
			if before >= n {
				return
			}
			ops := make([]string, size)
			for i := range ops {
				ops[i] = w.operation(int(w.next.Add(1)) % len(w.ids))
			}
			h := to(before)
			got := httptest.NewRecorder()
			h.ServeHTTP(got, asOkta("POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+strings.Join(ops, ",")+`]}`))
			var answer struct{ Operations []struct{ Status string } }
			_ = json.Unmarshal(got.Body.Bytes(), &answer)
			wrong := len(answer.Operations) != size
			for _, op := range answer.Operations {
				wrong = wrong || !slices.Contains([]string{"200", "204", "404", "503"}, op.Status)
			}
			if wrong && got.Code != http.StatusBadGateway { // which says that the process was killed
				failures.Store(got.Body.String(), got.Code)
			}
		}
	})
	failures.Range(func(body, status any) bool {
		w.Fatalf("%v %s", status, body)
		return false
	})
}

// operation deactivates one of the people, always in the same way.
func (w *leavers) operation(i int) string {
	path := `"path":"/Users/` + w.ids[i] + `"`
	switch i % 3 {
	case 0:
		return `{"method":"PATCH",` + path + `,"data":` + scimtest.PatchOp(`{"op":"replace","path":"active","value":false}`) + `}`
	case 1:
		return `{"method":"PUT",` + path + `,"data":` + scimtest.User(fmt.Sprintf("User.%06d@example.com", i), `"active":false`) + `}`
	}
	return `{"method":"DELETE",` + path + `}`
}

// left returns how many of the people are inactive or gone.
func (w *leavers) left() int { return len(w.ids) - len(w.active()) }

// active returns the ids of those who have not left.
func (w *leavers) active() []string {
	var ids []string
	active := schema.User.Attribute("active")
	q := store.Query{Count: 1000, Attributes: []*schema.Attribute{active}}
	for {
		page, err := w.users.List(w.Context(), &q)
		require.NoError(w, err)
		for _, r := range page.Resources {
			if r.Attributes.Get(active).Bool() {
				ids = append(ids, r.ID)
			}
		}
		if q.After = page.Next; q.After == "" {
			return ids
		}
	}
}

func asOkta(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, scimtest.BaseURL+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer okta")
	r.Header.Set("Content-Type", "application/scim+json")
	return r
}

// status sends a request and returns the status of the response.
func status(h http.Handler, r *http.Request) int {
	got := httptest.NewRecorder()
	h.ServeHTTP(got, r)
	return got.Code
}

// release releases the brake in another process.
func release(t *testing.T, h http.Handler, r brake.Release) {
	body, err := json.Marshal(r)
	require.NoError(t, err)
	require.Equal(t, 200, status(h, httptest.NewRequest("POST", "/release", bytes.NewReader(body))))
}
