package console

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// endsSessions reports whether the application has a hook that ends sessions.
func (c *Console) endsSessions() bool {
	hooks := c.cfg.Handler.Config().Hooks
	return hooks.EndSessions != nil || hooks.Revoke != nil
}

// hasSessions reports whether resources of the type sign in.
func (t *directoryType) hasSessions() bool { return t.Name == schema.UserType.Name }

// endSessions ends the sessions of a user who stays as it is. The handler leaves the
// audit record.
func (q *request) endSessions() error {
	t, err := q.typeOf()
	if err != nil {
		return err
	}
	if !t.hasSessions() {
		return notFound("Only users have sessions.")
	}
	id, reason := q.r.PathValue("id"), strings.TrimSpace(q.r.PostForm.Get("reason"))
	switch {
	case id == "":
		return store.ErrNotFound
	case reason == "":
		return badRequest("Give a reason: it is part of the audit record.")
	}
	err = q.c.cfg.Handler.RevokeSessions(q.ctx, scim.Revocation{Tenant: q.id.Tenant, Person: scim.Person{ID: id}, Actor: q.id.Actor, Reason: reason})
	switch {
	case err == nil:
		return q.redirect(q.path("directory", t.Slug, id) + "?done=ended")
	case errors.Is(err, store.ErrNotFound):
		return err
	case errors.Is(err, store.ErrUnavailable), q.ctx.Err() != nil:
		q.c.cfg.Logger.LogAttrs(q.r.Context(), slog.LevelWarn, "scim console: sessions have not ended", slog.String("error", err.Error()))
		return &failure{http.StatusServiceUnavailable, "Not ended yet", "The database or a system that has sessions did not answer in time, so that not all sessions have ended. " +
			"Look at the history of the person, and end them again: it does no harm to do so twice."}
	}
	reference := newReference()
	q.c.cfg.Logger.LogAttrs(q.r.Context(), slog.LevelError, "scim console: sessions have not ended", slog.String("reference", reference), slog.String("error", err.Error()))
	return &failure{http.StatusInternalServerError, "Not ended", "No session has ended. The log of the application has the reason, under the reference " + reference + "."}
}
