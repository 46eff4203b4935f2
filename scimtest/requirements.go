package scimtest

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

//go:generate go test . -update

// requirementsText has a line for each requirement; its head describes the
// form. docs/requirements.md is made from it and from the cases that passed.
//
//go:embed requirements.txt
var requirementsText string

// requirement is one demand on a service provider.
type requirement struct {
	id       string // such as P-46
	area     string // such as PATCH
	level    string // the key word of the source
	source   string // such as RFC 7644 §3.5.2.2
	text     string // the demand as a sentence
	unproven string // why no case proves it; "" if one does
	limit    string // the part of it that no case proves; "" if there is none
}

// String returns what a failure prints of the requirement.
func (r requirement) String() string { return fmt.Sprintf("%s (%s): %s", r.id, r.source, r.text) }

// requirements returns the lines of requirements.txt in their order.
var requirements = sync.OnceValue(func() []requirement {
	list, err := parseRequirements(requirementsText)
	if err != nil {
		panic(err) // a file of this package
	}
	return list
})

func parseRequirements(text string) ([]requirement, error) {
	var list []requirement
	var area requirement
	for n, line := range strings.Split(text, "\n") {
		var err error
		switch {
		case strings.HasPrefix(line, "## "):
			area, err = parseArea(strings.TrimPrefix(line, "## "))
		case line != "" && line[0] != '#':
			var r requirement
			r, err = parseRequirement(line, area)
			list = append(list, r)
		}
		if err != nil {
			return nil, fmt.Errorf("scimtest: requirements.txt, line %d: %w", n+1, err)
		}
	}
	return list, nil
}

func parseArea(line string) (requirement, error) {
	title, note, _ := strings.Cut(line, " | ")
	r := requirement{area: title}
	return r, r.addNote(note)
}

// parseRequirement reads the line of a requirement in an area, whose reason it
// has unless it has its own.
func parseRequirement(line string, area requirement) (requirement, error) {
	fields := strings.Split(line, " | ")
	if len(fields) < 4 || len(fields) > 5 {
		return requirement{}, fmt.Errorf("4 or 5 fields are expected, there are %d", len(fields))
	}
	r := requirement{id: fields[0], area: area.area, level: fields[1], source: fields[2], text: fields[3], unproven: area.unproven, limit: area.limit}
	if len(fields) == 4 {
		return r, nil
	}
	return r, r.addNote(fields[4])
}

// addNote reads the note at the end of a line, "" for none.
func (r *requirement) addNote(note string) error {
	kind, reason, _ := strings.Cut(note, ": ")
	switch {
	case note == "":
	case kind == "not proven" && reason != "":
		r.unproven = reason
	case kind == "in part" && reason != "":
		r.limit = reason
	default:
		return fmt.Errorf("%q is not a note", note)
	}
	return nil
}

// describe returns the requirements with the ids, a line for each.
func describe(ids string) string {
	var lines []string
	for _, id := range strings.Fields(ids) {
		for _, r := range requirements() {
			if r.id == id {
				lines = append(lines, r.String())
			}
		}
	}
	return strings.Join(lines, "\n")
}
