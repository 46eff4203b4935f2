// Package scim is an embeddable SCIM 2.0 service provider (RFC 7643, RFC 7644):
// an http.Handler that an application mounts, usually under /scim/v2, so that
// identity providers create, update, deactivate and group its users.
//
//	users, groups := db.Store(schema.UserType), db.Store(schema.GroupType)
//	h, err := scim.New(scim.Config{
//		BaseURL:   "https://app.example.com/scim/v2",
//		Auth:      scim.BearerTokens(scim.HashToken("idp-1", token)),
//		Endpoints: []scim.Endpoint{scim.Users(users), scim.Groups(groups)},
//		Tx:        db,
//	})
//	// any router, any prefix
//	mux.Handle("/scim/v2/", h)
//
// The library routes, authenticates, parses filters, applies PATCH, validates,
// pages, projects and reports errors. The application supplies persistence: a
// [store.Store] for each resource type (packages store/memstore and
// store/sqlstore are complete ones).
//
// # Endpoints
//
// GET, POST, PUT, PATCH, DELETE and POST .search for each resource type; GET
// and POST .search over all types at the root; /Bulk; /ServiceProviderConfig,
// /ResourceTypes and /Schemas; /Me when [Config.Me] is set (501 otherwise).
// docs/requirements.md lists every requirement of the RFCs
// and the cases that prove it, docs/conformance.md where the default client
// departs from one because an identity provider needs it.
//
// # Security considerations
//
// Serve it over TLS only (RFC 7644 §7.2): requests carry bearer tokens and
// personal data. [New] refuses a configuration without an [Authenticator].
// What a client controls is bounded by [Limits]. Passwords are split off when
// a body is decoded, go to [Config.SetPassword] or nowhere, and are never part
// of a resource, a log or a response. Internal errors are logged and answered
// with a reference only.
//
// Read next: package store for the contract an application implements.
package scim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/internal/paging"
	"github.com/seed5f3efb56/scim/internal/project"
	"github.com/seed5f3efb56/scim/internal/reference"
	"github.com/seed5f3efb56/scim/internal/sampling"
	"github.com/seed5f3efb56/scim/patch"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// New checks the configuration and returns the handler. The error joins all
// problems that were found.
func New(cfg Config) (*Handler, error) {
	if err := cfg.Limits.check(); err != nil {
		return nil, err
	}
	h := &Handler{cfg: cfg}
	h.cfg.Limits = cfg.Limits.withDefaults()
	if h.cfg.CursorKey == nil {
		h.cfg.CursorKey = paging.NewSecret()
	}
	h.cursors, h.rates = paging.NewSealer(h.cfg.CursorKey), h.cfg.Limits.rates()
	h.sampler = sampling.New(mostRefused, mostRefusedAddress)
	if h.cfg.Logger == nil {
		h.cfg.Logger = slog.Default()
	}
	if h.cfg.Now == nil {
		h.cfg.Now = time.Now
	}
	if h.cfg.NewID == nil {
		h.cfg.NewID = newUUID
	}
	if !isNil(cfg.Connections) {
		h.states = connection.NewStates(cfg.Connections, h.cfg.Logger)
	}
	if h.cfg.Subject == "" {
		h.cfg.Subject = schema.ExternalIDAttribute.Name
	}
	errs := []error{h.setBaseURL(), checkAuth(cfg.Auth), h.checkSchemes(), h.setAnnounced(), cfg.checkCursors(), cfg.Brake.Check(), cfg.checkEventURIs(), cfg.checkGroups()}
	if err := h.setEndpoints(); err != nil {
		errs = append(errs, err)
	} else {
		errs = append(errs, h.setSensitive(), h.checkSubject(cfg.Subject), h.checkConcurrency(), h.setLifecycle(), h.checkMe(), h.checkTrail(), h.checkDatabases(), h.checkTenants(), h.checkFixedTokens())
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	h.warnHidden()
	h.routes = h.newRoutes()
	return h, nil
}

// warnHidden logs the abilities that the wrapper around a store hides. What
// writes is asked of the wrapper alone, or a write would bypass it.
func (h *Handler) warnHidden() {
	for _, ep := range h.endpoints {
		if ep.can.Revives && hides[store.Reviver](ep.Store) {
			h.cfg.Logger.Warn("scim: the wrapper around a store hides an ability of it",
				slog.String("type", ep.Type.Name), slog.String("wrapper", fmt.Sprintf("%T", ep.Store)), slog.String("ability", "store.Reviver"))
		}
	}
}

// hides reports whether a store is not a T and one that it wraps is.
func hides[T any](s store.Store) bool {
	_, own := s.(T)
	_, inside := store.As[T](s)
	return inside && !own
}

func (h *Handler) setBaseURL() error {
	if h.cfg.BaseURL == "" {
		return errors.New("scim: Config.BaseURL is required")
	}
	u, err := parseBaseURL(h.cfg.BaseURL)
	if err != nil {
		return fmt.Errorf("scim: Config.BaseURL: %w", err)
	}
	h.base, h.prefix = u.String(), u.EscapedPath()
	return nil
}

// checkSchemes rejects an authentication scheme whose type RFC 7643 §5 does not
// have.
func (h *Handler) checkSchemes() error {
	for _, s := range h.schemes() {
		switch s.Type {
		case "oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest":
		default:
			return fmt.Errorf("scim: authentication scheme %q has a type unknown to RFC 7643 §5: %q", s.Name, s.Type)
		}
	}
	return nil
}

func (h *Handler) setEndpoints() error {
	if len(h.cfg.Endpoints) == 0 {
		return errors.New("scim: Config.Endpoints is empty")
	}
	var errs []error
	for _, e := range h.cfg.Endpoints {
		ep, err := newEndpoint(h, e)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, other := range h.endpoints {
			// RFC 7643 §6: name and endpoint are unique.
			if strings.EqualFold(other.Type.Name, ep.Type.Name) || strings.EqualFold(other.Type.Endpoint, ep.Type.Endpoint) {
				errs = append(errs, fmt.Errorf("scim: two endpoints for %s at %s", ep.Type.Name, ep.Type.Endpoint))
			}
		}
		h.endpoints = append(h.endpoints, ep)
	}
	return errors.Join(errs...)
}

func newEndpoint(h *Handler, e Endpoint) (*endpoint, error) {
	if e.Type == nil || e.Type.Root() == nil {
		return nil, errors.New("scim: an endpoint has no type made by schema.NewResourceType")
	}
	name := e.Type.Name
	if isNil(e.Store) {
		return nil, fmt.Errorf("scim: endpoint %s has no store", name)
	}
	if t := typeOf(e.Store, e.Type); t != e.Type {
		return nil, fmt.Errorf("scim: the store of endpoint %s has a type of its own (%s): make the endpoint with the store's Type()", name, nameOfType(t))
	}
	if isVersion(strings.TrimPrefix(e.Type.Endpoint, "/")) {
		return nil, fmt.Errorf("scim: endpoint %s of %s reads as a protocol version (RFC 7644 §3.13)", e.Type.Endpoint, name)
	}
	ep := &endpoint{
		Endpoint: &lifecycle.Endpoint{Type: e.Type, Store: e.Store}, initial: e.Default, without: e.Without, Policy: e.Policy, Policies: e.Policies,
		can: store.Describe(e.Store), refs: reference.Find(e.Type), whole: project.All(e.Type), dialects: map[Client]*dialect{},
	}
	ep.Versions, ep.Filter, ep.DropDerived = ep.can.Versions, ep.can.Filter, ep.refs.Drop
	ep.Sort = ep.can.Sort
	types := reference.FindTypes(e.Type)
	ep.CheckReferences = func(ctx context.Context, d schema.Diff) error {
		return types.Check(d, func(uri string) string { return h.typeNamed(ctx, uri) })
	}
	if a := e.Type.Root().Sub("active"); a != nil && a.Type == schema.TypeBoolean && !a.MultiValued {
		ep.Active = a
	}
	if e.Type.Members() != nil {
		m, ok := e.Store.(store.MemberStore)
		if !ok {
			return nil, fmt.Errorf("scim: %s has members, but its store (%T) is not a store.MemberStore", name, e.Store)
		}
		ep.Members = m
	}
	if err := ep.checkWithout(); err != nil {
		return nil, err
	}
	if err := ep.setPolicies(h.cfg.Tx); err != nil {
		return nil, err
	}
	for client := range clients {
		profile := h.profile(Client(client))
		one := filter.NewResolver(e.Type, filter.Options{Profile: profile})
		patcher := patch.New(e.Type, one, profile)
		patcher.MaxMembers = h.cfg.Limits.Scan
		ep.dialects[Client(client)] = &dialect{
			profile: profile,
			one:     one,
			any:     filter.NewResolver(e.Type, filter.Options{Profile: profile, AnyType: true}),
			patcher: patcher,
		}
	}
	return ep, nil
}

func nameOfType(t *schema.ResourceType) string {
	if t == nil {
		return "which it does not name"
	}
	return t.Name
}

// setPolicies checks that the type and the store support the policies of the
// endpoint.
func (ep *endpoint) setPolicies(tx store.Transactor) error {
	for _, p := range append(slices.Collect(maps.Values(ep.Policies)), ep.Policy) {
		if err := ep.checkOwnership(p); err != nil {
			return err
		}
		if ep.Active == nil && (p.OnTwin != RefuseTwin || p.OnDelete != DeleteResource) {
			return fmt.Errorf("scim: %s has no attribute active, which its OnTwin or OnDelete needs", ep.Type.Name)
		}
		if p.OnTwin != RestoreDeleted {
			continue
		}
		if err := ep.setReviver(tx); err != nil {
			return err
		}
	}
	return nil
}

// setReviver finds what RestoreDeleted needs. A wrapper around the store is
// asked itself, so that nothing writes past it.
func (ep *endpoint) setReviver(tx store.Transactor) error {
	reviver, ok := ep.Store.(store.Reviver)
	switch name := ep.Type.Name; {
	case tx == nil:
		return fmt.Errorf("scim: RestoreDeleted of %s needs Config.Tx", name)
	case ep.Members != nil:
		return fmt.Errorf("scim: RestoreDeleted: %s has members, which cannot be restored", name)
	case !ok:
		return fmt.Errorf("scim: RestoreDeleted of %s needs a store.Reviver; its store (%T) is not one", name, ep.Store)
	case !ep.can.Revives:
		return fmt.Errorf("scim: RestoreDeleted of %s: its store does not keep the unique values of deleted resources (Capabilities.Revives); a sqlquery.Table does in a field tagged userName,former", name)
	}
	ep.Reviver = reviver
	return nil
}

// setLifecycle builds the write path of the endpoints.
func (h *Handler) setLifecycle() error {
	var endpoints []*lifecycle.Endpoint
	for _, ep := range h.endpoints {
		endpoints = append(endpoints, ep.Endpoint)
	}
	h.groups = groupReaderOf(h.endpoints)
	var err error
	h.brake = brake.New(h.cfg.Brake, h.brakeHost())
	var result func(context.Context, lifecycle.Result) error
	if h.cfg.AuditTrail != nil {
		result = h.hookResult
	}
	h.lifecycle, err = lifecycle.New(lifecycle.Config{
		Tx: h.cfg.Tx, Brake: h.brake, Outbox: h.cfg.Outbox, Result: result, Hooks: lifecycle.Hooks(h.cfg.Hooks), SetPassword: h.cfg.SetPassword,
		RequireMembers: h.cfg.RequireMembers, Bounds: h.cfg.Limits.bounds(), HookTimeout: h.cfg.Limits.Revoke, Attempts: h.cfg.Limits.Attempts,
		Logger: h.cfg.Logger, Now: h.cfg.Now, NewID: h.cfg.NewID,
	}, endpoints)
	return err
}

// checkConcurrency refuses stores on which two writes at the same time would
// overwrite each other: without a transaction a write needs a version to compare.
func (h *Handler) checkConcurrency() error {
	if h.cfg.Tx != nil {
		return nil
	}
	var errs []error
	for _, ep := range h.endpoints {
		if !ep.can.Versions {
			errs = append(errs, fmt.Errorf("scim: concurrent writes to %s would overwrite each other: set Config.Tx, or let its store (%T) "+
				"compare versions and declare store.Capabilities.Versions", ep.Type.Name, ep.Store))
		}
	}
	return errors.Join(errs...)
}

func (h *Handler) checkMe() error {
	ep := h.byType(schema.UserType.Name)
	switch {
	case h.cfg.Me != nil && ep == nil:
		return errors.New("scim: Config.Me needs an endpoint for User")
	case h.cfg.BindMe == nil:
		return nil
	case h.cfg.Me == nil || h.cfg.Tx == nil:
		return errors.New("scim: Config.BindMe needs Config.Me and Config.Tx")
	case !ep.has(OperationCreate):
		return fmt.Errorf("scim: Config.BindMe has no effect, since Endpoint.Without of User has %q", OperationCreate)
	}
	return nil
}

func (h *Handler) setSensitive() error {
	for _, path := range h.cfg.SensitiveAttributes {
		known := false
		for _, ep := range h.endpoints {
			if p, ok := ep.Type.Resolve(path); ok {
				ep.sensitive = append(ep.sensitive, p)
				known = true
			}
		}
		if !known {
			return fmt.Errorf("scim: SensitiveAttributes: no type has an attribute %q", path)
		}
	}
	return nil
}
