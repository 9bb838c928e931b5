package watchlist

import (
	"encoding/binary"
	"slices"
	"unsafe"

	"marz"
	"marz/watchlist/name"
)

// layout is an index as it lies in memory or in a mapped file: plain arrays, little-endian, without pointers, so that opening one costs nothing. It is built once and never changed.
//
// A term is a distinct name part. An entry is one name of one alert under one date of birth. Vague entries come first: those without a date of birth, with date 0, and those that give no day, or 1 January, which stands for
// none. The others follow. Both are sorted by date, so that the entries of a day lie together, and the postings of a term within some years are a stretch of them. Terms of vague entries come before the others.
type layout struct {
	head layoutHead

	record              []termRecord
	texts               []byte      // of each term its text, and then its sounds
	lookup              []uint32    // terms+1 by the hash of their text, open addressing, a power of two
	near                [2]keyTable // of the terms that stand in vague entries, and of the others
	postAt              []uint32    // of each term: where its postings begin; one more for the end
	post                []posting   // by entry, ascending
	entry               []entryRecord
	terms               []entryTerm // of the entries, in the order of their parts
	wholeAt             []uint32    // by the top bits of the key of a whole name: where its entries begin
	whole               []uint32    // entries
	dates               []uint32    // that entries are born on, packed, ascending
	dateAt              []uint32    // of each date: its first entry; one more for the end
	alertAt             []uint64    // of each alert: where it begins; one more for the end
	alert               []byte
	byID                []uint32    // alerts+1 by the hash of their ID
	documents, vehicles []numberRef // by hash
}

// keyTable leads from the keys of terms to the terms.
type keyTable struct {
	at    []uint32 // by the top bits of a key's hash: where its terms begin
	terms []uint32 // term<<8 | eight bits of the hash
}

// posting says that an entry has a term, and which others.
type posting struct {
	entry  uint32
	others uint32 // see packOthers
}

// termRecord is a term: where its text and sounds lie and how long they are, and what else is compared.
type termRecord struct {
	at, mask, bones uint32
	class, text     uint16
	sound, count    uint8 // count: how many letters or sounds it has to differ in
	flags, weight   uint8 // weight in sixteenths of a bit
}

// entryRecord is one name of one alert under one date of birth.
type entryRecord struct {
	at, alert, born uint32    // at: its first term; born: packed, with exactly where the entry is not vague
	n, name         uint8     // how many terms; which of the alert's names, or unnumbered, with weakFlag for a weak alias
	kind, sex       uint8     // of the alert
	nations         [3]uint16 // packed, 0: none
}

// numberRef is a document or vehicle of an alert: the hash of its number with look-alikes made one, and where it stands.
type numberRef struct {
	hash      uint64
	alert, at uint32
}

// nearBits is how many bits of a key's hash select a place in one of the tables of keys.
func (h *layoutHead) nearBits(table int) int { return [2]int{h.VagueBits, h.NearBits}[table] }

// layoutHead are the numbers without which the arrays cannot be read.
type layoutHead struct {
	Alerts    int `json:"alerts"`
	Names     int `json:"names"` // of all alerts
	Entries   int `json:"entries"`
	Terms     int `json:"terms"`
	Vague     int `json:"vague"`      // how many of the terms stand in vague entries
	WholeBits int `json:"whole_bits"` // of the key of a whole name that select a place in whole
	VagueBits int `json:"vague_bits"` // of a key's hash that select a place in near, of the terms of vague entries
	NearBits  int `json:"near_bits"`  // and of the others
}

// weakFlag marks a weak alias in entryName; the rest is the number of the name, unnumbered if there are too many.
const (
	weakFlag   = 0x80
	unnumbered = 0x7f
)

// kinds number the kinds of alert in files.
var kinds = []Kind{Person, Organisation, Vessel, Aircraft, Document, Vehicle}

// packNation makes a number of a three-letter code.
func packNation(code string) uint16 {
	if len(code) != 3 {
		return 0
	}
	n := uint16(0)
	for i := range 3 {
		c := code[i]
		if c < 'A' || c > 'Z' {
			return 0
		}
		n = n*26 + uint16(c-'A')
	}
	return n + 1
}

// packDate makes a number of a date that sorts as the date does; unknown parts are 0.
func packDate(d marz.Date) uint32 { return uint32(d.Year)<<9 | uint32(d.Month)<<5 | uint32(d.Day) }

func unpackDate(n uint32) marz.Date {
	return marz.Date{Year: int(n >> 9), Month: int(n >> 5 & 15), Day: int(n & 31)}
}

// exactly marks a packed date of birth that says on which day somebody was born. Those that do not sort before all that do.
const exactly = 1 << 31

func packBorn(d marz.Date) uint32 {
	n := packDate(d)
	if d.Full() && !newYear(d) {
		n |= exactly
	}
	return n
}

func unpackBorn(n uint32) marz.Date { return unpackDate(n &^ exactly) }

// newYear reports whether a date is 1 January, which is written where only the year is known.
func newYear(d marz.Date) bool { return d.Month == 1 && d.Day == 1 }

// term returns a term in the forms in which it is compared. Its strings lie in the layout.
func (x *layout) term(t uint32) name.Part {
	r := &x.record[t]
	text := x.texts[r.at : r.at+uint32(r.text)+uint32(r.sound)]
	return name.Part{Text: view(text[:r.text]), Sounds: view(text[r.text:]), Mask: r.mask, Bones: r.bones, Class: int32(r.class), Flags: r.flags}
}

func (x *layout) textOf(t uint32) string {
	r := &x.record[t]
	return view(x.texts[r.at : r.at+uint32(r.text)])
}

func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (x *layout) weightOf(term uint32) float32 { return float32(x.record[term].weight) / weightOne }

// entryTerm is a part of an entry: the term, and what puts most parts aside without looking at it.
type entryTerm struct {
	term  uint32
	brief uint32 // the mask of its sounds, and above it the flags below
	bones uint32
}

// What stands above the mask in entryTerm.brief.
const (
	briefLoose  = 1 << name.MaskBits        // the part is a particle
	briefClass  = name.MaskBits + 1         // six bits of its class of given names, 0 for none
	briefCount  = name.MaskBits + 7         // the number of its letters, at most 15
	briefNative = 1 << (name.MaskBits + 11) // its script is not Latin
)

func brief(r *termRecord) uint32 {
	b := r.mask | shortClass(uint32(r.class))<<briefClass | uint32(min(r.count, 15))<<briefCount
	if r.flags&name.Loose != 0 {
		b |= briefLoose
	}
	if r.flags&name.Native != 0 {
		b |= briefNative
	}
	return b
}

// shortClass is a class of given names in six bits.
func shortClass(class uint32) uint32 {
	if class == 0 {
		return 0
	}
	return class%63 + 1
}

func (x *layout) termsOf(entry uint32) []entryTerm {
	e := &x.entry[entry]
	return x.terms[e.at : e.at+uint32(e.n)]
}

// find returns the term of a text.
func (x *layout) find(text string) (uint32, bool) {
	if len(x.lookup) == 0 {
		return 0, false
	}
	most := uint64(len(x.lookup) - 1)
	for i := keyHash(0, []byte(text)) & most; ; i = (i + 1) & most {
		t := x.lookup[i]
		if t == 0 {
			return 0, false
		}
		if t--; int(t) < x.head.Terms && x.textOf(t) == text {
			return t, true
		}
	}
}

// alertOf returns the number of the alert with an ID.
func (x *layout) alertOf(id marz.AlertID, same func(alert uint32) bool) (uint32, bool) {
	if len(x.byID) == 0 {
		return 0, false
	}
	most := uint64(len(x.byID) - 1)
	for i := keyHash(0, []byte(id)) & most; ; i = (i + 1) & most {
		a := x.byID[i]
		if a == 0 {
			return 0, false
		}
		if a--; same(a) {
			return a, true
		}
	}
}

// born returns the stretch of entries whose date of birth lies between two packed dates, both included.
func (x *layout) born(from, to uint32) (first, end uint32) {
	if len(x.dates) == 0 {
		return 0, 0
	}
	i, _ := slices.BinarySearch(x.dates, from)
	j, _ := slices.BinarySearch(x.dates[i:], to+1)
	return x.dateAt[i], x.dateAt[i+j]
}

// years returns the stretch of entries of some years of birth that are vague, or of those that are not.
func (x *layout) years(first, last int, vague bool) (uint32, uint32) {
	from, to := packBorn(marz.Date{Year: first}), packBorn(marz.Date{Year: last + 1})-1
	if !vague {
		from, to = from|exactly, to|exactly
	}
	return x.born(from, to)
}

// put and take lay an array of numbers into bytes and back without a copy. Machines that are not little-endian cannot read the files; Go's ports that Marz is built for are.
func put[T any](v []T) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(v[0])))
}

func take[T any](b []byte) []T {
	var zero T
	n := len(b) / int(unsafe.Sizeof(zero))
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1
