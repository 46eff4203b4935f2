// Package frameworks mounts the handler in routers of other projects, for
// docs/embedding.md. The path of Config.BaseURL is /scim/v2; no router strips it.
package frameworks

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/labstack/echo/v4"
)

// ServeMux is that of net/http.
func ServeMux(h http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/scim/v2/", h)
	return mux
}

// Chi is the router that the library uses itself.
func Chi(h http.Handler) http.Handler {
	router := chi.NewRouter()
	router.Mount("/scim/v2", h)
	return router
}

// Gin passes on the handler's status and body as they are.
func Gin(h http.Handler) http.Handler {
	engine := gin.New()
	engine.Any("/scim/v2/*path", gin.WrapH(h))
	return engine
}

// Echo passes on the handler's status and body as they are.
func Echo(h http.Handler) http.Handler {
	e := echo.New()
	e.Any("/scim/v2/*", echo.WrapHandler(h))
	return e
}

// Fiber stands on fasthttp. The handler ends a response that it cannot complete by
// a panic with http.ErrAbortHandler, as net/http has it; without the middleware
// recover that would end the process.
func Fiber(h http.Handler) *fiber.App {
	app := fiber.New()
	app.Use(recover.New())
	app.All("/scim/v2/*", adaptor.HTTPHandler(h))
	return app
}
