package memstore

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/storetest"
	"github.com/stretchr/testify/require"
)

// employee is a user as a directory sends it, with 1.2 kB of JSON.
func employee(t testing.TB, i int) *schema.Resource {
	text := fmt.Appendf(nil, `{"externalId":"00u%08[1]dEXT","userName":"Given%[1]d.Family%[1]d@example.com",
		"name":{"formatted":"Dr. Given%[1]d M. Family%[1]d","familyName":"Family%[1]d","givenName":"Given%[1]d","middleName":"M.","honorificPrefix":"Dr."},
		"displayName":"Given%[1]d Family%[1]d","title":"Senior Engineer","userType":"Employee","preferredLanguage":"en-GB",
		"locale":"en-GB","timezone":"Europe/Berlin","active":true,
		"emails":[{"value":"given%[1]d.family%[1]d@example.com","type":"work","primary":true},{"value":"family%[1]d@home.example.org","type":"home"}],
		"phoneNumbers":[{"value":"tel:+49-30-%08[1]d","type":"work","primary":true},{"value":"tel:+49-170-%08[1]d","type":"mobile"}],
		"addresses":[{"formatted":"%[1]d Main Street\nBerlin 10115\nGermany","streetAddress":"%[1]d Main Street","locality":"Berlin","region":"Berlin","postalCode":"10115","country":"DE","type":"work","primary":true}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"E%08[1]d","costCenter":"4130","organization":"Example","division":"Platform","department":"Identity","manager":{"value":"2819c223-7f76-453a-919d-%012[2]d"}}}`, i, i/10)
	o, errs := schema.UserType.DecodeStored(text)
	require.Empty(t, errs)
	at := time.Date(2024, 1, 1, 0, 0, i, 0, time.UTC)
	return &schema.Resource{Type: schema.UserType, ID: fmt.Sprintf("2819c223-7f76-453a-919d-%012d", i), Created: at, LastModified: at, Attributes: o}
}

// live returns the bytes of the heap in use after what is unreachable was freed. The
// second collection frees what the first one found in pools.
func live() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// hire creates users from one number to another, each in a transaction of its own.
func hire(t testing.TB, db *DB, from, to int) {
	users := db.Store(schema.UserType)
	for i := from; i < to; i++ {
		_, err := users.Create(context.Background(), storetest.Creation(employee(t, i)))
		require.NoError(t, err)
	}
}

// TestHeapOfUsers bounds the memory of a stored user: all that stays after a garbage
// collection, that is resource, id and index entries. It is the same in each run, but for
// what the runtime and the test framework hold meanwhile: a few bytes for each user, and
// 2 % more under the race detector. The bound leaves 5 %.
func TestHeapOfUsers(t *testing.T) {
	const first, users, most = 100_000, 3_000, 2_000
	db := New()
	hire(t, db, first, first+1)
	before := live()
	hire(t, db, first+1, first+users+1)
	perUser := (live() - before) / users
	t.Logf("%d bytes for each user, %d of them JSON", perUser, len(employee(t, first+users).Attributes.AppendJSON(nil)))
	require.LessOrEqual(t, perUser, most)
	_, err := db.Store(schema.UserType).Get(context.Background(), employee(t, first+users).ID, store.GetOptions{})
	require.NoError(t, err)
}
