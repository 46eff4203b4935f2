package reconcile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// Columns names the columns of a CSV file, by the texts of its first line without
// regard to case.
type Columns struct {
	UserName   string // required
	ExternalID string // "": the file has none
	Email      string // "": the file has none
	// Active is the column of the status. "": every user is active.
	Active string
	// Attributes are the columns of other attributes by the path of the attribute
	// (CompareOptions.Attributes). An empty field is no value.
	Attributes map[string]string
	// ID is the column of the provider's own id, by which a file of groups names
	// members. "": the file has none.
	ID string
	// ActiveValues are the values of an active user, without regard to case, for
	// example ACTIVE; every other value is inactive. Default: true, yes, 1 and
	// active, or nothing at all, are active; false, no, 0 and inactive are not; any
	// other value is an error.
	ActiveValues []string
	// Comma separates the columns. Default a comma.
	Comma rune
}

// CSV yields the records of a CSV file (RFC 4180) with one line of names. A byte
// order mark is skipped. A row has at most 1 MiB. An error ends the sequence; its text
// has the line. The sequence can be read once.
func CSV(file io.Reader, c Columns) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		r, names, err := openCSV(file, c.Comma)
		if err != nil {
			yield(Record{}, err)
			return
		}
		at, err := c.find(names)
		if err != nil {
			yield(Record{}, err)
			return
		}
		for {
			fields, err := r.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			var rec Record
			if err == nil {
				line, _ := r.FieldPos(0)
				rec, err = at.record(fields, c.ActiveValues, line)
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// rows reads a CSV file, of which one row has at most maxRow bytes: each comma of it
// costs more memory than that.
type rows struct {
	*csv.Reader
	in *io.LimitedReader
}

const maxRow = 1 << 20

// Read returns the next row, which is valid until the next call.
func (r *rows) Read() ([]string, error) {
	r.in.N = maxRow
	fields, err := r.Reader.Read()
	if r.in.N <= 0 {
		return nil, fmt.Errorf("a row of more than %d bytes", maxRow)
	}
	return fields, err
}

// openCSV returns a reader of a CSV file after its line of names.
func openCSV(file io.Reader, comma rune) (r *rows, names []string, err error) {
	limited := &io.LimitedReader{R: file, N: maxRow}
	in := bufio.NewReader(limited)
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		_, _ = in.Discard(3)
	}
	r = &rows{csv.NewReader(in), limited}
	r.ReuseRecord = true
	if comma != 0 {
		r.Comma = comma
	}
	if names, err = r.Read(); err != nil {
		return nil, nil, fmt.Errorf("the line of names: %w", err)
	}
	return r, names, nil
}

// places are the columns of a file by their place; -1 is a column that it has not.
type places struct {
	userName, externalID, email, active, id int
	attributes                              map[string]int
}

func (c Columns) find(names []string) (places, error) {
	var errs []error
	find := func(name string) int {
		i, err := column(names, name)
		errs = append(errs, err)
		return i
	}
	if c.UserName == "" {
		errs = append(errs, errors.New("Columns.UserName is required"))
	}
	p := places{find(c.UserName), find(c.ExternalID), find(c.Email), find(c.Active), find(c.ID), nil}
	for path, name := range c.Attributes {
		if p.attributes == nil {
			p.attributes = map[string]int{}
		}
		p.attributes[path] = find(name)
	}
	return p, errors.Join(errs...)
}

// column returns the place of a column; -1 without a name.
func column(names []string, name string) (int, error) {
	if name == "" {
		return -1, nil
	}
	same := func(n string) bool { return strings.EqualFold(strings.TrimSpace(n), name) }
	i := slices.IndexFunc(names, same)
	if i < 0 || slices.IndexFunc(names[i+1:], same) >= 0 {
		return i, fmt.Errorf("the file has not one column %q among %q", name, names)
	}
	return i, nil
}

func (p places) record(fields, activeValues []string, line int) (Record, error) {
	field := func(i int) string {
		if i < 0 {
			return ""
		}
		return strings.Clone(fields[i]) // or it would keep the whole line
	}
	r := Record{
		UserName: field(p.userName), ExternalID: field(p.externalID), Email: field(p.email), ID: field(p.id),
		Position: fmt.Sprintf("line %d", line), NoStatus: p.active < 0,
	}
	if p.attributes != nil {
		r.Attributes = make(map[string]string, len(p.attributes))
		for path, i := range p.attributes {
			r.Attributes[path] = field(i)
		}
	}
	if p.active < 0 {
		return r, nil
	}
	active, ok := isActive(fields[p.active], activeValues)
	if !ok {
		return r, fmt.Errorf("%s: %q is neither active nor inactive: set Columns.ActiveValues", r.Position, fields[p.active])
	}
	r.Inactive = !active
	return r, nil
}

// isActive reports whether a status is that of an active user; ok is false if the
// status is not known.
func isActive(status string, activeValues []string) (active, ok bool) {
	status = strings.TrimSpace(status)
	if activeValues != nil {
		return slices.ContainsFunc(activeValues, func(v string) bool { return strings.EqualFold(v, status) }), true
	}
	switch strings.ToLower(status) {
	case "", "true", "yes", "1", "active":
		return true, true
	case "false", "no", "0", "inactive":
		return false, true
	}
	return false, false
}

// Bounds of one line of JSON and of one page of a listing, in bytes.
const (
	maxLine = 4 << 20
	maxPage = 64 << 20
)

// JSONLines yields the records of a file with one user of SCIM in a line, as a
// JSON object: id, userName, externalId, active and emails; [Compare] reads the
// other attributes. Empty lines are ignored. An error ends the sequence; its text
// has the line. A line has at most 4 MiB. The sequence can be read once.
func JSONLines(file io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for text, err := range jsonLines(file) {
			var r Record
			if err == nil {
				r, err = userRecord(text.json, text.position)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// positioned is one JSON text and where it stands.
type positioned struct {
	json     []byte
	position string
}

// jsonLines yields the lines of a file that are not empty.
func jsonLines(file io.Reader) iter.Seq2[positioned, error] {
	return func(yield func(positioned, error) bool) {
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, maxLine)
		n := 0
		for lines.Scan() {
			n++
			text := bytes.TrimSpace(lines.Bytes())
			if len(text) > 0 && !yield(positioned{bytes.Clone(text), fmt.Sprintf("line %d", n)}, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(positioned{}, fmt.Errorf("line %d: %w", n+1, err))
		}
	}
}

// List yields the records of a listing of SCIM users (RFC 7644 §3.4.2). fetch
// returns the body of the page that begins with the resource startIndex, counted
// from 1; List closes it. A page has at most 64 MiB. An error ends the sequence.
// Package remote lists another service provider over HTTP, by cursor too.
func List(ctx context.Context, fetch func(ctx context.Context, startIndex int) (io.ReadCloser, error)) iter.Seq2[Record, error] {
	return Users(Pages(ctx, func(ctx context.Context, at Position) (io.ReadCloser, error) { return fetch(ctx, at.StartIndex) }))
}

// Users reads the resources of a listing as users.
func Users(resources iter.Seq2[[]byte, error]) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		n := 0
		for text, err := range resources {
			var r Record
			if n++; err == nil {
				r, err = userRecord(text, fmt.Sprintf("resource %d", n))
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// userRecord reads a user of SCIM.
func userRecord(text []byte, position string) (Record, error) {
	var user struct {
		ID         string
		UserName   string
		ExternalID string
		Active     any
		Emails     []struct {
			Value   string
			Primary any
		}
	}
	if err := json.Unmarshal(text, &user); err != nil {
		return Record{}, fmt.Errorf("%s: %w", position, err)
	}
	r := Record{UserName: user.UserName, ExternalID: user.ExternalID, ID: user.ID, Position: position, NoStatus: user.Active == nil, Resource: text}
	if user.Active != nil { // Entra ID sends "False" too
		active, ok := isActive(fmt.Sprint(user.Active), nil)
		if !ok {
			return r, fmt.Errorf("%s: active is %q", position, fmt.Sprint(user.Active))
		}
		r.Inactive = !active
	}
	for i, e := range user.Emails {
		if i == 0 || strings.EqualFold(fmt.Sprint(e.Primary), "true") {
			r.Email = e.Value
		}
	}
	return r, nil
}
