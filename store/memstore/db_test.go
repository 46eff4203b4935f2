package memstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
	"github.com/seed5f3efb56/scim/store/storetest"
	"github.com/stretchr/testify/require"
)

func resource(t testing.TB, typ *schema.ResourceType, id, attributes string) *schema.Resource {
	t.Helper()
	o, errs := typ.DecodeStored([]byte(attributes))
	require.Empty(t, errs)
	return &schema.Resource{Type: typ, ID: id, Attributes: o}
}

func TestStoreImplementsOptionalInterfaces(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	require.NotImplements(t, (*store.MemberStore)(nil), db.Store(schema.UserType))
	for _, typ := range []*schema.ResourceType{schema.UserType, schema.GroupType, storetest.ThingType} {
		s := db.Store(typ)
		require.Implements(t, (*store.Describer)(nil), s)
		require.Implements(t, (*store.Exister)(nil), s)
	}
}

func TestStoresOfOneTypeShareResources(t *testing.T) {
	t.Parallel()
	db, ctx := memstore.New(), context.Background()
	_, err := db.Store(schema.UserType).Create(ctx, storetest.Creation(resource(t, schema.UserType, "1", `{"userName":"a"}`)))
	require.NoError(t, err)
	_, err = db.Store(schema.UserType).Get(ctx, "1", store.GetOptions{})
	require.NoError(t, err)
}

func TestIDsAreUsedOnceInATenant(t *testing.T) {
	t.Parallel()
	db, ctx := memstore.New(), context.Background()
	users, groups := db.Store(schema.UserType), db.Store(schema.GroupType)
	user := resource(t, schema.UserType, "1", `{"userName":"a"}`)
	_, err := users.Create(ctx, storetest.Creation(user))
	require.NoError(t, err)
	_, err = groups.Create(ctx, storetest.Creation(resource(t, schema.GroupType, "1", `{"displayName":"g"}`)))
	require.Error(t, err, "an id of another type") // M-12
	require.NoError(t, users.Delete(ctx, &store.Change{ID: "1"}))
	_, err = users.Create(ctx, storetest.Creation(user))
	require.Error(t, err, "an id of the past") // M-13
	_, err = users.Create(store.WithTenant(ctx, "other"), storetest.Creation(user))
	require.NoError(t, err, "an id of another tenant")
	_, err = users.Create(ctx, storetest.Creation(resource(t, schema.UserType, "", `{"userName":"a"}`)))
	require.Error(t, err, "no id")
}

func TestVersionCountsChanges(t *testing.T) {
	t.Parallel()
	db, ctx := memstore.New(), context.Background()
	users := db.Store(schema.UserType)
	r, err := users.Create(ctx, storetest.Creation(resource(t, schema.UserType, "1", `{"userName":"a"}`)))
	require.NoError(t, err)
	require.Equal(t, "1", r.Version)
	r, err = users.Update(ctx, &store.Change{ID: r.ID, Before: r, After: r})
	require.NoError(t, err)
	require.Equal(t, "2", r.Version)
}

func TestListOrderIsCreationOrder(t *testing.T) {
	t.Parallel()
	db, ctx := memstore.New(), context.Background()
	users := db.Store(schema.UserType)
	for _, id := range []string{"c", "a", "b"} {
		_, err := users.Create(ctx, storetest.Creation(resource(t, schema.UserType, id, `{"userName":"`+id+`"}`)))
		require.NoError(t, err)
	}
	require.NoError(t, users.Delete(ctx, &store.Change{ID: "a"}))
	_, err := users.Create(ctx, storetest.Creation(resource(t, schema.UserType, "A", `{"userName":"a"}`)))
	require.NoError(t, err)
	var got []string
	q := &store.Query{Count: 1}
	for more := true; more; more = q.After != "" {
		p, err := users.List(ctx, q)
		require.NoError(t, err)
		require.Len(t, p.Resources, 1)
		got, q.After = append(got, p.Resources[0].ID), p.Next
	}
	require.Equal(t, []string{"c", "b", "A"}, got)
	p, err := users.List(ctx, &store.Query{Offset: -1, Count: -1, SortBy: schema.UserType.MustResolve("userName"), Total: true})
	require.NoError(t, err)
	require.Equal(t, store.Page{Resources: []*schema.Resource{}, Total: 3}, p)
}

func TestMemberOrderIsJoiningOrder(t *testing.T) {
	t.Parallel()
	db, ctx := memstore.New(), context.Background()
	groups := db.Store(schema.GroupType).(store.MemberStore)
	g, _, err := groups.PutMembers(ctx, storetest.Creation(resource(t, schema.GroupType, "g", `{"displayName":"g"}`), schema.Member{Value: "c"}, schema.Member{Value: "a"}))
	require.NoError(t, err)
	for _, d := range []schema.MemberDelta{
		{Add: []schema.Member{{Value: "b"}, {Value: "a"}}},
		{Remove: []string{"c"}},
		{Replace: true, Add: []schema.Member{{Value: "c"}, {Value: "b"}, {Value: "a"}}},
	} {
		g, _, err = groups.PutMembers(ctx, &store.Change{ID: g.ID, Before: g, After: g, Members: &d})
		require.NoError(t, err)
	}
	var got []string
	for m, err := range groups.Members(ctx, "g") {
		require.NoError(t, err)
		got = append(got, m.Value)
	}
	require.Equal(t, []string{"a", "b", "c"}, got)
}

// members.value is not caseExact (RFC 7643 §8.7.1), so a filter folds it;
// membership compares exact ids.
func TestMemberIDsAreCaseSensitive(t *testing.T) {
	t.Parallel()
	db, ctx := memstore.New(), context.Background()
	groups := db.Store(schema.GroupType).(store.MemberStore)
	_, _, err := groups.PutMembers(ctx, storetest.Creation(resource(t, schema.GroupType, "g", `{"displayName":"g"}`), schema.Member{Value: "x"}, schema.Member{Value: "X"}))
	require.NoError(t, err)
	_, _, err = groups.PutMembers(ctx, storetest.Creation(resource(t, schema.GroupType, "h", `{"displayName":"h"}`), schema.Member{Value: "X"}))
	require.NoError(t, err)
	of, err := groups.GroupsOf(ctx, []string{"x", "X", "x"})
	require.NoError(t, err)
	require.Equal(t, map[string][]store.GroupRef{"x": {{ID: "g", Display: "g"}}, "X": {{ID: "g", Display: "g"}, {ID: "h", Display: "h"}}}, of)
	f := filter.New(filter.Compare{Path: schema.GroupType.MustResolve("members.value"), Op: filter.EQ, Value: schema.String("x")})
	p, err := groups.List(ctx, &store.Query{Filter: f, Count: 9, Total: true})
	require.NoError(t, err)
	require.Len(t, p.Resources, 2)
	require.Equal(t, 2, p.Total)
	removed, err := groups.RemoveFromAll(ctx, &store.Change{ID: "x", At: time.Now(), Cause: event.ByMembers})
	require.NoError(t, err)
	require.Equal(t, []string{"g"}, removed)
	of, err = groups.GroupsOf(ctx, []string{"x", "X"})
	require.NoError(t, err)
	require.Len(t, of["X"], 2)
	require.Empty(t, of["x"])
}

func TestDeclaredCapabilities(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ    *schema.ResourceType
		filter string
		want   bool
	}{
		{schema.UserType, `userName eq "a" and not (title pr or active eq true)`, true},
		{schema.UserType, `emails[type eq "work" and value co "a"]`, true},
		{schema.UserType, `meta.lastModified gt "2024-01-01T00:00:00Z"`, true},
		{schema.UserType, `schemas eq "` + schema.EnterpriseUserURI + `"`, true},
		{schema.UserType, `meta.location eq "https://example.com/Users/1"`, false},
		{schema.UserType, `userName eq "a" or meta.location pr`, false},
		{schema.UserType, `groups.value eq "g"`, false},
		{schema.UserType, `not (groups pr)`, false},
		{schema.UserType, `groups[value eq "g"]`, false},
		{schema.UserType, schema.EnterpriseUserURI + `:manager.$ref pr`, false},
		{schema.GroupType, `members.value eq "a"`, true},
		{schema.GroupType, `members[value eq "a"]`, true},
		{schema.GroupType, `not (members.value eq "a") and displayName sw "x"`, true},
		{schema.GroupType, `members.value ne "a"`, false},
		{schema.GroupType, `members.value eq null`, false},
		{schema.GroupType, `members.value sw "a"`, false},
		{schema.GroupType, `members.type eq "User"`, false},
		{schema.GroupType, `members pr`, false},
		{schema.GroupType, `members[value eq "a" and type eq "User"]`, false},
		{schema.GroupType, `members[type eq "User"]`, false},
	} {
		t.Run(c.filter, func(t *testing.T) {
			t.Parallel()
			f, err := filter.NewResolver(c.typ, filter.Options{}).Filter(c.filter, nil)
			require.NoError(t, err)
			s := memstore.New().Store(c.typ)
			require.Equal(t, c.want, store.Describe(s).Filter(f.Expr()))
			_, err = s.List(context.Background(), &store.Query{Filter: f, Count: 1})
			require.Equal(t, c.want, err == nil, "an undeclared query is refused and not widened: %v", err)
		})
	}
	for path, want := range map[string]bool{
		"userName": true, "emails.value": true, "meta.created": true, "name": false, "groups.value": false, "meta.location": false,
	} {
		s, by := memstore.New().Store(schema.UserType), schema.UserType.MustResolve(path)
		require.Equal(t, want, store.Describe(s).Sort(by), path)
		_, err := s.List(context.Background(), &store.Query{SortBy: by, Count: 1})
		require.Equal(t, want, err == nil, path)
	}
}

func TestTransactionOfAnEndedContext(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users := db.Store(schema.UserType)
	ctx, cancel := context.WithCancel(context.Background())
	err := db.InTx(ctx, func(ctx context.Context) error {
		_, err := users.Create(ctx, storetest.Creation(resource(t, schema.UserType, "1", `{"userName":"a"}`)))
		cancel()
		return err
	})
	require.ErrorIs(t, err, context.Canceled)
	_, err = users.Get(context.Background(), "1", store.GetOptions{})
	require.ErrorIs(t, err, store.ErrNotFound)
	for name, call := range map[string]func() error{
		"Get":    func() error { _, err := users.Get(ctx, "1", store.GetOptions{}); return err },
		"List":   func() error { _, err := users.List(ctx, &store.Query{}); return err },
		"Exists": func() error { _, err := users.(store.Exister).Exists(ctx, nil, store.GetOptions{}); return err },
		"Delete": func() error { return users.Delete(ctx, &store.Change{ID: "1"}) },
	} {
		require.ErrorIs(t, call(), context.Canceled, name)
	}
}

// A context that is used after the end of its transaction gets an error; it must
// not write into another transaction.
func TestContextOfAnEndedTransaction(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]error{"committed": nil, "rolled back": errors.New("veto")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := memstore.New()
			users := db.Store(schema.UserType)
			var kept context.Context
			require.Equal(t, end, db.InTx(context.Background(), func(ctx context.Context) error {
				kept = ctx
				return end
			}))
			_, err := users.Create(kept, storetest.Creation(resource(t, schema.UserType, "1", `{"userName":"a"}`)))
			require.ErrorContains(t, err, "has ended")
			_, err = users.List(kept, &store.Query{})
			require.ErrorContains(t, err, "has ended")
			_, err = users.Create(context.Background(), storetest.Creation(resource(t, schema.UserType, "1", `{"userName":"a"}`)))
			require.NoError(t, err)
		})
	}
}

// Two databases do not share a transaction.
func TestTransactionOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	a, b := memstore.New(), memstore.New()
	veto := errors.New("veto")
	require.ErrorIs(t, a.InTx(context.Background(), func(ctx context.Context) error {
		_, err := b.Store(schema.UserType).Create(ctx, storetest.Creation(resource(t, schema.UserType, "1", `{"userName":"a"}`)))
		require.NoError(t, err)
		return veto
	}), veto)
	_, err := b.Store(schema.UserType).Get(context.Background(), "1", store.GetOptions{})
	require.NoError(t, err)
}

// Readers see the committed state while a transaction runs, and do not wait for
// it.
func TestReadersDoNotWait(t *testing.T) {
	t.Parallel()
	db, ctx := memstore.New(), context.Background()
	users := db.Store(schema.UserType)
	before, err := users.Create(ctx, storetest.Creation(resource(t, schema.UserType, "1", `{"userName":"a"}`)))
	require.NoError(t, err)
	require.NoError(t, db.InTx(ctx, func(tx context.Context) error {
		_, err := users.Update(tx, &store.Change{ID: before.ID, Before: before, After: resource(t, schema.UserType, "1", `{"userName":"b"}`)})
		require.NoError(t, err)
		outside, err := users.Get(ctx, "1", store.GetOptions{})
		require.NoError(t, err)
		require.Same(t, before, outside)
		return nil
	}))
}
