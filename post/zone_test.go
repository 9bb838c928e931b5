package post

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/inspection"
	"marz/mrz"
	"marz/web"
)

// misread is a zone with a wrong check digit, and what stands on the document.
func misread(t testing.TB, number string) (read, printed string) {
	printed = passport(t, "QQSURNAME", "QQGIVEN", number, nil)
	read = strings.Replace(printed, number, strings.Replace(number, "8", "B", 1), 1)
	if read == printed {
		t.Fatal("a number without 8 cannot be misread so")
	}
	return read, printed
}

// Candidates are proposed to whoever may inspect, before anything is opened, and leave nothing behind.
func TestCandidatesAreProposedAndNotStored(t *testing.T) {
	tp := newTestPost(t)
	srv := tp.serve()
	tp.atLane("ru-bg/2", "1")
	officer := tp.client(srv, "ru-bg/2")
	before := tp.size()
	read, printed := misread(t, "K48213377")
	var c web.Candidates
	officer.want(200, "POST", "/api/lanes/1/candidates", map[string]string{"text": strings.ToLower(read)}, &c)
	if !c.Readable || !slices.Contains(c.BadChecks, "number") || strings.Join(c.Read, "\n") != strings.TrimSpace(read) {
		t.Errorf("%+v", c)
	}
	right := slices.IndexFunc(c.Candidates, func(c mrz.Candidate) bool { return strings.Join(c.Lines, "\n") == strings.TrimSpace(printed) })
	if right < 0 || len(c.Candidates[right].Disagree) > 0 || len(c.Candidates[right].Changes) != 1 {
		t.Errorf("what is printed is none of the %d candidates, or not told from what was read", len(c.Candidates))
	}
	officer.want(200, "POST", "/api/lanes/1/candidates", map[string]string{"text": "p < uto\nx"}, &c)
	if len(c.Candidates) != 0 || c.Why == "" || c.Readable || !slices.Equal(c.Read, []string{"P<UTO", "X"}) {
		t.Errorf("of a text like no document: %+v", c)
	}
	if resp, text := officer.do("POST", "/api/lanes/1/candidates", map[string]string{"text": strings.Repeat("<", inspection.MostRead+1)}); resp.StatusCode != 400 {
		t.Errorf("a flood: %s %s", resp.Status, text)
	}
	if n := tp.size() - before; n != 0 {
		t.Errorf("%d entries came of it", n)
	}
	if resp, _ := tp.client(srv, "am-bg/2").do("POST", "/api/lanes/1/candidates", map[string]string{"text": read}); resp.StatusCode != 403 {
		t.Errorf("to who may not inspect: %s", resp.Status)
	}
}

// A certain scan opens nothing for a zone with a wrong check digit; the same scan without that word opens it as it stands, and says that nobody corrected it.
func TestCertainScan(t *testing.T) {
	tp := newTestPost(t)
	srv := tp.serve()
	tp.atLane("ru-bg/2", "1")
	officer := tp.client(srv, "ru-bg/2")
	read, printed := misread(t, "K48213377")
	before := tp.size()
	for _, text := range []string{read, "P<UTO"} {
		if resp, body := officer.do("POST", "/api/lanes/1/scan", map[string]any{"text": text, "certain": true}); resp.StatusCode != 400 {
			t.Errorf("%s %s", resp.Status, body)
		}
	}
	if tp.size() != before {
		t.Error("a refused scan was recorded")
	}
	var i web.Inspection
	officer.want(200, "POST", "/api/lanes/1/scan", map[string]any{"text": read}, &i)
	if i.Verdict != marz.Attention || slices.ContainsFunc(i.Findings, func(f marz.Finding) bool { return f.Check == inspection.CheckZone }) {
		t.Errorf("%+v", i)
	}
	officer.want(200, "POST", "/api/inspections/"+string(i.ID)+"/withdraw", map[string]any{"reason": "scanned-by-mistake"}, nil)
	officer.want(200, "POST", "/api/lanes/1/scan", map[string]any{"text": printed, "certain": true}, &i)
	if i.Verdict != marz.Clear {
		t.Errorf("%+v", i)
	}
}

// opened is the entry of an inspection, both parts.
func (tp *testPost) opened(t *testing.T, id marz.InspectionID) (public string, e inspectionEntry, private inspectionPrivate) {
	t.Helper()
	entry, _, err := tp.Journal().Entry(t.Context(), marz.Seq(number(id)))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := tp.Journal().Payload(t.Context(), entry.Seq)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &private); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(entry.Public, &e); err != nil {
		t.Fatal(err)
	}
	return string(entry.Public), e, private
}

// What an officer took for the zone says so: the log in how many characters, the payload and the lane where, and from what.
func TestCorrectedZoneSaysSo(t *testing.T) {
	tp := newTestPost(t)
	a := tp.atLane("ru-bg/2", "1")
	read, printed := misread(t, "K48213377")
	misnamed := strings.Replace(printed, "QQSURNAME", "OQSURNAME", 1)
	for name, c := range map[string]struct {
		text    string
		taken   inspection.Taken
		verdict marz.Verdict
		result  marz.Result // "": no finding
		changes []mrz.Change
	}{
		"as it came":           {printed, inspection.Taken{Way: inspection.Scanned}, marz.Clear, "", nil},
		"check digits say so":  {printed, inspection.Taken{Way: inspection.Corrected, Read: read}, marz.Clear, marz.Successful, []mrz.Change{{Line: 2, Column: 3, From: "B", To: "8"}}},
		"nothing but his word": {printed, inspection.Taken{Way: inspection.Corrected, Read: misnamed}, marz.Attention, marz.Undetermined, []mrz.Change{{Line: 1, Column: 6, From: "O", To: "Q"}}},
		"against the digits":   {read, inspection.Taken{Way: inspection.Corrected, Read: printed}, marz.Attention, marz.Undetermined, []mrz.Change{{Line: 2, Column: 3, From: "8", To: "B"}}},
		"typed":                {printed, inspection.Taken{Way: inspection.Typed}, marz.Clear, marz.Undetermined, nil},
		"from a photograph":    {printed, inspection.Taken{Way: inspection.Photo, Read: printed}, marz.Clear, marz.Successful, nil},
	} {
		i, err := tp.Scan(t.Context(), a, "1", c.text, true, c.taken)
		if err != nil {
			t.Fatal(name, err)
		}
		public, e, private := tp.opened(t, i.ID)
		at := slices.IndexFunc(i.Findings, func(f marz.Finding) bool { return f.Check == inspection.CheckZone })
		if c.result == "" && at >= 0 || c.result != "" && (at < 0 || i.Findings[at].Result != c.result) || i.Verdict != c.verdict {
			t.Errorf("%s: verdict %s, findings %+v", name, i.Verdict, i.Findings)
		}
		want := c.taken.Way
		if want == inspection.Scanned {
			want = ""
		}
		if e.Way != want || e.Corrected != len(c.changes) {
			t.Errorf("%s: the entry says way %q and %d corrected", name, e.Way, e.Corrected)
		}
		if diff := cmp.Diff(c.changes, private.Changes); diff != "" && len(c.changes)+len(private.Changes) > 0 || private.Read != c.taken.Read {
			t.Errorf("%s: read %q, changes (-want +got):\n%s", name, private.Read, diff)
		}
		for _, personal := range []string{"QSURNAME", "K4B21", "K4821", "B to 8", `"B"`} {
			if strings.Contains(public, personal) {
				t.Errorf("%s: the public part has %q: %s", name, personal, public)
			}
		}
		if _, err := tp.Withdraw(t.Context(), a, i.ID, "scanned-by-mistake"); err != nil {
			t.Fatal(err)
		}
	}
	for name, taken := range map[string]inspection.Taken{
		"a way that is none": {Way: "guessed"}, "nothing was read": {Way: inspection.Corrected}, "read and taken as it came": {Read: read},
		"a flood": {Way: inspection.Corrected, Read: strings.Repeat("<", inspection.MostRead+1)},
	} {
		if _, err := tp.Scan(t.Context(), a, "1", printed, true, taken); marz.CodeOf(err) != marz.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	tp.verified()
}
