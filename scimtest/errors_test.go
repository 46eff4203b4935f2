package scimtest_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// failing is a transactor that fails with err, or panics with errPanic.
type failing struct {
	store.Transactor
	err error
}

func (f *failing) InTx(ctx context.Context, fn func(context.Context) error) error {
	switch {
	case f.err == errPanic:
		panic("backend panic: secret")
	case f.err != nil:
		return f.err
	}
	return f.Transactor.InTx(ctx, fn)
}

var errPanic = errors.New("panic")

func TestConformanceErrors(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "E-8 S-4", "an operation that the embedder does not permit is 403, 404 or the embedder's own error", func(t *testing.T) {
		t.Parallel()
		var verdict error
		s := serve(t, func(cfg *scim.Config) {
			cfg.Authorize = func(_ context.Context, op scim.Operation) error { return verdict }
		})
		s.both(t, func(c *scimtest.Client) {
			verdict = nil
			path := c.NewUser("u")
			requests := func() []*scimtest.Reply {
				return []*scimtest.Reply{
					c.Get(path), c.Get("/Users"), c.Get("/"), c.Post("/Users", scimtest.User("x")), c.Put(path, scimtest.User("u")), c.Delete(path),
					c.Patch(path, `{"op":"add","path":"title","value":"x"}`), c.Post("/Users/.search", scimtest.Search()), c.Post("/.search", scimtest.Search()),
					c.Post("/Users", `{`), c.Put(path, `{`), c.Get("/Users/none"), // before any other error
				}
			}
			for want, err := range map[int]error{403: scim.ErrForbidden, 404: store.ErrNotFound, 402: &scim.Error{Status: 402, Detail: "pay"}, 500: errors.New("secret"), 503: store.ErrUnavailable} {
				verdict = err
				for _, r := range requests() {
					r.Fails(want, "")
					require.NotContains(t, r.Text, "secret")
				}
			}
			verdict = nil
			c.Get("/Users").Total(1)
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "E-13 E-4", "500 with a reference to the log, where the whole text is", func(t *testing.T) {
		t.Parallel()
		var log bytes.Buffer
		broken := &failing{}
		s := serve(t, func(cfg *scim.Config) {
			broken.Transactor, cfg.Tx = cfg.Tx, broken
			cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
		})
		c := s.lenient(t)
		path := c.NewUser("u")
		for _, err := range []error{errors.New("backend down: secret"), errPanic} {
			broken.err = err
			for _, request := range []func() *scimtest.Reply{
				func() *scimtest.Reply { return c.Post("/Users", scimtest.User("x")) },
				func() *scimtest.Reply { return c.Put(path, scimtest.User("u", `"title":"x"`)) },
				func() *scimtest.Reply { return c.Patch(path, `{"op":"add","path":"title","value":"x"}`) },
				func() *scimtest.Reply { return c.Delete(path) },
			} {
				log.Reset()
				r := request().Fails(500, "")
				require.NotContains(t, r.Text, "secret")
				require.NotContains(t, r.Text, ".go")
				reference := regexp.MustCompile(`[0-9a-f-]{36}`).FindString(r.String("detail"))
				require.NotEmpty(t, reference)
				require.Contains(t, log.String(), reference)
				require.Contains(t, log.String(), "secret")
			}
		}
		broken.err = nil
		c.Get(path).Is(200).Has("title", "")
	})
	scimtest.Prove(t, "E-13", "a backend that is away for now is 503 with Retry-After", func(t *testing.T) {
		t.Parallel()
		broken := &failing{}
		c := serve(t, func(cfg *scim.Config) { broken.Transactor, cfg.Tx = cfg.Tx, broken }).lenient(t)
		for _, err := range []error{store.ErrUnavailable, context.DeadlineExceeded, context.Canceled} {
			broken.err = err
			require.NotEmpty(t, c.Post("/Users", scimtest.User("x")).Fails(503, "").Header.Get("Retry-After"))
		}
	})
	scimtest.Prove(t, "E-12", "413 names the limit, read or announced", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(cfg *scim.Config) { cfg.Limits.Body = 200 })
		s.both(t, func(c *scimtest.Client) {
			r := c.Post("/Users", scimtest.User("u", `"title":"`+strings.Repeat("x", 200)+`"`)).Fails(413, "")
			require.Contains(t, r.String("detail"), "200")
			c.Get("/Users").Total(0)
			c.Post("/Users/.search", scimtest.Search(`"filter":"userName eq \"`+strings.Repeat("x", 200)+`\""`)).Fails(413, "")
		})
	})
	// Both look into the process of the handler: a kit may reach it through a proxy.
	scimtest.Prove(t, "E-26 E-1", "a request that middleware or a mounted router passes on, and one whose body breaks off, ends in an error message too", func(t *testing.T) {
		t.Parallel()
		s := serve(t, nil)
		mux := http.NewServeMux()
		mux.Handle("/scim/v2/", http.MaxBytesHandler(s, 50))
		c := scimtest.NewClient(t, mux, "default")
		c.Get("/nowhere/at/all").Fails(404, "")
		c.Get("/Users/a/b/c").Fails(404, "")
		c.Post("/Users", scimtest.User("u", `"title":"`+strings.Repeat("x", 100)+`"`)).Fails(413, "")
		r := httptest.NewRequest(http.MethodPost, scimtest.BaseURL+"/Users", brokenBody{})
		r.Header.Set("Authorization", "Bearer default")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Equal(t, http.StatusBadRequest, w.Code, w.Body)
		require.Contains(t, w.Body.String(), `"invalidSyntax"`)
	})
	scimtest.Prove(t, "E-26 E-13", "a panic of the host is a 500 error message", func(t *testing.T) {
		t.Parallel()
		c := serve(t, func(cfg *scim.Config) {
			cfg.Auth = scim.AuthenticatorFunc(func(*http.Request) (*scim.Principal, error) { panic("secret") })
		}).lenient(t)
		require.NotContains(t, c.Get("/Users").Fails(500, "").Text, "secret")
		require.NotContains(t, c.Get("/nowhere").Fails(500, "").Text, "secret")
	})
	scimtest.Prove(t, "E-7 E-13", "an authenticator that fails, refuses, or is away", func(t *testing.T) {
		t.Parallel()
		var principal *scim.Principal
		var failure error
		c := serve(t, func(cfg *scim.Config) {
			cfg.Auth = scim.AuthenticatorFunc(func(*http.Request) (*scim.Principal, error) { return principal, failure })
		}).lenient(t)
		failure = scim.ErrUnauthenticated
		require.Equal(t, `Bearer realm="scim"`, c.Get("/Users").Fails(401, "").Header.Get("WWW-Authenticate"))
		failure = errors.New("secret")
		require.NotContains(t, c.Get("/Users").Fails(500, "").Text, "secret")
		failure = store.ErrUnavailable
		c.Get("/Users").Fails(503, "")
		failure = nil
		c.Get("/Users").Fails(500, "")
		principal = &scim.Principal{Client: 77}
		c.Get("/Users").Fails(500, "")
	})
	scimtest.Prove(t, "E-16 Q-9", "a query that would read too much is tooMany", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(cfg *scim.Config) { cfg.Limits.Scan = 1 })
		c := s.lenient(t)
		c.NewUser("a")
		c.NewUser("b")
		for _, c := range []*scimtest.Client{c, s.strict(t)} {
			c.Filter("/Users", `meta.location pr`).Fails(400, "tooMany")
			c.Post("/Users/.search", scimtest.Search(`"filter":"meta.location pr"`)).Fails(400, "tooMany")
		}
	})
}

// brokenBody is a request body whose connection breaks.
type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("connection reset") }
