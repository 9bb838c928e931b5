package mirror

import (
	"strconv"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"marz/journal"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func leaf(body []byte) tlog.Hash { return tlog.RecordHash(body) }

func TestPush(t *testing.T) {
	n := newNode(t)
	own := func(e journal.Entry) bool { return e.Authority == "am-bg" }
	whole, part, none := newPlace(t, n, "am", all), newPlace(t, n, "ru", own), newPlace(t, n, "xx", nil)
	p := newPusher(t, n,
		Target{Remote: whole.remote(&line{whole, "node"}), Entitled: all},
		Target{Remote: part.remote(&line{part, "node"}), Entitled: own},
		Target{Remote: none.remote(&line{none, "node"})})
	large := 8500 // more than one request
	if raced {
		large = 700
	}
	for _, many := range []int{0, 1, 250, 2, large} {
		if many > 0 {
			n.write(t, "am-bg", many)
			n.write(t, "ru-bg", 2)
		}
		p.push(t)
		size := n.j.Head().Size
		equal(t, n, whole, size, all)
		equal(t, n, part, size, own)
		equal(t, n, none, size, nil)
	}
	for _, s := range p.Status() {
		if s.Size != n.j.Head().Size || !s.Whole || s.Error != "" || s.Cosigned == 0 {
			t.Errorf("status %+v", s)
		}
	}
}
