package web_test

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"marz"
	"marz/web"
)

// html renders a page with a body.
func html(t *testing.T, name string, body any) string {
	t.Helper()
	p := samplePage(name)
	p.Body = body
	return render(t, name, p).Body.String()
}

func TestRegisterPagesWithoutAnything(t *testing.T) {
	for name, empty := range map[string]struct {
		body any
		says []string
	}{
		"register":  {web.RegisterBody{}, []string{"No agreement is in the register yet.", "Nobody owes anything", "No membership is in the register.", "There are no rules of Marz's own.", "No places are known yet."}},
		"agreement": {web.AgreementBody{}, []string{"It has no articles.", "No authority is asked to sign it.", "No party has suspended"}},
		"timeline":  {web.TimelineBody{}, []string{"No article says who controls this place.", "Nobody may do anything there", "No passing of control is recorded", "No other places are known."}},
		"lookups":   {web.LookupsBody{Own: "am-bg"}, []string{"Nobody of another authority has looked at data of am-bg at this post."}},
		"sections":  {web.SectionsBody{}, []string{"This post keeps the duty of no section."}},
	} {
		got := html(t, name, empty.body)
		for _, want := range empty.says {
			if !strings.Contains(got, want) {
				t.Errorf("an empty page %s does not say %q", name, want)
			}
		}
		if strings.Contains(render(t, name, &web.Page{Body: empty.body}).Body.String(), "exercise-banner") {
			t.Errorf("page %s is marked as an exercise and is none", name)
		}
	}
	for name, says := range map[string][]string{
		"register": {"Neither side has reported yet.", "No article depends on it.", "No status is known yet."},
		"sections": {"No patrol has been on duty here.", "No incident is recorded here.", "Nobody controls it", "nobody whom you can put on duty"},
	} {
		got := html(t, name, map[string]any{
			"register": web.RegisterBody{Memberships: []web.Membership{{}}, Obligations: []web.Obligation{{}}},
			"sections": web.SectionsBody{Supervises: true, Sections: []web.SectionView{{}}},
		}[name])
		for _, want := range says {
			if !strings.Contains(got, want) {
				t.Errorf("page %s with an empty part does not say %q", name, want)
			}
		}
	}
}

// TestArticlesAreLinks holds where a reference leads, whatever stands in it.
func TestArticlesAreLinks(t *testing.T) {
	for ref, want := range map[marz.ArticleRef]string{
		"am-ru-1992/2":         "/register/am-ru-1992#2",
		"am-ru-1992/2/b":       "/register/am-ru-1992#2%2Fb",
		"am-ru-1992":           "/register/am-ru-1992",
		"marz/3":               "/register#rules",
		"javascript:alert(1)":  "/register/javascript:alert%281%29",
		"//evil.example/../x?": "/register/#%2Fevil.example%2F..%2Fx%3F",
	} {
		got := html(t, "lookups", web.LookupsBody{Rows: []web.Lookup{{Under: ref}}})
		if !strings.Contains(got, `href="`+want+`"`) {
			t.Errorf("%s leads to %s and not to %s", ref, regexp.MustCompile(`class="id" href="[^"]*"`).FindString(got), want)
		}
	}
	if got := html(t, "agreement", sampleBodies["agreement"]); !strings.Contains(got, `id="2"`) || !strings.Contains(got, `href="/register/am-ru-1992#2"`) {
		t.Error("an article has no place on its page, or nothing leads there")
	}
	if got := html(t, "register", sampleBodies["register"]); !strings.Contains(got, `id="rules"`) {
		t.Error("Marz's own rules have no place on the register's page")
	}
}

func TestOverdueComesFirst(t *testing.T) {
	got := html(t, "register", web.RegisterBody{Obligations: []web.Obligation{
		{What: "met early", Status: "met"}, {What: "broken", Status: "breached"}, {What: "open", Status: "pending"}, {What: "late", Status: "pending", Overdue: true, Due: midday, Entitles: "to leave"}}})
	_, got, _ = strings.Cut(got, `<h2 id="obligations">`)
	var order []int
	for _, what := range []string{": late", ": broken", ": met early", ": open"} {
		order = append(order, strings.Index(got, what))
	}
	if order[0] < 0 || !slices.IsSorted(order) {
		t.Errorf("the obligations stand at %v", order)
	}
	if strings.Count(got, "Overdue</span>") != 1 || !strings.Contains(got, "to leave") {
		t.Error("what is overdue is not said to be, or not what follows")
	}
}

// TestReconstructionIsSaid holds that a reconstructed agreement is never taken for the text, and a text not for a reconstruction.
func TestReconstructionIsSaid(t *testing.T) {
	const words = "Reconstructed from public reports; not the text"
	for _, is := range []bool{true, false} {
		row := web.AgreementRow{Reconstruction: is}
		for name, body := range map[string]any{"register": web.RegisterBody{Agreements: []web.AgreementRow{row}}, "agreement": web.AgreementBody{Agreement: row}} {
			if strings.Contains(html(t, name, body), words) != is {
				t.Errorf("page %s: a reconstruction is %v, and the page says otherwise", name, is)
			}
		}
	}
}

func TestPatrolsOfSeveralAuthoritiesAreMixed(t *testing.T) {
	page := func(officers ...marz.OfficerID) string {
		return html(t, "sections", web.SectionsBody{Sections: []web.SectionView{{Patrols: []web.Patrol{{ID: 7, Officers: officers}}}}})
	}
	if got := page("am-bg/0101", "ru-bg/0109", "am-bg/0103"); strings.Count(got, "Mixed patrol") != 1 || strings.Index(got, "am-bg/0103") > strings.Index(got, "ru-bg/0109") {
		t.Error("a mixed patrol is not said to be one, or its officers are not together by authority")
	}
	if got := page("am-bg/0101", "am-bg/0103"); strings.Contains(got, "Mixed") {
		t.Error("officers of one authority are a mixed patrol")
	}
}

func TestPatrolsDuty(t *testing.T) {
	for want, p := range map[string]web.Patrol{
		"to begin": {From: midday + 1, Until: midday + 2}, "on duty": {From: midday, Until: midday + 1},
		"past its end": {From: midday - 1, Until: midday}, "ended": {From: midday - 1, Until: midday + 1, Ended: true},
	} {
		got := html(t, "sections", web.SectionsBody{Sections: []web.SectionView{{Patrols: []web.Patrol{p}}}})
		if !strings.Contains(got, `<span class="state" data-state="`+want+`">`+want) {
			t.Errorf("a patrol is not said to be %s", want)
		}
	}
}

func TestOnlySupervisorsPutOnDuty(t *testing.T) {
	body := sectionsBody()
	if !strings.Contains(html(t, "sections", body), `data-act="patrol"`) {
		t.Error("a supervisor has no form to put officers on duty")
	}
	body.Supervises = false
	if got := html(t, "sections", body); strings.Contains(got, `data-act="patrol"`) || !strings.Contains(got, `data-act="incident"`) {
		t.Error("an officer puts officers on duty, or cannot record an incident")
	}
}

func TestReadInstant(t *testing.T) {
	for text, want := range map[string]string{
		"2025-01-01 00:00": "2025-01-01T00:00:00+04:00", " 2025-01-01T00:00:05 ": "2025-01-01T00:00:05+04:00", "2025-01-01": "2025-01-01T00:00:00+04:00",
		"2025-01-01T00:00:00+03:00": "2025-01-01T00:00:00+03:00", "2024-12-31T20:00:00.037Z": "2024-12-31T20:00:00.037Z",
	} {
		if got, err := web.ReadInstant("Asia/Yerevan", text); err != nil || got != instant(want) {
			t.Errorf("%q is read as %v, %v", text, got, err)
		}
	}
	if got, err := web.ReadInstant("Asia/Yerevan", " "); got != 0 || err != nil {
		t.Errorf("nothing is read as %v, %v", got, err)
	}
	for zone, text := range map[string]string{"Asia/Yerevan": "2025-02-29 00:00", "Europe/Berlin": "2025-03-30 02:30", "UTC": "yesterday"} {
		if got, err := web.ReadInstant(zone, text); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%q is read as %v, %v", text, got, err)
		}
	}
}

// TestFormsReadWhatTheyShow holds that the instant in a form's field, sent back unchanged, is the instant that was shown.
func TestFormsReadWhatTheyShow(t *testing.T) {
	field := regexp.MustCompile(`id="at" name="at" class="moment" value="([^"]*)"`)
	rapid.Check(t, func(rt *rapid.T) {
		shown := marz.Instant(rapid.Int64Range(0, 4e9).Draw(rt, "seconds") * 1000)
		p := samplePage("timeline")
		p.Body = web.TimelineBody{Place: places[0], At: shown}
		got, err := web.ReadInstant(p.Zone, field.FindStringSubmatch(render(t, "timeline", p).Body.String())[1])
		// Where clocks go back, an hour is shown twice.
		if err != nil || got != shown && got != shown-3600e3 && got != shown+3600e3 {
			rt.Fatalf("%v became %v, %v", shown, got, err)
		}
	})
}

var (
	bar  = regexp.MustCompile(`<rect class="(controls|serves)( is-now)?"[^>]* x="([^"]+)%" width="([^"]+)%" y="(\d+)"`)
	mark = regexp.MustCompile(`<line class="at" x1="([^"]+)%"`)
	tick = regexp.MustCompile(`<text class="year-text[^>]*>(\d+)</text>`)
)

func number(t interface{ Fatalf(string, ...any) }, s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return f
}

// TestTimelineDrawing holds the drawing of the sample: who has which bar, and that the mark stands where control has passed.
func TestTimelineDrawing(t *testing.T) {
	got := html(t, "timeline", sampleBodies["timeline"])
	var bars []string
	for _, m := range bar.FindAllStringSubmatch(got, -1) {
		bars = append(bars, m[1]+m[2])
	}
	if diff := gocmp.Diff([]string{"controls", "controls", "serves", "controls is-now"}, bars); diff != "" {
		t.Errorf("bars (-want +got):\n%s", diff)
	}
	var years []string
	for _, m := range tick.FindAllStringSubmatch(got, -1) {
		years = append(years, m[1])
	}
	if diff := gocmp.Diff([]string{"1992", "2000", "2005", "2010", "2015", "2020", "2025"}, years); diff != "" {
		t.Errorf("years (-want +got):\n%s", diff)
	}
	if strings.Count(got, `class="passing"`) != 2 || !strings.Contains(got, "Control passed to am-bg at 2025-01-01 00:00:00") {
		t.Error("the passing is not marked once in the drawing and once below it")
	}
	for want, actual := range map[string]marz.Instant{"37ms after": newYear + 37, "1m0s before": newYear - 60e3, "at the instant": newYear} {
		if !strings.Contains(html(t, "timeline", web.TimelineBody{Actual: []web.Passed{{Planned: newYear, Actual: actual}}}), want) {
			t.Errorf("control did not pass %s", want)
		}
	}
	if strings.Contains(html(t, "timeline", web.TimelineBody{}), "<svg") {
		t.Error("a place without periods has a drawing")
	}
}

// TestTimelineDrawingLaws holds for all timelines that follow each other: bars lie within the drawing and in the order of their
// times, control leaves no gap, and exactly the bars in which the instant lies are marked as such.
func TestTimelineDrawingLaws(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(rt, "periods")
		body := web.TimelineBody{Place: places[0]}
		from := marz.Instant(rapid.Int64Range(1, 2e12).Draw(rt, "from"))
		for i := range n {
			p := web.Period{Control: marz.AuthorityID(fmt.Sprintf("a%d-bg", i%3)), From: from}
			if i < n-1 {
				from += marz.Instant(rapid.Int64Range(1, 1e12).Draw(rt, "length"))
				p.Until = from
			}
			body.Rows = append(body.Rows, p)
		}
		body.At = marz.Instant(rapid.Int64Range(1, 3e12).Draw(rt, "at"))
		p := samplePage("timeline")
		p.Body = body
		got := render(t, "timeline", p).Body.String()
		drawn, _, _ := strings.Cut(got, "<figcaption>")
		checkBars(rt, body, bar.FindAllStringSubmatch(drawn, -1))
		if x := number(rt, mark.FindStringSubmatch(got)[1]); x < 0 || x > 100 {
			rt.Fatalf("the instant stands at %v %%", x)
		}
		if years := len(tick.FindAllString(got, -1)); years < 1 || years > 10 {
			rt.Fatalf("%d years are written", years)
		}
	})
}

// checkBars holds bars, which come by authority, against the periods.
func checkBars(t *rapid.T, body web.TimelineBody, bars [][]string) {
	if len(bars) != len(body.Rows) {
		t.Fatalf("%d bars for %d periods", len(bars), len(body.Rows))
	}
	slices.SortStableFunc(bars, func(a, b []string) int {
		return cmp.Or(cmp.Compare(number(t, a[3]), number(t, b[3])), cmp.Compare(number(t, a[4]), number(t, b[4])))
	})
	end, now, want := -1.0, 0, 0
	for i, m := range bars {
		x, width := number(t, m[3]), number(t, m[4])
		if x < 0 || width < 0 || x+width > 100.001 {
			t.Fatalf("a bar lies at %v %% and is %v %% long", x, width)
		}
		if i > 0 && math.Abs(x-end) > 0.011 {
			t.Fatalf("control ends at %v %% and begins at %v %%", end, x)
		}
		end = x + width
		if m[2] != "" {
			now++
		}
	}
	if body.At >= body.Rows[0].From {
		want = 1
	}
	if now != want {
		t.Fatalf("%d bars hold the instant, and should %d", now, want)
	}
}
