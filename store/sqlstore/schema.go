package sqlstore

import (
	"embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Part is a group of tables that an application can have without the others.
type Part string

const (
	Resources Part = "resources" // of DB.Store: resources, members, keys, counts
	Outbox    Part = "outbox"    // the DB as a store.Outbox
	Tokens    Part = "tokens"    // the DB as a store.Tokens
	Counters  Part = "counters"  // the DB as a store.Counters
	Audit     Part = "audit"     // the DB as a store.AuditTrail and an audit.Reader
	// Connections is the DB as a connection.Store.
	Connections Part = "connections"
	// Health is the DB as a figures.Store (package health).
	Health Part = "health"
)

var allParts = []Part{Resources, Outbox, Tokens, Counters, Audit, Connections, Health}

// Migration is one step of one part.
type Migration struct {
	Part    Part
	Version int    // grows with each release that changes tables; a part has not every number
	Name    string // "scim_002_outbox", in the order of application
	// SQL is the statements, each ended by a semicolon and a newline. The last one
	// records the step in the table scim_migration, so that [DB.Migrate] skips it.
	SQL string
}

// Schema returns the migrations of parts, without parts those of all, in the order
// of application, for tools such as goose, Atlas and Flyway. They are the statements
// that [DB.Migrate] runs. A later release adds migrations and changes none. The
// error names a part that does not exist.
func Schema(d Dialect, parts ...Part) ([]Migration, error) {
	if d.dialect == nil {
		return nil, errors.New("sqlstore: Schema needs a dialect")
	}
	if len(parts) == 0 {
		parts = allParts
	}
	var out []Migration
	for _, part := range allParts {
		if slices.Contains(parts, part) {
			out = append(out, d.migrations(part)...)
		}
	}
	for _, part := range parts {
		if !slices.Contains(allParts, part) {
			return nil, fmt.Errorf("sqlstore: there is no part %q", part)
		}
	}
	slices.SortStableFunc(out, func(a, b Migration) int { return a.Version - b.Version })
	return out, nil
}

//go:embed migrations
var migrationFiles embed.FS

// migrations returns the migrations of a part in the order of their versions.
func (d *dialect) migrations(part Part) []Migration {
	var out []Migration
	directory := "migrations/" + d.name
	files, err := migrationFiles.ReadDir(directory)
	if err != nil {
		panic(err) // the directory is embedded
	}
	for _, file := range files {
		number, name, _ := strings.Cut(strings.TrimSuffix(file.Name(), ".sql"), "_")
		version, err := strconv.Atoi(number)
		if err != nil || name != string(part) {
			continue
		}
		text := readMigration(path.Join(directory, file.Name())) + d.recording(part, version)
		out = append(out, Migration{Part: part, Version: version, Name: fmt.Sprintf("scim_%03d_%s", version, part), SQL: text})
	}
	slices.SortFunc(out, func(a, b Migration) int { return a.Version - b.Version })
	out[0].SQL = d.recordTable() + out[0].SQL
	return out
}

func readMigration(name string) string {
	text, err := migrationFiles.ReadFile(name)
	if err != nil {
		panic(err) // the file is embedded
	}
	return string(text)
}

// recordTable returns the statement that creates scim_migration.
func (d *dialect) recordTable() string {
	return readMigration("migrations/" + d.name + "/migration.sql")
}

// recording returns the statement that records a migration.
func (d *dialect) recording(part Part, version int) string {
	return fmt.Sprintf("%sscim_migration (part, version) VALUES ('%s', %d)%s;\n", d.insert, part, version, d.onTaken)
}
