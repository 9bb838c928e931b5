package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"marz"
	"marz/agreement"
)

// registerCheckCommand holds documents to the law. It ends with 1 when something is wrong with them.
func registerCheckCommand() *cobra.Command {
	var s registerSource
	c := &cobra.Command{
		Use:   "check FILE…",
		Short: "Check documents strictly, together, and say everything that is wrong with them",
		Long: "Checks documents together: their form, who is named in them, their policies, that one authority controls each place at every\n" +
			"instant and that there is no gap. With --data they are checked on what the post has recorded. Of signed files the signatures\n" +
			"are checked too: a bad one is a fault; one that is missing, or whose key is not known here, is said.",
		Example: "  marz register check scenarios/armenia/agreements.toml\n  marz register check amendment.signed.json --data /var/lib/marz/agarak",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			b, err := s.open(c.Context(), args...)
			if err != nil {
				return err
			}
			docs, err := readDocuments(args)
			if err != nil {
				return err
			}
			r, err := b.check(docs)
			if err != nil {
				return err
			}
			if err := checkSigned(r.Ground(), docs); err != nil {
				return err
			}
			printSummary(c.OutOrStdout(), r, b.zones, systemClock())
			printSignatures(c.OutOrStdout(), r.Ground(), docs)
			return nil
		},
	}
	s.flags(c)
	return c
}

// checkSigned refuses signatures that are not good.
func checkSigned(g *agreement.Ground, docs []document) error {
	var faults agreement.Faults
	for _, d := range docs {
		for i := range d.instruments {
			for _, sig := range signaturesOf(&d.instruments[i], g) {
				if sig.state == badSignature {
					faults = append(faults, &marz.Error{Code: marz.Invalid, Op: "check", Subject: d.Name,
						Fix: fmt.Sprintf("%s: the signature of %s is not good: it is under other words, or by another key", d.instruments[i].Name(), sig.by)})
				}
			}
		}
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

// signatureState is what is known of one signer's signature.
type signatureState int

const (
	noSignature   signatureState = iota
	goodSignature                // checked
	keyNotKnown                  // there is one, and no key to check it with
	badSignature                 // under other words, or by another key
)

type signature struct {
	by    marz.AuthorityID
	state signatureState
}

// signaturesOf returns the state of the signature of everybody who has to sign.
func signaturesOf(i *agreement.Instrument, g *agreement.Ground) []signature {
	good := i.Signed(g)
	var out []signature
	for _, id := range i.Signers() {
		a, _ := g.Authority(id)
		s := signature{id, noSignature}
		switch has := slices.ContainsFunc(i.Signatures, func(l string) bool { return isBy(l, id) }); {
		case slices.Contains(good, id):
			s.state = goodSignature
		case has && a.Key == "":
			s.state = keyNotKnown
		case has:
			s.state = badSignature
		}
		out = append(out, s)
	}
	return out
}

// isBy reports whether a line of a signed note claims to be an authority's signature.
func isBy(line string, id marz.AuthorityID) bool {
	return strings.HasPrefix(line, "— "+string(id)+" ")
}

// printSignatures says of each signed instrument who has signed it and who has still to.
func printSignatures(w io.Writer, g *agreement.Ground, docs []document) {
	t := newTable("SIGNED FILE", "INSTRUMENT", "SIGNATURES")
	n := 0
	for _, d := range docs {
		if !d.signed {
			continue
		}
		for i := range d.instruments {
			t.row(d.Name, d.instruments[i].Name(), signedWords(signaturesOf(&d.instruments[i], g)))
			n++
		}
	}
	if n > 0 {
		fmt.Fprintf(w, "\n%s", t)
	}
}

func signedWords(all []signature) string {
	by := map[signatureState][]marz.AuthorityID{}
	for _, s := range all {
		by[s.state] = append(by[s.state], s.by)
	}
	var out []string
	for _, p := range []struct {
		state  signatureState
		format string
	}{{goodSignature, "signed by %s"}, {keyNotKnown, "signed by %s, not checked: the key is not known here"}, {badSignature, "the signature of %s is not good"},
		{noSignature, "%s has still to sign"}} {
		if who := by[p.state]; len(who) > 0 {
			words := fmt.Sprintf(p.format, joined(who))
			if len(who) > 1 {
				words = strings.Replace(words, " has still ", " have still ", 1)
			}
			out = append(out, words)
		}
	}
	return strings.Join(out, "; ")
}

// printSummary says what the register holds and who controls what.
func printSummary(w io.Writer, r *agreement.Register, z zones, now marz.Instant) {
	count := map[agreement.Kind]int{}
	total := 0
	for _, ag := range r.Agreements() {
		for _, a := range ag.Articles {
			count[a.Kind]++
			total++
		}
	}
	var kinds []string
	for _, k := range []agreement.Kind{agreement.Control, agreement.Transfer, agreement.Serve, agreement.Joint, agreement.Share, agreement.Observe, agreement.Obligation} {
		if count[k] > 0 {
			kinds = append(kinds, fmt.Sprintf("%d %s", count[k], k))
		}
	}
	fmt.Fprintf(w, "all holds: %s, %s (%s)\n\n", counted(len(r.Agreements()), "agreement"), counted(total, "article"), strings.Join(kinds, ", "))
	t := newTable("PLACE", "CONTROLS NOW", "ARTICLE", "NEXT")
	for _, p := range r.Ground().Places {
		line := r.Timeline(p.ID)
		if len(line) == 0 {
			continue
		}
		who, article, next := "nobody yet", "", ""
		if h, ok := r.Holder(p.ID, "", now); ok {
			who, article = string(h.Authority), string(h.Article)
		}
		if i := slices.IndexFunc(line, func(h agreement.Holding) bool { return h.From > now }); i >= 0 {
			next = fmt.Sprintf("%s from %s under %s", line[i].Authority, in(line[i].From, z.of(p.ID)), line[i].Article)
		}
		t.row(string(p.ID), who, article, or(next, "-"))
	}
	fmt.Fprint(w, t)
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
