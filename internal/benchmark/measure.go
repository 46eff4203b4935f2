package main

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// run sends requests of an operation to a side for a time, or as many as it can, and
// returns what they cost.
func (s *side) run(op *operation, length time.Duration) (cost, error) {
	most := -1
	if op.most != nil {
		most = op.most(s)
	}
	from := s.next[op.name]
	server, sessions, err := s.usage()
	if err != nil {
		return cost{}, err
	}
	var next atomic.Int64
	next.Store(int64(from))
	deadline := time.Now().Add(length)
	errs := make([]error, len(s.conns))
	var wg sync.WaitGroup
	for w := range s.conns {
		wg.Go(func() {
			for {
				i := int(next.Add(1) - 1)
				if most >= 0 && i-from >= most || i > from && time.Now().After(deadline) {
					return
				}
				method, path, body := op.request(s, i)
				status, response, err := s.conns[w].Do(method, "/scim/v2"+path, body)
				if err == nil && status != op.status {
					err = fmt.Errorf("%s: %s %s: %d %.300s", s.name, method, path, status, response)
				}
				if err != nil {
					errs[w] = err
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return cost{}, err
		}
	}
	sent := int(next.Load()) - from - len(s.conns) // each worker takes a number that it does not use
	serverAfter, sessionsAfter, err := s.usage()
	if err != nil {
		return cost{}, err
	}
	c := cost{requests: sent, server: serverAfter - server}
	for pid, used := range sessionsAfter {
		c.database += used - sessions[pid]
	}
	s.next[op.name] = from + sent
	if op.clean != nil {
		err = op.clean(s, from, from+sent)
	}
	return c, err
}

// result has the cost of a request of an operation to each side, the median of rounds,
// and its ratio to that of the first side, the median of the ratios of rounds.
type result struct {
	operation string
	server    []time.Duration
	database  []time.Duration
	ratio     []float64
	dbRatio   []float64
}

// compare measures an operation on all sides, in turn.
func compare(sides []*side, op *operation, rounds int, slice time.Duration) (result, error) {
	costs := make([][]cost, len(sides))
	for round := -1; round < rounds; round++ { // the first one is to warm up
		for n := range sides {
			i := (n + max(round, 0)) % len(sides) // nobody is always the first
			if round < 0 && op.prepare != nil {
				if err := op.prepare(sides[i]); err != nil {
					return result{}, err
				}
			}
			c, err := sides[i].run(op, slice)
			if err != nil {
				return result{}, err
			}
			if round >= 0 && c.requests > 0 {
				costs[i] = append(costs[i], c)
			}
		}
	}
	r := result{operation: op.name}
	for i := range sides {
		if len(costs[i]) < rounds {
			return r, fmt.Errorf("%s: a round of %s has no request", sides[i].name, op.name)
		}
		var server, database []time.Duration
		var ratio, dbRatio []float64
		for round, c := range costs[i] {
			limit := costs[0][round]
			server = append(server, c.server/time.Duration(c.requests))
			database = append(database, c.database/time.Duration(c.requests))
			ratio = append(ratio, perRequest(c.server, c)/perRequest(limit.server, limit))
			dbRatio = append(dbRatio, perRequest(c.database, c)/perRequest(limit.database, limit))
		}
		r.server = append(r.server, median(server))
		r.database = append(r.database, median(database))
		r.ratio = append(r.ratio, median(ratio))
		r.dbRatio = append(r.dbRatio, median(dbRatio))
	}
	return r, nil
}

func perRequest(d time.Duration, c cost) float64 { return float64(d) / float64(c.requests) }

func median[T float64 | time.Duration](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}
