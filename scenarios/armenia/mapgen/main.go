// Command mapgen draws the scenario's map from Natural Earth, whose data is in the public domain. A person runs it at development
// time; its input is not part of the project:
//
//	npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
//	go run ./scenarios/armenia/mapgen -out scenarios/armenia/map.json package/countries-10m.json
//
// The same input always gives the same bytes. Arcs are simplified, and rings and frontiers are both made of them, so that a frontier
// lies exactly on the edges of its two states.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"

	"marz/web"
)

// The drawing: degrees of its edges, its width in units, and by how much a simplified line may be off.
const (
	west, east   = 42.85, 47.15
	north, south = 41.50, 38.60
	trueAt       = 40.2 // latitude at which both directions have one scale
	width        = 900
	tolerance    = 1.0
	overhang     = 4 // by which land reaches beyond the edge, so that no edge shows
	nameless     = 4000
)

// source is said below the drawing.
const source = "lines from Natural Earth (1:10m, public domain), simplified"

// home is the state whose frontiers are drawn; neighbours are the others.
const home = "051"

var codes = map[string]string{"051": "ARM", "792": "TUR", "364": "IRN", "031": "AZE", "268": "GEO"}

var neighbours = []struct{ state, frontier string }{{"792", "am-tr"}, {"364", "am-ir"}, {"268", "am-ge"}, {"031", "am-az"}}

// sections lie along frontiers. Where two share one, the first ends at the vertex that is nearest to the cut, and the other begins there.
var sections = []struct {
	id, frontier string
	part         int // of the frontier's only arc
}{
	{"am-tr-akhurian", "am-tr", 0},
	{"am-tr-aras", "am-tr", 1},
	{"am-ir-aras", "am-ir", 0},
	{"am-ge-north", "am-ge", 0},
}

// named is where a name stands by choice: longitude and latitude. The posts need the room elsewhere.
var named = map[string][2]float64{"051": {45.4, 40.3}, "792": {43.3, 39.6}}

// cuts are where frontiers are cut into parts: longitude and latitude. The Akhurian meets the Aras there.
var cuts = map[string][2]float64{"am-tr": {43.66, 40.10}}

func main() {
	out := flag.String("out", "", "the `file` to write")
	flag.Parse()
	if err := run(flag.Arg(0), *out); err != nil {
		fmt.Fprintln(os.Stderr, "mapgen:", err)
		os.Exit(1)
	}
}

func run(in, out string) error {
	data, err := os.ReadFile(in)
	if err != nil {
		return fmt.Errorf("%w: give the countries-10m.json of world-atlas as the argument", err)
	}
	var t topology
	if err := json.Unmarshal(data, &t); err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	m, err := draw(&t)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	if _, err := web.ParseMap(b); err != nil {
		return err
	}
	return os.WriteFile(out, b, 0o644)
}

// pen draws the lines of a topology. It keeps each arc as the parts it was cut into, so that all who walk it walk the same points.
type pen struct {
	t    *topology
	m    *web.Map
	arcs map[int][][]point
}

func draw(t *topology) (*web.Map, error) {
	perLon := math.Round(width/(east-west)*1000) / 1000
	perLat := math.Round(perLon/math.Cos(trueAt*math.Pi/180)*1000) / 1000
	p := &pen{t: t, arcs: map[int][][]point{}, m: &web.Map{Source: source, Width: width, Height: math.Round((north - south) * perLat),
		West: west, North: north, PerLon: perLon, PerLat: perLat, States: []web.MapArea{}}}
	_, own, err := t.state(home)
	if err != nil {
		return nil, err
	}
	for _, n := range neighbours {
		_, other, err := t.state(n.state)
		if err != nil {
			return nil, err
		}
		if err := p.frontier(n.frontier, shared(own, other)); err != nil {
			return nil, err
		}
	}
	for _, id := range []string{home, neighbours[0].state, neighbours[1].state, neighbours[2].state, neighbours[3].state} {
		if err := p.state(id); err != nil {
			return nil, err
		}
	}
	return p.m, nil
}

// line returns the parts of an arc that is not below zero, simplified. An arc that is asked for a second time is not cut again.
func (p *pen) line(i int, cut *[2]float64) ([][]point, error) {
	if parts, ok := p.arcs[i]; ok {
		return parts, nil
	}
	degrees, err := p.t.arc(i)
	if err != nil {
		return nil, err
	}
	var line []point
	for _, d := range degrees {
		at := p.m.XY(d[1], d[0])
		line = append(line, point{X: round(at.X), Y: round(at.Y)})
	}
	whole := [][]point{line}
	if cut != nil {
		at := nearest(line, point(p.m.XY(cut[1], cut[0])))
		whole = [][]point{line[:at+1], line[at:]}
	}
	var parts [][]point
	for _, part := range whole {
		parts = append(parts, simplify(part, tolerance))
	}
	p.arcs[i] = parts
	return parts, nil
}

// nearest returns the index of the point of a line that is nearest to p.
func nearest(line []point, p point) int {
	best := 0
	for i, q := range line {
		if math.Hypot(q.X-p.X, q.Y-p.Y) < math.Hypot(line[best].X-p.X, line[best].Y-p.Y) {
			best = i
		}
	}
	return best
}

// frontier draws a frontier and its sections.
func (p *pen) frontier(id string, arcs []int) error {
	if len(arcs) == 0 {
		return fmt.Errorf("frontier %s: the two states share no arc", id)
	}
	var cut *[2]float64
	if at, ok := cuts[id]; ok {
		cut = &at
	}
	out := web.MapLine{ID: id}
	var longest []point
	for _, i := range arcs {
		parts, err := p.line(i, cut)
		if err != nil {
			return err
		}
		if line := joined(parts); len(line) > len(longest) {
			longest = line
		}
		for _, part := range parts {
			out.Path += path(part, false)
		}
	}
	at := halfway(longest)
	out.X, out.Y = at.X, at.Y
	p.m.Frontiers = append(p.m.Frontiers, out)
	return p.sections(id, arcs)
}

func (p *pen) sections(frontier string, arcs []int) error {
	for _, s := range sections {
		if s.frontier != frontier {
			continue
		}
		if parts := p.arcs[arcs[0]]; len(arcs) != 1 || s.part >= len(parts) {
			return fmt.Errorf("section %s: its frontier has %d arcs: choose its part anew", s.id, len(arcs))
		}
		part := p.arcs[arcs[0]][s.part]
		at := halfway(part)
		p.m.Sections = append(p.m.Sections, web.MapLine{ID: s.id, Path: path(part, false), X: at.X, Y: at.Y})
	}
	return nil
}

// joined returns parts, of which each begins where the one before ends, as one line.
func joined(parts [][]point) []point {
	out := parts[0]
	for _, part := range parts[1:] {
		out = append(out[:len(out):len(out)], part[1:]...)
	}
	return out
}

// state draws a state's land, clipped, and names each part that has room for a name.
func (p *pen) state(id string) error {
	name, parts, err := p.t.state(id)
	if err != nil {
		return err
	}
	sheet := box{-overhang, -overhang, p.m.Width + overhang, p.m.Height + overhang}
	out := web.MapArea{ID: codes[id], Names: []web.MapName{}}
	for _, part := range parts {
		for i, arcs := range part {
			whole, err := p.ring(arcs)
			if err != nil {
				return err
			}
			ring := clip(whole, sheet)
			if ring == nil {
				continue
			}
			out.Path += path(ring, true)
			if i == 0 && area(ring) > nameless {
				at := middle(ring, box{0, 0, p.m.Width, p.m.Height})
				if chosen, ok := named[id]; ok {
					at = point(p.m.XY(chosen[1], chosen[0]))
				}
				out.Names = append(out.Names, web.MapName{Text: name, X: round(at.X), Y: round(at.Y)})
			}
		}
	}
	p.m.States = append(p.m.States, out)
	return nil
}

// ring returns a closed ring without its last point, which is its first.
func (p *pen) ring(arcs []int) ([]point, error) {
	var out []point
	for _, i := range arcs {
		parts, err := p.line(index(i), nil)
		if err != nil {
			return nil, err
		}
		line := joined(parts)
		for k := range line[1:] {
			if i < 0 {
				k = len(line) - 1 - k
			}
			out = append(out, line[k])
		}
	}
	return out, nil
}
