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

// checkWrite evaluates the preconditions of a write against the stored
// version (RFC 9110 §13.2.2). Tags are compared weakly, as SCIM's examples do
// (Z-43), and without the groups digest, which no write depends on.
func checkWrite(header http.Header, version string) error {
	same := func(tag string) bool {
		tag, _, _ = strings.Cut(tag, groupsMark)
		return tag == version
	}
	return check(header, version, same)
}

// checkRead evaluates If-Match of a read.
func checkRead(header http.Header, version string) error {
	return check(http.Header{"If-Match": header.Values("If-Match")}, version, func(tag string) bool { return tag == version })
}

func check(header http.Header, version string, same func(tag string) bool) error {
	if version == "" {
		return nil // ETags are off (RFC 7643 §5)
	}
	if tags, ok := header["If-Match"]; ok && len(tags) > 0 && !matches(tags, same) {
		return store.ErrVersion
	}
	if tags, ok := header["If-None-Match"]; ok && len(tags) > 0 && matches(tags, same) {
		return store.ErrVersion
	}
	return nil
}

// notModified reports whether If-None-Match names the version.
func notModified(header http.Header, version string) bool {
	tags := header.Values("If-None-Match")
	return version != "" && len(tags) > 0 && matches(tags, func(tag string) bool { return tag == version })
}

// matches walks the entity tags of a conditional header (RFC 9110 §8.8.3).
// What is not well formed matches nothing.
func matches(fields []string, same func(tag string) bool) bool {
	rest := strings.TrimSpace(strings.Join(fields, ","))
	if rest == "*" {
		return true
	}
	for rest != "" {
		rest = strings.TrimLeft(rest, ", \t")
		rest = strings.TrimPrefix(rest, "W/")
		body, ok := strings.CutPrefix(rest, `"`)
		if !ok {
			return false
		}
		tag, after, ok := strings.Cut(body, `"`)
		if !ok {
			return false
		}
		if same(tag) {
			return true
		}
		rest = strings.TrimSpace(after)
	}
	return false
}

// tagVersion is the version within an entity tag made by etag.
func tagVersion(tag string) string {
	return strings.TrimSuffix(strings.TrimPrefix(tag, `W/"`), `"`)
}
