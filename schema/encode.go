package schema

import "unicode/utf8"

// AppendJSON appends the JSON of an object to dst: fields in schema order, no
// nulls, numbers and dates as the client wrote them. Stores keep this text;
// [ResourceType.DecodeStored] reads it.
func (o *Object) AppendJSON(dst []byte) []byte {
	if o != nil && o.text != nil && len(o.fields) == 0 {
		return append(dst, o.text.json...)
	}
	dst = append(dst, '{')
	for i, f := range o.all() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = f.value.AppendJSON(append(dst, f.attr.key...))
	}
	return append(dst, '}')
}

// AppendJSON appends the JSON of a value, "null" when unassigned.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.form {
	case unassigned:
		return append(dst, "null"...)
	case encoded:
		return append(dst, v.text...)
	case single:
		return v.appendSingle(dst)
	}
	dst = append(dst, '[')
	for i, one := range v.node.([]Value) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = one.appendSingle(dst)
	}
	return append(dst, ']')
}

func (v Value) appendSingle(dst []byte) []byte {
	switch v.typ {
	case TypeComplex:
		return v.Object().AppendJSON(dst)
	case TypeBoolean:
		if v.num == 1 {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case TypeInteger, TypeDecimal:
		return append(dst, v.text...)
	}
	return AppendJSONString(dst, v.text)
}

// AppendJSONString appends a JSON string. Besides what JSON demands it escapes
// nothing but <, > and &, U+2028 and U+2029. Bytes that are not UTF-8, which
// only a host can have brought in, become U+FFFD.
func AppendJSONString(dst []byte, s string) []byte {
	return append(appendJSONText(append(dst, '"'), s), '"')
}

// appendJSONText is AppendJSONString without the quotation marks.
func appendJSONText(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if !mustEscape[c] {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
			dst = append(dst, s[start:i]...)
			dst = append(dst, `\u`...)
			dst = append(dst, hexDigits[r>>12], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
			start = i + size
		}
		i += size
	}
	return append(dst, s[start:]...)
}

const hexDigits = "0123456789abcdef"

// mustEscape marks the characters that JSON wants escaped, and those that could
// end a script element if a response were shown as HTML.
var mustEscape = func() (set [utf8.RuneSelf]bool) {
	for c := range ' ' {
		set[c] = true
	}
	for _, c := range `"\<>&` {
		set[c] = true
	}
	return set
}()

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(append(dst, `\u00`...), hexDigits[c>>4], hexDigits[c&15])
}
