package main

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// asProgram has the command line of the process that is killed, a line each.
const asProgram = "SCIM_EVENTS_ARGUMENTS"

func TestMain(m *testing.M) {
	if args := os.Getenv(asProgram); args != "" {
		if err := run(context.Background(), strings.Split(args, "\n"), os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const issuer = "https://app.example.com"

// receiver verifies tokens with the keys that the issuer publishes.
type receiver struct {
	t *testing.T

	mu    sync.Mutex
	keys  jose.JSONWebKeySet
	texts []string // all that were sent
	// tokens are the claims of those that were acknowledged, by jti.
	tokens map[string]claims
	silent bool // takes tokens, and never answers
	asked  chan struct{}
}

type claims struct {
	Issuer      string                     `json:"iss"`
	ID          string                     `json:"jti"`
	Transaction string                     `json:"txn"`
	Audience    []string                   `json:"aud"`
	Subject     map[string]string          `json:"sub_id"`
	Events      map[string]json.RawMessage `json:"events"`
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	text, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	r.texts = append(r.texts, string(text))
	silent := r.silent
	if !silent {
		if c, err := r.verify(string(text), "https://"+q.Host+q.URL.Path); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"err":"invalid_request","description":%q}`, err)
		} else {
			r.tokens[c.ID] = c
			w.WriteHeader(http.StatusAccepted)
		}
	}
	r.mu.Unlock()
	if silent {
		select {
		case r.asked <- struct{}{}:
		default:
		}
		<-q.Context().Done() // the sender is dead
	}
}

// verify returns the claims of a token with a valid signature.
func (r *receiver) verify(text, audience string) (claims, error) {
	var c claims
	signed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return c, err
	}
	header := signed.Signatures[0].Protected
	keys := r.keys.Key(header.KeyID)
	if len(keys) != 1 || header.ExtraHeaders[jose.HeaderType] != "secevent+jwt" {
		return c, fmt.Errorf("no key, or another type: %v", header)
	}
	payload, err := signed.Verify(keys[0])
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return c, err
	}
	if c.Issuer != issuer || c.ID == "" || c.Transaction == "" || c.Subject["format"] != "scim" || len(c.Events) == 0 || len(c.Audience) != 1 || c.Audience[0] != audience {
		return c, fmt.Errorf("claims are missing: %s", payload)
	}
	return c, nil
}

// about returns the ids of the acknowledged tokens about a resource with an event.
func (r *receiver) about(path, event string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []string
	for id, c := range r.tokens {
		if _, ok := c.Events["urn:ietf:params:scim:event:"+event]; ok && c.Subject["uri"] == path {
			ids = append(ids, id)
		}
	}
	return ids
}

// program is the sender as a process.
type program struct {
	*exec.Cmd
	base string // of its URL
}

// start starts the program and returns it when it listens.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), asProgram+"="+strings.Join(args, "\n"))
	out, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		require.NoError(t, err, "the program ended")
		if _, url, found := strings.Cut(strings.TrimSpace(line), "listening on "); found {
			go io.Copy(io.Discard, lines)
			return &program{c, url}
		}
	}
}

// kill kills the process as kill -9 does.
func (p *program) kill() {
	_ = p.Process.Kill()
	_ = p.Wait()
}

// send sends a request and returns status and body, 0 without an answer.
func (p *program) send(method, path, body string, headers ...string) (int, string, http.Header) {
	r, err := http.NewRequest(method, p.base+path, strings.NewReader(body))
	if err != nil {
		return 0, err.Error(), nil
	}
	r.Header.Set("Authorization", "Bearer secret")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), resp.Header
}

func newUser(name string) string {
	return `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"` + name + `"}`
}

// world has a receiver and the arguments of a sender for it.
type world struct {
	*receiver
	t    *testing.T
	args []string
}

func newWorld(t *testing.T) *world {
	r := &receiver{t: t, tokens: map[string]claims{}, asked: make(chan struct{}, 1)}
	server := httptest.NewTLSServer(r)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	roots := filepath.Join(dir, "roots.pem")
	require.NoError(t, os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	return &world{r, t, []string{
		"-addr", "127.0.0.1:0", "-url", issuer, "-db", filepath.Join(dir, "scim.db"), "-key", filepath.Join(dir, "key.json"), "-token", "secret",
		"-receiver", server.URL + "/events", "-roots", roots, "-timeout", "300ms",
	}}
}

// start starts a sender and reads its keys.
func (w *world) start() *program {
	w.t.Helper()
	p := start(w.t, w.args...)
	w.t.Cleanup(p.kill)
	resp, err := http.Get(strings.TrimSuffix(p.base, "/scim/v2") + "/jwks.json")
	require.NoError(w.t, err)
	defer resp.Body.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	require.NoError(w.t, json.NewDecoder(resp.Body).Decode(&w.keys))
	require.True(w.t, w.keys.Keys[0].IsPublic())
	return p
}

func (w *world) setSilent(silent bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = silent
}

// The sender is killed after the commit, while the receiver has the token and has
// not acknowledged it. Another process sends the same token again.
func TestSenderIsKilledBeforeTheAcknowledgement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setSilent(true)
	p := w.start()
	status, _, header := p.send("POST", "/Users", newUser("a"), "Prefer: respond-async")
	require.Equal(t, http.StatusAccepted, status)
	path := strings.TrimPrefix(header.Get("Location"), issuer+"/scim/v2")
	<-w.asked
	p.kill()
	require.Empty(t, w.tokens)
	first := w.texts[0]
	w.setSilent(false)
	w.start()
	require.Eventually(t, func() bool {
		return len(w.about(path, "prov:create:notice")) == 1 && len(w.about(path, "misc:asyncresp")) == 1
	}, 30*time.Second, 10*time.Millisecond)
	w.mu.Lock()
	defer w.mu.Unlock()
	payload := func(text string) string { return strings.Split(text, ".")[1] }
	again := 0
	for _, text := range w.texts {
		if payload(text) == payload(first) {
			again++
		}
	}
	require.GreaterOrEqual(t, again, 2, "the same claims, jti included")
	for _, c := range w.tokens {
		require.Equal(t, header.Get("Set-Txn"), c.Transaction)
	}
}

// Senders are killed at random moments while users are created, changed and
// deleted. In the end the receiver has one token for each change that was committed.
func TestSendersAreKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	var acknowledged []string
	for round := range rounds {
		p := w.start()
		made := make(chan []string)
		go func() {
			var paths []string
			for i := 0; ; i++ {
				status, body, _ := p.send("POST", "/Users", newUser(fmt.Sprintf("u-%d-%d", round, i)))
				if status == 0 {
					made <- paths
					return
				}
				var v struct{ ID string }
				_ = json.Unmarshal([]byte(body), &v)
				paths = append(paths, "/Users/"+v.ID)
			}
		}()
		time.Sleep(time.Duration(20+rand.IntN(200)) * time.Millisecond)
		p.kill()
		acknowledged = append(acknowledged, <-made...)
	}
	p := w.start()
	_, body, _ := p.send("GET", "/Users?count=1000&attributes=userName", "")
	var list struct {
		TotalResults int
		Resources    []struct{ ID, UserName string }
	}
	require.NoError(t, json.Unmarshal([]byte(body), &list))
	require.Len(t, list.Resources, list.TotalResults)
	there := map[string]bool{}
	for _, u := range list.Resources {
		there["/Users/"+u.ID] = true
	}
	for _, path := range acknowledged {
		require.True(t, there[path])
	}
	require.NotEmpty(t, there)
	require.Eventually(t, func() bool {
		for path := range there {
			if len(w.about(path, "prov:create:notice")) == 0 {
				return false
			}
		}
		return true
	}, 60*time.Second, 50*time.Millisecond, "a token is lost")
	for path := range there {
		require.Len(t, w.about(path, "prov:create:notice"), 1, "two tokens for one change")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	require.Len(t, w.tokens, len(there), "a token without a committed change")
	t.Logf("%d users, %d acknowledged, %d deliveries", len(there), len(acknowledged), len(w.texts))
}
