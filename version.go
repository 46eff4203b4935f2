package scim

import (
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// groupsMark separates the stored version from the digest of groups in the version
// that is returned. Groups are derived and change without the resource; with the
// digest, If-None-Match notices the change.
const groupsMark = "~"

// withGroupsDigest returns the version of a resource that is returned with groups.
func withGroupsDigest(version string, groups []store.GroupRef) string {
	if version == "" || len(groups) == 0 {
		return version
	}
	d := fnv.New64a()
	for _, g := range groups {
		d.Write([]byte(g.ID))
		d.Write([]byte{0})
		d.Write([]byte(g.Display))
		d.Write([]byte{0})
	}
	return version + groupsMark + strconv.FormatUint(d.Sum64(), 36)
}

// etag returns the entity tag of a resource, equal to meta.version
// (RFC 7644 §3.14). It is weak because responses of one version may have different
// attributes.
func etag(r *schema.Resource) string {
	if r.Version == "" {
		return ""
	}
	return `W/"` + r.Version + `"`
}

// sameVersion reports whether an entity tag of a request matches a version.
type sameVersion func(tag, version string) bool

// sameStored compares without the groups digest.
func sameStored(tag, version string) bool {
	return tag == version || strings.HasPrefix(tag, version+groupsMark)
}

// sameShown compares with the groups digest.
func sameShown(tag, version string) bool { return tag == version }

// checkWrite evaluates the preconditions of a write against the stored
// version (RFC 9110 §13.2.2). Tags are compared weakly, as in the examples of
// RFC 7644 (Z-43), and without the groups digest, on which no write depends.
func checkWrite(header http.Header, version string) error {
	if version == "" {
		return nil // the store has no versions (RFC 7643 §5)
	}
	if named, matched := matches(header.Values("If-Match"), version, sameStored); named && !matched {
		return store.ErrVersion
	}
	if _, matched := matches(header.Values("If-None-Match"), version, sameStored); matched {
		return store.ErrVersion
	}
	return nil
}

// checkRead evaluates the preconditions of a read: a failed If-Match is an error;
// notModified is true if If-None-Match matches the version (304).
func checkRead(header http.Header, version string, same sameVersion) (notModified bool, err error) {
	if version == "" {
		return false, nil
	}
	if named, matched := matches(header.Values("If-Match"), version, same); named && !matched {
		return false, store.ErrVersion
	}
	_, notModified = matches(header.Values("If-None-Match"), version, same)
	return notModified, nil
}

// matches reports whether a conditional header is present (named) and matches the
// version. A malformed header matches no version: If-Match fails, If-None-Match
// passes.
func matches(fields []string, version string, same sameVersion) (named, matched bool) {
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

// tagVersion returns the version in an entity tag made by etag.
func tagVersion(tag string) string {
	return strings.TrimSuffix(strings.TrimPrefix(tag, `W/"`), `"`)
}
