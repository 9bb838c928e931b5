package number

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"

	"marz"
)

// The file is a head of one page and six sections without gaps. DESIGN.md describes it.
const (
	magic    = "marznum1"
	headSize = 4096
	headSum  = headSize - sha256.Size // where the head's own SHA-256 stands

	recordSize = 8
	endSize    = 4  // an end of a bucket
	indexSize  = 16 // a number kept as text: hash, place
)

// The sections, in their order in the file.
const (
	buckets      = iota // of each bucket: the record after its last
	records             // packed numbers, sorted
	origins             // combinations of kind, country, type and script
	texts               // the other numbers, sorted by hash
	indexBuckets        // of each bucket: the index entry after its last
	index               // of each of those numbers: hash, and where in texts it begins
	sectionCount
)

var sectionNames = [sectionCount]string{"buckets", "records", "origins", "texts", "index buckets", "index"}

// Bounds of a layout.
const (
	originBitsMax = 13
	maxOrigins    = 1 << originBitsMax
	bucketBitsMax = 32
	perBucket     = 6 // bits: records in a bucket, at most, on average

	perIndexBucket = 3 // the same of the index
)

// head is what the first page says.
type head struct {
	bucketBits, originBits, indexBits uint32
	alphabet                          uint32
	rows, unusable, packed, overflow  uint64
	lengths                           [sectionCount]uint64
	sums                              [sectionCount][sha256.Size]byte
}

// restBits is how many bits of a mixed code a record holds; its bucket says the others.
func (h *head) restBits() uint { return codeBits - uint(h.bucketBits) }

// choose sets the sizes for a number of packed rows and of origins: buckets of 32 to 64 records, and enough of them that the rest of the code, maxPacked bits of forms and an
// origin fit into a record.
func (h *head) choose(packed uint64, origins int) {
	h.alphabet = alphabet
	h.originBits = uint32(bits.Len(uint(max(origins, 1) - 1)))
	least := codeBits + maxPacked + h.originBits - 8*recordSize
	h.bucketBits = max(bucketBitsFor(packed), least)
}

func bucketBitsFor(n uint64) uint32 { return uint32(max(bits.Len64(n)-perBucket, 0)) }

// begin returns where a section begins in the file.
func (h *head) begin(section int) int64 {
	at := int64(headSize)
	for _, n := range h.lengths[:section] {
		at += int64(n)
	}
	return at
}

func (h *head) bytes() []byte {
	b := make([]byte, 0, headSize)
	b = append(b, magic...)
	for _, n := range []uint32{h.bucketBits, h.originBits, h.indexBits, h.alphabet} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	for _, n := range []uint64{h.rows, h.unusable, h.packed, h.overflow} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	for i, n := range h.lengths {
		b = binary.LittleEndian.AppendUint64(b, n)
		b = append(b, h.sums[i][:]...)
	}
	b = b[:headSum]
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// readHead reads the head of a file of some size, and refuses one whose sections would not fill the file.
func readHead(b []byte, size int64) (*head, error) {
	if len(b) < headSize || size < headSize {
		return nil, notTable("it is too short to be a table of numbers; build it again", nil)
	}
	b = b[:headSize]
	if string(b[:len(magic)]) != magic {
		return nil, notTable("it is not a table of numbers of this version; build it again", nil)
	}
	if sum := sha256.Sum256(b[:headSum]); string(sum[:]) != string(b[headSum:]) {
		return nil, notTable("its head is damaged; build it again or copy it again", nil)
	}
	var h head
	b = b[len(magic):]
	for _, n := range []*uint32{&h.bucketBits, &h.originBits, &h.indexBits, &h.alphabet} {
		*n, b = binary.LittleEndian.Uint32(b), b[4:]
	}
	for _, n := range []*uint64{&h.rows, &h.unusable, &h.packed, &h.overflow} {
		*n, b = binary.LittleEndian.Uint64(b), b[8:]
	}
	for i := range h.lengths {
		h.lengths[i], b = binary.LittleEndian.Uint64(b), b[8:]
		b = b[copy(h.sums[i][:], b):]
	}
	return &h, h.check(size)
}

// check reports whether the sizes that a head gives agree with one another and with the file's.
func (h *head) check(size int64) error {
	if h.alphabet != alphabet {
		return notTable("it was built when other characters were taken for one another; build it again", nil)
	}
	bad := notTable("its head contradicts itself; build it again", nil)
	if h.bucketBits > bucketBitsMax || h.indexBits > bucketBitsMax || h.originBits > originBitsMax || h.packed > maxRows || h.overflow > maxRows || h.rows > maxRows || h.unusable > h.rows {
		return bad
	}
	if int(h.restBits())+maxPacked+int(h.originBits) > 8*recordSize {
		return bad
	}
	want := [sectionCount]uint64{buckets: endSize << h.bucketBits, records: recordSize * h.packed, indexBuckets: endSize << h.indexBits, index: indexSize * h.overflow}
	total := uint64(headSize)
	for i, n := range h.lengths {
		if n > 1<<50 || i != origins && i != texts && n != want[i] {
			return bad
		}
		total += n
	}
	if total != uint64(size) {
		return notTable("it is cut off or has something after its end; copy it again or build it again", nil)
	}
	return nil
}

func (h *head) info(origins int, size int64) Info {
	return Info{Rows: int64(h.rows), Unusable: int64(h.unusable), Numbers: int64(h.packed + h.overflow), Overflow: int64(h.overflow), Origins: origins, Bytes: size}
}

// notTable is the error of a file that cannot be read. Open adds its name.
func notTable(fix string, cause error) *marz.Error {
	return &marz.Error{Code: marz.Invalid, Op: "open number table", Fix: fix, Err: cause}
}
