package scim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Person names one user of a tenant by one key: exactly one field is set. An
// e-mail address is not a key, since it may belong to another user tomorrow.
type Person struct {
	// ID is the id of the resource, for an application that keeps it beside the
	// identity of the login.
	ID string
	// ExternalID is compared byte for byte. The provider chooses it, and not every
	// provider keeps it unique.
	ExternalID string
	// Subject is the subject (sub of OpenID Connect, NameID of SAML) of single
	// sign-on. It is compared with the attribute Config.Subject.
	Subject string
	// UserName is compared as the attribute is: by schema.FoldKey. A user who was
	// renamed is not found by the old userName.
	UserName string
}

// The refusals of [Handler.SignIn]. Each is an ErrSignInRefused (errors.Is). A
// login form shows one message for all of them and for a wrong password, or it
// tells strangers which users exist; the log may have the difference.
var (
	ErrSignInRefused = errors.New("scim: the user may not sign in")
	// ErrInactive: the user is inactive.
	ErrInactive = fmt.Errorf("%w: the user is inactive", ErrSignInRefused)
	// ErrDeleted: a user with the key was deleted.
	ErrDeleted = fmt.Errorf("%w: the user was deleted", ErrSignInRefused)
	// ErrUnknownUser: no user has the key, and none that was deleted had it. After
	// this refusal alone an application may create the user (just in time).
	ErrUnknownUser = fmt.Errorf("%w: no user has the key", ErrSignInRefused)
	// ErrUnknownOrDeleted: no user has the key, and the store cannot tell whether
	// one that was deleted had it ([store.DeletedFinder]).
	ErrUnknownOrDeleted = fmt.Errorf("%w: no user has the key, but a deleted one may have had it", ErrSignInRefused)
	// ErrAmbiguousUser: several users have the externalId or subject.
	ErrAmbiguousUser = fmt.Errorf("%w: several users have the key", ErrSignInRefused)
)

// SignIn is the one call of the application's login and of its single sign-on
// callback. It finds a user of the tenant ("" without tenants), locks the user's
// row, and calls fn with the user in the same transaction of Config.Tx. fn creates
// the session, there or elsewhere: a deactivation or deletion of the user either
// came before, and fn is not called, or waits for the end of the transaction and
// then ends the session of fn too (Hooks.EndSessions, Hooks.Revoke). The
// application hands out the session only after SignIn has returned nil.
//
// A user is refused whose active is false; without a value of active a user is
// active, as everywhere in this package.
//
// Errors: [ErrSignInRefused], for which the function is not called; the error of
// fn, which undoes the transaction; store.ErrUnavailable, and other errors of the
// store. It is an error if p has not exactly one key, if Config.Tx is nil, or if no
// endpoint has users with the attribute active.
//
// fn may be called again when the transaction is repeated (store.Transactor), so
// that a session elsewhere may have been made and not handed out; it ends with
// the others. fn keeps the user's row locked: it does not wait for anything slow.
// With a transaction of the application in ctx (sqlquery.DB.WithTx) SignIn takes
// part in it, and the lock holds until the application ends it. SignIn may be
// called concurrently. It asks neither Config.Authorize nor the ownership of
// connections.
func (h *Handler) SignIn(ctx context.Context, tenant string, p Person, fn func(ctx context.Context, user *schema.Resource) error) error {
	s, err := h.signIn(p)
	if err != nil {
		return err
	}
	return h.cfg.Tx.InTx(store.WithTenant(ctx, tenant), func(ctx context.Context) error {
		user, err := s.lock(ctx)
		if err != nil {
			return err
		}
		if s.ep.Inactive(user) {
			return ErrInactive
		}
		return fn(ctx, user)
	})
}

// signIn is one call of [Handler.SignIn].
type signIn struct {
	h   *Handler
	ep  *endpoint
	key filter.Compare
}

func (h *Handler) signIn(p Person) (*signIn, error) {
	ep := h.byType(schema.UserType.Name)
	if h.cfg.Tx == nil {
		return nil, errors.New("scim: SignIn needs Config.Tx: without a transaction a session could outlive a deactivation")
	}
	if ep == nil || ep.Active == nil {
		return nil, errors.New("scim: SignIn needs an endpoint of users with the attribute active")
	}
	path, value, err := h.signInKey(p)
	if err != nil {
		return nil, err
	}
	if !isText(value) {
		return nil, ErrUnknownOrDeleted
	}
	key, err := ep.equals(path, value)
	if err != nil {
		return nil, err
	}
	return &signIn{h, ep, key}, nil
}

// isText reports whether a value can be that of an attribute; no store is asked for
// another one.
func isText(value string) bool { return utf8.ValidString(value) && !strings.ContainsRune(value, 0) }

// equals returns the condition that an attribute has a value.
func (ep *endpoint) equals(path, value string) (filter.Compare, error) {
	attr, ok := ep.Type.Resolve(path)
	if !ok {
		return filter.Compare{}, fmt.Errorf("scim: %s has no attribute %s", ep.Type.Name, path)
	}
	return filter.Compare{Path: attr, Op: filter.EQ, Value: schema.String(value)}, nil
}

// personID returns the id of the one user of a [Revocation] that exists for the
// connection; store.ErrNotFound if there is none, or more than one. A user who is named
// by the id is not looked for.
func (h *Handler) personID(ctx context.Context, ep *endpoint, r Revocation, access *lifecycle.Access) (string, error) {
	path, value, err := "emails.value", r.Email, error(nil)
	if _, ok := ep.Type.Resolve(path); !ok {
		path = "userName"
	}
	switch {
	case r.Email == "":
		path, value, err = h.signInKey(r.Person)
	case r.Person != Person{}:
		err = errors.New("scim: a Revocation has a Person or an Email, not both")
	}
	if err != nil {
		return "", err
	}
	if !isText(value) {
		return "", store.ErrNotFound
	}
	if path == "id" {
		return value, nil
	}
	key, err := ep.equals(path, value)
	if err != nil {
		return "", err
	}
	s := &selection{ep: ep, filter: filter.New(key)}
	s.limit(access)
	found, err := h.findUpTo(ctx, s, 2)
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", store.ErrNotFound
	case len(found) > 1:
		return "", fmt.Errorf("%w: several users have that %s", store.ErrNotFound, path)
	}
	return found[0].ID, nil
}

// signInKey returns the path and the value of the one key of p.
func (h *Handler) signInKey(p Person) (path, value string, err error) {
	set := 0
	for _, key := range [][2]string{{"id", p.ID}, {"externalId", p.ExternalID}, {"userName", p.UserName}, {h.cfg.Subject, p.Subject}} {
		if key[1] != "" {
			set++
			path, value = key[0], key[1]
		}
	}
	if set != 1 {
		return "", "", fmt.Errorf("scim: a Person has exactly one key, not %d", set)
	}
	return path, value, nil
}

// lock returns the user, locked. Before the lock was granted the user may have
// been renamed or deleted.
func (s *signIn) lock(ctx context.Context) (*schema.Resource, error) {
	id, err := s.find(ctx)
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, s.unknown(ctx)
	}
	user, err := s.ep.Store.Get(ctx, id, store.GetOptions{ForUpdate: true})
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	if err != nil || !filter.New(s.key).Match(user) {
		return nil, s.unknown(ctx)
	}
	return user, nil
}

// find returns the id of the one user that has the key, "" if none has.
func (s *signIn) find(ctx context.Context) (string, error) {
	if s.key.Path[0] == schema.IDAttribute {
		return s.key.Value.Text(), nil
	}
	found, err := s.h.findUpTo(ctx, &selection{ep: s.ep, filter: filter.New(s.key)}, 2)
	switch {
	case err != nil:
		return "", err
	case len(found) > 1:
		return "", ErrAmbiguousUser
	case len(found) == 0:
		return "", nil
	}
	return found[0].ID, nil
}

// unknown returns the refusal of a key that no user has.
func (s *signIn) unknown(ctx context.Context) error {
	deleted, err := s.deleted(ctx)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return ErrUnknownOrDeleted
	case err != nil:
		return err
	case deleted:
		return ErrDeleted
	}
	return ErrUnknownUser
}

// deleted reports whether a user that was deleted had the key;
// errors.ErrUnsupported if the store cannot tell.
func (s *signIn) deleted(ctx context.Context) (bool, error) {
	finder, ok := store.As[store.DeletedFinder](s.ep.Store)
	if !ok {
		return false, errors.ErrUnsupported
	}
	return finder.FindDeleted(ctx, s.key.Path, s.key.Value)
}

// checkSubject rejects a Config.Subject that does not name one user for good.
func (h *Handler) checkSubject(path string) error {
	if path == "" {
		return nil
	}
	ep := h.byType(schema.UserType.Name)
	if ep == nil {
		return errors.New("scim: Config.Subject needs an endpoint for User")
	}
	p, ok := ep.Type.Resolve(path)
	if !ok {
		return fmt.Errorf("scim: Config.Subject: users have no attribute %q", path)
	}
	for _, a := range p {
		if a.MultiValued || strings.EqualFold(a.Name, "emails") {
			return fmt.Errorf("scim: Config.Subject: %q has several values, and an e-mail address is not a subject", path)
		}
	}
	if a := p.Last(); a.Type != schema.TypeString || !a.CaseExact || a.Secret() {
		return fmt.Errorf("scim: Config.Subject: %q is not a string that is compared byte for byte (caseExact)", path)
	}
	return nil
}
