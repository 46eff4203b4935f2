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
		for _, l := range seen() {
			run(t, ctx, look(l.width, l.scheme), chromedp.Navigate(w.url+p.path))
			checkPage(t, ctx, p.name, l.name)
		}
	}
	// One record, and an open form.
	run(t, ctx, chromedp.Navigate(w.url+"/activity?operation=patch&id="+person), chromedp.Click(`table a`, chromedp.NodeVisible), chromedp.WaitVisible(`#changes`))
	for _, l := range seen() {
		run(t, ctx, look(l.width, l.scheme))
		checkPage(t, ctx, "record", l.name)
	}
	run(t, ctx, chromedp.Navigate(w.url+"/connections/okta"), chromedp.Evaluate(`document.querySelectorAll("details").forEach(d => d.open = true)`, nil))
	for _, l := range seen() {
		run(t, ctx, look(l.width, l.scheme))
		checkPage(t, ctx, "forms", l.name)
	}
}

// seen are the looks of a run. What is wrong in the dark on a phone is wrong in another
// one too, so that it is for the pictures alone.
func seen() []lookOf {
	if *update {
		return looks
	}
	return looks[:3]
}

// shown are the pages whose pictures the documents have.
var shown = []string{"overview", "activity", "directory", "person", "connections", "connection", "setup-okta", "reconcile", "brake", "record"}

// checkPage looks for what a person could not use, and takes the picture.
func checkPage(t *testing.T, ctx context.Context, page, look string) {
	t.Helper()
	if *update {
		picture(t, ctx, page, look)
		return
	}
	assert.Empty(t, violations(t, ctx), "%s %s", page, look)
	var overflow int
	run(t, ctx, chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &overflow))
	assert.LessOrEqual(t, overflow, 0, "%s %s is wider than the window", page, look)
}

// picture writes what is seen to docs/images, with 256 colours.
func picture(t *testing.T, ctx context.Context, page, look string) {
	var shot []byte
	run(t, ctx, chromedp.FullScreenshot(&shot, 100))
	if os.Getenv("CONSOLE_PICTURES") == "" {
		shot = cropped(t, shot)
	}
	dir := filepath.Join("..", "..", "docs", "images")
	if !slices.Contains(shown, page) {
		dir = t.TempDir()
		if keep := os.Getenv("CONSOLE_PICTURES"); keep != "" {
			dir = keep
		}
	}
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, page+"-"+look+".png"), quantized(t, shot), 0o644))
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
