//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/seed5f3efb56/scim/internal/benchmark/process"
)

// user is a small user.
func user(name, kind string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"%[1]s","externalId":"%[2]s %[1]s","nickName":"%[1]s %[2]s","active":true,`+
		`"name":{"givenName":"Ursula","familyName":"Number %[1]s"},"emails":[{"value":"%[1]s@example.com","type":"work"}]}`, name, kind)
}

// seed creates the users that stay, by bulk requests over four connections, and
// returns their ids.
func seed(s *process.Server, n int) (map[string]bool, error) {
	const part, connections = 500, 4
	ids, errs := map[string]bool{}, make([]error, connections)
	var mu sync.Mutex
	var all sync.WaitGroup
	for c := range connections {
		all.Add(1)
		go func() {
			defer all.Done()
			for from := c * part; from < n && errs[c] == nil; from += connections * part {
				var made []string
				made, errs[c] = createUsers(s, from, min(from+part, n))
				mu.Lock()
				for _, id := range made {
					ids[id] = true
				}
				mu.Unlock()
			}
		}()
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	if len(ids) != n {
		return nil, fmt.Errorf("%d of %d users were created", len(ids), n)
	}
	return ids, nil
}

func createUsers(s *process.Server, from, to int) (ids []string, err error) {
	var ops []string
	for i := from; i < to; i++ {
		ops = append(ops, fmt.Sprintf(`{"method":"POST","path":"/Users","bulkId":"%d","data":%s}`, i, user(fmt.Sprintf("%08x", uint32(i)*2654435761), "stays")))
	}
	status, text, err := s.Send("POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+strings.Join(ops, ",")+`]}`)
	if err != nil {
		return nil, err
	}
	var result struct {
		Operations []struct{ Location, Status string }
	}
	if err := json.Unmarshal([]byte(text), &result); err != nil || status != http.StatusOK {
		return nil, fmt.Errorf("POST /Bulk: %d %.200s", status, text)
	}
	for _, op := range result.Operations {
		if op.Status == "201" {
			ids = append(ids, op.Location[strings.LastIndexByte(op.Location, '/')+1:])
		}
	}
	return ids, nil
}

// page is the part of a ListResponse that a walk looks at.
type page struct {
	NextCursor string
	Resources  []struct{ ID string }
}

// read reads the page after a cursor; "" is the first one.
func read(s *process.Server, query, cursor string) (page, error) {
	var p page
	resp, err := s.Do("GET", query+"&cursor="+url.QueryEscape(cursor), "")
	if err != nil {
		return p, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %d %.200s", query, resp.StatusCode, text)
	}
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(text, &p)
}

// walked are the facts of a walk.
type walked struct {
	pages    int
	writes   int64  // that succeeded beside it
	lastFull string // the cursor of the last page with count users
}

// beside walks through a list while writers work, and checks that each of the users
// who stay is returned once.
func (b *bench) beside(s *process.Server, query string, stay map[string]bool) (w walked, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	var writes atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	some := make([]string, 0, b.writers)
	for id := range stay {
		if some = append(some, id); len(some) == b.writers {
			break
		}
	}
	for i, id := range some {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := 0; ctx.Err() == nil; n++ {
				if err := write(s, id, fmt.Sprintf("%02x%06x", (n*37+i)%256, n*b.writers+i), &writes); err != nil {
					failed.Store(&err)
					return
				}
			}
		}()
	}
	w, err = b.walk(s, query, stay)
	cancel()
	all.Wait()
	w.writes = writes.Load()
	if e := failed.Load(); err == nil && e != nil {
		err = *e
	}
	return w, err
}

// write creates, changes and deletes a user, whose name is among those of the
// others, and changes one who stays.
func write(s *process.Server, stays, name string, done *atomic.Int64) error {
	patch := fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"title","value":%q}]}`, name)
	id, err := s.Create("/Users", user(name+"-goes", "goes"))
	if err != nil {
		return err
	}
	for _, r := range []struct {
		status             int
		method, path, body string
	}{
		{http.StatusOK, "PATCH", "/Users/" + id, patch},
		{http.StatusOK, "PATCH", "/Users/" + stays, patch},
		{http.StatusNoContent, "DELETE", "/Users/" + id, ""},
	} {
		if err := s.Want(r.status, r.method, r.path, r.body); err != nil {
			return err
		}
		done.Add(1)
	}
	done.Add(1)
	return nil
}

func (b *bench) walk(s *process.Server, query string, stay map[string]bool) (w walked, err error) {
	seen := make(map[string]bool, len(stay))
	for cursor := ""; ; {
		p, err := read(s, query, cursor)
		if err != nil {
			return w, fmt.Errorf("page %d: %w", w.pages+1, err)
		}
		w.pages++
		if len(p.Resources) == b.count && cursor != "" {
			w.lastFull = cursor
		}
		for _, r := range p.Resources {
			if seen[r.ID] {
				return w, fmt.Errorf("page %d has user %s for the second time", w.pages, r.ID)
			}
			seen[r.ID] = true
		}
		if cursor = p.NextCursor; cursor == "" {
			break
		}
	}
	for id := range stay {
		if !seen[id] {
			return w, fmt.Errorf("user %s is missing", id)
		}
	}
	return w, nil
}
