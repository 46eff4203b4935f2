package sqlstore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/storetest"
)

type teamRow struct {
	ID   string `scim:"id,uuid"`
	Name string `scim:"displayName"`
}

// The members of a table of sqlquery, on the servers that this module has drivers for, are
// read in pieces too.
func TestMembersOfATableInPieces(t *testing.T) {
	for name, onServer := range map[string]func(testing.TB) database{"SQLite": sqlite, "PostgreSQL": postgreSQL, "MariaDB": mariaDB} {
		t.Run(name, func(t *testing.T) {
			conn := onServer(t).open(t)
			text := "TEXT"
			dialect := sqlquery.SQLite
			switch name {
			case "PostgreSQL":
				dialect = sqlquery.PostgreSQL
			case "MariaDB":
				dialect, text = sqlquery.MySQL, "VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
			}
			for _, s := range []string{
				"CREATE TABLE teams (id " + text + " PRIMARY KEY, name " + text + ")",
				"CREATE TABLE team_members (group_id " + text + " NOT NULL, member " + text + " NOT NULL, type " + text + ", member_key " + text + ", PRIMARY KEY (group_id, member))",
			} {
				_, err := conn.Exec(s)
				require.NoError(t, err)
			}
			db, err := sqlquery.New(conn, dialect)
			require.NoError(t, err)
			g, err := sqlquery.NewGroupTable(t.Context(), db, "teams", schema.GroupType, sqlquery.Members{Table: "team_members", Group: "group_id", Member: "member", Type: "type", Key: "member_key"}, sqlquery.Options[teamRow]{})
			require.NoError(t, err)
			for _, size := range []int{0, 3, 10_000, 10_050} {
				members := make([]schema.Member, size)
				for n := range members {
					members[n] = schema.Member{Value: fmt.Sprintf("%x-%d", n%16, n), Type: []string{"User", "Group", ""}[n%3]}
				}
				r := group(fmt.Sprintf("11111111-2222-4333-8444-%012d", size), "g")
				r.Type = g.Type()
				c := storetest.Creation(r)
				c.Members = &schema.MemberDelta{Add: members}
				made, _, err := g.PutMembers(t.Context(), c)
				require.NoError(t, err)
				got := []schema.Member{}
				for m, err := range g.Members(t.Context(), made.ID) {
					require.NoError(t, err)
					got = append(got, m)
				}
				byValue := func(a, b schema.Member) int { return strings.Compare(a.Value, b.Value) }
				slices.SortFunc(members, byValue)
				slices.SortFunc(got, byValue)
				require.Equal(t, members, got)
			}
			for _, err := range g.Members(t.Context(), "11111111-2222-4333-8444-000000000009") {
				require.Error(t, err)
			}
		})
	}
}
