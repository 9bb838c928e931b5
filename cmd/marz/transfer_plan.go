package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
	"marz/post"
	"marz/transfer"
)

type planFlags struct {
	registerSource
	choose  string
	article string
	asJSON  bool
}

// transferPlanCommand shows what the articles plan. It ends with 0, with 1 when control could not pass at the instant of --at, and 2 when it could not be asked.
func transferPlanCommand() *cobra.Command {
	var f planFlags
	c := &cobra.Command{
		Use:   "plan PLACE [FILE…]",
		Short: "Show the transfers of control that the articles plan for a place, and check an instant for one",
		Long: "Shows every transfer of the place: from whom to whom, when, what moves, and what it needs. With --data it says which of them the post has\n" +
			"begun or carried out. With --at it says of each that has not been carried out whether control could pass then, and which case that would be.\n" +
			"Exit code: 0, 1 control could not pass at the instant of --at, 2 the question could not be asked.",
		Example: "  marz transfer plan agarak\n  marz transfer plan agarak --at 2024-12-31T12:00:00+04:00\n  marz transfer plan agarak --data /var/lib/marz/agarak",
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.MinimumNArgs(1)(c, args); err != nil {
				return &exitError{code: 2, err: err}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			p, zone, err := plan(c, f, args)
			if err != nil {
				return &exitError{code: 2, err: err}
			}
			if f.asJSON {
				err = printJSON(c.OutOrStdout(), p)
			} else {
				printPlan(c.OutOrStdout(), p, zone)
			}
			if err == nil && slices.ContainsFunc(p.Transfers, func(t plannedTransfer) bool { return t.Chosen != nil && !t.Chosen.Possible }) {
				err = &exitError{code: 1}
			}
			return err
		},
	}
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{code: 2, err: err} })
	f.flags(c)
	c.Flags().StringVar(&f.choose, "at", "", "an instant: say whether control could pass then")
	c.Flags().StringVar(&f.article, "article", "", "only this article, for example am-ru-2024-agarak/2")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print one JSON object")
	return c
}

// The JSON of marz transfer plan. Instants in it are RFC 3339 in UTC.
type (
	plannedTransfers struct {
		Place     marz.Place        `json:"place"`
		Transfers []plannedTransfer `json:"transfers"`
	}
	plannedTransfer struct {
		Article    marz.ArticleRef    `json:"article"`
		From       marz.AuthorityID   `json:"from"`
		To         marz.AuthorityID   `json:"to"`
		Agreed     marz.Instant       `json:"agreed"`
		Deadline   bool               `json:"deadline"`
		Lanes      []marz.LaneID      `json:"lanes,omitempty"`
		Flow       string             `json:"flow,omitempty"`
		Clock      transfer.ClockRule `json:"clock"`
		Unilateral marz.Instant       `json:"unilateral,omitzero"`
		Destroy    []string           `json:"destroy"`
		Phase      transfer.Phase     `json:"phase"`
		ID         transfer.ID        `json:"id,omitempty"`    // once preparation has begun
		At         marz.Instant       `json:"at,omitzero"`     // chosen within the article, or carried out
		Needs      []string           `json:"needs,omitempty"` // in words
		Chosen     *chosenInstant     `json:"asked,omitempty"` // of --at
	}
	chosenInstant struct {
		At       marz.Instant    `json:"at"`
		Possible bool            `json:"possible"`
		Cases    []transfer.Case `json:"cases"`
		Why      string          `json:"why"`
	}
)

func plan(c *cobra.Command, f planFlags, args []string) (*plannedTransfers, *time.Location, error) {
	v, err := f.load(c.Context(), args[1:])
	if err != nil {
		return nil, nil, err
	}
	p, err := place(v.Ground(), args[0])
	if err != nil {
		return nil, nil, err
	}
	var at marz.Instant
	if f.choose != "" {
		if at, err = flagInstant("--at", f.choose); err != nil {
			return nil, nil, err
		}
	}
	state := transfer.NewState()
	if f.data != "" {
		if state, err = post.ReadTransfers(c.Context(), f.data); err != nil {
			return nil, nil, err
		}
	}
	out := &plannedTransfers{Place: p, Transfers: []plannedTransfer{}}
	for _, ag := range v.Agreements() {
		for i := range ag.Articles {
			a := &ag.Articles[i]
			ref := marz.ArticleRef(ag.ID + "/" + a.ID)
			if a.Kind != agreement.Transfer || !slices.Contains(a.Where(), p.ID) || f.article != "" && f.article != string(ref) {
				continue
			}
			t := plannedOf(a, ref)
			t.follow(v, p.ID, state)
			if at != 0 && t.Phase != transfer.Executed && t.Phase != transfer.Closed {
				t.Chosen = choose(v, &ag, &t, p.ID, at)
			}
			out.Transfers = append(out.Transfers, t)
		}
	}
	if f.article != "" && len(out.Transfers) == 0 {
		return nil, nil, &marz.Error{Code: marz.NotFound, Op: "find transfer", Subject: fmt.Sprintf("%.60q", f.article), Fix: "no article with this number plans a transfer of " + args[0]}
	}
	slices.SortStableFunc(out.Transfers, func(a, b plannedTransfer) int { return int((a.Agreed - b.Agreed) / 1000) })
	return out, v.zones.of(p.ID), nil
}

func plannedOf(a *agreement.Article, ref marz.ArticleRef) plannedTransfer {
	t := plannedTransfer{Article: ref, From: a.Authority, To: a.To, Agreed: max(a.At, a.By), Deadline: a.By != 0, Lanes: a.Lanes, Flow: a.Flow,
		Clock: transfer.ClockRule(or(a.Clock, string(transfer.BySources))), Destroy: a.Destroy, Phase: transfer.Planned}
	if a.Unilateral != 0 {
		t.Unilateral = t.Agreed.Add(time.Duration(a.Unilateral))
	}
	if t.Destroy == nil {
		t.Destroy = []string{"lists", "hits"}
	}
	t.Needs = []string{
		"a supervisor of either side opens it on the post's page Transfer",
		"both sides count " + strings.Join(transfer.Countable, ", "),
		string(t.From) + " says of each alert on its own lists what becomes of it; without a word it lapses",
		fmt.Sprintf("one of them presents the instrument, and %s and %s turn their keys for its digest", t.From, t.To),
	}
	return t
}

// follow says how far the transfer has come where a journal tells.
func (t *plannedTransfer) follow(v *view, place marz.PlaceID, state *transfer.State) {
	if s := state.Of(t.Article); s != nil {
		t.Phase, t.ID, t.At = s.Phase, s.Plan.ID, s.Plan.At
		if s.Execution != nil {
			t.At = s.At
		}
	}
	for _, r := range v.Actual(place) { // by a journal from before transfers
		if r.Article == t.Article && t.ID == "" {
			t.Phase, t.At = transfer.Executed, r.At
		}
	}
	if t.Phase == transfer.Executed || t.Phase == transfer.Closed {
		t.Needs = nil
	}
}

// choose says whether control could pass at an instant under the article.
func choose(v *view, ag *agreement.Agreement, t *plannedTransfer, place marz.PlaceID, at marz.Instant) *chosenInstant {
	lanes := t.Lanes
	if t.Flow != "" {
		lanes = []marz.LaneID{marz.LaneID(t.Flow)} // some: which ones, the post knows
	}
	p := transfer.Plan{Article: t.Article, Place: place, Lanes: lanes, From: t.From, To: t.To, At: at, Agreed: t.Agreed, Deadline: t.Deadline}
	c := &chosenInstant{At: at, Possible: true, Cases: transfer.Cases(p, nil, nil, at)}
	before := at
	if at > t.Agreed {
		before = t.Agreed // by the articles it would have passed at the latest then; it has not
	}
	h, held := v.ControlAt(place, before-1)
	switch {
	case marz.DateOf(at.In(v.zones.of(place))).Compare(ag.Signed) < 0:
		c.Possible, c.Why = false, fmt.Sprintf("%s was signed on %s; nothing plans it before", ag.ID, ag.Signed)
	case ag.From != 0 && at < ag.From:
		c.Possible, c.Why = false, fmt.Sprintf("%s is not in force before %s", ag.ID, ag.From)
	case !held || h.Authority != t.From:
		c.Possible, c.Why = false, fmt.Sprintf("%s does not control %s just before", t.From, place)
	case slices.Contains(c.Cases, transfer.Early):
		c.Why = fmt.Sprintf("early: the article names %s; both sides agree on it by turning their keys for it", t.Agreed)
	case slices.Contains(c.Cases, transfer.Late):
		c.Why = fmt.Sprintf("late: the article names %s; until then %s stays in control, and the act says that it was late", t.Agreed, t.From)
	case t.Deadline && at < t.Agreed:
		c.Why = fmt.Sprintf("within the deadline, %s", t.Agreed)
	default:
		c.Why = "as the article has it"
	}
	return c
}

func printPlan(w io.Writer, p *plannedTransfers, zone *time.Location) {
	if len(p.Transfers) == 0 {
		fmt.Fprintf(w, "%s (%s): no article plans a transfer of it\n", p.Place.Name, p.Place.ID)
		return
	}
	fmt.Fprintf(w, "%s (%s): transfers of control\n", p.Place.Name, p.Place.ID)
	for _, t := range p.Transfers {
		when := "at "
		if t.Deadline {
			when = "by "
		}
		fmt.Fprintf(w, "\n%s  from %s to %s, %s\n", t.Article, t.From, t.To, when+in(t.Agreed, zone))
		tab := newTable()
		switch {
		case t.ID != "" && (t.Phase == transfer.Executed || t.Phase == transfer.Closed):
			tab.row("  phase", fmt.Sprintf("%s (%s), control passed at %s", t.Phase, t.ID, in(t.At, zone)))
		case t.ID != "":
			tab.row("  phase", fmt.Sprintf("%s (%s), for %s", t.Phase, t.ID, in(t.At, zone)))
		case t.At != 0:
			tab.row("  phase", fmt.Sprintf("%s, control passed at %s", t.Phase, in(t.At, zone)))
		default:
			tab.row("  phase", string(t.Phase))
		}
		switch {
		case t.Flow != "":
			tab.row("  moves", "the lanes for "+t.Flow)
		case len(t.Lanes) > 0:
			tab.row("  moves", "lanes "+joined(t.Lanes))
		default:
			tab.row("  moves", "the whole place")
		}
		clock := "two sources of time that agree, or the word of both commanders, settle it"
		if t.Clock == transfer.ByCommanders {
			clock = "the word of both commanders settles it"
		}
		tab.row("  clock", "when it is in doubt, "+clock)
		if t.Unilateral == 0 {
			tab.row("  alone", "never: without both keys "+string(t.From)+" stays in control")
		} else {
			tab.row("  alone", fmt.Sprintf("%s may turn its key alone from %s", t.To, in(t.Unilateral, zone)))
		}
		tab.row("  destroys", or(strings.Join(t.Destroy, ", "), "nothing")+" of "+string(t.From)+" at the post")
		for i, n := range t.Needs {
			head := "  needs"
			if i > 0 {
				head = ""
			}
			tab.row(head, n)
		}
		if c := t.Chosen; c != nil {
			word := "yes, "
			if !c.Possible {
				word = "no: "
			}
			tab.row("  asked", in(c.At, zone)+": "+word+local(c.Why, zone))
		}
		fmt.Fprint(w, tab)
	}
}
