package scimtest_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/scimtest"
)

// The examples of RFC 7644 §3.7 and RFC 9865, as files of requests and the responses
// of the RFC. Each request is sent to the handler, and its response compared with
// that of the RFC member by member. Ids, versions and cursors of the RFC stand for
// those of the handler: the same text of the RFC for the same text of the handler.
// In a file "> METHOD PATH" begins a request, "< STATUS" a response, "#" a comment;
// the member "..." of an object stands for members that the RFC does not show, the
// value "..." for any value.
func TestExamplesOfTheRFCs(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/rfc*/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		t.Run(strings.TrimPrefix(name, "testdata/"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			for _, client := range []string{"default", "strict"} {
				e := &rfcExample{t: t, server: serve(t, nil), client: client, ours: map[string]string{}}
				for _, step := range strings.Split("\n"+string(text), "\n> ")[1:] {
					e.play(step)
				}
			}
		})
	}
}

// rfcExample is one file that is played against a handler.
type rfcExample struct {
	t      *testing.T
	server server
	client string
	ours   map[string]string // by the text of the RFC
}

// play sends a request and compares the response.
func (e *rfcExample) play(step string) {
	request, response, found := strings.Cut(step, "\n< ")
	require.True(e.t, found, step)
	line, body, _ := strings.Cut(request, "\n")
	method, target, _ := strings.Cut(line, " ")
	path, query, _ := strings.Cut(e.translate(target), "?")
	body = strings.ReplaceAll(e.translate(body), "${spaces}", strings.Repeat(" ", 5<<20))
	r := httptest.NewRequest(method, scimtest.BaseURL+path, strings.NewReader(body))
	r.URL.RawQuery = strings.NewReplacer(" ", "%20", `"`, "%22").Replace(query)
	r.Header.Set("Authorization", "Bearer "+e.client)
	w := httptest.NewRecorder()
	e.server.ServeHTTP(w, r)
	status, want, _ := strings.Cut(response, "\n")
	require.Equal(e.t, status, strconv.Itoa(w.Code), "%s\n%s", line, w.Body)
	if strings.TrimSpace(want) == "" {
		require.Empty(e.t, w.Body.String())
		return
	}
	var wanted, got any
	require.NoError(e.t, json.Unmarshal([]byte(want), &wanted), want)
	require.NoError(e.t, json.Unmarshal(w.Body.Bytes(), &got), w.Body)
	e.compare(line, "", wanted, got)
}

// translate replaces what stands for texts of the handler.
func (e *rfcExample) translate(text string) string {
	for theirs, ours := range e.ours {
		quoted, err := json.Marshal(ours)
		require.NoError(e.t, err)
		text = strings.ReplaceAll(text, strings.ReplaceAll(theirs, `"`, `\"`), string(quoted[1:len(quoted)-1]))
		text = strings.ReplaceAll(text, strings.ReplaceAll(strings.ReplaceAll(theirs, `/`, `\/`), `"`, `\"`), string(quoted[1:len(quoted)-1]))
	}
	return text
}

func (e *rfcExample) compare(line, at string, want, got any) {
	e.t.Helper()
	where := fmt.Sprintf("%s %s: %v", line, at, got)
	if want == "..." {
		require.NotEmpty(e.t, got, where)
		return
	}
	switch want := want.(type) {
	case map[string]any:
		object, _ := got.(map[string]any)
		if want["..."] == nil {
			require.Equal(e.t, names(want), names(object), where)
		}
		for _, name := range names(want) {
			if name != "..." {
				e.compare(line, at+"."+name, want[name], object[name])
			}
		}
	case []any:
		list, _ := got.([]any)
		require.Len(e.t, list, len(want), where)
		for i := range want {
			e.compare(line, fmt.Sprintf("%s[%d]", at, i), want[i], list[i])
		}
	case string:
		text, ok := got.(string)
		require.True(e.t, ok, where)
		e.compareText(at, want, text, where)
	default:
		require.Equal(e.t, want, got, where)
	}
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f-]{27}$`)

// compareText compares a string, which may stand for one of the handler.
func (e *rfcExample) compareText(at, want, got, where string) {
	e.t.Helper()
	switch name := at[strings.LastIndexByte(at, '.')+1:]; {
	case name == "detail", name == "created", name == "lastModified":
		require.NotEmpty(e.t, got, where)
	case name == "version" && strings.HasPrefix(want, "W/"):
		require.Regexp(e.t, `^W/".+"$`, got, where)
		e.ours[want] = got // versions of two resources may be the same text
	case name == "nextCursor", uuid.MatchString(want):
		e.stands(want, got, where)
	case strings.HasPrefix(want, "https://example.com/v2/"):
		i, j := strings.LastIndexByte(want, '/')+1, strings.LastIndexByte(got, '/')+1
		require.Equal(e.t, strings.Replace(want[:i], "https://example.com/v2", scimtest.BaseURL, 1), got[:j], where)
		e.stands(want[i:], got[j:], where)
	default:
		require.Equal(e.t, want, got, where)
	}
}

// stands demands that a text of the RFC always stands for the same text.
func (e *rfcExample) stands(theirs, ours, where string) {
	e.t.Helper()
	require.NotEmpty(e.t, ours, where)
	if known, ok := e.ours[theirs]; ok {
		require.Equal(e.t, known, ours, where)
	}
	require.Equal(e.t, ours, url.PathEscape(ours), where)
	e.ours[theirs] = ours
}

func names(o map[string]any) []string {
	var list []string
	for name := range o {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}
