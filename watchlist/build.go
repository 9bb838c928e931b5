package watchlist

import (
	"math"
	"math/bits"
	"slices"

	"marz"
	"marz/watchlist/name"
	"marz/watchlist/number"
)

// Rarity of a part, in bits: how unlikely it is that somebody else's name has it.
const (
	mostRare   = 14.0 // a part that only one name in the list has is not as rare among people
	leastRare  = 3.0
	prior      = 5000 // names that a list is thought to have beside its own, so that small lists do not take every part for common or rare
	looseShare = 0.1  // of people who have an article or title in their names
	weightOne  = 16   // units of a bit in which weights are kept
)

// builder makes a layout of alerts. Building is single-threaded and happens once for a base, and again for the small part that has changed since.
type builder struct {
	x     *layout
	base  *layout // whose rarities hold, or nil
	terms map[string]uint32
	names []builtName
	parts []uint32 // terms of all names
	df    []uint32
	vague []bool // of each term: it stands in a vague entry
	dates []uint32
	step  func(done, of int)
}

type builtName struct {
	alert, at, n uint32 // its parts are parts[at:at+n]
	name         uint8
}

// build makes a layout. Of a part that base has the rarity is that of base. step, if not nil, hears how many of the alerts are done.
func build(alerts []Alert, base *layout, step func(done, of int)) *layout {
	b := &builder{x: &layout{}, base: base, terms: map[string]uint32{}, step: step}
	if step == nil {
		b.step = func(int, int) {}
	}
	b.x.head.Alerts = len(alerts)
	b.x.alertAt = make([]uint64, 1, len(alerts)+1)
	for i := range alerts {
		b.add(uint32(i), &alerts[i])
		if i&0xfff == 0 {
			b.step(i, len(alerts))
		}
	}
	b.x.head.Terms, b.x.head.Names = len(b.df), len(b.names)
	b.ids(alerts)
	b.number()
	b.describe()
	b.near()
	b.entries(alerts)
	b.numbers(alerts)
	b.step(len(alerts), len(alerts))
	return b.x
}

// add takes one alert's names.
func (b *builder) add(i uint32, a *Alert) {
	b.dates = bornOn(a.Births, b.dates[:0])
	vague := slices.ContainsFunc(b.dates, func(d uint32) bool { return d&exactly == 0 })
	for n := range a.Names {
		parts := name.Parts(a.Names[n].Text)
		if len(parts) == 0 {
			continue // without a letter or digit it cannot be found
		}
		bn := builtName{alert: i, at: uint32(len(b.parts)), n: uint32(len(parts)), name: uint8(min(n, unnumbered))}
		if a.Names[n].Kind == WeakAlias {
			bn.name |= weakFlag
		}
		for k, p := range parts {
			t, ok := b.terms[p]
			if !ok {
				t = uint32(len(b.df))
				b.terms[p] = t
				b.df, b.vague = append(b.df, 0), append(b.vague, false)
			}
			b.vague[t] = b.vague[t] || vague
			if !slices.Contains(b.parts[bn.at:int(bn.at)+k], t) {
				b.df[t]++
			}
			b.parts = append(b.parts, t)
		}
		b.names = append(b.names, bn)
	}
	b.x.alert = encodeAlert(b.x.alert, a)
	b.x.alertAt = append(b.x.alertAt, uint64(len(b.x.alert)))
}

// table returns the size of an open-addressed table for n things: a power of two, at most two thirds full.
func table(n int) int { return 1 << bits.Len(uint(n+n/2)) }

func (b *builder) ids(alerts []Alert) {
	b.x.byID = make([]uint32, table(len(alerts)))
	for i := range alerts {
		insert(b.x.byID, keyHash(0, []byte(alerts[i].ID)), uint32(i))
	}
}

// insert puts v+1 into the first free place.
func insert(table []uint32, hash uint64, v uint32) {
	most := uint64(len(table) - 1)
	i := hash & most
	for table[i] != 0 {
		i = (i + 1) & most
	}
	table[i] = v + 1
}

// number gives the terms their numbers: those of vague entries first, then the others, as they came.
func (b *builder) number() {
	to := make([]uint32, 0, len(b.df))
	b.x.head.Vague = 0
	for _, v := range b.vague {
		to = append(to, uint32(b.x.head.Vague))
		if v {
			b.x.head.Vague++
		}
	}
	df := make([]uint32, len(b.df))
	for t, v := range b.vague {
		if !v {
			to[t] = uint32(b.x.head.Vague+t) - to[t]
		}
		df[to[t]] = b.df[t]
	}
	b.df = df
	for i, t := range b.parts {
		b.parts[i] = to[t]
	}
	for s, t := range b.terms {
		b.terms[s] = to[t]
	}
}

// describe writes the terms.
func (b *builder) describe() {
	x := b.x
	texts := make([]string, len(b.df))
	for s, t := range b.terms {
		texts[t] = s
	}
	x.lookup = make([]uint32, table(len(texts)))
	x.record = make([]termRecord, 0, len(texts))
	for t, s := range texts {
		p := name.Of(s)
		x.record = append(x.record, termRecord{at: uint32(len(x.texts)), mask: p.Mask, bones: p.Bones, class: uint16(p.Class), text: uint16(len(s)), sound: uint8(len(p.Sounds)), count: uint8(p.Letters()),
			flags: p.Flags, weight: b.weigh(uint32(t), &p)})
		x.texts = append(append(x.texts, s...), p.Sounds...)
		insert(x.lookup, keyHash(0, []byte(s)), uint32(t))
	}
	b.terms = nil
}

// weigh returns the rarity of a term.
func (b *builder) weigh(t uint32, p *name.Part) uint8 {
	having, names := int(b.df[t]), len(b.names)
	if b.base != nil {
		if t, ok := b.base.find(p.Text); ok {
			return b.base.record[t].weight
		}
		having, names = 1, b.base.head.Names
	}
	return uint8(rarity(p, having, names) * weightOne)
}

// near lays out the keys of all terms by their hash.
func (b *builder) near() {
	x := b.x
	vague := uint32(x.head.Vague)
	x.near[0], x.head.VagueBits = x.keyTable(0, vague)
	x.near[1], x.head.NearBits = x.keyTable(vague, uint32(x.head.Terms))
}

// keyTable lays out the keys of some neighbouring terms.
func (x *layout) keyTable(first, end uint32) (keyTable, int) {
	var k keyer
	count := 0
	each := func(yield func(t uint32, h uint64)) {
		for t := first; t < end; t++ {
			p := x.term(t)
			k.keys(&p, false, func(h uint64) { yield(t, h) })
		}
	}
	each(func(uint32, uint64) { count++ })
	places := max(bits.Len(uint(count/8)), 1)
	shift := 64 - places
	out := keyTable{make([]uint32, 1<<places+1), make([]uint32, count)}
	each(func(_ uint32, h uint64) { out.at[h>>shift+1]++ })
	for i := range 1 << places {
		out.at[i+1] += out.at[i]
	}
	at := slices.Clone(out.at)
	each(func(t uint32, h uint64) {
		out.terms[at[h>>shift]] = t<<8 | uint32(h&0xff)
		at[h>>shift]++
	})
	return out, places
}

// entries lays out the names under each date of birth of their alert, in order of the dates, and the postings.
func (b *builder) entries(alerts []Alert) {
	x := b.x
	order := make([]uint64, 0, len(b.names)) // date << 32 | name
	last := uint32(math.MaxUint32)
	for i, n := range b.names {
		if n.alert != last {
			last, b.dates = n.alert, bornOn(alerts[n.alert].Births, b.dates[:0])
		}
		for _, d := range b.dates {
			order = append(order, uint64(d)<<32|uint64(i))
		}
	}
	slices.Sort(order)
	n := len(order)
	x.head.Entries = n
	x.entry, x.terms = make([]entryRecord, 0, n), make([]entryTerm, 0, len(b.parts))
	x.postAt = make([]uint32, x.head.Terms+1)
	for e, o := range order {
		name, born := b.names[uint32(o)], uint32(o>>32)
		if e == 0 || born != x.dates[len(x.dates)-1] {
			x.dates, x.dateAt = append(x.dates, born), append(x.dateAt, uint32(e))
		}
		r := entryRecord{at: uint32(len(x.terms)), alert: name.alert, born: born, n: uint8(name.n), name: name.name}
		r.about(&alerts[name.alert])
		x.entry = append(x.entry, r)
		for _, t := range b.parts[name.at : name.at+name.n] {
			x.terms = append(x.terms, entryTerm{t, brief(&x.record[t]), x.record[t].bones})
		}
	}
	x.dateAt = append(x.dateAt, uint32(n))
	b.postings()
	b.wholes()
}

// about puts in what is compared of an alert beside its names and dates.
func (r *entryRecord) about(a *Alert) {
	r.kind = uint8(slices.Index(kinds, a.Kind) + 1)
	if len(a.Sex) == 1 {
		r.sex = a.Sex[0]
	}
	for n, c := range a.Nationalities[:min(len(a.Nationalities), len(r.nations))] {
		r.nations[n] = packNation(c)
	}
}

// wholes lays out the entries by the key of their whole names.
func (b *builder) wholes() {
	x := b.x
	x.head.WholeBits = max(bits.Len(uint(x.head.Entries/4)), 1)
	shift := 64 - x.head.WholeBits
	var k keyer
	var parts [name.MaxParts]name.Part
	hash := func(e uint32) uint64 {
		terms := x.termsOf(e)
		for i, t := range terms {
			parts[i] = x.term(t.term)
		}
		return k.whole(parts[:len(terms)])
	}
	x.wholeAt = make([]uint32, 1<<x.head.WholeBits+1)
	for e := range uint32(x.head.Entries) {
		x.wholeAt[hash(e)>>shift+1]++
	}
	for i := range len(x.wholeAt) - 1 {
		x.wholeAt[i+1] += x.wholeAt[i]
	}
	x.whole = make([]uint32, x.head.Entries)
	at := slices.Clone(x.wholeAt)
	for e := range uint32(x.head.Entries) {
		h := hash(e) >> shift
		x.whole[at[h]] = e
		at[h]++
	}
}

func (b *builder) postings() {
	x := b.x
	first := func(terms []entryTerm, k int) bool { return !slices.Contains(terms[:k], terms[k]) }
	for e := range uint32(x.head.Entries) {
		terms := x.termsOf(e)
		for k, t := range terms {
			if first(terms, k) {
				x.postAt[t.term+1]++
			}
		}
	}
	for t := range x.head.Terms {
		x.postAt[t+1] += x.postAt[t]
	}
	x.post = make([]posting, x.postAt[x.head.Terms])
	at := slices.Clone(x.postAt)
	for e := range uint32(x.head.Entries) {
		terms := x.termsOf(e)
		for k, t := range terms {
			if first(terms, k) {
				x.post[at[t.term]] = posting{e, x.packOthers(terms, t.term)}
				at[t.term]++
			}
		}
	}
}

// mostYears is how many years a span of dates may have and be looked for in each; a longer one is found as a date that is not known.
const mostYears = 12

// bornOn returns the packed dates under which an alert is found, each once: 0 for none.
func bornOn(births []Birth, out []uint32) []uint32 {
	add := func(d uint32) {
		if !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	for _, b := range births[:min(len(births), mostYears)] {
		if b.From.Year == 0 {
			add(0)
			continue
		}
		if b.To.IsZero() && !b.Circa {
			add(packBorn(b.From))
			continue
		}
		first, last := b.From.Year, max(b.From.Year, b.To.Year)
		if b.Circa {
			first, last = first-circaYears, last+circaYears
		}
		if last-first >= mostYears {
			add(0)
			continue
		}
		for y := first; y <= last; y++ {
			add(packBorn(marz.Date{Year: y}))
		}
	}
	if len(out) == 0 {
		add(0)
	}
	return out
}

// numbers lays out documents and vehicles by the hash of what their numbers look like.
func (b *builder) numbers(alerts []Alert) {
	refs := func(numbers func(*Alert) []Number, form func(string) string) []numberRef {
		var out []numberRef
		for i := range alerts {
			for n, num := range numbers(&alerts[i]) {
				if f := form(num.Number); f != "" {
					out = append(out, numberRef{keyHash(0, []byte(number.Alike(f))), uint32(i), uint32(n)})
				}
			}
		}
		slices.SortFunc(out, func(a, b numberRef) int {
			switch {
			case a.hash != b.hash && a.hash < b.hash:
				return -1
			case a.hash != b.hash:
				return 1
			case a.alert != b.alert:
				return int(a.alert) - int(b.alert)
			}
			return int(a.at) - int(b.at)
		})
		return out
	}
	b.x.documents = refs(func(a *Alert) []Number { return a.Documents }, number.Normal)
	b.x.vehicles = refs(func(a *Alert) []Number { return a.Vehicles }, vehicle)
}
