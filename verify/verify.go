// Package verify is the independent checker of journals: it proves, or disproves, that a journal is complete and unaltered,
// and names the first entry that is not. It checks acts of handover as well: who agreed to what, and that it happened.
//
// It owns its own reading of everything: SQLite's file format and write-ahead log, the Merkle tree of RFC 6962, signed notes,
// and the bytes of entries. It is written from docs/spec/journal.md and public standards alone, and imports neither package
// journal nor SQLite, so that a fault in the writer cannot hide in the checker. It only reads, and never waits for a node
// or makes one wait: see DESIGN.md for how it reads the folder of a running node.
//
// What it promises: a file that was altered, by accident or on purpose, leads to a Problem and never to a panic, an endless
// loop or unbounded memory. It streams, and holds one byte for each entry besides a few pages. An error is returned
// only for what could not be read at all. Neither problems nor errors quote payloads or the contents of entries.
package verify

import (
	"encoding/base64"
	"fmt"
	"slices"
	"sort"

	"marz"
)

// MaxProblems is how many problems a report lists; it counts them all.
const MaxProblems = 100

// Options says what to check a journal against.
type Options struct {
	// Key is the verifier key that must have signed every head. It is what protects against a history that was written and
	// signed anew as a whole, so give it where it is known from elsewhere. Empty means the key in node.pub, or in the
	// bundle, which must be that of entry 0.
	Key string

	begin func(*checker) // called with each checker before it reads; nil: nothing is
}

// A Problem is one thing that does not hold.
type Problem struct {
	Seq  int64  `json:"seq"` // the entry concerned, for a head the first entry it covers; -1 when it is no single entry
	What string `json:"what"`
}

// String returns the problem on one line.
func (p Problem) String() string {
	if p.Seq < 0 {
		return p.What
	}
	return fmt.Sprintf("seq %d: %s", p.Seq, p.What)
}

// Report is what a check found.
type Report struct {
	Origin   string `json:"origin"`   // the journal's name
	Key      string `json:"key"`      // the verifier key that the heads were checked with
	Entries  int64  `json:"entries"`  // entries read
	Heads    int64  `json:"heads"`    // heads read
	Payloads int64  `json:"payloads"` // private payloads present
	Erased   int64  `json:"erased"`   // private payloads that an entry erased
	Size     int64  `json:"size"`     // of the newest head with a good signature
	Root     string `json:"root"`     // its root hash, base64
	LastAt   string `json:"last_at"`  // instant of the last entry
	Exercise bool   `json:"exercise"` // the journal is an exercise's, and never evidence of a real crossing
	Withheld bool   `json:"withheld"` // a bundle without all payloads: the digests of those that are not there were not checked

	ProblemCount int64     `json:"problem_count"` // all that were found
	Problems     []Problem `json:"problems"`      // the first MaxProblems of them, ascending by seq
	Notes        []string  `json:"notes"`         // what a reader should know although it is in order
}

// OK reports whether all holds.
func (r *Report) OK() bool { return r.ProblemCount == 0 }

// First returns the problem with the lowest seq that concerns an entry, or any problem when none does.
func (r *Report) First() (Problem, bool) {
	for _, p := range r.Problems {
		if p.Seq >= 0 {
			return p, true
		}
	}
	if len(r.Problems) > 0 {
		return r.Problems[0], true
	}
	return Problem{}, false
}

// problem adds a problem in its place. Those of one seq stay in the order in which they were found. Where the list is
// full, a tenth of it is kept for problems of single entries, whatever many others there are.
func (r *Report) problem(seq int64, format string, args ...any) {
	r.ProblemCount++
	p := Problem{Seq: max(seq, -1), What: fmt.Sprintf(format, args...)}
	after := func(seq int64) int {
		return sort.Search(len(r.Problems), func(i int) bool { return r.Problems[i].Seq > seq })
	}
	i, general := after(p.Seq), after(-1)
	if p.Seq < 0 && general >= MaxProblems-MaxProblems/10 {
		return
	}
	r.Problems = slices.Insert(r.Problems, i, p)
	r.Problems = r.Problems[:min(len(r.Problems), MaxProblems)]
}

func newReport() *Report { return &Report{Problems: []Problem{}, Notes: []string{}} }

// between returns the seq of the first problem from one seq up to before another, if there is one.
func (r *Report) between(from, to int64) (int64, bool) {
	for _, p := range r.Problems {
		if from <= p.Seq && p.Seq < to {
			return p.Seq, true
		}
	}
	return 0, false
}

// setNewest records the newest head that is signed.
func (r *Report) setNewest(h *head) {
	r.Size = h.size
	r.Root = base64.StdEncoding.EncodeToString(h.root[:])
}

// unreadable returns the error for what could not be read at all.
func unreadable(code marz.Code, subject, fix string, err error) error {
	return &marz.Error{Code: code, Op: "verify", Subject: subject, Fix: fix, Err: err}
}
