package watchlist

import (
	"math/bits"
	"unsafe"

	"marz/watchlist/name"
)

// section is one array of a layout: how it lies in a file, and what has to hold of it there so that no search goes astray. What a layout gains or loses, the list below gains or loses;
// everything about files goes by it.
type section struct {
	name string
	unit int // bytes of an element
	of   func(x *layout) []byte
	lay  func(x *layout, b []byte)
	sane func(x *layout) bool                                      // of its length, when all are laid
	rule func(x *layout) (each func([]byte) bool, end func() bool) // reads the elements, in pieces of whole ones
}

// law is what holds of the elements of an array. each takes them in their order in pieces; end is asked after the last.
type law[T any] struct {
	each func([]T) bool
	end  func() bool
}

// array makes a section of a member of a layout. length says how many elements there are, -1 for any number.
func array[T any](name string, member func(*layout) *[]T, length func(*layout) int, rule func(*layout) law[T]) section {
	var zero T
	return section{
		name: name, unit: int(unsafe.Sizeof(zero)),
		of:  func(x *layout) []byte { return put(*member(x)) },
		lay: func(x *layout, b []byte) { *member(x) = take[T](b) },
		sane: func(x *layout) bool {
			n := length(x)
			return n < 0 || n == len(*member(x))
		},
		rule: func(x *layout) (func([]byte) bool, func() bool) {
			l := rule(x)
			if l.end == nil {
				l.end = func() bool { return true }
			}
			return func(b []byte) bool { return l.each(take[T](b)) }, l.end
		},
	}
}

// sections are the arrays of a layout, in the order in which they lie in a file.
var sections = []section{
	array("record", func(x *layout) *[]termRecord { return &x.record }, terms, func(x *layout) law[termRecord] {
		most, classes := uint64(len(x.texts)), name.Classes()
		return every(func(r *termRecord) bool {
			return uint64(r.at)+uint64(r.text)+uint64(r.sound) <= most && int(r.class) <= classes
		})
	}),
	array("texts", func(x *layout) *[]byte { return &x.texts }, any32, free[byte]),
	array("lookup", func(x *layout) *[]uint32 { return &x.lookup }, any32, hashed(terms)),
	nearAt("vague-near-at", 0), near("vague-near", 0), nearAt("near-at", 1), near("near", 1),
	array("post-at", func(x *layout) *[]uint32 { return &x.postAt }, func(x *layout) int { return x.head.Terms + 1 }, rising[uint32](func(x *layout) int { return len(x.post) })),
	array("post", func(x *layout) *[]posting { return &x.post }, any32, func(x *layout) law[posting] {
		most := uint32(x.head.Entries)
		return every(func(p *posting) bool { return p.entry < most })
	}),
	array("entry", func(x *layout) *[]entryRecord { return &x.entry }, entries, func(x *layout) law[entryRecord] {
		most, alerts := uint64(len(x.terms)), uint32(x.head.Alerts)
		return every(func(e *entryRecord) bool {
			return uint64(e.at)+uint64(e.n) <= most && e.n > 0 && e.n <= name.MaxParts && e.alert < alerts
		})
	}),
	array("terms", func(x *layout) *[]entryTerm { return &x.terms }, any32, func(x *layout) law[entryTerm] {
		most := uint32(x.head.Terms)
		return every(func(t *entryTerm) bool { return t.term < most })
	}),
	array("whole-at", func(x *layout) *[]uint32 { return &x.wholeAt }, func(x *layout) int { return places(x.head.WholeBits) }, rising[uint32](func(x *layout) int { return len(x.whole) })),
	array("whole", func(x *layout) *[]uint32 { return &x.whole }, entries, below(entries)),
	array("dates", func(x *layout) *[]uint32 { return &x.dates }, any32, func(*layout) law[uint32] {
		next := uint32(0)
		return every(func(d *uint32) bool { ok := *d >= next; next = *d + 1; return ok && next != 0 })
	}),
	array("date-at", func(x *layout) *[]uint32 { return &x.dateAt }, func(x *layout) int { return len(x.dates) + 1 }, rising[uint32](entries)),
	array("alert-at", func(x *layout) *[]uint64 { return &x.alertAt }, func(x *layout) int { return x.head.Alerts + 1 }, rising[uint64](func(x *layout) int { return len(x.alert) })),
	array("alert", func(x *layout) *[]byte { return &x.alert }, any32, free[byte]),
	array("by-id", func(x *layout) *[]uint32 { return &x.byID }, any32, hashed(alerts)),
	array("documents", func(x *layout) *[]numberRef { return &x.documents }, any32, byHash),
	array("vehicles", func(x *layout) *[]numberRef { return &x.vehicles }, any32, byHash),
}

// nearAt and near are the two arrays of one of the tables of keys.
func nearAt(name string, i int) section {
	return array(name, func(x *layout) *[]uint32 { return &x.near[i].at }, func(x *layout) int { return places(x.head.nearBits(i)) }, rising[uint32](func(x *layout) int { return len(x.near[i].terms) }))
}

func near(name string, i int) section {
	return array(name, func(x *layout) *[]uint32 { return &x.near[i].terms }, any32, func(x *layout) law[uint32] {
		most := uint32(x.head.Terms)
		return every(func(e *uint32) bool { return *e>>8 < most })
	})
}

func terms(x *layout) int   { return x.head.Terms }
func entries(x *layout) int { return x.head.Entries }
func alerts(x *layout) int  { return x.head.Alerts }
func any32(*layout) int     { return -1 }

// places is how many elements an array has that is found by so many bits of a hash.
func places(bits int) int { return 1<<bits + 1 }

// every is the law that something holds of each element.
func every[T any](ok func(*T) bool) law[T] {
	return law[T]{each: func(v []T) bool {
		for i := range v {
			if !ok(&v[i]) {
				return false
			}
		}
		return true
	}}
}

// free is the law of an array of which anything goes.
func free[T any](*layout) law[T] { return law[T]{each: func([]T) bool { return true }} }

// rising is the law of an array that says where stretches of another begin: from 0 to its end, and never back.
func rising[N uint32 | uint64](end func(*layout) int) func(*layout) law[N] {
	return func(x *layout) law[N] {
		last, begun := N(0), false
		return law[N]{
			each: func(v []N) bool {
				for _, n := range v {
					if n < last || !begun && n != 0 {
						return false
					}
					last, begun = n, true
				}
				return true
			},
			end: func() bool { return begun && uint64(last) == uint64(end(x)) },
		}
	}
}

// below is the law of an array of numbers of something.
func below(limit func(*layout) int) func(*layout) law[uint32] {
	return func(x *layout) law[uint32] {
		most := uint32(limit(x))
		return every(func(n *uint32) bool { return *n < most })
	}
}

// hashed is the law of an open-addressed table of all of something: its size is a power of two, and there is room in it, so that every search ends.
func hashed(count func(*layout) int) func(*layout) law[uint32] {
	return func(x *layout) law[uint32] {
		most, size, full := uint32(count(x)), 0, 0
		return law[uint32]{
			each: func(v []uint32) bool {
				size += len(v)
				for _, n := range v {
					if n > most {
						return false
					}
					if n != 0 {
						full++
					}
				}
				return true
			},
			end: func() bool { return full == count(x) && size > full && bits.OnesCount(uint(size)) == 1 },
		}
	}
}

// byHash is the law of the numbers of documents or vehicles.
func byHash(x *layout) law[numberRef] {
	most, last := uint32(x.head.Alerts), uint64(0)
	return every(func(r *numberRef) bool {
		ok := r.hash >= last && r.alert < most
		last = r.hash
		return ok
	})
}

// Bounds of a layout, so that nothing overflows.
const (
	mostTerms = 1 << 24 // a place in near has 24 bits for a term
	mostBits  = 30
)

// sane reports whether the numbers of a head can be those of a layout.
func (h *layoutHead) sane() bool {
	for _, n := range []int{h.Alerts, h.Names, h.Entries, h.Terms, h.Vague} {
		if n < 0 || n > 1<<31 {
			return false
		}
	}
	for _, n := range []int{h.WholeBits, h.VagueBits, h.NearBits} {
		if n <= 0 || n > mostBits {
			return false
		}
	}
	return h.Alerts > 0 && h.Terms <= mostTerms && h.Vague <= h.Terms
}
