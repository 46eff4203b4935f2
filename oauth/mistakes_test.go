package oauth_test

import (
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// Every mistake of the configuration is an error of New that says what to do.
func TestMistakesAreRefused(t *testing.T) {
	t.Parallel()
	text, secret := oauth.NewSecret("s", time.Now().Add(time.Hour))
	require.Len(t, text, 43)
	keys, access := fixed(t, key(t, "k", jose.ES256)), store.Token{Connection: "c"}
	trust := oauth.Trust{Issuer: "https://idp.example.com", Audience: "scim", Subject: "sync", Keys: oauth.Keys{JSON: keys}}
	trusted := func(change func(*oauth.Trust)) oauth.List {
		bad := trust
		change(&bad)
		return oauth.List{{ID: "c", Access: access, Assertions: []oauth.Trust{bad}}}
	}
	clients := func(list oauth.List) func(*oauth.Config) {
		return func(c *oauth.Config) { c.Clients = list }
	}
	for want, change := range map[string]func(*oauth.Config){
		"Config.Clients is required":                      func(c *oauth.Config) { c.Clients = nil },
		"Config.Tokens is required":                       func(c *oauth.Config) { c.Tokens = nil },
		`"http://app.example.com" does not begin`:         func(c *oauth.Config) { c.Issuer = "http://app.example.com" },
		`"http://127.0.0.1/x" does not begin`:             func(c *oauth.Config) { c.Issuer = "http://127.0.0.1/x" },
		`"/oauth" is not an absolute URL`:                 func(c *oauth.Config) { c.Issuer = "/oauth" },
		`is not an absolute URL without user`:             func(c *oauth.Config) { c.Issuer = "https://me@app.example.com" },
		`"https://app.example.com/#x" is not`:             func(c *oauth.Config) { c.Issuer = "https://app.example.com/#x" },
		`"https://%zz" is not a URL`:                      func(c *oauth.Config) { c.Issuer = "https://%zz" },
		"has a query, or ends in a slash":                 func(c *oauth.Config) { c.Issuer = "https://app.example.com/" },
		"TokenLifetime is 7h0m0s":                         func(c *oauth.Config) { c.TokenLifetime = 7 * time.Hour },
		"TokenLifetime is 1s":                             func(c *oauth.Config) { c.TokenLifetime = time.Second },
		"TokenLifetime is 1m0.5s":                         func(c *oauth.Config) { c.TokenLifetime = time.Minute + time.Second/2 },
		"AssertionLifetime is 25h0m0s":                    func(c *oauth.Config) { c.AssertionLifetime = 25 * time.Hour },
		"Skew is 1h0m0s":                                  func(c *oauth.Config) { c.Skew = time.Hour },
		"Config.Rate is -1":                               func(c *oauth.Config) { c.Rate = -1 },
		"Config.Burst -1":                                 func(c *oauth.Config) { c.Burst = -1 },
		"Skew is -1s":                                     func(c *oauth.Config) { c.Skew = -time.Second },
		`"https://x" is not a host`:                       func(c *oauth.Config) { c.KeyHosts = []string{"https://x"} },
		`"" is not a host`:                                func(c *oauth.Config) { c.KeyHosts = []string{""} },
		`"*.com" is not a host`:                           func(c *oauth.Config) { c.KeyHosts = []string{"*.com"} },
		`"a.*.com" is not a host`:                         func(c *oauth.Config) { c.KeyHosts = []string{"a.*.com"} },
		"List has no clients":                             clients(oauth.List{}),
		"1 to 128 printable ASCII characters":             clients(oauth.List{{ID: "a b", Access: access, Secrets: []oauth.Secret{secret}}}),
		"it has no credentials":                           clients(oauth.List{{ID: "c", Access: access}}),
		`Access.Client "x" is unknown`:                    clients(oauth.List{{ID: "c", Secrets: []oauth.Secret{secret}, Access: store.Token{Connection: "c", Client: "x"}}}),
		"Access.Connection is empty":                      clients(oauth.List{{ID: "c", Secrets: []oauth.Secret{secret}, Access: store.Token{Tenant: "acme"}}}),
		`two clients have the ID "c"`:                     clients(oauth.List{{ID: "c", Access: access, Secrets: []oauth.Secret{secret}}, {ID: "c", Access: access, Secrets: []oauth.Secret{secret}}}),
		`"c" and "d" have the same secret`:                clients(oauth.List{{ID: "c", Access: access, Secrets: []oauth.Secret{secret}}, {ID: "d", Access: access, Secrets: []oauth.Secret{secret}}}),
		`"c" and "d" have the same Bearer`:                clients(oauth.List{{ID: "c", Access: access, Bearer: []oauth.Trust{trust}}, {ID: "d", Access: access, Bearer: []oauth.Trust{trust}}}),
		"a secret has no ID":                              clients(oauth.List{{ID: "c", Access: access, Secrets: []oauth.Secret{{SHA256: secret.SHA256, Expires: secret.Expires}}}}),
		`secret "s" never expires`:                        clients(oauth.List{{ID: "c", Access: access, Secrets: []oauth.Secret{{ID: "s", SHA256: secret.SHA256}}}}),
		`secret "s" is empty`:                             clients(oauth.List{{ID: "c", Access: access, Secrets: []oauth.Secret{{ID: "s", Expires: secret.Expires}}}}),
		`two secrets have the ID "s"`:                     clients(oauth.List{{ID: "c", Access: access, Secrets: []oauth.Secret{secret, {ID: "s", SHA256: [32]byte{1}, Expires: secret.Expires}}}}),
		`secret "t" is there twice`:                       clients(oauth.List{{ID: "c", Access: access, Secrets: []oauth.Secret{secret, {ID: "t", SHA256: secret.SHA256, Expires: secret.Expires}}}}),
		"Keys: there are no keys":                         clients(oauth.List{{ID: "c", Access: access, Keys: &oauth.Keys{}}}),
		"Keys.URL and Keys.JSON are both set":             clients(oauth.List{{ID: "c", Access: access, Keys: &oauth.Keys{URL: "https://idp.example.com/k", JSON: keys}}}),
		"Keys: the key set is not JSON":                   clients(oauth.List{{ID: "c", Access: access, Keys: &oauth.Keys{JSON: "{"}}}),
		"Keys: the key set has no public key":             clients(oauth.List{{ID: "c", Access: access, Keys: &oauth.Keys{JSON: `{"keys":[]}`}}}),
		`add "idp.example.com"`:                           clients(oauth.List{{ID: "c", Access: access, Keys: &oauth.Keys{URL: "https://idp.example.com/keys"}}}),
		`Keys.URL: "http://login.example.com/k"`:          clients(oauth.List{{ID: "c", Access: access, Keys: &oauth.Keys{URL: "http://login.example.com/k"}}}),
		`add "login.example.com:8443"`:                    clients(oauth.List{{ID: "c", Access: access, Keys: &oauth.Keys{URL: "https://login.example.com:8443/k"}}}),
		"Assertions[0]: set Issuer, Audience and Subject": clients(trusted(func(t *oauth.Trust) { t.Subject = "" })),
		"the claim aud has it without /.default":          clients(trusted(func(t *oauth.Trust) { t.Audience = "api://x/.default" })),
		"set TenantID (the claim tid)":                    clients(trusted(func(t *oauth.Trust) { t.Issuer = entraIssuer })),
		"Bearer[0]: there are no keys":                    clients(oauth.List{{ID: "c", Access: access, Bearer: []oauth.Trust{{Issuer: "i", Audience: "a", Subject: "s"}}}}),
		"need a token endpoint: set Config.Issuer":        func(c *oauth.Config) { c.Issuer = "" },
	} {
		t.Run(want, func(t *testing.T) {
			c := oauth.Config{
				Issuer: server, Tokens: memstore.New(), KeyHosts: []string{"LOGIN.example.com"},
				Clients: oauth.List{
					{ID: "c", Access: access, Secrets: []oauth.Secret{secret}, Keys: &oauth.Keys{URL: "https://login.example.com:443/keys"}},
					{ID: "d", Access: access, Assertions: []oauth.Trust{trust}, Bearer: []oauth.Trust{trust}},
				},
			}
			_, err := oauth.New(c)
			require.NoError(t, err, "without the mistake")
			change(&c)
			s, err := oauth.New(c)
			require.ErrorContains(t, err, want)
			require.Nil(t, s)
		})
	}
}
