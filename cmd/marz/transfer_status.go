package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
	"marz/transfer"
)

// transferStatusCommand shows how far the transfers of a post have come.
func transferStatusCommand() *cobra.Command {
	var s transferSource
	var keyFile string
	var asJSON bool
	c := &cobra.Command{
		Use:   "status (--data FOLDER | --node URL --key FILE)",
		Short: "Show how far the transfers of a post have come: phase, readiness, counts, keys, what is waited for",
		Long: "Reads the post's folder, while the post runs or not, or asks a running post, which answers to who holds the key of a side. It shows every\n" +
			"transfer that was opened and those that the articles plan and nobody has opened.",
		Example: "  marz transfer status --data /var/lib/marz/agarak\n  marz transfer status --node https://agarak.example:8443 --ca ca.crt --key am-bg.key --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var key *secretKey
			if keyFile != "" {
				k, err := readSecret(keyFile)
				if err != nil {
					return err
				}
				key = &k
			}
			t, err := s.read(c.Context(), key)
			if err != nil {
				return err
			}
			shown, err := t.shown(s.id)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), shown)
			}
			printTransfers(c.OutOrStdout(), shown, t.zone)
			return nil
		},
	}
	s.flags(c, "data folder of a post, which may be running")
	c.Flags().StringVar(&keyFile, "key", "", "with --node: file with the secret key of a side")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

// The JSON of marz transfer status. Instants in it are RFC 3339 in UTC.
type (
	shownTransfers struct {
		Place     marz.PlaceID    `json:"place"`
		Now       marz.Instant    `json:"now"`
		Transfers []shownTransfer `json:"transfers"`
	}
	shownTransfer struct {
		ID           transfer.ID            `json:"id,omitempty"` // none: planned by its article alone
		Article      marz.ArticleRef        `json:"article"`
		Place        marz.PlaceID           `json:"place"`
		Lanes        []marz.LaneID          `json:"lanes,omitempty"` // none: the whole place
		From         marz.AuthorityID       `json:"from"`
		To           marz.AuthorityID       `json:"to"`
		At           marz.Instant           `json:"at"`
		Agreed       marz.Instant           `json:"agreed"`
		Deadline     bool                   `json:"deadline"`
		Phase        transfer.Phase         `json:"phase"`
		Cases        []transfer.Case        `json:"cases"`
		Overdue      bool                   `json:"overdue"`
		Waiting      string                 `json:"waiting,omitempty"`
		Readiness    []transfer.Check       `json:"readiness,omitempty"` // as presented
		Inventory    []shownLine            `json:"inventory"`
		Dispositions *transfer.Dispositions `json:"dispositions,omitempty"` // as presented
		Digest       string                 `json:"digest,omitempty"`       // of the instrument that is presented
		Keys         []shownKey             `json:"keys"`
		Needed       []marz.AuthorityID     `json:"keys_needed,omitempty"`
		Refused      []marz.AuthorityID     `json:"refused,omitempty"`
		Executed     *transfer.Execution    `json:"executed,omitempty"`
		Seq          marz.Seq               `json:"seq,omitempty"`        // of the execution
		ExecutedAt   marz.Instant           `json:"executed_at,omitzero"` //
		Signed       []shownKey             `json:"signed,omitempty"`     // under the act
		Destroyed    []string               `json:"destroyed,omitempty"`  //
		Steps        []shownStep            `json:"steps"`
	}
	shownLine struct {
		What     string `json:"what"`
		Outgoing *int   `json:"outgoing"`
		Incoming *int   `json:"incoming"`
		Measured bool   `json:"measured,omitempty"`
	}
	shownKey struct {
		Authority marz.AuthorityID `json:"authority"`
		Officer   marz.OfficerID   `json:"officer,omitempty"` // none: the authority's own key
		At        marz.Instant     `json:"at"`
	}
	shownStep struct {
		Seq       marz.Seq         `json:"seq"`
		At        marz.Instant     `json:"at"`
		Kind      string           `json:"kind"`
		Authority marz.AuthorityID `json:"authority"`
		Officer   marz.OfficerID   `json:"officer,omitempty"`
	}
)

// shown returns the transfers, or one of them.
func (t *transfers) shown(id string) (*shownTransfers, error) {
	out := &shownTransfers{Place: t.place, Now: t.now, Transfers: []shownTransfer{}}
	if id != "" {
		one, err := t.pick(id, nil, "")
		if err != nil {
			return nil, err
		}
		s, err := t.show(one)
		out.Transfers = append(out.Transfers, s)
		return out, err
	}
	for _, one := range t.state.All() {
		s, err := t.show(one)
		if err != nil {
			return nil, err
		}
		out.Transfers = append(out.Transfers, s)
	}
	out.Transfers = append(out.Transfers, t.planned()...)
	return out, nil
}

// planned are the transfers of the place that articles plan and nobody has opened or carried out.
func (t *transfers) planned() (out []shownTransfer) {
	if t.register == nil {
		return nil
	}
	for _, ag := range t.register.Agreements() {
		for i := range ag.Articles {
			a := &ag.Articles[i]
			ref := marz.ArticleRef(ag.ID + "/" + a.ID)
			past := t.state.Of(ref)
			if a.Kind != agreement.Transfer || !moves(a, t.place) || past != nil && past.Phase != transfer.Cancelled || t.register.Executed(t.place, ref, t.now) {
				continue
			}
			p := plannedOf(a, ref)
			s := shownTransfer{Article: ref, Place: t.place, Lanes: a.Lanes, From: p.From, To: p.To, At: p.Agreed, Agreed: p.Agreed, Deadline: p.Deadline, Phase: transfer.Planned,
				Cases: []transfer.Case{}, Overdue: t.now >= p.Agreed, Inventory: []shownLine{}, Keys: []shownKey{}, Needed: []marz.AuthorityID{p.From, p.To}, Steps: []shownStep{}}
			if s.Overdue {
				s.Waiting = fmt.Sprintf("%s has come and nobody has opened it; %s stays in control", p.Agreed, p.From)
			}
			out = append(out, s)
		}
	}
	return out
}

func moves(a *agreement.Article, place marz.PlaceID) bool {
	for _, p := range a.Where() {
		if p == place {
			return true
		}
	}
	return false
}

func (t *transfers) show(one *transfer.Transfer) (shownTransfer, error) {
	p := one.Plan
	s := shownTransfer{ID: p.ID, Article: p.Article, Place: p.Place, Lanes: p.Lanes, From: p.From, To: p.To, At: p.At, Agreed: p.Agreed, Deadline: p.Deadline, Phase: one.Phase,
		Digest: one.Digest, Keys: shownKeys(one.Keys), Refused: one.Refused(), Executed: one.Execution, Seq: one.Seq, Signed: shownKeys(one.Closings), Destroyed: one.Destroyed,
		Inventory: []shownLine{}, Steps: []shownStep{}}
	for _, c := range one.Counts {
		s.Inventory = append(s.Inventory, shownLine{What: c.What, Outgoing: c.Outgoing, Incoming: c.Incoming})
	}
	for _, step := range one.Steps {
		s.Steps = append(s.Steps, shownStep(step))
	}
	if len(one.Instrument) > 0 {
		i, err := transfer.ParseInstrument(one.Instrument)
		if err != nil {
			return s, err
		}
		s.Readiness, s.Dispositions = i.Readiness, &i.Dispositions
		for _, l := range i.Inventory {
			if l.Measured {
				s.Inventory = append(s.Inventory, shownLine{l.What, &l.Outgoing, &l.Incoming, true})
			}
		}
	}
	switch one.Phase {
	case transfer.Executed, transfer.Closed:
		s.Cases, s.ExecutedAt = one.Execution.Cases, one.At
	case transfer.Cancelled:
		s.Cases = []transfer.Case{}
	default:
		s.Needed = transfer.Needs(one, t.now)
		s.Overdue = t.now >= p.At
		var keys []marz.AuthorityID // one side's key alone says nothing yet
		if one.Phase == transfer.Armed {
			keys = one.Turned()
		}
		s.Cases = transfer.Cases(p, s.Refused, keys, max(p.At, t.now))
		// What other clocks show cannot be seen from outside.
		due, waiting := t.state.Due(p.ID, transfer.Clocks{Node: t.now, Others: []transfer.Reading{{Source: "outside", At: t.now}}})
		if s.Waiting = waiting; due {
			s.Waiting = "its instant has come: the post executes it as soon as it runs, or says on its pages which clock is in doubt"
		}
	}
	return s, nil
}

func shownKeys(all []transfer.Key) []shownKey {
	out := []shownKey{}
	for _, k := range all {
		out = append(out, shownKey{k.Authority, k.Officer, k.At})
	}
	return out
}

// stepWords say what a kind of entry is.
var stepWords = map[string]string{
	transfer.KindOpened:    "opens the preparation",
	transfer.KindCounted:   "counts",
	transfer.KindDisposed:  "says what becomes of alerts",
	transfer.KindPresented: "presents the instrument",
	transfer.KindArmed:     "turns its key",
	transfer.KindDisarmed:  "takes its key back",
	transfer.KindPostponed: "settles another instant; all keys fall",
	transfer.KindRefused:   "declares that it will not arm",
	transfer.KindCancelled: "cancels",
	transfer.KindClock:     "says that the instant has come",
	transfer.KindExecuted:  "control passes",
	transfer.KindDestroyed: "what the outgoing authority left is destroyed",
	transfer.KindClosed:    "signs the act",
}

func printTransfers(w io.Writer, all *shownTransfers, zone *time.Location) {
	if len(all.Transfers) == 0 {
		fmt.Fprintf(w, "%s: no transfer of control was opened\n", all.Place)
		return
	}
	for i := range all.Transfers {
		if i > 0 {
			fmt.Fprintln(w)
		}
		printTransfer(w, &all.Transfers[i], zone)
	}
}

func printTransfer(w io.Writer, t *shownTransfer, zone *time.Location) {
	what := string(t.Place)
	if len(t.Lanes) > 0 {
		what += " lanes " + joined(t.Lanes)
	}
	fmt.Fprintf(w, "%s  %s from %s to %s under %s\n", or(string(t.ID), "not opened"), what, t.From, t.To, t.Article)
	tab := newTable()
	phase := string(t.Phase)
	if len(t.Cases) > 0 {
		phase += " (" + joined(t.Cases) + ")"
	}
	if t.Overdue {
		phase += ", OVERDUE"
	}
	tab.row("  phase", phase)
	agreed := "the article's instant"
	switch {
	case t.At != t.Agreed:
		agreed = "the article has " + in(t.Agreed, zone)
	case t.Deadline:
		agreed = "the article's deadline"
	}
	tab.row("  instant", in(t.At, zone)+" ("+agreed+")")
	if t.Waiting != "" {
		tab.row("  waiting", local(t.Waiting, zone))
	}
	for _, c := range t.Readiness {
		tab.row("  "+c.ID, c.State+": "+local(c.Value, zone))
	}
	if counts := countWords(t.Inventory); counts != "" {
		tab.row("  counted", counts)
	}
	if d := t.Dispositions; d != nil {
		tab.row("  alerts", fmt.Sprintf("%d of %s: %d adopted, %d returned, %d lapse", d.Alerts, t.From, d.Adopted, d.Returned, d.Lapsed))
	}
	if t.Digest != "" {
		tab.row("  digest", t.Digest)
	}
	for _, a := range []marz.AuthorityID{t.From, t.To} {
		tab.row("  key of "+string(a), keyWords(t, a, zone))
	}
	for _, a := range t.Refused {
		tab.row("  refused", string(a)+" declared that it will not arm")
	}
	if t.Executed != nil {
		executedRows(tab, t, zone)
	}
	fmt.Fprint(w, tab)
	if len(t.Steps) == 0 {
		return
	}
	steps := newTable("  ENTRY", "AT", "BY", "")
	for _, s := range t.Steps {
		steps.row(fmt.Sprintf("  %d", s.Seq), in(s.At, zone), or(string(s.Officer), string(s.Authority)), or(stepWords[s.Kind], s.Kind))
	}
	fmt.Fprint(w, steps)
}

// executedRows say what the execution found and what followed it.
func executedRows(tab *table, t *shownTransfer, zone *time.Location) {
	x := t.Executed
	tab.row("  executed", fmt.Sprintf("entry %d at %s; %d crossings before it, %d inspections were open", t.Seq, in(t.ExecutedAt, zone), x.Crossings, x.Open))
	for _, m := range x.Mirrors {
		tab.row("  mirror of "+string(m.Authority), fmt.Sprintf("%d entries, %d crossings not yet there", m.Size, m.Missing))
	}
	for _, c := range x.Clocks {
		tab.row("  clock "+c.Source, or(in(c.At, zone), c.Fault))
	}
	signed := "by nobody yet"
	if len(t.Signed) > 0 {
		var by []string
		for _, k := range t.Signed {
			by = append(by, string(k.Authority)+" at "+in(k.At, zone))
		}
		signed = strings.Join(by, ", ")
	}
	tab.row("  act signed", signed)
	if len(t.Destroyed) > 0 {
		tab.row("  destroyed", strings.Join(t.Destroyed, ", ")+" of "+string(t.From))
	}
}

// keyWords say how one side's key stands.
func keyWords(t *shownTransfer, of marz.AuthorityID, zone *time.Location) string {
	for _, k := range t.Keys {
		if k.Authority == of {
			return "turned by " + or(string(k.Officer), "the authority's own key") + " at " + in(k.At, zone)
		}
	}
	for _, a := range t.Needed {
		if a == of {
			return "not turned"
		}
	}
	if t.Executed != nil || t.Phase == transfer.Cancelled {
		return "not turned"
	}
	return "not turned, and not needed"
}

func countWords(all []shownLine) string {
	n := func(i *int) string {
		if i == nil {
			return "?"
		}
		return fmt.Sprint(*i)
	}
	var out []string
	for _, l := range all {
		one := l.What + " " + n(l.Outgoing)
		if l.Outgoing == nil || l.Incoming == nil || *l.Outgoing != *l.Incoming {
			one += "/" + n(l.Incoming)
		}
		out = append(out, one)
	}
	return strings.Join(out, ", ")
}
