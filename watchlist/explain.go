package watchlist

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"marz"
	"marz/watchlist/name"
)

// Line is one line of the table that explains a hit: what was compared, what stands on the list and in the query, and what it says, in points for it or against it.
type Line struct {
	What   string  `json:"what"` // for example "name", "date of birth"
	List   string  `json:"list"`
	Query  string  `json:"query"`
	Points float64 `json:"points"`
}

// explain makes a hit of what was found, in words.
func (s *search) explain(c scored, list marz.ListID, inWords bool) (Hit, bool) {
	a, ok := s.x.read(c.alert)
	if !ok {
		return Hit{}, false
	}
	h := Hit{Alert: a.ID, Kind: ByName, Score: round(c.points), Name: a.name(), About: a.Kind, List: list, Version: a.Version, Owner: a.Owner}
	if !inWords {
		h.Reasons = []string{"one of more than " + strconv.Itoa(mostExplained) + " hits by name on this list"}
		return h, true
	}
	s.name, s.nth = &s.asked.names[c.nth], c.nth
	s.prepare()
	v := s.asked.weigh(&s.x.entry[c.entry])
	points, m := s.weigh(c.entry, &v)
	weak := s.x.entry[c.entry].name&weakFlag != 0
	if n := int(s.x.entry[c.entry].name &^ weakFlag); n < len(a.Names) && n != unnumbered {
		h.Name = a.Names[n].Text
	}
	s.nameLines(m, &h)
	s.otherLines(v, &a, &h)
	if weak {
		h.add("the list calls this name a weak alias", Line{"name", "weak alias", "", weakBits})
	}
	sum := 0.0
	for _, l := range h.Evidence {
		sum += l.Points
	}
	if rest := round(points) - round(float32(sum)); rest > 0.05 {
		h.add("the whole name is equal", Line{"whole name", "equal", "equal", round(float32(rest))})
	}
	h.Sentence = sentence(&h, &a, m, v)
	return h, true
}

func round(f float32) float64 { return math.Round(float64(f)*10) / 10 }

func (h *Hit) add(reason string, l Line) {
	h.Reasons = append(h.Reasons, reason)
	h.Evidence = append(h.Evidence, l)
}

// nameLines says which parts of the names stand for one another.
func (s *search) nameLines(m *name.Match, h *Hit) {
	var same []string
	others := float32(0)
	for _, p := range m.Pairs {
		others += p.Bits
		list, query := texts(s.aligner.A, p.A, p.AN), texts(s.aligner.Q, p.Q, p.QN)
		line := Line{"name", list, query, round(p.Bits)}
		switch p.Kind {
		case name.Same:
			same = append(same, list)
			h.Evidence = append(h.Evidence, line)
		case name.Form:
			h.add(fmt.Sprintf("%s on the list and %s are forms of one name", list, query), line)
		case name.Joined:
			h.add(fmt.Sprintf("%s on the list and %s are written together or apart", list, query), line)
		case name.Initial:
			h.add(fmt.Sprintf("%s on the list and %s share their first letter", list, query), line)
		case name.Cut:
			h.add(fmt.Sprintf("%s may be cut off from %s on the list", query, list), line)
		default:
			h.add(fmt.Sprintf("%s on the list and %s %s", list, query, differ(s.aligner.A[p.A], s.aligner.Q[p.Q])), line)
		}
	}
	switch len(same) {
	case 0:
	case 1:
		h.Reasons = append([]string{"name part " + same[0] + " matches"}, h.Reasons...)
	default:
		h.Reasons = append([]string{"name parts " + strings.Join(same, ", ") + " match"}, h.Reasons...)
	}
	whole := Line{"name as a whole", "", "", round(m.Bits - others)}
	var reasons []string
	if free := freeTexts(s.aligner.A, m.FreeA); free != "" {
		whole.List = "also " + free
		reasons = append(reasons, free+" on the list is not in the query")
	}
	if free := freeTexts(s.aligner.Q, m.FreeQ); free != "" {
		whole.Query = "also " + free
		reasons = append(reasons, free+" in the query is not on the list")
	}
	h.Reasons = append(h.Reasons, reasons...)
	h.Evidence = append(h.Evidence, whole)
}

// differ says how two parts that stand for one another differ.
func differ(a, q name.Part) string {
	switch {
	case (a.Flags^q.Flags)&name.Native != 0:
		return "are one name in two scripts"
	case a.Sounds == q.Sounds:
		return "sound alike"
	}
	return "differ by a little"
}

func texts(parts []name.Part, at, n int) string {
	var out []string
	for _, p := range parts[at : at+n] {
		out = append(out, strings.ToUpper(p.Text))
	}
	return strings.Join(out, " ")
}

func freeTexts(parts []name.Part, free []int) string {
	var out []string
	for _, i := range free {
		out = append(out, strings.ToUpper(parts[i].Text))
	}
	return strings.Join(out, ", ")
}

// otherLines says what date of birth, nationality and sex say.
func (s *search) otherLines(v evidence, a *Alert, h *Hit) {
	q := s.asked
	if v.kind != 0 {
		article := "a "
		if a.Kind == Organisation || a.Kind == Aircraft {
			article = "an "
		}
		h.add("the alert is about "+article+string(a.Kind)+", not a person", Line{"kind", string(a.Kind), "person", round(v.kind)})
		return
	}
	if q.Birth.Year != 0 && (a.Kind == Person || a.Kind == Document) {
		listed := unpackBorn(v.listed)
		line := Line{"date of birth", short(listed), short(q.Birth), round(v.born)}
		switch {
		case v.listed == 0:
			line.List = "not listed"
			h.add("the list gives no birth date", line)
		case v.born >= bornSame:
			h.add("date of birth "+short(q.Birth)+" agrees", line)
		case v.born == bornOnly && listed.Month == 0:
			h.add("year of birth "+short(listed)+" agrees", line)
		case v.born > 0:
			h.add(fmt.Sprintf("date of birth agrees in part: list %s, document %s", short(listed), short(q.Birth)), line)
		default:
			h.add(fmt.Sprintf("birth date differs: list %s, document %s", short(listed), short(q.Birth)), line)
		}
	}
	if v.nation != 0 {
		list := strings.Join(a.Nationalities, ", ")
		if v.nation > 0 {
			h.add("nationality "+q.nationIn+" agrees", Line{"nationality", list, q.nationIn, round(v.nation)})
		} else {
			h.add(fmt.Sprintf("nationality differs: list %s, document %s", list, q.nationIn), Line{"nationality", list, q.nationIn, round(v.nation)})
		}
	}
	if v.sex < 0 {
		h.add(fmt.Sprintf("sex differs: list %s, document %c", a.Sex, q.sex), Line{"sex", a.Sex, string(q.sex), round(v.sex)})
	} else if v.sex > 0 {
		h.Evidence = append(h.Evidence, Line{"sex", a.Sex, string(q.sex), round(v.sex)})
	}
}

// sentence says what a traveller could be told: that somebody with such a name is looked for, in what he agrees and in what not, and not why.
func sentence(h *Hit, a *Alert, m *name.Match, v evidence) string {
	s := "Your name "
	switch {
	case m.Equal:
		s += "is equal to"
	case m.Complete:
		s += "is close to"
	default:
		s += "is in part like"
	}
	s += " one on a list of " + string(a.Owner)
	var for_, against []string
	note := func(points float32, what string) {
		if points > 0 {
			for_ = append(for_, what)
		} else if points < 0 {
			against = append(against, what)
		}
	}
	note(v.born, "date of birth")
	note(v.nation, "nationality")
	note(v.sex, "sex")
	if len(for_) > 0 {
		s += ", and your " + strings.Join(for_, " and ") + " agree"
		if len(for_) == 1 {
			s += "s"
		}
		s += " with it"
	}
	if len(against) > 0 {
		s += "; your " + strings.Join(against, " and ") + " do"
		if len(against) == 1 {
			s += "es"
		}
		s += " not agree"
	}
	return s + ". An officer has to find out whether it is you."
}
