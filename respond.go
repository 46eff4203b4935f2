package scim

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/seed5f3efb56/scim/internal/bulk"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/internal/prefer"
	"github.com/seed5f3efb56/scim/schema"
)

// response is the result of a handler function.
type response struct {
	status          int
	id              string // of the resource, "" without one
	etag            string
	location        string
	transaction     string               // Set-Txn
	results         []lifecycle.Response // of a bulk request whose client prefers an asynchronous response
	contentLocation string
	allow           string // of OPTIONS
	acceptPatch     string // of OPTIONS
	cacheable       bool   // the same for all requests with the same credentials, without personal data
	// body appends the JSON of the body to dst. When the text has grown large it
	// calls flush, which sends it and returns an empty buffer. nil: no body.
	body func(dst []byte, flush func([]byte) ([]byte, error)) ([]byte, error)
}

func jsonBody(text []byte) func([]byte, func([]byte) ([]byte, error)) ([]byte, error) {
	return func(dst []byte, _ func([]byte) ([]byte, error)) ([]byte, error) { return append(dst, text...), nil }
}

// asynchronous calls f, and answers 202 if f carried out a write and its client
// prefers that (RFC 9967 §2.5.1.1). Hooks.AsyncResponse has the rules. If the
// result cannot be kept, the answer is the normal one.
func (h *Handler) asynchronous(r *request, f handlerFunc) (*response, error) {
	if h.cfg.Hooks.AsyncResponse == nil || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return f(r)
	}
	async, wait := prefer.RespondAsync(r.Header["Prefer"])
	if !async {
		return f(r)
	}
	r.transaction = h.cfg.NewID()
	begun := h.cfg.Now()
	resp, err := f(r)
	if err != nil || h.cfg.Now().Sub(begun) < wait || !writes(r.audit.kind) && resp.results == nil {
		return resp, err
	}
	accepted := &response{status: http.StatusAccepted, transaction: r.transaction}
	if resp.results == nil {
		accepted.location = cmp.Or(resp.location, resp.contentLocation, h.location(r.ctx, h.byType(r.audit.typ), r.audit.id))
		resp.results = []lifecycle.Response{h.completion(r, accepted.location, r.transaction, resp)}
	}
	// The client may be gone already; the write is not.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), h.cfg.Limits.Revoke)
	defer cancel()
	if err := h.lifecycle.AppendResponses(ctx, r.principal.TokenID, resp.results); err != nil {
		h.cfg.Logger.LogAttrs(ctx, slog.LevelError, "scim: outbox", slog.String("error", err.Error()))
		return resp, nil
	}
	return accepted, nil
}

// completion returns the result of a write that succeeded.
func (h *Handler) completion(r *request, location, transaction string, resp *response) lifecycle.Response {
	res := bulk.Result{Location: location, Version: resp.etag, Status: resp.status}
	return lifecycle.Response{
		Path: h.pathBelow(r.ctx, location), Transaction: transaction,
		Result: appendBulkResult(nil, &bulk.Operation{Method: r.Method}, res),
	}
}

// pathBelow returns the path of a location below the base URL.
func (h *Handler) pathBelow(ctx context.Context, location string) string {
	return strings.TrimPrefix(location, h.baseURL(ctx))
}

// writer is the one place that writes headers, status and body.
type writer struct {
	http.ResponseWriter
	json  bool // the client prefers application/json
	head  bool // of a HEAD: no body is sent
	begun bool
	// cacheable is response.cacheable.
	cacheable bool
	status    int
	values    [8]string // of the header fields set so far, one array for all of them
	fields    int
}

// set sets a header field. name is in its canonical form.
func (w *writer) set(name, value string) {
	if w.fields == len(w.values) {
		w.Header().Set(name, value)
		return
	}
	w.values[w.fields] = value
	w.fields++
	w.Header()[name] = w.values[w.fields-1 : w.fields : w.fields]
}

// Unwrap returns the writer of the server, for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// sending has what a response with a body is sent with, and is used again by later
// ones: the buffer of its text, and the function that sends the text when it has grown
// large.
type sending struct {
	to     *writer
	status int
	buffer []byte
	flush  func(text []byte) ([]byte, error) // the method part
}

var sendings = sync.Pool{New: func() any {
	s := &sending{buffer: make([]byte, 0, 8<<10)}
	s.flush = s.part
	return s
}}

// part sends a part of the text, and returns an empty buffer for the next one.
func (s *sending) part(text []byte) ([]byte, error) {
	if !s.to.begun {
		s.to.contentType()
		s.to.begin(s.status)
	}
	return text[:0], s.to.send(text)
}

// release makes s ready for another response, also after a panic.
func (s *sending) release() {
	s.to = nil
	sendings.Put(s)
}

// respond writes a response. Nothing is sent before the body is complete or too
// large to hold; a complete one is sent with Content-Length.
func (w *writer) respond(resp *response) error {
	head := w.Header()
	for _, f := range [...]struct{ name, value string }{{"Etag", resp.etag}, {"Location", resp.location}, {"Content-Location", resp.contentLocation}, {"Allow", resp.allow}, {"Accept-Patch", resp.acceptPatch}} {
		if f.value != "" {
			w.set(f.name, f.value)
		}
	}
	if resp.transaction != "" {
		w.set("Set-Txn", resp.transaction)
		w.set("Preference-Applied", "respond-async")
	}
	if w.cacheable = resp.cacheable; !w.cacheable {
		w.noStore()
	}
	if resp.body == nil {
		w.withoutBody(resp.status)
		return nil
	}
	s := sendings.Get().(*sending)
	defer s.release()
	s.to, s.status = w, resp.status
	text, err := resp.body(s.buffer[:0], s.flush)
	s.buffer = text[:0]
	if err != nil {
		if !w.begun {
			for _, name := range []string{"ETag", "Location", "Content-Location"} {
				head.Del(name)
			}
		}
		return err
	}
	if !w.begun {
		w.contentType()
		w.set("Content-Length", strconv.Itoa(len(text)))
		w.begin(resp.status)
	}
	return w.send(text)
}

// withoutBody writes a response that has only a header.
func (w *writer) withoutBody(status int) {
	switch status {
	case http.StatusNoContent:
		w.contentType() // the Java client of SCIM-SDK treats a 204 without one as a failure
	case http.StatusNotModified:
		w.vary() // RFC 9110 §15.4.5
	}
	w.begin(status)
}

// sendError is the failure to send a response: the client closed the connection.
type sendError struct{ error }

func (e *sendError) Unwrap() error { return e.error }

func (w *writer) send(text []byte) error {
	if w.head {
		return nil // net/http would discard it; other servers may not
	}
	if _, err := w.Write(text); err != nil {
		return &sendError{err}
	}
	return nil
}

func (w *writer) begin(status int) {
	w.begun, w.status = true, status
	w.WriteHeader(status)
}

// contentType sets the media type that the client prefers (RFC 7644 §3.8, Z-37).
func (w *writer) contentType() {
	value := "application/scim+json"
	if w.json {
		value = "application/json"
	}
	w.set("Content-Type", value)
	w.vary()
	w.set("X-Content-Type-Options", "nosniff")
}

func (w *writer) vary() {
	if w.Header()["Vary"] != nil {
		w.Header().Add("Vary", "Accept")
	} else {
		w.set("Vary", "Accept")
	}
	if w.cacheable { // what is supported depends on the client
		w.Header().Add("Vary", "Authorization")
	}
}

// noStore keeps the response out of caches (RFC 9111 §5.2.2.5). A cache in front of
// an authenticator that needs no Authorization header would continue to serve
// "active": true after a deactivation.
func (w *writer) noStore() { w.set("Cache-Control", "no-store") }

// wantsJSON reports whether Accept prefers application/json to
// application/scim+json (RFC 9110 §12.5.1). On equal q the more specific range
// wins; on a tie application/scim+json. Ranges after the 32nd are ignored.
func wantsJSON(r *http.Request) bool {
	var plain, scim preference
	rest := strings.Join(r.Header["Accept"], ",")
	switch rest {
	case "", "application/scim+json", "*/*":
		return false // what most clients send needs no parsing
	case "application/json":
		return true
	}
	for n := 0; n < 32 && rest != ""; n++ {
		var part string
		part, rest, _ = strings.Cut(rest, ",")
		media, q, ok := mediaRange(part)
		if !ok {
			continue
		}
		plain.consider(media, q, "application/json")
		scim.consider(media, q, "application/scim+json")
	}
	return plain.q > scim.q || plain.q == scim.q && plain.q > 0 && plain.specificity > scim.specificity
}

// mediaRange returns a media range of Accept and its q, false if it is malformed. One
// without parameters, or with q alone, needs no parser of MIME.
func mediaRange(part string) (media string, q float64, ok bool) {
	media, parameter, _ := strings.Cut(part, ";")
	text, simple := strings.CutPrefix(strings.TrimSpace(parameter), "q=")
	if parameter != "" && (!simple || text == "" || strings.Trim(text, "0123456789.") != "") {
		var params map[string]string
		var err error
		if media, params, err = mime.ParseMediaType(part); err != nil {
			return "", 0, false
		}
		text = params["q"]
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil {
		q = 1
	}
	return strings.ToLower(strings.TrimSpace(media)), q, true
}

// preference is the q of a media type, by the most specific media range that
// matches it.
type preference struct {
	specificity int
	q           float64
}

// consider notes a media range if it matches the media type offered and is more
// specific than the one noted before.
func (p *preference) consider(media string, q float64, offered string) {
	specificity := 0
	switch media {
	case offered:
		specificity = 3
	case "application/*":
		specificity = 2
	case "*/*":
		specificity = 1
	}
	if specificity > p.specificity {
		*p = preference{specificity, q}
	}
}

// appendError encodes an error message (RFC 7644 §3.12), in which status is a
// string.
func appendError(dst []byte, e *Error) []byte {
	dst = append(dst, `{"schemas":["`+ErrorURI+`"],"status":"`+strconv.Itoa(e.Status)+`"`...)
	if e.Type != "" {
		dst = schema.AppendJSONString(append(dst, `,"scimType":`...), string(e.Type))
	}
	if e.Detail != "" {
		dst = schema.AppendJSONString(append(dst, `,"detail":`...), e.Detail)
	}
	return append(dst, '}')
}

// writeError writes an error message.
func (w *writer) writeError(e *Error) {
	text := appendError(nil, e)
	w.noStore()
	w.contentType()
	w.set("Content-Length", strconv.Itoa(len(text)))
	w.begin(e.Status)
	w.send(text) // nothing is left to be done about an error
}

// panicError returns a panic as an error, with the stack.
func panicError(p any) error { return fmt.Errorf("scim: panic: %v\n%s", p, debug.Stack()) }
