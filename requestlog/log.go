package requestlog

import (
	"container/list"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/redact"
	"github.com/seed5f3efb56/scim/schema"
)

// Config is the configuration of [New]. The zero value is a working default.
type Config struct {
	// Entries is how many requests are kept of each connection; default 50.
	Entries int
	// Bytes is how much memory all entries may take, about; default 16 MiB. The oldest
	// are dropped first.
	Bytes int
	// Always keeps the requests of every connection from the start, and those without
	// valid credentials.
	Always bool
	// Now is the clock; default time.Now. It should be that of scim.Config.
	Now func() time.Time
}

// Log keeps requests. It is made by [New] and safe for concurrent use.
type Log struct {
	cfg   Config
	rules atomic.Pointer[rules]
	tag   [32]byte // the key of the tags

	mu      sync.Mutex
	started map[key]time.Time
	kept    map[key][]*list.Element // of order, the oldest first
	order   *list.List              // of *kept, the oldest first
	size    int
}

type key struct{ tenant, connection string }

// Unauthenticated is the name of a connection, of tenant "", that has the requests of
// all tenants without valid credentials.
const Unauthenticated = "\x00"

// Entry is one request. Its JSON has no personal data, as the documentation of the
// package describes.
type Entry struct {
	Time       time.Time          `json:"time"`
	DurationMS float64            `json:"durationMs"`
	Reference  string             `json:"reference"` // in the log and the audit records
	TokenID    string             `json:"tokenId,omitempty"`
	Method     string             `json:"method"`
	Route      string             `json:"route"` // as in scim.Exchange
	Operation  scim.OperationKind `json:"operation,omitempty"`
	Type       string             `json:"type,omitempty"`
	// Query has the parameters, with masked values.
	Query map[string]string `json:"query,omitempty"`
	// Header has the fields User-Agent, Accept, Content-Type, Content-Encoding,
	// If-Match, If-None-Match and Prefer.
	Header map[string]string `json:"header,omitempty"`
	// Body is the masked body, nil if there was none, if it is no JSON, or if it is
	// larger than 64 KiB. Of an array the first 20 elements are there, then a text
	// with the number of the others.
	Body      json.RawMessage  `json:"body,omitempty"`
	BodyBytes int64            `json:"bodyBytes,omitempty"`
	Status    int              `json:"status"`
	ScimType  schema.ErrorType `json:"scimType,omitempty"`
	Detail    string           `json:"detail,omitempty"` // with texts of the client masked
	Aborted   bool             `json:"aborted,omitempty"`

	// Operations are the first 20 operations of a bulk request that failed, Bulk is
	// how many it had.
	Operations []Operation `json:"operations,omitempty"`
	Bulk       int         `json:"bulk,omitempty"`
}

// Operation is an operation of a bulk request.
type Operation struct {
	Method   string           `json:"method"`
	Route    string           `json:"route"`
	Type     string           `json:"type,omitempty"`
	Status   int              `json:"status"`
	ScimType schema.ErrorType `json:"scimType,omitempty"`
	Detail   string           `json:"detail,omitempty"`
}

// kept is an entry with what is needed to drop it.
type kept struct {
	of    key
	entry Entry
	size  int
}

// New returns a log. The error names what is wrong in the configuration.
func New(cfg Config) (*Log, error) {
	if cfg.Entries < 0 || cfg.Bytes < 0 {
		return nil, errors.New("requestlog: Config.Entries and Bytes must not be negative; 0 takes the default")
	}
	if cfg.Entries == 0 {
		cfg.Entries = 50
	}
	if cfg.Bytes == 0 {
		cfg.Bytes = 16 << 20
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	l := &Log{cfg: cfg, started: map[key]time.Time{}, kept: map[key][]*list.Element{}, order: list.New()}
	rand.Read(l.tag[:]) // never fails: crypto/rand
	l.rules.Store(rulesOf(nil, nil))
	return l, nil
}

// Attach tells the log which attributes of the handler's types are secret or
// sensitive. It is called once, after scim.New and before the first request; until
// then the texts of bodies and filters are left out.
func (l *Log) Attach(h *scim.Handler) {
	var types []*schema.ResourceType
	for _, ep := range h.Config().Endpoints {
		types = append(types, ep.Type)
	}
	l.rules.Store(rulesOf(types, h.Config().SensitiveAttributes))
}

// Start keeps the requests of a connection until a time. The connection is the name by
// which the limits count it: scim.Principal.Connection, or the TokenID of a credential
// without one; or [Unauthenticated].
func (l *Log) Start(tenant, connection string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.cfg.Now()
	for k, end := range l.started {
		if !now.Before(end) {
			delete(l.started, k)
		}
	}
	l.started[key{tenant, connection}] = until
}

// Stop ends the keeping of requests of a connection and forgets those that are kept.
func (l *Log) Stop(tenant, connection string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := key{tenant, connection}
	delete(l.started, k)
	for _, e := range l.kept[k] {
		l.size -= l.order.Remove(e).(*kept).size
	}
	delete(l.kept, k)
}

// Until returns until when the requests of a connection are kept; zero if they are not.
// With Config.Always they are kept in any case.
func (l *Log) Until(tenant, connection string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if end := l.started[key{tenant, connection}]; l.cfg.Now().Before(end) {
		return end
	}
	return time.Time{}
}

// Entries returns what is kept of a connection, the oldest first.
func (l *Log) Entries(tenant, connection string) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	elements := l.kept[key{tenant, connection}]
	out := make([]Entry, len(elements))
	for i, e := range elements {
		out[i] = e.Value.(*kept).entry
	}
	return out
}

// Observe keeps a request. It is a scim.Config.Observe.
func (l *Log) Observe(_ context.Context, x *scim.Exchange) {
	k := key{x.Tenant, x.Connection}
	switch {
	case !x.Authenticated:
		k = key{"", Unauthenticated}
	case x.Connection == "":
		k.connection = x.TokenID
	}
	if !l.keeps(k) {
		return
	}
	one := &kept{of: k, entry: l.entry(x)}
	one.size = sizeOf(&one.entry)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept[k] = append(l.kept[k], l.order.PushBack(one))
	l.size += one.size
	if len(l.kept[k]) > l.cfg.Entries {
		l.drop(l.kept[k][0])
	}
	for l.size > l.cfg.Bytes && l.order.Len() > 0 {
		l.drop(l.order.Front())
	}
}

func (l *Log) keeps(k key) bool {
	if l.cfg.Always {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cfg.Now().Before(l.started[k])
}

// drop forgets the oldest entry of a connection. The caller holds l.mu.
func (l *Log) drop(e *list.Element) {
	one := l.order.Remove(e).(*kept)
	l.size -= one.size
	rest := slices.Delete(l.kept[one.of], 0, 1)
	if len(rest) == 0 {
		delete(l.kept, one.of)
		return
	}
	l.kept[one.of] = rest
}

// entry returns the entry of a request.
func (l *Log) entry(x *scim.Exchange) Entry {
	e := Entry{
		Time: x.Start, DurationMS: float64(x.Duration) / float64(time.Millisecond), Reference: x.Reference, TokenID: x.TokenID,
		Method: known(x.Method), Route: x.Route, Operation: x.Operation, Type: x.Type, BodyBytes: x.RequestBytes,
		Status: x.Status, ScimType: x.ScimType, Detail: redact.Detail(x.Detail), Aborted: x.Aborted, Bulk: len(x.Operations),
	}
	m := &masker{rules: l.rules.Load(), tag: &l.tag}
	if x.Request != nil {
		e.Query, e.Header = m.query(x.Request.URL.RawQuery), header(x.Request.Header)
	}
	e.Body = m.body(x.Body)
	for _, o := range x.Operations {
		if o.Status < 400 {
			continue
		}
		if len(e.Operations) == mostElements {
			break
		}
		e.Operations = append(e.Operations, Operation{known(o.Method), o.Route, o.Type, o.Status, o.ScimType, redact.Detail(o.Detail)})
	}
	return e
}

// known returns a method of HTTP, which a client may choose freely.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "?"
}

// shown are the header fields that are kept.
var shown = []string{"User-Agent", "Accept", "Content-Type", "Content-Encoding", "If-Match", "If-None-Match", "Prefer"}

func header(h http.Header) map[string]string {
	out := map[string]string{}
	for _, name := range shown {
		if value := h.Get(name); value != "" {
			out[name] = redact.Shorten(value, 256)
		}
	}
	return out
}

// sizeOf returns about how many bytes an entry takes.
func sizeOf(e *Entry) int {
	n := 600 + len(e.Reference) + len(e.TokenID) + len(e.Route) + len(e.Detail) + len(e.Body)
	for _, m := range []map[string]string{e.Query, e.Header} {
		for name, value := range m {
			n += 64 + len(name) + len(value)
		}
	}
	for i := range e.Operations {
		n += 128 + len(e.Operations[i].Detail)
	}
	return n
}
