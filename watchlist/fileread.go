package watchlist

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"marz"
)

// built reads the alerts of a list file as a source of a list, also of one that was built when names were read otherwise. It bears the instant at which its content was brought, unless the caller gives one.
func (in source) built(name string, o Options, verifier note.Verifier) (*List, error) {
	f, err := in.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, size, err := readerAt(f)
	if err != nil {
		return nil, in.unreadable(name, err)
	}
	b := &File{path: in.path(name), size: size}
	if err := b.read(r, verifier); err != nil {
		return nil, err
	}
	if err := b.verifyDigests(r); err != nil {
		return nil, err
	}
	l := &List{ID: b.info.ID, Name: b.info.Name, Owner: b.info.Owner, Version: b.info.Version, Notes: b.info.Notes}
	if l.Alerts, err = b.readAlerts(r); err != nil {
		return nil, err
	}
	if o.Loaded.IsZero() {
		o.Loaded = b.info.Loaded
	}
	return in.seal(name, l, o)
}

// ImportFile reads the alerts of a list file into memory, also of one that was built when names were read otherwise. With a verifier the file has to be signed with its key.
func ImportFile(path string, verifier note.Verifier) (*List, error) {
	dir, name := filepath.Split(path)
	return source{fsys: os.DirFS(cmp.Or(dir, ".")), dir: dir}.built(name, Options{}, verifier)
}

// readerAt returns the contents of a file as they can be read anywhere.
func readerAt(f fs.File) (io.ReaderAt, int64, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if r, ok := f.(io.ReaderAt); ok {
		return r, info.Size(), nil
	}
	b, err := io.ReadAll(f)
	return bytes.NewReader(b), int64(len(b)), err
}

// verifyDigests checks the digest of every section, whatever it holds.
func (f *File) verifyDigests(r io.ReaderAt) error {
	for _, s := range f.header.Sections {
		sum := sha256.New()
		if _, err := io.Copy(sum, io.NewSectionReader(r, s.Offset, s.Size)); err != nil {
			return f.unreadable(err)
		}
		if hex.EncodeToString(sum.Sum(nil)) != s.SHA256 {
			return f.damaged(s.Name)
		}
	}
	return nil
}

// readAlerts reads all alerts into memory.
func (f *File) readAlerts(r io.ReaderAt) ([]Alert, error) {
	at, content := f.sectionAt("alert-at"), f.sectionAt("alert")
	places := make([]byte, at.Size)
	if _, err := r.ReadAt(places, at.Offset); err != nil && at.Size > 0 {
		return nil, f.unreadable(err)
	}
	ends := take[uint64](places)
	if len(ends) != f.info.Alerts+1 || f.info.Alerts > maxAlerts {
		return nil, f.damaged("alert-at")
	}
	out := make([]Alert, 0, f.info.Alerts)
	var b []byte
	for i := range f.info.Alerts {
		from, to := ends[i], ends[i+1]
		if from > to || to > uint64(content.Size) || to-from > mostAlert {
			return nil, f.damaged("alert-at")
		}
		b = append(b[:0], make([]byte, to-from)...)
		if _, err := r.ReadAt(b, content.Offset+int64(from)); err != nil && len(b) > 0 {
			return nil, f.unreadable(err)
		}
		a, err := decodeAlert(b)
		if err != nil || a.ID == "" {
			return nil, f.damaged("alert")
		}
		out = append(out, a)
	}
	return out, nil
}

// Content says what a file of this package is.
type Content int

// The contents.
const (
	Other      Content = iota // none of ours: a source in a format that others publish, or a folder
	ListFile                  // see WriteFile
	ChangeFile                // see WriteChange
	Numbers                   // a table of numbers
)

// Sniff tells what a file is by how it begins. Of what cannot be read it says Other, and the error comes when it is opened.
func Sniff(path string) Content {
	f, err := os.Open(path)
	if err != nil {
		return Other
	}
	defer f.Close()
	b := make([]byte, 32)
	n, _ := io.ReadFull(f, b)
	for c, begins := range map[Content]string{ListFile: listFormat + "\n", ChangeFile: changeFormat + "\n", Numbers: "marznum"} {
		if bytes.HasPrefix(b[:n], []byte(begins)) {
			return c
		}
	}
	return Other
}

// Page is what the first page of a list file or change file says.
type Page struct {
	ListInfo
	From    string   // of a change
	Signers []string // names of the keys that have signed it, whether they were checked or not
	Signer  string   // the one that was checked
	Bytes   []byte   // the page itself; another file with the same has the same content
}

// ReadPage reads the first page of a list file or change file, and checks its signature if a verifier is given. What follows is not looked at.
func ReadPage(path string, verifier note.Verifier) (*Page, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(marz.NotFound, path, "the file cannot be opened", cause(err))
	}
	defer f.Close()
	b, err := firstPage(path, f)
	if err != nil {
		return nil, err
	}
	format := listFormat
	if bytes.HasPrefix(b, []byte(changeFormat+"\n")) {
		format = changeFormat
	}
	p, err := readPage(path, b, format, verifier)
	if err != nil {
		return nil, err
	}
	info, err := p.info(path)
	if err != nil {
		return nil, err
	}
	if format == changeFormat {
		info.Version = p.values["to"]
	} else if info.Alerts, err = p.count(path, "alerts"); err != nil {
		return nil, err
	}
	return &Page{ListInfo: info, From: p.values["from"], Signers: p.signers, Signer: p.signer, Bytes: b}, nil
}

// String says in words who has signed the file.
func (p *Page) String() string { return signedBy(p.Signer, p.Signers) }

func signedBy(signer string, signers []string) string {
	switch {
	case signer != "":
		return "signed by " + signer
	case len(signers) > 0:
		return fmt.Sprintf("signed by %s, which was not checked", signers)
	}
	return "not signed"
}
