//go:build linux

package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// cost is the CPU that requests have used.
type cost struct {
	requests         int
	server, database time.Duration
}

func (c cost) perRequest() float64  { return float64(c.server) / float64(c.requests) }
func (c cost) perDatabase() float64 { return float64(c.database) / float64(c.requests) }

// run sends requests of an operation to a side for a time, at least one, and returns
// what they cost.
func (s *side) run(op *operation, length time.Duration) (cost, error) {
	before, err := s.usage()
	if err != nil {
		return cost{}, err
	}
	from := s.next[op.name]
	sent, err := s.send(op, from, length)
	if err != nil {
		return cost{}, err
	}
	after, err := s.usage()
	if err != nil {
		return cost{}, err
	}
	c := cost{requests: sent}
	c.server, c.database = after.since(before)
	s.next[op.name] = from + sent
	if op.clean != nil {
		err = op.clean(s, from, from+sent)
	}
	return c, err
}

// send sends requests over all connections and returns how many.
func (s *side) send(op *operation, from int, length time.Duration) (int, error) {
	most := -1
	if op.most != nil {
		most = op.most(s)
	}
	var next atomic.Int64
	deadline := time.Now().Add(length)
	errs := make([]error, len(s.conns))
	var wg sync.WaitGroup
	for w, conn := range s.conns {
		wg.Go(func() {
			for errs[w] == nil && (next.Load() == 0 || time.Now().Before(deadline)) {
				i := int(next.Add(1) - 1)
				if most >= 0 && i >= most {
					return
				}
				method, path, body := op.request(s, from+i)
				_, errs[w] = s.doOn(conn, method, path, body, op.status)
			}
		})
	}
	wg.Wait()
	sent := int(next.Load())
	if most >= 0 {
		sent = min(sent, most)
	}
	return sent, errors.Join(errs...)
}

// turns is how many parts a slice has: the sides take turns within a round, so that
// other work on the machine meets them alike.
const turns = 5

// compare measures an operation on all sides, in turn. The first round is to warm up.
func compare(sides []*side, op *operation, rounds int, slice time.Duration) ([]figures, error) {
	base := operationOf(op.base)
	for _, s := range sides {
		for _, o := range []*operation{op, base} {
			if o != nil && o.prepare != nil {
				if err := o.prepare(s); err != nil {
					return nil, err
				}
			}
		}
	}
	costs, bases := make([][]cost, len(sides)), make([][]cost, len(sides))
	for round := range rounds + 1 {
		c, b, err := oneRound(sides, op, base, slice)
		if err != nil {
			return nil, err
		}
		for i := range sides {
			if round > 0 {
				costs[i], bases[i] = append(costs[i], c[i]), append(bases[i], b[i])
			}
		}
	}
	out := make([]figures, len(sides))
	for i, s := range sides {
		out[i] = summary(costs[i], costs[0], bases[i])
		out[i].Side = s.name
	}
	return out, nil
}

// oneRound returns what the operation, and its base if it has one, have cost each side.
func oneRound(sides []*side, op, base *operation, slice time.Duration) (costs, bases []cost, err error) {
	costs, bases = make([]cost, len(sides)), make([]cost, len(sides))
	spent := make([]time.Duration, len(sides))
	for turn := range turns {
		for n := range sides {
			i := (n + turn) % len(sides) // none is always the first
			if spent[i] >= slice {
				continue // one request takes longer than a turn
			}
			start := time.Now()
			if err := sides[i].addRun(op, slice/turns, &costs[i]); err != nil {
				return nil, nil, err
			}
			spent[i] += time.Since(start)
			if base == nil {
				continue
			}
			if err := sides[i].addRun(base, slice/turns, &bases[i]); err != nil {
				return nil, nil, err
			}
		}
	}
	return costs, bases, nil
}

func (s *side) addRun(op *operation, length time.Duration, to *cost) error {
	c, err := s.run(op, length)
	to.requests += c.requests
	to.server += c.server
	to.database += c.database
	return err
}

// summary returns the medians of rounds.
func summary(costs, limits, bases []cost) figures {
	var server, database, ratio, dbRatio, baseRatio []float64
	for round, c := range costs {
		server = append(server, c.perRequest()/1e3)
		database = append(database, c.perDatabase()/1e3)
		ratio = append(ratio, c.perRequest()/limits[round].perRequest())
		if limits[round].database > 0 {
			dbRatio = append(dbRatio, c.perDatabase()/limits[round].perDatabase())
		}
		if bases[round].server > 0 {
			total := c.perRequest() + c.perDatabase()
			baseRatio = append(baseRatio, total/(bases[round].perRequest()+bases[round].perDatabase()))
		}
	}
	return figures{Server: median(server), Database: median(database), Ratio: median(ratio), DatabaseRatio: median(dbRatio), BaseRatio: median(baseRatio)}
}

// median returns 0 if there are no values.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

// row is the result of an operation in a cell.
func (o options) row(sides []*side, op *operation, store string, users int) (result, error) {
	var able []*side
	for _, s := range sides {
		if s.name != rivalName || op.rival {
			able = append(able, s)
		}
	}
	f, err := compare(able, op, o.rounds, o.slice)
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", op.name, err)
	}
	return result{Store: store, Users: users, Operation: op.name, Commit: o.commit, Sides: f}, nil
}
