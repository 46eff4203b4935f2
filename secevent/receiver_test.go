package secevent_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// receiver is an Event Receiver made of go-jose and the standard library: it has the
// issuer's public keys as JSON, verifies every token before it acknowledges it, and
// drops what it has already.
type receiver struct {
	jwks     []byte
	audience string

	mu     sync.Mutex
	seen   map[string]received // by jti
	texts  []string
	faults []string
	answer func() (status int, body string) // nil: by the token
}

// received is a verified token.
type received struct {
	Issuer      string                     `json:"iss"`
	IssuedAt    int64                      `json:"iat"`
	ID          string                     `json:"jti"`
	Audience    []string                   `json:"aud"`
	Transaction string                     `json:"txn"`
	Subject     map[string]string          `json:"sub_id"`
	Events      map[string]json.RawMessage `json:"events"`

	header  jose.Header
	members map[string]json.RawMessage // all claims
}

// newKey returns a private key and its public half as a JWKS.
func newKey(t *testing.T) (jose.SigningKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	private := jose.JSONWebKey{Key: key, KeyID: "2026-11", Algorithm: string(jose.ES256), Use: "sig"}
	jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{private.Public()}})
	require.NoError(t, err)
	return jose.SigningKey{Algorithm: jose.ES256, Key: private}, jwks
}

// verify checks signature, type and claims of a token (RFC 8417 §2, RFC 9967 §2).
func verify(jwks []byte, audience, text string) (received, string) {
	var r received
	signed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return r, "invalid_request"
	}
	r.header = signed.Signatures[0].Header
	var set jose.JSONWebKeySet
	if json.Unmarshal(jwks, &set) != nil || len(set.Key(r.header.KeyID)) != 1 {
		return r, "invalid_key"
	}
	payload, err := signed.Verify(set.Key(r.header.KeyID)[0])
	if err != nil {
		return r, "invalid_key"
	}
	if json.Unmarshal(payload, &r) != nil || json.Unmarshal(payload, &r.members) != nil {
		return r, "invalid_request"
	}
	switch {
	case r.header.ExtraHeaders[jose.HeaderType] != "secevent+jwt":
		return r, "invalid_request"
	case r.ID == "" || r.IssuedAt == 0 || len(r.Events) == 0 || r.Subject["format"] != "scim" || r.Subject["uri"] == "":
		return r, "invalid_request"
	case r.Issuer != "https://app.example.com":
		return r, "invalid_issuer"
	case len(r.Audience) != 1 || r.Audience[0] != audience:
		return r, "invalid_audience"
	}
	return r, ""
}

// ServeHTTP receives a token by push (RFC 8935 §2).
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, err := io.ReadAll(q.Body)
	if err != nil || q.Method != http.MethodPost || q.TLS == nil || q.Header.Get("Content-Type") != "application/secevent+jwt" || q.Header.Get("Accept") != "application/json" {
		r.faults = append(r.faults, q.Method+" "+q.Proto)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	r.texts = append(r.texts, string(text))
	if r.answer != nil {
		status, body := r.answer()
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		io.WriteString(w, body)
		return
	}
	token, code := verify(r.jwks, r.audience, string(text))
	if code != "" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]string{"err": code, "description": "refused"})
		return
	}
	if r.seen == nil {
		r.seen = map[string]received{}
	}
	r.seen[token.ID] = token
	w.WriteHeader(http.StatusAccepted)
}

// tokens returns the tokens of a transaction, or all if it is "".
func (r *receiver) tokens(transaction string) []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []received
	for _, one := range r.seen {
		if transaction == "" || one.Transaction == transaction {
			list = append(list, one)
		}
	}
	return list
}

// words are the texts of all claims that were received, valid or not.
func (r *receiver) words(t *testing.T) string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	for _, text := range r.texts {
		signed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.ES256})
		require.NoError(t, err)
		b.Write(signed.UnsafePayloadWithoutVerification())
	}
	return b.String()
}
