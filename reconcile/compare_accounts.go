package reconcile

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/internal/paging"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// readAccounts reads the users of the application.
func (c *comparing) readAccounts(ctx context.Context, users Lister) error {
	c.by = keys{map[string]int32{}, map[string]int32{}}
	c.seed, c.mails, c.seen, c.seenExternals = maphash.MakeSeed(), map[uint64]int32{}, map[uint64]bool{}, map[uint64]bool{}
	if c.grouped {
		c.ids, c.refs = map[string]int32{}, map[string]int32{}
	}
	if typed, ok := users.(interface{ Type() *schema.ResourceType }); ok {
		if err := c.setType(typed.Type()); err != nil {
			return err
		}
	}
	for page, err := range paging.NewWalker(users, store.Query{Bytes: pageBytes}, -1).Pages(ctx) {
		if err != nil {
			return fmt.Errorf("reconcile: the accounts: %w", err)
		}
		for _, r := range page.Resources {
			if c.typ == nil {
				if err := c.setType(r.Type); err != nil {
					return err
				}
			}
			c.addAccount(r)
		}
	}
	c.out.Accounts = len(c.accounts)
	if c.typ == nil {
		return c.setType(schema.UserType)
	}
	return nil
}

// setType notes the type of the accounts and resolves the paths that are compared.
func (c *comparing) setType(t *schema.ResourceType) error {
	c.typ, c.out.users = t, t
	if name := t.Root().Sub("userName"); name != nil {
		c.exact = !name.FoldsCase()
	}
	var err error
	c.paths, err = c.o.paths(t)
	c.roots = []*schema.Attribute{}
	for i := range c.paths {
		c.roots = append(c.roots, c.paths[i].attr[0])
	}
	return err
}

func (c *comparing) addAccount(r *schema.Resource) {
	a := person{
		id: r.ID, version: r.Version, externalID: r.Get(schema.ExternalIDAttribute).Text(), userName: r.Text("userName"),
		inactive: isInactive(r), values: pack(c.paths, r),
	}
	a.owner = c.o.ownerOf(r, a.externalID)
	place := int32(len(c.accounts))
	c.accounts = append(c.accounts, a)
	if a.userName != "" {
		c.by.names[c.nameKey(a.userName)] = place
		c.mails[c.hash(schema.FoldKey(a.userName))] = place
	}
	if p, ok := r.Type.Resolve("emails.value"); ok {
		for v := range p.Values(r) {
			c.mails[c.hash(schema.FoldKey(v.Text()))] = place
		}
	}
	if c.grouped {
		c.ids[a.id] = place
	}
	if a.externalID == "" || a.owner == another {
		return // externalIds of two connections may be equal
	}
	if _, taken := c.by.externals[a.externalID]; taken {
		place = several
	}
	c.by.externals[a.externalID] = place
}

func isInactive(r *schema.Resource) bool {
	active := r.Type.Active()
	if active == nil {
		return false
	}
	v := r.Get(active)
	return v.Assigned() && !v.Bool()
}

// path is an attribute that is compared.
type path struct {
	text string // for schema.Resource.Text
	attr schema.AttrPath
	// list, selector and literal are set for list[selector eq literal].
	list, selector *schema.Attribute
	literal        schema.Value
}

// paths resolves the paths of the attributes that are compared.
func (o *CompareOptions) paths(t *schema.ResourceType) ([]path, error) {
	texts, given := o.Attributes, o.Attributes != nil
	if !given {
		texts = DefaultAttributes()
	}
	var out []path
	for _, text := range texts {
		p, err := parsePath(t, text)
		switch {
		case err == nil:
			out = append(out, p)
		case given:
			return nil, fmt.Errorf("reconcile: CompareOptions.Attributes: %s: %w", schema.Quote(text), err)
		}
	}
	return out, nil
}

// compared elsewhere, or not the provider's to give
var notCompared = []string{"id", "userName", "externalId", "active", "meta", "schemas", "groups", "members"}

func parsePath(t *schema.ResourceType, text string) (path, error) {
	before, rest, selects := strings.Cut(text, "[")
	selector, after, closed := rest, "", true
	if end := strings.LastIndexByte(rest, ']'); selects && end >= 0 {
		selector, after = rest[:end], rest[end+1:]
	} else if selects {
		closed = false
	}
	attr, ok := t.Resolve(before + after)
	switch {
	case !ok || !closed:
		return path{}, fmt.Errorf("%s has no such attribute", t.Name)
	case attr.Last().Type == schema.TypeComplex:
		return path{}, fmt.Errorf("it has sub-attributes: name one of them")
	case slices.Contains(notCompared, attr[0].Name) || attr.Last().Secret() || attr.Last().Hidden || attr.Last().Mutability == schema.ReadOnly:
		return path{}, fmt.Errorf("the provider does not set it, or it is always compared; it cannot be compared by its path")
	case !selects && attr.MultiValued():
		return path{}, fmt.Errorf("it has several values: name one, for example emails[type eq \"work\"].value")
	case !selects:
		return path{text: text, attr: attr}, nil
	}
	p := path{text: text, attr: attr}
	if list, ok := t.Resolve(before); !ok || !list.Last().MultiValued || len(attr) != len(list)+1 {
		return path{}, fmt.Errorf("brackets select an element of a multi-valued attribute, and a sub-attribute follows")
	} else {
		p.list = list.Last()
	}
	words := strings.SplitN(selector, " ", 3)
	if len(words) != 3 || !strings.EqualFold(words[1], "eq") || p.list.Sub(words[0]) == nil {
		return path{}, fmt.Errorf("within brackets only a comparison by eq is possible, for example type eq \"work\"")
	}
	p.selector = p.list.Sub(words[0])
	literal, quoted := strings.CutPrefix(words[2], `"`)
	if quoted {
		literal = strings.TrimSuffix(literal, `"`)
	}
	var err error
	p.literal, err = schema.ParseScalar(p.selector, literal)
	return p, err
}

// pack returns the values of the paths as one text, which takes less memory than a
// list of them.
func pack(paths []path, r *schema.Resource) string {
	var b []byte
	for i := range paths {
		v := r.Text(paths[i].text)
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	return string(b)
}

// unpack cuts the first value off what pack made.
func unpack(packed string) (value, rest string) {
	n, width := uvarint(packed)
	return packed[width : width+n], packed[width+n:]
}

func uvarint(s string) (n, width int) {
	for shift := 0; ; shift += 7 {
		b := s[width]
		width++
		n |= int(b&0x7f) << shift
		if b < 0x80 {
			return n, width
		}
	}
}

// resource returns the attributes of a record as a resource, nil if it has none.
func (c *comparing) resource(r *Record) *schema.Resource {
	if r.Resource == nil {
		return nil
	}
	o, _ := c.typ.DecodeStoredOnly(r.Resource, c.roots) // values that do not fit are left out
	if o == nil {
		return nil
	}
	return &schema.Resource{Type: c.typ, Attributes: o}
}

// want returns the value that the provider has at a path; known is false if the
// record does not say.
func (p *path) want(r *Record, resource *schema.Resource) (value string, known bool) {
	if resource != nil {
		return resource.Text(p.text), true
	}
	value, known = r.Attributes[p.text]
	return value, known
}

// changes returns the attributes in which an account differs from its record.
func (c *comparing) changes(r *Record, a *person) []Change {
	var out []Change
	if r.UserName != a.userName {
		out = append(out, Change{"userName", a.userName, r.UserName})
	}
	if r.ExternalID != "" && r.ExternalID != a.externalID {
		out = append(out, Change{"externalId", a.externalID, r.ExternalID})
	}
	resource, rest, have := c.resource(r), a.values, ""
	for i := range c.paths {
		p := &c.paths[i]
		have, rest = unpack(rest)
		if want, known := p.want(r, resource); known && want != have {
			out = append(out, Change{p.text, have, want})
		}
	}
	return out
}

// values returns the attributes of a record that has no account.
func (c *comparing) values(r *Record) []Change {
	var out []Change
	resource := c.resource(r)
	for i := range c.paths {
		if want, known := c.paths[i].want(r, resource); known && want != "" {
			out = append(out, Change{Path: c.paths[i].text, Want: want})
		}
	}
	return slices.Clip(out)
}
