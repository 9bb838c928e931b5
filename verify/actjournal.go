package verify

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"marz"
)

// Journal checks the journal in a node's data folder or in a bundle too, and that the act is of it: that the act's head is of the same history, and
// that after the execution no officer of the outgoing authority did what he had no power for. What is found is added to the report. An error means that the
// journal could not be read at all.
func (r *ActReport) Journal(ctx context.Context, path string) (*Report, error) {
	if r.Seq < 0 || r.Size == 0 {
		return nil, unreadable(marz.Invalid, "act", "it names no execution and no head that could be looked for in a journal", nil)
	}
	f := &follower{act: r}
	o := Options{Key: r.Node, begin: f.begin}
	check := Folder
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		check = Bundle
	}
	j, err := check(ctx, path, o)
	if err != nil {
		return nil, err
	}
	f.conclude(j)
	return j, nil
}

// follower looks at the entries of a journal for what an act says.
type follower struct {
	act    *ActReport
	c      *checker
	root   digest // over the entries that the act's head is over
	met    bool   // there are that many, and root is theirs
	passed bool   // the execution has been seen
	ends   bool   // by it the outgoing authority has no power here
	frees  bool   // by it the outgoing authority may not inspect where control passed
	back   int64  // the entry by which control came back to it; -1: none
	after  []deeds
	found  []ActProblem
}

// deeds are the entries of the outgoing authority's officers after the execution under one article.
type deeds struct {
	under string
	kinds []string
	first int64
	n     int
}

// begin is called whenever the journal is read from its beginning.
func (f *follower) begin(c *checker) {
	*f = follower{act: f.act, c: c, back: -1}
	c.each = f.entry
}

// afterwards are kinds of entry that an authority's officers can have written for them when it has no power any more.
var afterwards = []string{"act.refused", "session.closed", "agreement.recorded", "statement.recorded", "report.recorded", "commission.recorded"}

// inspecting are kinds of entry of an officer who inspects.
var inspecting = []string{"lane.opened", "inspection.opened", "decision.proposed", "decision.submitted", "asylum.asked", "crossing.decided", "inspection.withdrawn"}

func (f *follower) entry(seq int64, e *entry) {
	if seq == f.act.Size-1 && !f.c.broken {
		f.root, f.met = f.c.bodies.root(), true
	}
	kind, by := string(e.kind), string(e.by)
	switch {
	case seq < f.act.Seq || f.back >= 0:
		return
	case seq == f.act.Seq:
		f.execution(e)
		return
	case kind == kindPassed || kind == kindExecuted:
		to, _ := stringOf(member(e.public, "to"))
		place, _ := stringOf(member(e.public, "place"))
		if to == f.act.From && place == f.act.Place {
			f.back = seq
		}
		return
	case by != f.act.From || len(e.officer) == 0 || strings.HasPrefix(kind, "transfer.") || slices.Contains(afterwards, kind):
		return
	}
	if f.ends || f.frees && len(f.act.Lanes) == 0 && slices.Contains(inspecting, kind) {
		if len(f.found) < MaxProblems {
			f.found = append(f.found, ActProblem{"journal", seq, fmt.Sprintf("%s wrote %s under %.80s for %s, which had no power for it since entry %d", e.officer, kind, e.under, by, f.act.Seq)})
		}
		return
	}
	i := slices.IndexFunc(f.after, func(d deeds) bool { return d.under == string(e.under) })
	if i < 0 {
		if len(f.after) == MaxProblems {
			return
		}
		i = len(f.after)
		f.after = append(f.after, deeds{under: string(e.under), first: seq})
	}
	d := &f.after[i]
	d.n++
	if !slices.Contains(d.kinds, kind) && len(d.kinds) < 20 {
		d.kinds = append(d.kinds, kind)
	}
}

// execution takes down what the entry at the place of the execution ends.
func (f *follower) execution(e *entry) {
	id, _ := stringOf(member(e.public, "id"))
	if f.passed = string(e.kind) == kindExecuted && id == f.act.ID; !f.passed {
		return
	}
	has := func(name string) (found bool) {
		v := member(e.public, name)
		if !bytes.HasPrefix(v, []byte("[")) {
			return false
		}
		(&cursor{b: v}).array(0, func(item []byte) {
			s, _ := stringOf(item)
			found = found || s == f.act.From
		})
		return found
	}
	f.ends, f.frees = has("ends"), has("frees")
}

// conclude adds what was found to the report.
func (f *follower) conclude(j *Report) {
	r, wasOK := f.act, f.act.OK()
	a := &actCheck{r: r}
	if !j.OK() {
		first, _ := j.First()
		a.problem("journal", first.Seq, "it does not hold: %s", first.What)
	}
	switch {
	case j.Origin != r.Origin:
		a.problem("journal", -1, "it is %.254s, and the act is of %s", j.Origin, r.Origin)
	case j.Entries < r.Size:
		a.problem("journal", -1, "it has %d entries, and the act's head is over %d: it is older than the act, or entries are missing", j.Entries, r.Size)
	case !f.met:
		a.problem("journal", -1, "entries are missing, so that it cannot be compared with the act's head")
	case b64.EncodeToString(f.root[:]) != r.Root:
		a.problem("journal", -1, "its first %d entries have another root than the act's head: one key signed two histories, or one of the two was altered", r.Size)
	case !f.passed:
		a.problem("journal", r.Seq, "this entry is not the execution of %s", r.ID)
	}
	for _, p := range f.found {
		a.problem(p.Part, p.Seq, "%s", p.What)
	}
	for _, d := range f.after {
		a.note("after the execution officers of %s wrote %d entries under %.80s, the first of them entry %d: %s", r.From, d.n, d.under, d.first, strings.Join(d.kinds, ", "))
	}
	if f.back >= 0 {
		a.note("entry %d gives control back to %s: what follows it was not looked at", f.back, r.From)
	}
	if !r.OK() {
		r.Known, r.Proves, r.Leaves = false, []string{}, []string{}
		return
	}
	if !wasOK {
		return
	}
	until := fmt.Sprintf("up to entry %d, its last", j.Entries-1)
	if f.back >= 0 {
		until = fmt.Sprintf("before entry %d", f.back)
	}
	r.Proves = append(r.Proves, fmt.Sprintf("the journal that was given holds, and the act's head is of it. After entry %d no officer of %s did there what the execution ended, %s", r.Seq, r.From, until))
	r.Leaves = slices.DeleteFunc(r.Leaves, func(s string) bool { return s == leavesExercise })
	if j.Exercise {
		a.note("the journal is an exercise's: the act is never evidence of a real handover")
	}
	for i, s := range r.Leaves {
		if strings.HasPrefix(s, leavesAfter) {
			r.Leaves[i] = fmt.Sprintf("what happened after the %d entries of the journal that was given", j.Entries)
		}
	}
}
