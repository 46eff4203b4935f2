package oauth

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed5f3efb56/scim/store"
)

// maxRemembered bounds the assertions that [memory] remembers.
const maxRemembered = 100_000

// memory remembers assertions in this process. The zero value is ready.
type memory struct {
	mu   sync.Mutex
	seen map[string]*remembered
}

type remembered struct {
	n    int64
	ends time.Time
}

var _ store.Counters = (*memory)(nil)

// Count implements [store.Counters]. It returns store.ErrUnavailable when it is full
// of assertions that have not ended.
func (m *memory) Count(_ context.Context, c store.Count) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil {
		m.seen = map[string]*remembered{}
	}
	one, ok := m.seen[c.Name]
	if ok && one.ends.After(c.At) {
		one.n += c.Add
		return one.n, nil
	}
	if !ok && len(m.seen) >= maxRemembered && !m.forget(c.At) {
		return 0, fmt.Errorf("oauth: %d assertions are remembered: %w", maxRemembered, store.ErrUnavailable)
	}
	m.seen[c.Name] = &remembered{n: c.Add, ends: c.Expires}
	return c.Add, nil
}

// forget removes what has ended and reports whether there is room.
func (m *memory) forget(now time.Time) bool {
	for name, one := range m.seen {
		if !one.ends.After(now) {
			delete(m.seen, name)
		}
	}
	return len(m.seen) < maxRemembered
}

// useOnce refuses an assertion whose jti was used before (RFC 7523 §3, item 7). It is
// called for verified assertions only, so that others cannot fill the memory. A jti is
// unique to those who sign with the key, by its thumbprint (RFC 7638): any client can
// name the issuer, and several can have the key.
func (s *Server) useOnce(ctx context.Context, c *claims, key jose.JSONWebKey) error {
	thumb, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return fmt.Errorf("the key has no thumbprint: %w", err)
	}
	sum := sha256.Sum256([]byte(string(thumb) + c.Issuer + "\x00" + c.ID)) // thumb has a fixed length
	now := s.now()
	n, err := s.cfg.Replays.Count(store.WithTenant(ctx, ""), store.Count{
		Name: "oauth:" + base64.RawURLEncoding.EncodeToString(sum[:]), Add: 1, At: now,
		// Accepted until Skew after exp, by a process whose clock may differ, too.
		Expires: c.Expiry.Time().Add(2*s.cfg.Skew + time.Second),
	})
	if err != nil {
		return failed(fmt.Errorf("remember the assertion: %w", err))
	}
	if n > 1 {
		return fmt.Errorf("jti %q was used before", clip(c.ID))
	}
	return nil
}
