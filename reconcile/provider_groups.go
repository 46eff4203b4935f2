package reconcile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// GroupColumns names the columns of a CSV file of memberships, by the texts of its
// first line without regard to case.
type GroupColumns struct {
	DisplayName string // required
	ExternalID  string // "": the file has none
	// Member is the column of one member: Record.ID, externalId or userName. An
	// empty field is a group without members.
	Member string // required
	Comma  rune   // separates the columns; default a comma
}

// GroupCSV yields the groups of a CSV file (RFC 4180) with one line of names and one
// line for each membership. Lines of one group have the same externalId, or where
// that is empty the same displayName. The file is read as a whole before the first
// group: about 100 bytes of memory for each membership. An error ends the sequence;
// its text has the line. The sequence can be read once.
func GroupCSV(file io.Reader, c GroupColumns) iter.Seq2[GroupRecord, error] {
	return func(yield func(GroupRecord, error) bool) {
		groups, err := c.read(file)
		if err != nil {
			yield(GroupRecord{}, err)
			return
		}
		for _, g := range groups {
			if !yield(*g, nil) {
				return
			}
		}
	}
}

func (c GroupColumns) read(file io.Reader) ([]*GroupRecord, error) {
	r, names, err := openCSV(file, c.Comma)
	if err != nil {
		return nil, err
	}
	if c.DisplayName == "" || c.Member == "" {
		return nil, errors.New("GroupColumns.DisplayName and Member are required")
	}
	displayName, err1 := column(names, c.DisplayName)
	externalID, err2 := column(names, c.ExternalID)
	member, err3 := column(names, c.Member)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	var out []*GroupRecord
	byKey := map[string]*GroupRecord{}
	texts := map[string]string{} // each member once, whatever its number of groups
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		var id string
		key := "n" + fields[displayName]
		if externalID >= 0 && fields[externalID] != "" {
			id = fields[externalID]
			key = "e" + id
		}
		g := byKey[key]
		if g == nil {
			line, _ := r.FieldPos(0)
			g = &GroupRecord{DisplayName: key[1:], ExternalID: id, Position: fmt.Sprintf("line %d", line)}
			if id != "" {
				g.DisplayName, g.ExternalID = string([]byte(fields[displayName])), key[1:]
			}
			byKey[key] = g
			out = append(out, g)
		}
		if m := fields[member]; m != "" {
			text, ok := texts[m]
			if !ok {
				text = string([]byte(m)) // or it would keep the whole line
				texts[text] = text
			}
			g.Members = append(g.Members, text)
		}
	}
}

// GroupJSONLines yields the groups of a file with one group of SCIM in a line, as a
// JSON object: displayName, externalId and members, whose values are the ids of
// users (Record.ID). Empty lines are ignored. An error ends the sequence; its text has the
// line. A line has at most 4 MiB. The sequence can be read once.
func GroupJSONLines(file io.Reader) iter.Seq2[GroupRecord, error] {
	return func(yield func(GroupRecord, error) bool) {
		for text, err := range jsonLines(file) {
			var g GroupRecord
			if err == nil {
				g, err = groupRecord(text.json, text.position)
			}
			if !yield(g, err) || err != nil {
				return
			}
		}
	}
}

// Groups reads the resources of a listing as groups.
func Groups(resources iter.Seq2[[]byte, error]) iter.Seq2[GroupRecord, error] {
	return func(yield func(GroupRecord, error) bool) {
		n := 0
		for text, err := range resources {
			var g GroupRecord
			if n++; err == nil {
				g, err = groupRecord(text, fmt.Sprintf("resource %d", n))
			}
			if !yield(g, err) || err != nil {
				return
			}
		}
	}
}

func groupRecord(text []byte, position string) (GroupRecord, error) {
	var g struct {
		DisplayName string
		ExternalID  string
		Members     []struct{ Value string }
	}
	if err := json.Unmarshal(text, &g); err != nil {
		return GroupRecord{}, fmt.Errorf("%s: %w", position, err)
	}
	out := GroupRecord{DisplayName: g.DisplayName, ExternalID: g.ExternalID, Position: position}
	for _, m := range g.Members {
		out.Members = append(out.Members, m.Value)
	}
	return out, nil
}
