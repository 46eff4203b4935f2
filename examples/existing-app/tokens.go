package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim"
)

// tokenService keeps API tokens. It stands for any service outside of the database
// that grants access: Redis, a gateway, the service of another team. It does not
// know whether a user is active.
type tokenService interface {
	// Issue returns a new token of a user.
	Issue(ctx context.Context, u account) (secret string, err error)
	// Find returns the user of a token, or errNotSignedIn.
	Find(ctx context.Context, secret string) (account, error)
	// Revoke ends all tokens of a user. It may be called again.
	Revoke(ctx context.Context, userID int64) error
}

// tokenFiles is a tokenService in a directory: one directory for each user,
// one file for each token, named after its hash.
type tokenFiles string

func (dir tokenFiles) ofUser(userID int64) string {
	return filepath.Join(string(dir), strconv.FormatInt(userID, 10))
}

func (dir tokenFiles) Issue(_ context.Context, u account) (string, error) {
	random, _ := scim.NewToken()
	secret := strconv.FormatInt(u.ID, 10) + "." + random
	if err := os.MkdirAll(dir.ofUser(u.ID), 0o700); err != nil {
		return "", err
	}
	return secret, os.WriteFile(filepath.Join(dir.ofUser(u.ID), hash(secret)), []byte(u.Email), 0o600)
}

func (dir tokenFiles) Find(_ context.Context, secret string) (account, error) {
	user, _, _ := strings.Cut(secret, ".")
	id, err := strconv.ParseInt(user, 10, 64)
	if err != nil {
		return account{}, errNotSignedIn
	}
	email, err := os.ReadFile(filepath.Join(dir.ofUser(id), hash(secret)))
	if errors.Is(err, fs.ErrNotExist) {
		return account{}, errNotSignedIn
	}
	return account{ID: id, Email: string(email)}, err
}

func (dir tokenFiles) Revoke(_ context.Context, userID int64) error {
	files, err := os.ReadDir(dir.ofUser(userID))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the user has no tokens
	}
	for _, f := range files {
		if e := os.Remove(filepath.Join(dir.ofUser(userID), f.Name())); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
