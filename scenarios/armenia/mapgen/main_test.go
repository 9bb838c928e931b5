package main

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// twoStates is a topology of two squares with one edge in common, arc 1: the second walks it backwards.
const twoStates = `{"type":"Topology","transform":{"scale":[0.5,0.25],"translate":[43,39]},"objects":{"countries":{"geometries":[
{"type":"Polygon","id":"051","arcs":[[0,1]],"properties":{"name":"A"}},
{"type":"MultiPolygon","id":"792","arcs":[[[2,-2]],[[3]]],"properties":{"name":"B"}},
{"type":"Point","id":"364"}]}},
"arcs":[[[2,2],[-2,0],[0,-2],[2,0]],[[2,0],[0,2]],[[2,0],[2,0],[0,2],[-2,0]],[[9,9],[1,0],[0,1],[-1,-1]]]}`

func TestTopology(t *testing.T) {
	var top topology
	if err := json.Unmarshal([]byte(twoStates), &top); err != nil {
		t.Fatal(err)
	}
	line, err := top.arc(0)
	if diff := cmp.Diff([][2]float64{{44, 39.5}, {43, 39.5}, {43, 39}, {44, 39}}, line); diff != "" || err != nil {
		t.Errorf("arc (-want +got):\n%s %v", diff, err)
	}
	name, a, err := top.state("051")
	if err != nil || name != "A" {
		t.Fatal(name, err)
	}
	_, b, err := top.state("792")
	if err != nil || len(b) != 2 {
		t.Fatal(b, err)
	}
	if diff := cmp.Diff([]int{1}, shared(a, b)); diff != "" {
		t.Errorf("shared arcs (-want +got):\n%s", diff)
	}
	for _, id := range []string{"364", "999"} {
		if _, _, err := top.state(id); err == nil {
			t.Errorf("state %s has land", id)
		}
	}
	if _, err := top.arc(4); err == nil {
		t.Error("an arc that is not there was found")
	}
}

func TestSimplify(t *testing.T) {
	got := simplify([]point{{0, 0}, {5, 0.4}, {10, 0}, {10, 5}, {10.3, 8}, {10, 10}}, 1)
	if diff := cmp.Diff([]point{{0, 0}, {10, 0}, {10, 10}}, got); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
	if got := simplify([]point{{0, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}}, 1); len(got) < 4 {
		t.Errorf("a closed line fell to %v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		coordinate := rapid.Float64Range(-50, 50)
		line := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) point { return point{coordinate.Draw(t, "x"), coordinate.Draw(t, "y")} }), 2, 40).Draw(t, "line")
		short := simplify(line, 3)
		if short[0] != line[0] || short[len(short)-1] != line[len(line)-1] {
			t.Fatalf("the ends moved: %v", short)
		}
		for _, p := range line {
			least := math.Inf(1)
			for i := range short[1:] {
				least = min(least, distance(p, short[i], short[i+1]))
			}
			if least > 3 {
				t.Fatalf("%v is %.2f from what is left", p, least)
			}
		}
	})
}

func TestClip(t *testing.T) {
	b := box{0, 0, 10, 10}
	got := clip([]point{{5, 5}, {15, 5}, {15, 8}, {5, 8}}, b)
	if diff := cmp.Diff([]point{{5, 5}, {10, 5}, {10, 8}, {5, 8}}, got); diff != "" {
		t.Errorf("ring (-want +got):\n%s", diff)
	}
	if got := clip([]point{{20, 20}, {30, 20}, {30, 30}}, b); got != nil {
		t.Errorf("outside there is %v", got)
	}
	if got := area(clip([]point{{-5, -5}, {15, -5}, {15, 15}, {-5, 15}}, b)); got != 100 {
		t.Errorf("a ring around the box has the area %v inside it", got)
	}
}

func TestMiddle(t *testing.T) {
	ring := []point{{0, 0}, {100, 0}, {100, 100}, {60, 100}, {60, 40}, {0, 40}} // an L
	at := middle(ring, box{0, 0, 100, 100})
	if !inside(at, ring) || at.X < 30 {
		t.Errorf("the name stands at %v", at)
	}
	if inside(point{30, 70}, ring) {
		t.Error("the notch is inside")
	}
	if got := halfway([]point{{0, 0}, {10, 0}, {10, 20}}); got != (point{10, 5}) {
		t.Errorf("half-way is %v", got)
	}
}
