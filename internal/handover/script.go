package handover

import (
	"context"
	"fmt"
	"math/rand/v2"

	"marz"
	"marz/agreement"
	"marz/inspection"
	"marz/transfer"
)

// op is one step of a script. Everything that it draws was drawn when the script was written, so that a run with another fault takes the same steps.
type op struct {
	name string
	run  func(ctx context.Context, w *world) error
}

// script is a run before it runs.
type script struct {
	tpl     int // which template
	ops     []op
	creep   marz.Instant
	clock   []marz.Instant // offsets of the sources beside the node's clock
	kill    bool           // whether a failed commit kills the process
	fault   map[int]fault
	passing []fault // of the commit with which control passes, and of those that follow it
	again   bool    // it is started once more at the end
}

// writer writes a script.
type writer struct {
	*rand.Rand
	t     *terms
	creep marz.Instant
	ops   []op
}

func (w *writer) chance(p float64) bool { return w.Float64() < p }

func pick[T any](w *writer, of ...T) T { return of[w.IntN(len(of))] }

func (w *writer) add(name string, run func(ctx context.Context, w *world) error) {
	w.ops = append(w.ops, op{name, run})
}

// write draws the script of a seed.
func write(seed uint64, templates []*template) *script {
	r := rand.New(rand.NewPCG(seed, 0x6d61727a))
	s := &script{tpl: r.IntN(len(templates)), fault: map[int]fault{}}
	w := &writer{Rand: r, t: &templates[s.tpl].terms}
	s.creep = pick[marz.Instant](w, 0, 0, 1, 1, 7)
	w.creep = s.creep
	for range pick(w, 1, 1, 2, 2, 2, 2, 3, 3, 0) {
		s.clock = append(s.clock, marz.Instant(w.IntN(600)-300))
	}
	s.kill, s.again = w.chance(0.5), w.chance(0.2)
	for range w.IntN(4) {
		s.fault[1+w.IntN(50)] = pick(w, lost, unheard, unheard, torn)
	}
	if w.chance(0.35) {
		for range 1 + w.IntN(3) {
			s.passing = append(s.passing, pick(w, sound, lost, unheard, unheard, torn))
		}
	}
	if templates[s.tpl].progress == planned {
		w.preparation()
	}
	w.signing()
	for w.chance(0.25) {
		w.setback()
		w.signing()
	}
	w.instant()
	w.afterwards()
	s.ops = w.ops
	return s
}

// preparation opens the transfer and counts, one side after the other or mixed.
func (w *writer) preparation() {
	w.opening()
	var all []func()
	if w.t.list && w.chance(0.6) {
		w.dispose("ru-bg/1", "offered")
		w.dispose("am-bg/1", "adopted")
	}
	for n, what := range transfer.Countable {
		for _, o := range []marz.OfficerID{"ru-bg/1", "am-bg/1"} {
			if w.chance(0.995) {
				all = append(all, func() { w.count(o, what, n+w.IntN(2)) })
			}
		}
	}
	w.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, f := range all {
		if f(); w.chance(0.2) {
			w.between()
		}
	}
}

func (w *writer) opening() {
	by := pick[marz.OfficerID](w, "ru-bg/1", "am-bg/1", "am-bg/1", "ge-bg/1", "ru-bg/2")
	parts := pick[[]marz.LaneID](w, nil, nil, nil, []marz.LaneID{"1"}, []marz.LaneID{"1", "3"}, []marz.LaneID{"2"})
	at := pick(w, 0, 0, 0, agreed-marz.Instant(w.IntN(80))*minute, agreed+marz.Instant(w.IntN(80))*minute)
	w.open(by, parts, at)
	if by == "ge-bg/1" || by == "ru-bg/2" { // refused
		w.open("am-bg/1", parts, at)
	}
}

// signing presents the instrument and turns the keys, with what can go wrong between.
func (w *writer) signing() {
	w.between()
	w.present(pick[marz.OfficerID](w, "ru-bg/1", "am-bg/1"))
	sides := []marz.OfficerID{"ru-bg/1", "am-bg/1"}
	if w.chance(0.5) {
		sides[0], sides[1] = sides[1], sides[0]
	}
	for _, o := range sides {
		w.between()
		if w.chance(0.15) {
			w.sign(o, transfer.SaysArm, "now", pick(w, "false key", "false key", "other's key", "other's name"))
		}
		switch {
		case w.t.unilateral != 0 && o == "ru-bg/1" && w.chance(0.6):
			if w.chance(0.5) {
				w.refuse(o)
			}
		case w.chance(0.97):
			w.sign(o, transfer.SaysArm, "now", pick(w, "session", "session", "key"))
		}
	}
	w.between()
}

// keys presents and turns both keys, and nothing comes between.
func (w *writer) keys() {
	w.present(pick[marz.OfficerID](w, "ru-bg/1", "am-bg/1"))
	w.sign("ru-bg/1", transfer.SaysArm, "now", pick(w, "session", "key"))
	w.sign("am-bg/1", transfer.SaysArm, "now", pick(w, "session", "key"))
}

// unarmed writes steps that are only taken while no transfer is armed or over.
func (w *writer) unarmed(write func()) {
	n := len(w.ops)
	write()
	for i := range w.ops[n:] {
		run := w.ops[n+i].run
		w.ops[n+i].run = func(ctx context.Context, o *world) error {
			if h := o.law.last(); h == nil || h.phase != "open" || h.armed() {
				return nil
			}
			return run(ctx, o)
		}
	}
}

// setback is what makes an armed transfer no armed one, or should not.
func (w *writer) setback() {
	o := pick[marz.OfficerID](w, "ru-bg/1", "am-bg/1")
	switch w.IntN(8) {
	case 0, 1:
		w.disarm(o)
	case 2:
		w.sign(o, transfer.SaysDisarm, "now", pick(w, "session", "key"))
	case 3:
		w.postpone(o, pick(w, -30*minute, -minute, minute, 40*minute))
	case 4:
		w.count(o, "keys", w.IntN(5))
	case 5:
		w.refuse(o)
	case 6:
		w.present(o)
	case 7:
		if w.chance(0.3) {
			w.cancel(o)
			w.opening()
		}
	}
}

// instant goes towards the instant, over it, and on, with everybody at work.
func (w *writer) instant() {
	if w.chance(0.7) {
		w.unarmed(func() { w.keys() })
	}
	if w.chance(0.15) {
		w.cut()
	}
	for range 1 + w.IntN(3) {
		// Twice the creep before it, the instant comes while an act is on its way into the journal.
		w.approach(pick(w, -10*minute, -3*second, -1500, -1, 0, 0, 1, 5, 1500, 3*second, -2*w.creep, -2*w.creep, -2*w.creep, -2*w.creep))
		w.shift()
		w.between()
	}
	if w.chance(0.2) { // nobody is there, and the process neither
		w.approach(pick(w, minute, 20*minute))
		w.restart(w.chance(0.5))
	}
	if w.chance(0.35) {
		if w.chance(0.5) {
			w.source(0, true, 0)
		}
		w.approach(pick(w, -30*second, second))
		sides := []marz.OfficerID{"ru-bg/1", "am-bg/1"}
		w.Shuffle(2, func(i, j int) { sides[i], sides[j] = sides[j], sides[i] })
		for _, o := range sides[:1+w.IntN(2)] {
			w.sign(o, transfer.SaysNow, "now", pick(w, "session", "key"))
			w.shift()
			w.tick()
		}
	}
	if w.chance(0.5) {
		w.unarmed(func() {
			w.postpone("am-bg/1", 20*minute)
			w.keys()
			w.approach(pick[marz.Instant](w, 0, 1, minute))
			w.tick()
		})
	}
	if w.t.unilateral != 0 && w.chance(0.7) {
		w.approachAlone(pick(w, -minute, 0, minute, 20*minute))
		w.sign("am-bg/1", transfer.SaysArm, "now", "session")
		if w.chance(0.5) {
			w.postpone("am-bg/1", 90*minute)
			w.present("am-bg/1")
			w.sign("am-bg/1", transfer.SaysArm, "now", "session")
			w.approach(pick[marz.Instant](w, -1, 0, 1))
		}
		w.tick()
	}
	w.tick()
}

// afterwards works on, tries to undo what happened, and signs the act.
func (w *writer) afterwards() {
	for _, o := range []marz.OfficerID{"ru-bg/2", "ru-bg/3"} {
		w.decide(o, homes[o], false)
	}
	w.openLane("am-bg/2", "1")
	w.openLane("am-bg/3", "2")
	for range 2 + w.IntN(4) {
		w.shift()
		if w.chance(0.5) {
			w.setback()
		}
		w.between()
	}
	if w.chance(0.4) {
		w.news(incoming, agreement.Active)
		w.rest()
	}
	for _, o := range []marz.OfficerID{"ru-bg/1", "am-bg/1"} {
		if w.chance(0.7) {
			w.sign(o, transfer.SaysClose, "now", pick(w, "key", "session"))
		}
	}
}

// rest hands over the lanes that are left, where only some have passed.
func (w *writer) rest() {
	n := len(w.ops)
	w.open("am-bg/1", nil, agreed+6*hour)
	for _, what := range transfer.Countable {
		w.count("ru-bg/1", what, 1)
		w.count("am-bg/1", what, 1)
	}
	w.keys()
	w.approach(pick[marz.Instant](w, -1, 0, 1))
	w.tick()
	w.shift()
	for i := range w.ops[n:] {
		run := w.ops[n+i].run
		w.ops[n+i].run = func(ctx context.Context, o *world) error {
			if o.law.executed == 0 || len(o.law.handings[0].plan.Lanes) == 0 {
				return nil
			}
			return run(ctx, o)
		}
	}
}

// between is what goes on between two steps of the commanders: work at lanes, time, and now and then something that should not be.
func (w *writer) between() {
	w.wait()
	for range w.IntN(3) {
		w.shift()
	}
	if w.chance(0.35) {
		w.disturbance()
	}
}

func (w *writer) disturbance() {
	o := pick[marz.OfficerID](w, "ru-bg/1", "am-bg/1", "ge-bg/1", "ru-bg/2", "am-bg/3")
	says := pick(w, transfer.SaysArm, transfer.SaysArm, transfer.SaysDisarm, transfer.SaysNow, transfer.SaysCancel, transfer.SaysClose)
	switch w.IntN(18) {
	case 17:
		w.news(pick(w, incoming, outgoing), pick(w, agreement.Active, agreement.Suspended))
	case 16:
		if w.t.list {
			w.dispose("ru-bg/1", "offered")
			w.dispose(o, pick(w, "adopted", "adopted", "declined", "returned"))
		}
	case 0:
		w.sign(o, says, "stale", pick(w, "session", "key"))
	case 1:
		w.sign(o, says, "nonsense", pick(w, "session", "key"))
	case 2:
		w.sign(pick[marz.OfficerID](w, "ru-bg/1", "am-bg/1"), transfer.SaysArm, "now", pick(w, "other's key", "other's name", "false key"))
	case 3:
		w.sign("ge-bg/1", says, "now", pick(w, "session", "key"))
	case 4:
		// What was recorded under a clock that is ahead stands ahead until the true time is there: great leaps are rare.
		d := pick(w, -marz.Instant(w.IntN(5000)), marz.Instant(w.IntN(5000)), marz.Instant(w.IntN(5000)), -3*hour)
		if w.chance(0.15) {
			d = pick(w, 3*hour, 26*hour, marz.Instant(w.IntN(120))*minute)
		}
		w.node(d)
	case 5, 6:
		w.node(0)
	case 7:
		w.source(w.IntN(3), true, 0)
	case 8:
		w.source(w.IntN(3), false, pick[marz.Instant](w, 3*hour, -3*hour, marz.Instant(w.IntN(9000)-4500)))
	case 9, 10:
		w.source(w.IntN(3), false, marz.Instant(w.IntN(400)-200))
	case 11, 12:
		w.restart(w.chance(0.6))
	case 13:
		w.signIn(pick[marz.OfficerID](w, "ru-bg/1", "ru-bg/2", "am-bg/1", "am-bg/2", "ge-bg/1"))
	case 14:
		w.tick()
	case 15:
		w.setback()
	}
}

var homes = map[marz.OfficerID]marz.LaneID{"ru-bg/2": "1", "ru-bg/3": "2", "am-bg/2": "1", "am-bg/3": "2"}

// shift is one step of an officer at a lane.
func (w *writer) shift() {
	o := pick[marz.OfficerID](w, "ru-bg/2", "ru-bg/2", "ru-bg/3", "am-bg/2", "am-bg/3")
	lane := homes[o]
	if w.chance(0.05) {
		lane = "3"
	}
	switch w.IntN(10) {
	case 0, 1, 2, 3:
		w.scan(o, lane)
	case 4, 5, 6:
		w.decide(o, lane, w.chance(0.25))
	case 7:
		w.confirm(o, lane)
	case 8:
		w.openLane(o, lane)
	case 9:
		if w.chance(0.5) {
			w.withdraw(o, lane)
		} else {
			w.closeLane(o, lane)
		}
	}
}

// The steps.

func (w *writer) wait() {
	d := pick(w, 1, marz.Instant(w.IntN(50)), marz.Instant(w.IntN(5000)), marz.Instant(w.IntN(10*int(minute))))
	w.add("", func(_ context.Context, o *world) error { o.now += d; return nil })
}

// approach lets time go on to so long after the instant of the transfer that is open, if that is to come.
func (w *writer) approach(d marz.Instant) {
	w.add("", func(_ context.Context, o *world) error {
		if h := o.law.last(); h != nil {
			o.now = max(o.now, h.plan.At+d)
		}
		return nil
	})
}

func (w *writer) approachAlone(d marz.Instant) {
	w.add("", func(_ context.Context, o *world) error {
		o.now = max(o.now, agreed+w.t.unilateral+d)
		return nil
	})
}

func (w *writer) node(d marz.Instant) {
	w.add("", func(_ context.Context, o *world) error {
		o.offset = d
		o.say("the node's clock is off by %d ms", d)
		return nil
	})
}

func (w *writer) source(n int, dead bool, d marz.Instant) {
	w.add("", func(_ context.Context, o *world) error {
		if n < len(o.sources) {
			o.sources[n].dead, o.sources[n].offset = dead, d
			o.say("%s is off by %d ms, dead: %v", o.sources[n].name, d, dead)
		}
		return nil
	})
}

// cut is the post being cut off: no source of time reaches it.
func (w *writer) cut() {
	for n := range 3 {
		w.source(n, true, 0)
	}
}

func (w *writer) tick() {
	w.add("tick", func(ctx context.Context, o *world) error {
		return o.act(ctx, "tick", did{do: func() error { return o.node.Tick(ctx) }, ticks: true})
	})
}

func (w *writer) restart(kill bool) {
	w.add("restart", func(ctx context.Context, o *world) error {
		name := "the node is stopped and started"
		if kill {
			name = "the node is killed and started"
		}
		return o.act(ctx, name, did{do: func() error { return o.restart(ctx, kill) }, ticks: true})
	})
}

func (w *writer) officer(name string, by marz.OfficerID, do func(ctx context.Context, o *world) error) {
	name = fmt.Sprintf("%s by %s", name, by)
	w.add(name, func(ctx context.Context, o *world) error {
		return o.act(ctx, name, did{by: by, do: func() error { return do(ctx, o) }})
	})
}

func (w *writer) signIn(by marz.OfficerID) {
	w.officer("sign in", by, func(ctx context.Context, o *world) error {
		_, a, err := o.node.SignInExercise(ctx, by)
		if err == nil {
			o.actors[by] = a
		}
		return err
	})
}

func (w *writer) openLane(by marz.OfficerID, lane marz.LaneID) {
	w.officer("open lane "+string(lane), by, func(ctx context.Context, o *world) error { return o.node.OpenLane(ctx, o.actors[by], lane) })
}

func (w *writer) closeLane(by marz.OfficerID, lane marz.LaneID) {
	w.officer("close lane "+string(lane), by, func(ctx context.Context, o *world) error { return o.node.CloseLane(ctx, o.actors[by], lane) })
}

func (w *writer) scan(by marz.OfficerID, lane marz.LaneID) {
	n := w.IntN(len(travellers))
	w.officer("scan at "+string(lane), by, func(ctx context.Context, o *world) error {
		_, err := o.node.Scan(ctx, o.actors[by], lane, travellers[n], false)
		return err
	})
}

func (w *writer) decide(by marz.OfficerID, lane marz.LaneID, refuse bool) {
	d, reason := marz.Admit, ""
	if lane == "2" {
		d = marz.Depart
	}
	if refuse {
		if d = marz.Refuse; lane == "2" {
			d = marz.Hold
		}
		reason = inspection.Reasons(d)[0].Code
	}
	w.officer(string(d)+" at "+string(lane), by, func(ctx context.Context, o *world) error {
		i, err := o.node.Decide(ctx, o.actors[by], o.law.open[lane], d, reason, "")
		if err == nil && i.State == "decided" {
			o.acked = append(o.acked, ack{i.ID, i.Decision})
		}
		return err
	})
}

func (w *writer) confirm(by marz.OfficerID, lane marz.LaneID) {
	w.officer("confirm at "+string(lane), by, func(ctx context.Context, o *world) error {
		c := o.law.cases[o.law.open[lane]]
		if c == nil {
			return nil
		}
		i, err := o.node.Confirm(ctx, o.actors[by], o.law.open[lane], c.proposal)
		if err == nil && i.State == "decided" {
			o.acked = append(o.acked, ack{i.ID, i.Decision})
		}
		return err
	})
}

func (w *writer) withdraw(by marz.OfficerID, lane marz.LaneID) {
	w.officer("withdraw at "+string(lane), by, func(ctx context.Context, o *world) error {
		_, err := o.node.Withdraw(ctx, o.actors[by], o.law.open[lane], "traveller-left")
		return err
	})
}

// id is the transfer that everybody speaks of.
func (o *world) id() transfer.ID {
	if h := o.law.last(); h != nil {
		return transfer.ID(h.plan.ID)
	}
	return "agarak-1"
}

func (w *writer) open(by marz.OfficerID, parts []marz.LaneID, at marz.Instant) {
	w.officer(fmt.Sprintf("open a transfer of %v at %s", parts, at), by, func(ctx context.Context, o *world) error {
		_, err := o.node.OpenTransfer(ctx, o.actors[by], article, parts, at)
		return err
	})
}

func (w *writer) count(by marz.OfficerID, what string, n int) {
	w.officer("count "+what, by, func(ctx context.Context, o *world) error {
		return o.node.Count(ctx, o.actors[by], o.id(), what, n, "")
	})
}

// news is a word of an authority on an agreement, after which the register is made anew from what was recorded. It touches neither control nor the transfer.
func (w *writer) news(by marz.AuthorityID, status agreement.Status) {
	w.add("news", func(ctx context.Context, o *world) error {
		i := agreement.Instrument{Statement: &agreement.Statement{By: by, Agreement: "treaty", Status: status, From: 1, Issued: o.nodeTime()}}
		if err := i.Sign(o.tpl.keys[by]); err != nil {
			return err
		}
		return o.act(ctx, fmt.Sprintf("%s says that the treaty is %s", by, status), did{do: func() error {
			_, err := o.node.AddInstruments(ctx, []agreement.Instrument{i})
			return err
		}})
	})
}

func (w *writer) dispose(by marz.OfficerID, how string) {
	which := pick[[]marz.AlertID](w, nil, []marz.AlertID{"D1"}, []marz.AlertID{"D1", "D2"})
	w.officer(fmt.Sprintf("%s: %v", how, which), by, func(ctx context.Context, o *world) error {
		return o.node.Dispose(ctx, o.actors[by], o.id(), ownList, which, how, "asked for")
	})
}

func (w *writer) present(by marz.OfficerID) {
	w.officer("present", by, func(ctx context.Context, o *world) error {
		if h := o.law.last(); h != nil && h.digest != "" {
			o.stale = h.digest
		}
		_, err := o.node.Present(ctx, o.actors[by], o.id())
		return err
	})
}

func (w *writer) disarm(by marz.OfficerID) {
	w.officer("disarm", by, func(ctx context.Context, o *world) error { return o.node.Disarm(ctx, o.actors[by], o.id(), "") })
}

func (w *writer) refuse(by marz.OfficerID) {
	w.officer("refuse", by, func(ctx context.Context, o *world) error {
		return o.node.RefuseTransfer(ctx, o.actors[by], o.id(), "not-ready")
	})
}

func (w *writer) cancel(by marz.OfficerID) {
	w.officer("cancel", by, func(ctx context.Context, o *world) error {
		return o.node.CancelTransfer(ctx, o.actors[by], o.id(), "not-ready")
	})
}

func (w *writer) postpone(by marz.OfficerID, d marz.Instant) {
	w.officer(fmt.Sprintf("postpone by %d ms", d), by, func(ctx context.Context, o *world) error {
		at := agreed
		if h := o.law.last(); h != nil {
			at = h.plan.At
		}
		return o.node.Postpone(ctx, o.actors[by], o.id(), at+d, "not-ready")
	})
}

// sign lets somebody sign something: in his session with the exercise's key of his authority, or by delivering what an authority's key signed.
func (w *writer) sign(by marz.OfficerID, says, digest, how string) {
	name := fmt.Sprintf("sign %s of the %s digest by %s: %s", says, digest, by, how)
	w.add(name, func(ctx context.Context, o *world) error {
		d := did{}
		if how == "session" {
			d.by = by
		}
		d.do = func() error {
			of, err := o.digest(ctx, says, digest)
			if err != nil {
				return err
			}
			if how == "session" {
				turned, err := o.node.SignExercise(ctx, o.actors[by], says, o.id(), of)
				return o.turned(turned.Seq, says, err)
			}
			return o.deliver(ctx, by.Authority(), says, of, how)
		}
		return o.act(ctx, name, d)
	})
}

// digest is what is signed: what should be, what should have been before, or neither.
func (o *world) digest(ctx context.Context, says, which string) (string, error) {
	h := o.law.last()
	switch {
	case which == "stale" && o.stale != "":
		return o.stale, nil
	case which != "now" || h == nil:
		return transfer.DigestOf([]byte("nonsense")), nil
	case says == transfer.SaysClose:
		a, err := o.node.Act(ctx, o.id())
		if err != nil {
			return "", err
		}
		core, err := a.Core()
		return transfer.DigestOf([]byte(core)), err
	case says == transfer.SaysCancel:
		p := transfer.Plan{ID: o.id(), Article: h.plan.Article, Place: h.plan.Place, Lanes: h.plan.Lanes, From: h.plan.From, To: h.plan.To, At: h.plan.At, Agreed: h.plan.Agreed, Deadline: h.plan.Deadline,
			Clock: transfer.ClockRule(h.plan.Clock), Tolerance: h.plan.Tolerance, Destroy: h.plan.Destroy, Unilateral: h.plan.Unilateral}
		return p.Digest(), nil
	case h.digest == "":
		return transfer.DigestOf([]byte("nothing is presented")), nil
	}
	return h.digest, nil
}

// deliver brings a signature that an authority's key made, or that was made to look like it.
func (o *world) deliver(ctx context.Context, a marz.AuthorityID, says, digest, how string) error {
	other := map[marz.AuthorityID]marz.AuthorityID{outgoing: incoming, incoming: outgoing, third: incoming}[a]
	key := o.tpl.keys[a]
	switch how {
	case "false key":
		key = o.tpl.forged[a]
	case "other's key":
		key = o.tpl.keys[other]
	}
	s, err := transfer.SignKey(key, says, o.id(), digest)
	if err != nil {
		return err
	}
	forged := how == "other's name" || how == "false key" || how == "other's key"
	switch how {
	case "other's name":
		s.Authority = other
	case "other's key":
		s.Authority = a
	}
	seq, err := o.node.AddSignature(ctx, o.id(), s)
	if forged && err == nil {
		return fmt.Errorf("%w: a forged signature was taken, as entry %d", errLaw, seq)
	}
	return o.turned(seq, says, err)
}

// turned keeps what somebody was told is recorded.
func (o *world) turned(seq marz.Seq, says string, err error) error {
	if err == nil {
		o.words = append(o.words, word{seq, says})
	}
	return err
}
