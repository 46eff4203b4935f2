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
	// ActiveValues are the values of an active user, without regard to case, for
	// example ACTIVE; every other value is inactive. Default: true, yes, 1 and
	// active, or nothing at all, are active; false, no, 0 and inactive are not; any
	// other value is an error.
	ActiveValues []string
	// Comma separates the columns. Default a comma.
	Comma rune
}

// CSV yields the records of a CSV file (RFC 4180) with one line of names. A byte
// order mark is skipped. An error ends the sequence; its text has the line. The
// sequence can be read once.
func CSV(file io.Reader, c Columns) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		in := bufio.NewReader(file)
		if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
			_, _ = in.Discard(3)
		}
		r := csv.NewReader(in)
		r.ReuseRecord = true
		if c.Comma != 0 {
			r.Comma = c.Comma
		}
		names, err := r.Read()
		if err != nil {
			yield(Record{}, fmt.Errorf("the line of names: %w", err))
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

// places are the columns of a file by their place; -1 is a column that it has not.
type places struct{ userName, externalID, email, active int }

func (c Columns) find(names []string) (places, error) {
	var errs []error
	find := func(name string) int {
		if name == "" {
			return -1
		}
		same := func(n string) bool { return strings.EqualFold(strings.TrimSpace(n), name) }
		i := slices.IndexFunc(names, same)
		if i < 0 || slices.IndexFunc(names[i+1:], same) >= 0 {
			errs = append(errs, fmt.Errorf("the file has not one column %q among %q", name, names))
		}
		return i
	}
	if c.UserName == "" {
		errs = append(errs, errors.New("Columns.UserName is required"))
	}
	p := places{find(c.UserName), find(c.ExternalID), find(c.Email), find(c.Active)}
	return p, errors.Join(errs...)
}

func (p places) record(fields, activeValues []string, line int) (Record, error) {
	field := func(i int) string {
		if i < 0 {
			return ""
		}
		return strings.Clone(fields[i]) // or it would keep the whole line
	}
	r := Record{UserName: field(p.userName), ExternalID: field(p.externalID), Email: field(p.email), Position: fmt.Sprintf("line %d", line)}
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

// maxJSON bounds one line of [JSONLines] and one page of [List].
const (
	maxLine = 4 << 20
	maxPage = 64 << 20
)

// JSONLines yields the records of a file with one user of SCIM in a line, as a
// JSON object: userName, externalId, active (by default true) and emails. Other
// members are ignored, and so are empty lines. An error ends the sequence; its text
// has the line. A line has at most 4 MiB. The sequence can be read once.
func JSONLines(file io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, maxLine)
		n := 0
		for lines.Scan() {
			n++
			text := bytes.TrimSpace(lines.Bytes())
			if len(text) == 0 {
				continue
			}
			position := fmt.Sprintf("line %d", n)
			r, err := userRecord(text, position)
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Record{}, fmt.Errorf("line %d: %w", n+1, err))
		}
	}
}

// List yields the records of a listing of SCIM users (RFC 7644 §3.4.2). fetch
// returns the body of the page that begins with the resource startIndex, counted
// from 1; List closes it. A page has at most 64 MiB. An error ends the sequence.
func List(ctx context.Context, fetch func(ctx context.Context, startIndex int) (io.ReadCloser, error)) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for index := 1; ; {
			users, total, err := page(ctx, fetch, index)
			if err != nil {
				yield(Record{}, fmt.Errorf("the page at startIndex %d: %w", index, err))
				return
			}
			for _, text := range users {
				r, err := userRecord(text, fmt.Sprintf("resource %d", index))
				if !yield(r, err) || err != nil {
					return
				}
				index++
			}
			if len(users) == 0 || index > total {
				return
			}
		}
	}
}

func page(ctx context.Context, fetch func(context.Context, int) (io.ReadCloser, error), index int) ([]json.RawMessage, int, error) {
	body, err := fetch(ctx, index)
	if err != nil {
		return nil, 0, err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, maxPage+1))
	if err != nil {
		return nil, 0, err
	}
	if len(text) > maxPage {
		return nil, 0, errors.New("the page has more than 64 MiB")
	}
	var list struct {
		TotalResults *int
		Resources    []json.RawMessage
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, 0, err
	}
	if list.TotalResults == nil {
		return nil, 0, errors.New("the body is not a list response: totalResults is missing")
	}
	return list.Resources, *list.TotalResults, nil
}

// userRecord reads a user of SCIM.
func userRecord(text []byte, position string) (Record, error) {
	var user struct {
		UserName   string
		ExternalID string
		Active     any
		Emails     []struct {
			Value   string
			Primary bool
		}
	}
	if err := json.Unmarshal(text, &user); err != nil {
		return Record{}, fmt.Errorf("%s: %w", position, err)
	}
	r := Record{UserName: user.UserName, ExternalID: user.ExternalID, Position: position}
	if user.Active != nil { // Entra ID sends "False" too
		active, ok := isActive(fmt.Sprint(user.Active), nil)
		if !ok {
			return r, fmt.Errorf("%s: active is %q", position, fmt.Sprint(user.Active))
		}
		r.Inactive = !active
	}
	for i, e := range user.Emails {
		if i == 0 || e.Primary {
			r.Email = e.Value
		}
	}
	return r, nil
}
