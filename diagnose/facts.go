package diagnose

import (
	"encoding/json"
	"hash/maphash"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/redact"
)

// facts are what the rules look at in one request. Texts of people are not kept
// beyond [track.observe].
type facts struct {
	body    object // of a POST, PUT or PATCH; nil if it has none that was observed
	ops     []operation
	name    uint64 // hash of the type and the userName or displayName of a POST
	target  uint64 // hash of the type and id of the path
	content uint64 // hash of the target and the body
	refused string // the attribute that a 400 names
	noPath  bool   // the path belongs to no endpoint

	filter     string // attribute of the filter, in lower case; "" for none
	hasFilter  bool
	quoted     bool // the filter has a quote, or compares no text
	modified   string
	startIndex int // 0 if it is missing
	count      int
	cursor     bool
}

// object is a JSON object; names are in lower case.
type object map[string]json.RawMessage

// operation is one operation of a PATCH.
type operation struct {
	op, path string // in lower case
	rawOp    string
	value    json.RawMessage
}

func parse(text []byte) object {
	var raw map[string]json.RawMessage
	if json.Unmarshal(text, &raw) != nil {
		return nil
	}
	o := make(object, len(raw))
	for name, v := range raw {
		o[strings.ToLower(name)] = v
	}
	return o
}

// text returns a member that is a string, "" for any other.
func (o object) text(name string) string {
	var s string
	_ = json.Unmarshal(o[name], &s) // "" for another type
	return s
}

// has reports whether a member is there and not null.
func (o object) has(name string) bool {
	v, ok := o[name]
	return ok && string(v) != "null"
}

// truth returns a member that is a boolean, also as a string (Entra ID).
func truth(v json.RawMessage) (value, ok bool) {
	switch strings.ToLower(strings.Trim(string(v), `"`)) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// endpoints are names that are no ids.
var endpoints = []string{"users", "groups", "schemas", "resourcetypes", "serviceproviderconfig"}

// read takes the facts from an exchange.
func (d *Diagnosis) read(x *scim.Exchange) facts {
	f := facts{refused: refusedAttribute(x), noPath: x.Route == "?"}
	if x.Request == nil {
		return f
	}
	hash := func(parts ...string) uint64 { return maphash.String(d.seed, strings.Join(parts, "\x00")) }
	query := x.Request.URL.Query()
	if strings.HasSuffix(x.Route, "/{id}") {
		id := x.Request.URL.Path[strings.LastIndexByte(x.Request.URL.Path, '/')+1:]
		// A base URL that ends with /Users makes /Users/Users.
		if f.noPath = x.Status == 404 && slices.Contains(endpoints, strings.ToLower(id)); !f.noPath {
			f.target = hash(x.Type, id)
		}
	}
	switch {
	case x.Operation == scim.OperationQuery && x.Method == "POST":
		f.search(parse(x.Body))
	case x.Operation == scim.OperationQuery:
		f.query(query)
	case len(x.Body) > 0:
		f.body = parse(x.Body)
		f.content = hash(strconv.FormatUint(f.target, 16), x.Method, string(x.Body))
		f.operations()
		if name := f.body.text("username") + f.body.text("displayname"); x.Method == "POST" && name != "" {
			f.name = hash(x.Type, strings.ToLower(f.body.text("username")+"\x00"+f.body.text("externalid")+"\x00"+f.body.text("displayname")))
		}
	}
	return f
}

func (f *facts) operations() {
	var ops []json.RawMessage
	if json.Unmarshal(f.body["operations"], &ops) != nil {
		return
	}
	for _, raw := range ops {
		o := parse(raw)
		f.ops = append(f.ops, operation{op: strings.ToLower(o.text("op")), rawOp: o.text("op"), path: strings.ToLower(o.text("path")), value: o["value"]})
	}
}

func (f *facts) query(q url.Values) {
	for name, values := range q {
		switch text := values[0]; strings.ToLower(name) {
		case "filter":
			f.setFilter(text)
		case "startindex":
			f.startIndex, _ = strconv.Atoi(text)
		case "count":
			f.count, _ = strconv.Atoi(text)
		case "cursor":
			f.cursor = true
		}
	}
}

func (f *facts) search(o object) {
	if text := o.text("filter"); text != "" {
		f.setFilter(text)
	}
	_ = json.Unmarshal(o["startindex"], &f.startIndex) // 0 for another type
	_ = json.Unmarshal(o["count"], &f.count)
	f.cursor = o.has("cursor")
}

// setFilter takes the attribute of a filter, and no value of it.
func (f *facts) setFilter(text string) {
	f.hasFilter = true
	text = strings.TrimLeft(text, "( ")
	end := strings.IndexAny(text, " [")
	if end < 0 {
		end = len(text)
	}
	if name := attributeName(text[:end]); name != "" {
		f.filter = strings.ToLower(name)
	}
	f.quoted = strings.ContainsRune(text, '"')
	if f.filter == "meta.lastmodified" {
		if _, after, ok := strings.Cut(text, `"`); ok {
			f.modified, _, _ = strings.Cut(after, `"`)
		}
	}
}

// refusedAttribute returns the attribute that the detail of a 400 names, "" if it
// names none.
func refusedAttribute(x *scim.Exchange) string {
	if x.Status != 400 || x.Operation == scim.OperationQuery {
		return ""
	}
	detail := redact.Detail(x.Detail)
	for _, prefix := range []string{"operation ", "at character "} {
		if rest, ok := strings.CutPrefix(detail, prefix); ok {
			if _, after, ok := strings.Cut(rest, ": "); ok {
				detail = after
			}
		}
	}
	before, rest, unknown := strings.Cut(detail, `attribute "`)
	if name, _, closed := strings.Cut(rest, `"`); unknown && closed {
		parent, _, nested := strings.Cut(before, ": ")
		if nested && attributeName(parent) != "" && attributeName(name) != "" {
			name = parent + "." + name
		}
		return attributeName(name)
	}
	name, _, found := strings.Cut(detail, ": ")
	if !found {
		return ""
	}
	return attributeName(name)
}

// attributeName returns a text that may be the path of an attribute, "" for any
// other.
func attributeName(s string) string {
	if s == "" || len(s) > 128 || strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._:-$", r)
	}) {
		return ""
	}
	return s
}

// isUUID reports whether a text has the form of an object id of Entra ID.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		switch i {
		case 8, 13, 18, 23:
			if r != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdefABCDEF", r) {
				return false
			}
		}
	}
	return true
}
