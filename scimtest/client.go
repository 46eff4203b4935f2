package scimtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// Case is one running case: a fresh tenant and two clients in it.
type Case struct {
	*testing.T
	Default *Client
	Strict  *Client
	kit     *kit
	handler http.Handler
	token   string // of the default client
	tenant  string // a name, also if the application has no tenants
}

func newCase(t *testing.T, k *kit) *Case {
	token, h := fmt.Sprintf("t%d", tenants.Add(1)), k.handler(t)
	c := &Case{T: t, kit: k, handler: h, token: token, tenant: token}
	if name, _ := k.tenant(token); name != "" {
		c.tenant = name
	}
	c.Default = &Client{t: t, handler: h, token: token, app: &k.App}
	c.Strict = &Client{t: t, handler: h, token: token + "/strict", app: &k.App}
	return c
}

// OtherTenant returns a client of another, fresh tenant.
func (c *Case) OtherTenant() *Client { return newCase(c.T, c.kit).Default }

// Both runs a proof as the default and as the strict client, each in a fresh
// tenant.
func (c *Case) Both(prove func(c *Client)) {
	prove(newCase(c.T, c.kit).Default)
	prove(newCase(c.T, c.kit).Strict)
}

// strictly is Both for the strict client alone.
func (c *Case) strictly(prove func(c *Client)) { prove(newCase(c.T, c.kit).Strict) }

func (c *Client) isStrict() bool { return strings.HasSuffix(c.token, "/strict") }

// NewClient returns a client of a handler built with [BaseURL], which sends
// token as its bearer token, or no Authorization when it is "".
func NewClient(t *testing.T, h http.Handler, token string) *Client {
	return &Client{t: t, handler: h, token: token}
}

// Client sends requests to the handler under test.
type Client struct {
	t       *testing.T
	handler http.Handler
	token   string // "" sends no Authorization
	app     *App   // nil without a declaration
}

// Do sends a request. path is relative to the base and may have a query, which
// is escaped as needed: spaces and quotes may be written plainly. body is a
// string (sent as it is), nil for none, or anything that marshals. headers are
// "Name: value".
func (c *Client) Do(method, path string, body any, headers ...string) *Reply {
	c.t.Helper()
	var text string
	switch b := body.(type) {
	case nil:
	case string:
		text = b
	default:
		data, err := json.Marshal(b)
		require.NoError(c.t, err)
		text = string(data)
	}
	w := c.send(func() *http.Request { return c.request(method, path, body, text, headers) })
	reply := &Reply{t: c.t, app: c.app, Status: w.Code, Header: w.Header(), Text: w.Body.String(), line: method + " " + path + " " + abbreviate(text)}
	if reply.Text != "" {
		d := json.NewDecoder(strings.NewReader(reply.Text))
		d.UseNumber()
		require.NoError(c.t, d.Decode(&reply.body), "%s: the body is not JSON: %s", reply.line, reply.Text)
	}
	return reply
}

// patience is how often a request is sent again when the handler asks for time.
const patience = 10

// send sends a request, and again after Retry-After if there were too many (429).
func (c *Client) send(request func() *http.Request) *httptest.ResponseRecorder {
	for i := 0; ; i++ {
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, request())
		seconds, err := strconv.Atoi(w.Header().Get("Retry-After"))
		if w.Code != http.StatusTooManyRequests || err != nil || i == patience {
			return w
		}
		time.Sleep(time.Duration(seconds) * time.Second)
	}
}

func (c *Client) request(method, path string, body any, text string, headers []string) *http.Request {
	r := httptest.NewRequest(method, BaseURL+escape(path), strings.NewReader(text))
	if body == nil {
		r.Body = http.NoBody
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/scim+json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		if value = strings.TrimSpace(value); value == "" {
			r.Header.Del(name)
			continue
		}
		r.Header.Add(name, value)
		if strings.EqualFold(name, "Content-Type") {
			r.Header.Set(name, value)
		}
	}
	return r
}

// escape percent-encodes the characters that a URL cannot contain.
func escape(path string) string {
	path, query, ok := strings.Cut(path, "?")
	if !ok {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(query); i++ {
		switch ch := query[i]; {
		case ch <= ' ' || ch >= 0x7f || strings.IndexByte(`"<>\^{|}`+"`#", ch) >= 0:
			fmt.Fprintf(&b, "%%%02X", ch)
		default:
			b.WriteByte(ch)
		}
	}
	return path + "?" + b.String()
}

// abbreviate shortens a body for the message of a failure.
func abbreviate(text string) string {
	const most = 500
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}

// Query escapes a value for use in a query string.
func Query(value string) string { return url.QueryEscape(value) }

// Get, Post, Put, Patch and Delete send a request of that method.
func (c *Client) Get(path string, headers ...string) *Reply {
	c.t.Helper()
	return c.Do(http.MethodGet, path, nil, headers...)
}

// Post sends a POST.
func (c *Client) Post(path string, body any, headers ...string) *Reply {
	c.t.Helper()
	return c.Do(http.MethodPost, path, body, headers...)
}

// Put sends a PUT.
func (c *Client) Put(path string, body any, headers ...string) *Reply {
	c.t.Helper()
	return c.Do(http.MethodPut, path, body, headers...)
}

// Patch sends operations, each the JSON of one, as a PatchOp message.
func (c *Client) Patch(path string, ops ...string) *Reply {
	c.t.Helper()
	return c.Do(http.MethodPatch, path, PatchOp(ops...))
}

// Delete sends a DELETE.
func (c *Client) Delete(path string, headers ...string) *Reply {
	c.t.Helper()
	return c.Do(http.MethodDelete, path, nil, headers...)
}

// PatchOp returns a PatchOp message.
func PatchOp(ops ...string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + strings.Join(ops, ",") + `]}`
}

// User returns the JSON of a user; members follow userName, for example
// `"active":true`.
func User(userName string, members ...string) string {
	return object(schema.UserURI, append([]string{`"userName":` + quote(userName)}, members...))
}

// Group returns the JSON of a group.
func Group(displayName string, members ...string) string {
	return object(schema.GroupURI, append([]string{`"displayName":` + quote(displayName)}, members...))
}

func object(uri string, members []string) string {
	for _, m := range members {
		if strings.HasPrefix(m, `"schemas"`) {
			return "{" + strings.Join(members, ",") + "}"
		}
	}
	return `{"schemas":["` + uri + `"],` + strings.Join(members, ",") + "}"
}

func quote(s string) string { return string(schema.AppendJSONString(nil, s)) }

// NewUser creates a user and returns its path, for example /Users/2819c223.
func (c *Client) NewUser(userName string, members ...string) string {
	c.t.Helper()
	return "/Users/" + c.Post("/Users", User(userName, members...)).Is(201).String("id")
}

// NewGroup creates a group and returns its path.
func (c *Client) NewGroup(displayName string, members ...string) string {
	c.t.Helper()
	return "/Groups/" + c.Post("/Groups", Group(displayName, members...)).Is(201).String("id")
}

// ID returns the last segment of a path.
func ID(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// Path returns a URI of the handler under test as a path for [Client.Do].
func Path(uri string) string { return strings.TrimPrefix(uri, BaseURL) }

// Reply is the response to a request.
type Reply struct {
	Status int
	Header http.Header
	Text   string
	t      *testing.T
	app    *App
	line   string
	body   any
}

// Is demands a status and returns the reply.
func (r *Reply) Is(status int) *Reply {
	r.t.Helper()
	require.Equal(r.t, status, r.Status, "%s: %s", r.line, r.Text)
	return r
}

// Fails demands an error response (RFC 7644 §3.12) with that status and
// scimType, "" for none.
func (r *Reply) Fails(status int, scimType string) *Reply {
	r.t.Helper()
	r.Is(status)
	require.Equal(r.t, []any{"urn:ietf:params:scim:api:messages:2.0:Error"}, r.Value("schemas"), r.line)
	require.Equal(r.t, strconv.Itoa(status), r.Value("status"), "%s: status is a string", r.line)
	got, _ := r.Value("scimType").(string)
	require.Equal(r.t, scimType, got, "%s: scimType: %s", r.line, r.Text)
	require.NotEmpty(r.t, r.Value("detail"), r.line)
	return r
}

var step = regexp.MustCompile(`^(?:\['([^']*)'\]|\[(\d+)\]|\.?([^.\[]+))`)

// Value returns the value at a path in the body: names joined by dots, [0] for
// elements, ['urn:…:User'] for names with dots; nil if there is none. "#" as the
// last name is the number of elements.
func (r *Reply) Value(path string) any {
	r.t.Helper()
	v := r.body
	for path != "" {
		m := step.FindStringSubmatch(path)
		require.NotNil(r.t, m, "bad path %q", path)
		path = path[len(m[0]):]
		switch list, _ := v.([]any); {
		case m[3] == "#":
			v = json.Number(strconv.Itoa(len(list)))
		case m[2] != "":
			i, _ := strconv.Atoi(m[2])
			if i >= len(list) {
				return nil
			}
			v = list[i]
		default:
			o, _ := v.(map[string]any)
			v = o[m[1]+m[3]]
		}
	}
	return v
}

// String returns the string at a path and demands that there is one.
func (r *Reply) String(path string) string {
	r.t.Helper()
	s, ok := r.Value(path).(string)
	require.True(r.t, ok, "%s: no string at %s: %s", r.line, path, r.Text)
	return s
}

// Has demands values: pairs of a path and the JSON of the value, "" for a value
// that is missing or null. Of a user it takes into account what [App] declares to
// have a value always.
func (r *Reply) Has(pairs ...string) *Reply {
	r.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		got, filled := r.withoutFilled(pairs[i], pairs[i+1])
		if filled && (pairs[i+1] == "" || pairs[i+1] == `""`) {
			require.NotNil(r.t, got, "%s: %s always has a value: %s", r.line, pairs[i], r.Text)
			continue
		}
		if pairs[i+1] == "" {
			require.Nil(r.t, got, "%s: %s: %s", r.line, pairs[i], r.Text)
			continue
		}
		text, err := json.Marshal(got)
		require.NoError(r.t, err)
		require.JSONEq(r.t, pairs[i+1], string(text), "%s: %s: %s", r.line, pairs[i], r.Text)
	}
	return r
}

// Strings returns the strings at path in each of the Resources of a list.
func (r *Reply) Strings(path string) []string {
	r.t.Helper()
	out := []string{}
	list, _ := r.Value("Resources").([]any)
	for i := range list {
		s, _ := r.Value(fmt.Sprintf("Resources[%d].%s", i, path)).(string)
		out = append(out, s)
	}
	return out
}
