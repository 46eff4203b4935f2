package scimtest_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// mistake is what a [smallApp] does wrong.
type mistake string

const (
	forgetsDeleted      mistake = "the login looks at the flag only, which DELETE does not change"
	looksForAddress     mistake = "the login looks for the e-mail address"
	looksForLowerCase   mistake = "the login looks for the name in lower case, among deleted accounts too"
	ignoresCollation    mistake = "the login compares names without case and accents"
	noLock              mistake = "the login does not lock the account"
	hidesRace           mistake = "the login does not lock the account, and each request looks at the flag"
	noSecondLook        mistake = "the API key is issued without a second look"
	forgetsKeys         mistake = "the hook forgets the API keys"
	endsOneSession      mistake = "the hook ends one session of the account"
	endsAllSessions     mistake = "the hook ends the sessions of all accounts"
	endsByName          mistake = "the hook ends the sessions of the present name"
	createsRemoved      mistake = "the login creates an account for a name that it does not find"
	createsSpellings    mistake = "the login creates an account for another spelling of a name"
	cachesSessions      mistake = "the look at a session is cached"
	asksTheFlag         mistake = "sessions never end; each request looks at the flag"
	endsOnPATCH         mistake = "the hook ends access when the cause is a PATCH"
	endsAfterAnswer     mistake = "access ends after the answer"
	hidesFailure        mistake = "the hook reports no failure of the token service"
	failsForever        mistake = "the hook fails if there is nothing to end"
	vetoesLeavers       mistake = "the veto keeps leavers in"
	outboxOfProcess     mistake = "the outbox is that of the process"
	refusesReturn       mistake = "an account that was deleted keeps its name"
	revivesKeys         mistake = "a new account has the API keys of the name"
	failureWithoutCause mistake = "Fail has no effect"
)

// account is a row of the application.
type account struct {
	id, name, email, subject string
	active, deleted          bool
}

// smallApp has accounts and sessions in one database, which mu locks, and API keys
// in a service of their own.
type smallApp struct {
	wrong  mistake
	policy scim.Policy
	db     *memstore.DB

	mu       sync.Mutex
	accounts []*account
	sessions map[string]*account
	cache    map[string]bool

	started atomic.Int32 // processes
	failing atomic.Bool
	keys    sync.Map // of the token service: key → account id
}

func newSmallApp(wrong mistake) *smallApp {
	return &smallApp{wrong: wrong, db: memstore.New(memstore.KeepDeleted), sessions: map[string]*account{}, cache: map[string]bool{}}
}

func (a *smallApp) leaver(t *testing.T) scimtest.Leaver {
	return scimtest.Leaver{
		Handler: a.handler(t, a.db, a.revoke),
		Token:   "provider",
		Access: []scimtest.Access{
			{Name: "session", SignIn: a.login, Alive: a.sessionAlive},
			{Name: "single sign-on", SignIn: a.callback, Alive: a.sessionAlive},
			{Name: "API key", SignIn: a.issueKey, Alive: a.keyAlive},
		},
		Fail:  func(failing bool) { a.failing.Store(failing && a.wrong != failureWithoutCause) },
		Start: a.start,
	}
}

func (a *smallApp) handler(t *testing.T, outbox store.Outbox, revoke func(context.Context, *event.Event) error) http.Handler {
	users := scim.Users(a.db.Store(schema.UserType))
	users.Policy = a.policy
	cfg := scim.Config{
		BaseURL: scimtest.BaseURL, Tx: a.db, Outbox: outbox, Logger: slog.New(slog.DiscardHandler),
		Auth:      scim.BearerTokens(scim.HashToken("provider", "provider")),
		Endpoints: []scim.Endpoint{users, scim.Groups(a.db.Store(schema.GroupType))},
		Hooks:     scim.Hooks{Before: a.keep, EndSessions: a.endSessions, Revoke: revoke},
	}
	h, err := scim.New(cfg)
	require.NoError(t, err)
	return h
}

// start serves the application as another process would. The first process ends
// itself between the commit and the revocation; the others are slow there.
func (a *smallApp) start(t *testing.T) (string, func()) {
	outbox := store.Outbox(a.db)
	if a.wrong == outboxOfProcess {
		outbox = struct{ store.Outbox }{memstore.New()}
	}
	killed, first := make(chan struct{}), a.started.Add(1) == 1
	var server *httptest.Server
	server = httptest.NewServer(a.handler(t, outbox, func(ctx context.Context, e *event.Event) error {
		if first {
			go server.CloseClientConnections()
			<-killed
		}
		select {
		case <-killed:
			return errors.New("killed")
		case <-time.After(30 * time.Millisecond):
			return a.revoke(ctx, e)
		}
	}))
	return server.URL + "/scim/v2", func() {
		server.CloseClientConnections()
		close(killed)
		server.Close()
	}
}

// keep writes the account of a resource, in the transaction.
func (a *smallApp) keep(_ context.Context, e *event.Event) error {
	if a.wrong == vetoesLeavers && e.Kind == event.Deactivated {
		return &scim.Error{Status: 400, Detail: "the user is needed"}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	acc := a.find(func(acc *account) bool { return acc.id == e.ResourceID })
	if acc == nil {
		name := text(e.After, "userName")
		if a.wrong == refusesReturn && a.find(func(acc *account) bool { return acc.name == name }) != nil {
			return &scim.Error{Status: 400, Detail: "the name is taken"}
		}
		acc = &account{id: e.ResourceID}
		a.accounts = append(a.accounts, acc)
	}
	if e.After == nil {
		acc.deleted = true
		acc.active = a.wrong == forgetsDeleted
		return nil
	}
	acc.deleted = false // a deleted account may come back
	acc.name, acc.email, acc.subject = text(e.After, "userName"), text(e.After, "emails.value"), text(e.After, "externalId")
	active := e.After.Attributes.Get(schema.UserType.MustResolve("active")[0])
	acc.active = !active.Assigned() || active.Bool()
	return nil
}

// text returns the first value of an attribute, "" if there is none.
func text(r *schema.Resource, path string) string {
	for v := range r.Type.MustResolve(path).Values(r) {
		return v.Text()
	}
	return ""
}

// endSessions ends the sessions of an account, in the transaction.
func (a *smallApp) endSessions(_ context.Context, e *event.Event) error {
	switch {
	case a.wrong == asksTheFlag, a.wrong == endsOnPATCH && e.Cause != event.ByPatch:
	case a.wrong == endsAfterAnswer:
		time.AfterFunc(time.Second, func() { a.deleteSessions(e) })
	default:
		a.deleteSessions(e)
	}
	return nil
}

func (a *smallApp) deleteSessions(e *event.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for secret, acc := range a.sessions {
		mine := acc.id == e.ResourceID || a.wrong == endsAllSessions
		if a.wrong == endsByName {
			mine = strings.HasPrefix(secret, a.find(func(acc *account) bool { return acc.id == e.ResourceID }).name)
		}
		if !mine {
			continue
		}
		delete(a.sessions, secret)
		if a.wrong == endsOneSession {
			return
		}
	}
}

// revoke ends the API keys of an account.
func (a *smallApp) revoke(_ context.Context, e *event.Event) error {
	if a.failing.Load() {
		if a.wrong == hidesFailure {
			return nil
		}
		return errors.New("the token service is down")
	}
	n := 0
	a.keys.Range(func(key, id any) bool {
		if id == e.ResourceID && a.wrong != forgetsKeys && a.wrong != revivesKeys {
			a.keys.Delete(key)
			n++
		}
		return true
	})
	if n == 0 && a.wrong == failsForever {
		return errors.New("no keys")
	}
	return nil
}

// login starts a session for a name and a password, which all accounts share.
func (a *smallApp) login(p scimtest.Person) (string, error) {
	return a.startSession(p, a.named(p))
}

// callback starts a session for the subject of a single sign-on.
func (a *smallApp) callback(p scimtest.Person) (string, error) {
	return a.startSession(p, func(acc *account) bool { return acc.subject == p.ExternalID && !acc.deleted })
}

// named returns the condition by which the login finds an account.
func (a *smallApp) named(p scimtest.Person) func(*account) bool {
	return func(acc *account) bool {
		switch a.wrong {
		case looksForAddress:
			return acc.email == p.Email && !acc.deleted
		case looksForLowerCase, createsSpellings:
			lower := strings.ToLower(p.UserName) // as SQL's lower() does
			return strings.ToLower(acc.name) == lower
		case ignoresCollation:
			plain := strings.NewReplacer("à", "a", "İ", "i").Replace
			return strings.EqualFold(plain(acc.name), plain(p.UserName)) && !acc.deleted && acc.active
		case forgetsDeleted:
			return schema.FoldKey(acc.name) == schema.FoldKey(p.UserName)
		}
		return !acc.deleted && schema.FoldKey(acc.name) == schema.FoldKey(p.UserName)
	}
}

// find returns the first account for which is holds, or nil.
func (a *smallApp) find(is func(*account) bool) *account {
	for _, acc := range a.accounts {
		if is(acc) {
			return acc
		}
	}
	return nil
}

// startSession returns a new session of an account that is active, "" if there is
// none. The lock is that of the database.
func (a *smallApp) startSession(p scimtest.Person, is func(*account) bool) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	acc := a.find(is)
	if acc == nil && (a.wrong == createsRemoved || a.wrong == createsSpellings) {
		acc = &account{id: rand.Text(), name: p.UserName, active: true}
		a.accounts = append(a.accounts, acc)
	}
	if acc == nil || !acc.active || acc.deleted && a.wrong == createsSpellings {
		return "", nil
	}
	if a.wrong == noLock || a.wrong == hidesRace {
		a.mu.Unlock()
		time.Sleep(time.Millisecond)
		a.mu.Lock()
	}
	secret := acc.name + rand.Text()
	a.sessions[secret] = acc
	return secret, nil
}

func (a *smallApp) sessionAlive(secret string) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.wrong == cachesSessions && a.cache[secret] {
		return true, nil
	}
	acc, ok := a.sessions[secret]
	ok = ok && (a.wrong != asksTheFlag && a.wrong != hidesRace || acc.active && !acc.deleted)
	a.cache[secret] = ok
	return ok, nil
}

// active returns the id of the active account of a name, or "".
func (a *smallApp) active(p scimtest.Person) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	acc := a.find(func(acc *account) bool {
		return acc.active && !acc.deleted && schema.FoldKey(acc.name) == schema.FoldKey(p.UserName)
	})
	if acc == nil {
		return ""
	}
	return acc.id
}

// issueKey issues a key and looks at the account again when the key exists.
func (a *smallApp) issueKey(p scimtest.Person) (string, error) {
	id := a.active(p)
	if id == "" {
		return "", nil
	}
	if a.wrong == noSecondLook {
		time.Sleep(time.Millisecond)
	}
	key := p.UserName + rand.Text()
	a.keys.Store(key, id)
	if a.wrong != noSecondLook && a.active(p) != id {
		a.keys.Delete(key)
		return "", nil
	}
	return key, nil
}

func (a *smallApp) keyAlive(key string) (bool, error) {
	id, ok := a.keys.Load(key)
	if ok && a.wrong == revivesKeys {
		a.mu.Lock()
		defer a.mu.Unlock()
		// The owner is found by the name in the key.
		return a.find(func(acc *account) bool { return acc.active && !acc.deleted && strings.HasPrefix(key, acc.name) }) != nil, nil
	}
	return ok && id != "", nil
}
