package scim

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/patch"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// endpoint is an [Endpoint] with what is built once for it.
type endpoint struct {
	*lifecycle.Endpoint
	initial func(ctx context.Context, p *Principal, attributes *schema.Object) *schema.Object // Endpoint.Default
	Policy
	Policies  map[string]Policy
	can       store.Capabilities
	refs      []refAttribute
	sensitive []schema.AttrPath
	dialects  map[Client]*dialect
}

// dialect is how the requests of one kind of client are read.
type dialect struct {
	profile schema.Profile
	one     *filter.Resolver // queries on the endpoint of the type, and paths
	any     *filter.Resolver // queries over all types
	patcher *patch.Patcher
}

// reserved are the endpoints of RFC 7644 Table 2 that are no resource types.
var reserved = []string{"/Me", "/Bulk", "/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/.search"}

func newEndpoint(h *Handler, e Endpoint) (*endpoint, error) {
	if e.Type == nil || e.Type.Root() == nil {
		return nil, errors.New("scim: an endpoint has no type made by schema.NewResourceType")
	}
	name := e.Type.Name
	if e.Store == nil {
		return nil, fmt.Errorf("scim: endpoint %s has no store", name)
	}
	if t := typeOf(e.Store, e.Type); t != e.Type {
		return nil, fmt.Errorf("scim: the store of endpoint %s has a type of its own; use its Type()", name)
	}
	for _, r := range reserved {
		if strings.EqualFold(e.Type.Endpoint, r) {
			return nil, fmt.Errorf("scim: endpoint %s of %s belongs to the protocol", r, name)
		}
	}
	if isVersion(strings.TrimPrefix(e.Type.Endpoint, "/")) {
		return nil, fmt.Errorf("scim: endpoint %s of %s reads as a protocol version (RFC 7644 §3.13)", e.Type.Endpoint, name)
	}
	ep := &endpoint{
		Endpoint: &lifecycle.Endpoint{Type: e.Type, Store: e.Store}, initial: e.Default, Policy: e.Policy, Policies: e.Policies,
		can: store.Describe(e.Store), refs: refAttributes(e.Type), dialects: map[Client]*dialect{},
	}
	ep.Versions, ep.DropDerived = ep.can.Versions, ep.dropRefs
	if a := e.Type.Root().Sub("active"); a != nil && a.Type == schema.TypeBoolean && !a.MultiValued {
		ep.Active = a
	}
	if e.Type.Members() != nil {
		m, ok := e.Store.(store.MemberStore)
		if !ok {
			return nil, fmt.Errorf("scim: %s has members, but its store is no store.MemberStore", name)
		}
		ep.Members = m
	}
	if err := ep.setPolicies(h.cfg.Tx); err != nil {
		return nil, err
	}
	for client, profile := range profiles {
		one := filter.NewResolver(e.Type, filter.Options{Profile: profile})
		patcher := patch.New(e.Type, one, profile)
		patcher.MaxMembers = h.cfg.Limits.Scan
		ep.dialects[client] = &dialect{
			profile: profile,
			one:     one,
			any:     filter.NewResolver(e.Type, filter.Options{Profile: profile, AnyType: true}),
			patcher: patcher,
		}
	}
	return ep, nil
}

// canFilter reports whether the store answers the expression itself.
func (ep *endpoint) canFilter(e filter.Expr) bool { return ep.can.Filter != nil && ep.can.Filter(e) }

func (ep *endpoint) canSort(p schema.AttrPath) bool { return ep.can.Sort != nil && ep.can.Sort(p) }

func (h *Handler) byType(name string) *endpoint {
	for _, ep := range h.endpoints {
		if ep.Type.Name == name {
			return ep
		}
	}
	return nil
}
