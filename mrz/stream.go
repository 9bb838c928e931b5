package mrz

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"strings"

	"marz"
)

// Reading is one document of a stream, or the error that stands in its place. Line is where in the stream it begins,
// counted from 1; for an error it is the line with the fault.
type Reading struct {
	Line     int
	Document *Document
	Err      error
}

// Documents reads documents from a stream, one after the other, as Parse reads each. A blank line may part them and need
// not: the length of the lines says how many belong together. A line that begins with # between documents is a comment.
//
// Whatever cannot be read yields an error for its line, and reading goes on with the next document. So that one lost line
// does not shift all that follow, a line that by its digits can only be a later one never begins a document, and one that
// can only be a first one never continues it. After an error the rest of the document it concerns is passed over.
//
// It holds no more than one document and one line of at most 4096 bytes. An error of the reader itself ends the sequence.
func Documents(r io.Reader, today marz.Date) iter.Seq[Reading] {
	return func(yield func(Reading) bool) {
		s := &splitter{lines: &lineReader{r: bufio.NewReaderSize(r, 16<<10)}, today: today, yield: yield}
		s.run()
	}
}

// splitter tells where documents begin and end.
type splitter struct {
	lines   *lineReader
	today   marz.Date
	yield   func(Reading) bool
	current assembly
	damaged bool // an error was reported, and lines of the same document may follow
	stopped bool // the caller wants no more
}

func (s *splitter) run() {
	for !s.stopped {
		raw, err := s.lines.next()
		switch {
		case errors.Is(err, io.EOF):
			s.end()
			return
		case errors.Is(err, errLongLine):
			s.end()
			s.fail(s.lines.number, badShape(position{s.lines.number, maxText + 1},
				"the line goes on for more than 4096 bytes; give text with one line of a zone on each line"))
		case err != nil:
			s.fail(s.lines.number+1, &marz.Error{Code: marz.Internal, Op: "read mrz", Subject: "input", Err: err})
			return
		default:
			s.take(trimLine(raw))
		}
	}
}

// take handles one line that is neither too long nor the end.
func (s *splitter) take(line string) {
	inside := s.current.unit != 0
	switch {
	case line == "":
		s.end()
		s.damaged = false
		return
	case !inside && line[0] == '#':
		return
	}
	if inside && opens(capitals(line), s.current.unit) {
		s.end()
	}
	if s.stopped || s.damaged && follows(capitals(line), len(line)) {
		return
	}
	if err := s.current.add(line, s.lines.number); err != nil {
		s.current = assembly{}
		s.fail(s.lines.number, err)
		return
	}
	s.damaged = false
	if first := s.current.lines[0]; s.current.have == 1 && follows(first, s.current.unit) || s.current.done() {
		s.finish()
	}
}

// finish yields the current document. A line that cannot be a first one ends here as well, with the error that says so.
func (s *splitter) finish() {
	line := s.current.at[0].line
	d, err := s.current.document(s.today)
	cut := err != nil && !s.current.done()
	s.current = assembly{}
	if err != nil {
		s.fail(line, err)
		s.damaged = cut
		return
	}
	s.stopped = s.stopped || !s.yield(Reading{Line: line, Document: d})
}

// end closes a document that has not all its lines.
func (s *splitter) end() {
	if s.current.unit == 0 {
		return
	}
	line, err := s.current.at[0].line, s.current.incomplete()
	s.current = assembly{}
	s.fail(line, err)
}

func (s *splitter) fail(line int, err error) {
	s.damaged = true
	s.stopped = s.stopped || !s.yield(Reading{Line: line, Err: err})
}

// hasDigit reports whether there is a digit in s.
func hasDigit(s string) bool {
	for i := range len(s) {
		if digit(s[i]) {
			return true
		}
	}
	return false
}

// follows reports whether a line can only be a later line of a document: it has two dates where the dates stand, or, in TD1,
// it has no digit at all as a name, while the first line has at least a check digit.
func follows(line string, width int) bool {
	if len(line) != width || width != 30 && width != 36 && width != 44 {
		return false
	}
	if width == 30 && !hasDigit(line) {
		return true
	}
	l := layoutOf(width, "")
	digits := 0
	for _, date := range []span{l.birth, l.expiry} {
		for i := date.from; i <= date.to; i++ { // up to and with the check digit
			switch {
			case digit(line[i]):
				digits++
			case line[i] != filler:
				return false
			}
		}
	}
	return digits >= 4
}

// opens reports whether a line can only be the first line of a document, where a later one is due. In two
// lines the second has digits and the first has none but in its code. In TD1 the first begins with the letters of code and issuer, has
// the check digit of its number or a filler in position 15, and has digits, as no name has.
func opens(line string, width int) bool {
	if len(line) != width || line[0] < 'A' || line[0] > 'Z' || !letters(trimFillers(line[2:5]), 3) {
		return false
	}
	if width == 36 && strings.HasPrefix(line, franceHead) {
		return true
	}
	count := 0
	for i := range len(line) {
		if digit(line[i]) && i != 1 {
			count++
		}
	}
	if width != 30 {
		return count == 0
	}
	return count >= 3 && (digit(line[14]) || line[14] == filler)
}

// errLongLine is what lineReader.next gives for a line beyond maxText; the line has been passed over.
var errLongLine = errors.New("line too long")

// lineReader reads lines that end in LF, CR LF or CR alone, and counts them.
type lineReader struct {
	r       *bufio.Reader
	number  int // of the line last returned, from 1
	afterCR bool
	buf     []byte
}

// next returns the next line without its end; at the end of input io.EOF, with no line.
func (l *lineReader) next() (string, error) {
	l.buf = l.buf[:0]
	long := false
	for {
		c, err := l.r.ReadByte()
		if err != nil && (!errors.Is(err, io.EOF) || len(l.buf) == 0) {
			return "", err
		}
		if err == nil && c == '\n' && l.afterCR {
			l.afterCR = false
			continue
		}
		l.afterCR = c == '\r'
		if err != nil || c == '\n' || c == '\r' {
			break
		}
		if len(l.buf) < maxText {
			l.buf = append(l.buf, c)
		} else {
			long = true
		}
	}
	l.number++
	if long {
		return "", errLongLine
	}
	line := string(l.buf)
	if l.number == 1 {
		line = strings.TrimPrefix(line, byteOrderMark)
	}
	return line, nil
}
