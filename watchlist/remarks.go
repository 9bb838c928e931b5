package watchlist

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"marz/watchlist/number"
)

// remarkNumber is a sort of number that OFAC lists.
type remarkNumber struct {
	prefix, kind string
	vehicle      bool
}

// remarkNumbers maps how OFAC calls a number, in the remarks of its CSV and in the types of its XML, to what it is. The
// longest matching prefix counts.
var remarkNumbers = []remarkNumber{
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
	{"British National Overseas Passport", "passport", false},
	{"Travel Document Number", "travel document", false},
	{"Refugee ID Card", "identity card", false},
	{"Seafarer's Identification Document", "seafarer's identity document", false},
	{"Stateless Person Passport", "passport", false},
	{"Personal ID Card", "identity card", false},
	{"Moroccan Personal ID No.", "identity number", false},
	{"Bosnian Personal ID No.", "identity number", false},
	{"Kenyan ID No.", "identity number", false},
	{"UAE Identification", "identity number", false},
	{"Tazkira National ID Card", "identity card", false},
	{"Citizen's Card Number", "identity card", false},
	{"CNP (Personal Numerical Code)", "identity number", false},
	{"Romanian Permanent Resident", "residence permit", false},
	{"Italian Fiscal Code", "tax number", false},
	{"Numero de Identidad", "identity number", false},
	{"C.U.I.P.", "CUIP", false},
	{"C.U.I.T.", "CUIT", false},
	{"C.U.I.", "CUI", false},
	{"I.F.E.", "electoral card", false},
	{"LE Number", "identity number", false},
	{"N.I.E.", "NIE", false},
	{"RFC", "RFC", false},
	{"Cartilla de Servicio Militar Nacional", "military service card", false},
	{"VisaNumberID", "visa", false},
	{"Immigration No.", "immigration number", false},
	{"Public Security and Immigration No.", "immigration number", false},
	{"Pilot License Number", "pilot's licence", false},
	{"Previous Aircraft Tail Number", "tail number", true},
	{"Aircraft Construction Number (also called L/N or S/N or F/N)", "aircraft serial number", true},
	{"Aircraft Serial Identification", "aircraft serial number", true},
	{"Aircraft Mode S Transponder Code", "Mode S code", true},
	{"Other Vessel Call Sign", "call sign", true},
	{"Registration Number", "registration number", false},
	{"Registration ID", "registration number", false},
	{"Company Number", "registration number", false},
	{"Government Gazette Number", "registration number", false},
	{"Commercial Registry Number", "registration number", false},
	{"Business Registration Number", "registration number", false},
	{"Business Registration Document #", "registration number", false},
}

// readRemarks takes from OFAC's remarks what matching uses. It returns how many dates of birth it could not read. The
// remarks are a sentence of items divided by semicolons; an item that is none of ours is left alone.
func readRemarks(a *Alert, remarks string) (unread int) {
	for item := range strings.SplitSeq(remarks, ";") {
		item = strings.TrimSuffix(tidy(item), ".")
		item, _ = strings.CutPrefix(item, "alt. ")
		word, rest, _ := strings.Cut(item, " ")
		switch {
		case word == "DOB":
			if b, ok := parseBirth(rest); ok {
				a.Births = append(a.Births, b)
			} else {
				unread++
			}
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
	}
	return unread
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
	kind, rest, ok := remarkKind(item)
	if !ok {
		return
	}
	for _, word := range []string{" issued ", " expires "} {
		rest, _, _ = strings.Cut(rest, word)
	}
	rest, from, _ := lastBrackets(rest)
	kind.add(a, rest, from)
}

// lastBrackets divides "13/TaTaNa (Naing)019077 (Burma)" into what stands before the brackets at its end and what they
// hold. Brackets that nothing closes count as closed at the end.
func lastBrackets(s string) (before, in string, ok bool) {
	at := strings.LastIndex(s, " (")
	if at < 0 {
		return s, "", false
	}
	in, after, _ := strings.Cut(s[at+2:], ")")
	if strings.ContainsAny(after, "0123456789") {
		return s, "", false
	}
	return s[:at], in, true
}

// remarkKind finds which of remarkNumbers an item begins with, and what follows: "C.U.I.T. 30" does not begin with
// "C.U.I.".
func remarkKind(item string) (kind remarkNumber, rest string, ok bool) {
	for _, n := range remarkNumbers {
		after, begins := strings.CutPrefix(item, n.prefix)
		first, _ := utf8.DecodeRuneInString(after)
		if begins && len(n.prefix) > len(kind.prefix) && (!unicode.IsLetter(first) || strings.HasSuffix(n.prefix, "#")) {
			kind, rest, ok = n, after, true
		}
	}
	return kind, rest, ok
}

// add adds a number with the state that issued it. Words that stand where a number should are left alone, as are words in
// brackets after it, "(Texas)".
func (kind remarkNumber) add(a *Alert, text, from string) {
	for {
		before, words, ok := lastBrackets(text)
		if !ok || strings.ContainsAny(words, "0123456789") {
			break
		}
		text = before
	}
	n := Number{Number: strings.Trim(text, " #:"), Country: country(from), Type: kind.kind}
	if !strings.ContainsAny(n.Number, "0123456789") {
		return
	}
	switch {
	case !kind.vehicle:
		a.Documents = append(a.Documents, n)
	case len(a.Vehicles) > maxValues, // refused in the end, and not compared until then
		!slices.ContainsFunc(a.Vehicles, func(v Number) bool { return number.Normal(v.Number) == number.Normal(n.Number) }):
		a.Vehicles = append(a.Vehicles, n)
	}
}
