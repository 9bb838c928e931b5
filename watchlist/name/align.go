package name

import (
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// How a part was found in the other name.
const (
	Same    = iota // letter for letter
	Form           // another form of the same given name
	Near           // spelled or romanised otherwise, or misspelt
	Joined         // written as one on one side
	Initial        // one side has its first letter only
	Cut            // the query's name was cut off in it
)

// Pair is a part of the query's name, or several, that stands for a part of the alert's, or several.
type Pair struct {
	Q, QN, A, AN int // the first part on each side and how many
	Kind, Cost   int
	Bits         float32 // what it speaks for one person
}

// Match is how two names stand to one another.
type Match struct {
	Pairs        []Pair
	FreeQ, FreeA []int   // parts that stand for nothing on the other side, without particles
	Bits         float32 // of all: the pairs, what is complete, and what stands against it
	Complete     bool    // nothing but particles is free on either side
	Equal        bool    // complete, and letter for letter or by forms of one given name
}

// What the parts of two names together say beyond each of them, in bits.
const (
	completeBits  = 12.0 // nothing is left over on either side
	coveredBits   = 7    // one side is there whole, the other has more
	conflictBits  = -7   // a part on each side that is not the other's
	omittedBits   = -1   // a part that the other side does not have
	mostBeside    = 28.0 // the most that parts say beside others that conflict: whole families share names
	otherNameBits = 5    // less, for parts that are near and known as two names: Mahmud is not Mohammed
	openBits      = 1    // less, for parts of which one is in a script without vowels, and has few consonants
	openEditBits  = 3    // less, where one of these is another
	fewConsonants = 3
	initialBits   = 2    // a first letter that agrees
	editBits      = 3.2  // an edit in a part without end; in a short one it says more against it:
	shortBits     = 10.0 // divided by its letters
	equalCost     = 2    // the most that parts in two scripts cost that are one
)

// Loss is what a cost takes from the weight of a part of so many letters, in bits.
func Loss(cost, letters int) float32 {
	return float32(cost) / Edit * (editBits + shortBits/float32(max(letters, 1)))
}

// Bits is what two parts say that are one at a cost: as much as the more common of the two spellings is rare, less what they differ.
func Bits(q, a *Part, own, weight float32, cost int) float32 {
	bits := min(own, weight)
	if cost == 0 {
		return bits
	}
	if q.Class != 0 && a.Class != 0 && q.Class != a.Class && (q.Flags|a.Flags)&Weak == 0 {
		bits -= otherNameBits
	}
	if (q.Flags^a.Flags)&Open != 0 && (q.Class == 0 || q.Class != a.Class) {
		open := q
		if a.Flags&Open != 0 {
			open = a
		}
		if consonants(open.Sounds) <= fewConsonants {
			bits -= openBits
		}
		if cost >= Edit {
			bits -= openEditBits
		}
	}
	return max(0, bits-Loss(cost, min(q.Letters(), a.Letters())))
}

// consonants counts the sounds of a part in a script without vowels that are surely consonants.
func consonants(sounds string) int {
	n := 0
	for i := range len(sounds) {
		if !strings.ContainsRune("AEWIaeiou", rune(sounds[i])) {
			n++
		}
	}
	return n
}

// Names compares the parts of a query's name with those of an alert's. It holds working memory; one belongs to one goroutine, and a Match is good until the next call.
type Names struct {
	Q, A    []Part
	Weight  []float32                          // of the parts of A: their rarity in bits
	Own     []float32                          // of the parts of Q
	Cost    func(q, a int) (cost int, ok bool) // of one part with another; nil: the package's Cost
	CutOff  bool                               // the last part of Q may be cut off
	pairs   []Pair
	usedQ   [MaxParts]bool
	usedA   [MaxParts]bool
	match   Match
	text, s [2][]byte
}

// Match aligns the two names without regard to the order of their parts: the pairs that say most are taken first, each part once.
func (n *Names) Match() *Match {
	n.Q, n.A = n.Q[:min(len(n.Q), MaxParts)], n.A[:min(len(n.A), MaxParts)]
	clear(n.usedQ[:])
	clear(n.usedA[:])
	m := &n.match
	*m = Match{Pairs: m.Pairs[:0], FreeQ: m.FreeQ[:0], FreeA: m.FreeA[:0]}
	n.likes()
	n.takeBest()
	n.joins()
	n.rest()
	n.initials()
	n.sum()
	return m
}

// likes collects the pairs of parts that are one.
func (n *Names) likes() {
	n.pairs = n.pairs[:0]
	for i := range n.Q {
		for j := range n.A {
			var cost int
			var ok bool
			if n.Cost != nil {
				cost, ok = n.Cost(i, j)
			} else {
				cost, ok = Cost(&n.Q[i], &n.A[j])
			}
			if ok {
				n.pairs = append(n.pairs, n.pair(i, j, cost))
			}
		}
	}
}

func (n *Names) pair(i, j, cost int) Pair {
	q, a := &n.Q[i], &n.A[j]
	p := Pair{Q: i, QN: 1, A: j, AN: 1, Kind: Near, Cost: cost}
	switch {
	case cost == 0:
		p.Kind = Same
	case q.Class != 0 && q.Class == a.Class:
		p.Kind = Form
	}
	p.Bits = Bits(q, a, n.Own[i], n.Weight[j], cost)
	return p
}

func (n *Names) takeBest() {
	slices.SortFunc(n.pairs, func(p, o Pair) int {
		switch {
		case p.Bits != o.Bits && p.Bits > o.Bits:
			return -1
		case p.Bits != o.Bits:
			return 1
		case p.Cost != o.Cost:
			return p.Cost - o.Cost
		case p.Q != o.Q:
			return p.Q - o.Q
		}
		return p.A - o.A
	})
	for _, p := range n.pairs {
		if !n.usedQ[p.Q] && !n.usedA[p.A] {
			n.take(p)
		}
	}
}

func (n *Names) take(p Pair) {
	for i := range p.QN {
		n.usedQ[p.Q+i] = true
	}
	for j := range p.AN {
		n.usedA[p.A+j] = true
	}
	n.match.Pairs = append(n.match.Pairs, p)
}

// mostJoined is how many parts one can be written as.
const mostJoined = 3

// joins finds parts that are written as one on one side.
func (n *Names) joins() {
	for i := range n.Q {
		for k := 2; k <= mostJoined && !n.usedQ[i]; k++ {
			for j := 0; j+k <= len(n.A) && !n.usedQ[i]; j++ {
				n.join(i, 1, j, k)
			}
		}
	}
	for j := range n.A {
		for k := 2; k <= mostJoined && !n.usedA[j]; k++ {
			for i := 0; i+k <= len(n.Q) && !n.usedA[j]; i++ {
				n.join(i, k, j, 1)
			}
		}
	}
}

// join takes parts of both sides as one if they are.
func (n *Names) join(i, qn, j, an int) {
	for k := range qn {
		if n.usedQ[i+k] {
			return
		}
	}
	for k := range an {
		if n.usedA[j+k] {
			return
		}
	}
	n.takeJoined(Pair{Q: i, QN: qn, A: j, AN: an, Kind: Joined})
}

// shortest is how many sounds a name has at least that is written together on one side.
const shortest = 5

// takeJoined takes the parts of a pair as one word each if these are one.
func (n *Names) takeJoined(p Pair) {
	qs, as := n.Q[p.Q:p.Q+p.QN], n.A[p.A:p.A+p.AN]
	ql, qm := measure(qs)
	al, am := measure(as)
	if ql < shortest || al < shortest || ql > al+3 || al > ql+3 || !Plausible(qm, am) {
		return
	}
	q, a := n.together(0, qs), n.together(1, as)
	cost, ok := Cost(&q, &a)
	if !ok || cost > mostJoinedCost && (q.Flags^a.Flags)&Native != 0 {
		return
	}
	p.Cost = cost
	p.Bits = mostJoinedBits // the side that is one word is not in any list as that
	if p.AN > 1 {
		p.Bits = min(p.Bits, total(n.Weight[p.A:p.A+p.AN]))
	}
	if p.QN > 1 {
		p.Bits = min(p.Bits, total(n.Own[p.Q:p.Q+p.QN]))
	}
	p.Bits = max(0, p.Bits-1-Loss(cost, min(q.Letters(), a.Letters())))
	n.take(p)
}

// mostJoinedCost is how much parts in two scripts differ at most that are written as one on one side.
const mostJoinedCost = 5

// mostJoinedBits is the most that parts written as one say: they are one part to those who write them so.
const mostJoinedBits = 16.0

func total(bits []float32) (sum float32) {
	for _, b := range bits {
		sum += b
	}
	return sum
}

// measure returns how many sounds parts have together, and the mask of them.
func measure(parts []Part) (sounds int, m uint32) {
	for i := range parts {
		sounds += len(parts[i].Sounds)
		m |= parts[i].Mask
	}
	return sounds, m
}

// together is the parts of one side written as one. It is good until the next call for that side.
func (n *Names) together(side int, parts []Part) Part {
	text, s := n.text[side][:0], n.s[side][:0]
	var flags uint8
	for i := range parts {
		text, s = append(text, parts[i].Text...), append(s, parts[i].Sounds...)
		flags |= parts[i].Flags & (Open | Native)
	}
	n.text[side], n.s[side] = text, s
	_, m := measure(parts)
	return Part{Text: unsafe.String(unsafe.SliceData(text), len(text)), Sounds: unsafe.String(unsafe.SliceData(s), len(s)), Mask: m, Flags: flags}
}

// rest compares what is left of both names as one word each: parts divided elsewhere, or joined and misspelt.
func (n *Names) rest() {
	i, qn := run(n.usedQ[:len(n.Q)])
	j, an := run(n.usedA[:len(n.A)])
	if qn > 0 && an > 0 && qn+an > 2 && qn <= mostJoined+1 && an <= mostJoined+1 {
		n.takeJoined(Pair{Q: i, QN: qn, A: j, AN: an, Kind: Joined})
	}
}

// run returns the unused parts when they are neighbours.
func run(used []bool) (first, n int) {
	first = slices.Index(used, false)
	if first < 0 {
		return 0, 0
	}
	for first+n < len(used) && !used[first+n] {
		n++
	}
	if slices.Contains(used[first+n:], false) {
		return 0, 0
	}
	return first, n
}

// initials pairs a first letter with a part that begins with it, and a part that was cut off with one that goes on.
func (n *Names) initials() {
	for i := range n.Q {
		for j := range n.A {
			if n.usedQ[i] || n.usedA[j] {
				continue
			}
			q, a := n.Q[i].Text, n.A[j].Text
			p := Pair{Q: i, QN: 1, A: j, AN: 1, Cost: Edit}
			switch {
			case n.CutOff && i == len(n.Q)-1 && strings.HasPrefix(a, q):
				p.Kind, p.Bits = Cut, max(initialBits, n.Weight[j]*float32(len(q))/float32(len(a)+1)-1)
				n.take(p)
			case single(q) && strings.HasPrefix(a, q), single(a) && strings.HasPrefix(q, a):
				p.Kind, p.Bits = Initial, initialBits
				n.take(p)
			}
		}
	}
}

func single(s string) bool { return s != "" && utf8.RuneCountInString(s) == 1 }

// sum adds up what the match says.
func (n *Names) sum() {
	m := &n.match
	equal := true
	significant := 0
	for _, p := range m.Pairs {
		m.Bits += p.Bits
		equal = equal && (p.Kind == Same || p.Kind == Joined && p.Cost == 0 || p.Cost <= equalCost && (n.Q[p.Q].Flags^n.A[p.A].Flags)&Native != 0)
		if n.A[p.A].Flags&Loose == 0 {
			significant += max(p.AN, p.QN)
		}
	}
	free := func(used []bool, parts []Part, out []int) []int {
		for i := range parts {
			if !used[i] && parts[i].Flags&Loose == 0 {
				out = append(out, i)
			}
		}
		return out
	}
	m.FreeQ, m.FreeA = free(n.usedQ[:], n.Q, m.FreeQ), free(n.usedA[:], n.A, m.FreeA)
	q, a := len(m.FreeQ), len(m.FreeA)
	switch m.Complete = q == 0 && a == 0 && len(m.Pairs) > 0; {
	case m.Complete:
		m.Bits += completeBits * float32(min(max(significant, 1), 2)) / 2
	case q == 0 || a == 0:
		if significant > 1 {
			m.Bits += coveredBits
		}
		m.Bits += omittedBits * float32(q+a)
	default:
		m.Bits = min(m.Bits, mostBeside) + conflictBits*float32(min(q, a)) + omittedBits*float32(max(q, a)-min(q, a))
	}
	m.Equal = m.Complete && equal
}

// Bounds for those who look only at names that can reach a sum.
const (
	MostComplete = completeBits // what is said by nothing's being left over
	MostCovered  = coveredBits  // what is said by one side's being there whole
	InitialBits  = initialBits  // by a first letter
	Conflict     = conflictBits // by a part on each side that is not the other's
)
