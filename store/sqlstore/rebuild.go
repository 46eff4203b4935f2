package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// prepare rebuilds the keys of the type if they were made under another rule.
func (t *table) prepare(ctx context.Context) error {
	if stored, err := t.storedRule(ctx); err != nil || stored == t.rule {
		return err
	}
	return t.db.exclusively(ctx, func(ctx context.Context) error {
		stored, err := t.storedRule(ctx)
		if err != nil || stored == t.rule {
			return err // another process has rebuilt them meanwhile
		}
		if err := t.claim(ctx); err != nil {
			return err
		}
		if err := t.rebuild(ctx); err != nil {
			return fmt.Errorf("rebuilding the keys of %s: %w", t.t.Name, err)
		}
		return nil
	})
}

// prepareWithin fails if the keys were made under another rule. A type with no
// recorded rule has no resources, because every write records one; the first
// writer may set it.
func (t *table) prepareWithin(ctx context.Context, writing bool) error {
	stored, err := t.storedRule(ctx)
	switch {
	case err != nil || stored == t.rule:
		return err
	case stored != "":
		return fmt.Errorf("%w: sqlstore: the keys of %s must be rebuilt, which is not possible in a transaction of another package: call Migrate after Store", store.ErrUnavailable, t.t.Name)
	case !writing:
		return nil
	}
	return t.setFirstRule(ctx)
}

// setFirstRule records the rule of a type that has none.
func (t *table) setFirstRule(ctx context.Context) error {
	_, err := t.db.exec(ctx, t.db.d.insert+"scim_type (type, rule) VALUES (?, ?)"+t.db.d.onTaken, t.name, t.rule)
	return err
}

func (t *table) storedRule(ctx context.Context) (string, error) {
	var rule string
	err := t.db.one(ctx, "SELECT rule FROM scim_type WHERE type = ?", []any{t.name}, &rule)
	if errors.Is(err, errNoRow) {
		return "", nil
	}
	return rule, err
}

// claim records the rule. It waits for the end of writes under the old rule, so
// that the rebuild sees their resources. Later writes under the old rule wait for
// this transaction and then fail: their keys would not be found.
func (t *table) claim(ctx context.Context) error {
	if err := t.setFirstRule(ctx); err != nil {
		return err
	}
	_, err := t.db.exec(ctx, "UPDATE scim_type SET rule = ? WHERE type = ?", t.rule, t.name)
	return err
}

// checkRule fails if the recorded rule is not that of this process.
func (t *table) checkRule(ctx context.Context) error {
	stored, err := t.storedRule(ctx)
	if err != nil || stored == t.rule {
		return err
	}
	return fmt.Errorf("%w: sqlstore: another version of this program has rebuilt the keys of %s", store.ErrUnavailable, t.t.Name)
}

// rebuild rebuilds the keys of all resources of the type, in all tenants, and those
// of their members, and recounts the resources.
func (t *table) rebuild(ctx context.Context) error {
	for _, query := range []string{"DELETE FROM scim_key WHERE type = ?", "DELETE FROM scim_unique WHERE type = ?"} {
		if _, err := t.db.exec(ctx, query, t.name); err != nil {
			return err
		}
	}
	if err := t.recount(ctx); err != nil {
		return err
	}
	for seq := int64(0); ; {
		page, err := t.pageOfAll(ctx, seq)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, r := range page {
			if err := t.rebuildOne(r.tenantContext(ctx), r); err != nil {
				return err
			}
		}
		seq = page[len(page)-1].seq
	}
}

// located is a resource with its row number and tenant.
type located struct {
	*schema.Resource
	seq    int64
	tenant string
}

// tenantContext returns a context for the resource's tenant.
func (r located) tenantContext(ctx context.Context) context.Context {
	return context.WithValue(ctx, tenantColumn{}, r.tenant)
}

// pageOfAll reads the resources after seq, of all tenants.
func (t *table) pageOfAll(ctx context.Context, seq int64) ([]located, error) {
	var page []located
	var l located
	resources := t.reader(&l.seq, &l.tenant)
	err := t.db.query(ctx, "SELECT "+columns+", r.seq, r.tenant FROM scim_resource r WHERE r.type = ? AND r.seq > ? ORDER BY r.seq"+t.db.d.limit,
		[]any{t.name, seq, sqldb.Batch}, func(scan func(...any) error) (err error) {
			l.Resource, err = resources.read(scan, nil)
			page = append(page, l)
			return err
		})
	return page, err
}

func (t *table) rebuildOne(ctx context.Context, r located) error {
	err := t.takeUniques(ctx, r.seq, t.uniques(r.Resource))
	var taken *store.UniquenessError
	if errors.As(err, &taken) {
		return fmt.Errorf("%s of %s is the value of another resource too: %w", taken.Path, r.ID, err)
	}
	if err != nil {
		return err
	}
	if err := t.putKeys(ctx, r.seq, t.keys(r.Resource)); err != nil || t.t.Members() == nil {
		return err
	}
	return t.rebuildMembers(ctx, r.seq)
}

// memberKey has the columns of scim_member that are derived from the member.
type memberKey struct {
	ord          int64
	folded, kind string
}

// rebuildMembers corrects the keys of a group's members.
func (t *table) rebuildMembers(ctx context.Context, grp int64) error {
	for ord := int64(-1); ; {
		var wrong []memberKey
		n := 0
		err := t.db.query(ctx, "SELECT ord, member, type, folded, COALESCE(kind, '') FROM scim_member WHERE grp = ? AND ord > ? ORDER BY ord"+t.db.d.limit,
			[]any{grp, ord, sqldb.Batch}, func(scan func(...any) error) error {
				var member, typ, folded, kind string
				if err := scan(&ord, &member, &typ, &folded, &kind); err != nil {
					return err
				}
				n++
				if k := (memberKey{ord, foldID(member), typeKey(unescape(typ))}); k != (memberKey{ord, folded, kind}) {
					wrong = append(wrong, k)
				}
				return nil
			})
		if err != nil {
			return err
		}
		for _, k := range wrong {
			if _, err := t.db.exec(ctx, "UPDATE scim_member SET folded = ?, kind = ? WHERE grp = ? AND ord = ?", k.folded, nullable(k.kind), grp, k.ord); err != nil {
				return err
			}
		}
		if n < sqldb.Batch {
			return nil
		}
	}
}
