package console

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/reconcile"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

const (
	maxUpload     = 64 << 20 // bytes of a file
	maxField      = 1 << 10  // bytes of a field beside it
	reconcileTime = 2 * time.Minute
	maxFindings   = 200 // of one kind that a page lists
)

func (c *Console) setReconcile() {
	if usersOf(c.cfg.Handler) == nil {
		return
	}
	c.nav = append(c.nav, section{"reconcile", "Reconcile"})
	c.page("/reconcile", func(q *request) error {
		v, err := q.newReconcile()
		if err != nil {
			return err
		}
		return q.show("reconcile", "Reconcile", v)
	})
	c.upload("/reconcile", (*request).reconcile)
	if c.cfg.Connections != nil {
		c.upload("/reconcile/repair", (*request).repair)
	}
}

// columns are the fields of the form beside the file.
type columns struct {
	UserName, ExternalID, Email, Active, ActiveValues, Others, Separator, As string
	// What is "first", before the first sync, or "compare".
	What       string
	Connection string
	Repairs    []string // values of repairs
}

func newColumns() columns {
	return columns{UserName: "userName", Separator: "comma", As: "page", What: "compare"}
}

// Repairs reports whether a repair was chosen.
func (v *reconcileView) Repairs(name string) bool { return slices.Contains(v.form.Repairs, name) }

// repairs are what a plan can repair, in the order of the form.
var repairs = []option{
	{"attributes", "make attributes as the provider has them"},
	{"create", "create who is missing here"},
	{"reactivate", "reactivate who is active there"},
	{"deactivate", "deactivate who is inactive there"},
	{"orphans", "deactivate who is not in the file"},
}

// repair is the choice of the form.
func (c *columns) repair() reconcile.Repair {
	has := func(name string) bool { return slices.Contains(c.Repairs, name) }
	return reconcile.Repair{
		Attributes: has("attributes"), Create: has("create"), Reactivate: has("reactivate"), Deactivate: has("deactivate"), DeactivateOrphans: has("orphans"),
	}
}

// reconcileView is the form, and the report if there is one.
type reconcileView struct {
	form        columns
	Connections []string
	Choices     []option
	File        string
	Mistake     string
	Report      []kindOfFinding
	Plan        *planView
}

// Form are the columns as they were sent.
func (v *reconcileView) Form() columns { return v.form }

func (q *request) newReconcile() (*reconcileView, error) {
	v := &reconcileView{form: newColumns(), Choices: repairs}
	if q.c.cfg.Connections == nil {
		return v, nil
	}
	all, err := q.c.cfg.Connections.List(q.ctx, q.id.Tenant)
	for _, c := range all {
		v.Connections = append(v.Connections, c.Name)
	}
	return v, err
}

// kindOfFinding is a part of the report.
type kindOfFinding struct {
	Kind, Title, Means string
	Count              int
	Findings           []finding
}

// finding is a row of the report.
type finding struct {
	Name, ExternalID, Account, Note string
}

// kinds are the titles of a report.
var kinds = map[reconcile.Kind][2]string{
	reconcile.Conflict:   {"Needs a decision", "A sync refuses the record, or could take it for somebody else."},
	reconcile.Deactivate: {"Active here, not there", "The next sync ends the access."},
	reconcile.Reactivate: {"Active there, not here", "The next sync gives access back."},
	reconcile.Match:      {"The same on both sides", "Nothing to do."},
	reconcile.Create:     {"Missing here", "The next sync creates the account."},
	reconcile.Unclaimed:  {"In nobody's charge", "The account exists here, and the file does not have it. Nothing changes by itself."},

	reconcile.Duplicate:  {"Duplicates", "Several records or accounts have one key. Decide which one is meant."},
	reconcile.Contradict: {"Contradictions", "The keys of a record lead to different accounts. Decide which one is meant."},
	reconcile.Status:     {"Another status", "Active on one side, and not on the other."},
	reconcile.Drift:      {"Other attributes", "The account and the record differ."},
	reconcile.Membership: {"Other members", "The members of a group differ."},
	reconcile.Missing:    {"Missing here", "The file has the person, and there is no account."},
	reconcile.Orphaned:   {"Orphaned", "The account came from the provider, and the file does not have it any more. It is not deleted by itself."},
	reconcile.Unmanaged:  {"In nobody's charge", "No provider manages the account."},
}

// reconcile compares a file with the users. It writes nothing.
func (q *request) reconcile() error {
	select {
	case q.c.reconciling <- struct{}{}:
		defer func() { <-q.c.reconciling }()
	default:
		return &failure{http.StatusServiceUnavailable, "Busy", "Another comparison is running. Try again in a moment."}
	}
	ctx, cancel := context.WithTimeout(q.ctx, reconcileTime)
	defer cancel()
	q.ctx = ctx
	// A file that does not arrive would keep its place. Not every writer has deadlines.
	_ = http.NewResponseController(q.w).SetReadDeadline(time.Now().Add(reconcileTime))
	q.r.Body = http.MaxBytesReader(q.w, q.r.Body, maxUpload)
	v, err := q.newReconcile()
	if err != nil {
		return err
	}
	report, err := q.readUpload(v)
	var f *failure
	switch {
	case errors.As(err, &f), errors.Is(err, store.ErrUnavailable), ctx.Err() != nil && err != nil:
		return err
	case err != nil:
		v.Mistake = strings.NewReplacer("reconcile: ", "", "CompareOptions.Attributes: ", "").Replace(err.Error())
		q.render(http.StatusBadRequest, "reconcile", "Reconcile", v)
		return nil
	}
	if v.form.As == "json" {
		if err := q.note(audit.Record{Operation: OperationShow, Detail: "a reconciliation report of the file " + v.File}); err != nil {
			return err
		}
		q.w.Header().Set("Content-Type", "application/json")
		q.w.Header().Set("Content-Disposition", `attachment; filename="reconcile.json"`)
		if report.compared != nil {
			return report.compared.WriteJSON(q.w)
		}
		return json.NewEncoder(q.w).Encode(report.first)
	}
	if report.compared != nil {
		if err := q.setComparison(v, report.compared); err != nil {
			return err
		}
	} else {
		v.setReport(report.first, q.c.typeNamed(schema.UserType.Name))
	}
	return q.show("reconcile", "Reconcile", v)
}

// report is one of the two kinds of reports.
type report struct {
	first    *reconcile.Report
	compared *reconcile.Comparison
}

// readUpload reads the fields of the form, which come before the file, and compares
// the file while it arrives.
func (q *request) readUpload(v *reconcileView) (*report, error) {
	body, err := q.r.MultipartReader()
	if err != nil {
		return nil, badRequest("The form could not be read.")
	}
	checked := false
	for {
		p, err := body.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, badRequest("Choose a file first.")
		}
		if err != nil {
			return nil, badRequest("The form could not be read: it is damaged, or the file is larger than 64 MiB.")
		}
		if p.FormName() == "file" {
			if !checked {
				return nil, q.checkToken("")
			}
			return q.compare(v, p)
		}
		value, err := io.ReadAll(io.LimitReader(p, maxField))
		if err != nil {
			return nil, badRequest("The form could not be read.")
		}
		if p.FormName() == tokenField {
			if err := q.checkToken(string(value)); err != nil {
				return nil, err
			}
			checked = true
			continue
		}
		if p.FormName() == "repair" {
			v.form.Repairs = append(v.form.Repairs, string(value))
		} else {
			v.form.set(p.FormName(), strings.TrimSpace(string(value)))
		}
	}
}

func (c *columns) set(name, value string) {
	fields := map[string]*string{
		"userName": &c.UserName, "externalId": &c.ExternalID, "email": &c.Email, "active": &c.Active,
		"activeValues": &c.ActiveValues, "separator": &c.Separator, "as": &c.As,
		"others": &c.Others, "what": &c.What, "connection": &c.Connection,
	}
	if f := fields[name]; f != nil {
		*f = value
	}
}

// compare compares a file with the users of the tenant.
func (q *request) compare(v *reconcileView, file *multipart.Part) (*report, error) {
	v.File = file.FileName()
	if v.File == "" {
		return nil, badRequest("Choose a file first.")
	}
	var failed error
	others, err := v.form.others()
	if err != nil {
		return nil, err
	}
	if v.form.Connection != "" && !slices.Contains(v.Connections, v.form.Connection) {
		return nil, badRequest("There is no connection with that name.")
	}
	records, isJSON := v.form.records(file, others)
	watched := func(yield func(reconcile.Record, error) bool) {
		for r, err := range records {
			var tooLarge *http.MaxBytesError
			if errors.As(err, &tooLarge) {
				failed = badRequest("The file is larger than 64 MiB.")
			}
			if !yield(r, err) {
				return
			}
		}
	}
	out := &report{}
	if v.form.What == "first" {
		out.first, err = reconcile.DryRun(q.ctx, watched, usersOf(q.c.cfg.Handler), reconcile.Options{})
	} else {
		o := reconcile.CompareOptions{Connection: v.form.Connection}
		if !isJSON {
			o.Attributes = slices.AppendSeq([]string{}, maps.Keys(others)) // a file has no columns but these
		}
		if !q.c.owned() {
			o.Connection = "" // nobody owns anything
		}
		out.compared, err = reconcile.Compare(q.ctx, reconcile.Provider{Users: watched}, reconcile.Application{Users: usersOf(q.c.cfg.Handler)}, o)
	}
	if failed != nil {
		return nil, failed
	}
	return out, err
}

// others are the columns of other attributes, by their paths: "title=Job title".
func (c *columns) others() (map[string]string, error) {
	out := map[string]string{}
	for _, pair := range strings.Split(c.Others, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		path, column, ok := strings.Cut(pair, "=")
		if path, column = strings.TrimSpace(path), strings.TrimSpace(column); !ok || path == "" || column == "" {
			return nil, badRequest("Other columns are pairs such as title=Job title, name.familyName=Last name.")
		}
		out[path] = column
	}
	return out, nil
}

// records reads a file: JSON lines if it begins like one, else CSV.
func (c *columns) records(file io.Reader, others map[string]string) (records iter.Seq2[reconcile.Record, error], isJSON bool) {
	in := bufio.NewReader(file)
	begin, _ := in.Peek(512)
	if bytes.HasPrefix(bytes.TrimSpace(begin), []byte("{")) {
		return reconcile.JSONLines(in), true
	}
	cols := reconcile.Columns{UserName: c.UserName, ExternalID: c.ExternalID, Email: c.Email, Active: c.Active, Attributes: others}
	switch c.Separator {
	case "semicolon":
		cols.Comma = ';'
	case "tab":
		cols.Comma = '\t'
	}
	for _, value := range strings.Split(c.ActiveValues, ",") {
		if value = strings.TrimSpace(value); value != "" {
			cols.ActiveValues = append(cols.ActiveValues, value)
		}
	}
	return reconcile.CSV(in, cols), false
}

// setReport turns a report into its parts.
func (v *reconcileView) setReport(report *reconcile.Report, t *directoryType) {
	at := map[reconcile.Kind]int{}
	for _, k := range reconcile.Kinds() {
		at[k] = len(v.Report)
		v.Report = append(v.Report, kindOfFinding{Kind: string(k), Title: kinds[k][0], Means: kinds[k][1]})
	}
	for i := range report.Findings {
		f := &report.Findings[i]
		k := &v.Report[at[f.Kind]]
		k.Count++
		if len(k.Findings) < maxFindings && f.Kind != reconcile.Match {
			k.Findings = append(k.Findings, findingOf(f, t))
		}
	}
}

func findingOf(f *reconcile.Finding, t *directoryType) finding {
	var out finding
	var notes []string
	if f.Account != nil {
		out.Name, out.ExternalID, out.Account = f.Account.UserName, f.Account.ExternalID, f.Account.ID
	}
	if f.Record != nil {
		if f.Account != nil && f.Account.UserName != f.Record.UserName {
			notes = append(notes, fmt.Sprintf("here %q", masked(t, "userName", f.Account.UserName)))
		}
		out.Name, out.ExternalID = f.Record.UserName, f.Record.ExternalID
	}
	if f.Reason != "" {
		notes = append(notes, string(f.Reason))
	}
	if f.Similar != "" {
		out.Account = f.Similar
		notes = append(notes, "an account has the e-mail address")
	}
	if f.Kind == reconcile.Unclaimed && f.Account.Inactive || f.Kind == reconcile.Create && f.Record.Inactive {
		notes = append(notes, "inactive")
	}
	if f.Kind == reconcile.Conflict && f.Record != nil && f.Record.Position != "" {
		notes = append(notes, f.Record.Position)
	}
	out.Note = strings.Join(notes, "; ")
	out.Name, out.ExternalID = masked(t, "userName", out.Name), masked(t, "externalId", out.ExternalID)
	return out
}
