package watchlist

import (
	"encoding/binary"
	"math"
	"slices"
	"unsafe"

	"marz"
	"marz/watchlist/name"
)

// layout is an index as it lies in memory or in a mapped file: plain arrays, little-endian, without pointers, so that opening one costs nothing. It is built once and never changed.
//
// A term is a distinct name part. An entry is one name of one alert under one date of birth; entries are sorted by that date, so that the entries of a day lie together and the postings
// of a term within some years are a stretch of them. Names of alerts without a date come first, with date 0.
type layout struct {
	head layoutHead

	record              []termRecord
	texts               []byte    // of each term its text, and then its sounds
	lookup              []uint32  // terms+1 by the hash of their text, open addressing, a power of two
	nearAt              []uint32  // by the top bits of a key's hash: where its terms begin in near
	near                []uint32  // term<<8 | eight bits of the hash
	postAt              []uint32  // of each term: where its postings begin; one more for the end
	post                []posting // by entry, ascending
	loose               []uint64  // bits: the terms that stand in an entry whose date of birth is not full
	entry               []entryRecord
	terms               []entryTerm // of the entries, in the order of their parts
	wholeAt             []uint32    // by the top bits of the key of a whole name: where its entries begin
	whole               []uint32    // entries
	dates               []uint32    // that entries are born on, packed, ascending
	dateAt              []uint32    // of each date: its first entry; one more for the end
	facts               []fact
	alertAt             []uint64 // of each alert: where it begins; one more for the end
	alert               []byte
	byID                []uint32    // alerts+1 by the hash of their ID
	documents, vehicles []numberRef // by hash
}

// posting says that an entry has a term, and something of what its other parts are.
type posting struct {
	entry uint32
	kin   uint32 // their bones, and two bits for the class of each that is a given name
}

// anyKin stands for parts of which nothing can be said beforehand: single letters.
const anyKin = math.MaxUint32

// strangers is how many neighbours of consonants a part can have that an entry has not, and still be in it, by how many it has: an edit changes two.
var strangers = [...]uint8{0, 0, 1, 1, 2}

// mostStrangers is how many an entry can have that are in no part of the query, and still be nothing but these.
const mostStrangers = 3

// kinOfClass is the bones of the most usual of the forms of a given name, which can be far apart.
func kinOfClass(class uint32) uint32 { return name.ClassBones(int32(class)) }

// termRecord is a term: where its text and sounds lie and how long they are, and what else is compared.
type termRecord struct {
	at, mask, bones uint32
	class, text     uint16
	sound, count    uint8 // count: how many letters or sounds it has to differ in
	flags, weight   uint8 // weight in sixteenths of a bit
}

// entryRecord is one name of one alert under one date of birth.
type entryRecord struct {
	at, alert, born uint32 // at: its first term
	kin             uint32 // what posting.kin would be, of all its parts
	n, name         uint8  // how many terms; which of the alert's names, or unnumbered, with weakFlag for a weak alias
	given           uint8  // how many of the terms are no particles
	native          uint8  // 1: a part is in another script than Latin
}

// numberRef is a document or vehicle of an alert: the hash of its number with look-alikes made one, and where it stands.
type numberRef struct {
	hash      uint64
	alert, at uint32
}

// layoutHead are the numbers without which the arrays cannot be read.
type layoutHead struct {
	Alerts    int `json:"alerts"`
	Names     int `json:"names"` // of all alerts
	Entries   int `json:"entries"`
	Terms     int `json:"terms"`
	WholeBits int `json:"whole_bits"` // of the key of a whole name that select a place in whole
	NearBits  int `json:"near_bits"`  // of a key's hash that select a place in near
}

// fact is what is compared of an alert beside its names.
type fact struct {
	kind, sex uint8
	nations   [3]uint16 // packed, 0: none
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

// packBorn makes a number of a date that sorts as the date does; unknown parts are 0.
func packBorn(d marz.Date) uint32 {
	return uint32(d.Year)<<9 | uint32(d.Month)<<5 | uint32(d.Day)
}

func unpackBorn(n uint32) marz.Date {
	return marz.Date{Year: int(n >> 9), Month: int(n >> 5 & 15), Day: int(n & 31)}
}

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

// within returns the part of ascending postings that lies in a stretch of entries.
func within(post []posting, first, end uint32) []posting {
	if len(post) == 0 || post[len(post)-1].entry < first || post[0].entry >= end {
		return nil
	}
	return post[after(post, first):after(post, end)]
}

// after returns where the postings begin that do not lie before an entry.
func after(post []posting, entry uint32) int {
	i, j := 0, len(post)
	for i < j {
		h := int(uint(i+j) >> 1)
		if post[h].entry < entry {
			i = h + 1
		} else {
			j = h
		}
	}
	return i
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
