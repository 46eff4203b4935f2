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
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/reconcile"
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
	c.page("/reconcile", func(q *request) error { return q.show("reconcile", "Reconcile", &reconcileView{form: newColumns()}) })
	c.upload("/reconcile", (*request).reconcile)
}

// columns are the fields of the form beside the file.
type columns struct {
	UserName, ExternalID, Email, Active, ActiveValues, Separator, As string
}

func newColumns() columns {
	return columns{UserName: "userName", Separator: "comma", As: "page"}
}

// reconcileView is the form, and the report if there is one.
type reconcileView struct {
	form    columns
	File    string
	Mistake string
	Report  []kindOfFinding
	Total   int
}

// Form are the columns as they were sent.
func (v *reconcileView) Form() columns { return v.form }

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
	q.r.Body = http.MaxBytesReader(q.w, q.r.Body, maxUpload)
	v := &reconcileView{form: newColumns()}
	report, err := q.readUpload(v)
	var f *failure
	switch {
	case errors.As(err, &f), errors.Is(err, store.ErrUnavailable), ctx.Err() != nil && err != nil:
		return err
	case err != nil:
		v.Mistake = strings.TrimPrefix(err.Error(), "reconcile: ")
		q.render(http.StatusBadRequest, "reconcile", "Reconcile", v)
		return nil
	}
	if v.form.As == "json" {
		q.w.Header().Set("Content-Type", "application/json")
		q.w.Header().Set("Content-Disposition", `attachment; filename="reconcile.json"`)
		return json.NewEncoder(q.w).Encode(report)
	}
	v.setReport(report)
	return q.show("reconcile", "Reconcile", v)
}

// readUpload reads the fields of the form, which come before the file, and compares
// the file while it arrives.
func (q *request) readUpload(v *reconcileView) (*reconcile.Report, error) {
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
		v.form.set(p.FormName(), strings.TrimSpace(string(value)))
	}
}

func (c *columns) set(name, value string) {
	fields := map[string]*string{
		"userName": &c.UserName, "externalId": &c.ExternalID, "email": &c.Email, "active": &c.Active,
		"activeValues": &c.ActiveValues, "separator": &c.Separator, "as": &c.As,
	}
	if f := fields[name]; f != nil {
		*f = value
	}
}

// compare compares a file with the users of the tenant.
func (q *request) compare(v *reconcileView, file *multipart.Part) (*reconcile.Report, error) {
	v.File = file.FileName()
	if v.File == "" {
		return nil, badRequest("Choose a file first.")
	}
	var failed error
	records := v.form.records(file)
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
	report, err := reconcile.DryRun(q.ctx, watched, usersOf(q.c.cfg.Handler), reconcile.Options{})
	if failed != nil {
		return nil, failed
	}
	return report, err
}

// records reads a file: JSON lines if it begins like one, else CSV.
func (c *columns) records(file io.Reader) iter.Seq2[reconcile.Record, error] {
	in := bufio.NewReader(file)
	begin, _ := in.Peek(512)
	if bytes.HasPrefix(bytes.TrimSpace(begin), []byte("{")) {
		return reconcile.JSONLines(in)
	}
	cols := reconcile.Columns{UserName: c.UserName, ExternalID: c.ExternalID, Email: c.Email, Active: c.Active}
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
	return reconcile.CSV(in, cols)
}

// setReport turns a report into its parts.
func (v *reconcileView) setReport(report *reconcile.Report) {
	v.Total = len(report.Findings)
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
			k.Findings = append(k.Findings, findingOf(f))
		}
	}
}

func findingOf(f *reconcile.Finding) finding {
	var out finding
	var notes []string
	if f.Account != nil {
		out.Name, out.ExternalID, out.Account = f.Account.UserName, f.Account.ExternalID, f.Account.ID
	}
	if f.Record != nil {
		if f.Account != nil && f.Account.UserName != f.Record.UserName {
			notes = append(notes, fmt.Sprintf("here %q", f.Account.UserName))
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
	return out
}
