package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"marz"
)

// An Alert is what the simulation needs to know of an alert, in order to send the person it is about, or a namesake.
type Alert struct {
	ID          marz.AlertID
	Primary     string      // family name in capitals, empty for an alert about a document alone
	Secondary   string      // given names in capitals
	Aliases     [][2]string // further names: primary, secondary
	Nationality string      // ICAO 9303-3 §5 code, or empty
	Sex         string      // "M", "F" or empty
	Birth       marz.Date
	Numbers     []string // passport numbers
}

// usable reports whether a traveller can be made of the alert. Aliases and numbers that no document can bear are struck out.
func (a *Alert) usable() bool {
	fits := func(primary, secondary string) bool {
		return plain(primary) && plain(secondary) && nameLength(primary, secondary) <= longName
	}
	a.Aliases = slices.DeleteFunc(slices.Clone(a.Aliases), func(n [2]string) bool { return !fits(n[0], n[1]) })
	a.Numbers = slices.DeleteFunc(slices.Clone(a.Numbers), func(n string) bool { return !numberPattern.MatchString(n) })
	if a.Primary == "" {
		return len(a.Numbers) > 0 && nationOf(func(n *nation) bool { return n.code == a.Nationality }) != nil
	}
	return fits(a.Primary, a.Secondary) && a.Birth.Valid() && (a.Sex == "" || a.Sex == "M" || a.Sex == "F")
}

// numberPattern is of numbers that fit a passport's field (9303-4 §4.2.2.2).
var numberPattern = regexp.MustCompile(`^[A-Z0-9]{1,9}$`)

// ReadList reads the persons and passports of a list in OpenSanctions' form, one FollowTheMoney entity a line. Entities of
// other schemas are passed over, and so are persons whose name cannot be split or does not consist of the letters A to Z, since no
// traveller can be made of them. An error is of code Invalid and names the line.
func ReadList(data []byte) ([]Alert, error) {
	var alerts []Alert
	line := 0
	for raw := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		line++
		raw = bytes.TrimSpace(raw)
		if len(raw) == 0 {
			continue
		}
		var e entity
		if err := json.Unmarshal(raw, &e); err != nil || e.ID == "" || e.Schema == "" {
			return nil, &marz.Error{Code: marz.Invalid, Op: "read list", Subject: fmt.Sprintf("line %d", line),
				Fix: "it is not a FollowTheMoney entity; give one JSON object with id, schema and properties a line"}
		}
		if a, ok := e.alert(); ok {
			alerts = append(alerts, a)
		}
	}
	return alerts, nil
}

// entity is a FollowTheMoney entity as OpenSanctions publishes it.
type entity struct {
	ID         string              `json:"id"`
	Caption    string              `json:"caption"`
	Schema     string              `json:"schema"`
	Datasets   []string            `json:"datasets"`
	Properties map[string][]string `json:"properties"`
}

func (e entity) alert() (Alert, bool) {
	a := Alert{ID: marz.AlertID(e.ID)}
	switch e.Schema {
	case "Passport":
		a.Numbers = e.Properties["number"]
		a.Nationality = icaoCode(e.Properties["country"])
		return a, len(a.Numbers) > 0
	case "Person":
		var ok bool
		if a.Primary, a.Secondary, ok = e.name(); !ok {
			return Alert{}, false
		}
		for _, alias := range e.Properties["alias"] {
			if p, s, ok := splitName(alias); ok {
				a.Aliases = append(a.Aliases, [2]string{p, s})
			}
		}
		a.Nationality = icaoCode(e.Properties["nationality"])
		a.Numbers = e.Properties["passportNumber"]
		if b := e.Properties["birthDate"]; len(b) > 0 {
			a.Birth, _ = marz.ParseDate(b[0]) // a date that cannot be read is an unknown one
		}
		switch g := e.Properties["gender"]; {
		case len(g) > 0 && g[0] == "male":
			a.Sex = "M"
		case len(g) > 0 && g[0] == "female":
			a.Sex = "F"
		}
		return a, true
	}
	return Alert{}, false
}

func (e entity) name() (primary, secondary string, ok bool) {
	last, given := e.Properties["lastName"], e.Properties["firstName"]
	if len(last) > 0 && len(given) > 0 {
		primary, secondary = strings.ToUpper(last[0]), strings.ToUpper(given[0])
		return primary, secondary, plain(primary) && plain(secondary)
	}
	if names := e.Properties["name"]; len(names) > 0 {
		return splitName(names[0])
	}
	return "", "", false
}

// splitName takes the last word of a name as the family name.
func splitName(name string) (primary, secondary string, ok bool) {
	words := strings.Fields(strings.ToUpper(name))
	if len(words) < 2 {
		return "", "", false
	}
	primary, secondary = words[len(words)-1], strings.Join(words[:len(words)-1], " ")
	return primary, secondary, plain(primary) && plain(secondary)
}

// plain reports whether a name can stand in a machine-readable zone as it is: letters A to Z in words.
func plain(s string) bool {
	for _, c := range []byte(s) {
		if c != ' ' && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != "" && strings.Join(strings.Fields(s), " ") == s
}

// icaoCode returns the code on documents of the first state that the simulation knows.
func icaoCode(iso []string) string {
	for _, c := range iso {
		if n := nationOf(func(n *nation) bool { return n.iso == c }); n != nil {
			return n.code
		}
	}
	return ""
}
