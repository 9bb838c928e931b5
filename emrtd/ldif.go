package emrtd

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"iter"
	"strings"

	"marz"
)

// The bounds of an export. A master list is the largest value, less than two megabytes in base64.
const (
	maxLDIFEntry = 32 << 20
	maxLDIFLine  = 1 << 20 // unfolded lines are as long as an entry; this is one physical line
)

// LDIFEntry is one record of an export (RFC 2849). Line is where it begins, counted from 1.
type LDIFEntry struct {
	Line       int
	DN         string
	Attributes []LDIFAttribute
}

// LDIFAttribute is one value of a record, decoded. Name is in small letters with its options, for example "usercertificate;binary".
type LDIFAttribute struct {
	Name  string
	Value []byte
}

// Values returns the values of an attribute, with options or without.
func (e LDIFEntry) Values(name string) [][]byte {
	var out [][]byte
	for _, a := range e.Attributes {
		if base, _, _ := strings.Cut(a.Name, ";"); base == name {
			out = append(out, a.Value)
		}
	}
	return out
}

// ReadLDIF reads the records of an export one after the other, folded lines and base64 undone. What cannot be read of a record is an error in its place, and
// reading goes on with the next one; an error of the reader itself, or a record past the bound, ends the sequence.
func ReadLDIF(r io.Reader) iter.Seq2[LDIFEntry, error] {
	return func(yield func(LDIFEntry, error) bool) {
		s := &ldifScanner{in: bufio.NewReaderSize(r, 64<<10)}
		for {
			lines, first, err := s.record()
			if err != nil {
				if err != io.EOF {
					yield(LDIFEntry{Line: first}, err)
				}
				return
			}
			e, err := parseRecord(lines, first)
			if e == nil && err == nil {
				continue // only a version, or comments
			}
			if e == nil {
				e = &LDIFEntry{Line: first}
			}
			if !yield(*e, err) {
				return
			}
		}
	}
}

// ldifScanner gathers the unfolded lines of one record.
type ldifScanner struct {
	in   *bufio.Reader
	line int
	done bool
}

// physical reads one line without its end.
func (s *ldifScanner) physical() ([]byte, error) {
	var out []byte
	for {
		part, err := s.in.ReadSlice('\n')
		out = append(out, part...)
		if len(out) > maxLDIFLine {
			return nil, ldifError(s.line+1, "a line has more than %d bytes", maxLDIFLine)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err == io.EOF {
			s.done = true
			if len(out) == 0 {
				return nil, io.EOF
			}
		} else if err != nil {
			return nil, &marz.Error{Code: marz.Invalid, Op: "read LDIF", Err: err}
		}
		s.line++
		return bytes.TrimRight(out, "\r\n"), nil
	}
}

// record returns the next record's lines, io.EOF when there is none, and the number of its first line.
func (s *ldifScanner) record() (lines [][]byte, first int, err error) {
	size := 0
	for !s.done {
		line, err := s.physical()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, s.line + 1, err
		}
		if len(line) == 0 {
			if len(lines) > 0 {
				return lines, first, nil
			}
			continue
		}
		if size += len(line); size > maxLDIFEntry {
			return nil, first, ldifError(first, "a record has more than %d bytes", maxLDIFEntry)
		}
		if line[0] == ' ' && len(lines) > 0 {
			lines[len(lines)-1] = append(lines[len(lines)-1], line[1:]...)
			continue
		}
		if len(lines) == 0 {
			first = s.line
		}
		lines = append(lines, bytes.Clone(line))
	}
	if len(lines) == 0 {
		return nil, 0, io.EOF
	}
	return lines, first, nil
}

func ldifError(line int, format string, args ...any) error {
	return &marz.Error{Code: marz.Invalid, Op: "read LDIF", Subject: fmt.Sprintf("line %d", line), Fix: fmt.Sprintf(format, args...)}
}

// parseRecord reads a record; nil where its lines hold none.
func parseRecord(lines [][]byte, first int) (*LDIFEntry, error) {
	e := &LDIFEntry{Line: first}
	for _, line := range lines {
		if line[0] == '#' {
			continue
		}
		a, err := parseLDIFLine(line, first)
		if err != nil {
			return nil, err
		}
		switch {
		case a.Name == "version" && e.DN == "":
		case a.Name == "dn":
			e.DN = string(a.Value)
		case a.Name == "changetype":
			return nil, ldifError(first, "it is a change and no record; give a whole export")
		case e.DN == "":
			return nil, ldifError(first, "a record does not begin with its dn")
		default:
			e.Attributes = append(e.Attributes, a)
		}
	}
	if e.DN == "" {
		return nil, nil
	}
	return e, nil
}

func parseLDIFLine(line []byte, first int) (LDIFAttribute, error) {
	name, value, ok := bytes.Cut(line, []byte{':'})
	if !ok {
		return LDIFAttribute{}, ldifError(first, "a line of the record has no colon")
	}
	a := LDIFAttribute{Name: strings.ToLower(string(name))}
	switch {
	case len(value) > 0 && value[0] == '<':
		return a, ldifError(first, "the value of %.40q stands elsewhere; nothing is fetched", a.Name)
	case len(value) > 0 && value[0] == ':':
		text := bytes.TrimSpace(value[1:])
		out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
		n, err := base64.StdEncoding.Strict().Decode(out, text)
		if err != nil {
			return a, ldifError(first, "the value of %.40q is no base64", a.Name)
		}
		a.Value = out[:n]
	default:
		a.Value = bytes.TrimLeft(value, " ")
	}
	return a, nil
}
