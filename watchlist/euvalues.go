package watchlist

import (
	"strings"

	"marz"
	"marz/watchlist/number"
)

// add puts what is said of a subject into its alert.
func (e *euSubject) add(g *gathered, a *Alert) {
	for _, r := range e.Regulations {
		g.why(a, "EU programme ", r.Programme)
		g.why(a, "", r.Title)
	}
	for _, n := range e.Names {
		n.add(g, a)
	}
	g.why(a, "", e.Remark.String())
	for _, b := range e.Births {
		b.add(g, a)
	}
	for _, p := range e.Addresses {
		addTo(&a.Addresses, p.String())
	}
	for _, c := range e.Citizenships {
		g.nation(a, c.known())
	}
	for _, d := range e.Documents {
		d.add(g, a)
	}
}

// euName is a name. Its parts are read where it is not given whole.
type euName struct {
	Whole    string `xml:"wholeName,attr"`
	First    string `xml:"firstName,attr"`
	Middle   string `xml:"middleName,attr"`
	Last     string `xml:"lastName,attr"`
	Strong   string `xml:"strong,attr"`
	Gender   string `xml:"gender,attr"`
	Function string `xml:"function,attr"`
	Remark   euText `xml:"remark"`
}

func (n *euName) add(g *gathered, a *Alert) {
	text := tidy(firstOf(tidy(n.Whole), n.First+" "+n.Middle+" "+n.Last))
	kind := Alias
	switch {
	case nativeScript(text):
		kind = NativeScript
	case euFlag(n.Strong, false) || strings.Contains(strings.ToLower(n.Remark.String()), "low quality"): // the form of values has the remark alone
		kind = WeakAlias
	case !hasPrimary(a):
		kind = Primary
	}
	g.name(a, text, kind)
	if s := sex(n.Gender); s != "" {
		a.Sex = s
	}
	g.why(a, "function: ", n.Function)
}

func hasPrimary(a *Alert) bool { return len(a.Names) > 0 && a.Names[0].Kind == Primary }

// euFlag reports whether an attribute says true or false.
func euFlag(s string, is bool) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "1":
		return is
	case "false", "0":
		return !is
	}
	return false
}

// euPlace is an address, or the place of a birth. Ways to reach the subject (contactInfo) are left out.
type euPlace struct {
	euState
	Street string `xml:"street,attr"`
	Box    string `xml:"poBox,attr"`
	Zip    string `xml:"zipCode,attr"`
	City   string `xml:"city,attr"`
	Place  string `xml:"place,attr"`
	Region string `xml:"region,attr"`
	Remark euText `xml:"remark"`
}

func (p *euPlace) String() string {
	state := p.name()
	if state == "" && p.Name == "" {
		state = country(p.Code)
	}
	return commas(tidy(p.Street), tidy(p.Box), tidy(p.Place), tidy(p.Zip), tidy(p.City), tidy(p.Region), state, p.Remark.String())
}

// euBirth is a date of birth, whole, in its parts, or as a span of years, and its place.
type euBirth struct {
	euPlace
	Date     string `xml:"birthdate,attr"`
	Year     string `xml:"year,attr"`
	Month    string `xml:"monthOfYear,attr"`
	Day      string `xml:"dayOfMonth,attr"`
	From     string `xml:"yearRangeFrom,attr"`
	To       string `xml:"yearRangeTo,attr"`
	Circa    string `xml:"circa,attr"`
	Calendar string `xml:"calendarType,attr"`
}

func (b *euBirth) add(g *gathered, a *Alert) {
	addTo(&a.Birthplaces, b.String())
	if tidy(b.Date+b.Year+b.From+b.To) != "" {
		d, ok := b.read()
		g.birth(a, d, ok)
	}
}

// read refuses a date of another calendar than ours, which would speak against the right person.
func (b *euBirth) read() (Birth, bool) {
	if c := strings.TrimSpace(b.Calendar); c != "" && !strings.EqualFold(c, "gregorian") {
		return Birth{}, false
	}
	out := Birth{Circa: euFlag(b.Circa, true)}
	if d, ok := parseDay(b.Date); ok {
		out.From = d
		return out, true
	}
	if d, ok := ukBirth(strings.TrimSpace(b.Date)); ok && strings.Contains(b.Date, "/") {
		out.From = d.From
		return out, true
	}
	year := func(s string) int { return digits(strings.TrimSpace(s), 4) }
	out.From = marz.Date{Year: year(b.Year), Month: digits(strings.TrimSpace(b.Month), 2), Day: digits(strings.TrimSpace(b.Day), 2)}
	if out.From.Month == 0 {
		out.From.Day = 0
	}
	if from, to := year(b.From), year(b.To); out.From.Year == 0 && from+to != 0 {
		out.From = marz.Date{Year: from}
		switch {
		case from == 0:
			out.From.Year = to // one end alone is a year
		case to != 0 && to != from:
			out.To = marz.Date{Year: to}
		}
	}
	return out, out.From.Year != 0 && out.From.Valid() && (out.To.IsZero() || out.To.Year >= out.From.Year)
}

// euDocument is a number. One that is false, lost or revoked stays a number to be found, and its type says so.
type euDocument struct {
	euState
	Number      string `xml:"number,attr"`
	Latin       string `xml:"latinNumber,attr"`
	Code        string `xml:"identificationTypeCode,attr"`
	Description string `xml:"identificationTypeDescription,attr"`
	Diplomatic  string `xml:"diplomatic,attr"`
	False       string `xml:"knownFalse,attr"`
	Lost        string `xml:"reportedLost,attr"`
	Revoked     string `xml:"revokedByIssuer,attr"`
	Expired     string `xml:"knownExpired,attr"`
	Remark      euText `xml:"remark"`
}

func (d *euDocument) add(g *gathered, a *Alert) {
	n := Number{Number: tidy(d.Number), Type: d.kind()}
	if number.Normal(n.Number+d.Latin) == "" {
		return
	}
	n.Country = g.state(d.known())
	to := &a.Documents
	if strings.EqualFold(d.Code, "imo") || strings.HasPrefix(n.Type, "imo") {
		n.Type, to = "IMO number", &a.Vehicles
	}
	g.number(to, n)
	n.Number = tidy(d.Latin)
	g.number(to, n)
}

// kind is the type in words with what is known of the document.
func (d *euDocument) kind() string {
	code, description := strings.ToLower(strings.TrimSpace(d.Code)), strings.ToLower(tidy(d.Description))
	out := firstOf(description, code)
	switch {
	case code == "passport" || strings.Contains(description, "passport"):
		out = "passport"
	case code == "id" || code == "":
		out = "identity document"
	}
	flags := ""
	for _, s := range []struct{ flag, words string }{{d.Diplomatic, "diplomatic"}, {d.False, "false"}, {d.Lost, "lost"}, {d.Revoked, "revoked"}, {d.Expired, "expired"}} {
		if euFlag(s.flag, true) {
			flags += ", " + s.words
		}
	}
	return withCondition(cutText(out, number.MaxType-len(flags))+flags, d.Remark.String())
}
