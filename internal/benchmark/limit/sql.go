package limit

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"modernc.org/sqlite"
)

// relational is a database on database/sql. Its statements are prepared, by the package
// for SQLite, by pgx for PostgreSQL.
type relational struct {
	writer, reader *sql.DB
	total          atomic.Int64 // users
	seeding        *sql.Tx      // the transaction of together

	getUser, findUser, lockUser, createUser, updateUser             query
	byOrder, byName, byNameDown                                     query
	makeGroup, nameOfGroup, membersOfGroup, addMember, removeMember query
}

// query is a statement, prepared if stmt is set.
type query struct {
	text string
	stmt *sql.Stmt
}

const schemaSQLite = `
CREATE TABLE users (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, user_name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE groups (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE members (grp TEXT NOT NULL, member TEXT NOT NULL, PRIMARY KEY (grp, member)) STRICT, WITHOUT ROWID;
`

const schemaPostgreSQL = `
CREATE TABLE users (seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id TEXT NOT NULL UNIQUE, user_name TEXT COLLATE "C" NOT NULL UNIQUE, version BIGINT NOT NULL, body TEXT NOT NULL);
CREATE TABLE groups (id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE members (grp TEXT NOT NULL, member TEXT NOT NULL, PRIMARY KEY (grp, member));
`

// connector opens connections to a SQLite file with settings.
type connector struct {
	file    string
	pragmas string
}

func (c connector) Driver() driver.Driver { return &sqlite.Driver{} }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open("file:" + c.file)
	if err != nil {
		return nil, err
	}
	_, err = conn.(driver.ExecerContext).ExecContext(ctx, c.pragmas, nil)
	return conn, err
}

// openSQLite opens a file with the settings of sqlstore.OpenSQLite: a writer, readers
// beside it (WAL), and each commit on disk.
func openSQLite(file string) (*relational, error) {
	const always = "PRAGMA busy_timeout=5000; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
	db := &relational{
		writer: sql.OpenDB(connector{file, always + "PRAGMA journal_mode=WAL"}),
		reader: sql.OpenDB(connector{file, always + "PRAGMA query_only=ON"}),
	}
	db.writer.SetMaxOpenConns(1)
	readers := max(4, runtime.GOMAXPROCS(0))
	db.reader.SetMaxOpenConns(readers)
	db.reader.SetMaxIdleConns(readers)
	if _, err := db.writer.Exec(schemaSQLite); err != nil {
		return nil, err
	}
	return db, db.prepare(func(text string) string { return text }, "", "group_concat(member)", true)
}

// openPostgreSQL opens a server as sqlstore.OpenURL does.
func openPostgreSQL(url string) (*relational, error) {
	pool, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(20)
	pool.SetMaxIdleConns(20)
	if _, err := pool.Exec(schemaPostgreSQL); err != nil {
		return nil, err
	}
	db := &relational{writer: pool, reader: pool}
	return db, db.prepare(numbered, " FOR UPDATE", "string_agg(member, ',')", false)
}

// numbered replaces each ? by $1, $2 and so on.
func numbered(text string) string {
	for n := byte('1'); strings.Contains(text, "?"); n++ {
		text = strings.Replace(text, "?", "$"+string(n), 1)
	}
	return text
}

func (db *relational) prepare(text func(string) string, locked, together string, statements bool) (err error) {
	for _, q := range []struct {
		query *query
		on    *sql.DB
		text  string
	}{
		{&db.getUser, db.reader, "SELECT body, version FROM users WHERE id = ?"},
		{&db.findUser, db.reader, "SELECT body, version FROM users WHERE user_name = ?"},
		{&db.lockUser, db.writer, "SELECT body, version FROM users WHERE id = ?" + locked},
		{&db.createUser, db.writer, "INSERT INTO users (id, user_name, version, body) VALUES (?, ?, ?, ?)"},
		{&db.updateUser, db.writer, "UPDATE users SET user_name = ?, version = ?, body = ? WHERE id = ?"},
		{&db.byOrder, db.reader, "SELECT body FROM users ORDER BY seq LIMIT ? OFFSET ?"},
		{&db.byName, db.reader, "SELECT body FROM users ORDER BY user_name LIMIT ? OFFSET ?"},
		{&db.byNameDown, db.reader, "SELECT body FROM users ORDER BY user_name DESC LIMIT ? OFFSET ?"},
		{&db.makeGroup, db.writer, "INSERT INTO groups (id, name) VALUES (?, ?)"},
		{&db.nameOfGroup, db.reader, "SELECT name FROM groups WHERE id = ?"},
		{&db.membersOfGroup, db.reader, "SELECT COALESCE(" + together + ", '') FROM members WHERE grp = ?"},
		{&db.addMember, db.writer, "INSERT INTO members (grp, member) VALUES (?, ?) ON CONFLICT DO NOTHING"},
		{&db.removeMember, db.writer, "DELETE FROM members WHERE grp = ? AND member = ?"},
	} {
		q.query.text = text(q.text)
		if statements {
			if q.query.stmt, err = q.on.Prepare(q.query.text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (q *query) rows(ctx context.Context, on *sql.DB, args ...any) (*sql.Rows, error) {
	if q.stmt != nil {
		return q.stmt.QueryContext(ctx, args...)
	}
	return on.QueryContext(ctx, q.text, args...)
}

func (q *query) row(ctx context.Context, on *sql.DB, args ...any) *sql.Row {
	if q.stmt != nil {
		return q.stmt.QueryRowContext(ctx, args...)
	}
	return on.QueryRowContext(ctx, q.text, args...)
}

func (q *query) exec(ctx context.Context, on *sql.DB, args ...any) error {
	var err error
	if q.stmt != nil {
		_, err = q.stmt.ExecContext(ctx, args...)
	} else {
		_, err = on.ExecContext(ctx, q.text, args...)
	}
	return err
}

func (q *query) execTx(ctx context.Context, tx *sql.Tx, args ...any) error {
	var err error
	if q.stmt != nil {
		_, err = tx.StmtContext(ctx, q.stmt).ExecContext(ctx, args...)
	} else {
		_, err = tx.ExecContext(ctx, q.text, args...)
	}
	return err
}

func (q *query) rowTx(ctx context.Context, tx *sql.Tx, args ...any) *sql.Row {
	if q.stmt != nil {
		return tx.StmtContext(ctx, q.stmt).QueryRowContext(ctx, args...)
	}
	return tx.QueryRowContext(ctx, q.text, args...)
}

func scan(r *sql.Row) (found row, err error) {
	if err = r.Scan(&found.body, &found.version); errors.Is(err, sql.ErrNoRows) {
		err = errNotFound
	}
	return found, err
}

func (db *relational) get(ctx context.Context, id string) (row, error) {
	return scan(db.getUser.row(ctx, db.reader, id))
}

func (db *relational) find(ctx context.Context, userName string) (row, error) {
	return scan(db.findUser.row(ctx, db.reader, userName))
}

func (db *relational) create(ctx context.Context, id, userName string, r row) error {
	var err error
	if db.seeding != nil {
		err = db.createUser.execTx(ctx, db.seeding, id, userName, r.version, string(r.body))
	} else {
		err = db.createUser.exec(ctx, db.writer, id, userName, r.version, string(r.body))
	}
	if err == nil {
		db.total.Add(1)
	}
	return err
}

func (db *relational) update(ctx context.Context, id string, change func(row) (string, row, error)) (row, error) {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return row{}, err
	}
	defer tx.Rollback()
	old, err := scan(db.lockUser.rowTx(ctx, tx, id))
	if err != nil {
		return row{}, err
	}
	name, r, err := change(old)
	if err != nil {
		return row{}, err
	}
	if err := db.updateUser.execTx(ctx, tx, name, r.version, string(r.body), id); err != nil {
		return row{}, err
	}
	return r, tx.Commit()
}

func (db *relational) list(ctx context.Context, byName, descending bool, start, count int, add func([]byte)) (int64, error) {
	q := &db.byOrder
	switch {
	case byName && descending:
		q = &db.byNameDown
	case byName:
		q = &db.byName
	}
	rows, err := q.rows(ctx, db.reader, count, start-1)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var body sql.RawBytes
		if err := rows.Scan(&body); err != nil {
			return 0, err
		}
		add(body)
	}
	return db.total.Load(), rows.Err()
}

func (db *relational) createGroup(ctx context.Context, id, name string) error {
	return db.makeGroup.exec(ctx, db.writer, id, name)
}

// group reads all members as one text: a row for each costs several times more.
func (db *relational) group(ctx context.Context, id string) (name string, members []string, err error) {
	if err := db.nameOfGroup.row(ctx, db.reader, id).Scan(&name); err != nil {
		return "", nil, err
	}
	var all string
	if err := db.membersOfGroup.row(ctx, db.reader, id).Scan(&all); err != nil || all == "" {
		return name, nil, err
	}
	return name, strings.Split(all, ","), nil
}

func (db *relational) addMembers(ctx context.Context, group string, ids []string) error {
	if len(ids) == 1 {
		return db.addMember.exec(ctx, db.writer, group, ids[0])
	}
	return db.each(ctx, &db.addMember, group, ids)
}

func (db *relational) removeMembers(ctx context.Context, group string, ids []string) error {
	return db.each(ctx, &db.removeMember, group, ids)
}

func (db *relational) each(ctx context.Context, q *query, group string, ids []string) error {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, id := range ids {
		if err := q.execTx(ctx, tx, group, id); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (db *relational) together(ctx context.Context, fn func() error) error {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	db.seeding = tx
	defer func() { db.seeding = nil }()
	if err := fn(); err != nil {
		return err
	}
	return tx.Commit()
}
