package schema

import (
	"net/url"
	"strings"

	"github.com/seed5f3efb56/scim/internal/ascii"
)

// parseReference checks an absolute or relative URI and makes it canonical
// (RFC 7643 §2.3.7, §2.4). Unless strict, characters that RFC 3986 wants
// encoded are let through: Entra ID's validator fills references with random
// words, and browsers show such URIs.
func parseReference(s string, strict bool) (Value, error) {
	u, err := url.Parse(s)
	if err != nil || hasColon(u.Host) || strict && !onlyURIChars(s, u) {
		return Value{}, wrongType("must be a URI (RFC 3986)")
	}
	return Reference(canonicalURI(s)), nil
}

// hasColon reports whether a host with an optional port has a colon besides,
// which url.Parse lets through: only an IP literal may.
func hasColon(host string) bool {
	return !strings.HasPrefix(host, "[") && strings.Count(host, ":") > 1
}

// onlyURIChars reports whether s, which url.Parse took, has only characters of
// RFC 3986 §2 at places where they may stand.
func onlyURIChars(s string, u *url.URL) bool {
	if strings.HasPrefix(u.Host, "[") {
		s = strings.Replace(s, u.Host, "", 1) // an IP literal, the one place for brackets
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%':
			if _, ok := escapedByte(s[i:]); !ok {
				return false
			}
		case !isUnreserved(c) && strings.IndexByte(":/?#@!$&'()*+,;=", c) < 0:
			return false
		}
	}
	return strings.Count(s, "#") <= 1
}

// canonicalURI normalises a URI with an authority as RFC 3986 §6.2.2 and
// §6.2.3 say (N-4): case of scheme, host and escapes, needless escapes,
// default port, dot segments, and "/" for an empty path. Everything else
// (relative references, URNs, mailto) is returned as it is.
func canonicalURI(s string) string {
	scheme, _, ok := strings.Cut(s, "://")
	if !ok || !isScheme(scheme) {
		return s
	}
	escaped, ok := canonicalEscapes(s)
	if !ok {
		return s
	}
	rest := escaped[len(scheme)+len("://"):]
	scheme = ascii.ToLower(scheme)
	authority, rest := cutBefore(rest, "/?#")
	path, rest := cutBefore(rest, "?#")
	if path == "" && authority != "" {
		path = "/"
	}
	return scheme + "://" + canonicalAuthority(scheme, authority) + withoutDots(path) + rest
}

func isScheme(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !isAlpha(c) && (i == 0 || !isDigit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

func cutBefore(s, chars string) (before, rest string) {
	i := strings.IndexAny(s, chars)
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i:]
}

// canonicalEscapes writes escapes in capitals and decodes those of unreserved
// characters. It reports false for a "%" that begins no escape.
func canonicalEscapes(s string) (string, bool) {
	if strings.IndexByte(s, '%') < 0 {
		return s, true
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		c, ok := escapedByte(s[i:])
		if !ok {
			return "", false
		}
		if isUnreserved(c) {
			out = append(out, c)
		} else {
			out = append(out, '%', upper(s[i+1]), upper(s[i+2]))
		}
		i += 2
	}
	return string(out), true
}

// escapedByte reads the escape at the beginning of s.
func escapedByte(s string) (byte, bool) {
	if len(s) < 3 {
		return 0, false
	}
	high, ok := hexDigit(s[1])
	low, ok2 := hexDigit(s[2])
	return high<<4 | low, ok && ok2
}

func isUnreserved(c byte) bool {
	return isAlpha(c) || isDigit(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'f' {
		return c - 'a' + 'A'
	}
	return c
}

func canonicalAuthority(scheme, authority string) string {
	at := strings.LastIndexByte(authority, '@') + 1
	user, host := authority[:at], authority[at:]
	port := ""
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		host, port = host[:colon], host[colon:]
	}
	switch {
	case port == ":", scheme == "http" && port == ":80", scheme == "https" && port == ":443":
		port = ""
	}
	return user + lowerHost(host) + port
}

// lowerHost lower-cases a host, but not the escapes in it.
func lowerHost(host string) string {
	if strings.IndexByte(host, '%') < 0 {
		return ascii.ToLower(host)
	}
	out := []byte(host)
	for i := 0; i < len(out); i++ {
		if out[i] == '%' {
			i += 2
			continue
		}
		out[i] = ascii.Lower(out[i])
	}
	return string(out)
}

// withoutDots removes dot segments from a path that is empty or begins with a
// slash (RFC 3986 §5.2.4).
func withoutDots(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	segments := strings.Split(path[1:], "/")
	kept := segments[:0]
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		case ".":
		default:
			kept = append(kept, segment)
			continue
		}
		if last {
			kept = append(kept, "") // a path that ends in a dot segment is a directory
		}
	}
	return "/" + strings.Join(kept, "/")
}
