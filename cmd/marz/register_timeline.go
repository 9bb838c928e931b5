package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
)

// registerTimelineCommand shows who held, holds and will hold a place.
func registerTimelineCommand() *cobra.Command {
	var s registerSource
	var asJSON bool
	c := &cobra.Command{
		Use:   "timeline PLACE [FILE…]",
		Short: "Show who held, holds and will hold a place, and under which article",
		Long: "Shows who controls the place in order of time, who serves there beside, and with --data the passings of control that the post\n" +
			"recorded. What holds at the instant is marked with > and the word now.",
		Example: "  marz register timeline agarak\n  marz register timeline agarak --data /var/lib/marz/agarak --at 2024-12-31T23:59:59+04:00",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			v, err := s.load(c.Context(), args[1:])
			if err != nil {
				return err
			}
			p, err := place(v.Ground(), args[0])
			if err != nil {
				return err
			}
			line := timelineOf(v, p)
			if asJSON {
				return printJSON(c.OutOrStdout(), line)
			}
			printTimeline(c.OutOrStdout(), v, line)
			return nil
		},
	}
	s.flags(c)
	s.instantFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

// The JSON of marz register timeline. Instants in it are RFC 3339 in UTC.
type (
	timeline struct {
		Place    marz.Place     `json:"place"`
		At       marz.Instant   `json:"at"`
		Known    marz.Instant   `json:"known,omitzero"`
		Controls []timelineSpan `json:"controls"`
		Parts    []timelineSpan `json:"parts,omitempty"` // partial transfers, as they are planned
		Beside   []timelineSpan `json:"beside"`
		Passed   []timelinePass `json:"passed,omitempty"` // as a post recorded it
	}
	timelineSpan struct {
		Authorities []marz.AuthorityID `json:"authorities"`
		Kind        agreement.Kind     `json:"kind"`
		Article     marz.ArticleRef    `json:"article"`
		From        marz.Instant       `json:"from"`
		Until       marz.Instant       `json:"until,omitzero"`
		Deadline    bool               `json:"deadline,omitempty"` // it begins at from at the latest
		Now         bool               `json:"now"`
		Why         string             `json:"why,omitempty"` // it does not hold though its time has come
		who         string
	}
	timelinePass struct {
		From    marz.AuthorityID `json:"from,omitempty"` // none when control is first recorded
		To      marz.AuthorityID `json:"to"`
		Lanes   []marz.LaneID    `json:"lanes,omitempty"` // that passed; none: the place
		Article marz.ArticleRef  `json:"article"`
		Planned marz.Instant     `json:"planned"`
		At      marz.Instant     `json:"at"`
		Seq     marz.Seq         `json:"seq"`
	}
)

func timelineOf(v *view, p marz.Place) timeline {
	t := timeline{Place: p, At: v.at, Known: v.known, Controls: []timelineSpan{}, Beside: []timelineSpan{}}
	now, held := v.Holder(p.ID, "", v.at) // as it was recorded, whatever was planned
	for _, h := range v.Timeline(p.ID) {
		kind := agreement.Control
		if a, err := v.Article(h.Article); err == nil {
			kind = a.Kind
		}
		t.Controls = append(t.Controls, timelineSpan{[]marz.AuthorityID{h.Authority}, kind, h.Article, h.From, h.Until, h.Deadline,
			held && h.Article == now.Article, "", string(h.Authority)})
	}
	for _, ag := range v.Agreements() {
		for i := range ag.Articles {
			a := &ag.Articles[i]
			if !slices.Contains(a.Where(), p.ID) {
				continue
			}
			if len(a.Lanes) > 0 || a.Flow != "" {
				t.Parts = append(t.Parts, partSpan(v, &ag, a, p.ID))
			}
			if a.Kind == agreement.Control || a.Kind == agreement.Transfer {
				continue
			}
			t.Beside = append(t.Beside, besideSpan(v, &ag, a))
		}
	}
	for _, r := range v.Actual(p.ID) {
		t.Passed = append(t.Passed, timelinePass{r.From, r.To, r.Lanes, r.Article, r.Planned, r.At, r.Seq})
	}
	return t
}

// partSpan is a partial transfer as it is planned; now: it has been carried out.
func partSpan(v *view, ag *agreement.Agreement, a *agreement.Article, place marz.PlaceID) timelineSpan {
	s := timelineSpan{Authorities: a.Who(), Kind: a.Kind, Article: marz.ArticleRef(ag.ID + "/" + a.ID), Deadline: a.By != 0}
	s.From, _ = period(ag, a)
	s.Now = v.Executed(place, s.Article, v.at)
	s.who = who(a) + ": " + partWords(a.Lanes, a.Flow)
	return s
}

// partWords says which part of a place passes; the whole is "".
func partWords(lanes []marz.LaneID, flow string) string {
	switch {
	case flow != "":
		return flow
	case len(lanes) == 1:
		return "lane " + string(lanes[0])
	case len(lanes) > 1:
		return "lanes " + joined(lanes)
	}
	return ""
}

func besideSpan(v *view, ag *agreement.Agreement, a *agreement.Article) timelineSpan {
	s := timelineSpan{Authorities: a.Who(), Kind: a.Kind, Article: marz.ArticleRef(ag.ID + "/" + a.ID), who: who(a)}
	s.From, s.Until = period(ag, a)
	ok, why := v.InForce(s.Article, v.at)
	s.Now = ok
	if !ok && v.at >= s.From && (s.Until == 0 || v.at < s.Until) {
		s.Why = why
	}
	return s
}

func printTimeline(w io.Writer, v *view, t timeline) {
	zone := v.zones.of(t.Place.ID)
	fmt.Fprintf(w, "%s (%s, %s) at %s", t.Place.Name, t.Place.ID, t.Place.Kind, in(t.At, zone))
	if t.Known != 0 {
		fmt.Fprintf(w, ", as it was known at %s", in(t.Known, zone))
	}
	fmt.Fprint(w, "\n\nControl\n")
	if len(t.Controls) == 0 {
		fmt.Fprintln(w, "  no article says who controls it")
	} else {
		fmt.Fprint(w, spans(v, t, t.Controls))
	}
	if len(t.Parts) > 0 {
		fmt.Fprintf(w, "\nParts\n%s", spans(v, t, t.Parts))
	}
	if len(t.Beside) > 0 {
		fmt.Fprintf(w, "\nBeside\n%s", spans(v, t, t.Beside))
		for _, s := range t.Beside {
			if s.Why != "" {
				wrap(w, "  ", fmt.Sprintf("%s is not in force: %s", s.Article, local(s.Why, zone)))
			}
		}
	}
	if len(t.Passed) == 0 {
		return
	}
	fmt.Fprint(w, "\nControl passed, as the post recorded it\n")
	tab := newTable("  ENTRY", "FROM", "TO", "AT", "AGREED FOR", "ARTICLE", "")
	for _, p := range t.Passed {
		tab.row(fmt.Sprintf("  %d", p.Seq), or(string(p.From), "-"), string(p.To), in(p.At, zone), in(p.Planned, zone), string(p.Article), partWords(p.Lanes, ""))
	}
	fmt.Fprint(w, tab)
}

func spans(v *view, t timeline, all []timelineSpan) *table {
	zone := v.zones.of(t.Place.ID)
	tab := newTable("  WHO", "KIND", "FROM", "UNTIL", "ARTICLE", "")
	for _, s := range all {
		mark, word := "  ", ""
		if s.Now {
			mark, word = "> ", "now"
		}
		from := in(s.From, zone)
		if s.Deadline {
			from = "by " + from
		}
		tab.row(mark+s.who, string(s.Kind), from, in(s.Until, zone), string(s.Article), word)
	}
	return tab
}
