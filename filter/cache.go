package filter

import "sync"

// generation is how many shapes one half of a cache holds.
const generation = 128

// cache keeps the shapes seen last: at least the last 128 different ones, at
// most 256. A shape that is looked up in the old half moves to the young one; when
// that is full the old half is dropped. So shapes in use survive any number of
// others seen once. Literals are never part of a key.
type cache struct {
	mu    sync.RWMutex
	young map[string]*shape
	old   map[string]*shape
}

// get returns nil for a shape that is not there. Looking up does not allocate.
func (c *cache) get(key []byte) *shape {
	c.mu.RLock()
	sh, ok := c.young[string(key)]
	if !ok {
		sh = c.old[string(key)]
	}
	c.mu.RUnlock()
	if !ok && sh != nil {
		c.put(key, sh)
	}
	return sh
}

func (c *cache) put(key []byte, sh *shape) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= generation {
		c.old, c.young = c.young, make(map[string]*shape, generation)
	}
	c.young[string(key)] = sh
}
