package oauth_test

import (
	"fmt"
	"log"

	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// The values that Entra's page "Connectivity" shows for workload identity federation,
// and what becomes of them. The tenant is the customer's, in Entra.
func entraClient(tenant, subject, app string) oauth.Client {
	return oauth.Client{
		ID:     "entra-acme", // goes back to Entra's page, with the token URL
		Access: store.Token{Tenant: "acme", Connection: "entra"},
		Assertions: []oauth.Trust{{
			Issuer:   "https://login.microsoftonline.com/" + tenant + "/v2.0",
			Audience: "api://" + app, // without /.default
			Subject:  subject,
			TenantID: tenant,
			AppID:    app,
			Keys:     oauth.Keys{URL: "https://login.microsoftonline.com/" + tenant + "/discovery/v2.0/keys"},
			Reusable: true, // Entra's JWTs have no jti
		}},
	}
}

// Workload identity federation with Microsoft Entra ID, and a client that signs its
// assertions itself.
func ExampleTrust() {
	_, err := oauth.New(oauth.Config{
		Issuer: "https://app.example.com/oauth",
		Clients: oauth.List{
			entraClient("ce5f061f-0000-0000-0000-000000000001", "1d5a0000-0000-0000-0000-00000000000a", "b5ba7a93-0000-0000-0000-00000000000b"),
			{
				ID:     "idp-globex",
				Access: store.Token{Tenant: "globex", Connection: "idp"},
				Keys:   &oauth.Keys{URL: "https://idp.example.net/oauth/keys"},
			},
		},
		Tokens:   memstore.New(),
		KeyHosts: []string{"login.microsoftonline.com", "idp.example.net"},
	})
	fmt.Println(err)
	// Output: <nil>
}

// JWTs as bearer tokens, without a token endpoint.
func ExampleClient_bearer() {
	client := entraClient("ce5f061f-0000-0000-0000-000000000001", "1d5a0000-0000-0000-0000-00000000000a", "b5ba7a93-0000-0000-0000-00000000000b")
	client.Bearer, client.Assertions = client.Assertions, nil
	server, err := oauth.New(oauth.Config{
		Clients:  oauth.List{client},
		KeyHosts: []string{"login.microsoftonline.com"},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, scheme := range server.Schemes() {
		fmt.Println(scheme.Type)
	}
	// Output: oauthbearertoken
}
