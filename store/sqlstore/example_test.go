package sqlstore_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

func ExampleOpenSQLite() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	db, err := sqlstore.OpenSQLite("sqlite", filepath.Join(dir, "scim.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	users := db.Store(schema.UserType)
	if err := db.Migrate(ctx); err != nil {
		log.Fatal(err)
	}

	userName := schema.UserType.MustResolve("userName")
	var b schema.Builder
	b.Set(userName.Last(), schema.String("Ada@example.com"))
	now := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	_, err = users.Create(ctx, &store.Change{ID: "2819c223", At: now, After: &schema.Resource{
		Type: schema.UserType, ID: "2819c223", Created: now, LastModified: now, Attributes: b.Object(),
	}})
	if err != nil {
		log.Fatal(err)
	}

	page, err := users.List(ctx, &store.Query{
		Filter: filter.New(filter.Compare{Path: userName, Op: filter.EQ, Value: schema.String("ada@EXAMPLE.com")}),
		Count:  10,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range page.Resources {
		fmt.Println(r.ID, r.Version, r.Get(userName.Last()).Text())
	}
	// Output: 2819c223 1 Ada@example.com
}
