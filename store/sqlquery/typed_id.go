package sqlquery

import (
	"encoding"
	"reflect"
	"strconv"
	"strings"
)

// idForm is the kind of Go type that an id has.
type idForm uint8

const (
	idText idForm = iota
	idInteger
	idMarshaler
)

// idCodec converts the field of an id to the id that clients see, and back.
type idCodec struct {
	typ    reflect.Type
	form   idForm
	prefix string
	uuid   bool
}

// newIDCodec returns the codec of a type, and the reason if the type cannot be
// an id.
func newIDCodec(t reflect.Type, g tag) (idCodec, string) {
	c := idCodec{typ: t, prefix: g.options["prefix"], uuid: g.has("uuid")}
	_, reads := reflect.New(t).Interface().(encoding.TextUnmarshaler)
	_, writes := reflect.New(t).Interface().(encoding.TextMarshaler)
	switch k := kindOf(t); {
	case g.has("prefix") && c.prefix == "":
		return c, "the prefix is empty"
	case reads && writes:
		c.form = idMarshaler
	case k == kindInt || k == kindUint:
		c.form = idInteger
	case k != kindText:
		return c, "an id or tenant must be a string, an integer or a type with MarshalText and UnmarshalText, and cannot be null"
	}
	if c.uuid && c.form != idText {
		return c, "option uuid is for strings"
	}
	return c, ""
}

func (c idCodec) format(f reflect.Value) string {
	switch {
	case c.form == idMarshaler:
		p := reflect.New(c.typ)
		p.Elem().Set(f)
		text, _ := p.Interface().(encoding.TextMarshaler).MarshalText()
		return c.prefix + string(text)
	case f.CanInt():
		return c.prefix + strconv.FormatInt(f.Int(), 10)
	case f.CanUint():
		return c.prefix + strconv.FormatUint(f.Uint(), 10)
	}
	return c.prefix + f.String()
}

// parse accepts exactly the texts that format returns, so that a resource has
// one id.
func (c idCodec) parse(id string) (reflect.Value, bool) {
	text, ok := strings.CutPrefix(id, c.prefix)
	f := reflect.New(c.typ).Elem()
	if !ok || !c.read(f, text) {
		return f, false
	}
	return f, c.format(f) == id
}

func (c idCodec) read(f reflect.Value, text string) bool {
	switch {
	case c.form == idMarshaler:
		return f.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) == nil
	case f.CanInt():
		i, err := strconv.ParseInt(text, 10, f.Type().Bits())
		f.SetInt(i)
		return err == nil
	case f.CanUint():
		u, err := strconv.ParseUint(text, 10, f.Type().Bits())
		f.SetUint(u)
		return err == nil
	}
	f.SetString(text)
	return text != "" && validText(text) && (!c.uuid || isUUID(text))
}

// isUUID reports whether s is a UUID in the format of RFC 9562 §4, in lower case.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}

// isUUID reports whether the ids are UUIDs: by option, or because the type is an
// array of 16 bytes with MarshalText, such as uuid.UUID, which writes lower case.
func (c idCodec) isUUID() bool {
	return c.uuid || c.form == idMarshaler && c.typ.Kind() == reflect.Array && c.typ.Len() == 16
}
