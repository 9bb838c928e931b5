package main

import (
	"encoding/json"
	"fmt"
)

// topology is a file in TopoJSON (github.com/topojson/topojson-specification, version 1): states are lists of arcs, and two
// neighbours share the arcs of the boundary between them. An arc i below zero stands for arc ^i, walked backwards.
type topology struct {
	Transform struct {
		Scale     [2]float64 `json:"scale"`
		Translate [2]float64 `json:"translate"`
	} `json:"transform"`
	Objects struct {
		Countries struct {
			Geometries []geometry `json:"geometries"`
		} `json:"countries"`
	} `json:"objects"`
	Arcs [][][2]int `json:"arcs"` // the first point, and then steps from one to the next
}

// geometry is one state.
type geometry struct {
	ID         string          `json:"id"` // ISO 3166-1 numeric
	Type       string          `json:"type"`
	Arcs       json.RawMessage `json:"arcs"`
	Properties struct {
		Name string `json:"name"`
	} `json:"properties"`
}

// polygon is one part of a state: its outer ring, and then its holes. A ring is a list of arcs.
type polygon [][]int

// state returns the name and the parts of a state.
func (t *topology) state(id string) (string, []polygon, error) {
	for _, g := range t.Objects.Countries.Geometries {
		if g.ID != id {
			continue
		}
		var parts []polygon
		var err error
		switch g.Type {
		case "Polygon":
			parts = make([]polygon, 1)
			err = json.Unmarshal(g.Arcs, &parts[0])
		case "MultiPolygon":
			err = json.Unmarshal(g.Arcs, &parts)
		default:
			err = fmt.Errorf("its type is %s, which is no land", g.Type)
		}
		if err != nil {
			return "", nil, fmt.Errorf("state %s: %w", id, err)
		}
		return g.Properties.Name, parts, nil
	}
	return "", nil, fmt.Errorf("state %s is not in the file", id)
}

// arc returns arc i, which is not below zero, as longitude and latitude in degrees.
func (t *topology) arc(i int) ([][2]float64, error) {
	if i < 0 || i >= len(t.Arcs) {
		return nil, fmt.Errorf("arc %d is not in the file", i)
	}
	var out [][2]float64
	var x, y int
	for _, step := range t.Arcs[i] {
		x, y = x+step[0], y+step[1]
		out = append(out, [2]float64{
			float64(x)*t.Transform.Scale[0] + t.Transform.Translate[0],
			float64(y)*t.Transform.Scale[1] + t.Transform.Translate[1],
		})
	}
	return out, nil
}

// index returns the arc that i stands for, whichever way it is walked.
func index(i int) int {
	if i < 0 {
		return ^i
	}
	return i
}

// shared returns the arcs that two states have in common, in the order of the first.
func shared(a, b []polygon) []int {
	has := map[int]bool{}
	for _, p := range b {
		for _, ring := range p {
			for _, i := range ring {
				has[index(i)] = true
			}
		}
	}
	var out []int
	for _, p := range a {
		for _, ring := range p {
			for _, i := range ring {
				if has[index(i)] {
					out = append(out, index(i))
				}
			}
		}
	}
	return out
}
