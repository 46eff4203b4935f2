package schema

import "fmt"

// Bounds limit the sizes of what clients store; 0 is no bound. Sizes are in bytes.
type Bounds struct {
	Values   int // values of one multi-valued attribute
	String   int // one string
	Name     int // userName and other unique values, externalId, displayName
	Binary   int // one binary or reference: photos, certificates
	Resource int // the JSON of one resource, members aside
}

// Check returns an [*Error] of invalidValue for an attribute or a resource beyond
// the bounds. A value that was stored before is not checked, and a resource may
// keep its size: neither prevents a deactivation. Members are not checked.
func (b Bounds) Check(t *ResourceType, d Diff, secrets Secrets) error {
	if secrets.Len() > 0 {
		if err := checkSecrets(secrets, b.String); err != nil {
			return err
		}
	}
	if d.Empty() {
		return nil
	}
	err := d.check(func(a *Attribute, before, v Value) error {
		if a == t.members {
			return nil
		}
		return b.changed(t, a, before, v)
	})
	if err != nil {
		return err
	}
	return b.resource(d.before, d.after)
}

// checkSecrets returns an error for a secret of more than most bytes; 0 is no
// bound.
func checkSecrets(secrets Secrets, most int) error {
	for path := range secrets.Paths() {
		if n := len(secrets.Get(path).Text()); most > 0 && n > most {
			return &Error{Type: ErrorInvalidValue, Path: path, Detail: tooLong(most)}
		}
	}
	return nil
}

// maxEscape is how many bytes of JSON one byte of text may need.
const maxEscape = 6

func (b Bounds) resource(before, after *Object) error {
	if b.Resource <= 0 || after.Weight() <= b.Resource/maxEscape {
		return nil
	}
	if len(after.AppendJSON(nil)) <= b.Resource || textWeight(after) <= textWeight(before) {
		return nil
	}
	return &Error{Type: ErrorInvalidValue, Detail: fmt.Sprintf("the resource is larger than the maximum of %d bytes", b.Resource)}
}

// textWeight is the weight without booleans: active, set to false, must not make
// a resource too large.
func textWeight(o *Object) int {
	n := 0
	for _, v := range o.All() {
		for _, one := range v.All() {
			if one.typ != TypeBoolean {
				n += valueWeight + len(one.text) + textWeight(one.Object())
			}
		}
	}
	return n
}

// value checks the single values of an attribute, with all of their parts.
func (b Bounds) value(t *ResourceType, a *Attribute, before, v Value) error {
	if Identical(before, v) {
		return nil
	}
	return b.changed(t, a, before, v)
}

// changed is value for a value that was another one before.
func (b Bounds) changed(t *ResourceType, a *Attribute, before, v Value) error {
	if b.Values > 0 && v.Len() > max(b.Values, before.Len()) {
		return wrongType(fmt.Sprintf("has more than the maximum of %d values", b.Values))
	}
	for _, one := range v.All() {
		if err := b.single(t, a, before.Object(), one); err != nil && !contains(before, one) {
			return err
		}
	}
	return nil
}

// single checks one value; before is what a singular complex attribute was.
func (b Bounds) single(t *ResourceType, a *Attribute, before *Object, v Value) error {
	if limit := b.limit(t, a); limit > 0 && len(v.text) > limit {
		return wrongType(tooLong(limit))
	}
	for sub, part := range v.Object().All() {
		if err := b.value(t, sub, before.Get(sub), part); err != nil {
			return below(sub, err)
		}
	}
	return nil
}

func contains(list, one Value) bool {
	for _, v := range list.All() {
		if Identical(v, one) {
			return true
		}
	}
	return false
}

// limit is the bound of one value of an attribute.
func (b Bounds) limit(t *ResourceType, a *Attribute) int {
	switch {
	case a.Type == TypeBinary, a.Type == TypeReference:
		return b.Binary
	case a.Type != TypeString:
		return 0
	case a.Uniqueness != UniquenessNone, a == ExternalIDAttribute, a == t.displayName:
		return b.Name
	}
	return b.String
}

func tooLong(limit int) string { return fmt.Sprintf("is longer than the maximum of %d bytes", limit) }
