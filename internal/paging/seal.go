package paging

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// Sealer encrypts and authenticates texts that a client keeps and sends back: it
// can neither read nor change them. Safe for concurrent use.
type Sealer struct{ aead cipher.AEAD }

// NewSealer returns a sealer with a secret of any length. Sealers with the same
// secret open each other's texts.
func NewSealer(secret []byte) *Sealer {
	key := sha256.Sum256(append([]byte("scim cursor 1\x00"), secret...))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // the cipher is AES
	}
	return &Sealer{aead}
}

// NewSecret returns a random secret.
func NewSecret() []byte {
	secret := make([]byte, sha256.Size)
	rand.Read(secret) // never fails: crypto/rand
	return secret
}

// Seal returns a text in the unreserved characters of RFC 3986, which Open
// accepts with the same binding only.
func (s *Sealer) Seal(text, binding string) string {
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, []byte(text), []byte(binding)))
}

// Open returns the text that Seal was given; false for text that Seal did not
// write with that binding.
func (s *Sealer) Open(sealed, binding string) (string, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil {
		return "", false
	}
	text, err := s.aead.Open(nil, nil, raw, []byte(binding))
	return string(text), err == nil
}
