package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"

	"marz"
)

// Limits of one entry (docs/spec/journal.md §2, §3). The limit of a body is that of an entry in C2SP tlog-tiles.
const (
	MaxBody    = 65_535
	MaxPayload = 1 << 20
	SaltSize   = 32
)

// Kinds that the journal itself knows; all others belong to the packages that append them.
const (
	KindCreated = "node.created"   // entry 0
	KindErased  = "payload.erased" // names the seqs whose payloads are gone
)

// Entry is one event as it stands in the log. Its JSON form, in this order of members, is what the leaf hashes.
type Entry struct {
	V         int              `json:"v"`
	Seq       marz.Seq         `json:"seq"`
	At        marz.Instant     `json:"at"`
	Origin    marz.Origin      `json:"origin"`
	Kind      string           `json:"kind"`
	Officer   marz.OfficerID   `json:"officer"`
	Authority marz.AuthorityID `json:"authority"`
	Under     marz.ArticleRef  `json:"under"`
	Policy    string           `json:"policy"`
	Public    json.RawMessage  `json:"public"`
	Private   string           `json:"private"` // hex SHA-256(salt ‖ payload), or ""
}

// Draft is an entry before the journal gives it its seq, instant and digests.
type Draft struct {
	Kind      string
	Officer   marz.OfficerID // "" for an act of the node itself
	Authority marz.AuthorityID
	Under     marz.ArticleRef
	Policy    string // hex SHA-256 of the rules in force
	Public    any    // marshalled to a JSON object; no personal data
	Private   any    // marshalled to JSON and kept beside the log; nil for none
}

// Created is the public part of entry 0.
type Created struct {
	Key      string      `json:"key"` // the node's verifier key
	Post     marz.PostID `json:"post,omitempty"`
	Exercise bool        `json:"exercise"`
}

// Erased is the public part of an erasure.
type Erased struct {
	Seqs []marz.Seq `json:"seqs"`
	Why  string     `json:"why"`
}

var (
	kindPattern   = regexp.MustCompile(`^[a-z]+(\.[a-z]+)+$`)
	policyPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
	// plainPattern is what may stand between quotes in an entry as it is: identifiers and articles.
	plainPattern = regexp.MustCompile(`^[A-Za-z0-9./_-]*$`)
)

// record is an entry that is on its way into a transaction.
type record struct {
	Entry
	body    []byte
	hashes  []byte
	salt    []byte
	payload []byte // nil for none
}

// check holds a draft to the laws of docs/spec/journal.md §2 before it can become bytes.
func (d *Draft) check() error {
	bad := func(what string) error {
		return &marz.Error{Code: marz.Internal, Op: "append entry", Subject: fmt.Sprintf("%.60q", d.Kind), Fix: what}
	}
	switch {
	case !kindPattern.MatchString(d.Kind):
		return bad("the kind is not of the form noun.verb")
	case d.Authority == "" || !plainPattern.MatchString(string(d.Authority)):
		return bad("no authority acts")
	case d.Under == "" || !plainPattern.MatchString(string(d.Under)):
		return bad("no article is named that gives the power")
	case !plainPattern.MatchString(string(d.Officer)):
		return bad("the officer's number is malformed")
	case !policyPattern.MatchString(d.Policy):
		return bad("the policy is not a SHA-256 in hex")
	case d.Officer != "" && d.Officer.Authority() != d.Authority:
		return bad("the officer does not serve the authority that acts")
	}
	return nil
}

// seal turns a draft into a record with its final bytes, still without tree hashes.
func (d *Draft) seal(seq marz.Seq, at marz.Instant, origin marz.Origin, salt []byte) (*record, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	r := &record{Entry: Entry{V: 1, Seq: seq, At: at, Origin: origin, Kind: d.Kind, Officer: d.Officer,
		Authority: d.Authority, Under: d.Under, Policy: d.Policy}}
	var err error
	if r.Public, err = marshal(d.Public); err != nil {
		return nil, err
	}
	if len(r.Public) == 0 || r.Public[0] != '{' {
		return nil, &marz.Error{Op: "append entry", Subject: d.Kind, Fix: "its public part is not a JSON object"}
	}
	if d.Private != nil {
		if r.payload, err = marshal(d.Private); err != nil {
			return nil, err
		}
		r.salt = salt
		r.Private = Digest(salt, r.payload)
	}
	r.body = r.Entry.appendTo(make([]byte, 0, 320+len(r.Public)))
	if len(r.body) > MaxBody || len(r.payload) > MaxPayload {
		return nil, &marz.Error{Code: marz.Invalid, Op: "append entry", Subject: d.Kind,
			Fix: fmt.Sprintf("it is too large: %d bytes public (at most %d), %d private (at most %d)",
				len(r.body), MaxBody, len(r.payload), MaxPayload)}
	}
	return r, nil
}

// appendTo writes the entry's bytes: the members in the order of the type, without white space. All strings but those inside
// Public are plain (check), so they need no escaping.
func (e *Entry) appendTo(b []byte) []byte {
	member := func(name, value string) {
		b = append(b, name...)
		b = append(b, value...)
		b = append(b, '"')
	}
	b = append(b, `{"v":1,"seq":`...)
	b = strconv.AppendInt(b, int64(e.Seq), 10)
	member(`,"at":"`, e.At.String())
	member(`,"origin":"`, string(e.Origin))
	member(`,"kind":"`, e.Kind)
	member(`,"officer":"`, string(e.Officer))
	member(`,"authority":"`, string(e.Authority))
	member(`,"under":"`, string(e.Under))
	member(`,"policy":"`, e.Policy)
	b = append(b, `,"public":`...)
	b = append(b, e.Public...)
	member(`,"private":"`, e.Private)
	return append(b, '}')
}

// marshal writes v as compact JSON without escaping for HTML, so that stored text reads as it was given.
func marshal(v any) ([]byte, error) {
	if raw, ok := v.(json.RawMessage); ok {
		return raw, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, &marz.Error{Op: "append entry", Fix: "it cannot be written as JSON", Err: err}
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Digest returns what stands in Entry.Private for a payload: hex SHA-256(salt ‖ payload).
func Digest(salt, payload []byte) string {
	h := sha256.New()
	h.Write(salt)
	h.Write(payload)
	return hex.EncodeToString(h.Sum(nil))
}

// ParseEntry reads the bytes of an entry. It does not check them: heads and proofs do.
func ParseEntry(body []byte) (Entry, error) {
	if e, ok := parseWritten(body); ok {
		return e, nil
	}
	var e Entry
	if err := json.Unmarshal(body, &e); err != nil {
		return e, &marz.Error{Op: "read entry", Fix: "its bytes are not an entry; run marz verify", Err: err}
	}
	return e, nil
}

// Read unmarshals the entry's public part and, if there is one and it is asked for, its payload. The error names the kind, and nothing of what a payload says.
func (e *Entry) Read(payload []byte, public, private any) error {
	if err := json.Unmarshal(e.Public, public); err != nil {
		return &marz.Error{Op: "fold entry", Subject: e.Kind, Err: err}
	}
	if payload == nil || private == nil {
		return nil
	}
	if json.Unmarshal(payload, private) != nil {
		return &marz.Error{Op: "fold entry", Subject: e.Kind, Fix: "its payload is malformed"}
	}
	return nil
}

// parseWritten reads an entry in exactly the form in which appendTo writes it, several times as fast as any JSON is read. Of other bytes it says nothing.
func parseWritten(body []byte) (e Entry, ok bool) {
	rest, ok := bytes.CutPrefix(body, []byte(`{"v":1,"seq":`))
	if !ok {
		return e, false
	}
	n, rest, _ := bytes.Cut(rest, []byte(`,"at":"`))
	seq, err := strconv.ParseInt(string(n), 10, 64)
	if err != nil || strconv.FormatInt(seq, 10) != string(n) {
		return e, false
	}
	var texts [6]string
	for i, next := range [...]string{`","origin":"`, `","kind":"`, `","officer":"`, `","authority":"`, `","under":"`, `","policy":"`} {
		var text []byte
		if text, rest, ok = bytes.Cut(rest, []byte(next)); !ok || !plain(text) {
			return e, false
		}
		texts[i] = string(text)
	}
	policy, rest, ok := bytes.Cut(rest, []byte(`","public":`))
	if !ok || !plain(policy) || !bytes.HasSuffix(rest, []byte(`"}`)) {
		return e, false
	}
	rest = rest[:len(rest)-len(`"}`)]
	at := bytes.LastIndex(rest, []byte(`,"private":"`))
	if at < 1 || rest[0] != '{' || !json.Valid(rest[:at]) || !plain(rest[at+len(`,"private":"`):]) {
		return e, false
	}
	e = Entry{V: 1, Seq: marz.Seq(seq), Origin: marz.Origin(texts[1]), Kind: texts[2], Officer: marz.OfficerID(texts[3]), Authority: marz.AuthorityID(texts[4]),
		Under: marz.ArticleRef(texts[5]), Policy: string(policy), Public: bytes.Clone(rest[:at]), Private: string(rest[at+len(`,"private":"`):])}
	return e, e.At.UnmarshalText([]byte(texts[0])) == nil
}

// plain reports that a string stands in JSON as it is.
func plain(text []byte) bool {
	for _, c := range text {
		if c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// ErasedBy returns the seqs whose payloads an entry erases; nil when it is no erasure. What an erasure may not name, its own seq and later ones, is left out.
func ErasedBy(body []byte) []int64 {
	// The bytes are looked through first, so that few entries are read as JSON.
	if !bytes.Contains(body, []byte(`"kind":"`+KindErased+`"`)) {
		return nil
	}
	var e Entry
	var what Erased
	if json.Unmarshal(body, &e) != nil || e.Kind != KindErased || json.Unmarshal(e.Public, &what) != nil {
		return nil
	}
	var out []int64
	for _, seq := range what.Seqs {
		if seq >= 0 && seq < e.Seq {
			out = append(out, int64(seq))
		}
	}
	return out
}
