package scim_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var goSnippet = regexp.MustCompile("(?s)```go\n(.*?)```")

// Every line of Go in the documents occurs, in the same order, in a compiled
// file. A line with … stands for omitted lines; comments explain the snippet and
// are not compared.
func TestSnippetsAreCompiled(t *testing.T) {
	t.Parallel()
	compiled := goFiles(t)
	documents, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	snippets := 0
	for _, document := range append(documents, "README.md") {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, match := range goSnippet.FindAllStringSubmatch(string(text), -1) {
			snippets++
			for _, run := range runs(match[1]) {
				assert.Truef(t, standsIn(compiled, run), "%s: no file that is compiled has\n%s", document, strings.TrimSpace(run))
			}
		}
	}
	require.NotZero(t, snippets)
}

var relativeLink = regexp.MustCompile(`\]\(([^):#]+)(?:#[^)]*)?\)`)

// The relative links of the documents lead to files.
func TestLinksLeadToFiles(t *testing.T) {
	t.Parallel()
	links := 0
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range relativeLink.FindAllStringSubmatch(string(text), -1) {
			links++
			_, err := os.Stat(filepath.Join(filepath.Dir(path), match[1]))
			assert.NoError(t, err, "linked in "+path)
		}
		return err
	}))
	require.NotZero(t, links)
}

var (
	testName      = regexp.MustCompile("`(Test\\w+)`")
	testFunction  = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	requirementID = regexp.MustCompile(`\b[A-Z]-\d+\b`)
	threat        = regexp.MustCompile(`(?m)^\| (\*\*[^|]+\*\*) \|`)
)

// The tests that docs/security.md names exist, the requirements that it names have
// cases, and each threat has a line among the proofs.
func TestProofsExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/security.md")
	require.NoError(t, err)
	threats, rest, found := strings.Cut(string(text), "## Proofs")
	require.True(t, found)
	proofs, _, _ := strings.Cut(rest, "\n## ")
	for _, match := range threat.FindAllStringSubmatch(threats, -1) {
		assert.Contains(t, proofs, "\n| "+match[1]+" |", "a threat without a proof")
	}

	functions := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile(path)
		for _, match := range testFunction.FindAllStringSubmatch(string(code), -1) {
			functions[match[1]] = true
		}
		return err
	}))
	for _, match := range testName.FindAllStringSubmatch(string(text), -1) {
		assert.True(t, functions[match[1]], "no test is called %s", match[1])
	}

	requirements, err := os.ReadFile("docs/requirements.md")
	require.NoError(t, err)
	ids := requirementID.FindAllString(proofs, -1)
	require.NotEmpty(t, ids)
	for _, id := range ids {
		_, section, found := strings.Cut(string(requirements), "\n### "+id+"\n")
		section, _, _ = strings.Cut(section, "\n### ")
		assert.True(t, found && strings.Contains(section, "\n- "), "%s has no case", id)
	}
}

// goFiles returns the code of every Go file of every module, each as one text
// of lines without indentation and comments.
func goFiles(t *testing.T) []string {
	var files []string
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		files = append(files, "\n"+strings.Join(codeLines(string(text)), ""))
		return err
	}))
	return files
}

// runs splits a snippet into runs of lines that follow one another.
func runs(snippet string) []string {
	var out []string
	run := ""
	for _, line := range strings.Split(snippet, "\n") {
		if strings.Contains(line, "…") {
			out, run = append(out, run), ""
			continue
		}
		run += strings.Join(codeLines(line), "")
	}
	return append(out, run)
}

var (
	lineComment = regexp.MustCompile(`(^|\s)//.*$`)
	spaces      = regexp.MustCompile(`\s+`)
)

// codeLines returns the lines of a text that have code, each with a newline.
func codeLines(text string) []string {
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(spaces.ReplaceAllString(lineComment.ReplaceAllString(line, ""), " "))
		if line != "" {
			lines = append(lines, line+"\n")
		}
	}
	return lines
}

func standsIn(files []string, run string) bool {
	if run == "" {
		return true
	}
	for _, file := range files {
		if strings.Contains(file, "\n"+run) {
			return true
		}
	}
	return false
}
