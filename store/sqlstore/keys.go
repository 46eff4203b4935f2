package sqlstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
)

// indexed are the paths with keys in every type that has the attribute: identity
// providers look up users and groups by them, and package scim by the owner.
var indexed = []string{"externalId", "userName", "displayName", "emails.value", schema.OwnerAttribute.Name}

// index is one attribute path with keys.
type index struct {
	path   schema.AttrPath
	name   string            // the path in the tables
	single bool              // each resource has one row, so that sorting is possible
	kind   *schema.Attribute // the sub-attribute "type" of the same element, or nil
}

// indexes returns the paths with keys, in a fixed order.
func indexes(t *schema.ResourceType, extra []string) []index {
	var out []index
	seen := map[string]bool{}
	add := func(p schema.AttrPath) {
		if a := p.Last(); a.Type != schema.TypeString || a.Secret() || kept(t, p.Root()) || seen[p.String()] {
			return
		}
		seen[p.String()] = true
		out = append(out, index{p, squeeze(p.String()), !p.MultiValued(), kindOf(p)})
	}
	for _, text := range slices.Concat(indexed, extra) {
		if p, ok := t.Resolve(text); ok {
			add(p)
		}
	}
	for _, p := range t.Unique() {
		add(p)
	}
	return out
}

// keyedRoots returns the root attributes on which the keys of a resource depend.
func (t *table) keyedRoots() []*schema.Attribute {
	var out []*schema.Attribute
	add := func(a *schema.Attribute) {
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	for _, x := range t.indexes {
		add(x.path.Root())
	}
	for _, p := range t.unique {
		add(p.Root())
	}
	return out
}

// sameKeys reports whether two states of a resource have the same keys for certain.
func (t *table) sameKeys(before, after *schema.Resource) bool {
	return !slices.ContainsFunc(t.keyed, func(a *schema.Attribute) bool {
		return !schema.Identical(before.Attributes.Get(a), after.Attributes.Get(a))
	})
}

// kept reports whether an attribute is kept outside of the stored attributes.
func kept(t *schema.ResourceType, root *schema.Attribute) bool {
	switch root {
	case schema.SchemasAttribute, schema.IDAttribute, schema.MetaAttribute:
		return true
	}
	return root == t.Members() || root == t.Groups()
}

// kindOf returns the sub-attribute "type" of the elements that contain a path
// such as emails.value, or nil.
func kindOf(p schema.AttrPath) *schema.Attribute {
	if len(p) < 2 {
		return nil
	}
	parent := p[len(p)-2]
	if kind := parent.Sub("type"); parent.MultiValued && kind != nil && kind.Type == schema.TypeString && kind != p.Last() {
		return kind
	}
	return nil
}

// keyText returns a text that is the same for two values of the attribute
// exactly if they are equal.
func keyText(a *schema.Attribute, v schema.Value) string {
	switch {
	case a.FoldsCase():
		return schema.FoldKey(v.Text())
	case a.Type == schema.TypeInteger:
		return strconv.FormatInt(v.Int(), 10)
	case a.Type == schema.TypeDecimal:
		return strconv.FormatFloat(v.Float()+0, 'g', -1, 64) // +0 turns a negative zero into zero
	}
	return v.Text()
}

// keyRow has the columns of scim_key that differ between the rows of a resource.
type keyRow struct {
	absent     int
	head, tail string
	kind       string // "=" and the kind, or "" for NULL
}

type keyID struct {
	path string
	ord  int
}

// keys returns the rows of scim_key for a resource.
func (t *table) keys(r *schema.Resource) map[keyID]keyRow {
	out := map[keyID]keyRow{}
	for _, x := range t.indexes {
		n := 0
		for v, kind := range x.values(r) {
			head, tail := split(escape(keyText(x.path.Last(), v)))
			out[keyID{x.name, n}] = keyRow{head: head, tail: tail, kind: kind}
			n++
		}
		if n == 0 && x.single {
			out[keyID{x.name, 0}] = keyRow{absent: 1}
		}
	}
	return out
}

// values yields the values at the path, each with the kind of its element.
func (x index) values(r *schema.Resource) func(yield func(schema.Value, string) bool) {
	return func(yield func(schema.Value, string) bool) {
		if x.kind == nil {
			x.path.Values(r)(func(v schema.Value) bool { return yield(v, "") })
			return
		}
		parent, last := x.path[:len(x.path)-1], x.path.Last()
		for element := range parent.Values(r) {
			v := element.Object().Get(last)
			if v.Assigned() && !yield(v, kindText(x.kind, element.Object().Get(x.kind))) {
				return
			}
		}
	}
}

func kindText(kind *schema.Attribute, v schema.Value) string {
	if !v.Assigned() {
		return ""
	}
	return "=" + squeeze(keyText(kind, v))
}

// nullable returns the argument for a kind: nil for "".
func nullable(kind string) any {
	if kind == "" {
		return nil
	}
	return kind
}

// sorted returns the keys in a fixed order.
func sorted(keys map[keyID]keyRow) []keyID {
	return slices.SortedFunc(maps.Keys(keys), func(a, b keyID) int {
		if c := strings.Compare(a.path, b.path); c != 0 {
			return c
		}
		return a.ord - b.ord
	})
}

// putKeys inserts rows of scim_key.
func (t *table) putKeys(ctx context.Context, seq int64, want map[keyID]keyRow) error {
	for chunk := range slices.Chunk(sorted(want), sqldb.Batch) {
		args := make([]any, 0, len(chunk)*9)
		for _, id := range chunk {
			k := want[id]
			args = append(args, seq, id.path, id.ord, tenant(ctx), t.name, k.absent, k.head, k.tail, nullable(k.kind))
		}
		_, err := t.db.exec(ctx, "INSERT INTO scim_key (seq, path, ord, tenant, type, absent, head, tail, kind) VALUES "+rows(len(chunk), 9), args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// stored returns the rows of a resource in scim_key and scim_unique.
func (t *table) stored(ctx context.Context, seq int64) (map[keyID]keyRow, []uniqueID, error) {
	keys, uniques := map[keyID]keyRow{}, []uniqueID(nil)
	err := t.db.query(ctx, "SELECT path, ord, absent, head, tail, COALESCE(kind, '') FROM scim_key WHERE seq = ?"+
		" UNION ALL SELECT path, -1, 0, ukey, '', '' FROM scim_unique WHERE seq = ?", []any{seq, seq},
		func(scan func(...any) error) error {
			var id keyID
			var k keyRow
			err := scan(&id.path, &id.ord, &k.absent, &k.head, &k.tail, &k.kind)
			if id.ord < 0 {
				uniques = append(uniques, uniqueID{id.path, k.head})
			} else {
				keys[id] = k
			}
			return err
		})
	return keys, uniques, err
}

// moveKeys changes the rows of scim_key and scim_unique to those of r. If another
// resource has a unique value of r nothing changes and the error is a
// [*store.UniquenessError].
func (t *table) moveKeys(ctx context.Context, seq int64, r *schema.Resource) error {
	keys, uniques, err := t.stored(ctx, seq)
	if err != nil {
		return err
	}
	want := t.uniques(r)
	if err := t.takeUniques(ctx, seq, without(want, uniques)); err != nil {
		return err
	}
	if err := t.freeUniques(ctx, seq, without(uniques, want)); err != nil {
		return err
	}
	wanted := t.keys(r)
	gone := map[string][]any{} // by path
	for id, k := range keys {
		if w, ok := wanted[id]; ok && w == k {
			delete(wanted, id)
			continue
		}
		gone[id.path] = append(gone[id.path], id.ord)
	}
	for path, ords := range gone {
		if err := t.dropKeys(ctx, seq, path, ords); err != nil {
			return err
		}
	}
	return t.putKeys(ctx, seq, wanted)
}

func (t *table) dropKeys(ctx context.Context, seq int64, path string, ords []any) error {
	for chunk := range slices.Chunk(ords, sqldb.Batch) {
		args := append([]any{seq, path}, chunk...)
		if _, err := t.db.exec(ctx, "DELETE FROM scim_key WHERE seq = ? AND path = ? AND ord IN "+list(len(chunk)), args...); err != nil {
			return err
		}
	}
	return nil
}

// without returns the elements of a that are not in b.
func without[T comparable](a, b []T) []T {
	in := make(map[T]bool, len(b))
	for _, x := range b {
		in[x] = true
	}
	return slices.DeleteFunc(slices.Clone(a), func(x T) bool { return in[x] })
}

// describeKeys returns the rule by which keys are made. When it changes they are
// rebuilt. "counted" excludes processes of older versions, which do not update
// scim_count.
func (t *table) describeKeys() string {
	var b strings.Builder
	fmt.Fprintf(&b, "counted fold %d", schema.FoldVersion)
	for _, x := range t.indexes {
		fmt.Fprintf(&b, " %s", keyRule(x.path))
	}
	for _, p := range t.unique {
		fmt.Fprintf(&b, " unique:%s", keyRule(p))
	}
	return b.String()
}

func keyRule(p schema.AttrPath) string {
	return fmt.Sprintf("%s/%s/%t", p, p.Last().Type, p.Last().FoldsCase())
}
