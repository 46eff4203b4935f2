// Package issuer verifies JWTs of issuers by their key sets, which it fetches, and
// remembers which were used.
package issuer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Claims are the claims of a JWT that are read (RFC 7519 §4.1; tid, appid and azp of
// Microsoft Entra ID). Names are compared with case, and a name twice is an error.
type Claims struct {
	Issuer          string           `json:"iss"`
	Subject         string           `json:"sub"`
	Audience        jwt.Audience     `json:"aud"`
	Expiry          *jwt.NumericDate `json:"exp"`
	NotBefore       *jwt.NumericDate `json:"nbf"`
	IssuedAt        *jwt.NumericDate `json:"iat"`
	ID              string           `json:"jti"`
	TenantID        string           `json:"tid"`
	AppID           string           `json:"appid"`
	AuthorizedParty string           `json:"azp"`
}

// JWT is a JWT whose signature is still to be verified.
type JWT struct {
	Claims
	token     *jwt.JSONWebToken
	kid       string
	algorithm string
}

// Parse reads a JWT of one of the types (RFC 7515 §4.1.9), in lower case and without
// "application/", without verifying it. More claims are read into dest.
func Parse(text string, types []string, dest ...any) (*JWT, error) {
	token, err := jwt.ParseSigned(text, Algorithms)
	if err != nil {
		return nil, fmt.Errorf("not a JWT with an accepted algorithm: %w", err)
	}
	header := token.Headers[0]
	typ, _ := header.ExtraHeaders[jose.HeaderType].(string)
	if !slices.Contains(types, strings.TrimPrefix(strings.ToLower(typ), "application/")) {
		return nil, fmt.Errorf("typ %q is not one for this purpose", Clip(typ))
	}
	j := &JWT{token: token, kid: header.KeyID, algorithm: header.Algorithm}
	if err := token.UnsafeClaimsWithoutVerification(append(dest, &j.Claims)...); err != nil {
		return nil, fmt.Errorf("the claims cannot be read: %w", err)
	}
	return j, nil
}

// Times bound the times of a JWT.
type Times struct {
	Now      time.Time
	Skew     time.Duration
	Lifetime time.Duration // the longest, from iat and from now to exp
}

// Check checks exp, nbf and iat (RFC 7523 §3, items 4 to 6). The lifetime is
// bounded, which bounds for how long a jti has to be remembered.
func (t Times) Check(c *Claims) error {
	now, skew, life := t.Now, t.Skew, t.Lifetime
	if c.Expiry == nil {
		return errors.New("exp is missing")
	}
	expires := c.Expiry.Time()
	switch {
	case !now.Before(expires.Add(skew)):
		return fmt.Errorf("exp is %s, it has expired", Stamp(expires))
	case expires.After(now.Add(life + skew)):
		return fmt.Errorf("exp is %s, more than %v from now", Stamp(expires), life)
	case c.NotBefore != nil && c.NotBefore.Time().After(now.Add(skew)):
		return fmt.Errorf("nbf is %s, it is not valid yet", Stamp(c.NotBefore.Time()))
	case c.IssuedAt != nil && c.IssuedAt.Time().After(now.Add(skew)):
		return fmt.Errorf("iat is %s, in the future", Stamp(c.IssuedAt.Time()))
	case c.IssuedAt != nil && expires.After(c.IssuedAt.Time().Add(life+skew)):
		return fmt.Errorf("exp is more than %v after iat (Config.AssertionLifetime)", life)
	}
	return nil
}

// Signature says which key of a key set made a signature, or why none did.
type Signature struct {
	Key jose.JSONWebKey
	Err error
}

// Verify looks for the key that made the signature of a JWT in each of some key sets.
// Those at hand come first, so that no JWT waits for key sets of issuers of which it is
// not: if one of them has the key, those not at hand are not in the result. Else the
// others are fetched, all at once, and with them those at hand from a URL that do not
// have the key: the issuer may have new ones.
func (f *Fetcher) Verify(ctx context.Context, j *JWT, sets []Keys) map[Keys]Signature {
	found := make(map[Keys]Signature, len(sets))
	waiting := map[Keys]bool{} // with whether the key set at hand is too old
	made := false
	for _, keys := range sets {
		if _, done := found[keys]; done {
			continue
		}
		set, ok, err := f.atHand(keys)
		if !ok {
			waiting[keys] = false
			continue
		}
		s := Signature{Err: err}
		if err == nil {
			s = j.signature(set)
		}
		var unknown unknownKey
		if keys.URL != "" && errors.As(s.Err, &unknown) {
			waiting[keys] = true
		}
		found[keys], made = s, made || s.Err == nil
	}
	if !made {
		f.await(ctx, j, waiting, found)
	}
	return found
}

// await fetches key sets at the same time and adds what they say of a signature.
func (f *Fetcher) await(ctx context.Context, j *JWT, waiting map[Keys]bool, found map[Keys]Signature) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	for keys, fresh := range waiting {
		wait.Go(func() {
			set, err := f.load(ctx, keys.URL, fresh)
			s := Signature{Err: err}
			if err == nil {
				s = j.signature(set)
			}
			mu.Lock()
			defer mu.Unlock()
			found[keys] = s
		})
	}
	wait.Wait()
}

// atHand returns a key set that needs no fetching.
func (f *Fetcher) atHand(keys Keys) (set []jose.JSONWebKey, ok bool, err error) {
	if keys.JSON != "" {
		set, err = ParseKeys([]byte(keys.JSON))
		return set, true, err
	}
	set = f.peek(keys.URL)
	return set, set != nil, nil
}

// unknownKey is a signature that none of the keys can have made.
type unknownKey struct{ kid, algorithm string }

func (e unknownKey) Error() string {
	return fmt.Sprintf("no key of the issuer has kid %q and made the signature with %s", Clip(e.kid), e.algorithm)
}

// signature looks for the key that made the signature in a key set.
func (j *JWT) signature(set []jose.JSONWebKey) Signature {
	found := candidates(set, j.kid, j.algorithm)
	for _, key := range found {
		if j.token.Claims(key, &Claims{}) == nil {
			return Signature{Key: key}
		}
	}
	if j.kid != "" && len(found) > 0 {
		return Signature{Err: fmt.Errorf("the signature is not one by the key with kid %q", Clip(j.kid))}
	}
	return Signature{Err: unknownKey{j.kid, j.algorithm}}
}

// Fairest returns at most n, taken from each tenant in turn.
func Fairest[T any](all []T, n int, tenant func(T) string) []T {
	if len(all) <= n {
		return all
	}
	turns := map[string]int{}
	byTurn := make([][]T, len(all))
	for _, one := range all {
		turn := turns[tenant(one)]
		turns[tenant(one)]++
		byTurn[turn] = append(byTurn[turn], one)
	}
	return slices.Concat(byTurn...)[:n]
}

// Clip shortens a text of a client for the log.
func Clip(text string) string {
	if len(text) > 200 {
		return strings.ToValidUTF8(text[:200], "") + "…"
	}
	return text
}

// Stamp formats a time for the log.
func Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
