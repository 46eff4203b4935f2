package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/tenanttest"
	"github.com/seed5f3efb56/scim/schema"
)

const saasURL = "https://app.example"

// owners is the application with an owner of each organisation, and keys of a provider
// of each.
type owners struct {
	*running
	sessions [2]string
	keys     [2]jose.JSONWebKey
}

func startWithOwners(t *testing.T, name string) *owners {
	db, err := open(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.close()) })
	a, err := newApp(t.Context(), db, bcrypt.MinCost)
	require.NoError(t, err)
	a.limits.Rate = math.Inf(1)
	h, err := a.handler(saasURL+"/scim/v2", tokensOf(testTokens))
	require.NoError(t, err)
	o := &owners{running: &running{app: a, t: t, handler: h}}
	for i := range o.sessions {
		email := []string{"owner@acme.example", "owner@globex.example"}[i]
		id, err := a.addAccount(t.Context(), int64(i+1), email, password)
		require.NoError(t, err)
		require.NoError(t, a.giveRole(t.Context(), id, "owner"))
		o.sessions[i] = o.token("/login", i+1, email)
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		o.keys[i] = jose.JSONWebKey{Key: private, KeyID: "k", Algorithm: "ES256", Use: "sig"}
	}
	return o
}

// press sends what an owner's button sends, and returns the body of the response.
func (o *owners) press(tenant, status int, method, path string, body any) object {
	w := o.do(method, path, o.sessions[tenant], body)
	require.Equal(o.t, status, w.Code, "%s %s: %s", method, path, w.Body)
	var out object
	if status == http.StatusOK {
		require.NoError(o.t, json.Unmarshal(w.Body.Bytes(), &out))
	}
	return out
}

// client makes a client and returns its ID.
func (o *owners) client(tenant int, more object) (id string, out object) {
	body := object{"connection": "scim"} // that of -token
	for name, value := range more {
		body[name] = value
	}
	out = o.press(tenant, http.StatusOK, "POST", "/clients", body)
	return out["client_id"].(string), out
}

// exchange asks for a token and returns the status and the token.
func (o *owners) exchange(form url.Values, prepare func(*http.Request)) (int, string) {
	r := httptest.NewRequest("POST", saasURL+"/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	prepare(r)
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	var out struct {
		Token string `json:"access_token"`
	}
	require.NoError(o.t, json.Unmarshal(w.Body.Bytes(), &out))
	return w.Code, out.Token
}

func (o *owners) granted(form url.Values, prepare func(*http.Request)) string {
	status, token := o.exchange(form, prepare)
	require.Equal(o.t, http.StatusOK, status)
	return "Bearer " + token
}

func plainly(*http.Request) {}

func (o *owners) sign(tenant int, claims object) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: o.keys[tenant]}, (&jose.SignerOptions{}).WithType("JWT"))
	require.NoError(o.t, err)
	claims["iat"], claims["exp"], claims["jti"] = time.Now().Unix(), time.Now().Add(5*time.Minute).Unix(), rand.Text()
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	require.NoError(o.t, err)
	return text
}

func (o *owners) jwks(tenant int) object {
	return object{"keys": []any{o.keys[tenant].Public()}}
}

// trust is the trust in an issuer of the organisation, and issued a JWT of it.
func (o *owners) trust(tenant int, subject string, bearer bool) object {
	return object{"trust": object{
		"issuer": issuerOf(tenant), "subject": subject, "audience": "api://scim", "jwks": o.jwks(tenant), "bearer": bearer,
	}}
}

func (o *owners) issued(tenant int, subject string) string {
	return o.sign(tenant, object{"iss": issuerOf(tenant), "sub": subject, "aud": "api://scim"})
}

func issuerOf(tenant int) string {
	return []string{"https://idp.acme.example", "https://idp.globex.example"}[tenant]
}

const (
	jwtBearerGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	jwtAssertion   = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

func clientCredentials(pairs ...string) url.Values {
	form := url.Values{"grant_type": {"client_credentials"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// kinds make an Authorization header of each kind of credentials.
var kinds = []struct {
	name   string
	header func(o *owners, tenant int) string
}{
	{"-token", func(_ *owners, tenant int) string { return "Bearer " + testTokens[tenant] }},
	{"stored token", func(o *owners, tenant int) string {
		password, _, err := o.addPassword(o.t.Context(), int64(tenant+1), "scim")
		require.NoError(o.t, err)
		return "Bearer " + password
	}},
	{"HTTP Basic", func(o *owners, tenant int) string {
		out := o.press(tenant, http.StatusOK, "POST", "/passwords", object{"connection": "scim"})
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(out["user"].(string)+":"+out["password"].(string)))
	}},
	{"client_secret_basic", func(o *owners, tenant int) string {
		id, out := o.client(tenant, nil)
		return o.granted(clientCredentials(), func(r *http.Request) { r.SetBasicAuth(id, out["client_secret"].(string)) })
	}},
	{"client_secret_post", func(o *owners, tenant int) string {
		id, out := o.client(tenant, nil)
		return o.granted(clientCredentials("client_id", id, "client_secret", out["client_secret"].(string)), plainly)
	}},
	{"private_key_jwt", func(o *owners, tenant int) string {
		id, _ := o.client(tenant, object{"jwks": o.jwks(tenant)})
		proof := o.sign(tenant, object{"iss": id, "sub": id, "aud": saasURL + "/oauth"})
		return o.granted(clientCredentials("client_assertion_type", jwtAssertion, "client_assertion", proof), plainly)
	}},
	{"client_assertion of an issuer", func(o *owners, tenant int) string {
		id, _ := o.client(tenant, o.trust(tenant, "assertion", false))
		return o.granted(clientCredentials("client_id", id, "client_assertion_type", jwtAssertion, "client_assertion", o.issued(tenant, "assertion")), plainly)
	}},
	{"JWT bearer grant", func(o *owners, tenant int) string {
		o.client(tenant, o.trust(tenant, "grant", false))
		return o.granted(url.Values{"grant_type": {jwtBearerGrant}, "assertion": {o.issued(tenant, "grant")}}, plainly)
	}},
	{"JWT of the provider", func(o *owners, tenant int) string {
		o.client(tenant, o.trust(tenant, "bearer", true))
		return "Bearer " + o.issued(tenant, "bearer")
	}},
}

// Credentials of each kind reach nothing of another organisation, through any door.
func TestOrganisationsCredentialsAndDoors(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		o := startWithOwners(t, fresh(t))
		s := tenanttest.Service{
			Handler: o.handler, BaseURL: saasURL + "/scim/v2",
			Revoke: func(tenant int, id string) error {
				return o.scim.Revoke(t.Context(), []string{"1", "2"}[tenant], id, "a test")
			},
			SignIn: func(tenant int, userName string) error {
				return o.scim.SignIn(t.Context(), []string{"1", "2"}[tenant], scim.Person{UserName: userName}, func(context.Context, *schema.Resource) error { return nil })
			},
		}
		for _, kind := range kinds {
			s.Credentials = append(s.Credentials, tenanttest.Credential{Name: kind.name, Headers: [2]string{kind.header(o, 0), kind.header(o, 1)}})
		}
		tenanttest.Run(t, s)
	})
}

// The buttons of an owner concern the own organisation, and need the role.
func TestOwnersButtons(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		o := startWithOwners(t, fresh(t))
		id, out := o.client(0, nil)
		secret := out["client_secret"].(string)
		ask := func(secret string) int {
			status, _ := o.exchange(clientCredentials("client_id", id, "client_secret", secret), plainly)
			return status
		}
		users := func(authorization string) int {
			r := httptest.NewRequest("GET", "/scim/v2/Users", nil)
			r.Header.Set("Authorization", authorization)
			w := httptest.NewRecorder()
			o.handler.ServeHTTP(w, r)
			return w.Code
		}
		token := o.granted(clientCredentials("client_id", id, "client_secret", secret), plainly)
		require.Equal(t, http.StatusOK, users(token))
		second := o.press(0, http.StatusOK, "POST", "/clients/"+id+"/secrets", nil)["client_secret"].(string)
		require.Equal(t, []int{200, 200, 401}, []int{ask(secret), ask(second), ask("wrong")})
		o.exec("UPDATE oauth_secrets SET expires_at = 1")
		require.Equal(t, http.StatusUnauthorized, ask(secret), "it has expired")
		second = o.press(0, http.StatusOK, "POST", "/clients/"+id+"/secrets", nil)["client_secret"].(string)

		basic := o.press(0, http.StatusOK, "POST", "/passwords", object{"connection": "hr"})
		login := "Basic " + base64.StdEncoding.EncodeToString([]byte(basic["user"].(string)+":"+basic["password"].(string)))
		require.Equal(t, http.StatusOK, users(login))
		person := o.create(1, "/Users", user("ada@example.com"))
		session, key := o.token("/login", 1, "ada@example.com"), o.token("/keys", 1, "ada@example.com")

		buttons := []struct{ method, path string }{
			{"POST", "/clients/" + id + "/secrets"}, {"DELETE", "/clients/" + id}, {"DELETE", "/passwords/" + basic["user"].(string)},
			{"POST", "/accounts/" + person + "/sign-out"},
		}
		for _, b := range buttons {
			require.Equal(t, http.StatusUnauthorized, o.do(b.method, b.path, "", object{"reason": "x"}).Code, b.path)
			require.Equal(t, http.StatusForbidden, o.do(b.method, b.path, session, object{"reason": "x"}).Code, b.path)
			o.press(1, http.StatusNotFound, b.method, b.path, object{"reason": "x"})
		}
		require.Equal(t, []int{200, 200, 200}, []int{users(token), users(login), ask(second)}, "nothing happened")

		o.press(0, http.StatusBadRequest, "POST", "/accounts/"+person+"/sign-out", object{})
		o.press(0, http.StatusNoContent, "POST", "/accounts/"+person+"/sign-out", object{"reason": "a lost laptop"})
		require.Nil(t, o.me(session))
		require.Nil(t, o.me(key))
		require.NotEmpty(t, o.token("/login", 1, "ada@example.com"))
		o.press(0, http.StatusNoContent, "DELETE", "/passwords/"+basic["user"].(string), nil)
		o.press(0, http.StatusNoContent, "DELETE", "/clients/"+id, nil)
		require.Equal(t, []int{401, 401, 401}, []int{users(token), users(login), ask(second)}, "at once")
		o.press(0, http.StatusNotFound, "POST", "/clients/"+id+"/secrets", nil)
		for _, body := range []object{{}, {"connection": "Okta 1"}, {"connection": "a", "x": 1}, {"connection": "a", "jwks": object{"keys": []any{}}}, {"connection": "a", "trust": object{}}} {
			o.press(0, http.StatusBadRequest, "POST", "/clients", body)
		}
	})
}

// Two processes share the counts of the brake, and an owner releases it.
func TestProcessesShareTheBrake(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		name := fresh(t)
		one, other := startWithOwners(t, name), startApp(t, name)
		var ids []string
		for range 102 {
			ids = append(ids, one.create(1, "/Users", object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": rand.Text() + "@example.com"}))
		}
		leave := func(a *running, n int) int {
			return a.do("PATCH", "/scim/v2/Users/"+ids[n], testTokens[0], patch("replace", "active", false)).Code
		}
		for n := range 100 {
			require.Equal(t, http.StatusOK, leave([]*running{one.running, other}[n%2], n))
		}
		require.Equal(t, []int{503, 503}, []int{leave(one.running, 100), leave(other, 100)})
		release := object{"connection": "scim", "kind": "leavers", "more": 10}
		one.press(0, http.StatusBadRequest, "POST", "/brake/release", release)
		release["reason"] = "the site was closed"
		one.press(1, http.StatusNoContent, "POST", "/brake/release", release) // of the other organisation
		require.Equal(t, 503, leave(other, 100))
		one.press(0, http.StatusNoContent, "POST", "/brake/release", release)
		require.Equal(t, []int{200, 200}, []int{leave(other, 100), leave(one.running, 101)})
	})
}
