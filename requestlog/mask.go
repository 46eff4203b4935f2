package requestlog

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/internal/redact"
	"github.com/seed5f3efb56/scim/schema"
)

// rules are what is known of the attributes of a service. Names are in lower case.
type rules struct {
	ready     bool            // of a handler: what is not named here is no secret
	secret    map[string]bool // attributes of which nothing is kept
	attribute map[string]bool // names, without those of secrets
	canonical map[string]bool // values of attributes named type
}

func rulesOf(types []*schema.ResourceType, sensitive []string) *rules {
	r := &rules{ready: types != nil, secret: map[string]bool{"password": true}, attribute: map[string]bool{}, canonical: map[string]bool{}}
	var walk func(attributes []*schema.Attribute)
	walk = func(attributes []*schema.Attribute) {
		for _, a := range attributes {
			name := strings.ToLower(a.Name)
			r.attribute[name] = true
			if a.Secret() || a.Hidden {
				r.secret[name] = true
			}
			if name == "type" {
				for _, v := range a.CanonicalValues {
					r.canonical[strings.ToLower(v)] = true
				}
			}
			walk(a.SubAttributes)
		}
	}
	for _, t := range types {
		walk(t.Attributes())
		for _, path := range sensitive {
			if p, ok := t.Resolve(path); ok {
				r.secret[strings.ToLower(p.Root().Name)] = true
			}
		}
	}
	for _, name := range []string{"id", "schemas", "meta", "externalid"} {
		r.attribute[name] = true
	}
	return r
}

// names splits what may be the path of an attribute into names.
func names(path string) []string {
	return strings.FieldsFunc(path, func(c rune) bool { return strings.ContainsRune(`.:[]()" `, c) })
}

// isSecret reports whether a path names a secret or sensitive attribute, in whichever
// of its parts.
func (r *rules) isSecret(path string) bool {
	lower := strings.ToLower(path)
	if r.secret[lower] {
		return true
	}
	for _, name := range names(lower) {
		if r.secret[name] {
			return true
		}
	}
	return false
}

const secret = "[redacted]"

// masker masks the texts of one request.
type masker struct {
	*rules
	tag *[32]byte
}

const (
	mostElements = 20   // of an array
	mostMembers  = 100  // of an object
	mostBody     = 8192 // bytes of a masked body
	mostText     = 4096 // bytes of a filter or path that is read
	mostTokens   = 200
)

// body returns the masked body, nil if it does not parse.
func (m *masker) body(text []byte) []byte {
	if len(text) == 0 || !m.ready {
		return nil
	}
	v, err := schema.ParseJSON(text)
	if err != nil {
		return nil
	}
	masked := m.value(nil, "", v)
	if len(masked) > mostBody {
		return schema.AppendJSONString(nil, "[more than "+strconv.Itoa(mostBody)+" bytes]")
	}
	return masked
}

// value appends the masked JSON of the value of a member.
func (m *masker) value(dst []byte, name string, v any) []byte {
	if len(dst) > mostBody {
		return append(dst, "null"...) // the body is dropped
	}
	switch v := v.(type) {
	case schema.JSONObject:
		return m.object(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, one := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			if i == mostElements {
				dst = schema.AppendJSONString(dst, "["+strconv.Itoa(len(v)-i)+" more]")
				break
			}
			dst = m.value(dst, name, one)
		}
		return append(dst, ']')
	case string:
		return schema.AppendJSONString(dst, m.text(name, v))
	case schema.Number:
		if len(v) > 6 {
			return schema.AppendJSONString(dst, m.masked(string(v)))
		}
		return append(dst, v...)
	case bool:
		return strconv.AppendBool(dst, v)
	}
	return append(dst, "null"...)
}

// object appends the masked JSON of an object. The value of an operation of a PATCH
// belongs to the attribute of its path.
func (m *masker) object(dst []byte, o schema.JSONObject) []byte {
	hidden := false
	if path, ok := o.Get("path"); ok {
		text, _ := path.(string)
		hidden = m.isSecret(text)
	}
	dst = append(dst, '{')
	for i, member := range o {
		if i > 0 {
			dst = append(dst, ',')
		}
		if i == mostMembers {
			dst = append(schema.AppendJSONString(dst, "[more]"), ':')
			dst = append(dst, strconv.Itoa(len(o)-i)...)
			break
		}
		dst = append(schema.AppendJSONString(dst, m.name(member.Name)), ':')
		if m.isSecret(member.Name) || hidden && strings.EqualFold(member.Name, "value") {
			dst = schema.AppendJSONString(dst, secret)
			continue
		}
		dst = m.value(dst, member.Name, member.Value)
	}
	return append(dst, '}')
}

// name returns the name of a member, masked if it cannot be that of an attribute. It
// may be a path with a filter (Entra ID sends those).
func (m *masker) name(name string) string {
	if redact.IsName(name) {
		return name
	}
	return m.expression(name, true)
}

// text returns the masked text of the value of a member. The words of the protocol
// are kept.
func (m *masker) text(name, value string) string {
	lower := strings.ToLower(value)
	keep := value == "" || lower == "true" || lower == "false"
	switch strings.ToLower(name) {
	case "op":
		keep = keep || lower == "add" || lower == "remove" || lower == "replace"
	case "method":
		keep = keep || known(value) != "?"
	case "schemas":
		keep = keep || strings.HasPrefix(lower, "urn:") && redact.IsName(strings.NewReplacer("/", "-").Replace(value))
	case "type":
		keep = keep || m.canonical[lower]
	case "sortorder":
		keep = keep || lower == "ascending" || lower == "descending"
	case "path":
		return m.path(value)
	case "filter":
		return m.expression(value, false)
	case "sortby", "attributes", "excludedattributes":
		return m.attributes(value)
	}
	if keep {
		return value
	}
	return m.masked(value)
}

// path returns the path of an operation. In a bulk request it is that of a resource.
func (m *masker) path(path string) string {
	if !strings.HasPrefix(path, "/") {
		return m.expression(path, true)
	}
	endpoint, id, below := strings.Cut(path[1:], "/")
	if !redact.IsName(endpoint) {
		return m.masked(path)
	}
	if !below {
		return path
	}
	return "/" + endpoint + "/" + m.masked(id)
}

// attributes returns a list of attributes, separated by commas.
func (m *masker) attributes(list string) string {
	parts := strings.Split(redact.Shorten(list, mostText), ",")
	for i, p := range parts {
		p = strings.TrimSpace(p)
		if p != "" && !redact.IsName(p) {
			p = m.masked(p)
		}
		parts[i] = p
	}
	return strings.Join(parts, ",")
}

// query returns the parameters of a query string with masked values, nil without any.
func (m *masker) query(raw string) map[string]string {
	if raw == "" {
		return nil
	}
	if len(raw) > mostText || !m.ready {
		return map[string]string{"?": "[" + strconv.Itoa(len(raw)) + " bytes]"}
	}
	values, err := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
	if err != nil {
		return map[string]string{"?": "[malformed, " + strconv.Itoa(len(raw)) + " bytes]"}
	}
	out := map[string]string{}
	for name, vs := range values {
		if len(out) == mostElements {
			break
		}
		masked := make([]string, len(vs))
		for i, v := range vs {
			masked[i] = m.parameter(name, v)
		}
		if !redact.IsName(name) {
			name = m.masked(name)
		}
		out[name] = strings.Join(masked, " & ")
	}
	return out
}

func (m *masker) parameter(name, value string) string {
	switch strings.ToLower(name) {
	case "filter", "sortby", "sortorder", "attributes", "excludedattributes":
		return m.text(name, value)
	case "startindex", "count":
		if n, err := strconv.Atoi(value); err == nil && n < 1e9 {
			return value
		}
	}
	return m.masked(value)
}

var (
	uuid  = regexp.MustCompile(`^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$`)
	email = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)
	date  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT`)
	phone = regexp.MustCompile(`^(tel:)?\+?[0-9][0-9 ()/.-]{4,}$`)
	digit = regexp.MustCompile(`^[0-9]+$`)
)

// masked returns the kind and the length of a text, and a tag that is the same for
// texts that are equal without case.
func (m *masker) masked(text string) string {
	if text == "" {
		return ""
	}
	kind := "text"
	switch {
	case len(text) > 2048:
	case strings.TrimSpace(text) == "":
		kind = "blank"
	case uuid.MatchString(text):
		kind = "uuid"
	case email.MatchString(text):
		kind = "email"
	case date.MatchString(text):
		kind = "date"
	case digit.MatchString(text):
		kind = "digits"
	case phone.MatchString(text):
		kind = "phone"
	case strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://"):
		kind = "url"
	}
	sum := hmac.New(sha256.New, m.tag[:])
	sum.Write([]byte(strings.ToLower(text)))
	return "[" + kind + " " + lengthClass(utf8.RuneCountInString(text)) + " #" + hex.EncodeToString(sum.Sum(nil)[:2]) + "]"
}

func lengthClass(n int) string {
	from := 1
	for _, to := range []int{8, 16, 32, 64, 256, 1024} {
		if n <= to {
			return strconv.Itoa(from) + "-" + strconv.Itoa(to)
		}
		from = to + 1
	}
	return "1025-"
}
