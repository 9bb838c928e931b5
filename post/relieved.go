package post

import (
	"context"
	"encoding/json"
	"fmt"

	"marz"
	"marz/folder"
	"marz/journal"
	"marz/passkey"
	"marz/transfer"
)

// relief is what a code is good for: one officer of the outgoing authority reads the act of one transfer, and signs it.
type relief struct {
	transfer *transfer.Transfer
	officer  marz.OfficerID
}

// relieved returns what a code is good for, or says that it is for nothing.
func (p *Post) relieved(ctx context.Context, code string) (*relief, error) {
	var r relief
	var id transfer.ID
	err := p.journal.State().QueryRowContext(ctx, `SELECT transfer, officer FROM s_relieved WHERE code = ?`, folder.Digest(code)).Scan(&id, &r.officer)
	if err == nil {
		r.transfer = p.transfers().Get(id)
	}
	switch {
	case err != nil && !absent(err):
		return nil, &marz.Error{Op: "read act", Err: err}
	case err != nil || r.transfer == nil || r.transfer.Execution == nil:
		return nil, &marz.Error{Code: marz.NotFound, Op: "act of handover", Fix: "this code opens no act, or control has not passed yet"}
	}
	return &r, nil
}

func (p *Post) pageRelieved(q *request) error {
	r, err := p.relieved(q.Context(), q.PathValue("code"))
	if err != nil {
		return err
	}
	body, err := p.actBody(q.Context(), r.transfer)
	if err != nil {
		return err
	}
	body.Code = q.PathValue("code")
	if p.mayClose(r.transfer, r.officer.Authority()) {
		body.Sign = p.signsHow()
	}
	q.actor = Actor{} // the code opens this page and nothing else, whoever is signed in beside
	return p.render(q, "act", "Act of handover", *body)
}

// closing is what a page of a relieved commander sends to sign the act.
type closing struct {
	Digest   string           `json:"digest"`
	Ceremony passkey.Ceremony `json:"ceremony"`
	Response json.RawMessage  `json:"response"`
	Says     string           `json:"says"` // "close", and nothing else
	ID       transfer.ID      `json:"id"`
}

// relieving reads who signs the act with a code.
func (p *Post) relieving(q *request) (*relief, *closing, error) {
	var in closing
	if err := q.read(&in); err != nil {
		return nil, nil, err
	}
	r, err := p.relieved(q.Context(), q.PathValue("code"))
	if err != nil {
		return nil, nil, err
	}
	if in.Says != "" && in.Says != transfer.SaysClose || in.ID != "" && in.ID != r.transfer.Plan.ID {
		return nil, nil, &marz.Error{Code: marz.Forbidden, Op: "sign act", Subject: fmt.Sprintf("%.40q", in.Says), Fix: "this code signs the act of its transfer, and nothing else"}
	}
	if !p.mayClose(r.transfer, r.officer.Authority()) {
		return nil, nil, &marz.Error{Code: marz.Conflict, Op: "sign act", Subject: string(r.transfer.Plan.ID), Fix: string(r.officer.Authority()) + " has signed it already"}
	}
	return r, &in, nil
}

func (p *Post) beginRelieved(q *request) error {
	r, in, err := p.relieving(q)
	if err != nil {
		return err
	}
	options, ceremony, err := p.beginSign(r.officer, transfer.SaysClose, r.transfer.Plan.ID, in.Digest)
	if err != nil {
		return err
	}
	return q.json(began{ceremony, options})
}

func (p *Post) finishRelieved(q *request) error {
	r, in, err := p.relieving(q)
	if err != nil {
		return err
	}
	g, err := p.finishSign(r.officer, transfer.SaysClose, r.transfer.Plan.ID, in.Digest, in.Ceremony, in.Response)
	if err != nil {
		return err
	}
	return p.closeRelieved(q, g)
}

func (p *Post) exerciseRelieved(q *request) error {
	r, in, err := p.relieving(q)
	if err != nil {
		return err
	}
	g, err := p.exerciseSigning(r.officer, transfer.SaysClose, r.transfer.Plan.ID, in.Digest)
	if err != nil {
		return err
	}
	return p.closeRelieved(q, g)
}

// closeRelieved records the closing signature of an officer who has no access any more.
func (p *Post) closeRelieved(q *request, g *signing) error {
	var out Turned
	err := p.change(q.Context(), func(tx *journal.Tx) error {
		s := p.transfers().Clone()
		e, _, err := p.recordSigned(tx, s, journal.Draft{Policy: p.register.Load().Policy(), Private: &signedPrivate{}}, g)
		if err != nil {
			return err
		}
		out.Seq = e.Seq
		p.machine.Store(s)
		return nil
	})
	if err != nil {
		return err
	}
	p.live.Changed()
	return q.json(out)
}

// relievedPage returns the page on which the officer of a session signs the act, after his access ended with a transfer that he had armed; or "".
func (p *Post) relievedPage(session string) string {
	var id transfer.ID
	if err := p.journal.State().QueryRow(`SELECT transfer FROM s_relieved WHERE session = ? ORDER BY seq DESC LIMIT 1`, session).Scan(&id); err != nil {
		return ""
	}
	t := p.transfers().Get(id)
	if t == nil || t.Execution == nil {
		return ""
	}
	return "/relieved/" + p.relievedCode(id, t.Digest, session)
}
