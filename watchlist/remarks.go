package watchlist

import (
	"slices"
	"strings"

	"marz/watchlist/number"
)

// remarkNumbers maps how OFAC's remarks call a number to what it is. The longest matching prefix counts.
var remarkNumbers = []struct {
	prefix, kind string
	vehicle      bool
}{
	{"Passport Booklet:", "passport", false},
	{"Passport", "passport", false},
	{"Diplomatic Passport", "passport", false},
	{"National ID No.", "national identity number", false},
	{"National Foreign ID Number", "identity number", false},
	{"Identification Number IMO", "IMO number", true},
	{"Vessel Registration Identification IMO", "IMO number", true},
	{"Vessel Registration Identification", "vessel registration", true},
	{"MMSI", "MMSI", true},
	{"Aircraft Tail Number", "tail number", true},
	{"Aircraft Manufacturer's Serial Number (MSN)", "aircraft serial number", true},
	{"Aircraft Construction Number (also called L/N or S/N or F/N)", "aircraft construction number", true},
	{"Vehicle Plate No.", "number plate", true},
	{"License Plate No.", "number plate", true},
	{"Identification Number", "identity number", false},
	{"Turkish Identification Number", "identity number", false},
	{"Cedula No.", "cédula", false},
	{"Cedula No", "cédula", false},
	{"C.U.R.P.", "CURP", false},
	{"R.F.C.", "RFC", false},
	{"D.N.I.", "DNI", false},
	{"NIT #", "NIT", false},
	{"RUC #", "RUC", false},
	{"RIF #", "RIF", false},
	{"SSN", "social security number", false},
	{"Tax ID No.", "tax number", false},
	{"Driver's License No.", "driving licence", false},
	{"Electoral Registry No.", "electoral registry number", false},
	{"Credencial electoral", "electoral card", false},
	{"Birth Certificate Number", "birth certificate", false},
	{"Residency Number", "residence permit", false},
	{"Stateless Person ID Card", "identity card", false},
	{"Personal ID Card", "identity card", false},
	{"LE Number", "electoral card", false},
	{"I.F.E.", "electoral card", false},
	{"Cartilla de Servicio Militar Nacional", "military service card", false},
	{"Italian Fiscal Code", "tax number", false},
	{"C.U.I.T.", "tax number", false},
	{"RFC", "RFC", false},
	{"British National Overseas Passport", "passport", false},
	{"Travel Document Number", "travel document", false},
	{"Refugee ID Card", "identity card", false},
	{"Seafarer's Identification Document", "seafarer's identity document", false},
	{"Registration Number", "registration number", false},
	{"Registration ID", "registration number", false},
	{"Company Number", "registration number", false},
	{"Government Gazette Number", "registration number", false},
	{"Commercial Registry Number", "registration number", false},
	{"Business Registration Number", "registration number", false},
	{"Business Registration Document #", "registration number", false},
}

// readRemarks takes from OFAC's remarks what matching uses. It returns how many dates of birth it could not read. The
// remarks are a sentence of items divided by semicolons.
func readRemarks(a *Alert, remarks string) (unread int) {
	for item := range strings.SplitSeq(remarks, ";") {
		item, _ = strings.CutPrefix(tidy(item), "alt. ")
		unread += readItem(a, item)
	}
	return unread
}

// readItem reads one item of the remarks, and leaves one alone that is none of ours. It returns 1 for a date of birth that it cannot read.
func readItem(a *Alert, item string) (unread int) {
	item = strings.TrimSuffix(item, ".") // the last ends the remarks
	word, rest, _ := strings.Cut(item, " ")
	switch {
	case word == "DOB":
		b, ok := parseBirth(rest)
		if !ok {
			return 1
		}
		a.Births = append(a.Births, b)
	case word == "POB" && rest != "":
		a.Birthplaces = append(a.Birthplaces, rest)
	case word == "nationality" || word == "citizen":
		addNationality(a, rest)
	case word == "Gender":
		a.Sex = sex(strings.TrimPrefix(rest, ": "))
	case word == "a.k.a." || word == "f.k.a.":
		if name := strings.Trim(rest, "' "); name != "" {
			a.Names = append(a.Names, Name{name, WeakAlias})
		}
	default:
		readNumber(a, item)
	}
	return 0
}

// addNationality adds a nationality that is a known country, once.
func addNationality(a *Alert, s string) {
	c := country(strings.TrimPrefix(strings.TrimPrefix(s, "possibly "), ": "))
	if c != "" && !slices.Contains(a.Nationalities, c) {
		a.Nationalities = append(a.Nationalities, c)
	}
}

// readNumber reads an item such as "Passport J287011 (Colombia) issued 12 Apr 2000 expires 11 Apr 2005".
func readNumber(a *Alert, item string) {
	best := -1
	for i, n := range remarkNumbers {
		if strings.HasPrefix(item, n.prefix) && (best < 0 || len(n.prefix) > len(remarkNumbers[best].prefix)) {
			best = i
		}
	}
	if best < 0 {
		return
	}
	kind := remarkNumbers[best]
	rest := item[len(kind.prefix):]
	for _, word := range []string{" issued ", " expires "} {
		rest, _, _ = strings.Cut(rest, word)
	}
	n := Number{Type: kind.kind}
	if num, from, ok := strings.Cut(rest, " ("); ok {
		rest = num
		from, _, _ = strings.Cut(from, ")")
		n.Country = country(from)
	}
	n.Number = strings.Trim(rest, " #:")
	if !strings.ContainsAny(n.Number, "0123456789") {
		return // words, not a number
	}
	switch {
	case !kind.vehicle:
		a.Documents = append(a.Documents, n)
	case len(a.Vehicles) > maxValues, // refused in the end, and not compared until then
		!slices.ContainsFunc(a.Vehicles, func(v Number) bool { return number.Normal(v.Number) == number.Normal(n.Number) }):
		a.Vehicles = append(a.Vehicles, n)
	}
}
