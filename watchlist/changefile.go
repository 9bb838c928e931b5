package watchlist

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"

	"marz"
)

// changeLine is one line of a change file.
type changeLine struct {
	Put  *Alert       `json:"put,omitempty"`
	Drop marz.AlertID `json:"drop,omitempty"`
	Note string       `json:"note,omitempty"`
}

// lines gives the lines of a change in their order: notes, what is dropped, what is put.
func (c *Change) lines(yield func(changeLine) bool) {
	for _, n := range c.Notes {
		if n != "" && !yield(changeLine{Note: n}) {
			return
		}
	}
	for _, id := range c.Drop {
		if !yield(changeLine{Drop: id}) {
			return
		}
	}
	for _, a := range c.Put {
		if a.Version == "" {
			a.Version = a.digest()
		}
		if !yield(changeLine{Put: &a}) {
			return
		}
	}
}

// WriteChange writes a change to a file, in place of the one that is there. The same change gives the same bytes. With a signer it is signed.
func WriteChange(path string, c *Change, signer note.Signer) error {
	if err := c.check(); err != nil {
		return err
	}
	return replaceFile(path, func(f *os.File, w *bufio.Writer) error {
		w.Write(make([]byte, pageSize)) // its place
		sum := sha256.New()
		out := json.NewEncoder(io.MultiWriter(w, sum))
		out.SetEscapeHTML(false)
		for l := range c.lines {
			if err := out.Encode(l); err != nil {
				return err
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
		first, err := writePage(path, changeFormat, signer, string(c.List), c.From, c.To, c.Loaded.String(), fmt.Sprint(len(c.Put)), fmt.Sprint(len(c.Drop)), hex.EncodeToString(sum.Sum(nil)))
		if err != nil {
			return err
		}
		_, err = f.WriteAt(first, 0)
		return err
	})
}

// ReadChange reads a change file. With a verifier it has to be signed with its key.
func ReadChange(path string, verifier note.Verifier) (*Change, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(marz.NotFound, path, "the file cannot be opened", cause(err))
	}
	defer f.Close()
	return readChange(path, f, verifier)
}

func readChange(path string, f io.ReaderAt, verifier note.Verifier) (*Change, error) {
	first, err := firstPage(path, f)
	if err != nil {
		return nil, err
	}
	p, err := readPage(path, first, changeFormat, verifier)
	if err != nil {
		return nil, err
	}
	info, err := p.info(path)
	if err != nil {
		return nil, err
	}
	c := &Change{List: info.ID, From: p.values["from"], To: p.values["to"], Loaded: info.Loaded}
	sum := sha256.New()
	lines := &lineReader{r: bufio.NewReaderSize(io.TeeReader(io.NewSectionReader(f, pageSize, maxFtMBytes), sum), 64<<10), max: mostAlert}
	for {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, errLong) {
			return nil, fileError(marz.Internal, path, "it cannot be read", cause(err))
		}
		if err != nil || !c.read(line) {
			return nil, fileError(marz.Invalid, fmt.Sprintf("%s:line %d after the first page", path, lines.line), "the line cannot be read; copy the file again or make it again", nil)
		}
	}
	if err := c.checkPage(path, p, hex.EncodeToString(sum.Sum(nil))); err != nil {
		return nil, err
	}
	return c, nil
}

// read takes one line of a change file.
func (c *Change) read(line []byte) bool {
	var l changeLine
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if !utf8.Valid(line) || d.Decode(&l) != nil || d.InputOffset() != int64(len(line)) {
		return false
	}
	switch {
	case l.Put != nil && l.Drop == "" && l.Note == "":
		c.Put = append(c.Put, *l.Put)
	case l.Put == nil && l.Drop != "" && l.Note == "":
		c.Drop = append(c.Drop, l.Drop)
	case l.Put == nil && l.Drop == "" && l.Note != "":
		c.Notes = append(c.Notes, l.Note)
	default:
		return false
	}
	return len(c.Put)+len(c.Drop)+len(c.Notes) <= maxAlerts
}

// checkPage reports whether the lines are those that the first page says.
func (c *Change) checkPage(path string, p *page, lines string) error {
	put, err := p.count(path, "put")
	if err != nil {
		return err
	}
	drop, err := p.count(path, "drop")
	if err != nil {
		return err
	}
	if p.values["lines"] != lines || put != len(c.Put) || drop != len(c.Drop) {
		return fileError(marz.Invalid, path, "its lines are not those that it was made with; copy it again or make it again", nil)
	}
	for i := range c.Put {
		if a := &c.Put[i]; a.Version != a.digest() {
			return fileError(marz.Invalid, path, fmt.Sprintf("the version of alert %.60q is not that of its content; make the file again", a.ID), nil)
		}
	}
	return c.check()
}
