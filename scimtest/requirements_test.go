package scimtest

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
)

var update = flag.Bool("update", false, "write docs/requirements.md and testdata/errors.golden")

const document = "../docs/requirements.md"

// TestMain compares, after a run of all tests, the requirements with the cases
// that ran and passed, and docs/requirements.md with both.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if code == 0 && everythingRan() {
		code = conformance()
	}
	os.Exit(code)
}

// everythingRan reports whether no flag left a test out.
func everythingRan() bool {
	if testing.Short() {
		return false
	}
	for _, name := range []string{"run", "skip", "list", "fuzz"} {
		if flag.Lookup("test."+name).Value.String() != "" {
			return false
		}
	}
	return flag.Lookup("test.count").Value.String() != "0"
}

// conformance returns the exit code of the comparison.
func conformance() int {
	if err := addModule(&passed, "../secevent"); err != nil {
		fmt.Println(err)
		return 1
	}
	if problems := disagreements(requirements(), passed.cases); len(problems) > 0 {
		fmt.Println("requirements.txt and the cases that passed do not agree:\n" + strings.Join(problems, "\n"))
		return 1
	}
	want := render(requirements(), passed.cases)
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o644); err != nil {
			fmt.Println(err)
			return 1
		}
		return 0
	}
	if got, err := os.ReadFile(document); err != nil || string(got) != want {
		fmt.Println("docs/requirements.md is not up to date: run go generate ./scimtest", err)
		return 1
	}
	return 0
}

// proveCall is a call of the function prove in the tests of a nested module.
var proveCall = regexp.MustCompile(`\bprove\(t, "([A-Z0-9 -]+)", "([^"]+)"`)

// addModule adds the cases of the tests of a nested module, as its source names
// them: this module cannot run them, since it must not require what they require.
func addModule(l *ledger, dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no tests in %s: %w", dir, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, call := range proveCall.FindAllStringSubmatch(string(text), -1) {
			l.add(filepath.Base(dir), call[1], call[2])
		}
	}
	return nil
}

// disagreements returns what is wrong: a requirement without a case that passed and
// without a reason, one with both, a case for an id that is no requirement.
func disagreements(list []requirement, cases map[string][]string) []string {
	var problems []string
	known := map[string]bool{}
	for _, r := range list {
		known[r.id] = true
		switch proven := len(cases[r.id]) > 0; {
		case !proven && r.unproven == "":
			problems = append(problems, "no case that proves it ran and passed: "+r.String())
		case proven && r.unproven != "":
			problems = append(problems, "proven by a case, and marked as not proven: "+r.String())
		}
	}
	for id, names := range cases {
		if !known[id] {
			problems = append(problems, fmt.Sprintf("%s is not in requirements.txt, but named by %q", id, names))
		}
	}
	slices.Sort(problems)
	return problems
}

// render returns docs/requirements.md.
func render(list []requirement, cases map[string][]string) string {
	var b strings.Builder
	b.WriteString(preface)
	area := ""
	for _, r := range list {
		if r.area != area {
			area = r.area
			fmt.Fprintf(&b, "\n## %s\n", area)
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n*%s, %s.*", r.id, r.text, r.source, r.level)
		if r.unproven != "" {
			fmt.Fprintf(&b, " Not proven: %s.\n", r.unproven)
			continue
		}
		if r.limit != "" {
			fmt.Fprintf(&b, " Proven in part: %s.", r.limit)
		}
		b.WriteString("\n\n")
		for _, entry := range slices.Sorted(slices.Values(cases[r.id])) {
			place, name, _ := strings.Cut(entry, ": ")
			fmt.Fprintf(&b, "- %s: `%s`\n", place, name)
		}
	}
	return b.String()
}

const preface = `<!-- Made by go generate ./scimtest from scimtest/requirements.txt and the cases that passed. Do not edit. -->

# Requirements

The demands of RFC 7643, RFC 7644 and the RFCs that extend them on a service
provider, one sentence each, and the cases that prove them. The ids stand in the
names of cases, in comments and in commits. [conformance.md](conformance.md) has
the leniencies of the default client and the choice for each ambiguity (Z-n).

After the source stands its key word (RFC 2119): "text" where it uses none,
"http" for a rule of HTTP, "erratum" for a rule from an erratum (EID), "habit"
for a need of identity providers beyond the RFCs.

"kit" is a case that ` + "`scimtest.Run`" + ` runs against any handler; ` + "`go test ./scimtest -run 'TestConformance$//P-46\\b'`" + `
runs those of P-46. The others are tests of package scimtest, which need a
configuration of their own, and "secevent" are those of that module. The tests fail
when a case listed here is skipped or does not pass.
`

func TestDocumentHasEveryRequirement(t *testing.T) {
	t.Parallel()
	if *update {
		return // TestMain writes the document
	}
	text, err := os.ReadFile(document)
	require.NoError(t, err)
	for _, r := range requirements() {
		require.Contains(t, string(text), "\n### "+r.id+"\n\n"+r.text+"\n", "run go generate ./scimtest")
	}
}

func TestRequirements(t *testing.T) {
	t.Parallel()
	seen, sentences := map[string]bool{}, map[string]bool{}
	for _, r := range requirements() {
		require.Regexp(t, `^[A-Z]-[1-9][0-9]*$`, r.id)
		require.False(t, seen[r.id], r.id)
		require.False(t, sentences[r.text], r.id)
		seen[r.id], sentences[r.text] = true, true
		require.NotEmpty(t, r.area, r.id)
		require.Contains(t, []string{"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY", "text", "http", "erratum", "habit"}, r.level, r.id)
		require.NotEmpty(t, r.source, r.id)
		require.Regexp(t, `\.$`, r.text, r.id)
	}
	require.Len(t, seen, 486+24, "the checklist of the RFCs, and the habits of identity providers")
}

func TestCasesOfAModule(t *testing.T) {
	t.Parallel()
	var l ledger
	require.NoError(t, addModule(&l, "../secevent"))
	require.Contains(t, l.cases["Y-16"], "secevent: active false is deactivate and true is activate, each with the PATCH or PUT")
	require.Error(t, addModule(&l, "../nowhere"))
}

func TestBadRequirements(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"P-46 | MUST | RFC 7644":                             "line 1: 4 or 5 fields",
		"P-46 | MUST | RFC 7644 | A. | not proven: x | y":    "line 1: 4 or 5 fields",
		"P-46 | MUST | RFC 7644 | A. | unproven: x":          "line 1: \"unproven: x\" is not a note",
		"# comment\nP-46 | MUST | RFC 7644 | A. | in part: ": "line 2: \"in part: \" is not a note",
		"## PATCH | later":                                   "line 1: \"later\" is not a note",
	} {
		_, err := parseRequirements(line)
		require.ErrorContains(t, err, want)
	}
}

func TestDisagreements(t *testing.T) {
	t.Parallel()
	list := []requirement{
		{id: "P-1", source: "RFC 7644", text: "proven."}, {id: "P-2", source: "RFC 7644", text: "skipped."},
		{id: "B-1", source: "RFC 7644", text: "later.", unproven: "not built"}, {id: "B-2", source: "RFC 7644", text: "built.", unproven: "not built"},
	}
	require.Equal(t, []string{
		`P-3 is not in requirements.txt, but named by ["kit: x"]`,
		"no case that proves it ran and passed: P-2 (RFC 7644): skipped.",
		"proven by a case, and marked as not proven: B-2 (RFC 7644): built.",
	}, disagreements(list, map[string][]string{"P-1": {"kit: a"}, "B-2": {"kit: b"}, "P-3": {"kit: x"}}))
}

// brokenKit, in the environment, makes [TestKitOnBrokenHandler] run the kit in a
// separate process.
const brokenKit = "SCIMTEST_BROKEN_KIT"

// TestKitOnBrokenHandler: a failed case prints its requirements. Failed and skipped
// cases do not count as proofs.
func TestKitOnBrokenHandler(t *testing.T) {
	if os.Getenv(brokenKit) != "" {
		runBrokenKit(t)
		return
	}
	t.Parallel()
	c := exec.Command(os.Args[0], "-test.run=^TestKitOnBrokenHandler$/^(P|recorded)$/^(P-46|A-1 )", "-test.v")
	c.Env = append(os.Environ(), brokenKit+"=1")
	out, err := c.CombinedOutput()
	require.Error(t, err, "the kit passes on a handler that always fails")
	require.Contains(t, string(out), "P-46 (RFC 7644 §3.5.2.2): A remove without a path is refused with noTarget.")
	require.Contains(t, string(out), "\nrecorded: [A-1]\n")
}

func runBrokenKit(t *testing.T) {
	var l ledger
	run(t, func(*testing.T, scim.Authenticator) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	}, l.add)
	t.Run("recorded", func(t *testing.T) {
		record(t, &l, "A-1", "passes", func(*testing.T) {})
		record(t, &l, "A-1 A-2", "is skipped", func(t *testing.T) { t.Skip() })
		record(t, &l, "A-1 A-3", "fails in a subtest", func(t *testing.T) { t.Run("A-1 A-3", func(t *testing.T) { t.Fail() }) })
		record(t, &l, "A-1 A-4", "fails in a clean-up", func(t *testing.T) { t.Cleanup(t.Fail) })
	})
	t.Cleanup(func() {
		var ids []string
		for id := range l.cases {
			ids = append(ids, id)
		}
		fmt.Println("recorded:", ids)
	})
}
