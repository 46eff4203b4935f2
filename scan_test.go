package scim_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// askedGroups counts the look-ups of groups.
type askedGroups struct {
	store.MemberStore
	asked int
}

func (g *askedGroups) GroupsOf(ctx context.Context, ids []string) (map[string][]store.GroupRef, error) {
	g.asked++
	return g.MemberStore.GroupsOf(ctx, ids)
}

// A query for the members of a group looks up the groups of many of them at once.
func TestCandidatesAreMatchedTogether(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	groups := &askedGroups{MemberStore: db.Store(schema.GroupType).(store.MemberStore)}
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: db, Logger: slog.New(slog.DiscardHandler), IndirectGroups: 3,
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(groups)},
	})
	require.NoError(t, err)
	c := scimtest.NewClient(t, h, "")
	var members []string
	for i := range 250 {
		members = append(members, fmt.Sprintf(`{"value":%q}`, scimtest.ID(c.NewUser(fmt.Sprint("u", i)))))
	}
	members = append(members, `{"value":"none"}`)
	inner := scimtest.ID(c.NewGroup("inner", `"members":[`+strings.Join(members, ",")+`]`))
	outer := scimtest.ID(c.NewGroup("outer", `"members":[{"value":"`+inner+`"}]`))
	c.NewUser("other")
	groups.asked = 0
	c.Get("/Users?count=1&startIndex=250&filter="+scimtest.Query(`groups.value eq "`+outer+`"`)).Total(250).Has("Resources[0].userName", `"u249"`, "Resources[0].groups.#", "2")
	require.LessOrEqual(t, groups.asked, 15, "three batches and a page, of three levels")
}
