package exercise

import (
	"context"
	"encoding/base64"

	"marz"
	"marz/post"
	"marz/transfer"
	"marz/verify"
)

// Report says what happened in a run. It counts and names no traveller.
type Report struct {
	Exercise  bool                     `json:"exercise"`
	Place     marz.PostID              `json:"place"`
	Seed      uint64                   `json:"seed"`
	From      marz.Instant             `json:"from"`
	Until     marz.Instant             `json:"until"`
	Crossings int                      `json:"crossings"`
	Authority map[marz.AuthorityID]int `json:"crossings_by_authority"`
	Decision  map[marz.Decision]int    `json:"crossings_by_decision"`
	Lane      map[marz.LaneID]int      `json:"crossings_by_lane"`
	Refused   int                      `json:"acts_refused"` // attempts of the outgoing authority after control had passed
	Transfers []ReportTransfer         `json:"transfers"`
	After     map[marz.AuthorityID]int `json:"crossings_by_authority_after"` // decided after the last transfer was executed; none before
	Head      ReportHead               `json:"head"`
	Verified  bool                     `json:"verified"` // as said by the independent checker
	Problems  []verify.Problem         `json:"problems"`
}

// ReportHead is the newest head.
type ReportHead struct {
	Origin marz.Origin `json:"origin"`
	Size   int64       `json:"size"`
	Root   string      `json:"root"` // base64
}

// ReportTransfer is a transfer of control as it stands at the end.
type ReportTransfer struct {
	ID         transfer.ID      `json:"id,omitempty"` // none: planned, and nobody has opened it
	Place      marz.PlaceID     `json:"place"`
	From       marz.AuthorityID `json:"from"`
	To         marz.AuthorityID `json:"to"`
	Instant    marz.Instant     `json:"instant"`
	State      transfer.Phase   `json:"state"`
	Overdue    bool             `json:"overdue"` // its instant has come, and control has not passed
	Seq        marz.Seq         `json:"executed_seq,omitempty"`
	ExecutedAt marz.Instant     `json:"executed_at,omitzero"`
	Cases      []transfer.Case  `json:"cases"`
}

// transfers are those that were opened, and the one that is planned and was not, as they stand at an instant. opened are the first ones as the journal has them.
func (e *Exercise) transfers(ctx context.Context, now marz.Instant) (all []ReportTransfer, opened []*transfer.Transfer, err error) {
	state, err := post.ReadTransfers(ctx, e.opts.Dir)
	if err != nil {
		return nil, nil, err
	}
	opened = state.All()
	all = []ReportTransfer{}
	for _, t := range opened {
		var keys []marz.AuthorityID // one side's key alone says nothing yet
		if t.Phase == transfer.Armed {
			keys = t.Turned()
		}
		out := ReportTransfer{ID: t.Plan.ID, Place: t.Plan.Place, From: t.Plan.From, To: t.Plan.To, Instant: t.Plan.At, State: t.Phase,
			Cases: transfer.Cases(t.Plan, t.Refused(), keys, max(t.Plan.At, now))}
		switch t.Phase {
		case transfer.Executed, transfer.Closed:
			out.Seq, out.ExecutedAt, out.Cases = t.Seq, t.At, t.Execution.Cases
		case transfer.Cancelled:
		default:
			out.Overdue = now >= t.Plan.At
		}
		all = append(all, out)
	}
	r, place := e.Post.Register(), e.Post.Described().ID.Place()
	if a := plannedTransfer(r, place, e.opts.Start); a != nil && state.Of(a.ref) == nil && !r.Executed(place, a.ref, now) {
		all = append(all, ReportTransfer{Place: place, From: a.Authority, To: a.To, Instant: a.instant(), State: transfer.Planned, Overdue: now >= a.instant(), Cases: []transfer.Case{}})
	}
	return all, opened, nil
}

// Next returns the transfer that is still to come, or nil.
func (e *Exercise) Next() *ReportTransfer {
	all, _, err := e.transfers(context.Background(), e.Clock.Now())
	if err != nil {
		return nil // what is said of it at a terminal is no more than a greeting
	}
	for i, t := range all {
		if t.State != transfer.Executed && t.State != transfer.Closed && t.State != transfer.Cancelled {
			return &all[i]
		}
	}
	return nil
}

// addTransfers says what became of transfers, and who decided after them.
func (e *Exercise) addTransfers(ctx context.Context, r *Report) (err error) {
	var opened []*transfer.Transfer
	if r.Transfers, opened, err = e.transfers(ctx, r.Until); err != nil {
		return err
	}
	for _, t := range opened {
		if t.Execution == nil {
			continue
		}
		r.After = map[marz.AuthorityID]int{t.Plan.From: 0, t.Plan.To: 0}
		totals, err := e.Post.TotalsAfter(ctx, t.Seq)
		if err != nil {
			return err
		}
		for _, total := range totals {
			r.After[total.Authority] += total.Count
		}
	}
	return nil
}

// Finish closes the post, lets the independent checker read its folder, and reports.
func (e *Exercise) Finish(ctx context.Context) (*Report, error) {
	r := &Report{Exercise: true, Place: e.Post.Described().ID, Seed: e.opts.Seed, From: e.opts.Start, Until: e.Clock.Now(), Refused: e.floor.refused,
		Authority: map[marz.AuthorityID]int{}, Decision: map[marz.Decision]int{}, Lane: map[marz.LaneID]int{}, Problems: []verify.Problem{},
		Transfers: []ReportTransfer{}, After: map[marz.AuthorityID]int{}}
	totals, err := e.Post.Totals(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range totals {
		r.Crossings += t.Count
		r.Authority[t.Authority] += t.Count
		r.Decision[t.Decision] += t.Count
		r.Lane[t.Lane] += t.Count
	}
	if err := e.addTransfers(ctx, r); err != nil {
		return nil, err
	}
	h := e.Post.Journal().Head()
	r.Head = ReportHead{e.Post.Journal().Origin(), h.Size, base64.StdEncoding.EncodeToString(h.Root[:])}
	if err := e.Close(); err != nil {
		return nil, err
	}
	v, err := verify.Folder(ctx, e.opts.Dir, verify.Options{})
	if err != nil {
		return nil, err
	}
	r.Verified = v.OK() && v.Size == r.Head.Size && v.Root == r.Head.Root
	r.Problems = append(r.Problems, v.Problems...)
	return r, nil
}
