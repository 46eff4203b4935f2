package audit

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// pruned is how many records one transaction removes.
const pruned = 500

// Prune removes all records of a time before before, of all tenants, in transactions
// of 500 records each, and returns how many it removed. The error is that of the
// reader, or ctx.Err(); what was removed until then stays removed.
func Prune(ctx context.Context, r Reader, before time.Time) (int, error) {
	total := 0
	for {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		n, err := r.PruneRecords(ctx, before, pruned)
		total += n
		if err != nil || n < pruned {
			return total, err
		}
	}
}

// Keep removes records that are older than days, now and every hour, until ctx ends;
// it returns ctx.Err(). 30 to 90 days are usual. Errors are logged, and the next hour
// tries again; log may be nil for slog.Default(). days of less than 1 is an error at
// once, and nothing is removed. Several processes may keep one trail.
func Keep(ctx context.Context, r Reader, days int, log *slog.Logger) error {
	if days < 1 {
		return fmt.Errorf("audit: Keep with %d days would remove every record", days)
	}
	if log == nil {
		log = slog.Default()
	}
	hour := time.NewTicker(time.Hour)
	defer hour.Stop()
	for {
		removed, err := Prune(ctx, r, time.Now().AddDate(0, 0, -days))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			log.LogAttrs(ctx, slog.LevelError, "audit: records were not pruned", slog.String("error", err.Error()))
		case removed > 0:
			log.LogAttrs(ctx, slog.LevelInfo, "audit: pruned", slog.Int("records", removed))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-hour.C:
		}
	}
}
