package bulk

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// prefix begins a reference to a resource that another operation creates
// (RFC 7644 §3.7.2).
const prefix = "bulkId:"

// quoted is a reference within the path of a PATCH: members[value eq "bulkId:x"].
var quoted = regexp.MustCompile(`"bulkId:([^"\\]*)"`)

// references returns the bulkIds that a path and data refer to, each once.
func references(path string, data any) []string {
	var ids []string
	seen := map[string]bool{}
	note := func(id string) string {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
		return prefix + id // nothing is replaced
	}
	replacePath(path, note)
	replace(data, note)
	return ids
}

// replacePath replaces a reference in the last segment of a path of an operation, or
// of a URI, by the escaped id.
func replacePath(path string, id func(string) string) string {
	i := strings.LastIndexByte(path, '/') + 1
	if ref, ok := strings.CutPrefix(path[i:], prefix); ok {
		return path[:i] + url.PathEscape(id(ref))
	}
	return path
}

// replace returns v with every reference replaced: strings that are one, those
// within the paths of PATCH operations, and URIs that end in one.
func replace(v any, id func(string) string) any {
	switch v := v.(type) {
	case string:
		if ref, ok := strings.CutPrefix(v, prefix); ok {
			return id(ref)
		}
	case []any:
		for i := range v {
			v[i] = replace(v[i], id)
		}
	case schema.JSONObject:
		for i, m := range v {
			text, isText := m.Value.(string)
			switch {
			case isText && strings.EqualFold(m.Name, "path"):
				v[i].Value = quoted.ReplaceAllStringFunc(text, func(s string) string {
					return `"` + id(s[len(prefix)+1:len(s)-1]) + `"`
				})
			case isText && m.Name == "$ref":
				v[i].Value = replacePath(text, id)
			default:
				v[i].Value = replace(m.Value, id)
			}
		}
	}
	return v
}

// refersTo reports whether v has a reference to one of the bulkIds.
func refersTo(v any, open map[string]bool) bool {
	return slices.ContainsFunc(references("", v), func(id string) bool { return open[id] })
}

// split divides the data of a POST into what can be created without the bulkIds in
// open, and the operations of a PATCH that add the rest. Elements of a list are
// left out one by one, attributes of an extension too, any other attribute as a
// whole.
func split(data schema.JSONObject, open map[string]bool) (now schema.JSONObject, later []any) {
	leave := func(path string, value any) {
		later = append(later, schema.JSONObject{{Name: "op", Value: "add"}, {Name: "path", Value: path}, {Name: "value", Value: value}})
	}
	for _, m := range data {
		switch v := m.Value.(type) {
		case []any:
			var kept, rest []any
			for _, one := range v {
				if refersTo(one, open) {
					rest = append(rest, one)
				} else {
					kept = append(kept, one)
				}
			}
			if rest != nil {
				leave(m.Name, rest)
			}
			now = append(now, schema.JSONMember{Name: m.Name, Value: append([]any{}, kept...)})
			continue
		case schema.JSONObject:
			if strings.Contains(m.Name, ":") {
				var kept schema.JSONObject
				for _, sub := range v {
					if refersTo(sub.Value, open) {
						leave(m.Name+":"+sub.Name, sub.Value)
					} else {
						kept = append(kept, sub)
					}
				}
				now = append(now, schema.JSONMember{Name: m.Name, Value: kept})
				continue
			}
		}
		if refersTo(m.Value, open) {
			leave(m.Name, m.Value)
			continue
		}
		now = append(now, m)
	}
	return now, later
}
