package post

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"marz"
	"marz/folder"
	"marz/journal"
	"marz/passkey"
	"marz/transfer"
	"marz/verify"
)

// kindOf is the kind of entry that records what a signature says.
var kindOf = map[string]string{transfer.SaysArm: transfer.KindArmed, transfer.SaysDisarm: transfer.KindDisarmed, transfer.SaysNow: transfer.KindClock,
	transfer.SaysCancel: transfer.KindCancelled, transfer.SaysClose: transfer.KindClosed}

// Turned is the answer to a signature.
type Turned struct {
	Seq      marz.Seq `json:"seq"`
	Relieved string   `json:"relieved,omitempty"` // the page on which the outgoing commander signs the act when he has no access any more
}

// signedPrivate is what of a signature is not public: how the passkey's counter stands, and the digests of the code with which the commander signs the act and of his session.
type signedPrivate struct {
	credentialPrivate
	Relieved string `json:"relieved,omitempty"`
	Session  string `json:"session,omitempty"`
}

// foldSigned keeps what a signature left beside the log.
func foldSigned(f *journal.Fold, e journal.Entry, payload []byte) error {
	var s transfer.Signed
	var private signedPrivate
	if err := e.Read(payload, &s, &private); err != nil {
		return err
	}
	if private.Credential != "" { // the counter moved on
		if err := f.Exec(`UPDATE s_passkey SET record = ? WHERE id = ?`, string(private.Record), private.Credential); err != nil {
			return err
		}
	}
	if private.Relieved == "" {
		return nil
	}
	return f.Exec(`INSERT OR REPLACE INTO s_relieved (code, transfer, officer, session, seq) VALUES (?, ?, ?, ?, ?)`, private.Relieved, s.ID, e.Officer, private.Session, e.Seq)
}

// relievedCode is the code with which the outgoing commander signs the act after his access ended. The node can make it again for the page of the very session in which he
// armed, and nobody else can: the journal has its digest alone.
func (p *Post) relievedCode(id transfer.ID, digest, session string) string {
	return p.keyed("relieved", string(id), digest, session)
}

// signing is one signature on its way into the journal.
type signing struct {
	id        transfer.ID
	signature transfer.Signature
	key       []byte              // COSE_Key of the passkey that made it; nil: a line by the authority's key
	used      *passkey.Credential // the passkey, as it is after it
}

// check asks whether the signature is good, and by whom it may be. The digest is the machine's to compare.
func (p *Post) checkSigning(s *signing, now marz.Instant) error {
	sig := &s.signature
	if kindOf[sig.Says] == "" {
		return &marz.Error{Code: marz.Invalid, Op: "sign transfer", Subject: fmt.Sprintf("%.40q", sig.Says), Fix: "nothing of this name can be signed"}
	}
	if sig.Line != "" {
		return transfer.CheckKey(*sig, s.id, p.bodies[sig.Authority].Key)
	}
	if !slices.Contains(p.commissioned(sig.Officer, now), base64.StdEncoding.EncodeToString(s.key)) {
		return &marz.Error{Code: marz.Forbidden, Op: "sign transfer", Subject: string(sig.Officer),
			Fix: string(sig.Authority) + " has not commissioned this officer with this passkey; let it sign a commission, and deliver it with marz register add"}
	}
	return nil
}

// record appends a signature, with everything that is asked of it at that moment.
func (p *Post) recordSigned(tx *journal.Tx, s *transfer.State, d journal.Draft, g *signing) (e journal.Entry, relieved string, err error) {
	sig := &g.signature
	t, err := transferOf(s, g.id)
	if err != nil {
		return e, "", err
	}
	at := tx.Now()
	if sig.Says == transfer.SaysClose && t.Execution != nil {
		at = t.At // who was commissioned when control passed signs what happened then
	}
	if err := p.checkSigning(g, at); err != nil {
		return e, "", err
	}
	if sig.Says == transfer.SaysClose && t.Execution != nil {
		if err := p.checkCore(t, sig.Digest); err != nil {
			return e, "", err
		}
	}
	public := transfer.Signed{ID: g.id, Digest: sig.Digest, Signature: sig}
	if sig.Says == transfer.SaysNow {
		public.Clocks = p.clocks(tx.Now()).Readings()
	}
	d.Kind, d.Authority, d.Officer, d.Public = kindOf[sig.Says], sig.Authority, sig.Officer, public
	if d.Under == "" {
		d.Under = t.Plan.Article // a signature is its own authority, by the article that it carries out
	}
	if pr, ok := d.Private.(*signedPrivate); ok {
		if g.used != nil {
			pr.credentialPrivate = credentialRecord(g.used)
		}
		if sig.Says == transfer.SaysArm && sig.Authority == t.Plan.From && pr.Session != "" {
			relieved = p.relievedCode(g.id, sig.Digest, pr.Session)
			pr.Relieved = folder.Digest(relieved)
		}
		if pr.Relieved == "" {
			pr.Session = ""
		}
		if pr.Relieved == "" && pr.Credential == "" {
			d.Private = nil
		}
	}
	e, err = stepBy(tx, s, d)
	return e, relieved, err
}

// sign records the signature of an officer with a session.
func (p *Post) sign(ctx context.Context, actor Actor, g *signing) (Turned, error) {
	var out Turned
	err := p.actTransfer(ctx, actor, func(a *act) error {
		e, relieved, err := p.recordSigned(a.Tx, a.transfers, journal.Draft{Under: a.under, Policy: a.policy, Private: &signedPrivate{Session: actor.session}}, g)
		if out = (Turned{Seq: e.Seq}); relieved != "" {
			out.Relieved = "/relieved/" + relieved
		}
		return err
	})
	if err != nil {
		return Turned{}, err
	}
	return out, nil
}

// BeginSign opens the ceremony in which an officer's passkey signs what is said of a transfer.
func (p *Post) BeginSign(ctx context.Context, actor Actor, says string, id transfer.ID, digest string) (options json.RawMessage, ceremony passkey.Ceremony, err error) {
	if err := p.mayTransfer(ctx, actor); err != nil {
		return nil, "", err
	}
	return p.beginSign(actor.Officer, says, id, digest)
}

func (p *Post) beginSign(officer marz.OfficerID, says string, id transfer.ID, digest string) (json.RawMessage, passkey.Ceremony, error) {
	u, err := p.signer(officer)
	if err != nil {
		return nil, "", err
	}
	return p.passkeys.BeginAssertion(u, transfer.Asserted(says, id, digest))
}

// signer is an officer with his passkeys.
func (p *Post) signer(officer marz.OfficerID) (passkey.User, error) {
	u := passkey.User{Officer: officer}
	var err error
	u.Credentials, err = credentials(p.journal.State(), officer)
	return u, err
}

// FinishSign records what an officer's passkey signed.
func (p *Post) FinishSign(ctx context.Context, actor Actor, says string, id transfer.ID, digest string, ceremony passkey.Ceremony, body []byte) (Turned, error) {
	if err := p.mayTransfer(ctx, actor); err != nil {
		return Turned{}, err
	}
	g, err := p.finishSign(actor.Officer, says, id, digest, ceremony, body)
	if err != nil {
		return Turned{}, err
	}
	return p.sign(ctx, actor, g)
}

func (p *Post) finishSign(officer marz.OfficerID, says string, id transfer.ID, digest string, ceremony passkey.Ceremony, body []byte) (*signing, error) {
	u, err := p.signer(officer)
	if err != nil {
		return nil, err
	}
	evidence, used, err := p.passkeys.FinishAssertion(u, ceremony, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if err := evidence.Verify(transfer.Asserted(says, id, digest), p.config.Host, p.config.origins()); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(evidence)
	if err != nil {
		return nil, err
	}
	if err := verify.Evidence(raw, transfer.Text(says, id, digest)); err != nil {
		return nil, err // the browser is the signer's own: what the act's checker does not take must not turn a key
	}
	return &signing{id: id, key: evidence.PublicKey, used: &used,
		signature: transfer.Signature{Says: says, Authority: officer.Authority(), Officer: officer, Digest: digest, Passkey: raw}}, nil
}

// SignExercise signs for an officer with the key that the exercise drew for his authority. Only a post that was an exercise's from entry 0 does it.
func (p *Post) SignExercise(ctx context.Context, actor Actor, says string, id transfer.ID, digest string) (Turned, error) {
	if err := p.mayTransfer(ctx, actor); err != nil {
		return Turned{}, err
	}
	g, err := p.exerciseSigning(actor.Officer, says, id, digest)
	if err != nil {
		return Turned{}, err
	}
	return p.sign(ctx, actor, g)
}

func (p *Post) exerciseSigning(officer marz.OfficerID, says string, id transfer.ID, digest string) (*signing, error) {
	if !p.Exercise() {
		return nil, &marz.Error{Code: marz.NotFound, Op: "sign transfer", Fix: "this is not an exercise: sign with a passkey"}
	}
	path := filepath.Join(p.opts.Dir, keyDir, "exercise-"+string(officer.Authority())+".key")
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, &marz.Error{Code: marz.NotFound, Op: "sign transfer", Subject: path, Fix: "this exercise has no key of " + string(officer.Authority()) + "; sign with one of its own", Err: err}
	}
	sig, err := transfer.SignKey(string(key), says, id, digest)
	if err != nil {
		return nil, err
	}
	sig.Officer = officer
	return &signing{id: id, signature: sig}, nil
}

// AddSignature records what an authority's own key signed. The signature is its authority, so that it needs no officer: whoever brings it changes nothing.
func (p *Post) AddSignature(ctx context.Context, id transfer.ID, sig transfer.Signature) (seq marz.Seq, err error) {
	if sig.Line == "" || sig.Officer != "" {
		return 0, &marz.Error{Code: marz.Invalid, Op: "add signature", Subject: fmt.Sprintf("%.60q", string(id)), Fix: "only what an authority's own key signed is delivered so: a commander's passkey signs at the post"}
	}
	err = p.change(ctx, func(tx *journal.Tx) error {
		s := p.transfers().Clone()
		e, _, err := p.recordSigned(tx, s, journal.Draft{Policy: p.register.Load().Policy()}, &signing{id: id, signature: sig})
		if err != nil {
			return err
		}
		seq = e.Seq
		p.machine.Store(s)
		return nil
	})
	if err != nil {
		p.recordBadSignature(ctx, err)
		return 0, err
	}
	p.anchorClock()
	p.live.Changed()
	return seq, p.Tick(ctx)
}

// recordBadSignature notes that somebody brought a signature that was not taken, once a minute at most: nobody without a key can fill the disk.
func (p *Post) recordBadSignature(ctx context.Context, why error) {
	if code := marz.CodeOf(why); code != marz.Invalid && code != marz.Forbidden || !p.attempts.first("signature", p.now()) {
		return
	}
	err := p.node(ctx, func(n *node) error {
		return n.append(KindRefusedAct, refusedEntry{Action: marz.ActTransfer, Why: "a signature under a transfer was not taken"}, nil)
	})
	if err != nil {
		p.opts.Log.Error("a refused signature could not be recorded", "err", err)
	}
}
