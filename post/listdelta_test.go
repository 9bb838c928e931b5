package post

import (
	"fmt"
	"os"
	"testing"

	"marz/watchlist"
)

// Deltas of OpenSanctions come to a post as signed changes, one after the other, and a number that a delta does not speak of stays one that is found.
func TestDeltasOfEntities(t *testing.T) {
	l := newListing(t)
	write := func(name, text string) string {
		t.Helper()
		if err := os.WriteFile(l.at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return l.at(name)
	}
	o := watchlist.Options{ID: "a", Owner: "ru-bg"}
	entities := write("entities.ftm.json", `{"id":"Q1","schema":"Person","properties":{"name":["Pavel Muster"]}}
{"id":"pass-1","schema":"Passport","properties":{"number":["MM1234567"],"holder":["Q1"]}}
`)
	o.Loaded = l.clock()
	base, err := watchlist.Import(entities, o)
	if err != nil {
		t.Fatal(err)
	}
	l.build("a.list", base, l.key)
	l.configure("a", l.at("a.list"), l.keyed())
	l.is("the base", l.state(), base.Version, "")
	for i, step := range []struct{ delta, documents string }{
		{`{"op":"MOD","entity":{"id":"Q1","schema":"Person","properties":{"name":["Pavel Muster","Pavel Mustermann"]}}}`, "[{MM1234567  passport}]"},
		{`{"op":"ADD","entity":{"id":"pass-2","schema":"Passport","properties":{"number":["NN7654321"],"holder":["Q1"]}}}`, "[{MM1234567  passport} {NN7654321  passport}]"},
		{`{"op":"DEL","entity":{"id":"pass-1"}}`, "[{NN7654321  passport}]"},
	} {
		d, err := watchlist.OpenDelta(entities, write("entities.delta.json", step.delta))
		if err != nil {
			t.Fatal(err)
		}
		o.Loaded = l.clock()
		c, err := d.Change(o)
		if err == nil {
			err = watchlist.WriteChange(l.at(fmt.Sprintf("%d%s", i, deltaSuffix)), c, l.key)
		}
		if err == nil {
			err = d.WriteEntities(entities)
		}
		if err != nil {
			t.Fatal(err)
		}
		l.is(step.delta, l.again(), c.To, "")
		a, _ := l.lists.Alert("a", "Q1")
		if got := fmt.Sprint(a.Documents); got != step.documents {
			t.Errorf("after delta %d: documents %s, want %s", i, got, step.documents)
		}
	}
}
