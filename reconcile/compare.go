package reconcile

import (
	"context"
	"fmt"
	"hash/maphash"
	"iter"

	"github.com/seed5f3efb56/scim/schema"
)

// Provider is the side of the identity provider.
type Provider struct {
	Users iter.Seq2[Record, error]
	// Groups are read after Users. nil: groups are not compared.
	Groups iter.Seq2[GroupRecord, error]
}

// Application is the side of the application.
type Application struct {
	// Users are those of the tenant in the context. A store.Store is one.
	Users Lister
	// Groups are the groups of the same tenant. A store.MemberStore is one. nil:
	// groups are not compared.
	Groups GroupLister
}

// GroupLister has the methods of a store.MemberStore that this package calls.
type GroupLister interface {
	Lister
	Members(ctx context.Context, id string) iter.Seq2[schema.Member, error]
}

// CompareOptions are the options of [Compare]. The zero value is a working default.
type CompareOptions struct {
	// Connection is the name of the provider's connection
	// (scim.Principal.Connection), in an application whose resources have an owner
	// (schema.WithOwner). Resources of other connections are then neither orphans nor
	// matches. "", and for types without an owner: every resource with an owner or an
	// externalId is the provider's.
	Connection string
	// Attributes are the paths of the attributes of users that are compared beside
	// userName, externalId and active. Each has one value: title, name.givenName,
	// emails[type eq "work"].value, urn:…:User:department. Default
	// [DefaultAttributes], as far as the type has them.
	Attributes []string
}

// DefaultAttributes returns the paths that [Compare] compares without
// CompareOptions.Attributes.
func DefaultAttributes() []string {
	return []string{
		"displayName", "name.givenName", "name.familyName", "title", `emails[type eq "work"].value`,
		schema.EnterpriseUserURI + ":employeeNumber", schema.EnterpriseUserURI + ":department",
	}
}

// The kinds of mismatches, in the order of a [Comparison].
const (
	Duplicate  Kind = "duplicate"  // several records or accounts have one key: see Mismatch.Reason
	Contradict Kind = "contradict" // the keys of a record lead to different accounts: see Mismatch.Reason
	Status     Kind = "status"     // active on one side, not on the other
	Drift      Kind = "drift"      // attributes differ
	Membership Kind = "membership" // the members of a group differ
	Missing    Kind = "missing"    // the provider has it, the application has not
	Orphaned   Kind = "orphaned"   // the application has it from the provider, which has it no more
	Unmanaged  Kind = "unmanaged"  // the application has it, and no provider manages it
)

// MismatchKinds returns the kinds of a [Comparison] in their order.
func MismatchKinds() []Kind {
	return []Kind{Duplicate, Contradict, Status, Drift, Membership, Missing, Orphaned, Unmanaged}
}

// More reasons, of the kinds Duplicate and Contradict.
const (
	// SameAccount: an earlier record belongs to the account.
	SameAccount Reason = "another record belongs to the account"
	// OtherConnection: another connection owns the account.
	OtherConnection Reason = "the account belongs to another connection"
	// NoConnection: the account has the userName and no owner; CompareOptions.Connection
	// cannot change it before it is handed over, or adopted (scim.Policy).
	NoConnection Reason = "the account belongs to no connection: hand it over"
	// SharedExternalID: several accounts have the externalId.
	SharedExternalID Reason = "several accounts have the externalId"
	// SameDisplayName: several groups have the displayName, and no externalId tells
	// which one is meant.
	SameDisplayName Reason = "several groups have the displayName"
	// NoDisplayName: the record has no displayName; a POST of it is 400.
	NoDisplayName Reason = "the record has no displayName"
)

// Change is one attribute that differs.
type Change struct {
	Path string `json:"path"`
	// Have is the value of the application, Want that of the provider; "" is none.
	Have string `json:"have"`
	Want string `json:"want"`
}

// Ref names a member.
type Ref struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Mismatch is one difference between the provider and the application.
type Mismatch struct {
	Kind   Kind   `json:"kind"`
	Reason Reason `json:"reason,omitempty"`
	Type   string `json:"type"` // resource type name: User or Group
	// ID is the id in the application; "" if it is missing there.
	ID string `json:"id,omitempty"`
	// Name is the userName or displayName: the provider's if the provider has one.
	Name       string `json:"name"`
	ExternalID string `json:"externalId,omitempty"`
	// By has the key that matched: externalId, userName or displayName.
	By string `json:"by,omitempty"`
	// Position says where the record stands, for example "line 7".
	Position string `json:"position,omitempty"`
	Inactive bool   `json:"inactive,omitempty"` // of Missing, Orphaned and Unmanaged
	// Changes are the attributes that differ, of Status and Drift; of Missing all that
	// the provider has.
	Changes []Change `json:"changes,omitempty"`
	// Join are the members that the group lacks, Leave those that the provider's
	// group has not. Unknown is how many members of the provider's group have no
	// account.
	Join    []Ref `json:"join,omitempty"`
	Leave   []Ref `json:"leave,omitempty"`
	Unknown int   `json:"unknown,omitempty"`
	// Similar is the id of an unmatched account with the e-mail address of a missing
	// user. It may be the same person, and it may not.
	Similar string `json:"similar,omitempty"`
	// Version is that of the resource when it was read; "" if the store has none.
	Version string `json:"version,omitempty"`
}

// Comparison has what differs between a provider and an application.
type Comparison struct {
	// Records and Accounts are the users of both sides, Matched those that belong
	// together, Elsewhere the accounts of other connections.
	Records, Accounts, Matched, Elsewhere int
	// The same of groups.
	GroupRecords, Groups, MatchedGroups, GroupsElsewhere int
	// Mismatches are in the order of [MismatchKinds] and then of names.
	Mismatches []Mismatch

	users, groups *schema.ResourceType // nil: those of RFC 7643
}

// Count returns the number of mismatches of a kind.
func (c *Comparison) Count(k Kind) int {
	n := 0
	for i := range c.Mismatches {
		if c.Mismatches[i].Kind == k {
			n++
		}
	}
	return n
}

// Compare reports what differs between the users and groups of a provider and those
// of the application, in the tenant of the context (store.WithTenant). It writes
// nothing; see [Comparison.Plan].
//
// A record belongs to the account with its externalId, else to the account with its
// userName (of a group: displayName) unless that has another externalId; never to one
// with its e-mail address. userName is compared as the type compares it, every other
// value byte for byte.
//
// Each side is read once, the accounts first, and the members of matched groups. The
// accounts and the mismatches are kept in memory: at most about 160 MB for 100,000 users on each side.
// Members of the application that are no users, and those without a match, are not
// compared. Changes on either side meanwhile may be in the result or not.
//
// The error is that of a record (Record.Position is in its text), of a store, of an
// attribute path that cannot be compared, or of a context that has ended.
func Compare(ctx context.Context, p Provider, a Application, o CompareOptions) (*Comparison, error) {
	c := &comparing{o: o, out: &Comparison{}, grouped: p.Groups != nil && a.Groups != nil}
	if err := c.readAccounts(ctx, a.Users); err != nil {
		return nil, err
	}
	for r, err := range p.Users {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("reconcile: the provider's records: %w", err)
		}
		c.out.Records++
		c.compareUser(&r)
	}
	if c.grouped {
		if err := c.compareGroups(ctx, p.Groups, a.Groups); err != nil {
			return nil, err
		}
	}
	c.leftOver()
	c.similar()
	c.out.sort()
	return c.out, nil
}

// comparing is the state of Compare.
type comparing struct {
	o       CompareOptions
	out     *Comparison
	grouped bool

	typ      *schema.ResourceType // of users; nil until the first account
	exact    bool                 // userNames are compared byte for byte
	paths    []path
	roots    []*schema.Attribute // of the paths
	accounts []person
	by       keys
	seed     maphash.Seed
	mails    map[uint64]int32 // by the hash of the key of an e-mail address
	ids      map[string]int32 // the accounts by id, if groups are compared
	refs     map[string]int32 // the accounts by the provider's ids, or absent

	seen, seenExternals map[uint64]bool // hashes take less memory than the texts
}

func (c *comparing) hash(text string) uint64 { return maphash.String(c.seed, text) }

// absent is the place of a user of the provider without an account.
const absent = -2

// keys finds accounts by their keys.
type keys struct {
	names     map[string]int32
	externals map[string]int32
}

// person is an account of the application.
type person struct {
	id, userName, externalID, version string
	values                            string // of the paths: see pack
	owner                             ownership
	// claimed: a record is about the account. matched: the account is the record's.
	inactive, claimed, matched bool
}

// ownership says whose a resource is.
type ownership uint8

const (
	nobodys ownership = iota
	providers
	another
)

// ownerOf tells whose a resource is.
func (o *CompareOptions) ownerOf(r *schema.Resource, externalID string) ownership {
	switch owner := r.Owner(); {
	case o.Connection == "" && (owner != "" || externalID != ""), o.Connection != "" && owner == o.Connection:
		return providers
	case owner != "":
		return another
	case !r.Type.Owned && externalID != "":
		return providers
	}
	return nobodys
}

// compareUser finds the account of a record and compares the two.
func (c *comparing) compareUser(r *Record) {
	m := Mismatch{Type: "User", Name: r.UserName, ExternalID: r.ExternalID, Position: r.Position}
	place, by, reason := c.matchUser(r)
	if place >= 0 {
		m.ID, m.Version, m.By = c.accounts[place].id, c.accounts[place].version, by
	}
	if reason != "" {
		m.Kind, m.Reason, m.By = Contradict, reason, ""
		if reason == SameUserName || reason == SameExternalID || reason == SameAccount || reason == SharedExternalID {
			m.Kind = Duplicate
		}
		c.add(m)
		return
	}
	c.remember(r, place)
	if place < 0 {
		m.Kind, m.Inactive = Missing, r.Inactive
		m.Changes, m.Similar = c.values(r), r.Email // see similar
		c.add(m)
		return
	}
	c.out.Matched++
	a := &c.accounts[place]
	a.matched = true
	if !r.NoStatus && r.Inactive != a.inactive {
		status := m
		status.Kind, status.Changes = Status, []Change{{"active", active(a.inactive), active(r.Inactive)}}
		c.add(status)
	}
	changes := c.changes(r, a)
	a.values = "" // no other record is compared with the account
	if len(changes) > 0 {
		m.Kind, m.Changes = Drift, changes
		c.add(m)
	}
}

func active(inactive bool) string {
	if inactive {
		return "false"
	}
	return "true"
}

func (c *comparing) add(m Mismatch) { c.out.Mismatches = append(c.out.Mismatches, m) }

// matchUser returns the place of the account of a record, absent if there is none,
// and what matched; or why there is no match. An account that the reason is about is
// claimed, so that it is not an orphan too.
func (c *comparing) matchUser(r *Record) (place int32, by string, reason Reason) {
	if reason := c.known(r); reason != "" {
		return absent, "", reason
	}
	named, hasName := c.by.names[c.nameKey(r.UserName)]
	linked, hasExternal := c.by.externals[r.ExternalID]
	hasExternal = hasExternal && r.ExternalID != ""
	switch {
	case !hasName && !hasExternal:
		return absent, "", ""
	case hasExternal && linked == several:
		return absent, "", SharedExternalID
	case hasExternal && hasName && named != linked:
		c.accounts[named].claimed, c.accounts[linked].claimed = true, true
		return linked, "", TwoAccounts
	case hasExternal:
		place, by = linked, "externalId"
	default:
		place, by = named, "userName"
	}
	a := &c.accounts[place]
	switch {
	case a.owner == another:
		reason = OtherConnection
	case a.owner == nobodys && c.o.Connection != "" && c.typ.Owned:
		reason = NoConnection
	case !hasExternal && a.externalID != "" && r.ExternalID != "":
		reason = OtherExternalID
	case a.claimed:
		reason = SameAccount
	}
	a.claimed = true
	return place, by, reason
}

// known returns why a record conflicts with those before it, and remembers it.
func (c *comparing) known(r *Record) Reason {
	if r.UserName == "" {
		return NoUserName
	}
	key, id := c.hash(c.nameKey(r.UserName)), c.hash(r.ExternalID)
	name, external := c.seen[key], r.ExternalID != "" && c.seenExternals[id]
	c.seen[key] = true
	if r.ExternalID != "" {
		c.seenExternals[id] = true
	}
	switch {
	case name:
		return SameUserName
	case external:
		return SameExternalID
	}
	return ""
}

func (c *comparing) nameKey(name string) string {
	if c.exact {
		return name
	}
	return schema.FoldKey(name)
}

// remember notes by which ids the provider's groups name the user.
func (c *comparing) remember(r *Record, place int32) {
	if !c.grouped {
		return
	}
	if r.ExternalID != "" {
		c.refs[r.ExternalID] = place
	}
	if r.ID != "" {
		c.refs[r.ID] = place
	}
	if key := c.nameKey(r.UserName); place == absent || key != c.nameKey(c.accounts[place].userName) {
		c.refs["\x00"+key] = place // the name that the account does not have yet
	}
}

// leftOver reports the accounts that no record claimed, and those that share an
// externalId.
func (c *comparing) leftOver() {
	for i := range c.accounts {
		a := &c.accounts[i]
		m := Mismatch{Type: "User", ID: a.id, Name: a.userName, ExternalID: a.externalID, Inactive: a.inactive, Version: a.version}
		switch {
		case a.owner == another:
			c.out.Elsewhere++
			continue
		case a.externalID != "" && c.by.externals[a.externalID] == several:
			m.Kind, m.Reason = Duplicate, SharedExternalID
		case a.claimed:
			continue
		case a.owner == providers:
			m.Kind = Orphaned
		default:
			m.Kind = Unmanaged
		}
		c.add(m)
	}
}

// similar names the accounts without a match that have the e-mail addresses of
// missing users.
func (c *comparing) similar() {
	for i := range c.out.Mismatches {
		m := &c.out.Mismatches[i]
		if m.Kind != Missing || m.Type != "User" {
			continue
		}
		texts := []string{m.Name, m.Similar}
		m.Similar = ""
		for j := range m.Changes {
			texts = append(texts, m.Changes[j].Want)
		}
		for _, text := range texts {
			if place, ok := c.mails[c.hash(schema.FoldKey(text))]; ok && text != "" && !c.accounts[place].claimed && c.accounts[place].owner != another {
				m.Similar = c.accounts[place].id
				break
			}
		}
	}
}
