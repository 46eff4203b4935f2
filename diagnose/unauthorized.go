package diagnose

import (
	"fmt"

	"github.com/seed5f3efb56/scim"
)

// agent is what is known of the requests with one User-Agent. A request with a wrong
// credential does not say whose it is; if one connection alone has the User-Agent, it
// is probably that one's.
type agent struct {
	key     key  // that had a success with it last
	several bool // more than one connection has it
	refused series
	ok      bool // there was a success
}

// maxAgents bounds the User-Agents, which anybody can make up.
const maxAgents = 256

// maxAgentName is the longest User-Agent that is told apart, in bytes.
const maxAgentName = 128

// stormOf is how many refusals in a row are a finding.
const stormOf = 5

func (d *Diagnosis) agent(name string) *agent {
	name = name[:min(len(name), maxAgentName)]
	a := d.agents[name]
	if a == nil && len(d.agents) >= maxAgents {
		name = "" // all others together
		a = d.agents[name]
	}
	if a == nil {
		a = &agent{}
		d.agents[name] = a
	}
	return a
}

// refused notes a request without valid credentials.
func (d *Diagnosis) refused(x *scim.Exchange) {
	if x.Status != 401 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.agent(x.UserAgent).refused.add(true, x.Start)
}

// accepted notes a success of a connection; the lock is held. Refusals before it are
// over for a User-Agent of one connection.
func (d *Diagnosis) accepted(x *scim.Exchange, k key) {
	a := d.agent(x.UserAgent)
	switch {
	case a.ok && a.key != k:
		a.several = true
	case a.several:
		a.refused.add(false, x.Start)
	default:
		a.refused.reset()
	}
	a.key, a.ok = k, true
}

// unauthorized returns the finding for a connection, or for "", "" the one for all
// refusals that belong to none; the lock is held.
func (d *Diagnosis) unauthorized(k key) []Finding {
	var out []Finding
	for _, a := range d.agents {
		owner := key{}
		if a.ok && !a.several {
			owner = a.key
		}
		n := a.refused.hits()
		if owner != k || !a.refused.mostly(stormOf) {
			continue
		}
		f := Finding{Code: "unauthorized", Count: n, First: a.refused.first, Last: a.refused.last}
		f.Seen = fmt.Sprintf("%d of the last %d requests with a User-Agent were answered 401.", n, a.refused.n)
		if k != (key{}) {
			f.Seen = fmt.Sprintf("%d requests in a row with the User-Agent of this connection were answered 401, after its credential was accepted before.", n)
		}
		if len(out) == 0 {
			out = append(out, f)
			continue
		}
		out[0].Count += f.Count // several clients
		out[0].Seen = fmt.Sprintf("%d requests of several clients were answered 401.", out[0].Count)
		if f.First.Before(out[0].First) {
			out[0].First = f.First
		}
		if f.Last.After(out[0].Last) {
			out[0].Last = f.Last
		}
	}
	return out
}
