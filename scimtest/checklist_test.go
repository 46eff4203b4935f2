package scimtest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// later are the areas of the checklist that are not built yet: Bulk, cursor
// paging, events.
const later = "BKY"

var (
	// A case is named for the ids it proves: {"P-46 P-53", "…", in the kit,
	// t.Run("P-46 …" in a test.
	caseName = regexp.MustCompile(`(?:\{|Run\(|name: *)"((?:[A-Z]-\d+ ?)+)`)
	id       = regexp.MustCompile(`[A-Y]-\d+`) // Z-n are ambiguities
	// A requirement without a test has a row in docs/conformance.md: | N-10 | why |
	reason = regexp.MustCompile(`(?m)^\| ([A-Z]-\d+) \|`)
)

// TestChecklist: every requirement is proven by a test that names it, or has
// its reason in docs/conformance.md, not both; and nothing else is named.
func TestChecklist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/checklist.txt")
	require.NoError(t, err)
	known := map[string]bool{}
	for _, id := range strings.Fields(string(text)) {
		known[id] = true
	}
	require.Len(t, known, 486)

	proven := map[string]bool{}
	for _, pattern := range []string{"*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, m := range caseName.FindAllStringSubmatch(string(source), -1) {
				for _, id := range id.FindAllString(m[1], -1) {
					require.True(t, known[id], "%s names %s, which is no requirement", file, id)
					proven[id] = true
				}
			}
		}
	}
	doc, err := os.ReadFile("../docs/conformance.md")
	require.NoError(t, err)
	_, untested, found := strings.Cut(string(doc), "## Without a test")
	require.True(t, found)
	untested, _, _ = strings.Cut(untested, "\n## ")
	explained := map[string]bool{}
	for _, m := range reason.FindAllStringSubmatch(untested, -1) {
		require.True(t, known[m[1]], "%s is no requirement", m[1])
		require.False(t, proven[m[1]], "%s is proven by a test and explained away as well", m[1])
		explained[m[1]] = true
	}
	for _, id := range strings.Fields(string(text)) {
		if !strings.Contains(later, id[:1]) && !proven[id] && !explained[id] {
			t.Errorf("%s has neither a test nor a reason", id)
		}
	}
}
