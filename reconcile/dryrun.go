package reconcile

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/seed5f3efb56/scim/schema"
)

// Record is one user on the provider's side.
type Record struct {
	UserName   string `json:"userName"`
	ExternalID string `json:"externalId,omitempty"`
	// Email is the e-mail address. No user is matched by it: it only tells which
	// accounts look alike (Finding.Similar).
	Email    string `json:"email,omitempty"`
	Inactive bool   `json:"inactive,omitempty"`
	// Position says where the record stands, for example "line 7".
	Position string `json:"position,omitempty"`

	// The rest is for [Compare].

	// ID is the provider's own id of the user, by which its groups name members.
	ID string `json:"-"`
	// NoStatus says that the record does not tell whether the user is active; it is
	// then neither active nor inactive for Compare.
	NoStatus bool `json:"-"`
	// Attributes are the values of other attributes, by the paths of
	// CompareOptions.Attributes: "" is no value, and a path that is missing is not
	// compared.
	Attributes map[string]string `json:"-"`
	// Resource is the SCIM user as JSON. If it is set, Attributes is ignored.
	Resource []byte `json:"-"`
}

// Account is one user of the application.
type Account struct {
	ID         string `json:"id"`
	UserName   string `json:"userName"`
	ExternalID string `json:"externalId,omitempty"`
	Inactive   bool   `json:"inactive,omitempty"`
}

// Kind says what the first sync does with a record or an account.
type Kind string

// The kinds of findings, in the order of a report.
const (
	Conflict   Kind = "conflict"   // the record is refused (409, 400) or needs a decision: see Finding.Reason
	Deactivate Kind = "deactivate" // a match: the account is active and the record is not
	Reactivate Kind = "reactivate" // a match: the record is active and the account is not
	Match      Kind = "match"      // the record belongs to the account
	Create     Kind = "create"     // the record has no account
	Unclaimed  Kind = "unclaimed"  // the account belongs to no record
)

// Kinds returns all kinds in the order of a report.
func Kinds() []Kind { return []Kind{Conflict, Deactivate, Reactivate, Match, Create, Unclaimed} }

// Reason says why a record is a conflict.
type Reason string

// The reasons of conflicts.
const (
	// NoUserName: the record has no userName; a POST of it is 400.
	NoUserName Reason = "the record has no userName"
	// SameUserName: an earlier record has the same userName; the second POST is 409.
	SameUserName Reason = "another record has the same userName"
	// SameExternalID: an earlier record has the same externalId, so that the
	// provider cannot tell the two apart.
	SameExternalID Reason = "another record has the same externalId"
	// OtherUserName: an account has the externalId and another userName. A provider
	// that looks for the externalId renames the account, any other creates a second
	// one with the externalId.
	OtherUserName Reason = "the account with the externalId has another userName"
	// OtherExternalID: the account with the userName has another externalId: it was
	// linked to another user.
	OtherExternalID Reason = "the account with the userName has another externalId"
	// TwoAccounts: one account has the userName and another one the externalId, or
	// several accounts have the externalId.
	TwoAccounts Reason = "several accounts have the userName or externalId"
	// NotAdoptable: Options.Adoptable refuses the account. A POST of the record is
	// 409, since the userName is in use.
	NotAdoptable Reason = "the account may not be adopted"
)

// Finding is a record, an account, or a record with its account.
type Finding struct {
	Kind   Kind   `json:"kind"`
	Reason Reason `json:"reason,omitempty"`
	// By has what matched: "userName", or "userName and externalId".
	By      string   `json:"by,omitempty"`
	Record  *Record  `json:"record,omitempty"`
	Account *Account `json:"account,omitempty"`
	// Similar is the id of an unclaimed account with the e-mail address of a
	// record that will be created. It may be the same person, and it may not.
	Similar string `json:"similar,omitempty"`
}

// Options of [DryRun]. The zero value is a working default.
type Options struct {
	// Adoptable, if set, is asked for every account whether the provider's
	// connection may adopt it or has provisioned it. It is called while the
	// accounts are read. Default: every account, as for a connection without an
	// owner.
	Adoptable func(account *schema.Resource) bool
}

// DryRun reports what the first sync of the records will do with the users of a
// store, in the tenant of the context (store.WithTenant). Records are matched as
// the library does it: userName by schema.FoldKey where the type folds its case,
// externalId byte for byte, never by e-mail address. It reads each side once, the
// accounts first, and writes nothing. Changes on either side meanwhile may be in
// the report or not.
//
// The error is that of a record (Record.Position is in its text), of the store, or
// of a context that has ended.
func DryRun(ctx context.Context, records iter.Seq2[Record, error], users Lister, o Options) (*Report, error) {
	d := &dryRun{names: map[string]int{}, externals: map[string]int{}, mails: map[string]int{}, seen: map[string]bool{}, seenExternals: map[string]bool{}}
	if err := d.read(ctx, users, o); err != nil {
		return nil, err
	}
	report := &Report{}
	for r, err := range records {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("reconcile: the provider's records: %w", err)
		}
		r.ID, r.NoStatus, r.Attributes, r.Resource = "", false, nil, nil // the report keeps the record
		report.Findings = append(report.Findings, d.find(&r))
	}
	d.similar(report.Findings)
	report.Findings = append(report.Findings, d.unclaimed()...)
	report.sort()
	return report, nil
}

// dryRun has the accounts of the application and what is known of the records
// read so far. Accounts are named by their place.
type dryRun struct {
	accounts  []account
	names     map[string]int // by the key of the userName
	externals map[string]int // by externalId; several if more than one has it
	mails     map[string]int // by the key of the e-mail address
	exact     bool           // userNames are compared byte for byte

	seen, seenExternals map[string]bool
}

type account struct {
	Account
	adoptable, claimed bool
}

const several = -1

// nameKey returns what equal userNames have in common.
func (d *dryRun) nameKey(name string) string {
	if d.exact {
		return name
	}
	return schema.FoldKey(name)
}

// find returns what happens to a record.
func (d *dryRun) find(r *Record) Finding {
	if reason := d.known(r); reason != "" {
		return Finding{Kind: Conflict, Reason: reason, Record: r}
	}
	named, hasName := d.names[d.nameKey(r.UserName)]
	linked, hasExternal := d.externals[r.ExternalID]
	if !hasName && !hasExternal {
		return Finding{Kind: Create, Record: r}
	}
	place := named
	if !hasName {
		place = linked
	}
	reason := d.refusal(r, named, linked, hasName, hasExternal)
	if place == several {
		return Finding{Kind: Conflict, Reason: reason, Record: r}
	}
	a := &d.accounts[place]
	a.claimed = true
	if reason != "" {
		return Finding{Kind: Conflict, Reason: reason, Record: r, Account: &a.Account}
	}
	by := "userName"
	if hasExternal {
		by = "userName and externalId"
	}
	return Finding{Kind: match(r, a), By: by, Record: r, Account: &a.Account}
}

// known returns why a record conflicts with those before it, and remembers it.
func (d *dryRun) known(r *Record) Reason {
	if r.UserName == "" {
		return NoUserName
	}
	key := d.nameKey(r.UserName)
	name, external := d.seen[key], r.ExternalID != "" && d.seenExternals[r.ExternalID]
	d.seen[key] = true
	d.seenExternals[r.ExternalID] = true
	switch {
	case name:
		return SameUserName
	case external:
		return SameExternalID
	}
	return ""
}

// refusal returns why a record does not match the accounts with its keys, "" if it
// does.
func (d *dryRun) refusal(r *Record, named, linked int, hasName, hasExternal bool) Reason {
	switch {
	case hasExternal && linked == several, hasName && hasExternal && named != linked:
		return TwoAccounts
	case !hasName:
		return OtherUserName
	}
	a := &d.accounts[named]
	switch {
	case a.ExternalID != "" && r.ExternalID != "" && a.ExternalID != r.ExternalID:
		return OtherExternalID
	case !a.adoptable:
		return NotAdoptable
	}
	return ""
}

func match(r *Record, a *account) Kind {
	switch {
	case r.Inactive && !a.Inactive:
		return Deactivate
	case !r.Inactive && a.Inactive:
		return Reactivate
	}
	return Match
}

// similar names the unclaimed accounts with the e-mail addresses of records that
// will be created.
func (d *dryRun) similar(findings []Finding) {
	for i := range findings {
		f := &findings[i]
		if f.Kind != Create {
			continue
		}
		for _, mail := range []string{f.Record.Email, f.Record.UserName} {
			if place, ok := d.mails[schema.FoldKey(mail)]; ok && mail != "" && !d.accounts[place].claimed {
				f.Similar = d.accounts[place].ID
				break
			}
		}
	}
}

func (d *dryRun) unclaimed() []Finding {
	var out []Finding
	for i := range d.accounts {
		if a := &d.accounts[i]; !a.claimed {
			out = append(out, Finding{Kind: Unclaimed, Account: &a.Account})
		}
	}
	return slices.Clip(out)
}
