package sqlstore

import (
	"context"
	"sync"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// A request that returns users returns their groups too. In a context of WithGroups
// the statement that reads a user reads its groups, so that GroupsOf need not ask.

// joined has what a context of WithGroups has learned: the groups of one type that
// resources of a tenant are direct members of, by the id of the resource.
type joined struct {
	tenant, typ string
	mu          sync.Mutex
	known       map[string][]store.GroupRef
}

// joinedKey is the key of a joined in a context.
type joinedKey struct{ db *DB }

// WithGroups returns a context in which the stores of the same database read a
// resource together with its groups. With the context, or one made from it, GroupsOf
// answers from what was read, as of that moment, until a group is changed with it.
func (g *groups) WithGroups(ctx context.Context) context.Context {
	if g.db.d.joinText == nil {
		return ctx
	}
	return context.WithValue(ctx, joinedKey{g.db}, &joined{tenant: tenant(ctx), typ: g.name, known: map[string][]store.GroupRef{}})
}

// joined returns what WithGroups put into the context; nil without it, or if the context
// has another tenant since, whose resources may have the same ids.
func (db *DB) joined(ctx context.Context) *joined {
	j, _ := ctx.Value(joinedKey{db}).(*joined)
	if j == nil || j.tenant != tenant(ctx) {
		return nil
	}
	return j
}

// joins is joined for the statements of a table; nil if its resources have no groups.
func (t *table) joins(ctx context.Context) *joined {
	if t.t.Groups() == nil {
		return nil
	}
	return t.db.joined(ctx)
}

// forgetGroups makes GroupsOf ask again, since a group is about to change.
func (db *DB) forgetGroups(ctx context.Context) {
	if j := db.joined(ctx); j != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		clear(j.known)
	}
}

// These stand in the text of groups: after the id of a group, and after its display. No
// escaped text has them, since it has \x01 only as the first half of an escape sequence.
const (
	endOfID      = 3
	endOfDisplay = 4
)

func init() {
	for _, d := range []*dialect{PostgreSQL.dialect, SQLite.dialect} {
		d.groupsOfID, d.groupsOfRow = d.groupsColumn("?", "?", "?"), d.groupsColumn("r.id", "r.id", "r.tenant")
	}
}

// groupsColumn is the text of the groups of a resource, NULL for none. The arguments are
// SQL: the folded id of the resource, the id, and the tenant.
func (d *dialect) groupsColumn(folded, id, tenant string) string {
	return "(SELECT " + d.joinText("g.id", "g.display") + " FROM (SELECT m.grp FROM scim_member m WHERE m.folded = " + folded + " AND m.member = " + id + d.stays +
		" ORDER BY m.grp" + d.fence + ") m JOIN scim_resource g ON g.seq = m.grp WHERE g.tenant = " + tenant + " AND g.type = ?)"
}

// learn notes the groups of a resource, from the text of groupsColumn.
func (j *joined) learn(id string, text []byte) {
	var out []store.GroupRef
	var ref store.GroupRef
	rest := string(text)
	for begin, i := 0, 0; i < len(rest)-1; i++ {
		if rest[i] != 1 {
			continue
		}
		i++
		switch rest[i] {
		case endOfID:
			ref.ID, begin = rest[begin:i-1], i+1
		case endOfDisplay:
			ref.Display, begin = unescape(rest[begin:i-1]), i+1
			out = append(out, ref)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.known[id] = out
}

// groupsOf returns the groups of resources if those of all of them are known, and
// forgets them: they are asked for once, and a list may have many parts.
func (j *joined) groupsOf(ids []string) (map[string][]store.GroupRef, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make(map[string][]store.GroupRef, len(ids))
	for _, id := range ids {
		groups, ok := j.known[id]
		if !ok {
			return nil, false
		}
		out[id] = groups
	}
	clear(j.known)
	return out, true
}

// hasFoldedID reports whether the folded id of a resource is its id, as groupsColumn
// assumes where it gets the id from the row.
func hasFoldedID(r *schema.Resource) bool { return foldID(r.ID) == r.ID }
