package armenia

import (
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"marz"
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

// control is an article of kind control as far as these tests look at it.
type control struct {
	Kind, Place string
	Authority   marz.AuthorityID
	From, Until marz.Instant
}

func controls(t *testing.T) map[string][]control {
	t.Helper()
	var file struct {
		Agreement []struct {
			ID             string
			Reconstruction bool
			Article        []control
		}
	}
	if err := toml.Unmarshal(Agreements(), &file); err != nil {
		t.Fatal(err)
	}
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string][]control{}
	for _, ag := range file.Agreement {
		if !ag.Reconstruction {
			t.Errorf("%s is not marked as a reconstruction", ag.ID)
		}
		for _, a := range ag.Article {
			if _, ok := s.Authority(a.Authority); !ok {
				t.Errorf("%s names the authority %s, which is not in the scenario", ag.ID, a.Authority)
			}
			if _, ok := s.Post(marz.PostID(a.Place)); !ok {
				t.Errorf("%s names the place %s, which is not in the scenario", ag.ID, a.Place)
			}
			if a.Kind == "control" {
				at[a.Place] = append(at[a.Place], a)
			}
		}
	}
	return at
}

func TestAgreementsNameOneController(t *testing.T) {
	at := controls(t)
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Posts {
		all := at[string(p.ID)]
		if len(all) == 0 {
			t.Errorf("nobody controls %s", p.ID)
		}
		for i, a := range all {
			for _, b := range all[i+1:] {
				if (a.Until.IsZero() || b.From < a.Until) && (b.Until.IsZero() || a.From < b.Until) {
					t.Errorf("%s and %s control %s at the same time", a.Authority, b.Authority, p.ID)
				}
			}
		}
	}
}

func TestControlOfAgarakHasNoGap(t *testing.T) {
	all := controls(t)["agarak"]
	if len(all) != 2 || all[0].Authority != "ru-bg" || all[1].Authority != "am-bg" {
		t.Fatalf("controllers of Agarak: %+v", all)
	}
	if got := all[0].Until.String(); got != "2024-12-31T20:00:00.000Z" || all[0].Until != all[1].From || !all[1].Until.IsZero() {
		t.Errorf("control moves at %s and %s, ends %s", got, all[1].From, all[1].Until)
	}
}
