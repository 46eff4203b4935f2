package schema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// A-4, N-9: every way of printing secrets prints their paths only.
func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	s := schema.NewSecrets(map[string]schema.Value{"password": schema.String("t0p"), "owner.pin": schema.String("t0p")})
	type holder struct {
		Decoded schema.Decoded
		hidden  schema.Secrets
	}
	h := holder{schema.Decoded{Secrets: s}, s}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		require.Equal(t, "secrets[owner.pin password]", fmt.Sprintf(verb, s))
		require.NotContains(t, fmt.Sprintf(verb, h), "t0p")
		require.NotContains(t, fmt.Sprintf(verb, &h), "t0p")
		require.NotContains(t, fmt.Sprintf(verb, h), fmt.Sprintf("%x", "t0p"))
	}
	require.Equal(t, "secrets[owner.pin password]", s.String())
	require.Equal(t, "secrets[owner.pin password]", s.GoString())

	data, err := json.Marshal(map[string]any{"s": s, "h": h})
	require.NoError(t, err)
	require.NotContains(t, string(data), "t0p")
	require.Contains(t, string(data), `["owner.pin","password"]`)

	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secrets", s, "holder", h)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secrets", s, "holder", h)
	require.NotContains(t, log.String(), "t0p")
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	var none schema.Secrets
	require.Zero(t, none.Len())
	require.False(t, none.Get("password").Assigned())
	require.Equal(t, "secrets[]", none.String())

	one := none.With("password", schema.String("a"))
	two := one.With("pin", schema.String("b"))
	require.Zero(t, none.Len())
	require.Equal(t, 1, one.Len())
	require.Equal(t, []string{"password", "pin"}, slices.Collect(two.Paths()))
	require.Equal(t, 1, two.With("pin", schema.Value{}).Len())
	require.Equal(t, 2, two.Len())

	merged := two.Merge(schema.NewSecrets(map[string]schema.Value{"pin": schema.String("c"), "none": {}}))
	require.Equal(t, "c", merged.Get("pin").Text())
	require.Equal(t, "a", merged.Get("password").Text())
	require.Equal(t, "b", two.Get("pin").Text())
	require.Equal(t, 2, merged.Len())
	require.Equal(t, two, two.Merge(none))
	require.Equal(t, two, none.Merge(two))
	require.Equal(t, none, none.With("x", schema.Value{}))

	require.Equal(t, two, two.Prefixed(nil))
	ext := schema.UserType.MustResolve(enterprise)
	require.Equal(t, []string{enterprise + ":password"}, slices.Collect(one.Prefixed(ext).Paths()))
	name := schema.UserType.MustResolve("name")
	require.Equal(t, []string{"name.password"}, slices.Collect(one.Prefixed(name).Paths()))
}

func TestNewSecretsCopiesTheMap(t *testing.T) {
	t.Parallel()
	m := map[string]schema.Value{"password": schema.String("a")}
	s := schema.NewSecrets(m)
	m["password"] = schema.String("b")
	require.Equal(t, "a", s.Get("password").Text())
}
