package mirror

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"marz"
	"marz/journal"
)

// Kinds of evidence.
const (
	EvidenceFork    = "fork"    // two heads that contradict each other, both signed
	EvidencePayload = "payload" // a payload that is not the one in whose name it came
	EvidenceHead    = "head"    // what was given for a head, and was refused without a proof against it
	EvidenceFile    = "file"    // a file that is not the one whose digest it was asked for by
)

// Evidence is what a mirror or a follower keeps of what it refused because it cannot be. Of a fork it convinces anybody who has the node's
// verifier key: nobody need be believed. All else is the record of who refused it. It holds no personal data.
type Evidence struct {
	Kind   string       `json:"kind"`
	At     marz.Instant `json:"at"` // when the mirror refused it
	Origin marz.Origin  `json:"origin"`

	// Of a fork: the head that the mirror holds, the one that came, and of the larger of the two the tree hash at the size of the smaller, with its
	// proof (RFC 6962 §2.1.2).
	Held  string      `json:"held,omitempty"`
	Given string      `json:"given,omitempty"`
	Root  tlog.Hash   `json:"root,omitzero"`
	Proof []tlog.Hash `json:"proof,omitempty"`

	// Of a head without a proof: Held and Given as of a fork, as far as they are heads, and why it was refused.
	Why string `json:"why,omitempty"`

	// Of a payload: the entry, the digest in it, and that of what came. From is the client's key, hex SHA-256. Of a file: both digests.
	Seq    marz.Seq `json:"seq,omitempty"`
	Digest string   `json:"digest,omitempty"`
	Got    string   `json:"got,omitempty"`
	From   string   `json:"from,omitempty"`
}

// id tells pieces of evidence apart: the head that was refused, or the entry and what came for it.
func (e *Evidence) id() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%s", e.Given, e.Seq, e.Got))
	return hex.EncodeToString(sum[:])
}

// ParseEvidence reads what Store.Evidence returns.
func ParseEvidence(doc []byte) (*Evidence, error) {
	e := &Evidence{}
	if err := json.Unmarshal(doc, e); err != nil {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read evidence", Fix: "it is malformed", Err: err}
	}
	return e, nil
}

// Verify returns nil when the evidence proves that the node of this verifier key signed two histories. It needs nothing else.
func (e *Evidence) Verify(vkey string) error {
	bad := func(what string, err error) error {
		return &marz.Error{Code: marz.Invalid, Op: "check evidence", Subject: string(e.Origin), Fix: what, Err: err}
	}
	if e.Kind != EvidenceFork {
		return bad("it is a mirror's record, and proves nothing to others", nil)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return bad("the verifier key is malformed", err)
	}
	held, err := journal.OpenHead([]byte(e.Held), e.Origin, v)
	if err != nil {
		return bad("the head that the mirror held is not signed by this key", err)
	}
	given, err := journal.OpenHead([]byte(e.Given), e.Origin, v)
	if err != nil {
		return bad("the head that came is not signed by this key", err)
	}
	if err := contradict(held, given, e.Root, e.Proof); err != nil {
		return bad("the two heads do not contradict each other", err)
	}
	return nil
}

// contradict returns nil when the proof shows that the larger head's tree does not begin with the smaller's.
func contradict(a, b journal.Head, root tlog.Hash, proof []tlog.Hash) error {
	small, large := a, b
	if small.Size > large.Size {
		small, large = b, a
	}
	switch {
	case small.Size == large.Size && small.Root != large.Root:
		return nil
	case small.Size == large.Size || small.Size < 1:
		return errors.New("they are of one size and say the same")
	case root == small.Root:
		return errors.New("the larger tree begins with the smaller")
	}
	return tlog.CheckTree(proof, large.Size, large.Root, small.Size, root)
}

// fork builds the evidence that two heads contradict each other, or returns nil when that is not proven.
func fork(held, given journal.Head, origin marz.Origin, at marz.Instant, root tlog.Hash, proof []tlog.Hash) *Evidence {
	if contradict(held, given, root, proof) != nil {
		return nil
	}
	e := &Evidence{Kind: EvidenceFork, At: at, Origin: origin, Held: string(held.Note), Given: string(given.Note)}
	if held.Size != given.Size {
		e.Root, e.Proof = root, proof
	}
	return e
}
