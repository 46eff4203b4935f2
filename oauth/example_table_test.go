package oauth_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/store"
)

// clientTable keeps clients in a table of the application: the client as JSON, and a
// row of client_trusts for each issuer and subject that it names.
type clientTable struct{ db *sql.DB }

func (t clientTable) FindClient(ctx context.Context, id string) (oauth.Client, error) {
	var text string
	var c oauth.Client
	err := t.db.QueryRowContext(ctx, "SELECT client FROM oauth_clients WHERE id = ?", id).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return c, store.ErrNotFound
	}
	if err != nil {
		return c, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return c, json.Unmarshal([]byte(text), &c)
}

func (t clientTable) FindTrusting(ctx context.Context, issuer, subject string) ([]oauth.Client, error) {
	rows, err := t.db.QueryContext(ctx, "SELECT DISTINCT client_id FROM client_trusts WHERE issuer = ? AND subject = ? LIMIT 100", issuer, subject)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var clients []oauth.Client
	for _, id := range ids {
		c, err := t.FindClient(ctx, id)
		if err != nil {
			return nil, err
		}
		clients = append(clients, c)
	}
	return clients, nil
}

// put stores a client that has no mistake.
func (t clientTable) put(ctx context.Context, server *oauth.Server, c oauth.Client) error {
	if err := server.Check(c); err != nil {
		return err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "INSERT INTO oauth_clients (id, client) VALUES (?, ?)", c.ID, string(text)); err != nil {
		return err
	}
	for _, trust := range slices.Concat(c.Assertions, c.Bearer) {
		_, err := tx.ExecContext(ctx, "INSERT INTO client_trusts (client_id, issuer, subject) VALUES (?, ?, ?)", c.ID, trust.Issuer, trust.Subject)
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}

// Clients in a table of the application's own.
func ExampleClients() {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // of a database in memory
	_, err = db.Exec(`
		CREATE TABLE oauth_clients (id TEXT PRIMARY KEY, client TEXT NOT NULL);
		CREATE TABLE client_trusts (client_id TEXT NOT NULL REFERENCES oauth_clients, issuer TEXT NOT NULL, subject TEXT NOT NULL);
		CREATE INDEX client_trusts_subject ON client_trusts (issuer, subject)`)
	if err != nil {
		log.Fatal(err)
	}
	clients := clientTable{db}
	server, err := oauth.New(oauth.Config{Clients: clients, KeyHosts: []string{"login.microsoftonline.com"}})
	if err != nil {
		log.Fatal(err)
	}
	client := entraClient("ce5f061f-0000-0000-0000-000000000001", "1d5a0000-0000-0000-0000-00000000000a", "b5ba7a93-0000-0000-0000-00000000000b")
	client.Bearer, client.Assertions = client.Assertions, nil
	fmt.Println(clients.put(context.Background(), server, client))

	_, secret := oauth.NewSecret("s", time.Time{})
	fmt.Println(clients.put(context.Background(), server, oauth.Client{
		ID: "okta", Access: store.Token{Tenant: "acme", Connection: "okta"}, Secrets: []oauth.Secret{secret},
	}))
	found, err := clients.FindTrusting(context.Background(), client.Bearer[0].Issuer, client.Bearer[0].Subject)
	fmt.Println(len(found), err)
	// Output:
	// <nil>
	// oauth: client "okta": Secrets, Keys and Assertions need a token endpoint: set Config.Issuer
	// oauth: client "okta": secret "s" never expires: set Expires, for example in a year
	// 1 <nil>
}
