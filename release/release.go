package release

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/journal"
)

// The kinds of entry of a headquarters' journal.
const (
	KindList     = "list.published"   // a version of a list, whole
	KindChange   = "list.changed"     // what leads from one version of it to the next
	KindOfficer  = "officer.posted"   // an officer of the headquarters' authority is known at posts
	KindStays    = "stays.published"  // the crossings at all posts, or what is new of them
	KindWidened  = "release.widened"  // one of these goes to all posts from here on
	KindRecalled = "release.recalled" // one of these is taken back
	KindVouched  = "hq.vouched"       // the authority's key says that this journal is its headquarters'
)

// Limits of what an entry can say.
const (
	MaxFile    = 1 << 40 // bytes of a list's file
	MaxInline  = 700_000 // bytes of a change that fit an entry's payload
	maxNote    = 4 << 10
	maxVersion = 200
	maxName    = 200
	maxTo      = 1000
	maxWhy     = 500
)

// List is the public part of KindList and KindChange: a built file, by its digest (docs/spec/list-file.md). It lies among the files of the headquarters; a change that is small is the payload of its entry as well.
type List struct {
	To      []marz.Origin    `json:"to,omitempty"` // posts to which it goes; none: all
	List    marz.ListID      `json:"list"`
	Name    string           `json:"name"`
	Owner   marz.AuthorityID `json:"owner"`
	Own     bool             `json:"own,omitempty"`  // it is the authority's own list: its hits are shown to its officers alone. Else it is used in common
	From    string           `json:"from,omitempty"` // of a change: the version that it leads from
	Version string           `json:"version"`
	Made    marz.Instant     `json:"made"` // when its content was brought
	SHA256  string           `json:"sha256"`
	Size    int64            `json:"size"`
	Note    string           `json:"note,omitempty"` // of a table of numbers: the note beside it
}

// Inline is the payload of a change that fits into its entry.
type Inline struct {
	File []byte `json:"file"`
}

// Stays is the public part of KindStays: a file of stays (docs/spec/stays-file.md), by its digest. Its payload is a StaysGiven.
type Stays struct {
	To      []marz.Origin `json:"to,omitempty"`
	From    string        `json:"from,omitempty"` // of a change: the version that it continues
	Version string        `json:"version"`
	Made    marz.Instant  `json:"made"` // when it was taken from the crossings that had come to the headquarters
	SHA256  string        `json:"sha256"`
	Size    int64         `json:"size"`
}

// StaysGiven is the private payload of KindStays.
type StaysGiven struct {
	Key  string `json:"key"`            // under which people are digests, as stays.Key writes it
	File []byte `json:"file,omitempty"` // a file that fits into its entry
}

// Officer is the public part of KindOfficer. Its payload is a Person.
type Officer struct {
	To      []marz.Origin  `json:"to,omitempty"`
	Officer marz.OfficerID `json:"officer"`
	Role    marz.Role      `json:"role"`
	// Host is the name to which his passkey is bound (WebAuthn's RP ID). Where a post has another, or he has none, he makes one there with a code.
	Host    string       `json:"host,omitempty"`
	Code    string       `json:"code,omitempty"` // SHA-256 of the one-time code, hex
	Expires marz.Instant `json:"expires,omitempty"`
}

// Person is the private payload of KindOfficer.
type Person struct {
	Name       string          `json:"name"`
	Credential string          `json:"credential,omitempty"` // of his passkey: hex ID, and the record as package passkey has it
	Record     json.RawMessage `json:"record,omitempty"`
}

// Widened is the public part of KindWidened.
type Widened struct {
	Release marz.Seq `json:"release"` // the entry that gave it out
}

// Recalled is the public part of KindRecalled.
type Recalled struct {
	Release marz.Seq `json:"release"`
	Why     string   `json:"why"`
}

// VouchedBy is the public part of KindVouched: a signed note (VoucherText).
type VouchedBy struct {
	Note string `json:"note"`
}

// Parse reads what an entry of one of these kinds says, and holds it to what can be: a *List, *Stays, *Officer, *Widened or *Recalled. Of other kinds it is nil.
func Parse(e journal.Entry) (any, error) {
	var v interface{ check(e *journal.Entry) string }
	switch e.Kind {
	case KindList, KindChange:
		v = &List{}
	case KindStays:
		v = &Stays{}
	case KindOfficer:
		v = &Officer{}
	case KindWidened:
		v = &Widened{}
	case KindRecalled:
		v = &Recalled{}
	default:
		return nil, nil
	}
	what := "it cannot be read"
	err := json.Unmarshal(e.Public, v)
	if err == nil {
		what = v.check(&e)
	}
	if what != "" {
		return nil, &marz.Error{Code: marz.Invalid, Op: "read entry", Subject: fmt.Sprintf("%s, seq %d: %s", e.Origin, e.Seq, e.Kind), Fix: what, Err: err}
	}
	return v, nil
}

func checkTo(to []marz.Origin) string {
	if len(to) > maxTo {
		return fmt.Sprintf("it names more than %d posts", maxTo)
	}
	for _, o := range to {
		if o.Validate() != nil {
			return fmt.Sprintf("%.60q cannot be the name of a post's journal", o)
		}
	}
	return ""
}

// checkFile holds to what can be how a file is named, and of when its content is.
func checkFile(sha256 string, size int64, made marz.Instant) string {
	digest, err := hex.DecodeString(sha256)
	switch {
	case err != nil || len(digest) != 32 || hex.EncodeToString(digest) != sha256:
		return "its digest is not a SHA-256 in small hex digits"
	case size < 1 || size > MaxFile:
		return "it gives no size that a file can have"
	case made.IsZero():
		return "it does not say when its content was brought"
	}
	return ""
}

func (s *Stays) check(e *journal.Entry) string {
	switch {
	case s.Version == "" || len(s.Version) > maxVersion || len(s.From) > maxVersion || s.From == s.Version:
		return "it has no version, or one that is too long, or leads on from itself"
	case e.Private == "":
		return "it does not bring the key of the digests"
	}
	if what := checkFile(s.SHA256, s.Size, s.Made); what != "" {
		return what
	}
	return checkTo(s.To)
}

func (l *List) check(e *journal.Entry) string {
	id := string(l.List)
	switch {
	case id == "" || len(id) > 100 || !filepath.IsLocal(id) || strings.ContainsAny(id, `/\`) || strings.HasPrefix(id, "."):
		return fmt.Sprintf("%.60q cannot be the id of a list", id)
	case l.Owner == "" || len(l.Owner) > 100:
		return "it does not say whose list it is"
	case l.Version == "" || len(l.Version) > maxVersion || len(l.Name) > maxName || len(l.Note) > maxNote:
		return "it has no version, or its version, name or note is too long"
	case (e.Kind == KindChange) != (l.From != "") || l.From == l.Version:
		return "a change names the version that it leads from, and no other does; the two are not the same"
	case e.Kind == KindChange && l.Note != "":
		return "a table of numbers has no changes"
	}
	if what := checkFile(l.SHA256, l.Size, l.Made); what != "" {
		return what
	}
	return checkTo(l.To)
}

func (o *Officer) check(e *journal.Entry) string {
	code, err := hex.DecodeString(o.Code)
	switch {
	case o.Officer.Validate() != nil:
		return fmt.Sprintf("%.60q cannot be an officer", o.Officer)
	case o.Officer.Authority() != e.Authority:
		return fmt.Sprintf("%s is not an officer of %s, whose act it is", o.Officer, e.Authority)
	case o.Role != marz.RoleOfficer && o.Role != marz.RoleSupervisor:
		return "his role is officer or supervisor"
	case o.Code != "" && (err != nil || len(code) != 32 || hex.EncodeToString(code) != o.Code || o.Expires.IsZero()):
		return "the code of his invitation is not a SHA-256 in small hex digits, or has no end"
	case e.Private == "":
		return "it does not say who he is"
	}
	return checkTo(o.To)
}

func (w *Widened) check(e *journal.Entry) string {
	if w.Release < 0 || w.Release >= e.Seq {
		return "it names no entry before it"
	}
	return ""
}

func (r *Recalled) check(e *journal.Entry) string {
	if r.Release < 0 || r.Release >= e.Seq {
		return "it names no entry before it"
	}
	if r.Why == "" || len(r.Why) > maxWhy {
		return fmt.Sprintf("say why, in at most %d bytes", maxWhy)
	}
	return ""
}

// VoucherText is what an authority signs with its own key, as a C2SP signed-note, to say whose word the journal of its headquarters is.
func VoucherText(origin marz.Origin, vkey string) string {
	return fmt.Sprintf("marz/headquarters/v1\n%s\n%s\n", origin, vkey)
}

// Vouched reports whether an authority has signed that a journal, of this name and verifier key, is its headquarters'.
func Vouched(voucher []byte, origin marz.Origin, vkey, authority string) error {
	bad := &marz.Error{Code: marz.Invalid, Op: "check voucher", Subject: string(origin), Fix: "it is not signed by the key of the authority, or is about another journal; sign it with marz authority vouch"}
	v, err := note.NewVerifier(authority)
	if err != nil {
		return bad
	}
	n, err := note.Open(voucher, note.VerifierList(v))
	if err != nil || n.Text != VoucherText(origin, vkey) {
		return bad
	}
	return nil
}
