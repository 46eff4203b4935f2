package scimtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// request is a request of the identity provider.
type request struct{ method, path, body string }

// answer is the response, or the error of a request that got none.
type answer struct {
	request
	status int
	id     string // of the resource
	active bool   // of the resource
	text   string
	err    error
}

// success reports whether the answer says that the user is out. again says that
// the request was sent before: then a deleted user is not found.
func (a *answer) success(again bool) bool {
	return a.err == nil && (a.status == http.StatusOK || a.status == http.StatusNoContent ||
		again && a.method == http.MethodDelete && a.status == http.StatusNotFound)
}

func (a *answer) String() string {
	if a.err != nil {
		return fmt.Sprintf("%s %s was not answered (%v)", a.method, a.path, a.err)
	}
	return fmt.Sprintf("%s %s was answered %d", a.method, a.path, a.status)
}

func (a *answer) unexpected(found, remedy string) error {
	return &fault{fmt.Sprintf("%s: %s: %s", found, a, abbreviate(a.text)), remedy}
}

// provider sends the requests of the identity provider.
type provider struct {
	base, token string
	do          func(*http.Request) (*http.Response, error)
}

// inProcess sends requests to the handler of the application.
func (l *leaving) inProcess() provider {
	base := l.BaseURL
	if base == "" {
		base = BaseURL
	}
	return provider{base, l.Token, func(r *http.Request) (*http.Response, error) {
		r.RequestURI = r.URL.RequestURI()
		w := httptest.NewRecorder()
		l.Handler.ServeHTTP(w, r)
		return w.Result(), nil
	}}
}

// overNetwork sends requests to another process.
func (l *leaving) overNetwork(baseURL string) provider {
	c := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	return provider{strings.TrimSuffix(baseURL, "/"), l.Token, c.Do}
}

func (p provider) send(q request) *answer {
	got := &answer{request: q}
	r, err := http.NewRequest(q.method, p.base+q.path, strings.NewReader(q.body))
	if err != nil {
		got.err = err
		return got
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	r.Header.Set("Content-Type", "application/scim+json")
	resp, err := p.do(r)
	if err != nil {
		got.err = err
		return got
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	got.status, got.text, got.err = resp.StatusCode, string(text), err
	var user struct {
		ID     string
		Active bool
	}
	if json.Unmarshal(text, &user) == nil {
		got.id, got.active = user.ID, user.Active
	}
	return got
}
