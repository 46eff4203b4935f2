package sqlquery_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

var mapping = sqlquery.Mapping{
	Type: schema.UserType,
	Columns: map[string]sqlquery.Column{
		"userName":          {Expr: "u.email", Key: "u.email_key", Always: true},
		"externalId":        {Expr: "u.ext"},
		"title":             {Expr: "u.title"},
		"active":            {Expr: "u.disabled", Not: true, NeverNull: true},
		"meta.lastModified": {Expr: "u.updated_at"},
	},
	Lists: map[string]sqlquery.List{
		"emails": {
			Table: "user_emails", Owner: "user_id", Key: "u.id",
			Columns: map[string]sqlquery.Column{
				"value":   {Expr: "user_emails.address", Key: "user_emails.address_key"},
				"primary": {Expr: "user_emails.main"},
			},
		},
		"entitlements": {
			Table: "rights", Owner: "owner", Key: "u.id",
			Columns: map[string]sqlquery.Column{"value": {Expr: "v"}, "display": {Expr: "d"}, "type": {Expr: "t"}, "primary": {Expr: "p"}},
		},
	},
	Tie: "u.id",
}

func translator(t testing.TB, d sqlquery.Dialect) *sqlquery.Translator {
	m := mapping
	m.Dialect = d
	w, err := sqlquery.NewTranslator(m)
	require.NoError(t, err)
	return w
}

func compile(t testing.TB, text string) filter.Expr {
	f, err := filter.NewResolver(schema.UserType, filter.Options{}).Filter(text, nil)
	require.NoError(t, err)
	return f.Expr()
}

func TestWhere(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		filter string
		d      sqlquery.Dialect
		want   string
		args   []any
	}{
		{`userName eq "Ä"`, sqlquery.PostgreSQL, `(u.email IS NOT NULL AND u.email_key = $3)`, []any{"ä"}},
		{`externalId eq "Ä"`, sqlquery.PostgreSQL, `(u.ext IS NOT NULL AND u.ext = $3)`, []any{"Ä"}},
		{`userName co "5%_|\\"`, sqlquery.PostgreSQL, `(u.email IS NOT NULL AND u.email_key COLLATE "C" LIKE $3 ESCAPE '|')`, []any{`%5|%|_||\%`}},
		{`userName sw "a"`, sqlquery.PostgreSQL, `(u.email IS NOT NULL AND u.email_key COLLATE "C" LIKE $3 ESCAPE '|')`, []any{`a%`}},
		{`userName ew "a"`, sqlquery.SQLite, `(u.email IS NOT NULL AND COALESCE(substr(CAST(u.email_key AS BLOB), -1), x'') = CAST(? AS BLOB))`, []any{`a`}},
		{`userName gt "a"`, sqlquery.SQLite, `(u.email IS NOT NULL AND u.email_key COLLATE BINARY > ?)`, []any{`a`}},
		{`userName eq "a"`, sqlquery.MySQL, `(u.email IS NOT NULL AND (u.email_key = ? AND CAST(CONVERT(u.email_key USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY)))`, []any{"a", "a"}},
		{`externalId eq "a\u0000\u0001"`, sqlquery.PostgreSQL, `(u.ext IS NOT NULL AND u.ext = $3)`, []any{"a\x01\x01\x01\x02"}},
		{`externalId ne "a"`, sqlquery.PostgreSQL, `NOT ((u.ext IS NOT NULL AND u.ext = $3))`, []any{"a"}},
		{`externalId eq null`, sqlquery.PostgreSQL, `NOT (u.ext IS NOT NULL)`, []any{}},
		{`externalId ne null`, sqlquery.PostgreSQL, `u.ext IS NOT NULL`, []any{}},
		{`title pr`, sqlquery.PostgreSQL, `(u.title IS NOT NULL AND u.title <> '')`, []any{}},
		{`title pr`, sqlquery.MySQL, `(u.title IS NOT NULL AND LENGTH(u.title) > 0)`, []any{}},
		{`active eq true`, sqlquery.PostgreSQL, `(1 = 1 AND COALESCE(u.disabled, FALSE) = $3)`, []any{false}},
		{`meta.lastModified gt "2024-01-02T04:04:05+01:00"`, sqlquery.PostgreSQL, `(u.updated_at IS NOT NULL AND u.updated_at > $3)`, []any{at}},
		{`userName eq "a" and (title pr or not (externalId pr))`, sqlquery.SQLite,
			`((u.email IS NOT NULL AND u.email_key COLLATE BINARY = ?) AND ((u.title IS NOT NULL AND u.title <> '') OR NOT ((u.ext IS NOT NULL AND u.ext <> ''))))`, []any{"a"}},
		{`emails[primary eq false and value eq "A"]`, sqlquery.PostgreSQL,
			`EXISTS (SELECT 1 FROM "user_emails" WHERE "user_emails"."user_id" = u.id AND ((1 = 1 AND COALESCE(user_emails.main, FALSE) = $3) AND (user_emails.address IS NOT NULL AND user_emails.address_key = $4)))`, []any{false, "a"}},
		{`entitlements pr`, sqlquery.PostgreSQL, // a column for everything
			`EXISTS (SELECT 1 FROM "rights" WHERE "rights"."owner" = u.id AND ((v IS NOT NULL AND v <> '') OR (d IS NOT NULL AND d <> '') OR (t IS NOT NULL AND t <> '') OR p IS NOT NULL))`, []any{}},
		{`emails.value ne "A"`, sqlquery.PostgreSQL,
			`NOT (EXISTS (SELECT 1 FROM "user_emails" WHERE "user_emails"."user_id" = u.id AND (user_emails.address IS NOT NULL AND user_emails.address_key = $3)))`, []any{"a"}},
	} {
		w := translator(t, c.d)
		require.True(t, w.Can(compile(t, c.filter)), c.filter)
		got, args, err := w.Where(compile(t, c.filter), 3)
		require.NoError(t, err, c.filter)
		require.Equal(t, c.want, got, c.filter)
		require.Equal(t, c.args, args, c.filter)
	}
}

func TestUntranslatableFiltersAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		filter string
		d      sqlquery.Dialect
	}{
		{`title eq "x"`, sqlquery.PostgreSQL},           // lower() is not schema.FoldKey
		{`nickName pr`, sqlquery.PostgreSQL},            // no column
		{`name pr`, sqlquery.PostgreSQL},                //
		{`emails.type eq "work"`, sqlquery.PostgreSQL},  // no column
		{`emails pr`, sqlquery.PostgreSQL},              // a sub-attribute without a column may be the only one with a value
		{`emails[type pr]`, sqlquery.PostgreSQL},        //
		{`phoneNumbers[value pr]`, sqlquery.PostgreSQL}, //
		{`schemas eq "urn:x:y"`, sqlquery.PostgreSQL},   //
		{`id eq "x"`, sqlquery.PostgreSQL},              //
		{`meta.lastModified gt "2024-01-02T03:04:05Z"`, sqlquery.SQLite},
		{`meta.lastModified gt "2024-01-02T03:04:05.123456789Z"`, sqlquery.PostgreSQL}, // columns have microseconds
		{`userName co "\u0001"`, sqlquery.PostgreSQL},                                  // may be a part of an escape
		{`userName eq "x" or nickName pr`, sqlquery.PostgreSQL},
		{`not (nickName pr)`, sqlquery.PostgreSQL},
	} {
		w := translator(t, c.d)
		require.False(t, w.Can(compile(t, c.filter)), c.filter)
		where, args, err := w.Where(compile(t, c.filter), 1)
		require.Error(t, err, c.filter)
		require.Empty(t, where)
		require.Empty(t, args)
	}
}

func TestOrderBy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path       string
		descending bool
		d          sqlquery.Dialect
		want       string
	}{
		{"userName", false, sqlquery.PostgreSQL, `u.email_key COLLATE "C", u.id`},
		{"userName", true, sqlquery.SQLite, `u.email_key COLLATE BINARY DESC, u.id DESC`},
		{"externalId", true, sqlquery.PostgreSQL, `CASE WHEN u.ext IS NOT NULL THEN 0 ELSE 1 END DESC, u.ext COLLATE "C" DESC, u.id DESC`},
		{"active", false, sqlquery.PostgreSQL, `CASE WHEN 1 = 1 THEN 0 ELSE 1 END, COALESCE(u.disabled, FALSE) DESC, u.id`},
		{"meta.lastModified", false, sqlquery.MySQL, `CASE WHEN u.updated_at IS NOT NULL THEN 0 ELSE 1 END, u.updated_at, u.id`},
		{"", true, sqlquery.MySQL, `u.id`},
		{"title", false, sqlquery.PostgreSQL, ``},
		{"nickName", false, sqlquery.PostgreSQL, ``},
		{"emails.value", false, sqlquery.PostgreSQL, ``},
		{"meta.lastModified", false, sqlquery.SQLite, ``},
	} {
		w := translator(t, c.d)
		var p schema.AttrPath
		if c.path != "" {
			p = schema.UserType.MustResolve(c.path)
			require.Equal(t, c.want != "", w.CanSort(p), c.path)
		}
		got, err := w.OrderBy(p, c.descending)
		require.Equal(t, c.want == "", err != nil, c.path)
		require.Equal(t, c.want, got, c.path)
	}
}

func TestNewTranslatorReportsMistakes(t *testing.T) {
	t.Parallel()
	_, err := sqlquery.NewTranslator(sqlquery.Mapping{})
	require.ErrorContains(t, err, "needs Type, Dialect and Tie")
	_, err = sqlquery.NewTranslator(sqlquery.Mapping{
		Type: schema.UserType, Dialect: sqlquery.SQLite, Tie: "id",
		Columns: map[string]sqlquery.Column{"nope": {Expr: "x"}, "emails.value": {Expr: "x"}, "name": {Expr: "x"}, "title": {}},
		Lists: map[string]sqlquery.List{
			"title": {}, "emails": {}, "roles": {Table: "t", Owner: "o", Key: "k", Columns: map[string]sqlquery.Column{"nope": {Expr: "x"}}},
		},
	})
	for _, want := range []string{`"nope"`, `"emails.value"`, `"name"`, `"title" is not the path`, `"title" is not a multi`, "emails needs", `roles: "nope" is not`} {
		require.ErrorContains(t, err, want)
	}
}

func ExampleTranslator() {
	users, err := sqlquery.NewTranslator(sqlquery.Mapping{
		Type: schema.UserType, Dialect: sqlquery.PostgreSQL, Tie: "users.id",
		Columns: map[string]sqlquery.Column{"userName": {Expr: "users.email", Key: "users.email_key"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := filter.NewResolver(schema.UserType, filter.Options{}).Filter(`userName eq "BJensen"`, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	where, args, err := users.Where(f.Expr(), 1)
	fmt.Println(where, args, err)
	// Output: (users.email IS NOT NULL AND users.email_key = $1) [bjensen] <nil>
}

func BenchmarkWhere(b *testing.B) {
	w, e := translator(b, sqlquery.PostgreSQL), compile(b, `userName eq "bjensen"`)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := w.Where(e, 1); err != nil {
			b.Fatal(err)
		}
	}
}
