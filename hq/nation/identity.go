package nation

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"

	"marz"
	"marz/inspection/stays"
)

// Identity is whom a question is about, as a document's zone has it: a document, or a person, or both.
type Identity struct {
	Issuer string `json:"issuer,omitempty"` // of the document
	Number string `json:"number,omitempty"`

	stays.Person
}

// hasDocument and hasPerson report which half of it was given.
func (i Identity) hasDocument() bool { return i.Issuer != "" && i.Number != "" }
func (i Identity) hasPerson() bool   { return i.Nationality != "" && i.Birth != "" && i.Primary != "" }

// Validate reports whether anybody can be found by it.
func (i Identity) Validate() error {
	if !i.hasDocument() && !i.hasPerson() {
		return &marz.Error{Code: marz.Invalid, Op: "search", Fix: "give a document's issuer and number, or nationality, birth date and name"}
	}
	return nil
}

// keyed is HMAC-SHA-256 over a word and NUL-separated parts, as a post's index has it (docs/spec/entries.md).
func keyed(key []byte, what string, parts ...string) []byte {
	m := hmac.New(sha256.New, key)
	io.WriteString(m, what)
	for _, p := range parts {
		m.Write([]byte{0})
		io.WriteString(m, p)
	}
	return m.Sum(nil)
}

// short is a digest as it stands in a table: its first 64 bits. Of ten million people one in a billion billion questions finds a stranger by it.
func short(digest []byte) int64 { return int64(binary.BigEndian.Uint64(digest)) }

func (x *Index) personOf(p stays.Person) int64 {
	return short(keyed(x.Key, "person", p.Nationality, p.Birth, p.Primary, p.Secondary))
}

func (x *Index) documentOf(issuer, number string) int64 {
	return short(keyed(x.Key, "document", issuer, number))
}

// about is the mark of a question in an entry: it tells nothing without the key, and two questions about one person have two.
func (x *Index) about(nonce string, i Identity) string {
	return hex.EncodeToString(keyed(x.Key, "searched", nonce, i.Issuer, i.Number, i.Nationality, i.Birth, i.Primary, i.Secondary)[:16])
}

// facts are what the index takes from the payload of an inspection.
type facts struct {
	known                  bool
	person, document, stay int64
	nationality            string
}

// factsOf reads a payload. One that cannot be read, or is no inspection's, has none.
func (x *Index) factsOf(payload []byte) (f facts) {
	var p struct {
		Document struct {
			Issuer, Number, Primary, Secondary, Nationality, Birth string
		} `json:"document"`
	}
	if json.Unmarshal(payload, &p) != nil || p.Document.Nationality == "" && p.Document.Number == "" {
		return f
	}
	d := p.Document
	who := stays.Person{Nationality: d.Nationality, Birth: d.Birth, Primary: d.Primary, Secondary: d.Secondary}
	f = facts{known: true, person: x.personOf(who), document: x.documentOf(d.Issuer, d.Number), nationality: coarse(d.Nationality)}
	if !x.Stays.IsZero() {
		f.stay = signed(x.Stays.Digest(who))
	}
	return f
}

// coarse is a nationality as it is counted: at most three letters, as ICAO 9303-3 §5 has them. What is none of these is "other".
func coarse(code string) string {
	if len(code) == 0 || len(code) > 3 {
		return "other"
	}
	for _, c := range []byte(code) {
		if c < 'A' || c > 'Z' {
			return "other"
		}
	}
	return code
}
