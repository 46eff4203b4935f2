package console

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/seed5f3efb56/scim/internal/operator"
	"github.com/seed5f3efb56/scim/store"
)

// serveAPI answers a call of the command scim. It needs the login of a page, which the
// application decides by the request: the command sends a bearer token. A call is no
// form, so that another site cannot make a browser send one.
func (q *request) serveAPI(call string) {
	if !sameOrigin(q.r) || q.id.ReadOnly && !operator.ReadsOnly(call) {
		q.refuseCall("this login may look, and change nothing")
		return
	}
	ctx, cancel := context.WithTimeout(q.ctx, exportTime)
	defer cancel()
	operator.Serve(q.w, q.r.WithContext(ctx), call, q.operator(), func(err error) string {
		reference := newReference()
		q.c.cfg.Logger.LogAttrs(ctx, slog.LevelError, "scim console: failed", slog.String("reference", reference), slog.String("error", err.Error()))
		return reference
	})
}

func (q *request) refuseCall(text string) {
	body, _ := json.Marshal(map[string]string{"error": text})
	q.w.Header().Set("Content-Type", "application/json")
	q.w.WriteHeader(http.StatusForbidden)
	_, _ = q.w.Write(body)
}

// operator does what the administrator asks for.
func (q *request) operator() *operator.Local {
	c := q.c
	cfg := operator.Config{
		Actor: q.id.Actor, Connections: c.cfg.Connections, Tokens: c.cfg.Tokens, Outbox: c.outbox(), Trail: c.cfg.Trail,
		Health: c.cfg.Health, ReleaseBrake: c.cfg.Handler.ReleaseBrake, Tx: c.cfg.Handler.Config().Tx, Now: c.cfg.Now,
	}
	cfg.Record, _ = c.cfg.Trail.(store.AuditTrail)
	return operator.New(cfg)
}
