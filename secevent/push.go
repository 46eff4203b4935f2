package secevent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/event"
)

// PushConfig is the configuration of [Push]. URL is required.
type PushConfig struct {
	// URL is the https endpoint of the receiver.
	URL string
	// Authorization, if set, returns the value of the header field Authorization of
	// each request, for example "Bearer " and a token.
	Authorization func(ctx context.Context) (string, error)
	// Client sends the requests, without following redirects. Default: a client with
	// a timeout of 10 s, which a client without a timeout gets too.
	Client *http.Client
	// InsecureHTTP also permits http. It is for tests: tokens have personal data
	// (RFC 9967 §5).
	InsecureHTTP bool
}

// pushTimeout is the timeout of a request.
const pushTimeout = 10 * time.Second

// errorMost is how much of an error response is read, in bytes.
const errorMost = 64 << 10

// Push returns a Config.Deliver that sends tokens to one receiver (RFC 8935). 202
// is success. The error of any other answer is a *[PushError]; those of the network
// and of Authorization are returned as they are. The error wraps
// event.ErrUndeliverable if the receiver refused the token (400 with a code) and
// another attempt cannot succeed.
func Push(cfg PushConfig) (func(ctx context.Context, t Token) error, error) {
	u, err := url.Parse(cfg.URL)
	switch {
	case err != nil || u.Host == "":
		return nil, errors.New("secevent: PushConfig.URL is not an absolute URL")
	case u.Scheme != "https" && (u.Scheme != "http" || !cfg.InsecureHTTP):
		return nil, fmt.Errorf("secevent: PushConfig.URL has the scheme %q; tokens are sent over https", u.Scheme)
	}
	client := http.Client{}
	if cfg.Client != nil {
		client = *cfg.Client
	}
	client.Timeout = cmp.Or(client.Timeout, pushTimeout)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return func(ctx context.Context, t Token) error { return cfg.send(ctx, &client, t) }, nil
}

func (cfg *PushConfig) send(ctx context.Context, client *http.Client, t Token) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, cfg.URL, strings.NewReader(t.Text))
	if err != nil {
		return errors.New("secevent: push: the request cannot be made")
	}
	r.Header.Set("Content-Type", "application/secevent+jwt")
	r.Header.Set("Accept", "application/json")
	if cfg.Authorization != nil {
		value, err := cfg.Authorization(ctx)
		if err != nil {
			return fmt.Errorf("secevent: push: authorization: %w", err)
		}
		r.Header.Set("Authorization", value)
	}
	resp, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("secevent: push: %w", withoutURL(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusAccepted {
		return nil
	}
	return newPushError(resp)
}

// withoutURL returns the cause of an error of the client: the URL may have a secret.
func withoutURL(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// PushError is an answer of the receiver other than 202.
type PushError struct {
	Status int
	// Code and Description are those of a 400 (RFC 8935 §2.3), else "".
	Code, Description string
}

// Error returns status, code and description.
func (e *PushError) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("secevent: push: the receiver answers %d", e.Status)
	}
	return fmt.Sprintf("secevent: push: the receiver answers %d %q: %q", e.Status, e.Code, e.Description)
}

// Unwrap returns event.ErrUndeliverable if the receiver refused the token. It may
// accept it later if it could not authenticate the transmitter.
func (e *PushError) Unwrap() error {
	if e.Code == "" || e.Code == "authentication_failed" {
		return nil
	}
	return event.ErrUndeliverable
}

func newPushError(resp *http.Response) error {
	e := &PushError{Status: resp.StatusCode}
	if e.Status != http.StatusBadRequest {
		return e
	}
	var body struct {
		Err         string `json:"err"`
		Description string `json:"description"`
	}
	if json.NewDecoder(io.LimitReader(resp.Body, errorMost)).Decode(&body) == nil {
		e.Code, e.Description = body.Err, body.Description
	}
	return e
}
