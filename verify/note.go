package verify

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

const (
	maxNote       = 64 << 10 // bytes of a head with all its cosignatures
	maxSignatures = 100      // lines; as in C2SP signed-note implementations, so that a hostile note costs little
	algEd25519    = 0x01     // C2SP signed-note, signature types
)

// b64 is RFC 4648 §4 in the one form that a value has: no stray bits, no line breaks.
var b64 = base64.StdEncoding.Strict()

// verifierKey is the public half of a key that signs heads (docs/spec/journal.md §4).
type verifierKey struct {
	text   string // as written; "" when there is no key
	name   string
	id     [4]byte
	public ed25519.PublicKey
}

// parseKey reads <name>+<key ID>+<base64(0x01 ‖ public key)>. The fault is "" when it is one.
func parseKey(s string) (k verifierKey, fault string) {
	name, rest, _ := strings.Cut(s, "+")
	id, key, ok := strings.Cut(rest, "+")
	if !ok || len(s) > 512 {
		return k, "it is not of the form name+id+key"
	}
	if !isOrigin([]byte(name)) {
		return k, "its name cannot be a journal's"
	}
	raw, ok := decodeBase64([]byte(key))
	if !ok || len(raw) != 1+ed25519.PublicKeySize || raw[0] != algEd25519 {
		return k, "its last part is not an Ed25519 key"
	}
	k = verifierKey{text: s, name: name, id: keyID(name, raw), public: ed25519.PublicKey(raw[1:])}
	if id != hex.EncodeToString(k.id[:]) {
		return verifierKey{}, "its key ID is not that of its name and key"
	}
	return k, ""
}

// keyID returns the first 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key); raw begins with the 0x01.
func keyID(name string, raw []byte) [4]byte {
	sum := sha256.Sum256(append([]byte(name+"\n"), raw...))
	return [4]byte(sum[:4])
}

// decodeBase64 decodes strictly. The standard decoder skips line breaks, which would give one value two written forms.
func decodeBase64(s []byte) ([]byte, bool) {
	if bytes.ContainsAny(s, "\r\n") {
		return nil, false
	}
	out := make([]byte, b64.DecodedLen(len(s)))
	n, err := b64.Decode(out, s)
	return out[:n], err == nil
}

// signature is one signature line of a note.
type signature struct {
	name  string
	id    [4]byte
	bytes []byte
}

// head is a signed head as it was read. Nothing about it is proven before signedBy has said so.
type head struct {
	text   string // the three lines with their line feeds: what is signed
	origin string
	size   int64
	root   digest
	sigs   []signature
}

// parseHead reads a head. The fault is "" when it is well formed, which says nothing of its signatures.
func parseHead(note []byte) (h head, fault string) {
	if len(note) > maxNote {
		return h, fmt.Sprintf("it is %d bytes long, and may be %d", len(note), maxNote)
	}
	text, lines, ok := strings.Cut(string(note), "\n\n")
	if !ok {
		return h, "it has no blank line before its signatures"
	}
	h.text = text + "\n"
	parts := strings.Split(text, "\n")
	if len(parts) != 3 {
		return h, fmt.Sprintf("it has %d lines before its signatures, and must have 3", len(parts))
	}
	h.origin = parts[0]
	if !isOrigin([]byte(h.origin)) {
		return h, "its first line is not a journal's name"
	}
	if h.size, ok = decimal([]byte(parts[1])); !ok || h.size == 0 {
		return h, "its second line is not a size"
	}
	root, ok := decodeBase64([]byte(parts[2]))
	if !ok || len(root) != len(h.root) {
		return h, "its third line is not a root hash in base64"
	}
	h.root = digest(root)
	h.sigs, fault = parseSignatures(lines)
	return h, fault
}

// parseSignatures reads the lines after the blank line. Each is "— <key name> <base64(key ID ‖ signature)>".
func parseSignatures(lines string) (sigs []signature, fault string) {
	if !strings.HasSuffix(lines, "\n") {
		return nil, "its last line has no line feed, or it has no signature"
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(lines, "\n"), "\n") {
		if len(sigs) == maxSignatures {
			return nil, fmt.Sprintf("it has more than %d signatures", maxSignatures)
		}
		rest, dash := strings.CutPrefix(line, "\u2014 ")
		name, enc, space := strings.Cut(rest, " ")
		raw, ok := decodeBase64([]byte(enc))
		if !dash || !space || name == "" || !ok || len(raw) < 5 {
			return nil, fmt.Sprintf("its signature line %d is malformed", len(sigs)+1)
		}
		sigs = append(sigs, signature{name: name, id: [4]byte(raw[:4]), bytes: raw[4:]})
	}
	return sigs, ""
}

// signedBy returns "" when the key has signed the head, and otherwise what is wrong. A line that bears the key's name and ID
// with a wrong signature spoils the note, whatever other lines there are (C2SP signed-note, verification).
func (h *head) signedBy(k *verifierKey) string {
	if h.origin != k.name {
		return fmt.Sprintf("it names the journal %s, and the key is of %s", h.origin, k.name)
	}
	signed := false
	for _, s := range h.sigs {
		if s.name != k.name || s.id != k.id {
			continue
		}
		if len(s.bytes) != ed25519.SignatureSize || !ed25519.Verify(k.public, []byte(h.text), s.bytes) {
			return "its signature is wrong"
		}
		signed = true
	}
	if !signed {
		return "it is not signed by the journal's key"
	}
	return ""
}
