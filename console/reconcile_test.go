package console_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReconcile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("acme", "grace")
	f.user("acme", "alan")
	f.user("acme", "orphan")
	token := f.token("/reconcile")
	w := f.upload(token, "login,status\ngrace,ACTIVE\nalan,SUSPENDED\nada,ACTIVE\n,ACTIVE\n", "userName", "login", "active", "status", "activeValues", "active")
	require.Equal(t, 200, w.Code, w.Body)
	page := w.Body.String()
	for _, want := range []string{"Missing here", "<bdi>ada</bdi>", "Active here, not there", "<bdi>alan</bdi>", "nobody&#39;s charge", "<bdi>orphan</bdi>", "the record has no userName; line 5"} {
		require.Contains(t, strings.ReplaceAll(page, "In nobody", "nobody"), want)
	}
	require.Contains(t, page, `value="login"`, "the form keeps what was sent")

	w = f.upload(token, `{"userName":"grace"}`+"\n", "as", "json")
	require.Equal(t, 200, w.Code)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.Contains(t, w.Body.String(), `"orphan"`)

	for content, want := range map[string]string{
		"other\nx\n":                 "the file has not one column",
		"userName\n\"broken":         "line",
		`{"userName":`:               "line 1",
		"":                           "line of names",
		"userName,active\nx,maybe\n": "neither active nor inactive",
	} {
		w := f.upload(token, content, "active", map[bool]string{true: "active"}[strings.Contains(content, "active")])
		require.Equal(t, 400, w.Code, content)
		require.Contains(t, w.Body.String(), want)
	}
	require.Equal(t, 400, f.upload(token, "userName\n"+strings.Repeat("x", 65<<20)).Code, "too large")
}
