package transfer

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"marz"
)

// Asserted is the SHA-256 of Text: the digest over which a commander's passkey makes its assertion.
func Asserted(says string, id ID, digest string) [sha256.Size]byte {
	return sha256.Sum256([]byte(Text(says, id, digest)))
}

// SignKey signs with an authority's own key. It refuses what Text could not hold in three lines.
func SignKey(signerKey, says string, id ID, digestOf string) (Signature, error) {
	bad := func(fix string) (Signature, error) {
		return Signature{}, &marz.Error{Code: marz.Invalid, Op: "sign transfer", Subject: fmt.Sprintf("%.80q", string(id)), Fix: fix}
	}
	s, err := note.NewSigner(strings.TrimSpace(signerKey))
	if err != nil {
		return bad("this is no authority's secret key; it begins with PRIVATE+KEY+")
	}
	by := marz.AuthorityID(s.Name())
	if err := first(id.Validate(), digest(digestOf), by.Validate()); err != nil {
		return bad(err.Error())
	}
	if !sayable(says) {
		return bad(fmt.Sprintf("%.20q cannot be said of a transfer", says))
	}
	text := Text(says, id, digestOf)
	signed, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		return Signature{}, &marz.Error{Op: "sign transfer", Subject: string(id), Err: err}
	}
	return Signature{Says: says, Authority: by, Digest: digestOf, Line: strings.TrimSpace(string(signed[len(text):]))}, nil
}

func sayable(what string) bool {
	for _, s := range says {
		if s == what {
			return true
		}
	}
	return false
}

// CheckKey reports whether a signature is good under the verifier key of its authority, as the word on that transfer that it claims to be. Officer and authority are not taken from
// the line: that an officer stands there is the word of who recorded it, and the key is his authority's.
func CheckKey(s Signature, id ID, verifierKey string) error {
	bad := func(fix string) error {
		return &marz.Error{Code: marz.Invalid, Op: "check signature", Subject: fmt.Sprintf("%.80q", string(id)), Fix: fix}
	}
	if err := first(id.Validate(), s.check()); err != nil {
		return bad(err.Error())
	}
	v, err := note.NewVerifier(verifierKey)
	switch {
	case s.Line == "":
		return bad("it is not by the authority's own key")
	case err != nil:
		return bad(fmt.Sprintf("the key of %s that is known here is not well formed", s.Authority))
	case v.Name() != string(s.Authority):
		return bad(fmt.Sprintf("the key is that of %.40q, and the signature that of %s", v.Name(), s.Authority))
	}
	text := Text(s.Says, id, s.Digest)
	n, err := note.Open([]byte(text+"\n"+s.Line+"\n"), note.VerifierList(v))
	if err != nil || n.Text != text || len(n.Sigs) != 1 || !oneForm(s.Line) {
		return bad(fmt.Sprintf("the signature of %s is not good: it is under other words, or by another key; let %s sign this text", s.Authority, s.Authority))
	}
	return nil
}

// oneForm reports whether the base64 of a line is the one that its bytes have. note.Open takes others too, and a checker that is as strict as C2SP would refuse an act with such a line.
func oneForm(line string) bool {
	_, err := base64.StdEncoding.Strict().DecodeString(line[strings.LastIndexByte(line, ' ')+1:])
	return err == nil
}

// check holds a signature to its form. It does not verify it.
func (s *Signature) check() error {
	switch {
	case !sayable(s.Says):
		return fault("%.20q cannot be said of a transfer", s.Says)
	case s.Authority.Validate() != nil:
		return fault("it is not said whose signature it is")
	case s.Officer != "" && (s.Officer.Validate() != nil || s.Officer.Authority() != s.Authority):
		return fault("%.60q is no officer of %s", s.Officer, s.Authority)
	case (s.Line == "") == (len(s.Passkey) == 0):
		return fault("a signature is either a line by the authority's own key or the evidence of a passkey")
	case s.Line != "" && (!strings.HasPrefix(s.Line, "— "+string(s.Authority)+" ") || strings.ContainsAny(s.Line, "\n\r") || len(s.Line) > maxText):
		return fault("the signature's line is not one of %s", s.Authority)
	case len(s.Passkey) > 0 && (s.Officer == "" || s.Passkey[0] != '{' || len(s.Passkey) > 16*1024):
		return fault("the evidence of a passkey is an object, and names the officer whose it is")
	}
	return digest(s.Digest)
}
