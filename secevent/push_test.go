package secevent_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/secevent"
)

func TestPush(t *testing.T) {
	t.Parallel()
	prove(t, "Y-32 Y-35", "http is refused, and so is what is no URL", func(t *testing.T) {
		t.Parallel()
		for _, url := range []string{"", "receiver", "/events", "http://receiver.example.com/events", "ftp://receiver.example.com", "https://", "://"} {
			_, err := secevent.Push(secevent.PushConfig{URL: url})
			require.ErrorContains(t, err, "PushConfig.URL", url)
		}
		_, err := secevent.Push(secevent.PushConfig{URL: "http://127.0.0.1:1/events", InsecureHTTP: true})
		require.NoError(t, err)
	})
	prove(t, "Y-35", "a token is POSTed over TLS with its media type, and no other certificate is accepted", func(t *testing.T) {
		t.Parallel()
		var got http.Header
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.Header.Clone()
			w.WriteHeader(http.StatusAccepted)
		}))
		defer server.Close()
		server.Config.ErrorLog = nil
		cfg := secevent.PushConfig{URL: server.URL, Client: server.Client(), Authorization: func(context.Context) (string, error) { return "Bearer word", nil }}
		deliver, err := secevent.Push(cfg)
		require.NoError(t, err)
		require.NoError(t, deliver(context.Background(), secevent.Token{Text: "a.b.c"}))
		require.Equal(t, "application/secevent+jwt application/json Bearer word", got.Get("Content-Type")+" "+got.Get("Accept")+" "+got.Get("Authorization"))
		cfg.Client = nil
		deliver, err = secevent.Push(cfg)
		require.NoError(t, err)
		require.ErrorContains(t, deliver(context.Background(), secevent.Token{Text: "a.b.c"}), "certificate")
	})
	prove(t, "Y-36", "202 alone is success; a refused token is not sent again, other failures are", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			status  int
			body    string
			refused bool
			want    string
		}{
			{202, "", false, ""},
			{200, "", false, "answers 200"},
			{204, "", false, "answers 204"},
			{307, "", false, "answers 307"},
			{400, `{"err":"invalid_audience","description":"not mine"}`, true, `answers 400 "invalid_audience": "not mine"`},
			{400, `{"err":"access_denied"}`, true, `"access_denied"`},
			{400, `{"err":"authentication_failed","description":"expired"}`, false, `"authentication_failed"`},
			{400, "<html>a proxy</html>", false, "answers 400"},
			{400, `{"description":"no code"}`, false, "answers 400"},
			{400, `{"err":"` + strings.Repeat("x", 100<<10) + `"}`, false, "answers 400"},
			{401, `{"err":"invalid_key"}`, false, "answers 401"},
			{503, "", false, "answers 503"},
		} {
			requests := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			deliver, err := secevent.Push(secevent.PushConfig{URL: server.URL, InsecureHTTP: true})
			require.NoError(t, err)
			err = deliver(context.Background(), secevent.Token{Text: "a.b.c"})
			server.Close()
			require.Equal(t, 1, requests, "no redirect is followed")
			if c.want == "" {
				require.NoError(t, err)
				continue
			}
			require.ErrorContains(t, err, c.want)
			require.Equal(t, c.refused, errors.Is(err, event.ErrUndeliverable), "%d %s", c.status, c.body)
			var answer *secevent.PushError
			require.ErrorAs(t, err, &answer)
			require.Equal(t, c.status, answer.Status)
		}
	})
	prove(t, "Y-36", "a refused token is set aside at once, with the code; later tokens of the resource follow", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		calls := 0
		w.answer = func() (int, string) {
			if calls++; calls == 1 {
				return 400, `{"err":"invalid_request","description":"too strange"}`
			}
			return 202, ""
		}
		path := w.NewUser("a")
		w.Patch(path, `{"op":"add","path":"title","value":"x"}`)
		w.work()
		require.Len(t, w.texts, 2)
		dead := w.dead()
		require.Len(t, dead, 1)
		require.Contains(t, dead[0].Reason, `"invalid_request": "too strange"`)
	})
	prove(t, "Y-36", "a receiver that hangs is given up within the deadline of the hook", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-release }))
		defer server.Close()
		defer close(release)
		deliver, err := secevent.Push(secevent.PushConfig{URL: server.URL + "?secret=word", InsecureHTTP: true})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		err = deliver(ctx, secevent.Token{Text: "a.b.c"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotContains(t, err.Error(), "word")
	})
	prove(t, "Y-35", "without credentials nothing is sent", func(t *testing.T) {
		t.Parallel()
		deliver, err := secevent.Push(secevent.PushConfig{URL: "https://receiver.invalid", Authorization: func(context.Context) (string, error) { return "", scim.ErrForbidden }})
		require.NoError(t, err)
		require.ErrorIs(t, deliver(context.Background(), secevent.Token{}), scim.ErrForbidden)
	})
}
