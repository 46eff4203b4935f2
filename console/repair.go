package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/reconcile"
	"github.com/seed5f3efb56/scim/reconcile/remote"
	"github.com/seed5f3efb56/scim/schema"
)

// OperationRepair is the operation of the audit record of a plan that an administrator
// carried out; each of its writes has a record of its own.
const OperationRepair audit.Operation = "repair"

const (
	maxPlan    = 4 << 20 // bytes of JSON, which a page carries from its making to its application
	shownSteps = 200
)

// planView is a plan that can be carried out.
type planView struct {
	Steps      []stepRow
	Count      int
	Sealed     string // the plan, for the same administrator's tenant and connection
	TooLarge   bool
	Connection string // "" if none is chosen, so that it cannot be carried out
}

// stepRow is a step of a plan, or what became of it.
type stepRow struct {
	Name, What, Outcome, Detail string
	Type, ID, Slug              string
}

// setComparison turns a comparison into its parts, with the plan that was asked for.
func (q *request) setComparison(v *reconcileView, c *reconcile.Comparison) error {
	t := q.c.typeNamed(schema.UserType.Name)
	at := map[reconcile.Kind]int{}
	for _, k := range reconcile.MismatchKinds() {
		if k == reconcile.Membership {
			continue // a file of users has no groups
		}
		at[k] = len(v.Report)
		v.Report = append(v.Report, kindOfFinding{Kind: string(k), Title: kinds[k][0], Means: kinds[k][1]})
	}
	for i := range c.Mismatches {
		m := &c.Mismatches[i]
		place, ok := at[m.Kind]
		if !ok {
			continue
		}
		k := &v.Report[place]
		k.Count++
		if len(k.Findings) < maxFindings {
			k.Findings = append(k.Findings, finding{Name: masked(t, "userName", m.Name), ExternalID: masked(t, "externalId", m.ExternalID), Account: m.ID, Note: noteOf(m, t)})
		}
	}
	if len(v.form.Repairs) == 0 {
		return nil
	}
	return q.setPlan(v, c.Plan(v.form.repair()))
}

// noteOf says what differs, without private values.
func noteOf(m *reconcile.Mismatch, t *directoryType) string {
	var notes []string
	if m.Reason != "" {
		notes = append(notes, string(m.Reason))
	}
	if m.Kind != reconcile.Missing {
		for _, c := range m.Changes {
			if private(t, c.Path) {
				notes = append(notes, c.Path+" differs")
			} else {
				notes = append(notes, fmt.Sprintf("%s: here %q, there %q", c.Path, c.Have, c.Want))
			}
		}
	}
	if m.Inactive {
		notes = append(notes, "inactive")
	}
	if m.Similar != "" {
		notes = append(notes, "the account "+m.Similar+" has the e-mail address")
	}
	if m.Position != "" && (m.Kind == reconcile.Duplicate || m.Kind == reconcile.Contradict) {
		notes = append(notes, m.Position)
	}
	return strings.Join(notes, "; ")
}

// private reports whether the values at a path of users are private.
func private(t *directoryType, path string) bool {
	if t == nil {
		return true
	}
	p, ok := t.Resolve(path)
	return !ok || t.private[p.Root()]
}

// masked returns a text of users, or what stands for one that is private: unlike the
// file, the accounts beside it were not shown to the administrator before.
func masked(t *directoryType, path, text string) string {
	if text != "" && private(t, path) {
		return "••••••"
	}
	return text
}

// setPlan seals a plan, so that the next request can bring it and nobody can change it.
func (q *request) setPlan(v *reconcileView, plan *reconcile.Plan) error {
	var text bytes.Buffer
	if err := plan.WriteJSON(&text); err != nil {
		return err
	}
	p := &planView{Count: len(plan.Steps), TooLarge: text.Len() > maxPlan, Connection: v.form.Connection}
	for i := range plan.Steps[:min(len(plan.Steps), shownSteps)] {
		p.Steps = append(p.Steps, q.stepRow(&plan.Steps[i]))
	}
	if !p.TooLarge && p.Connection != "" && p.Count > 0 {
		p.Sealed = q.c.sealer.Seal(text.String(), q.planBinding(p.Connection))
	}
	v.Plan = p
	return nil
}

func (q *request) planBinding(connection string) string {
	return "plan\x00" + q.id.Tenant + "\x00" + q.id.Actor + "\x00" + connection
}

func (q *request) stepRow(s *reconcile.Step) stepRow {
	var what []string
	for _, k := range s.Kinds {
		what = append(what, kinds[k][0])
	}
	t := q.c.typeNamed(s.Type)
	row := stepRow{Name: masked(t, "userName", s.Name), What: s.Method + ": " + strings.Join(what, ", "), Type: s.Type, ID: s.ID}
	if t != nil && s.ID != "" {
		row.Slug = t.Slug
	}
	return row
}

// repairView is what became of a plan.
type repairView struct {
	Connection string
	Stopped    string // why it ended early
	Counts     []outcomeCount
	Rows       []stepRow // those that were not applied
	More       int
}

type outcomeCount struct {
	Title string
	Count int
}

// outcomeTitles are the words of pages for outcomes.
var outcomeTitles = map[reconcile.Outcome]string{
	reconcile.Applied: "Applied", reconcile.Skipped: "Skipped, since it has changed", reconcile.Refused: "Refused", reconcile.NotTried: "Not tried",
}

// repair carries out a plan that was shown before, with a token of the connection that
// ends with it: its writes are those of the connection, counted by its brake.
func (q *request) repair() error {
	q.r.Body = http.MaxBytesReader(q.w, q.r.Body, 3*maxPlan)
	if err := q.r.ParseForm(); err != nil {
		return badRequest("The form could not be read: it is damaged or too large.")
	}
	if err := q.checkToken(q.r.PostForm.Get(tokenField)); err != nil {
		return err
	}
	by, err := q.by()
	if err != nil {
		return err
	}
	name := q.r.PostForm.Get("connection")
	text, ok := q.c.sealer.Open(q.r.PostForm.Get("plan"), q.planBinding(name))
	if !ok {
		return badRequest("The plan is damaged, or was made by another login. Compare again.")
	}
	plan, err := reconcile.ReadPlan(strings.NewReader(text))
	if err != nil {
		return err
	}
	select {
	case q.c.reconciling <- struct{}{}:
		defer func() { <-q.c.reconciling }()
	default:
		return &failure{http.StatusServiceUnavailable, "Busy", "Another comparison is running. Try again in a moment."}
	}
	ctx, cancel := context.WithTimeout(q.ctx, exportTime)
	defer cancel()
	q.ctx = ctx
	results, stopped, err := q.carryOut(plan, name, by)
	if err != nil {
		return managed(err)
	}
	return q.show("repair", "Repair", q.repairView(name, results, stopped))
}

// carryOut sends the requests of a plan to the handler. stopped is why it ended early.
func (q *request) carryOut(plan *reconcile.Plan, name string, by connection.By) (results *reconcile.Results, stopped, err error) {
	m := q.c.cfg.Connections
	c, err := m.Get(q.ctx, q.id.Tenant, name)
	if err != nil {
		return nil, nil, err
	}
	if c.State != connection.Active {
		return nil, nil, connection.ErrState
	}
	if err := q.note(audit.Record{Operation: OperationRepair, Connection: name, Reason: by.Reason, Detail: strconv.Itoa(len(plan.Steps)) + " requests"}); err != nil {
		return nil, nil, err
	}
	secret, token, err := m.IssueToken(q.ctx, q.id.Tenant, name, connection.Issue{Label: "repair in the console", Expires: q.now.Add(exportTime + time.Minute)}, by)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		err = errors.Join(err, m.RevokeToken(context.WithoutCancel(q.ctx), q.id.Tenant, name, token.ID, by))
	}()
	u, err := url.Parse(q.c.cfg.Handler.Config().BaseURL)
	if err != nil {
		return nil, nil, err
	}
	client := &remote.Client{BaseURL: "http://localhost" + u.EscapedPath(), Token: secret, HTTP: remote.Local(q.c.cfg.Handler), Attempts: 1}
	results, stopped = plan.Apply(q.ctx, client.Do)
	return results, stopped, nil
}

func (q *request) repairView(name string, results *reconcile.Results, stopped error) *repairView {
	v := &repairView{Connection: name}
	if stopped != nil {
		v.Stopped = strings.TrimPrefix(stopped.Error(), "reconcile: ")
	}
	for _, o := range reconcile.Outcomes() {
		v.Counts = append(v.Counts, outcomeCount{outcomeTitles[o], results.Count(o)})
	}
	for i := range results.Results {
		r := &results.Results[i]
		if r.Outcome == reconcile.Applied {
			continue
		}
		if len(v.Rows) == shownSteps {
			v.More++
			continue
		}
		row := q.stepRow(&r.Step)
		row.Outcome, row.Detail = outcomeTitles[r.Outcome], r.Detail
		v.Rows = append(v.Rows, row)
	}
	return v
}
