package audit_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

var noon = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

func full() audit.Record {
	return audit.Record{
		Record: "r1", Kind: audit.Write, Of: "r0", Time: noon, DurationMS: 1.5, Reference: "ref", Tenant: "acme", Actor: "token-1", Connection: "okta",
		Operation: "patch", Method: "PATCH", Type: "User", ID: "u", Name: "ada", Adopted: true, Cause: "members", Outcome: audit.Success, Status: 200,
		ScimType: "x", Detail: "d", Reason: "because", Source: "192.0.2.1", Hook: "endSessions", Attempts: 2, RevokedMS: 7, Omitted: 3,
		Changes: []audit.Change{{Path: "title", Old: "", New: `"x"`, NewOmitted: 1}},
	}
}

// What is encoded is decoded again, and the fields of the trail are those of the
// record.
func TestEncodeAndDecode(t *testing.T) {
	t.Parallel()
	s := audit.Encode(full())
	require.Equal(t, store.Record{
		ID: "r1", Tenant: "acme", Actor: "token-1", Connection: "okta", Time: noon, Operation: "patch", Type: "User", ResourceID: "u", Outcome: "success", Payload: s.Payload,
	}, s)
	got, err := audit.Decode(s)
	require.NoError(t, err)
	require.Equal(t, full(), got)
}

// A payload is no larger than a store has to keep, and the names of what changed
// stay in it.
func TestEncodeKeepsToTheLargestPayload(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1000, 100_000, 900_000, 5_000_000} {
		for _, values := range []int{1, 3, 100} {
			r := full()
			r.Changes, r.Detail = nil, strings.Repeat("ä", size)
			for i := range values {
				r.Changes = append(r.Changes, audit.Change{Path: fmt.Sprint("a", i), Old: strings.Repeat("\x01", size/values), New: `"small"`})
			}
			s := audit.Encode(r)
			require.LessOrEqual(t, len(s.Payload), store.MaxPayload)
			got, err := audit.Decode(s)
			require.NoError(t, err)
			require.Len(t, got.Changes, values)
			for _, c := range got.Changes {
				require.Equal(t, `"small"`, c.New)
				if c.Old == audit.OmittedValue {
					require.Equal(t, size/values, c.OldOmitted)
				} else {
					require.Len(t, c.Old, size/values)
				}
			}
			require.LessOrEqual(t, len(got.Detail), 4096)
		}
	}
}

// A record of another program is readable as far as the trail has it.
func TestDecodeOfAnotherProgram(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{"", "no JSON", `[]`, `{"time":5}`} {
		s := audit.Encode(full())
		s.Payload = []byte(payload)
		got, err := audit.Decode(s)
		require.ErrorContains(t, err, `the payload of record "r1"`)
		require.Equal(t, audit.Record{
			Record: "r1", Tenant: "acme", Actor: "token-1", Connection: "okta", Time: noon, Operation: "patch", Type: "User", ID: "u", Outcome: audit.Success,
		}, got)
	}
}

// trail has n records of a tenant, one a minute.
func trail(t *testing.T, n int) (context.Context, *memstore.DB) {
	db := memstore.New()
	for i := range n {
		r := audit.Record{Tenant: "acme", Time: noon.Add(time.Duration(i) * time.Minute), ID: fmt.Sprint(i), Operation: "patch"}
		require.NoError(t, audit.Append(t.Context(), db, r))
	}
	return store.WithTenant(t.Context(), "acme"), db
}

func TestAllWalksThePages(t *testing.T) {
	t.Parallel()
	ctx, db := trail(t, 7)
	for count := range 9 {
		var ids []string
		for rec, err := range audit.All(ctx, db, audit.Query{Count: count}) {
			require.NoError(t, err)
			require.NotEmpty(t, rec.Record)
			ids = append(ids, rec.ID)
		}
		require.Equal(t, []string{"6", "5", "4", "3", "2", "1", "0"}, ids)
	}
	for rec, err := range audit.All(ctx, db, audit.Query{Count: 2}) {
		require.NoError(t, err)
		require.Equal(t, "6", rec.ID)
		break
	}
	for _, err := range audit.All(ctx, db, audit.Query{After: "x"}) {
		require.ErrorIs(t, err, store.ErrPosition)
	}
}

func TestPruneAndKeep(t *testing.T) {
	t.Parallel()
	ctx, db := trail(t, 1203)
	removed, err := audit.Prune(ctx, db, noon.Add(1200*time.Minute))
	require.NoError(t, err)
	require.Equal(t, 1200, removed)
	require.ErrorContains(t, audit.Keep(ctx, db, 0, nil), "0 days would remove every record")
	page, _, err := db.Records(ctx, audit.Query{})
	require.NoError(t, err)
	require.Len(t, page, 3)

	ending, end := context.WithCancel(ctx)
	require.ErrorIs(t, audit.Keep(ending, ended{db, end}, 30, slog.New(slog.DiscardHandler)), context.Canceled)
	page, _, err = db.Records(ctx, audit.Query{})
	require.NoError(t, err)
	require.Empty(t, page, "they are of 2024")
}

// ended ends a context with the first call that removes nothing more.
type ended struct {
	audit.Reader
	end func()
}

func (e ended) PruneRecords(ctx context.Context, before time.Time, n int) (int, error) {
	removed, err := e.Reader.PruneRecords(ctx, before, n)
	e.end()
	return removed, err
}

func of(records ...audit.Record) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func failing(yield func(audit.Record, error) bool) { yield(audit.Record{}, errors.New("away")) }

func TestJSONLines(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, audit.WriteJSONLines(&out, of(full(), audit.Record{Name: "a\nb"})))
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	require.Len(t, lines, 2)
	var got audit.Record
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &got))
	require.Equal(t, full(), got)
	require.EqualError(t, audit.WriteJSONLines(&out, failing), "away")
	require.EqualError(t, audit.WriteJSONLines(broken{}, of(full())), "broken")
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestCSV(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, audit.WriteCSV(&out, of(full(), audit.Record{Name: "a\n\"b\",c"})))
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	cells := map[string]string{}
	for i, name := range rows[0] {
		require.NotEmpty(t, rows[1][i], "%s", name)
		cells[name] = rows[1][i]
	}
	require.Equal(t, `[{"path":"title","old":"","new":"\"x\"","newOmitted":1}]`, cells["changes"])
	require.Equal(t, "2024-02-29T12:00:00Z", cells["time"])
	require.Contains(t, rows[2], "a\n\"b\",c")
	require.EqualError(t, audit.WriteCSV(&out, failing), "away")
	require.EqualError(t, audit.WriteCSV(broken{}, of(full())), "broken")
}

// No text of a client becomes a formula in a spreadsheet.
func TestCSVHasNoFormulas(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		`=HYPERLINK("http://evil","x")`, "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n", "\u00a0=1", "\ufeff=1", "\uff1d1", "\x00=1", "=", "\t",
	} {
		var out strings.Builder
		require.NoError(t, audit.WriteCSV(&out, of(audit.Record{Name: name, ID: name, Actor: name, Detail: name, Type: name})))
		rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
		require.NoError(t, err)
		protected := 0
		for _, cell := range rows[1] {
			if strings.HasPrefix(cell, "'") {
				protected++
			}
		}
		require.Equal(t, 5, protected, "%q", rows[1])
	}
	// A program with the semicolon as separator sees no quotes in the middle of a cell.
	for name, want := range map[string]string{
		"a;=1": "a;'=1", `a;"=1`: `a;'"=1`, "a\n=1": "a\n'=1", "a; +1;b;-1": "a;' +1;b;'-1", "a\t@x": "a\t'@x", "a;b": "a;b",
	} {
		var out strings.Builder
		require.NoError(t, audit.WriteCSV(&out, of(audit.Record{Name: name, Changes: []audit.Change{{New: `"x;=1"`}}})))
		rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
		require.NoError(t, err)
		require.Contains(t, rows[1], want)
		require.NotContains(t, out.String(), ";=")
	}
	for _, name := range []string{"ada", "O'Hara", "a=b", "1-2", "ada@example.com", ""} {
		var out strings.Builder
		require.NoError(t, audit.WriteCSV(&out, of(audit.Record{Name: name})))
		require.NotContains(t, out.String(), ",'", "%q", name)
	}
}
