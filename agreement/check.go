package agreement

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"marz"
)

var refPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$`)

// house is the name under which Marz's own rules stand. No agreement can have it.
const house = "marz"

func refuse(agreement, article, what string) error {
	op, subject := "check agreement", agreement
	if article != "" {
		subject += "/" + article
	}
	if strings.Contains(subject, "/") {
		op = "check article"
	}
	return &marz.Error{Code: marz.Invalid, Op: op, Subject: subject, Fix: what}
}

// check holds an agreement to what can be said of it alone, on the ground given. It reports all that is wrong with the agreement as a whole, and the first fault of
// each article.
func (ag *Agreement) check(g *Ground) error {
	switch {
	case !refPattern.MatchString(ag.ID):
		return refuse(fmt.Sprintf("%.40q", ag.ID), "", "an agreement's id is 1 to 63 letters, digits, dots and hyphens, and begins with a letter or digit; correct it")
	case ag.ID == house:
		return refuse(ag.ID, "", "this name is kept for Marz's own rules; give the agreement another id")
	}
	faults := ag.checkHead(g)
	if len(ag.Articles) > maxArticles {
		return join(faults)
	}
	ids := map[string]bool{}
	for i := range ag.Articles {
		a := &ag.Articles[i]
		if ids[a.ID] {
			faults = append(faults, refuse(ag.ID, a.ID, "two articles have this id; give one of them another"))
			continue
		}
		ids[a.ID] = true
		faults = append(faults, a.check(ag, g))
	}
	return join(faults)
}

// The most that a register takes of one thing. Real instruments are far below; what is above is a mistake or an attack, and would cost every question.
const (
	maxArticles = 1000
	maxParties  = 100
	maxText     = 100_000 // bytes of an article's text
	maxCedar    = 16_384  // bytes of an article's Cedar, which also bounds how deep it can be nested
)

// checkHead holds an agreement to what its own fields say.
func (ag *Agreement) checkHead(g *Ground) []error {
	var faults []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, refuse(ag.ID, "", fmt.Sprintf(format, args...)))
		}
	}
	bad(ag.Title == "", "it has no title; write title = \"…\"")
	bad(len(ag.Parties) == 0, `it names no parties; write parties = ["am-bg", "ru-bg"] with the authorities that sign it`)
	bad(len(ag.Parties) > maxParties, "it has %d parties; at most %d can be", len(ag.Parties), maxParties)
	bad(ag.From != 0 && ag.Until != 0 && ag.Until <= ag.From, "it ends before it begins: until is %s, from is %s; correct one of them", ag.Until, ag.From)
	bad(len(ag.Articles) == 0, "it has no articles; write at least one [[agreement.article]]")
	bad(len(ag.Articles) > maxArticles, "it has %d articles; at most %d can be, so divide it", len(ag.Articles), maxArticles)
	for i, p := range ag.Parties[:min(len(ag.Parties), maxParties)] {
		_, known := g.Authority(p)
		bad(!known, "the party %.40q is not an authority that is known here; correct it, or add the authority to the scenario", p)
		bad(slices.Contains(ag.Parties[:i], p), "the party %.40s is named twice; leave one out", p)
	}
	return append(faults, checkConditions(g, ag.ID, "", ag.While))
}

func (a *Article) check(ag *Agreement, g *Ground) error {
	bad := func(format string, args ...any) error { return refuse(ag.ID, a.ID, fmt.Sprintf(format, args...)) }
	if !refPattern.MatchString(a.ID) {
		return refuse(ag.ID, fmt.Sprintf("%.40q", a.ID), "an article's id is 1 to 63 letters, digits, dots and hyphens, and begins with a letter or digit; correct it")
	}
	form, ok := forms[a.Kind]
	if !ok {
		return bad("the kind %.20q is not known; use one of: %s", a.Kind, words(kinds))
	}
	given := a.given()
	for _, l := range []struct { // none would mean all
		name  string
		empty bool
	}{{"fields", a.Fields != nil && len(a.Fields) == 0}, {"powers", a.Powers != nil && len(a.Powers) == 0}, {"lanes", a.Lanes != nil && len(a.Lanes) == 0},
		{"destroy", a.Destroy != nil && len(a.Destroy) == 0}} {
		if l.empty {
			return bad("%s is empty; leave it out, or say which", l.name)
		}
	}
	for _, f := range form.needs {
		if !slices.Contains(given, f) {
			return bad("an article of kind %s needs %s; add it", a.Kind, f)
		}
	}
	for _, f := range given {
		if !slices.Contains(form.needs, f) && !slices.Contains(form.takes, f) {
			return bad("an article of kind %s has no %s; remove it, or correct the kind", a.Kind, f)
		}
	}
	for _, id := range a.Who() {
		if !slices.Contains(ag.Parties, id) {
			return bad("%.40q is not a party to the agreement; correct it, or name it in parties = […]", id)
		}
	}
	if len(a.Text) > maxText {
		return bad("its text has %d bytes; at most %d can be", len(a.Text), maxText)
	}
	for _, check := range []func(*Agreement, *Ground) error{a.checkPlaces, a.checkTime, a.checkPowers, a.checkTwo, a.checkTransfer} {
		if err := check(ag, g); err != nil {
			return err
		}
	}
	if err := checkConditions(g, ag.ID, a.ID, a.While); err != nil {
		return err
	}
	return a.checkCedar(ag, g)
}

// form is which fields an article of a kind needs and which it can have besides.
type form struct{ needs, takes []string }

var forms = map[Kind]form{
	Control:    {[]string{"authority", "place"}, []string{"from", "until"}},
	Serve:      {[]string{"authority", "place"}, []string{"from", "until", "powers", "while", "fresh", "cedar"}},
	Joint:      {[]string{"authorities", "place"}, []string{"from", "until", "powers", "decisions", "first", "while", "fresh", "cedar"}},
	Share:      {[]string{"authority", "to", "place", "what"}, []string{"from", "until", "fields", "while", "fresh", "cedar"}},
	Transfer:   {[]string{"authority", "to", "place"}, []string{"at", "by", "lanes", "flow", "clock", "unilateral", "destroy"}},
	Observe:    {[]string{"authority", "place"}, []string{"from", "until", "while", "fresh", "cedar"}},
	Obligation: {[]string{"owes", "owed", "text"}, []string{"from", "until", "due", "entitles", "while"}},
}

// given returns the names of the fields that the article has.
func (a *Article) given() []string {
	var out []string
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"authority", a.Authority != ""}, {"authorities", len(a.Authorities) > 0}, {"to", a.To != ""},
		{"place", a.Place != "" || len(a.Places) > 0}, {"from", a.From != 0}, {"until", a.Until != 0}, {"at", a.At != 0}, {"by", a.By != 0},
		{"lanes", len(a.Lanes) > 0}, {"flow", a.Flow != ""}, {"clock", a.Clock != ""}, {"unilateral", a.Unilateral != 0}, {"destroy", len(a.Destroy) > 0},
		{"powers", len(a.Powers) > 0}, {"decisions", len(a.Decisions) > 0}, {"first", a.First != ""}, {"what", len(a.What) > 0},
		{"fields", len(a.Fields) > 0}, {"fresh", a.Fresh != 0}, {"while", len(a.While) > 0}, {"owes", a.Owes != ""}, {"owed", a.Owed != ""},
		{"due", a.Due != 0}, {"entitles", a.Entitles != ""}, {"cedar", a.Cedar != ""}, {"text", a.Text != ""},
	} {
		if f.has {
			out = append(out, f.name)
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "text" && a.Kind != Obligation })
}

func (a *Article) checkPlaces(ag *Agreement, g *Ground) error {
	if a.Place != "" && len(a.Places) > 0 {
		return refuse(ag.ID, a.ID, "it has both place and places; keep one of them")
	}
	for i, p := range a.Where() {
		if _, ok := g.Place(p); !ok {
			return refuse(ag.ID, a.ID, fmt.Sprintf("the place %.40q is not a post or section that is known here; correct it, or add the place to the scenario", p))
		}
		if slices.Contains(a.Where()[:i], p) {
			return refuse(ag.ID, a.ID, fmt.Sprintf("the place %s is named twice; leave one out", p))
		}
	}
	return nil
}

func (a *Article) checkTime(ag *Agreement, _ *Ground) error {
	c := clauseOf(ag, a)
	bad := func(format string, args ...any) error { return refuse(ag.ID, a.ID, fmt.Sprintf(format, args...)) }
	switch {
	case a.Kind == Transfer && (a.At == 0) == (a.By == 0):
		return bad("a transfer has either at, the instant, or by, the deadline; give one of them")
	case a.Kind == Transfer && ag.From != 0 && c.from < ag.From:
		return bad("control would pass at %s, before the agreement is in force at %s; correct one of the two", c.from, ag.From)
	case a.Kind != Obligation && c.from == 0:
		return bad(`it does not say from when; write from = "2025-01-01T00:00:00+04:00" here or in the agreement`)
	case a.Until != 0 && c.from != 0 && a.Until <= c.from:
		return bad("it ends before it begins: until is %s, from is %s; correct one of them", a.Until, c.from)
	case c.until != 0 && c.from != 0 && c.until <= c.from:
		return bad("it would begin at %s, after the agreement has ended at %s; correct one of the two", c.from, c.until)
	}
	return nil
}

func (a *Article) checkPowers(ag *Agreement, _ *Ground) error {
	for _, p := range a.Powers {
		if !slices.Contains(givable, p) {
			return refuse(ag.ID, a.ID, fmt.Sprintf("the power %.40q is not known; use some of: %s", p, words(givable)))
		}
	}
	for _, d := range a.Decisions {
		if d.Validate(marz.EntryDirection) != nil && d.Validate(marz.ExitDirection) != nil {
			return refuse(ag.ID, a.ID, fmt.Sprintf("the decision %.40q is not known; use some of: %s", d, words(allDecisions)))
		}
	}
	for _, w := range a.What {
		if shared[w] == "" && w != Copies {
			return refuse(ag.ID, a.ID, fmt.Sprintf("%.40q cannot be shared; use records, hits or incidents, and copies beside them", w))
		}
	}
	if err := a.checkCopies(ag); err != nil {
		return err
	}
	for _, f := range a.Fields {
		if !slices.Contains(marz.Fields(), f) {
			return refuse(ag.ID, a.ID, fmt.Sprintf("the field %.40q is not known; use some of: %s", f, words(marz.Fields())))
		}
	}
	return nil
}

// checkCopies holds what lies in another's mirror to that it is whole.
func (a *Article) checkCopies(ag *Agreement) error {
	switch {
	case !slices.Contains(a.What, Copies):
		return nil
	case !slices.Contains(a.What, "records") && !slices.Contains(a.What, "incidents"):
		return refuse(ag.ID, a.ID, "copies are of records or incidents; add which of them to what")
	case len(a.Fields) > 0:
		return refuse(ag.ID, a.ID, "a copy in a mirror is whole or not at all; leave out fields, or share what they narrow in an article of its own")
	case a.Cedar != "":
		return refuse(ag.ID, a.ID, "a mirror has all of what is copied, and asks no Cedar; share copies in an article of its own")
	}
	return nil
}

// checkTwo holds articles that stand between two to that.
func (a *Article) checkTwo(ag *Agreement, g *Ground) error {
	switch {
	case a.Kind == Joint && len(a.Authorities) < 2:
		return refuse(ag.ID, a.ID, "joint service needs two authorities or more; add one, or make the article one of kind serve")
	case a.To != "" && a.To == a.Authority:
		return refuse(ag.ID, a.ID, fmt.Sprintf("%s is on both sides; correct authority or to", a.To))
	case a.First != "" && a.First != "exit" && !slices.Contains(a.Authorities, marz.AuthorityID(a.First)):
		return refuse(ag.ID, a.ID, fmt.Sprintf("first is %.40q, and can be \"exit\" or one of its authorities: %s", a.First, words(a.Authorities)))
	case a.First != "" && len(a.Decisions) == 0:
		return refuse(ag.ID, a.ID, "it says who goes first, and names no decisions that need concurrence; add decisions = […], or leave first out")
	}
	for i, id := range a.Authorities {
		if slices.Contains(a.Authorities[:i], id) {
			return refuse(ag.ID, a.ID, fmt.Sprintf("%s is named twice; leave one out", id))
		}
	}
	for _, who := range []string{a.Owes, a.Owed} {
		if who != "" && !g.known(who) {
			return refuse(ag.ID, a.ID, fmt.Sprintf("%.40q is no authority, state or bloc that is known here; correct it, or add it to the scenario", who))
		}
	}
	if a.Owes != "" && a.Owes == a.Owed {
		return refuse(ag.ID, a.ID, fmt.Sprintf("%s is on both sides; correct owes or owed", a.Owes))
	}
	return nil
}

// What a transfer can say.
var (
	flows     = []string{"persons", "trucks"}
	clocks    = []string{"sources", "commanders"}
	destroyed = []string{"lists", "hits"}
	maxLanes  = 100
)

// checkTransfer holds a transfer to what its own fields say of how it is done.
func (a *Article) checkTransfer(ag *Agreement, g *Ground) error {
	bad := func(format string, args ...any) error { return refuse(ag.ID, a.ID, fmt.Sprintf(format, args...)) }
	switch {
	case a.Kind != Transfer:
		return nil
	case len(a.Lanes) > 0 && a.Flow != "":
		return bad("it has both lanes and flow; keep one of them")
	case len(a.Lanes) > maxLanes:
		return bad("it names %d lanes; at most %d can be", len(a.Lanes), maxLanes)
	case len(a.Lanes) > 0 && len(a.Where()) > 1:
		return bad("lanes are those of one post, and it names %d places; write an article for each", len(a.Where()))
	case a.Flow != "" && !slices.Contains(flows, a.Flow):
		return bad("the flow %.40q is not known; use one of: %s", a.Flow, words(flows))
	case a.partial() && ag.Until != 0:
		return bad("control passes for good, and the agreement ends at %s; write it in an agreement without until", ag.Until)
	case a.Clock != "" && !slices.Contains(clocks, a.Clock):
		return bad("the clock %.40q is not known; use one of: %s", a.Clock, words(clocks))
	case a.Unilateral < 0:
		return bad(`unilateral is below zero; write hours or minutes, for example "24h", or leave it out`)
	}
	for i, l := range a.Lanes {
		if err := l.Validate(); err != nil {
			return bad("the lane %.40q cannot be one: its id is 1 to 63 lower-case letters, digits and hyphens; correct it", l)
		}
		if slices.Contains(a.Lanes[:i], l) {
			return bad("the lane %s is named twice; leave one out", l)
		}
	}
	for i, d := range a.Destroy {
		if !slices.Contains(destroyed, d) {
			return bad("%.40q is nothing that can be destroyed; use some of: %s", d, words(destroyed))
		}
		if slices.Contains(a.Destroy[:i], d) {
			return bad("%s is named twice in destroy; leave one out", d)
		}
	}
	for _, p := range a.Where() {
		if where, _ := g.Place(p); a.partial() && where.Kind != "post" {
			return bad("%s is a %s and has no lanes; leave lanes and flow out", p, where.Kind)
		}
	}
	return nil
}

func checkConditions(g *Ground, agreement, article string, while []Condition) error {
	for _, c := range while {
		if !g.bloc(c.Bloc) {
			return refuse(agreement, article, fmt.Sprintf("it depends on the bloc %.40q, which is not known here; correct it, or add the bloc to the scenario", c.Bloc))
		}
		if !slices.ContainsFunc(g.Authorities, func(a marz.Authority) bool { return a.State == c.State }) {
			return refuse(agreement, article, fmt.Sprintf("it depends on the state %.20q, of which no authority is known here; write its three letters, for example \"ARM\"", c.State))
		}
	}
	return nil
}
