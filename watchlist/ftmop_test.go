package watchlist

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"marz"
)

// Lines that do not fit what is there are counted, whether the base or a line before says what is.
func TestDeltaStrays(t *testing.T) {
	const n = `{"id":"N","schema":"Address","properties":{}}`
	for delta, want := range map[string]string{
		add(n) + mod(n) + del("N"):              "",
		mod(q1, "") + del("Q1") + add(q1, ""):   "",
		add(q1, ""):                             "1 0 0",
		mod(n):                                  "0 1 0",
		del("N"):                                "0 0 1",
		add(n) + add(n):                         "1 0 0",
		del("Q1") + mod(q1, ""):                 "0 1 0",
		del("Q1") + del("Q1") + del("N"):        "0 0 2",
		del("Q2") + "\n" + add(q1, "") + mod(n): "1 1 0",
	} {
		d, err := OpenDelta(peopleBase, writeText(t, t.TempDir(), "d", delta))
		if err != nil {
			t.Fatal(err)
		}
		c, err := d.Change(Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, note := range c.Notes {
			var added, changed, deleted int
			if _, err := fmt.Sscanf(note, "%d entities were to be added that were there, %d to be changed and %d to be deleted", &added, &changed, &deleted); err != nil {
				t.Fatal(note, err)
			}
			got += fmt.Sprintf("%d %d %d", added, changed, deleted)
		}
		if got != want {
			t.Errorf("%s\nstrays %q, want %q", delta, got, want)
		}
	}
}

// Each refusal names the line, and leaves neither a delta nor a change.
func TestDeltaRefuses(t *testing.T) {
	good := add(`{"id":"Q3","schema":"Person","properties":{"name":["Pavel Muster"]}}`)
	for what, c := range map[string]struct{ delta, subject, says string }{
		"op unknown":             {good + `{"op":"PUT","entity":{"id":"Q1"}}`, "d:2", "op is none of"},
		"op in small letters":    {good + `{"op":"del","entity":{"id":"Q1"}}`, "d:2", "op is none of"},
		"no op":                  {good + `{"entity":{"id":"Q1"}}`, "d:2", "op is none of"},
		"op of another type":     {good + `{"op":1,"entity":{"id":"Q1"}}`, "d:2", "op is none of"},
		"no entity":              {good + `{"op":"DEL"}`, "d:2", "no entity"},
		"entity null":            {good + `{"op":"DEL","entity":null}`, "d:2", "no entity"},
		"entity a text":          {good + `{"op":"DEL","entity":"Q1"}`, "d:2", "no entity"},
		"DEL without id":         {good + `{"op":"DEL","entity":{}}`, "d:2", "no id"},
		"DEL of a number":        {good + `{"op":"DEL","entity":{"id":1}}`, "d:2", "no id"},
		"ADD without id":         {good + `{"op":"ADD","entity":{"schema":"Person","properties":{}}}`, "d:2", "lacks"},
		"MOD without properties": {good + `{"op":"MOD","entity":{"id":"Q1","schema":"Person"}}`, "d:2", "lacks"},
		"no name":                {good + mod(`{"id":"Q1","schema":"Person","properties":{}}`), "d:2", "no name"},
		"a property of no list":  {good + mod(`{"id":"Q1","schema":"Person","properties":{"name":"A"}}`), "d:2", `"name"`},
		"an address of no list":  {good + mod(`{"id":"Q1","schema":"Person","properties":{"name":["A"],"addressEntity":[1]}}`), "d:2", `"addressEntity"`},
		"cut":                    {good + good[:40], "d:2", "cut short"},
		"no JSON":                {good + "DEL Q1", "d:2", "syntax error"},
		"an array":               {good + `["DEL","Q1"]`, "d:2", "no object"},
		"two objects":            {good + strings.TrimSpace(del("Q1")) + del("Q2"), "d:2", "something follows"},
		"an entity alone":        {good + `{"id":"Q1","schema":"Person","properties":{}}`, "d:2", "is no field of a delta"},
		"another field":          {good + `{"op":"DEL","entity":{"id":"Q1"},"when":1}`, "d:2", `"when" is no field`},
		"op twice":               {good + `{"op":"ADD","op":"DEL","entity":{"id":"Q1"}}`, "d:2", `"op" stands twice`},
		"id twice":               {good + `{"op":"DEL","entity":{"id":"Q1","id":"Q2"}}`, "d:2", `"id" stands twice`},
		"a property twice":       {good + mod(`{"id":"Q1","schema":"Person","properties":{"name":["A"],"name":["B"]}}`), "d:2", `"name" stands twice`},
		"ID in capitals":         {good + `{"op":"DEL","entity":{"ID":"Q1","id":"Q2"}}`, "d:2", `to be written "id"`},
		"not UTF-8":              {good + del("\xe9"), "d:2", "UTF-8"},
		"a long line":            {good + del(strings.Repeat("a", maxLineBytes)), "d:2", "longer than 16 MB"},
		"no delta":               {`{"id":"Q1"}`, "d:1", "no delta of OpenSanctions"},
		"empty":                  {"", "d", "empty"},
		"compressed":             {"\x1f\x8b", "d", "compressed"},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			d, err := OpenDelta(peopleBase, writeText(t, dir, "d", c.delta))
			e, ok := errors.AsType[*marz.Error](err)
			if !ok || d != nil {
				t.Fatalf("%v, %v", d, err)
			}
			if want := filepath.Join(dir, c.subject); e.Subject != want || !strings.Contains(e.Error(), c.says) {
				t.Errorf("the error is about %q and says %q, want %q and %q", e.Subject, e, want, c.says)
			}
		})
	}
}
