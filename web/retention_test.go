package web_test

import (
	"net/http"
	"strings"
	"testing"

	"marz"
	"marz/internal/browsertest"
	"marz/web"
)

var (
	russianLaw  = "Law on the State Border, article 21"
	sampleRules = []web.RetentionRule{
		{Kinds: []string{"crossing.passed", "crossing.withdrawn"}, Days: 180, Under: "am-ru-1992/2", Law: russianLaw, Gives: true, Warn: "days of stay are counted over 365 days: crossings that are erased are not counted"},
		{Kinds: []string{"look-ups"}, Days: 730, Under: "am-ru-1992/7", Law: "Law on Personal Data, article 6"},
	}
	sampleProposal  = web.RetentionSchedule{Authority: "ru-bg", Rules: sampleRules[:1], Digest: strings.Repeat("3f9a", 16)}
	sampleRetention = web.RetentionBody{
		Own: "ru-bg", Can: true, Holds: true, Next: midday + 5*3600e3, Silent: []marz.AuthorityID{"am-bg"}, Proposed: &sampleProposal, Reasons: reading,
		Outcomes: []web.Reason{{Code: "refused", Text: "Refused"}, {Code: "let-pass", Text: "Let pass"}},
		Look: &web.RetentionLook{At: midday - 3600e3, Erased: 412, Doubt: "the clock shows 2024-12-31T08:00:00.000Z, and the node noted its last look at 2024-12-24T08:00:00.000Z: it was off for days, or the clock was set ahead", Rows: []web.RetentionRow{
			{Owners: []marz.AuthorityID{"ru-bg"}, Kind: "crossing.passed", What: "Crossings of travellers who passed, with the notes on them", From: "the decision", Kept: 18212, Due: 31, Held: 2, Erased: 380, Oldest: midday - 180*86400e3,
				Rules: []web.RetentionPeriod{{Authority: "ru-bg", Days: 180, Under: "am-ru-1992/2", Law: russianLaw}}, Whys: []web.RetentionWhy{{What: "a late hit waits for an answer", Count: 1}, {What: "a hold of ru-bg: A court or prosecutor asks for it", Count: 1}}},
			{Owners: []marz.AuthorityID{"am-bg", "ru-bg"}, Kind: "crossing.refused", What: "Crossings refused or held, with the notes on them", From: "the decision", Kept: 12, Unruled: 12, Oldest: midday - 80*86400e3, Whys: []web.RetentionWhy{{What: "no schedule of am-bg", Count: 12}}},
		}},
		Schedules: []web.RetentionSchedule{{Authority: "ru-bg", Officer: "ru-bg/0101", Seq: 812, At: midday - 40*86400e3, Starts: midday - 39*86400e3, Rules: sampleRules}},
		Held:      []web.RetentionHold{{Seq: 1100, At: midday - 86400e3, Authority: "ru-bg", Officer: "ru-bg/0101", Entry: 977, Text: "A court or prosecutor asks for it"}, {Seq: 1101, At: midday - 86400e3, Authority: "am-bg", Officer: "am-bg/0101", Entry: 978, Text: "A complaint or a claim is open"}},
		Referrals: []web.RetentionReferral{{Inspection: "1190", Lane: "2", Decided: midday - 7200e3, Seq: 1193}},
	}
	hostileRetention = web.RetentionBody{Own: hostile, Can: true, Holds: true, Silent: []marz.AuthorityID{hostile},
		Look:      &web.RetentionLook{Doubt: hostile, Rows: []web.RetentionRow{{Owners: []marz.AuthorityID{hostile}, Kind: hostile, What: hostile, From: hostile, Whys: []web.RetentionWhy{{What: hostile, Count: 1}}}}},
		Proposed:  &web.RetentionSchedule{Authority: hostile, Digest: hostile, Rules: []web.RetentionRule{{Kinds: []string{hostile}, Under: hostile, Law: hostile, Warn: hostile}}},
		Schedules: []web.RetentionSchedule{{Authority: hostile, Officer: hostile, Rules: []web.RetentionRule{{Kinds: []string{hostile}, Law: hostile}}}},
		Held:      []web.RetentionHold{{Authority: hostile, Officer: hostile, Text: hostile}}, Referrals: []web.RetentionReferral{{Inspection: hostile, Lane: hostile}},
		Reasons: []web.Reason{{Code: hostile, Text: hostile}}, Outcomes: []web.Reason{{Code: hostile, Text: hostile}}}
)

var samplePerson = web.PersonRecords{
	Post: "Agarak", Authority: russia, Exercise: true, At: midday, Entry: 1241, Under: "am-ru-1992/2", Reason: "person-asks", Others: 1,
	Asked:    web.PersonAsked{Primary: "HOSSEINI", Secondary: "MARYAM ZAHRA", Birth: "1986-07-12", Nationality: "IRN", Numbers: []string{"K48213377"}},
	Withheld: "What lists of wanted persons, documents and vehicles hold or do not hold is not told here.", Elsewhere: "Records that another authority made here alone are told by that authority.", Erasure: "What was erased because its time was up is gone.",
	Crossings: []web.PersonCrossing{{
		Inspection: "1228", Opened: midday - 86400e3, Ended: midday - 86390e3, Lane: "1", Direction: marz.EntryDirection, State: "decided", Decision: marz.Refuse, Grounds: "A: no valid travel document", By: "ru-bg", Under: "am-ru-1992/2", Owners: []marz.AuthorityID{"am-bg", "ru-bg"},
		Document: web.Document{Code: "P", Issuer: "IRN", Number: "K48213377", Primary: "HOSSEINI", Secondary: "MARYAM ZAHRA", Nationality: "IRN", Birth: "1986-07-12", Sex: "F", Expiry: "2029-11-03", Lines: strings.Split(ordinary, "\n")},
		Findings: []web.PersonFinding{{Check: "document.expiry", Result: marz.Successful}, {Check: "document.check-digits", Result: marz.Failed, Reason: "the check digit of the number is wrong"}}, Stay: "12 of 180 days used in the last 365",
		Notes: []web.PersonNote{{At: midday - 3600e3, Kind: "correction", By: "ru-bg", Note: hostile}},
		Read:  []web.PersonRead{{At: midday - 7200e3, By: "ru-bg", Reason: "Supervision of a decision"}}, Erased: []web.PersonErased{{At: midday - 60e3, What: "the note on the decision", Seq: 1239}},
		Until: []web.PersonUntil{{Authority: "am-bg"}, {Authority: "ru-bg", Until: midday + 180*86400e3, Law: russianLaw}},
	}},
}

// routeRetention answers as a post does that does everything that it is asked to.
func routeRetention(mux *http.ServeMux) {
	give := func(v any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { web.WriteJSON(w, http.StatusOK, v) }
	}
	mux.HandleFunc("POST /api/person", give(samplePerson))
	mux.HandleFunc("POST /api/inspections/{id}/note", give(map[string]string{"noted": "1228"}))
	mux.HandleFunc("POST /api/retention/{act}", give(map[string]string{"next": "/retention"}))
}

// What is held about a person is asked for with a reason, is shown as a sheet that prints without the rest of the page, and a note is attached.
func personGiven(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "person", nil)
	click(p, `#person-form [type="submit"]`)
	waitText(p, "person-error", "Choose a reason first")
	if f.posts("/api/person") != 0 {
		t.Error("it was asked without a reason")
	}
	browsertest.Eval[any](p, `document.getElementById("person-zone").value = "P<IRN", document.getElementById("person-reason").value = document.getElementById("person-reason").options[1].value`)
	click(p, `#person-form [type="submit"]`)
	waitText(p, "person-sheet", "HOSSEINI")
	for _, want := range []string{"A: no valid travel document", "Supervision of a decision", "Failed: Document: check digits", "no period is set here", "the note on the decision (entry 1239)", hostile} {
		if !strings.Contains(p.Text("#person-sheet"), want) {
			t.Errorf("the sheet lacks %q:\n%s", want, p.Text("#person-sheet"))
		}
	}
	shootBoth(t, p, "person-sheet")
	p.EmulateMedia("print", nil)
	if browsertest.Eval[bool](p, `[...document.querySelectorAll(".not-printed, header, .rail")].some((e) => e.offsetParent !== null)`) {
		t.Error("the page prints more than the sheet")
	}
	shoot(t, p, "person-print")
	p.EmulateMedia("", map[string]string{"prefers-color-scheme": "dark"})
	browsertest.Eval[any](p, `document.querySelector(".person-note select").value = "correction", document.querySelector(".person-note textarea").value = "It was another day."`)
	click(p, `.person-note [type="submit"]`)
	waitText(p, "person-sheet", "The note is attached")
	if !strings.HasPrefix(browsertest.Eval[string](p, `document.getElementById("person-file").href`), "blob:") {
		t.Error("there is no file")
	}
}

// A schedule comes into force by two presses, and a hold needs a number and a reason.
func retentionSet(t *testing.T, b *browsertest.Browser) {
	f, p := openPage(t, b, "retention", nil)
	click(p, `[data-act="set"]`)
	p.WaitFor(`document.getElementById("retention-deed").open`)
	shoot(t, p, "retention-set")
	if f.posts("/api/retention") != 0 {
		t.Error("it was set by one press")
	}
	click(p, "#retention-close")
	click(p, `#hold-form [type="submit"]`)
	waitText(p, "hold-error", "Give the number")
	browsertest.Eval[any](p, `document.getElementById("hold-entry").value = "977"`)
	click(p, `#hold-form [type="submit"]`)
	waitText(p, "hold-error", "Choose a reason")
	click(p, `[data-act="set"]`)
	browsertest.Eval[any](p, `void (window.before = true)`)
	click(p, "#retention-go")
	p.WaitFor(`!window.before && document.readyState === "complete" && document.getElementById("link-state").dataset.state === "up"`) // the page is there anew
	if f.posts("/api/retention/set") != 1 {
		t.Error("it was not set")
	}
}
