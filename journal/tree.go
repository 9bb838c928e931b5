package journal

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"fmt"
	"io"
	"math/bits"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
)

// Head is a signed tree head. Note is a C2SP tlog-checkpoint and is what others verify.
type Head struct {
	Size int64
	Root tlog.Hash
	Note []byte
}

// Frontier is the right edge of a tree: for each set bit L of the size, the hash of the complete subtree of 2^L leaves
// there. It is all that is needed to add leaves and to know the root. The zero Frontier is that of the empty tree.
type Frontier struct {
	size int64
	edge [64]tlog.Hash
}

// NewFrontier reads the right edge of a tree of the given size.
func NewFrontier(size int64, r tlog.HashReader) (Frontier, error) {
	f := Frontier{size: size}
	var levels []int
	var indexes []int64
	for level, end := 62, int64(0); level >= 0; level-- {
		if size>>level&1 == 1 {
			levels, indexes = append(levels, level), append(indexes, tlog.StoredHashIndex(level, end>>level))
			end += 1 << level
		}
	}
	if len(indexes) == 0 {
		return f, nil
	}
	hashes, err := r.ReadHashes(indexes)
	if err != nil {
		return f, err
	}
	for i, level := range levels {
		f.edge[level] = hashes[i]
	}
	return f, nil
}

// Size returns the number of leaves.
func (f *Frontier) Size() int64 { return f.size }

// Add appends a leaf and returns the hashes of all subtrees that it completes, lowest first (docs/spec/journal.md §4).
func (f *Frontier) Add(leaf tlog.Hash) []byte {
	return f.AppendTo(make([]byte, 0, 2*tlog.HashSize), leaf)
}

// AppendTo is Add, and appends the hashes to b.
func (f *Frontier) AppendTo(b []byte, leaf tlog.Hash) []byte {
	h, level := leaf, 0
	b = append(b, h[:]...)
	for ; f.size>>level&1 == 1; level++ {
		h = tlog.NodeHash(f.edge[level], h)
		b = append(b, h[:]...)
	}
	f.edge[level] = h
	f.size++
	return b
}

// Root returns the tree hash of RFC 6962 §2.1.
func (f *Frontier) Root() tlog.Hash {
	if f.size == 0 {
		root, _ := tlog.TreeHash(0, nil)
		return root
	}
	return f.Tail(63)
}

// Tail returns the tree hash over the leaves that follow the last multiple of 2^level. There must be one.
func (f *Frontier) Tail(level int) tlog.Hash {
	low := bits.TrailingZeros64(uint64(f.size))
	h := f.edge[low]
	for l := low + 1; l < level; l++ {
		if f.size>>l&1 == 1 {
			h = tlog.NodeHash(f.edge[l], h)
		}
	}
	return h
}

// readHash returns the hash over the 2^level leaves that end with the leaf last.
func readHash(ctx context.Context, db rowQuerier, level int, last int64) (tlog.Hash, error) {
	var h tlog.Hash
	var b []byte
	err := db.QueryRowContext(ctx, `SELECT hashes FROM entry WHERE seq = ?`, last).Scan(&b)
	if err == nil && len(b) < (level+1)*tlog.HashSize {
		err = fmt.Errorf("level %d is missing", level)
	}
	if err != nil {
		return h, &marz.Error{Op: "read tree hash", Subject: fmt.Sprintf("of seq %d", last), Fix: "run marz verify", Err: err}
	}
	copy(h[:], b[level*tlog.HashSize:])
	return h, nil
}

// hashReader serves golang.org/x/mod/sumdb/tlog from the stored hashes.
type hashReader struct {
	ctx context.Context
	db  rowQuerier
}

type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// ReadHashes implements tlog.HashReader.
func (r hashReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		level, n := tlog.SplitStoredHashIndex(x)
		h, err := readHash(r.ctx, r.db, level, (n+1)<<level-1)
		if err != nil {
			return nil, err
		}
		out[i] = h
	}
	return out, nil
}

// sign returns the head over f: its note is what the node says to the world.
func sign(origin marz.Origin, f *Frontier, signer note.Signer) (Head, error) {
	h := Head{Size: f.size, Root: f.Root()}
	text := torchwood.Checkpoint{Origin: string(origin), Tree: tlog.Tree{N: h.Size, Hash: h.Root}}.String()
	msg, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return h, &marz.Error{Op: "sign head", Subject: fmt.Sprintf("of size %d", h.Size), Err: err}
	}
	h.Note = msg
	return h, nil
}

// OpenHead checks a head's signature and origin and returns what it says.
func OpenHead(msg []byte, origin marz.Origin, verifier note.Verifier) (Head, error) {
	n, err := note.Open(msg, note.VerifierList(verifier))
	if err != nil {
		return Head{}, &marz.Error{Code: marz.Invalid, Op: "check head", Fix: "it is not signed by this node's key", Err: err}
	}
	c, err := torchwood.ParseCheckpoint(n.Text)
	if err != nil {
		return Head{}, &marz.Error{Code: marz.Invalid, Op: "check head", Fix: "its text is malformed", Err: err}
	}
	if c.Origin != string(origin) {
		return Head{}, &marz.Error{Code: marz.Invalid, Op: "check head", Subject: string(origin), Fix: fmt.Sprintf("it is the head of another journal, %.60q", c.Origin)}
	}
	return Head{Size: c.N, Root: c.Hash, Note: msg}, nil
}

// NewKey draws a node's signing key. It returns the signer's text, to be kept secret, and the verifier's, to be given to all.
func NewKey(random io.Reader, origin marz.Origin) (signer, verifier string, err error) {
	if err := origin.Validate(); err != nil {
		return "", "", err
	}
	signer, verifier, err = note.GenerateKey(random, string(origin))
	if err != nil {
		return "", "", &marz.Error{Op: "make key", Subject: string(origin), Err: err}
	}
	return signer, verifier, nil
}

// keyPair opens the signer's text and derives the verifier's.
func keyPair(text string) (note.Signer, note.Verifier, string, error) {
	bad := func(err error) (note.Signer, note.Verifier, string, error) {
		return nil, nil, "", &marz.Error{Code: marz.Invalid, Op: "open node key", Fix: "it is not a note signing key; put keys/node.key back from where it is kept", Err: err}
	}
	signer, err := note.NewSigner(text)
	if err != nil {
		return bad(err)
	}
	seed, err := seedOf(text)
	if err != nil {
		return bad(err)
	}
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(signer.Name(), public)
	if err != nil {
		return bad(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return bad(err)
	}
	return signer, verifier, vkey, nil
}
