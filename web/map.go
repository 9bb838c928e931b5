package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"

	"marz"
)

// Map is a schematic drawing of states, frontiers and sections, made at development time. It is drawn, not surveyed. Its unit is
// that of the SVG's view box; x runs east and y south. The projection is equirectangular, so that a place is put into it with one
// multiplication.
type Map struct {
	Source    string    `json:"source"` // where the lines come from, as the note below the drawing says it
	Width     float64   `json:"width"`
	Height    float64   `json:"height"`
	West      float64   `json:"west"`  // longitude of x = 0, degrees
	North     float64   `json:"north"` // latitude of y = 0, degrees
	PerLon    float64   `json:"per_lon"`
	PerLat    float64   `json:"per_lat"`
	States    []MapArea `json:"states"`
	Frontiers []MapLine `json:"frontiers"`
	Sections  []MapLine `json:"sections"`
}

// MapArea is a state's land inside the drawing.
type MapArea struct {
	ID    string    `json:"id"`   // ICAO three-letter code
	Path  string    `json:"path"` // SVG path data, of closed rings
	Names []MapName `json:"names"`
}

// MapName is a state's name, written in the middle of one part of its land.
type MapName struct {
	Text string  `json:"text"`
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
}

// MapLine is a frontier or a section of one.
type MapLine struct {
	ID   string  `json:"id"`   // FrontierID, or PlaceID of a section
	Path string  `json:"path"` // SVG path data
	X    float64 `json:"x"`    // of the point half-way along it
	Y    float64 `json:"y"`
}

// MapPoint is a point of the drawing.
type MapPoint struct{ X, Y float64 }

// XY returns where a position stands in the drawing. A position outside it gets a point outside it.
func (m *Map) XY(lat, lon float64) MapPoint {
	return MapPoint{X: (lon - m.West) * m.PerLon, Y: (m.North - lat) * m.PerLat}
}

// ReadMap reads the drawing in a file, nil where there is none.
func ReadMap(path string) (*Map, error) {
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	var m *Map
	if err == nil {
		m, err = ParseMap(b)
	}
	if err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read map", Subject: path, Fix: "put a sound one there, or remove it: the node works without", Err: err}
	}
	return m, nil
}

// ParseMap reads a map strictly: an unknown key, a second definition, a path that is none, and a name outside the drawing are errors.
func ParseMap(data []byte) (*Map, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	m := &Map{}
	if err := d.Decode(m); err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read map", Fix: "correct the JSON, or make the map anew", Err: err}
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, badMap("", "something stands after its end: remove it")
	}
	if err := m.validate(); err != nil {
		return nil, err
	}
	return m, nil
}

func badMap(subject, fix string) error {
	return &marz.Error{Code: marz.Invalid, Op: "read map", Subject: subject, Fix: fix}
}

// maxMap is the greatest width and height of a drawing, and overhang how far its paths may reach beyond its edge.
const (
	maxMap   = 10000
	overhang = 10
)

func (m *Map) validate() error {
	switch {
	case m.Source == "":
		return badMap("", "say in source where the lines come from")
	case !(m.Width > 0 && m.Width <= maxMap && m.Height > 0 && m.Height <= maxMap):
		return badMap("", fmt.Sprintf("width and height are more than 0 and at most %d", maxMap))
	case !(m.PerLon > 0 && m.PerLat > 0):
		return badMap("", "per_lon and per_lat are more than 0")
	case math.Abs(m.North) > 90 || math.Abs(m.West) > 180:
		return badMap("", "north is -90 to 90 degrees and west -180 to 180")
	}
	seen := map[string]bool{}
	for _, s := range m.States {
		if err := m.validateArea(s, seen); err != nil {
			return err
		}
	}
	for _, l := range m.Frontiers {
		if err := m.validateLine("frontier "+l.ID, l, seen); err != nil {
			return err
		}
	}
	for _, l := range m.Sections {
		if err := m.validateLine("section "+l.ID, l, seen); err != nil {
			return err
		}
	}
	return nil
}

var statePattern = regexp.MustCompile(`^[A-Z]{3}$`)

func (m *Map) validateArea(s MapArea, seen map[string]bool) error {
	what := fmt.Sprintf("state %.40q", s.ID)
	if !statePattern.MatchString(s.ID) {
		return badMap(what, "its id is three capital letters (ICAO 9303-3 §5)")
	}
	if seen[what] {
		return badMap(what, "it is defined twice")
	}
	seen[what] = true
	for _, n := range s.Names {
		if n.Text == "" || !m.holds(MapPoint{n.X, n.Y}, 0) {
			return badMap(what, "each of its names has a text and stands inside the drawing")
		}
	}
	return m.validatePath(what, s.Path)
}

func (m *Map) validateLine(what string, l MapLine, seen map[string]bool) error {
	if err := marz.PlaceID(l.ID).Validate(); err != nil {
		return badMap(fmt.Sprintf("line %.40q", l.ID), "its id is 1 to 63 lower-case letters, digits and hyphens")
	}
	if seen[what] {
		return badMap(what, "it is defined twice")
	}
	seen[what] = true
	if !m.holds(MapPoint{l.X, l.Y}, 0) {
		return badMap(what, "its x and y lie outside the drawing")
	}
	return m.validatePath(what, l.Path)
}

func (m *Map) validatePath(what, path string) error {
	lines, err := ParsePath(path)
	if err != nil {
		return badMap(what, err.Error())
	}
	for _, line := range lines {
		for _, p := range line {
			if !m.holds(p, overhang) {
				return badMap(what, "its path leaves the drawing")
			}
		}
	}
	return nil
}

// holds reports whether p lies in the drawing or at most by beyond its edge. A coordinate that is no number does not.
func (m *Map) holds(p MapPoint, by float64) bool {
	return p.X >= -by && p.X <= m.Width+by && p.Y >= -by && p.Y <= m.Height+by
}

// subpath is one line of a path: M, then points with or without an L between them, then Z where it is closed.
var subpath = regexp.MustCompile(`^(?: *L? *(-?[0-9]{1,5}(?:\.[0-9]{1,3})?)[ ,](-?[0-9]{1,5}(?:\.[0-9]{1,3})?))`)

// ParsePath reads the small part of SVG path data (SVG 2 §9.3) that maps are written in: M, L and Z with absolute coordinates. A
// closed line ends with the point that it began with. Each line has two points at least.
func ParsePath(path string) ([][]MapPoint, error) {
	var out [][]MapPoint
	bad := func(at string) ([][]MapPoint, error) {
		return nil, &marz.Error{Code: marz.Invalid, Op: "path", Subject: fmt.Sprintf("%.20q", at), Fix: "write it with M, L and Z and absolute coordinates"}
	}
	for rest := path; rest != "" || len(out) == 0; {
		if !strings.HasPrefix(rest, "M") {
			return bad(rest)
		}
		rest = rest[1:]
		var line []MapPoint
		for s := subpath.FindStringSubmatch(rest); s != nil; s = subpath.FindStringSubmatch(rest) {
			x, _ := strconv.ParseFloat(s[1], 64) // the pattern matches numbers only
			y, _ := strconv.ParseFloat(s[2], 64)
			line, rest = append(line, MapPoint{x, y}), rest[len(s[0]):]
		}
		if len(line) < 2 {
			return bad(rest)
		}
		if strings.HasPrefix(rest, "Z") {
			line, rest = append(line, line[0]), rest[1:]
		}
		out = append(out, line)
	}
	return out, nil
}
