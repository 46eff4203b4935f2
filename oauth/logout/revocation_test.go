package logout_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/oauth/logout"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// Every format of a subject names a user of the connection, and no other.
func TestSubjectsOfRevocations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *logout.Config) {
		list := c.Sources.(logout.List)
		sso := list[0]
		sso.Audience, sso.SubjectIssuer = "sso", "http://www.okta.com/exk1"
		c.Sources = append(list, sso)
	})
	ada, eve, gil := w.id("acme-okta", "ada"), w.id("acme-entra", "eve"), w.id("globex-okta", "gil")
	for body, want := range map[string]int{
		byEmail:   204,
		bySubject: 204,
		`{"subject":{"format":"email","email":"ADA@acme.example"},"reason":"x"}`:           204,
		`{"subject":{"format":"iss_sub","iss":"` + okta + `","sub":"00u1"}}`:               204,
		`{"sub_id":{"format":"opaque","id":"` + ada + `"}}`:                                204,
		`{"sub_id":{"format":"scim","uri":"/Users/` + ada + `"}}`:                          204,
		`{"sub_id":{"format":"scim","uri":"https://x.example/scim/v2/Users/` + ada + `"}}`: 204,
		`{"sub_id":{"format":"scim","externalId":"00u1"}}`:                                 204,

		`{"sub_id":{"format":"email","email":"twin@acme.example"}}`:                 404,
		`{"sub_id":{"format":"email","email":"eve@acme.example"}}`:                  404,
		`{"sub_id":{"format":"email","email":"gil@globex.example"}}`:                404,
		`{"sub_id":{"format":"email","email":"nobody@acme.example"}}`:               404,
		`{"sub_id":{"format":"iss_sub","iss":"` + okta + `","sub":"00u4"}}`:         404,
		`{"sub_id":{"format":"iss_sub","iss":"` + okta + `","sub":"00u5"}}`:         404,
		`{"sub_id":{"format":"iss_sub","iss":"` + okta + `/","sub":"00u1"}}`:        404,
		`{"sub_id":{"format":"iss_sub","iss":"https://evil.example","sub":"00u1"}}`: 404,
		`{"sub_id":{"format":"opaque","id":"` + eve + `"}}`:                         404,
		`{"sub_id":{"format":"opaque","id":"` + gil + `"}}`:                         404,
		`{"sub_id":{"format":"opaque","id":"a\u0000b"}}`:                            404,
		`{"sub_id":{"format":"scim","uri":"/Users/` + gil + `"}}`:                   404,

		`{}`: 400, ``: 400, `[]`: 400, `null`: 400, `{"sub_id":"x"}`: 400, `{"sub_id":{}}`: 400, `{"sub_id":null}`: 400,
		`{"sub_id":{"format":"email"}}`:                                                         400,
		`{"sub_id":{"format":"email","email":7}}`:                                               400,
		`{"sub_id":{"format":"iss_sub","sub":"00u1"}}`:                                          400,
		`{"sub_id":{"format":"iss_sub","iss":"` + okta + `"}}`:                                  400,
		`{"sub_id":{"format":"opaque"}}`:                                                        400,
		`{"sub_id":{"format":"scim","uri":"/Groups/` + ada + `"}}`:                              400,
		`{"sub_id":{"format":"scim","uri":"/Users/%zz"}}`:                                       400,
		`{"sub_id":{"format":"phone_number","phone_number":"+1"}}`:                              400,
		`{"sub_id":{"format":"complex"}}`:                                                       400,
		`{"SUB_ID":{"format":"opaque","id":"` + ada + `"}}`:                                     400,
		`{"sub_id":{"format":"opaque","id":"x","id":"` + ada + `"}}`:                            400,
		strings.TrimSuffix(byEmail, "}") + `,` + strings.TrimPrefix(byEmail, "{"):               400,
		strings.TrimSuffix(byEmail, "}") + `,"subject":{"format":"opaque","id":"` + ada + `"}}`: 400,
		byEmail + byEmail:                     400,
		strings.Repeat(`{"sub_id":`, 20_000):  400,
		byEmail + strings.Repeat(" ", 70_000): 400,
	} {
		got := w.revoke(w.jwt(), body)
		require.Equal(t, want, got.Code, "%.200s\n%s", body, w.logged())
		if want == 204 {
			require.Equal(t, []string{"acme ada"}, w.noted(), body)
		} else {
			require.Empty(t, w.noted(), body)
		}
		w.advance(time.Second)
	}
	require.Equal(t, 404, w.revoke(w.jwt("aud", "sso"), bySubject).Code)
	require.Contains(t, w.logged(), "Source.SubjectIssuer")
	require.Equal(t, 204, w.revoke(w.jwt("aud", "sso"), strings.Replace(bySubject, okta, "http://www.okta.com/exk1", 1)).Code)
}

// The record names the door, the connection and the issuer, and the time since the
// request arrived.
func TestRecordOfARevocation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	require.Equal(t, 204, w.revoke(w.jwt("jti", "j1"), byEmail).Code)
	rec := w.records[len(w.records)-1]
	require.Equal(t, scim.OperationRevoke, rec.Operation)
	require.Equal(t, []string{"acme", "okta", okta, `global-token-revocation, jti "j1"`, w.id("acme-okta", "ada"), ""},
		[]string{rec.Tenant, rec.Connection, rec.Actor, rec.Reason, rec.ID, rec.Detail})
	require.Contains(t, w.logged(), "sessions ended")
	require.Equal(t, 404, w.revoke(w.jwt(), `{"sub_id":{"format":"opaque","id":"x"}}`).Code)
	rec = w.records[len(w.records)-1]
	require.Equal(t, []string{"okta", "store: not found"}, []string{rec.Connection, rec.Detail})
}

// A JWT that breaks one rule is refused, and nothing is looked up.
func TestRevocationsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *logout.Config) {
		list := c.Sources.(logout.List)
		list[0].ClientID = "0oa1"
		off := list[0]
		off.Issuer, off.Off = "https://off.example", true
		c.Sources, c.Burst = append(list, off), 1000
	})
	now := w.now().Unix()
	bad := w.forgeries("global-token-revocation+jwt", w.claims())
	for reason, pairs := range map[string][]any{
		"sub is":                      {"sub", "0oa2"},
		`sub is \"\"`:                 {"sub", nil},
		"exp is missing":              {"exp", nil},
		"it has expired":              {"exp", now - 61},
		"more than 1h0m0s from now":   {"exp", now + 7200},
		"it is not valid yet":         {"nbf", now + 300},
		"in the future":               {"iat", now + 300},
		"jti is missing":              {"jti", nil},
		"is off":                      {"iss", "https://off.example"},
		"the claims cannot be read":   {"exp", "soon"},
		`aud is \"[` + stream + "/x]": {"aud", []string{stream + "/x"}},
	} {
		bad[w.jwt(pairs...)] = reason
	}
	for token, reason := range bad {
		got := w.revoke(token, byEmail)
		require.Equal(t, 401, got.Code, reason)
		require.Equal(t, `Bearer realm="logout", error="invalid_token"`, got.Header().Get("WWW-Authenticate"))
		require.Contains(t, w.logged(), reason)
	}
	token := w.jwt()
	for name, change := range map[string]func(*http.Request){
		"no credentials":      func(r *http.Request) { r.Header.Del("Authorization") },
		"Basic":               func(r *http.Request) { r.SetBasicAuth("okta", token) },
		"two headers":         func(r *http.Request) { r.Header.Add("Authorization", "Bearer "+token) },
		"no scheme":           func(r *http.Request) { r.Header.Set("Authorization", token) },
		"in the query string": func(r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "access_token=" + token },
	} {
		r := httptest.NewRequest("POST", endpoint, strings.NewReader(byEmail))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		change(r)
		got := httptest.NewRecorder()
		w.s.Revocations().ServeHTTP(got, r)
		require.Equal(t, 401, got.Code, name)
		require.NotEmpty(t, got.Header().Get("WWW-Authenticate"), name)
	}
	require.Equal(t, 204, w.revoke(token, byEmail).Code, "none of them has used it up")
	require.Equal(t, []string{"acme ada"}, w.noted())
	require.Equal(t, 401, w.revoke(token, byEmail).Code)
	require.Contains(t, w.logged(), "was used before")
	got := httptest.NewRecorder()
	w.s.Revocations().ServeHTTP(got, httptest.NewRequest("GET", endpoint, nil))
	require.Equal(t, []string{"405", "POST"}, []string{fmt.Sprint(got.Code), got.Header().Get("Allow")})
	r := httptest.NewRequest("POST", endpoint, strings.NewReader(byEmail))
	r.Header.Set("Authorization", "Bearer "+w.jwt())
	got = httptest.NewRecorder()
	w.s.Revocations().ServeHTTP(got, r)
	require.Equal(t, 400, got.Code, "no Content-Type")
	require.Len(t, w.records, 5+1, "a request that is refused leaves no record")
}

// A JWT is good once, in two processes with shared counters too, until it has expired.
func TestReplayOfARevocation(t *testing.T) {
	t.Parallel()
	var cfg logout.Config
	w := newWorld(t, func(c *logout.Config) {
		c.Replays = memstore.New()
		cfg = *c
	})
	one := w.s
	two, err := logout.New(cfg)
	require.NoError(t, err)
	token := w.jwt()
	require.Equal(t, 204, w.revoke(token, byEmail).Code)
	for range 2 {
		for _, w.s = range []*logout.Server{one, two} {
			w.logged()
			require.Equal(t, 401, w.revoke(token, byEmail).Code)
			require.Contains(t, w.logged(), "was used before")
		}
		w.advance(359 * time.Second)
	}
	require.Equal(t, 401, w.revoke(token, byEmail).Code)
	require.Contains(t, w.logged(), "has expired")
	require.Len(t, w.noted(), 1)
}

// Keys rotate; large and slow key sets and other answers are refused in time.
func TestKeysOfTheIssuer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	require.Equal(t, 204, w.revoke(w.jwt(), byEmail).Code)
	old := w.key
	w.key = newKey(t, "next")
	w.issuer.publish(old, w.key)
	w.advance(30 * time.Second)
	require.Equal(t, 204, w.revoke(w.jwt(), byEmail).Code)
	w.key, old = old, w.key
	w.issuer.publish(old)
	w.advance(time.Hour)
	require.Equal(t, 401, w.revoke(w.jwt(), byEmail).Code, "a key that was withdrawn")
	w.key = old
	for reason, serve := range map[string]http.HandlerFunc{
		"more than 1048576 bytes": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"keys":[`))
			for range 10 << 10 {
				if _, err := w.Write([]byte(strings.Repeat(" ", 1024))); err != nil {
					return
				}
			}
		},
		"was not there after":     nil,
		"answered 500":            func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"redirects are not":       func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) },
		"has no public key":       func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[]}`)) },
		"the key set is not JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`<html>`)) },
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t, nil)
			if serve == nil {
				end := make(chan struct{})
				t.Cleanup(func() { close(end) }) // before the issuer is closed
				serve = func(http.ResponseWriter, *http.Request) { <-end }
			}
			w.issuer.answer(serve)
			got := w.revoke(w.jwt(), byEmail)
			if reason == "was not there after" || reason == "answered 500" {
				require.Equal(t, 503, got.Code)
				require.Equal(t, "10", got.Header().Get("Retry-After"))
			} else {
				require.Equal(t, 401, got.Code)
			}
			require.Contains(t, w.logged(), reason)
			require.Empty(t, w.noted())
		})
	}
}

// A second organisation can send what it likes: its keys reach its own connection alone.
func TestRevocationsOfTwoTenants(t *testing.T) {
	t.Parallel()
	evil := newKey(t, "k")
	var theirs *issuer
	w := newWorld(t, func(c *logout.Config) {
		theirs = newIssuer(t, evil)
		list := c.Sources.(logout.List)
		c.KeyHosts = append(c.KeyHosts, strings.TrimPrefix(theirs.URL, "http://"))
		for n := range 20 { // with the issuer and audience of acme, and before it
			mine := logout.Source{Tenant: "globex", Connection: "okta", Issuer: okta, Audience: endpoint, ClientID: fmt.Sprintf("0oa%d", n), Keys: oauth.Keys{URL: theirs.URL}}
			list = append(logout.List{mine}, list...)
		}
		c.Sources = list
	})
	require.Equal(t, 204, w.revoke(w.jwt(), byEmail).Code)
	require.Equal(t, []string{"acme ada"}, w.noted())
	acme := w.key
	w.key = evil
	require.Equal(t, 204, w.revoke(w.jwt(), byEmail).Code)
	require.Equal(t, []string{"globex gil"}, w.noted(), "the e-mail address within its own connection")
	require.Equal(t, 404, w.revoke(w.jwt(), bySubject).Code)
	require.Equal(t, 404, w.revoke(w.jwt(), `{"sub_id":{"format":"opaque","id":"`+w.id("acme-okta", "ada")+`"}}`).Code)
	require.Empty(t, w.noted())
	w.key = acme
	require.Equal(t, 404, w.revoke(w.jwt(), `{"sub_id":{"format":"email","email":"gil@globex.example"}}`).Code)
}

// What the host decides, and what fails.
func TestDecisionsAndFailures(t *testing.T) {
	t.Parallel()
	var decide error
	var asked []logout.Request
	w := newWorld(t, func(c *logout.Config) {
		c.Decide = func(_ context.Context, r logout.Request) error { asked = append(asked, r); return decide }
	})
	for _, c := range []struct {
		decide, fail error
		want, event  int
	}{
		{nil, nil, 204, 202},
		{logout.ErrLeave, nil, 422, 202},
		{scim.ErrForbidden, nil, 403, 400},
		{errors.New("no"), nil, 503, 503},
		{nil, errors.New("locked"), 422, 503},
		{nil, store.ErrUnavailable, 422, 503},
	} {
		decide, w.fail = c.decide, c.fail
		w.noted()
		require.Equal(t, c.want, w.revoke(w.jwt(), byEmail).Code, "%v", c)
		require.Equal(t, c.decide == nil, len(w.noted()) == 1)
		require.Equal(t, c.event, w.push(w.event(logout.SessionRevoked, `{}`, "sub_id", subject(`{"format":"email","email":"ada@acme.example"}`))).Code, "%v", c)
	}
	require.Equal(t, "ada@acme.example", asked[0].Revocation.Email)
	require.Equal(t, []string{"", logout.SessionRevoked, "{}", "okta"}, []string{asked[0].Event, asked[1].Event, string(asked[1].Payload), asked[1].Source.Connection})
}

// The state of a connection decides about its doors too.
func TestStateOfTheConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	event := func() string { return w.event(logout.SessionRevoked, `{}`, "sub_id", subject(ada)) }
	for _, c := range []struct {
		state         connection.State
		revoke, event int
	}{{connection.Active, 204, 202}, {connection.Paused, 503, 503}, {connection.Off, 401, 400}, {connection.Active, 204, 202}} {
		_, err := w.db.SetConnection(store.WithTenant(t.Context(), "acme"), "okta", connection.Change{State: &c.state})
		require.NoError(t, err)
		w.h.ConnectionHost().States.Forget("acme", "okta")
		require.Equal(t, c.revoke, w.revoke(w.jwt(), byEmail).Code, c.state)
		require.Equal(t, c.event, w.push(event()).Code, c.state)
		require.Equal(t, c.state == connection.Active, len(w.noted()) == 2, c.state)
	}
}

// broken is a table of sources and counters that fail.
type broken struct{ err error }

func (b broken) FindSources(context.Context, string) ([]logout.Source, error) { return nil, b.err }
func (b broken) Count(context.Context, store.Count) (int64, error)            { return 0, b.err }

func TestFailuresOfTheApplication(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int{errors.New("disk on fire"): 500, store.ErrUnavailable: 503} {
		for name, change := range map[string]func(*logout.Config){
			"sources": func(c *logout.Config) { c.Sources = broken{err} },
			"replays": func(c *logout.Config) { c.Replays = broken{err} },
		} {
			w := newWorld(t, change)
			require.Equal(t, want, w.revoke(w.jwt(), byEmail).Code, name)
			require.Contains(t, w.logged(), err.Error())
			got := w.push(w.event(logout.SessionRevoked, `{}`, "sub_id", subject(`{"format":"email","email":"ada@acme.example"}`)))
			require.Equal(t, want, got.Code, name)
			require.Empty(t, got.Body.String())
			require.Empty(t, w.noted())
		}
	}
}

// A connection has a rate, and so have the refusals of an address.
func TestRates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *logout.Config) { c.Rate, c.Burst = 0.1, 3 })
	for range 3 {
		require.Equal(t, 204, w.revoke(w.jwt(), byEmail).Code)
	}
	got := w.revoke(w.jwt(), byEmail)
	require.Equal(t, []string{"429", "10"}, []string{fmt.Sprint(got.Code), got.Header().Get("Retry-After")})
	got = w.push(w.event(logout.SessionRevoked, `{}`))
	require.Equal(t, []string{"429", "10"}, []string{fmt.Sprint(got.Code), got.Header().Get("Retry-After")})
	w.advance(time.Minute)
	for range 3 {
		require.Equal(t, 401, w.revoke("x", byEmail).Code)
	}
	require.Equal(t, 429, w.revoke(w.jwt(), byEmail).Code)
	require.Contains(t, w.logged(), `too many requests from \"192.0.2.1\"`)
	for range 10 { // through a reverse proxy
		r := httptest.NewRequest("POST", endpoint, strings.NewReader(byEmail))
		r.RemoteAddr = "10.0.0.1:443"
		got = httptest.NewRecorder()
		w.s.Revocations().ServeHTTP(got, r)
		require.Equal(t, 401, got.Code)
	}
	w.advance(10 * time.Second)
	require.Equal(t, 204, w.revoke(w.jwt(), byEmail).Code)
}

// Every mistake of the configuration is an error of New that says what to do.
func TestMistakesAreRefused(t *testing.T) {
	t.Parallel()
	var set struct {
		Keys []any `json:"keys"`
	}
	k := newKey(t, "k")
	set.Keys = append(set.Keys, k.Public())
	text, err := json.Marshal(set)
	require.NoError(t, err)
	good := logout.Source{Connection: "okta", Issuer: okta, Audience: endpoint, Keys: oauth.Keys{JSON: string(text)}}
	source := func(change func(*logout.Source)) func(*logout.Config) {
		bad := good
		change(&bad)
		return func(c *logout.Config) { c.Sources = logout.List{bad} }
	}
	for want, change := range map[string]func(*logout.Config){
		"Config.Handler is required":  func(c *logout.Config) { c.Handler = nil },
		"Config.Sources is required":  func(c *logout.Config) { c.Sources = nil },
		"List has no sources":         func(c *logout.Config) { c.Sources = logout.List{} },
		"Config.Lifetime is 25h0m0s":  func(c *logout.Config) { c.Lifetime = 25 * time.Hour },
		"Config.EventAge is 1s":       func(c *logout.Config) { c.EventAge = time.Second },
		"Config.Skew is 1h0m0s":       func(c *logout.Config) { c.Skew = time.Hour },
		"Config.Rate is -1":           func(c *logout.Config) { c.Rate = -1 },
		`logout: Config.KeyHosts: ""`: func(c *logout.Config) { c.KeyHosts = []string{""} },
		"set Connection":              source(func(s *logout.Source) { s.Connection = "" }),
		"set Issuer and Audience":     source(func(s *logout.Source) { s.Audience = "" }),
		"there are no keys":           source(func(s *logout.Source) { s.Keys.JSON = "" }),
		`add "acme.okta.com"`:         source(func(s *logout.Source) { s.Keys = oauth.Keys{URL: okta + "/oauth2/v1/keys"} }),
		"have the same Issuer": func(c *logout.Config) {
			other := good
			other.Connection = "other"
			c.Sources = logout.List{good, other}
		},
	} {
		c := logout.Config{Handler: &scim.Handler{}, Sources: logout.List{good}}
		_, err := logout.New(c)
		require.NoError(t, err)
		change(&c)
		_, err = logout.New(c)
		require.ErrorContains(t, err, want)
	}
}
