// Package stays is the file by which a post knows where else a traveller has entered and left: days of crossings at all posts, under keyed digests of people.
//
// It owns the file's bytes (docs/spec/stays-file.md), how a headquarters writes it, how a post looks into it, and what changes from one version to the next. It promises: nobody's name, birth date or number is
// in the file, nor anything from which they can be computed without the key and a guess; a file that is not signed as it should be, or damaged anywhere, is refused whole; every answer says how old it is.
// Package hq/nation makes the files, package post looks into them.
package stays

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"marz"
)

// Person is who is looked for, as the zone of his document has it: the parts that stay the same when he gets a new document. They are those of the key "traveller" of a post.
type Person struct {
	Nationality string `json:"nationality,omitempty"`
	Birth       string `json:"birth,omitempty"` // YYYY-MM-DD with X for unknown digits
	Primary     string `json:"primary,omitempty"`
	Secondary   string `json:"secondary,omitempty"`
}

// Key is under which people are digests. A state has one; it is at the headquarters and at every post, and is no secret of the journal. The zero Key is none.
type Key [32]byte

// NewKey makes a key.
func NewKey(random io.Reader) (k Key, err error) {
	if random == nil {
		random = rand.Reader
	}
	_, err = io.ReadFull(random, k[:])
	return k, err
}

// ParseKey reads a key as String writes it, with or without white space around.
func ParseKey(text string) (k Key, err error) {
	b, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != len(k) {
		return k, &marz.Error{Code: marz.Invalid, Op: "read key of stays", Fix: fmt.Sprintf("it is one line of %d hexadecimal digits", 2*len(k))}
	}
	return Key(b), nil
}

// String writes the key.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// IsZero reports whether it is none.
func (k Key) IsZero() bool { return k == Key{} }

// ID names the key in a file and does not give it away.
func (k Key) ID() string {
	h := sha256.Sum256(append([]byte("marz/stays-key/v1\n"), k[:]...))
	return hex.EncodeToString(h[:8])
}

// Digest is a person's: the first 64 bits of HMAC-SHA-256 over the word "stays" and the parts, each after a byte 0.
func (k Key) Digest(p Person) uint64 {
	m := hmac.New(sha256.New, k[:])
	io.WriteString(m, "stays")
	for _, s := range []string{p.Nationality, p.Birth, p.Primary, p.Secondary} {
		m.Write([]byte{0})
		io.WriteString(m, s)
	}
	return binary.BigEndian.Uint64(m.Sum(nil))
}

// Movement is one crossing of a person.
type Movement struct {
	Day       int // number of the calendar day in the state's zone, counted from 1970-01-01
	Direction marz.Direction
}

// Header is what a file says of itself.
type Header struct {
	Version string       // names the content; no two contents of a state have the same
	From    string       // of a change: the version that it continues; "": it is whole
	At      marz.Instant // when it was taken from the crossings that had come to the headquarters
	KeyID   string       // Key.ID of the key under which people are digests
	Zone    string       // IANA time zone in which days are
	First   int          // the first day of which crossings are in it
	People  int          // how many digests
	Posts   []Covered    // up to where each post's crossings are in it, by name
}

// Covered is a post's journal, of which crossings with an inspection before Before are in the file, and others are not.
type Covered struct {
	Origin marz.Origin
	Before marz.Seq
}

// CoveredOf returns before which inspection the crossings of a post are in the file; 0: none is.
func (h *Header) CoveredOf(origin marz.Origin) marz.Seq {
	for _, c := range h.Posts {
		if c.Origin == origin {
			return c.Before
		}
	}
	return 0
}
