package issuer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	keyAge      = time.Hour        // a key set is fetched again after it
	keyStale    = 24 * time.Hour   // a key set that cannot be fetched again serves so long
	keyInterval = 30 * time.Second // between two fetches of a URL
	keyRetry    = 5 * time.Second  // between two fetches of a URL, the first of which failed
	keyTimeout  = 10 * time.Second // of a fetch, whose result serves later requests
	maxKeySets  = 1000             // in the cache
)

// Patience is the longest that a request waits for a fetch.
const Patience = 900 * time.Millisecond

// Fetcher fetches key sets and caches them by URL. However many requests need a key
// set, one fetch of it runs at a time, and not more often than keyInterval.
type Fetcher struct {
	client   *http.Client
	hosts    map[string]bool
	loopback bool
	now      func() time.Time

	mu   sync.Mutex
	sets map[string]*keySet
}

// keySet is the key set of a URL. Fetcher.mu guards it.
type keySet struct {
	keys    []jose.JSONWebKey
	loaded  time.Time     // of keys; zero: never
	tried   time.Time     // the beginning of the last fetch
	used    time.Time     // the last use
	err     error         // of the last fetch
	running chan struct{} // closed when the fetch that runs ends; nil: none runs
}

// Config says what a [Fetcher] fetches.
type Config struct {
	Hosts     []string          // the only ones
	Transport http.RoundTripper // nil: one of its own
	Loopback  bool              // http URLs of loopback addresses, too
	Now       func() time.Time
}

// NewFetcher returns a fetcher, or an error that names the hosts that are none.
func NewFetcher(c Config) (*Fetcher, error) {
	var errs []error
	hosts := map[string]bool{}
	for _, host := range c.Hosts {
		name, wild := strings.CutPrefix(host, "*.")
		if u, err := url.Parse("https://" + name); err != nil || u.Host != name || name == "" || strings.Contains(name, "*") || wild && !strings.Contains(name, ".") {
			errs = append(errs, fmt.Errorf("Config.KeyHosts: %q is not a host, such as login.microsoftonline.com or *.okta.com", host))
		}
		hosts[hostKey("https", host)] = true
	}
	if c.Transport == nil {
		c.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute,
			MaxResponseHeaderBytes: 64 << 10, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		}
	}
	return &Fetcher{
		hosts: hosts, loopback: c.Loopback, now: c.Now, sets: map[string]*keySet{},
		client: &http.Client{
			Transport: c.Transport, Timeout: keyTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, errors.Join(errs...)
}

// allows reports whether keys may be fetched from the host of a URL.
func (f *Fetcher) allows(u *url.URL) bool {
	host := hostKey(u.Scheme, u.Host)
	_, domain, _ := strings.Cut(host, ".")
	return f.hosts[host] || f.hosts["*."+domain]
}

// Check reports why keys cannot be used.
func (f *Fetcher) Check(k Keys) error {
	switch {
	case k.URL == "" && k.JSON == "":
		return errors.New("there are no keys: set Keys.URL or Keys.JSON")
	case k.URL != "" && k.JSON != "":
		return errors.New("Keys.URL and Keys.JSON are both set: set one of them")
	case k.JSON != "":
		_, err := ParseKeys([]byte(k.JSON))
		return err
	}
	u, err := ParseURL(k.URL, f.loopback)
	if err != nil {
		return fmt.Errorf("Keys.URL: %w", err)
	}
	if !f.allows(u) {
		return fmt.Errorf("the host of Keys.URL %q is not one of Config.KeyHosts: add %q", k.URL, u.Host)
	}
	return nil
}

// ParseURL returns an absolute https URL, or an http URL of a loopback address where
// that is allowed.
func ParseURL(text string, loopback bool) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL", text)
	}
	if u.Host == "" || u.User != nil || u.Fragment != "" || strings.Contains(text, "#") {
		return nil, fmt.Errorf("%q is not an absolute URL without user and fragment", text)
	}
	if u.Scheme == "https" || u.Scheme == "http" && loopback && isLoopback(u.Hostname()) {
		return u, nil
	}
	return nil, fmt.Errorf("%q does not begin with https://", text)
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// hostKey returns a host as it is compared: in lower case, with the port of the
// scheme.
func hostKey(scheme, host string) string {
	host = strings.ToLower(host)
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	port := "443"
	if scheme == "http" {
		port = "80"
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// Unavailable is a failure that may pass by itself: the request can be repeated.
type Unavailable struct{ Err error }

func (e Unavailable) Error() string { return e.Err.Error() }
func (e Unavailable) Unwrap() error { return e.Err }

// load returns the keys at a URL. With fresh, those that were loaded before are not
// enough, unless it is too early to fetch again. It waits for Patience at most;
// a fetch that takes longer goes on for later requests.
func (f *Fetcher) load(ctx context.Context, address string, fresh bool) ([]jose.JSONWebKey, error) {
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
func (f *Fetcher) peek(address string) []jose.JSONWebKey {
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
func (f *Fetcher) set(address string) *keySet {
	if set, ok := f.sets[address]; ok {
		return set
	}
	if len(f.sets) >= maxKeySets {
		f.forget()
	}
	set := &keySet{err: Unavailable{errors.New("the key set was not fetched yet")}}
	f.sets[address] = set
	return set
}

// forget removes the entry that was not used for the longest time.
func (f *Fetcher) forget() {
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
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	select {
	case <-running:
		return nil
	case <-ctx.Done():
		return Unavailable{ctx.Err()}
	case <-timer.C:
		return Unavailable{fmt.Errorf("the key set was not there after %v", Patience)}
	}
}

// refresh fetches a key set and ends the waiting for it. It does not end with a
// request, since others wait, too.
func (f *Fetcher) refresh(address string, set *keySet, running chan struct{}) {
	defer close(running)
	keys, err := f.fetch(address)
	f.mu.Lock()
	defer f.mu.Unlock()
	set.running, set.err = nil, err
	if err == nil {
		set.keys, set.loaded = keys, set.tried
	}
}

func (f *Fetcher) fetch(address string) ([]jose.JSONWebKey, error) {
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	got, err := f.client.Do(r)
	if err != nil {
		return nil, Unavailable{fmt.Errorf("fetch the key set: %w", err)}
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		return nil, statusError(address, got.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(got.Body, maxKeyBytes+1))
	if err != nil {
		return nil, Unavailable{fmt.Errorf("read the key set of %s: %w", address, err)}
	}
	keys, err := ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return keys, nil
}

func statusError(address string, status int) error {
	err := fmt.Errorf("%s answered %d instead of a key set; redirects are not followed", address, status)
	if status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout {
		return Unavailable{err}
	}
	return err
}
