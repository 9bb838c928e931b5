package verify

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"marz"
)

const (
	headFileSize   = 1024 // docs/spec/journal.md §1
	folderAttempts = 4    // checks of a database that changes while it is read
	headAttempts   = 10   // readings of the file head, which is overwritten in place
)

// Folder checks the data folder of a node, which may be running: the check sees one committed state, and the node goes on.
// An error means that the folder could not be read as a journal at all, or that ctx ended.
//
// It must not be called in a process that has the journal open itself, be it for another check, and refuses with marz.Conflict
// where it can tell (Linux): run marz verify as a process of its own there, or check an exported bundle.
func Folder(ctx context.Context, dir string, o Options) (*Report, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, cannotOpen(dir, err)
	}
	if !info.IsDir() {
		return nil, unreadable(marz.Invalid, dir, "it is not a folder", nil)
	}
	given, err := givenKey(o)
	if err != nil {
		return nil, err
	}
	for range folderAttempts {
		r, steady, err := folderOnce(ctx, dir, given, o.begin)
		if err != nil || steady {
			return r, err
		}
	}
	return nil, unreadable(marz.Unavailable, dir, "its database keeps changing while it is read: stop what writes to it", nil)
}

// givenKey reads Options.Key.
func givenKey(o Options) (k verifierKey, err error) {
	if o.Key == "" {
		return k, nil
	}
	k, fault := parseKey(o.Key)
	if fault != "" {
		return k, unreadable(marz.Invalid, "key", "the key that was given is not a verifier key: "+fault, nil)
	}
	return k, nil
}

// folderOnce checks one state of a folder. It is steady unless the database was written to meanwhile. The file head is
// read first, so that the state is never older than it.
func folderOnce(ctx context.Context, dir string, given verifierKey, begin func(*checker)) (r *Report, steady bool, err error) {
	c := &checker{r: newReport(), given: given, ownName: "node.pub"}
	if begin != nil {
		begin(c)
	}
	acknowledged := c.readHeadFile(filepath.Join(dir, "head"))
	c.readNodeKey(filepath.Join(dir, "node.pub"))
	s, err := openSnapshot(ctx, dir)
	if err != nil {
		return nil, false, err
	}
	defer s.close()
	if err := c.header(s); err != nil {
		return nil, false, err
	}
	c.tick = s.tick
	src := newTables(s.view, c)
	if err := c.run(ctx, src); err != nil {
		return nil, false, err
	}
	switch {
	case acknowledged != nil:
		c.compareHeadFile(acknowledged, s)
	case c.headless && c.next == 1 && c.covered == 1:
		c.r.Notes = append(c.r.Notes, "there is no file head yet: the node was created and has not run")
	case c.headless:
		c.r.problem(-1, "the file head is missing: nothing proves what was acknowledged")
	}
	c.reportLog(s)
	return c.r, !s.changed(), nil
}

// readAll reads a file that may not be longer than limit. The problem is reported and nil returned when it cannot be.
func (c *checker) readAll(path string, limit int64) []byte {
	name := filepath.Base(path)
	f, err := openRegular(path)
	if marz.CodeOf(err) == marz.NotFound {
		if name == "head" {
			c.headless = true
		} else {
			c.r.problem(-1, "the file %s is missing", name)
		}
		return nil
	}
	var b []byte
	if err == nil {
		b, err = io.ReadAll(io.LimitReader(f, limit+1))
		f.Close()
	}
	if err != nil {
		c.r.problem(-1, "the file %s cannot be read", name)
		return nil
	}
	return b
}

// readNodeKey reads node.pub: one line.
func (c *checker) readNodeKey(path string) {
	c.key = c.given
	b := c.readAll(path, 1024)
	if b == nil {
		return
	}
	own, fault := parseKey(string(bytes.TrimSuffix(b, []byte("\n"))))
	switch {
	case fault != "":
		c.r.problem(-1, "node.pub is not a verifier key: %s", fault)
	case c.given.text == "":
		c.key = own
	case c.given.text != own.text:
		c.r.problem(-1, "node.pub is %s, and not the key that must have signed", own.text)
	}
	c.own = own
}

// readHeadFile reads the newest head that was acknowledged, or returns nil and reports why. A node may be overwriting it, so
// it is read until two readings agree.
func (c *checker) readHeadFile(path string) *head {
	b := c.readAll(path, headFileSize)
	for range headAttempts {
		if b == nil {
			return nil
		}
		again := c.readAll(path, headFileSize)
		if bytes.Equal(b, again) {
			break
		}
		b = again
	}
	h, fault := parseHeadFile(b)
	if fault != "" {
		c.r.problem(-1, "the file head is damaged: %s", fault)
		return nil
	}
	c.watch = &h
	return &h
}

// parseHeadFile reads a head that is followed by line feeds up to 1,024 bytes.
func parseHeadFile(b []byte) (h head, fault string) {
	if len(b) != headFileSize {
		return h, fmt.Sprintf("it does not have exactly %d bytes", headFileSize)
	}
	return parseHead(append(bytes.TrimRight(b, "\n"), '\n'))
}

// header checks the database's first page, and refuses a file that is no journal.
func (c *checker) header(s *snapshot) error {
	first, err := s.firstPage()
	if err != nil {
		return err
	}
	if s.was.Size() == 0 && len(s.view.inLog) == 0 {
		return unreadable(marz.Invalid, s.path, "it is empty: this is not a journal", nil)
	}
	journal, sqlite := recognisable(first)
	if !journal { // one damaged byte must not make a journal unrecognisable
		found := roots(s.view, &pageSet{}, func(uint32, string) {})
		journal = sqlite && (c.watch != nil || c.own.text != "" || found["entry"] != 0 && found["head"] != 0)
	}
	if !journal && !sqlite {
		return unreadable(marz.Invalid, s.path, "it is not a SQLite database", nil)
	}
	if !journal {
		return unreadable(marz.Invalid, s.path, "it is a database, but not that of a journal", nil)
	}
	for _, what := range headerFaults(first) {
		c.r.problem(-1, "page 1 of journal.db: %s", what)
	}
	if over := s.was.Size() % pageSize; over != 0 {
		c.r.problem(-1, "journal.db is cut off: its last page has %d of %d bytes", over, pageSize)
	}
	if n := pagesOf(first); s.log.whole == 0 && n != 0 {
		if n > s.view.pages {
			c.r.problem(-1, "journal.db is cut off: it has %d of %d pages", s.view.pages, n)
		}
		s.view.pages = min(s.view.pages, n)
	}
	return nil
}

// compareHeadFile holds the file head against what the database has (docs/spec/journal.md §1).
func (c *checker) compareHeadFile(h *head, s *snapshot) {
	if fault := h.signedBy(&c.key); c.key.text != "" && fault != "" {
		c.r.problem(-1, "the file head (size %d): %s", h.size, fault)
		return
	}
	why := ""
	if s.log.damage != nil {
		why = " (" + s.log.damage.what + ")"
	}
	switch {
	case h.size > c.covered:
		c.r.problem(c.covered, "the entries from here to %d were acknowledged, as the file head proves, and are gone: "+
			"an older database was put back, or its end was cut off%s", h.size-1, why)
	case c.watched.size == 0:
		c.r.problem(-1, "the file head has a head of size %d, of which the table head has no sound one", h.size)
	default:
		c.contradiction(&c.watched, h, h.size-1)
	}
}

// reportLog tells where the write-ahead log is damaged, and from which entry on that would be felt.
func (c *checker) reportLog(s *snapshot) {
	switch d := s.log.damage; {
	case d == nil:
	case d.certain:
		seq, ok := entriesIn(s.first)
		if !ok {
			seq = -1
		}
		c.r.problem(seq, "%s: SQLite reads no entry from here on", d.what)
	default:
		if c.watch != nil && c.watch.size <= c.covered {
			c.r.Notes = append(c.r.Notes, d.what+"; nothing that the file head acknowledges is lost")
		}
	}
}
