package watchlist

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"marz"
)

// The United Kingdom publishes its list twice: the Office of Financial Sanctions Implementation as ConList.csv, and the Foreign Office as UK-Sanctions-List.csv. Both have a date in the
// first line, the names of their columns in the second, and a row for each name of each subject, or for each of its other values. A value that holds several numbers them: "(1) Iran (2) Syria".
//
// Left out are titles before names, the kind and language of a script, ways to reach a subject, parents and subsidiaries of companies, length, tonnage and age of ships, what is imposed, and the dates of listing.

// uk reads either of them.
func (in source) uk(name string) (*List, error) {
	b, err := in.read(name)
	if err != nil {
		return nil, err
	}
	t, err := in.table(name, b, ',', 1, "Name 6", "Name 1")
	if err != nil {
		return nil, err
	}
	id := "Unique ID"
	if t.lacks(id) {
		id = "Group ID"
	}
	if t.lacks(id) {
		return nil, in.bad(name, 2, `the header lacks the columns "Group ID" and "Unique ID", of which one is needed`)
	}
	g := newGathered(&List{ID: "uk-sanctions", Name: "UK sanctions list", Owner: "uk-ofsi"})
	err = t.rows(func() error {
		kind, known := ukKinds[strings.ToLower(t.either("Designation Type", "Group Type", "Individual, Entity, Ship"))]
		switch {
		case t.get(id) == "" || id == "Group ID" && strings.Trim(t.get(id), "0123456789") != "":
			return t.fail("the row has no " + id + "; fetch the file again")
		case !known:
			return t.fail("the row is about none of individual, entity and ship; fetch the file again")
		}
		a := g.alert(t.get(id), kind, t.line())
		if a.Kind != kind {
			return t.fail("the row is about another kind of subject than the rows before it; fetch the file again")
		}
		if ukRow(t, g, a); g.tooMany(a) {
			return t.fail(fmt.Sprintf("the subject has more than %d values of one sort", maxValues))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	first, _, _ := bytes.Cut(b, []byte("\n"))
	_, date, _ := strings.Cut(strings.NewReplacer(":", ",", `"`, "", "\r", "").Replace(string(first)), ",")
	return g.done(in, name, versionOf(strings.Trim(date, ", "), b))
}

var ukKinds = map[string]Kind{"individual": Person, "entity": Organisation, "ship": Vessel}

// either returns the value of the first of some columns that has one. "N/A" and "Unknown" are none.
func (t *csvTable) either(columns ...string) string {
	for _, c := range columns {
		switch v := t.get(c); strings.ToLower(v) {
		case "", "n/a", "unknown":
		default:
			return v
		}
	}
	return ""
}

// ukRow adds what a row says of an alert.
func ukRow(t *csvTable, g *gathered, a *Alert) {
	ukNames(t, g, a)
	ukPerson(t, g, a)
	ukNumbers(t, g, a)
	var place []string
	for _, c := range [][]string{{"Address Line 1", "Address 1"}, {"Address Line 2", "Address 2"}, {"Address Line 3", "Address 3"}, {"Address Line 4", "Address 4"}, {"Address Line 5", "Address 5"},
		{"Address Line 6", "Address 6"}, {"Address Postal Code", "Post/Zip Code"}, {"Address Country", "Country"}} {
		place = append(place, t.either(c...))
	}
	addTo(&a.Addresses, commas(place...))
	g.why(a, "UK regime ", t.either("Regime", "Regime Name"))
	for _, c := range []struct{ before, column string }{
		{"position: ", "Position"}, {"ship: ", "Type of ship"}, {"flag: ", "Current believed flag of ship"}, {"previous flags: ", "Previous flags"}, {"owner: ", "Current owner/operator (s)"},
		{"previous owner: ", "Previous owner/operator (s)"}, {"", "UK Statement of Reasons"}, {"", "Other Information"},
	} {
		g.why(a, c.before, t.either(c.column))
	}
}

func ukNames(t *csvTable, g *gathered, a *Alert) {
	var parts []string
	for _, c := range []string{"Name 1", "Name 2", "Name 3", "Name 4", "Name 5", "Name 6"} {
		if p := t.either(c); p != "" {
			parts = append(parts, p)
		}
	}
	kind := Alias
	if k := strings.ToLower(t.either("Name type", "Alias Type")); strings.HasPrefix(k, "primary") && !strings.Contains(k, "variation") {
		kind = Primary
	}
	if q := strings.ToLower(t.either("Alias strength", "Alias Quality")); strings.Contains(q, "low") || strings.Contains(q, "weak") {
		kind = WeakAlias
	}
	g.name(a, strings.Join(parts, " "), kind)
	g.name(a, t.either("Name Non-Latin Script"), NativeScript)
}

// ukSex is how the consolidated list, which has no column for it, gives the sex among other information.
var ukSex = regexp.MustCompile(`(?i)\(gender\)\s*:?\s*(female|male)\b`)

// ukPerson adds births, nationalities and sex, which stand only with individuals.
func ukPerson(t *csvTable, g *gathered, a *Alert) {
	for _, d := range ukValues(strings.ReplaceAll(t.either("DOB", "D.O.B"), ";", " (0) ")) {
		b, ok := ukBirth(d)
		g.birth(a, b, ok)
	}
	for _, n := range ukValues(strings.NewReplacer(";", " (0) ", "/", " (0) ").Replace(t.either("Nationality", "Nationality(/ies)"))) {
		g.nation(a, n)
	}
	said := ""
	if m := ukSex.FindStringSubmatch(t.get("Other Information")); m != nil {
		said = m[1]
	}
	if s := sex(firstOf(t.either("Gender"), said)); s != "" {
		a.Sex = s
	}
	towns, states := ukValues(t.either("Town of Birth")), ukValues(t.either("Country of Birth"))
	for i := range max(len(towns), len(states)) {
		var town, state string
		if i < len(towns) {
			town = towns[i]
		}
		if len(states) > 0 { // one state for all of the towns stands once
			state = states[min(i, len(states)-1)]
		}
		addTo(&a.Birthplaces, commas(town, state))
	}
}

var (
	ukItem = regexp.MustCompile(`\((?:\d{1,2}|[a-z])\)`)
	// ukIMO is how the consolidated list, which has no column for it, gives the number of a ship among other information.
	ukIMO = regexp.MustCompile(`(?i)\bIMO\b[^0-9.;]{0,20}([0-9]{7})\b`)
	// ukIssuer is how the details of a document name its issuer.
	ukIssuer = regexp.MustCompile(`(?i)\bissued (?:in|by) (?:the )?([A-Z][A-Za-z' -]*)`)
)

// ukValues are the values of a column that numbers them, or the one that it holds.
func ukValues(s string) []string {
	var out []string
	for _, v := range ukItem.Split(s, -1) {
		if v = strings.Trim(v, " ,;"); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// ukNumbers reads documents and ships' numbers. Of the details of a document its issuer and its condition are read, as far as they say them in these words; when and where it was issued is left out.
func ukNumbers(t *csvTable, g *gathered, a *Alert) {
	for _, d := range []struct {
		numbers, details []string
		kind             string
	}{
		{[]string{"Passport Number"}, []string{"Passport Details", "Passport additional information"}, "passport"},
		{[]string{"National Identification Number", "National Identifier number"}, []string{"National Identification Details", "National Identifier additional information"}, "national identity number"},
		{[]string{"Business registration number (s)"}, nil, "registration number"},
	} {
		numbers, details := ukValues(t.either(d.numbers...)), ukValues(t.either(d.details...))
		for i, n := range numbers {
			detail := ""
			if len(details) == len(numbers) {
				detail = details[i]
			}
			g.number(&a.Documents, Number{Number: n, Country: ukState(detail), Type: withCondition(d.kind, detail)})
		}
	}
	for _, n := range ukValues(t.either("IMO number")) {
		g.number(&a.Vehicles, Number{Number: n, Type: "IMO number"})
	}
	for _, n := range ukValues(t.either("Hull identification number (HIN)")) {
		g.number(&a.Vehicles, Number{Number: n, Type: "hull identification number"})
	}
	if a.Kind == Vessel {
		for _, m := range ukIMO.FindAllStringSubmatch(t.get("Other Information"), -1) {
			g.number(&a.Vehicles, Number{Number: m[1], Type: "IMO number"})
		}
	}
}

// ukState is the issuer that the details of a document name, "" for none: "Syria", "Issued in Syria on 1 May 2004".
func ukState(details string) string {
	if c := country(details); c != "" {
		return c
	}
	m := ukIssuer.FindStringSubmatch(details)
	if m == nil {
		return ""
	}
	words := strings.Fields(m[1])
	for n := len(words); n > 0; n-- {
		if c := country(strings.Join(words[:n], " ")); c != "" {
			return c
		}
	}
	return ""
}

// ukBirth reads dd/mm/yyyy, of which day and month can be 00, or the letters dd and mm.
func ukBirth(s string) (Birth, bool) {
	f := strings.Split(s, "/")
	if len(f) != 3 {
		return parseBirth(s)
	}
	d := marz.Date{Year: digits(f[2], 4)}
	for i, letters := range []string{"dd", "mm"} {
		n := digits(f[i], 2)
		if v := strings.ToLower(f[i]); n == 0 && v != letters && strings.Trim(v, "0") != "" {
			return Birth{}, false
		}
		if i == 0 {
			d.Day = n
		} else {
			d.Month = n
		}
	}
	if d.Month == 0 {
		d.Day = 0
	}
	return Birth{From: d}, d.Year != 0 && d.Valid()
}
