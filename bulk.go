package scim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/bulk"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// handleBulk answers POST /Bulk (RFC 7644 §3.7). The operations are read before
// the first is carried out, and their results are sent while the next are. Each
// is a request of its own: authorization, transaction, hooks, audit record.
func (h *Handler) handleBulk(r *request) (*response, error) {
	if err := checkContentType(r.Header); err != nil {
		return nil, err
	}
	limits := h.cfg.Limits
	body := &boundedBody{r: r.Body, left: limits.BulkPayload}
	if h.cfg.Observe != nil {
		body.seen = r.audit.observe()
	}
	if r.ContentLength > limits.BulkPayload {
		return nil, h.refuseBulk(r)
	}
	req, err := bulk.Read(body, limits.bulk(), h.profile(r.principal.Client))
	var wrong *schema.Error
	switch {
	case errors.Is(err, errTooLarge):
		return nil, h.refuseBulk(r)
	case errors.Is(err, bulk.ErrTooMany):
		discard(r, limits.BulkPayload)
		return nil, errorf(http.StatusRequestEntityTooLarge, "the request has more operations than maxOperations, %d", limits.BulkOperations)
	case errors.Is(err, bulk.ErrTooLong):
		return nil, errorf(http.StatusRequestEntityTooLarge, "the operations have more than %d elements of arrays together; send fewer in one request", limits.bulkElements())
	case err != nil && !errors.As(err, &wrong):
		return nil, invalidSyntax("the body could not be read")
	case err != nil:
		return nil, err
	}
	r.ctx = filter.WithBudget(r.ctx, filter.NewBudget(limits.bulkWork(), r.Context().Err))
	h.rates.Charge(r.principal.Tenant, r.principal.limitedAs(), time.Now(), max(0, len(req.Operations)-1))
	if r.transaction != "" {
		return h.bulkAsynchronously(r, req)
	}
	return &response{status: http.StatusOK, body: func(dst []byte, flush func([]byte) ([]byte, error)) ([]byte, error) {
		return h.appendBulk(r, req, dst, flush)
	}}, nil
}

// bulkAsynchronously carries out the operations before the answer. Its response has
// one result for each operation of the request (RFC 9967 §2.5.1.2), also for those
// that failOnErrors leaves out.
func (h *Handler) bulkAsynchronously(r *request, req *bulk.Request) (*response, error) {
	b := &bulkRunner{h: h, r: r}
	var texts []string
	results := make([]lifecycle.Response, len(req.Operations))
	note := func(i int, res bulk.Result) {
		results[i] = lifecycle.Response{
			Path: b.subject(req.Operations[i], res), Transaction: b.transaction(i), Result: appendBulkResult(nil, req.Operations[i], res),
		}
	}
	err := req.Run(r.ctx, b, func(i int, res bulk.Result) error {
		note(i, res)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range results {
		if results[i].Result != nil {
			texts = append(texts, string(results[i].Result))
			continue
		}
		note(i, b.Refuse(r.ctx, req.Operations[i], errorf(http.StatusConflict, "the operation was not carried out, since failOnErrors ended the request")))
	}
	text := `{"schemas":["` + bulk.ResponseURI + `"],"Operations":[` + strings.Join(texts, ",") + `]}`
	return &response{status: http.StatusOK, results: results, body: jsonBody([]byte(text))}, nil
}

func (h *Handler) refuseBulk(r *request) error {
	limit := h.cfg.Limits.BulkPayload
	discard(r, limit)
	return errorf(http.StatusRequestEntityTooLarge, "the body is larger than maxPayloadSize, %d bytes", limit)
}

// errTooLarge ends the reading of a body that is too large.
var errTooLarge = errors.New("scim: the body is too large")

// boundedBody reads at most left bytes of a body.
type boundedBody struct {
	r    io.Reader
	left int64
	seen *observed // notes the body for Config.Observe; nil: not
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	var tooLarge *http.MaxBytesError
	if b.left -= int64(n); b.left < 0 || errors.As(err, &tooLarge) {
		return 0, errTooLarge
	}
	if b.seen != nil {
		b.seen.read(p[:n])
	}
	return n, err
}

// bulkChunk is how many bytes of a response are collected before they are sent.
const bulkChunk = 32 << 10

// weightCost is what reading, encoding and writing a resource costs for each unit of
// its Weight, in units of Limits.Work.
const weightCost = 10

// bulkSync is how many operations are put on disk together, at most.
const bulkSync = 64

// appendBulk carries out the operations and encodes a BulkResponse: the results in
// the order of the operations, as far as these are known.
func (h *Handler) appendBulk(r *request, req *bulk.Request, dst []byte, flush func([]byte) ([]byte, error)) ([]byte, error) {
	b := &bulkRunner{h: h, r: r, flush: flush, results: make([][]byte, len(req.Operations))}
	b.dst = append(dst, `{"schemas":["`+bulk.ResponseURI+`"],"Operations":[`...)
	ctx := r.ctx
	if s, ok := h.cfg.Tx.(store.Syncer); ok && h.cfg.Outbox == nil {
		ctx, b.sync = s.DeferSync(ctx)
	}
	err := req.Run(ctx, b, func(i int, res bulk.Result) error {
		b.results[i] = appendBulkResult(nil, req.Operations[i], res)
		if b.open >= bulkSync { // more if POSTs of a circle are still to be completed
			if err := b.settle(); err != nil {
				return err
			}
		}
		for ; b.next < len(b.results) && b.results[b.next] != nil; b.next++ {
			if err := b.send(); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, b.settle()); err != nil {
		return b.dst, err
	}
	for ; b.next < len(b.results); b.next++ { // after failOnErrors: those that were carried out
		if b.results[b.next] == nil {
			continue
		}
		if err := b.send(); err != nil {
			return b.dst, err
		}
	}
	return append(b.dst, `]}`...), nil
}

// send appends the next result to the response, and sends what has been collected.
func (b *bulkRunner) send() (err error) {
	if b.sent {
		b.dst = append(b.dst, ',')
	}
	b.sent = true
	b.dst = append(b.dst, b.results[b.next]...)
	b.results[b.next] = []byte{}
	if len(b.dst) < bulkChunk {
		return nil
	}
	if err := b.settle(); err != nil {
		return err
	}
	b.dst, err = b.flush(b.dst)
	return err
}

// settle puts on disk what the operations have committed, and then passes on their
// audit records.
func (b *bulkRunner) settle() error {
	var err error
	if b.sync != nil && b.open > 0 {
		err = b.sync()
	}
	for _, deliver := range b.records {
		deliver()
	}
	b.open, b.records = 0, nil
	return err
}

// report passes on the audit record of an operation when its transaction is on
// disk, and notes it for Config.Observe.
func (b *bulkRunner) report(r *http.Request, x *exchange) {
	if b.h.cfg.Observe != nil {
		o := b.r.audit.observe()
		o.operations = append(o.operations, b.h.exchanged(r, x))
	}
	b.open++
	switch {
	case b.sync == nil:
		b.h.report(r, x)
	case b.h.audits():
		rec := b.h.record(r, x)
		b.records = append(b.records, func() { b.h.deliver(r, x, rec) })
	}
}

// appendBulkResult encodes one result (RFC 7644 §3.7.3, Z-41).
func appendBulkResult(dst []byte, op *bulk.Operation, res bulk.Result) []byte {
	member := func(name, value string) {
		if value != "" {
			dst = schema.AppendJSONString(append(append(dst, `"`...), name+`":`...), value)
			dst = append(dst, ',')
		}
	}
	dst = append(dst, '{')
	member("method", op.Method)
	member("bulkId", op.BulkID)
	member("location", res.Location)
	member("version", res.Version)
	member("status", strconv.Itoa(res.Status))
	if res.Error != nil {
		return append(append(append(dst, `"response":`...), res.Error...), '}')
	}
	dst[len(dst)-1] = '}'
	return dst
}

// bulkRunner carries out the operations of one bulk request.
type bulkRunner struct {
	h       *Handler
	r       *request
	members int // that the operations have named so far

	dst     []byte // the response, as far as it is not sent
	flush   func([]byte) ([]byte, error)
	results [][]byte
	next    int  // the result that is sent next
	sent    bool // one result at least

	sync    func() error // of a store.Syncer; nil: each commit is on disk
	open    int          // operations since the last sync
	records []func()     // their audit records
}

// Do carries out an operation as a request of its own, of the same client.
func (b *bulkRunner) Do(ctx context.Context, c bulk.Call) bulk.Result {
	x := b.exchange()
	inner := &request{Request: new(http.Request), ctx: ctx, principal: b.r.principal, query: &noParameters, audit: &x.audit, x: x, inBulk: true, parsed: c.Data, membersBefore: b.members}
	*inner.Request = *b.r.Request
	inner.Method, inner.Header = c.Method, http.Header{}
	inner.transaction = b.transaction(c.Index)
	if c.Version != "" {
		inner.Header.Set("If-Match", c.Version)
	}
	ep, id, err := b.target(c)
	if err != nil {
		return b.failed(inner, x, "", err)
	}
	x.route = b.route(ep, id)
	location := ""
	if id != "" {
		location = b.h.location(ctx, ep, id)
	}
	budget := filter.BudgetFrom(ctx)
	if err := budget.Spend(0); err != nil {
		return b.failed(inner, x, location, err)
	}
	resp, err := b.call(inner, ep, id, c.Completes)
	_ = budget.Spend(inner.spent + weightCost*inner.weight) // the next operation is refused
	b.members += inner.members
	if err = inCircle(c, err); err != nil {
		return b.failed(inner, x, location, err)
	}
	x.writer.status = resp.status
	b.report(inner.Request, x)
	if resp.location != "" {
		location = resp.location
	}
	return bulk.Result{ID: resp.id, Location: location, Version: resp.etag, Status: resp.status}
}

// inCircle returns 409 for a circle of references that cannot be resolved (RFC 7644
// §3.7.1): one of them is required in the POST, or cannot be added to what it has
// created. Other errors are returned as they are.
func inCircle(c bulk.Call, err error) error {
	var wrong *schema.Error
	if !errors.As(err, &wrong) {
		return err
	}
	switch {
	case wrong.Type == schema.ErrorInvalidValue && slices.ContainsFunc(c.LeftOut, func(path string) bool { return strings.EqualFold(path, wrong.Path) }):
		return errorf(http.StatusConflict, "%s refers to an operation that refers to this one, and cannot be left out until both are created", wrong.Path)
	case c.Completes && wrong.Type == schema.ErrorMutability:
		return errorf(http.StatusConflict, "%s refers to an operation that refers to this one, and cannot be added after the resource is created", wrong.Path)
	}
	return err
}

// transaction returns the name of the transaction of an operation (RFC 9967
// §2.5.1.2), "" if the client does not prefer an asynchronous response.
func (b *bulkRunner) transaction(i int) string {
	if b.r.transaction == "" {
		return ""
	}
	return b.r.transaction + ":" + strconv.Itoa(i)
}

// subject returns the path of the resource of an operation, or of the endpoint if
// there is none.
func (b *bulkRunner) subject(op *bulk.Operation, res bulk.Result) string {
	if res.Location != "" {
		return b.h.pathBelow(b.r.ctx, res.Location)
	}
	if ep, _, err := b.target(bulk.Call{Method: op.Method, Path: op.Path}); err == nil {
		return ep.Type.Endpoint
	}
	return bulkPath
}

// call answers one operation. A panic in code of the embedder is an error of the
// operation. A PATCH that completes a POST is a part of it, and needs no PATCH of
// the type's.
func (b *bulkRunner) call(r *request, ep *endpoint, id string, completes bool) (resp *response, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicError(p)
		}
	}()
	answer := ep.operation(r.Method)
	switch {
	case completes:
		return b.h.handlePatch(r, ep, id)
	case answer == nil:
		return nil, errorf(http.StatusNotImplemented, "%s is not supported for resources of type %s", r.Method, ep.Type.Name)
	}
	return answer(b.h, r, ep, id)
}

// target resolves the path of an operation (RFC 7644 §3.7): a resource type's
// endpoint for POST, a resource for every other method.
func (b *bulkRunner) target(c bulk.Call) (*endpoint, string, error) {
	path := "/" + strings.TrimPrefix(c.Path, "/")
	for _, ep := range b.h.endpoints {
		rest, below := strings.CutPrefix(path, ep.Type.Endpoint)
		if !below || rest != "" && rest[0] != '/' {
			continue
		}
		escaped := strings.TrimPrefix(rest, "/")
		id, err := url.PathUnescape(escaped)
		switch {
		case err != nil || strings.ContainsAny(escaped, "/?#") || id == ".search":
			return nil, "", errorf(http.StatusNotFound, "the path names no resource")
		case (id == "") != (c.Method == http.MethodPost):
			return nil, "", errorf(http.StatusMethodNotAllowed, "POST needs the path of a resource type, every other method that of a resource")
		}
		return ep, id, nil
	}
	return nil, "", errorf(http.StatusNotFound, "the path names no resource")
}

// Refuse returns the result of an operation that is not carried out.
func (b *bulkRunner) Refuse(ctx context.Context, op *bulk.Operation, err error) bulk.Result {
	x := b.exchange()
	inner := *b.r.Request
	inner.Method = op.Method
	switch {
	case errors.Is(err, bulk.ErrUnresolved):
		err = errorf(http.StatusConflict, "the operation refers to a bulkId of no operation, or of one that failed")
	case errors.Is(err, bulk.ErrTooLarge):
		err = errorf(http.StatusRequestEntityTooLarge, "the operation is larger than the maximum of a request, %d bytes", b.h.cfg.Limits.Body)
	}
	location := ""
	if ep, id, noTarget := b.target(bulk.Call{Method: op.Method, Path: op.Path}); noTarget == nil {
		x.route = b.route(ep, id)
		if id != "" && !strings.HasPrefix(id, "bulkId:") {
			location = b.h.location(ctx, ep, id)
		}
	}
	return b.failed(&request{Request: &inner, ctx: ctx}, x, location, err)
}

func (b *bulkRunner) exchange() *exchange {
	return &exchange{start: b.h.cfg.Now(), route: noRoute, principal: b.r.principal, authenticated: true, audit: auditing{on: b.h.audits()}}
}

// route returns the route of a resource type, or of its resources if there is an id.
func (b *bulkRunner) route(ep *endpoint, id string) *route {
	if id == "" {
		return b.h.routes[ep.Type.Endpoint]
	}
	return b.h.routes[ep.Type.Endpoint].byID
}

// failed returns the result of an operation that failed, and logs what must not be
// sent.
func (b *bulkRunner) failed(r *request, x *exchange, location string, err error) bulk.Result {
	x.err = err
	e := b.h.sentError(r.Request, x, err)
	x.writer.status = e.Status
	b.report(r.Request, x)
	return bulk.Result{Location: location, Status: e.Status, Error: appendError(nil, e)}
}
