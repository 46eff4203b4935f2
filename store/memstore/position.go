package memstore

import (
	"strconv"

	"github.com/seed5f3efb56/scim/internal/position"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// afterNumber is the position after the last resource of a page in order of
// creation; a page of Count 0 has none.
func afterNumber(last number, count int) string {
	if count == 0 {
		return ""
	}
	return position.Join(position.Order(nil, false), strconv.FormatUint(uint64(last), 10))
}

// firstNumber returns the least number after q.After.
func firstNumber(q *store.Query) (number, error) {
	if q.After == "" {
		return 0, nil
	}
	parts, err := position.Split(q.After, position.Order(nil, false))
	if err != nil {
		return 0, err
	}
	if len(parts) != 1 {
		return 0, store.ErrPosition
	}
	last, err := strconv.ParseUint(parts[0], 10, 63)
	if err != nil {
		return 0, store.ErrPosition
	}
	return number(last) + 1, nil
}

// afterResource is the position after the last resource of a sorted page.
func afterResource(q *store.Query, last *schema.Resource) string {
	return position.Join(position.Order(q.SortBy, q.Descending), schema.NewSortKey(q.SortBy, last).Text(), last.ID)
}

// lastPlace returns the place after which a sorted page begins, nil for the first page.
func lastPlace(q *store.Query) (*place, error) {
	if q.After == "" {
		return nil, nil
	}
	parts, err := position.Split(q.After, position.Order(q.SortBy, q.Descending))
	if err != nil {
		return nil, err
	}
	if len(parts) != 2 {
		return nil, store.ErrPosition
	}
	key, ok := schema.ParseSortKey(q.SortBy, parts[0])
	if !ok {
		return nil, store.ErrPosition
	}
	return &place{key, parts[1]}, nil
}
