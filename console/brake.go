package console

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/store"
)

// mostRelease is the most that one release lets pass.
const mostRelease = 1_000_000

func (c *Console) setBrake() {
	if c.cfg.Handler.Config().Brake.Off {
		return
	}
	c.nav = append(c.nav, section{"brake", "Brake"})
	c.page("/brake", (*request).brake)
	c.action("/brake", (*request).release)
}

// brakeView is the state of the brake of every connection.
type brakeView struct {
	Connections []brakedConnection
	Unknown     bool // which connections there are is not known
	Counting    bool // the states are not known yet
	Types       []string
	CanRelease  bool
}

type brakedConnection struct {
	Name    string
	Stopped bool
	Bounds  []bound
}

// bound is how far a connection is towards one bound.
type bound struct {
	Kind            brake.Kind
	Type            string
	Title           string
	Count, Limit    int64
	Share           share
	Until           *moment
	Stopped         *moment
	Released        int64
	ReleasedUntil   *moment
	ID              string // of the form
	HasOneException bool
}

// kindTitles are the words of pages for what is counted.
var kindTitles = map[brake.Kind]string{
	brake.Leavers: "deactivated or deleted", brake.Memberships: "memberships removed", brake.Creations: "created",
}

func (q *request) brake() error {
	v := &brakeView{CanRelease: !q.id.ReadOnly, Types: q.c.typeNames()}
	principals, err := q.principals()
	if err != nil {
		return err
	}
	v.Unknown = principals == nil
	known, counted, err := q.brakes()
	if err != nil {
		return err
	}
	if v.Counting = !counted; v.Counting {
		q.again()
		principals = nil
	}
	for i, p := range principals {
		name := cmp.Or(p.Connection, p.TokenID)
		states, ok := known[name]
		if !ok {
			if states, err = q.c.cfg.Handler.BrakeState(q.ctx, p); err != nil {
				return err
			}
		}
		c := q.braked(name, states)
		for j := range c.Bounds {
			c.Bounds[j].ID = fmt.Sprintf("%d-%d", i, j)
		}
		v.Connections = append(v.Connections, c)
	}
	slices.SortStableFunc(v.Connections, func(a, b brakedConnection) int {
		switch {
		case a.Stopped == b.Stopped:
			return 0
		case a.Stopped:
			return -1
		}
		return 1
	})
	return q.show("brake", "Brake", v)
}

func (q *request) braked(name string, states []brake.State) brakedConnection {
	c := brakedConnection{Name: name}
	for _, s := range states {
		b := bound{
			Kind: s.Kind, Type: s.Type, Title: s.Type + ": " + kindTitles[s.Kind], Count: s.Count, Limit: s.Limit, Share: share{s.Count, s.Limit},
			Until: q.moment(s.Until), Stopped: q.moment(s.Stopped), Released: s.Released, ReleasedUntil: q.moment(s.ReleasedUntil),
			HasOneException: s.Kind == brake.Leavers,
		}
		c.Stopped = c.Stopped || b.Stopped != nil
		c.Bounds = append(c.Bounds, b)
	}
	return c
}

// brakes are the states of the brake by connection, as far as the figures have them;
// counted is false while they are not known.
func (q *request) brakes() (known map[string][]brake.State, counted bool, err error) {
	if q.c.cfg.Health == nil {
		return nil, true, nil
	}
	f, err := q.figures()
	if err != nil || f == nil {
		return nil, false, err
	}
	if f.Old {
		q.again()
	}
	known = map[string][]brake.State{}
	for i := range f.All {
		known[f.All[i].Connection] = statesOf(&f.All[i])
	}
	return known, true, nil
}

// statesOf are the states of the brake in a status.
func statesOf(s *health.Status) []brake.State {
	var out []brake.State
	for _, b := range s.Brake {
		out = append(out, brake.State{
			Connection: s.Connection, Kind: b.Kind, Type: b.Type, Count: b.Count, Limit: b.Limit, Until: b.Until, Stopped: b.Stopped,
			Released: b.Released, ReleasedUntil: b.ReleasedUntil,
		})
	}
	return out
}

// principals are the connections of the tenant as the brake counts them; nil if there
// is nothing that knows them.
func (q *request) principals() ([]*scim.Principal, error) {
	byName := map[string]*scim.Principal{}
	known := false
	if q.c.cfg.Connections != nil {
		known = true
		all, err := q.c.cfg.Connections.List(q.ctx, q.id.Tenant)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			byName[c.Name] = q.principal(c)
		}
	}
	if q.c.cfg.Tokens != nil {
		known = true
		tokens, err := q.c.cfg.Tokens.ListTokens(q.ctx)
		if err != nil {
			return nil, err
		}
		for _, t := range tokens {
			if t.Revoked {
				continue
			}
			p := &scim.Principal{Tenant: q.id.Tenant, Connection: t.Connection, Policy: t.Policy}
			if t.Connection == "" {
				p.TokenID = t.ID
			}
			if name := cmp.Or(t.Connection, t.ID); byName[name] == nil {
				byName[name] = p
			}
		}
	}
	if !known && q.c.cfg.Health != nil {
		known = true
		all, err := q.statuses()
		if err != nil {
			return nil, err
		}
		for _, s := range all {
			if byName[s.Connection] == nil {
				byName[s.Connection] = &scim.Principal{Tenant: q.id.Tenant, Connection: s.Connection}
			}
		}
	}
	if !known {
		return nil, nil
	}
	out := make([]*scim.Principal, 0, len(byName))
	for _, p := range byName {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b *scim.Principal) int {
		return strings.Compare(cmp.Or(a.Connection, a.TokenID), cmp.Or(b.Connection, b.TokenID))
	})
	return out, nil
}

// release lets a connection go on.
func (q *request) release() error {
	get := func(name string) string { return strings.TrimSpace(q.r.PostForm.Get(name)) }
	r := brake.Release{Connection: get("connection"), Kind: brake.Kind(get("kind")), Type: get("type"), ID: get("id"), Actor: q.id.Actor, Reason: get("reason")}
	t := q.c.typeNamed(r.Type)
	switch {
	case r.Connection == "":
		return badRequest("Name the connection.")
	case r.Reason == "":
		return badRequest("Give a reason: it is part of the audit record.")
	case kindTitles[r.Kind] == "" || t == nil || (t.members != nil) != (r.Kind == brake.Memberships):
		return badRequest("The brake does not count this for resources of that type.")
	}
	if r.ID == "" {
		n, err := strconv.ParseInt(get("more"), 10, 64)
		if err != nil || n < 1 || n > mostRelease {
			return badRequest("Say how many more may pass: a number from 1 to 1,000,000.")
		}
		r.More = n
	} else if _, err := t.store.Get(q.ctx, r.ID, store.GetOptions{Attributes: t.listed()}); err != nil {
		return err
	}
	if err := q.c.cfg.Handler.ReleaseBrake(q.r.Context(), q.id.Tenant, r); err != nil {
		return err
	}
	return q.redirect(q.path("brake") + "?done=released")
}
