package storetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/store"
)

// RunTokens is [Run] for a [store.Tokens]; open returns an empty one.
func RunTokens(t *testing.T, open func(t *testing.T) store.Tokens) { tokenStores.all(t, open) }

var tokenStores = suite[store.Tokens, tokenKit]{
	cases: tokenTests, missing: func(need, store.Tokens) string { return "" }, kit: newTokenKit, hang: hangTime,
}

// tokenTest is one case of [RunTokens].
type tokenTest = caseOf[tokenKit]

func newTokenKit(ctx context.Context, a *require.Assertions, tokens store.Tokens) *tokenKit {
	return &tokenKit{Assertions: a, tokens: tokens, ctx: ctx}
}

type tokenKit struct {
	*require.Assertions
	tokens store.Tokens
	ctx    context.Context
}

func (k *tokenKit) as(tenant string) *tokenKit {
	c := *k
	c.ctx = store.WithTenant(k.ctx, tenant)
	return &c
}

// token makes a token of the kit's tenant with its id as secret.
func (k *tokenKit) token(id string) store.Token {
	return store.Token{ID: id, SHA256: sha256.Sum256([]byte(id)), Tenant: store.Tenant(k.ctx), Created: noon}
}

func (k *tokenKit) add(tokens ...store.Token) {
	for _, t := range tokens {
		k.NoError(k.tokens.AddToken(k.ctx, t), "AddToken %q", t.ID)
	}
}

func (k *tokenKit) set(id string, c store.TokenChange) {
	k.NoError(k.tokens.SetToken(k.ctx, id, c), "SetToken")
}

func (k *tokenKit) find(secret string) store.Token {
	t, err := k.tokens.FindToken(k.ctx, sha256.Sum256([]byte(secret)))
	k.NoError(err, "FindToken")
	return t
}

func (k *tokenKit) unknown(sum [sha256.Size]byte, what string) {
	_, err := k.tokens.FindToken(k.ctx, sum)
	k.ErrorIs(err, store.ErrNotFound, what)
}

func (k *tokenKit) list() []store.Token {
	found, err := k.tokens.ListTokens(k.ctx)
	k.NoError(err, "ListTokens")
	return found
}

func (k *tokenKit) lists(what string, want ...string) {
	var got []string
	for _, t := range k.list() {
		got = append(got, t.ID)
	}
	k.Equal(want, got, what)
}

func (k *tokenKit) same(want, got store.Token, what string) {
	for _, at := range []*time.Time{&want.Created, &want.Expires, &want.LastUsed, &got.Created, &got.Expires, &got.LastUsed} {
		*at = at.UTC()
	}
	if len(want.Types)+len(got.Types) == 0 {
		want.Types, got.Types = nil, nil
	}
	k.Equal(want, got, what)
}

const (
	findContract = "FindToken returns the token with that SHA-256, revoked and expired ones too, of whatever tenant; ErrNotFound if there is none."
	addContract  = "AddToken stores a new token of the tenant t.Tenant, whatever the context's. A taken ID or SHA-256, of whatever tenant, is an error."
	setContract  = "SetToken changes the fields of a token of the tenant in the context that are not nil in c, in one step, and nothing else; ErrNotFound (404) if there is no such token."
	dropContract = "DropToken forgets a token of the tenant in the context for good: its ID and SHA-256 may be added again. ErrNotFound (404) if there is no such token."
)

var tokenTests = []tokenTest{
	{
		name:     "tokens/as added",
		contract: findContract,
		run: func(k *tokenKit) {
			k = k.as("acme")
			full := k.token("full")
			full.Label, full.Client, full.ReadOnly, full.Types = "Ökta \"2\"", "strict", true, []string{"User", "a,b", "ü"}
			full.Policy, full.BaseURL, full.Connection = "careful", "https://idp.example.com/scim/v2", "Okta 2"
			full.Created = noon.Add(-time.Minute)
			full.Expires, full.LastUsed = noon.Add(time.Hour+time.Microsecond), noon.Add(time.Second)
			full.Paused, full.Revoked = true, true
			expired := k.token("expired")
			expired.Expires = noon.Add(-time.Hour)
			k.add(full, k.token("least"), expired)
			for _, k := range []*tokenKit{k, k.as("globex"), k.as("")} {
				k.same(full, k.find("full"), "a full token")
				k.same(k.as("acme").token("least"), k.find("least"), "the least token")
				k.same(expired, k.find("expired"), "an expired token")
			}
			k.same(full, k.list()[0], "in a list")
		},
	},
	{
		name:     "tokens/unknown",
		contract: findContract,
		run: func(k *tokenKit) {
			k.unknown(sha256.Sum256(nil), "FindToken with nothing stored")
			k.add(k.token("a"))
			sum := sha256.Sum256([]byte("a"))
			for i := range sum {
				wrong := sum
				wrong[i] ^= 0x20 // also what a comparison without case takes for equal
				k.unknown(wrong, "FindToken with one bit wrong")
			}
			k.unknown([sha256.Size]byte{}, "FindToken with zeros")
		},
	},
	{
		name:     "tokens/taken",
		contract: addContract,
		run: func(k *tokenKit) {
			k = k.as("acme")
			first := k.token("a")
			k.add(first)
			for _, k := range []*tokenKit{k, k.as("globex")} {
				id, sum := k.token("a"), k.token("b")
				id.SHA256, sum.SHA256 = sha256.Sum256([]byte("b")), first.SHA256
				k.Error(k.tokens.AddToken(k.ctx, id), "AddToken with a taken id")
				k.Error(k.tokens.AddToken(k.ctx, sum), "AddToken with a taken SHA-256")
			}
			k.same(first, k.find("a"), "the first")
			k.unknown(sha256.Sum256([]byte("b")), "the second")
			k.lists("of the tenant", "a")
		},
	},
	{
		name:     "tokens/use",
		contract: "TouchToken notes a use of a token of whatever tenant; an earlier use than the one noted, or an unknown id, changes nothing.",
		run: func(k *tokenKit) {
			k.as("acme").add(k.as("acme").token("a"), k.as("acme").token("b"))
			want := k.find("a")
			for _, c := range []struct{ at, want time.Time }{
				{noon, noon}, {noon.Add(2 * time.Minute), noon.Add(2 * time.Minute)}, {noon, noon.Add(2 * time.Minute)},
			} {
				k.NoError(k.tokens.TouchToken(k.ctx, "a", c.at), "TouchToken")
				want.LastUsed = c.want
				k.same(want, k.find("a"), "after TouchToken")
			}
			k.NoError(k.tokens.TouchToken(k.ctx, "nothing", noon), "TouchToken of an unknown id")
			k.True(k.find("b").LastUsed.IsZero(), "the use was noted of another token too")
		},
	},
	{
		name:     "tokens/change",
		contract: setContract,
		run: func(k *tokenKit) {
			k = k.as("acme")
			k.add(k.token("a"), k.token("b"))
			want := k.find("a")
			for range 2 {
				want.Label, want.Expires, want.Paused = "new", noon.Add(time.Hour), true
				k.set("a", store.TokenChange{Label: &want.Label, Expires: &want.Expires, Paused: &want.Paused})
				k.same(want, k.find("a"), "after SetToken")
			}
			want.Label, want.Expires, want.Paused = "", time.Time{}, false
			k.set("a", store.TokenChange{Label: &want.Label, Expires: &want.Expires, Paused: &want.Paused})
			k.same(want, k.find("a"), "changed back")
			k.same(k.token("b"), k.find("b"), "another token")
		},
	},
	{
		name:     "tokens/change of one field",
		contract: setContract,
		run: func(k *tokenKit) {
			k = k.as("acme")
			t := k.token("a")
			t.Label, t.Expires, t.LastUsed = "old", noon.Add(time.Hour), noon
			k.add(t)
			yes, label, later := true, "new", noon.Add(2*time.Hour)
			t.Paused = true
			k.set("a", store.TokenChange{Paused: &yes})
			k.same(t, k.find("a"), "paused by one operator")
			t.Label = label
			k.set("a", store.TokenChange{Label: &label})
			k.same(t, k.find("a"), "paused by one operator, relabelled by another")
			t.Expires = later
			k.set("a", store.TokenChange{Expires: &later})
			k.same(t, k.find("a"), "a new expiry")
			k.set("a", store.TokenChange{})
			k.same(t, k.find("a"), "after a change of nothing")
			k.ErrorIs(k.tokens.SetToken(k.ctx, "nothing", store.TokenChange{}), store.ErrNotFound, "a change of nothing of no token")
		},
	},
	{
		name:     "tokens/revocation is for good",
		contract: "SetToken: A revoked token stays revoked.",
		run: func(k *tokenKit) {
			yes, no, label := true, false, "again"
			k.add(k.token("a"))
			k.set("a", store.TokenChange{Revoked: &yes})
			k.True(k.find("a").Revoked, "SetToken did not revoke the token")
			_ = k.tokens.SetToken(k.ctx, "a", store.TokenChange{Revoked: &no, Label: &label})
			k.True(k.find("a").Revoked, "SetToken with Revoked false took the revocation back")
			k.set("a", store.TokenChange{Label: &label})
			k.True(k.find("a").Revoked, "SetToken without Revoked took the revocation back")
		},
	},
	{
		name:     "tokens/change of a foreign one",
		contract: setContract,
		run: func(k *tokenKit) {
			for _, tenant := range neighbours {
				k := k.as(tenant)
				k.add(k.token("of " + tenant))
			}
			for _, tenant := range neighbours {
				for _, other := range neighbours {
					yes, id := true, "of "+other
					if tenant != other {
						k.ErrorIs(k.tokens.SetToken(k.as(tenant).ctx, id, store.TokenChange{Revoked: &yes}), store.ErrNotFound, "SetToken of another tenant")
						k.False(k.find(id).Revoked, "another tenant revoked the token")
					}
				}
				k.ErrorIs(k.tokens.SetToken(k.as(tenant).ctx, "nothing", store.TokenChange{}), store.ErrNotFound, "SetToken of nothing")
			}
		},
	},
	{
		name:     "tokens/the tenant of the token",
		contract: addContract,
		run: func(k *tokenKit) {
			a, b := k.as("acme").token("a"), k.as("").token("b")
			k.as("globex").add(a, b)
			k.same(a, k.find("a"), "the token of a tenant")
			k.same(b, k.find("b"), "the token of no tenant")
			k.as("acme").lists("of the token's tenant", "a")
			k.as("").lists("of no tenant", "b")
			k.as("globex").lists("of the context's tenant")
		},
	},
	{
		name:     "tokens/drop",
		contract: dropContract,
		run: func(k *tokenKit) {
			k = k.as("acme")
			a, b := k.token("a"), k.token("b")
			k.add(a, b)
			for _, other := range []string{"", "ACME", "globex"} {
				k.ErrorIs(k.tokens.DropToken(k.as(other).ctx, "a"), store.ErrNotFound, "DropToken of another tenant")
			}
			k.NoError(k.tokens.DropToken(k.ctx, "a"), "DropToken")
			k.unknown(a.SHA256, "FindToken after DropToken")
			k.lists("after DropToken", "b")
			k.ErrorIs(k.tokens.SetToken(k.ctx, "a", store.TokenChange{}), store.ErrNotFound, "SetToken after DropToken")
			k.NoError(k.tokens.TouchToken(k.ctx, "a", noon), "TouchToken after DropToken")
			k.ErrorIs(k.tokens.DropToken(k.ctx, "a"), store.ErrNotFound, "DropToken again")
			k.add(a)
			k.same(a, k.find("a"), "added again")
			k.same(b, k.find("b"), "another token")
		},
	},
	{
		name:     "tokens/list",
		contract: "ListTokens returns the tokens of the tenant in the context, revoked and expired ones too, in order of Created.",
		run: func(k *tokenKit) {
			for i, tenant := range append(neighbours, strings.Repeat("long ", 60)) {
				k, name := k.as(tenant), fmt.Sprint("of tenant ", i)
				k.lists("of a tenant without any")
				third, first, second := k.token(name+" 1"), k.token(name+" 2"), k.token(name+" 3")
				third.Created, first.Created, second.Created = noon.Add(2*time.Second), noon, noon.Add(time.Second)
				first.Revoked, second.Expires = true, noon.Add(-time.Hour)
				k.add(third, first, second)
				k.lists("of the tenant", first.ID, second.ID, third.ID)
				k.Equal(tenant, k.list()[0].Tenant, "tenant")
			}
		},
	},
	{
		name:     "tokens/the caller keeps its slices",
		contract: "Arguments and results belong to the caller.",
		run: func(k *tokenKit) {
			t := k.token("a")
			t.Types = []string{"User"}
			k.add(t)
			t.Types[0] = "Group"
			k.find("a").Types[0] = "Group"
			k.list()[0].Types[0] = "Group"
			k.Equal([]string{"User"}, k.find("a").Types, "types")
		},
	},
}
