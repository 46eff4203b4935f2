package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/store"
)

// GroupsOf implements [store.MemberStore].
func (g *groups) GroupsOf(ctx context.Context, ids []string) (map[string][]store.GroupRef, error) {
	if err := g.db.ready(ctx); err != nil {
		return nil, err
	}
	if j := g.db.joined(ctx); j != nil && j.typ == g.name {
		if out, known := j.groupsOf(ids); known {
			return out, nil
		}
	}
	out := make(map[string][]store.GroupRef, len(ids))
	for chunk := range slices.Chunk(distinct(ids), sqldb.Batch) {
		wanted := make(map[string]bool, len(chunk))
		for _, id := range chunk {
			wanted[id] = true
		}
		args := append(foldIDs(chunk), tenant(ctx), g.name)
		err := g.db.query(ctx, "SELECT m.member, r.id, r.display FROM scim_member m JOIN scim_resource r ON r.seq = m.grp"+
			" WHERE m.folded IN "+list(len(chunk))+" AND r.tenant = ? AND r.type = ?"+g.db.d.stays+" ORDER BY r.seq", args, func(scan func(...any) error) error {
			var member string
			var ref store.GroupRef
			err := scan(&member, &ref.ID, &ref.Display)
			if wanted[member] {
				ref.Display = unescape(ref.Display)
				out[member] = append(out[member], ref)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// RemoveFromAll implements [store.MemberStore].
func (g *groups) RemoveFromAll(ctx context.Context, c *store.Change) ([]string, error) {
	if !validID(c.ID) {
		return nil, nil // no member has such an id
	}
	var out []string
	err := g.db.InTx(ctx, func(ctx context.Context) error {
		out = nil
		// Lock first, in one order for all, and look again at what was locked.
		groups, err := g.groupsWith(ctx, c.ID, g.db.d.forUpdate+g.db.d.ofGroup)
		if err != nil || len(groups) == 0 {
			return err
		}
		if g.db.d.forUpdate != "" {
			if groups, err = g.groupsWith(ctx, c.ID, ""); err != nil {
				return err
			}
		}
		for _, group := range groups {
			out = append(out, group.id)
		}
		return g.leave(ctx, c.ID, groups, c.At)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

type groupRow struct {
	seq      int64
	id       string
	modified time.Time
}

// groupsWith returns the groups that have the member.
func (g *groups) groupsWith(ctx context.Context, id, lock string) ([]groupRow, error) {
	var out []groupRow
	err := g.db.query(ctx, "SELECT r.seq, r.id, r.last_modified FROM scim_member m JOIN scim_resource r ON r.seq = m.grp"+
		" WHERE m.folded = ? AND m.member = ? AND r.tenant = ? AND r.type = ?"+g.db.d.stays+" ORDER BY r.seq"+lock,
		[]any{foldID(id), id, tenant(ctx), g.name}, func(scan func(...any) error) error {
			var r groupRow
			var modified string
			err := scan(&r.seq, &r.id, &modified)
			if err == nil {
				r.modified, err = parseTime(modified)
			}
			out = append(out, r)
			return err
		})
	return out, err
}

func (g *groups) leave(ctx context.Context, id string, groups []groupRow, at time.Time) error {
	g.db.forgetGroups(ctx)
	for chunk := range slices.Chunk(groups, sqldb.Batch) {
		seqs := make([]any, len(chunk))
		moments := map[time.Time][]any{} // nearly always one: at
		for i, r := range chunk {
			seqs[i] = r.seq
			moment := store.Later(r.modified, at)
			moments[moment] = append(moments[moment], r.seq)
		}
		in := list(len(seqs))
		if _, err := g.db.exec(ctx, "DELETE FROM scim_member WHERE folded = ? AND member = ? AND grp IN "+in, append([]any{foldID(id), id}, seqs...)...); err != nil {
			return err
		}
		for moment, seqs := range moments {
			if err := g.touch(ctx, seqs, moment); err != nil {
				return err
			}
		}
	}
	return g.db.sweep(ctx)
}

// touch gives resources that are locked another version.
func (g *groups) touch(ctx context.Context, seqs []any, at time.Time) error {
	g.db.forgetRows(ctx)
	modified, err := timeText(at)
	if err != nil {
		return err
	}
	_, err = g.db.exec(ctx, "UPDATE scim_resource SET version = version + 1, body_format = body_format + 1, last_modified = ? WHERE seq IN "+list(len(seqs)), append([]any{modified}, seqs...)...)
	return err
}
