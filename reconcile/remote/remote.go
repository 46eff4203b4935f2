// Package remote speaks to a SCIM service provider over HTTP for package reconcile:
// it lists the users and groups of another server, and carries out a plan, also on a
// handler in the same process ([Local]).
//
//	c := &remote.Client{BaseURL: "https://scim.example.com/v2", Token: token}
//	comparison, err := reconcile.Compare(ctx, reconcile.Provider{Users: c.Users(ctx)}, app, reconcile.CompareOptions{})
package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/reconcile"
)

// Client is a client of one service provider. BaseURL and Token are required. It is
// safe for concurrent use.
type Client struct {
	// BaseURL has the scheme https, unless the host is a loopback address.
	BaseURL string
	Token   string // bearer token
	// HTTP sends the requests. Redirects are not followed: they would carry the token
	// elsewhere, or make a GET of a PATCH. Default: a client with a timeout of 60 s.
	HTTP *http.Client
	// Count is the number of resources on a page; default 100.
	Count int
	// Attempts is how often a request is sent that is answered 429 or 503, or a GET
	// that fails; default 5.
	Attempts int
	// Wait waits between two attempts: what Retry-After says, at most a minute, else
	// 1, 2, 4, … seconds. Default: a timer that ends with the context.
	Wait func(ctx context.Context, d time.Duration) error
}

// Users yields the users of the service provider.
func (c *Client) Users(ctx context.Context) iter.Seq2[reconcile.Record, error] {
	return reconcile.Users(reconcile.Pages(ctx, c.pages("/Users", "")))
}

// Groups yields the groups of the service provider with their members.
func (c *Client) Groups(ctx context.Context) iter.Seq2[reconcile.GroupRecord, error] {
	return reconcile.Groups(reconcile.Pages(ctx, c.pages("/Groups", "")))
}

// pages returns a function that fetches the pages of a listing, without an attribute
// unless excluded is "".
func (c *Client) pages(path, excluded string) func(context.Context, reconcile.Position) (io.ReadCloser, error) {
	count := c.Count
	if count == 0 {
		count = 100
	}
	return func(ctx context.Context, at reconcile.Position) (io.ReadCloser, error) {
		q := url.Values{"count": {strconv.Itoa(count)}}
		if excluded != "" {
			q.Set("excludedAttributes", excluded)
		}
		switch { // the first page is of the method that the service provider prefers
		case at.Cursor != "":
			q.Set("cursor", at.Cursor)
		case at.StartIndex > 1:
			q.Set("startIndex", strconv.Itoa(at.StartIndex))
		}
		resp, err := c.send(ctx, reconcile.Request{Method: http.MethodGet, Path: path + "?" + q.Encode()})
		if err != nil {
			return nil, err
		}
		if resp.StatusCode != http.StatusOK {
			resp.Body.Close()
			return nil, errors.New(resp.Status)
		}
		return resp.Body, nil
	}
}

// maxBody is how much of a response to a request of a plan is read, in bytes.
const maxBody = 8 << 20

// Do sends a request of a plan; it is a reconcile.Do.
func (c *Client) Do(ctx context.Context, r reconcile.Request) (reconcile.Response, error) {
	resp, err := c.send(ctx, r)
	if err != nil {
		return reconcile.Response{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil && r.Method == http.MethodGet {
		return reconcile.Response{}, err
	}
	return reconcile.Response{Status: resp.StatusCode, ETag: resp.Header.Get("ETag"), Body: body}, nil
}

// send sends a request, again while it is answered 429 or 503. The last answer is
// returned. The brake answers 503 with five minutes of Retry-After: that is not
// waited for.
func (c *Client) send(ctx context.Context, r reconcile.Request) (*http.Response, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	attempts := c.Attempts
	if attempts == 0 {
		attempts = 5
	}
	for n := 1; ; n++ {
		resp, err := c.once(ctx, r)
		switch {
		case n >= attempts || ctx.Err() != nil:
			return resp, err
		case err != nil && r.Method != http.MethodGet:
			return nil, err
		case err == nil && resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable:
			return resp, nil
		}
		pause := time.Second << min(n-1, 5)
		if err == nil {
			if after, ok := retryAfter(resp); ok {
				pause = after
			}
			if pause > time.Minute {
				return resp, nil
			}
			resp.Body.Close()
		}
		if err := c.wait(ctx, pause); err != nil {
			return nil, err
		}
	}
}

func (c *Client) once(ctx context.Context, r reconcile.Request) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, strings.TrimSuffix(c.BaseURL, "/")+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	req.Header.Set("Accept", "application/scim+json")
	req.Header.Set("User-Agent", "scim-reconcile")
	if r.Body != nil {
		req.Header.Set("Content-Type", "application/scim+json")
	}
	if r.IfMatch != "" {
		req.Header.Set("If-Match", r.IfMatch)
	}
	client := http.Client{Timeout: 60 * time.Second}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client.Do(req)
}

// check rejects a client that would send its token in the clear.
func (c *Client) check() error {
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("remote: Client.BaseURL must be an absolute URL without a query")
	}
	host := u.Hostname()
	if ip := net.ParseIP(host); u.Scheme != "https" && (u.Scheme != "http" || host != "localhost" && (ip == nil || !ip.IsLoopback())) {
		return errors.New("remote: Client.BaseURL must have the scheme https, or the token would be sent in the clear")
	}
	if c.Token == "" {
		return errors.New("remote: Client.Token is required")
	}
	return nil
}

// retryAfter returns what the header field Retry-After says (RFC 9110 §10.2.3).
func retryAfter(resp *http.Response) (time.Duration, bool) {
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at)), true
	}
	return 0, false
}

func (c *Client) wait(ctx context.Context, d time.Duration) error {
	if c.Wait != nil {
		return c.Wait(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Local returns a client whose requests are answered by a handler in the same
// process: its base URL names the path of the handler, and no network is used.
func Local(h http.Handler) *http.Client { return &http.Client{Transport: local{h}} }

type local struct{ h http.Handler }

func (l local) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.Host, in.RemoteAddr = r.URL.RequestURI(), r.URL.Host, "127.0.0.1:0"
	w := &recorder{header: http.Header{}}
	defer func() {
		if p := recover(); p != nil {
			resp, err = nil, fmt.Errorf("remote: the handler ended the response: %v", p)
		}
	}()
	l.h.ServeHTTP(w, in)
	w.WriteHeader(http.StatusOK) // unless there was another
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// recorder keeps a response.
type recorder struct {
	header, sent http.Header
	status       int
	body         bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}
