package post

import (
	"encoding/json"
	"fmt"

	"marz"
	"marz/passkey"
	"marz/transfer"
	"marz/web"
)

// stepIn is what a page sends for a step of a transfer.
type stepIn struct {
	ID          transfer.ID     `json:"id"`
	Article     marz.ArticleRef `json:"article"`
	Lanes       []marz.LaneID   `json:"lanes"`
	At          marz.Instant    `json:"at"`
	What        string          `json:"what"`
	N           int             `json:"n"`
	Note        string          `json:"note"`
	List        marz.ListID     `json:"list"`
	Alerts      []marz.AlertID  `json:"alerts"`
	Disposition string          `json:"disposition"`
	Reason      string          `json:"reason"`
	Why         string          `json:"why"`
}

// signatureIn is what a page sends to sign.
type signatureIn struct {
	Says     string           `json:"says"`
	ID       transfer.ID      `json:"id"`
	Digest   string           `json:"digest"`
	Ceremony passkey.Ceremony `json:"ceremony"`
	Response json.RawMessage  `json:"response"`
}

// maxStep bounds a step: a disposition can name thousands of alerts.
const maxStep = 1 << 20

func (p *Post) pageTransfer(q *request) error {
	body, err := p.Transfer(q.Context(), q.actor)
	if err != nil {
		return err
	}
	return p.render(q, "transfer", "Transfer of control", *body)
}

func (p *Post) getTransfer(q *request) error {
	body, err := p.Transfer(q.Context(), q.actor)
	if err != nil {
		return err
	}
	return q.json(body)
}

// transferStep takes a step of a transfer and answers with the transfer as it is then.
func (p *Post) transferStep(q *request) error {
	var in stepIn
	if err := web.ReadJSON(q.ResponseWriter, q.Request, &in, maxStep); err != nil {
		return err
	}
	var err error
	ctx := q.Context()
	switch step := q.PathValue("step"); step {
	case "open":
		_, err = p.OpenTransfer(ctx, q.actor, in.Article, in.Lanes, in.At)
	case "count":
		err = p.Count(ctx, q.actor, in.ID, in.What, in.N, in.Note)
	case "dispose":
		err = p.Dispose(ctx, q.actor, in.ID, in.List, in.Alerts, in.Disposition, in.Reason)
	case "present":
		_, err = p.Present(ctx, q.actor, in.ID)
	case "disarm":
		err = p.Disarm(ctx, q.actor, in.ID, in.Why)
	case "postpone":
		err = p.Postpone(ctx, q.actor, in.ID, in.At, in.Why)
	case "refuse":
		err = p.RefuseTransfer(ctx, q.actor, in.ID, in.Why)
	case "cancel":
		err = p.CancelTransfer(ctx, q.actor, in.ID, in.Why)
	default:
		err = &marz.Error{Code: marz.NotFound, Op: "step", Subject: fmt.Sprintf("%.40q", step), Fix: "a transfer has no such step"}
	}
	if err != nil {
		return err
	}
	return p.getTransfer(q)
}

func (p *Post) beginTransferSign(q *request) error {
	var in signatureIn
	if err := q.read(&in); err != nil {
		return err
	}
	options, ceremony, err := p.BeginSign(q.Context(), q.actor, in.Says, in.ID, in.Digest)
	if err != nil {
		return err
	}
	return q.json(began{ceremony, options})
}

func (p *Post) finishTransferSign(q *request) error {
	var in signatureIn
	if err := q.read(&in); err != nil {
		return err
	}
	out, err := p.FinishSign(q.Context(), q.actor, in.Says, in.ID, in.Digest, in.Ceremony, in.Response)
	if err != nil {
		return err
	}
	return q.json(out)
}

func (p *Post) exerciseTransferSign(q *request) error {
	var in signatureIn
	if err := q.read(&in); err != nil {
		return err
	}
	out, err := p.SignExercise(q.Context(), q.actor, in.Says, in.ID, in.Digest)
	if err != nil {
		return err
	}
	return q.json(out)
}

// addSignature takes what an authority's own key signed, from whoever brings it.
func (p *Post) addSignature(q *request) error {
	var in struct {
		ID        transfer.ID        `json:"id"`
		Signature transfer.Signature `json:"signature"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	seq, err := p.AddSignature(q.Context(), in.ID, in.Signature)
	if err != nil {
		return err
	}
	return q.json(Turned{Seq: seq})
}

func (p *Post) pageAct(q *request) error {
	t, err := transferOf(p.transfers(), transfer.ID(q.PathValue("id")))
	if err != nil {
		return err
	}
	body, err := p.actBody(q.Context(), t)
	if err != nil {
		return err
	}
	if p.may(q.actor, marz.ActTransfer) == nil && p.mayClose(t, q.actor.Officer.Authority()) {
		body.Sign = p.signsHow()
	}
	return p.render(q, "act", "Act of handover", *body)
}

// mayClose reports whether an authority still has to sign the act.
func (p *Post) mayClose(t *transfer.Transfer, a marz.AuthorityID) bool {
	if t.Phase != transfer.Executed || a != t.Plan.From && a != t.Plan.To {
		return false
	}
	for _, k := range t.Closings {
		if k.Authority == a {
			return false
		}
	}
	return true
}

func (p *Post) signsHow() string {
	if p.Exercise() {
		return "exercise"
	}
	return "passkey"
}

func (p *Post) getAct(q *request) error {
	a, err := p.Act(q.Context(), transfer.ID(q.PathValue("id")))
	if err != nil {
		return err
	}
	q.Header().Set("Content-Disposition", `attachment; filename="act-`+q.PathValue("id")+`.json"`)
	return q.act(a, nil)
}
