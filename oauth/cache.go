package oauth

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
)

const (
	bearerAge = 3 * time.Minute // for which the signature of a bearer JWT is not verified again
	maxCached = 8 << 10         // bytes of a JWT that is remembered
	// generation is how many JWTs there are in one of the two halves of the cache.
	generation = 1000
)

// bearer is a bearer JWT whose signature was verified.
type bearer struct {
	claims   issuer.Claims
	client   string // its ID
	keys     Keys   // of the pin that accepted it
	verified time.Time
}

// bearers are the bearer JWTs that were verified last, by their hashes. When the newer
// half is full it becomes the older one, which is forgotten. The zero value is ready.
type bearers struct {
	mu           sync.Mutex
	newer, older map[[sha256.Size]byte]bearer
}

func (c *bearers) get(sum [sha256.Size]byte) (bearer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.newer[sum]
	if !ok {
		b, ok = c.older[sum]
	}
	return b, ok
}

func (c *bearers) put(sum [sha256.Size]byte, b bearer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.newer == nil || len(c.newer) >= generation {
		c.newer, c.older = make(map[[sha256.Size]byte]bearer), c.newer
	}
	c.newer[sum] = b
}
