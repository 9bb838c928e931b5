package mrz

import (
	"fmt"
	"strings"
	"unicode"

	"marz"
)

// Write lays out a document as its machine-readable zone: lines joined by "\n", all check digits computed. It takes the
// fields from Format to Optional2 but for Truncated, and no others.
//
// Names may be written as printed, in Latin, Cyrillic or Arabic letters: they are written by 9303-3 §6, hyphens and apostrophes by
// §4.6, and a name too long for its field is cut (9303-4 §4.2.3). Cyrillic letters are taken for those of the issuer's language:
// Belarusian, Bulgarian, Macedonian, Serbian or Ukrainian, and Russian of any other issuer; WriteIn is told it. Unknown parts of a date become fillers. A space, hyphen, slash or full
// stop in a number or in optional data becomes a filler. A document number of more than nine characters is possible in
// TD1 (up to 22) and TD2 (up to 14).
//
// An error (*marz.Error, Invalid) names the field that cannot be written and never its content.
func Write(d Document) (string, error) { return WriteIn(d, languageOf(capitals(d.Issuer))) }

// WriteIn is Write for names in a language, which matters where they have Cyrillic letters.
func WriteIn(d Document, language Language) (string, error) {
	if _, ok := cyrillicIn[language]; !ok {
		return "", unwritable("language", "use be, bg, mk, ru, sr or uk; ru for any other written in Cyrillic letters")
	}
	l, ok := layouts[d.Format]
	if !ok {
		return "", unwritable("format", "use TD1, TD2, TD3, MRV-A, MRV-B or FRA-ID")
	}
	w := &writer{layout: l, language: language, lines: make([][]byte, l.lines)}
	for i := range w.lines {
		w.lines[i] = []byte(strings.Repeat("<", l.width))
	}
	for _, step := range []func(*Document) error{w.head, w.names, w.numbers, w.optional2, w.dates} {
		if err := step(&d); err != nil {
			return "", err
		}
	}
	lines := w.finish()
	return strings.Join(lines, "\n"), nil
}

func unwritable(field, fix string) error {
	return &marz.Error{Code: marz.Invalid, Op: "write mrz", Subject: field, Fix: fix}
}

// writer holds the lines of one document, full of fillers at first.
type writer struct {
	layout   *layout
	language Language
	lines    [][]byte
}

func (w *writer) head(d *Document) error {
	l := w.layout
	code := capitals(d.Code)
	switch l.codeFault(code) {
	case 0:
		return unwritable("code", fmt.Sprintf("use one or two letters of which the first is one of %s", l.codes))
	case 1, 2:
		return unwritable("code", "it has a second letter or no more, of a card not V, AI or AC (9303-5 and 9303-6 §4.2.2 note k)")
	}
	issuer, nationality := capitals(d.Issuer), capitals(d.Nationality)
	if !letters(issuer, 3) {
		return unwritable("issuer", "use a code of 9303-3 §5, one to three letters")
	}
	if !letters(nationality, 3) {
		return unwritable("nationality", "use a code of 9303-3 §5, one to three letters; XXX for unspecified")
	}
	switch {
	case d.Format == TD2 && code+issuer == franceHead:
		return unwritable("format", "an identity card of France in two lines is no TD2; use FRA-ID")
	case d.Format == FranceID && (code+issuer != franceHead || nationality != issuer):
		return unwritable("code", "FRA-ID is for code ID, issuer FRA and nationality FRA only")
	}
	codeSpan.put(w.lines, code)
	issuerSpan.put(w.lines, issuer)
	l.nationality.put(w.lines, nationality)
	switch capitals(d.Sex) {
	case "M", "F":
		l.sex.put(w.lines, capitals(d.Sex))
	case "X", "<", "":
	default:
		return unwritable("sex", "use M, F, or X for unspecified")
	}
	return nil
}

func (w *writer) names(d *Document) error {
	primary, bad := components(d.Primary, w.language)
	var secondary []string
	if bad == 0 {
		secondary, bad = components(d.Secondary, w.language)
	}
	switch {
	case unicode.IsDigit(bad):
		return unwritable("name", "a name may hold no digits (9303-3 §4.6); write a number in letters")
	case bad != 0:
		return unwritable("name", fmt.Sprintf("%q is in none of the tables of 9303-3 §6 (Latin, Cyrillic, Arabic); give the name in Latin letters", bad))
	case len(primary) == 0:
		return unwritable("name", "a name of one part is the primary identifier, and may not be empty")
	}
	if l := w.layout; l.given.width() > 0 {
		first, given := strings.Join(primary, "<"), strings.Join(secondary, "<<")
		l.name.put(w.lines, first)
		l.given.put(w.lines, given)
		return nil
	}
	field, ok := nameField(primary, secondary, w.layout.name.width())
	if !ok {
		return unwritable("name", "too many components of one letter to cut by rule; shorten it by hand")
	}
	w.layout.name.put(w.lines, field)
	return nil
}

// plain returns a number or optional data as it stands in the zone, without trailing fillers.
func plain(field, text string) (string, error) {
	b := []byte(capitals(text))
	for i, c := range b {
		switch c {
		case ' ', '-', '/', '.':
			b[i] = filler
		default:
			if value(c) < 0 {
				return "", unwritable(field, "use letters A to Z, digits and spaces only")
			}
		}
	}
	return trimFillers(string(b)), nil
}

// numbers writes the document number and the optional data that follows it, which a long number shares.
func (w *writer) numbers(d *Document) error {
	l := w.layout
	number, err := plain("number", d.Number)
	if err != nil {
		return err
	}
	if number == "" {
		return unwritable("number", "a document has one; give it")
	}
	optional, err := plain("optional1", d.Optional1)
	if err != nil {
		return err
	}
	check := string(CheckDigit(number)) // trailing fillers count 0 and change nothing
	width := l.number.width()
	if rest := number[min(len(number), width):]; rest != "" {
		// 9303-5 and 9303-6 §4.2.2 note j: nine characters, a filler for the check digit, the rest, its check digit, a filler.
		if !l.longNumber || number[8] == filler || strings.ContainsRune(rest, filler) || len(rest)+2 > l.optional1.width() {
			return unwritable("number", "it is too long for the format, or has a space after its eighth character; "+
				"of a long number a passport or visa bears the first nine characters")
		}
		optional = trimFillers(rest + string(CheckDigit(number)) + "<" + optional)
		check = "<"
	}
	if len(optional) > l.optional1.width() {
		return unwritable("optional1", fmt.Sprintf("there is room for %d characters, less those of a long number", l.optional1.width()))
	}
	l.number.put(w.lines, number[:min(len(number), width)])
	l.number.checkAt().put(w.lines, check)
	l.optional1.put(w.lines, optional)
	if l.optCheck && optional != "" {
		l.optional1.checkAt().put(w.lines, string(CheckDigit(optional)))
	}
	return nil
}

func (w *writer) optional2(d *Document) error {
	text, err := plain("optional2", d.Optional2)
	if err != nil {
		return err
	}
	if room := w.layout.optional2.width(); len(text) > room {
		return unwritable("optional2", fmt.Sprintf("%s has room for %d characters there", d.Format, room))
	}
	w.layout.optional2.put(w.lines, text)
	return nil
}

func (w *writer) dates(d *Document) error {
	for _, f := range []struct {
		name string
		date marz.Date
		at   span
	}{{"birth", d.Birth, w.layout.birth}, {"expiry", d.Expiry, w.layout.expiry}} {
		if f.at.width() == 0 {
			if !f.date.IsZero() {
				return unwritable(f.name, "the format has no such date; leave it out")
			}
			continue
		}
		if !f.date.Valid() {
			return unwritable(f.name, "there is no such date")
		}
		text := two(f.date.Year) + two(f.date.Month) + two(f.date.Day)
		f.at.put(w.lines, text)
		f.at.checkAt().put(w.lines, string(CheckDigit(text)))
	}
	return nil
}

// two writes a part of a date: its last two digits, or two fillers when it is unknown (9303-3 §4.8).
func two(part int) string {
	if part == 0 {
		return "<<"
	}
	return fmt.Sprintf("%02d", part%100)
}

// finish adds the composite check digit, which covers all the others.
func (w *writer) finish() []string {
	lines := make([]string, len(w.lines))
	for i, b := range w.lines {
		lines[i] = string(b)
	}
	l := w.layout
	if len(l.composite) == 0 {
		return lines
	}
	l.compositeAt.put(w.lines, string(l.compositeDigit(lines)))
	lines[l.compositeAt.line] = string(w.lines[l.compositeAt.line])
	return lines
}
