package main

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// resources is a store of one type: the five methods and Describe.
type resources struct {
	db *database
	t  *schema.ResourceType
}

var _ interface {
	store.Store
	store.Describer
} = resources{}

func (db *database) users() resources { return resources{db, schema.UserType} }

func (s resources) key(ctx context.Context, id string) key {
	return key{store.Tenant(ctx), s.t.Name, id}
}

// Describe declares the most frequent filters of clients. The library evaluates
// other filters itself, and sorts.
func (s resources) Describe() store.Capabilities {
	return store.Capabilities{
		Filter:   filter.Indexed("id", "externalId", "userName", "displayName").Can,
		Versions: true,
	}
}

func (s resources) Get(ctx context.Context, id string, _ store.GetOptions) (*schema.Resource, error) {
	docs, err := s.db.view(ctx)
	if err != nil {
		return nil, err
	}
	d, ok := docs[s.key(ctx, id)]
	if !ok {
		return nil, store.ErrNotFound
	}
	return d.resource, nil
}

func (s resources) List(ctx context.Context, q *store.Query) (store.Page, error) {
	docs, err := s.db.view(ctx)
	if err != nil {
		return store.Page{}, err
	}
	all := s.sorted(ctx, docs, q.Filter)
	p := store.Page{Total: len(all)}
	if q.After != "" {
		last, ok := strings.CutPrefix(q.After, "after:")
		if !ok {
			return store.Page{}, store.ErrPosition
		}
		all = slices.DeleteFunc(all, func(r *schema.Resource) bool { return r.ID <= last })
	}
	all = all[min(q.Offset, len(all)):]
	p.Resources = all[:min(q.Count, len(all))]
	if n := len(p.Resources); n > 0 && n < len(all) {
		p.Next = "after:" + p.Resources[n-1].ID
	}
	return p, nil
}

// sorted returns the tenant's matching resources by id.
func (s resources) sorted(ctx context.Context, docs documents, f *filter.Filter) []*schema.Resource {
	var out []*schema.Resource
	for k, d := range docs {
		if k == s.key(ctx, k.id) && (f == nil || f.Match(d.resource)) {
			out = append(out, d.resource)
		}
	}
	slices.SortFunc(out, func(a, b *schema.Resource) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func (s resources) Create(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	var stored *schema.Resource
	err := s.db.write(ctx, func(docs documents) (err error) {
		stored, err = s.put(ctx, docs, c.After, document{resource: &schema.Resource{Version: "0"}})
		return err
	})
	return stored, err
}

// next returns a copy with the next version.
func next(r *schema.Resource, version string) *schema.Resource {
	n, _ := strconv.Atoi(version)
	c := *r
	c.Version = strconv.Itoa(n + 1)
	return &c
}

// taken compares unique values with every other resource of the tenant. A store
// for many resources would keep an index of these keys.
func (s resources) taken(ctx context.Context, docs documents, r *schema.Resource) error {
	for _, p := range s.t.Unique() {
		value := uniqueKey(p, r)
		for k, d := range docs {
			if k.id != r.ID && k == s.key(ctx, k.id) && value != "" && uniqueKey(p, d.resource) == value {
				return &store.UniquenessError{Path: p.String()}
			}
		}
	}
	return nil
}

func uniqueKey(p schema.AttrPath, r *schema.Resource) string {
	for v := range p.Values(r) {
		if p.Last().FoldsCase() {
			return schema.FoldKey(v.Text())
		}
		return v.Text()
	}
	return ""
}

func (s resources) Update(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	var stored *schema.Resource
	err := s.db.write(ctx, func(docs documents) error {
		d, err := s.current(ctx, docs, c.ID, c.IfVersion)
		if err != nil {
			return err
		}
		stored, err = s.put(ctx, docs, c.After, d)
		return err
	})
	return stored, err
}

// put stores a resource in place of the document d.
func (s resources) put(ctx context.Context, docs documents, after *schema.Resource, d document) (*schema.Resource, error) {
	if err := s.taken(ctx, docs, after); err != nil {
		return nil, err
	}
	d.resource = next(after, d.resource.Version)
	docs[s.key(ctx, after.ID)] = d
	return d.resource, nil
}

// current returns a document, or ErrVersion if it does not have the version
// ifVersion.
func (s resources) current(ctx context.Context, docs documents, id, ifVersion string) (document, error) {
	d, ok := docs[s.key(ctx, id)]
	switch {
	case !ok:
		return d, store.ErrNotFound
	case ifVersion != "" && ifVersion != d.resource.Version:
		return d, store.ErrVersion
	}
	return d, nil
}

func (s resources) Delete(ctx context.Context, c *store.Change) error {
	return s.db.write(ctx, func(docs documents) error {
		_, err := s.current(ctx, docs, c.ID, c.IfVersion)
		if err == nil {
			delete(docs, s.key(ctx, c.ID))
		}
		return err
	})
}
