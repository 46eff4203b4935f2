package scim_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
)

// document returns a discovery document as the client with the token of newWorld
// sees it.
func (w *world) document(path string) map[string]any {
	w.Helper()
	got := w.as("Bearer secret", "GET", path, "")
	require.Equal(w, 200, got.Code, got.Body.String())
	var doc map[string]any
	require.NoError(w, json.Unmarshal(got.Body.Bytes(), &doc))
	return doc
}

// /ServiceProviderConfig has the extensions of the host after its own attributes.
func TestServiceProviderConfigIsExtended(t *testing.T) {
	t.Parallel()
	type plan struct {
		Seats int `json:"seats"`
	}
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.ServiceProviderConfig = map[string]any{"urn:example:scim:Plan": plan{50}, `urn:example:a'b`: map[string]any{"note": "<&>"}}
	})
	doc := w.document("/ServiceProviderConfig")
	require.Equal(t, []any{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig", `urn:example:a'b`, "urn:example:scim:Plan"}, doc["schemas"])
	require.Equal(t, map[string]any{"seats": 50.0}, doc["urn:example:scim:Plan"])
	require.Equal(t, map[string]any{"note": "<&>"}, doc[`urn:example:a'b`])
	require.Equal(t, map[string]any{"supported": true}, doc["patch"])
}

// Extensions that the document cannot have are errors of New.
func TestServiceProviderConfigExtensionsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		uri   string
		value any
		want  string
	}{
		{"patch", map[string]any{}, "is not under a schema URI"},
		{"securityEvents", map[string]any{}, "is not under a schema URI"},
		{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig", map[string]any{}, "use the URI of an extension"},
		{"URN:ietf:params:scim:api:messages:2.0:Error", map[string]any{}, "use the URI of an extension"},
		{"urn:example:x", []string{}, "is not an object"},
		{"urn:example:x", nil, "is not an object"},
		{"urn:example:x", math.Inf(1), "cannot be encoded"},
	} {
		_, err := scim.New(scim.Config{ServiceProviderConfig: map[string]any{c.uri: c.value}})
		require.ErrorContains(t, err, c.want, "%s: %v", c.uri, c.value)
	}
}
