package console

import (
	"cmp"
	"context"
	"slices"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/internal/operator"
	"github.com/seed5f3efb56/scim/store"
)

// OperationReplay is the operation of the audit record of an entry of the outbox that
// an administrator put back.
const OperationReplay = operator.OperationReplay

const deadShown = 50

func (c *Console) setOverview() {
	if c.cfg.Health == nil && c.outbox() == nil {
		return
	}
	c.nav = append(c.nav, section{"overview", "Overview"})
	c.page("/overview", (*request).overview)
	if c.outbox() != nil {
		c.action("/overview/outbox", (*request).replay)
	}
}

func (c *Console) outbox() store.Outbox { return c.cfg.Handler.Config().Outbox }

// overviewView is the first page.
type overviewView struct {
	HasHealth   bool
	Counting    bool    // the figures are not known yet
	Since       *moment // of old figures, nil for new ones
	Connections []connectionRow
	Failing     int
	Notices     []notice
	Requests    int64
	Errors      int64
	Hours       int
	Plot        *plot
	Users       *health.Users
	Groups      *int
	Outbox      *health.Outbox
	HasOutbox   bool
	Dead        []deadEntry
	NextDead    string
	CanReplay   bool
}

// connectionRow is a connection in a list.
type connectionRow struct {
	Name             string
	HasPage          bool // in the section Connections
	Level            health.Level
	LastRequest      *moment
	LastSuccess      *moment
	Requests, Errors int64
	Users            *health.Users
	Groups           *int
}

// notice is what is to be done about a connection.
type notice struct {
	Connection string
	Bad        bool
	Reason     string
	Advice     string
}

// deadEntry is work of the outbox that was given up.
type deadEntry struct {
	ID, Queue, Type, Slug, ResourceID, Reason string
	Attempts                                  int
	Created                                   *moment
}

func (q *request) overview() error {
	v := &overviewView{HasHealth: q.c.cfg.Health != nil, HasOutbox: q.c.outbox() != nil, CanReplay: !q.id.ReadOnly}
	if v.HasHealth {
		if err := q.setHealth(v); err != nil {
			return err
		}
	}
	if v.HasOutbox {
		if err := q.setDead(v); err != nil {
			return err
		}
	}
	return q.show("overview", "Overview", v)
}

// setHealth fills in the state of the connections.
func (q *request) setHealth(v *overviewView) error {
	known, err := q.figures()
	if err != nil {
		return err
	}
	if known == nil {
		v.Counting = true
		q.again()
		return nil
	}
	all := known.All
	if v.Users, v.Groups = known.Users, known.Groups; known.Old {
		v.Since = q.moment(known.At)
		q.again()
	}
	named := map[string]bool{}
	if q.c.cfg.Connections != nil {
		list, err := q.c.cfg.Connections.List(q.ctx, q.id.Tenant)
		if err != nil {
			return err
		}
		for _, c := range list {
			named[c.Name] = true
		}
	}
	for i := range all {
		s := &all[i]
		row := connectionRow{
			Name: s.Connection, HasPage: named[s.Connection], Level: s.Level, LastRequest: q.moment(s.LastRequest), LastSuccess: q.moment(s.LastSuccess),
			Requests: s.Requests, Errors: s.Errors, Users: s.Users, Groups: s.Groups,
		}
		v.Connections = append(v.Connections, row)
		v.Requests, v.Errors = v.Requests+s.Requests, v.Errors+s.Errors
		if s.Level == health.LevelFailing {
			v.Failing++
		}
		v.Outbox = cmp.Or(v.Outbox, s.Outbox)
		for _, n := range s.Warnings {
			v.Notices = append(v.Notices, notice{s.Connection, n.Level == health.LevelFailing, n.Reason, n.Advice})
		}
		v.Hours = len(s.Hours)
	}
	v.Notices = distinct(v.Notices)
	v.Plot = q.newPlot(sumHours(all))
	return nil
}

// distinct puts the worst notices first, and leaves out those that several connections
// share, such as the outbox of the tenant.
func distinct(all []notice) []notice {
	slices.SortStableFunc(all, func(a, b notice) int {
		switch {
		case a.Bad == b.Bad:
			return 0
		case a.Bad:
			return -1
		}
		return 1
	})
	at := map[string]int{}
	var out []notice
	for _, n := range all {
		if i, ok := at[n.Reason]; ok {
			out[i].Connection = ""
			continue
		}
		at[n.Reason] = len(out)
		out = append(out, n)
	}
	return out
}

// setDead fills in the work that was given up.
func (q *request) setDead(v *overviewView) error {
	dead, err := q.c.outbox().Dead(q.ctx, q.r.URL.Query().Get("dead"), deadShown+1)
	if err != nil {
		return err
	}
	if len(dead) > deadShown {
		dead = dead[:deadShown]
		v.NextDead = dead[deadShown-1].ID
	}
	for _, e := range dead {
		d := deadEntry{ID: e.ID, Queue: string(e.Queue), Type: e.Type, ResourceID: e.ResourceID, Reason: e.Reason, Attempts: e.Attempts, Created: q.moment(e.Created)}
		if t := q.c.typeNamed(e.Type); t != nil {
			d.Slug = t.Slug
		}
		v.Dead = append(v.Dead, d)
	}
	return nil
}

// replay puts a dead entry back: the worker tries again.
func (q *request) replay() error {
	id := q.r.PostForm.Get("id")
	err := operator.InTx(q.ctx, q.c.cfg.Handler.Config().Tx, func(ctx context.Context) error {
		if err := q.c.outbox().Replay(ctx, id); err != nil {
			return err
		}
		return q.noteIn(ctx, audit.Record{Operation: OperationReplay, Detail: "the entry " + id})
	})
	if err != nil {
		return err
	}
	return q.redirect(q.path("overview") + "?done=replayed")
}
