package exercise

import (
	"context"
	"encoding/base64"

	"marz"
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
	Refused   int                      `json:"acts_refused"` // attempts after the power to act had ended
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

// Finish closes the post, lets the independent checker read its folder, and reports.
func (e *Exercise) Finish(ctx context.Context) (*Report, error) {
	r := &Report{Exercise: true, Place: e.Post.Described().ID, Seed: e.opts.Seed, From: e.opts.Start, Until: e.Clock.Now(), Refused: e.floor.refused,
		Authority: map[marz.AuthorityID]int{}, Decision: map[marz.Decision]int{}, Lane: map[marz.LaneID]int{}, Problems: []verify.Problem{}}
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
