package schema

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/internal/ascii"
)

// Extension is a schema extension of a resource type (RFC 7643 §6).
type Extension struct {
	Schema   *Schema
	Required bool
}

// ResourceType describes one kind of resource (RFC 7643 §6). Make one with
// [NewResourceType]; from then on it is immutable and safe for concurrent use.
type ResourceType struct {
	Name        string // also its id in /ResourceTypes
	Endpoint    string // "/Users"; a missing slash is added
	Description string
	Schema      *Schema
	Extensions  []Extension

	// MembersAttribute names the multi-valued complex attribute with a "value"
	// sub-attribute whose values are members: kept apart from the resource,
	// changed by deltas, streamed when encoded. "" if there is none.
	MembersAttribute string
	// GroupsAttribute names the readOnly attribute which lists the groups a
	// resource is a member of, derived when asked for. "" if there is none.
	GroupsAttribute string
	// Owned gives each resource an owner; see [WithOwner].
	Owned bool

	withOwner *ResourceType // the type with Owned; nil if it is Owned itself

	root        *Attribute // all root attributes as sub-attributes
	layout      *layout
	members     *Attribute
	groups      *Attribute
	displayName *Attribute
	secrets     bool
	unique      []AttrPath // see Unique
	required    []*Attribute
}

// NewResourceType checks and completes a resource type. The error joins every
// problem found: a missing name, endpoint or schema, an endpoint the protocol
// uses itself, an extension twice, a MembersAttribute or GroupsAttribute that
// does not fit.
func NewResourceType(t ResourceType) (*ResourceType, error) {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("schema: "+format, args...)) }
	if t.Name == "" || strings.ContainsAny(t.Name, "/?#% ") {
		fail("%q is not a resource type name", t.Name)
	}
	t.Endpoint = "/" + strings.Trim(t.Endpoint, "/")
	if t.Endpoint == "/" || strings.ContainsAny(t.Endpoint[1:], "/?#%{}* ") || strings.HasPrefix(t.Endpoint, "/.") {
		fail("%s: %q is not an endpoint", t.Name, t.Endpoint)
	}
	if slices.ContainsFunc(reservedEndpoints, func(e string) bool { return strings.EqualFold(e, t.Endpoint) }) {
		fail("%s: endpoint %s belongs to the protocol (RFC 7644 §3.2)", t.Name, t.Endpoint)
	}
	t.Extensions = slices.Clone(t.Extensions)
	if t.Schema == nil {
		fail("%s: no schema", t.Name)
		return nil, errors.Join(errs...)
	}
	if t.Schema.extension == nil {
		fail("%s: schema %s was not made by New or Parse", t.Name, t.Schema.ID)
		return nil, errors.Join(errs...)
	}
	errs = append(errs, t.compile()...)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	t.withOwner = nil
	if !t.Owned {
		owned := t
		owned.Owned = true
		owned.compile()
		t.withOwner = &owned
	}
	return &t, nil
}

// reservedEndpoints are those of RFC 7644 §3.2, Table 2.
var reservedEndpoints = []string{"/Me", "/Bulk", "/Schemas", "/ResourceTypes", "/ServiceProviderConfig"}

func (t *ResourceType) compile() []error {
	root := []*Attribute{SchemasAttribute, IDAttribute, ExternalIDAttribute}
	if t.Owned {
		root = append(root, OwnerAttribute)
	}
	root = append(root, t.ownAttributes()...)
	extensions, errs := t.extensionAttributes()
	root = append(append(root, extensions...), MetaAttribute)
	t.root = &Attribute{Name: t.Name, Type: TypeComplex, SubAttributes: root, byName: index(root)}
	t.secrets = slices.ContainsFunc(root, hasSecrets)
	t.unique = uniquePaths(t.root)
	t.displayName = t.root.Sub("displayName")
	errs = append(errs, t.findSpecial()...)
	t.required = t.requiredAttributes()
	t.layout = newLayout(t)
	return errs
}

// ownAttributes returns the attributes of the base schema. The common ones are
// defined by RFC 7643 §3.1, also when a schema lists them otherwise.
func (t *ResourceType) ownAttributes() []*Attribute {
	return slices.DeleteFunc(slices.Clone(t.Schema.Attributes), func(a *Attribute) bool {
		return slices.Contains([]string{"schemas", "id", "externalid", "$owner", "meta"}, a.folded)
	})
}

func (t *ResourceType) extensionAttributes() ([]*Attribute, []error) {
	var out []*Attribute
	var errs []error
	seen := map[string]bool{ascii.ToLower(t.Schema.ID): true}
	for _, e := range t.Extensions {
		if e.Schema == nil || e.Schema.extension == nil {
			errs = append(errs, fmt.Errorf("schema: %s: an extension schema was not made by New or Parse", t.Name))
			continue
		}
		a := e.Schema.extension
		if seen[a.folded] {
			errs = append(errs, fmt.Errorf("schema: %s: schema %s is used twice", t.Name, e.Schema.ID))
		}
		seen[a.folded] = true
		out = append(out, a)
	}
	return out, errs
}

// findSpecial looks up MembersAttribute and GroupsAttribute.
func (t *ResourceType) findSpecial() []error {
	var errs []error
	if t.MembersAttribute != "" {
		t.members = t.root.Sub(t.MembersAttribute)
		if !isList(t.members) || t.members.Sub("value") == nil {
			errs = append(errs, fmt.Errorf("schema: %s: MembersAttribute %q is not a multi-valued complex attribute with a value", t.Name, t.MembersAttribute))
		}
	}
	if t.GroupsAttribute != "" {
		t.groups = t.root.Sub(t.GroupsAttribute)
		if !isList(t.groups) || t.groups.Mutability != ReadOnly {
			errs = append(errs, fmt.Errorf("schema: %s: GroupsAttribute %q is not a readOnly multi-valued complex attribute", t.Name, t.GroupsAttribute))
		}
	}
	return errs
}

func isList(a *Attribute) bool {
	return a != nil && a.Type == TypeComplex && a.MultiValued
}

func hasSecrets(a *Attribute) bool {
	return a.Secret() || slices.ContainsFunc(a.SubAttributes, hasSecrets)
}

// Root returns the resource type as one complex attribute whose
// sub-attributes are the root attributes of its resources, in order: schemas,
// id, externalId, those of the base schema, one for each extension (named by
// its URI), meta. The owner, of a type that has one, comes after externalId.
func (t *ResourceType) Root() *Attribute { return t.root }

// Attributes returns the root attributes; see [ResourceType.Root].
func (t *ResourceType) Attributes() []*Attribute { return t.root.SubAttributes }

// Members returns the attribute that MembersAttribute names, or nil.
func (t *ResourceType) Members() *Attribute { return t.members }

// Groups returns the attribute that GroupsAttribute names, or nil.
func (t *ResourceType) Groups() *Attribute { return t.groups }

// HasSecrets reports whether any attribute is writeOnly or never returned.
func (t *ResourceType) HasSecrets() bool { return t.secrets }

// Resolve reads an attribute path in the notation of RFC 7644 §3.10: an
// optional schema URI, attribute, optional sub-attribute, all without case. A
// bare extension URI names the extension as a whole. An extension's attributes
// need their URI. It reports false for anything else.
func (t *ResourceType) Resolve(path string) (AttrPath, bool) {
	uri, rest := t.CutURI(path)
	p := make(AttrPath, 0, 3)
	at := t.root
	switch {
	case uri == "":
	case ascii.EqualFold(uri, t.Schema.ID):
		if rest == "" {
			return nil, false
		}
	default:
		at = t.root.Sub(uri)
		p = append(p, at)
		if len(path) == len(uri) {
			return p, true
		}
	}
	name, sub, dotted := strings.Cut(rest, ".")
	a := at.Sub(name)
	if a == nil || a.order == orderExtension {
		return nil, false
	}
	p = append(p, a)
	if !dotted {
		return p, true
	}
	s := a.Sub(sub)
	if s == nil {
		return nil, false
	}
	return append(p, s), true
}

// ResolveFor is Resolve for a client, to which hidden attributes are unknown, and
// with [Profile.NoPassword] the password of a User.
// With [Profile.BareExtensionNames] an attribute of an extension needs no URI
// where its name alone says which one is meant, and with [Profile.DottedURIs] a
// dot may follow a schema URI.
func (t *ResourceType) ResolveFor(path string, p Profile) (AttrPath, bool) {
	if uri, rest := t.CutURIFor(path, p); uri != "" && rest != "" {
		path = uri + ":" + rest
	}
	found, ok := t.resolvePublic(path)
	if ok && p.NoPassword && found[0] == t.Schema.Password() {
		return nil, false
	}
	if ok || !p.BareExtensionNames {
		return found, ok
	}
	name, _, _ := strings.Cut(path, ".")
	uri := ""
	for _, e := range t.Extensions {
		switch {
		case t.root.Sub(e.Schema.ID).Public(name) == nil:
		case uri != "", t.root.Public(name) != nil:
			return nil, false
		default:
			uri = e.Schema.ID
		}
	}
	if uri == "" {
		return nil, false
	}
	return t.resolvePublic(uri + ":" + path)
}

func (t *ResourceType) resolvePublic(path string) (AttrPath, bool) {
	found, ok := t.Resolve(path)
	if !ok || slices.ContainsFunc(found, func(a *Attribute) bool { return a.Hidden }) {
		return nil, false
	}
	return found, true
}

// CutURI splits the longest URI of one of the type's schemas, compared without
// case, off the front of a path. The URI is followed by the end of the path or
// a colon, which belongs to neither part.
func (t *ResourceType) CutURI(path string) (uri, rest string) {
	return t.cutURI(path, ':')
}

// CutURIFor is CutURI for a client: with [Profile.DottedURIs] a dot may stand for
// the colon.
func (t *ResourceType) CutURIFor(path string, p Profile) (uri, rest string) {
	uri, rest = t.cutURI(path, ':')
	if uri == "" && p.DottedURIs {
		return t.cutURI(path, '.')
	}
	return uri, rest
}

func (t *ResourceType) cutURI(path string, separator byte) (uri, rest string) {
	rest = path
	try := func(id string) {
		switch n := len(id); {
		case n <= len(uri) || len(path) < n || !ascii.EqualFold(path[:n], id):
		case len(path) == n:
			uri, rest = path, ""
		case path[n] == separator:
			uri, rest = path[:n], path[n+1:]
		}
	}
	try(t.Schema.ID)
	for _, e := range t.Extensions {
		try(e.Schema.ID)
	}
	return uri, rest
}

// MustResolve is [ResourceType.Resolve] for paths written by a programmer; it
// panics where Resolve reports false.
func (t *ResourceType) MustResolve(path string) AttrPath {
	p, ok := t.Resolve(path)
	if !ok {
		panic("schema: " + t.Name + " has no attribute " + path)
	}
	return p
}

// Unique returns the paths whose values are unique among the resources of the
// type in one tenant (uniqueness server or global), id excepted. The slice must not
// be changed.
func (t *ResourceType) Unique() []AttrPath { return t.unique }

func uniquePaths(root *Attribute) []AttrPath {
	var out []AttrPath
	var walk func(prefix AttrPath, as []*Attribute)
	walk = func(prefix AttrPath, as []*Attribute) {
		for _, a := range as {
			p := append(prefix[:len(prefix):len(prefix)], a)
			if a != IDAttribute && a.Uniqueness != UniquenessNone {
				out = append(out, p)
			}
			walk(p, a.SubAttributes)
		}
	}
	walk(nil, root.SubAttributes)
	return slices.Clip(out) // stores append to it
}
