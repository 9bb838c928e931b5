package stays

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"marz"
)

// Format is the first line of a file.
const Format = "marz-stays/1"

// restOf is how many bytes of a digest stand in a bucket, which is chosen by its first width bits.
func restOf(width int) int { return (64 - width + 7) / 8 }

// The measures of a file.
const (
	bucketOf = 16 // people in a bucket, at most on average
	maxBits  = 24 // of a digest that choose its bucket
	maxMoves = 1 << 14
)

// Writer puts the content of a file together. People are added in rising order of their digests.
type Writer struct {
	first   int
	whole   bool // people without movements are left out
	digests []uint64
	bodies  []byte
	starts  []int // of each person's movements in bodies
}

// NewWriter begins a file in which the first day is first. In a change a person without movements is one who is in the file before it and has none any more.
func NewWriter(first int, change bool) *Writer { return &Writer{first: first, whole: !change} }

// Add adds a person, whose movements are in order of time. Those before the first day are left out; who was in the state when it began counts as having entered on it.
func (w *Writer) Add(digest uint64, moves []Movement) error {
	if n := len(w.digests); n > 0 && w.digests[n-1] >= digest {
		return &marz.Error{Op: "write stays", Fix: "people are not in order of their digests"}
	}
	moves = since(moves, w.first)
	if len(moves) > maxMoves { // the newest count: nobody crosses a border so often in a window
		moves = moves[len(moves)-maxMoves:]
	}
	if w.whole && len(moves) == 0 {
		return nil
	}
	w.digests, w.starts = append(w.digests, digest), append(w.starts, len(w.bodies))
	w.bodies = binary.AppendUvarint(w.bodies, uint64(len(moves)))
	day := w.first
	for _, m := range moves {
		if m.Day < day {
			return &marz.Error{Op: "write stays", Fix: "a person's movements are not in order of time"}
		}
		step := uint64(m.Day-day) << 1
		if m.Direction == marz.ExitDirection {
			step |= 1
		}
		w.bodies, day = binary.AppendUvarint(w.bodies, step), m.Day
	}
	return nil
}

// since returns the movements from a day on. Where the last one before it was an entry, an entry on that day comes first.
func since(moves []Movement, first int) []Movement {
	n, _ := slices.BinarySearchFunc(moves, first, func(m Movement, day int) int { return m.Day - day })
	if n > 0 && moves[n-1].Direction == marz.EntryDirection {
		return append([]Movement{{Day: first, Direction: marz.EntryDirection}}, moves[n:]...)
	}
	return moves[n:]
}

// Bytes returns the file, signed. h.First and h.People are set here, and h.Version where it is empty: the instant and eight digits of what is in it.
func (w *Writer) Bytes(h Header, signer note.Signer) ([]byte, error) {
	h.First, h.People = w.first, len(w.digests)
	content := w.content()
	sum := sha256.Sum256(content)
	if h.Version == "" {
		h.Version = fmt.Sprintf("%s-%x", h.At, sum[:4])
	}
	text, err := h.text(len(content), hex.EncodeToString(sum[:]))
	if err != nil {
		return nil, err
	}
	page, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return nil, &marz.Error{Op: "sign stays", Err: err}
	}
	return append(append(page, '\n'), content...), nil
}

// content is what follows the header: how many bits choose a bucket, where each bucket begins, the buckets.
func (w *Writer) content() []byte {
	width := min(bits.Len(uint(len(w.digests)/bucketOf)), maxBits)
	out := make([]byte, 1+4*(1<<width+1))
	out[0] = byte(width)
	next := 0 // the bucket whose beginning is to be noted next
	begin := func(bucket int) {
		for ; next <= bucket; next++ {
			binary.LittleEndian.PutUint32(out[1+4*next:], uint32(len(out)-1-4*(1<<width+1)))
		}
	}
	for i, d := range w.digests {
		begin(int(d >> (64 - width)))
		rest := binary.BigEndian.AppendUint64(nil, d<<width>>width)
		out = append(out, rest[8-restOf(width):]...)
		end := len(w.bodies)
		if i+1 < len(w.starts) {
			end = w.starts[i+1]
		}
		out = append(out, w.bodies[w.starts[i]:end]...)
	}
	begin(1 << width)
	return out
}

// text is the header that is signed.
func (h *Header) text(size int, digest string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nversion %s\nfrom %s\nat %s\nkey %s\nzone %s\nfirst %d\npeople %d\ncontent %d %s\n", Format, h.Version, or(h.From, "-"), h.At, h.KeyID, h.Zone, h.First, h.People, size, digest)
	for _, p := range h.Posts {
		fmt.Fprintf(&b, "post %s %d\n", p.Origin, p.Before)
	}
	if back, _, _, err := parseHeader(b.String()); err != nil || !same(back, h) {
		return "", &marz.Error{Op: "write stays", Fix: "its header cannot be written: version, key and zone are one word each, posts are in order of their names", Err: err}
	}
	return b.String(), nil
}

func same(a, b *Header) bool {
	return a.Version == b.Version && a.From == b.From && a.At == b.At && a.KeyID == b.KeyID && a.Zone == b.Zone && a.First == b.First && a.People == b.People && slices.Equal(a.Posts, b.Posts)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// split returns the header's note and the content of a file. The note ends with the first empty line after its signatures.
func split(b []byte) (msg, content []byte, ok bool) {
	_, after, ok := bytes.Cut(b, []byte("\n\n"))
	if !ok {
		return nil, nil, false
	}
	i := bytes.Index(after, []byte("\n\n"))
	if i < 0 {
		return nil, nil, false
	}
	n := len(b) - len(after) + i
	return b[:n+1], b[n+2:], true
}
