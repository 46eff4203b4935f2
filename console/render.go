package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// templates has one set of templates for each page: the layout with its content.
var templates = parseTemplates()

func parseTemplates() map[string]*template.Template {
	funcs := template.FuncMap{"short": short, "long": long, "whole": whole, "number": number[int], "number64": number[int64], "plural": plural[int], "list": func(v *view, list []entry) recordList { return recordList{v, list} }, "asset": func(name string) string { return assets[name].url }}
	layout := template.Must(template.New("layout.html").Funcs(funcs).ParseFS(templateFiles, "templates/layout.html"))
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(err) // they are embedded
	}
	out := map[string]*template.Template{}
	for _, e := range entries {
		if e.Name() != "layout.html" {
			clone := template.Must(layout.Clone())
			out[strings.TrimSuffix(e.Name(), ".html")] = template.Must(clone.ParseFS(templateFiles, "templates/"+e.Name()))
		}
	}
	return out
}

// asset is a file that is the same for everybody.
type asset struct {
	url, contentType string // url: within the console; it changes with the content
	content          []byte
}

var assets = readAssets()

func readAssets() map[string]asset {
	out := map[string]asset{}
	for name, contentType := range map[string]string{"style.css": "text/css; charset=utf-8", "console.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"} {
		content, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			panic(err) // they are embedded
		}
		sum := sha256.Sum256(content)
		out[name] = asset{"/static/" + hex.EncodeToString(sum[:6]) + "/" + name, contentType, content}
	}
	return out
}

// serveStatic serves a style sheet, script or picture of the console itself.
func (c *Console) serveStatic(w http.ResponseWriter, r *http.Request, p string) bool {
	if !strings.HasPrefix(p, "/static/") || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	a, ok := assets[path.Base(p)]
	if !ok || a.url != p {
		http.NotFound(w, r)
		return true
	}
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.content)))
	if r.Method == http.MethodGet {
		w.Write(a.content)
	}
	return true
}

// view is what a template gets.
type view struct {
	Title, Product string
	Identity       Identity
	Section        string // slug of the current section
	Sections       []section
	Notice         string
	Refresh        string // value of <meta http-equiv=refresh>, "" for none
	CSRF           string
	Body           any

	prefix string
	query  url.Values
}

// Path returns the path of a page; segments are escaped.
func (v *view) Path(segments ...string) string { return joined(v.prefix, segments) }

// Asset returns the path of a static file.
func (v *view) Asset(name string) string { return v.prefix + assets[name].url }

// WithQuery is Path with one parameter.
func (v *view) WithQuery(name, value string, segments ...string) string {
	return joined(v.prefix, segments) + "?" + url.Values{name: {value}}.Encode()
}

// Query returns the path of a page with the parameters of the request, one of them
// changed; "" removes it.
func (v *view) Query(name, value string, segments ...string) string {
	values := url.Values{}
	for n, all := range v.query {
		if n != "done" && len(all) == 1 && all[0] != "" {
			values[n] = all
		}
	}
	values.Set(name, value)
	if value == "" {
		values.Del(name)
	}
	if len(values) == 0 {
		return joined(v.prefix, segments)
	}
	return joined(v.prefix, segments) + "?" + values.Encode()
}

// ActivityOf returns the URL of the records of a resource.
func (v *view) ActivityOf(typeName, id string) string {
	return joined(v.prefix, []string{"activity"}) + "?" + asked{Type: typeName, ID: id}.values().Encode()
}

// recordList is the argument of the template of records.
type recordList struct {
	View *view
	List []entry
}

func joined(prefix string, segments []string) string {
	if len(segments) == 0 {
		return prefix + "/"
	}
	var b strings.Builder
	b.WriteString(prefix)
	for _, s := range segments {
		b.WriteString("/" + segment(s))
	}
	return b.String()
}

// segment escapes a segment of a path. Segments of dots alone would be taken for
// steps.
func segment(s string) string {
	if s == "." || s == ".." {
		return strings.ReplaceAll(s, ".", "%2E")
	}
	return url.PathEscape(s)
}

// path returns the path of a page.
func (q *request) path(segments ...string) string { return joined(q.c.cfg.Prefix, segments) }

// show answers with a page.
func (q *request) show(name, title string, body any) error {
	q.render(http.StatusOK, name, title, body)
	return nil
}

// render writes a page. It is made as a whole first, so that an error is a page too.
func (q *request) render(status int, name, title string, body any) {
	v := &view{
		Title: title, Product: q.c.cfg.Product, Identity: q.id, Section: q.section(), Notice: q.notice(),
		Body: body, prefix: q.c.cfg.Prefix, query: q.r.URL.Query(),
	}
	if q.id.Actor != "" {
		v.Sections, v.CSRF = q.c.nav, q.token()
	}
	if r, ok := body.(refreshing); ok {
		v.Refresh = r.refresh()
	}
	var out bytes.Buffer
	if err := templates[name].Execute(&out, v); err != nil {
		q.c.cfg.Logger.LogAttrs(q.r.Context(), slog.LevelError, "scim console: the template of a page failed", slog.String("page", name), slog.String("error", err.Error()))
		http.Error(q.w, "The page could not be made; the log has the reason.", http.StatusInternalServerError)
		return
	}
	h := q.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	q.w.WriteHeader(status)
	if q.r.Method != http.MethodHead {
		q.w.Write(out.Bytes())
	}
}

// refreshing is a page that a browser loads again by itself.
type refreshing interface{ refresh() string }

// section returns the slug of the section that a request is in.
func (q *request) section() string {
	p, _ := q.c.path(q.r.URL.Path)
	slug, _, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	return slug
}

// notices are what a page says after a POST, by the parameter "done": never a text of
// the URL.
var notices = map[string]string{
	"replayed": "The entry will be tried again.",
	"state":    "The state of the connection is changed.",
	"saved":    "The change is saved.",
	"revoked":  "The token is revoked.",
	"released": "The brake is released.",
	"ended":    "All sessions have ended.",
}

func (q *request) notice() string { return notices[q.r.URL.Query().Get("done")] }
