package mrz

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// grammar says which characters may stand in a position.
type grammar string

const (
	lettersOnly grammar = "ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
	digitsOnly  grammar = "0123456789<"
	either      grammar = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
	sexes       grammar = "MF<X"
	checkDigits grammar = "0123456789"
	checkOrNone grammar = "0123456789<" // where a filler may stand in its place
	secondOfTwo grammar = "ABCDEFGHIJKLMNOPQRSTUVWXYZ<12"
)

func (g grammar) word() string {
	switch g {
	case lettersOnly:
		return "letters only"
	case secondOfTwo:
		return "letters only, or 1 or 2"
	case sexes:
		return "M, F or < only"
	case either:
		return "letters and digits only"
	}
	return "digits only"
}

// confusions are what readers of OCR-B mistake for each other, likeliest first.
var confusions = map[rune]string{
	'0': "OQD", 'O': "0", 'Q': "0", 'D': "0", '1': "IL", 'I': "1L", 'L': "1I", '5': "S", 'S': "5", '8': "B", 'B': "8",
	'2': "Z", 'Z': "2", '6': "G", 'G': "6", 'K': "<", '<': "K",
}

// fillerLike are characters of no zone by which readers and keyboards give a filler.
const fillerLike = "«‹≤〈＜(-_."

type cell struct{ line, column int }

// variant is one thing that a field may have been.
type variant struct {
	at      []cell
	text    []byte
	cost    int // of the changes
	fault   int // what the field's own check digit and the list of codes add
	changes []Change
}

// slot is a field, or a field with its check digit, in which repairs are looked for by themselves.
type slot struct {
	check   string // the check digit that judges it alone, "" when there is none
	covered bool   // a check digit covers it, be it the composite alone: without, only what the grammar forces is changed
	cells   []cell
	grammar []grammar
}

func (s *slot) add(at span, g grammar) {
	for i := at.from; i < at.to; i++ {
		s.cells, s.grammar = append(s.cells, cell{at.line, i}), append(s.grammar, g)
	}
}

// codeGrammar is what is met in the second position of a document code. A digit may stand there in all but passports; 1 and 2
// are on cards of permanent residents of the United States, and any other is likelier a letter misread.
func (l *layout) codeGrammar() grammar {
	if l.format == TD3 || l.format == FranceID {
		return lettersOnly
	}
	return secondOfTwo
}

// slotsOf parts a format into slots. With long, the optional data belongs to the number, which runs on into it.
func slotsOf(l *layout, long bool) []slot {
	var out []slot
	add := func(check string, covered bool, parts ...any) {
		s := slot{check: check, covered: covered}
		for i := 0; i < len(parts); i += 2 {
			s.add(parts[i].(span), parts[i+1].(grammar))
		}
		out = append(out, s)
	}
	composite := len(l.composite) > 0
	add("", false, span{0, 0, 1}, lettersOnly, span{0, 1, 2}, l.codeGrammar())
	add("", false, issuerSpan, lettersOnly)
	add("", false, l.nationality, lettersOnly)
	add("", false, l.sex, sexes)
	add("", false, l.name, lettersOnly, l.given, lettersOnly)
	add("birth", true, l.birth, digitsOnly, l.birth.checkAt(), checkOrNone)
	if l.expiry.width() > 0 {
		add("expiry", true, l.expiry, digitsOnly, l.expiry.checkAt(), checkOrNone)
	}
	switch {
	case l.format == FranceID: // year and month of issue, department (2A and 2B in Corsica), serial
		n := l.number
		add("number", true, span{n.line, n.from, 5}, digitsOnly, span{n.line, 5, 6}, either, span{n.line, 6, n.to}, digitsOnly, n.checkAt(), checkDigits)
		add("", composite, l.optional1, either)
	case long:
		add("number", true, l.number, either, l.number.checkAt(), checkOrNone, l.optional1, either)
	case l.optCheck:
		add("number", true, l.number, either, l.number.checkAt(), checkDigits)
		add("optional", true, l.optional1, either, l.optional1.checkAt(), checkOrNone)
	default:
		add("number", true, l.number, either, l.number.checkAt(), checkDigits)
		add("", composite, l.optional1, either)
	}
	add("", composite, l.optional2, either)
	if composite {
		add("", true, l.compositeAt, checkDigits)
	}
	return out
}

// prepare finds what each field of a frame may have been. A frame in which too much can stand nowhere is left out.
func (s *search) prepare(f frame) error {
	long := f.layout.longNumber && f.lines[f.layout.number.line][f.layout.number.to] == filler
	p := plan{frame: f}
	var all []*enumeration
	unlike, least := 0, f.cost
	for _, sl := range slotsOf(f.layout, long) {
		e := &enumeration{search: s, frame: f, slot: sl, free: mostFree}
		for i := range sl.cells {
			e.choices = append(e.choices, e.options(i))
			least += e.choices[i][0].cost
		}
		if e.unlike > 0 || e.lost > 0 || sl.check == "" {
			e.free = 1
		}
		unlike += e.unlike
		all = append(all, e)
	}
	if unlike > mostUnlike || least > costMost {
		return nil
	}
	for _, e := range all {
		e.rest = make([]int, len(e.choices)+1)
		for i := len(e.choices) - 1; i >= 0; i-- {
			e.rest[i] = e.rest[i+1] + e.choices[i][0].cost
		}
		e.run(make([]option, 0, len(e.choices)), 0, 0)
		if s.steps > mostSteps {
			return irreparable("too much of it is uncertain; scan it again")
		}
		p.fields = append(p.fields, e.kept())
	}
	p.rest = make([]int, len(p.fields)+1)
	for i := len(p.fields) - 1; i >= 0; i-- {
		if len(p.fields[i]) == 0 {
			return nil
		}
		p.rest[i] = p.rest[i+1] + p.fields[i][0].cost + p.fields[i][0].fault
	}
	s.plans = append(s.plans, p)
	return nil
}

// enumeration lists the variants of one slot.
type enumeration struct {
	search  *search
	frame   frame
	slot    slot
	choices [][]option // for each cell, what was read or must have been first
	all     []variant
	free    int // changes left that check digits alone ask for
	unlike  int // characters that may not stand there and look like none that may
	lost    int
	rest    []int // what the cells from each on cost at the least
}

// option is one character that may have stood in a place.
type option struct {
	to   byte
	cost int
	why  string // "" for what was read
	free bool
}

// options lists what may have stood in cell i, cheapest first.
func (e *enumeration) options(i int) []option {
	at, g := e.slot.cells[i], e.slot.grammar[i]
	r := e.frame.lines[at.line][at.column]
	if r <= 'Z' && r != lost && strings.ContainsRune(string(g), r) {
		out := []option{{to: byte(r)}}
		if e.afterName(at, r) {
			out = append(out, option{filler, costForced, "K among the fillers after the name", false})
		}
		for _, c := range []byte(confusions[r]) {
			mends := e.slot.covered && value(c)%10 != value(byte(r))%10 || e.code() && c != filler && r != filler
			if mends && strings.IndexByte(string(g), c) >= 0 {
				out = append(out, option{c, costFree, fmt.Sprintf("%c and %c look alike", r, c), true})
			}
		}
		return out
	}
	return e.forced(r, g)
}

// forced lists what may stand instead of a character that may not.
func (e *enumeration) forced(r rune, g grammar) []option {
	if r != lost && strings.ContainsRune(fillerLike, r) && strings.IndexByte(string(g), filler) >= 0 {
		return []option{{filler, costForced, "stands for a filler", false}}
	}
	var out []option
	for _, c := range []byte(confusions[r]) {
		if strings.IndexByte(string(g), c) >= 0 {
			cost := costForced
			if c == 'Q' || c == 'D' && r == '0' {
				cost = costRare
			}
			out = append(out, option{c, cost, g.word(), false})
		}
	}
	if len(out) > 0 {
		return out
	}
	cost, why := costUnlike, g.word()+"; looks like none of them"
	if r == lost {
		cost, why = 0, "a character lost"
		e.lost++
	} else {
		e.unlike++
	}
	if !e.slot.covered && !e.code() {
		return []option{{filler, cost + costFree, why, false}} // nothing says which letter it was
	}
	for _, c := range []byte(g) {
		out = append(out, option{c, cost, why, false})
	}
	return out
}

// code reports whether the slot is an issuer or a nationality, where the list of codes says what may stand.
func (e *enumeration) code() bool { return !e.slot.covered && len(e.slot.cells) == 3 }

// afterName reports whether a K stands after three fillers in a name field, where no name goes on.
func (e *enumeration) afterName(at cell, r rune) bool {
	n := e.frame.layout.name
	line := string(e.frame.lines[at.line])
	return r == 'K' && at.line == n.line && at.column >= n.from && at.column < n.to &&
		len(line) == len(e.frame.lines[at.line]) && strings.Contains(line[n.from:at.column], "<<<")
}

// run goes through what may stand from the cell after those chosen on. Of the variants that contradict the slot's own check
// digit only the one as read is kept, and none where a character is missing.
func (e *enumeration) run(chosen []option, cost, free int) {
	e.search.steps++
	i := len(chosen)
	if i == len(e.choices) {
		text := make([]byte, i)
		for j, o := range chosen {
			text[j] = o.to
		}
		asRead := free == 0 && e.lost == 0 && e.unlike == 0
		v := variant{at: e.slot.cells, text: text, cost: cost}
		switch {
		case e.code():
			v.fault = unknownCost(trimFillers(string(text)))
		case e.slot.check == "" || e.agrees(text):
		case asRead:
			v.fault = costDisagree
		default:
			return
		}
		v.changes = e.changes(chosen)
		e.all = append(e.all, v)
		return
	}
	for _, o := range e.choices[i] {
		more := free
		if o.free {
			more++
		}
		if more <= e.free && cost+o.cost+e.rest[i+1] <= costMost && e.search.steps <= mostSteps {
			e.run(append(chosen, o), cost+o.cost, more)
		}
	}
}

func (e *enumeration) changes(chosen []option) []Change {
	var out []Change
	for i, o := range chosen {
		if at := e.slot.cells[i]; o.why != "" {
			out = append(out, Change{at.line + 1, at.column + 1, shown(e.frame.lines[at.line][at.column]), string(o.to), o.why})
		}
	}
	return out
}

// kept returns the variants, cheapest first.
func (e *enumeration) kept() []variant {
	slices.SortFunc(e.all, func(a, b variant) int {
		return cmp.Or(cmp.Compare(a.cost+a.fault, b.cost+b.fault), slices.Compare(a.text, b.text))
	})
	return e.all
}

// agrees reports whether the check digit of the slot is right with characters in place.
func (e *enumeration) agrees(characters []byte) bool {
	l := e.frame.layout
	text := string(characters)
	n := len(text) - 1
	if w := l.number.width(); e.slot.check == "number" && n > w {
		optional := text[w+1:]
		number, _, at := splitNumber(l, text[:w], text[w:w+1], optional)
		return at >= 0 && optional[at] == checkDigit(number) || at < 0 && text[w] == checkDigit(number)
	}
	field, got := text[:n], text[n]
	return got == checkDigit(field) || got == filler && blank(field) && e.slot.check != "number"
}
