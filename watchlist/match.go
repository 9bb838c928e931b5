package watchlist

import (
	"slices"
	"strings"
)

// Threshold is the score from which an alert is a hit. A score runs from 0 to 1 and orders hits; it is not a probability.
// An equal name scores 1, and every constant below moves that:
//
//   - The name's score is hi × (evenPart + (1 − evenPart) × lo), where hi and lo are the greater and lesser of the two
//     shares of matched parts, weighted by rarity: of the alert's name and of the query's. A traveller's document with
//     one name more, or one less, so costs less than a name that differs.
//   - A part that matches with one edit counts nearEdit of itself, one that is only written together or apart counts joinedPart.
//   - At least two parts must match, unless a whole name does.
//   - A name below nameFloor is never a hit, whatever else agrees.
//   - What agrees moves the score a share of the way to 1, what differs multiplies it.
const (
	Threshold = 0.70

	evenPart   = 0.50
	nearEdit   = 0.85
	joinedPart = 0.98
	weakName   = 0.90 // a weak alias
	nameFloor  = 0.60

	birthSameGain = 0.50
	birthYearGain = 0.20
	nationGain    = 0.10

	birthNearLoss   = 0.97
	birthDifferLoss = 0.74
	nationLoss      = 0.97
	sexLoss         = 0.85
	otherKindLoss   = 0.85 // a traveller with a birth date or sex, and an alert that is not about a person

	numberScore      = 0.98 // a document or vehicle number alone
	otherIssuerScore = 0.85 // the same, but issued by another state than that of the query's nationality
	shortNumberScore = 0.72 // a number of fewer than shortNumber characters, which many states issue
	shortNumber      = 5
)

// maxVariants bounds the ways of writing the name in one query.
const maxVariants = 16

// variants returns the names of a query as parts, each once: the two identifiers together, then the further names. The
// order does not matter to the answer.
func (q Query) variants() [][]string {
	var out [][]string
	add := func(name string) {
		if len(out) == maxVariants {
			return
		}
		t := tokens(name)
		if len(t) > 0 && !slices.ContainsFunc(out, func(o []string) bool { return slices.Equal(o, t) }) {
			out = append(out, t)
		}
	}
	if q.Primary != "" || q.Secondary != "" {
		add(q.Primary + " " + q.Secondary)
	}
	for _, n := range q.Names {
		add(n)
	}
	return out
}

// queryPart is one part of a queried name against one index.
type queryPart struct {
	text    string
	term    int32 // or -1
	weight  float32
	similar []int32
}

// queryName is one queried name against one index.
type queryName struct {
	parts  []queryPart
	joined string
	weight float32
}

// prepare looks a queried name up in the index.
func (x *index) prepare(parts []string) queryName {
	q := queryName{joined: strings.Join(parts, "")}
	for _, t := range parts {
		p := queryPart{text: t, term: -1, weight: x.rare, similar: x.similar(t)}
		if id, ok := x.terms[t]; ok {
			p.term, p.weight = id, x.weight[id]
		}
		q.weight += p.weight
		q.parts = append(q.parts, p)
	}
	return q
}

// nameMatch is how one name of an alert matches a queried name.
type nameMatch struct {
	name    int32 // in index.names
	score   float64
	same    []string // parts that are equal
	near    []string // parts one edit apart, as "list/query"
	joins   []string // parts written as one on one side
	missing []string // parts of the alert's name that the query does not have
}

// search finds the names of the list that match a queried name with at least nameFloor, and gives each to found.
func (x *index) search(parts []string, found func(nameMatch)) {
	q := x.prepare(parts)
	s := x.scratch.Get().(*scratch)
	x.gather(q, s)
	for _, n := range s.touched {
		sum := s.sum[n]
		s.sum[n] = 0
		name := &x.names[n]
		if combine(float64(min(1, sum/name.weight)), float64(min(1, sum/q.weight))) < nameFloor {
			continue
		}
		if m := x.align(q, n); m.score >= nameFloor {
			found(m)
		}
	}
	s.touched = s.touched[:0]
	x.scratch.Put(s)
}

// gather adds up, for every name that shares a term or a join with the query, a weight that is at least what can match:
// names whose bound is too low need no closer look. Each posting is walked once, however often the query repeats a part.
func (x *index) gather(q queryName, s *scratch) {
	var walks []walk
	add := func(names []int32, weight float32) {
		if len(names) == 0 {
			return
		}
		for i := range walks {
			if &walks[i].names[0] == &names[0] {
				walks[i].weight += weight
				return
			}
		}
		walks = append(walks, walk{names, weight})
	}
	for i, p := range q.parts {
		if p.term >= 0 {
			add(x.postings[p.term], p.weight)
		}
		for _, id := range p.similar {
			add(x.postings[id], max(p.weight, x.weight[id]))
		}
		add(x.joins[p.text], maxJoin*x.rare)
		text, weight := p.text, p.weight
		for _, next := range q.parts[i+1 : min(i+maxJoin, len(q.parts))] {
			text += next.text
			weight += next.weight
			if id, ok := x.terms[text]; ok {
				add(x.postings[id], max(weight, x.weight[id]))
			}
		}
	}
	add(x.joins[q.joined], 2*maxNameTokens*x.rare) // the whole name may match: always a closer look
	for _, w := range walks {
		for _, n := range w.names {
			if s.sum[n] == 0 {
				s.touched = append(s.touched, n)
			}
			s.sum[n] += w.weight
		}
	}
}

// walk is a posting to go through, with the weight that it adds to its names.
type walk struct {
	names  []int32
	weight float32
}

// combine is the score of a name of which the shares a and b match.
func combine(a, b float64) float64 {
	return max(a, b) * (evenPart + (1-evenPart)*min(a, b))
}

// align matches a queried name with one name of the list, part by part and without regard to order: first equal parts,
// then parts joined or divided, then parts one edit apart. Each part is used once.
func (x *index) align(q queryName, n int32) nameMatch {
	name := &x.names[n]
	al := alignment{x: x, q: q, parts: name.parts, usedQ: make([]bool, len(q.parts)), usedA: make([]bool, len(name.parts))}
	al.m.name = n
	al.equal()
	al.joins()
	if len(al.m.same) < len(name.parts) && q.joined == name.joined {
		return nameMatch{name: n, score: joinedPart, joins: []string{name.display(x)}}
	}
	al.similar()
	for j, used := range al.usedA {
		if !used {
			al.m.missing = append(al.m.missing, x.text[name.parts[j]])
		}
	}
	matched := len(al.m.same) + len(al.m.near) + len(al.m.joins)
	whole := len(al.m.missing) == 0 && !slices.Contains(al.usedQ, false)
	if matched < 2 && !whole {
		return nameMatch{name: n}
	}
	al.m.score = combine(float64(al.a/name.weight), float64(al.b/q.weight))
	return al.m
}

// display writes the parts of a name with spaces.
func (n *indexName) display(x *index) string {
	var parts []string
	for _, t := range n.parts {
		parts = append(parts, x.text[t])
	}
	return strings.Join(parts, " ")
}

// alignment is the state of matching two names.
type alignment struct {
	x            *index
	q            queryName
	parts        []int32
	usedQ, usedA []bool
	a, b         float32 // weight matched on the list's side and on the query's
	m            nameMatch
}

// take marks parts as used and adds their weight.
func (al *alignment) take(i, ni, j, nj int, quality float32) {
	for ; ni > 0; i, ni = i+1, ni-1 {
		al.usedQ[i] = true
		al.b += quality * al.q.parts[i].weight
	}
	for ; nj > 0; j, nj = j+1, nj-1 {
		al.usedA[j] = true
		al.a += quality * al.x.weight[al.parts[j]]
	}
}

func (al *alignment) equal() {
	for i, p := range al.q.parts {
		for j, t := range al.parts {
			if !al.usedA[j] && t == p.term {
				al.take(i, 1, j, 1, 1)
				al.m.same = append(al.m.same, p.text)
				break
			}
		}
	}
}

// joins matches one part with two or three neighbours that make it up, on either side.
func (al *alignment) joins() {
	for i := range al.q.parts {
		for j := range al.parts {
			for k := 2; k <= maxJoin && !al.usedQ[i] && !al.usedA[j]; k++ {
				switch {
				case free(al.usedQ, i, 1) && free(al.usedA, j, k) && al.listJoins(j, k, al.q.parts[i].text):
					al.take(i, 1, j, k, joinedPart)
					al.m.joins = append(al.m.joins, al.q.parts[i].text)
				case free(al.usedQ, i, k) && free(al.usedA, j, 1) && al.queryJoins(i, k, al.x.text[al.parts[j]]):
					al.take(i, k, j, 1, joinedPart)
					al.m.joins = append(al.m.joins, al.x.text[al.parts[j]])
				}
			}
		}
	}
}

// free reports whether n parts from i on exist and are unused.
func free(used []bool, i, n int) bool {
	return i+n <= len(used) && !slices.Contains(used[i:i+n], true)
}

func (al *alignment) listJoins(j, k int, s string) bool {
	for _, t := range al.parts[j : j+k] {
		rest, ok := strings.CutPrefix(s, al.x.text[t])
		if !ok {
			return false
		}
		s = rest
	}
	return s == ""
}

func (al *alignment) queryJoins(i, k int, s string) bool {
	for _, p := range al.q.parts[i : i+k] {
		rest, ok := strings.CutPrefix(s, p.text)
		if !ok {
			return false
		}
		s = rest
	}
	return s == ""
}

func (al *alignment) similar() {
	for i, p := range al.q.parts {
		if al.usedQ[i] {
			continue
		}
		for j, t := range al.parts {
			if !al.usedA[j] && slices.Contains(p.similar, t) {
				al.take(i, 1, j, 1, nearEdit)
				al.m.near = append(al.m.near, al.x.text[t]+"/"+p.text)
				break
			}
		}
	}
}
