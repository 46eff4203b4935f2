package issuer

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

// The bounds of what [Memory] remembers.
const (
	maxRemembered = 100_000 // assertions in all; beyond it a client has fairShare
	maxOfClient   = 10_000
	fairShare     = 100
)

// sweepInterval is the least time between two searches for what has ended.
const sweepInterval = time.Second

// Memory remembers assertions in this process. The zero value is ready.
type Memory struct {
	mu      sync.Mutex
	seen    map[string]*remembered
	clients map[string]int // how many are remembered of each client
	swept   time.Time
}

type remembered struct {
	client string
	n      int64
	ends   time.Time
}

var _ store.Counters = (*Memory)(nil)

// clientKey is the key of the client of a count in a context.
type clientKey struct{}

// Count implements [store.Counters]. It returns store.ErrUnavailable for a client with
// too many assertions that have not ended. None is forgotten before it ends, and the
// other clients go on.
func (m *Memory) Count(ctx context.Context, c store.Count) (int64, error) {
	client, _ := ctx.Value(clientKey{}).(string)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil {
		m.seen, m.clients = map[string]*remembered{}, map[string]int{}
	}
	one, ok := m.seen[c.Name]
	if ok && one.ends.After(c.At) {
		one.n += c.Add
		return one.n, nil
	}
	if c.Add == 0 {
		return 0, nil
	}
	if ok {
		m.drop(c.Name, one)
	}
	if !m.room(client) {
		m.forget(c.At)
	}
	if !m.room(client) {
		return 0, fmt.Errorf("%d assertions of client %q are remembered: %w", m.clients[client], client, store.ErrUnavailable)
	}
	m.seen[c.Name] = &remembered{client, c.Add, c.Expires}
	m.clients[client]++
	return c.Add, nil
}

// room reports whether another assertion of a client can be remembered.
func (m *Memory) room(client string) bool {
	if len(m.seen) >= maxRemembered {
		return m.clients[client] < fairShare
	}
	return m.clients[client] < maxOfClient
}

// forget removes what has ended, unless it has just done so.
func (m *Memory) forget(now time.Time) {
	if d := now.Sub(m.swept); d >= 0 && d < sweepInterval {
		return
	}
	m.swept = now
	for name, one := range m.seen {
		if !one.ends.After(now) {
			m.drop(name, one)
		}
	}
}

func (m *Memory) drop(name string, one *remembered) {
	delete(m.seen, name)
	if m.clients[one.client]--; m.clients[one.client] == 0 {
		delete(m.clients, one.client)
	}
}

// Use is the use of a verified JWT, told apart by its jti. It is made for verified JWTs
// only, so that others cannot fill the memory. A jti is unique to those who sign with the
// key, by its thumbprint (RFC 7638): any client can name the issuer, and several can have
// the key.
type Use struct {
	Purpose string // tells apart what one key signs for several
	Client  string // whose part of [Memory] it takes
	Claims  *Claims
	Key     jose.JSONWebKey
	Now     time.Time
	Ends    time.Time // from which on the JWT is refused by its times, Skew included
	Skew    time.Duration
}

// Count adds n uses and returns how many there are; 0 reads.
func (u Use) Count(ctx context.Context, counters store.Counters, n int64) (int64, error) {
	thumb, err := u.Key.Thumbprint(crypto.SHA256)
	if err != nil {
		return 0, fmt.Errorf("the key has no thumbprint: %w", err)
	}
	sum := sha256.Sum256([]byte(string(thumb) + u.Claims.Issuer + "\x00" + u.Claims.ID)) // thumb has a fixed length
	ctx = context.WithValue(store.WithTenant(ctx, ""), clientKey{}, u.Client)
	n, err = counters.Count(ctx, store.Count{
		Name: u.Purpose + ":" + base64.RawURLEncoding.EncodeToString(sum[:]), Add: n, At: u.Now,
		Expires: u.Ends.Add(u.Skew + time.Second), // of a process whose clock may differ, too
	})
	if err != nil {
		return 0, fmt.Errorf("remember the jti: %w", err)
	}
	return n, nil
}

// Once refuses a JWT whose jti was used before (RFC 7523 §3, item 7). The error is a
// [Used], or one of the counters.
func (u Use) Once(ctx context.Context, counters store.Counters) error {
	n, err := u.Count(ctx, counters, 1)
	if err == nil && n > 1 {
		err = Used{u.Claims.ID}
	}
	return err
}

// Used is the error about a JWT that was used before.
type Used struct{ ID string }

func (e Used) Error() string { return fmt.Sprintf("jti %q was used before", Clip(e.ID)) }
