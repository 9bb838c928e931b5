package reader

import (
	"bytes"
	"fmt"
	"strings"
)

// scanner is the adapter of barcode scanners.
type scanner struct {
	settings Settings
	buf      []byte
	over     int // bytes of a scan that became too long
	zone     gatherer
}

// newScanner makes the adapter of barcode scanners of Honeywell, Metrologic, Zebra, Datalogic and others: Start where one is set, an AIM identifier, what the code holds, End (CR where none is set), and the check where one is set. The identifier is "]", a letter for the kind of code and a character for its options
// (ISO/IEC 15424; Honeywell 3820 User's Guide, Appendix A; Honeywell Marathon, "QR Code 0 … 6"; Opticon Universal Menu Book, Fig. 4.14: "]d1" Data Matrix ECC 200). Metrologic's LRC is §"Longitudinal Redundancy Check" of MS951 and MS5145, off by default.
//
// Seals are binary: what ends a scan may stand within. So a scan of a two-dimensional code, and any without an identifier, ends where End is the last thing before silence; a scan of another kind ends at the first End. Where the identifier says that the code names its encodings (ECI), a backslash is doubled and
// a backslash with six digits is no content (AIM ITS/04-001); both are taken back.
//
// Scanners read zones, too, by the templates of their OCR (Honeywell OCR Programming User's Guide, "Passport Template"): with identifier "]o", which no public manual confirmed, or with none. Those lines are put together as from any reader.
func newScanner(s Settings) Adapter { return &scanner{settings: s} }

func (a *scanner) Take(b []byte) []Event {
	var out []Event
	for _, c := range b {
		if len(a.buf) == 0 && a.over == 0 && c == '\n' && !a.settings.Plain {
			continue // of CR and LF, where End is CR
		}
		if len(a.buf) >= MostFrame {
			a.over += len(a.buf)
			a.buf = a.buf[:0]
		}
		a.buf = append(a.buf, c)
		if a.over == 0 && a.atEnd() && !a.binary() {
			out = append(out, a.scan()...)
		}
	}
	return out
}

// Silent ends the scan, and the zone that scans may have been the lines of.
func (a *scanner) Silent() []Event {
	var out []Event
	switch {
	case a.over > 0:
		out = dropped(a.over+len(a.buf), "a scan is longer than any seal")
	case len(a.buf) > 0 && !a.atEnd():
		out = dropped(len(a.buf), "a scan was cut off by silence")
	case len(a.buf) > 0:
		out = a.scan()
	}
	a.buf, a.over = a.buf[:0], 0
	return append(out, a.zone.end()...)
}

// checked is how many bytes stand after the end.
func (a *scanner) checked() int {
	if a.settings.Check == NoCheck {
		return 0
	}
	return 1
}

// atEnd reports whether the last bytes end a scan.
func (a *scanner) atEnd() bool {
	n := len(a.buf) - a.checked()
	return n >= 0 && bytes.HasSuffix(a.buf[:n], []byte(a.settings.End))
}

// binary reports whether an end may be content.
func (a *scanner) binary() bool {
	b := bytes.TrimPrefix(a.buf, []byte(a.settings.Start))
	if a.settings.Plain {
		return true
	}
	symbol, _ := identifier(b)
	return symbol != "" && strings.IndexByte("dQzLU", symbol[1]) >= 0
}

// identifier takes the AIM identifier off a scan; "" where it has none.
func identifier(b []byte) (string, []byte) {
	if len(b) < 3 || b[0] != ']' || !within(b[1], 'a', 'z') && !within(b[1], 'A', 'Z') || !within(b[2], '0', '9') && !within(b[2], 'A', 'F') && !within(b[2], 'a', 'f') {
		return "", b
	}
	return string(b[:3]), b[3:]
}

func within(c, from, to byte) bool { return c >= from && c <= to }

// scan makes events of the scan in the buffer, whose end is the last thing in it.
func (a *scanner) scan() []Event {
	all := a.buf
	a.buf = nil
	n := len(all) - a.checked()
	start, end := []byte(a.settings.Start), []byte(a.settings.End)
	content := all[:n-len(end)]
	if !bytes.HasPrefix(content, start) {
		return dropped(len(all), "a scan does not begin as is set")
	}
	content = content[len(start):]
	if a.checked() == 1 && !a.settings.Check.right(start, content, end, all[n]) {
		return dropped(len(all), "the check of a scan is wrong")
	}
	if e := a.settings.word(content); e != nil {
		return append(a.zone.end(), *e)
	}
	return a.sort(content)
}

// sort tells codes from lines of zones.
func (a *scanner) sort(content []byte) []Event {
	symbol, data := "", content
	if !a.settings.Plain {
		symbol, data = identifier(content)
	}
	switch {
	case symbol == "" && a.settings.Plain && !zoneLike(data), symbol != "" && symbol[1] != 'o':
		return append(a.zone.end(), code(symbol, data)...)
	case symbol == "" && !zoneLike(data):
		return dropped(len(data), "a scan has no AIM identifier; have the scanner send them, or set plain")
	}
	var out []Event
	for line := range strings.FieldsFuncSeq(string(data), func(r rune) bool { return r == '\r' || r == '\n' }) {
		out = append(out, a.zone.line(line)...)
	}
	return out
}

// zoneLike reports whether bytes may be lines of a zone: they are text of characters that zones have, and a filler is among them or they are as long as a line.
func zoneLike(b []byte) bool {
	for _, c := range b {
		if c != '<' && c != '\r' && c != '\n' && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(b) >= 28 && len(b) <= 2*mostLine
}

// code makes the event of a barcode.
func code(symbol string, data []byte) []Event {
	note := ""
	if eci(symbol) {
		plain, named, ok := withoutECI(data)
		if !ok {
			return dropped(len(data), "a scan names its encodings, and a backslash in it stands for nothing")
		}
		data = plain
		if named > 0 {
			note = fmt.Sprintf("%d names of encodings were taken out of it", named)
		}
	}
	if len(data) == 0 {
		return nil
	}
	return []Event{{Kind: Code, Symbol: symbol, Data: bytes.Clone(data), Note: note}}
}

// eci reports whether an identifier says that a code names its encodings (Opticon Universal Menu Book, Fig. 4.12 to 4.14, for Data Matrix, QR code and Aztec).
func eci(symbol string) bool {
	switch symbol {
	case "]d4", "]d5", "]d6", "]Q2", "]Q4", "]Q6", "]L1", "]z3", "]z4", "]z5", "]z9", "]zA", "]zB":
		return true
	}
	return false
}

// withoutECI takes back how a scanner marks encodings, and says how many it named.
func withoutECI(b []byte) (out []byte, named int, ok bool) {
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] != '\\':
			out = append(out, b[i])
		case i+1 < len(b) && b[i+1] == '\\':
			out = append(out, '\\')
			i++
		case i+6 < len(b) && digits(b[i+1:i+7]):
			named++
			i += 6
		default:
			return nil, 0, false
		}
	}
	return out, named, true
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
