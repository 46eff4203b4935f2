//go:build !race

package scim_test

import (
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// fullUser is a user as a directory sends it, with 1.2 kB of JSON.
func fullUser(i int) string {
	return fmt.Sprintf(`{"schemas":[%[3]q,%[4]q],"externalId":"00u%08[1]dEXT","userName":"Given%[1]d.Family%[1]d@example.com",
		"name":{"formatted":"Dr. Given%[1]d M. Family%[1]d","familyName":"Family%[1]d","givenName":"Given%[1]d","middleName":"M.","honorificPrefix":"Dr."},
		"displayName":"Given%[1]d Family%[1]d","title":"Senior Engineer","userType":"Employee","preferredLanguage":"en-GB",
		"locale":"en-GB","timezone":"Europe/Berlin","active":true,
		"emails":[{"value":"given%[1]d.family%[1]d@example.com","type":"work","primary":true},{"value":"family%[1]d@home.example.org","type":"home"}],
		"phoneNumbers":[{"value":"tel:+49-30-%08[1]d","type":"work","primary":true},{"value":"tel:+49-170-%08[1]d","type":"mobile"}],
		"addresses":[{"formatted":"%[1]d Main Street\nBerlin 10115\nGermany","streetAddress":"%[1]d Main Street","locality":"Berlin","region":"Berlin","postalCode":"10115","country":"DE","type":"work","primary":true}],
		%[4]q:{"employeeNumber":"E%08[1]d","costCenter":"4130","organization":"Example","division":"Platform","department":"Identity","manager":{"value":"2819c223-7f76-453a-919d-%012[2]d"}}}`,
		i, i/10, schema.UserURI, schema.EnterpriseUserURI)
}

// TestMillionUsers creates users in memory by requests and serves them in one process
// that gets 6 GiB of the system at most: 20,000 users, and with SCIM_TEST_LONG=1
// (.ci/run -long) 1,000,000.
func TestMillionUsers(t *testing.T) {
	users := 20_000
	if os.Getenv("SCIM_TEST_LONG") == "1" {
		users = 1_000_000
	}
	const process, each = 6 << 30, 3_000
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(process - 256<<20))
	db := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("bench", "secret")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Limits: scim.Limits{Rate: math.Inf(1)}, Brake: brake.Config{Off: true},
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
	})
	require.NoError(t, err)
	request := func(want int, method, path, body string) string {
		w := send(h, method, path, body)
		if w.Code != want {
			t.Fatal(w.Code, w.Body)
		}
		return w.Header().Get("Location")
	}
	before := liveHeap()
	var some []string // the locations of a thousand users
	for i := range users {
		if location := request(http.StatusCreated, "POST", "/Users", fullUser(i)); i%(users/1000) == 0 {
			some = append(some, location[len(scimtest.BaseURL):])
		}
	}
	perUser := (liveHeap() - before) / users
	for i, user := range some {
		n := i * (users / 1000)
		request(http.StatusOK, "GET", user, "")
		request(http.StatusOK, "GET", fmt.Sprintf("/Users?filter=userName+eq+%%22given%[1]d.family%[1]d@example.com%%22", n), "")
		request(http.StatusOK, "PATCH", user, scimtest.PatchOp(`{"op":"replace","path":"active","value":false}`))
		request(http.StatusOK, "GET", fmt.Sprintf("/Users?count=20&startIndex=%d", n), "")
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d users: %d bytes of live heap each, %d MiB of the system", users, perUser, m.Sys>>20)
	require.LessOrEqual(t, perUser, each)
	require.LessOrEqual(t, m.Sys, uint64(process))
}

// liveHeap returns the bytes of the heap in use after garbage collections.
func liveHeap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
