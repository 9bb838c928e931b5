package watchlist

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"

	"marz"
)

// Files of this package begin with a page of plain text: a signed note (C2SP signed-note) that says what the file is and holds the digest of all that follows, with line feeds to the page's end.
// It may bear no signature. docs/spec/list-file.md has its lines.

// pageSize is how long the page is.
const pageSize = 4096

// The formats.
const (
	listFormat    = "marz-list/1"
	changeFormat  = "marz-change/1"
	numbersFormat = "marz-numbers/1"
)

// formatLines are the keys of each format's lines, in their order, after its first line.
var formatLines = map[string][]string{
	listFormat:    {"id", "name", "owner", "version", "loaded", "alerts", "header"},
	changeFormat:  {"id", "from", "to", "loaded", "put", "drop", "lines"},
	numbersFormat: {"id", "name", "owner", "version", "loaded", "numbers", "head"},
}

// page is the first page of a file.
type page struct {
	format  string
	values  map[string]string
	text    string   // that is signed
	signers []string // names of the keys that have signed it, whether they were checked or not
	signer  string   // the one that was checked, or none
}

// fileError is an error about a file of this package.
func fileError(code marz.Code, path, fix string, err error) error {
	return &marz.Error{Code: code, Op: "open list file", Subject: path, Fix: fix, Err: err}
}

// writePage makes the page of a format. The values stand in the order of its lines.
func writePage(path, format string, signer note.Signer, values ...string) ([]byte, error) {
	var text strings.Builder
	text.WriteString(format + "\n")
	for i, key := range formatLines[format] {
		v := values[i]
		if strings.ContainsFunc(v, unicode.IsControl) || strings.TrimSpace(v) != v || !utf8.ValidString(v) {
			return nil, &marz.Error{Code: marz.Invalid, Op: "write list file", Subject: path, Fix: fmt.Sprintf("its %s cannot stand in one line: %.60q", key, v)}
		}
		text.WriteString(strings.TrimSuffix(key+" "+v, " ") + "\n")
	}
	out := []byte(text.String() + "\n")
	if signer != nil {
		var err error
		if out, err = note.Sign(&note.Note{Text: text.String()}, signer); err != nil {
			return nil, &marz.Error{Op: "sign list file", Subject: path, Err: err}
		}
	}
	if len(out) > pageSize {
		return nil, &marz.Error{Code: marz.Invalid, Op: "write list file", Subject: path, Fix: "its name, owner and versions are too long together; shorten them"}
	}
	return append(out, bytes.Repeat([]byte("\n"), pageSize-len(out))...), nil
}

// readPage reads the page of a file, and checks who has signed it if a verifier is given.
func readPage(path string, b []byte, format string, verifier note.Verifier) (*page, error) {
	bad := func(fix string) (*page, error) { return nil, fileError(marz.Invalid, path, fix, nil) }
	if len(b) < pageSize || !bytes.HasPrefix(b, []byte(format+"\n")) {
		return bad("it does not begin as a file of the format " + format)
	}
	text, signatures, ok := bytes.Cut(b[:pageSize], []byte("\n\n"))
	signatures = bytes.TrimRight(signatures, "\n")
	if !ok || bytes.HasPrefix(signatures, []byte("\n")) {
		return bad("its first page is damaged; copy it again or build it again")
	}
	p := &page{format: format, values: map[string]string{}, text: string(text) + "\n"}
	lines := strings.Split(string(text), "\n")[1:]
	if len(lines) != len(formatLines[format]) || !utf8.Valid(text) {
		return bad("its first page does not have the lines of the format " + format)
	}
	for i, key := range formatLines[format] {
		k, v, _ := strings.Cut(lines[i], " ")
		if k != key {
			return bad(fmt.Sprintf("its first page has %.20q where %q stands in the format %s", k, key, format))
		}
		p.values[key] = v
	}
	return p, p.open(path, signatures, verifier)
}

// open checks the signatures.
func (p *page) open(path string, signatures []byte, verifier note.Verifier) error {
	known := note.VerifierList()
	if verifier != nil {
		known = note.VerifierList(verifier)
	}
	var n *note.Note
	if len(signatures) > 0 {
		var err error
		n, err = note.Open([]byte(p.text+"\n"+string(signatures)+"\n"), known)
		if e, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
			n = e.Note
		} else if err != nil {
			return fileError(marz.Invalid, path, "its signature is damaged or of other bytes; copy it again or build it again", nil)
		}
		for _, s := range append(n.Sigs, n.UnverifiedSigs...) {
			p.signers = append(p.signers, s.Name)
		}
		if len(n.Sigs) > 0 {
			p.signer = n.Sigs[0].Name
		}
	}
	if verifier == nil || p.signer != "" {
		return nil
	}
	by := "it is not signed"
	if len(p.signers) > 0 {
		by = "it is signed by " + strings.Join(p.signers, ", ") + " with another key"
	}
	return fileError(marz.Invalid, path, fmt.Sprintf("%s; it has to be signed with the key %s+%08x", by, verifier.Name(), verifier.KeyHash()), nil)
}

// firstPage reads the first page of a file.
func firstPage(path string, r io.ReaderAt) ([]byte, error) {
	b := make([]byte, pageSize)
	if n, err := r.ReadAt(b, 0); n < len(b) {
		if errors.Is(err, io.EOF) {
			return nil, fileError(marz.Invalid, path, "it is cut off; copy it again or build it again", nil)
		}
		return nil, fileError(marz.Internal, path, "it cannot be read", cause(err))
	}
	return b, nil
}

// info reads what every format's page says of a list.
func (p *page) info(path string) (ListInfo, error) {
	i := ListInfo{ID: marz.ListID(p.values["id"]), Name: p.values["name"], Owner: marz.AuthorityID(p.values["owner"]), Version: p.values["version"]}
	if i.ID == "" {
		return i, fileError(marz.Invalid, path, "it does not name its list", nil)
	}
	var err error
	i.Loaded, err = p.instant(path)
	return i, err
}

func (p *page) instant(path string) (marz.Instant, error) {
	v := p.values["loaded"]
	if v == "" {
		return 0, nil
	}
	at, err := marz.ParseInstant(v)
	if err != nil || at.String() != v {
		return 0, fileError(marz.Invalid, path, fmt.Sprintf("the instant %.40q cannot be read", v), nil)
	}
	return at, nil
}

// count reads a number of the page.
func (p *page) count(path, key string) (int, error) {
	var n int
	if _, err := fmt.Sscanf(p.values[key], "%d", &n); err != nil || n < 0 || fmt.Sprint(n) != p.values[key] {
		return 0, fileError(marz.Invalid, path, fmt.Sprintf("the number of %s, %.40q, cannot be read", key, p.values[key]), nil)
	}
	return n, nil
}
