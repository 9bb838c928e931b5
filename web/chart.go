package web

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"marz"
)

// The chart's measures in pixels, from the top: a strip for the instant shown, then one row for each authority, then the years.
const (
	chartTop  = 26
	chartRow  = 48
	chartBar  = 20 // from the row's top to its bar
	chartYear = 22
)

// chart is the drawing of a place's timeline. Measures along it are in percent of its width, so that text keeps its size however wide
// the page is; measures down it are in pixels.
type chart struct {
	Height, Foot int // Foot is where the rows end
	Rows         []chartRowOf
	Years        []chartTick
	Passings     []chartMark
	At           chartMark
}

// chartRowOf is an authority with its times at the place.
type chartRowOf struct {
	Authority   marz.AuthorityID
	Text, Bar   int // the text's base line and the bar's top
	Bars        []chartSpan
	Controls    bool // at some time, and does not only serve
	ControlsNow bool
}

// chartSpan is one time: of control, or of service beside.
type chartSpan struct {
	X, Width float64
	Controls bool
	Now      bool // the instant shown lies in it
	Open     bool // no end is agreed
	Title    string
}

type chartTick struct {
	X    float64
	Year int
}

// chartMark is an instant that is marked. Late is set where its text has to stand before it.
type chartMark struct {
	X     float64
	Y     int
	Late  bool
	Title string
}

// scale maps instants to percent.
type scale struct{ from, until marz.Instant }

func (s scale) x(i marz.Instant) float64 {
	if i == 0 || i > s.until {
		i = s.until
	}
	return math.Round(1e4*float64(max(i, s.from)-s.from)/float64(s.until-s.from)) / 100
}

// drawTimeline returns the drawing, or nil where there is nothing to draw.
func drawTimeline(zone string, t TimelineBody) *chart {
	if len(t.Rows) == 0 {
		return nil
	}
	s := chartScale(t)
	c := &chart{Rows: chartRows(zone, t, s)}
	c.Foot = chartTop + chartRow*len(c.Rows)
	c.Height = c.Foot + chartYear
	c.Years = chartYears(zone, s)
	for _, p := range t.Actual {
		row := slices.IndexFunc(c.Rows, func(r chartRowOf) bool { return r.Authority == p.To })
		if row >= 0 && p.Actual >= s.from && p.Actual <= s.until {
			c.Passings = append(c.Passings, chartMark{X: s.x(p.Actual), Y: c.Rows[row].Bar,
				Title: fmt.Sprintf("Control%s passed to %s at %s", ofLanes(p.Lanes), p.To, at(zone, p.Actual))})
		}
	}
	c.At = chartMark{X: s.x(t.At), Title: moment(zone, t.At)}
	c.At.Late = c.At.X > 50
	return c
}

func ofLanes(lanes []marz.LaneID) string {
	if len(lanes) == 0 {
		return ""
	}
	return " of lane " + strings.Trim(fmt.Sprint(lanes), "[]")
}

// chartScale runs from the first period's beginning, or from the instant shown if that is earlier, to some years after whatever is
// last: an eighth of the whole, and a year at least.
func chartScale(t TimelineBody) scale {
	s := scale{from: t.Rows[0].From, until: t.Rows[0].From}
	for _, p := range t.Rows {
		s.from = min(s.from, p.From)
		s.until = max(s.until, p.From, p.Until)
	}
	for _, p := range t.Actual {
		s.until = max(s.until, p.Actual)
	}
	if t.At != 0 {
		s.from, s.until = min(s.from, t.At), max(s.until, t.At)
	}
	year := 365 * 24 * time.Hour
	s.until = s.until.Add(max(year, s.until.Sub(s.from)/8))
	return s
}

// chartRows gives each authority that controls or serves a row, in the order in which they come.
func chartRows(zone string, t TimelineBody, s scale) []chartRowOf {
	var out []chartRowOf
	row := func(a marz.AuthorityID) *chartRowOf {
		i := slices.IndexFunc(out, func(r chartRowOf) bool { return r.Authority == a })
		if i < 0 {
			i = len(out)
			top := chartTop + chartRow*i
			out = append(out, chartRowOf{Authority: a, Text: top + chartBar - 6, Bar: top + chartBar})
		}
		return &out[i]
	}
	for _, p := range t.Rows {
		span := chartSpan{X: s.x(p.From), Controls: true, Open: p.Until == 0, Now: p.From <= t.At && (p.Until == 0 || t.At < p.Until)}
		span.Width = math.Round(100*(s.x(p.Until)-span.X)) / 100
		span.Title = fmt.Sprintf("%s controls from %s", p.Control, moment(zone, p.From))
		if !span.Open {
			span.Title += " until " + moment(zone, p.Until)
		}
		span.Title += fmt.Sprintf(", under %s", p.Article)
		r := row(p.Control)
		r.Bars, r.Controls, r.ControlsNow = append(r.Bars, span), true, r.ControlsNow || span.Now
		span.Controls, span.Title = false, fmt.Sprintf("serves beside %s from %s", p.Control, moment(zone, p.From))
		for _, a := range p.With {
			r := row(a)
			r.Bars = append(r.Bars, span)
		}
	}
	return out
}

// chartYears returns the beginnings of at most eight years, evenly apart, and the year in which the scale begins.
func chartYears(zone string, s scale) []chartTick {
	first, last := s.from.In(location(zone)).Year(), s.until.In(location(zone)).Year()
	step := 1
	for _, n := range []int{2, 5, 10, 20, 50, 100, 200, 500, 1000} {
		if (last-first)/step < 8 {
			break
		}
		step = n
	}
	out := []chartTick{{Year: first}}
	for y := first/step*step + step; y <= last; y += step {
		x := s.x(marz.InstantOf(time.Date(y, 1, 1, 0, 0, 0, 0, location(zone))))
		if x >= 10 && x <= 97 {
			out = append(out, chartTick{X: x, Year: y})
		}
	}
	return out
}
