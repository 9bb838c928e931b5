// Package mrz reads, repairs and writes the machine-readable zone of travel documents: the two or three lines of OCR-B that
// ICAO Doc 9303 defines for passports (TD3, part 4), cards (TD1, part 5; TD2, part 6) and visas (MRV-A and MRV-B,
// part 7), with the rules common to all in part 3.
//
// It owns the layout of the five formats and of the older French identity card, their check digits, the rules for names, dates and
// long document numbers, and the tables by which names in Latin, Cyrillic and Arabic letters are written.
// It promises:
//
//   - Nothing is repaired in silence. A field is given as it stands in the zone; what is wrong with it is said beside it,
//     in Checks and in Defects, with its place and the clause it departs from. Only a zone without a readable shape is an error.
//   - Repair proposes and decides nothing: each candidate says what it changed, what that costs and which check digits agree.
//   - What Write writes, Parse reads back the same and without a defect, but for what a zone cannot hold: other scripts, marks and
//     punctuation, the end of a name that had to be cut, the century of a date; and a code that is withdrawn.
//   - Errors name line and column and quote at most one character, so that no personal data gets into a log.
//   - Reading many documents from one stream takes a fixed amount of memory, whatever the stream holds.
//
// A zone has two-digit years. Parse takes the date of today from its caller and never reads a clock.
package mrz

import "marz"

// Format is one of the five layouts of Doc 9303, or one that a state had of its own.
type Format string

// The five formats.
const (
	TD1  Format = "TD1"   // card, 3 lines of 30, Doc 9303-5
	TD2  Format = "TD2"   // larger card, 2 lines of 36, Doc 9303-6
	TD3  Format = "TD3"   // passport, 2 lines of 44, Doc 9303-4
	MRVA Format = "MRV-A" // visa of full size, 2 lines of 44, Doc 9303-7 §4
	MRVB Format = "MRV-B" // smaller visa, 2 lines of 36, Doc 9303-7 §5

	// FranceID is the national identity card that France issued until 2021, 2 lines of 36 that begin with IDFRA. It is no TD2:
	// the given names stand in the lower line, the number has twelve characters, the zone has no date of expiry and no
	// nationality, and the composite check digit covers all before it.
	FranceID Format = "FRA-ID"
)

// Document is what a machine-readable zone says. It says nothing about the truth of it.
type Document struct {
	Format Format `json:"format"`
	Code   string `json:"code"`   // document code without fillers, for example "P", "PD", "ID", "V"
	Issuer string `json:"issuer"` // code of Doc 9303-3 §5 without fillers, for example "D", "ARM", "RKS"

	// Primary and Secondary are the two identifiers (9303-3 §4.6) with each filler a space. Secondary is empty when the
	// name has one part. Truncated says that the name field is full to its last position, so that the name may have been
	// cut; 9303-4 §4.2.3 says that it then must be treated as cut.
	Primary   string `json:"primary"`
	Secondary string `json:"secondary"`
	Truncated bool   `json:"truncated"`

	// Number is the document number without trailing fillers, whole even where it runs on into the optional data
	// (9303-5 §4.2.2 note j, 9303-6 §4.2.2 note j). A filler within it stays "<", as it stands for whatever the issuer has printed there.
	Number      string    `json:"number"`
	Nationality string    `json:"nationality"` // as Issuer; in FranceID, which is for nationals only, the issuer's
	Birth       marz.Date `json:"birth"`       // parts unknown as in the zone; the century by the rule of Parse
	Sex         string    `json:"sex"`         // "M", "F", or "X" for unspecified
	Expiry      marz.Date `json:"expiry"`      // the century by the rule of Parse; unknown in FranceID

	// Optional1 is the optional data of the line with the number (TD1: of the upper line), Optional2 that of the middle
	// line of TD1. Trailing fillers are cut; what belongs to a long document number is not repeated here.
	Optional1 string `json:"optional1"`
	Optional2 string `json:"optional2"`

	// CenturyDoubt says that the rule for the century of Birth chose, and that the other choice is a possible age too. The
	// officer sees at a glance which it is; a machine does not.
	CenturyDoubt bool `json:"century_doubt"`

	// ExpiryDoubt says that the year of Expiry is 99 and that the rule took it into the past. Some states write 99 on cards
	// that have no end (1 January or 31 December 9999).
	ExpiryDoubt bool `json:"expiry_doubt"`

	Checks    []Check  `json:"checks"`
	Defects   []string `json:"defects"`    // stable codes, the Defect constants, in the order in which they were met
	DefectsAt []Defect `json:"defects_at"` // the same in the same order, each with its place and clause
	Lines     []string `json:"lines"`      // the zone as read, upper case, one string a line
}

// Check is one check digit: what it ought to be, what stands there, and whether that will do. Field is "number", "birth",
// "expiry", "optional" or "composite". Line and Column are where it stands, counted from 1; Clause is the one of Doc 9303 that
// says over which positions it is, and from which a wrong one departs.
type Check struct {
	Field  string `json:"field"`
	Want   string `json:"want"`
	Got    string `json:"got"`
	OK     bool   `json:"ok"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Clause string `json:"clause"`
}

// Defect is something that the standard rules out and that leaves the zone readable all the same.
type Defect struct {
	Name   string `json:"name"`   // one of the Defect constants
	Line   int    `json:"line"`   // counted from 1
	Column int    `json:"column"` // counted from 1, of the first character that is wrong
	Clause string `json:"clause"` // of Doc 9303, part and paragraph: "9303-3 §4.6"; of FranceID it says that there is none
}

// ChecksOK reports whether every check digit of the document is right.
func (d *Document) ChecksOK() bool {
	for _, c := range d.Checks {
		if !c.OK {
			return false
		}
	}
	return len(d.Checks) > 0
}

// The names of the defects. docs/mrz.md has them with their clauses.
const (
	DefectCode             = "code-unexpected"        // the document code is not one of the format
	DefectIssuer           = "issuer-malformed"       // not one to three letters and then fillers
	DefectNationality      = "nationality-malformed"  // as issuer-malformed
	DefectName             = "name-field-malformed"   // a digit in it, no primary identifier, or fillers out of place
	DefectIssuerOld        = "issuer-withdrawn"       // a code that stands for no state any more, and may be on old documents
	DefectNationalityOld   = "nationality-withdrawn"  // as issuer-withdrawn
	DefectNumber           = "number-missing"         // the number field holds fillers only
	DefectSex              = "sex-invalid"            // none of M, F, < and X; given as X
	DefectBirthImpossible  = "birth-date-impossible"  // month 13, 30 February: the part is given as unknown
	DefectBirthMalformed   = "birth-date-malformed"   // neither two digits nor two fillers: the part is given as unknown
	DefectExpiryImpossible = "expiry-date-impossible" // as birth-date-impossible
	DefectExpiryMalformed  = "expiry-date-malformed"  // as birth-date-malformed
)

// defect notes a defect at an offset into a field.
func (d *Document) defect(name string, field span, offset int, clause string) {
	d.Defects = append(d.Defects, name)
	d.DefectsAt = append(d.DefectsAt, Defect{name, field.line + 1, field.from + offset + 1, clause})
}
