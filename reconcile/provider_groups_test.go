package reconcile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/reconcile"
)

func TestGroupCSV(t *testing.T) {
	t.Parallel()
	var got []reconcile.GroupRecord
	for g, err := range reconcile.GroupCSV(strings.NewReader("\ufeffGroup;Id;User\nStaff;1;ada\nStaff;2;bob\nRenamed;1;carl\nEmpty;;\nEmpty;;dora\n"),
		reconcile.GroupColumns{DisplayName: "group", ExternalID: "id", Member: "user", Comma: ';'}) {
		require.NoError(t, err)
		got = append(got, g)
	}
	require.Equal(t, []reconcile.GroupRecord{
		{DisplayName: "Staff", ExternalID: "1", Members: []string{"ada", "carl"}, Position: "line 2"},
		{DisplayName: "Staff", ExternalID: "2", Members: []string{"bob"}, Position: "line 3"},
		{DisplayName: "Empty", Members: []string{"dora"}, Position: "line 5"},
	}, got)
	for file, want := range map[string]string{"": "the line of names", "group\nx\n": `not one column "user"`, "group,user\nx\n": "line 2", "group,user,user\n": `not one column "user"`} {
		for _, err := range reconcile.GroupCSV(strings.NewReader(file), reconcile.GroupColumns{DisplayName: "group", Member: "user"}) {
			require.ErrorContains(t, err, want)
		}
	}
	for _, err := range reconcile.GroupCSV(strings.NewReader("a\n"), reconcile.GroupColumns{}) {
		require.ErrorContains(t, err, "are required")
	}
}

func TestGroupJSONLines(t *testing.T) {
	t.Parallel()
	var got []reconcile.GroupRecord
	for g, err := range reconcile.GroupJSONLines(strings.NewReader("{\"displayName\":\"G\",\"externalId\":\"e\",\"members\":[{\"value\":\"1\"},{\"value\":\"2\"}]}\n\n{\"displayName\":\"H\"}\n")) {
		require.NoError(t, err)
		got = append(got, g)
	}
	require.Equal(t, []reconcile.GroupRecord{
		{DisplayName: "G", ExternalID: "e", Members: []string{"1", "2"}, Position: "line 1"}, {DisplayName: "H", Position: "line 3"},
	}, got)
	for _, err := range reconcile.GroupJSONLines(strings.NewReader("{")) {
		require.ErrorContains(t, err, "line 1")
	}
}

// The attributes of a CSV file are compared by their paths, and a file without a
// status says nothing about it.
func TestCSVForCompare(t *testing.T) {
	t.Parallel()
	got := Record{}
	for r, err := range reconcile.CSV(strings.NewReader("login,id,job\nada,7,\n"), reconcile.Columns{UserName: "login", ID: "id", Attributes: map[string]string{"title": "Job"}}) {
		require.NoError(t, err)
		got = r
	}
	require.Equal(t, Record{UserName: "ada", ID: "7", NoStatus: true, Attributes: map[string]string{"title": ""}, Position: "line 2"}, got)
	for _, err := range reconcile.CSV(strings.NewReader("login\n"), reconcile.Columns{UserName: "login", Attributes: map[string]string{"title": "job"}}) {
		require.ErrorContains(t, err, `not one column "job"`)
	}
	for r, err := range reconcile.JSONLines(strings.NewReader(`{"id":"7","userName":"ada","active":"True"}`)) {
		require.NoError(t, err)
		require.Equal(t, []any{"7", false, `{"id":"7","userName":"ada","active":"True"}`}, []any{r.ID, r.NoStatus, string(r.Resource)})
	}
}
