package sqlquerytest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// bareUser has no rest, so that only its columns have the elements of lists.
type bareUser struct {
	ID        int64     `scim:"id,prefix=u"`
	Login     string    `scim:"userName"`
	LoginKey  string    `scim:"userName,key"`
	First     string    `scim:"name.givenName"`
	FirstKey  string    `scim:"name.givenName,key"`
	Family    *string   `scim:"name.familyName"`
	FamilyKey *string   `scim:"name.familyName,key"`
	Ext       *string   `scim:"externalId"`
	Locale    string    `scim:"locale"` // no key
	Active    bool      `scim:"active"`
	Work      *string   `scim:"emails[type eq \"work\"].value"`
	WorkKey   *string   `scim:"emails[type eq \"work\"].value,key"`
	WorkShown *string   `scim:"emails[type eq \"work\"].display"`
	Home      string    `scim:"emails[type eq \"home\"].value"`
	HomeKey   string    `scim:"emails[type eq \"home\"].value,key"`
	Phone     *string   `scim:"phoneNumbers[primary].value"`
	PhoneKey  *string   `scim:"phoneNumbers[primary].value,key"`
	Photo     string    `scim:"photos[type eq \"photo\"].value"`
	Created   time.Time `scim:"meta.created" db:"created_at"`
}

var bareDDL = []string{
	`CREATE TABLE bare (id SERIALKEY, login TEXT NOT NULL, login_key TEXT NOT NULL, first TEXT NOT NULL, first_key TEXT NOT NULL, family TEXT, family_key TEXT,
		ext TEXT, locale TEXT, active BOOL, work TEXT, work_key TEXT, work_shown TEXT, home TEXT NOT NULL, home_key TEXT NOT NULL, phone TEXT, phone_key TEXT, photo TEXT, created_at TIME)`,
	`CREATE UNIQUE INDEX bare_login ON bare (login_key)`,
}

var propertyWords = []string{"", "a", "A", "ab", "b a", " ", "%", "_", "|", `\`, "'", "é", "e\u0301", "É", "ß", "SS", "😀", "\x00", "a\x01", "a\x02b", "\x01\x01", "a ", "?", "$1", "\u00ad", "a\u200db", "\u200b\u2060"}

func TestFiltersAgreeWithMatch(t *testing.T) { // F-2
	for name, d := range map[string]host{"SQLite": hostSQLite, "PostgreSQL": hostPostgreSQL, "MariaDB": hostMariaDB} {
		t.Run(name, func(t *testing.T) {
			conn := d.open(t)
			d.create(t, conn, bareDDL)
			db, err := sqlquery.New(conn, d.dialect)
			require.NoError(t, err)
			table, err := sqlquery.NewTable(t.Context(), db, "bare", schema.UserType, sqlquery.Options[bareUser]{})
			require.NoError(t, err)
			rnd := rand.New(rand.NewPCG(1, 2))
			all := fillBare(t, rnd, table)
			// A row that the application wrote.
			_, err = conn.Exec("UPDATE bare SET active = NULL, locale = NULL WHERE id = 3")
			require.NoError(t, err)
			all[2], err = table.Get(t.Context(), all[2].ID, store.GetOptions{})
			require.NoError(t, err)

			pushed := map[string]int{}
			for range 3000 {
				e := randomExpr(rnd, table.Type(), all, 3)
				if !table.Describe().Filter(e) {
					continue
				}
				f := filter.New(e)
				var want []string
				for _, r := range all {
					if f.Match(r) {
						want = append(want, r.ID)
					}
				}
				p, err := table.List(t.Context(), &store.Query{Filter: f, Count: len(all) + 1, Total: true})
				require.NoError(t, err, "%s", f)
				var got []string
				for _, r := range p.Resources {
					got = append(got, r.ID)
				}
				require.Equal(t, want, got, "%s", f)
				require.Equal(t, len(want), p.Total)
				pushed[fmt.Sprintf("%T", e)]++
			}
			require.Greater(t, pushed["filter.Compare"], 300, "filters answered")
			require.Greater(t, pushed["filter.ValuePath"], 50)
			require.Greater(t, pushed["filter.Not"], 50)
			testBareOrders(t, table, all)
		})
	}
}

// fillBare stores users, and returns them in the order of their ids.
func fillBare(t *testing.T, rnd *rand.Rand, table *sqlquery.Table[bareUser]) []*schema.Resource {
	word := func() string { return propertyWords[rnd.IntN(len(propertyWords))] }
	var all []*schema.Resource
	for i := range 60 {
		body := fmt.Sprintf(`"userName":%s`, jsonText(word()+fmt.Sprint(i)))
		add := func(format string, args ...any) {
			if rnd.IntN(3) > 0 {
				body += fmt.Sprintf(","+format, args...)
			}
		}
		add(`"name":{"givenName":%s,"familyName":%s}`, jsonText(word()), jsonText(word()))
		add(`"externalId":%s`, jsonText(word()))
		add(`"locale":%s`, jsonText(word()))
		add(`"active":%t`, rnd.IntN(2) == 0)
		add(`"emails":[{"type":"work","value":%s,"display":%s},{"type":"home","value":%s}]`, jsonText(word()), jsonText(word()), jsonText(word()))
		add(`"phoneNumbers":[{"value":%s}]`, jsonText(word()))
		add(`"photos":[{"type":"photo","value":%s}]`, jsonText("x:"+word()))
		o, problems := table.Type().DecodeStored([]byte("{" + body + "}"))
		require.Empty(t, problems)
		at := time.Date(2024, 1, 1, 0, 0, 0, i/2*1000, time.UTC)
		r, err := table.Create(t.Context(), storetest.Creation(&schema.Resource{Type: table.Type(), Created: at, LastModified: at, Attributes: o}))
		require.NoError(t, err, body)
		all = append(all, r)
	}
	return all
}

func jsonText(s string) string { return string(schema.AppendJSONString(nil, s)) }

// randomExpr makes an expression over all attributes of the type, with literals
// that are equal or similar to stored values.
func randomExpr(rnd *rand.Rand, rt *schema.ResourceType, all []*schema.Resource, depth int) filter.Expr {
	if depth > 0 {
		switch rnd.IntN(6) {
		case 0:
			return filter.And{Left: randomExpr(rnd, rt, all, depth-1), Right: randomExpr(rnd, rt, all, depth-1)}
		case 1:
			return filter.Or{Left: randomExpr(rnd, rt, all, depth-1), Right: randomExpr(rnd, rt, all, depth-1)}
		case 2:
			return filter.Not{Expr: randomExpr(rnd, rt, all, depth-1)}
		}
	}
	lists := []string{"emails", "phoneNumbers", "photos"}
	if rnd.IntN(4) == 0 {
		p := rt.MustResolve(lists[rnd.IntN(len(lists))])
		return filter.ValuePath{Path: p, Expr: randomInner(rnd, p.Last(), 2)}
	}
	paths := []string{"userName", "name.givenName", "name.familyName", "externalId", "locale", "active", "emails.value", "emails.type", "emails.display",
		"emails", "phoneNumbers", "photos", "phoneNumbers.value", "phoneNumbers.primary", "photos.value", "meta.created", "id", ""}
	path := paths[rnd.IntN(len(paths))]
	if path == "" {
		return filter.Compare{Op: filter.EQ, Value: schema.String("x")}
	}
	p := rt.MustResolve(path)
	if path == "id" {
		id := []string{all[rnd.IntN(len(all))].ID, "u0", "7", "U7", "", "u99999999999999999999"}[rnd.IntN(6)]
		return filter.Compare{Path: p, Op: filter.Op(rnd.IntN(3)), Value: schema.String(id)}
	}
	return randomCompare(rnd, p)
}

func randomInner(rnd *rand.Rand, list *schema.Attribute, depth int) filter.Expr {
	if depth > 0 {
		switch rnd.IntN(4) {
		case 0:
			return filter.And{Left: randomInner(rnd, list, depth-1), Right: randomInner(rnd, list, depth-1)}
		case 1:
			return filter.Not{Expr: randomInner(rnd, list, depth-1)}
		}
	}
	sub := list.SubAttributes[rnd.IntN(len(list.SubAttributes))]
	return randomCompare(rnd, schema.AttrPath{sub})
}

func randomCompare(rnd *rand.Rand, p schema.AttrPath) filter.Expr {
	a := p.Last()
	c := filter.Compare{Path: p, Op: filter.Op(rnd.IntN(10))}
	if a.Type == schema.TypeComplex {
		c.Op = filter.PR
		return c
	}
	if rnd.IntN(8) == 0 {
		c.Op, c.Null = []filter.Op{filter.EQ, filter.NE}[rnd.IntN(2)], true
		return c
	}
	word := propertyWords[rnd.IntN(len(propertyWords))]
	switch a.Type {
	case schema.TypeBoolean:
		c.Op, c.Value = filter.Op(rnd.IntN(3)), schema.Boolean(rnd.IntN(2) == 0)
	case schema.TypeDateTime:
		for c.Op == filter.CO || c.Op == filter.SW || c.Op == filter.EW {
			c.Op = filter.Op(rnd.IntN(10))
		}
		c.Value = schema.DateTime(time.Date(2024, 1, 1, 0, 0, 0, rnd.IntN(40)*1000, time.UTC))
	case schema.TypeReference:
		c.Value = schema.Reference("x:" + word)
	default:
		if a.Name == "type" {
			word = []string{"work", "WORK", "home", "wor", ""}[rnd.IntN(5)]
		} else if a.Name == "userName" && rnd.IntN(2) == 0 {
			word += fmt.Sprint(rnd.IntN(60))
		}
		c.Value = schema.String(strings.ToUpper(word))
	}
	if c.Op == filter.PR {
		c.Value = schema.Value{}
	}
	return c
}

func testBareOrders(t *testing.T, table *sqlquery.Table[bareUser], all []*schema.Resource) {
	sorted := 0
	for _, path := range []string{"userName", "name.givenName", "name.familyName", "externalId", "locale", "active", "meta.created", "emails.value"} {
		by := table.Type().MustResolve(path)
		if !table.Describe().Sort(by) {
			continue
		}
		sorted++
		for _, descending := range []bool{false, true} {
			p, err := table.List(context.Background(), &store.Query{SortBy: by, Descending: descending, Count: len(all)})
			require.NoError(t, err)
			want := slices.Clone(all)
			schema.SortResources(want, by, descending)
			for i, r := range p.Resources {
				x, y := schema.SortValue(by, r), schema.SortValue(by, want[i])
				require.True(t, schema.Equal(by.Last(), x, y), "%s, descending %t, at %d: want %q, got %q", path, descending, i, y.Text(), x.Text())
			}
		}
	}
	require.GreaterOrEqual(t, sorted, 5)
}
