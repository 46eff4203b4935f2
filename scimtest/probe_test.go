package scimtest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/roles"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// small are limits that a probe reaches with few requests.
var small = scim.Limits{MaxResults: 6, PageSize: 4, BulkOperations: 5, BulkPayload: 3000}

// replacing answers like a handler, with another text in the responses of a path.
func replacing(h http.Handler, path, old, text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, path) {
			h.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		w.WriteHeader(rec.Code)
		_, _ = w.Write([]byte(strings.Replace(rec.Body.String(), old, text, 1)))
	})
}

// someRoles serves one role, which clients only read.
func someRoles() scim.Endpoint {
	return roles.Roles(func(context.Context) ([]roles.Definition, error) { return []roles.Definition{{Value: "admin"}}, nil })
}

func TestConformanceProbe(t *testing.T) {
	t.Parallel()
	readOnly := []scim.OperationKind{scim.OperationCreate, scim.OperationReplace, scim.OperationPatch, scim.OperationDelete}
	for name, configure := range map[string]func(*scim.Config){
		"other limits": func(cfg *scim.Config) {},
		"without Bulk": func(cfg *scim.Config) { cfg.WithoutBulk = true },
		"without PATCH": func(cfg *scim.Config) {
			cfg.Endpoints[0].Without, cfg.Endpoints[1].Without = readOnly[2:3], readOnly[2:3]
		},
		"without DELETE": func(cfg *scim.Config) { cfg.Endpoints[1].Without = readOnly[3:] },
		"groups are only read": func(cfg *scim.Config) {
			cfg.Endpoints[1].Without = readOnly
		},
		"all types are only read": func(cfg *scim.Config) { cfg.Endpoints[0].Without, cfg.Endpoints[1].Without = readOnly, readOnly },
		"without versions":        withoutVersions,
		"users without versions":  func(cfg *scim.Config) { cfg.Endpoints[0].Store = unversioned{cfg.Endpoints[0].Store} },
		"groups without versions": func(cfg *scim.Config) {
			cfg.Endpoints[1].Store = unversionedGroups{cfg.Endpoints[1].Store.(store.MemberStore)}
		},
		"roles": func(cfg *scim.Config) { cfg.Endpoints = append(cfg.Endpoints, someRoles()) },
		"asynchronous answers": func(cfg *scim.Config) {
			cfg.Outbox = cfg.Tx.(*memstore.DB)
			cfg.Hooks.AsyncResponse = func(context.Context, *event.Event) error { return nil }
		},
		"passwords": func(cfg *scim.Config) {
			cfg.SetPassword = func(context.Context, *schema.Resource, schema.Secrets) error { return nil }
		},
		"users alone":   func(cfg *scim.Config) { cfg.Endpoints = cfg.Endpoints[:1] },
		"devices alone": func(cfg *scim.Config) { cfg.Endpoints = cfg.Endpoints[2:] },
	} {
		scimtest.Prove(t, "D-4", "a probe finds what is announced: "+name, func(t *testing.T) {
			s := serve(t, func(cfg *scim.Config) {
				cfg.Limits = small
				configure(cfg)
			}, deviceType(t, true))
			require.Empty(t, s.lenient(t).Probe(true))
		})
	}
}

// TestProbeFindsLies proves that a probe fails where something else is announced
// than is there.
func TestProbeFindsLies(t *testing.T) {
	t.Parallel()
	const config = "/ServiceProviderConfig"
	for _, lie := range []struct{ path, true, false, found string }{
		{config, `"patch":{"supported":true`, `"patch":{"supported":false`, "patch: false is announced, true was found"},
		{config, `"bulk":{"supported":true`, `"bulk":{"supported":false`, "bulk: false is announced"},
		{config, `"maxOperations":5`, `"maxOperations":4`, "bulk.maxOperations"},
		{config, `"maxOperations":5`, `"maxOperations":6`, "bulk.maxOperations"},
		{config, `"maxPayloadSize":3000`, `"maxPayloadSize":2999`, "bulk.maxPayloadSize"},
		{config, `"maxPayloadSize":3000`, `"maxPayloadSize":3001`, "bulk.maxPayloadSize"},
		{config, `"filter":{"supported":true`, `"filter":{"supported":false`, "filter: false is announced"},
		{config, `"maxResults":6`, `"maxResults":7`, "filter.maxResults"},
		{config, `"maxResults":6`, `"maxResults":5`, "filter.maxResults"},
		{config, `"sort":{"supported":true`, `"sort":{"supported":false`, "sort"},
		{config, `"etag":{"supported":true`, `"etag":{"supported":false`, "etag"},
		{config, `"cursor":true`, `"cursor":false`, "pagination.cursor"},
		{config, `"index":true`, `"index":false`, "pagination.index"},
		{config, `"defaultPaginationMethod":"index"`, `"defaultPaginationMethod":"cursor"`, "pagination.defaultPaginationMethod"},
		{config, `"defaultPageSize":4`, `"defaultPageSize":3`, "pagination.defaultPageSize"},
		{config, `"maxPageSize":6`, `"maxPageSize":7`, "pagination.maxPageSize"},
		{config, `"cursorTimeout":3600`, `"cursorTimeout":0`, "pagination.cursorTimeout"},
		{config, `"type":"oauthbearertoken"`, `"type":"httpbasic"`, "the challenge of httpbasic"},
		{config, `"changePassword":{"supported":false`, `"changePassword":{"supported":true`, "changePassword: true is announced, false was found"},
		{config, `"patch"`, `"securityEvents":{"asyncRequest":"request"},"patch"`, "securityEvents.asyncRequest"},
	} {
		t.Run(lie.false, func(t *testing.T) {
			t.Parallel()
			honest := serve(t, func(cfg *scim.Config) { cfg.Limits = small })
			require.Contains(t, honest.lenient(t).Get(lie.path).Is(200).Text, lie.true)
			found := scimtest.NewClient(t, replacing(honest, lie.path, lie.true, lie.false), "default").Probe(true)
			require.Contains(t, fmt.Sprint(found), lie.found)
		})
	}
}
