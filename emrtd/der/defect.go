package der

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Name names a kind of departure from a standard. Names are stable and stand in records.
type Name string

// What this package tolerates. Readers above it have names of their own.
const (
	IndefiniteLength Name = "indefinite-length"   // BER, X.690 §8.1.3.6
	LengthNotMinimal Name = "length-not-minimal"  // X.690 §10.1
	TagNotMinimal    Name = "tag-not-minimal"     // X.690 §8.1.2.4
	ConstructedText  Name = "constructed-string"  // a string in pieces, X.690 §10.2
	IntegerPadded    Name = "integer-not-minimal" // X.690 §8.3.2
	IntegerEmpty     Name = "integer-empty"       // no content octet; read as 0
	BooleanValue     Name = "boolean-not-der"     // true is not FF, X.690 §11.1
	OIDNotMinimal    Name = "oid-not-minimal"     // X.690 §8.19.2
	BitPadding       Name = "bit-string-padding"  // unused bits that are not 0, X.690 §11.2.1
	TimeForm         Name = "time-form"           // understood, and not written as X.690 §11.7 and §11.8 say
	TimeUnreadable   Name = "time-unreadable"     // it is no time; whatever depends on it cannot be determined
	TextBytes        Name = "string-characters"   // bytes that its string type does not have
	TrailingBytes    Name = "trailing-bytes"      // after the element that the input should be
	SetNotSorted     Name = "set-not-sorted"      // X.690 §11.6
	DefaultEncoded   Name = "default-encoded"     // a default value that is written out, X.690 §11.5
	MoreDefects      Name = "more-defects"        // than are listed
)

// Defect is a departure from a standard that was tolerated: what, where, and in what.
type Defect struct {
	Name   Name   `json:"name"`
	In     string `json:"in,omitempty"`     // the object whose bytes Offset counts, for example "signer certificate"
	Offset int    `json:"offset"`           // in bytes from the object's first one; -1 where the defect has no place
	Detail string `json:"detail,omitempty"` // in words; never personal data
}

// String is the defect on one line.
func (d Defect) String() string {
	s := string(d.Name)
	if d.In != "" {
		s += " in " + d.In
	}
	if d.Offset >= 0 {
		s += fmt.Sprintf(" at byte %d", d.Offset)
	}
	if d.Detail != "" {
		s += ": " + d.Detail
	}
	return s
}

// Note adds a defect, up to a bound; those beyond it are counted.
func (r *Reader) Note(name Name, offset int, detail string) {
	if len(r.Defects) >= maxDefects {
		r.Dropped++
		return
	}
	r.Defects = append(r.Defects, Defect{Name: name, Offset: offset, Detail: detail})
}

// All returns the defects, with a last one that counts those that were not listed.
func (r *Reader) All() []Defect {
	if r.Dropped == 0 {
		return r.Defects
	}
	return append(r.Defects[:len(r.Defects):len(r.Defects)], Defect{Name: MoreDefects, Offset: -1, Detail: fmt.Sprintf("%d more", r.Dropped)})
}

// Within returns the defects as ones of the named object.
func Within(in string, list []Defect) []Defect {
	out := make([]Defect, len(list))
	for i, d := range list {
		if d.In == "" {
			d.In = in
		} else {
			d.In = in + ", " + d.In
		}
		out[i] = d
	}
	return out
}

// Digest is the SHA-256 of bytes that are passed over, so that no two of them are reported alike.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
