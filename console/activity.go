package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/internal/operator"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// The operations of this package in the audit trail.
const (
	// OperationShow: an administrator looked at private values, of a resource or of
	// the audit trail.
	OperationShow audit.Operation = "showPrivateValues"
	// OperationExport: an administrator took records of the audit trail with them.
	OperationExport = operator.OperationExport
)

// operations are the words of pages for operations.
var operations = map[audit.Operation]string{
	audit.Operation(scim.OperationCreate): "create", audit.Operation(scim.OperationRetrieve): "read", audit.Operation(scim.OperationQuery): "search",
	audit.Operation(scim.OperationReplace): "replace", audit.Operation(scim.OperationPatch): "change", audit.Operation(scim.OperationDelete): "delete",
	audit.Operation(scim.OperationReleaseBrake): "release the brake", audit.Operation(scim.OperationRevoke): "end sessions", audit.Operation(scim.OperationRetention): "delete after retention", audit.OperationHook: "run a hook",
	OperationShow: "look at private values", OperationExport: "export the audit trail", OperationReplay: "replay an entry", OperationRepair: "repair by a plan",
	connection.OpCreate: "create a connection", connection.OpChange: "change a connection", connection.OpPause: "pause a connection", connection.OpResume: "resume a connection",
	connection.OpSwitchOff: "switch a connection off", connection.OpIssueToken: "make a token", connection.OpRotateToken: "rotate a token", connection.OpRevokeToken: "revoke a token",
	connection.OpHandOver: "hand over", connection.OpMakeLocal: "make local", connection.OpPurge: "purge",
	OperationStartLog: "started to keep requests", OperationStopLog: "stopped keeping requests",
}

const (
	historySize = 10
	// mostPages is how many pages of the trail are read for one page of the console: a
	// reader may return short ones.
	mostPages = 4
	// exportTime is how long an export may take.
	exportTime = 10 * time.Minute
)

func (c *Console) setActivity() {
	if c.cfg.Trail == nil {
		return
	}
	c.nav = append(c.nav, section{"activity", "Activity"})
	c.page("/activity", (*request).activity)
	c.page("/activity/{record}", func(q *request) error { return q.record(false) })
	c.action("/activity/{record}", func(q *request) error { return q.record(true) })
	c.action("/activity", (*request).export)
}

// activityView is a page of the trail.
type activityView struct {
	Asked      asked
	Operations []option
	Types      []string
	Records    []entry
	Next       string
	First      bool
	Filtered   bool
	CanExport  bool
}

type option struct{ Value, Name string }

// asked is the filter of the page, as it stands in the URL.
type asked struct {
	Type, ID, Actor, Connection, Operation, Outcome, From, To string
}

func askedOf(values url.Values) asked {
	get := func(name string) string { return strings.TrimSpace(values.Get(name)) }
	return asked{get("type"), get("id"), get("actor"), get("connection"), get("operation"), get("outcome"), get("from"), get("to")}
}

// values are the parameters of a URL with the filter.
func (a asked) values() url.Values {
	out := url.Values{}
	for name, value := range map[string]string{
		"type": a.Type, "id": a.ID, "actor": a.Actor, "connection": a.Connection, "operation": a.Operation, "outcome": a.Outcome, "from": a.From, "to": a.To,
	} {
		if value != "" {
			out.Set(name, value)
		}
	}
	return out
}

// query is the filter as the trail takes it.
func (a asked) query() (audit.Query, error) {
	q := audit.Query{
		Type: a.Type, ResourceID: a.ID, Actor: a.Actor, Connection: a.Connection, Operation: audit.Operation(a.Operation), Outcome: audit.Outcome(a.Outcome), Count: pageSize,
	}
	var err error
	if a.From != "" {
		if q.From, err = time.Parse(time.DateOnly, a.From); err != nil {
			return q, badRequest("The first day is not a date such as 2026-11-29.")
		}
	}
	if a.To != "" {
		if q.To, err = time.Parse(time.DateOnly, a.To); err != nil {
			return q, badRequest("The last day is not a date such as 2026-11-29.")
		}
		q.To = q.To.AddDate(0, 0, 1)
	}
	return q, nil
}

// entry is a record in a list.
type entry struct {
	Record    string
	At        int64 // in microseconds, to find it again
	Time      *moment
	Actor     string
	By        string // connection
	Operation string
	Type      string
	Slug      string // of the type in the directory, "" if it has none
	ID        string
	Name      string
	Changed   []string
	Outcome   audit.Outcome
	Status    int
	Detail    string
	Reason    string
	Omitted   int
}

func (q *request) activity() error {
	v := &activityView{Asked: askedOf(q.r.URL.Query()), CanExport: !q.id.ReadOnly}
	v.Operations, v.Types = q.c.operationOptions(), q.c.typeNames()
	query, err := v.Asked.query()
	if err != nil {
		return err
	}
	params := v.Asked.values().Encode()
	binding := "activity\x00" + q.id.Tenant + "\x00" + params
	v.Filtered = params != ""
	if sealed := q.r.URL.Query().Get("after"); sealed != "" {
		var ok bool
		if query.After, ok = q.c.sealer.Open(sealed, binding); !ok {
			return badRequest("The address of this page is damaged, or is that of another list. Search again.")
		}
	}
	v.First = query.After == ""
	records, next, err := q.records(query)
	if err != nil {
		return err
	}
	for _, r := range records {
		v.Records = append(v.Records, q.entry(r))
	}
	if next != "" {
		v.Next = q.c.sealer.Seal(next, binding)
	}
	return q.show("activity", "Activity", v)
}

// records reads a page of the trail, and more if the reader returns short ones.
func (q *request) records(query audit.Query) (out []audit.Record, next string, err error) {
	want := query.Count
	for range mostPages {
		query.Count = want - len(out)
		page, after, err := q.c.cfg.Trail.Records(q.ctx, query)
		if errors.Is(err, store.ErrPosition) {
			return nil, "", badRequest("The address of this page is out of date. Search again.")
		}
		if err != nil {
			return nil, "", err
		}
		for _, s := range page {
			rec, _ := audit.Decode(s) // of another program: what the trail has beside the payload
			out = append(out, rec)
		}
		next, query.After = after, after
		if next == "" || len(out) >= want {
			break
		}
	}
	return out, next, nil
}

// entry makes the row of a record. A name that is sensitive is masked in the record.
func (q *request) entry(r audit.Record) entry {
	e := entry{
		Record: r.Record, At: r.Time.UnixMicro(), Time: q.moment(r.Time), Actor: r.Actor, By: r.Connection, Operation: operationName(r.Operation),
		Type: r.Type, ID: r.ID, Name: r.Name, Outcome: r.Outcome, Status: r.Status, Detail: r.Detail, Reason: r.Reason, Omitted: r.Omitted,
	}
	if t := q.c.typeNamed(r.Type); t != nil && r.ID != "" {
		e.Slug = t.Slug
	} else if e.Name == "" {
		e.Name = r.Connection
	}
	for i, c := range r.Changes {
		if i == 6 {
			e.Changed = append(e.Changed, "…")
			break
		}
		e.Changed = append(e.Changed, pathName(c.Path))
	}
	return e
}

// pathName is the path of a change as pages show it.
func pathName(path string) string {
	if path == schema.OwnerAttribute.Name {
		return "connection"
	}
	return path
}

func operationName(o audit.Operation) string {
	if name := operations[o]; name != "" {
		return name
	}
	if o == "" {
		return "request"
	}
	return string(o)
}

func (c *Console) typeNamed(name string) *directoryType {
	for _, t := range c.types {
		if t.Name == name {
			return t
		}
	}
	return nil
}

func (c *Console) typeNames() []string {
	var names []string
	for _, t := range c.types {
		names = append(names, t.Name)
	}
	return names
}

func (c *Console) operationOptions() []option {
	var out []option
	for o, name := range operations {
		out = append(out, option{string(o), name})
	}
	slices.SortFunc(out, func(a, b option) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Link returns the URL of the page of the record; the time is part of it, since a
// trail is read by time.
func (e entry) Link(v *view) string {
	return v.WithQuery("at", strconv.FormatInt(e.At, 10), "activity", e.Record)
}

// recordView is the page of one record.
type recordView struct {
	entry    entry
	Raw      audit.Record
	Changes  []change
	Revealed bool
	Hidden   int
	CanShow  bool
	At       string
}

// Entry is the record as lists have it.
func (v *recordView) Entry() entry { return v.entry }

// change is one attribute before and after.
type change struct {
	Path                   string
	Old, New               string
	Private                bool // and not shown
	OldOmitted, NewOmitted int
}

// record shows one record in full.
func (q *request) record(reveal bool) error {
	at, err := strconv.ParseInt(q.r.URL.Query().Get("at"), 10, 64)
	if err != nil {
		return notFound("The address of the record is not complete.")
	}
	r, err := q.findRecord(q.r.PathValue("record"), time.UnixMicro(at))
	if err != nil {
		return err
	}
	v := &recordView{entry: q.entry(*r), Raw: *r, Revealed: reveal, CanShow: !q.id.ReadOnly, At: q.r.URL.Query().Get("at")}
	t := q.c.typeNamed(r.Type)
	for _, c := range r.Changes {
		shown := change{Path: pathName(c.Path), Old: value(c.Old), New: value(c.New), OldOmitted: c.OldOmitted, NewOmitted: c.NewOmitted}
		if !reveal && t.isPrivate(c.Path) {
			shown = change{Path: c.Path, Private: true}
			v.Hidden++
		}
		v.Changes = append(v.Changes, shown)
	}
	if reveal {
		if err := q.note(audit.Record{Operation: OperationShow, Type: r.Type, ID: r.ID, Name: r.Name, Of: r.Record}); err != nil {
			return err
		}
	}
	return q.show("record", "Record", v)
}

// findRecord finds a record of the tenant by its id and time.
func (q *request) findRecord(id string, at time.Time) (*audit.Record, error) {
	query := audit.Query{From: at, To: at.Add(time.Microsecond), Count: audit.DefaultCount}
	for range 20 {
		records, next, err := q.records(query)
		if err != nil {
			return nil, err
		}
		for i := range records {
			if records[i].Record == id {
				return &records[i], nil
			}
		}
		if next == "" {
			break
		}
		query.After = next
	}
	return nil, notFound("There is no such record, or not any more.")
}

// isPrivate reports whether the values at a root attribute are private. What is not
// known is.
func (t *directoryType) isPrivate(path string) bool {
	if path == schema.OwnerAttribute.Name {
		return false
	}
	if t == nil {
		return true
	}
	a := t.Root().Sub(path)
	return a == nil || t.private[a]
}

// value shows a JSON text as it is read: a string without quotes.
func value(text string) string {
	var s string
	if json.Unmarshal([]byte(text), &s) == nil && s != "" {
		return s
	}
	return text
}

// history is what the trail has about one resource, the newest first.
type history struct {
	Records []entry
	More    bool
}

// history reads the newest records of a resource, nil without a trail.
func (q *request) history(t *directoryType, id string) (*history, error) {
	if q.c.cfg.Trail == nil {
		return nil, nil
	}
	records, next, err := q.records(audit.Query{Type: t.Name, ResourceID: id, Count: historySize})
	if err != nil {
		return nil, err
	}
	h := &history{More: next != ""}
	for _, r := range records {
		h.Records = append(h.Records, q.entry(r))
	}
	return h, nil
}

// recordReveal notes that private values of a resource were looked at, before they are
// shown.
func (q *request) recordReveal(t *directoryType, r *schema.Resource) error {
	name, _, _ := t.nameOf(r)
	return q.note(audit.Record{Operation: OperationShow, Type: t.Name, ID: r.ID, Name: name})
}

// note adds a record of what the administrator did to the trail, if there is one.
func (q *request) note(r audit.Record) error { return q.noteIn(q.ctx, r) }

// noteIn is note in the transaction of a context.
func (q *request) noteIn(ctx context.Context, r audit.Record) error {
	if q.c.cfg.Trail == nil {
		return nil
	}
	r.Kind, r.Outcome, r.Status = audit.Request, audit.Success, http.StatusOK
	r.Time, r.Tenant, r.Actor, r.Method = q.now.UTC(), q.id.Tenant, q.id.Actor, q.r.Method
	return audit.Append(ctx, q.c.cfg.Trail.(store.AuditTrail), r)
}

// export sends the records of the filter as a file. It is a POST, since it has private
// values: a login that is read only cannot, and the trail tells who did.
func (q *request) export() error {
	query, err := askedOf(q.r.PostForm).query()
	if err != nil {
		return err
	}
	filter, err := json.Marshal(askedOf(q.r.PostForm))
	if err != nil {
		return err
	}
	if err := q.note(audit.Record{Operation: OperationExport, Detail: string(filter)}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(store.WithTenant(q.r.Context(), q.id.Tenant), exportTime)
	defer cancel()
	query.Count = 500
	records := audit.All(ctx, q.c.cfg.Trail, query)
	write, contentType, ending := audit.WriteJSONLines, "application/x-ndjson", "jsonl"
	if q.r.PostForm.Get("format") == "csv" {
		write, contentType, ending = audit.WriteCSV, "text/csv; charset=utf-8", "csv"
	}
	h := q.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="audit-`+q.now.UTC().Format("20060102-1504")+"."+ending+`"`)
	if err := write(q.w, records); err != nil {
		// What was sent cannot be taken back: the connection is cut, so that nobody
		// takes a part for the whole.
		q.c.cfg.Logger.WarnContext(q.r.Context(), "scim console: an export of the audit trail ended early", "error", err.Error())
		panic(http.ErrAbortHandler)
	}
	return nil
}

// Values are the parameters of the filter.
func (v *activityView) Values() url.Values { return v.Asked.values() }
