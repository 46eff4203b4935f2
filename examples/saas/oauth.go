package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/store"
)

// newOAuth returns the token endpoint beside a SCIM endpoint. Access tokens are those of
// a.kept, clients those of the tables of the application.
func (a *app) newOAuth(baseURL string) (*oauth.Server, error) {
	return oauth.New(oauth.Config{
		Issuer:           strings.TrimSuffix(baseURL, "/scim/v2") + "/oauth",
		Clients:          clients{a},
		Tokens:           a.kept,
		KeyHosts:         []string{"login.microsoftonline.com"},
		InsecureLoopback: true, // http://127.0.0.1, to try it out
	})
}

// authenticator accepts access tokens and JWTs, for providers that have no OAuth the
// passwords of a.kept, and what fixed accepts, unless nil.
func (a *app) authenticator(fixed scim.Authenticator) scim.Authenticator {
	all := []scim.Authenticator{a.oauth, scim.StoredPasswords(a.kept, nil)}
	if fixed != nil {
		all = append(all, fixed)
	}
	return scim.AnyOf(all...)
}

// clients are the tables oauth_clients, oauth_secrets and oauth_trusts.
type clients struct{ *app }

// FindClient implements oauth.Clients.
func (c clients) FindClient(ctx context.Context, id string) (oauth.Client, error) {
	client := oauth.Client{ID: id}
	var org int64
	var jwks string
	err := c.db.QueryRowContext(ctx, "SELECT org_id, connection, jwks, revoked FROM oauth_clients WHERE id = $1", id).
		Scan(&org, &client.Access.Connection, &jwks, &client.Access.Revoked)
	if errors.Is(err, sql.ErrNoRows) {
		return oauth.Client{}, store.ErrNotFound
	}
	if err != nil {
		return oauth.Client{}, unavailable(err)
	}
	client.Access.Tenant = strconv.FormatInt(org, 10)
	if jwks != "" {
		client.Keys = &oauth.Keys{JSON: jwks}
	}
	if err := c.readSecrets(ctx, &client); err != nil {
		return oauth.Client{}, unavailable(err)
	}
	if err := c.readTrusts(ctx, &client); err != nil {
		return oauth.Client{}, unavailable(err)
	}
	return client, nil
}

func unavailable(err error) error { return fmt.Errorf("%w: %w", store.ErrUnavailable, err) }

func (c clients) readSecrets(ctx context.Context, client *oauth.Client) error {
	rows, err := c.db.QueryContext(ctx, "SELECT id, sha256, expires_at FROM oauth_secrets WHERE client_id = $1", client.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var s oauth.Secret
		var sum string
		var expires int64
		if err := rows.Scan(&s.ID, &sum, &expires); err != nil {
			return err
		}
		if n, err := hex.Decode(s.SHA256[:], []byte(sum)); err != nil || n != sha256.Size {
			return fmt.Errorf("the secret %s is damaged", s.ID)
		}
		s.Expires = time.Unix(expires, 0)
		client.Secrets = append(client.Secrets, s)
	}
	return rows.Err()
}

func (c clients) readTrusts(ctx context.Context, client *oauth.Client) error {
	rows, err := c.db.QueryContext(ctx, "SELECT issuer, subject, audience, tenant_id, jwks_url, jwks, bearer FROM oauth_trusts WHERE client_id = $1", client.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		t := oauth.Trust{Reusable: true} // the JWTs of Entra ID have no jti
		var bearer bool
		if err := rows.Scan(&t.Issuer, &t.Subject, &t.Audience, &t.TenantID, &t.Keys.URL, &t.Keys.JSON, &bearer); err != nil {
			return err
		}
		if bearer {
			client.Bearer = append(client.Bearer, t)
		} else {
			client.Assertions = append(client.Assertions, t)
		}
	}
	return rows.Err()
}

// FindTrusting implements oauth.Clients.
func (c clients) FindTrusting(ctx context.Context, issuer, subject string) ([]oauth.Client, error) {
	rows, err := c.db.QueryContext(ctx, "SELECT DISTINCT client_id FROM oauth_trusts WHERE issuer = $1 AND subject = $2", issuer, subject)
	if err != nil {
		return nil, unavailable(err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, unavailable(err)
		}
		ids = append(ids, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, unavailable(err)
	}
	var found []oauth.Client
	for _, id := range ids {
		client, err := c.FindClient(ctx, id)
		if err != nil {
			return nil, err
		}
		found = append(found, client)
	}
	return found, nil
}

// Credentials end and are replaced before.
const (
	secretLives   = 365 * 24 * time.Hour
	passwordLives = 90 * 24 * time.Hour
)

// addClient stores a client that has no mistake, with a new ID.
func (a *app) addClient(ctx context.Context, org int64, client *oauth.Client) error {
	client.ID = client.Access.Connection + "-" + strings.ToLower(rand.Text()[:10])
	client.Access.Tenant = strconv.FormatInt(org, 10)
	if err := a.oauth.Check(*client); err != nil {
		return badRequest{err}
	}
	jwks := ""
	if client.Keys != nil {
		jwks = client.Keys.JSON
	}
	return a.db.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO oauth_clients (id, org_id, connection, jwks) VALUES ($1, $2, $3, $4)", client.ID, org, client.Access.Connection, jwks)
		for i := 0; err == nil && i < len(client.Secrets); i++ {
			err = addSecret(ctx, tx, client.ID, client.Secrets[i])
		}
		for i := 0; err == nil && i < len(client.Assertions); i++ {
			err = addTrust(ctx, tx, client.ID, client.Assertions[i], false)
		}
		for i := 0; err == nil && i < len(client.Bearer); i++ {
			err = addTrust(ctx, tx, client.ID, client.Bearer[i], true)
		}
		return err
	})
}

func addSecret(ctx context.Context, tx *sql.Tx, client string, s oauth.Secret) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO oauth_secrets (id, client_id, sha256, expires_at) VALUES ($1, $2, $3, $4)",
		s.ID, client, hex.EncodeToString(s.SHA256[:]), s.Expires.Unix())
	return err
}

func addTrust(ctx context.Context, tx *sql.Tx, client string, t oauth.Trust, bearer bool) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO oauth_trusts (client_id, issuer, subject, audience, tenant_id, jwks_url, jwks, bearer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		client, t.Issuer, t.Subject, t.Audience, t.TenantID, t.Keys.URL, t.Keys.JSON, bearer)
	return err
}

// rotateSecret adds a secret to a client of an organisation. The ones before it are
// valid until they end.
func (a *app) rotateSecret(ctx context.Context, org int64, client string) (text string, s oauth.Secret, err error) {
	text, s = newSecret()
	err = a.db.inTx(ctx, func(tx *sql.Tx) error {
		var id string
		if err := tx.QueryRowContext(ctx, "SELECT id FROM oauth_clients WHERE id = $1 AND org_id = $2 AND NOT revoked", client, org).Scan(&id); err != nil {
			return err
		}
		return addSecret(ctx, tx, id, s)
	})
	return text, s, err
}

func newSecret() (string, oauth.Secret) {
	return oauth.NewSecret(rand.Text(), time.Now().Add(secretLives).Truncate(time.Second))
}

// revokeClient ends a client of an organisation and its access tokens. In this order:
// a request for a token that runs meanwhile gets none.
func (a *app) revokeClient(ctx context.Context, org int64, client string) error {
	result, err := a.db.ExecContext(ctx, "UPDATE oauth_clients SET revoked = TRUE WHERE id = $1 AND org_id = $2", client, org)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, sql.ErrNoRows)
	}
	_, err = a.oauth.RevokeClient(ctx, strconv.FormatInt(org, 10), client)
	return err
}

// addPassword makes a user name and a password of HTTP Basic for a connection.
func (a *app) addPassword(ctx context.Context, org int64, connection string) (password string, t store.Token, err error) {
	password, sum := scim.NewToken()
	now := time.Now().Truncate(time.Second)
	t = store.Token{
		ID: connection + "-" + strings.ToLower(rand.Text()[:10]), SHA256: sum, Tenant: strconv.FormatInt(org, 10), Connection: connection,
		Created: now, Expires: now.Add(passwordLives),
	}
	return password, t, a.kept.AddToken(ctx, t)
}

// revokePassword ends a password of an organisation.
func (a *app) revokePassword(ctx context.Context, org int64, id string) error {
	revoked := true
	return a.kept.SetToken(store.WithTenant(ctx, strconv.FormatInt(org, 10)), id, store.TokenChange{Revoked: &revoked})
}
