package limit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// Serve answers requests at the address, from memory, a postgres:// URL or a SQLite
// file, which is empty before. The file seed has a user in each line; their ids are
// written to the file ids.
func Serve(addr, name, seed, ids string) error {
	db, err := open(name)
	if err != nil {
		return err
	}
	s := &server{db, "http://" + addr + "/scim/v2"}
	if seed != "" {
		if err := s.seed(seed, ids); err != nil {
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
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	var ids bytes.Buffer
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	ctx := context.Background()
	err = s.db.together(ctx, func() error {
		for lines.Scan() {
			var u User
			if err := json.Unmarshal(lines.Bytes(), &u); err != nil {
				return err
			}
			if _, err := s.create(ctx, &u); err != nil {
				return err
			}
			fmt.Fprintln(&ids, u.ID)
		}
		return lines.Err()
	})
	if err != nil {
		return err
	}
	return os.WriteFile(to, ids.Bytes(), 0o600)
}
