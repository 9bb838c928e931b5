package web

import (
	"strings"

	"marz"
)

// HeadquartersBody is the body of a headquarters' first page: its own head, and how far the journals are that it mirrors. It holds no personal data.
type HeadquartersBody struct {
	Origin      marz.Origin // of its own journal
	VerifierKey string      // of its own journal
	MirrorKey   string      // of its cosignatures
	Size        int64
	Root        string       // base64
	At          marz.Instant // of its newest entry
	Nodes       []MirroredNode
}

// MirroredNode is how much of a node's journal a headquarters holds, and how old that is.
type MirroredNode struct {
	Post     marz.PostID  `json:"post"`
	Name     string       `json:"name"`
	Origin   marz.Origin  `json:"origin"`
	Key      string       `json:"key"`             // the journal's verifier key
	Entry    marz.Seq     `json:"entry"`           // of the headquarters' journal that enrolled it
	Since    marz.Instant `json:"since"`           // when that was
	Gone     marz.Instant `json:"gone,omitempty"`  // when it was dismissed
	Held     int64        `json:"held"`            // entries that are held, proven and cosigned
	Coming   int64        `json:"coming"`          // entries beyond, of which a head was taken in already
	Payloads int64        `json:"payloads"`        // of entries below this seq the payloads are here, as far as they are given
	Newest   marz.Instant `json:"newest,omitzero"` // instant of the newest entry that is held
	Cosigned marz.Instant `json:"cosigned,omitzero"`
	Evidence []Evidence   `json:"evidence,omitempty"`
}

// Total is how many entries the newest head is over that was taken in.
func (n *MirroredNode) Total() int64 { return n.Held + n.Coming }

// Forks are the pieces of evidence that a node signed two histories.
func (n *MirroredNode) Forks() (out []Evidence) {
	for _, e := range n.Evidence {
		if e.Kind == "fork" {
			out = append(out, e)
		}
	}
	return out
}

// Evidence is what a mirror refused because it cannot be, and keeps.
type Evidence struct {
	Kind   string       `json:"kind"` // "fork" or "payload"
	At     marz.Instant `json:"at"`
	Held   string       `json:"held,omitempty"`  // of a fork: the head that the mirror held
	Given  string       `json:"given,omitempty"` // and the one that came
	Proven bool         `json:"proven"`          // it convinces anybody who has the node's verifier key
	Seq    marz.Seq     `json:"seq,omitempty"`   // of a payload: the entry
	Digest string       `json:"digest,omitempty"`
	Got    string       `json:"got,omitempty"`
	From   string       `json:"from,omitempty"` // the client's key
	File   string       `json:"file"`           // where it can be had as it is kept
}

// Words says in one line what the evidence is.
func (e Evidence) Words() string {
	if e.Kind == "fork" {
		return "It signed two histories: heads of size " + sizeOf(e.Held) + " and " + sizeOf(e.Given) + " that contradict each other"
	}
	return "A payload came that is not the one in its entry"
}

// sizeOf reads the size out of a head's text.
func sizeOf(head string) string {
	if lines := strings.SplitN(head, "\n", 3); len(lines) == 3 {
		return lines[1]
	}
	return "unknown"
}
