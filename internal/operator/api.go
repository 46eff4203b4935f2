package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/store"
)

// call is one method of [Operator] over HTTP: POST with the arguments as JSON. The
// result is JSON too, or a stream.
type call func(ctx context.Context, o Operator, w http.ResponseWriter, args []byte) error

// The names of the calls.
const (
	callListTokens   = "list-tokens"
	callIssueToken   = "issue-token"
	callRotateToken  = "rotate-token"
	callRevokeToken  = "revoke-token"
	callDeadEntries  = "dead-entries"
	callReplayEntry  = "replay-entry"
	callStatus       = "status"
	callReleaseBrake = "release-brake"
	callExportAudit  = "export-audit"
)

// ReadsOnly reports whether a call changes nothing and shows no values of people.
func ReadsOnly(call string) bool {
	return call == callListTokens || call == callDeadEntries || call == callStatus
}

type none struct{}

var calls = map[string]call{
	callListTokens:  of(func(ctx context.Context, o Operator, _ none) ([]Token, error) { return o.ListTokens(ctx) }),
	callIssueToken:  of(func(ctx context.Context, o Operator, in Issue) (Issued, error) { return o.IssueToken(ctx, in) }),
	callRotateToken: of(func(ctx context.Context, o Operator, in Rotation) (Issued, error) { return o.RotateToken(ctx, in) }),
	callRevokeToken: of(func(ctx context.Context, o Operator, in Revocation) (none, error) {
		return none{}, o.RevokeToken(ctx, in)
	}),
	callDeadEntries: of(func(ctx context.Context, o Operator, in Page) ([]Entry, error) { return o.DeadEntries(ctx, in) }),
	callReplayEntry: of(func(ctx context.Context, o Operator, in Replay) (none, error) { return none{}, o.ReplayEntry(ctx, in) }),
	callStatus:      of(func(ctx context.Context, o Operator, _ none) (any, error) { return o.Status(ctx) }),
	callReleaseBrake: of(func(ctx context.Context, o Operator, in Release) (none, error) {
		return none{}, o.ReleaseBrake(ctx, in)
	}),
	callExportAudit: exportAudit,
}

// of turns a method into a call.
func of[In, Out any](method func(ctx context.Context, o Operator, in In) (Out, error)) call {
	return func(ctx context.Context, o Operator, w http.ResponseWriter, args []byte) error {
		var in In
		if err := decode(args, &in); err != nil {
			return err
		}
		out, err := method(ctx, o, in)
		if err != nil {
			return err
		}
		text, err := json.Marshal(out)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		_, err = w.Write(text)
		return err
	}
}

func decode(args []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(args))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return &Refused{"the arguments cannot be read: is the command as new as the console?"}
	}
	return nil
}

// exportAudit streams. The connection breaks off after an error, so that a part is
// never taken for the whole.
func exportAudit(ctx context.Context, o Operator, w http.ResponseWriter, args []byte) error {
	var in Export
	if err := decode(args, &in); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	if in.CSV {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	}
	started := &started{w: w}
	err := o.ExportAudit(ctx, started, in)
	if err != nil && started.any {
		panic(http.ErrAbortHandler)
	}
	return err
}

// started notes that something was written.
type started struct {
	w   io.Writer
	any bool
}

func (s *started) Write(p []byte) (int, error) {
	s.any = true
	return s.w.Write(p)
}

// maxArguments is the largest body, in bytes.
const maxArguments = 64 << 10

// Serve answers one call. The context has the tenant of the login. A browser cannot be
// made to send one from another site: the media type is none of a form. failed is
// called with an error whose text is not for the operator, and returns its reference.
func Serve(w http.ResponseWriter, r *http.Request, name string, o Operator, failed func(error) (reference string)) {
	status, err := answer(w, r, name, o)
	if err == nil {
		return
	}
	text := err.Error()
	if status == http.StatusInternalServerError {
		text = fmt.Sprintf("the service failed; its log has more under the reference %s", failed(err))
	}
	body, _ := json.Marshal(problem{text}) // a text has no error
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// problem is the body of an error.
type problem struct {
	Error string `json:"error"`
}

func answer(w http.ResponseWriter, r *http.Request, name string, o Operator) (int, error) {
	do, ok := calls[name]
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case !ok:
		return http.StatusNotFound, fmt.Errorf("there is no call %q: is the console as new as the command?", name)
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, errors.New("send POST")
	case media != "application/json":
		return http.StatusUnsupportedMediaType, errors.New("send application/json")
	}
	args, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxArguments))
	if err != nil {
		return http.StatusRequestEntityTooLarge, errors.New("the arguments are too large")
	}
	err = do(r.Context(), o, w, args)
	return statusOf(err), err
}

// statusOf returns the status of an error of an [Operator].
func statusOf(err error) int {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, store.ErrUnavailable):
		return http.StatusServiceUnavailable
	case errors.Is(err, connection.ErrTaken), errors.Is(err, connection.ErrState):
		return http.StatusConflict
	case isRefused(err), errors.Is(err, connection.ErrArgument), errors.Is(err, brake.ErrRelease), errors.Is(err, store.ErrPosition):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}
