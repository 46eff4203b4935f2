//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
)

// result is what an operation costs on a store with a number of users.
type result struct {
	Store     string
	Users     int
	Operation string
	Commit    string    // of the library
	Sides     []figures // the limit first
}

// figures are what a request to a side costs, medians of rounds.
type figures struct {
	Side             string
	Server, Database float64 // microseconds of CPU
	// Ratio and DatabaseRatio are Server and Database divided by those of the limit.
	Ratio, DatabaseRatio float64
	// BaseRatio is the cost divided by that of the same side for the operation's base.
	BaseRatio float64
}

func (r result) side(name string) (figures, bool) {
	i := slices.IndexFunc(r.Sides, func(f figures) bool { return f.Side == name })
	if i < 0 {
		return figures{}, false
	}
	return r.Sides[i], true
}

// target is what is to be reached; 0 for no bound.
type target struct {
	ratio, database, base float64
}

var targets = map[string]map[string]target{
	inMemory:   {"get": {ratio: 1.4}, "look-up": {ratio: 1.4}, "create": {ratio: 1.3}, "put": {ratio: 1.3}, "patch": {ratio: 1.6}, "list": {ratio: 1.5}},
	onSQLite:   {"get": {ratio: 1.5}, "look-up": {ratio: 1.5}, "create": {ratio: 2}, "put": {ratio: 2}, "patch": {ratio: 1.8}, "list": {ratio: 2}},
	onPostgres: {"get": {ratio: 1.4, database: 1.3}, "look-up": {ratio: 1.4, database: 1.3}, "create": {ratio: 2}, "put": {ratio: 2}, "patch": {ratio: 1.8}, "list": {ratio: 2}},
}

// everywhere are targets that hold on every store.
var everywhere = map[string]target{
	"sorted":        {base: 1.5},
	"sorted-last":   {base: 1.5},
	"member-10":     {ratio: 2},
	"member-1000":   {ratio: 2, base: 1.2},
	"member-100000": {ratio: 2, base: 1.2},
	"group":         {ratio: 3},
}

// targetOf returns the target of a result.
func (r result) target() target {
	if t, ok := everywhere[r.Operation]; ok && r.Store != pooled {
		return t
	}
	return targets[r.Store][r.Operation]
}

// met reports whether the library reaches the target, if there is one.
func (r result) met() (has, met bool) {
	t := r.target()
	f, ok := r.side(libraryName)
	if !ok || t == (target{}) {
		return false, false
	}
	within := func(value, bound float64) bool { return bound == 0 || value <= bound }
	return true, within(f.Ratio, t.ratio) && within(f.DatabaseRatio, t.database) && within(f.BaseRatio, t.base)
}

// ofBefore is the cost of the library divided by that of the version before.
func (r result) ofBefore() (ratio float64, ok bool) {
	library, _ := r.side(libraryName)
	before, ok := r.side(beforeName)
	return library.Server / before.Server, ok
}

// report is all that a run has measured, or several: a later result replaces an earlier
// one of the same operation.
type report struct {
	Machine machine
	Against string // the version of the side before
	Results []result
	Syncs   []synchronisation
	Heaps   []heapFigures
}

func replace[T any](all []T, one T, same func(a, b T) bool) []T {
	if i := slices.IndexFunc(all, func(a T) bool { return same(a, one) }); i >= 0 {
		all[i] = one
		return all
	}
	return append(all, one)
}

func (r *report) add(one result) {
	r.Results = replace(r.Results, one, func(a, b result) bool {
		return a.Store == b.Store && a.Users == b.Users && a.Operation == b.Operation
	})
}

// load reads an earlier report, if the file exists.
func (r *report) load(file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(text, r)
}

func (r *report) save(file string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
