//go:build linux

package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqltest"
)

// TestMain lets the test's program be the server of the limit and the rival, as the
// command is.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "serve" {
		if err := serve(os.Args[2], os.Args[3:]); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// measureEverything runs every operation once, without the largest group.
func measureEverything(t *testing.T, args ...string) {
	ops := strings.NewReplacer("member-100000,", "", ",none", "").Replace(strings.Join(everything(), ","))
	var out bytes.Buffer
	err := run(t.Context(), append([]string{"-library", "../..", "-ops", ops, "-users", "16", "-rounds", "1", "-slice", "1ms", "-sync-users", "50"}, args...), &out)
	require.NoError(t, err, "%s", out.String())
}

// Every server answers every request of the benchmark as it should, the limit and the
// library alike, and the document has a line for each. No time is asserted.
func TestServersAnswerAlike(t *testing.T) {
	document := filepath.Join(t.TempDir(), "performance.md")
	require.NoError(t, os.WriteFile(document, []byte("before\n"+tableBegins+"old\n"+tableEnds+"after\n"), 0o600))
	measureEverything(t, "-against", "../..", "-stores", "memory,sqlite", "-write", document)
	text, err := os.ReadFile(document)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), "before\n"+tableBegins) && strings.HasSuffix(string(text), tableEnds+"after\n"), "%s", text)
	for _, op := range operations {
		if op.name != "member-100000" {
			require.Equal(t, 2, strings.Count(string(text), "| "+op.title+" |"), op.title)
		}
	}
	plot, err := os.ReadFile(strings.TrimSuffix(document, ".md") + ".svg")
	require.NoError(t, err)
	require.NoError(t, wellFormed(plot))
}

func TestServersAnswerAlikeOnPostgreSQL(t *testing.T) {
	server := sqltest.Server(t, sqltest.Postgres)
	stores := "postgres"
	if _, err := exec.LookPath("pgbouncer"); err == nil || os.Getenv("SCIM_TEST_REQUIRE_ALL") == "1" {
		stores += ",pgbouncer"
	}
	measureEverything(t, "-stores", stores, "-postgres", server)
}

func wellFormed(text []byte) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestMedian(t *testing.T) {
	require.Equal(t, 2.0, median([]float64{9, 1, 2}))
	require.Equal(t, 1.5, median([]float64{2, 1}))
	require.Zero(t, median(nil))
}

func TestTargets(t *testing.T) {
	r := result{Store: inMemory, Operation: "member-1000", Sides: []figures{{Side: limitName, Ratio: 1}, {Side: libraryName, Ratio: 1.9, BaseRatio: 1.1}}}
	has, met := r.met()
	require.True(t, has && met)
	r.Sides[1].BaseRatio = 1.3
	has, met = r.met()
	require.True(t, has && !met, "it costs more than in a small group")
	r.Operation = "list-last"
	has, _ = r.met()
	require.False(t, has)
}

func TestCommandLine(t *testing.T) {
	for _, args := range [][]string{{"-ops", "got"}, {"-stores", "files"}, {"-users", "3"}, {"more"}} {
		_, err := parse(args)
		require.Error(t, err, "%q", args)
	}
}
