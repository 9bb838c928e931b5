package post

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"

	"marz"
	"marz/agreement"
	"marz/web"
)

// Whatever two officers, a supervisor and control do at once: one decision at most, and what an article makes joint has a concurrence.
func TestJointActsAtOnce(t *testing.T) {
	tp, ru, am := newJoint(t, "", "", "1")
	chief := tp.signIn("ru-bg/1")
	ctx := context.Background()
	for round := range 12 {
		tp.OpenLane(ctx, ru, "1")
		tp.OpenLane(ctx, am, "1")
		open, err := tp.Scan(ctx, am, "1", passport(t, "ABADI", "REZA", "A1"+string(rune('A'+round)), nil), true)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for _, who := range []Actor{ru, am} {
			wg.Go(func() {
				for range 3 {
					if p, err := tp.Decide(ctx, who, open.ID, marz.Refuse, "g-no-means", ""); err == nil && p.Proposal != nil {
						tp.Confirm(ctx, who, open.ID, p.Proposal.Seq)
					}
				}
			})
			wg.Go(func() {
				for range 40 {
					if c, err := tp.Case(ctx, who, "1", ""); err == nil && c.Joint != nil && c.Joint.Waiting != nil {
						tp.Concur(ctx, who, open.ID, c.Joint.Waiting.Submission)
						if round%2 == 0 {
							tp.Object(ctx, who, open.ID, c.Joint.Waiting.Submission, "other-decision", "")
						}
					}
				}
			})
			wg.Go(func() {
				if round%3 == 0 {
					tp.Asylum(ctx, who, open.ID)
				}
				if round%4 == 0 {
					tp.Withdraw(ctx, who, open.ID, "traveller-left")
				}
				if round%5 == 1 {
					tp.Decide(ctx, who, open.ID, marz.Admit, "", "")
				}
				tp.Scan(ctx, who, "1", passport(t, "BABADI", "REZA", "B1", nil), false)
			})
		}
		wg.Go(func() {
			if round%5 == 0 {
				tp.CloseLane(ctx, chief, "1")
			}
		})
		wg.Wait()
		tp.OpenLane(ctx, am, "1")
		if c, err := tp.Case(ctx, am, "1", ""); err == nil {
			if j := c.Joint; j != nil && j.Waiting != nil && j.Waiting.Mine {
				if _, err := tp.Object(ctx, am, c.ID, j.Waiting.Submission, "other-decision", ""); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := tp.Withdraw(ctx, am, c.ID, "traveller-left"); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, _ := tp.Journal().Entries(ctx, 0, 100000)
	decided := map[marz.InspectionID]int{}
	conc := map[marz.InspectionID]int{}
	asyl := map[marz.InspectionID]bool{}
	for _, e := range entries {
		var d decisionEntry
		json.Unmarshal(e.Public, &d)
		switch e.Kind {
		case KindAsylum:
			asyl[d.Inspection] = true
		case KindConcurred:
			conc[d.Inspection]++
		case KindDecided:
			decided[d.Inspection]++
			if decided[d.Inspection] > 1 {
				t.Errorf("%s decided twice", d.Inspection)
			}
			by := d.By
			if by == "" {
				by = e.Officer
			}
			if asyl[d.Inspection] && by.Authority() != "am-bg" {
				t.Errorf("%s: guest decides asylum: %s", d.Inspection, e.Public)
			}
			if d.Decision == marz.Refuse && !asyl[d.Inspection] && (len(d.With) != 1 || d.With[0].Authority() == by.Authority()) {
				t.Errorf("%s", e.Public)
			}
		}
	}
	tp.verified()
}

// A decision that waits needs whose concurrence articles ask for when the last word comes, not when it was proposed.
func TestArticleComesWhileItWaits(t *testing.T) {
	tp, ru, am := newJoint(t, "", "", "1")
	seen := refuseTogether(t, tp, am, ru)
	doc, err := agreement.Parse("third", []byte(`
[[agreement]]
id = "third"
title = "A third joins"
parties = ["am-bg", "ru-bg", "ge-bg"]
signed = "2024-12-31"
source = "invented"
article = [ { id = "1", kind = "joint", authorities = ["am-bg", "ge-bg"], place = "agarak", from = "2024-10-08T00:00:00+04:00", decisions = ["refuse"], text = "" } ]`))
	if err != nil {
		t.Fatal(err)
	}
	all := doc.Instruments()
	for _, id := range all[0].Signers() {
		if err := all[0].Sign(testKeys[id]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tp.AddInstruments(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	code(t, "concur", second(tp.Concur(t.Context(), ru, seen.ID, seen.Joint.Waiting.Submission)), marz.Conflict, "ge-bg as well")
	if _, err := tp.Object(t.Context(), ru, seen.ID, seen.Joint.Waiting.Submission, "other-decision", ""); err != nil {
		t.Fatal(err)
	}
	p, err := tp.Decide(t.Context(), am, seen.ID, marz.Refuse, "g-no-means", "none shown")
	if err != nil {
		t.Fatal(err)
	}
	if p, err = tp.Confirm(t.Context(), am, seen.ID, p.Proposal.Seq); err != nil || !slices.Equal(p.Joint.Waiting.For, []marz.AuthorityID{"am-bg", "ru-bg", "ge-bg"}[1:]) {
		t.Fatalf("%+v %v", p, err)
	}
	if p, err = tp.Concur(t.Context(), ru, seen.ID, p.Joint.Waiting.Submission); err != nil || p.State != "awaiting" {
		t.Fatalf("%+v %v", p, err)
	}
	tp.verified()
}

// Asylum that was asked for stays asked for until the host state's officers have decided: a guest who refers the case and scans again decides nothing.
func TestAsylumIsNotForgotten(t *testing.T) {
	tp, ru, am := newJoint(t, "", "", "1")
	text := passport(t, "ABADI", "REZA", "A1", nil)
	end := func(by Actor, id marz.InspectionID, d marz.Decision, reason string) {
		t.Helper()
		p, err := tp.Decide(t.Context(), by, id, d, reason, "")
		if err == nil && p.State == "proposed" {
			p, err = tp.Confirm(t.Context(), by, id, p.Proposal.Seq)
		}
		if err != nil || p.State != "decided" {
			t.Fatalf("%+v %v", p, err)
		}
	}
	scan := func() *web.Inspection {
		t.Helper()
		i, err := tp.Scan(t.Context(), ru, "1", text, true)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	first := scan()
	if _, err := tp.Asylum(t.Context(), ru, first.ID); err != nil {
		t.Fatal(err)
	}
	end(ru, first.ID, marz.Refer, "cannot-tell")
	again := scan()
	if !again.Asylum || len(again.Ordinary) != 0 {
		t.Errorf("%+v", again)
	}
	code(t, "guest", second(tp.Decide(t.Context(), ru, again.ID, marz.Admit, "supervisor-ordered", "")), marz.Forbidden, "marz/asylum")
	end(am, again.ID, marz.Admit, "asylum-procedure")
	if later := scan(); later.Asylum {
		t.Errorf("%+v", later)
	}
	tp.verified()
}
