package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// The buttons of those who have the role owner, each for their own organisation.
func (a *app) operate(mux *http.ServeMux) {
	mux.HandleFunc("POST /clients", a.operator(a.postClient))
	mux.HandleFunc("POST /clients/{id}/secrets", a.operator(a.postSecret))
	mux.HandleFunc("DELETE /clients/{id}", a.operator(func(r *http.Request, p *person) (any, error) {
		return nil, a.revokeClient(r.Context(), p.Org, r.PathValue("id"))
	}))
	mux.HandleFunc("POST /passwords", a.operator(a.postPassword))
	mux.HandleFunc("DELETE /passwords/{id}", a.operator(func(r *http.Request, p *person) (any, error) {
		return nil, a.revokePassword(r.Context(), p.Org, r.PathValue("id"))
	}))
	mux.HandleFunc("POST /accounts/{id}/sign-out", a.operator(a.postSignOut))
	mux.HandleFunc("POST /brake/release", a.operator(a.postRelease))
}

// badRequest is an error whose text concerns the one who sent the request (400).
type badRequest struct{ error }

// operator answers a request of an owner with what fn returns, 204 if that is nil.
func (a *app) operator(fn func(r *http.Request, p *person) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := a.signedIn(r)
		if err != nil {
			fail(w, err)
			return
		}
		if !slices.Contains(p.Roles, "owner") {
			http.Error(w, "only an owner may do this", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		body, err := fn(r, p)
		var bad badRequest
		switch {
		case errors.As(err, &bad):
			http.Error(w, bad.Error(), http.StatusBadRequest)
		case errors.Is(err, sql.ErrNoRows), errors.Is(err, store.ErrNotFound):
			http.Error(w, "not found", http.StatusNotFound)
		case err != nil:
			fail(w, err)
		case body == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			answer(w, body)
		}
	}
}

// read decodes the body of a request.
func read(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return badRequest{err}
	}
	return nil
}

var connectionName = regexp.MustCompile(`^[a-z0-9]{1,30}$`)

func checkConnection(name string) error {
	if !connectionName.MatchString(name) {
		return badRequest{errors.New("connection has to be a name of a to z and 0 to 9, for example okta")}
	}
	return nil
}

// postClient makes a client of the token endpoint: with a secret, or with its public
// keys, or with JWTs of another issuer, for the token endpoint or as bearer tokens.
func (a *app) postClient(r *http.Request, p *person) (any, error) {
	var in struct {
		Connection string
		JWKS       json.RawMessage
		Trust      *struct {
			Issuer, Subject, Audience, TenantID, JWKSURL string
			JWKS                                         json.RawMessage
			Bearer                                       bool
		}
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := checkConnection(in.Connection); err != nil {
		return nil, err
	}
	client := &oauth.Client{Access: store.Token{Connection: in.Connection}}
	out := map[string]any{}
	switch t := in.Trust; {
	case t != nil:
		trust := oauth.Trust{
			Issuer: t.Issuer, Subject: t.Subject, Audience: t.Audience, TenantID: t.TenantID, Reusable: true,
			Keys: oauth.Keys{URL: t.JWKSURL, JSON: string(t.JWKS)},
		}
		if t.Bearer {
			client.Bearer = []oauth.Trust{trust}
		} else {
			client.Assertions = []oauth.Trust{trust}
		}
	case in.JWKS != nil:
		client.Keys = &oauth.Keys{JSON: string(in.JWKS)}
	default:
		text, s := newSecret()
		client.Secrets = []oauth.Secret{s}
		out["client_secret"], out["expires"] = text, s.Expires
	}
	if err := a.addClient(r.Context(), p.Org, client); err != nil {
		return nil, err
	}
	out["client_id"], out["token_path"] = client.ID, a.oauth.TokenPath()
	return out, nil
}

// postSecret makes a further secret, which replaces the one before without an outage.
func (a *app) postSecret(r *http.Request, p *person) (any, error) {
	text, s, err := a.rotateSecret(r.Context(), p.Org, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"client_secret": text, "expires": s.Expires}, nil
}

// postPassword makes a password of HTTP Basic.
func (a *app) postPassword(r *http.Request, p *person) (any, error) {
	var in struct{ Connection string }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := checkConnection(in.Connection); err != nil {
		return nil, err
	}
	password, t, err := a.addPassword(r.Context(), p.Org, in.Connection)
	if err != nil {
		return nil, err
	}
	return map[string]any{"user": t.ID, "password": password, "expires": t.Expires}, nil
}

// postSignOut ends every session and API key of an account, which stays active.
func (a *app) postSignOut(r *http.Request, p *person) (any, error) {
	var in struct{ Reason string }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Reason == "" {
		return nil, badRequest{errors.New("give a reason")}
	}
	return nil, a.scim.RevokeSessions(r.Context(), scim.Revocation{
		Tenant: strconv.FormatInt(p.Org, 10), Person: scim.Person{ID: r.PathValue("id")}, Actor: p.Email, Reason: in.Reason,
	})
}

// postRelease lets a connection go on that the brake has stopped.
func (a *app) postRelease(r *http.Request, p *person) (any, error) {
	var in struct {
		Connection, Kind, Reason string
		More                     int64
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	release := brake.Release{
		Connection: in.Connection, Kind: brake.Kind(in.Kind), Type: schema.UserType.Name, More: in.More, Actor: p.Email, Reason: in.Reason,
	}
	if release.Kind == brake.Memberships {
		release.Type = schema.GroupType.Name
	}
	err := a.scim.ReleaseBrake(r.Context(), strconv.FormatInt(p.Org, 10), release)
	if errors.Is(err, brake.ErrRelease) {
		return nil, badRequest{err}
	}
	return nil, err
}

// alert says that the brake has stopped a connection. A real application sends it to
// those who may release the brake.
func alert(ctx context.Context, s *brake.Stop) {
	slog.WarnContext(ctx, "a provider is stopped; an owner of the organisation may release it (POST /brake/release)", "organisation", s.Tenant,
		"connection", s.Connection, "kind", string(s.Kind), "limit", s.Limit, "window", s.Window.Round(time.Minute).String())
}
