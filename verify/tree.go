package verify

import (
	"crypto/sha256"
	"math/bits"
)

// digest is a SHA-256 value.
type digest [sha256.Size]byte

// nodeHash returns the hash of an inner node (RFC 6962 §2.1).
func nodeHash(left, right *digest) digest {
	var b [1 + 2*sha256.Size]byte
	b[0] = 0x01
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// tree is an RFC 6962 Merkle tree that only grows. It holds the roots of the complete subtrees that its leaves make up,
// largest first: one for each one bit of size, so at most 63.
type tree struct {
	size  int64
	peaks []digest
}

// add appends a leaf and returns the hashes of all complete subtrees that it completes, lowest level first, written
// over buf.
func (t *tree) add(leaf digest, buf []digest) []digest {
	done := append(buf[:0], leaf)
	for range bits.TrailingZeros64(^uint64(t.size)) {
		last := len(t.peaks) - 1
		leaf = nodeHash(&t.peaks[last], &leaf)
		t.peaks = t.peaks[:last]
		done = append(done, leaf)
	}
	t.peaks = append(t.peaks, leaf)
	t.size++
	return done
}

// root returns the hash of the whole tree (RFC 6962 §2.1, MTH).
func (t *tree) root() digest {
	if len(t.peaks) == 0 {
		return sha256.Sum256(nil)
	}
	h := t.peaks[len(t.peaks)-1]
	for i := len(t.peaks) - 2; i >= 0; i-- {
		h = nodeHash(&t.peaks[i], &h)
	}
	return h
}

// set makes t a copy of u.
func (t *tree) set(u *tree) {
	t.size = u.size
	t.peaks = append(t.peaks[:0], u.peaks...)
}
