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

// groupsMark separates a resource's version from the digest of its groups in
// the version a client sees. Groups are derived: they change without the
// resource, and a client that asks If-None-Match must still notice.
const groupsMark = "~"

// withGroupsDigest returns the version a client sees of a resource whose
// groups are returned.
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

// etag is the weak entity tag of a version, the same as meta.version
// (RFC 7644 §3.14). It is weak because equal versions may be encoded with
// different attributes.
func etag(r *schema.Resource) string {
	if r.Version == "" {
		return ""
	}
	return `W/"` + r.Version + `"`
}

// sameVersion says whether a tag of the client's names a version.
type sameVersion func(tag, version string) bool

// sameStored compares without the groups digest.
func sameStored(tag, version string) bool {
	return tag == version || strings.HasPrefix(tag, version+groupsMark)
}

// sameShown compares what a client sees.
func sameShown(tag, version string) bool { return tag == version }

// checkWrite evaluates the preconditions of a write against the stored
// version (RFC 9110 §13.2.2). Tags are compared weakly, as SCIM's examples do
// (Z-43), and without the groups digest, which no write depends on.
func checkWrite(header http.Header, version string) error {
	if version == "" {
		return nil // ETags are off (RFC 7643 §5)
	}
	if named, matched := matches(header.Values("If-Match"), version, sameStored); named && !matched {
		return store.ErrVersion
	}
	if _, matched := matches(header.Values("If-None-Match"), version, sameStored); matched {
		return store.ErrVersion
	}
	return nil
}

// checkRead evaluates the preconditions of a read: a failed If-Match is an
// error, an If-None-Match that names the version means 304.
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

// matches looks for a version in a conditional header, if there is one. What is
// not well formed as a whole matches nothing: If-Match then fails, and with
// If-None-Match the request is as one that names another tag.
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

// withoutCoding takes off the suffix that Apache's mod_deflate and mod_brotli
// append to the tag of a response they compress, and leave in a later If-Match.
func withoutCoding(tag string) string {
	return strings.TrimSuffix(strings.TrimSuffix(tag, "-gzip"), "-br")
}

// entityTags reads a list of entity tags, strong or weak, without their quotes
// (RFC 9110 §8.8.3); nil if it is none. Elements may be empty (§5.6.1).
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

// tagVersion is the version within an entity tag made by etag.
func tagVersion(tag string) string {
	return strings.TrimSuffix(strings.TrimPrefix(tag, `W/"`), `"`)
}
