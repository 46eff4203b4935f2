package reconcile

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// Repair says which mismatches a plan repairs in the application. The zero value
// repairs none. No plan deletes anything.
type Repair struct {
	// Create makes the users and groups that are missing, with the attributes that
	// were compared. The next sync of the provider brings the others.
	Create bool
	// Attributes makes attributes as the provider has them, userName and externalId
	// included. Clear also unassigns those of which the provider has no value.
	Attributes, Clear bool
	// Reactivate and Deactivate make the status as the provider has it.
	Reactivate, Deactivate bool
	// DeactivateOrphans deactivates users that the provider has no more.
	DeactivateOrphans bool
	// Join and Leave make the members of groups as the provider has them.
	Join, Leave bool
}

// Plan is a list of SCIM requests that repair mismatches. It is made by
// [Comparison.Plan], can be shown and kept as JSON, and is carried out by
// [Plan.Apply].
type Plan struct {
	Steps []Step

	users, groups *schema.ResourceType // nil: those of RFC 7643
}

// Step is one request.
type Step struct {
	Kinds []Kind `json:"kinds"` // the mismatches that it repairs
	Type  string `json:"type"`
	ID    string `json:"id,omitempty"`
	Name  string `json:"name"`
	Note  string `json:"note"` // what it does, in words

	Method string `json:"method"` // POST or PATCH
	Path   string `json:"path"`   // below the base URL: /Users/2819c223
	// Version is that of the resource when it was compared. The request has it as
	// If-Match.
	Version string          `json:"version,omitempty"`
	Body    json.RawMessage `json:"body"`
	// Have are the values that were compared, for a store without versions: the step
	// is left out if the resource has others.
	Have []Change `json:"have,omitempty"`
}

// membersInStep is how many members a request names, so that it stays far below the
// limits of a service provider (AWS takes 100).
const membersInStep = 100

// Plan returns the requests that repair mismatches: first those that give, then
// those that take access away.
func (c *Comparison) Plan(r Repair) *Plan {
	p := &planning{Plan: Plan{users: c.users, groups: c.groups}, repair: r}
	for i := range c.Mismatches {
		m := &c.Mismatches[i]
		switch m.Kind {
		case Missing:
			p.create(m)
		case Drift:
			p.patch(m, p.attributes(m), false)
		case Status:
			p.status(m)
		case Orphaned:
			if r.DeactivateOrphans && m.Type == "User" && !m.Inactive {
				m := *m
				m.Changes = []Change{{"active", "true", "false"}}
				p.patch(&m, p.operations(&m), true)
			}
		case Membership:
			p.members(m)
		}
	}
	p.Steps = append(p.Steps, p.leaving...)
	return &p.Plan
}

// planning is the state of Comparison.Plan.
type planning struct {
	Plan
	repair  Repair
	leaving []Step // that take access away
}

// typeOf returns the type of a resource.
func (p *Plan) typeOf(name string) *schema.ResourceType {
	switch {
	case name == "Group" && p.groups != nil:
		return p.groups
	case name == "Group":
		return schema.GroupType
	case p.users != nil:
		return p.users
	}
	return schema.UserType
}

// attributes returns the operations that repair attributes.
func (p *planning) attributes(m *Mismatch) []operation {
	if !p.repair.Attributes {
		return nil
	}
	kept := *m
	kept.Changes = slices.DeleteFunc(slices.Clone(m.Changes), func(c Change) bool { return c.Want == "" && !p.repair.Clear })
	return p.operations(&kept)
}

func (p *planning) status(m *Mismatch) {
	deactivates := m.Changes[0].Want == "false"
	if deactivates && p.repair.Deactivate || !deactivates && p.repair.Reactivate {
		p.patch(m, p.operations(m), deactivates)
	}
}

// operation is one operation of a PATCH.
type operation struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value,omitempty"`

	change Change
}

// operations returns the operations that make the changes of a mismatch.
func (p *planning) operations(m *Mismatch) []operation {
	var out []operation
	for _, c := range m.Changes {
		op := operation{Op: "replace", Path: c.Path, change: c}
		switch {
		case c.Want != "":
			op.Value = value(p.typeOf(m.Type), c.Path, c.Want)
		case strings.Contains(c.Path, "["):
			op.Op, op.Path = "remove", c.Path[:strings.LastIndexByte(c.Path, ']')+1]
		default:
			op.Op = "remove"
		}
		out = append(out, op)
	}
	return out
}

// value returns the JSON of a text, as the type of the attribute wants it.
func value(t *schema.ResourceType, at, text string) json.RawMessage {
	if at == "active" {
		return json.RawMessage(text)
	}
	if p, err := parsePath(t, at); err == nil {
		if v, err := schema.ParseScalar(p.attr.Last(), text); err == nil {
			return v.AppendJSON(nil)
		}
	}
	return quoted(text)
}

func quoted(text string) json.RawMessage { return schema.AppendJSONString(nil, text) }

const patchURI = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

func patchBody(ops []operation) json.RawMessage {
	body, err := json.Marshal(struct {
		Schemas    []string    `json:"schemas"`
		Operations []operation `json:"Operations"`
	}{[]string{patchURI}, ops})
	if err != nil {
		panic(err) // texts and JSON that was made here
	}
	return body
}

// patch adds a PATCH of a resource.
func (p *planning) patch(m *Mismatch, ops []operation, leaves bool) {
	if len(ops) == 0 {
		return
	}
	s := Step{
		Kinds: []Kind{m.Kind}, Type: m.Type, ID: m.ID, Name: m.Name,
		Method: "PATCH", Path: p.typeOf(m.Type).Endpoint + "/" + url.PathEscape(m.ID), Version: m.Version, Body: patchBody(ops),
	}
	var notes []string
	for _, op := range ops {
		s.Have = append(s.Have, op.change)
		notes = append(notes, fmt.Sprintf("%s: %s → %s", op.change.Path, printable(op.change.Have), printable(op.change.Want)))
	}
	s.Note = strings.Join(notes, "; ")
	if leaves {
		p.leaving = append(p.leaving, s)
	} else {
		p.Steps = append(p.Steps, s)
	}
}

// create adds a POST.
func (p *planning) create(m *Mismatch) {
	if !p.repair.Create {
		return
	}
	t := p.typeOf(m.Type)
	naming := "userName"
	if m.Type == "Group" {
		naming = "displayName"
	}
	body := map[string]any{naming: m.Name}
	schemas := []string{t.Schema.ID}
	if m.ExternalID != "" {
		body["externalId"] = m.ExternalID
	}
	if m.Type == "User" && t.Active() != nil {
		body["active"] = !m.Inactive
	}
	for _, c := range m.Changes {
		if at, err := parsePath(t, c.Path); err == nil {
			set(body, at, value(t, c.Path, c.Want))
			if at.attr.Extension() && !slices.Contains(schemas, at.attr[0].Name) {
				schemas = append(schemas, at.attr[0].Name)
			}
		}
	}
	first, rest := m.Join[:min(len(m.Join), membersInStep)], m.Join[min(len(m.Join), membersInStep):]
	if len(first) > 0 && p.repair.Join {
		body["members"] = memberValues(first)
	}
	body["schemas"] = schemas
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // texts and JSON that was made here
	}
	note := "create"
	if m.Inactive {
		note = "create, inactive"
	}
	if n := len(first); n > 0 && p.repair.Join {
		note += fmt.Sprintf(" with %d members", n)
	}
	if len(rest) > 0 && p.repair.Join {
		note += fmt.Sprintf("; compare again for %d more", len(rest))
	}
	p.Steps = append(p.Steps, Step{
		Kinds: []Kind{Missing}, Type: m.Type, Name: m.Name, Note: note, Method: "POST", Path: t.Endpoint, Body: text,
	})
}

// set puts a value at a path of a JSON object.
func set(body map[string]any, at path, v json.RawMessage) {
	for _, a := range at.attr[:len(at.attr)-1] {
		if a == at.list {
			list, _ := body[a.Name].([]map[string]any)
			selector := string(at.literal.AppendJSON(nil))
			for _, e := range list {
				if have, _ := e[at.selector.Name].(json.RawMessage); string(have) == selector {
					e[at.attr.Last().Name] = v
					return
				}
			}
			body[a.Name] = append(list, map[string]any{at.selector.Name: json.RawMessage(selector), at.attr.Last().Name: v})
			return
		}
		inner, ok := body[a.Name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			body[a.Name] = inner
		}
		body = inner
	}
	body[at.attr.Last().Name] = v
}

func memberValues(members []Ref) []map[string]string {
	list := make([]map[string]string, len(members))
	for i, m := range members {
		list[i] = map[string]string{"value": m.ID}
	}
	return list
}

// members adds the requests that change the members of a group.
func (p *planning) members(m *Mismatch) {
	step := func(part []Ref, ops []operation, note string) Step {
		return Step{
			Kinds: []Kind{Membership}, Type: m.Type, ID: m.ID, Name: m.Name, Method: "PATCH",
			Path: p.typeOf(m.Type).Endpoint + "/" + url.PathEscape(m.ID), Version: m.Version, Body: patchBody(ops),
			Note: fmt.Sprintf("%d %s: %s", len(part), note, refs(part)),
		}
	}
	if p.repair.Join {
		for part := range slices.Chunk(m.Join, membersInStep) {
			list, err := json.Marshal(memberValues(part))
			if err != nil {
				panic(err) // texts
			}
			p.Steps = append(p.Steps, step(part, []operation{{Op: "add", Path: "members", Value: list}}, "join"))
		}
	}
	if p.repair.Leave {
		for part := range slices.Chunk(m.Leave, membersInStep) {
			var ops []operation
			for _, member := range part {
				ops = append(ops, operation{Op: "remove", Path: fmt.Sprintf("members[value eq %s]", quoted(member.ID))})
			}
			p.leaving = append(p.leaving, step(part, ops, "leave"))
		}
	}
}

// WriteText writes a table of the requests. Texts with characters that do not print
// are quoted.
func (p *Plan) WriteText(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%d requests\n\n", len(p.Steps))
	t := newTable(out, "STEP\tREQUEST\tNAME\tNOTE")
	for i, s := range p.Steps {
		t.row(fmt.Sprint(i+1), s.Method+" "+printable(s.Path), printable(s.Name), s.Note)
	}
	return t.end()
}

// WriteJSON writes the plan, one request in a line, for [ReadPlan].
func (p *Plan) WriteJSON(w io.Writer) error {
	out := bufio.NewWriter(w)
	out.WriteString(`{"steps":[`)
	if err := writeLines(out, p.Steps); err != nil {
		return err
	}
	return out.Flush()
}

// maxPlan bounds the text of a plan.
const maxPlan = 1 << 30

// ReadPlan reads what [Plan.WriteJSON] wrote. A plan that deletes is refused, and so
// is a path that leads elsewhere.
func ReadPlan(r io.Reader) (*Plan, error) {
	var p struct{ Steps []Step }
	if err := json.NewDecoder(io.LimitReader(r, maxPlan)).Decode(&p); err != nil {
		return nil, fmt.Errorf("reconcile: the plan: %w", err)
	}
	for i := range p.Steps {
		if err := p.Steps[i].check(); err != nil {
			return nil, fmt.Errorf("reconcile: step %d of the plan: %w", i+1, err)
		}
	}
	return &Plan{Steps: p.Steps}, nil
}

func (s *Step) check() error {
	segments := strings.Split(s.Path, "/")
	switch {
	case s.Method != "POST" && s.Method != "PATCH":
		return fmt.Errorf("its method is %q, and a plan has only POST and PATCH", s.Method)
	case len(segments) < 2 || len(segments) > 3 || segments[0] != "" || slices.Contains(segments[1:], "") ||
		slices.Contains(segments, ".") || slices.Contains(segments, "..") || strings.ContainsAny(s.Path, "?#\\"):
		return fmt.Errorf("its path %q is none of a resource or of a type", s.Path)
	case strings.EqualFold(segments[1], "Bulk") || strings.Contains(segments[1], "%"):
		return fmt.Errorf("its path %q is none of a type: a bulk request could delete", s.Path)
	case (s.Method == "POST") != (len(segments) == 2):
		return errors.New("a POST has the path of a type, a PATCH that of a resource")
	case !json.Valid(s.Body):
		return errors.New("its body is no JSON")
	}
	return nil
}
