package logout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/oauth/internal/issuer"
	"github.com/seed5f3efb56/scim/store"
)

const maxBody = 64 << 10 // bytes of a request

// exchange is one request at a door.
type exchange struct {
	door     string // names the door in log and audit record
	received time.Time
	address  string
	source   Source // the zero value: it is not known
	key      jose.JSONWebKey
	claims   *issuer.Claims
}

func (s *Server) newExchange(door string, r *http.Request) *exchange {
	return &exchange{door: door, received: s.now(), address: s.cfg.RemoteAddress(r)}
}

func (x *exchange) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("door", x.door), slog.String("tenant", x.source.Tenant), slog.String("connection", x.source.Connection)}
	if x.claims != nil {
		attrs = append(attrs, slog.String("issuer", issuer.Clip(x.claims.Issuer)), slog.String("jti", issuer.Clip(x.claims.ID)))
	}
	return attrs
}

// isPost answers a request that is none.
func isPost(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodPost {
		return true
	}
	w.Header().Set("Allow", http.MethodPost)
	http.Error(w, "use POST", http.StatusMethodNotAllowed)
	return false
}

// readBody reads a body of a media type.
func readBody(w http.ResponseWriter, r *http.Request, kind string) ([]byte, error) {
	if got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || got != kind {
		return nil, refuse(malformed, fmt.Errorf("Content-Type is not %s", kind))
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, refuse(malformed, errors.New("the body cannot be read, or is larger than 64 KiB"))
	}
	return text, nil
}

// The rates are kept by connection and by address, told apart by the first name.
const (
	rateOfConnection = "connection"
	rateOfAddress    = "address"
)

// checkAddress refuses an address of which too many requests were refused.
func (s *Server) checkAddress(x *exchange) error {
	if x.address == "" {
		return nil
	}
	if wait := s.rates.Wait(rateOfAddress, x.address, s.now()); wait > 0 {
		return &refusal{tooMany, fmt.Errorf("too many requests from %q were refused (Config.Rate, Config.RemoteAddress)", issuer.Clip(x.address)), wait}
	}
	return nil
}

// chargeAddress counts a request that is from no source.
func (s *Server) chargeAddress(x *exchange, e *refusal) {
	unknown := !e.authenticated() || e.kind == malformed && x.source.Connection == ""
	if unknown && x.address != "" {
		s.rates.Charge(rateOfAddress, x.address, s.now(), 1)
	}
}

// authenticate finds the source of a JWT. It takes one request of its connection.
func (s *Server) authenticate(ctx context.Context, x *exchange, j *issuer.JWT, withClient bool) (err error) {
	x.claims = &j.Claims
	if x.source, x.key, err = s.source(ctx, j, withClient); err != nil {
		return err
	}
	if wait := s.rates.Take(rateOfConnection, x.source.name(), s.now()); wait > 0 {
		return &refusal{tooMany, errors.New("the connection sends too many requests (Config.Rate)"), wait}
	}
	return nil
}

// use is the use of the JWT of a request, which is refused by its times from ends on.
func (s *Server) use(x *exchange, ends time.Time) issuer.Use {
	return issuer.Use{
		Purpose: x.door, Client: x.source.name(), Claims: x.claims, Key: x.key,
		Now: s.now(), Ends: ends.Add(s.cfg.Skew), Skew: s.cfg.Skew,
	}
}

// revocation returns what the handler is asked, without the user.
func (x *exchange) revocation(reason string) scim.Revocation {
	return scim.Revocation{
		Tenant: x.source.Tenant, Connection: x.source.Connection, Actor: x.source.Issuer, Received: x.received,
		Reason: fmt.Sprintf("%s, jti %q", reason, issuer.Clip(x.claims.ID)),
	}
}

// end asks the host and ends the sessions.
func (s *Server) end(ctx context.Context, x *exchange, r Request) error {
	if s.cfg.Decide != nil {
		switch err := s.cfg.Decide(ctx, r); {
		case errors.Is(err, ErrLeave):
			return refuse(impossible, err)
		case errors.Is(err, scim.ErrForbidden):
			return refuse(forbidden, fmt.Errorf("Config.Decide: %w", err))
		case err != nil:
			return refuse(temporarily, fmt.Errorf("Config.Decide: %w", err))
		}
	}
	err := s.cfg.Handler.RevokeSessions(ctx, r.Revocation)
	switch {
	case err == nil:
		s.log.LogAttrs(ctx, slog.LevelInfo, "logout: sessions ended", x.attrs()...)
		return nil
	case errors.Is(err, store.ErrNotFound):
		return refuse(unknown, err)
	case errors.Is(err, scim.ErrUnauthenticated):
		return refuse(unauthenticated, fmt.Errorf("the connection %q is off, or does not exist: %w", x.source.Connection, err))
	}
	return refuse(impossible, err)
}
