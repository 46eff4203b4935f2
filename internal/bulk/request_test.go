package bulk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/bulk"
	"github.com/seed5f3efb56/scim/schema"
)

// The references of an operation are found in a time that grows with their number,
// not with its square.
func TestManyReferences(t *testing.T) {
	t.Parallel()
	var members strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&members, `{"value":"bulkId:%d"},`, i)
	}
	op := `{"method":"POST","path":"/Groups","bulkId":"g","data":{"members":[` + strings.TrimSuffix(members.String(), ",") + `]}}`
	text := `{"schemas":["` + bulk.RequestURI + `"],"Operations":[` + op + `]}`
	r, err := bulk.Read(strings.NewReader(text), bulk.Limits{Operations: 1, Elements: 100_000, OperationBytes: 4 << 20, OperationElements: 100_000}, schema.Profile{})
	require.NoError(t, err)
	require.NoError(t, r.Operations[0].Err)

	_, err = bulk.Read(strings.NewReader(text), bulk.Limits{Operations: 1, Elements: 99_999, OperationBytes: 4 << 20, OperationElements: 100_000}, schema.Profile{})
	require.ErrorIs(t, err, bulk.ErrTooLong)
}
