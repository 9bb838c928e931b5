package verify

import (
	"fmt"
	"slices"
	"strings"
)

// conclude says in words what follows and what does not, once all has been looked at.
func (a *actCheck) conclude() {
	r := a.r
	slices.SortStableFunc(r.Problems, func(p, q ActProblem) int { return rank(p.Part) - rank(q.Part) })
	r.Known = len(r.Keys) > 0
	var unknown []string
	for _, k := range r.Keys {
		if !k.Given {
			r.Known = false
			unknown = append(unknown, k.Authority)
		}
	}
	if len(r.Armed) == 0 && len(r.Closed) == 0 || len(a.unnamed)+len(a.unkeyed) > 0 {
		r.Known = false
	}
	if !r.OK() {
		r.Known = false
		return
	}
	for _, who := range []string{r.From, r.To} {
		if !slices.Contains(a.unkeyed, who) && !slices.ContainsFunc(r.Closed, func(s ActSignature) bool { return s.Authority == who }) {
			a.note("%s has not signed what happened", a.sideName(who))
		}
	}
	for _, l := range r.Lines {
		a.note("the sides counted %q differently, and signed that: the outgoing authority %d, the incoming one %d", l.What, l.Outgoing, l.Incoming)
	}
	if len(unknown) > 0 {
		r.Leaves = append(r.Leaves, fmt.Sprintf("who signed: the keys of %s are the act's own, and whoever makes up an act puts his own there. "+
			"What is said above is proven only as far as these keys are known to be theirs", strings.Join(unknown, " and ")))
	}
	if len(a.unnamed) > 0 {
		r.Leaves = append(r.Leaves, fmt.Sprintf("that the passkeys are those of %s: the authority's commission of them is in the act, and not in the code", strings.Join(a.unnamed, " and ")))
	}
	if len(a.unkeyed) > 0 {
		r.Leaves = append(r.Leaves, fmt.Sprintf("that %s signed: the code does not hold the keys. Give them with --authority or --register", strings.Join(a.unkeyed, " and ")))
	}
	if r.Kind == "qr" {
		a.codeWords()
	} else {
		a.actWords()
	}
	for _, s := range r.Closed {
		r.Proves = append(r.Proves, fmt.Sprintf("%s signed afterwards that this is what happened, %s", a.sideName(s.Authority), s.method(r.Kind)))
	}
	r.Leaves = append(r.Leaves,
		"that what was counted and measured is true: both sides say so, and nobody else",
		"that the node's clock was right, beyond what the instrument says of it",
		"that the keys were in the right hands when they signed",
		fmt.Sprintf(leavesAfter+"the %d entries of the head", r.Size),
		"that no other transfer of the place was opened at another node",
		leavesExercise)
	if r.Kind == "act" && slices.ContainsFunc(slices.Concat(r.Armed, r.Closed), func(s ActSignature) bool { return s.Method == "passkey" }) {
		r.Leaves = append(r.Leaves, "that no commission of a passkey had been revoked: the act holds those under which was signed, and a word against one can stand elsewhere")
	}
	if slices.ContainsFunc(slices.Concat(r.Armed, r.Closed), func(s ActSignature) bool { return s.Method == "key" && s.Officer != "" }) {
		r.Leaves = append(r.Leaves, "that the officer who is named beside an authority's own key is who signed: that key can be used by whoever has it")
	}
}

const (
	leavesAfter    = "what happened after "
	leavesExercise = "that it was no exercise: entry 0 of the journal tells"
)

// rank puts first what others follow from: what was altered in the instrument makes every signature bad.
func rank(part string) int {
	word, _, _ := strings.Cut(strings.ReplaceAll(part, "[", "."), ".")
	return slices.Index([]string{"instrument", "head", "entries", "commissions", "armed", "closed"}, word)
}

// method says how a signature was made.
func (s *ActSignature) method(kind string) string {
	switch {
	case s.Method == "passkey" && kind == "qr":
		return fmt.Sprintf("by a passkey that is said to be that of %s, at %s", s.Officer, s.Site)
	case s.Method == "passkey":
		return fmt.Sprintf("by the passkey of %s, whom it commissioned, at %s", s.Officer, s.Site)
	case s.Officer != "":
		return "by its own key, beside which officer " + s.Officer + " is named"
	}
	return "by its own key"
}

// what says what passed.
func (r *ActReport) what() string {
	if len(r.Lanes) == 0 {
		return r.Place
	}
	return "lanes " + strings.Join(r.Lanes, ", ") + " of " + r.Place
}

func (a *actCheck) actWords() {
	r := a.r
	for _, s := range r.Armed {
		r.Proves = append(r.Proves, fmt.Sprintf("%s agreed that control of %s is to pass at %s, under the instrument of digest %s, %s (entry %d, %s by the node's clock)",
			a.sideName(s.Authority), r.what(), r.Instant, r.Digest, s.method(r.Kind), s.Seq, s.At))
	}
	if len(r.Armed) == 1 {
		r.Proves = append(r.Proves, fmt.Sprintf("%s did not arm it: the instrument allows the incoming authority to do so alone from %s on", a.sideName(r.From), a.plan.str("unilateral")))
	}
	r.Proves = append(r.Proves,
		fmt.Sprintf("the journal %s holds the %d entries of the act: its key, which stands in the instrument, signed the head over %d entries", r.Origin, len(a.events), r.Size),
		fmt.Sprintf("control of %s passed from %s to %s at entry %d, at %s by the node's clock", r.what(), r.From, r.To, r.Seq, r.Executed))
	r.Leaves = append(r.Leaves, "the members post and authorities of the act, which are for print, and in a closing signature by passkey the name of the credential: nothing is signed over them")
}

func (a *actCheck) codeWords() {
	r := a.r
	for _, s := range r.Armed {
		r.Proves = append(r.Proves, fmt.Sprintf("%s armed transfer %s under an instrument of digest %s, %s", a.sideName(s.Authority), r.ID, r.Digest, s.method(r.Kind)))
	}
	if a.node.text != "" {
		r.Proves = append(r.Proves, fmt.Sprintf("the journal %s had %d entries and this root: its key, which was given, signed the head", r.Origin, r.Size))
	} else {
		r.Leaves = append(r.Leaves, "that the head is the journal's: the code does not hold its key. Give it with --key, or check the act itself")
	}
	r.Leaves = append(r.Leaves, "what the instrument says, and that the journal holds the entries: the code has neither. Check the act itself")
}
