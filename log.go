package scim

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// log writes one record for a request: the route, never the query string or
// an id, which may hold personal data (RFC 7644 §7.5.2).
func (h *Handler) log(w *writer, r *http.Request, x *exchange) {
	attrs := []slog.Attr{
		slog.String("reference", x.reference),
		slog.String("method", r.Method),
		slog.String("route", h.route(r)),
		slog.Int("status", w.status),
		slog.Float64("durationMs", milliseconds(h.cfg.Now().Sub(x.start))),
	}
	if x.principal != nil {
		attrs = append(attrs, slog.String("tenant", x.principal.Tenant), slog.String("token", x.principal.TokenID))
	}
	if e, known := toError(x.err); x.err != nil && known && e.Type != "" {
		attrs = append(attrs, slog.String("scimType", string(e.Type)))
	}
	h.cfg.Logger.LogAttrs(r.Context(), slog.LevelInfo, "scim: request", attrs...)
}

// route names the endpoint a request went to by its pattern.
func (h *Handler) route(r *http.Request) string {
	path, err := h.path(r)
	if err != nil {
		return "?"
	}
	ctx := chi.NewRouteContext()
	if !h.mux.Match(ctx, http.MethodGet, path) {
		return "?"
	}
	return strings.TrimSuffix(ctx.RoutePattern(), "/*")
}
