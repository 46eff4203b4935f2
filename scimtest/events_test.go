package scimtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

const (
	respondAsync = "Prefer: respond-async"
	switchOff    = `{"op":"replace","path":"active","value":false}`
)

// announcer is a server with an outbox, whose worker does not run: the test reads
// the events by taking them out of the outbox.
type announcer struct {
	server
	t      *testing.T
	outbox *failingOutbox
	events chan *event.Event
	h      *scim.Handler
}

// failingOutbox refuses results while fails is true.
type failingOutbox struct {
	store.Outbox
	fails bool
}

func (o *failingOutbox) Append(ctx context.Context, entries []store.Entry) error {
	if o.fails && entries[0].Type == string(event.AsyncResponse) {
		return errors.New("disk full")
	}
	return o.Outbox.Append(ctx, entries)
}

// announce returns a server that answers asynchronously.
func announce(t *testing.T, configure func(*scim.Config)) *announcer {
	a := &announcer{t: t, events: make(chan *event.Event, 100)}
	db := memstore.New()
	a.outbox = &failingOutbox{Outbox: db}
	hook := func(_ context.Context, e *event.Event) error { a.events <- e; return nil }
	a.server = serve(t, func(cfg *scim.Config) {
		cfg.Tx, cfg.Outbox, cfg.Endpoints = db, a.outbox, []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))}
		cfg.Hooks.Changed, cfg.Hooks.AsyncResponse = hook, hook
		if configure != nil {
			configure(cfg)
		}
	})
	a.h = a.server.Handler.(*scim.Handler)
	return a
}

// eachClient runs a proof with a server for the default and one for the strict
// client.
func eachClient(t *testing.T, prove func(a *announcer, c *scimtest.Client)) {
	a := announce(t, nil)
	prove(a, a.lenient(t))
	a = announce(t, nil)
	prove(a, a.strict(t))
}

// delivered runs the worker until n events were delivered and it is certain that
// no other one is pending.
func (a *announcer) delivered(n int) []*event.Event {
	a.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- a.h.Run(ctx) }()
	var events []*event.Event
	for range n {
		events = append(events, <-a.events)
	}
	cancel()
	<-ended
	left, err := a.outbox.Claim(context.Background(), store.QueueEvent, time.Now().Add(time.Hour), time.Now().Add(2*time.Hour), 100)
	require.NoError(a.t, err)
	require.Empty(a.t, left, "more events")
	require.Empty(a.t, a.events)
	return events
}

// result returns the only result among events.
func result(t *testing.T, events []*event.Event) (*event.Event, map[string]any) {
	t.Helper()
	i := slices.IndexFunc(events, func(e *event.Event) bool { return e.Kind == event.AsyncResponse })
	require.GreaterOrEqual(t, i, 0)
	var members map[string]any
	require.NoError(t, json.Unmarshal(events[i].Response, &members))
	return events[i], members
}

// accepted requires an asynchronous answer and returns its Set-Txn.
func accepted(t *testing.T, r *scimtest.Reply) string {
	t.Helper()
	r.Is(202)
	require.Empty(t, r.Text)
	require.Equal(t, []string{"respond-async"}, r.Header["Preference-Applied"])
	require.Empty(t, r.Header.Get("Content-Type"))
	require.NotEmpty(t, r.Header.Get("Set-Txn"))
	return r.Header.Get("Set-Txn")
}

// normal requires an answer that is not asynchronous.
func normal(t *testing.T, r *scimtest.Reply) {
	t.Helper()
	require.NotEqual(t, 202, r.Status)
	require.Empty(t, r.Header.Get("Set-Txn"))
	require.Empty(t, r.Header.Get("Preference-Applied"))
}

func TestConformanceAsyncRequests(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "Y-19 Y-22 Y-23 Y-24 Y-25 Y-26", "POST, PUT, PATCH and DELETE are answered 202, and the result follows as an event", func(t *testing.T) {
		t.Parallel()
		eachClient(t, func(a *announcer, c *scimtest.Client) {
			created := c.Post("/Users", scimtest.User("a"), respondAsync)
			txn := accepted(t, created)
			location := created.Header.Get("Location")
			path := strings.TrimPrefix(location, scimtest.BaseURL)
			version := c.Get(path).Is(200).Header.Get("ETag")
			seen := map[string]bool{}
			check := func(method string, status string, txn string) {
				t.Helper()
				require.False(t, seen[txn], "Set-Txn is unique")
				seen[txn] = true
				e, members := result(t, a.delivered(2))
				require.Equal(t, txn, e.Transaction)
				require.Equal(t, path, e.Path)
				want := map[string]any{"method": method, "status": status, "location": location}
				if version != "" {
					want["version"] = version
				}
				require.Equal(t, want, members)
			}
			check("POST", "201", txn)

			r := c.Put(path, scimtest.User("a", `"title":"x"`), respondAsync)
			require.Equal(t, location, r.Header.Get("Location"))
			version = c.Get(path).Has("title", `"x"`).Header.Get("ETag")
			check("PUT", "200", accepted(t, r))

			r = c.Do("PATCH", path, scimtest.PatchOp(`{"op":"remove","path":"title"}`), respondAsync)
			require.Equal(t, location, r.Header.Get("Location"))
			version = c.Get(path).Has("title", "").Header.Get("ETag")
			check("PATCH", "200", accepted(t, r))

			r = c.Delete(path, respondAsync)
			version = ""
			check("DELETE", "204", accepted(t, r))
			c.Get(path).Fails(404, "")
		})
	})
	scimtest.Prove(t, "Y-23 Y-25", "a request that changes nothing is answered 202 too, and has a result and no change", func(t *testing.T) {
		t.Parallel()
		a := announce(t, nil)
		c := a.lenient(t)
		path := c.NewUser("a")
		a.delivered(1)
		txn := accepted(t, c.Do("PATCH", path, scimtest.PatchOp(`{"op":"remove","path":"title"}`), respondAsync))
		e, members := result(t, a.delivered(1))
		require.Equal(t, txn+" 200", fmt.Sprint(e.Transaction, " ", members["status"]))
	})
	scimtest.Prove(t, "Y-20", "Accept does not matter to an asynchronous answer", func(t *testing.T) {
		t.Parallel()
		a := announce(t, nil)
		accepted(t, a.lenient(t).Post("/Users", scimtest.User("a"), respondAsync, "Accept: text/html"))
	})
	scimtest.Prove(t, "Y-21", "a request that takes less than the preference wait is answered as always", func(t *testing.T) {
		t.Parallel()
		var clock time.Time
		took := time.Second
		a := announce(t, func(cfg *scim.Config) {
			clock = time.Now()
			cfg.Now = func() time.Time { return clock }
			cfg.Hooks.Before = func(context.Context, *event.Event) error { clock = clock.Add(took); return nil }
		})
		c := a.lenient(t)
		normal(t, c.Post("/Users", scimtest.User("a"), "Prefer: respond-async, wait=10").Is(201))
		took = 11 * time.Second
		accepted(t, c.Post("/Users", scimtest.User("b"), "Prefer: respond-async, wait=10"))
	})
	scimtest.Prove(t, "Y-19 Y-22", "without Hooks.AsyncResponse, and for what is no write, the preference is ignored", func(t *testing.T) {
		t.Parallel()
		off := serve(t, nil).lenient(t)
		normal(t, off.Post("/Users", scimtest.User("a"), respondAsync).Is(201))
		normal(t, off.Post("/Bulk", bulk(postUser("b")), respondAsync).Is(200))
		a := announce(t, nil)
		c := a.lenient(t)
		path := c.NewUser("a")
		normal(t, c.Get(path, respondAsync).Is(200))
		normal(t, c.Do("HEAD", path, nil, respondAsync).Is(200))
		normal(t, c.Post("/Users/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}`, respondAsync).Is(200))
		normal(t, c.Post("/Users", scimtest.User("b"), "Prefer: respond-asynchronously").Is(201))
	})
	scimtest.Prove(t, "Y-22 Y-17", "an error is answered as always, and has neither a result nor a change", func(t *testing.T) {
		t.Parallel()
		eachClient(t, func(a *announcer, c *scimtest.Client) {
			c.NewUser("taken")
			a.delivered(1)
			normal(t, c.Post("/Users", scimtest.User("taken"), respondAsync).Fails(409, "uniqueness"))
			normal(t, c.Put("/Users/none", scimtest.User("x"), respondAsync).Fails(404, ""))
			normal(t, c.Post("/Users", "{", respondAsync).Fails(400, "invalidSyntax"))
			normal(t, c.Post("/Bulk", "{", respondAsync).Fails(400, "invalidSyntax"))
			normal(t, c.Post("/Nowhere", "{}", respondAsync).Fails(404, ""))
			normal(t, scimtest.NewClient(t, a, "").Post("/Users", scimtest.User("x"), respondAsync).Fails(401, ""))
			a.delivered(0)
		})
	})
	scimtest.Prove(t, "Y-22", "if the result cannot be kept the answer is the normal one", func(t *testing.T) {
		t.Parallel()
		a := announce(t, nil)
		a.outbox.fails = true
		c := a.lenient(t)
		normal(t, c.Post("/Users", scimtest.User("a"), respondAsync).Is(201).Has("userName", `"a"`))
		normal(t, c.Post("/Bulk", bulk(postUser("b"), `{"method":"DELETE","path":"/Users/none"}`), respondAsync).Is(200).
			Has("Operations[0].status", `"201"`, "Operations[1].status", `"404"`))
		long := strings.Repeat("x", store.MaxPayload)
		a.outbox.fails = false
		normal(t, c.Post("/Bulk", bulk(fmt.Sprintf(`{"method":"POST","path":"/Users","bulkId":%q,"data":%s}`, long, scimtest.User("c"))), respondAsync).Is(200).
			Has("Operations[0].status", `"201"`))
		a.delivered(3)
	})
	scimtest.Prove(t, "Y-22", "a deactivation is answered 202 after access is revoked, and 503 if that fails", func(t *testing.T) {
		t.Parallel()
		var revoked []string
		fails := true
		a := announce(t, func(cfg *scim.Config) {
			cfg.Hooks.Revoke = func(_ context.Context, e *event.Event) error {
				if fails {
					return errors.New("away")
				}
				revoked = append(revoked, e.Path)
				return nil
			}
		})
		c := a.lenient(t)
		path := c.NewUser("a", `"active":true`)
		a.delivered(1)
		off := scimtest.PatchOp(switchOff)
		normal(t, c.Do("PATCH", path, off, respondAsync).Fails(503, ""))
		fails = false
		txn := accepted(t, c.Do("PATCH", path, off, respondAsync))
		require.Equal(t, []string{path}, revoked)
		e, _ := result(t, a.delivered(2))
		require.Equal(t, txn, e.Transaction, "the only result: the request that failed has none")
	})
	scimtest.Prove(t, "Y-33", "the Location of an asynchronous answer needs credentials", func(t *testing.T) {
		t.Parallel()
		a := announce(t, nil)
		r := a.lenient(t).Post("/Users", scimtest.User("a"), respondAsync)
		accepted(t, r)
		scimtest.NewClient(t, a, "").Get(strings.TrimPrefix(r.Header.Get("Location"), scimtest.BaseURL)).Fails(401, "")
	})
}

func TestConformanceAsyncBulk(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "Y-23 Y-25 Y-26 Y-27 Y-28 Y-29 Y-30", "a bulk request has one result for each operation, numbered by its place in the request, failed ones with the error", func(t *testing.T) {
		t.Parallel()
		eachClient(t, func(a *announcer, c *scimtest.Client) {
			leaver := c.NewUser("leaver")
			a.delivered(1)
			ops := []string{
				`{"method":"POST","path":"/Groups","bulkId":"g","data":` + scimtest.Group("g", `"members":[{"value":"bulkId:u"}]`) + `}`, // after the next one
				`{"method":"POST","path":"/Users","bulkId":"u","data":` + scimtest.User("u") + `}`,
				`{"method":"POST","path":"/Users","bulkId":"twice","data":` + scimtest.User("u") + `}`,
				`{"method":"PUT","path":"/Users/none","data":` + scimtest.User("x") + `}`,
				`{"method":"DELETE","path":"/Nowhere/1"}`,
				`{"method":"DELETE","path":"` + leaver + `"}`,
			}
			r := c.Post("/Bulk", bulk(ops...), respondAsync)
			txn := accepted(t, r)
			require.Empty(t, r.Header.Get("Location"))
			events := a.delivered(len(ops) + 3)
			results := map[string]string{}
			changes := map[string]string{}
			for _, e := range events {
				if e.Kind == event.Changed {
					changes[e.Transaction] = e.Type + " " + fmt.Sprint(e.Kinds)
					continue
				}
				var m struct {
					Method, BulkID, Status, Location, Version string
					Response                                  struct {
						Schemas        []string
						Status, Detail string
					}
				}
				require.NoError(t, json.Unmarshal(e.Response, &m))
				if m.Status >= "4" {
					require.Equal(t, []string{scim.ErrorURI}, m.Response.Schemas)
					require.Equal(t, m.Status, m.Response.Status)
					require.NotEmpty(t, m.Response.Detail)
				}
				if m.Location != "" {
					require.Equal(t, m.Location, scimtest.BaseURL+e.Path)
				}
				results[e.Transaction] = strings.TrimSpace(m.Method + " " + m.Status + " " + m.BulkID + " " + strings.Split(e.Path, "/")[1])
			}
			require.Equal(t, map[string]string{
				txn + ":0": "POST 201 g Groups", txn + ":1": "POST 201 u Users", txn + ":2": "POST 409 twice Users",
				txn + ":3": "PUT 404  Users", txn + ":4": "DELETE 404  Bulk", txn + ":5": "DELETE 204  Users",
			}, results)
			require.Equal(t, map[string]string{txn + ":0": "Group [created membersChanged]", txn + ":1": "User [created]", txn + ":5": "User [deactivated deleted]"}, changes)
		})
	})
	scimtest.Prove(t, "Y-28", "operations that failOnErrors leaves out have a result too", func(t *testing.T) {
		t.Parallel()
		a := announce(t, nil)
		c := a.lenient(t)
		body := strings.Replace(bulk(`{"method":"DELETE","path":"/Users/none"}`, postUser("a")), `"Operations"`, `"failOnErrors":1,"Operations"`, 1)
		txn := accepted(t, c.Post("/Bulk", body, respondAsync))
		statuses := map[string]any{}
		for _, e := range a.delivered(2) {
			_, m := result(t, []*event.Event{e})
			statuses[e.Transaction] = m["status"]
		}
		require.Equal(t, map[string]any{txn + ":0": "404", txn + ":1": "409"}, statuses)
		c.Get("/Users").Has("totalResults", "0")
	})
}

func TestConformanceAnnouncedEvents(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "Y-31 Y-19", "securityEvents is announced as configured, and not without", func(t *testing.T) {
		t.Parallel()
		noEvents := serve(t, nil)
		noEvents.lenient(t).Get("/ServiceProviderConfig").Has("securityEvents", "")
		hook := func(context.Context, *event.Event) error { return nil }
		const deleted, asyncresp = "urn:ietf:params:scim:event:prov:delete", "urn:ietf:params:scim:event:misc:asyncresp"
		quiet := announce(t, func(cfg *scim.Config) { cfg.EventURIs, cfg.Hooks.AsyncResponse = []string{deleted}, nil })
		c := quiet.lenient(t)
		c.Get("/ServiceProviderConfig").Has("securityEvents", `{"asyncRequest":"none","eventUris":["`+deleted+`"]}`)
		normal(t, c.Post("/Users", scimtest.User("a"), respondAsync))
		both := announce(t, func(cfg *scim.Config) { cfg.EventURIs, cfg.Hooks.AsyncResponse = []string{deleted}, hook })
		c = both.lenient(t)
		c.Get("/ServiceProviderConfig").Has("securityEvents", `{"asyncRequest":"request","eventUris":["`+deleted+`","`+asyncresp+`"]}`)
		accepted(t, c.Post("/Users", scimtest.User("a"), respondAsync))
		require.Contains(t, c.Get("/Schemas/"+schema.ServiceProviderConfigURI).Text, `"name":"securityEvents"`)
	})
	scimtest.Prove(t, "Y-17", "a change has one event, a request that changes nothing or fails has none", func(t *testing.T) {
		t.Parallel()
		eachClient(t, func(a *announcer, c *scimtest.Client) {
			path := c.NewUser("a")
			require.Equal(t, []event.Kind{event.Created}, a.delivered(1)[0].Kinds)
			c.Patch(path, `{"op":"add","path":"title","value":"x"}`)
			require.Equal(t, []event.Kind{event.Updated}, a.delivered(1)[0].Kinds)
			c.Patch(path, `{"op":"add","path":"title","value":"x"}`)
			c.Patch(path, `{"op":"add","path":"userName","value":""}`)
			c.Delete("/Users/none")
			c.Put(path, "{")
			a.delivered(0)
			c.Delete(path)
			a.delivered(1)
		})
	})
}
