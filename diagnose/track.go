package diagnose

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
)

// track has the observations of one connection.
type track struct {
	key
	provider   string // a guess by the requests
	maxResults int

	first, last time.Time
	requests    int

	// Of users that were created.
	noActive, inactive, nickname, noExternalID, uuidName, noDisplayName, password series
	activeSent                                                                    time.Time // active was in a PATCH or PUT
	writes                                                                        int
	// Of groups.
	unnamedGroup, namedMember, putWithoutMembers, missingMember series

	deletions     series // a DELETE of a user; yes if none was deactivated so far
	deactivations int
	lookups       series // of users; yes if by another attribute than userName, externalId and id
	lookupBy      string
	refusedFilter series
	unquoted      bool
	tooLarge      series
	noPath        series
	ahead         series // filters on meta.lastModified in the future
	skips         series // yes if a page begins after where the one before can have ended
	page          page

	refusals  map[string]*refusal // by attribute, in lower case
	conflicts memory              // of POSTs that were 409
	contents  memory              // of changes that were sent
	unknown   memory              // of ids that are 404
	active    memory              // of users whose active is sent
}

// page is the last page of a listing that was asked for.
type page struct {
	route      string
	start, end int // the resources that it can have had
}

// refusal is an attribute that is refused.
type refusal struct {
	name  string // as it was written
	verbs map[string]bool
	series
}

// maxRefusals bounds the attributes that are remembered.
const maxRefusals = 32

func newTrack(k key, maxResults int) *track {
	return &track{key: k, maxResults: maxResults, refusals: map[string]*refusal{}}
}

// observe notes the facts of a request.
func (t *track) observe(x *scim.Exchange, f facts) {
	at := x.Start
	if t.first.IsZero() {
		t.first = at
	}
	t.last = at
	t.requests++
	t.noPath.add(f.noPath, at)
	if p := providerOf(x, &f); p != "" {
		t.provider = p
	}
	switch x.Operation {
	case scim.OperationQuery:
		t.query(x, &f)
	case scim.OperationCreate, scim.OperationReplace, scim.OperationPatch, scim.OperationDelete:
		t.writes++
		t.write(x, &f)
	}
	switch {
	case f.target == 0:
	case x.Status == 404:
		t.unknown.get(f.target, at).n++
	default:
		t.unknown.forget(f.target)
	}
}

func (t *track) write(x *scim.Exchange, f *facts) {
	at := x.Start
	t.tooLarge.add(x.Status == 413, at)
	t.refusal(x, f)
	switch {
	case f.name == 0:
	case x.Status == 409:
		t.conflicts.get(f.name, at).n++
	case x.Status < 300:
		t.conflicts.forget(f.name)
	}
	// A PUT of the whole resource in every cycle is the way of some providers.
	if _, status := f.active(); x.Operation == scim.OperationPatch && !status && f.content != 0 && f.target != 0 && x.Status < 300 {
		t.contents.get(f.content, at).n++
	}
	switch x.Type {
	case "User":
		t.user(x, f)
	case "Group":
		t.group(x, f)
	}
}

// refusal notes an attribute that a 400 names, or that it was accepted.
func (t *track) refusal(x *scim.Exchange, f *facts) {
	if f.refused != "" {
		name := strings.ToLower(f.refused)
		r := t.refusals[name]
		if r == nil && len(t.refusals) < maxRefusals {
			r = &refusal{name: f.refused, verbs: map[string]bool{}}
			t.refusals[name] = r
		}
		if r != nil {
			r.add(true, x.Start)
			r.verbs[x.Method] = true
		}
		return
	}
	if x.Status >= 300 || len(t.refusals) == 0 {
		return
	}
	for name := range t.refusals {
		if mentions(f, name) {
			delete(t.refusals, name) // it is accepted now
		}
	}
}

// mentions reports whether the body of a request has an attribute, as a member or in a
// path.
func mentions(f *facts, name string) bool {
	last := name[strings.LastIndexAny(name, ".:")+1:]
	in := func(o object) bool { _, ok := o[last]; return ok || o[name] != nil }
	if in(f.body) {
		return true
	}
	for _, op := range f.ops {
		if strings.Contains(op.path, last) || op.path == "" && in(parse(op.value)) {
			return true
		}
	}
	return false
}

func (t *track) user(x *scim.Exchange, f *facts) {
	at := x.Start
	switch x.Operation {
	case scim.OperationCreate:
		if f.body == nil || x.Status >= 500 {
			return
		}
		active, sent := truth(f.body["active"])
		t.noActive.add(!f.body.has("active"), at)
		t.inactive.add(sent && !active, at)
		external, name := f.body.text("externalid"), f.body.text("username")
		local, _, mail := strings.Cut(name, "@")
		t.noExternalID.add(external == "", at)
		t.nickname.add(external != "" && mail && strings.EqualFold(external, local), at)
		t.uuidName.add(isUUID(name), at)
		t.noDisplayName.add(strings.TrimSpace(f.body.text("displayname")) == "", at)
		t.password.add(f.body.has("password"), at)
	case scim.OperationReplace, scim.OperationPatch:
		active, sent := f.active()
		if !sent {
			return
		}
		t.activeSent = at
		if !active {
			t.deactivations++
		}
		if f.target != 0 && x.Status < 300 {
			value := uint64(1)
			if active {
				value = 2
			}
			n := t.active.get(f.target, at)
			if n.value != 0 && n.value != value {
				n.n++
			}
			n.value = value
		}
	case scim.OperationDelete:
		if x.Status < 300 {
			t.deletions.add(t.deactivations == 0, at)
		}
	}
}

// active returns the status that a PATCH or PUT sends.
func (f *facts) active() (value, sent bool) {
	if v, ok := f.body["active"]; ok {
		return truth(v)
	}
	for _, op := range f.ops {
		switch {
		case op.path == "active" || strings.HasSuffix(op.path, ":active"):
			return truth(op.value)
		case op.path == "":
			if v, ok := parse(op.value)["active"]; ok {
				return truth(v)
			}
		}
	}
	return false, false
}

func (t *track) group(x *scim.Exchange, f *facts) {
	at := x.Start
	members, sent := f.members()
	if x.Operation == scim.OperationCreate {
		t.unnamedGroup.add(strings.TrimSpace(f.body.text("displayname")) == "", at)
	}
	if x.Operation == scim.OperationReplace && f.body != nil {
		t.putWithoutMembers.add(!sent, at)
	}
	if len(members) > 0 {
		named := slices.ContainsFunc(members, func(id string) bool { return strings.ContainsAny(id, "@ ") })
		t.namedMember.add(named, at)
		t.missingMember.add(x.Status == 400 && strings.Contains(x.Detail, "no resource has the id of member"), at)
	}
}

// members returns the values of the members that a request names to be added.
func (f *facts) members() (ids []string, sent bool) {
	list := func(raw json.RawMessage) {
		var ms []struct{ Value any }
		if json.Unmarshal(raw, &ms) != nil {
			return
		}
		for _, m := range ms {
			if id, ok := m.Value.(string); ok {
				ids = append(ids, id)
			}
		}
	}
	if v, ok := f.body["members"]; ok {
		sent = true
		list(v)
	}
	for _, op := range f.ops {
		switch {
		case op.op == "remove":
		case op.path == "members" || strings.HasSuffix(op.path, ":members"):
			sent = true
			list(op.value)
		case op.path == "":
			if v, ok := parse(op.value)["members"]; ok {
				sent = true
				list(v)
			}
		}
	}
	return ids, sent
}

func (t *track) query(x *scim.Exchange, f *facts) {
	at := x.Start
	if f.hasFilter {
		t.refusedFilter.add(x.Status == 400, at)
		t.unquoted = x.Status == 400 && !f.quoted
		if x.Type == "User" && x.Status < 300 && f.filter != "" {
			other := f.filter != "username" && f.filter != "externalid" && f.filter != "id" && !strings.HasPrefix(f.filter, "meta") && !strings.HasPrefix(f.filter, "groups")
			if t.lookups.add(other, at); other {
				t.lookupBy = f.filter
			}
		}
		if f.modified != "" {
			when, err := time.Parse(time.RFC3339Nano, f.modified)
			t.ahead.add(err == nil && when.After(at.Add(5*time.Minute)) && when.Before(at.Add(366*24*time.Hour)), at)
		}
		return
	}
	t.listing(x, f)
}

// listing compares the pages of a listing by index.
func (t *track) listing(x *scim.Exchange, f *facts) {
	if x.Status >= 300 || f.cursor {
		return
	}
	start := max(f.startIndex, 1)
	if t.page.route == x.Route && start > t.page.start {
		t.skips.add(start > t.page.end+1, x.Start)
	}
	count := f.count
	if count <= 0 {
		count = t.maxResults // the page size of this service is no larger
	}
	t.page = page{x.Route, start, start + min(count, t.maxResults) - 1}
}

// providerOf guesses the provider by what only it sends; "" if nothing tells.
func providerOf(x *scim.Exchange, f *facts) string {
	agent := strings.ToLower(x.UserAgent)
	for _, name := range []string{"okta", "onelogin", "jumpcloud", "authentik", "keycloak", "rippling", "sailpoint"} {
		if strings.Contains(agent, name) {
			return name
		}
	}
	switch {
	case strings.Contains(agent, "pingfederate"), strings.Contains(agent, "pingone"):
		return "ping"
	case strings.Contains(agent, "google"):
		return "google"
	}
	// Entra ID's own URN in groups, and the operations of its older dialect.
	if strings.Contains(string(f.body["schemas"]), "schemas.microsoft.com") {
		return "entra"
	}
	for _, op := range f.ops {
		switch op.rawOp {
		case "Add", "Replace", "Remove":
			return "entra"
		}
	}
	return ""
}
