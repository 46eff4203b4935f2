package sqlstore_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// replicaOf, in the environment, makes a process of this test binary a server:
// "driver|place", the place being a file of SQLite or a DSN.
const replicaOf = "SCIM_TEST_REPLICA_OF"

// TestReplicaProcess is not a test: it is the process that [replica] starts.
func TestReplicaProcess(t *testing.T) {
	serveReplica(t, func(d database) http.Handler { return serve(t, d.store(t), tenantToken{}) })
}

// serveReplica serves the database of a process that [database.process] started.
func serveReplica(t *testing.T, handler func(d database) http.Handler) {
	driver, place, ok := strings.Cut(os.Getenv(replicaOf), "|")
	if !ok {
		t.Skip("a server for other tests")
	}
	d := database{driver: driver, dsn: place}
	switch driver {
	case "sqlite":
		d.path = place
	case "pgx":
		d.dialect = sqlstore.PostgreSQL
	case "mysql":
		d.dialect = sqlstore.MariaDB
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: received(handler(d))}
	go server.Serve(l)
	fmt.Printf("listening on %s\n", l.Addr())
	io.Copy(io.Discard, os.Stdin) // which ends with the parent
	require.NoError(t, server.Close())
}

// replica starts a process that migrates the database and serves it, and
// returns a handler that forwards to it.
func (d database) replica(t *testing.T) http.Handler {
	h, _ := d.process(t, "TestReplicaProcess")
	return h
}

// process starts a test that calls [serveReplica] as a process, and returns a handler
// that forwards to it and a function that kills it.
func (d database) process(t *testing.T, test string) (h http.Handler, kill func()) {
	place := d.dsn
	if d.path != "" {
		place = d.path
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$", "-test.timeout=20m")
	cmd.Env = append(os.Environ(), replicaOf+"="+d.driver+"|"+place)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	killed := false
	t.Cleanup(func() {
		if killed {
			return
		}
		require.NoError(t, stdin.Close())
		rest, _ := io.ReadAll(stdout)
		require.NoError(t, cmd.Wait(), "%s", rest)
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	require.True(t, ok, "%q %v", line, err)
	return forward(address), func() {
		killed = true
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait() // which says that it was killed
	}
}

// forward sends requests on unchanged. A reverse proxy would drop invalid parts of
// a query, and HTTP drops the body of a response to HEAD, which the kit reads.
// [received] is the other side.
func forward(address string) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: address})
			r.Out.URL.RawQuery = r.In.URL.RawQuery
			if r.In.Method == http.MethodHead {
				r.Out.Method = http.MethodGet
				r.Out.Header.Set(headHeader, "true")
			}
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del("Date")
			if length, ok := r.Header[headHeader]; ok {
				r.Header["Content-Length"] = length
				r.Header.Del(headHeader)
			}
			return nil
		},
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
	}
}

// headHeader marks a HEAD in a request, and has the length in its response.
const headHeader = "Scim-Test-Head"

func received(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(headHeader) == "" {
			h.ServeHTTP(w, r)
			return
		}
		head := r.Clone(r.Context())
		head.Method = http.MethodHead
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, head)
		maps.Copy(w.Header(), answer.Header())
		w.Header()[headHeader] = w.Header()["Content-Length"]
		w.Header().Del("Content-Length")
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
	})
}

// replicas starts processes, all at once, on an empty database.
func (d database) replicas(t *testing.T, n int) []http.Handler {
	out := make([]http.Handler, n)
	var wg sync.WaitGroup
	for i := range out {
		wg.Go(func() { out[i] = d.replica(t) })
	}
	wg.Wait()
	for _, h := range out {
		require.NotNil(t, h)
	}
	return out
}

// inTurn sends each request to the next of the handlers.
func inTurn(handlers []http.Handler) http.Handler {
	var n atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers[n.Add(1)%int64(len(handlers))].ServeHTTP(w, r)
	})
}

func TestReplicasWriteAtTheSameTime(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		c := scimtest.NewClient(t, inTurn(d.replicas(t, 2)), "t")
		got := atOnce(20, func(int) *scimtest.Reply { return c.Post("/Users", scimtest.User("one")) })
		require.Equal(t, map[int]int{201: 1, 409: 19}, got)

		user, group := c.NewUser("u"), c.NewGroup("g")
		etag := c.Get(user).Is(200).Header.Get("ETag")
		got = atOnce(20, func(i int) *scimtest.Reply {
			return c.Put(user, scimtest.User("u", fmt.Sprintf(`"title":"%d"`, i)), "If-Match: "+etag)
		})
		require.Equal(t, map[int]int{200: 1, 412: 19}, got)

		got = atOnce(20, func(i int) *scimtest.Reply {
			return c.Patch(group, fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"m%d"}]}`, i))
		})
		require.Equal(t, 20, got[200]+got[204], "%v", got)
		c.Get(group).Is(200).Has("members.#", "20", "meta.version", `"W/\"21\""`)
	})
}

// The second replica serves the writes of a replica that has ended.
func TestSecondReplicaServesAfterFirstEnds(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		var user string
		t.Run("the first", func(t *testing.T) {
			user = scimtest.NewClient(t, d.replica(t), "t").NewUser("u")
		})
		c := scimtest.NewClient(t, d.replica(t), "t")
		c.Get(user).Is(200)
		c.Post("/Users", scimtest.User("U")).Fails(409, "uniqueness")
	})
}
