//go:build linux

package main

import (
	"fmt"
	"math"
	"strings"
)

// The plot has a panel for each store and number of users, and in it a row for each
// operation: a dot for the ratio of each side to the limit, and a line at the target.
// The scale is logarithmic.
const (
	plotWidth   = 860
	plotLeft    = 220 // of the scale
	plotRight   = 30
	rowHeight   = 20
	panelHeight = 54 // beside its rows
	mostRatio   = 64.0
)

// dots are the looks of sides.
var dots = []struct{ side, title, colour string }{
	{rivalName, "elimity-com/scim", "#b07a2a"},
	{beforeName, "", "#8a8f98"},
	{libraryName, "library", "#1f6fb2"},
}

// plot returns the plot, in SVG.
func (r *report) plot() string {
	var b strings.Builder
	y := 40
	for _, s := range storeNames {
		for _, users := range r.sizes(s.store) {
			y = r.panel(&b, y, fmt.Sprintf("%s, %s users", s.name, thousands(users)), r.of(s.store, users))
		}
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="12">`+"\n"+
		`<rect width="100%%" height="100%%" fill="#fff"/>`+"\n%s%s</svg>\n", plotWidth, y, r.legend(), b.String())
}

func (r *report) legend() string {
	var b strings.Builder
	x := plotLeft
	for _, d := range dots {
		title := d.title
		if d.side == beforeName {
			title = r.beforeTitle()
		}
		if !r.has(d.side) {
			continue
		}
		fmt.Fprintf(&b, `<circle cx="%d" cy="16" r="5" fill="%s"/><text x="%d" y="20">%s</text>`+"\n", x, d.colour, x+10, title)
		x += 150
	}
	fmt.Fprintf(&b, `<path d="M%d 9v14" stroke="#c0392b" stroke-width="2"/><text x="%d" y="20">target</text>`+"\n", x, x+8)
	return b.String()
}

func (r *report) has(side string) bool {
	for _, one := range r.Results {
		if _, ok := one.side(side); ok {
			return true
		}
	}
	return false
}

// panel draws the results of a cell and returns where the next panel begins.
func (r *report) panel(b *strings.Builder, y int, title string, rows []result) int {
	fmt.Fprintf(b, `<text x="10" y="%d" font-weight="bold">%s</text>`+"\n", y+12, title)
	top := y + 24
	bottom := top + len(rows)*rowHeight
	for at := 1.0; at <= mostRatio; at *= 2 {
		fmt.Fprintf(b, `<path d="M%.1f %dV%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle" fill="#666">%g</text>`+"\n", plotX(at), top, bottom, plotX(at), bottom+14, at)
	}
	for i, one := range rows {
		middle := top + i*rowHeight + rowHeight/2
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", plotLeft-12, middle+4, operationOf(one.Operation).title)
		if t := one.target().ratio; t > 0 {
			fmt.Fprintf(b, `<path d="M%.1f %dv14" stroke="#c0392b" stroke-width="2"/>`+"\n", plotX(t), middle-7)
		}
		for _, d := range dots {
			if f, ok := one.side(d.side); ok {
				fmt.Fprintf(b, `<circle cx="%.1f" cy="%d" r="5" fill="%s"><title>%.2f</title></circle>`+"\n", plotX(f.Ratio), middle, d.colour, f.Ratio)
			}
		}
	}
	return bottom + panelHeight - 24
}

// plotX is where a ratio stands; what is beyond the scale stands at its end.
func plotX(ratio float64) float64 {
	const width = plotWidth - plotLeft - plotRight
	place := math.Log2(ratio) / math.Log2(mostRatio)
	return plotLeft + width*min(max(place, -0.02), 1)
}
