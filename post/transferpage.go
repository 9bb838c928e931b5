package post

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"marz"
	"marz/agreement"
	"marz/transfer"
	"marz/web"
)

// planned returns the transfers that articles plan and nobody has begun to prepare, in order of their instants. What was due before this node began is past, unless
// it learnt of it later.
func (p *Post) planned(now marz.Instant) []*transfer.Plan {
	register, place := p.register.Load(), p.post.ID.Place()
	recorded := register.Actual(place)
	s := p.transfers()
	var out []*transfer.Plan
	for _, ag := range register.Agreements() {
		learnt, _ := register.Learnt(ag.ID)
		old := func(at marz.Instant) bool {
			return len(recorded) > 0 && learnt < recorded[0].Seq && at < recorded[0].At
		}
		for i := range ag.Articles {
			a := &ag.Articles[i]
			ref := marz.ArticleRef(ag.ID + "/" + a.ID)
			if a.Kind != agreement.Transfer || !slices.Contains(a.Where(), place) || register.Executed(place, ref, now) || old(max(a.At, a.By)) {
				continue
			}
			if t := s.Of(ref); t != nil && (t.Phase == transfer.Preparing || t.Phase == transfer.Armed) {
				continue
			}
			if plan, err := p.plan(ref, nil, 0, now); err == nil {
				out = append(out, plan)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *transfer.Plan) int { return cmp.Compare(a.At, b.At) })
	return out
}

// nextPassing returns the next passing of control: what is prepared or planned, also when its instant has come and it has not passed yet; or nil.
func (p *Post) nextPassing(now marz.Instant) *web.Passing {
	var all []web.Passing
	for _, t := range p.transfers().Open() {
		_, waiting := p.transfers().Due(t.Plan.ID, p.clocks(now))
		all = append(all, web.Passing{To: p.bodies[t.Plan.To], Article: t.Plan.Article, At: t.Plan.At, Lanes: t.Plan.Lanes, Phase: t.Phase, Waiting: web.Local(p.post.Zone, waiting)})
	}
	for _, plan := range p.planned(now) {
		n := web.Passing{To: p.bodies[plan.To], Article: plan.Article, At: plan.At, Lanes: plan.Lanes, Phase: transfer.Planned}
		if now >= plan.At {
			n.Waiting = "its instant has come, and nobody has begun to prepare it"
		}
		all = append(all, n)
	}
	if h, _ := p.due(now); h.Article != "" {
		if a, err := p.register.Load().Article(h.Article); err == nil && a.Kind == agreement.Control {
			all = append(all, web.Passing{To: p.bodies[h.Authority], Article: h.Article, At: h.From})
		}
	}
	if len(all) == 0 {
		return nil
	}
	first := slices.MinFunc(all, func(a, b web.Passing) int { return cmp.Compare(a.At, b.At) })
	return &first
}

// Transfer is the commanders' page: the transfer that is open, else the one that was executed last and is not closed, else the next that is planned, else the last.
func (p *Post) Transfer(ctx context.Context, actor Actor) (*web.TransferBody, error) {
	if err := p.may(actor, marz.ActTransfer); err != nil {
		return nil, err
	}
	now := p.now()
	b := &web.TransferBody{Own: actor.Officer.Authority(), Sign: "passkey", Reasons: maps.Clone(transferReasons)}
	maps.Copy(b.Reasons, stepReasons)
	if p.Exercise() {
		b.Sign = "exercise"
	}
	t := p.current()
	if t == nil || t.Phase == transfer.Closed || t.Phase == transfer.Cancelled {
		if all := p.planned(now); len(all) > 0 {
			t = &transfer.Transfer{Plan: *all[0], Phase: transfer.Planned}
		}
	}
	if t == nil {
		b.Cannot = "no transfer of control is planned here"
		return b, nil
	}
	switch b.Own {
	case t.Plan.From:
		b.Side = "outgoing"
	case t.Plan.To:
		b.Side = "incoming"
	}
	var err error
	if b.Transfer, err = p.transferView(t, now); err != nil {
		return nil, err
	}
	b.Can, b.Cannot = p.can(t, b.Own, now)
	if b.Side != "" && !p.Exercise() && len(p.commissioned(actor.Officer, now)) == 0 {
		if b.Commission, err = p.commissionWanted(actor.Officer, now); err != nil {
			return nil, err
		}
	}
	if b.Side != "" && t.Phase != transfer.Planned {
		b.Alerts, err = p.transferAlerts(ctx, actor, t)
	}
	return b, err
}

// current returns the transfer that is being prepared or is armed, or the last one.
func (p *Post) current() *transfer.Transfer {
	all := p.transfers().All()
	for _, of := range []func(*transfer.Transfer) bool{
		func(t *transfer.Transfer) bool { return t.Phase == transfer.Preparing || t.Phase == transfer.Armed },
		func(t *transfer.Transfer) bool { return t.Phase == transfer.Executed },
		func(*transfer.Transfer) bool { return true },
	} {
		for _, t := range slices.Backward(all) {
			if of(t) {
				return t
			}
		}
	}
	return nil
}

// transferView is a transfer as both sides see it.
func (p *Post) transferView(t *transfer.Transfer, now marz.Instant) (*web.Transfer, error) {
	plan, db := &t.Plan, p.journal.State()
	v := &web.Transfer{Plan: *plan, Phase: t.Phase, Digest: t.Digest, Refused: t.Refused(), Executed: t.Execution, Seq: t.Seq, At: t.At, Steps: []web.TransferStep{}, Inventory: []web.TransferLine{}}
	var keys []marz.AuthorityID
	if t.Phase != transfer.Preparing { // one key that waits for the other is no case yet
		keys = t.Turned()
	}
	v.Cases = transfer.Cases(*plan, t.Refused(), keys, max(plan.At, t.At))
	if t.Execution != nil {
		v.Cases = t.Execution.Cases
	}
	if _, v.Waiting = p.transfers().Due(plan.ID, p.clocks(now)); t.Phase == transfer.Planned && now >= plan.At {
		v.Waiting = "its instant has come, and nobody has begun to prepare it"
	}
	v.Waiting = web.Local(p.post.Zone, v.Waiting)
	var err error
	var lines []transfer.Line
	if t.Instrument != nil {
		var i transfer.Instrument
		if err := json.Unmarshal(t.Instrument, &i); err != nil {
			return nil, &marz.Error{Op: "read instrument", Subject: string(plan.ID), Err: err}
		}
		v.Readiness, v.Dispositions = i.Readiness, i.Dispositions
		lines = slices.DeleteFunc(i.Inventory, func(l transfer.Line) bool { return !l.Measured })
	} else {
		if v.Readiness, err = p.readiness(db, plan, now); err != nil {
			return nil, err
		}
		if lines, err = p.measured(db, plan, now); err != nil {
			return nil, err
		}
		if v.Dispositions, err = p.dispositions(db, t); err != nil {
			return nil, err
		}
		if v.Open, err = p.undisposed(db, plan); err != nil {
			return nil, err
		}
		v.Dispositions.Lapsed -= v.Open // they are said to be without one: that they lapse stands in the instrument
	}
	for _, c := range t.Counts {
		v.Inventory = append(v.Inventory, web.TransferLine{What: c.What, Outgoing: c.Outgoing, Incoming: c.Incoming})
	}
	for _, l := range lines {
		v.Inventory = append(v.Inventory, web.TransferLine{What: l.What, Outgoing: &l.Outgoing, Incoming: &l.Incoming, Measured: true})
	}
	for _, a := range transfer.Needs(t, now) {
		v.Keys = append(v.Keys, keyView(a, t.Key(a)))
	}
	for _, a := range []marz.AuthorityID{plan.From, plan.To} {
		if i := slices.IndexFunc(t.Closings, func(k transfer.Key) bool { return k.Authority == a }); i >= 0 {
			v.Signed = append(v.Signed, keyView(a, &t.Closings[i]))
		}
	}
	more, err := p.stepDetails(db)
	for _, s := range t.Steps {
		v.Steps = append(v.Steps, web.TransferStep{Seq: s.Seq, At: s.At, Kind: s.Kind, Authority: s.Authority, Officer: s.Officer, Says: stepWords[s.Kind] + more[s.Seq]})
	}
	return v, err
}

// stepDetails says what was counted and disposed of, by entry.
func (p *Post) stepDetails(q querier) (map[marz.Seq]string, error) {
	out := map[marz.Seq]string{}
	_, err := collect(q, func(rows *sql.Rows) (struct{}, error) {
		var seq marz.Seq
		var doc string
		err := rows.Scan(&seq, &doc)
		var e struct { // of either kind
			What        string
			Count       int
			List        marz.ListID
			Disposition string
			Alerts      int
		}
		if err == nil {
			err = json.Unmarshal([]byte(doc), &e)
		}
		if out[seq] = fmt.Sprintf(" %s: %d", e.What, e.Count); e.What == "" {
			out[seq] = fmt.Sprintf(" of %s: %d %s", e.List, e.Alerts, e.Disposition)
		}
		return struct{}{}, err
	}, `SELECT seq, doc FROM s_transfer WHERE kind IN (?, ?)`, transfer.KindCounted, transfer.KindDisposed)
	return out, err
}

// undisposed counts the alerts of which nothing was said.
func (p *Post) undisposed(q querier, plan *transfer.Plan) (n int, err error) {
	all, err := p.disposed(q, plan)
	for i := range all {
		if all[i].counts() && all[i].disposition == "" {
			n++
		}
	}
	return n, err
}

// stepReasons are the codes that stand in an entry for why a side took a step back.
var stepReasons = map[string][]web.Reason{
	"disarm":   {{Code: "facts-changed", Text: "What was counted or said is not so any more"}, {Code: "order", Text: "Headquarters ordered it"}, {Code: "safety", Text: "Safety of people at the post"}, {Code: "mistake", Text: "It was turned by mistake"}},
	"postpone": {{Code: "not-ready", Text: "The incoming side is not ready"}, {Code: "inventory", Text: "The inventory is not settled"}, {Code: "order", Text: "Headquarters agreed on another instant"}, {Code: "safety", Text: "Weather or safety"}},
	"refuse":   {{Code: "inventory-disputed", Text: "The inventory is disputed"}, {Code: "not-ready", Text: "The other side is not ready"}, {Code: "order", Text: "Headquarters ordered it"}, {Code: "unlawful", Text: "We hold that the agreement does not require it"}},
	"cancel":   {{Code: "opened-by-mistake", Text: "It was opened by mistake"}, {Code: "order", Text: "Headquarters ordered it"}, {Code: "other-plan", Text: "Another plan takes its place"}},
}

func keyView(a marz.AuthorityID, k *transfer.Key) web.TransferKey {
	if k == nil {
		return web.TransferKey{Authority: a}
	}
	return web.TransferKey{Authority: a, Officer: k.Officer, At: k.At}
}

var stepWords = map[string]string{
	transfer.KindOpened: "began the preparation", transfer.KindCounted: "counted", transfer.KindDisposed: "said what becomes of alerts", transfer.KindPresented: "presented the instrument",
	transfer.KindArmed: "turned its key", transfer.KindDisarmed: "took its key back", transfer.KindPostponed: "settled another instant", transfer.KindRefused: "declared that it will not arm",
	transfer.KindCancelled: "cancelled the transfer", transfer.KindClock: "said that the instant has come", transfer.KindExecuted: "control passed",
	transfer.KindDestroyed: "what was to be destroyed here is destroyed", transfer.KindClosed: "signed the act",
}

// can says which steps a side can take now, and if none why.
func (p *Post) can(t *transfer.Transfer, own marz.AuthorityID, now marz.Instant) (can []string, cannot string) {
	plan := &t.Plan
	if own != plan.From && own != plan.To {
		return nil, fmt.Sprintf("%s hands over to %s: no other authority takes a step", plan.From, plan.To)
	}
	switch t.Phase {
	case transfer.Planned:
		return []string{"open"}, ""
	case transfer.Executed:
		return nil, "control has passed: what is left is to sign the act"
	case transfer.Closed, transfer.Cancelled:
		return nil, "it is " + string(t.Phase)
	}
	add := func(step string, ok bool) {
		if ok {
			can = append(can, step)
		}
	}
	key := t.Key(own)
	add("count", true)
	add("dispose", own == plan.From)
	add("adopt", own == plan.To)
	add("present", t.Digest == "")
	add("arm", t.Digest != "" && (key == nil || t.Phase != transfer.Armed && own == plan.To && slices.Equal(transfer.Needs(t, now), []marz.AuthorityID{own})))
	add("disarm", key != nil)
	add("postpone", true)
	add("refuse", key == nil && !slices.Contains(t.Refused(), own))
	add("cancel", true)
	doubt := p.clocks(now).Doubt() != ""
	add("now", t.Phase == transfer.Armed && key != nil && t.Key(plan.From) != nil && doubt && !slices.ContainsFunc(t.Said, func(k transfer.Key) bool { return k.Authority == own }))
	return can, ""
}
