package scim_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/seed5f3efb56/scim"

// imports is the table of docs/design.md: what the files of a package, tests
// excepted, may import besides the standard library. In the value, names
// without a dot are packages of this module, "." is its root.
var imports = map[string][]string{
	"schema":               {"internal/ascii", "golang.org/x/text/cases", "golang.org/x/text/unicode/norm"},
	"filter":               {"schema", "internal/ascii", "internal/contextkey", "github.com/scim2/filter-parser/v2"},
	"patch":                {"internal/ascii", "schema", "filter"},
	"event":                {"schema"},
	"brake":                {"schema", "store"},
	"connection":           {"audit", "brake", "schema", "filter", "store", "internal/paging"},
	"store":                {"schema", "filter", "event", "internal/contextkey"},
	"audit":                {"store"},
	"readiness":            {},
	"console":              {".", "audit", "brake", "connection", "diagnose", "filter", "health", "schema", "store", "reconcile", "reconcile/remote", "requestlog", "internal/operator", "internal/paging"},
	"health":               {".", "brake", "connection", "filter", "schema", "store", "health/figures", "internal/redact"},
	"requestlog":           {".", "schema", "internal/redact"},
	"otelscim":             {".", "brake", "event", "health", "store", "go.opentelemetry.io/otel", "go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/codes", "go.opentelemetry.io/otel/metric", "go.opentelemetry.io/otel/propagation", "go.opentelemetry.io/otel/semconv/v1.43.0", "go.opentelemetry.io/otel/trace"},
	"health/figures":       {},
	"reconcile":            {"schema", "store", "internal/paging"},
	"reconcile/remote":     {"reconcile", "schema", "store"},
	"roles":                {".", "schema", "store", "event"},
	"store/memstore":       {"health/figures", "audit", "connection", "schema", "filter", "store", "internal/position"},
	"store/storetest":      {"audit", "connection", "schema", "filter", "event", "store", "github.com/stretchr/testify/require", "github.com/stretchr/testify/assert"},
	"scimtest":             {".", "schema", "event", "store", "github.com/stretchr/testify/require"},
	"store/sqlquery":       {"schema", "filter", "store", "internal/position", "internal/sqldb"},
	"store/sqlquery/pgxtx": {"internal/sqldb", "github.com/jackc/pgx/v5", "github.com/jackc/pgx/v5/pgconn", "github.com/jackc/pgx/v5/stdlib"},
	"store/sqlstore":       {"health/figures", "audit", "connection", "schema", "filter", "store", "internal/position", "internal/sqldb"},
	"secevent":             {"schema", "event", "internal/etag", "internal/project", "github.com/go-jose/go-jose/v4"},
	"internal/project":     {"schema", "filter"},
	"internal/reference":   {"schema", "filter"},
	"internal/paging":      {"schema", "store"},
	"cmd/scim":             {".", "audit", "brake", "connection", "health", "reconcile", "reconcile/remote", "schema", "store", "store/sqlstore", "internal/operator", "github.com/go-sql-driver/mysql", "github.com/jackc/pgx/v5/stdlib", "modernc.org/sqlite"},
	"internal/operator":    {"audit", "brake", "connection", "health", "store"},
	"internal/nesting":     {"schema", "filter", "store"},
	"internal/position":    {"schema", "store"},
	"internal/figurestest": {"store", "health/figures", "github.com/stretchr/testify/require"},
	"internal/redact":      {},
	"internal/ratelimit":   {"golang.org/x/time/rate"},
	"internal/sqldb":       {"store"},
	"internal/typefilter":  {"schema", "filter"},
	"internal/ascii":       {},
	"internal/bulk":        {"schema"},
	"internal/contextkey":  {},
	"internal/devicetype":  {"schema"},
	"internal/etag":        {"store"},
	"internal/sampling":    {},
	"internal/prefer":      {},
	"internal/tenanttest":  {"scimtest", "github.com/stretchr/testify/require"},
	"internal/sqltest":     {"github.com/stretchr/testify/require"},
	"internal/ownertest":   {".", "schema", "event", "store", "scimtest", "github.com/stretchr/testify/require"},
	".":                    {"retention", "audit", "brake", "connection", "schema", "filter", "patch", "event", "readiness", "store", "internal/project", "internal/reference", "internal/lifecycle", "internal/bulk", "internal/contextkey", "internal/etag", "internal/nesting", "internal/paging", "internal/prefer", "internal/position", "internal/ratelimit", "internal/sampling", "internal/typefilter", "github.com/go-chi/chi/v5"},
	"internal/lifecycle":   {"brake", "schema", "filter", "store", "event"},

	"oauth":                 {".", "connection", "internal/ratelimit", "oauth/internal/issuer", "store", "github.com/go-jose/go-jose/v4"},
	"oauth/logout":          {".", "internal/ratelimit", "oauth", "oauth/internal/issuer", "store", "github.com/go-jose/go-jose/v4", "github.com/go-jose/go-jose/v4/json"},
	"oauth/internal/issuer": {"store", "github.com/go-jose/go-jose/v4", "github.com/go-jose/go-jose/v4/jwt"},

	"internal/connectiontest": {".", "audit", "brake", "connection", "schema", "event", "store", "scimtest", "github.com/stretchr/testify/require"},
	"diagnose":                {".", "internal/redact"},
	"retention":               {"brake", "filter", "schema", "store", "internal/paging"},

	"internal/benchmark":         {"internal/benchmark/limit", "internal/benchmark/load", "internal/benchmark/process", "internal/benchmark/rival"},
	"internal/benchmark/bulk":    {"internal/benchmark/process"},
	"internal/benchmark/heavy":   {"internal/benchmark/process"},
	"internal/benchmark/walk":    {"internal/benchmark/process"},
	"internal/benchmark/process": {},
	"internal/benchmark/load":    {},
	"internal/benchmark/library": {".", "brake", "schema", "store", "store/memstore", "store/sqlstore", "github.com/jackc/pgx/v5/stdlib", "modernc.org/sqlite"},
	"internal/benchmark/seed":    {},
	"internal/benchmark/limit":   {"internal/benchmark/seed", "github.com/google/uuid", "github.com/jackc/pgx/v5/stdlib", "modernc.org/sqlite"},
	"internal/benchmark/rival":   {"internal/benchmark/seed", "github.com/elimity-com/scim", "github.com/elimity-com/scim/errors", "github.com/elimity-com/scim/optional", "github.com/elimity-com/scim/schema", "github.com/google/uuid", "github.com/scim2/filter-parser/v2"},
}

// servesHTTP has the packages that may import net/http and its subpackages.
var servesHTTP = []string{".", "otelscim", "requestlog", "health", "console", "scimtest", "internal/tenanttest", "oauth", "oauth/internal/issuer", "oauth/logout", "secevent", "reconcile/remote", "internal/etag", "internal/operator", "internal/benchmark/bulk", "internal/benchmark/heavy", "internal/benchmark/library", "internal/benchmark/limit", "internal/benchmark/process", "internal/benchmark/rival", "internal/benchmark/walk"}

func TestImports(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"forbidden"}, forbidden("schema", []string{"forbidden", "fmt", "golang.org/x/text/cases"}), "the check itself")
	require.Equal(t, []string{"net/http", "net/http/httptest"}, forbidden("schema", []string{"net/http", "net/http/httptest", "net/url"}), "the check itself")
	seen := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (name == "examples" || name == "docs" || strings.HasPrefix(d.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		pkg := path.Dir(filepath.ToSlash(name))
		seen[pkg] = true
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		var paths []string
		for _, i := range f.Imports {
			paths = append(paths, strings.Trim(i.Path.Value, `"`))
		}
		require.Contains(t, imports, pkg, "%s is in a package without a row in the table", name)
		require.Empty(t, forbidden(pkg, paths), "%s may not import", name)
		return nil
	}))
	for pkg := range seen {
		require.Contains(t, imports, pkg)
	}
}

// forbidden returns the imports which the table does not allow the package.
func forbidden(pkg string, paths []string) []string {
	allowed := map[string]bool{}
	for _, p := range imports[pkg] {
		if first, _, _ := strings.Cut(p, "/"); p == "." || !strings.Contains(first, ".") {
			p = strings.TrimSuffix(module+"/"+p, "/.")
		}
		allowed[p] = true
	}
	var bad []string
	for _, p := range paths {
		first, _, _ := strings.Cut(p, "/")
		std := !strings.Contains(first, ".") && p != "forbidden"
		http := p == "net/http" || strings.HasPrefix(p, "net/http/")
		if !std && !allowed[p] || http && !slices.Contains(servesHTTP, pkg) {
			bad = append(bad, p)
		}
	}
	return bad
}
