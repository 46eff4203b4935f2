package scimtest_test

import (
	"net/http"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
)

func TestLeaverPassesForCorrectApplication(t *testing.T) {
	t.Parallel()
	newSmallApp("").leaver(t).Run(t)
}

// The kit knows what each policy does to a user who returns.
func TestLeaverPassesForPolicies(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]scim.Policy{
		"RestoreInactive":    {OnTwin: scim.RestoreInactive},
		"RestoreDeleted":     {OnTwin: scim.RestoreDeleted},
		"DeactivateOnDelete": {OnDelete: scim.DeactivateOnDelete},
		"both":               {OnTwin: scim.RestoreInactive, OnDelete: scim.DeactivateOnDelete},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newSmallApp("")
			a.policy = policy
			a.leaver(t).Run(t)
		})
	}
}

func TestLeaverFailsForMistakes(t *testing.T) {
	t.Parallel()
	for wrong, want := range map[mistake]struct{ where, found, remedy string }{
		forgetsDeleted:      {"PATCH of active", "DELETE succeeded, and ada.", "inactive or deleted"},
		looksForAddress:     {"the address of a leaver", "another user got the e-mail address, and ada.", "never by an e-mail address"},
		looksForLowerCase:   {"DELETE", "is active, and the application refused the sign-in", "by its key"},
		ignoresCollation:    {"a leaver whose name looks like", "and İda.", "by its key"},
		noLock:              {"sign-in while", "while the user signed in, and the s", "lock the account's row"},
		hidesRace:           {"sign-in while", "while the user signed in, then", "lock the account's row"},
		noSecondLook:        {"sign-in while", "while the user signed in, and the API key of ada", "look at active once more"},
		forgetsKeys:         {"PATCH of active", "succeeded, and the API key of ada", "end every access"},
		endsOneSession:      {"PATCH of active", "succeeded, and the s", "end every access"},
		endsAllSessions:     {"PATCH of active", "grace", "end only the access of the user"},
		endsByName:          {"PATCH that renames and deactivates", "succeeded, and the s", "by the id of the account"},
		createsRemoved:      {"PATCH of active", "DELETE succeeded, and ada.", "creates none for a person who was removed"},
		createsSpellings:    {"PATCH of active", "ß", "schema.FoldKey"},
		cachesSessions:      {"PATCH of active", "succeeded, and the s", "cache"},
		asksTheFlag:         {"PATCH of active", "was answered 200, and the s", "end access for good"},
		endsOnPATCH:         {"PATCH of active", "DELETE succeeded, and the s", "end every access"},
		endsAfterAnswer:     {"PATCH of active", "succeeded, and the s", "end every access"},
		hidesFailure:        {"the end of access fails", "was answered 200, and the API key of ada", "return the error"},
		failsForever:        {"a user without access", "was answered 503", "if nothing is left to end"},
		vetoesLeavers:       {"PATCH of active", "could not be deactivated", "keep a leaver in"},
		outboxOfProcess:     {"a killed process", "a process was killed", "Config.Outbox"},
		refusesReturn:       {"DELETE", "was not created again", "among the accounts that are not deleted"},
		revivesKeys:         {"PATCH of active", "and the API key of ada", "bind it to the id of the account"},
		failureWithoutCause: {"the end of access fails", "every deactivation succeeded", "set it to nil"},
	} {
		t.Run(string(wrong), func(t *testing.T) {
			t.Parallel()
			name, err := scimtest.LeaverFaults(t, newSmallApp(wrong).leaver(t))
			require.ErrorContains(t, err, want.found)
			require.ErrorContains(t, err, want.remedy)
			require.Contains(t, name, want.where)
		})
	}
}

// leaverProcess, in the environment, makes [TestLeaverReports] run the kit in a
// separate process.
const leaverProcess = "SCIMTEST_LEAVER"

func TestLeaverReports(t *testing.T) {
	if os.Getenv(leaverProcess) != "" {
		l := newSmallApp(forgetsKeys).leaver(t)
		l.Fail, l.Start = nil, nil
		l.Run(t)
		return
	}
	t.Parallel()
	c := exec.Command(os.Args[0], "-test.run=^TestLeaverReports$", "-test.v")
	c.Env = append(os.Environ(), leaverProcess+"=1")
	out, err := c.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "FAIL: TestLeaverReports/DELETE")
	require.Contains(t, string(out), "What to do: end every access")
	require.Contains(t, string(out), "not proven: the end of access fails: Leaver.Fail is nil")
	require.Contains(t, string(out), "not proven: a killed process: Leaver.Start is nil")
}

func TestLeaverRefusesIncompleteDeclarations(t *testing.T) {
	t.Parallel()
	complete := newSmallApp("").leaver(t)
	require.NoError(t, scimtest.CheckLeaver(complete))
	for want, l := range map[string]scimtest.Leaver{
		"Handler and Token are required": {Access: complete.Access},
		"Access is empty":                {Handler: http.NotFoundHandler(), Token: "t"},
		`Access "session" needs a name`:  {Handler: http.NotFoundHandler(), Token: "t", Access: []scimtest.Access{{Name: "session"}}},
	} {
		require.ErrorContains(t, scimtest.CheckLeaver(l), want)
	}
}
