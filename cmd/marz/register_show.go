package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
)

// registerShowCommand shows the whole register at an instant.
func registerShowCommand() *cobra.Command {
	var s registerSource
	var asJSON bool
	c := &cobra.Command{
		Use:   "show [FILE…]",
		Short: "Show agreements, memberships and obligations as they stand at an instant",
		Long: "Shows every agreement with its articles, whether each is in force at the instant and why not; memberships; obligations; and\n" +
			"Marz's own rules. Without FILE and --data it shows the agreements of the scenario.",
		Example: "  marz register show --at 2024-12-31T23:59:59+04:00\n  marz register show --data /var/lib/marz/agarak --known 2025-01-01T00:00:00+04:00 --json",
		RunE: func(c *cobra.Command, args []string) error {
			v, err := s.load(c.Context(), args)
			if err != nil {
				return err
			}
			shown := showRegister(v)
			if asJSON {
				return printJSON(c.OutOrStdout(), shown)
			}
			printShown(c.OutOrStdout(), v, shown)
			return nil
		},
	}
	s.flags(c)
	s.instantFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

func printJSON(w io.Writer, v any) error {
	j := json.NewEncoder(w)
	j.SetEscapeHTML(false)
	j.SetIndent("", "  ")
	return j.Encode(v)
}

// The JSON of marz register show. Instants in it are RFC 3339 in UTC.
type (
	shownRegister struct {
		At          marz.Instant      `json:"at"`
		Known       marz.Instant      `json:"known,omitzero"`
		Policy      string            `json:"policy"`
		Agreements  []shownAgreement  `json:"agreements"`
		Memberships []shownMembership `json:"memberships"`
		Obligations []shownObligation `json:"obligations"`
		Commissions []shownCommission `json:"commissions"`
		Rules       []shownRule       `json:"rules"`
	}
	shownAgreement struct {
		agreement.Agreement
		Seq      marz.Seq       `json:"seq,omitzero"`    // of the entry that recorded it
		Learnt   marz.Instant   `json:"learnt,omitzero"` // by the post
		Said     []shownSaid    `json:"standing,omitempty"`
		Articles []shownArticle `json:"articles"`
		places   []marz.PlaceID // of all its articles
		zone     *time.Location //
	}
	shownArticle struct {
		agreement.Article
		InForce bool   `json:"in_force"`
		Why     string `json:"why,omitempty"` // it is not in force
	}
	shownSaid struct {
		agreement.Statement
		Learnt marz.Instant `json:"learnt,omitzero"`
	}
	shownMembership struct {
		State   string            `json:"state"`
		Bloc    marz.BlocID       `json:"bloc"`
		Status  agreement.Status  `json:"status,omitempty"` // at the instant; none when nothing is known
		Periods []shownPeriod     `json:"periods"`
		Hangs   []marz.ArticleRef `json:"articles,omitempty"` // that depend on it
	}
	shownPeriod struct {
		Status  agreement.Status `json:"status"`
		From    marz.Instant     `json:"from"`
		Until   marz.Instant     `json:"until,omitzero"`
		By      marz.AuthorityID `json:"by"`
		Learnt  marz.Instant     `json:"learnt,omitzero"`
		Expires marz.Instant     `json:"expires,omitzero"`
		Source  string           `json:"source,omitempty"`
	}
	shownObligation struct {
		Article  marz.ArticleRef    `json:"article"`
		Owes     string             `json:"owes"`
		Owed     string             `json:"owed"`
		Text     string             `json:"text"`
		Due      marz.Instant       `json:"due,omitzero"`
		Entitles string             `json:"entitles,omitempty"`
		Status   string             `json:"status"`
		Overdue  bool               `json:"overdue"`
		Reports  []agreement.Report `json:"reports,omitempty"`
	}
	shownCommission struct {
		agreement.Commission
		InForce bool `json:"in_force"`
	}
	shownRule struct {
		Article marz.ArticleRef `json:"article"`
		Reason  string          `json:"reason"`
	}
)

func showRegister(v *view) shownRegister {
	out := shownRegister{At: v.at, Known: v.known, Policy: v.Policy(), Agreements: []shownAgreement{}, Memberships: []shownMembership{}, Obligations: []shownObligation{},
		Commissions: []shownCommission{}}
	for _, ag := range v.Agreements() {
		out.Agreements = append(out.Agreements, showAgreement(v, ag))
	}
	for _, m := range v.Memberships() {
		out.Memberships = append(out.Memberships, showMembership(m, v.at))
	}
	for _, d := range v.Debts(v.at) {
		o := shownObligation{d.Article, d.Owes, d.Owed, d.Text, d.Due, d.Entitles, d.Status, d.Overdue, nil}
		for _, r := range d.Reports {
			o.Reports = append(o.Reports, r.Report)
		}
		out.Obligations = append(out.Obligations, o)
	}
	for _, c := range v.Commissions() {
		out.Commissions = append(out.Commissions, shownCommission{c, slices.Contains(v.Commissioned(c.Officer, c.Place, v.at), c)})
	}
	for _, r := range agreement.Rules() {
		out.Rules = append(out.Rules, shownRule{r.Article, r.Reason})
	}
	return out
}

func showAgreement(v *view, ag agreement.Agreement) shownAgreement {
	s := shownAgreement{Agreement: ag, Articles: []shownArticle{}}
	s.Seq, s.Learnt = v.Learnt(ag.ID)
	if s.Learnt == 0 { // from a file
		s.Seq = 0
	}
	for _, e := range v.Standing(ag.ID) {
		s.Said = append(s.Said, shownSaid{*e.Statement, e.At})
	}
	for _, a := range ag.Articles {
		ok, why := v.InForce(marz.ArticleRef(ag.ID+"/"+a.ID), v.at)
		s.Articles = append(s.Articles, shownArticle{a, ok, why})
		s.places = append(s.places, a.Where()...)
	}
	s.zone = v.zones.of(s.places...)
	return s
}

func showMembership(m agreement.Membership, at marz.Instant) shownMembership {
	s := shownMembership{State: m.State, Bloc: m.Bloc, Periods: []shownPeriod{}, Hangs: m.Hangs}
	for _, p := range m.Periods {
		if p.From <= at && (p.Until == 0 || at < p.Until) {
			s.Status = p.Status
		}
		s.Periods = append(s.Periods, shownPeriod{p.Status, p.From, p.Until, p.By, p.Learnt, p.Expires, p.Source})
	}
	return s
}

func printShown(w io.Writer, v *view, s shownRegister) {
	fmt.Fprintf(w, "The register at %s", in(v.at, v.zones.of()))
	if v.known != 0 {
		fmt.Fprintf(w, ", as it was known at %s", in(v.known, v.zones.of()))
	}
	fmt.Fprintln(w)
	for _, ag := range s.Agreements {
		printAgreement(w, v, ag)
	}
	printMemberships(w, v, s.Memberships)
	printObligations(w, v, s.Obligations)
	printCommissions(w, v, s.Commissions)
	fmt.Fprintln(w, "\nMarz's own rules, above every article")
	t := newTable()
	for _, r := range s.Rules {
		t.row("  "+string(r.Article), r.Reason)
	}
	fmt.Fprint(w, t)
}

func printAgreement(w io.Writer, v *view, ag shownAgreement) {
	fmt.Fprintf(w, "\n%s\n", ag.ID)
	wrap(w, "  ", ag.Title)
	about := []string{"of " + joined(ag.Parties)}
	if !ag.Signed.IsZero() {
		about = append(about, "signed "+ag.Signed.String())
	}
	if ag.Until != 0 {
		about = append(about, "until "+in(ag.Until, ag.zone))
	}
	if ag.Reconstruction {
		about = append(about, "a reconstruction, not its text")
	}
	if ag.Learnt != 0 {
		about = append(about, fmt.Sprintf("recorded as entry %d at %s", ag.Seq, in(ag.Learnt, v.zones.of())))
	}
	wrap(w, "  ", strings.Join(about, "; "))
	for _, said := range ag.Said {
		wrap(w, "  ", saidWords(v, ag, said))
	}
	t := newTable("  ARTICLE", "KIND", "WHO", "WHERE", "FROM", "UNTIL", "IN FORCE")
	var whys []string
	for i := range ag.Articles {
		a := &ag.Articles[i]
		from, until := period(&ag.Agreement, &a.Article)
		state := "yes"
		switch {
		case a.Kind == agreement.Transfer:
			state = passedWord(v, marz.ArticleRef(ag.ID+"/"+a.ID), &a.Article)
		case a.InForce:
		case from > v.at:
			state = "to come"
		case until != 0 && until <= v.at:
			state = "ended"
		default:
			state = "no"
			whys = append(whys, fmt.Sprintf("%s is not in force: %s", a.ID, local(a.Why, v.zones.of(a.Where()...))))
		}
		zone := v.zones.of(a.Where()...)
		for n, place := range a.Where() { // of several places each has a line
			if n == 0 {
				t.row("  "+a.ID, string(a.Kind), who(&a.Article), string(place), in(from, zone), in(until, zone), state)
			} else {
				t.row("", "", "", string(place), "", "", "")
			}
		}
		if len(a.Where()) == 0 {
			t.row("  "+a.ID, string(a.Kind), who(&a.Article), "", in(from, zone), in(until, zone), state)
		}
	}
	fmt.Fprint(w, t)
	for _, why := range whys {
		wrap(w, "  ", why)
	}
}

// passedWord says how far a transfer has come. What is planned passes by the plan where no passings are recorded; a part of a place does not.
func passedWord(v *view, ref marz.ArticleRef, a *agreement.Article) string {
	state := "yes"
	for _, p := range a.Where() {
		switch {
		case v.Executed(p, ref, v.at):
		case max(a.At, a.By) > v.at:
			return "to come"
		case len(v.Actual(p)) > 0:
			return "overdue"
		default:
			state = "not recorded"
		}
	}
	return state
}

// saidWords is a statement in one sentence.
func saidWords(v *view, ag shownAgreement, s shownSaid) string {
	about := "it"
	if s.Article != "" {
		about = "article " + s.Article
	}
	text := fmt.Sprintf("%s says that %s is %s from %s on", s.By, about, s.Status, in(s.From, ag.zone))
	if s.Expires != 0 {
		text += ", to be believed until " + in(s.Expires, ag.zone)
	}
	if s.Learnt != 0 {
		text += "; learnt at " + in(s.Learnt, v.zones.of())
	}
	return text
}

// who names the authorities of an article in the direction in which something goes.
func who(a *agreement.Article) string {
	switch {
	case a.Kind == agreement.Obligation:
		return a.Owes + " → " + a.Owed
	case a.To != "":
		return string(a.Authority) + " → " + string(a.To)
	case len(a.Authorities) > 0:
		return joined(a.Authorities)
	}
	return string(a.Authority)
}

// period returns the time for which an article holds by itself: its own, within its agreement's. until is exclusive, 0 for good.
func period(ag *agreement.Agreement, a *agreement.Article) (from, until marz.Instant) {
	from, until = max(a.From, ag.From, a.At, a.By), a.Until
	if ag.Until != 0 && (until == 0 || ag.Until < until) {
		until = ag.Until
	}
	return from, until
}

func printMemberships(w io.Writer, v *view, all []shownMembership) {
	if len(all) == 0 {
		return
	}
	zone := v.zones.of()
	fmt.Fprintln(w, "\nMemberships")
	t := newTable("  STATE", "BLOC", "STATUS", "FROM", "UNTIL", "SAID BY", "BELIEVED UNTIL", "")
	for _, m := range all {
		if len(m.Periods) == 0 {
			t.row("  "+m.State, string(m.Bloc), "not known", "", "", "", "")
		}
		for _, p := range m.Periods {
			mark := ""
			if p.From <= v.at && (p.Until == 0 || v.at < p.Until) {
				mark = "< now"
			}
			t.row("  "+m.State, string(m.Bloc), string(p.Status), in(p.From, zone), in(p.Until, zone), string(p.By), in(p.Expires, zone), mark)
		}
	}
	fmt.Fprint(w, t)
	for _, m := range all {
		if len(m.Hangs) > 0 {
			wrap(w, "  ", fmt.Sprintf("On %s/%s depend %s", m.State, m.Bloc, joined(m.Hangs)))
		}
	}
}

func printObligations(w io.Writer, v *view, all []shownObligation) {
	if len(all) == 0 {
		return
	}
	zone := v.zones.of()
	fmt.Fprintln(w, "\nObligations")
	for _, o := range all {
		status := o.Status
		if o.Overdue {
			status += ", OVERDUE"
		}
		due := "no date"
		if o.Due != 0 {
			due = "due " + in(o.Due, zone)
		}
		fmt.Fprintf(w, "  %s  %s owes %s  %s  %s\n", o.Article, o.Owes, o.Owed, due, status)
		wrap(w, "    ", o.Text)
		if o.Entitles != "" {
			wrap(w, "    ", "If it is not met: "+o.Entitles)
		}
		for _, r := range o.Reports {
			text := fmt.Sprintf("%s: %s at %s", r.By, r.Status, in(r.At, zone))
			if r.Evidence != "" {
				text += ", evidence: " + r.Evidence
			}
			wrap(w, "    ", text)
		}
	}
}

// printCommissions shows a passkey by the beginning of the SHA-256 of its key, as marz authority commission does.
func printCommissions(w io.Writer, v *view, all []shownCommission) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintln(w, "\nCommissions to sign in transfers of control")
	t := newTable("  OFFICER", "PLACE", "PASSKEY", "FROM", "UNTIL", "ISSUED", "IN FORCE")
	for _, c := range all {
		zone := v.zones.of(c.Place)
		until, state := in(c.Until, zone), "no"
		switch {
		case c.Revoked:
			until, state = "", "revokes"
		case c.InForce:
			state = "yes"
		case v.at < c.From:
			state = "to come"
		case v.at >= c.Until:
			state = "ended"
		}
		t.row("  "+string(c.Officer), string(c.Place), passkeyName(c.Key), in(c.From, zone), until, in(c.Issued, zone), state)
	}
	fmt.Fprint(w, t)
}
