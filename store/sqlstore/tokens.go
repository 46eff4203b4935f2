package sqlstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

var _ store.Tokens = (*DB)(nil)

const tokenColumns = "id, digest, tenant, label, client, policy, base_url, connection, readonly, types, created, expires, last_used, paused, revoked"

// tokens runs a SELECT of tokenColumns.
func (db *DB) tokens(ctx context.Context, end string, args ...any) ([]store.Token, error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	var out []store.Token
	err := db.query(ctx, "SELECT "+tokenColumns+" FROM scim_token "+end, args, func(scan func(...any) error) error {
		t, err := scanToken(scan)
		out = append(out, t)
		return err
	})
	return out, err
}

func scanToken(scan func(...any) error) (store.Token, error) {
	var t store.Token
	var digest, tenant, label, types, created, expires, used string
	var readOnly, paused, revoked int
	if err := scan(&t.ID, &digest, &tenant, &label, &t.Client, &t.Policy, &t.BaseURL, &t.Connection, &readOnly, &types, &created, &expires, &used, &paused, &revoked); err != nil {
		return t, err
	}
	t.Label, t.ReadOnly, t.Paused, t.Revoked = unescape(label), readOnly != 0, paused != 0, revoked != 0
	var errs [6]error
	if n, err := hex.Decode(t.SHA256[:], []byte(digest)); err != nil || n != len(t.SHA256) {
		errs[0] = errors.Join(errors.New("a digest is damaged"), err)
	}
	t.Tenant, errs[1] = inexact(tenant)
	t.Created, errs[2] = parseTime(created)
	t.Expires, errs[3] = parseTime(expires)
	t.LastUsed, errs[4] = parseTime(used)
	errs[5] = json.Unmarshal([]byte(types), &t.Types)
	return t, errors.Join(errs[:]...)
}

// FindToken implements [store.Tokens].
func (db *DB) FindToken(ctx context.Context, sum [sha256.Size]byte) (store.Token, error) {
	if db.sql.InTransaction(ctx) {
		return db.readToken(ctx, sum)
	}
	return db.known.find(sum, func() (store.Token, error) { return db.readToken(ctx, sum) })
}

func (db *DB) readToken(ctx context.Context, sum [sha256.Size]byte) (store.Token, error) {
	found, err := db.tokens(ctx, "WHERE digest = ?", hex.EncodeToString(sum[:]))
	if err != nil {
		return store.Token{}, err
	}
	if len(found) == 0 {
		return store.Token{}, store.ErrNotFound
	}
	return found[0], nil
}

// AddToken implements [store.Tokens].
func (db *DB) AddToken(ctx context.Context, t store.Token) error {
	if !validID(t.ID) || !plain(t.Client+t.Policy+t.BaseURL+t.Connection) {
		return fmt.Errorf("sqlstore: a token has an id, client, policy, base URL or connection that cannot be kept: %q, %q, %q, %q, %q",
			t.ID, t.Client, t.Policy, t.BaseURL, t.Connection)
	}
	types, err := json.Marshal(t.Types)
	if err != nil {
		return err
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		_, err := db.exec(ctx, "INSERT INTO scim_token (owner, "+tokenColumns+") VALUES "+list(16),
			squeeze(t.Tenant), t.ID, hex.EncodeToString(t.SHA256[:]), exact(t.Tenant), escape(t.Label), t.Client, t.Policy, t.BaseURL, t.Connection, flag(t.ReadOnly),
			string(types), instant(t.Created), instant(t.Expires), instant(t.LastUsed), flag(t.Paused), flag(t.Revoked))
		return err
	})
}

// TouchToken implements [store.Tokens].
func (db *DB) TouchToken(ctx context.Context, id string, at time.Time) error {
	if !validID(id) {
		return nil
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		_, err := db.exec(ctx, "UPDATE scim_token SET last_used = ? WHERE id = ? AND last_used < ?", instant(at), id, instant(at))
		return err
	})
}

// SetToken implements [store.Tokens].
func (db *DB) SetToken(ctx context.Context, id string, c store.TokenChange) error {
	return db.withToken(ctx, id, func(ctx context.Context) error {
		columns, args := assignments(c)
		if len(columns) == 0 {
			return nil
		}
		_, err := db.exec(ctx, "UPDATE scim_token SET "+strings.Join(columns, ", ")+" WHERE id = ?", append(args, id)...)
		return err
	})
}

// assignments returns the SET clauses of a change and their arguments.
func assignments(c store.TokenChange) (columns []string, args []any) {
	set := func(column string, value any) {
		columns, args = append(columns, column+" = ?"), append(args, value)
	}
	if c.Label != nil {
		set("label", escape(*c.Label))
	}
	if c.Expires != nil {
		set("expires", instant(*c.Expires))
	}
	if c.Paused != nil {
		set("paused", flag(*c.Paused))
	}
	if c.Revoked != nil && *c.Revoked {
		set("revoked", 1)
	}
	return columns, args
}

// DropToken implements [store.Tokens].
func (db *DB) DropToken(ctx context.Context, id string) error {
	return db.withToken(ctx, id, func(ctx context.Context) error {
		_, err := db.exec(ctx, "DELETE FROM scim_token WHERE id = ?", id)
		return err
	})
}

// withToken runs fn with a token of the context's tenant locked, or returns
// ErrNotFound.
func (db *DB) withToken(ctx context.Context, id string, fn func(ctx context.Context) error) error {
	if !validID(id) {
		return store.ErrNotFound
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		var found string
		err := db.one(ctx, "SELECT id FROM scim_token WHERE id = ? AND owner = ?"+db.d.forUpdate,
			[]any{id, squeeze(store.Tenant(ctx))}, &found)
		if errors.Is(err, errNoRow) {
			return store.ErrNotFound
		}
		if err != nil {
			return err
		}
		return fn(ctx)
	})
}

// ListTokens implements [store.Tokens].
func (db *DB) ListTokens(ctx context.Context) ([]store.Token, error) {
	return db.tokens(ctx, "WHERE owner = ? ORDER BY created, id", squeeze(store.Tenant(ctx)))
}
