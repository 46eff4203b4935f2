package scim

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/readiness"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// checkAuth rejects an authenticator that is nil, or whose fixed tokens could
// authenticate no client or with an empty secret.
func checkAuth(a Authenticator) error {
	if isNil(a) {
		return errors.New("scim: Config.Auth is required; InsecureNoAuthentication serves without")
	}
	if c, ok := a.(interface{ check() error }); ok {
		return c.check()
	}
	return nil
}

// isNil reports whether a value is nil or an interface that holds a nil pointer or
// function.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Interface, reflect.Chan:
		return r.IsNil()
	}
	return false
}

// noSecret is the hash of an empty secret, for example that of an environment
// variable that is not set.
var noSecret = sha256.Sum256(nil)

// checkTokens rejects a fixed list with a token that cannot authenticate.
// function is the name of the function that was given the list. The error names
// ids, never secrets.
func checkTokens(function string, tokens []store.Token) error {
	if len(tokens) == 0 {
		return fmt.Errorf("scim: %s has no tokens, so that no client could authenticate", function)
	}
	var errs []error
	ids, sums := map[string]bool{}, map[[sha256.Size]byte]string{}
	for _, t := range tokens {
		switch other, taken := sums[t.SHA256]; {
		case t.ID == "":
			errs = append(errs, fmt.Errorf("scim: %s: a token has no ID, which names it in logs", function))
		case t.SHA256 == noSecret || t.SHA256 == [sha256.Size]byte{}:
			errs = append(errs, fmt.Errorf("scim: %s: the secret of token %q is empty: is its environment variable set?", function, t.ID))
		case ids[t.ID]:
			errs = append(errs, fmt.Errorf("scim: %s: two tokens have the ID %q", function, t.ID))
		case taken:
			errs = append(errs, fmt.Errorf("scim: %s: the tokens %q and %q have the same secret", function, other, t.ID))
		}
		if _, err := principalOf(&t); err != nil {
			errs = append(errs, err)
		}
		ids[t.ID], sums[t.SHA256] = true, t.ID
	}
	return errors.Join(errs...)
}

// check rejects negative limits: they do not mean "no limit".
func (l Limits) check() error {
	var errs []error
	v := reflect.ValueOf(l)
	for i := range v.NumField() {
		negative := v.Field(i).CanInt() && v.Field(i).Int() < 0 || v.Field(i).CanFloat() && !(v.Field(i).Float() >= 0)
		if negative {
			errs = append(errs, fmt.Errorf("scim: Limits.%s is negative or not a number; 0 takes the default", v.Type().Field(i).Name))
		}
	}
	return errors.Join(errs...)
}

// checkWithout rejects operations that do not exist or cannot be left out, and what
// is configured for an operation that is left out.
func (ep *endpoint) checkWithout() error {
	name := ep.Type.Name
	for _, kind := range ep.without {
		switch kind {
		case OperationCreate, OperationReplace, OperationPatch, OperationDelete:
		case OperationRetrieve, OperationQuery:
			return fmt.Errorf("scim: Endpoint.Without of %s has %q: every type is retrieved and queried; Config.Authorize can refuse a client", name, kind)
		default:
			return fmt.Errorf("scim: Endpoint.Without of %s has %q, which is no OperationKind", name, kind)
		}
	}
	if ep.initial != nil && !ep.has(OperationCreate) {
		return fmt.Errorf("scim: Endpoint.Default of %s has no effect, since Endpoint.Without has %q", name, OperationCreate)
	}
	for _, p := range append(slices.Collect(maps.Values(ep.Policies)), ep.Policy) {
		if p.OnTwin != RefuseTwin && !ep.has(OperationCreate) {
			return fmt.Errorf("scim: OnTwin of %s has no effect, since Endpoint.Without has %q", name, OperationCreate)
		}
		if p.OnDelete != DeleteResource && !ep.has(OperationDelete) {
			return fmt.Errorf("scim: OnDelete of %s has no effect, since Endpoint.Without has %q", name, OperationDelete)
		}
	}
	return nil
}

// checkEventURIs rejects the announcement of events that no hook can issue.
func (cfg *Config) checkEventURIs() error {
	for _, uri := range cfg.EventURIs {
		if u, err := url.Parse(uri); err != nil || !u.IsAbs() {
			return fmt.Errorf("scim: Config.EventURIs: %q is not an absolute URI", uri)
		}
		if uri == asyncResponseURI && cfg.Hooks.AsyncResponse == nil {
			return fmt.Errorf("scim: Config.EventURIs has %s, which needs Hooks.AsyncResponse", uri)
		}
	}
	hooks := lifecycle.Hooks(cfg.Hooks)
	if len(cfg.EventURIs) > 0 && !hooks.Delivers() {
		return errors.New("scim: Config.EventURIs announces events, and no event hook is set (Hooks.Changed)")
	}
	return nil
}

// checkGroups rejects a negative number of levels.
func (cfg *Config) checkGroups() error {
	if cfg.IndirectGroups < 0 {
		return errors.New("scim: Config.IndirectGroups is negative; 0 shows direct groups alone")
	}
	return nil
}

// checkCursors rejects a key that could be guessed, and a timeout that cannot be
// announced.
func (cfg *Config) checkCursors() error {
	if n := len(cfg.CursorKey); cfg.CursorKey != nil && n < 32 {
		return fmt.Errorf("scim: Config.CursorKey has %d bytes; give at least 32 random ones, or nil for a key of this process", n)
	}
	if t := cfg.Limits.CursorTimeout; t%time.Second != 0 {
		return fmt.Errorf("scim: Limits.CursorTimeout is %v; it has to be in whole seconds", t)
	}
	return nil
}

// checkDatabases rejects stores, a transactor and an outbox that are known to use
// different databases. Two transactions would then write what must be in one, and
// an event could describe a user that was never committed.
func (h *Handler) checkDatabases() error {
	tx, ok := databaseOf(h.cfg.Tx)
	if !ok {
		return nil
	}
	var errs []error
	compare := func(what string, v any) {
		if db, ok := databaseOf(v); ok && db != tx {
			errs = append(errs, fmt.Errorf("scim: %s (%T) is on another database than Config.Tx (%T): make both with the same pool of connections", what, v, h.cfg.Tx))
		}
	}
	compare("Config.Outbox", h.cfg.Outbox)
	compare("Config.Counters", h.cfg.Counters)
	compare("Config.AuditTrail", h.cfg.AuditTrail)
	for _, ep := range h.endpoints {
		compare("the store of "+ep.Type.Name, ep.Store)
	}
	return errors.Join(errs...)
}

// checkTrail rejects an audit trail that cannot take part in a transaction.
func (h *Handler) checkTrail() error {
	switch {
	case h.cfg.AuditTrail == nil:
		return nil
	case isNil(h.cfg.AuditTrail):
		return errors.New("scim: Config.AuditTrail is a nil pointer")
	case h.cfg.Tx == nil:
		return errors.New("scim: Config.AuditTrail needs Config.Tx: without a transaction a write could be without its record")
	}
	return nil
}

// checkTenants rejects stores of which some have tenants and some have not: a
// request of one tenant would see the groups of all. Stores that do not say are
// not compared.
func (h *Handler) checkTenants() error {
	has := map[bool]string{}
	for _, ep := range h.endpoints {
		if s, ok := store.As[interface {
			store.Store
			HasTenants() bool
		}](ep.Store); ok {
			has[s.HasTenants()] = ep.Type.Name
		}
	}
	if has[true] == "" || has[false] == "" {
		return nil
	}
	return fmt.Errorf("scim: the store of %s has tenants and the store of %s has none: give both tables a tenant column, or neither", has[true], has[false])
}

// databaseOf returns the database that a value names, also through wrappers of
// stores.
func databaseOf(v any) (any, bool) {
	if s, ok := v.(store.Store); ok {
		if l, ok := store.As[Located](s); ok {
			return l.Database(), true
		}
		return nil, false
	}
	l, ok := v.(Located)
	if !ok {
		return nil, false
	}
	return l.Database(), true
}

// Readiness reports which demands of the SCIM interop profile and of IPSIE AL1 and AL2
// the configuration fulfils for tokens of these clients, and what is to be done about
// the others. Policies are those of the endpoints themselves; a token can name another.
func (h *Handler) Readiness() readiness.Report {
	return h.readiness(h.base, func(ep *endpoint) Policy { return ep.Policy })
}

func (h *Handler) readiness(base string, policy func(*endpoint) Policy) readiness.Report {
	l := h.cfg.Limits
	f := readiness.Facts{
		HTTPS: strings.HasPrefix(strings.ToLower(base), "https:"), RequestsPerSecond: min(l.Rate, l.TenantRate),
		Bulk: h.bulk(), Audit: h.audits(), AccessHooks: h.cfg.Hooks.endAccess(), KeepsPasswords: h.cfg.SetPassword != nil,
		PageSize: l.PageSize, MaxResults: l.MaxResults, Operations: l.Operations, Members: l.Members,
	}
	for _, s := range h.schemes() {
		f.Schemes = append(f.Schemes, s.Type)
	}
	var fixed []store.Token
	fixed, f.TokensListed = fixedTokens(h.cfg.Auth)
	for _, t := range fixed {
		if t.Expires.IsZero() && !t.Revoked {
			f.TokensWithoutExpiry = append(f.TokensWithoutExpiry, t.ID)
		}
	}
	for _, ep := range h.endpoints {
		ep.addFacts(&f, policy(ep))
	}
	return readiness.Of(f)
}

// endAccess returns the names of the hooks that end the access of a user.
func (h Hooks) endAccess() []string {
	var set []string
	if h.EndSessions != nil {
		set = append(set, "Hooks.EndSessions")
	}
	if h.Revoke != nil {
		set = append(set, "Hooks.Revoke")
	}
	return set
}

// addFacts adds what is known of the resource type.
func (ep *endpoint) addFacts(f *readiness.Facts, p Policy) {
	name := ep.Type.Name
	if p.OnDelete != DeleteResource {
		f.Deactivates = append(f.Deactivates, name)
	}
	if p.OnTwin != RefuseTwin {
		f.Restores = append(f.Restores, name)
	}
	if !ep.has(OperationPatch) && (ep.has(OperationCreate) || ep.has(OperationReplace)) {
		f.WithoutPatch = append(f.WithoutPatch, name)
	}
	ep.addAttributeFacts(f, ep.Type.Attributes())
	switch name {
	case schema.UserType.Name:
		f.Users = ep.typeFacts([]string{"userName", "displayName", "active", "externalId"},
			`userName eq "x"`, `externalId eq "x"`, `emails[value eq "x"]`, `emails[type eq "work" and value eq "x"]`)
	case schema.GroupType.Name:
		f.Groups = ep.typeFacts([]string{"displayName", "members", "externalId"}, `displayName eq "x"`, `externalId eq "x"`, `members[value eq "x"]`)
	}
}

// addAttributeFacts adds what is known of the attributes, those of extensions
// included.
func (ep *endpoint) addAttributeFacts(f *readiness.Facts, attributes []*schema.Attribute) {
	for _, a := range attributes {
		if a.Hidden || a == ep.Type.Schema.Password() {
			continue
		}
		if (schema.AttrPath{a}).Extension() {
			ep.addAttributeFacts(f, a.SubAttributes)
			continue
		}
		if a.Secret() || slices.ContainsFunc(a.SubAttributes, (*schema.Attribute).Secret) {
			f.Credentials = append(f.Credentials, ep.Type.Name+" "+a.Name)
		}
		if typ := a.Sub("type"); a.MultiValued && typ != nil && len(typ.CanonicalValues) == 0 {
			f.WithoutCanonicalValues = append(f.WithoutCanonicalValues, ep.Type.Name+" "+a.Name)
		}
	}
}

// typeFacts returns what is known of users or groups: which of the attributes the type
// has, and how the filters are evaluated.
func (ep *endpoint) typeFacts(attributes []string, filters ...string) readiness.Type {
	t := readiness.Type{Served: true}
	for _, name := range attributes {
		if ep.Type.Root().Public(name) == nil {
			t.MissingAttributes = append(t.MissingAttributes, name)
		}
	}
	if a := ep.Type.Root().Sub("userName"); a != nil {
		t.CaseExactName = a.CaseExact
	}
	if a := ep.Type.Root().Sub("displayName"); a != nil {
		t.UniqueName = a.Uniqueness != schema.UniquenessNone
	}
	for _, kind := range []OperationKind{OperationCreate, OperationReplace, OperationPatch, OperationDelete} {
		if !ep.has(kind) {
			t.Without = append(t.Without, string(kind))
		}
	}
	for _, text := range filters {
		compiled, err := ep.dialects[InteropClient].one.Filter(text, filter.NewBudget(filter.DefaultWork, nil))
		if err != nil {
			t.Unknown = append(t.Unknown, text)
			continue
		}
		if _, rest := filter.Split(compiled, ep.canFilter); rest != nil {
			t.Scanned = append(t.Scanned, text)
		}
	}
	return t
}
