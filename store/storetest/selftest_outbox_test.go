package storetest

import (
	"testing"

	"github.com/seed5f3efb56/scim/store"
)

// caughtOutboxes are the defects of the naive outbox, each with the case that must
// fail.
var caughtOutboxes = []breach{
	{"append commits by itself", "append/rollback"},
	{"append commits by itself", "append/unseen before the commit"},
	{"a panic commits", "append/rollback"},
	{"pending reads committed entries only", "append/unseen before the commit"},
	{"times in seconds", "append/commit"},
	{"ids repeat", "append/a taken id"},
	{"the payload is kept", "append/the caller keeps its slices"},
	{"append needs a transaction", "append/outside a transaction"},
	{"append is not atomic", "append/outside a transaction"},
	{"entries are the context's tenant's", "append/the tenant of the entry"},
	{"payloads end at 64 KiB", "append/the largest payload"},

	{"due is ignored", "claim/when due"},
	{"the newest comes first", "claim/the first of each resource"},
	{"the first may be any", "claim/the first of each resource"},
	{"leased entries are skipped", "claim/the first of each resource"},
	{"entries that are not due are skipped", "claim/in order of Append, whatever is due"},
	{"one line for all tenants", "claim/resources are apart"},
	{"one line for all types", "claim/resources are apart"},
	{"one line for both queues", "claim/resources are apart"},
	{"names without case", "claim/resources are apart"},
	{"claims are for the tenant", "claim/of all tenants"},
	{"n is ignored", "claim/up to n"},
	{"the lease is ignored", "claim/not before the lease runs out"},
	{"a lease is for ever", "claim/not before the lease runs out"},
	{"a claim is an attempt", "claim/not before the lease runs out"},
	{"claimed twice", "claim/by one of many"},
	{"claimed twice", "claim/in order by many"},

	{"attempts are not counted", "settle/again at retry"},
	{"retry is ignored", "settle/again at retry"},
	{"the lease outlives a failure", "settle/again at retry"},
	{"a reason is plain text", "settle/any reason"},
	{"no entry becomes dead", "settle/the dead"},
	{"dead entries are claimed", "settle/the dead"},
	{"dead entries block their resource", "settle/the dead"},
	{"dead entries are pending", "settle/the dead"},
	{"done is done once", "settle/entries that are gone"},
	{"Fail of a missing entry is an error", "settle/entries that are gone"},
	{"dead entries fail again", "settle/entries that are gone"},
	{"done ends the leases of the line", "settle/another's lease stays"},
	{"an append ends leases", "settle/another's lease stays"},

	{"claim keeps due", "fence/Claim returns it"},
	{"claim keeps due", "fence/a late Done"},
	{"Done has no fence", "fence/a late Done"},
	{"Fail has no fence", "fence/a late Fail"},
	{"an ended lease settles nothing", "fence/late, before another claim"},
	{"Done has no fence", "fence/after Replay"},
	{"entries without a lease are not settled", "fence/without a claim"},

	{"the dead of all tenants", "dead/of the tenant"},
	{"the dead in order of append", "dead/pages"},
	{"after is ignored", "dead/pages"},
	{"after must be there", "dead/pages"},
	{"any number of dead", "dead/pages"},
	{"entries that are not dead are replayed", "dead/replay"},
	{"replay keeps the due time", "dead/replay"},
	{"replay remembers the attempts", "dead/replay"},
	{"replay goes to the end", "dead/replay"},
	{"replay of any tenant", "dead/replay of another tenant"},

	{"leased entries are not pending", "pending/claimed or not"},
	{"failed entries are not pending", "pending/claimed or not"},
	{"pending of all tenants", "pending/of the tenant"},
	{"pending of both queues", "pending/of the queue and the type"},
	{"pending of all types", "pending/of the queue and the type"},
	{"unusual ids are refused", "pending/of an id that cannot exist"},

	{"the backlog of the tenant", "backlog/of all tenants"},
	{"the backlog of both queues", "backlog/of the queues"},
	{"a backlog without the dead", "backlog/of the queues"},
	{"dead entries count as backlog", "backlog/of the queues"},
	{"a backlog without leases", "backlog/of the queues"},
	{"the newest of the backlog", "backlog/of the queues"},
}

func TestBrokenOutboxesAreCaught(t *testing.T) {
	t.Parallel()
	outboxes.prove(t, caughtOutboxes, newNaiveOutbox)
}

func TestSimplestOutboxPasses(t *testing.T) {
	t.Parallel()
	RunOutbox(t, func(*testing.T) OutboxFixture { return newNaiveOutbox("") })
}

// caughtTokens are the defects of the naive token store.
var caughtTokens = []breach{
	{"revoked ones are not found", "tokens/as added"},
	{"expired ones are not found", "tokens/as added"},
	{"found by the tenant alone", "tokens/as added"},
	{"types are a list with commas", "tokens/as added"},
	{"an unknown token is no error", "tokens/unknown"},
	{"half of the digest is compared", "tokens/unknown"},
	{"ids repeat", "tokens/taken"},
	{"digests repeat", "tokens/taken"},
	{"ids repeat in other tenants", "tokens/taken"},
	{"use goes back", "tokens/use"},
	{"use of the tenant's", "tokens/use"},
	{"a change is a use", "tokens/change"},
	{"expiry stays", "tokens/change"},
	{"every field changes", "tokens/change of one field"},
	{"revocation is taken back", "tokens/revocation is for good"},
	{"tokens of any tenant are changed", "tokens/change of a foreign one"},
	{"lists of all tenants", "tokens/list"},
	{"tenants without case", "tokens/list"},
	{"revoked ones are not listed", "tokens/list"},
	{"lists in order of adding", "tokens/list"},
	{"types are shared", "tokens/the caller keeps its slices"},
	{"added for the context's tenant", "tokens/the tenant of the token"},
	{"tokens of any tenant are dropped", "tokens/drop"},
	{"a dropped token is revoked", "tokens/drop"},
	{"dropping nothing succeeds", "tokens/drop"},
}

func TestBrokenTokensAreCaught(t *testing.T) {
	t.Parallel()
	tokenStores.prove(t, caughtTokens, func(defect string) store.Tokens { return &naiveTokens{defect: defect} })
}

func TestSimplestTokensPass(t *testing.T) {
	t.Parallel()
	RunTokens(t, func(*testing.T) store.Tokens { return &naiveTokens{} })
}
