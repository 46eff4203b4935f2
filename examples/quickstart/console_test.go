package main

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// visitor is a browser at the console of a program that was just started.
type visitor struct {
	t *testing.T
	http.Client
	base, secret string
}

func newVisitor(t *testing.T, args ...string) *visitor {
	ctx, stop := context.WithCancel(context.Background())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, append([]string{"-addr", "127.0.0.1:0", "-db", "memory", "-token", "secret"}, args...), in, io.Discard)
	}()
	printed := make([]byte, 512)
	n, err := out.Read(printed)
	require.NoError(t, err)
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
	first, secret, _ := strings.Cut(strings.TrimSpace(string(printed[:n])), "\n")
	_, base, found := strings.Cut(first, "): ")
	require.True(t, found, "%s", printed[:n])
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &visitor{t: t, Client: http.Client{Jar: jar}, base: base, secret: secret}
}

func (v *visitor) get(path string) (int, string) { return v.answer(v.Get(v.base + path)) }

func (v *visitor) answer(resp *http.Response, err error) (int, string) {
	require.NoError(v.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(v.t, err)
	return resp.StatusCode, string(text)
}

func (v *visitor) signIn(secret string) (int, string) {
	return v.answer(v.PostForm(v.base+"login", url.Values{"secret": {secret}}))
}

// The console opens with the secret that was printed, and with a few attempts only.
func TestConsoleNeedsTheSecret(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	status, page := v.get("directory/Users")
	require.Equal(t, 200, status)
	require.Contains(t, page, "Sign in")
	status, _ = v.signIn("wrong")
	require.Equal(t, 403, status)
	status, page = v.signIn(v.secret)
	require.Equal(t, 200, status)
	require.Contains(t, page, "Overview")
	_, page = v.get("directory/Users")
	require.Contains(t, page, "There are no Users yet.")
	u, err := url.Parse(v.base)
	require.NoError(t, err)
	require.Len(t, v.Jar.Cookies(u), 1)

	other := &visitor{t: t, base: v.base}
	for range mostWrong {
		status, _ = other.signIn("wrong")
		require.Equal(t, 403, status)
	}
	status, page = other.signIn(v.secret)
	require.Equal(t, 403, status)
	require.Contains(t, page, "Too many attempts")
	status, _ = v.get("directory/Users")
	require.Equal(t, 200, status, "who is in stays in")

	r, err := http.NewRequest("POST", v.base+"login", strings.NewReader("secret="+v.secret))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	status, _ = v.answer(v.Do(r))
	require.Equal(t, 403, status)
}

// A name of another site that leads to this machine, and a proxy, do not reach it.
func TestConsoleRefusesOtherNames(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	get := func(host, header, value string) int {
		r, err := http.NewRequest("GET", v.base+"login", nil)
		require.NoError(t, err)
		if r.Host = host; header != "" {
			r.Header.Set(header, value)
		}
		status, _ := v.answer(v.Do(r))
		return status
	}
	for _, host := range []string{"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "192.0.2.1", "[2001:db8::1]:80"} {
		require.Equal(t, 403, get(host, "", ""), host)
	}
	for _, host := range []string{"localhost", "localhost:8080", "127.0.0.1", "[::1]:8080"} {
		require.Equal(t, 200, get(host, "", ""), host)
	}
	require.Equal(t, 403, get("localhost", "X-Forwarded-For", "192.0.2.1"))
	require.Equal(t, 403, get("localhost", "Forwarded", "for=192.0.2.1"))
}

// -console off leaves it out, and an address that others reach does too.
// The command scim sends the secret with each call, and no more wrong ones than a
// browser.
func TestConsoleAnswersTheCommand(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	call := func(secret string) int {
		r, err := http.NewRequestWithContext(t.Context(), "POST", v.base+"api/list-tokens", strings.NewReader("{}"))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+secret)
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	require.Equal(t, 200, call(v.secret))
	for range mostWrong {
		require.Equal(t, 401, call("wrong"))
	}
	require.Equal(t, 401, call(v.secret), "after too many")
}

func TestConsoleIsForThisMachine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-console", "off"}, {"-addr", "0.0.0.0:0"}} {
		base := started(t, args...)
		u, err := url.Parse(base)
		require.NoError(t, err)
		resp, err := http.Get("http://" + u.Host + "/console/")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 404, resp.StatusCode)
	}
	require.ErrorContains(t, run(t.Context(), []string{"-console", "yes"}, io.Discard, io.Discard), "want loopback, on or off")
}
