package scimtest_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	scimtest.RunRecorded(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
		db := memstore.New()
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: auth, Tx: db, Logger: slog.New(slog.DiscardHandler),
			Limits:    scim.Limits{Rate: math.Inf(1)}, // the kit sends thousands of requests at once
			Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		})
		require.NoError(t, err)
		return h
	})
}

// twice is a transactor that runs every function a second time, after the first
// transaction was rolled back as after a conflict.
type twice struct{ store.Transactor }

func (t twice) InTx(ctx context.Context, fn func(context.Context) error) error {
	if ctx.Value(twice{}) != nil {
		return t.Transactor.InTx(ctx, fn) // joins
	}
	ctx = context.WithValue(ctx, twice{}, true)
	conflict := errors.New("conflict")
	err := t.Transactor.InTx(ctx, func(ctx context.Context) error {
		if err := fn(ctx); err != nil {
			return err
		}
		return conflict
	})
	if !errors.Is(err, conflict) {
		return err
	}
	return t.Transactor.InTx(ctx, fn)
}

// TestConformanceOfRepeatedTransactions runs the kit on a transactor that
// repeats every transaction, with an audit trail: responses are the same. Each tenant has an application
// of its own.
func TestConformanceOfRepeatedTransactions(t *testing.T) {
	t.Parallel()
	scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
		db := memstore.New()
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: withoutTenants{auth}, Tx: twice{db}, AuditTrail: db, Logger: slog.New(slog.DiscardHandler),
			Limits:    scim.Limits{Rate: math.Inf(1)}, // the kit sends thousands of requests at once
			Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		})
		require.NoError(t, err)
		return h
	}, scimtest.App{SingleTenant: true})
}
