package browsertest

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every page, in light and dark, wide and narrow: nothing that a keyboard or a screen
// reader cannot use, and no page is wider than the window.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	person, group := w.furnish()
	pages := []struct{ name, path string }{
		{"overview", "/overview"}, {"activity", "/activity"}, {"directory", "/directory/Users"}, {"person", "/directory/Users/" + person},
		{"group", "/directory/Groups/" + group}, {"search", "/directory/Users?q=userName+xx+%22a%22"}, {"connections", "/connections"}, {"connection", "/connections/okta"},
		{"requests", "/connections/okta/requests"}, {"handover", "/connections/okta/handover?to=entra"}, {"setup", "/setup"}, {"setup-okta", "/setup/okta"}, {"setup-waiting", "/setup/ping?connection=okta"}, {"reconcile", "/reconcile"}, {"brake", "/brake"}, {"error", "/no-such-page"},
	}
	ctx := newBrowser(t)
	for _, p := range pages {
		run(t, ctx, chromedp.Navigate(w.url+p.path))
		checkPage(t, ctx, p.name)
	}
	// What needs more than an address: one record, the report of a file, private values,
	// open forms, and a new token.
	run(t, ctx, chromedp.Navigate(w.url+"/activity?operation=patch&id="+person), chromedp.Click(`table a`, chromedp.NodeVisible), chromedp.WaitVisible(`#changes`))
	checkPage(t, ctx, "record")
	file := filepath.Join(t.TempDir(), "export.csv")
	require.NoError(t, os.WriteFile(file, []byte(export()), 0o600))
	run(t, ctx, chromedp.Navigate(w.url+"/reconcile"), chromedp.SetValue(`#connection`, "okta"), chromedp.SetValue(`#userName`, "login"), chromedp.SetValue(`#externalId`, "id"),
		chromedp.SetValue(`#active`, "status"), chromedp.SetValue(`#others`, "title=job"), chromedp.Click(`input[value=attributes]`), chromedp.Click(`input[value=create]`),
		chromedp.SetUploadFiles(`#file`, []string{file}), submit(`form[enctype] button.primary`), chromedp.WaitVisible(`#report`))
	checkPage(t, ctx, "report")
	run(t, ctx, chromedp.Navigate(w.url+"/directory/Users/"+person), submit(`#attributes ~ form button`), chromedp.WaitVisible(`.badge.warn`))
	require.Contains(t, textOf(t, ctx), "+1 202 5550100")
	checkPage(t, ctx, "private")
	for _, path := range []string{"/connections/okta", "/directory/Users/" + person} {
		run(t, ctx, chromedp.Navigate(w.url+path), chromedp.Evaluate(`document.querySelectorAll("details").forEach(d => d.open = true)`, nil))
		checkPage(t, ctx, "forms of "+path)
	}
	run(t, ctx, chromedp.Navigate(w.url+"/connections/okta"), chromedp.Click(`//summary[text()="New token"]`), chromedp.SendKeys(`#ireason`, "another one"),
		submit(`form[action$="/issue"] button`), chromedp.WaitVisible(`#secret`))
	checkPage(t, ctx, "secret")
}

// shown are the pages whose pictures the documents have.
var shown = []string{
	"overview", "activity", "record", "directory", "person", "connections", "connection", "requests", "handover", "setup", "setup-okta", "reconcile", "report", "brake",
}

// checkPage looks for what a person could not use, in every look, and takes the pictures.
func checkPage(t *testing.T, ctx context.Context, page string) {
	t.Helper()
	for _, l := range looks {
		run(t, ctx, look(l.width, l.scheme))
		assert.Empty(t, violations(t, ctx), "%s %s", page, l.name)
		var overflow int
		run(t, ctx, chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &overflow))
		assert.LessOrEqual(t, overflow, 0, "%s %s is wider than the window", page, l.name)
		if *update && slices.Contains(shown, page) {
			picture(t, ctx, page+"-"+l.name)
		}
	}
}

// picture writes what is seen to docs/images, with 256 colours.
func picture(t *testing.T, ctx context.Context, name string) {
	var shot []byte
	run(t, ctx, chromedp.FullScreenshot(&shot, 100))
	require.NoError(t, os.WriteFile(filepath.Join("..", "..", "docs", "images", name+".png"), quantized(t, cropped(t, shot)), 0o644))
}

// cropped returns the upper part of a long picture.
func cropped(t *testing.T, shot []byte) []byte {
	in, err := png.Decode(bytes.NewReader(shot))
	require.NoError(t, err)
	most := image.Rect(0, 0, in.Bounds().Dx(), min(in.Bounds().Dy(), 1500))
	out := image.NewRGBA(most)
	draw.Draw(out, most, in, image.Point{}, draw.Src)
	var buf bytes.Buffer
	require.NoError(t, png.Encode(&buf, out))
	return buf.Bytes()
}

// quantized returns a picture with the 256 colours that it has most, others being the
// nearest of them. Pages have few colours.
func quantized(t *testing.T, shot []byte) []byte {
	in, err := png.Decode(bytes.NewReader(shot))
	require.NoError(t, err)
	count := map[color.RGBA]int{}
	bounds := in.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			count[color.RGBAModel.Convert(in.At(x, y)).(color.RGBA)]++
		}
	}
	var all []color.RGBA
	for c := range count {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return int(a.R)<<16 + int(a.G)<<8 + int(a.B) - int(b.R)<<16 - int(b.G)<<8 - int(b.B)
	})
	var palette color.Palette
	for _, c := range all[:min(256, len(all))] {
		palette = append(palette, c)
	}
	out := image.NewPaletted(bounds, palette)
	draw.Draw(out, bounds, in, bounds.Min, draw.Src)
	var buf bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&buf, out))
	return buf.Bytes()
}
