package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"errors"
	"slices"
	"sync"

	"github.com/seed5f3efb56/scim/store"
)

// maxCachedTokens bounds the tokens that a tokenCache holds.
const maxCachedTokens = 1000

// tokenCache holds tokens as long as nothing was written to the database: it asks
// SQLite for its data_version before each use, on a connection of its own. The number
// changes with every commit of every other connection, those of other processes
// included, from the moment that readers see the commit. So a token that was revoked
// is never taken from the cache, and asking costs a third of the query. Whatever fails
// here leaves the query.
type tokenCache struct {
	mu      sync.Mutex
	conn    driver.Conn // nil: closed
	ask     statement
	version int64
	tokens  map[[sha256.Size]byte]store.Token // as of version, or newer
}

// newTokenCache opens the connection.
func newTokenCache(c sqliteConnector) (*tokenCache, error) {
	conn, err := c.Connect(context.Background())
	if err != nil {
		return nil, err
	}
	preparer, ok := conn.(driver.ConnPrepareContext)
	if !ok {
		return nil, errors.Join(errors.New("sqlstore: the driver cannot prepare statements with a context"), conn.Close())
	}
	prepared, err := preparer.PrepareContext(context.Background(), "PRAGMA data_version")
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	ask, ok := prepared.(statement)
	if !ok {
		return nil, errors.Join(errors.New("sqlstore: the driver cannot run prepared statements with a context"), prepared.Close(), conn.Close())
	}
	cache := &tokenCache{conn: conn, ask: ask, tokens: map[[sha256.Size]byte]store.Token{}}
	if _, err := cache.dataVersion(); err != nil {
		return nil, errors.Join(err, cache.close())
	}
	return cache, nil
}

// find returns the token with a SHA-256 from the cache, or from read, which reads the
// database in a transaction that begins after the call.
func (c *tokenCache) find(sum [sha256.Size]byte, read func() (store.Token, error)) (store.Token, error) {
	if c == nil || !c.mu.TryLock() { // another request asks for the version
		return read()
	}
	t, hit, version, ok := c.look(sum)
	if hit {
		return t, nil
	}
	t, err := read()
	if err == nil && ok {
		c.keep(sum, t, version)
	}
	return t, err
}

// look returns a token that is still as it is in the database, and the version of the
// database, unless that cannot be found out. c is locked, and unlocked by look.
func (c *tokenCache) look(sum [sha256.Size]byte) (t store.Token, hit bool, version int64, ok bool) {
	defer c.mu.Unlock()
	if version, ok = c.current(); !ok {
		return t, false, 0, false
	}
	t, hit = c.tokens[sum]
	t.Types = slices.Clone(t.Types)
	return t, hit, version, true
}

// current asks for the version, and forgets all tokens if it is a new one. It reports
// false if it cannot be found out. c is locked.
func (c *tokenCache) current() (int64, bool) {
	version, err := c.dataVersion()
	if err != nil {
		clear(c.tokens)
		return 0, false
	}
	if version != c.version {
		c.version = version
		clear(c.tokens)
	}
	return version, true
}

func (c *tokenCache) dataVersion() (int64, error) {
	if c.conn == nil {
		return 0, driver.ErrBadConn
	}
	rows, err := c.ask.QueryContext(context.Background(), nil)
	if err != nil {
		return 0, err
	}
	row := make([]driver.Value, len(rows.Columns())) // as database/sql asks, which drivers rely on
	err = rows.Next(row)
	if err := errors.Join(err, rows.Close()); err != nil {
		return 0, err
	}
	if len(row) == 1 {
		if version, ok := row[0].(int64); ok {
			return version, nil
		}
	}
	return 0, errors.New("sqlstore: data_version is not an integer")
}

// keep holds a token that was read after the version was found out.
func (c *tokenCache) keep(sum [sha256.Size]byte, t store.Token, version int64) {
	t.Types = slices.Clone(t.Types)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil || version != c.version {
		return
	}
	if len(c.tokens) >= maxCachedTokens {
		clear(c.tokens)
	}
	c.tokens[sum] = t
}

func (c *tokenCache) close() error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return nil
	}
	err := errors.Join(c.ask.Close(), c.conn.Close())
	c.conn = nil
	clear(c.tokens)
	return err
}
