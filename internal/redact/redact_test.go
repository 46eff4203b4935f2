package redact_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/redact"
)

func TestDetail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"names stay", `operation 1: unknown attribute "name.Nope"`, `operation 1: unknown attribute "name.Nope"`},
		{"schema URIs stay", `schemas: "urn:ietf:params:scim:schemas:core:2.0:User" is missing`, `schemas: "urn:ietf:params:scim:schemas:core:2.0:User" is missing`},
		{"signs stay", `at character 3: ")" is missing`, `at character 3: ")" is missing`},
		{"an address goes", `no user "ada@example.com" here`, `no user "…" here`},
		{"a name of a person goes", `no user "Ada Lovelace" or "Bob B"`, `no user "…" or "…"`},
		{"a number goes", `unknown "id12345"`, `unknown "…"`},
		{"an operator may be a name", `unknown operator "Lovelace"`, `unknown operator "…"`},
		{"an open quote", `no user "ada`, `no user "…`},
		{"a long text", strings.Repeat("ä", 600), strings.Repeat("ä", 256)},
	} {
		require.Equal(t, c.want, redact.Detail(c.in), c.name)
	}
}
