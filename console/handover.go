package console

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/store"
)

func (c *Console) setHandOver() {
	if c.cfg.Connections == nil || !c.owned() {
		return
	}
	c.page("/connections/{name}/handover", (*request).previewHandOver)
	c.action("/connections/{name}/handover", (*request).handOver)
}

// handOverView is the preview of a hand-over, or what it did.
type handOverView struct {
	From, To  string // To is "" where the people become the application's own
	Counts    []outcomeCount
	Rows      []stepRow
	More      int
	CanChange bool
	Done      bool
}

// long returns a context for a change of everybody of a connection, which goes on when
// the administrator leaves the page.
func (q *request) long() (context.Context, context.CancelFunc) {
	return context.WithTimeout(store.WithTenant(context.WithoutCancel(q.r.Context()), q.id.Tenant), exportTime)
}

// target is the other connection, "" for none.
func (q *request) target(to string) error {
	if to == "" {
		return nil
	}
	all, err := q.c.cfg.Connections.List(q.ctx, q.id.Tenant)
	if err != nil {
		return err
	}
	if to == q.r.PathValue("name") || !slices.ContainsFunc(all, func(c connection.Connection) bool { return c.Name == to }) {
		return badRequest("Choose another connection.")
	}
	return nil
}

// previewHandOver shows who would belong to another connection, or to nobody.
func (q *request) previewHandOver() error {
	c, err := q.found()
	if err != nil {
		return err
	}
	to := q.r.URL.Query().Get("to")
	if err := q.target(to); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(store.WithTenant(q.r.Context(), q.id.Tenant), exportTime)
	defer cancel()
	var p connection.Preview
	if to == "" {
		p, err = q.c.cfg.Connections.PreviewMakeLocal(ctx, q.id.Tenant, c.Name)
	} else {
		p, err = q.c.cfg.Connections.PreviewHandOver(ctx, q.id.Tenant, connection.HandOver{From: c.Name, To: to})
	}
	if err != nil {
		return active(err)
	}
	v := &handOverView{From: c.Name, To: to, CanChange: !q.id.ReadOnly}
	byType := map[string]int{}
	for _, o := range p.Match {
		byType[o.Type]++
		if len(v.Rows) < shownSteps {
			v.Rows = append(v.Rows, q.ownedRow(o))
		}
	}
	for _, t := range q.c.types {
		if t.owned {
			v.Counts = append(v.Counts, outcomeCount{t.Plural, byType[t.Name]})
		}
	}
	v.More = len(p.Match) - len(v.Rows)
	return q.show("handover", "Hand over", v)
}

// active says why an active connection keeps its people.
func active(err error) error {
	if errors.Is(err, connection.ErrState) {
		return &failure{http.StatusConflict, "Pause it first", "The connection is active: its provider would go on with people who are not its own any more. Pause it or switch it off first."}
	}
	return err
}

func (q *request) ownedRow(o connection.Owned) stepRow {
	row := stepRow{Name: o.Name, Type: o.Type, ID: o.ID, What: o.Type}
	if t := q.c.typeNamed(o.Type); t != nil {
		row.Slug = t.Slug
		if slices.ContainsFunc(t.naming, t.isSensitive) {
			row.Name = o.ID
		}
	}
	if o.Inactive {
		row.What += ", inactive"
	}
	return row
}

// handOver carries it out.
func (q *request) handOver() error {
	c, err := q.found()
	if err != nil {
		return err
	}
	by, err := q.by()
	if err != nil {
		return err
	}
	to := q.r.PostForm.Get("to")
	if err := q.target(to); err != nil {
		return err
	}
	ctx, cancel := q.long()
	defer cancel()
	var result connection.Result
	if to == "" {
		result, err = q.c.cfg.Connections.MakeLocal(ctx, q.id.Tenant, c.Name, by)
	} else {
		result, err = q.c.cfg.Connections.HandOver(ctx, q.id.Tenant, connection.HandOver{From: c.Name, To: to}, by)
	}
	if err != nil && len(result.Failed) == 0 {
		return active(err)
	}
	v := &handOverView{From: c.Name, To: to, Done: true, Counts: []outcomeCount{{"Handed over", result.Done}, {"Not handed over", len(result.Failed)}}}
	for _, f := range result.Failed[:min(len(result.Failed), shownSteps)] {
		v.Rows = append(v.Rows, q.ownedRow(f.Owned))
	}
	v.More = len(result.Failed) - len(v.Rows)
	return q.show("handover", "Hand over", v)
}
