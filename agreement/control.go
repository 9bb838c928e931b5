package agreement

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"marz"
)

// Holding is the control of a place by one authority for a time.
type Holding struct {
	Authority marz.AuthorityID
	Article   marz.ArticleRef
	From      marz.Instant
	Until     marz.Instant // exclusive; zero: no end is agreed
	Deadline  bool         // it begins at the latest then: the article names a deadline
}

func (h *Holding) covers(at marz.Instant) bool {
	return at >= h.From && (h.Until == 0 || at < h.Until)
}

// holdings puts the control and transfer articles of one place in order of time and holds them to the law: one controller, no gap, and
// control is given up only by who has it.
func holdings(place marz.PlaceID, cs []*clause) ([]Holding, error) {
	slices.SortStableFunc(cs, func(a, b *clause) int { return cmp.Compare(a.from, b.from) })
	var out []Holding
	for _, c := range cs {
		bad := func(format string, args ...any) ([]Holding, error) {
			return nil, refuse(string(c.ref), "", fmt.Sprintf(format, args...))
		}
		var last *Holding
		if len(out) > 0 {
			last = &out[len(out)-1]
		}
		h := Holding{c.Authority, c.ref, c.from, c.until, c.By != 0}
		if c.Kind == Transfer {
			h.Authority = c.To
			switch {
			case last == nil || last.From >= c.from:
				return bad("it takes control of %s from %s at %s, and no article gives it to %s before", place, c.Authority, c.from, c.Authority)
			case last.Authority != c.Authority:
				return bad("it takes control of %s from %s at %s, when %s gives it to %s", place, c.Authority, c.from, last.Article, last.Authority)
			case last.Until != 0 && last.Until < c.from:
				return bad("nobody would control %s from %s, when %s ends, until %s", place, last.Until, last.Article, c.from)
			}
			last.Until = c.from
			out = append(out, h)
			continue
		}
		if last != nil && (last.Until == 0 || c.from < last.Until) {
			return bad("two would control %s: it gives control to %s from %s, when %s still gives it to %s; end that article first, or make this one a transfer",
				place, c.Authority, c.from, last.Article, last.Authority)
		}
		if last != nil && c.from > last.Until {
			return bad("a gap: nobody would control %s from %s, when %s ends, until %s; let this article begin when that one ends", place, last.Until, last.Article, c.from)
		}
		out = append(out, h)
	}
	if len(out) > 0 {
		if last := out[len(out)-1]; last.Until != 0 {
			return nil, refuse(string(last.Article), "", fmt.Sprintf("a gap: nobody would control %s from %s on; leave the end open, or say who controls it then", place, last.Until))
		}
	}
	return out, nil
}

// checkParts holds the partial transfers of one place to the law that control is given up only by who has it: by the plan it controls the place then, or an earlier
// partial transfer gave it the same lane or flow. They do not move the plan of the place.
func checkParts(place marz.PlaceID, cs []*clause, plan []Holding) error {
	slices.SortStableFunc(cs, func(a, b *clause) int { return cmp.Compare(a.from, b.from) })
	type gift struct {
		to    marz.AuthorityID
		since marz.Instant
	}
	given := map[string]gift{} // lanes and flows that are not held with the place
	for _, c := range cs {
		bad := func(format string, args ...any) error { return refuse(string(c.ref), "", fmt.Sprintf(format, args...)) }
		for len(plan) > 1 && plan[1].From < c.from { // the place passes, and what its controller held with it
			maps.DeleteFunc(given, func(_ string, g gift) bool { return g.to == plan[0].Authority })
			plan = plan[1:]
		}
		if len(plan) == 0 || plan[0].From >= c.from {
			return bad("it takes part of %s from %s at %s, and no article gives %s control of it before", place, c.Authority, c.from, c.Authority)
		}
		for _, part := range c.parts() {
			g, separate := given[part]
			switch {
			case g.since == c.from && separate:
				return bad("two transfers of %s of %s are at the same instant, %s; let one be later, or leave it out", part, place, c.from)
			case separate && g.to != c.Authority, !separate && plan[0].Authority != c.Authority:
				who := g.to
				if !separate {
					who = plan[0].Authority
				}
				return bad("it takes %s of %s from %s at %s, when %s has it; correct authority, or the instant", part, place, c.Authority, c.from, who)
			case len(plan) > 1 && plan[1].From == c.from && c.Authority == plan[0].Authority:
				return bad("it takes %s of %s from %s at %s, when the whole place passes under %s; leave it out, or let it be earlier", part, place, c.Authority, c.from, plan[1].Article)
			}
			given[part] = gift{c.To, c.from}
		}
	}
	return nil
}

// partial reports whether a transfer moves lanes and not the whole place.
func (a *Article) partial() bool { return len(a.Lanes) > 0 || a.Flow != "" }

// parts names what a partial transfer moves.
func (a *Article) parts() []string {
	if a.Flow != "" {
		return []string{"the flow " + a.Flow}
	}
	out := make([]string, len(a.Lanes))
	for i, l := range a.Lanes {
		out[i] = "lane " + string(l)
	}
	return out
}

// consents holds the articles of new agreements to the law that nobody gives himself power over what is another's: who controls a place when an article begins is
// a party to it, as it was recorded up to now and is planned from then on. While a transfer is overdue, both who still holds the place and who was to take it agree to what begins later. Control itself begins, and goes on after the one before has ended, with the consent of that one or of the host state.
func (r *Register) consents(now marz.Instant, isNew func(agreement string) bool) error {
	var faults []error
	for _, c := range r.clauses {
		if !isNew(c.agreement.ID) || c.Kind != Control && c.Kind != Serve && c.Kind != Joint && c.Kind != Observe {
			continue
		}
		for _, place := range c.Where() {
			faults = append(faults, r.consent(c, place, now))
		}
	}
	return join(faults)
}

func (r *Register) consent(c *clause, place marz.PlaceID, now marz.Instant) error {
	if c.Kind == Control { // it joins on to the plan
		h, held := r.ControlAt(place, c.from-1)
		return r.agreed(c, place, h, held)
	}
	h, held := r.Expected(place, c.from, now)
	if err := r.agreed(c, place, h, held); err != nil || c.from <= now || r.overdue(place, h, now) == 0 {
		return err
	}
	h, held = r.ControlAt(place, c.from)
	return r.agreed(c, place, h, held)
}

// agreed reports whether who holds the place when an article begins is a party to it.
func (r *Register) agreed(c *clause, place marz.PlaceID, h Holding, held bool) error {
	where, _ := r.ground.Place(place)
	host, ofHost := false, false
	for _, a := range r.ground.Authorities {
		if a.State == where.State {
			host, ofHost = true, ofHost || slices.Contains(c.agreement.Parties, a.ID)
		}
	}
	switch {
	case held && slices.Contains(c.agreement.Parties, h.Authority), (!held || c.Kind == Control) && (ofHost || !host):
		return nil
	case held:
		return refuse(string(c.ref), "", fmt.Sprintf("%s controls %s then under %s and is not a party to this; it has to agree", h.Authority, place, h.Article))
	}
	return refuse(string(c.ref), "", fmt.Sprintf("%s lies on the territory of %s, of which no authority is a party to this; one has to agree", place, where.State))
}

// ControlAt returns who controls the place at the instant by the articles. ok is false when nobody does.
func (r *Register) ControlAt(place marz.PlaceID, at marz.Instant) (h Holding, ok bool) {
	for _, h := range r.control[place] {
		if h.covers(at) {
			return h, true
		}
	}
	return Holding{}, false
}

// Timeline returns who controls the place by the articles, in order of time.
func (r *Register) Timeline(place marz.PlaceID) []Holding { return slices.Clone(r.control[place]) }

// hash is over all agreements and all that was stated of their standing.
func (k *known) hash() string {
	h := sha256.New()
	j := json.NewEncoder(h)
	for _, ag := range k.agreements {
		j.Encode(ag) // plain data into a hash: it cannot fail
	}
	for _, e := range k.statements {
		j.Encode(e.Statement)
	}
	io.WriteString(h, baseCedar)
	return hex.EncodeToString(h.Sum(nil))
}

// Faults is everything that speaks against what was given, each with its place.
type Faults []error

// Error returns all faults, one a line.
func (f Faults) Error() string {
	var out []string
	for _, e := range f {
		out = append(out, e.Error())
	}
	return strings.Join(out, "\n")
}

// Unwrap lets CodeOf and errors.As find the faults.
func (f Faults) Unwrap() []error { return f }

// join makes one error of the faults, in order and flat, or nil.
func join(faults []error) error {
	var out Faults
	for _, e := range faults {
		switch j, ok := e.(interface{ Unwrap() []error }); {
		case e == nil:
		case ok:
			if inner := join(j.Unwrap()); inner != nil {
				out = append(out, inner.(Faults)...)
			}
		default:
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
