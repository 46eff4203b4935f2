package scimtest_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// unfiltered is a store that answers no filter and no order itself.
type unfiltered struct{ store.Store }

func nineUsers(c *scimtest.Client) {
	for i := range 9 {
		c.NewUser(fmt.Sprintf("u%d", i), fmt.Sprintf(`"title":"%d"`, i%3))
	}
}

func TestConformanceCursors(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "K-13 K-22 E-25", "a cursor is valid for cursorTimeout seconds, and then expiredCursor", func(t *testing.T) {
		t.Parallel()
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		s := serve(t, func(cfg *scim.Config) {
			cfg.Now = func() time.Time { return now }
			cfg.Limits.CursorTimeout = time.Minute
		})
		s.both(t, func(c *scimtest.Client) {
			c.NewUser("a" + fmt.Sprint(now.Unix()))
			c.NewUser("b" + fmt.Sprint(now.Unix()))
			c.Get("/ServiceProviderConfig").Has("pagination.cursorTimeout", "60")
			next := c.Get("/Users?count=1&cursor").String("nextCursor")
			now = now.Add(time.Minute - time.Second)
			c.Get("/Users?count=1&cursor=" + next).Is(200)
			now = now.Add(time.Second)
			c.Get("/Users?count=1&cursor="+next).Fails(400, "expiredCursor")
			c.Get("/Users?count=2&cursor="+next).Fails(400, "expiredCursor")
			c.Get("/Users?count=1&sortBy=id&cursor="+next).Fails(400, "invalidCursor")
		})
	})
	scimtest.Prove(t, "K-23 K-24 K-25", "a page is authorised by itself, and a cursor ends with the scope that it was made under", func(t *testing.T) {
		t.Parallel()
		allowed, types := true, []string(nil)
		s := serve(t, func(cfg *scim.Config) {
			cfg.Auth = scim.AuthenticatorFunc(func(*http.Request) (*scim.Principal, error) { return &scim.Principal{Types: types}, nil })
			cfg.Authorize = func(context.Context, scim.Operation) error {
				if !allowed {
					return scim.ErrForbidden
				}
				return nil
			}
		})
		c := s.lenient(t)
		nineUsers(c)
		next := c.Get("/Users?count=2&cursor").String("nextCursor")
		allowed = false
		c.Get("/Users?count=2&cursor="+next).Fails(403, "")
		allowed, types = true, []string{"User"}
		c.Get("/Users?count=2&cursor="+next).Fails(400, "invalidCursor")
		types = nil
		c.Get("/Users?count=2&cursor=" + next).Is(200)
	})
	scimtest.Prove(t, "K-9 K-4 K-28", "a filter that the store cannot answer has short pages without a total, each within the bound of a scan", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(cfg *scim.Config) {
			db := memstore.New()
			cfg.Tx, cfg.Limits.Scan = db, 20
			cfg.Endpoints = []scim.Endpoint{scim.Users(unfiltered{db.Store(schema.UserType)})}
		})
		c := s.lenient(t)
		for i := range 250 {
			c.NewUser(fmt.Sprintf("u%d", i), fmt.Sprintf(`"title":"%d"`, i%50))
		}
		c.Filter("/Users", `title eq "7"`).Fails(400, "tooMany")
		var ids []string
		page := c.Get(`/Users?count=3&filter=title eq "7"&cursor`).Is(200).Has("totalResults", "")
		for {
			ids = append(ids, page.Strings("userName")...)
			require.LessOrEqual(t, len(page.Strings("id")), 3)
			if page.Value("nextCursor") == nil {
				break
			}
			page = c.Get(`/Users?count=3&filter=title eq "7"&cursor=` + page.String("nextCursor")).Is(200)
		}
		require.ElementsMatch(t, []string{"u7", "u57", "u107", "u157", "u207"}, ids)
		c.Get("/Users?sortBy=title&cursor").Fails(400, "tooMany")
	})
}

func TestProcessesWithOneCursorKeyAcceptEachOthersCursors(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	process := func(key []byte) *scimtest.Client {
		return serve(t, func(cfg *scim.Config) {
			cfg.Tx, cfg.CursorKey = db, key
			cfg.Endpoints = []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))}
		}).lenient(t)
	}
	key := bytes.Repeat([]byte("k"), 32)
	one, two, other := process(key), process(key), process(nil)
	nineUsers(one)
	next := one.Get("/Users?count=5&cursor").String("nextCursor")
	two.Get("/Users?count=5&cursor="+next).Is(200).Has("Resources.#", "4", "nextCursor", "")
	other.Get("/Users?count=5&cursor="+next).Fails(400, "invalidCursor")
}

// counting counts the requests that ask the store for the total.
type counting struct {
	store.Store
	totals *int
}

func (c counting) Unwrap() store.Store { return c.Store }

func (c counting) List(ctx context.Context, q *store.Query) (store.Page, error) {
	if q.Total {
		*c.totals++
	}
	return c.Store.List(ctx, q)
}

// The store counts the matches once for a walk, not for each page, since to count
// them costs more than a page.
func TestAWalkCountsOnce(t *testing.T) {
	t.Parallel()
	totals := 0
	s := serve(t, func(cfg *scim.Config) {
		db := memstore.New()
		cfg.Tx, cfg.Endpoints = db, []scim.Endpoint{scim.Users(counting{db.Store(schema.UserType), &totals}), scim.Groups(db.Store(schema.GroupType))}
	})
	c := s.lenient(t)
	nineUsers(c)
	for _, path := range []string{"/Users?count=2", `/Users?count=2&filter=userName sw "u"`, "/?count=2"} {
		totals = 0
		page := c.Get(path + "&cursor").Is(200)
		gone := c.NewUser("u-late")
		for page.Value("nextCursor") != nil {
			page = c.Get(path+"&cursor="+page.String("nextCursor")).Is(200).Has("totalResults", "9")
		}
		require.Equal(t, 1, totals, path)
		c.Delete(gone).Is(204)
	}
}
