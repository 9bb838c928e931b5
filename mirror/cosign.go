package mirror

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/journal"
)

// algCosignature is the algorithm of an Ed25519 cosignature in C2SP tlog-cosignature.
const algCosignature = 4

// Cosigner makes a mirror's cosignatures (C2SP tlog-cosignature, Ed25519). Their time is that of the clock it was given. It implements note.Signer.
type Cosigner struct {
	name  string
	hash  uint32
	key   ed25519.PrivateKey
	clock marz.Clock
}

// NewKey draws a mirror's key. It returns the signer's text, to be kept secret, and the verifier's, to be given to the nodes. A mirror's key
// is used for nothing else: its cosignature says that it holds the entries.
func NewKey(random io.Reader, name string) (signer, verifier string, err error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return "", "", &marz.Error{Op: "make mirror's key", Subject: name, Err: err}
	}
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	hash := keyHash(name, public)
	signer = fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, hash, base64.StdEncoding.EncodeToString(append([]byte{algCosignature}, seed...)))
	verifier = fmt.Sprintf("%s+%08x+%s", name, hash, base64.StdEncoding.EncodeToString(append([]byte{algCosignature}, public...)))
	if _, err := torchwood.NewCosignatureVerifier(verifier); err != nil {
		return "", "", &marz.Error{Code: marz.Invalid, Op: "make mirror's key", Subject: name, Fix: "a mirror's name has no spaces and no plus sign", Err: err}
	}
	return signer, verifier, nil
}

func keyHash(name string, public ed25519.PublicKey) uint32 {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%c%s", name, algCosignature, public)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// NewCosigner opens a mirror's key.
func NewCosigner(text string, clock marz.Clock) (*Cosigner, error) {
	bad := &marz.Error{Code: marz.Invalid, Op: "open mirror's key", Fix: "it is not a mirror's key; put it back from where it is kept"}
	fields := strings.SplitN(strings.TrimSpace(text), "+", 5)
	if len(fields) != 5 || fields[0] != "PRIVATE" || fields[1] != "KEY" {
		return nil, bad
	}
	b, err := base64.StdEncoding.DecodeString(fields[4])
	if err != nil || len(b) != 1+ed25519.SeedSize || b[0] != algCosignature {
		return nil, bad
	}
	c := &Cosigner{name: fields[2], key: ed25519.NewKeyFromSeed(b[1:]), clock: clock}
	c.hash = keyHash(c.name, c.key.Public().(ed25519.PublicKey))
	if fields[3] != fmt.Sprintf("%08x", c.hash) {
		return nil, bad
	}
	return c, nil
}

// VerifierKey returns the key by which its cosignatures are checked.
func (c *Cosigner) VerifierKey() string {
	public := c.key.Public().(ed25519.PublicKey)
	return fmt.Sprintf("%s+%08x+%s", c.name, c.hash, base64.StdEncoding.EncodeToString(append([]byte{algCosignature}, public...)))
}

// CosignedAt returns when the mirror of a verifier key cosigned a head, as the head's note says. It checks the cosignature.
func CosignedAt(msg []byte, key string) (marz.Instant, error) {
	bad := func(err error) (marz.Instant, error) {
		return 0, &marz.Error{Code: marz.Invalid, Op: "check cosignature", Fix: "the head does not bear one by this key", Err: err}
	}
	v, err := torchwood.NewCosignatureVerifier(key)
	if err != nil {
		return bad(err)
	}
	n, err := note.Open(msg, note.VerifierList(v))
	if err != nil {
		return bad(err)
	}
	t, err := torchwood.CosignatureTimestamp(n.Sigs[0])
	if err != nil {
		return bad(err)
	}
	return marz.Instant(t * 1000), nil
}

// Name implements note.Signer.
func (c *Cosigner) Name() string { return c.name }

// KeyHash implements note.Signer.
func (c *Cosigner) KeyHash() uint32 { return c.hash }

// Sign implements note.Signer: the time in seconds and the signature over it and the head.
func (c *Cosigner) Sign(msg []byte) ([]byte, error) {
	t := uint64(c.clock().Time().Unix())
	text := append([]byte("cosignature/v1\ntime "+strconv.FormatUint(t, 10)+"\n"), msg...)
	return append(binary.BigEndian.AppendUint64(nil, t), ed25519.Sign(c.key, text)...), nil
}

// openHead checks a head that came from outside and returns it with nothing but the origin's own signature, as the journal holds it.
func openHead(msg []byte, origin marz.Origin, v note.Verifier) (journal.Head, error) {
	h, err := journal.OpenHead(msg, origin, v)
	if err != nil {
		return h, err
	}
	// A note that is nothing but the text and one signature line is what the journal holds.
	if _, lines, _ := bytes.Cut(msg, []byte("\n\n")); bytes.Count(lines, []byte("\n")) == 1 {
		return h, nil
	}
	n, err := note.Open(msg, note.VerifierList(v))
	if err != nil {
		return h, err
	}
	h.Note, err = note.Sign(&note.Note{Text: n.Text, Sigs: n.Sigs[:1]})
	return h, err
}

// originOf reads the origin that a note says it is of; nothing is checked.
func originOf(msg []byte) marz.Origin {
	name, _, _ := strings.Cut(string(msg), "\n")
	return marz.Origin(name)
}

// cosignature is what a mirror answers: its signature lines alone.
func cosign(c *Cosigner, head journal.Head, v note.Verifier) (cosigned, lines []byte, err error) {
	n, err := note.Open(head.Note, note.VerifierList(v))
	if err != nil {
		return nil, nil, err
	}
	if cosigned, err = note.Sign(n, c); err != nil {
		return nil, nil, err
	}
	return cosigned, cosigned[len(head.Note):], nil
}

// openCosigned checks that the head with the signature lines that a mirror answered bears its cosignature, and returns when it was made.
func openCosigned(head journal.Head, lines []byte, origin note.Verifier, mirror *torchwood.CosignatureVerifier) (marz.Instant, error) {
	bad := func(err error) (marz.Instant, error) {
		return 0, &marz.Error{Code: marz.Invalid, Op: "check cosignature", Subject: mirror.Name(), Fix: "the mirror's answer does not bear a cosignature of the key it is known by", Err: err}
	}
	n, err := note.Open(append(append([]byte(nil), head.Note...), lines...), note.VerifierList(origin, mirror))
	if err != nil {
		return bad(err)
	}
	for _, s := range n.Sigs {
		if s.Name == mirror.Name() && s.Hash == mirror.KeyHash() {
			t, err := torchwood.CosignatureTimestamp(s)
			if err != nil {
				return bad(err)
			}
			return marz.Instant(t * 1000), nil
		}
	}
	return bad(nil)
}
