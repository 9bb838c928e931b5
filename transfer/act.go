package transfer

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"marz"
)

// Act is the act of handover: what two authorities take away from a transfer, and anybody can check with their public keys alone.
type Act struct {
	V           int               `json:"v"`                     // 1
	Instrument  json.RawMessage   `json:"instrument"`            // its canonical JSON
	Armed       []Signature       `json:"armed"`                 // over the instrument's digest
	Commissions []json.RawMessage `json:"commissions,omitempty"` // signed instruments of the register that name the commanders' passkeys
	Entries     []ActEntry        `json:"entries"`               // opened, presented, armed …, executed, in order; the last is the execution
	Head        string            `json:"head"`                  // the node's signed head that contains them all (C2SP tlog-checkpoint)
	Closed      []Signature       `json:"closed,omitempty"`      // over the digest of the core
	Post        string            `json:"post"`                  // the place's name, for print; it proves nothing
	Authorities []marz.Authority  `json:"authorities"`           // with keys as the node knows them: to be compared, not believed
}

// ActEntry is an entry of the journal with its proof.
type ActEntry struct {
	Seq   marz.Seq `json:"seq"`
	Body  string   `json:"body"`  // the exact bytes
	Proof []string `json:"proof"` // base64 hashes, RFC 6962 §2.1.1, lowest first, to Head
}

// QR is what the code on the printed act holds, as JSON: less than the act, and enough to check who signed what happened.
type QR struct {
	Core   string      `json:"core"`
	Armed  []Signature `json:"armed"`
	Closed []Signature `json:"closed"`
	Head   string      `json:"head"`
}

// Core is the text that closing signatures are about: what happened, in lines (docs/spec/transfer.md). Their digest is DigestOf it.
func (a *Act) Core() (string, error) {
	bad := func(fix string, err error) (string, error) {
		return "", &marz.Error{Code: marz.Invalid, Op: "act of handover", Fix: fix, Err: err}
	}
	if len(a.Entries) == 0 {
		return bad("it has no entries", nil)
	}
	var e struct {
		Seq    marz.Seq
		At     marz.Instant
		Origin marz.Origin
		Kind   string
		Public json.RawMessage
	}
	last := a.Entries[len(a.Entries)-1]
	if err := json.Unmarshal([]byte(last.Body), &e); err != nil {
		return bad("its last entry cannot be read", err)
	}
	if e.Kind != KindExecuted || e.Seq != last.Seq {
		return bad("its last entry is not the execution", nil)
	}
	p, err := read(e.Kind, e.Public)
	if err != nil {
		return bad("its execution cannot be read", err)
	}
	x := p.(*Execution)
	var instrument bytes.Buffer // an act may have been indented for people since
	if err := json.Compact(&instrument, a.Instrument); err != nil {
		return bad("its instrument is not JSON", err)
	}
	if x.Digest != DigestOf(instrument.Bytes()) {
		return bad("what was executed is another instrument", nil)
	}
	head := strings.SplitN(a.Head, "\n", 4)
	if len(head) < 4 || head[0] != string(e.Origin) {
		return bad("its head is not one of "+string(e.Origin), nil)
	}
	size, err := strconv.ParseInt(head[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != head[1] || size <= int64(e.Seq) {
		return bad(fmt.Sprintf("its head of size %.20q does not contain entry %d", head[1], e.Seq), nil)
	}
	if root, err := base64.StdEncoding.DecodeString(head[2]); err != nil || len(root) != 32 {
		return bad("its head has no root", err)
	}
	return fmt.Sprintf("marz/act/v1\n%s %s %s\n%s %s\n%s %s\n%s %d\n%s\n%s %s\n%s\n", x.ID, x.Place, list(x.Lanes), x.From, x.To, x.Instant, e.At, e.Origin, e.Seq,
		x.Digest, head[1], head[2], list(x.Cases)), nil
}

// list writes what can be none.
func list[T ~string](all []T) string {
	if len(all) == 0 {
		return "-"
	}
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = string(s)
	}
	return strings.Join(out, ",")
}

// QR returns what the code on the printed act holds.
func (a *Act) QR() (QR, error) {
	core, err := a.Core()
	return QR{core, orEmpty(a.Armed), orEmpty(a.Closed), a.Head}, err
}

// Text is the code's text.
func (q QR) Text() (string, error) {
	b, err := marshal(q)
	return string(b), err
}
