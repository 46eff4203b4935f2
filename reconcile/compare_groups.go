package reconcile

import (
	"context"
	"fmt"
	"iter"

	"github.com/seed5f3efb56/scim/internal/paging"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// GroupRecord is one group on the provider's side.
type GroupRecord struct {
	DisplayName string
	ExternalID  string
	// Members name the users of the group: by Record.ID, by externalId or by userName.
	Members  []string
	Position string // where the record stands, for example "line 7"
}

// group is a group of the application.
type group struct {
	id, name, externalID, version string
	owner                         ownership
	claimed                       bool
}

// groups are those of the application, by their keys.
type groups struct {
	list  []group
	by    keys
	exact bool // displayNames are compared byte for byte
	owned bool // the type has an owner
	seen  map[string]bool
}

func (g *groups) nameKey(name string) string {
	if g.exact {
		return name
	}
	return schema.FoldKey(name)
}

func (c *comparing) compareGroups(ctx context.Context, records iter.Seq2[GroupRecord, error], app GroupLister) error {
	gs := &groups{by: keys{map[string]int32{}, map[string]int32{}}, seen: map[string]bool{}}
	for page, err := range paging.NewWalker(app, store.Query{Bytes: pageBytes}, -1).Pages(ctx) {
		if err != nil {
			return fmt.Errorf("reconcile: the groups of the application: %w", err)
		}
		for _, r := range page.Resources {
			c.out.groups = r.Type
			gs.add(r, &c.o)
		}
	}
	c.out.Groups = len(gs.list)
	for r, err := range records {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("reconcile: the provider's groups: %w", err)
		}
		c.out.GroupRecords++
		if err := c.compareGroup(ctx, gs, &r, app); err != nil {
			return err
		}
	}
	for i := range gs.list {
		c.leftOverGroup(gs, &gs.list[i])
	}
	return nil
}

func (g *groups) add(r *schema.Resource, o *CompareOptions) {
	if name := r.Type.Root().Sub("displayName"); name != nil {
		g.exact = !name.FoldsCase()
	}
	g.owned = r.Type.Owned
	x := group{id: r.ID, version: r.Version, name: r.Text("displayName"), externalID: r.Get(schema.ExternalIDAttribute).Text()}
	x.owner = o.ownerOf(r, x.externalID)
	place := int32(len(g.list))
	g.list = append(g.list, x)
	if x.owner == another {
		return
	}
	g.by.names[g.nameKey(x.name)] = unlessTaken(g.by.names, g.nameKey(x.name), place)
	if x.externalID != "" {
		g.by.externals[x.externalID] = unlessTaken(g.by.externals, x.externalID, place)
	}
}

func unlessTaken(m map[string]int32, key string, place int32) int32 {
	if _, taken := m[key]; taken {
		return several
	}
	return place
}

// match returns the place of the group of a record, absent if there is none, and
// what matched; or why there is no match.
func (g *groups) match(r *GroupRecord, o *CompareOptions) (place int32, by string, reason Reason) {
	if r.DisplayName == "" {
		return absent, "", NoDisplayName
	}
	if r.ExternalID != "" {
		if g.seen[r.ExternalID] {
			return absent, "", SameExternalID
		}
		g.seen[r.ExternalID] = true
		switch place, ok := g.by.externals[r.ExternalID]; {
		case ok && place == several:
			return absent, "", SharedExternalID
		case ok:
			return place, "externalId", g.claim(place, o)
		}
	}
	place, ok := g.by.names[g.nameKey(r.DisplayName)]
	switch {
	case !ok:
		return absent, "", ""
	case place == several:
		return absent, "", SameDisplayName
	}
	// displayName is not unique: a group with another externalId is another group.
	if x := &g.list[place]; x.externalID != "" && r.ExternalID != "" {
		return absent, "", ""
	}
	return place, "displayName", g.claim(place, o)
}

// claim claims a group for a record.
func (g *groups) claim(place int32, o *CompareOptions) Reason {
	x := &g.list[place]
	if x.claimed {
		return SameAccount
	}
	x.claimed = true
	if x.owner == nobodys && o.Connection != "" && g.owned {
		return NoConnection
	}
	return ""
}

// compareGroup finds the group of a record and compares the two with their members.
func (c *comparing) compareGroup(ctx context.Context, gs *groups, r *GroupRecord, app GroupLister) error {
	m := Mismatch{Type: "Group", Name: r.DisplayName, ExternalID: r.ExternalID, Position: r.Position}
	place, by, reason := gs.match(r, &c.o)
	if reason != "" {
		m.Kind, m.Reason = Duplicate, reason
		if reason == NoDisplayName || reason == NoConnection {
			m.Kind = Contradict
		}
		if place >= 0 {
			m.ID, m.Version = gs.list[place].id, gs.list[place].version
		}
		c.add(m)
		return nil
	}
	wanted, unknown := c.resolve(r.Members)
	if place == absent {
		m.Kind, m.Unknown = Missing, unknown
		m.Join = c.named(wanted)
		c.add(m)
		return nil
	}
	c.out.MatchedGroups++
	g := &gs.list[place]
	m.ID, m.Version, m.By = g.id, g.version, by
	var changes []Change
	if r.DisplayName != g.name {
		changes = append(changes, Change{"displayName", g.name, r.DisplayName})
	}
	if r.ExternalID != "" && r.ExternalID != g.externalID {
		changes = append(changes, Change{"externalId", g.externalID, r.ExternalID})
	}
	if len(changes) > 0 {
		drift := m
		drift.Kind, drift.Changes = Drift, changes
		c.add(drift)
	}
	leave, err := c.leavers(ctx, app, g.id, wanted)
	if err != nil {
		return err
	}
	m.Join, m.Leave, m.Unknown = c.named(wanted), leave, unknown
	if len(m.Join)+len(m.Leave) > 0 {
		m.Kind = Membership
		c.add(m)
	}
	return nil
}

// resolve returns the accounts that a group of the provider names, and how many of
// its members have none.
func (c *comparing) resolve(members []string) (wanted []int32, unknown int) {
	seen := make(map[int32]bool, len(members))
	for _, text := range members {
		place, ok := c.member(text)
		switch {
		case !ok || place < 0 || c.accounts[place].owner == another:
			unknown++
		case !seen[place]:
			seen[place] = true
			wanted = append(wanted, place)
		}
	}
	return wanted, unknown
}

// member returns the place of the account that a text names: the provider's id, an
// externalId or a userName.
func (c *comparing) member(text string) (place int32, ok bool) {
	if place, ok = c.refs[text]; ok {
		return place, true
	}
	if place, ok = c.by.externals[text]; ok {
		return place, true
	}
	key := c.nameKey(text)
	if place, ok = c.refs["\x00"+key]; ok {
		return place, true
	}
	place, ok = c.by.names[key]
	return place, ok
}

// leavers removes from wanted the accounts that are members of a group, and returns
// its members that the provider's group does not have. Only accounts that belong to
// a record are among them.
func (c *comparing) leavers(ctx context.Context, app GroupLister, id string, wanted []int32) ([]Ref, error) {
	at := make(map[int32]int, len(wanted))
	for i, place := range wanted {
		at[place] = i
	}
	var leave []Ref
	for member, err := range app.Members(ctx, id) {
		if err != nil {
			return nil, fmt.Errorf("reconcile: the members of group %s: %w", id, err)
		}
		place, ok := c.ids[member.Value]
		if !ok {
			continue
		}
		if i, ok := at[place]; ok {
			wanted[i] = absent
		} else if a := &c.accounts[place]; a.matched {
			leave = append(leave, Ref{a.id, a.userName})
		}
	}
	return leave, nil
}

// named returns the accounts at places.
func (c *comparing) named(places []int32) []Ref {
	var out []Ref
	for _, place := range places {
		if place >= 0 {
			out = append(out, Ref{c.accounts[place].id, c.accounts[place].userName})
		}
	}
	return out
}

func (c *comparing) leftOverGroup(gs *groups, g *group) {
	m := Mismatch{Type: "Group", ID: g.id, Name: g.name, ExternalID: g.externalID, Version: g.version}
	switch {
	case g.owner == another:
		c.out.GroupsElsewhere++
		return
	case g.claimed:
		return
	case g.externalID != "" && gs.by.externals[g.externalID] == several:
		m.Kind, m.Reason = Duplicate, SharedExternalID
	case g.owner == providers:
		m.Kind = Orphaned
	default:
		m.Kind = Unmanaged
	}
	c.add(m)
}
