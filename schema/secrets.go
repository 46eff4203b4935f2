package schema

import (
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

// Secrets are values that never enter a [Resource]: passwords and other
// writeOnly or never returned attributes, by path. The zero value is empty.
// Immutable; printing, logging or marshalling one shows only which attributes
// are present.
type Secrets struct {
	// Two pointers away, because fmt calls no methods on the unexported
	// fields of a struct that has secrets among them, and follows one pointer.
	hidden **map[string]Value
}

func (s Secrets) values() map[string]Value {
	if s.hidden == nil {
		return nil
	}
	return **s.hidden
}

// secretsOf takes over the map.
func secretsOf(values map[string]Value) Secrets {
	if len(values) == 0 {
		return Secrets{}
	}
	kept := values // values itself would be on the heap also where there are none
	p := &kept
	return Secrets{&p}
}

// NewSecrets returns the secrets of a map from attribute paths in standard
// notation to values; unassigned values are left out.
func NewSecrets(values map[string]Value) Secrets {
	kept := maps.Clone(values)
	maps.DeleteFunc(kept, func(_ string, v Value) bool { return !v.Assigned() })
	return secretsOf(kept)
}

// Len returns the number of secrets.
func (s Secrets) Len() int { return len(s.values()) }

// Get returns the secret at an attribute path in standard notation as the
// schema spells it, for example "password"; unassigned when the client sent
// none, or null.
func (s Secrets) Get(path string) Value { return s.values()[path] }

// Paths yields the paths of the secrets in alphabetical order.
func (s Secrets) Paths() iter.Seq[string] {
	if s.Len() == 0 {
		return func(func(string) bool) {}
	}
	return slices.Values(slices.Sorted(maps.Keys(s.values())))
}

// With returns secrets in which path has the value v; an unassigned v takes it
// away.
func (s Secrets) With(path string, v Value) Secrets {
	values := maps.Clone(s.values())
	if values == nil {
		values = make(map[string]Value, 1)
	}
	values[path] = v
	return NewSecrets(values)
}

// Merge returns the secrets of both; where both have one, later wins.
func (s Secrets) Merge(later Secrets) Secrets {
	switch {
	case s.Len() == 0:
		return later
	case later.Len() == 0:
		return s
	}
	values := maps.Clone(s.values())
	maps.Copy(values, later.values())
	return secretsOf(values)
}

// Prefixed returns the secrets with the attributes of parents in front of every
// path, so that those of [DecodeValue] are relative to the resource.
func (s Secrets) Prefixed(parents AttrPath) Secrets {
	if len(parents) == 0 || s.Len() == 0 {
		return s
	}
	values := make(map[string]Value, s.Len())
	for path, v := range s.values() {
		values[parents.join(path)] = v
	}
	return secretsOf(values)
}

// String lists the paths, never the values.
func (s Secrets) String() string {
	return "secrets[" + strings.Join(slices.Collect(s.Paths()), " ") + "]"
}

// GoString is [Secrets.String].
func (s Secrets) GoString() string { return s.String() }

// Format writes [Secrets.String] whatever the verb.
func (s Secrets) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue is [Secrets.String].
func (s Secrets) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON returns the list of paths, never the values.
func (s Secrets) MarshalJSON() ([]byte, error) {
	out := []byte{'['}
	for path := range s.Paths() {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = AppendJSONString(out, path)
	}
	return append(out, ']'), nil
}
