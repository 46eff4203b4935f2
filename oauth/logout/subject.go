package logout

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
)

// subject is a subject identifier (RFC 9493 §3.2; scim: RFC 9967 §2.1; complex: OpenID
// Shared Signals Framework §3.3).
type subject struct {
	Format     string   `json:"format"`
	OldFormat  string   `json:"subject_type"` // before RFC 9493, as Google sends it
	Issuer     string   `json:"iss"`
	Subject    string   `json:"sub"`
	Email      string   `json:"email"`
	ID         string   `json:"id"`
	URI        string   `json:"uri"`
	ExternalID string   `json:"externalId"`
	User       *subject `json:"user"`
}

// errSubject is about a subject identifier of an unknown format or with a missing member.
var errSubject = errors.New(`expected a subject identifier with the format "iss_sub", "email", "opaque" or "scim" (RFC 9493)`)

// identify fills in the user of a revocation. A subject that is none of the source's is
// like one that does not exist.
func (one Source) identify(id *subject, r *scim.Revocation) error {
	if id.format() == "complex" && id.User != nil {
		id = id.User // the sessions of a user end together
	}
	var missing bool
	switch id.format() {
	case "iss_sub":
		want := one.SubjectIssuer
		if want == "" {
			want = one.Issuer
		}
		missing = id.Issuer == "" || id.Subject == ""
		if !missing && id.Issuer != want {
			return refuse(unknown, fmt.Errorf("iss of the subject is %q, expected %q (Source.SubjectIssuer)", issuer.Clip(id.Issuer), want))
		}
		r.Person = scim.Person{Subject: id.Subject}
	case "email":
		missing = id.Email == ""
		r.Email = id.Email
	case "opaque":
		missing = id.ID == ""
		r.Person = scim.Person{ID: id.ID}
	case "scim":
		r.Person = scim.Person{ID: userID(id.URI)}
		if r.Person.ID == "" {
			r.Person = scim.Person{ExternalID: id.ExternalID}
		}
		missing = r.Person == scim.Person{}
	default:
		return refuse(malformed, fmt.Errorf("the format of the subject is %q: %w", issuer.Clip(id.format()), errSubject))
	}
	if missing {
		return refuse(malformed, fmt.Errorf("a member of the subject of format %q is missing: %w", id.format(), errSubject))
	}
	return nil
}

func (id *subject) format() string {
	if id.Format == "" {
		return strings.ReplaceAll(id.OldFormat, "-", "_")
	}
	return id.Format
}

// userID returns the id of a user in the URI of a resource, relative or not.
func userID(uri string) string {
	head, id, ok := cutLast(uri, "/")
	if !ok || head != "/Users" && head != "Users" && !strings.HasSuffix(head, "/Users") {
		return ""
	}
	id, err := url.PathUnescape(id)
	if err != nil {
		return ""
	}
	return id
}

func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return "", text, false
	}
	return text[:i], text[i+len(separator):], true
}
