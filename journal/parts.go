package journal

import (
	"io"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"marz"
)

// This file is what a journal that lies elsewhere needs to be written in the same bytes: a headquarters keeps its own among those that it mirrors.

// Sealed is an entry in its final bytes, with its private payload.
type Sealed struct {
	Entry
	Body    []byte // what the leaf hashes
	Salt    []byte // nil where there is no payload
	Payload []byte
}

// Seal gives a draft its seq, instant and digests. The salt is drawn from random.
func (d Draft) Seal(seq marz.Seq, at marz.Instant, origin marz.Origin, random io.Reader) (Sealed, error) {
	var salt []byte
	if d.Private != nil {
		salt = make([]byte, SaltSize)
		if _, err := io.ReadFull(random, salt); err != nil {
			return Sealed{}, &marz.Error{Op: "append entry", Subject: d.Kind, Fix: "no randomness could be had", Err: err}
		}
	}
	r, err := d.seal(seq, at, origin, salt)
	if err != nil {
		return Sealed{}, err
	}
	return Sealed{r.Entry, r.body, r.salt, r.payload}, nil
}

// Sign returns the head over a tree. Who calls it answers for it that the tree continues all that was signed before.
func Sign(origin marz.Origin, f *Frontier, signer note.Signer) (Head, error) {
	return sign(origin, f, signer)
}

// OpenKey opens the signer's text, from NewKey, and derives the verifier and its text.
func OpenKey(text string) (signer note.Signer, verifier note.Verifier, vkey string, err error) {
	return keyPair(text)
}

// HeadFile is a file with the newest head that a node knows of its journal, beside what can be put back or lost: docs/spec/journal.md §1.
type HeadFile struct {
	file *headFile
	path string
}

// OpenHeadFile opens the head file of a folder, or makes an empty one.
func OpenHeadFile(dir string) (*HeadFile, error) {
	f, err := openHeadFile(dir)
	if err != nil {
		return nil, err
	}
	return &HeadFile{f, filepath.Join(dir, "head")}, nil
}

// Path returns where it lies.
func (h *HeadFile) Path() string { return h.path }

// Read returns the note, or nil when the file is new.
func (h *HeadFile) Read() ([]byte, error) { return h.file.read() }

// Write puts a newer head into the file. It is not synced: after a power cut an older one may stand there, which does no harm.
func (h *HeadFile) Write(note []byte) error { return h.file.write(note) }

// Close closes the file.
func (h *HeadFile) Close() error { return h.file.f.Close() }
