package exercise

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"marz"
	"marz/agreement"
	"marz/post"
	"marz/transfer"
	"marz/web"
)

// Said is something that happened with a transfer of the exercise.
type Said struct {
	ID    transfer.ID
	Phase transfer.Phase // Executed or Closed
	At    marz.Instant
	Signs marz.Instant // with Executed: when the exercise signs the act for the sides for which nobody has
	From  marz.AuthorityID
	To    marz.AuthorityID
	File  string // with Closed: where the act lies
}

// planned is a transfer that an article plans.
type planned struct {
	*agreement.Article
	ref   marz.ArticleRef
	place marz.PlaceID
}

func (p *planned) instant() marz.Instant { return max(p.At, p.By) }

// plannedTransfer returns the next transfer of a place that the articles plan from an instant on, or nil.
func plannedTransfer(r *agreement.Register, place marz.PlaceID, from marz.Instant) *planned {
	var all []*planned
	for _, ag := range r.Agreements() {
		for i := range ag.Articles {
			if a := &ag.Articles[i]; a.Kind == agreement.Transfer && slices.Contains(a.Where(), place) {
				all = append(all, &planned{a, marz.ArticleRef(ag.ID + "/" + a.ID), place})
			}
		}
	}
	all = slices.DeleteFunc(all, func(p *planned) bool { return p.instant() < from })
	if len(all) == 0 {
		return nil
	}
	return slices.MinFunc(all, func(a, b *planned) int { return cmp.Compare(a.instant(), b.instant()) })
}

// instants are those at which control can pass: by the articles, and by the transfers that are open.
func (e *Exercise) instants(ctx context.Context) ([]marz.Instant, error) {
	state, err := post.ReadTransfers(ctx, e.opts.Dir)
	if err != nil {
		return nil, err
	}
	var out []marz.Instant
	for _, h := range e.Post.Timeline() {
		out = append(out, h.From)
	}
	for _, t := range state.Open() {
		out = append(out, t.Plan.At)
	}
	return out, nil
}

// commander signs the supervisor of an authority in, lets him do something, and out again.
func (e *Exercise) commander(ctx context.Context, of marz.AuthorityID, do func(post.Actor) error) error {
	_, actor, err := e.Post.SignInExercise(ctx, viewerID(of, 0))
	if err == nil {
		err = do(actor)
	}
	if err == nil {
		err = e.Post.SignOut(ctx, actor)
	}
	return err
}

// counts are what both commanders count.
var counts = map[string]int{"people-held": 0, "documents-held": 3, "stamps": 14, "seals": 260, "keys": 31, "consumables": 12}

// arm prepares the transfer that is planned and turns both keys, as the two commanders would have in the weeks before. One that somebody has opened is left alone.
func (e *Exercise) arm(ctx context.Context) error {
	a := plannedTransfer(e.Post.Register(), e.Post.Described().ID.Place(), e.Clock.Now())
	if a == nil {
		return nil
	}
	state, err := post.ReadTransfers(ctx, e.opts.Dir)
	if err != nil || state.Of(a.ref) != nil {
		return err
	}
	var id transfer.ID
	var digest string
	for _, step := range []struct {
		side marz.AuthorityID
		do   func(post.Actor) error
	}{
		{a.Authority, func(by post.Actor) (err error) {
			if id, err = e.Post.OpenTransfer(ctx, by, a.ref, nil, 0); err == nil {
				err = e.count(ctx, by, id)
			}
			if err == nil {
				err = e.give(ctx, by, id)
			}
			return err
		}},
		{a.To, func(by post.Actor) (err error) {
			if err = e.count(ctx, by, id); err == nil {
				err = e.adopt(ctx, by, id)
			}
			if err == nil {
				digest, err = e.Post.Present(ctx, by, id)
			}
			return err
		}},
		{a.Authority, func(by post.Actor) error { return e.turn(ctx, by, id, digest) }},
		{a.To, func(by post.Actor) error { return e.turn(ctx, by, id, digest) }},
	} {
		if err := e.commander(ctx, step.side, step.do); err != nil {
			return fmt.Errorf("exercise: %w", err)
		}
	}
	return nil
}

func (e *Exercise) count(ctx context.Context, by post.Actor, id transfer.ID) error {
	for _, what := range transfer.Countable {
		if err := e.Post.Count(ctx, by, id, what, counts[what], ""); err != nil {
			return err
		}
	}
	return nil
}

// thirds gives a third of the alerts of each list to a function.
func thirds(alerts []web.TransferAlert, which int, do func(marz.ListID, []marz.AlertID) error) error {
	byList := map[marz.ListID][]marz.AlertID{}
	var lists []marz.ListID
	for i, a := range alerts {
		if i%3 != which {
			continue
		}
		if byList[a.List] == nil {
			lists = append(lists, a.List)
		}
		byList[a.List] = append(byList[a.List], a.Alert)
	}
	for _, l := range lists {
		if err := do(l, byList[l]); err != nil {
			return err
		}
	}
	return nil
}

// give offers a third of the outgoing authority's alerts, takes a third back, and says nothing of the rest, which lapse.
func (e *Exercise) give(ctx context.Context, by post.Actor, id transfer.ID) error {
	body, err := e.Post.Transfer(ctx, by)
	if err != nil {
		return err
	}
	for which, disposition := range []string{"offered", "returned"} {
		err := thirds(body.Alerts, which, func(l marz.ListID, alerts []marz.AlertID) error {
			return e.Post.Dispose(ctx, by, id, l, alerts, disposition, reasonFor(body, disposition))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// adopt adopts what was offered, all but the last alert.
func (e *Exercise) adopt(ctx context.Context, by post.Actor, id transfer.ID) error {
	body, err := e.Post.Transfer(ctx, by)
	if err != nil {
		return err
	}
	offered := slices.DeleteFunc(slices.Clone(body.Alerts), func(a web.TransferAlert) bool { return a.Disposition != "offered" })
	for i, a := range offered {
		disposition := "adopted"
		if i > 0 && i == len(offered)-1 {
			disposition = "declined"
		}
		if err := e.Post.Dispose(ctx, by, id, a.List, []marz.AlertID{a.Alert}, disposition, reasonFor(body, disposition)); err != nil {
			return err
		}
	}
	return nil
}

// reasonFor is the first reason that can be given for a disposition.
func reasonFor(body *web.TransferBody, disposition string) string {
	if all := body.Reasons[disposition]; len(all) > 0 {
		return all[0].Code
	}
	return ""
}

func (e *Exercise) turn(ctx context.Context, by post.Actor, id transfer.ID, digest string) error {
	_, err := e.Post.SignExercise(ctx, by, transfer.SaysArm, id, digest)
	return err
}

// beat is how often the floor looks at who controls the post.
const beat = 5 * time.Second

// closing is how long after control has passed the act is signed by the sides that nobody at a browser has signed it for.
func (f *floor) closing() time.Duration {
	switch {
	case f.e.opts.Viewers && !f.e.opts.Armed: // somebody at the browsers is the commanders, and has two acts to read
		return 30 * time.Minute
	case f.e.opts.Viewers:
		return 3 * time.Minute
	}
	return 20 * time.Second
}

// watch looks every few seconds whether control has passed.
func (f *floor) watch() {
	f.at(f.e.Clock.Now().Add(beat), func(ctx context.Context) error {
		f.watch()
		if now := f.e.Post.Controller(); now != f.holder {
			from := f.holder
			f.holder = now
			if err := f.passed(ctx, from); err != nil {
				return err
			}
			return f.e.acceptReaders(ctx)
		}
		return nil
	})
}

// passed lets the officers of the outgoing authority try to go on, and those of the incoming one take the lanes over. That nothing of theirs is taken is checked at once.
func (f *floor) passed(ctx context.Context, from marz.AuthorityID) error {
	for _, l := range f.lanes {
		if l.actor.Officer.Authority() != from || l.busy {
			continue // a case that is open is tried, and taken over, when its decision is due
		}
		_, err := f.e.Post.Scan(ctx, l.actor, l.ID, f.e.viewer.next(l.Lane), true)
		if err := f.refuse(from, err); err != nil {
			return err
		}
		_, _, err = f.e.Post.SignInExercise(ctx, l.actor.Officer)
		if err := f.refuse(from, err); err != nil {
			return err
		}
		l.actor = post.Actor{}
		switch err := f.staff(ctx, l); {
		case marz.CodeOf(err) == marz.Conflict || err != nil && marz.CodeOf(err) == marz.Unauthenticated:
			f.leave(l)
		case err != nil:
			return err
		default:
			if err := f.clear(ctx, l); err != nil {
				return err
			}
		}
	}
	state, err := post.ReadTransfers(ctx, f.e.opts.Dir)
	if err != nil {
		return err
	}
	for _, t := range state.All() {
		if t.Phase == transfer.Executed && t.Plan.From == from {
			signs := f.e.Clock.Now().Add(f.closing())
			f.e.say(Said{ID: t.Plan.ID, Phase: t.Phase, At: t.At, Signs: signs, From: from, To: t.Plan.To})
			f.at(signs, func(ctx context.Context) error { return f.e.close(ctx, t) })
		}
	}
	return f.serve(ctx)
}

// refuse counts an attempt of the outgoing authority. One that was not refused ends the exercise.
func (f *floor) refuse(from marz.AuthorityID, err error) error {
	switch marz.CodeOf(err) {
	case marz.Unauthenticated, marz.Forbidden:
		f.refused++
		return nil
	}
	if err == nil {
		err = &marz.Error{Op: "act", Subject: string(from), Fix: "control had passed from it, and the post took what its officer did"}
	}
	return err
}

func (e *Exercise) say(s Said) {
	if e.opts.Said != nil {
		e.opts.Said(s)
	}
}

// close lets both sides sign the act, where nobody has signed it for them, and lays it into the folder.
func (e *Exercise) close(ctx context.Context, t *transfer.Transfer) error {
	act, err := e.Post.Act(ctx, t.Plan.ID)
	if err != nil {
		return err
	}
	core, err := act.Core()
	if err != nil {
		return err
	}
	digest := transfer.DigestOf([]byte(core))
	signed := func(side marz.AuthorityID) bool {
		return slices.ContainsFunc(act.Closed, func(s transfer.Signature) bool { return s.Authority == side })
	}
	if !signed(t.Plan.To) {
		err = e.commander(ctx, t.Plan.To, func(by post.Actor) error {
			_, err := e.Post.SignExercise(ctx, by, transfer.SaysClose, t.Plan.ID, digest)
			return err
		})
	}
	if err == nil && !signed(t.Plan.From) { // its officers have no access here any more: its headquarters signs
		err = e.signFor(ctx, t.Plan.From, t.Plan.ID, digest)
	}
	if err != nil {
		return err
	}
	if act, err = e.Post.Act(ctx, t.Plan.ID); err != nil {
		return err
	}
	file := filepath.Join(e.opts.Dir, "act-"+string(t.Plan.ID)+".json")
	b, err := post.EncodeAct(act)
	if err == nil {
		err = os.WriteFile(file, b, 0o600)
	}
	if err != nil {
		return err
	}
	e.say(Said{ID: t.Plan.ID, Phase: transfer.Closed, At: e.Clock.Now(), From: t.Plan.From, To: t.Plan.To, File: file})
	return nil
}

// signFor signs the act with an authority's own key.
func (e *Exercise) signFor(ctx context.Context, side marz.AuthorityID, id transfer.ID, digest string) error {
	key, err := os.ReadFile(filepath.Join(e.opts.Dir, "keys", "exercise-"+string(side)+".key"))
	if err != nil {
		return err
	}
	sig, err := transfer.SignKey(string(key), transfer.SaysClose, id, digest)
	if err != nil {
		return err
	}
	_, err = e.Post.AddSignature(ctx, id, sig)
	return err
}
