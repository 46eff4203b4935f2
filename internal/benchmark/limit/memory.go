package limit

import (
	"context"
	"slices"
	"sort"
	"sync"
)

// memory is a database in maps: a row by id and by userName, the ids in the order of
// creation and sorted by userName.
type memory struct {
	mu     sync.RWMutex
	users  map[string]*entry
	names  map[string]*entry
	order  []*entry
	sorted []*entry // as far as it is sorted; see list
	groups map[string]*memoryGroup
}

type entry struct {
	name string
	row
}

type memoryGroup struct {
	name    string
	has     map[string]bool
	members []string
}

func newMemory() *memory {
	return &memory{users: map[string]*entry{}, names: map[string]*entry{}, groups: map[string]*memoryGroup{}}
}

func found(e *entry) (row, error) {
	if e == nil {
		return row{}, errNotFound
	}
	return e.row, nil
}

func (m *memory) get(_ context.Context, id string) (row, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return found(m.users[id])
}

func (m *memory) find(_ context.Context, userName string) (row, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return found(m.names[userName])
}

func (m *memory) create(_ context.Context, id, userName string, r row) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.names[userName] != nil {
		return errTaken
	}
	e := &entry{userName, r}
	m.users[id], m.names[userName] = e, e
	m.order = append(m.order, e)
	return nil
}

func (m *memory) update(_ context.Context, id string, change func(row) (string, row, error)) (row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.users[id]
	if e == nil {
		return row{}, errNotFound
	}
	name, r, err := change(e.row)
	if err != nil {
		return row{}, err
	}
	if name != e.name {
		if m.names[name] != nil {
			return row{}, errTaken
		}
		delete(m.names, e.name)
		m.names[name], e.name, m.sorted = e, name, nil
	}
	e.row = r
	return r, nil
}

func (m *memory) list(_ context.Context, byName, descending bool, start, count int, add func([]byte)) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	from := m.order
	if byName {
		m.sort()
		from = m.sorted
	}
	first := min(start-1, len(from))
	page := from[first:min(first+count, len(from))]
	if descending {
		last := len(from) - first
		page = slices.Clone(from[max(0, last-count):last])
		slices.Reverse(page)
	}
	for _, e := range page {
		add(e.body)
	}
	return int64(len(from)), nil
}

// sort adds to sorted the users that were created since.
func (m *memory) sort() {
	if len(m.sorted) == len(m.order) {
		return
	}
	m.sorted = append(m.sorted, m.order[len(m.sorted):]...)
	sort.Slice(m.sorted, func(i, j int) bool { return m.sorted[i].name < m.sorted[j].name })
}

func (m *memory) createGroup(_ context.Context, id, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.groups[id] = &memoryGroup{name: name, has: map[string]bool{}}
	return nil
}

func (m *memory) group(_ context.Context, id string) (string, []string, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	g := m.groups[id]
	if g == nil {
		return "", nil, errNotFound
	}
	return g.name, g.members[:len(g.members):len(g.members)], nil
}

func (m *memory) addMembers(_ context.Context, id string, ids []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := m.groups[id]
	if g == nil {
		return errNotFound
	}
	for _, member := range ids {
		if !g.has[member] {
			g.has[member] = true
			g.members = append(g.members, member)
		}
	}
	return nil
}

func (m *memory) removeMembers(_ context.Context, id string, ids []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := m.groups[id]
	if g == nil {
		return errNotFound
	}
	for _, member := range ids {
		delete(g.has, member)
	}
	left := make([]string, 0, len(g.has)) // readers may hold the old slice
	for _, member := range g.members {
		if g.has[member] {
			left = append(left, member)
		}
	}
	g.members = left
	return nil
}

func (m *memory) together(_ context.Context, fn func() error) error { return fn() }
