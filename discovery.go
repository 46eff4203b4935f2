package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/readiness"
	"github.com/seed5f3efb56/scim/schema"
)

// The discovery endpoints (RFC 7644 §4) are read-only, ignore sorting, paging and
// projection, and refuse a filter.

type supported struct {
	Supported bool `json:"supported"`
}

type serviceProviderConfig struct {
	Schemas          []string  `json:"schemas"`
	DocumentationURI string    `json:"documentationUri,omitempty"`
	Patch            supported `json:"patch"`
	Bulk             struct {
		Supported      bool  `json:"supported"`
		MaxOperations  int   `json:"maxOperations"`
		MaxPayloadSize int64 `json:"maxPayloadSize"`
	} `json:"bulk"`
	Filter struct {
		Supported  bool `json:"supported"`
		MaxResults int  `json:"maxResults"`
	} `json:"filter"`
	Pagination struct { // RFC 9865 §4
		Cursor        bool   `json:"cursor"`
		Index         bool   `json:"index"`
		Default       string `json:"defaultPaginationMethod"`
		PageSize      int    `json:"defaultPageSize"`
		MaxPageSize   int    `json:"maxPageSize"`
		CursorTimeout int64  `json:"cursorTimeout"`
	} `json:"pagination"`
	SecurityEvents        *securityEvents        `json:"securityEvents,omitempty"`
	ChangePassword        supported              `json:"changePassword"`
	Sort                  supported              `json:"sort"`
	ETag                  supported              `json:"etag"`
	AuthenticationSchemes []AuthenticationScheme `json:"authenticationSchemes"`
	Meta                  meta                   `json:"meta"`
	// draft-zollner-scim-interop-profile-01
	InteropProfileConformant bool `json:"interopProfileConformant,omitempty"`
}

// securityEvents announces security events (RFC 9967 §4).
type securityEvents struct {
	AsyncRequest string   `json:"asyncRequest"`
	EventURIs    []string `json:"eventUris"`
}

const asyncResponseURI = "urn:ietf:params:scim:event:misc:asyncresp"

// securityEvents returns nil without any.
func (h *Handler) securityEvents() *securityEvents {
	e := &securityEvents{AsyncRequest: "none", EventURIs: slices.Clone(h.cfg.EventURIs)}
	if h.cfg.Hooks.AsyncResponse != nil {
		e.AsyncRequest = "request"
		if !slices.Contains(e.EventURIs, asyncResponseURI) {
			e.EventURIs = append(e.EventURIs, asyncResponseURI)
		}
	}
	if len(e.EventURIs) == 0 {
		return nil
	}
	return e
}

type meta struct {
	ResourceType string `json:"resourceType"`
	Location     string `json:"location"`
}

// handleServiceProviderConfig announces the features that the configuration
// supports (RFC 7643 §5).
func (h *Handler) handleServiceProviderConfig(r *request) (*response, error) {
	profile := h.profile(r.principal.Client)
	c := serviceProviderConfig{
		Schemas:               []string{schema.ServiceProviderConfigURI},
		DocumentationURI:      h.cfg.DocumentationURI,
		Patch:                 supported{h.anyHas(OperationPatch)},
		ChangePassword:        supported{h.cfg.SetPassword != nil && !profile.NoPassword},
		Sort:                  supported{true},
		ETag:                  supported{h.versions()},
		SecurityEvents:        h.securityEvents(),
		AuthenticationSchemes: []AuthenticationScheme{},
		Meta:                  meta{"ServiceProviderConfig", h.baseURL(r.ctx) + "/ServiceProviderConfig"},
	}
	c.Filter.Supported, c.Filter.MaxResults = true, profile.MaxPage
	if h.bulk() {
		c.Bulk.Supported, c.Bulk.MaxOperations, c.Bulk.MaxPayloadSize = true, h.cfg.Limits.BulkOperations, h.cfg.Limits.BulkPayload
	}
	c.Pagination.Cursor, c.Pagination.Index, c.Pagination.Default = true, true, "index"
	c.Pagination.PageSize, c.Pagination.MaxPageSize = min(h.cfg.Limits.PageSize, profile.MaxPage), profile.MaxPage
	c.Pagination.CursorTimeout = int64(h.cfg.Limits.CursorTimeout / time.Second)
	c.InteropProfileConformant = profile.RequirePath && h.interoperates(r)
	c.AuthenticationSchemes = append(c.AuthenticationSchemes, h.schemes()...)
	c.Schemas = append(c.Schemas, slices.Sorted(maps.Keys(h.cfg.ServiceProviderConfig))...)
	return discovered(r, extended{c, h.announced})
}

// interoperates reports whether the configuration fulfils the interop profile for the
// client of the request.
func (h *Handler) interoperates(r *request) bool {
	return h.readiness(h.baseURL(r.ctx), func(ep *endpoint) Policy { return ep.policy(r.principal) }).Fulfils(readiness.Interop)
}

// extended is a document with the members of the host's extensions after its own.
type extended struct {
	document any
	members  []byte // JSON members, each after a comma
}

// MarshalJSON returns the JSON of the document with all members.
func (e extended) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(e.document)
	if err != nil {
		return nil, err
	}
	return append(append(text[:len(text)-1], e.members...), '}'), nil
}

// setAnnounced encodes Config.ServiceProviderConfig.
func (h *Handler) setAnnounced() error {
	var errs []error
	for _, uri := range slices.Sorted(maps.Keys(h.cfg.ServiceProviderConfig)) {
		text, err := announcedText(uri, h.cfg.ServiceProviderConfig[uri])
		if err != nil {
			errs = append(errs, fmt.Errorf("scim: Config.ServiceProviderConfig[%q] %w", uri, err))
			continue
		}
		h.announced = fmt.Appendf(h.announced, ",%s:%s", schema.AppendJSONString(nil, uri), text)
	}
	return errors.Join(errs...)
}

// announcedText returns the JSON of an extension of /ServiceProviderConfig.
func announcedText(uri string, attributes any) ([]byte, error) {
	if _, err := schema.New(schema.Schema{ID: uri}); err != nil {
		return nil, errors.New("is not under a schema URI; the attributes of the document itself belong to the library")
	}
	for _, reserved := range []string{"urn:ietf:params:scim:schemas:core:", "urn:ietf:params:scim:api:"} {
		if strings.HasPrefix(strings.ToLower(uri), reserved) {
			return nil, errors.New("is under a schema URI of RFC 7643 and RFC 7644; use the URI of an extension")
		}
	}
	text, err := json.Marshal(attributes)
	if err != nil {
		return nil, fmt.Errorf("cannot be encoded as JSON: %w", err)
	}
	if text[0] != '{' {
		return nil, errors.New("is not an object with the attributes of the extension")
	}
	return text, nil
}

func (h *Handler) schemes() []AuthenticationScheme { return schemesOf(h.cfg.Auth) }

// versions reports whether a store has versions. Resources of one that has none are
// sent without ETag, so that a client has no condition to send.
func (h *Handler) versions() bool {
	return slices.ContainsFunc(h.endpoints, func(ep *endpoint) bool { return ep.can.Versions })
}

type resourceTypeJSON struct {
	Schemas     []string        `json:"schemas"`
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Endpoint    string          `json:"endpoint"`
	Description string          `json:"description,omitempty"`
	Schema      string          `json:"schema"`
	Extensions  []extensionJSON `json:"schemaExtensions,omitempty"`
	Meta        meta            `json:"meta"`
}

type extensionJSON struct {
	Schema   string `json:"schema"`
	Required bool   `json:"required"`
}

func (h *Handler) handleResourceTypes(r *request) (*response, error) {
	var list []any
	for _, ep := range h.endpoints {
		list = append(list, h.describeType(r.ctx, ep))
	}
	return discoveredList(r, list)
}

// handleResourceType answers GET of one resource type by its name, case-exact
// (RFC 7643 §6, errata 8475).
func (h *Handler) handleResourceType(r *request) (*response, error) {
	id, err := pathID(r)
	if err != nil {
		return nil, err
	}
	ep := h.byType(id)
	if ep == nil {
		return nil, errorf(http.StatusNotFound, "no such resource type")
	}
	return discovered(r, h.describeType(r.ctx, ep))
}

func (h *Handler) describeType(ctx context.Context, ep *endpoint) resourceTypeJSON {
	t := ep.Type
	d := resourceTypeJSON{
		Schemas: []string{schema.ResourceTypeURI},
		ID:      t.Name, Name: t.Name, Endpoint: t.Endpoint, Description: t.Description, Schema: t.Schema.ID,
		Meta: meta{"ResourceType", h.baseURL(ctx) + "/ResourceTypes/" + url.PathEscape(t.Name)},
	}
	for _, e := range t.Extensions {
		d.Extensions = append(d.Extensions, extensionJSON{e.Schema.ID, e.Required})
	}
	return d
}

type schemaJSON struct {
	Schemas     []string            `json:"schemas"`
	ID          string              `json:"id"`
	Name        string              `json:"name,omitempty"`
	Description string              `json:"description,omitempty"`
	Attributes  []*schema.Attribute `json:"attributes"`
	Meta        meta                `json:"meta"`
}

func (h *Handler) handleSchemas(r *request) (*response, error) {
	var list []any
	for _, s := range h.allSchemas() {
		list = append(list, h.describeSchema(r, s))
	}
	return discoveredList(r, list)
}

// handleSchema answers GET of one schema by its URI.
func (h *Handler) handleSchema(r *request) (*response, error) {
	id, err := url.PathUnescape(r.id)
	if err != nil {
		return nil, errorf(http.StatusNotFound, "no such schema")
	}
	for _, s := range h.allSchemas() {
		if s.ID == id {
			return discovered(r, h.describeSchema(r, s))
		}
	}
	return nil, errorf(http.StatusNotFound, "no such schema")
}

// allSchemas returns every schema in use once, and those of the discovery
// endpoints (Z-36).
func (h *Handler) allSchemas() []*schema.Schema {
	var all []*schema.Schema
	add := func(s *schema.Schema) {
		if !slices.ContainsFunc(all, func(o *schema.Schema) bool { return o.ID == s.ID }) {
			all = append(all, s)
		}
	}
	for _, ep := range h.endpoints {
		add(ep.Type.Schema)
		for _, e := range ep.Type.Extensions {
			add(e.Schema)
		}
	}
	for _, s := range schema.Discovery() {
		add(s)
	}
	return all
}

func (h *Handler) describeSchema(r *request, s *schema.Schema) schemaJSON {
	return schemaJSON{
		Schemas: []string{schema.SchemaURI},
		ID:      s.ID, Name: s.Name, Description: s.Description, Attributes: h.describeAttributes(r, s),
		Meta: meta{"Schema", h.baseURL(r.ctx) + "/Schemas/" + s.ID},
	}
}

// describeAttributes returns the attributes of a schema for publication: members
// may be resources of every type served (RFC 9944 §4), and the password of users is
// left out where it is not kept.
func (h *Handler) describeAttributes(r *request, s *schema.Schema) []*schema.Attribute {
	noPassword := h.cfg.SetPassword == nil || h.profile(r.principal.Client).NoPassword
	out := slices.DeleteFunc(slices.Clone(s.Attributes), func(a *schema.Attribute) bool {
		return a.Hidden || noPassword && a == s.Password()
	})
	for i, a := range out {
		if slices.ContainsFunc(h.endpoints, func(ep *endpoint) bool { return ep.Type.Members() == a }) {
			out[i] = h.describeMembers(a)
		}
	}
	return out
}

func (h *Handler) describeMembers(a *schema.Attribute) *schema.Attribute {
	c := *a
	c.SubAttributes = slices.Clone(a.SubAttributes)
	for i, sub := range c.SubAttributes {
		one := *sub
		if sub == a.Sub("$ref") {
			one.ReferenceTypes = h.withTypes(sub.ReferenceTypes)
		}
		if sub == a.Sub("type") {
			one.CanonicalValues = h.withTypes(sub.CanonicalValues)
		}
		c.SubAttributes[i] = &one
	}
	return &c
}

// withTypes adds the missing names of the types served to a list. An empty list
// allows any type and stays empty.
func (h *Handler) withTypes(names []string) []string {
	out := slices.Clone(names)
	for _, ep := range h.endpoints {
		if len(names) > 0 && !slices.Contains(out, ep.Type.Name) {
			out = append(out, ep.Type.Name)
		}
	}
	return out
}

func discoveredList(r *request, list []any) (*response, error) {
	return discovered(r, struct {
		Schemas      []string `json:"schemas"`
		TotalResults int      `json:"totalResults"`
		StartIndex   int      `json:"startIndex"`
		ItemsPerPage int      `json:"itemsPerPage"`
		Resources    []any    `json:"Resources"`
	}{[]string{ListURI}, len(list), 1, len(list), list})
}

func discovered(r *request, v any) (*response, error) {
	if r.query.filter.times > 0 {
		// RFC 7644 §4: "SHOULD respond with HTTP status code 403".
		return nil, errorf(http.StatusForbidden, "this endpoint does not support filters")
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return &response{status: http.StatusOK, cacheable: true, body: jsonBody(text)}, nil
}
