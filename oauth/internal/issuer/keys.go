package issuer

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// Algorithms are the signature algorithms that are accepted (RFC 7518 §3.1, RFC 8037
// §3.1): asymmetric ones only, so that a public key is never the key of a MAC, and
// never "none".
var Algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

const (
	maxKeyBytes = 1 << 20 // of the text of a key set
	maxKeys     = 100     // in a key set
	minRSABits  = 2048
	maxRSABits  = 8192
)

// Keys are the public keys of an issuer: either the URL of a JWK set, or its text.
type Keys struct{ URL, JSON string }

// jwk is a public key as a key set has it (RFC 7517 §4, RFC 7518 §6), without the
// members that are not read: certificates, URLs, private parts.
type jwk struct {
	Type      string `json:"kty"`
	ID        string `json:"kid,omitempty"`
	Use       string `json:"use,omitempty"`
	Algorithm string `json:"alg,omitempty"`
	N         string `json:"n,omitempty"`
	E         string `json:"e,omitempty"`
	Curve     string `json:"crv,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
}

// ParseKeys returns the usable keys of a JWK set. It is an error if there are none.
func ParseKeys(text []byte) ([]jose.JSONWebKey, error) {
	if len(text) > maxKeyBytes {
		return nil, fmt.Errorf("the key set has more than %d bytes", maxKeyBytes)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("the key set is not JSON: %w", err)
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("the key set has %d keys; at most %d are read", len(set.Keys), maxKeys)
	}
	var keys []jose.JSONWebKey
	for _, one := range set.Keys {
		if key, ok := parseKey(one); ok {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the key set has no public key for signatures (RSA of 2,048 to 8,192 bits, P-256, P-384, P-521, Ed25519)")
	}
	return keys, nil
}

// parseKey reads one key. A key of an unknown kind is ignored (RFC 7517 §5).
func parseKey(text []byte) (jose.JSONWebKey, bool) {
	var members jwk
	var key jose.JSONWebKey
	if json.Unmarshal(text, &members) != nil || members.Type == "oct" {
		return key, false
	}
	public, err := json.Marshal(members)
	if err != nil || key.UnmarshalJSON(public) != nil || !key.Valid() || !key.IsPublic() {
		return key, false
	}
	return key, (key.Use == "" || key.Use == "sig") && strongEnough(key.Key)
}

func strongEnough(key any) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSABits && k.N.BitLen() <= maxRSABits
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return false
}

// candidates returns the keys that may have made a signature: those with the kid, or
// all if the JWT has none.
func candidates(keys []jose.JSONWebKey, kid, algorithm string) []jose.JSONWebKey {
	return slices.DeleteFunc(slices.Clone(keys), func(k jose.JSONWebKey) bool {
		return kid != "" && k.KeyID != kid || k.Algorithm != "" && k.Algorithm != algorithm || !fits(k.Key, algorithm)
	})
}

// fits reports whether an algorithm is one of the kind of key.
func fits(key any, algorithm string) bool {
	switch key.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")
	case *ecdsa.PublicKey:
		return strings.HasPrefix(algorithm, "ES")
	case ed25519.PublicKey:
		return algorithm == string(jose.EdDSA)
	}
	return false
}
