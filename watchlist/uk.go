package watchlist

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"marz"
)

// The United Kingdom publishes its list twice: the Office of Financial Sanctions Implementation as ConList.csv, and the Foreign Office as UK-Sanctions-List.csv. Both have a date in the
// first line, the names of their columns in the second, and a row for each name of each listed person.

// uk reads either of them.
func (in source) uk(name string) (*List, error) {
	b, err := in.read(name)
	if err != nil {
		return nil, err
	}
	t, err := in.table(name, b, ',', 1, "Name 6")
	if err != nil {
		return nil, err
	}
	id, kind := "Unique ID", "Designation Type"
	if _, ok := t.at[column(id)]; !ok {
		id, kind = "Group ID", "Group Type"
	}
	if _, ok := t.at[column(id)]; !ok {
		return nil, in.bad(name, 2, `the header lacks the columns "Group ID" and "Unique ID", of which one is needed`)
	}
	g := newGathered(&List{ID: "uk-sanctions", Name: "UK sanctions list", Owner: "uk-ofsi"})
	for {
		ok, err := t.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if t.get(id) == "" {
			return nil, t.fail("the row has no " + id)
		}
		k, known := ukKinds[strings.ToLower(firstOf(t.get(kind), t.get("Individual, Entity, Ship")))]
		if !known {
			return nil, t.fail("the row is about none of individual, entity and ship")
		}
		ukRow(t, g, g.alert(t.get(id), k))
	}
	sum := sha256.Sum256(b)
	first, _, _ := bytes.Cut(b, []byte("\n"))
	_, date, _ := strings.Cut(strings.NewReplacer(":", ",", `"`, "", "\r", "").Replace(string(first)), ",")
	return g.done(strings.TrimPrefix(short64(tidy(date))+" sha256-"+hex.EncodeToString(sum[:8]), " ")), nil
}

var ukKinds = map[string]Kind{"individual": Person, "entity": Organisation, "ship": Vessel}

func short64(s string) string { return s[:min(len(s), 32)] }

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// ukRow adds what a row says of an alert.
func ukRow(t *csvTable, g *gathered, a *Alert) {
	var parts []string
	for _, c := range []string{"Name 1", "Name 2", "Name 3", "Name 4", "Name 5", "Name 6"} {
		if p := t.get(c); p != "" {
			parts = append(parts, p)
		}
	}
	kind := Alias
	if strings.HasPrefix(strings.ToLower(firstOf(t.get("Name type"), t.get("Alias Type"))), "primary") {
		kind = Primary
	}
	if q := strings.ToLower(firstOf(t.get("Alias strength"), t.get("Alias Quality"))); strings.Contains(q, "low") || strings.Contains(q, "weak") {
		kind = WeakAlias
	}
	addName(a, strings.Join(parts, " "), kind)
	if native := t.get("Name Non-Latin Script"); native != "" {
		addName(a, native, NativeScript)
	}
	for _, d := range strings.Split(firstOf(t.get("DOB"), t.get("D.O.B")), ";") {
		if d = strings.TrimSpace(d); d != "" {
			b, ok := ukBirth(d)
			g.birth(a, b, ok)
		}
	}
	for _, n := range strings.FieldsFunc(firstOf(t.get("Nationality"), t.get("Nationality(/ies)")), func(r rune) bool { return r == ';' || r == '/' }) {
		g.nation(a, strings.Trim(n, " ()0123456789"))
	}
	if s := sex(t.get("Gender")); s != "" {
		a.Sex = s
	}
	for _, d := range []struct{ column, kind string }{
		{"Passport Number", "passport"}, {"National Identification Number", "national identity number"}, {"National Identifier number", "national identity number"},
	} {
		if n := t.get(d.column); n != "" {
			addNumber(&a.Documents, Number{Number: strings.TrimSpace(strings.TrimPrefix(n, "(1)")), Type: d.kind})
		}
	}
	if n := t.get("IMO number"); n != "" {
		addNumber(&a.Vehicles, Number{Number: n, Type: "IMO number"})
	}
	addTo(&a.Birthplaces, strings.Trim(t.get("Town of Birth")+", "+t.get("Country of Birth"), ", "))
	if why := firstOf(t.get("Regime"), t.get("Regime Name")); a.Why == "" && why != "" {
		a.Why = "UK regime " + why
	}
}

// ukBirth reads dd/mm/yyyy, of which day and month can be 00.
func ukBirth(s string) (Birth, bool) {
	f := strings.Split(s, "/")
	if len(f) != 3 {
		return parseBirth(s)
	}
	d := marz.Date{Year: digits(f[2], 4), Month: digits(f[1], 2), Day: digits(f[0], 2)}
	if d.Month == 0 {
		d.Day = 0
	}
	return Birth{From: d}, d.Year != 0 && d.Valid()
}
