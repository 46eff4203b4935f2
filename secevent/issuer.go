package secevent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
)

// Token is a signed Security Event Token.
type Token struct {
	ID          string // jti; the same when an event is delivered again
	Transaction string // txn
	Text        string // the JWT in compact serialization
}

// Config is the configuration of [New]. Issuer, Audience, Key and Deliver are
// required.
type Config struct {
	// Issuer is the claim iss, Audience the claim aud: the receivers, by names that
	// they know. Both are part of what jti is derived from: with another one, events
	// that are delivered again have another jti.
	Issuer   string
	Audience []string
	// Key signs the tokens: a private key, a jose.JSONWebKey with one, whose KeyID
	// becomes the header kid, or a jose.OpaqueSigner. The algorithm is asymmetric;
	// with a shared secret each receiver could forge tokens for the others.
	Key jose.SigningKey
	// Full makes tokens with data ("full"): the created resource, the resource after
	// a PUT, the operations of a PATCH that has the same effect. By default they
	// have the names of the attributes only ("notice"), and receivers read the
	// resource. A change whose data is not at hand (Event.Omitted, a password) is a
	// notice always. A PUT of a resource with members is issued as the PATCH with
	// its effect, so that it does not contain all members (RFC 9967 §5).
	Full bool
	// Types are the resource types whose changes are issued, and the results of
	// asynchronous requests for them; the result of an operation that names no resource
	// type has no token then. Default: all. It is required with Sensitive.
	Types []*schema.ResourceType
	// Sensitive are paths of attributes (RFC 7644 §3.10) whose values no token has,
	// in addition to those that responses do not have. With Full they are missing in
	// data; a receiver must not take that for a removal.
	Sensitive []string
	// Deliver hands a token to the receivers; see [Push]. It is called in the worker,
	// concurrently, with the tenant and the deadline of the hook in ctx. The event
	// is delivered again until it returns nil; after an error that wraps
	// event.ErrUndeliverable, or Limits.Attempts others, it is set aside as dead.
	Deliver func(ctx context.Context, t Token) error
}

// Issuer issues tokens. It is made by [New] and safe for concurrent use.
type Issuer struct {
	cfg    Config
	signer jose.Signer
}

// New checks the configuration and returns the issuer.
func New(cfg Config) (*Issuer, error) {
	switch {
	case cfg.Issuer == "":
		return nil, errors.New("secevent: Config.Issuer is required")
	case len(cfg.Audience) == 0 || slices.Contains(cfg.Audience, ""):
		return nil, errors.New("secevent: Config.Audience is required, without empty names")
	case cfg.Deliver == nil:
		return nil, errors.New("secevent: Config.Deliver is required")
	case !slices.Contains(algorithms, cfg.Key.Algorithm):
		return nil, fmt.Errorf("secevent: Config.Key has the algorithm %q; it has to be an asymmetric one, for example %s", cfg.Key.Algorithm, jose.ES256)
	}
	if err := cfg.checkSensitive(); err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(cfg.Key, (&jose.SignerOptions{}).WithType("secevent+jwt"))
	if err != nil {
		return nil, fmt.Errorf("secevent: Config.Key: %w", err)
	}
	return &Issuer{cfg: cfg, signer: signer}, nil
}

var algorithms = []jose.SignatureAlgorithm{
	jose.EdDSA, jose.ES256, jose.ES384, jose.ES512, jose.PS256, jose.PS384, jose.PS512, jose.RS256, jose.RS384, jose.RS512,
}

// checkSensitive rejects a path that no type has: it would protect nothing.
func (cfg *Config) checkSensitive() error {
	for _, path := range cfg.Sensitive {
		known := func(t *schema.ResourceType) bool { _, ok := t.Resolve(path); return ok }
		if !slices.ContainsFunc(cfg.Types, known) {
			return fmt.Errorf("secevent: Config.Sensitive: none of Config.Types has an attribute %q", path)
		}
	}
	return nil
}

// EventURIs returns the URIs of the events that the issuer makes of changes, for
// scim.Config.EventURIs.
func (i *Issuer) EventURIs() []string {
	uris := []string{createNotice, patchNotice, putNotice, deleted, activate, deactivate}
	if i.cfg.Full {
		uris = append(uris, createFull, patchFull, putFull)
	}
	return uris
}

// Handle issues the token of an event and hands it to Config.Deliver. It is the
// hook for scim.Hooks.Changed and AsyncResponse; other kinds of events are an
// error. An event of a type that is not among Config.Types has no token.
func (i *Issuer) Handle(ctx context.Context, e *event.Event) error {
	if e.Kind != event.Changed && e.Kind != event.AsyncResponse {
		return fmt.Errorf("secevent: no token is made of the event %q; set Hooks.Changed and Hooks.AsyncResponse", e.Kind)
	}
	if !i.concerns(e) {
		return nil
	}
	events, err := i.events(e)
	if err != nil || len(events) == 0 {
		return err
	}
	t, err := i.token(e, events)
	if err != nil {
		return err
	}
	return i.cfg.Deliver(ctx, t)
}

// concerns reports whether the event is of one of Config.Types. That of a result is
// known by its path.
func (i *Issuer) concerns(e *event.Event) bool {
	return len(i.cfg.Types) == 0 || slices.ContainsFunc(i.cfg.Types, func(t *schema.ResourceType) bool {
		if e.Kind != event.AsyncResponse {
			return t.Name == e.Type
		}
		rest, ok := strings.CutPrefix(e.Path, t.Endpoint)
		return ok && (rest == "" || rest[0] == '/' && !strings.Contains(rest[1:], "/"))
	})
}

// claims are those of a token. There is no exp and no sub (RFC 8417 §2.2,
// RFC 9967 §2.1).
type claims struct {
	Issuer      string         `json:"iss"`
	IssuedAt    int64          `json:"iat"` // the time of the change
	ID          string         `json:"jti"`
	Audience    []string       `json:"aud"`
	Transaction string         `json:"txn"`
	Subject     subject        `json:"sub_id"`
	Events      map[string]any `json:"events"`
}

// subject identifies the resource (RFC 9967 §2.1).
type subject struct {
	Format     string `json:"format"`
	URI        string `json:"uri"`
	ExternalID string `json:"externalId,omitempty"`
}

func (i *Issuer) token(e *event.Event, events map[string]any) (Token, error) {
	c := claims{
		Issuer: i.cfg.Issuer, IssuedAt: e.Time.Unix(), ID: i.tokenID(e), Audience: i.cfg.Audience, Transaction: e.Transaction,
		Subject: subject{Format: "scim", URI: e.Path, ExternalID: i.externalID(e)}, Events: events,
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return Token{}, fmt.Errorf("secevent: %w", err)
	}
	signed, err := i.signer.Sign(payload)
	if err != nil {
		return Token{}, fmt.Errorf("secevent: %w", err)
	}
	text, err := signed.CompactSerialize()
	return Token{ID: c.ID, Transaction: c.Transaction, Text: text}, err
}

// tokenID derives jti from the event, the issuer and the receivers, so that it is
// the same whenever the event is delivered and differs between two issuers for one
// event.
func (i *Issuer) tokenID(e *event.Event) string {
	h := sha256.New()
	for _, part := range append([]string{e.ID, i.cfg.Issuer}, i.cfg.Audience...) {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// externalID returns the externalId of the resource if it is known and not
// sensitive.
func (i *Issuer) externalID(e *event.Event) string {
	r := e.Resource()
	if r == nil {
		return ""
	}
	return i.stripped(r).Attributes.Get(schema.ExternalIDAttribute).Text()
}
