package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/store"
)

// AuditFixture is what a case of [RunAudit] runs on: an empty audit trail and
// the transactions that it takes part in.
type AuditFixture struct {
	Trail store.AuditTrail
	Tx    store.Transactor
	// Records returns all records that are committed, of all tenants, in any
	// order.
	Records func(ctx context.Context) ([]store.Record, error)
	// Reader reads and prunes the trail, or is nil.
	Reader audit.Reader
}

// RunAudit is [Run] for a [store.AuditTrail].
func RunAudit(t *testing.T, open func(t *testing.T) AuditFixture) { auditTrails.all(t, open) }

var auditTrails = suite[AuditFixture, auditKit]{
	cases: slices.Concat(auditTests, auditReading), missing: missingAudit, kit: newAuditKit, hang: hangTime,
}

// needReader is what a case needs of an AuditFixture.
const needReader need = 1

func missingAudit(n need, f AuditFixture) string {
	if n == needReader && f.Reader == nil {
		return "no audit.Reader"
	}
	return ""
}

// auditTest is one case of [RunAudit].
type auditTest = caseOf[auditKit]

type auditKit struct {
	AuditFixture
	*require.Assertions
	ctx context.Context
}

func newAuditKit(ctx context.Context, a *require.Assertions, f AuditFixture) *auditKit {
	return &auditKit{AuditFixture: f, Assertions: a, ctx: ctx}
}

// auditRecord makes a record of a tenant.
func auditRecord(id, tenant string) store.Record {
	return store.Record{
		ID: id, Tenant: tenant, Actor: "token-1", Connection: "okta", Time: noon.Add(1234 * time.Microsecond), Operation: "patch",
		Type: "User", ResourceID: "u", Outcome: "ok", Payload: []byte(`{"é":"a\u0000b"}`),
	}
}

func (k *auditKit) record(ctx context.Context, r store.Record) {
	k.NoError(k.Trail.Record(ctx, r), "Record")
}

// holds compares all committed records.
func (k *auditKit) holds(what string, want ...store.Record) {
	found, err := k.Records(k.ctx)
	k.NoError(err, "AuditFixture.Records")
	got := map[string]store.Record{}
	for _, r := range found {
		got[r.ID] = r
	}
	k.Len(found, len(want), "number of records %s", what)
	for _, w := range want {
		g, ok := got[w.ID]
		k.True(ok, "the record %q is not there %s", w.ID, what)
		k.True(w.Time.Equal(g.Time), "Time of record %q: want %v, got %v", w.ID, w.Time, g.Time)
		k.JSONEq(string(w.Payload), string(g.Payload), "Payload of record %q", w.ID)
		w.Time, w.Payload, g.Time, g.Payload = time.Time{}, nil, time.Time{}, nil
		k.Equal(w, g, "record %q %s", w.ID, what)
	}
}

const (
	recordContract = "Record adds a record in the transaction of the context: it is there if and only if the transaction commits. Outside a transaction it commits by itself."
	takenContract  = "Record: An ID that is there already is an error."
)

var auditTests = []auditTest{
	{
		name:     "audit/as recorded",
		contract: "Record adds a record. Texts may be any strings.",
		run: func(k *auditKit) {
			least := store.Record{ID: "least", Time: noon, Payload: []byte("{}")}
			odd := auditRecord("odd", "a\x00b\xff")
			odd.Actor, odd.Operation, odd.Type = "\x01é𝄞", strings.Repeat("long ", 100), "ü "
			odd.ResourceID, odd.Outcome, odd.Connection = strings.Repeat("x", 5000), "\xfe", "\x00"
			all := []store.Record{auditRecord("full", "acme"), least, odd}
			for _, r := range all {
				k.record(k.ctx, r)
			}
			k.holds("as recorded", all...)
		},
	},
	{
		name:     "audit/outside a transaction",
		contract: recordContract,
		run: func(k *auditKit) {
			r := auditRecord("a", "")
			k.record(k.ctx, r)
			k.holds("after Record", r)
		},
	},
	{
		name:     "audit/commit",
		contract: recordContract,
		run: func(k *auditKit) {
			a, b := auditRecord("a", ""), auditRecord("b", "")
			k.NoError(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				k.record(ctx, a)
				k.record(ctx, b)
				k.holds("before the commit")
				return nil
			}), "InTx")
			k.holds("after the commit", a, b)
		},
	},
	{
		name:     "audit/rollback",
		contract: recordContract,
		run: func(k *auditKit) {
			k.ErrorIs(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				k.record(ctx, auditRecord("a", ""))
				return errVeto
			}), errVeto, "InTx")
			k.PanicsWithError(errVeto.Error(), func() {
				_ = k.Tx.InTx(k.ctx, func(ctx context.Context) error {
					k.record(ctx, auditRecord("a", ""))
					panic(errVeto)
				})
			}, "InTx")
			k.holds("after the rollback")
			again := auditRecord("a", "")
			k.record(k.ctx, again)
			k.holds("recorded after the rollback", again)
		},
	},
	{
		name:     "audit/the tenant of the record",
		contract: "Record: r.Tenant says whose the record is, whatever the context's tenant.",
		run: func(k *auditKit) {
			var all []store.Record
			for i, tenant := range neighbours {
				r := auditRecord(fmt.Sprint(i), tenant)
				k.record(store.WithTenant(k.ctx, "globex"), r)
				all = append(all, r)
			}
			k.holds("of all tenants", all...)
		},
	},
	{
		name:     "audit/a taken id",
		contract: takenContract,
		run: func(k *auditKit) {
			first := auditRecord("a", "acme")
			k.record(k.ctx, first)
			again := auditRecord("a", "globex")
			again.Operation = "put"
			k.Error(k.Trail.Record(k.ctx, again), "Record with a taken ID")
			k.holds("after Record with a taken ID", first)
		},
	},
	{
		name:     "audit/the largest payload",
		contract: "Payload is JSON, at most MaxPayload bytes.",
		run: func(k *auditKit) {
			r := auditRecord("a", "")
			r.Payload = []byte(`"` + strings.Repeat("x", store.MaxPayload-2) + `"`)
			k.record(k.ctx, r)
			found, err := k.Records(k.ctx)
			k.NoError(err, "AuditFixture.Records")
			k.Len(found, 1, "number of records")
			k.True(bytes.Equal(r.Payload, found[0].Payload), "the payload differs: want %d bytes, got %d", len(r.Payload), len(found[0].Payload))
		},
	},
	{
		name:     "audit/the caller keeps its slices",
		contract: "Arguments belong to the caller.",
		run: func(k *auditKit) {
			r := auditRecord("a", "")
			given := r
			given.Payload = bytes.Clone(r.Payload)
			k.record(k.ctx, given)
			clear(given.Payload)
			k.holds("as recorded", r)
		},
	},
}
