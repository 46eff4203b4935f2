// Package seed creates the first users of the servers of the benchmark that are compiled
// with it. The library reads the same files by its own code (package library), since it
// is compiled into the trees of earlier commits.
package seed

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
)

// Create calls create with each line of a file, which is the JSON of a user, and writes
// the ids that it returns to another file, one in each line.
func Create(from, to string, create func(user []byte) (id string, err error)) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	var ids bytes.Buffer
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		id, err := create(lines.Bytes())
		if err != nil {
			return err
		}
		fmt.Fprintln(&ids, id)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return os.WriteFile(to, ids.Bytes(), 0o600)
}
