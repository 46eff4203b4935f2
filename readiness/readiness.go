package readiness

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Profile is one of the profiles that are reported on.
type Profile string

// The profiles. Each includes those before it.
const (
	Interop  Profile = "interop"
	IPSIEAL1 Profile = "ipsie-al1"
	IPSIEAL2 Profile = "ipsie-al2"
)

// profiles are in the order in which they include one another.
var profiles = []Profile{Interop, IPSIEAL1, IPSIEAL2}

// Status says whether a demand is fulfilled.
type Status uint8

const (
	// Fulfilled is a demand that the library carries out under the configuration.
	Fulfilled Status = iota
	// NotFulfilled is one that the configuration does not fulfil.
	NotFulfilled
	// Host is one that the application or its surroundings fulfil, or not: the
	// configuration does not tell.
	Host
)

var statusNames = [...]string{"yes", "NO", "host"}

// String returns yes, NO or host.
func (s Status) String() string { return statusNames[s] }

// Line is one demand and what the configuration does about it.
type Line struct {
	Profile Profile // the first one that has the demand
	Must    bool    // otherwise it is a SHOULD
	Demand  string
	Status  Status
	Remark  string // the reason, and what is to be done; may be ""
}

// Report has a line for every demand, in the order of the profiles.
type Report []Line

// Fulfils reports whether the configuration fulfils every MUST of a profile and of
// those that it includes, as far as it can tell: demands of the host are assumed to be
// fulfilled. It is false for an unknown profile.
func (r Report) Fulfils(p Profile) bool { return known(p) && len(r.Missing(p)) == 0 }

// Missing returns the lines with a MUST of a profile, or of one that it includes, that
// the configuration does not fulfil.
func (r Report) Missing(p Profile) Report {
	var out Report
	for _, l := range r {
		if l.Must && l.Status == NotFulfilled && level(l.Profile) <= level(p) {
			out = append(out, l)
		}
	}
	return out
}

func level(p Profile) int {
	for i, one := range profiles {
		if one == p {
			return i
		}
	}
	return -1
}

func known(p Profile) bool { return level(p) >= 0 }

// String returns the report as a table (profile, MUST or SHOULD, status, demand with the
// remark), and for each profile a line that says whether the configuration fulfils it.
func (r Report) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, l := range r {
		word := "SHOULD"
		if l.Must {
			word = "MUST"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s", l.Profile, word, l.Status, l.Demand)
		if l.Remark != "" {
			fmt.Fprintf(w, " (%s)", l.Remark)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // a strings.Builder takes everything
	for _, p := range profiles {
		switch missing := len(r.Missing(p)); missing {
		case 0:
			fmt.Fprintf(&b, "%s: fulfilled by the configuration; the lines with host remain\n", p)
		default:
			fmt.Fprintf(&b, "%s: not fulfilled: %d of the MUST\n", p, missing)
		}
	}
	return b.String()
}
