package connection

import (
	"context"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

// Credential is a credential that expires.
type Credential struct {
	Kind       string // "token" or "secret", for example
	ID         string
	Connection string
	Label      string
	Created    time.Time // zero: unknown
	Expires    time.Time // zero: never
	LastUsed   time.Time // zero: unknown
}

// Expiry says that a credential will expire.
type Expiry struct {
	Tenant string
	Credential
	Days int // 30, 20 or 7: it expires within so many days
}

// told remembers counters in the process.
type told struct {
	mu  sync.Mutex
	all map[[2]string]int64
}

func newTold() *told { return &told{all: map[[2]string]int64{}} }

// Count implements [store.Counters], without an end.
func (t *told) Count(ctx context.Context, c store.Count) (int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := [2]string{store.Tenant(ctx), c.Name}
	t.all[key] += c.Add
	return t.all[key], nil
}
