package inspection

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"marz"
	"marz/inspection/stays"
)

func TestTogether(t *testing.T) {
	zone := time.FixedZone("", 4*3600)
	day := func(n int, d marz.Direction) Movement { return Movement{noon(n, zone), d} }
	known := func(n int, d marz.Direction) stays.Movement { return stays.Movement{Day: n, Direction: d} }
	const in, out = marz.EntryDirection, marz.ExitDirection
	for name, c := range map[string]struct {
		own  Own
		all  []stays.Movement
		want []Movement
	}{
		"nothing":                    {Own{}, nil, nil},
		"elsewhere alone":            {Own{}, []stays.Movement{known(7, in), known(9, out)}, []Movement{day(7, in), day(9, out)}},
		"here, known there":          {Own{Covered: []Movement{day(7, in)}}, []stays.Movement{known(7, in)}, []Movement{day(7, in)}},
		"here, not known there":      {Own{Covered: []Movement{day(7, in)}}, nil, []Movement{day(7, in)}},
		"here since":                 {Own{New: []Movement{day(9, out)}}, []stays.Movement{known(7, in)}, []Movement{day(7, in), day(9, out)}},
		"in here and out there":      {Own{New: []Movement{day(7, in)}}, []stays.Movement{known(7, out)}, []Movement{day(7, in), day(7, out)}},
		"out and in again on a day":  {Own{}, []stays.Movement{known(6, in), known(7, in), known(7, out)}, []Movement{day(6, in), day(7, out), day(7, in)}},
		"here before what there has": {Own{New: []Movement{day(3, in)}}, []stays.Movement{known(5, out)}, []Movement{day(3, in), day(5, out)}},
	} {
		if diff := cmp.Diff(c.want, Together(c.own, c.all, zone)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestStayElsewhere(t *testing.T) {
	first := dayIn(sound().At, sound().Zone) - 364
	asOf := sound().At.Add(-time.Hour)
	for name, c := range map[string]struct {
		elsewhere Elsewhere
		result    marz.Result
		source    string
		asOf      marz.Instant
		reason    string
	}{
		"known":        {Elsewhere{Version: "7", AsOf: asOf, First: first}, marz.Successful, "crossings at all posts 7", asOf, "0 of 180 days used in the last 365"},
		"not known":    {Elsewhere{Missing: "none has come"}, marz.Undetermined, "crossings at this post", sound().At, "crossings at other posts are not known: none has come"},
		"not so early": {Elsewhere{Version: "7", AsOf: asOf, First: first + 1}, marz.Undetermined, "crossings at all posts 7", asOf, "only crossings since 2024-01-04 are known"},
	} {
		in := sound()
		in.Elsewhere = &c.elsewhere
		f := checkStay(in)[0]
		if f.Result != c.result || f.Source != c.source || f.AsOf != c.asOf || !strings.Contains(f.Reason, c.reason) || f.Grave != marz.Clear {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
