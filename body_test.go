package scim_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
)

// RFC 9110 §10.1.1: a client that sends Expect: 100-continue waits with the
// body until it knows whether it is wanted.
func TestOversizedBodyIsRefusedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *scim.Config) { c.Limits.Body = 1000 })
	server := httptest.NewServer(w.h)
	t.Cleanup(server.Close)
	user := w.user("a")
	for method, path := range map[string]string{"POST": "/Users", "PUT": user, "PATCH": user} {
		for length, want := range map[int]int{1001: 413, 1000: 100} {
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
			fmt.Fprintf(conn, "%s /scim/v2%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", method, path, length)
			got, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err, "%s of %d bytes", method, length)
			require.Equal(t, want, got.StatusCode, "%s of %d bytes", method, length)
			if want == 413 {
				text, err := io.ReadAll(got.Body)
				require.NoError(t, err)
				require.Contains(t, string(text), scim.ErrorURI)
				require.True(t, got.Close, "Connection: close")
			}
		}
	}
}

// The announced length is no more than a hint: a wrapper may have changed the body
// and left it.
func TestBodyIsReadWhateverItsAnnouncedLength(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for i, length := range []int64{-1, 0, 10, 200, 17 << 10} {
		body := scimtest.User(fmt.Sprint("user", i), `"title":"`+strings.Repeat("x", i*30)+`"`)
		r := httptest.NewRequest("POST", scimtest.BaseURL+"/Users", iotest.OneByteReader(strings.NewReader(body)))
		r.Header.Set("Authorization", "Bearer secret")
		r.ContentLength = length
		got := httptest.NewRecorder()
		w.h.ServeHTTP(got, r)
		require.Equal(t, 201, got.Code, "%d: %s", length, got.Body)
	}
}
