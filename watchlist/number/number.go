package number

// Kind says what a number is the number of.
type Kind uint8

// The kinds. The zero Kind is none.
const (
	Document Kind = iota + 1
	Vehicle
)

// String returns the name of the kind.
func (k Kind) String() string {
	switch k {
	case Document:
		return "document"
	case Vehicle:
		return "vehicle"
	}
	return "no kind"
}

// Bounds of what a table takes.
const (
	MaxRunes   = 64 // characters of a number in Normal form
	MaxType    = 64 // bytes of a type
	maxCountry = 3
	maxRows    = 1<<32 - 1 // of a build: a bucket's end has 32 bits
	maxSeen    = 1 << 20   // combinations of kind, country, type and script in all
)

// Row is a number as a list has it.
type Row struct {
	Kind    Kind
	Number  string // as listed: hyphens, blanks and fillers do not count
	Country string // the issuer: one to three capital letters of ICAO 9303-3 §5, or nothing
	Type    string // a word of the list's own vocabulary, for example "passport"; not free text
}

// Info describes a table.
type Info struct {
	Rows     int64 // rows that were read
	Unusable int64 // of them: without a letter or digit, or of more than MaxRunes. They are not in the table
	Numbers  int64 // in the table, each with its kind, country and type once
	Overflow int64 // of them: kept as text, not in 8 bytes
	Origins  int   // combinations of kind, country, type and script that are kept once
	Bytes    int64 // of the file
}

// Match is a listed number that was asked for, or that looks like it.
type Match struct {
	Number  string // in Normal form
	Country string
	Type    string
	Exact   bool // what was asked has this Normal form; if not, the two only look alike
	Fits    bool // set by FindChecked alone: the check digit that was read is this number's
}
