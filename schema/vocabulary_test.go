package schema_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// N-7, N-11, N-15
func TestVocabularies(t *testing.T) {
	t.Parallel()
	cert := certificate(t)
	b64 := base64.StdEncoding.EncodeToString
	for _, c := range []struct {
		path      string
		good, bad []string
	}{
		{"preferredLanguage",
			[]string{"en", "en-US", "en-US, fr;q=0.5", "*", "da, en-gb;q=0.8, en;q=0.7", "de;q=1.000", "x ; q=0.1", "de-DE-1996,en"},
			[]string{"", "e n", "en_US", "en;q=2", "en;q=0.1234", "en,", ",en", "en;q", "toolonglanguage", "en-"}},
		{"locale",
			[]string{"en", "en-US", "en_US", "zh-Hant-TW", "de_CH_1996"},
			[]string{"", "e n", "en-", "-en", "en--US", "en US", "1a", "en_US.UTF-8"}},
		{"timezone",
			[]string{"America/Los_Angeles", "Europe/Berlin", "UTC"},
			[]string{"", "Local", "Mars/X", "PST8PDT/..", "../etc/passwd", "/etc/localtime", "Europe/\x00", "+01:00"}},
		{"addresses.country",
			[]string{"US", "de", "ZW", "AD"},
			[]string{"", "USA", "XX", "U", " U", "U ", "D A", "UK", "12"}},
		{"x509Certificates.value",
			[]string{b64(cert), base64.RawStdEncoding.EncodeToString(cert)},
			[]string{"QUJD", b64(append(cert, cert...)), b64(append(cert, 0)), b64(cert[:len(cert)-1]),
				b64(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})), "MAA=AAAA", b64([]byte{0x31, 0}), b64([]byte{0x80, 0})}},
	} {
		a := schema.UserType.MustResolve(c.path).Last()
		for _, text := range c.good {
			_, _, err := schema.DecodeValue(a, text, false, schema.Strict())
			require.NoError(t, err, "%s %q", c.path, text)
		}
		for _, text := range c.bad {
			_, _, err := schema.DecodeValue(a, text, false, schema.Strict())
			requireError(t, err, schema.ErrorInvalidValue, "")
		}
	}
}

func certificate(t *testing.T) []byte {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	require.NoError(t, err)
	return der[:len(der):len(der)]
}

// A User schema defined by the application has the formats too; a schema with
// another URI that uses the names has not.
func TestVocabulariesDependOnTheURI(t *testing.T) {
	t.Parallel()
	for uri, checked := range map[string]bool{schema.UserURI: true, "urn:example:person": false} {
		s, err := schema.New(schema.Schema{ID: uri, Attributes: []*schema.Attribute{{Name: "locale"}, {Name: "addresses"}}})
		require.NoError(t, err)
		_, _, err = schema.DecodeValue(s.Attribute("locale"), "e n", false, schema.Strict())
		require.Equal(t, checked, err != nil)
	}
}

// D-22
func TestDefinitionsEqualTheFiles(t *testing.T) {
	t.Parallel()
	byID := map[string]*schema.Schema{}
	for _, s := range append(schema.Discovery(), schema.User, schema.Group, schema.EnterpriseUser) {
		byID[s.ID] = s
	}
	for _, name := range []string{"User", "Group", "EnterpriseUser", "ServiceProviderConfig", "ResourceType", "Schema"} {
		var want struct {
			ID, Name, Description string
			Attributes            json.RawMessage
		}
		require.NoError(t, json.Unmarshal(readFile(t, "core/"+name+".json"), &want))
		s := byID[want.ID]
		require.NotNil(t, s, want.ID)
		require.Equal(t, want.Name, s.Name)
		require.Equal(t, want.Description, s.Description)
		got, err := json.Marshal(s.Attributes)
		require.NoError(t, err)
		require.JSONEq(t, string(want.Attributes), string(got), name)
	}
	require.Len(t, byID, 6)
}

// Every type of a value of the core schemas has canonicalValues. Those that are not
// of RFC 7643 §4.1.2 are suggestions, also for the strict client.
func TestEveryTypeHasCanonicalValues(t *testing.T) {
	t.Parallel()
	found := 0
	for _, s := range []*schema.Schema{schema.User, schema.Group, schema.EnterpriseUser} {
		for _, a := range s.Attributes {
			if typ := a.Sub("type"); typ != nil && a.MultiValued {
				found++
				require.NotEmpty(t, typ.CanonicalValues, a.Name)
			}
		}
	}
	require.Equal(t, 10, found)
	for _, name := range []string{"entitlements", "roles"} {
		_, err := schema.UserType.Decode(schema.JSONObject{
			{Name: "schemas", Value: []any{schema.UserURI}}, {Name: "userName", Value: "u"},
			{Name: name, Value: []any{schema.JSONObject{{Name: "value", Value: "v"}, {Name: "type", Value: "anything"}}}},
		}, schema.Strict())
		require.NoError(t, err, name)
	}
}
