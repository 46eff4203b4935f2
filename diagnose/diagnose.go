package diagnose

import (
	"cmp"
	"container/list"
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim"
)

// Config is the configuration of a [Diagnosis]. The zero value is a working default.
type Config struct {
	// Provider, if set, returns the provider of a connection: entra, okta, onelogin,
	// google, jumpcloud, ping, rippling, cyberark, keycloak, authentik, or "" if it is not known.
	// It chooses what Finding.Do says. It may be called concurrently, while Findings
	// runs. Default: a guess by the requests.
	Provider func(tenant, connection string) string
	// MaxResults is scim.Limits.MaxResults; default 1000.
	MaxResults int
	// Connections is how many connections are observed; default 1000. Of more, the one
	// that sent nothing for the longest time is forgotten.
	Connections int
	// Keep is how long a finding is reported after it was last seen; default 7 days.
	Keep time.Duration
	// Docs is the URL of docs/diagnose.md, or of a page of yours with the same
	// sections. Default that of this project.
	Docs string
	Now  func() time.Time // default time.Now
}

// Severity says how much a finding matters.
type Severity string

// The severities, the worst first.
const (
	Error   Severity = "error"   // people have access that they should not have, or have none
	Warning Severity = "warning" // it will be wrong later, or is wrong for some people
	Info    Severity = "info"    // it may be meant so
)

// Finding is one thing that is wrong with a connection.
type Finding struct {
	Code     string   `json:"code"` // names the rule, for programs: active-missing
	Severity Severity `json:"severity"`
	Title    string   `json:"title"`
	// Seen is what was observed, with counts, and without personal data.
	Seen string `json:"seen"`
	// Do says what to do, at the provider if that is known. Provider names it.
	Do       string    `json:"do"`
	Provider string    `json:"provider,omitempty"`
	Count    int       `json:"count"` // of the requests that show it
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Docs     string    `json:"docs"` // URL of the section about it
}

const docsURL = "https://github.com/seed5f3efb56/scim/blob/main/docs/diagnose.md"

// Diagnosis observes the requests of connections. It is safe for concurrent use.
type Diagnosis struct {
	cfg  Config
	seed maphash.Seed

	mu     sync.Mutex
	tracks map[key]*list.Element // of *track
	recent *list.List            // the track that was used last first
	agents map[string]*agent     // by User-Agent; see unauthorized.go
}

// key names a connection; its name is the token id if it has none.
type key struct{ tenant, connection string }

// New returns a diagnosis without observations. Config.Observe gets its method Observe.
func New(c Config) *Diagnosis {
	c.MaxResults, c.Connections, c.Keep = cmp.Or(c.MaxResults, 1000), cmp.Or(c.Connections, 1000), cmp.Or(c.Keep, 7*24*time.Hour)
	c.Docs = cmp.Or(c.Docs, docsURL)
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Diagnosis{cfg: c, seed: maphash.MakeSeed(), tracks: map[key]*list.Element{}, recent: list.New(), agents: map[string]*agent{}}
}

// Observe takes note of a request; it fits scim.Config.Observe. It keeps no part of
// the exchange.
func (d *Diagnosis) Observe(_ context.Context, x *scim.Exchange) {
	if !x.Authenticated {
		d.refused(x)
		return
	}
	facts := d.read(x) // outside of the lock: it parses the body
	d.mu.Lock()
	defer d.mu.Unlock()
	k := key{x.Tenant, cmp.Or(x.Connection, x.TokenID)}
	t := d.track(k)
	d.accepted(x, k)
	t.observe(x, facts)
	for i := range x.Operations {
		t.observe(&x.Operations[i], d.read(&x.Operations[i]))
	}
}

// track returns the observations of a connection; the lock is held.
func (d *Diagnosis) track(k key) *track {
	if e := d.tracks[k]; e != nil {
		d.recent.MoveToFront(e)
		return e.Value.(*track)
	}
	if d.recent.Len() >= d.cfg.Connections {
		oldest := d.recent.Back()
		delete(d.tracks, oldest.Value.(*track).key)
		d.recent.Remove(oldest)
	}
	t := newTrack(k, d.cfg.MaxResults)
	d.tracks[k] = d.recent.PushFront(t)
	return t
}

// Findings returns what is wrong with a connection of a tenant ("" without tenants),
// the worst first, in a fixed order. connection is scim.Principal.Connection, or the
// token id of a principal without one. For "", "" it returns what concerns requests
// without valid credentials that belong to no known connection. It is empty for a
// connection that sent nothing.
func (d *Diagnosis) Findings(tenant, connection string) []Finding {
	now := d.cfg.Now()
	d.mu.Lock()
	var found []Finding
	guess := ""
	k := key{tenant, connection}
	if e := d.tracks[k]; e != nil {
		t := e.Value.(*track)
		guess = t.provider
		for i := range rules {
			if f, ok := rules[i].find(t, now); ok {
				f.Code = rules[i].code
				found = append(found, f)
			}
		}
	}
	found = append(found, d.unauthorized(k)...)
	d.mu.Unlock()

	provider := guess
	if d.cfg.Provider != nil {
		provider = cmp.Or(d.cfg.Provider(tenant, connection), guess)
	}
	found = slices.DeleteFunc(found, func(f Finding) bool { return now.Sub(f.Last) > d.cfg.Keep })
	for i := range found {
		f := &found[i]
		r := byCode[f.Code]
		f.Severity, f.Title, f.Do, f.Provider, f.Docs = r.severity, cmp.Or(f.Title, r.title), cmp.Or(r.at[provider], r.do), provider, d.cfg.Docs+"#"+f.Code
	}
	order := []Severity{Error, Warning, Info}
	slices.SortStableFunc(found, func(a, b Finding) int {
		return slices.Index(order, a.Severity) - slices.Index(order, b.Severity)
	})
	return found
}
