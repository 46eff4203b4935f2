package console

import (
	"fmt"
	"math"
	"time"

	"github.com/seed5f3efb56/scim/health"
)

// plot is a picture of numbers by hour, once for a wide window and once, of fewer
// hours, for a phone.
type plot struct {
	Wide, Narrow *bars
	Summary      string
	Hours        []hourRow // those with requests, for the table
}

// bars are a bar for each hour: what went well, and on top of it what did not. The
// template draws them; all lengths are in units of the viewBox.
type bars struct {
	Class         string
	Width, Height int
	Left          int
	Bottom        float64
	Bars          []bar
	Lines         []line  // of the grid, with their numbers
	Ticks         []label // under the bars
	Label         string  // what a reader who does not see it needs
}

type bar struct {
	X, Width          float64
	GoodY, GoodHeight float64
	BadY, BadHeight   float64
	Title             string
}

type line struct {
	Y    float64
	Text string
}

type label struct {
	X    float64
	End  bool // X is the end of the text
	Text string
}

// hourRow is an hour with requests, for the table beside the picture.
type hourRow struct {
	Time     *moment
	Requests int64
	Errors   int64
}

const (
	plotLeft, plotTop = 44, 8
	plotBottom        = 24 // for the ticks
	tickWidth         = 76
	narrowHours       = 24
)

// newPlot draws the requests of hours, the oldest first.
func (q *request) newPlot(hours []health.Hour) *plot {
	p := &plot{
		Wide:   newBars("wide", hours, 720, 190, 12),
		Narrow: newBars("narrow", hours[max(0, len(hours)-narrowHours):], 340, 180, 8),
	}
	p.Summary = p.Wide.Label
	for _, h := range hours {
		if h.Requests > 0 {
			p.Hours = append(p.Hours, hourRow{q.moment(h.Start), h.Requests, h.Errors})
		}
	}
	return p
}

// newBars draws hours in a picture of a size, with a tick at each hour of the day that
// is divided by every.
func newBars(class string, hours []health.Hour, width, height, every int) *bars {
	p := &bars{Class: class, Width: width, Height: height, Left: plotLeft, Bottom: float64(height - plotBottom)}
	var most, requests, errors int64
	for _, h := range hours {
		most = max(most, h.Requests)
		requests, errors = requests+h.Requests, errors+h.Errors
	}
	top := roundUp(most)
	scale := (p.Bottom - plotTop) / float64(top)
	for _, part := range []int64{0, 1, 2} {
		if n := top * part / 2; part != 1 || top%2 == 0 {
			p.Lines = append(p.Lines, line{round(p.Bottom - float64(n)*scale), number(n)})
		}
	}
	step := float64(width-plotLeft) / float64(max(len(hours), 1))
	for i, h := range hours {
		x := plotLeft + float64(i)*step
		start := h.Start.UTC().Format("2 Jan 15:04")
		if h.Start.UTC().Hour()%every == 0 {
			if x+tickWidth < float64(width) {
				p.Ticks = append(p.Ticks, label{X: round(x), Text: start})
			} else if len(p.Ticks) == 0 || x-2*tickWidth > p.Ticks[len(p.Ticks)-1].X {
				p.Ticks = append(p.Ticks, label{X: float64(width), End: true, Text: start})
			}
		}
		if h.Requests == 0 {
			continue
		}
		bad := min(h.Errors, h.Requests)
		b := bar{X: round(x + step*.12), Width: round(step * .76)}
		b.GoodHeight, b.BadHeight = round(float64(h.Requests-bad)*scale), round(float64(bad)*scale)
		b.GoodY = round(p.Bottom - b.GoodHeight)
		b.BadY = round(b.GoodY - b.BadHeight)
		b.Title = start + ": " + plural(h.Requests, "request") + ", " + plural(h.Errors, "error")
		p.Bars = append(p.Bars, b)
	}
	p.Label = fmt.Sprintf("%s in the last %d hours, %s of them refused or failed; at most %s in an hour.", plural(requests, "request"), len(hours), number(errors), number(most))
	return p
}

// roundUp returns a round number that is no less, for the end of a scale.
func roundUp(n int64) int64 {
	if n <= 4 {
		return 4
	}
	power := int64(math.Pow10(len(fmt.Sprint(n)) - 1))
	for _, f := range []int64{1, 2, 4, 5, 10} {
		if f*power >= n {
			return f * power
		}
	}
	return 10 * power
}

// round cuts a length to hundredths.
func round(f float64) float64 { return math.Round(f*100) / 100 }

// share is a part of a whole as a picture: a bar of the width 100.
type share struct{ Part, Whole int64 }

// Percent is the part in hundredths, at least 1 if there is one.
func (s share) Percent() int64 {
	if s.Whole <= 0 || s.Part <= 0 {
		return 0
	}
	return max(1, min(100, s.Part*100/s.Whole))
}

// sumHours adds the hours of connections, which begin at the same time.
func sumHours(all []health.Status) []health.Hour {
	var out []health.Hour
	at := map[time.Time]int{}
	for _, s := range all {
		for _, h := range s.Hours {
			i, ok := at[h.Start]
			if !ok {
				i = len(out)
				at[h.Start] = i
				out = append(out, health.Hour{Start: h.Start})
			}
			out[i].Requests += h.Requests
			out[i].Errors += h.Errors
		}
	}
	return out
}
