package oauth

import (
	"net/http"

	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
)

// metadata is the metadata of the server (RFC 8414 §2).
type metadata struct {
	Issuer        string   `json:"issuer"`
	TokenEndpoint string   `json:"token_endpoint"`
	Scopes        []string `json:"scopes_supported"`
	ResponseTypes []string `json:"response_types_supported"` // required; there is no authorization endpoint
	GrantTypes    []string `json:"grant_types_supported"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
	Algorithms    []string `json:"token_endpoint_auth_signing_alg_values_supported"`
}

func (s *Server) serveMetadata(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "use GET", http.StatusMethodNotAllowed)
		return
	}
	m := metadata{
		Issuer: s.cfg.Issuer, TokenEndpoint: s.tokenURL(),
		Scopes: []string{scopeAll, scopeWrite, scopeRead}, ResponseTypes: []string{},
		GrantTypes:  []string{grantCredentials, grantJWT},
		AuthMethods: []string{methodAssertion, methodBasic, methodPost},
	}
	for _, a := range issuer.Algorithms {
		m.Algorithms = append(m.Algorithms, string(a))
	}
	writeJSON(w, http.StatusOK, m)
}
