package memstore

import (
	"context"
	"fmt"
	"testing"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/storetest"
	"github.com/stretchr/testify/require"
)

func newUser(t testing.TB, i int) *schema.Resource {
	o, errs := schema.UserType.DecodeStored(fmt.Appendf(nil,
		`{"userName":"User-%[1]d","externalId":"x%[1]d","title":"Guide","emails":[{"value":"U%[1]d@example.com","type":"work"},{"value":"all@example.com","type":"home"}]}`, i))
	require.Empty(t, errs)
	return &schema.Resource{Type: schema.UserType, ID: fmt.Sprint("id-", i), Attributes: o}
}

func newGroup(t testing.TB, i int) *schema.Resource {
	o, errs := schema.GroupType.DecodeStored(fmt.Appendf(nil, `{"displayName":"Group %d"}`, i))
	require.Empty(t, errs)
	return &schema.Resource{Type: schema.GroupType, ID: fmt.Sprint("group-", i), Attributes: o}
}

func membersOf(ids ...string) []schema.Member {
	out := make([]schema.Member, len(ids))
	for i, id := range ids {
		out[i] = schema.Member{Value: id}
	}
	return out
}

// filled has ten users and ten groups, group i with users i to 9.
func filled(t testing.TB) *DB {
	db := New()
	var ids []string
	for i := range 10 {
		r, err := db.Store(schema.UserType).Create(context.Background(), storetest.Creation(newUser(t, i)))
		require.NoError(t, err)
		ids = append(ids, r.ID)
	}
	for i := range 10 {
		groups := db.Store(schema.GroupType).(store.MemberStore)
		_, _, err := groups.PutMembers(context.Background(), storetest.Creation(newGroup(t, i), membersOf(ids[i:]...)...))
		require.NoError(t, err)
	}
	return db
}

// Whether a unique value is taken is found without a look at the resources that have the
// same text at a path where many may have it.
func TestUniqueValueThatManyShareElsewhere(t *testing.T) {
	t.Parallel()
	db := New()
	users := db.Store(schema.UserType)
	for i := range 100 {
		_, err := users.Create(t.Context(), storetest.Creation(sharingUser(t, fmt.Sprint(i))))
		require.NoError(t, err)
	}
	work := func(userName string) int {
		f := filter.New(filter.Compare{Path: schema.UserType.MustResolve("userName"), Op: filter.EQ, Value: schema.String(userName)})
		budget := filter.NewBudget(1_000_000, nil)
		p, err := users.List(filter.WithBudget(t.Context(), budget), &store.Query{Filter: f, Count: 1})
		require.NoError(t, err)
		require.Empty(t, p.Resources)
		return 1_000_000 - budget.Left()
	}
	require.Equal(t, work("nobody"), work("everybody"))
}

func sharingUser(t testing.TB, userName string) *schema.Resource {
	o, errs := schema.UserType.DecodeStored(fmt.Appendf(nil, `{"userName":"%s","displayName":"everybody"}`, userName))
	require.Empty(t, errs)
	return &schema.Resource{Type: schema.UserType, ID: "id-" + userName, Attributes: o}
}

func TestFiltersAnsweredByIndex(t *testing.T) {
	t.Parallel()
	const scan = -1
	db := filled(t)
	for _, c := range []struct {
		typ    *schema.ResourceType
		filter string
		want   int // how many resources are looked at
	}{
		{schema.UserType, `id eq "id-3"`, 1},
		{schema.UserType, `id eq "ID-3"`, 0},
		{schema.UserType, `id eq "group-3"`, 0},
		{schema.UserType, `userName eq "USER-3"`, 1},
		{schema.UserType, `userName eq "ｕser-3"`, 1},
		{schema.UserType, `userName eq "nobody"`, 0},
		{schema.UserType, `externalId eq "x3"`, 1},
		{schema.UserType, `externalId eq "X3"`, 0},
		{schema.UserType, `emails.value eq "u3@EXAMPLE.com"`, 1},
		{schema.UserType, `emails.value eq "all@example.com"`, 10},
		{schema.UserType, `emails[value eq "u3@example.com"]`, 1},
		{schema.UserType, `emails[type eq "work" and value eq "u3@example.com"]`, 1},
		{schema.UserType, `emails[type eq "work"].value eq "u3@example.com"`, 1},
		{schema.UserType, `emails[type eq "work"]`, scan},
		{schema.UserType, `emails[not (value eq "u3@example.com")]`, scan},
		{schema.UserType, `title pr and (emails.value eq "all@example.com" and userName eq "user-3")`, 1},
		{schema.UserType, `userName eq "user-3" and emails.value eq "all@example.com"`, 1},
		{schema.UserType, `userName eq "user-3" or externalId eq "x4"`, 2},
		{schema.UserType, `userName eq "user-3" or externalId eq "x3"`, 1},
		{schema.UserType, `userName eq "user-3" or title pr`, scan},
		{schema.UserType, `not (userName eq "user-3")`, scan},
		{schema.UserType, `externalId eq null`, scan},
		{schema.UserType, `userName sw "user"`, scan},
		{schema.GroupType, `displayName eq "GROUP 3"`, 1},
		{schema.GroupType, `members.value eq "id-3"`, 4},
		{schema.GroupType, `members[value eq "id-3"]`, 4},
		{schema.GroupType, `members.value eq "id-3" and displayName eq "Group 2"`, 1},
		{schema.GroupType, `members.value eq "id-3" and members.value eq "id-0"`, 1},
	} {
		t.Run(c.filter, func(t *testing.T) {
			t.Parallel()
			f, err := filter.NewResolver(c.typ, filter.Options{Profile: schema.Lenient()}).Filter(c.filter, nil)
			require.NoError(t, err)
			tenant, err := db.view(context.Background())
			require.NoError(t, err)
			k := db.kinds[c.typ]
			l := list{kind: k, tenant: tenant, collection: tenant.collection(k)}
			found, ok := l.candidates(nil, f.Expr())
			if !ok {
				require.Equal(t, c.want, scan)
				return
			}
			require.Len(t, found.sorted(), c.want)
		})
	}
}

// A deleted resource leaves no record, index entry or membership; its id stays
// used.
func TestDeleteRemovesIndexEntries(t *testing.T) {
	t.Parallel()
	db := filled(t)
	ctx := context.Background()
	for i := range 10 {
		require.NoError(t, db.Store(schema.UserType).Delete(ctx, &store.Change{ID: fmt.Sprint("id-", i)}))
		require.NoError(t, db.Store(schema.GroupType).Delete(ctx, &store.Change{ID: fmt.Sprint("group-", i)}))
	}
	tenant, err := db.view(ctx)
	require.NoError(t, err)
	for i, c := range tenant.collections {
		require.Zero(t, c.records.len(), "records of kind %d", i)
		require.Zero(t, c.index, "index of kind %d", i)
		require.Zero(t, c.memberships, "memberships of kind %d", i)
	}
	require.Zero(t, tenant.ids)
	require.Equal(t, 20, tenant.former.len())
}
