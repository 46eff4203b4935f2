// Package browsertest runs the console in a browser. It is a module of its own,
// since the driver of the browser is no requirement of anything else. It needs
// Chromium and npm; without them its tests are skipped, or fail with
// SCIM_TEST_REQUIRE_ALL.
//
//	GOWORK=off go test ./...           # in this directory
//	GOWORK=off go test ./... -update   # writes the pictures of docs/images
package browsertest

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the pictures of docs/images")

// missing skips a test without a program that it needs.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("SCIM_TEST_REQUIRE_ALL") != "" {
		t.Fatalf("%s is missing, and SCIM_TEST_REQUIRE_ALL is set", what)
	}
	t.Skipf("%s is missing", what)
}

// newBrowser starts a browser that ends with the test, and returns the context of its
// first page.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		missing(t, "Chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("font-render-hinting", "none"),
		chromedp.Flag("lang", "en"), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 8*time.Minute) // of the whole test, if it hangs
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Run(ctx))
	return ctx
}

// run runs actions in the browser.
func run(t *testing.T, ctx context.Context, actions ...chromedp.Action) {
	t.Helper()
	require.NoError(t, chromedp.Run(ctx, actions...))
}

// textOf returns the text of the page.
func textOf(t *testing.T, ctx context.Context) string {
	t.Helper()
	var text string
	run(t, ctx, chromedp.Evaluate("document.body.innerText", &text))
	return text
}

// lookOf is how pages are looked at.
type lookOf struct {
	name   string
	width  int64
	scheme string
}

var looks = []lookOf{
	{"1280-light", 1280, "light"}, {"1280-dark", 1280, "dark"}, {"390-light", 390, "light"}, {"390-dark", 390, "dark"},
}

// look sets the width of the page and the colours that its user likes.
func look(width int64, scheme string) chromedp.Action {
	return chromedp.Tasks{
		emulation.SetDeviceMetricsOverride(width, 900, 1, width < 500),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}),
	}
}

// axeVersion and axeSum pin axe-core, which finds what a screen reader or keyboard
// cannot use.
const (
	axeVersion = "4.14.1"
	axeSum     = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)

var axe = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "axe")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	pack := exec.Command("npm", "pack", "--silent", "axe-core@"+axeVersion)
	pack.Dir, pack.Stderr = dir, os.Stderr
	if err := pack.Run(); err != nil {
		return "", err
	}
	name := "axe-core-" + axeVersion + ".tgz"
	archive, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return "", err
	}
	if sum := sha512.Sum512(archive); base64.StdEncoding.EncodeToString(sum[:]) != axeSum {
		return "", errSum
	}
	script, err := exec.Command("tar", "-xzOf", filepath.Join(dir, name), "package/axe.min.js").Output()
	return string(script), err
})

var errSum = errors.New("the package axe-core has another content than the one that is pinned")

func awaitPromise(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// axeScript returns the script of axe-core.
func axeScript(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		missing(t, "npm")
	}
	script, err := axe()
	require.NoError(t, err, "npm pack axe-core")
	return script
}

// violations runs axe-core on the page and returns what is serious or critical.
func violations(t *testing.T, ctx context.Context) string {
	t.Helper()
	var found []struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML string }
	}
	script := axeScript(t)
	run(t, ctx, chromedp.Evaluate(script+"; void 0", nil),
		chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map(n => ({html: n.html + " " + n.failureSummary}))})))`,
			&found, awaitPromise))
	var out strings.Builder
	for _, v := range found {
		if v.Impact == "serious" || v.Impact == "critical" {
			out.WriteString(v.Impact + ": " + v.ID + ": " + v.Help + "\n")
			for _, n := range v.Nodes {
				out.WriteString("  " + n.HTML + "\n")
			}
		}
	}
	return out.String()
}
