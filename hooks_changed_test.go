package scim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
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

// Changed is delivered once for a change of a resource, with the kinds of all its
// events and the paths of the attributes that differ.
func TestChangedStandsForTheEventsOfAChange(t *testing.T) {
	t.Parallel()
	delivered := make(chan *event.Event, 10)
	w := newWorld(t, func(w *world, c *scim.Config) {
		db := memstore.New(memstore.KeepDeleted)
		w.db, w.users, w.groups = db, db.Store(schema.UserType), db.Store(schema.GroupType).(store.MemberStore)
		c.Tx, c.Outbox, c.Endpoints = db, db, []scim.Endpoint{scim.Users(w.users), scim.Groups(w.groups)}
		c.Endpoints[0].OnTwin = scim.RestoreDeleted
		c.SetPassword = func(context.Context, *schema.Resource, schema.Secrets) error { return nil }
		c.Hooks.Changed = func(_ context.Context, e *event.Event) error { delivered <- e; return nil }
	})
	w.run()
	change := func(status int, method, path, body string) *event.Event {
		t.Helper()
		w.do(status, method, path, body)
		e := <-delivered
		require.Equal(t, event.Changed, e.Kind)
		require.NotEmpty(t, e.ID)
		require.NotEmpty(t, e.Transaction)
		return e
	}
	says := func(e *event.Event, kinds, attributes string) {
		t.Helper()
		require.Equal(t, "["+kinds+"]", fmt.Sprint(e.Kinds))
		require.Equal(t, "["+attributes+"]", fmt.Sprint(e.Attributes))
	}
	made := change(201, "POST", "/Users", scimtest.User("a", `"active":true`, `"password":"secret-word"`, `"name":{"givenName":"A","familyName":"B"}`,
		`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"x"}`))
	path := "/Users/" + made.ResourceID
	says(made, "created passwordSet", "userName name active urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department password")
	require.Nil(t, made.Before)
	require.Equal(t, path, made.Path)

	moved := change(200, "PATCH", path, scimtest.PatchOp(deactivate, `{"op":"replace","path":"name.familyName","value":"C"}`))
	says(moved, "deactivated updated", "name.familyName active")
	require.NotEqual(t, made.Transaction, moved.Transaction)
	says(change(200, "PATCH", path, scimtest.PatchOp(reactivate)), "reactivated", "active")
	says(change(200, "PATCH", path, scimtest.PatchOp(`{"op":"replace","path":"password","value":"secret-word"}`)), "passwordSet", "password")

	group := change(201, "POST", "/Groups", scimtest.Group("g", `"members":[{"value":"`+made.ResourceID+`"}]`))
	says(group, "created membersChanged", "displayName members")
	require.Len(t, group.Members.Add, 1)

	w.do(204, "DELETE", path, "")
	gone, left := <-delivered, <-delivered
	if gone.Type != "User" {
		gone, left = left, gone
	}
	says(gone, "deactivated deleted", "")
	says(left, "membersChanged", "members")
	require.Equal(t, event.ByMembers, left.Cause)
	require.Equal(t, gone.Transaction, left.Transaction, "one request")
	require.Nil(t, gone.After)

	back := change(201, "POST", "/Users", scimtest.User("a", `"active":true`))
	says(back, "restored reactivated updated", "userName active")
	require.Equal(t, made.ResourceID, back.ResourceID)
	require.Nil(t, back.Before, "it was deleted for those who saw the events")
}

// A change of many members is divided into parts of one transaction.
func TestPartsOfALargeChange(t *testing.T) {
	t.Parallel()
	const many = 6000 // of long ids: more than an outbox entry holds
	delivered := make(chan *event.Event, 100)
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Limits.Revoke = time.Minute
		c.Hooks.Changed = func(_ context.Context, e *event.Event) error { delivered <- e; return nil }
	})
	var members []string
	for i := range many {
		members = append(members, fmt.Sprintf(`{"value":"%0250d"}`, i))
	}
	w.do(201, "POST", "/Groups", scimtest.Group("large", `"members":[`+strings.Join(members, ",")+`]`))
	w.run()
	seen, transaction := 0, ""
	for part := 0; seen < many; part++ {
		e := <-delivered
		require.Equal(t, part, e.Part)
		if part > 0 {
			require.Equal(t, transaction, e.Transaction)
		}
		transaction = e.Transaction
		require.Less(t, len(e.Members.Add), many)
		seen += len(e.Members.Add)
	}
	require.Equal(t, many, seen)
}

// An entry of a version without transactions and paths is delivered with both.
func TestEventsOfOlderVersions(t *testing.T) {
	t.Parallel()
	delivered := make(chan *event.Event, 1)
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Hooks.Updated = func(_ context.Context, e *event.Event) error { delivered <- e; return nil }
	})
	payload := `{"id":"e1","kind":"updated","time":"2026-01-02T03:04:05Z","cause":"put","type":"User","resource":"7 8",` +
		`"before":{"id":"7 8","created":"2026-01-02T03:04:05Z","lastModified":"2026-01-02T03:04:05Z","attributes":{"userName":"a"}},` +
		`"after":{"id":"7 8","created":"2026-01-02T03:04:05Z","lastModified":"2026-01-02T03:04:05Z","attributes":{"userName":"b"}}}`
	require.True(t, json.Valid([]byte(payload)))
	require.NoError(t, w.db.Append(context.Background(), []store.Entry{{
		ID: "n1", Queue: store.QueueEvent, Type: "User", ResourceID: "7 8", Payload: []byte(payload), Created: epoch, Due: epoch,
	}}))
	w.run()
	e := <-delivered
	require.Equal(t, "/Users/7%208 e1 a b", fmt.Sprint(e.Path, " ", e.Transaction, " ", userName(e.Before), " ", userName(e.After)))
}

// An event that cannot be delivered is dead after one attempt.
func TestUndeliverableEventsAreSetAside(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Hooks.Changed = func(_ context.Context, e *event.Event) error {
			if calls.Add(1); e.After.Text("userName") == "refused" {
				return fmt.Errorf("%w: the receiver refuses it", event.ErrUndeliverable)
			}
			return errors.New("away")
		}
	})
	w.user("refused")
	w.user("away")
	w.run()
	w.eventually("both were tried", func() bool { return calls.Load() == 2 })
	w.eventually("one is dead", func() bool {
		dead, err := w.db.Dead(context.Background(), "", 10)
		return err == nil && len(dead) == 1 && dead[0].Attempts == 1 && strings.Contains(dead[0].Reason, "the receiver refuses it")
	})
}
