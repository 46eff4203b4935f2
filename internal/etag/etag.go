// Package etag makes the entity tags of resources and evaluates the conditional
// headers If-Match and If-None-Match (RFC 9110 §13.1).
package etag

import (
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim/store"
)

// Same reports whether an entity tag of a request, without quotes, names a version.
type Same func(tag, version string) bool

// groupsMark separates the stored version from the digest of groups in the version
// that is returned. Groups are derived and change without the resource; with the
// digest, If-None-Match notices the change.
const groupsMark = "~"

// WithGroups returns the version of a resource that is returned with groups. Without
// direct groups there are no indirect ones.
func WithGroups(version string, direct, indirect []store.GroupRef) string {
	if version == "" || len(direct) == 0 {
		return version
	}
	d := fnv.New64a()
	add := func(groups []store.GroupRef) {
		for _, g := range groups {
			d.Write([]byte(g.ID))
			d.Write([]byte{0})
			d.Write([]byte(g.Display))
			d.Write([]byte{0})
		}
	}
	add(direct)
	if len(indirect) > 0 {
		d.Write([]byte{0})
		add(indirect)
	}
	return string(strconv.AppendUint([]byte(version+groupsMark), d.Sum64(), 36))
}

// Tag returns the entity tag of a version, equal to meta.version (RFC 7644 §3.14),
// "" without a version. It is weak because responses of one version may have
// different attributes.
func Tag(version string) string {
	if version == "" {
		return ""
	}
	return `W/"` + version + `"`
}

// Stored compares without the groups digest.
func Stored(tag, version string) bool {
	return tag == version || strings.HasPrefix(tag, version+groupsMark)
}

// Shown compares with the groups digest.
func Shown(tag, version string) bool { return tag == version }

// CheckWrite evaluates the preconditions of a write against the stored
// version (RFC 9110 §13.2.2). Tags are compared weakly, as in the examples of
// RFC 7644 (Z-43), and without the groups digest, on which no write depends. A version
// that does not match is store.ErrVersion (412).
func CheckWrite(header http.Header, version string) error {
	if version == "" {
		return nil // the store has no versions (RFC 7643 §5)
	}
	if named, matched := match(header["If-Match"], version, Stored); named && !matched {
		return store.ErrVersion
	}
	if _, matched := match(header["If-None-Match"], version, Stored); matched {
		return store.ErrVersion
	}
	return nil
}

// CheckRead evaluates the preconditions of a read: a failed If-Match is an error;
// notModified is true if If-None-Match matches the version (304).
func CheckRead(header http.Header, version string, same Same) (notModified bool, err error) {
	if version == "" {
		return false, nil
	}
	if named, matched := match(header["If-Match"], version, same); named && !matched {
		return false, store.ErrVersion
	}
	_, notModified = match(header["If-None-Match"], version, same)
	return notModified, nil
}

// Version returns the version in an entity tag made by [Tag].
func Version(tag string) string {
	return strings.TrimSuffix(strings.TrimPrefix(tag, `W/"`), `"`)
}

// match reports whether a conditional header is present (named) and matches the
// version. A malformed header matches no version: If-Match fails, If-None-Match
// passes.
func match(fields []string, version string, same Same) (named, matched bool) {
	if len(fields) == 0 {
		return false, false
	}
	header := strings.Trim(strings.Join(fields, ","), " \t")
	if header == "*" {
		return true, true
	}
	return true, slices.ContainsFunc(entityTags(header), func(tag string) bool {
		return same(tag, version) || same(withoutCoding(tag), version)
	})
}

// withoutCoding removes the suffix that Apache's mod_deflate and mod_brotli append
// to the tag of a compressed response and do not remove from a later If-Match.
func withoutCoding(tag string) string {
	return strings.TrimSuffix(strings.TrimSuffix(tag, "-gzip"), "-br")
}

// entityTags parses a list of entity tags, strong or weak, and returns them without
// quotes (RFC 9110 §8.8.3); nil if the list is malformed. Elements may be empty
// (§5.6.1).
func entityTags(list string) []string {
	var tags []string
	for {
		list = strings.TrimLeft(list, ", \t")
		if list == "" {
			return tags
		}
		quoted, ok := strings.CutPrefix(strings.TrimPrefix(list, "W/"), `"`)
		tag, rest, closed := strings.Cut(quoted, `"`)
		rest = strings.TrimLeft(rest, " \t")
		if !ok || !closed || rest != "" && rest[0] != ',' {
			return nil
		}
		tags, list = append(tags, tag), rest
	}
}
