package post

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"marz"
	"marz/transfer"
	"marz/web"
)

// Act returns the act of handover: the instrument, the signatures under it, the entries that bear them and the execution, each proven to the head that was committed with
// the execution. It holds no personal data.
func (p *Post) Act(ctx context.Context, id transfer.ID) (*transfer.Act, error) {
	t, err := transferOf(p.transfers(), id)
	if err != nil {
		return nil, err
	}
	return p.actOf(ctx, t)
}

func (p *Post) actOf(ctx context.Context, t *transfer.Transfer) (*transfer.Act, error) {
	if t.Execution == nil {
		return nil, &marz.Error{Code: marz.Conflict, Op: "act of handover", Subject: string(t.Plan.ID), Fix: "control has not passed: there is no act yet"}
	}
	head, err := p.journal.HeadOver(ctx, t.Seq)
	if err != nil {
		return nil, err
	}
	out := &transfer.Act{V: 1, Instrument: t.Instrument, Armed: []transfer.Signature{}, Entries: []transfer.ActEntry{}, Head: string(head.Note), Post: p.post.Name,
		Authorities: []marz.Authority{p.bodies[t.Plan.From], p.bodies[t.Plan.To]}}
	for _, k := range t.Keys {
		out.Armed = append(out.Armed, k.Signature)
	}
	for _, k := range t.Closings {
		out.Closed = append(out.Closed, k.Signature)
	}
	for _, seq := range t.Evidence() {
		_, body, err := p.journal.Entry(ctx, seq)
		if err != nil {
			return nil, err
		}
		proof, err := p.journal.ProveInclusion(ctx, seq, head.Size)
		if err != nil {
			return nil, err
		}
		e := transfer.ActEntry{Seq: seq, Body: string(body), Proof: []string{}}
		for _, h := range proof {
			e.Proof = append(e.Proof, base64.StdEncoding.EncodeToString(h[:]))
		}
		out.Entries = append(out.Entries, e)
	}
	out.Commissions, err = p.commissionsOf(t)
	return out, err
}

// coreDigest is the digest that the closing signatures of a transfer are over.
func (p *Post) coreDigest(ctx context.Context, t *transfer.Transfer) (string, error) {
	a, err := p.actOf(ctx, t)
	if err != nil {
		return "", err
	}
	core, err := a.Core()
	return transfer.DigestOf([]byte(core)), err
}

// checkCore reports whether a digest is that of what happened. All that it goes by is committed.
func (p *Post) checkCore(t *transfer.Transfer, digest string) error {
	want, err := p.coreDigest(context.Background(), t)
	if err == nil && want != digest {
		err = &marz.Error{Code: marz.Conflict, Op: "close transfer", Subject: string(t.Plan.ID), Fix: "what was signed is not the act of this transfer; read it again and sign its digest"}
	}
	return err
}

// actBody is the act as a page prints it.
func (p *Post) actBody(ctx context.Context, t *transfer.Transfer) (*web.ActBody, error) {
	a, err := p.actOf(ctx, t)
	if err != nil {
		return nil, err
	}
	b := &web.ActBody{Act: *a, Execution: *t.Execution, Executed: t.At, Seq: t.Seq, Names: p.bodies}
	if err := json.Unmarshal(a.Instrument, &b.Instrument); err != nil {
		return nil, &marz.Error{Op: "read instrument", Subject: string(t.Plan.ID), Err: err}
	}
	qr, err := a.QR()
	if err == nil {
		b.QR, err = qr.Text()
	}
	b.Digest = transfer.DigestOf([]byte(qr.Core))
	return b, err
}
