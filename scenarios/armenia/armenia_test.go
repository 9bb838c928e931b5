package armenia

import (
	"slices"
	"strings"
	"testing"

	"marz"
	"marz/agreement"
	"marz/scenarios"
)

func TestLoad(t *testing.T) {
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []marz.PostID{"agarak", "margara", "akhurik", "bagratashen", "bavra", "gogavan", "zvartnots"} {
		p, ok := s.Post(id)
		if !ok {
			t.Errorf("no post %s", id)
		}
		// All of Armenia lies within these bounds.
		if p.Lat < 38.8 || p.Lat > 41.4 || p.Lon < 43.4 || p.Lon > 46.7 {
			t.Errorf("%s lies outside Armenia: %v, %v", id, p.Lat, p.Lon)
		}
	}
	for post, want := range map[marz.PostID][]marz.PlaceID{"akhurik": {"am-tr-akhurian"}, "margara": {"am-tr-aras"}, "agarak": {"am-ir-aras"}, "bagratashen": {"am-ge-north"}, "bavra": nil} {
		var got []marz.PlaceID
		for _, c := range s.Kept(post) {
			got = append(got, c.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s keeps the sections %v, want %v", post, got, want)
		}
	}
	p, _ := s.Post("agarak")
	lanes := map[string]int{}
	for _, l := range p.Lanes {
		lanes[string(l.Direction)+" "+l.Flow]++
	}
	for _, k := range []string{"entry persons", "exit persons", "entry trucks", "exit trucks"} {
		if lanes[k] == 0 {
			t.Errorf("Agarak has no lane for %s", k)
		}
	}
}

func TestStrict(t *testing.T) {
	good := string(scenarioTOML)
	tests := []struct{ name, old, new, want string }{
		{"unknown key", `state = "ARM"`, "state = \"ARM\"\ncolour = \"blue\"", `"authority.colour"`},
		{"unknown table", "[[frontier]]", "[[boundary]]\n[[frontier]]", `"boundary"`},
		{"second post", `id = "bavra"`, `id = "agarak"`, `post "agarak": it is defined twice`},
		{"second lane", `id = "t2"`, `id = "t1"`, `lane "t1" of post agarak: it is defined twice`},
		{"bad id", `id = "bavra"`, `id = "Bavra"`, `post "Bavra": its id`},
		{"no such frontier", `frontier = "am-ir"`, `frontier = "am-xx"`, `no frontier "am-xx"`},
		{"frontier of others", `states = ["ARM", "IRN"]`, `states = ["TUR", "IRN"]`, "not one of its frontier's states"},
		{"airport on a frontier", `kind = "air"`, "kind = \"air\"\nfrontier = \"am-ge\"", "an airport has no frontier"},
		{"no zone", `zone = "Asia/Yerevan"`, `zone = "Asia/Erewan"`, `zone "Asia/Erewan"`},
		{"position", "lat = 38.84", "lat = 138.84", "post agarak: lat is"},
		{"position not a number", "lat = 38.84", "lat = nan", "post agarak: lat is"},
		{"state", `state = "RUS"`, `state = "ru"`, `"ru" is no state`},
		{"flow", `flow = "trucks"`, `flow = "lorries"`, `lane "t1" of post agarak: flow is`},
		{"direction", `direction = "entry"`, `direction = "in"`, "direction is entry or exit"},
		{"no source", `source = "Position: public maps, approximate, not surveyed. Lanes: invented for this scenario."`, "", "say in source"},
		{"section of no post", `post = "akhurik"`, `post = "akhuryan"`, `section am-tr-akhurian: no post "akhuryan"`},
		{"section of no frontier", `frontier = "am-tr"
post =`, `frontier = "am-xx"
post =`, `section am-tr-akhurian: no frontier "am-xx"`},
		{"section of another state", "id = \"am-tr-akhurian\"\nname = \"Akhurian section\"\nstate = \"ARM\"", "id = \"am-tr-akhurian\"\nname = \"A\"\nstate = \"GEO\"", "section am-tr-akhurian: its state"},
		{"section without length", "length = 171", "", "section am-tr-akhurian: give its length"},
		{"section of no length", "length = 171", "length = nan", "section am-tr-akhurian: give its length"},
		{"section that is a post", `id = "am-tr-akhurian"`, `id = "akhurik"`, `"akhurik": it is defined twice`},
		{"section without source", `source = "The frontier with Georgia is 219`, `#`, "section am-ge-north: say in source"},
		{"bloc without name", `name = "Collective Security Treaty Organization"`, "", `bloc "csto": it has no name`},
		{"cut", good[len(good)/2:], "lat = ", "correct the TOML"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := strings.Replace(good, tt.old, tt.new, 1)
			if data == good {
				t.Fatalf("%q does not stand in the scenario", tt.old)
			}
			_, err := scenarios.Parse("scenario.toml", []byte(data))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want an error with %q", err, tt.want)
			}
			if marz.CodeOf(err) != marz.Invalid {
				t.Errorf("code %v, want invalid", marz.CodeOf(err))
			}
		})
	}
	if _, err := scenarios.Parse("empty", nil); err == nil {
		t.Error("an empty scenario is taken")
	}
}

// register is the scenario's, on its own ground, as a post of today would have it.
func register(t *testing.T) *agreement.Register {
	t.Helper()
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := agreement.Parse("agreements.toml", Agreements())
	if err != nil {
		t.Fatal(err)
	}
	g := agreement.Ground{Authorities: s.Authorities, Places: s.Places(), Blocs: s.Blocs}
	r, err := agreement.Check(g, at("2026-11-01T00:00:00Z"), d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func at(s string) marz.Instant {
	i, err := marz.ParseInstant(s)
	if err != nil {
		panic(err)
	}
	return i
}

// TestWhoControls holds the scenario to the public reports: who controls which place, and from which article, at the instants around each passing.
func TestWhoControls(t *testing.T) {
	r := register(t)
	for _, c := range []struct {
		place marz.PlaceID
		at    string
		who   marz.AuthorityID
		ref   marz.ArticleRef
	}{
		{"zvartnots", "2024-07-31T23:59:59.999+04:00", "ru-bg", "am-ru-1992/1"},
		{"zvartnots", "2024-08-01T00:00:00+04:00", "am-bg", "am-ru-2024-zvartnots/1"},
		{"agarak", "1992-09-29T23:59:59.999+03:00", "", ""},
		{"agarak", "2024-12-31T23:59:59.999+04:00", "ru-bg", "am-ru-1992/2"},
		{"agarak", "2025-01-01T00:00:00+04:00", "am-bg", "am-ru-2024-agarak/2"},
		{"margara", "2025-02-28T23:59:59.999+04:00", "ru-bg", "am-ru-1992/3"},
		{"margara", "2025-03-01T00:00:00+04:00", "am-bg", "am-ru-2025-margara/1"},
		{"akhurik", "2025-12-31T23:59:59.999+04:00", "ru-bg", "am-ru-1992/4"},
		{"akhurik", "2026-01-01T00:00:00+04:00", "am-bg", "am-ru-2026-akhurik/1"},
		{"am-tr-akhurian", "2026-11-01T00:00:00Z", "ru-bg", "am-ru-1992/5"},
		{"am-tr-aras", "2026-11-01T00:00:00Z", "ru-bg", "am-ru-1992/5"},
		{"am-ir-aras", "2026-11-01T00:00:00Z", "ru-bg", "am-ru-1992/6"},
		{"bagratashen", "2026-11-01T00:00:00Z", "am-bg", "am-law-2001/1"},
		{"bavra", "2026-11-01T00:00:00Z", "am-bg", "am-law-2001/2"},
		{"gogavan", "2026-11-01T00:00:00Z", "am-bg", "am-law-2001/3"},
		{"am-ge-north", "2026-11-01T00:00:00Z", "am-bg", "am-law-2001/4"},
	} {
		h, ok := r.ControlAt(c.place, at(c.at))
		if h.Authority != c.who || h.Article != c.ref || ok != (c.who != "") {
			t.Errorf("%s at %s: %s under %s, want %s under %s", c.place, c.at, h.Authority, h.Article, c.who, c.ref)
		}
	}
	for _, p := range r.Ground().Places {
		if _, ok := r.ControlAt(p.ID, at("2026-11-01T00:00:00Z")); !ok {
			t.Errorf("nobody controls %s", p.ID)
		}
	}
}

// TestWhoMay asks what the articles give beside control, at the instants at which it begins and ends.
func TestWhoMay(t *testing.T) {
	r := register(t)
	russian := &agreement.Record{Kind: "record", Owners: []marz.AuthorityID{"ru-bg"}, Nationality: "IRN"}
	incident := &agreement.Record{Kind: "incident", Owners: []marz.AuthorityID{"ru-bg"}}
	for _, c := range []struct {
		officer marz.OfficerID
		action  marz.Action
		place   marz.PlaceID
		record  *agreement.Record
		field   marz.Field
		at      string
		ref     marz.ArticleRef // "": not allowed
	}{
		{"am-bg/1", marz.ActReadJournal, "agarak", nil, "", "2024-12-31T23:59:59.999+04:00", "am-ru-2024-agarak/1"},
		{"am-bg/1", marz.ActInspect, "agarak", nil, "", "2024-12-31T23:59:59.999+04:00", ""},
		{"ru-bg/1", marz.ActReadJournal, "agarak", nil, "", "2025-01-01T00:00:00+04:00", ""},
		{"am-bg/1", marz.ActReadRecord, "agarak", russian, marz.FieldIdentity, "2024-12-31T23:59:59.999+04:00", ""},
		{"am-bg/1", marz.ActReadRecord, "agarak", russian, marz.FieldIdentity, "2025-01-01T00:00:00+04:00", "am-ru-2024-agarak/13"},
		{"am-bg/1", marz.ActReadRecord, "agarak", russian, marz.FieldIdentity, "2026-11-01T00:00:00Z", "am-ru-2024-agarak/13"},
		{"am-bg/1", marz.ActReadRecord, "agarak", russian, marz.FieldNote, "2025-01-01T00:00:00+04:00", ""},
		{"am-bg/1", marz.ActInspect, "margara", nil, "", "2023-02-10T23:59:59.999+04:00", ""},
		{"am-bg/1", marz.ActInspect, "margara", nil, "", "2023-02-17T23:59:59.999+04:00", "am-ru-2023-margara/1"},
		{"am-bg/1", marz.ActInspect, "margara", nil, "", "2023-02-18T00:00:00+04:00", ""},
		{"am-bg/1", marz.ActInspect, "margara", nil, "", "2025-01-01T00:00:00+04:00", "am-ru-2024-agarak/3"},
		{"ru-bg/1", marz.ActInspect, "margara", nil, "", "2025-03-01T00:00:00+04:00", ""},
		{"am-bg/1", marz.ActReadIncident, "am-tr-aras", incident, marz.FieldNote, "2024-02-21T23:59:59.999+04:00", "csto-1992/2"},
		{"am-bg/1", marz.ActReadIncident, "am-tr-aras", incident, marz.FieldNote, "2024-02-22T00:00:00+04:00", ""},
		{"am-bg/1", marz.ActReadIncident, "am-tr-aras", incident, marz.FieldNote, "2025-01-03T11:59:59.999+04:00", "am-ru-2024-agarak/7"},
		{"am-bg/1", marz.ActReadIncident, "am-tr-aras", incident, marz.FieldNote, "2025-01-03T12:00:00+04:00", ""},
		{"am-bg/1", marz.ActIncident, "am-ir-aras", nil, "", "2025-01-01T00:00:00+04:00", "am-ru-2024-agarak/5"},
		{"am-bg/1", marz.ActIncident, "am-ir-aras", nil, "", "2024-12-31T23:59:59.999+04:00", ""},
	} {
		q := agreement.Question{Officer: c.officer, Role: marz.RoleOfficer, Action: c.action, Place: c.place, At: at(c.at), Record: c.record, Field: c.field}
		a := r.May(q)
		if a.Allowed != (c.ref != "") || a.Allowed && a.Article != c.ref {
			t.Errorf("%s %s at %s, %s: %+v, want %q", c.officer, c.action, c.place, c.at, a, c.ref)
		}
	}
}

// TestOpeningOfMargara: the humanitarian opening stands beside control as an article with an end.
func TestOpeningOfMargara(t *testing.T) {
	r := register(t)
	for when, want := range map[string]bool{
		"2025-03-20T23:59:59.999+04:00": false, "2025-03-21T00:00:00+04:00": true,
		"2025-03-31T23:59:59.999+04:00": true, "2025-04-01T00:00:00+04:00": false,
	} {
		a := r.May(agreement.Question{Officer: "am-bg/1", Role: marz.RoleOfficer, Action: marz.ActInspect, Place: "margara", At: at(when)})
		if slices.Contains(a.All, "am-2025-margara/1") != want || !a.Allowed {
			t.Errorf("%s: %+v", when, a)
		}
	}
}

func TestJointService(t *testing.T) {
	r := register(t)
	for _, p := range []marz.PlaceID{"margara", "akhurik", "am-tr-akhurian", "am-tr-aras", "am-ir-aras"} {
		j, ok := r.Joint(p, "ru-bg", at("2025-01-01T00:00:00+04:00"))
		if want := []marz.Decision{marz.Refuse, marz.Hold}; !ok || !slices.Equal(j.Decisions, want) {
			t.Errorf("%s: %+v, %v", p, j, ok)
		}
		if _, ok := r.Joint(p, "ru-bg", at("2024-12-31T23:59:59.999+04:00")); ok {
			t.Errorf("%s: joint service before it begins", p)
		}
	}
	if _, ok := r.Joint("agarak", "am-bg", at("2025-01-01T00:00:00+04:00")); ok {
		t.Error("joint service at Agarak")
	}
}

func TestObligationOfTheBloc(t *testing.T) {
	r := register(t)
	for when, want := range map[string]string{"2022-01-01T00:00:00Z": agreement.Pending, "2024-03-01T00:00:00Z": agreement.Breached} {
		all := r.Debts(at(when))
		if len(all) != 1 || all[0].Owes != "csto" || all[0].Owed != "ARM" || all[0].Status != want {
			t.Errorf("%s: %+v, want %s", when, all, want)
		}
	}
	m := r.Memberships()
	if len(m) != 1 || len(m[0].Periods) != 2 || m[0].Periods[1].Status != agreement.Suspended || len(m[0].Hangs) != 1 {
		t.Errorf("memberships: %+v", m)
	}
}

// TestSaysWhatItIs: every agreement is marked as a reconstruction and names its source, and nothing passes for signed.
func TestSaysWhatItIs(t *testing.T) {
	for _, ag := range register(t).Agreements() {
		if !ag.Reconstruction || ag.Source == "" {
			t.Errorf("%s is not marked as a reconstruction with its source", ag.ID)
		}
		for _, a := range ag.Articles {
			if a.Text == "" {
				t.Errorf("%s/%s has no text", ag.ID, a.ID)
			}
		}
	}
	if !strings.Contains(string(Agreements()), "THIS IS NOT THE TEXT OF ANY TREATY") {
		t.Error("the file does not say what it is")
	}
}

// TestAsTheExerciseBegins: the exercise's clock stands ten minutes before control of Agarak passes, and nothing may have been said after that.
func TestAsTheExerciseBegins(t *testing.T) {
	r := register(t)
	h := agreement.NewHistory(*r.Ground())
	d, err := agreement.Parse("agreements.toml", Agreements())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Check(at("2024-12-31T23:50:00+04:00"), d); err != nil {
		t.Error(err)
	}
}
