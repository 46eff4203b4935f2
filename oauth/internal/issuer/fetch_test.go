package issuer

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	f, err := NewFetcher(Config{Hosts: []string{"*.okta.com", "idp.example.com", "*.example.net:8443"}})
	require.NoError(t, err)
	for address, allowed := range map[string]bool{
		"https://acme.okta.com/oauth2/v1/keys": true,
		"https://ACME.okta.com:443/keys":       true,
		"https://okta.com/keys":                false,
		"https://a.b.okta.com/keys":            false,
		"https://acme.okta.com:8443/keys":      false,
		"https://acme.okta.com.evil.com/keys":  false,
		"https://evilokta.com/keys":            false,
		"https://*.okta.com/keys":              true, // resolves to nothing
		"https://idp.example.com/keys":         true,
		"https://x.idp.example.com/keys":       false,
		"https://a.example.net:8443/keys":      true,
		"https://a.example.net/keys":           false,
		"http://acme.okta.com/keys":            false,
	} {
		require.Equal(t, allowed, f.Check(Keys{URL: address}) == nil, address)
	}
}
