package oauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	keyAge      = time.Hour              // a key set is fetched again after it
	keyStale    = 24 * time.Hour         // a key set that cannot be fetched again serves so long
	keyInterval = 30 * time.Second       // between two fetches of a URL
	keyRetry    = 5 * time.Second        // between two fetches of a URL, the first of which failed
	keyPatience = 900 * time.Millisecond // the longest a request waits for a fetch
	keyTimeout  = 10 * time.Second       // of a fetch, whose result serves later requests
	maxKeySets  = 1000                   // in the cache
)

// fetcher fetches key sets and caches them by URL. However many requests need a key
// set, one fetch of it runs at a time, and not more often than keyInterval.
type fetcher struct {
	client *http.Client
	hosts  map[string]bool
	now    func() time.Time

	mu   sync.Mutex
	sets map[string]*keySet
}

// keySet is the key set of a URL. fetcher.mu guards it.
type keySet struct {
	keys    []jose.JSONWebKey
	loaded  time.Time     // of keys; zero: never
	tried   time.Time     // the beginning of the last fetch
	used    time.Time     // the last use
	err     error         // of the last fetch
	running chan struct{} // closed when the fetch that runs ends; nil: none runs
}

func newFetcher(transport http.RoundTripper, hosts map[string]bool, now func() time.Time) *fetcher {
	return &fetcher{
		hosts: hosts, now: now, sets: map[string]*keySet{},
		client: &http.Client{
			Transport: transport, Timeout: keyTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// allows reports whether keys may be fetched from the host of a URL.
func (f *fetcher) allows(u *url.URL) bool { return f.hosts[hostKey(u.Scheme, u.Host)] }

// unavailable is a failure that may pass by itself: the request can be repeated.
type unavailable struct{ err error }

func (e unavailable) Error() string { return e.err.Error() }
func (e unavailable) Unwrap() error { return e.err }

// load returns the keys at a URL. With fresh, those that were loaded before are not
// enough, unless it is too early to fetch again. It waits for keyPatience at most;
// a fetch that takes longer goes on for later requests.
func (f *fetcher) load(ctx context.Context, address string, fresh bool) ([]jose.JSONWebKey, error) {
	f.mu.Lock()
	set, now := f.set(address), f.now()
	set.used = now
	if !fresh && set.serves(now, keyAge) {
		defer f.mu.Unlock()
		return set.keys, nil
	}
	if set.running == nil && set.due(now) {
		set.tried, set.running = now, make(chan struct{})
		go f.refresh(address, set, set.running)
	}
	running := set.running
	f.mu.Unlock()
	waited := wait(ctx, running)
	f.mu.Lock()
	defer f.mu.Unlock()
	if set.serves(now, keyStale) {
		return set.keys, nil
	}
	if waited != nil {
		return nil, waited
	}
	return nil, set.err
}

// peek returns the keys at a URL if no fetch is due, else nil.
func (f *fetcher) peek(address string) []jose.JSONWebKey {
	f.mu.Lock()
	defer f.mu.Unlock()
	set, now := f.sets[address], f.now()
	if set == nil || !set.serves(now, keyAge) {
		return nil
	}
	set.used = now
	return set.keys
}

// set returns the entry of a URL, and makes room for a new one.
func (f *fetcher) set(address string) *keySet {
	if set, ok := f.sets[address]; ok {
		return set
	}
	if len(f.sets) >= maxKeySets {
		f.forget()
	}
	set := &keySet{err: unavailable{errors.New("the key set was not fetched yet")}}
	f.sets[address] = set
	return set
}

// forget removes the entry that was not used for the longest time.
func (f *fetcher) forget() {
	var oldest string
	for address, set := range f.sets {
		if oldest == "" || set.used.Before(f.sets[oldest].used) {
			oldest = address
		}
	}
	delete(f.sets, oldest)
}

// serves reports whether there are keys not older than age.
func (s *keySet) serves(now time.Time, age time.Duration) bool {
	return len(s.keys) > 0 && now.Sub(s.loaded) < age
}

// due reports whether the key set may be fetched again.
func (s *keySet) due(now time.Time) bool {
	interval := keyInterval
	if s.err != nil {
		interval = keyRetry
	}
	return s.tried.IsZero() || now.Sub(s.tried) >= interval
}

// wait waits for the end of a fetch; nil is a fetch that has ended.
func wait(ctx context.Context, running chan struct{}) error {
	if running == nil {
		return nil
	}
	timer := time.NewTimer(keyPatience)
	defer timer.Stop()
	select {
	case <-running:
		return nil
	case <-ctx.Done():
		return unavailable{ctx.Err()}
	case <-timer.C:
		return unavailable{fmt.Errorf("the key set was not there after %v", keyPatience)}
	}
}

// refresh fetches a key set and ends the waiting for it. It does not end with a
// request, since others wait, too.
func (f *fetcher) refresh(address string, set *keySet, running chan struct{}) {
	defer close(running)
	keys, err := f.fetch(address)
	f.mu.Lock()
	defer f.mu.Unlock()
	set.running, set.err = nil, err
	if err == nil {
		set.keys, set.loaded = keys, set.tried
	}
}

func (f *fetcher) fetch(address string) ([]jose.JSONWebKey, error) {
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	got, err := f.client.Do(r)
	if err != nil {
		return nil, unavailable{fmt.Errorf("fetch the key set: %w", err)}
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		return nil, statusError(address, got.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(got.Body, maxKeyBytes+1))
	if err != nil {
		return nil, unavailable{fmt.Errorf("read the key set of %s: %w", address, err)}
	}
	keys, err := parseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return keys, nil
}

func statusError(address string, status int) error {
	err := fmt.Errorf("%s answered %d instead of a key set; redirects are not followed", address, status)
	if status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout {
		return unavailable{err}
	}
	return err
}
