package scimtest_test

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// ownTypes returns a handler in memory for the given types alone.
func ownTypes(t *testing.T, auth scim.Authenticator, without []scim.OperationKind, types ...*schema.ResourceType) http.Handler {
	db := memstore.New()
	cfg := scim.Config{BaseURL: scimtest.BaseURL, Auth: auth, Tx: db, Logger: slog.New(slog.DiscardHandler)}
	for _, rt := range types {
		cfg.Endpoints = append(cfg.Endpoints, scim.Endpoint{Type: rt, Store: db.Store(rt), Without: without})
	}
	h, err := scim.New(cfg)
	require.NoError(t, err)
	return h
}

// TestConformanceOfOwnTypes runs the cases of own types on one with attributes of
// every characteristic, with its extension required and optional.
func TestConformanceOfOwnTypes(t *testing.T) {
	t.Parallel()
	for name, required := range map[string]bool{"required extension": true, "optional extension": false} {
		t.Run(name, func(t *testing.T) {
			scimtest.RunTypesRecorded(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
				return ownTypes(t, auth, nil, deviceType(t, required))
			})
		})
	}
	for _, kind := range []scim.OperationKind{scim.OperationCreate, scim.OperationReplace, scim.OperationPatch, scim.OperationDelete} {
		t.Run("without "+string(kind), func(t *testing.T) {
			scimtest.RunTypesRecorded(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
				return ownTypes(t, auth, []scim.OperationKind{kind}, deviceType(t, false))
			})
		})
	}
}

// lies are false statements about the type of deviceSchema, and the case that finds
// each.
var lies = []struct{ attribute, true, false, found string }{
	{"label", `"required":false`, `"required":true`, "A-11"},
	{"label", `"mutability":"readWrite"`, `"mutability":"immutable"`, "A-3"},
	{"label", `"mutability":"readWrite"`, `"mutability":"readOnly"`, "A-2"},
	{"serial", `"mutability":"immutable"`, `"mutability":"readWrite"`, "P-1"},
	{"label", `"uniqueness":"none"`, `"uniqueness":"server"`, "A-10"},
	{"code", `"caseExact":true`, `"caseExact":false`, "A-10"},
	{"label", `"caseExact":false`, `"caseExact":true`, "F-10"},
	{"label", `"returned":"default"`, `"returned":"never"`, "A-5"},
	{"label", `"returned":"default"`, `"returned":"always"`, "A-5"},
	{"notes", `"returned":"request"`, `"returned":"default"`, "A-5"},
	{"label", `"required":false`, `"required":false,"canonicalValues":["a"]`, "A-13"},
	{"keeper", `"referenceTypes":["User"]`, `"referenceTypes":["Device"]`, "A-15"},
	{"type", `"required":false`, `"required":true`, "A-12"},
	{"label", `"type":"string"`, `"type":"boolean"`, "T-1"},
	{"tags", `"multiValued":true`, `"multiValued":false`, "T-1"},
	{"", `"required":false}`, `"required":true}`, "M-9"},
	{"", `POST`, `PUT`, "H-18"},
}

// lying, in the environment, makes [TestCasesOfOwnTypesFail] run the cases on
// handlers that publish a lie.
const lying = "SCIMTEST_LYING"

// TestCasesOfOwnTypesFail proves that each lie fails the case that is about it.
func TestCasesOfOwnTypesFail(t *testing.T) {
	if os.Getenv(lying) != "" {
		for i, lie := range lies {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				scimtest.RunTypes(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
					h := ownTypes(t, auth, nil, deviceType(t, false))
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						rec := httptest.NewRecorder()
						h.ServeHTTP(rec, r)
						maps.Copy(w.Header(), rec.Header())
						w.Header().Del("Content-Length")
						if lie.found == "H-18" {
							w.Header().Set("Allow", strings.ReplaceAll(w.Header().Get("Allow"), lie.true, lie.false))
						}
						w.WriteHeader(rec.Code)
						text := rec.Body.String()
						if strings.Contains(r.URL.Path, "/Schemas/") || strings.HasSuffix(r.URL.Path, "/ResourceTypes") {
							text = tell(text, lie.attribute, lie.true, lie.false)
						}
						_, _ = w.Write([]byte(text))
					})
				})
			})
		}
		return
	}
	t.Parallel()
	c := exec.Command(os.Args[0], "-test.run=^TestCasesOfOwnTypesFail$")
	c.Env = append(os.Environ(), lying+"=1")
	out, err := c.CombinedOutput()
	require.Error(t, err)
	for i, lie := range lies {
		require.Regexp(t, fmt.Sprintf(`--- FAIL: TestCasesOfOwnTypesFail/%d/Device/(\S+_)?%s_`, i, lie.found), string(out), "%s: %s", lie.attribute, lie.false)
	}
}

// tell replaces the truth about an attribute, or with "" the first one in the text.
func tell(text, attribute, truth, lie string) string {
	begin := strings.Index(text, `"name":"`+attribute+`"`)
	if attribute == "" {
		begin = strings.Index(text, `"schemaExtensions"`)
	}
	if begin < 0 {
		return text
	}
	return text[:begin] + strings.Replace(text[begin:], truth, lie, 1)
}
