package limit

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/seed5f3efb56/scim/internal/benchmark/seed"
)

// Serve answers requests at the address, from memory, a postgres:// URL or a SQLite
// file, which is empty before. The file users has a user in each line; their ids are
// written to the file ids.
func Serve(addr, name, users, ids string) error {
	db, err := open(name)
	if err != nil {
		return err
	}
	s := &server{db, "http://" + addr + "/scim/v2"}
	if users != "" {
		if err := s.seed(users, ids); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	return http.ListenAndServe(addr, s)
}

func open(name string) (database, error) {
	switch {
	case name == "memory":
		return newMemory(), nil
	case strings.HasPrefix(name, "postgres://"):
		return openPostgreSQL(name)
	}
	return openSQLite(name)
}

func (s *server) seed(from, to string) error {
	ctx := context.Background()
	return s.db.together(ctx, func() error {
		return seed.Create(from, to, func(user []byte) (string, error) {
			var u User
			if err := json.Unmarshal(user, &u); err != nil {
				return "", err
			}
			_, err := s.create(ctx, &u)
			return u.ID, err
		})
	})
}
