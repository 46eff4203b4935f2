package reconcile

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// Request is a SCIM request to the service provider that a plan repairs.
type Request struct {
	Method  string // GET, POST or PATCH
	Path    string // below the base URL
	IfMatch string // the header field; "" is none
	Body    []byte // JSON; nil is none
}

// Response is the answer to a [Request].
type Response struct {
	Status int
	ETag   string
	Body   []byte
}

// Do sends a request to the service provider, with credentials of the connection,
// and returns its answer whatever the status is. An error says that it is not known
// whether the request was carried out. Package remote has one over HTTP, also for a
// handler in the same process.
type Do func(ctx context.Context, r Request) (Response, error)

// Outcome says what became of a step.
type Outcome string

// The outcomes of steps.
const (
	Applied  Outcome = "applied"
	Skipped  Outcome = "skipped"   // the resource has changed since it was compared, or is there already
	Refused  Outcome = "refused"   // the service provider refused the request
	NotTried Outcome = "not tried" // the plan stopped before
)

// Outcomes returns all outcomes in the order of a report.
func Outcomes() []Outcome { return []Outcome{Applied, Skipped, Refused, NotTried} }

// Result is what became of one step.
type Result struct {
	Step    Step    `json:"step"`
	Outcome Outcome `json:"outcome"`
	Status  int     `json:"status,omitempty"` // of the response
	Detail  string  `json:"detail,omitempty"` // why it was not applied
}

// Results has one result for each step, in the order of the plan.
type Results struct{ Results []Result }

// Count returns the number of results with an outcome.
func (r *Results) Count(o Outcome) int {
	n := 0
	for i := range r.Results {
		if r.Results[i].Outcome == o {
			n++
		}
	}
	return n
}

// WriteText writes the numbers of each outcome and a table of the steps that were skipped
// or refused.
func (r *Results) WriteText(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, o := range Outcomes() {
		fmt.Fprintf(out, "%6d %s\n", r.Count(o), o)
	}
	if r.Count(Skipped)+r.Count(Refused) == 0 {
		return out.Flush()
	}
	fmt.Fprintln(out)
	t := newTable(out, "OUTCOME\tSTATUS\tREQUEST\tNAME\tDETAIL")
	for i := range r.Results {
		if x := &r.Results[i]; x.Outcome == Skipped || x.Outcome == Refused {
			status := "-"
			if x.Status != 0 {
				status = fmt.Sprint(x.Status)
			}
			t.row(string(x.Outcome), status, x.Step.Method+" "+printable(x.Step.Path), printable(x.Step.Name), printable(x.Detail))
		}
	}
	return t.end()
}

// WriteJSON writes an object with the number of each outcome (counts) and the
// results, one in a line.
func (r *Results) WriteJSON(w io.Writer) error {
	counts := map[Outcome]int{}
	for _, o := range Outcomes() {
		counts[o] = r.Count(o)
	}
	head, err := json.Marshal(counts)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, `{"counts":%s,"results":[`, head)
	if err := writeLines(out, r.Results); err != nil {
		return err
	}
	return out.Flush()
}

// Apply sends the requests of a plan one after the other. They are writes as a
// provider sends them: validated, authorized, audited, passed to the hooks and
// counted by the brake of the connection.
//
// A resource that changed since it was compared is skipped, by If-Match, or where
// the store has no versions by the values that are to be changed; a change of members
// then concerns only the members that it names. A refused step (400, 403, 404, 409)
// does not stop the others. 401, 429, any 5xx (the brake answers 503) and an error of
// do stop the plan: Apply then returns the results so far and an error that says why.
// To go on, compare again: what was applied is not in the next plan.
func (p *Plan) Apply(ctx context.Context, do Do) (*Results, error) {
	out := &Results{Results: make([]Result, len(p.Steps))}
	for i := range p.Steps {
		out.Results[i] = Result{Step: p.Steps[i], Outcome: NotTried}
	}
	a := &applying{Plan: p, do: do, versions: map[string]string{}}
	for i := range p.Steps {
		if err := ctx.Err(); err != nil {
			return out, stopped(i, len(p.Steps), err)
		}
		if err := a.step(ctx, &out.Results[i]); err != nil {
			return out, stopped(i, len(p.Steps), err)
		}
	}
	return out, nil
}

func stopped(i, n int, err error) error {
	return fmt.Errorf("reconcile: the plan stopped at step %d of %d: %w", i+1, n, err)
}

// applying is the state of Plan.Apply.
type applying struct {
	*Plan
	do Do
	// versions are those that resources have by the steps before, by path.
	versions map[string]string
}

// step carries out one step. An error stops the plan.
func (a *applying) step(ctx context.Context, r *Result) error {
	s := &r.Step
	if err := s.check(); err != nil {
		return err
	}
	req := Request{Method: s.Method, Path: s.Path, Body: s.Body}
	if s.Method == "PATCH" {
		if s.Version == "" {
			changed, err := a.changed(ctx, s)
			if err != nil {
				return err
			}
			if changed != "" {
				r.Outcome, r.Detail = Skipped, changed
				return nil
			}
		} else {
			req.IfMatch = a.ifMatch(s)
		}
	}
	resp, err := a.do(ctx, req)
	if err != nil {
		r.Outcome, r.Detail = Refused, "it is not known whether the request was carried out: "+err.Error()
		return err
	}
	r.Status = resp.Status
	switch {
	case resp.Status >= 200 && resp.Status < 300:
		r.Outcome = Applied
		if resp.ETag != "" {
			a.versions[s.Path] = resp.ETag
		}
	case resp.Status == 412:
		r.Outcome, r.Detail = Skipped, "the resource has changed since it was compared"
	case resp.Status == 404 && s.Method == "PATCH":
		r.Outcome, r.Detail = Skipped, "the resource is gone"
	case resp.Status == 409 && s.Method == "POST":
		r.Outcome, r.Detail = Skipped, "it is there already: "+detail(resp)
	case resp.Status == 401, resp.Status == 429, resp.Status >= 500, resp.Status < 400:
		r.Outcome, r.Detail = Refused, detail(resp)
		return errors.New(detail(resp))
	default:
		r.Outcome, r.Detail = Refused, detail(resp)
	}
	return nil
}

// ifMatch returns the header field for a step: the version that was compared, or the
// one that a step before made of it.
func (a *applying) ifMatch(s *Step) string {
	if tag := a.versions[s.Path]; tag != "" {
		return tag
	}
	return `W/"` + s.Version + `"`
}

// changed reads a resource without a version and says whether it differs from what
// was compared; "" if it does not.
func (a *applying) changed(ctx context.Context, s *Step) (string, error) {
	if len(s.Have) == 0 {
		return "", nil // a change of members
	}
	resp, err := a.do(ctx, Request{Method: "GET", Path: s.Path})
	switch {
	case err != nil:
		return "", err
	case resp.Status == 404:
		return "the resource is gone", nil
	case resp.Status != 200:
		return "", errors.New(detail(resp))
	}
	t := a.typeOf(s.Type)
	o, _ := t.DecodeStored(resp.Body)
	if o == nil {
		return "", errors.New("the response to a GET is no resource")
	}
	r := &schema.Resource{Type: t, Attributes: o}
	for _, c := range s.Have {
		have := r.Text(c.Path)
		if c.Path == "active" {
			have = active(isInactive(r))
		}
		if have != c.Have {
			return "the resource has changed since it was compared: " + c.Path, nil
		}
	}
	return "", nil
}

// detail returns the status of a response and the detail of its error.
func detail(r Response) string {
	var e struct{ Detail string }
	_ = json.Unmarshal(r.Body, &e) // the status is enough of a body of another form
	return strings.TrimSuffix(fmt.Sprintf("%d: %s", r.Status, e.Detail), ": ")
}
