package bulk

import (
	"container/heap"
	"context"
	"maps"
	"net/url"
	"slices"

	"github.com/seed5f3efb56/scim/schema"
)

// patchURI identifies a PATCH (RFC 7644 §3.5.2).
const patchURI = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// Call is an operation in which the references are replaced.
type Call struct {
	Index                 int // of the operation in the request
	Method, Path, Version string
	Data                  schema.JSONObject // nil for DELETE
	Completes             bool              // a PATCH adds to a POST what it left out
	LeftOut               []string          // the attributes that a POST in a circle leaves out
}

// Result is the outcome of a call.
type Result struct {
	ID       string // of the resource that a POST created
	Location string // of the resource, "" after a POST that failed
	Version  string // entity tag
	Status   int
	Error    []byte // the error response of a call that failed, else nil
}

// Runner carries out operations.
type Runner interface {
	Do(ctx context.Context, c Call) Result
	// Refuse returns the result of an operation that is not carried out, because of
	// a *schema.Error, [ErrTooLarge] or an unresolved reference ([ErrUnresolved]).
	Refuse(ctx context.Context, op *Operation, err error) Result
}

// Run carries out the operations and calls done with the index and the result of
// each, until FailOnErrors results are errors, the context ends or done returns an
// error. The order is that of the request, but an operation waits for the POSTs
// that it refers to and for operations before it on the same path (RFC 7644 §3.7).
// References in a circle are left out of a POST and added by a PATCH in the end.
// After done, r.Operations has nil in place of the operation.
func (r *Request) Run(ctx context.Context, runner Runner, done func(i int, res Result) error) error {
	w := newRun(r, runner)
	failed := 0
	report := func(i int, res Result) error {
		if res.Error != nil {
			failed++
		}
		err := done(i, res)
		r.Operations[i] = nil
		return err
	}
	for (r.FailOnErrors == 0 || failed < r.FailOnErrors) && w.next() {
		i := heap.Pop(&w.ready).(int)
		if err := ctx.Err(); err != nil {
			return err
		}
		res := w.execute(ctx, i)
		w.release(i)
		if w.later[i] != nil && res.Error == nil {
			w.partial[i] = res
			continue
		}
		delete(w.later, i)
		if err := report(i, res); err != nil {
			return err
		}
	}
	for _, i := range slices.Sorted(maps.Keys(w.partial)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := report(i, w.complete(ctx, i)); err != nil {
			return err
		}
	}
	return nil
}

// run is the state of one request.
type run struct {
	*Request
	runner  Runner
	byID    map[string]int    // the POST with a bulkId
	ids     map[string]string // the ids of the resources that were created, by bulkId
	begun   []bool
	posts   int            // every POST before this index has begun
	left    []int          // how many operations each one waits for
	waiting map[int][]int  // the operations that wait for one
	ready   queue          // those that wait for none
	later   map[int][]any  // the operations of a PATCH that complete a POST
	partial map[int]Result // POSTs to be completed
}

func newRun(r *Request, runner Runner) *run {
	n := len(r.Operations)
	w := &run{Request: r, runner: runner, byID: map[string]int{}, ids: map[string]string{}, begun: make([]bool, n),
		left: make([]int, n), waiting: map[int][]int{}, later: map[int][]any{}, partial: map[int]Result{}}
	for i, op := range r.Operations {
		if op.Method == "POST" && op.Err == nil {
			w.byID[op.BulkID] = i
		}
	}
	paths := map[string]int{}
	for i, op := range r.Operations {
		for _, ref := range op.refs {
			if j, ok := w.byID[ref]; ok {
				w.wait(i, j)
			}
		}
		if op.Method != "POST" {
			if j, ok := paths[op.Path]; ok {
				w.wait(i, j)
			}
			paths[op.Path] = i
		}
		if w.left[i] == 0 {
			w.ready = append(w.ready, i)
		}
	}
	heap.Init(&w.ready)
	return w
}

func (w *run) wait(i, j int) {
	w.left[i]++
	w.waiting[j] = append(w.waiting[j], i)
}

// release makes the operations ready that waited for this one alone.
func (w *run) release(j int) {
	for _, i := range w.waiting[j] {
		if w.left[i]--; w.left[i] == 0 && !w.begun[i] {
			heap.Push(&w.ready, i)
		}
	}
	delete(w.waiting, j)
}

// next reports whether there is an operation that is ready. If all that are left
// wait, a POST of a circle is made ready.
func (w *run) next() bool {
	if len(w.ready) > 0 {
		return true
	}
	for ; w.posts < len(w.Operations); w.posts++ {
		if !w.begun[w.posts] && w.Operations[w.posts].Method == "POST" {
			heap.Push(&w.ready, w.posts)
			return true
		}
	}
	return false
}

func (w *run) execute(ctx context.Context, i int) Result {
	op := w.Operations[i]
	w.begun[i] = true
	open := map[string]bool{}
	for _, ref := range op.refs {
		j, known := w.byID[ref]
		switch {
		case w.ids[ref] != "":
		case known && !w.begun[j] || j == i && known: // in a circle
			open[ref] = true
		case op.Err == nil:
			op.Err = ErrUnresolved
		}
	}
	if op.Err != nil {
		op.Path = replacePath(op.Path, w.id)
		return w.runner.Refuse(ctx, op, op.Err)
	}
	data := op.takeData()
	if len(open) > 0 {
		data, w.later[i] = split(data, open)
	}
	res := w.runner.Do(ctx, Call{Index: i, Method: op.Method, Path: replacePath(op.Path, w.id), Version: op.Version, Data: w.resolve(data), LeftOut: paths(w.later[i])})
	if res.Error == nil && op.Method == "POST" {
		w.ids[op.BulkID] = res.ID
	}
	return res
}

// paths returns the paths of operations.
func paths(ops []any) []string {
	var out []string
	for _, op := range ops {
		for _, m := range op.(schema.JSONObject) {
			if text, ok := m.Value.(string); ok && m.Name == "path" {
				out = append(out, text)
			}
		}
	}
	return out
}

// complete adds the references that a POST left out.
func (w *run) complete(ctx context.Context, i int) Result {
	op, res := w.Operations[i], w.partial[i]
	for _, ref := range references("", w.later[i]) {
		if w.ids[ref] == "" {
			failed := w.runner.Refuse(ctx, op, ErrUnresolved)
			failed.Location = res.Location
			return failed
		}
	}
	patch := w.runner.Do(ctx, Call{Index: i, Method: "PATCH", Path: op.Path + "/" + url.PathEscape(res.ID), Completes: true, Data: w.resolve(schema.JSONObject{
		{Name: "schemas", Value: []any{patchURI}}, {Name: "Operations", Value: w.later[i]},
	})})
	if patch.Error == nil {
		patch.Status = res.Status
	}
	return patch
}

// id returns the id of the resource that a bulkId became.
func (w *run) id(ref string) string {
	if id := w.ids[ref]; id != "" {
		return id
	}
	return prefix + ref
}

func (w *run) resolve(data schema.JSONObject) schema.JSONObject {
	o, _ := replace(data, w.id).(schema.JSONObject)
	return o
}

// queue is a heap of the indexes of operations.
type queue []int

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i] < q[j] }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(int)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	i := (*q)[last]
	*q = (*q)[:last]
	return i
}
