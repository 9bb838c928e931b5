package mirror

import (
	"context"
	"errors"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
)

// packageSize is the number of entries at whose multiples packages are aligned (C2SP tlog-mirror).
const packageSize = 256

// maxProof bounds the hashes of one proof (C2SP tlog-mirror, tlog-witness).
const maxProof = 63

var errSubtree = errors.New("it is no subtree of the tree")

// A span is the leaves [lo, hi).
type leafSpan struct {
	lo, hi int64
	left   bool // it lies to the left of the way
}

// way lists the subtrees that lie beside the way from the root of a tree of n leaves down to the subtree [start, end), from the lowest up. For a
// subtree that lies whole in the tree that is the subtree consistency proof of draft-ietf-plants-merkle-tree-certs.
func way(n, start, end int64) ([]leafSpan, error) {
	if start < 0 || start >= end || end > n {
		return nil, errSubtree
	}
	var out []leafSpan
	lo, hi := int64(0), n
	for lo != start || hi != end {
		if hi-lo < 2 {
			return nil, errSubtree
		}
		k := lo + int64(1)<<(bits.Len64(uint64(hi-lo-1))-1) // lo and the largest power of two below hi - lo
		switch {
		case end <= k:
			out = append(out, leafSpan{k, hi, false})
			hi = k
		case start >= k:
			out = append(out, leafSpan{lo, k, true})
			lo = k
		default:
			return nil, errSubtree
		}
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out, nil
}

// proveSubtree proves that the subtree [start, end) is one of the tree of n leaves.
func proveSubtree(n, start, end int64, r tlog.HashReader) ([]tlog.Hash, error) {
	beside, err := way(n, start, end)
	if err != nil || len(beside) == 0 {
		return nil, err
	}
	var indexes []int64
	counts := make([]int, len(beside))
	for i, s := range beside {
		before := len(indexes)
		indexes = spanIndexes(indexes, s.lo, s.hi)
		counts[i] = len(indexes) - before
	}
	hashes, err := r.ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	proof := make([]tlog.Hash, len(beside))
	for i, c := range counts {
		proof[i] = foldRight(hashes[:c])
		hashes = hashes[c:]
	}
	return proof, nil
}

// spanIndexes appends where the hashes of the complete subtrees are stored of which [lo, hi) is made. lo is aligned for the first.
func spanIndexes(indexes []int64, lo, hi int64) []int64 {
	for lo < hi {
		level := bits.Len64(uint64(hi-lo)) - 1
		indexes = append(indexes, tlog.StoredHashIndex(level, lo>>level))
		lo += 1 << level
	}
	return indexes
}

// foldRight returns the hash over complete subtrees of falling size.
func foldRight(hashes []tlog.Hash) tlog.Hash {
	h := hashes[len(hashes)-1]
	for i := len(hashes) - 2; i >= 0; i-- {
		h = tlog.NodeHash(hashes[i], h)
	}
	return h
}

// checkSubtree checks a proof that the subtree [start, end), whose hash is h, is one of the tree of n leaves whose hash is root.
func checkSubtree(proof []tlog.Hash, n int64, root tlog.Hash, start, end int64, h tlog.Hash) error {
	beside, err := way(n, start, end)
	if err != nil {
		return err
	}
	if len(proof) != len(beside) {
		return errors.New("the proof does not have the right length")
	}
	for i, s := range beside {
		if s.left {
			h = tlog.NodeHash(proof[i], h)
		} else {
			h = tlog.NodeHash(h, proof[i])
		}
	}
	if h != root {
		return errors.New("the proof does not lead to the head")
	}
	return nil
}

// storedHashes gives the tree hashes that a store holds to golang.org/x/mod/sumdb/tlog.
type storedHashes struct {
	ctx    context.Context
	store  Store
	origin marz.Origin
}

// ReadHashes implements tlog.HashReader.
func (r storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	seqs := make([]int64, len(indexes))
	levels := make([]int, len(indexes))
	for i, x := range indexes {
		level, n := tlog.SplitStoredHashIndex(x)
		seqs[i], levels[i] = (n+1)<<level-1, level
	}
	rows, err := r.store.Hashes(r.ctx, r.origin, seqs)
	if err != nil {
		return nil, err
	}
	out := make([]tlog.Hash, len(indexes))
	for i, b := range rows {
		if len(b) < (levels[i]+1)*tlog.HashSize {
			return nil, &marz.Error{Op: "read mirror of", Subject: string(r.origin), Fix: "a tree hash is missing: the database is damaged"}
		}
		copy(out[i][:], b[levels[i]*tlog.HashSize:])
	}
	return out, nil
}

// rootsAt returns the tree hashes at some sizes, all of which are held, with one question to the store.
func rootsAt(sizes []int64, r tlog.HashReader) ([]tlog.Hash, error) {
	var indexes []int64
	counts := make([]int, len(sizes))
	for i, size := range sizes {
		before := len(indexes)
		indexes = spanIndexes(indexes, 0, size)
		counts[i] = len(indexes) - before
	}
	hashes, err := r.ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	out := make([]tlog.Hash, len(sizes))
	for i, c := range counts {
		out[i] = foldRight(hashes[:c])
		hashes = hashes[c:]
	}
	return out, nil
}

func checkTree(proof []tlog.Hash, newer, older journal.Head) error {
	return tlog.CheckTree(proof, newer.Size, newer.Root, older.Size, older.Root)
}

// packageHash returns the hash of the subtree [rounded, to) at the end of a tree of to leaves. last are the hashes that its last leaf completed.
func packageHash(tree *journal.Frontier, last []byte, rounded, to int64) tlog.Hash {
	const level = 8 // packageSize is 2^level
	if to-rounded == packageSize {
		return tlog.Hash(last[level*tlog.HashSize : (level+1)*tlog.HashSize])
	}
	return tree.Tail(level)
}
