package oauth

import (
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"

	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
)

// Values of RFC 6749 and RFC 7523 §2, §8.
const (
	grantCredentials = "client_credentials"
	grantJWT         = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	assertionType    = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// Methods of client authentication (RFC 7591 §2).
const (
	methodNone      = "none"
	methodBasic     = "client_secret_basic"
	methodPost      = "client_secret_post"
	methodAssertion = "private_key_jwt"
)

const maxBody = 64 << 10 // bytes of a token request

// tokenRequest is a request to the token endpoint, read and not verified.
type tokenRequest struct {
	grant     string
	scope     string
	assertion string // of the JWT bearer grant
	method    string // of client authentication
	clientID  string // "" if the request names no client
	secret    string
	proof     string // client_assertion
	tenant    string // of the client, once it is known; for the log
}

// attrs describes a request in the log.
func (req *tokenRequest) attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("client", issuer.Clip(req.clientID)), slog.String("tenant", req.tenant),
		slog.String("grant", issuer.Clip(req.grant)), slog.String("method", req.method),
	}
}

// readRequest reads a token request (RFC 6749 §4.4.2, RFC 7523 §2). The request that
// it returns with an error is for the log.
func readRequest(w http.ResponseWriter, r *http.Request) (*tokenRequest, error) {
	req := &tokenRequest{method: methodNone}
	form, err := readForm(w, r)
	if err != nil {
		return req, err
	}
	*req = tokenRequest{
		grant: form.Get("grant_type"), scope: form.Get("scope"), assertion: form.Get("assertion"),
		method: methodNone, clientID: form.Get("client_id"), secret: form.Get("client_secret"), proof: form.Get("client_assertion"),
	}
	switch req.grant {
	case "":
		return req, malformed(invalidRequest, "grant_type is missing")
	case grantJWT:
		if req.assertion == "" {
			return req, malformed(invalidRequest, "assertion is missing")
		}
	case grantCredentials:
	default:
		return req, malformed(unsupportedGrantType, "expected "+grantCredentials+" or "+grantJWT)
	}
	return req, req.readCredentials(r, form.Get("client_assertion_type"))
}

// readForm reads the body. No parameter may be there twice (RFC 6749 §3.2), those
// without a value count as omitted, and those of the URL are not read (§2.3.1).
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, malformed(invalidRequest, "Content-Type is not application/x-www-form-urlencoded")
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, malformed(invalidRequest, "the body cannot be read, or is larger than 64 KiB")
	}
	form, err := url.ParseQuery(string(text))
	if err != nil {
		return nil, malformed(invalidRequest, "the body is not a form")
	}
	for _, values := range form {
		if len(values) > 1 {
			return nil, malformed(invalidRequest, "a parameter is there twice")
		}
	}
	return form, nil
}

// readCredentials finds out how the client authenticates. A request has one method at
// most (RFC 6749 §2.3).
func (req *tokenRequest) readCredentials(r *http.Request, proofType string) error {
	methods := 0
	if req.secret != "" {
		req.method = methodPost
		methods++
	}
	if req.proof != "" || proofType != "" {
		req.method = methodAssertion
		methods++
	}
	if len(r.Header.Values("Authorization")) > 0 {
		req.method = methodBasic
		methods++
	}
	if methods > 1 {
		return malformed(invalidRequest, "more than one method of client authentication")
	}
	switch req.method {
	case methodBasic:
		return req.readBasic(r)
	case methodPost:
		if req.clientID == "" {
			return malformed(invalidRequest, "client_id is missing")
		}
	case methodAssertion:
		if proofType != assertionType || req.proof == "" {
			return malformed(invalidRequest, "expected client_assertion with client_assertion_type "+assertionType)
		}
	}
	return nil
}

// readBasic reads the identifier and the secret of HTTP Basic, both of which are
// encoded like a form (RFC 6749 §2.3.1).
func (req *tokenRequest) readBasic(r *http.Request) error {
	user, password, ok := r.BasicAuth()
	if !ok || len(r.Header.Values("Authorization")) > 1 {
		return refuse(invalidClient, errors.New("the Authorization header is not HTTP Basic"))
	}
	id, err1 := url.QueryUnescape(user)
	secret, err2 := url.QueryUnescape(password)
	if err1 != nil || err2 != nil {
		return refuse(invalidClient, errors.New("the user name or password of HTTP Basic is not encoded like a form"))
	}
	if req.clientID != "" && req.clientID != id {
		return malformed(invalidRequest, "client_id is not the user name of HTTP Basic")
	}
	req.clientID, req.secret = id, secret
	return nil
}
