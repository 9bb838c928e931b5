package mrz

import (
	"cmp"
	"slices"
	"strings"

	"marz"
)

// Candidate is one way in which a misread zone may have stood on the document. It is a proposal: an officer compares it with
// the document and confirms it, and nothing in this package takes it for read.
type Candidate struct {
	Lines    []string `json:"lines"`
	Changes  []Change `json:"changes"` // in the order in which they stand; none for the zone as read
	Cost     int      `json:"cost"`    // the lower, the likelier; candidates of one cost are equally likely
	Agree    []string `json:"agree"`   // check digits that are right: number, birth, expiry, optional, composite
	Disagree []string `json:"disagree"`
	Defects  []string `json:"defects"`
}

// Change is one difference between what was read and a candidate. Line and Column are counted from 1 in the candidate's
// lines; for a character that was added they are the place before which it stood. From is empty for a character that was
// lost, To for one that was added.
type Change struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	From   string `json:"from"`
	To     string `json:"to"`
	Why    string `json:"why"`
}

// What a candidate costs. A change that the grammar of the field forces is cheaper than one that only check digits ask for.
const (
	costForced   = 1 // a letter where only digits may stand, read as the digit that looks like it, and the like
	costRare     = 2 // the same, with a letter that names seldom have
	costRun      = 1 // one filler of a run of three or more lost or added
	costFiller   = 2 // one of two fillers lost or doubled
	costFree     = 3 // a letter or digit doubled, or one allowed character for another that looks like it
	costShift    = 4 // any other character lost or added
	costUnlike   = 5 // a character that may not stand there, for one that does not look like it
	costCode     = 2 // an issuer or nationality that is not known
	costDefect   = 4 // each defect
	costDisagree = 6 // each check digit that disagrees
	costSpread   = 5 // candidates that cost more than this above the cheapest are not listed
	costMost     = 26
)

// The bounds of the work of one Repair: changes in one field that check digits alone ask for (one where a character
// is missing, or where no check digit judges the field by itself), characters in all that look
// like nothing allowed, steps in all fields and in putting them together, zones weighed, and candidates listed.
const (
	mostFree       = 2
	mostUnlike     = 2
	mostSteps      = 500_000
	mostWeighed    = 40_000
	mostCandidates = 64
)

// Repair proposes what a misread zone may have been. It looks for characters that readers mistake for each other (O Q D 0,
// I L 1, S 5, B 8, Z 2, G 6, K <) and for one character lost or added in all, and weighs what it finds by the grammar of
// the fields and by the check digits. The candidates are listed cheapest first, equal ones in the order of their text; a
// cost is listed whole or not at all. A zone without fault comes back alone and unchanged.
//
// What no check digit covers is changed only where the grammar forces it: a name that could be one stays. Characters whose
// values are the same modulo 10 (G 6, L 1, K <) cannot be told by check digits where both may stand.
//
// It takes the text as Parse does, and further with blanks within the lines and with junk after them. It weighs at most
// 40,000 zones and takes at most 500,000 steps to find them, a fraction of a second. An error (*marz.Error, Invalid) says that the text is like no document, or that so much of it is uncertain
// that more than 64 candidates are equally likely.
func Repair(text string, today marz.Date) ([]Candidate, error) {
	if !today.Full() || !today.Valid() || today.Year < 1900 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "repair mrz", Subject: "today",
			Fix: "the date of today is needed in full, to tell the centuries"}
	}
	if d, err := Parse(text, today); err == nil && d.ChecksOK() && len(d.Defects) == 0 && known(d) {
		return []Candidate{candidateOf(d, nil, 0)}, nil
	}
	if len(text) > maxText {
		return nil, irreparable("the text is longer than any document; give one document at a time")
	}
	frames := framesOf(text)
	if len(frames) == 0 {
		return nil, irreparable("its length is that of no document, even with one character lost or added; scan it again")
	}
	s := &search{today: today}
	for _, f := range frames {
		if err := s.prepare(f); err != nil {
			return nil, err
		}
	}
	return s.candidates()
}

func irreparable(fix string) error {
	return &marz.Error{Code: marz.Invalid, Op: "repair mrz", Fix: fix}
}

// known reports whether issuer and nationality are codes of Doc 9303-3 §5, and whether the document code is one that is met.
func known(d *Document) bool {
	second := strings.IndexByte(string(secondOfTwo), d.Code[len(d.Code)-1]) >= 0
	return second && KnownCode(d.Issuer) && KnownCode(d.Nationality)
}

func candidateOf(d *Document, changes []Change, cost int) Candidate {
	c := Candidate{Lines: d.Lines, Changes: append([]Change{}, changes...), Cost: cost, Agree: []string{}, Disagree: []string{}, Defects: d.Defects}
	for _, check := range d.Checks {
		if check.OK {
			c.Agree = append(c.Agree, check.Field)
		} else {
			c.Disagree = append(c.Disagree, check.Field)
		}
	}
	return c
}

// search weighs the combinations of what each field may have been.
type search struct {
	today   marz.Date
	plans   []plan
	steps   int
	weighed int
	found   map[string]Candidate // the cheapest for each text
	limit   int
}

// plan is one frame with all that its fields may have been, each cheapest first.
type plan struct {
	frame  frame
	fields [][]variant
	rest   []int // what the fields from each on cost at the least
}

// candidates raises the limit of the cost until something is within it, and then looks once more as far as the spread.
func (s *search) candidates() ([]Candidate, error) {
	for s.limit = costSpread; s.limit <= costMost; s.limit += costSpread {
		if err := s.weigh(); err != nil {
			return nil, err
		}
		if len(s.found) > 0 {
			break
		}
	}
	if len(s.found) == 0 {
		return nil, irreparable("too much of it is wrong to say what it was; scan it again")
	}
	least := costMost
	for _, c := range s.found {
		least = min(least, c.Cost)
	}
	s.limit = least + costSpread
	cheapest := keepUpTo(s.found, least)
	if err := s.weigh(); err != nil {
		s.found = cheapest // what is cheapest is complete all the same
	}
	return listed(s.found)
}

func keepUpTo(found map[string]Candidate, cost int) map[string]Candidate {
	out := map[string]Candidate{}
	for text, c := range found {
		if c.Cost <= cost {
			out[text] = c
		}
	}
	return out
}

// weigh finds all candidates within the limit.
func (s *search) weigh() error {
	s.found = map[string]Candidate{}
	for _, p := range s.plans {
		if err := s.combine(p, nil, p.frame.cost, 0); err != nil {
			return err
		}
	}
	return nil
}

func (s *search) combine(p plan, chosen []variant, cost, fault int) error {
	at := len(chosen)
	if cost+fault+p.rest[at] > s.limit {
		return nil
	}
	if s.steps++; s.steps > mostSteps {
		return irreparable("too much of it is uncertain; scan it again")
	}
	if at == len(p.fields) {
		if s.weighed++; s.weighed > mostWeighed {
			return irreparable("too much of it is uncertain; scan it again")
		}
		s.judge(p.frame, chosen, cost)
		return nil
	}
	for _, v := range p.fields[at] {
		if cost+v.cost+fault+v.fault+p.rest[at+1] > s.limit {
			break
		}
		if err := s.combine(p, append(chosen, v), cost+v.cost, fault+v.fault); err != nil {
			return err
		}
	}
	return nil
}

// judge adds what check digits and defects cost to a combination, and keeps it when it is within the limit.
func (s *search) judge(f frame, chosen []variant, cost int) {
	lines := f.with(chosen...)
	if lines == nil || layoutOf(f.layout.width, lines[0]) != f.layout || follows(lines[0], f.layout.width) || lines[0][0] == filler {
		return // Parse would read it as something else, or not at all
	}
	d := fields(f.layout, lines, s.today)
	cost += costDefect*len(d.Defects) + unknownCost(d.Issuer) + unknownCost(d.Nationality)
	for _, c := range d.Checks {
		if !c.OK {
			cost += costDisagree
		}
	}
	text := strings.Join(lines, "\n")
	if old, ok := s.found[text]; cost > s.limit || ok && old.Cost <= cost {
		return
	}
	changes := slices.Clone(f.changes)
	for _, v := range chosen {
		changes = append(changes, v.changes...)
	}
	slices.SortStableFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	s.found[text] = candidateOf(d, changes, cost)
}

func unknownCost(code string) int {
	if KnownCode(code) {
		return 0
	}
	return costCode
}

// listed puts candidates in order, without those that change more than another and gain nothing by it.
func listed(found map[string]Candidate) ([]Candidate, error) {
	all := make([]Candidate, 0, len(found))
	for _, c := range found {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.Cost, b.Cost), slices.Compare(a.Lines, b.Lines))
	})
	var out []Candidate
	for _, c := range all {
		if !slices.ContainsFunc(out, func(o Candidate) bool { return o.Cost < c.Cost && within(o.Changes, c.Changes) }) {
			out = append(out, c)
		}
	}
	if len(out) > mostCandidates {
		cut := out[mostCandidates].Cost
		out = slices.DeleteFunc(out, func(c Candidate) bool { return c.Cost >= cut })
	}
	if len(out) == 0 {
		return nil, irreparable("more than 64 readings of it are equally likely; scan it again")
	}
	return out, nil
}

// within reports whether all changes of a are among those of b.
func within(a, b []Change) bool {
	for _, c := range a {
		if !slices.Contains(b, c) {
			return false
		}
	}
	return true
}
