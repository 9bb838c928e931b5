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
// A term is a distinct name part. An entry is one name of one alert under one date of birth; entries are sorted by that date, so that the entries of a day lie together and the postings
// of a term within some years are a stretch of them. Names of alerts without a date come first, with date 0.
type layout struct {
	head layoutHead

	textAt, soundAt       []uint32 // of each term: where its text and sounds begin; one more for the end
	text, sound           []byte
	mask                  []uint32
	class                 []int32
	flags, weight         []uint8  // weight in sixteenths of a bit
	lookup                []uint32 // terms+1 by the hash of their text, open addressing, a power of two
	nearAt, near          []uint32 // by the top bits of a key's hash: term<<8 | eight bits of the hash
	postAt, post          []uint32 // of each term: entries that have it, ascending
	entryAt, entryTerms   []uint32 // of each entry: its terms in order; one more for the end
	entryAlert, entryBorn []uint32
	entryName             []uint8 // which of the alert's names, or unnumbered; with weakFlag for a weak alias
	facts                 []fact
	alertAt               []uint64 // of each alert: where its JSON begins; one more for the end
	alert                 []byte
	byID                  []uint32    // alerts+1 by the hash of their ID
	documents, vehicles   []numberRef // by hash
}

// numberRef is a document or vehicle of an alert: the hash of its number with look-alikes made one, and where it stands.
type numberRef struct {
	hash      uint64
	alert, at uint32
}

// layoutHead are the numbers without which the arrays cannot be read.
type layoutHead struct {
	Alerts   int `json:"alerts"`
	Names    int `json:"names"` // of all alerts
	Entries  int `json:"entries"`
	Terms    int `json:"terms"`
	NearBits int `json:"near_bits"` // of a key's hash that select a place in near
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
	return name.Part{Text: view(x.text[x.textAt[t]:x.textAt[t+1]]), Sounds: view(x.sound[x.soundAt[t]:x.soundAt[t+1]]),
		Mask: x.mask[t], Class: x.class[t], Flags: x.flags[t]}
}

func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (x *layout) termsOf(entry uint32) []uint32 {
	return x.entryTerms[x.entryAt[entry]:x.entryAt[entry+1]]
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
		if t--; int(t) < x.head.Terms && view(x.text[x.textAt[t]:x.textAt[t+1]]) == text {
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
	i, _ := slices.BinarySearch(x.entryBorn, from)
	j, _ := slices.BinarySearch(x.entryBorn[i:], to+1)
	return uint32(i), uint32(i + j)
}

// within returns the part of ascending postings that lies in a stretch of entries.
func within(post []uint32, first, end uint32) []uint32 {
	i, _ := slices.BinarySearch(post, first)
	j, _ := slices.BinarySearch(post[i:], end)
	return post[i : i+j]
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
