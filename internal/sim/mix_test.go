package sim

import (
	"math"
	"testing"
	"time"

	"marz"
	"marz/mrz"
)

// counts are how many of many arrivals had what.
type counts struct {
	n    int
	days float64
	of   map[string]int
	hour [24]int
	next map[string]int // true hits by alert
}

func count(t testing.TB, opts Options, many int) counts {
	t.Helper()
	opts.Start = instant(t, "2024-12-20T00:00:00+04:00")
	s := New(2025, opts)
	c := counts{n: many, of: map[string]int{}, next: map[string]int{}}
	var last marz.Instant
	for range many {
		a := s.Next()
		last = a.At
		c.of[a.Flow]++
		c.of[a.Flow+" "+a.Sex]++
		c.of[a.Flow+" "+a.Nationality]++
		c.of[string(a.Direction)]++
		c.of[string(a.Document.Format)]++
		c.hour[a.At.In(s.zone).Hour()]++
		if a.Truth.TrueHit {
			c.of["true hit"]++
			c.next[string(a.Truth.AlertID)]++
		}
		if a.Truth.NearName {
			c.of["near name"]++
		}
		if a.Truth.Refusable {
			c.of["refusable"]++
		}
		if a.Vehicle == "truck" && a.Companions == 0 {
			c.of["lone driver"]++
		}
	}
	c.days = last.Sub(opts.Start).Hours() / 24
	return c
}

func (c counts) within(t *testing.T, what string, got, low, high float64) {
	t.Helper()
	if got < low || got > high || math.IsNaN(got) {
		t.Errorf("%s: %.5f, want %.5f to %.5f", what, got, low, high)
	}
}

func TestMixOfAgarak(t *testing.T) {
	const many = 200_000
	c := count(t, Options{List: fictional(t)}, many)
	f := func(what string) float64 { return float64(c.of[what]) }
	c.within(t, "persons a day", f("persons")/c.days, 1800, 2000)
	c.within(t, "truck crews a day", f("trucks")/c.days, 440, 510)
	c.within(t, "share of men among persons", f("persons M")/f("persons"), .58, .62)
	c.within(t, "share of men among drivers", f("trucks M")/f("trucks"), .98, 1)
	c.within(t, "share that enters", f("entry")/many, .48, .52)
	// The nations' weights say how often a trip is made; who comes back more often is seen more often.
	c.within(t, "Iranians among persons", f("persons IRN")/f("persons"), .44, .53)
	c.within(t, "Armenians among persons", f("persons ARM")/f("persons"), .31, .39)
	c.within(t, "Georgians among persons", f("persons GEO")/f("persons"), .03, .06)
	c.within(t, "Russians among persons", f("persons RUS")/f("persons"), .03, .06)
	c.within(t, "Iranians among drivers", f("trucks IRN")/f("trucks"), .5, .65)
	c.within(t, "Armenians among drivers", f("trucks ARM")/f("trucks"), .18, .3)
	c.within(t, "Turks among drivers", f("trucks TUR")/f("trucks"), .03, .1)
	c.within(t, "passports", f(string(mrz.TD3))/many, .93, .99)
	c.within(t, "small cards", f(string(mrz.TD1))/many, .01, .05)
	for _, few := range []mrz.Format{mrz.TD2, mrz.MRVA, mrz.MRVB} {
		c.within(t, "share of "+string(few), f(string(few))/many, .0002, .02)
	}
	// Poisson with a mean of 10 and of 100: five standard deviations.
	c.within(t, "true hits", f("true hit"), 1, 26)
	c.within(t, "refusable", f("refusable"), 50, 150)
	c.within(t, "near names", f("near name")/many, .005, .04)
	for h, n := range c.hour {
		c.within(t, "arrivals in an hour of the night", float64(n)/c.days, 5, 250)
		if h >= 10 && h < 17 && n < 4*c.hour[3] {
			t.Errorf("%d arrivals at %d o'clock, %d at 3", n, h, c.hour[3])
		}
	}
}

func TestSteadyRate(t *testing.T) {
	const many = 50_000
	c := count(t, Options{PerHour: 1000}, many)
	c.within(t, "arrivals an hour", many/(c.days*24), 960, 1040)
	if c.of["true hit"]+c.of["near name"] != 0 {
		t.Error("hits without a list")
	}
	none := count(t, Options{List: fictional(t), TrueHit: -1, Refusable: -1, PerHour: 1000}, many)
	if none.of["true hit"] != 0 || none.of["refusable"] != 0 {
		t.Errorf("%d true hits and %d refusable were to be none", none.of["true hit"], none.of["refusable"])
	}
	often := count(t, Options{List: fictional(t), TrueHit: .01, PerHour: 1000}, many)
	often.within(t, "true hits", float64(often.of["true hit"])/many, .008, .012)
	if len(often.next) < 400 {
		t.Errorf("%d true hits were of %d alerts only", often.of["true hit"], len(often.next))
	}
}

// The truth is true: a true hit shares a name or a number with its alert, a near name is never the same person.
func TestTruth(t *testing.T) {
	list := fictional(t)
	byID := map[marz.AlertID]Alert{}
	for _, a := range list {
		byID[a.ID] = a
	}
	s := New(3, Options{Start: instant(t, "2024-12-20T00:00:00+04:00"), List: list, TrueHit: .02, NearName: .1})
	for range 50_000 {
		a := s.Next()
		if a.Truth.AlertID == "" {
			if a.Truth.TrueHit || a.Truth.NearName {
				t.Fatalf("no alert: %+v", a)
			}
			continue
		}
		al, ok := byID[a.Truth.AlertID]
		if !ok {
			t.Fatalf("no alert %s", a.Truth.AlertID)
		}
		same := al.Primary == a.Primary && al.Secondary == a.Secondary
		for _, n := range al.Aliases {
			same = same || n == [2]string{a.Primary, a.Secondary}
		}
		number := false
		for _, n := range al.Numbers {
			number = number || n == a.Document.Number
		}
		switch {
		case a.Truth.TrueHit == a.Truth.NearName:
			t.Fatalf("both or neither: %+v", a.Truth)
		case a.Truth.TrueHit && !(number || same && bornLike(al.Birth, a.Birth)):
			t.Fatalf("%+v\nis not\n%+v", a, al)
		case a.Truth.NearName && (number || a.Birth == al.Birth && al.Birth.Full() || !likeAge(al.Birth, a.Birth)):
			t.Fatalf("%+v\nis not near to\n%+v", a, al)
		}
	}
}

// bornLike reports whether the known parts of a listed date agree with a birth date.
func bornLike(listed, d marz.Date) bool {
	return (listed.Year == 0 || listed.Year == d.Year) && (listed.Month == 0 || listed.Month == d.Month) && (listed.Day == 0 || listed.Day == d.Day)
}

func TestServiceTimes(t *testing.T) {
	s := New(1, Options{Start: instant(t, "2024-12-20T00:00:00+04:00")})
	var clear, attention, stop, n time.Duration
	for range 20_000 {
		a := s.Next()
		clear += s.ServiceTime(a, marz.Clear)
		attention += s.ServiceTime(a, marz.Attention)
		stop += s.ServiceTime(a, marz.Stop)
		n++
	}
	c := counts{}
	c.within(t, "seconds when clear", (clear / n).Seconds(), 35, 55)
	c.within(t, "seconds with attention", (attention / n).Seconds(), 110, 170)
	c.within(t, "seconds with stop", (stop / n).Seconds(), 260, 400)
}

func TestDecisions(t *testing.T) {
	s := New(4, Options{Start: instant(t, "2024-12-20T00:00:00+04:00"), List: fictional(t), TrueHit: .05, NearName: .2, Refusable: .05})
	of := map[string]int{}
	for range 20_000 {
		a := s.Next()
		if d, _ := s.Decide(a, marz.Clear); !d.Passes() {
			t.Fatalf("%s on a clear verdict", d)
		}
		d, reason := s.Decide(a, marz.Attention)
		switch {
		case a.Truth.TrueHit && d.Passes():
			t.Fatalf("a true hit passes: %s", reason)
		case a.Truth.Refusable && d != marz.Refuse:
			t.Fatalf("an expired passport: %s, %s", d, reason)
		case a.Truth.NearName && !a.Truth.Refusable && d.Passes() && reason == ReasonNotSame:
			of["namesake passes"]++
		case a.Truth.NearName && !a.Truth.Refusable:
			of["namesake waits"]++
		}
	}
	if share := float64(of["namesake waits"]) / float64(of["namesake passes"]); share < .01 || share > .1 {
		t.Errorf("%v: one namesake in %.0f waits", of, 1/share)
	}
}
