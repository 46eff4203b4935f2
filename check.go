package scim

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"

	"github.com/seed5f3efb56/scim/store"
)

// checkAuth refuses an authenticator that could let nobody in, or everybody.
func checkAuth(a Authenticator) error {
	if isNil(a) {
		return errors.New("scim: Config.Auth is required; InsecureNoAuthentication serves without")
	}
	if c, ok := a.(interface{ check() error }); ok {
		return c.check()
	}
	return nil
}

// isNil reports whether an interface holds nothing, or a nil pointer or function.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Interface, reflect.Chan:
		return r.IsNil()
	}
	return false
}

// noSecret is the hash of an empty secret, as of a variable that is not set.
var noSecret = sha256.Sum256(nil)

// checkTokens refuses a fixed list of tokens that could not work. The error
// names ids, never secrets.
func checkTokens(of string, tokens []store.Token) error {
	if len(tokens) == 0 {
		return fmt.Errorf("scim: %s has no tokens, so that no client could authenticate", of)
	}
	var errs []error
	ids, sums := map[string]bool{}, map[[sha256.Size]byte]string{}
	for _, t := range tokens {
		switch other, taken := sums[t.SHA256]; {
		case t.ID == "":
			errs = append(errs, fmt.Errorf("scim: %s: a token has no ID, which names it in logs", of))
		case t.SHA256 == noSecret || t.SHA256 == [sha256.Size]byte{}:
			errs = append(errs, fmt.Errorf("scim: %s: the secret of token %q is empty: is its environment variable set?", of, t.ID))
		case ids[t.ID]:
			errs = append(errs, fmt.Errorf("scim: %s: two tokens have the ID %q", of, t.ID))
		case taken:
			errs = append(errs, fmt.Errorf("scim: %s: the tokens %q and %q have the same secret", of, other, t.ID))
		}
		if _, err := principalOf(&t); err != nil {
			errs = append(errs, err)
		}
		ids[t.ID], sums[t.SHA256] = true, t.ID
	}
	return errors.Join(errs...)
}

// checkLimits refuses negative limits, which are not "no limit".
func (l Limits) check() error {
	var errs []error
	v := reflect.ValueOf(l)
	for i := range v.NumField() {
		if v.Field(i).CanInt() && v.Field(i).Int() < 0 {
			errs = append(errs, fmt.Errorf("scim: Limits.%s is negative; 0 takes the default", v.Type().Field(i).Name))
		}
	}
	return errors.Join(errs...)
}

// checkDatabases refuses stores, a transactor and an outbox that are known to
// work on different databases: what one transaction is meant to write would be
// written by two, and an event could tell of a user who does not exist.
func (h *Handler) checkDatabases() error {
	tx, ok := databaseOf(h.cfg.Tx)
	if !ok {
		return nil
	}
	var errs []error
	compare := func(what string, v any) {
		if db, ok := databaseOf(v); ok && db != tx {
			errs = append(errs, fmt.Errorf("scim: %s (%T) is on another database than Config.Tx (%T): make both with the same pool of connections", what, v, h.cfg.Tx))
		}
	}
	compare("Config.Outbox", h.cfg.Outbox)
	for _, ep := range h.endpoints {
		compare("the store of "+ep.Type.Name, ep.Store)
	}
	return errors.Join(errs...)
}

// databaseOf returns the database that a value names, through wrappers of
// stores.
func databaseOf(v any) (any, bool) {
	if s, ok := v.(store.Store); ok {
		if l, ok := store.As[store.Located](s); ok {
			return l.Database(), true
		}
		return nil, false
	}
	l, ok := v.(store.Located)
	if !ok {
		return nil, false
	}
	return l.Database(), true
}
