package console

import (
	"net/http"
	"net/url"
	"time"

	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/health"
)

func (c *Console) setSetup() {
	c.nav = append(c.nav, section{"setup", "Set up"})
	c.page("/setup", (*request).setup)
	c.page("/setup/{provider}", func(q *request) error { return q.setupOf("setup-provider") })
	c.page("/setup/{provider}/live", func(q *request) error { return q.setupOf("setup-live") })
}

// setupView is the list of providers.
type setupView struct {
	Providers []provider
}

func (q *request) setup() error { return q.show("setup", "Set up", &setupView{Providers: providers}) }

// setupProviderView is the page of a provider.
type setupProviderView struct {
	Provider       *provider
	Connection     string // its name, "" if none is chosen
	Connections    []string
	HasConnections bool // the section exists
	BaseURL        string
	Tokens         int // that are valid
	Live           live
	waits          bool
}

// live says whether requests arrive.
type live struct {
	State  string // "good", "bad", "waiting"
	Text   string
	Advice string
	Since  *moment
	URL    string // of this part alone
	Done   bool   // nothing more is waited for
}

// refreshSeconds is how often a page that waits is loaded again without a script.
const refreshSeconds = "10"

func (v *setupProviderView) refresh() string {
	if !v.waits {
		return ""
	}
	return refreshSeconds
}

func (q *request) setupOf(name string) error {
	p := providerOf(q.r.PathValue("provider"))
	if p == nil {
		return notFound("There is no page for such a provider. “Another provider” has what they have in common.")
	}
	v := &setupProviderView{Provider: p, HasConnections: q.c.cfg.Connections != nil, BaseURL: q.c.cfg.Handler.Config().BaseURL}
	chosen, err := q.chooseConnection(v)
	if err != nil {
		return err
	}
	if chosen != nil {
		v.BaseURL = q.baseURL(*chosen)
		tokens, err := q.c.cfg.Connections.Tokens(q.ctx, q.id.Tenant, chosen.Name)
		if err != nil {
			return err
		}
		for _, t := range tokens {
			if !t.Revoked && (t.Expires.IsZero() || q.now.Before(t.Expires)) {
				v.Tokens++
			}
		}
	}
	if v.Live, err = q.live(v, chosen); err != nil {
		return err
	}
	v.waits = v.Live.URL != "" && !v.Live.Done
	q.render(http.StatusOK, name, "Set up "+p.Name, v)
	return nil
}

// chooseConnection finds the connection that the URL names, or the only one of the
// provider.
func (q *request) chooseConnection(v *setupProviderView) (*connection.Connection, error) {
	if q.c.cfg.Connections == nil {
		return nil, nil
	}
	all, err := q.c.cfg.Connections.List(q.ctx, q.id.Tenant)
	if err != nil {
		return nil, err
	}
	asked := q.r.URL.Query().Get("connection")
	var chosen *connection.Connection
	for i := range all {
		v.Connections = append(v.Connections, all[i].Name)
		if all[i].Name == asked || asked == "" && chosen == nil && all[i].Provider == v.Provider.Slug {
			chosen = &all[i]
		}
	}
	if asked != "" && chosen == nil {
		return nil, notFound("There is no connection with that name.")
	}
	if chosen != nil {
		v.Connection = chosen.Name
	}
	return chosen, nil
}

// live says whether requests of the connection arrive. Without connections it is about
// all requests of the tenant.
func (q *request) live(v *setupProviderView, chosen *connection.Connection) (live, error) {
	if q.c.cfg.Health == nil || v.HasConnections && chosen == nil {
		return live{}, nil
	}
	l := live{State: "waiting", Text: "Waiting for the first request.", URL: q.path("setup", v.Provider.Slug, "live")}
	if chosen != nil {
		l.URL += "?" + connectionQuery(chosen.Name)
		switch chosen.State {
		case connection.Paused:
			l.State, l.Text, l.Advice = "bad", "The connection is paused: its requests are answered 503.", "Resume it on its page."
			return l, nil
		case connection.Off:
			l.State, l.Text, l.Advice = "bad", "The connection is off: its requests are answered 401.", "Resume it on its page."
			return l, nil
		}
	}
	all, err := q.statuses()
	if err != nil {
		return live{}, err
	}
	var last *health.Status
	for name, s := range all {
		if (chosen == nil || name == chosen.Name) && (last == nil || s.LastRequest.After(last.LastRequest)) {
			last = s
		}
	}
	switch {
	case last == nil || last.LastRequest.IsZero():
		return l, q.refused(&l)
	case last.LastError != nil && last.LastError.Time.After(last.LastSuccess):
		l.State, l.Text, l.Advice, l.Since = "bad", "A request came, and it was refused or failed: "+last.LastError.Reason, last.LastError.Advice, q.moment(last.LastError.Time)
	default:
		l.State, l.Text, l.Since, l.Done = "good", "Connected. The last request that went well came", q.moment(last.LastSuccess), true
	}
	return l, nil
}

// refused adds that requests without valid credentials came, while the first valid one
// is waited for. Whose they are is not known, so that it is said only where there are
// no tenants.
func (q *request) refused(l *live) error {
	if q.id.Tenant != "" {
		return nil
	}
	s, err := q.c.cfg.Health.Unauthenticated(q.ctx)
	if err != nil || s.LastError == nil || q.now.Sub(s.LastError.Time) > recently {
		return err
	}
	l.State, l.Text, l.Since = "bad", "A request came without valid credentials (401)", q.moment(s.LastError.Time)
	l.Advice = "Check that the token was copied as a whole, without “Bearer” in front and without spaces."
	return nil
}

// recently is how long a refused request concerns the one who sets up a connection.
const recently = 15 * time.Minute

func connectionQuery(name string) string { return url.Values{"connection": {name}}.Encode() }
