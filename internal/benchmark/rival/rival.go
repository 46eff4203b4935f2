// Package rival is a service provider with github.com/elimity-com/scim, in memory: that
// library parses, checks and encodes, and leaves storage, filters, the application of
// PATCH and the order of lists to its user. This is the least of it: maps by id and
// userName, and PATCH of active and of members.
package rival

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/elimity-com/scim"
	scimerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
	"github.com/google/uuid"
	filter "github.com/scim2/filter-parser/v2"

	"github.com/seed5f3efb56/scim/internal/benchmark/seed"
)

// Serve answers requests at the address. The file users has a user in each line; their
// ids are written to the file ids.
func Serve(addr, users, ids string) error {
	server, err := scim.NewServer(&scim.ServerArgs{
		ServiceProviderConfig: &scim.ServiceProviderConfig{SupportFiltering: true, SupportPatch: true},
		ResourceTypes: []scim.ResourceType{
			{Name: "User", Endpoint: "/Users", Schema: schema.CoreUserSchema(), Handler: newResources("userName"), SchemaExtensions: []scim.SchemaExtension{{Schema: schema.ExtensionEnterpriseUser()}}},
			{Name: "Group", Endpoint: "/Groups", Schema: schema.CoreGroupSchema(), Handler: newResources("displayName")},
		},
	}, scim.WithBaseURL("http://"+addr+"/scim/v2"))
	if err != nil {
		return err
	}
	h := http.StripPrefix("/scim", server)
	if users != "" {
		if err := seed.Create(users, ids, func(user []byte) (string, error) { return create(h, user) }); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	return http.ListenAndServe(addr, h)
}

// create creates a user by POST and returns the id.
func create(h http.Handler, user []byte) (string, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/scim/v2/Users", bytes.NewReader(user)))
	var made struct{ ID string }
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != http.StatusCreated {
		return "", fmt.Errorf("POST /Users: %d %.200s", w.Code, w.Body)
	}
	return made.ID, nil
}

// resources is the handler of a resource type. Resources are never modified, only
// replaced; the members of a group only grow at their end.
type resources struct {
	unique string // the attribute that names a resource

	mu     sync.RWMutex
	byID   map[string]*resource
	byName map[string]*resource
	order  []*resource
}

type resource struct {
	scim.Resource
	version int
	has     map[string]bool // the members of a group
}

func newResources(unique string) *resources {
	return &resources{unique: unique, byID: map[string]*resource{}, byName: map[string]*resource{}}
}

func (h *resources) name(attributes scim.ResourceAttributes) string {
	name, _ := attributes[h.unique].(string)
	return strings.ToLower(name)
}

func (r *resource) set(attributes scim.ResourceAttributes) {
	now := time.Now().UTC()
	if r.Meta.Created == nil {
		r.Meta.Created = &now
	}
	if external, ok := attributes["externalId"].(string); ok {
		r.ExternalID = optional.NewString(external)
	}
	r.version++
	r.Meta.LastModified, r.Meta.Version = &now, `W/"`+strconv.Itoa(r.version)+`"`
	r.Attributes = attributes
}

func (h *resources) Create(_ *http.Request, attributes scim.ResourceAttributes) (scim.Resource, error) {
	r := &resource{Resource: scim.Resource{ID: uuid.NewString()}, has: map[string]bool{}}
	r.set(attributes)
	h.mu.Lock()
	defer h.mu.Unlock()
	name := h.name(attributes)
	if h.byName[name] != nil {
		return scim.Resource{}, scimerrors.ScimErrorUniqueness
	}
	h.byID[r.ID], h.byName[name] = r, r
	h.order = append(h.order, r)
	return r.Resource, nil
}

func (h *resources) Get(_ *http.Request, id string) (scim.Resource, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if r := h.byID[id]; r != nil {
		return r.Resource, nil
	}
	return scim.Resource{}, scimerrors.ScimErrorResourceNotFound(id)
}

// GetAll answers a filter like userName eq "x" from the index, any other by the
// library's own matching.
func (h *resources) GetAll(_ *http.Request, params scim.ListRequestParams) (scim.Page, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if params.FilterValidator == nil {
		return page(h.order, params), nil
	}
	if e, ok := params.FilterValidator.GetFilter().(*filter.AttributeExpression); ok && e.Operator == filter.EQ && e.AttributePath.AttributeName == h.unique {
		name, _ := e.CompareValue.(string)
		if r := h.byName[strings.ToLower(name)]; r != nil {
			return page([]*resource{r}, params), nil
		}
		return page(nil, params), nil
	}
	var matching []*resource
	for _, r := range h.order {
		if params.FilterValidator.PassesFilter(r.Attributes) == nil {
			matching = append(matching, r)
		}
	}
	return page(matching, params), nil
}

func page(all []*resource, params scim.ListRequestParams) scim.Page {
	first := min(max(params.StartIndex-1, 0), len(all))
	p := scim.Page{TotalResults: len(all), Resources: []scim.Resource{}}
	for _, r := range all[first:min(first+params.Count, len(all))] {
		p.Resources = append(p.Resources, r.Resource)
	}
	return p
}

func (h *resources) Replace(_ *http.Request, id string, attributes scim.ResourceAttributes) (scim.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.byID[id]
	if r == nil {
		return scim.Resource{}, scimerrors.ScimErrorResourceNotFound(id)
	}
	if before, after := h.name(r.Attributes), h.name(attributes); before != after {
		if h.byName[after] != nil {
			return scim.Resource{}, scimerrors.ScimErrorUniqueness
		}
		delete(h.byName, before)
		h.byName[after] = r
	}
	r.set(attributes)
	return r.Resource, nil
}

func (h *resources) Delete(*http.Request, string) error {
	return errors.New("the benchmark deletes nothing")
}

func (h *resources) Patch(_ *http.Request, id string, operations []scim.PatchOperation) (scim.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.byID[id]
	if r == nil {
		return scim.Resource{}, scimerrors.ScimErrorResourceNotFound(id)
	}
	attributes := scim.ResourceAttributes{}
	for k, v := range r.Attributes {
		attributes[k] = v
	}
	members := false
	for _, o := range operations {
		switch path := o.Path.String(); {
		case path == "active":
			attributes["active"] = o.Value
		case path == "members" && o.Op == scim.PatchOperationAdd:
			members = true
			attributes["members"] = r.add(o.Value)
		case strings.HasPrefix(path, "members[") && o.Op == scim.PatchOperationRemove:
			members = true
			attributes["members"] = r.remove(o.Path.ValueExpression)
		default:
			return scim.Resource{}, fmt.Errorf("unknown operation %s %s", o.Op, path)
		}
		r.Attributes = attributes
	}
	r.set(attributes)
	if members { // 204, as the others: the group is not sent with all its members
		return scim.Resource{}, nil
	}
	return r.Resource, nil
}

func (r *resource) add(value any) any {
	members, _ := r.Attributes["members"].([]any)
	added, _ := value.([]any)
	for _, m := range added {
		one, _ := m.(map[string]any)
		if id, _ := one["value"].(string); !r.has[id] {
			r.has[id] = true
			members = append(members, m)
		}
	}
	return members
}

// remove takes away the member of a path members[value eq "x"].
func (r *resource) remove(e filter.Expression) any {
	members, _ := r.Attributes["members"].([]any)
	eq, ok := e.(*filter.AttributeExpression)
	if !ok {
		return members
	}
	left := make([]any, 0, len(members))
	for _, m := range members {
		one, _ := m.(map[string]any)
		if one["value"] != eq.CompareValue {
			left = append(left, m)
		}
	}
	delete(r.has, fmt.Sprint(eq.CompareValue))
	return left
}
