package watchlist

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Fuzzy matching compares name parts of at least fuzzyMin and at most fuzzyMax letters: in shorter ones a letter is too
// much of the name to be a slip.
const (
	fuzzyMin = 5
	fuzzyMax = 32
	maxJoin  = 3 // name parts that are also found when written as one
)

// index finds the alerts of one list. It is built once and never changed, so any number of goroutines may read it.
//
// A term is a name part. Every name of every alert is an entry of its own, found through the postings of its terms, or
// through its joins: two to maxJoin neighbouring parts, and all parts of the name, written as one.
type index struct {
	list     *List
	terms    map[string]int32
	text     []string           // of each term
	weight   []float32          // of each term: its rarity in the list
	rare     float32            // weight of a part that the list does not have; no part weighs more
	postings [][]int32          // names that have the term, ascending
	joins    map[string][]int32 // names that have the join, ascending
	names    []indexName
	deletes  []deletion // sorted by hash
	seed     maphash.Seed
	documents,
	vehicles map[string][]numberRef
	scratch sync.Pool // of *scratch
}

// indexName is one name of one alert.
type indexName struct {
	alert, name int32   // index in the list, and in the alert's names
	parts       []int32 // terms of its parts, in order
	joined      string  // all parts as one
	weight      float32 // of all parts
}

// numberRef is a document or vehicle of an alert.
type numberRef struct{ alert, number int32 }

// deletion says that a term with one letter left out has this hash: two terms that are one edit apart share one.
type deletion struct {
	hash uint64
	term int32
}

// scratch is the working memory of one search.
type scratch struct {
	sum     []float32 // for each name, a bound on the weight that the query can match in it
	touched []int32   // names whose sum is not 0
}

// newIndex builds the index of a list.
func newIndex(l *List) *index {
	x := &index{list: l, terms: map[string]int32{}, joins: map[string][]int32{}, seed: maphash.MakeSeed(),
		documents: map[string][]numberRef{}, vehicles: map[string][]numberRef{}}
	for i := range l.Alerts {
		a := &l.Alerts[i]
		for n := range a.Names {
			x.addName(int32(i), int32(n), a.Names[n].Text)
		}
		for n, d := range a.Documents {
			addRef(x.documents, number(d.Number), numberRef{int32(i), int32(n)})
		}
		for n, v := range a.Vehicles {
			addRef(x.vehicles, vehicle(v.Number), numberRef{int32(i), int32(n)})
		}
	}
	x.weigh()
	for t, s := range x.text {
		for h := range x.hashes(s) {
			x.deletes = append(x.deletes, deletion{h, int32(t)})
		}
	}
	slices.SortFunc(x.deletes, func(a, b deletion) int {
		if a.hash != b.hash {
			return cmp.Compare(a.hash, b.hash)
		}
		return cmp.Compare(a.term, b.term)
	})
	x.scratch.New = func() any { return &scratch{sum: make([]float32, len(x.names))} }
	return x
}

func addRef(m map[string][]numberRef, key string, r numberRef) {
	if key != "" {
		m[key] = append(m[key], r)
	}
}

// addName indexes one name. A name without a letter or digit cannot be found.
func (x *index) addName(alert, name int32, text string) {
	parts := tokens(text)
	if len(parts) == 0 {
		return
	}
	n := indexName{alert: alert, name: name, joined: strings.Join(parts, "")}
	at := int32(len(x.names))
	for i, p := range parts {
		id := x.term(p)
		n.parts = append(n.parts, id)
		x.postings[id] = post(x.postings[id], at)
		for k := 2; k <= maxJoin && i+k <= len(parts); k++ {
			key := strings.Join(parts[i:i+k], "")
			x.joins[key] = post(x.joins[key], at)
		}
	}
	x.joins[n.joined] = post(x.joins[n.joined], at)
	x.names = append(x.names, n)
}

// post adds a name to postings, once.
func post(names []int32, name int32) []int32 {
	if len(names) > 0 && names[len(names)-1] == name {
		return names
	}
	return append(names, name)
}

// term returns the number of a term, giving it one if it is new.
func (x *index) term(s string) int32 {
	id, ok := x.terms[s]
	if !ok {
		id = int32(len(x.text))
		x.terms[s] = id
		x.text = append(x.text, s)
		x.postings = append(x.postings, nil)
	}
	return id
}

// weigh gives each part its rarity in the list, 1 for a part of every name and more by the logarithm of how rare it is.
// It depends on this list alone, so that other lists change nothing about its hits.
func (x *index) weigh() {
	rarity := func(names int) float32 {
		return float32(1 + math.Log(float64(len(x.names)+1)/float64(names)))
	}
	x.rare = rarity(1)
	x.weight = make([]float32, len(x.text))
	for t, names := range x.postings {
		x.weight[t] = rarity(len(names))
	}
	for i := range x.names {
		n := &x.names[i]
		for _, t := range n.parts {
			n.weight += x.weight[t]
		}
	}
}

// hashes yields the hash of a name part and of each form of it with one letter left out, if it can be matched fuzzily.
func (x *index) hashes(s string) func(func(uint64) bool) {
	return func(yield func(uint64) bool) {
		if n := utf8.RuneCountInString(s); n < fuzzyMin || n > fuzzyMax {
			return
		}
		if !yield(maphash.String(x.seed, s)) {
			return
		}
		var b [fuzzyMax * utf8.UTFMax]byte
		for i, r := range s {
			cut := append(append(b[:0], s[:i]...), s[i+utf8.RuneLen(r):]...)
			if !yield(maphash.Bytes(x.seed, cut)) {
				return
			}
		}
	}
}

// similar returns the parts of the list that are exactly one edit away from s: a letter more, less, other, or two
// neighbours exchanged.
func (x *index) similar(s string) []int32 {
	var out []int32
	for h := range x.hashes(s) {
		i, _ := slices.BinarySearchFunc(x.deletes, h, func(d deletion, h uint64) int { return cmp.Compare(d.hash, h) })
		for ; i < len(x.deletes) && x.deletes[i].hash == h; i++ {
			if t := x.deletes[i].term; oneEdit(s, x.text[t]) && !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	slices.Sort(out) // hashes differ from run to run, answers must not
	return out
}

// oneEdit reports whether a and b differ by exactly one insertion, deletion, substitution or exchange of neighbours.
func oneEdit(s, t string) bool {
	a, b := []rune(s), []rune(t)
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return slices.Equal(a[i:], b[i+1:])
	}
	if i == len(a) {
		return false // equal
	}
	if slices.Equal(a[i+1:], b[i+1:]) {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && slices.Equal(a[i+2:], b[i+2:])
}
