package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim/reconcile"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Application returns the users and groups of the service provider as the side of the
// application, of the types schema.UserType and schema.GroupType: for a command that has
// a token and no database. Attributes that these types do not have are left out. What a
// connection does not see is not there.
func (c *Client) Application() reconcile.Application {
	return reconcile.Application{Users: listing{c, schema.UserType, "groups"}, Groups: listing{c, schema.GroupType, "members"}}
}

// listing is a reconcile.GroupLister of the resources of one type.
type listing struct {
	c        *Client
	t        *schema.ResourceType
	excluded string // an attribute that is not part of the list
}

// List returns a page of all resources; a filter or an order is an error.
func (l listing) List(ctx context.Context, q *store.Query) (store.Page, error) {
	if q.Filter != nil || q.SortBy != nil || q.Offset != 0 || q.Total {
		return store.Page{}, errors.New("remote: only a whole list can be read")
	}
	at, err := parsePosition(q.After)
	if err != nil {
		return store.Page{}, err
	}
	var page struct {
		TotalResults *int
		Resources    []json.RawMessage
		NextCursor   string
	}
	if err := l.get(ctx, at, &page); err != nil {
		return store.Page{}, fmt.Errorf("remote: the page at %s: %w", at, err)
	}
	out := store.Page{Resources: make([]*schema.Resource, len(page.Resources))}
	for i, text := range page.Resources {
		if out.Resources[i], err = l.resource(text); err != nil {
			return store.Page{}, fmt.Errorf("remote: the page at %s: %w", at, err)
		}
	}
	at.StartIndex += len(page.Resources)
	switch {
	case page.NextCursor != "" && page.NextCursor == at.Cursor:
		return store.Page{}, fmt.Errorf("remote: the page at %s: nextCursor is the cursor of the page itself", at)
	case page.NextCursor != "":
		at.Cursor = page.NextCursor
		out.Next = positionText(at)
	case at.Cursor == "" && len(page.Resources) > 0 && page.TotalResults != nil && at.StartIndex <= *page.TotalResults:
		out.Next = positionText(at)
	}
	return out, nil
}

func (l listing) get(ctx context.Context, at reconcile.Position, into any) error {
	body, err := l.c.pages(l.t.Endpoint, l.excluded)(ctx, at)
	if err != nil {
		return err
	}
	defer body.Close()
	return json.NewDecoder(io.LimitReader(body, maxPage)).Decode(into)
}

// maxPage bounds a page, in bytes.
const maxPage = 64 << 20

func (l listing) resource(text []byte) (*schema.Resource, error) {
	var head struct {
		ID   string
		Meta struct{ Version string }
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, err
	}
	if head.ID == "" {
		return nil, errors.New("a resource without id")
	}
	r := &schema.Resource{Type: l.t, ID: head.ID, Version: strings.Trim(strings.TrimPrefix(head.Meta.Version, "W/"), `"`)}
	r.Attributes, _ = l.t.DecodeStored(text)
	return r, nil
}

// Members yields the members of a group.
func (l listing) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		members, err := l.members(ctx, id)
		if err != nil {
			yield(schema.Member{}, fmt.Errorf("remote: the members of group %q: %w", id, err))
			return
		}
		for _, m := range members {
			if !yield(schema.Member{Value: m.Value, Type: m.Type}, nil) {
				return
			}
		}
	}
}

// member is an element of members.
type member struct{ Value, Type string }

func (l listing) members(ctx context.Context, id string) ([]member, error) {
	resp, err := l.c.send(ctx, reconcile.Request{Method: http.MethodGet, Path: l.t.Endpoint + "/" + url.PathEscape(id) + "?attributes=members"})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, store.ErrNotFound
	default:
		return nil, errors.New(resp.Status)
	}
	var group struct{ Members []member }
	err = json.NewDecoder(io.LimitReader(resp.Body, maxPage)).Decode(&group)
	return group.Members, err
}

// positionText returns a position as store.Page.Next.
func positionText(at reconcile.Position) string {
	return strconv.Itoa(at.StartIndex) + " " + at.Cursor
}

func parsePosition(text string) (reconcile.Position, error) {
	if text == "" {
		return reconcile.Position{StartIndex: 1}, nil
	}
	index, cursor, ok := strings.Cut(text, " ")
	start, err := strconv.Atoi(index)
	if !ok || err != nil {
		return reconcile.Position{}, store.ErrPosition
	}
	return reconcile.Position{StartIndex: start, Cursor: cursor}, nil
}
