package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/reconcile"
)

// all returns the records of a sequence until its error.
func all(seq iter.Seq2[Record, error]) (out []Record, err error) {
	for r, err := range seq {
		if err != nil {
			return out, err
		}
		r.NoStatus, r.Resource = false, nil
		out = append(out, r)
	}
	return out, nil
}

func TestCSV(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file string
		columns    reconcile.Columns
		want       []Record
	}{
		{"names without case, in any order, after a byte order mark", "\ufeffStatus, Login ,id\nActive,ada,1\r\nFALSE,\"b\"\"o,b\",2\n", reconcile.Columns{UserName: "login", ExternalID: "ID", Active: "status"}, []Record{
			{UserName: "ada", ExternalID: "1", Position: "line 2"}, {UserName: `b"o,b`, ExternalID: "2", Inactive: true, Position: "line 3"},
		}},
		{"semicolons, and a status of its own", "u;s;m\na;STAGED;x@example.com\n\nb;suspended;\nc;active;\n", reconcile.Columns{UserName: "u", Active: "s", Email: "m", ActiveValues: []string{"ACTIVE", "staged"}, Comma: ';'}, []Record{
			{UserName: "a", Email: "x@example.com", Position: "line 2"}, {UserName: "b", Inactive: true, Position: "line 4"}, {UserName: "c", Position: "line 5"},
		}},
		{"a value of two lines", "u\n\"a\nb\"\nc\n", reconcile.Columns{UserName: "u"}, []Record{{UserName: "a\nb", Position: "line 2"}, {UserName: "c", Position: "line 4"}}},
		{"no status at all", "u,s\na,\n", reconcile.Columns{UserName: "u", Active: "s"}, []Record{{UserName: "a", Position: "line 2"}}},
		{"no records", "u\n", reconcile.Columns{UserName: "u"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := all(reconcile.CSV(strings.NewReader(c.file), c.columns))
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestCSVErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file string
		columns    reconcile.Columns
		want       string
	}{
		{"an empty file", "", reconcile.Columns{UserName: "u"}, "the line of names"},
		{"no column of userNames", "a,b\n", reconcile.Columns{ExternalID: "a"}, "Columns.UserName is required"},
		{"a column that is missing", "a,b\n", reconcile.Columns{UserName: "u"}, `not one column "u" among ["a" "b"]`},
		{"a column that is there twice", "u,U\n", reconcile.Columns{UserName: "u"}, `not one column "u"`},
		{"a status that is not known", "u,s\na,true\nb,locked\n", reconcile.Columns{UserName: "u", Active: "s"}, `line 3: "locked" is neither active nor inactive`},
		{"a line that is too short", "u,s\na,b\nc\n", reconcile.Columns{UserName: "u"}, "line 3"},
		{"an open quote", "u\n\"a\n", reconcile.Columns{UserName: "u"}, "line 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := all(reconcile.CSV(strings.NewReader(c.file), c.columns))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestJSONLines(t *testing.T) {
	t.Parallel()
	got, err := all(reconcile.JSONLines(strings.NewReader(`{"userName":"ada","externalId":"1","active":false,"emails":[{"value":"a@example.com"},{"value":"b@example.com","primary":true}],"title":"x"}

 {"userName":"bob","active":"False"}
{"userName":"carl","active":true}
{}`)))
	require.NoError(t, err)
	require.Equal(t, []Record{
		{UserName: "ada", ExternalID: "1", Email: "b@example.com", Inactive: true, Position: "line 1"},
		{UserName: "bob", Inactive: true, Position: "line 3"},
		{UserName: "carl", Position: "line 4"}, {Position: "line 5"},
	}, got)
	for text, want := range map[string]string{
		"{}\n{": "line 2", `{"active":"locked"}`: `line 1: active is "locked"`, `{"userName":1}`: "line 1", "[]": "line 1",
		"{}\n" + strings.Repeat(" ", 5<<20): "line 2",
	} {
		_, err := all(reconcile.JSONLines(strings.NewReader(text)))
		require.ErrorContains(t, err, want)
	}
}

// provider answers pages of n users.
type provider struct {
	total, n int
	claims   int // totalResults, if not total
	open     int
}

func (p *provider) fetch(_ context.Context, startIndex int) (io.ReadCloser, error) {
	var users []string
	for i := startIndex; i < startIndex+p.n && i <= p.total; i++ {
		users = append(users, fmt.Sprintf(`{"userName":"u%d"}`, i))
	}
	p.open++
	body := fmt.Sprintf(`{"totalResults":%d,"startIndex":%d,"Resources":[%s]}`, max(p.total, p.claims), startIndex, strings.Join(users, ","))
	return closer{strings.NewReader(body), func() { p.open-- }}, nil
}

type closer struct {
	io.Reader
	end func()
}

func (c closer) Close() error {
	c.end()
	return nil
}

func TestList(t *testing.T) {
	t.Parallel()
	for _, p := range []*provider{{total: 0, n: 10}, {total: 10, n: 10}, {total: 25, n: 10}, {total: 25, n: 10, claims: 1000}} {
		got, err := all(reconcile.List(t.Context(), p.fetch))
		require.NoError(t, err)
		require.Len(t, got, p.total)
		for i, r := range got {
			require.Equal(t, Record{UserName: fmt.Sprint("u", i+1), Position: fmt.Sprint("resource ", i+1)}, r)
		}
		require.Zero(t, p.open, "bodies left open")
	}
}

func TestListErrors(t *testing.T) {
	t.Parallel()
	failed := errors.New("401")
	_, err := all(reconcile.List(t.Context(), func(context.Context, int) (io.ReadCloser, error) { return nil, failed }))
	require.ErrorIs(t, err, failed)
	for body, want := range map[string]string{
		`<html>`: "startIndex 1", `{"status":"401"}`: "not a list response", `[]`: "startIndex 1",
		`{"totalResults":1,"Resources":[{"active":"x"}]}`: "resource 1",
		strings.Repeat(" ", 64<<20) + `{}`:                "more than 64 MiB",
	} {
		_, err := all(reconcile.List(t.Context(), func(context.Context, int) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(body)), nil
		}))
		require.ErrorContains(t, err, want)
	}
}

// A row of commas costs much more memory than it has bytes.
func TestRowsOfCSVAreBounded(t *testing.T) {
	t.Parallel()
	read := func(file string) (n int, err error) {
		for _, err = range reconcile.CSV(strings.NewReader(file), reconcile.Columns{UserName: "userName"}) {
			if err == nil {
				n++
			}
		}
		return n, err
	}
	commas := strings.Repeat(",", 2<<20)
	for _, file := range []string{"userName" + commas + "\nada\n", "userName\nada" + commas + "\n", "userName\nada" + commas, "userName\n\"ada" + strings.Repeat("\n", 2<<20)} {
		_, err := read(file)
		require.ErrorContains(t, err, "a row of more than 1048576 bytes")
	}
	const users = 200_000
	n, err := read("userName\n" + strings.Repeat("ada lovelace\n", users) + "last")
	require.NoError(t, err)
	require.Equal(t, users+1, n)
}
