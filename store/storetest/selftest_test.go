package storetest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// breach is a defect of the naive store and the case that must fail.
type breach struct{ defect, by string }

// caught has at least one breach for every case.
var caught = []breach{
	{"a strange id is an error", "basics/an id that cannot exist is not found"},
	{"a strange id is an error", "basics/a group id that cannot exist is not found"},
	{"times in seconds", "basics/create returns what get returns"},
	{"ids without case", "basics/ids are compared byte for byte"},
	{"ids are used again", "basics/an id is never used again"},
	{"one space of ids", "basics/a user is not a group"},
	{"everything exists", "basics/exists returns the existing ids"},
	{"update creates", "basics/update of a deleted resource stores nothing"},
	{"update merges", "basics/update replaces the resource"},
	{"update merges", "round trips/taking away"},
	{"the dead are listed", "basics/delete removes the one"},

	{"keys keep their case", "uniqueness/taken in another spelling/other case"},
	{"keys are lower case", "uniqueness/taken in another spelling/full-width"},
	{"keys are lower case", "uniqueness/taken in another spelling/decomposed"},
	{"keys are lower case", "uniqueness/taken in another spelling/sharp s"},
	{"keys are trimmed", "uniqueness/free beside a similar one/trailing space"},
	{"keys end at zero", "uniqueness/free beside a similar one/zero byte"},
	{"keys without accents", "uniqueness/free beside a similar one/accent"},
	{"keys are floats", "uniqueness/numbers and case-exact values"},
	{"keys are not checked on update", "uniqueness/a failed update changes nothing"},
	{"one's own value is taken", "uniqueness/one's own value is not taken"},
	{"deletion does not free", "uniqueness/deletion frees"},
	{"externalId is unique", "uniqueness/other attributes may repeat"},
	{"displayName is unique", "uniqueness/groups may share a name"},
	{"old values are not freed", "uniqueness/a new name frees the old one"},
	{"a failed create stores", "uniqueness/a failed create stores nothing"},

	{"the version stays", "versions/each change makes a new one"},
	{"the version has two values", "versions/each change makes a new one"},
	{"Update ignores the version", "versions/update checks"},
	{"Delete ignores the version", "versions/delete checks"},
	{"PutMembers ignores the version", "versions/of groups"},

	{"the total is the page", "listing/total"},
	{"an empty list is not found", "listing/nothing"},
	{"lists have no versions", "listing/resources are those of Get"},
	{"the dead are listed", "listing/created and deleted resources"},
	{"some attributes are too few", "listing/some attributes"},
	{"some attributes are too few", "listing/some attributes of things"},
	{"some attributes have no version", "listing/some attributes"},
	{"what is not read is forgotten", "listing/resources are whole after some attributes were read"},
	{"the filter is dropped", "listing/lookups follow changes"},
	{"count 0 is no limit", "listing/total"},
	{"the total ignores the filter", "listing/a filter on pages"},
	{"pages overlap", "listing/pages by offset"},
	{"no order", "listing/pages by offset"},

	{"the total counts from the position", "paging/by position"},
	{"page edges are lost", "paging/by position"},
	{"page edges are repeated", "paging/by position"},
	{"count 0 has a position", "paging/the end"},
	{"long lists end early", "paging/many resources"},
	{"positions are offsets", "paging/while others come and go"},
	{"sorted positions are offsets", "paging/sorted, while others come and go"},
	{"positions are sort keys", "paging/equal sort keys"},
	{"bytes end the list", "paging/by bytes"},
	{"any text is a position", "paging/text that is not a position"},

	{"the filter is dropped", "listing/a filter on pages"},
	{"one side of a conjunction is dropped", "filtering/of users"},
	{"value paths fall apart", "filtering/of users"},
	{"eq is sw", "filtering/of users"},
	{"not of a missing value is false", "filtering/of users"},
	{"numbers are compared as text", "filtering/of things"},
	{"dates are compared as text", "filtering/of things"},
	{"members are not matched", "filtering/of groups"},

	{"a missing value comes first", "sorting/of users"},
	{"missing is always last", "sorting/of users"},
	{"the order is case-sensitive", "sorting/of users"},
	{"the order is case-sensitive", "sorting/of groups"},
	{"a missing value comes first", "sorting/of things"},
	{"the order is by the first value", "sorting/of users"},
	{"positions are sort keys", "sorting/of users"},
	{"the order is for the page", "sorting/of a selection"},

	{"initial members are lost", "members/initial ones"},
	{"members are part of the resource", "members/initial ones"},
	{"initial members are not reported", "members/initial ones"},
	{"attributes need a member", "members/without members it is create or update"},
	{"the delta is not reduced to its effect", "members/adding and removing"},
	{"a member is added twice", "members/adding and removing"},
	{"an empty delta changes the version", "members/no effect, no change"},
	{"attributes need a member", "members/the rest changes with them"},
	{"replace adds", "members/replace"},
	{"update drops members", "members/an update without them keeps them"},
	{"members have no type", "members/their type is kept"},
	{"a member is yielded twice", "members/each once"},
	{"a broken iteration keeps the lock", "members/drawn in part"},
	{"999 parameters", "members/many at a time"},
	{"65535 parameters", "members/a large group"},
	{"members are counted while drawn", "members/change while drawn"},
	{"members are locked while drawn", "members/change while drawn"},
	{"no group has no members", "members/of a deleted group"},
	{"deleted groups have members", "members/of a deleted group"},
	{"groups of the first only", "members/groups of many"},
	{"groups have no name", "members/groups have their present name"},
	{"removal from the first only", "members/removed from all groups"},
	{"removal keeps the version", "members/removed from all groups"},
	{"removal is no modification", "members/removed from all groups"},
	{"removal moves LastModified back", "members/removed with the clock put back"},

	{"no rollback", "transactions/rollback"},
	{"no rollback", "transactions/panic"},
	{"rollback keeps what was created", "transactions/rollback"},
	{"an ended context commits", "transactions/a context that has ended"},
	{"an error of the store commits", "transactions/an error of the store"},
	{"ErrNotFound ends the transaction", "transactions/going on after ErrNotFound"},
	{"rollback forgets members", "transactions/rollback of groups"},
	{"no rollback", "transactions/run again"},
	{"rollback forgets members", "transactions/run again"},
	{"a panic keeps the lock", "transactions/panic"},
	{"a nested InTx starts a transaction", "transactions/joining"},
	{"dirty reads", "transactions/unseen before the commit"},
	{"commit is a rollback", "transactions/commit"},
	{"a rollback keeps the lock", "transactions/one after the other"},
	{"members are outside of transactions", "transactions/members within"},
	{"transactions run at the same time", "transactions/no lost update"},
	{"transactions run at the same time", "transactions/for update"},
	{"deletion does not lock", "transactions/existing resources are not deleted"},
	{"Exists reads the committed state", "transactions/a resource being deleted does not exist"},
	{"waiting ignores the context", "transactions/waiting ends with the context"},

	{"no tenants in Get", "tenants/reads"},
	{"no tenants in Exists", "tenants/reads"},
	{"no tenants in List", "tenants/filters and order"},
	{"no tenants in Update", "tenants/writes"},
	{"no tenants in Delete", "tenants/writes"},
	{"no tenants in keys", "tenants/names"},
	{"tenants without case", "tenants/names"},
	{"no tenants in Members", "tenants/groups"},
	{"no tenants in PutMembers", "tenants/groups"},
	{"no tenants in GroupsOf", "tenants/groups"},
	{"no tenants in RemoveFromAll", "tenants/groups"},
	{"no tenants in List", "tenants/filters by member"},
	{"no tenants in Get", "tenants/in a transaction"},

	{"the argument is written to", "sharing/arguments stay as they are"},
	{"the argument is kept", "sharing/the caller keeps its header"},
	{"update writes in place", "sharing/results stay as they are"},
	{"the query is used up", "sharing/the query stays as it is"},
	{"the delta is kept", "sharing/the caller keeps its slices"},

	{"lists are sets", "round trips/a full user"},
	{"text ends at zero", "round trips/any text"},
	{"text is folded", "round trips/any text"},
	{"text is folded", "round trips/a group name"},
	{"text ends at zero", "round trips/any text is found again"},
	{"empty text is null", "round trips/any text"},
	{"dates in UTC", "round trips/things of every type"},
	{"decimals are floats", "round trips/things of every type"},
	{"times in seconds", "round trips/times"},
	{"times in milliseconds", "round trips/times"},
	{"times in milliseconds", "round trips/a microsecond later"},
	{"times in milliseconds", "round trips/a group a microsecond later"},

	{"the version is checked before", "concurrency/one of many with the same version"},
	{"keys are checked before", "concurrency/one of many with the same name"},
	{"members are read before", "concurrency/no member is lost"},
	{"members are read before", "concurrency/the same member"},
	{"deleting twice succeeds", "concurrency/one of many deletes"},

	{"tombstones keep their case", "revival/the tombstone is what was deleted"},
	{"live resources are tombstones", "revival/the tombstone is what was deleted"},
	{"tombstones are empty", "revival/the tombstone is what was deleted"},
	{"revival makes a new id", "revival/the id comes back"},
	{"revival starts at the first version", "revival/the id comes back"},
	{"revival merges", "revival/the id comes back"},
	{"revival leaves the tombstone", "revival/the id comes back"},
	{"the first tombstone is found", "revival/the one deleted last"},
	{"tombstones have any name", "revival/the one deleted last"},
	{"older tombstones are found", "revival/an older one"},
	{"tombstones have any attribute", "revival/by unique values alone"},
	{"live resources are revived", "revival/resources that cannot be revived"},
	{"Revive ignores the version", "revival/resources that cannot be revived"},
	{"keys are not checked on revival", "revival/a value that is taken"},
	{"no tenants in Tombstone", "revival/tenants"},
	{"no tenants in Revive", "revival/tenants"},
	{"no rollback", "revival/rollback"},
	{"the version is checked before the revival only", "revival/one of many revives"},

	{"purging compares LastModified", "purging/tombstones deleted before"},
	{"purging includes the time", "purging/tombstones deleted before"},
	{"purging takes every tombstone", "purging/tombstones deleted before"},
	{"purging only counts", "purging/tombstones deleted before"},
	{"purging has no limit", "purging/at most n"},
	{"purging takes every tombstone", "purging/a later tombstone of the same name stays"},
	{"purging takes revived resources", "purging/a revived resource stays"},
	{"no tenants in Purge", "purging/tenants"},
	{"no rollback", "purging/rollback"},

	{"deleted users are not found", "finding deleted/by each key"},
	{"deleted users are found by name only", "finding deleted/by each key"},
	{"deleted users are found with case", "finding deleted/by each key"},
	{"live users are found as deleted", "finding deleted/by each key"},
	{"only the last deleted user is found", "finding deleted/any of several"},
	{"revival leaves the tombstone", "finding deleted/a revived resource"},
	{"no tenants in FindDeleted", "finding deleted/tenants"},
	{"no rollback", "finding deleted/rollback"},
	{"Count is not a limit", "concurrency/everything at once"},

	{"members are users only, it says", "declarations/members are users only"},
	{"active has two states, it says", "declarations/active is true or false"},
	{"attributes are filled, it says", "declarations/attributes that are filled"},
	{"types have an owner, it says", "declarations/an owner is kept"},
}

func init() {
	for _, p := range alike {
		caught = append(caught, breach{"unique values are not checked", "uniqueness/taken in another spelling/" + p.name})
	}
	for _, p := range distinct {
		caught = append(caught, breach{"all values are equal", "uniqueness/free beside a similar one/" + p.name})
	}
}

func TestBrokenStoresAreCaught(t *testing.T) {
	t.Parallel()
	stores.prove(t, caught, newNaive)
}

// prove runs cases on fixtures with defects: each must fail, and every case must
// fail for one defect.
func (s suite[F, K]) prove(t *testing.T, breaches []breach, broken func(defect string) F) {
	unproven := map[string]caseOf[K]{}
	for _, c := range s.cases {
		require.Zero(t, unproven[c.name].name, "two cases of one name")
		require.NotEmpty(t, c.contract, c.name)
		unproven[c.name] = c
	}
	byName := maps.Clone(unproven)
	for _, b := range breaches {
		delete(unproven, b.by)
		t.Run(b.defect+"/"+b.by, func(t *testing.T) {
			t.Parallel()
			c, ok := byName[b.by]
			require.True(t, ok, "no case has the name %q", b.by)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			got := s.one(ctx, c, broken(b.defect))
			require.NotEmpty(t, got.failure, "the kit does not notice")
			require.NotContains(t, got.failure, "panic: ", "the kit breaks instead")
			require.False(t, got.hung, "the case hangs")
			require.Empty(t, got.skipped)
		})
	}
	require.Empty(t, slices.Collect(maps.Keys(unproven)), "cases that no broken fixture fails")
}

func TestSimplestStorePasses(t *testing.T) {
	t.Parallel()
	Run(t, func(*testing.T) Fixture { return newNaive("") })
}

// InTx may run its function again.
func TestTransactorThatRunsTwicePasses(t *testing.T) {
	t.Parallel()
	Run(t, func(*testing.T) Fixture {
		f := newNaive("")
		f.Tx = twice{f.Tx}
		return f
	})
}

// A page may be shorter than Count although more resources follow.
func TestStoreWithShortPagesPasses(t *testing.T) {
	t.Parallel()
	for _, longest := range []int{3, 100} {
		Run(t, func(*testing.T) Fixture {
			f := newNaive("")
			f.Users.(*naive).db.longest = longest
			return f
		})
	}
}

// Members may come in any order.
func TestStoreWithUnorderedMembersPasses(t *testing.T) {
	t.Parallel()
	Run(t, func(*testing.T) Fixture { return newNaive("members are in any order") })
}

// A store that declares it may consider more values equal than schema.FoldKey, and
// never fewer.
func TestStoreWithCoarseUniquenessPasses(t *testing.T) {
	t.Parallel()
	for _, coarse := range []string{"keys are trimmed", "keys end at zero"} {
		for _, c := range stores.cases {
			if !strings.HasPrefix(c.name, "uniqueness/free") && !strings.HasPrefix(c.name, "uniqueness/taken") {
				continue
			}
			f := newNaive(coarse)
			f.CoarseUniqueness = true
			got := stores.one(t.Context(), c, f)
			require.Empty(t, got.failure, c.name)
		}
	}
}

// A store that declares it may estimate totals.
func TestStoreWithEstimatedTotalsPasses(t *testing.T) {
	t.Parallel()
	Run(t, func(*testing.T) Fixture {
		f := newNaive("")
		f.Users.(*naive).db.estimates = true
		f.EstimatedTotals = true
		return f
	})
}
