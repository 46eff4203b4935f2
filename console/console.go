package console

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/internal/paging"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Console is the handler of the administrator's pages. It is made by [New],
// immutable, and safe for concurrent use.
type Console struct {
	cfg    Config
	types  []*directoryType
	nav    []section
	mux    *http.ServeMux
	sealer *paging.Sealer
	// reconciling has one place: a comparison takes memory in proportion to the file.
	reconciling chan struct{}
	figures     *figuresOf
	patience    time.Duration
}

// section is an entry of the navigation.
type section struct{ Slug, Name string }

// pageTime is how long the making of one page may take. Comparisons of files have
// their own bound.
const pageTime = 15 * time.Second

// maxForm is the largest body of a form, in bytes.
const maxForm = 64 << 10

// ServeHTTP answers a request: it asks for the identity, refuses what it may not do,
// and passes it to the page.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setHeaders(w.Header())
	path, below := c.path(r.URL.Path)
	if !below {
		http.NotFound(w, r)
		return
	}
	if c.serveStatic(w, r, path) {
		return
	}
	q := &request{c: c, w: w, r: r, now: c.cfg.Now()}
	if err := q.identify(); err != nil {
		q.fail(err)
		return
	}
	if call, ok := strings.CutPrefix(path, "/api/"); ok {
		q.serveAPI(call)
		return
	}
	if r.Method == http.MethodPost {
		if err := q.mayPost(); err != nil {
			q.fail(err)
			return
		}
	}
	inner := r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
	u := *r.URL
	u.Path, u.RawPath = c.cfg.Prefix+path, ""
	inner.URL = &u
	if raw, ok := c.path(r.URL.EscapedPath()); ok {
		u.RawPath = c.cfg.Prefix + raw
	}
	handler, pattern := c.mux.Handler(inner)
	if pattern == "" {
		q.fail(notFound("There is no such page."))
		return
	}
	_ = handler // the mux calls it, with the values of the path
	c.mux.ServeHTTP(w, inner)
}

// path returns the path within the console.
func (c *Console) path(path string) (string, bool) {
	if rest, ok := strings.CutPrefix(path, c.cfg.Prefix); ok && (rest == "" || rest[0] == '/') {
		return rest, true
	}
	return path, strings.HasPrefix(path, "/")
}

// setHeaders sets what holds for every response. Referrer-Policy is not no-referrer,
// with which a browser would send "Origin: null" with forms.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
}

type requestKey struct{}

// request is one request of an administrator.
type request struct {
	c   *Console
	w   http.ResponseWriter
	r   *http.Request
	ctx context.Context // has the tenant and a deadline
	id  Identity
	now time.Time
}

// identify asks the application who sent the request.
func (q *request) identify() error {
	id, err := q.c.cfg.Identify(q.r)
	if err != nil || id.Actor == "" {
		var attrs []slog.Attr
		if err != nil {
			attrs = append(attrs, slog.String("error", err.Error()))
		}
		q.c.cfg.Logger.LogAttrs(q.r.Context(), slog.LevelInfo, "scim console: not identified", attrs...)
		return &failure{http.StatusUnauthorized, "Not signed in", "Sign in to the application, then open this page again."}
	}
	q.id = id
	q.ctx = store.WithTenant(q.r.Context(), id.Tenant)
	return nil
}

// mayPost refuses a POST that the identity may not send, or that comes from another
// site.
func (q *request) mayPost() error {
	if q.id.ReadOnly {
		return &failure{http.StatusForbidden, "Read only", "This login may look, and change nothing."}
	}
	if !sameOrigin(q.r) {
		return &failure{http.StatusForbidden, "Refused", "The request came from another site."}
	}
	return nil
}

// page registers a page.
func (c *Console) page(path string, answer func(*request) error) {
	c.mux.HandleFunc("GET "+c.cfg.Prefix+path, func(w http.ResponseWriter, r *http.Request) {
		q := r.Context().Value(requestKey{}).(*request)
		ctx, cancel := context.WithTimeout(q.ctx, pageTime)
		defer cancel()
		q.w, q.r, q.ctx = w, r, ctx
		if err := answer(q); err != nil {
			q.fail(err)
		}
	})
}

// action registers a form: its fields are read and its token is checked.
func (c *Console) action(path string, answer func(*request) error) {
	c.upload(path, func(q *request) error {
		q.r.Body = http.MaxBytesReader(q.w, q.r.Body, maxForm)
		if err := q.r.ParseForm(); err != nil {
			return badRequest("The form could not be read: it is damaged or too large.")
		}
		if err := q.checkToken(q.r.PostForm.Get(tokenField)); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(q.ctx, pageTime)
		defer cancel()
		q.ctx = ctx
		return answer(q)
	})
}

// upload registers a POST that reads its own body and checks its own token.
func (c *Console) upload(path string, answer func(*request) error) {
	c.mux.HandleFunc("POST "+c.cfg.Prefix+path, func(w http.ResponseWriter, r *http.Request) {
		q := r.Context().Value(requestKey{}).(*request)
		q.w, q.r = w, r
		if err := answer(q); err != nil {
			q.fail(err)
		}
	})
}

// redirect ends a POST: the browser gets a page, which it may reload.
func (q *request) redirect(path string) error {
	http.Redirect(q.w, q.r, path, http.StatusSeeOther)
	return nil
}

// failure is an error with a page of its own.
type failure struct {
	Status        int
	Title, Detail string
}

func (f *failure) Error() string { return f.Title + ": " + f.Detail }

func notFound(detail string) error { return &failure{http.StatusNotFound, "Not found", detail} }

func badRequest(detail string) error { return &failure{http.StatusBadRequest, "Not possible", detail} }

// fail answers with the page of an error. The text of an error that is not known is
// logged under a reference, and not shown.
func (q *request) fail(err error) {
	var f *failure
	var mistake *schema.Error
	switch {
	case errors.As(err, &f):
	case errors.Is(err, store.ErrNotFound):
		f = &failure{http.StatusNotFound, "Not found", "There is no such entry, or not any more."}
	case errors.As(err, &mistake):
		f = &failure{http.StatusBadRequest, "Not possible", mistake.Error()}
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		f = &failure{http.StatusServiceUnavailable, "Try again", "The database did not answer in time. Try again in a moment."}
		q.c.cfg.Logger.LogAttrs(q.r.Context(), slog.LevelWarn, "scim console: unavailable", slog.String("error", err.Error()))
	default:
		reference := newReference()
		f = &failure{http.StatusInternalServerError, "Something went wrong", "The log of the application has the reason, under the reference " + reference + "."}
		q.c.cfg.Logger.LogAttrs(q.r.Context(), slog.LevelError, "scim console: failed", slog.String("reference", reference), slog.String("error", err.Error()))
	}
	q.render(f.Status, "error", f.Title, f)
}
