package console

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"time"
)

// tokenField is the name of the hidden field of forms.
const tokenField = "csrf"

// tokenLife is how long a form that was opened can be sent.
const tokenLife = 12 * time.Hour

// token returns what a form of the identity carries: the time, and a MAC of it and
// the identity.
func (q *request) token() string {
	at := binary.BigEndian.AppendUint64(nil, uint64(q.now.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(at, q.mac(at)...))
}

// checkToken refuses a form that this login was not given, or too long ago.
func (q *request) checkToken(token string) error {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 8+sha256.Size || !hmac.Equal(raw[8:], q.mac(raw[:8])) {
		return &failure{http.StatusForbidden, "Refused", "The form does not belong to this login. Go back, load the page again, and send it once more."}
	}
	age := q.now.Unix() - int64(binary.BigEndian.Uint64(raw))
	if age > int64(tokenLife/time.Second) || age < -60 {
		return &failure{http.StatusForbidden, "Too old", "The form was open for too long. Go back, load the page again, and send it once more."}
	}
	return nil
}

func (q *request) mac(at []byte) []byte {
	h := hmac.New(sha256.New, append([]byte("console form\x00"), q.c.cfg.Key...))
	h.Write(at)
	for _, part := range []string{q.id.Actor, q.id.Tenant, q.id.Session} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// sameOrigin reports whether a browser sent a POST from a page of the same host. A
// browser sends Origin with every POST; the scheme is not compared, since a proxy
// may end TLS. A program that sends neither header is not a browser that another
// site could abuse; it needs a token all the same.
func sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && u.Host == r.Host
}

// newReference returns a name for an error.
func newReference() string { return rand.Text()[:12] }
