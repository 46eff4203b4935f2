package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// submit sends the form that a button is part of, and waits for the page after it.
func submit(button string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := chromedp.RunResponse(ctx, chromedp.Click(button, chromedp.NodeVisible))
		return err
	})
}

// A token that was made in the console works, and stops when it is revoked there.
func TestTokenOfTheConsole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := newBrowser(t)
	var secret string
	run(t, ctx, look(1280, "light"), chromedp.Navigate(w.url+"/connections"),
		chromedp.SetValue(`#provider`, "entra"), chromedp.SendKeys(`#name`, "entra"), chromedp.SendKeys(`#label`, "Entra ID"),
		submit(`form[action$="/connections"] button.primary`),
		chromedp.Value(`#secret`, &secret))
	status, id := w.send(secret, "POST", "/Users", `{"userName":"grace","active":true}`)
	require.Equal(t, 201, status)
	require.NotEmpty(t, id)
	var url string
	run(t, ctx, chromedp.Location(&url), chromedp.Navigate(w.url+"/connections/entra"))
	require.NotContains(t, url, secret)
	require.NotContains(t, textOf(t, ctx), secret)

	run(t, ctx, chromedp.Click(`//summary[text()="Revoke"]`), chromedp.SendKeys(`#vreason-0`, "the test is over"), submit(`form[action$="/revoke"] button`))
	require.Contains(t, textOf(t, ctx), "The token is revoked.")
	status, _ = w.send(secret, "GET", "/Users", "")
	require.Equal(t, 401, status)
}

// The page of a provider turns green when the first request arrives, without being
// loaded again.
func TestSetUpTurnsGreen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.connect("okta", "okta", "")
	ctx := newBrowser(t)
	run(t, ctx, chromedp.Navigate(w.url+"/setup/okta"), chromedp.WaitVisible(`.live.waiting`), chromedp.Evaluate(`window.same = true`, nil))
	status, _ := w.send(secret, "GET", "/Users?count=2", "")
	require.Equal(t, 200, status)
	var same bool
	run(t, ctx, chromedp.WaitVisible(`.live.good`), chromedp.Evaluate(`window.same === true`, &same))
	require.True(t, same, "the page was loaded again")
	require.Contains(t, textOf(t, ctx), "Connected.")
}

// A hostile displayName changes nothing: no script runs, no text is turned around, and
// no page becomes wide or unusable.
func TestHostileName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.connect("okta", "okta", "")
	_, id := w.send(secret, "POST", "/Users", `{"userName":"mallory","active":true}`)
	users := w.db.Store(schema.WithOwner(schema.UserType))
	tenantCtx := store.WithTenant(t.Context(), tenant)
	r, err := users.Get(tenantCtx, id, store.GetOptions{})
	require.NoError(t, err)
	hostile := `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>` + "\u202eevil\u2066\u2067" + strings.Repeat("W", 10<<10) + "\u0301"
	_, err = users.Update(tenantCtx, &store.Change{ID: id, Before: r, After: r.With(r.Type.Root().Sub("displayName"), schema.String(hostile)), At: w.clock()})
	require.NoError(t, err)
	ctx := newBrowser(t)
	for _, path := range []string{"/directory/Users", "/directory/Users/" + id, "/directory/Users?q=mallory"} {
		for _, l := range looks[:3] {
			run(t, ctx, look(l.width, l.scheme), chromedp.Navigate(w.url+path))
			var hurt bool
			var overflow int
			run(t, ctx, chromedp.Evaluate(`window.hurt === 1`, &hurt), chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &overflow))
			require.False(t, hurt, path)
			require.LessOrEqual(t, overflow, 0, path)
			text := textOf(t, ctx)
			require.Contains(t, text, "U+202E")
			require.NotContains(t, text, "\u202e")
			require.Less(t, len(text), 4000, "the whole name only on demand")
		}
	}
	require.Empty(t, violations(t, ctx))
	run(t, ctx, chromedp.Navigate(w.url+"/directory/Users/"+id), chromedp.Click(`details.full > summary`), chromedp.WaitVisible(`details.full > div`))
	require.Greater(t, len(textOf(t, ctx)), 10_000)
}

// A stopped connection goes on after the brake was released, and not before.
func TestBrakeIsReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.connect("okta", "okta", "")
	var ids []string
	for i := range 6 {
		_, id := w.send(secret, "POST", "/Users", fmt.Sprintf(`{"userName":"person-%d","active":true}`, i))
		ids = append(ids, id)
	}
	w.at(w.clock().Add(25 * time.Hour))
	for i := range 3 {
		status, _ := w.send(secret, "DELETE", "/Users/"+ids[i], "")
		require.Equal(t, 204, status)
	}
	status, _ := w.send(secret, "DELETE", "/Users/"+ids[3], "")
	require.Equal(t, 503, status)
	ctx := newBrowser(t)
	run(t, ctx, look(390, "dark"), chromedp.Navigate(w.url+"/overview"))
	require.Contains(t, textOf(t, ctx), "The brake stopped the connection")
	run(t, ctx, chromedp.Navigate(w.url+"/brake"), chromedp.SendKeys(`details[open] input[name=more]`, "2"), chromedp.SendKeys(`details[open] input[name=reason]`, "the site was closed"),
		submit(`details[open] button`))
	require.Contains(t, textOf(t, ctx), "The brake is released.")
	for i := 3; i < 5; i++ {
		status, _ = w.send(secret, "DELETE", "/Users/"+ids[i], "")
		require.Equal(t, 204, status)
	}
	status, _ = w.send(secret, "DELETE", "/Users/"+ids[5], "")
	require.Equal(t, 503, status)
	run(t, ctx, chromedp.Navigate(w.url+"/activity?operation=releaseBrake"))
	require.Contains(t, textOf(t, ctx), "the site was closed")
}

// tabTo presses Tab until an element has the focus.
func tabTo(selector string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for range 120 {
			if err := chromedp.KeyEvent(kb.Tab).Do(ctx); err != nil {
				return err
			}
			var there bool
			if err := chromedp.Evaluate(fmt.Sprintf(`document.activeElement.matches(%q)`, selector), &there).Do(ctx); err != nil || there {
				return err
			}
		}
		return fmt.Errorf("Tab does not reach %s", selector)
	})
}

// enter presses Enter and waits for the page after it.
func enter() chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := chromedp.RunResponse(ctx, chromedp.KeyEvent(kb.Enter))
		return err
	})
}

// Everything is done by keyboard: the first stop of Tab skips the navigation, each
// control is reached, and the one with the focus is marked.
func TestByKeyboard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	person, _ := w.furnish()
	ctx := newBrowser(t)
	var inMain bool
	run(t, ctx, look(1280, "light"), chromedp.Navigate(w.url+"/directory/Users"), tabTo(`.skip`), chromedp.KeyEvent(kb.Enter),
		chromedp.Evaluate(`document.activeElement.id === "main"`, &inMain))
	require.True(t, inMain)
	run(t, ctx, tabTo(`#q`), chromedp.KeyEvent("grace"), enter(), chromedp.WaitVisible(`tbody a`), tabTo(`tbody a`), enter())
	require.Contains(t, textOf(t, ctx), "Grace Hopper")
	require.NotContains(t, textOf(t, ctx), "+1 202")
	run(t, ctx, tabTo(`form[method=post] button`), enter())
	require.Contains(t, textOf(t, ctx), "+1 202 5550100")

	run(t, ctx, chromedp.Navigate(w.url+"/connections/okta"), tabTo(`details:has(input[value=paused]) > summary`), chromedp.KeyEvent(kb.Enter),
		tabTo(`#reason-paused`), chromedp.KeyEvent("maintenance"), enter())
	require.Contains(t, textOf(t, ctx), "The state of the connection is changed.")

	for _, path := range []string{"/overview", "/activity", "/directory/Users/" + person, "/connections", "/setup/okta", "/reconcile", "/brake"} {
		var stops, controls int
		var unmarked string
		run(t, ctx, chromedp.Navigate(w.url+path), chromedp.Evaluate(`[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")].filter(e => e.checkVisibility()).length`, &controls))
		for stops = 0; stops < controls+20; stops++ {
			var mark string
			run(t, ctx, chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(`(() => {
				const e = document.activeElement;
				if (e === document.body) return "end";
				const s = getComputedStyle(e);
				e.dataset.seen = "yes";
				return s.outlineStyle !== "none" && s.outlineWidth !== "0px" || e.matches("input[type=date], input[type=file]") ? "" : e.outerHTML.slice(0, 200);
			})()`, &mark))
			if mark == "end" {
				break
			}
			if mark != "" {
				unmarked = mark
			}
		}
		var missed string
		run(t, ctx, chromedp.Evaluate(`[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")].filter(e => e.checkVisibility() && !e.dataset.seen).map(e => e.outerHTML.slice(0, 200)).join("\n")`, &missed))
		require.Empty(t, missed, "%s: not reached by Tab", path)
		require.Empty(t, unmarked, "%s: has the focus and does not look like it", path)
	}
}

// What differs from the file of a provider is shown, and repaired by the plan.
func TestDriftIsRepaired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.connect("okta", "okta", "")
	_, id := w.send(secret, "POST", "/Users", `{"userName":"grace","externalId":"e1","title":"Engineer","active":true}`)
	file := filepath.Join(t.TempDir(), "export.csv")
	require.NoError(t, os.WriteFile(file, []byte("login,id,job\ngrace,e1,Admiral\n"), 0o600))
	ctx := newBrowser(t)
	run(t, ctx, look(1280, "light"), chromedp.Navigate(w.url+"/reconcile"), chromedp.SetValue(`#connection`, "okta"),
		chromedp.SetValue(`#userName`, "login"), chromedp.SetValue(`#externalId`, "id"), chromedp.SetValue(`#others`, "title=job"),
		chromedp.Click(`input[value=attributes]`), chromedp.SetUploadFiles(`#file`, []string{file}), submit(`form[enctype] button.primary`))
	require.Contains(t, textOf(t, ctx), `title: here "Engineer", there "Admiral"`)
	require.Empty(t, violations(t, ctx))
	run(t, ctx, chromedp.SendKeys(`#reason`, "drift"), submit(`form[action$="/repair"] button`))
	require.Contains(t, textOf(t, ctx), "Applied")
	require.Empty(t, violations(t, ctx))
	run(t, ctx, chromedp.Navigate(w.url+"/directory/Users/"+id))
	require.Contains(t, textOf(t, ctx), "Admiral")
}
