package scim_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/readiness"
	"github.com/seed5f3efb56/scim/schema"
)

var update = flag.Bool("update", false, "write docs/profiles.md")

const profilesIntro = `# Profiles

How the requests of a client are read. The token chooses: ` + "`store.Token.Client`" + ` has one of
the names below ("" is default); an unknown name is answered 500. An ` + "`Authenticator`" + ` of
your own sets ` + "`Principal.Client`" + ` (` + "`scim.ParseClient`" + `).

- **default** takes what the known providers send, where it is unambiguous
  ([conformance.md](conformance.md)).
- **strict** follows RFC 7643 and RFC 7644 to the letter.
- **interop** is strict with the restrictions of draft-zollner-scim-interop-profile-01.
  Entra ID and Okta send requests that it refuses, so it is for a client that asks for it.
- **ipsie-al1** and **ipsie-al2** are the levels of the OpenID IPSIE account lifecycle
  profile, draft 00. Each includes the one before it, and interop.

The interop profile prohibits paths that select whole elements. A removal of members
is excepted here: RFC 7644 has no other way to remove one member of a group, and AL2
demands it. What the draft only permits to refuse is not refused: a filter that matches
several elements, operators other than eq and and, ETags. A policy with ` + "`DeactivateOnDelete` or `OnTwin`" + ` contradicts the last
three: ` + "`New`" + ` refuses it for a fixed token, and a stored token with such a policy is
answered 500. No such policy is ignored.

This file is made from the code (` + "`go generate .`" + `). A rule is a field of
` + "`schema.Profile`" + `.

`

const readinessIntro = `
## Readiness

` + "`Handler.Readiness`" + ` says which demands of these profiles a configuration fulfils, which it
does not and what to do, and which are the host's. The quickstart prints it with
` + "`-readiness`" + `. /ServiceProviderConfig has ` + "`interopProfileConformant`" + ` for a client of interop or
IPSIE whose configuration fulfils every MUST of interop, TLS assumed; other clients do not see it.
AL3 has no text yet.

| profile | | demand |
|---|---|---|
`

// docs/profiles.md is what the code says.
func TestProfilesDocument(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(profilesIntro)
	fmt.Fprintf(&b, "| rule | | %s |\n|---|---|%s\n", strings.Join(clientNames, " | "), strings.Repeat("---|", len(clientNames)))
	for _, f := range profileFields(t) {
		fmt.Fprintf(&b, "| `%s` | %s |", f.name, f.text)
		for i := range clientNames {
			fmt.Fprintf(&b, " %s |", cell(reflect.ValueOf(scim.Client(i).Profile()).FieldByName(f.name)))
		}
		b.WriteString("\n")
	}
	b.WriteString(readinessIntro)
	for _, l := range readiness.Of(readiness.Facts{}) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", l.Profile, map[bool]string{true: "MUST", false: "SHOULD"}[l.Must], l.Demand)
	}
	if *update {
		require.NoError(t, os.WriteFile("docs/profiles.md", []byte(b.String()), 0o644))
	}
	have, err := os.ReadFile("docs/profiles.md")
	require.NoError(t, err)
	require.Equal(t, b.String(), string(have), "run go generate .")
}

func cell(v reflect.Value) string {
	switch {
	case v.IsZero():
		return "no"
	case v.Kind() == reflect.Bool:
		return "yes"
	}
	return fmt.Sprint(v.Interface())
}

type profileField struct{ name, text string }

var docLink = regexp.MustCompile(`\[([A-Z]\w*)\]`)

// profileFields returns the fields of schema.Profile with their doc comments, without
// the name at the beginning.
func profileFields(t *testing.T) []profileField {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "schema/profile.go", nil, parser.ParseComments)
	require.NoError(t, err)
	var fields []profileField
	ast.Inspect(file, func(n ast.Node) bool {
		s, ok := n.(*ast.TypeSpec)
		if !ok || s.Name.Name != "Profile" {
			return true
		}
		for _, f := range s.Type.(*ast.StructType).Fields.List {
			name := f.Names[0].Name
			text, ok := strings.CutPrefix(strings.Join(strings.Fields(f.Doc.Text()), " "), name+" ")
			require.True(t, ok, "the comment of %s begins with its name", name)
			fields = append(fields, profileField{name, docLink.ReplaceAllString(text, "`$1`")})
		}
		return false
	})
	require.Len(t, fields, reflect.TypeFor[schema.Profile]().NumField())
	return fields
}
