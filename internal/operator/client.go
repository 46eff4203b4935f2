package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/store"
)

// Client is an [Operator] at a console.
type Client struct {
	base, secret string
	http         *http.Client
}

var _ Operator = (*Client)(nil)

// NewClient returns a client of the console at a URL. The secret is sent as a bearer
// token, which the login of the console accepts or not; over plain http to this machine
// alone.
func NewClient(console, secret string) (*Client, error) {
	u, err := url.Parse(console)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "":
		return nil, errors.New("want a URL such as https://app.example.com/admin/scim")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, errors.New("http would show the token to the network: use https")
	case secret == "":
		return nil, errors.New("$SCIM_CONSOLE_TOKEN is not set: the login of the console needs a bearer token")
	}
	return &Client{strings.TrimSuffix(u.String(), "/"), secret, &http.Client{CheckRedirect: noRedirect}}, nil
}

func isLoopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// noRedirect keeps the token from being sent elsewhere.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// ListTokens implements [Operator].
func (c *Client) ListTokens(ctx context.Context) (out []Token, err error) {
	err = c.call(ctx, callListTokens, none{}, &out)
	return out, err
}

// IssueToken implements [Operator].
func (c *Client) IssueToken(ctx context.Context, i Issue) (out Issued, err error) {
	err = c.call(ctx, callIssueToken, i, &out)
	return out, err
}

// RotateToken implements [Operator].
func (c *Client) RotateToken(ctx context.Context, r Rotation) (out Issued, err error) {
	err = c.call(ctx, callRotateToken, r, &out)
	return out, err
}

// RevokeToken implements [Operator].
func (c *Client) RevokeToken(ctx context.Context, r Revocation) error {
	return c.call(ctx, callRevokeToken, r, &none{})
}

// DeadEntries implements [Operator].
func (c *Client) DeadEntries(ctx context.Context, p Page) (out []Entry, err error) {
	err = c.call(ctx, callDeadEntries, p, &out)
	return out, err
}

// ReplayEntry implements [Operator].
func (c *Client) ReplayEntry(ctx context.Context, r Replay) error {
	return c.call(ctx, callReplayEntry, r, &none{})
}

// Status implements [Operator].
func (c *Client) Status(ctx context.Context) (out []health.Status, err error) {
	err = c.call(ctx, callStatus, none{}, &out)
	return out, err
}

// ReleaseBrake implements [Operator].
func (c *Client) ReleaseBrake(ctx context.Context, r Release) error {
	return c.call(ctx, callReleaseBrake, r, &none{})
}

// ExportAudit implements [Operator].
func (c *Client) ExportAudit(ctx context.Context, w io.Writer, e Export) error {
	resp, err := c.post(ctx, callExportAudit, e)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("the export is not complete: %w", err)
	}
	return nil
}

const (
	callTime  = time.Minute
	maxResult = 64 << 20
)

// call sends one call and decodes its result.
func (c *Client) call(ctx context.Context, name string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	resp, err := c.post(ctx, name, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxResult)).Decode(out); err != nil {
		return fmt.Errorf("the console answers with something else: %w", err)
	}
	return nil
}

// post returns the response to a call that succeeded.
func (c *Client) post(ctx context.Context, name string, in any) (*http.Response, error) {
	args, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/api/"+name, bytes.NewReader(args))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.secret)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, errorOf(resp)
}

// errorOf returns the error that a response says.
func errorOf(resp *http.Response) error {
	var p problem
	_ = json.NewDecoder(io.LimitReader(resp.Body, maxArguments)).Decode(&p)
	switch {
	case resp.StatusCode == http.StatusNotFound && p.Error != "":
		return &remoteError{p.Error, store.ErrNotFound}
	case resp.StatusCode == http.StatusBadRequest && p.Error != "":
		return &Refused{p.Error}
	case p.Error != "":
		return errors.New(p.Error)
	case resp.StatusCode == http.StatusUnauthorized:
		return errors.New("the console does not accept the token in $SCIM_CONSOLE_TOKEN")
	case resp.StatusCode == http.StatusForbidden:
		return errors.New("the login of the console may not do this")
	}
	return fmt.Errorf("the console answers %s: is the URL that of the console?", resp.Status)
}

// remoteError has the text of the console and is one of the errors of package store.
type remoteError struct {
	text string
	is   error
}

func (e *remoteError) Error() string { return e.text }

func (e *remoteError) Unwrap() error { return e.is }
