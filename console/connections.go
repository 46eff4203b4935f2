package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/store"
)

func (c *Console) setConnections() {
	if c.cfg.Connections == nil {
		return
	}
	c.nav = append(c.nav, section{"connections", "Connections"})
	c.page("/connections", (*request).connections)
	c.action("/connections", (*request).createConnection)
	c.page("/connections/{name}", (*request).connection)
	for slug, answer := range map[string]func(*request) error{
		"state": (*request).setState, "label": (*request).setLabel, "issue": (*request).issue, "rotate": (*request).rotate, "revoke": (*request).revoke,
	} {
		c.action("/connections/{name}/"+slug, answer)
	}
}

// clientNames are the rules of requests that a connection can have.
var clientNames = []option{
	{"", "Default: what the providers are known to send"}, {"interop", "SCIM interop profile"}, {"ipsie-al1", "IPSIE AL1"}, {"ipsie-al2", "IPSIE AL2"}, {"strict", "Strict: the RFCs to the letter"},
}

// policyNames are the names of policies that all endpoints together know.
func (c *Console) policyNames() []string {
	var names []string
	for _, ep := range c.cfg.Handler.Config().Endpoints {
		for name := range ep.Policies {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// connectionsView is the list, and the form of a new connection.
type connectionsView struct {
	Rows      []connectionSummary
	Providers []provider
	Clients   []option
	Policies  []string
	CanChange bool
	Expires   string // default of the form
	Earliest  string
}

// connectionSummary is a row.
type connectionSummary struct {
	connection.Connection
	ProviderName string
	Level        health.Level // "" if it is not known
	LastRequest  *moment
	Changed      *moment
}

func (q *request) connections() error {
	all, err := q.c.cfg.Connections.List(q.ctx, q.id.Tenant)
	if err != nil {
		return err
	}
	known, err := q.statuses()
	if err != nil {
		return err
	}
	v := &connectionsView{
		Providers: providers, Clients: clientNames, Policies: q.c.policyNames(), CanChange: !q.id.ReadOnly,
		Expires: q.now.AddDate(1, 0, 0).Format(time.DateOnly), Earliest: q.now.AddDate(0, 0, 1).Format(time.DateOnly),
	}
	for _, c := range all {
		row := connectionSummary{Connection: c, ProviderName: providerName(c.Provider), Changed: q.moment(c.Changed)}
		if s := known[c.Name]; s != nil {
			row.Level, row.LastRequest = s.Level, q.moment(s.LastRequest)
		}
		v.Rows = append(v.Rows, row)
	}
	return q.show("connections", "Connections", v)
}

func providerName(slug string) string {
	if p := providerOf(slug); p != nil {
		return p.Name
	}
	return slug
}

// statuses is the health of the connections of the tenant by name, nil without a
// monitor, and while it is not known yet.
func (q *request) statuses() (map[string]*health.Status, error) {
	if q.c.cfg.Health == nil {
		return nil, nil
	}
	known, err := q.figures()
	if err != nil || known == nil {
		return nil, err
	}
	out := map[string]*health.Status{}
	for i := range known.All {
		out[known.All[i].Connection] = &known.All[i]
	}
	return out, nil
}

// ProviderSlug is the page of the provider in the section Set up.
func (v *connectionView) ProviderSlug() string { return setupSlug(v.Provider) }

func setupSlug(provider string) string {
	if providerOf(provider) == nil {
		return "other"
	}
	return provider
}

// connectionView is the page of one connection.
type connectionView struct {
	connection.Connection
	ProviderName string
	BaseURL      string
	Created      *moment
	Changed      *moment
	Health       *connectionRow
	Notices      []notice
	Plot         *plot
	Diagnosed    bool // there is a diagnosis
	Findings     []diagnosed
	LastError    *health.Problem
	LastErrorAt  *moment
	Tokens       []tokenRow
	Brake        []bound
	Stopped      bool
	CanChange    bool
	Expires      string
	Earliest     string
	Others       []string // connections that it can be handed over to
	Owned        bool
	Providers    []provider
	HasRequests  bool
}

// tokenRow is a token of a connection.
type tokenRow struct {
	ID, Label string
	State     string // "valid", "expired", "revoked", "paused"
	Created   *moment
	Expires   *moment
	LastUsed  *moment
	ReadOnly  bool
	Types     string
	Soon      bool // it expires within 30 days
}

// found returns the connection that the path names.
func (q *request) found() (connection.Connection, error) {
	return q.c.cfg.Connections.Get(q.ctx, q.id.Tenant, q.r.PathValue("name"))
}

func (q *request) connection() error {
	c, err := q.found()
	if err != nil {
		return err
	}
	v := &connectionView{
		Connection: c, ProviderName: providerName(c.Provider), BaseURL: q.baseURL(c), Created: q.moment(c.Created), Changed: q.moment(c.Changed),
		CanChange: !q.id.ReadOnly, Expires: q.now.AddDate(1, 0, 0).Format(time.DateOnly), Earliest: q.now.AddDate(0, 0, 1).Format(time.DateOnly),
		HasRequests: q.c.cfg.Requests != nil,
		Providers:   providers, Owned: q.c.owned(),
	}
	v.Diagnosed, v.Findings = q.c.cfg.Diagnosis != nil, q.findings(c.Name)
	if err := q.setTokens(v); err != nil {
		return err
	}
	if err := q.setConnectionHealth(v); err != nil {
		return err
	}
	if q.c.cfg.Health == nil {
		states, err := q.c.cfg.Handler.BrakeState(q.ctx, q.principal(c))
		if err != nil {
			return err
		}
		b := q.braked(c.Name, states)
		v.Brake, v.Stopped = b.Bounds, b.Stopped
	}
	if err := q.setOthers(v); err != nil {
		return err
	}
	return q.show("connection", cmp.Or(c.Label, c.Name), v)
}

// owned reports whether a resource type has an owner, so that it can be handed over.
func (c *Console) owned() bool {
	return slices.ContainsFunc(c.types, func(t *directoryType) bool { return t.owned })
}

func (q *request) setOthers(v *connectionView) error {
	all, err := q.c.cfg.Connections.List(q.ctx, q.id.Tenant)
	for _, c := range all {
		if c.Name != v.Name {
			v.Others = append(v.Others, c.Name)
		}
	}
	return err
}

func (q *request) principal(c connection.Connection) *scim.Principal {
	return &scim.Principal{Tenant: q.id.Tenant, Connection: c.Name, Policy: c.Policy}
}

// baseURL is the URL under which the provider of a connection reaches the service.
func (q *request) baseURL(c connection.Connection) string {
	return cmp.Or(c.BaseURL, q.c.cfg.Handler.Config().BaseURL)
}

func (q *request) setTokens(v *connectionView) error {
	tokens, err := q.c.cfg.Connections.Tokens(q.ctx, q.id.Tenant, v.Name)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		row := tokenRow{
			ID: t.ID, Label: t.Label, State: "valid", Created: q.moment(t.Created), Expires: q.moment(t.Expires), LastUsed: q.moment(t.LastUsed),
			ReadOnly: t.ReadOnly, Types: strings.Join(t.Types, ", "),
		}
		switch {
		case t.Revoked:
			row.State = "revoked"
		case !t.Expires.IsZero() && !q.now.Before(t.Expires):
			row.State = "expired"
		case t.Paused:
			row.State = "paused"
		default:
			row.Soon = !t.Expires.IsZero() && t.Expires.Before(q.now.AddDate(0, 0, 30))
		}
		v.Tokens = append(v.Tokens, row)
	}
	slices.SortStableFunc(v.Tokens, func(a, b tokenRow) int { // what can still be used first
		return strings.Compare(ended(a.State), ended(b.State))
	})
	return nil
}

func ended(state string) string {
	if state == "revoked" || state == "expired" {
		return "1"
	}
	return "0"
}

func (q *request) setConnectionHealth(v *connectionView) error {
	known, err := q.statuses()
	if err != nil || known[v.Name] == nil {
		return err
	}
	s := known[v.Name]
	b := q.braked(v.Name, statesOf(s))
	v.Brake, v.Stopped = b.Bounds, b.Stopped
	v.Health = &connectionRow{
		Name: s.Connection, Level: s.Level, LastRequest: q.moment(s.LastRequest), LastSuccess: q.moment(s.LastSuccess),
		Requests: s.Requests, Errors: s.Errors, Users: s.Users, Groups: s.Groups,
	}
	for _, n := range s.Warnings {
		v.Notices = append(v.Notices, notice{Bad: n.Level == health.LevelFailing, Reason: n.Reason, Advice: n.Advice})
	}
	v.Plot = q.newPlot(s.Hours)
	if v.LastError = s.LastError; s.LastError != nil {
		v.LastErrorAt = q.moment(s.LastError.Time)
	}
	return nil
}

// by is who acts, and why. A reason that is left out is a mistake of the form.
func (q *request) by() (connection.By, error) {
	reason := strings.TrimSpace(q.r.PostForm.Get("reason"))
	if reason == "" {
		return connection.By{}, badRequest("Give a reason: it is part of the audit record.")
	}
	return connection.By{Actor: q.id.Actor, Reason: reason}, nil
}

// managed turns an error of the manager into one with a page.
func managed(err error) error {
	switch {
	case errors.Is(err, connection.ErrTaken):
		return &failure{http.StatusConflict, "The name is taken", "Another connection has this name. Choose another one."}
	case errors.Is(err, connection.ErrState):
		return &failure{http.StatusConflict, "Not possible", "The connection is in another state, which somebody else may have changed. Look at it again."}
	}
	return err
}

// day reads a date of a form: the end of that day.
func (q *request) day(field, what string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, q.r.PostForm.Get(field))
	if err != nil {
		return t, badRequest(what + " is not a date such as 2027-11-29.")
	}
	t = t.Add(24*time.Hour - time.Second)
	if !t.After(q.now) {
		return t, badRequest(what + " has to be in the future.")
	}
	return t, nil
}

// secretView shows a secret, once.
type secretView struct {
	Connection connection.Connection
	BaseURL    string
	Secret     string
	Token      store.Token
	Expires    *moment
	Old        *moment // the token that it replaces is valid until then; nil: none, or not any more
	Replaced   bool
	Provider   string // slug of the page to go on with
}

// showSecret is the answer to a POST itself: a secret that waited for the next request
// would have to be kept somewhere.
func (q *request) showSecret(name, secret string, t store.Token, more func(*secretView)) error {
	c, err := q.c.cfg.Connections.Get(q.ctx, q.id.Tenant, name)
	if err != nil {
		return err
	}
	v := &secretView{Connection: c, BaseURL: q.baseURL(c), Secret: secret, Token: t, Expires: q.moment(t.Expires), Provider: setupSlug(c.Provider)}
	if more != nil {
		more(v)
	}
	return q.show("secret", "New token", v)
}

func (q *request) createConnection() error {
	get := func(name string) string { return strings.TrimSpace(q.r.PostForm.Get(name)) }
	by := connection.By{Actor: q.id.Actor, Reason: cmp.Or(get("reason"), "created in the console")}
	c := connection.Connection{Name: get("name"), Label: get("label"), Provider: get("provider"), Client: get("client"), Policy: get("policy")}
	_, unknown := scim.ParseClient(c.Client)
	switch {
	case !validName(c.Name):
		return badRequest("The name has 1 to 64 letters, digits, dots, hyphens and underscores.")
	case providerOf(c.Provider) == nil || unknown != nil || c.Policy != "" && !slices.Contains(q.c.policyNames(), c.Policy):
		return badRequest("Choose one of the options of the form.")
	}
	expires, err := q.day("expires", "The end of the token")
	if err != nil {
		return err
	}
	if _, err := q.c.cfg.Connections.Create(q.ctx, q.id.Tenant, c, by); err != nil {
		return managed(err)
	}
	secret, token, err := q.c.cfg.Connections.IssueToken(q.ctx, q.id.Tenant, c.Name, connection.Issue{Label: "first token", Expires: expires}, by)
	if err != nil {
		return managed(err)
	}
	return q.showSecret(c.Name, secret, token, nil)
}

// validName reports whether a name is easy to write in a URL and a log. Connections
// that other programs made may have any.
func validName(name string) bool {
	if name == "" || len(name) > 64 || strings.Trim(name, ".") == "" {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
	})
}

// setState pauses, resumes or switches off.
func (q *request) setState() error {
	name := q.r.PathValue("name")
	by, err := q.by()
	if err != nil {
		return err
	}
	m := q.c.cfg.Connections
	var change func(context.Context, string, string, connection.By) error
	switch q.r.PostForm.Get("to") {
	case "paused":
		change = m.Pause
	case "active":
		change = m.Resume
	case "off":
		change = m.SwitchOff
	default:
		return badRequest("Choose one of the states.")
	}
	if err := change(q.ctx, q.id.Tenant, name, by); err != nil {
		return managed(err)
	}
	return q.redirect(q.path("connections", name) + "?done=state")
}

func (q *request) setLabel() error {
	name := q.r.PathValue("name")
	by, err := q.by()
	if err != nil {
		return err
	}
	label, provider := strings.TrimSpace(q.r.PostForm.Get("label")), q.r.PostForm.Get("provider")
	if len(label) > 200 || providerOf(provider) == nil {
		return badRequest("The label has at most 200 bytes, and the provider is one of the list.")
	}
	if _, err := q.c.cfg.Connections.Change(q.ctx, q.id.Tenant, name, connection.Change{Label: &label, Provider: &provider}, by); err != nil {
		return managed(err)
	}
	return q.redirect(q.path("connections", name) + "?done=saved")
}

func (q *request) issue() error {
	name := q.r.PathValue("name")
	by, err := q.by()
	if err != nil {
		return err
	}
	expires, err := q.day("expires", "The end of the token")
	if err != nil {
		return err
	}
	i := connection.Issue{Label: strings.TrimSpace(q.r.PostForm.Get("label")), Expires: expires, ReadOnly: q.r.PostForm.Get("readonly") != ""}
	secret, token, err := q.c.cfg.Connections.IssueToken(q.ctx, q.id.Tenant, name, i, by)
	if err != nil {
		return managed(err)
	}
	return q.showSecret(name, secret, token, nil)
}

// overlaps are how long a token that is replaced stays valid.
var overlaps = map[string]time.Duration{"0": 0, "1h": time.Hour, "24h": 24 * time.Hour, "168h": 168 * time.Hour}

func (q *request) rotate() error {
	name, old := q.r.PathValue("name"), q.r.PostForm.Get("token")
	by, err := q.by()
	if err != nil {
		return err
	}
	expires, err := q.day("expires", "The end of the new token")
	if err != nil {
		return err
	}
	overlap, ok := overlaps[q.r.PostForm.Get("overlap")]
	if !ok {
		return badRequest("Choose how long the old token stays valid.")
	}
	if err := q.usable(name, old); err != nil {
		return err
	}
	r := connection.Rotation{Expires: expires}
	if overlap > 0 {
		r.Until = q.now.Add(overlap)
	}
	secret, token, err := q.c.cfg.Connections.Rotate(q.ctx, q.id.Tenant, name, old, r, by)
	if err != nil {
		return managed(err)
	}
	return q.showSecret(name, secret, token, func(v *secretView) { v.Replaced, v.Old = true, q.moment(r.Until) })
}

// usable refuses the rotation of a token that has ended.
func (q *request) usable(name, id string) error {
	tokens, err := q.c.cfg.Connections.Tokens(q.ctx, q.id.Tenant, name)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if t.ID == id {
			if t.Revoked || !t.Expires.IsZero() && !q.now.Before(t.Expires) {
				return &failure{http.StatusConflict, "Not possible", "The token has ended already. Make a new one."}
			}
			return nil
		}
	}
	return store.ErrNotFound
}

func (q *request) revoke() error {
	name := q.r.PathValue("name")
	by, err := q.by()
	if err != nil {
		return err
	}
	if err := q.c.cfg.Connections.RevokeToken(q.ctx, q.id.Tenant, name, q.r.PostForm.Get("token"), by); err != nil {
		return managed(err)
	}
	return q.redirect(q.path("connections", name) + "?done=revoked")
}
