package armenia

import (
	"math"
	"testing"

	"marz"
	"marz/web"
)

// away returns how far p is from a path, in units of the drawing.
func away(t *testing.T, p web.MapPoint, path string) float64 {
	t.Helper()
	lines, err := web.ParsePath(path)
	if err != nil {
		t.Fatal(err)
	}
	least := math.Inf(1)
	for _, line := range lines {
		for i := range line[1:] {
			a, b := line[i], line[i+1]
			dx, dy := b.X-a.X, b.Y-a.Y
			at := min(1, max(0, ((p.X-a.X)*dx+(p.Y-a.Y)*dy)/max(1e-9, dx*dx+dy*dy)))
			least = min(least, math.Hypot(p.X-a.X-at*dx, p.Y-a.Y-at*dy))
		}
	}
	return least
}

func line(lines []web.MapLine, id string) (web.MapLine, bool) {
	for _, l := range lines {
		if l.ID == id {
			return l, true
		}
	}
	return web.MapLine{}, false
}

func loadMap(t *testing.T) *web.Map {
	t.Helper()
	m, err := web.ParseMap(Map())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMap(t *testing.T) {
	m := loadMap(t)
	if n := len(Map()); n > 40000 {
		t.Errorf("the map has %d bytes", n)
	}
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]bool{}
	for _, a := range m.States {
		states[a.ID] = len(a.Names) > 0
	}
	for _, f := range s.Frontiers {
		if _, ok := line(m.Frontiers, string(f.ID)); !ok {
			t.Errorf("frontier %s is not drawn", f.ID)
		}
		for _, state := range f.States {
			if !states[state] {
				t.Errorf("state %s is not drawn, or has no name", state)
			}
		}
	}
	if len(m.Frontiers) != len(s.Frontiers) {
		t.Errorf("%d frontiers are drawn, and there are %d", len(m.Frontiers), len(s.Frontiers))
	}
}

// TestPostsStandAtTheirFrontiers holds positions against lines: 22 units are eight kilometres, which is what rounding and the
// simplified line can do together.
func TestPostsStandAtTheirFrontiers(t *testing.T) {
	const near = 22
	m := loadMap(t)
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Posts {
		at := m.XY(p.Lat, p.Lon)
		if at.X < 0 || at.X > m.Width || at.Y < 0 || at.Y > m.Height {
			t.Errorf("%s is outside the drawing", p.ID)
		}
		if p.Kind == "air" {
			continue
		}
		f, _ := line(m.Frontiers, string(p.Frontier))
		d := away(t, at, f.Path)
		if d > near {
			t.Errorf("%s is %.1f units from its frontier", p.ID, d)
		}
		for _, other := range m.Frontiers {
			if other.ID != f.ID && away(t, at, other.Path) < d {
				t.Errorf("%s is nearer to %s than to its own frontier", p.ID, other.ID)
			}
		}
	}
}

func TestSectionsLieOnTheirFrontiers(t *testing.T) {
	m := loadMap(t)
	for section, frontier := range map[string]marz.FrontierID{"am-tr-akhurian": "am-tr", "am-tr-aras": "am-tr", "am-ir-aras": "am-ir", "am-ge-north": "am-ge"} {
		l, ok := line(m.Sections, section)
		f, _ := line(m.Frontiers, string(frontier))
		if !ok {
			t.Errorf("section %s is not drawn", section)
			continue
		}
		lines, err := web.ParsePath(l.Path)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range append(lines[0], web.MapPoint{X: l.X, Y: l.Y}) {
			if d := away(t, p, f.Path); d > 0.1 {
				t.Fatalf("section %s is %.2f units off its frontier at %v", section, d, p)
			}
		}
	}
	north, _ := line(m.Sections, "am-tr-akhurian")
	south, _ := line(m.Sections, "am-tr-aras")
	meet := m.XY(40.10, 43.66) // where the Akhurian meets the Aras
	if a, b := away(t, meet, north.Path), away(t, meet, south.Path); max(a, b) > 5 {
		t.Errorf("the sections meet %.1f and %.1f units from the mouth of the Akhurian", a, b)
	}
}

// TestFrontiersAreTheEdgesOfTheirStates holds that every vertex of a frontier is one of both states.
func TestFrontiersAreTheEdgesOfTheirStates(t *testing.T) {
	m := loadMap(t)
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	vertices := map[string]map[web.MapPoint]bool{}
	for _, a := range m.States {
		lines, err := web.ParsePath(a.Path)
		if err != nil {
			t.Fatal(err)
		}
		vertices[a.ID] = map[web.MapPoint]bool{}
		for _, l := range lines {
			for _, p := range l {
				vertices[a.ID][p] = true
			}
		}
	}
	for _, f := range s.Frontiers {
		drawn, _ := line(m.Frontiers, string(f.ID))
		lines, err := web.ParsePath(drawn.Path)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			for _, p := range l {
				for _, state := range f.States {
					if !vertices[state][p] {
						t.Fatalf("%v of %s is no vertex of %s", p, f.ID, state)
					}
				}
			}
		}
	}
}
