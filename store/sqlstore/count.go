package sqlstore

import (
	"context"
	"fmt"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/store"
)

// counted updates the number of the tenant's resources in the same transaction as
// the create or delete. That transaction holds the type's rule row, so it cannot
// overlap a recount. On a server each connection adds to a row that it shares with
// few others, so that creating one resource seldom waits for the commit of
// another.
func (t *table) counted(ctx context.Context, change int) error {
	_, err := t.db.exec(ctx, "INSERT INTO scim_count (tenant, type, shard, n) VALUES (?, ?, "+t.db.d.shard+", ?)"+t.db.d.adding,
		tenant(ctx), t.name, change)
	return err
}

// count returns the number of the tenant's resources that are selected.
func (s *selection) count(ctx context.Context) (int, error) {
	query, args := "SELECT COUNT(*) FROM scim_resource r WHERE "+s.filter.sql, s.filter.args
	if s.all {
		query, args = "SELECT COALESCE(SUM(n), 0) FROM scim_count WHERE tenant = ? AND type = ?", []any{tenant(ctx), s.t.name}
	}
	var n int
	err := s.t.db.one(ctx, query, args, &n)
	return n, err
}

// CountActive returns how many of the tenant's resources that a filter selects, nil for
// all, are not inactive: what the brake of package scim asks for. It reads the stored
// attributes of all of them. A resource with a sub-attribute active that is false counts
// as inactive too. The filter is one that Describe declares.
func (t *table) CountActive(ctx context.Context, f *filter.Filter) (int, error) {
	active := t.t.Root().Sub("active")
	if active == nil {
		return 0, fmt.Errorf("sqlstore: %s has no attribute active", t.t.Name)
	}
	if err := t.db.ready(ctx); err != nil {
		return 0, err
	}
	s, rest, err := t.selection(ctx, f)
	if err != nil {
		return 0, err
	}
	s.filter, s.all = join(s.filter, "AND", condition("NOT ("+t.db.d.contains("r.body")+")", `"`+active.Name+`":false`)), false
	if rest == nil {
		return s.count(ctx)
	}
	m, err := s.scan(ctx, &store.Query{}, rest)
	if err != nil {
		return 0, err
	}
	return m.count(ctx, &store.Query{})
}

// recount counts the resources of the type anew, in all tenants.
func (t *table) recount(ctx context.Context) error {
	if _, err := t.db.exec(ctx, "DELETE FROM scim_count WHERE type = ?", t.name); err != nil {
		return err
	}
	_, err := t.db.exec(ctx, "INSERT INTO scim_count (tenant, type, shard, n)"+
		" SELECT tenant, type, 0, COUNT(*) FROM scim_resource WHERE type = ? GROUP BY tenant, type", t.name)
	return err
}
