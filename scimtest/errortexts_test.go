package scimtest_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
)

const errorsFile = "testdata/errors.golden"

// Each request in errors.golden is followed by the error that the client gets.
// A request is "> CLIENT METHOD PATH BODY"; the body may be missing, and
// |NAME:VALUE after the client is a header. ${TEXT*N} is TEXT N times.
// and ${ff} a byte that is not UTF-8. /Users/1, /Groups/2 with a member,
// /Devices/3, /Devices/4 without immutable values and /Groups/5 with two members
// exist; no operation may look at more than one member.
func TestErrorTexts(t *testing.T) {
	var n int
	s := serve(t, func(c *scim.Config) {
		c.Auth = scim.BearerTokens(tokenOf("default"), tokenOf("strict"), tokenOf("interop"))
		c.NewID = func() string { n++; return strconv.Itoa(n) }
		c.Limits = scim.Limits{Body: 64 << 10, Operations: 3, Scan: 1, Members: 3}
		c.SensitiveAttributes = []string{"nickName"}
		c.Endpoints[2].Without = []scim.OperationKind{scim.OperationDelete}
	}, deviceType(t, true))
	c := s.lenient(t)
	c.NewUser("bjensen", `"emails":[{"value":"b@example.com","type":"work"}],"name":{"familyName":"Jensen"}`)
	c.NewGroup("Tours", `"members":[{"value":"1"}]`)
	c.Post("/Devices", device(`"serial":"s1","`+assetURI+`":{"owner":"o","tag":"t"}`)).Is(201)
	c.Post("/Devices", device(`"`+assetURI+`":{"owner":"o"}`)).Is(201)
	c.NewGroup("Large", `"members":[{"value":"1"},{"value":"2"}]`)

	golden, err := os.ReadFile(errorsFile)
	require.NoError(t, err)
	var out strings.Builder
	for line := range strings.Lines(string(golden)) {
		if !strings.HasPrefix(line, "< ") {
			out.WriteString(line)
		}
		if request, ok := strings.CutPrefix(line, "> "); ok {
			out.WriteString("< " + errorText(t, s, strings.TrimSuffix(request, "\n")) + "\n")
		}
	}
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.WriteFile(errorsFile, []byte(out.String()), 0o644))
		return
	}
	require.Equal(t, string(golden), out.String())
}

var repeated = regexp.MustCompile(`\$\{(.+?)\*(\d+)\}`)

// errorText sends a request and returns the status, scimType and detail of the
// error.
func errorText(t *testing.T, s server, line string) string {
	line = strings.ReplaceAll(line, "${ff}", "\xff")
	line = repeated.ReplaceAllStringFunc(line, func(m string) string {
		parts := repeated.FindStringSubmatch(m)
		n, err := strconv.Atoi(parts[2])
		require.NoError(t, err)
		return strings.Repeat(parts[1], n)
	})
	f := append(strings.SplitN(line, " ", 4), "")
	path, query, _ := strings.Cut(f[2], "?")
	r := httptest.NewRequest(f[1], scimtest.BaseURL+path, strings.NewReader(f[3]))
	r.URL.RawQuery = strings.ReplaceAll(query, `"`, "%22")
	client, headers, _ := strings.Cut(f[0], "|")
	r.Header.Set("Authorization", "Bearer "+client)
	if name, value, ok := strings.Cut(headers, ":"); ok {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	type errorBody struct{ Status, ScimType, Detail string }
	var e errorBody
	if path == "/Bulk" && w.Code == 200 { // the error of the last operation
		var bulk struct {
			Operations []struct{ Response errorBody }
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &bulk), line)
		e = bulk.Operations[len(bulk.Operations)-1].Response
	} else {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &e), line)
	}
	require.GreaterOrEqual(t, e.Status, "400", "%s\n%s", line, w.Body)
	return strings.ReplaceAll(fmt.Sprintf("%s %s: %s", e.Status, e.ScimType, e.Detail), " :", ":")
}

// TestErrorTextsAreComplete looks for texts of errors in the source that no
// answer in errors.golden has.
func TestErrorTextsAreComplete(t *testing.T) {
	golden, err := os.ReadFile(errorsFile)
	require.NoError(t, err)
	var answers strings.Builder
	for line := range strings.Lines(string(golden)) {
		if strings.HasPrefix(line, "< ") {
			answers.WriteString(line)
		}
	}
	found := map[string]bool{}
	for _, text := range errorTexts(t) {
		found[text] = true
		if _, ok := notFromARequest[text]; ok || strings.Contains(answers.String(), text) {
			continue
		}
		t.Errorf("no request in %s is answered with %q", errorsFile, text)
	}
	for text := range notFromARequest {
		require.True(t, found[text], "the source has no text %q any more", text)
	}
}

// notFromARequest are texts that TestErrorTexts cannot bring about, with the
// reason.
var notFromARequest = map[string]string{
	"more requests within a minute were refused or failed": "the detail of an audit record",
	"the entry":           "the detail of an audit record",
	"the end of a string": "text of a store, of which some attributes are decoded",
	"the end of a value":  "the same",
	"the resource is larger than the maximum of": "a resource of 2 MiB: TestOversizedValuesAreRefused",
	"has more than the maximum of":               "ten thousand values: TestNumberOfValuesIsBounded",
	"the body could not be read":                 "a connection that breaks",
	"internal error":                             "a fault of a store or hook",
	"(reference":                                 "a fault of a store or hook",
	"temporarily unavailable; try again":         "a store that is down",
	"provisioning is paused":                     "a switch of the embedder",
	"too many requests; try again in":            "a thousand requests: TestRateOfAConnection",
	"seconds":                                    "a thousand requests: TestRateOfAConnection",
	"refers to an operation that refers to this one, and cannot be left out until both are created":     "a circle of required references: B-16",
	"refers to an operation that refers to this one, and cannot be added after the resource is created": "a circle of immutable references: B-16",
	"not permitted": "a policy of the embedder",
	"the authenticated subject has a resource; it cannot create another one": "an embedder that resolves /Me: TestConformanceMe",
	"values":                      "a body of a million values: TestParseJSONBoundsItsMemory",
	"too many elements of arrays": "a hundred thousand elements: TestArraysOfABodyAreBounded",
	"the object has more than":    "an object of ten thousand names: TestParseJSONBoundsItsMemory",
	"the request compares too many values; narrow the filter or send fewer operations":                                     "a thousand operations: TestWorkIsBounded",
	"the query has to read too many resources; narrow the filter with an indexed attribute such as userName or externalId": "a store that cannot filter: TestConformanceByScan",
	"the request has more operations than maxOperations,":                                                                  "five hundred operations: B-25",
	"the operations have more than":                                           "fifteen thousand elements: TestMembersOfABulkRequestAreBounded",
	"elements of arrays together; send fewer in one request":                  "fifteen thousand elements: TestMembersOfABulkRequestAreBounded",
	"the body is larger than maxPayloadSize,":                                 "a body of 4 MiB: B-26",
	"the cursor has expired; begin again without one":                         "a clock: TestConformanceCursors",
	"count must be that of the first request,":                                "a cursor, which no two answers have in common: K-14",
	"the operation was not carried out, since failOnErrors ended the request": "an answer that follows as an event: Y-28",
	"the groups are members of too many groups":                               "a switch of the embedder: TestConformanceIndirectGroups",
	"a PatchOp message must be a JSON object":                                 "a caller other than package scim",
	"a value filter cannot follow a sub-attribute":                            "a type with multi-valued sub-attributes",
}

// errorTexts returns the constant parts of the texts of errors in the source.
func errorTexts(t *testing.T) []string {
	var texts []string
	for _, pattern := range []string{"../*.go", "../schema/*.go", "../filter/*.go", "../patch/*.go", "../internal/*/*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") || definitions[name] {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			require.NoError(t, err)
			texts = append(texts, fileTexts(file)...)
		}
	}
	return texts
}

// definitions are files with errors of the embedder alone.
var definitions = map[string]bool{
	"../schema/schema.go": true, "../schema/resourcetype.go": true, "../schema/definition.go": true, "../schema/stored.go": true,
}

// constructors make the errors of clients.
var constructors = map[string]bool{
	"fail": true, "failAt": true, "failSchemas": true, "wrongType": true, "unexpected": true, "unassigning": true,
	"invalidValue": true, "invalidSyntax": true, "errorf": true,
}

// fileTexts returns the string literals in calls of constructors, in the Detail
// of an error, in a returned problem, and in tables of what is expected.
func fileTexts(file *ast.File) []string {
	var texts []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if constructors[calleeName(n)] {
				for _, arg := range n.Args {
					texts = append(texts, literals(arg)...)
				}
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Detail" {
				texts = append(texts, literals(n.Value)...)
			}
		case *ast.CompositeLit:
			if name, ok := n.Type.(*ast.Ident); ok && name.Name == "Error" && len(n.Elts) > 2 {
				texts = append(texts, literals(n)...)
			}
		case *ast.FuncDecl:
			texts = append(texts, problems(n)...)
		case *ast.ValueSpec:
			if strings.HasSuffix(n.Names[0].Name, "Wanted") || n.Names[0].Name == "wants" || n.Names[0].Name == "tooDeep" {
				for _, v := range n.Values {
					texts = append(texts, literals(v)...)
				}
			}
		}
		return true
	})
	return texts
}

func calleeName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// problems returns the literals that a function returns as its result "problem"
// or "detail".
func problems(f *ast.FuncDecl) []string {
	if f.Type.Results == nil || f.Body == nil {
		return nil
	}
	at, n := -1, 0
	for _, result := range f.Type.Results.List {
		for _, name := range result.Names {
			if name.Name == "problem" || name.Name == "detail" {
				at = n
			}
			n++
		}
	}
	if at < 0 {
		return nil
	}
	var texts []string
	ast.Inspect(f.Body, func(node ast.Node) bool {
		if r, ok := node.(*ast.ReturnStmt); ok && len(r.Results) == n {
			texts = append(texts, literals(r.Results[at])...)
		}
		return true
	})
	return texts
}

var verbs = regexp.MustCompile(`%[#+]?[0-9.]*[a-zA-Z]`)

// literals returns the parts of the string literals in an expression, without
// what a format fills in.
func literals(e ast.Expr) []string {
	var parts []string
	ast.Inspect(e, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		text, _ := strconv.Unquote(lit.Value)
		for _, part := range verbs.Split(text, -1) {
			if part = strings.TrimSpace(part); len(part) > 2 {
				parts = append(parts, part)
			}
		}
		return true
	})
	return parts
}
