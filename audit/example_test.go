package audit_test

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// An export is streamed, page by page. A cell of a CSV file is never a formula.
func ExampleWriteCSV() {
	db := memstore.New()
	err := audit.Append(context.Background(), db, audit.Record{
		Record: "r1", Kind: audit.Write, Time: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC), Tenant: "acme", Actor: "okta-1",
		Operation: "create", Outcome: audit.Success, Type: "User", ID: "u1", Name: "=1+1",
	})
	if err != nil {
		log.Fatal(err)
	}

	ctx := store.WithTenant(context.Background(), "acme")
	march := audit.Query{From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), Count: 1000}
	if err := audit.WriteCSV(os.Stdout, audit.All(ctx, db, march)); err != nil {
		log.Fatal(err)
	}
	// Output:
	// record,kind,of,time,tenant,actor,connection,operation,outcome,status,type,id,name,changes,method,scimType,detail,reason,source,cause,adopted,hook,attempts,revokedMs,durationMs,omitted,reference
	// r1,write,,2026-03-01T09:30:00Z,acme,okta-1,,create,success,,User,u1,'=1+1,,,,,,,,,,,,,,
}

// An application records operations of its own in the transaction that carries them
// out.
func ExampleAppend() {
	db := memstore.New()
	grant := func(ctx context.Context) error { return nil }
	err := db.InTx(context.Background(), func(ctx context.Context) error {
		if err := grant(ctx); err != nil {
			return err
		}
		return audit.Append(ctx, db, audit.Record{
			Kind: audit.Write, Time: time.Now(), Actor: "grace@acme.example", Operation: "grantAdmin",
			Outcome: audit.Success, Type: "User", ID: "u1", Reason: "on call this week",
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
}
