package scim

import (
	"hash/fnv"
	"net/http"
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

// matches walks the entity tags of a conditional header (RFC 9110 §8.8.3),
// if there is one. What is not well formed matches nothing.
func matches(fields []string, version string, same sameVersion) (named, matched bool) {
	if len(fields) == 0 {
		return false, false
	}
	rest := strings.TrimSpace(strings.Join(fields, ","))
	if rest == "*" {
		return true, true
	}
	for rest != "" {
		rest = strings.TrimLeft(rest, ", \t")
		rest = strings.TrimPrefix(rest, "W/")
		body, ok := strings.CutPrefix(rest, `"`)
		if !ok {
			return true, false
		}
		tag, after, ok := strings.Cut(body, `"`)
		if !ok {
			return true, false
		}
		if same(tag, version) {
			return true, true
		}
		rest = strings.TrimSpace(after)
	}
	return true, false
}

// tagVersion is the version within an entity tag made by etag.
func tagVersion(tag string) string {
	return strings.TrimSuffix(strings.TrimPrefix(tag, `W/"`), `"`)
}
