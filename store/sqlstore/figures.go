package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/health/figures"
	"github.com/seed5f3efb56/scim/store"
)

var _ figures.Store = (*DB)(nil)

const figureColumns = "requests, errors, server_errors, rate_limited, stopped, last_request, last_success, last_error, error"

// figureRow is a row of figureColumns.
type figureRow struct {
	figures.Figures
	request, success, failure, text string
}

func (r *figureRow) fields() []any {
	return []any{&r.Requests, &r.Errors, &r.ServerErrors, &r.RateLimited, &r.Stopped, &r.request, &r.success, &r.failure, &r.text}
}

// parse sets the figures from the texts of the row.
func (r *figureRow) parse() error {
	var errs [4]error
	var text string
	r.LastRequest, errs[0] = parseTime(r.request)
	r.LastSuccess, errs[1] = parseTime(r.success)
	r.LastError, errs[2] = parseTime(r.failure)
	text, errs[3] = inexact(r.text)
	if r.Error = nil; text != "" {
		r.Error = []byte(text)
	}
	return errors.Join(errs[:]...)
}

func figureValues(f *figures.Figures) []any {
	return []any{f.Requests, f.Errors, f.ServerErrors, f.RateLimited, f.Stopped, instant(f.LastRequest), instant(f.LastSuccess), instant(f.LastError), exact(string(f.Error))}
}

func figureKey(f *figures.Figures) []any {
	return []any{squeeze(f.Tenant), squeeze(f.Connection), instant(f.Hour)}
}

// AddFigures implements [figures.Store]. Rows are locked in the order of their keys.
func (db *DB) AddFigures(ctx context.Context, all []figures.Figures) error {
	order := make([]*figures.Figures, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	slices.SortFunc(order, func(a, b *figures.Figures) int { return compareKeys(figureKey(a), figureKey(b)) })
	err := db.InTx(ctx, func(ctx context.Context) error {
		for _, f := range order {
			if err := db.addFigures(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	return nil
}

// compareKeys compares rows of texts.
func compareKeys(a, b []any) int {
	return slices.CompareFunc(a, b, func(x, y any) int { return strings.Compare(x.(string), y.(string)) })
}

// addFigures inserts a row, or else locks the one that there is and adds to it.
func (db *DB) addFigures(ctx context.Context, f *figures.Figures) error {
	key := figureKey(f)
	args := append(append(slices.Clone(key), exact(f.Connection)), figureValues(f)...)
	n, err := db.exec(ctx, db.d.insert+"scim_health (owner, name, hour, connection, "+figureColumns+") VALUES "+list(len(args))+db.d.onTaken, args...)
	if err != nil || n > 0 {
		return err
	}
	const where = " WHERE owner = ? AND name = ? AND hour = ?"
	var row figureRow
	if err := db.one(ctx, "SELECT "+figureColumns+" FROM scim_health"+where+db.d.forUpdate, key, row.fields()...); err != nil {
		return err
	}
	if err := row.parse(); err != nil {
		return err
	}
	row.Figures.Add(f)
	_, err = db.exec(ctx, "UPDATE scim_health SET "+strings.ReplaceAll(figureColumns, ",", " = ?,")+" = ?"+where, append(figureValues(&row.Figures), key...)...)
	return err
}

// ListFigures implements [figures.Store].
func (db *DB) ListFigures(ctx context.Context, since time.Time) ([]figures.Figures, error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	tenant := store.Tenant(ctx)
	var out []figures.Figures
	err := db.query(ctx, "SELECT hour, connection, "+figureColumns+" FROM scim_health WHERE owner = ? AND (hour = ? OR hour >= ?)",
		[]any{squeeze(tenant), instant(time.Time{}), instant(since)}, func(scan func(...any) error) error {
			var row figureRow
			var hour, connection string
			if err := scan(append([]any{&hour, &connection}, row.fields()...)...); err != nil {
				return err
			}
			var errs [3]error
			row.Tenant = tenant
			row.Hour, errs[0] = parseTime(hour)
			row.Connection, errs[1] = inexact(connection)
			errs[2] = row.parse()
			out = append(out, row.Figures)
			return errors.Join(errs[:]...)
		})
	return out, err
}

// PruneFigures implements [figures.Store].
func (db *DB) PruneFigures(ctx context.Context, before time.Time, n int) (int, error) {
	pruned := 0
	zero := instant(time.Time{})
	err := db.InTx(ctx, func(ctx context.Context) error {
		var keys [][]any
		err := db.query(ctx, "SELECT owner, name, hour FROM scim_health WHERE (hour > ? AND hour < ?) OR (hour = ? AND last_request < ?) LIMIT ?"+db.d.skipLocked,
			[]any{zero, instant(before), zero, instant(before.Add(-figures.Remembered)), n}, func(scan func(...any) error) error {
				var owner, name, hour string
				err := scan(&owner, &name, &hour)
				keys = append(keys, []any{owner, name, hour})
				return err
			})
		if err != nil {
			return err
		}
		slices.SortFunc(keys, compareKeys)
		for _, key := range keys {
			if _, err := db.exec(ctx, "DELETE FROM scim_health WHERE owner = ? AND name = ? AND hour = ?", key...); err != nil {
				return err
			}
		}
		pruned = len(keys)
		return nil
	})
	return pruned, err
}
