package post

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/passkey"
	"marz/release"
)

// act does what a headquarters says of the register and of officers, in its order.
func (h *followedHQ) act(ctx context.Context) error {
	var errs []error
	for _, e := range h.waiting(func(e journal.Entry) bool { return true }) {
		if h.ofList(e) {
			continue
		}
		do := h.officer
		if slices.Contains([]string{KindAgreement, KindStatement, KindReport, KindCommission}, e.Kind) {
			do = h.instrument
		}
		err := do(ctx, e)
		if errors.Is(err, errFollowed) {
			h.settle(e)
			err = nil
		}
		if errors.Is(err, errOver) || ctx.Err() != nil || h.p.journal.Failure() != nil {
			return err
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// refusal reports whether an error says that what was given cannot be, as against that it cannot be done now.
func refusal(err error) bool {
	if _, ok := errors.AsType[agreement.Faults](err); ok {
		return true
	}
	switch marz.CodeOf(err) {
	case marz.Invalid, marz.Conflict, marz.Forbidden:
		return true
	}
	return false
}

// refuse says in the post's journal that nothing is done about an entry, and why.
func (h *followedHQ) refuse(ctx context.Context, e journal.Entry, why error) error {
	h.p.opts.Log.Warn("an entry of a headquarters is refused", "authority", h.conf.Authority, "seq", e.Seq, "kind", e.Kind, "err", why)
	err := h.p.node(ctx, func(n *node) error { return h.followed(n, followedRefused, short(why.Error()), nil, e) })
	if err == nil {
		h.settle(e)
	}
	return err
}

// conclude takes off an entry that was acted on, and refuses one that cannot be. What cannot be done now is tried again.
func (h *followedHQ) conclude(ctx context.Context, e journal.Entry, err error) error {
	switch {
	case err == nil:
		h.settle(e)
		return nil
	case refusal(err):
		return h.refuse(ctx, e, err)
	}
	return err
}

// short cuts words to what an entry holds.
func short(s string) string {
	const most = 500
	if len(s) > most {
		s = s[:most] + "…"
	}
	return s
}

// instrument records one instrument of the register. Its signatures are its authority: the headquarters only brings it.
func (h *followedHQ) instrument(ctx context.Context, e journal.Entry) error {
	var i agreement.Instrument
	if err := json.Unmarshal(e.Public, &i); err != nil {
		return h.refuse(ctx, e, &marz.Error{Code: marz.Invalid, Op: "read instrument", Fix: "it is malformed"})
	}
	_, err := h.p.recordInstruments(ctx, []agreement.Instrument{i}, func(n *node, recorded []marz.Seq) error {
		return h.followed(n, followedDone, "", recorded, e)
	})
	return h.conclude(ctx, e, err)
}

// officer makes an officer known whom the headquarters posts here, or ends his access when it takes that back. It is believed about officers of its own authority alone, and only when that authority's own key has said whose
// journal it is: what is read by a key in post.toml could be anybody's who sets up this post. Until then it waits.
func (h *followedHQ) officer(ctx context.Context, e journal.Entry) error {
	me := h.p.journal.Origin()
	r := h.released(e)
	if r == nil { // a release that cannot be, or an end of one
		if _, err := release.Parse(e); err != nil {
			return h.refuse(ctx, e, err)
		}
		h.settle(e) // an end of what was never given out
		return nil
	}
	switch {
	case !h.concerns(e, r):
		h.settle(e)
		return nil
	case !h.isVouched():
		return nil
	case r.Officer.Officer.Authority() != h.conf.Authority:
		return h.refuse(ctx, e, &marz.Error{Code: marz.Forbidden, Op: "post officer", Subject: string(r.Officer.Officer), Fix: fmt.Sprintf("the headquarters of %s is believed about its own officers alone", h.conf.Authority)})
	case e.Kind == release.KindRecalled:
		return h.unpost(ctx, e, r)
	case !r.Reaches(me): // it was taken back before it could be acted on
		return h.pass(ctx, e)
	}
	return h.post(ctx, e, r)
}

func (h *followedHQ) isVouched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.vouched
}

// pass says of an entry that there is nothing to do about it any more.
func (h *followedHQ) pass(ctx context.Context, e journal.Entry) error {
	err := h.p.node(ctx, func(n *node) error { return h.followed(n, followedSuperseded, "", nil, e) })
	if err == nil {
		h.settle(e)
	}
	return err
}

// post makes an officer known, with his passkey where that is bound to this post's name, or else with an invitation to make one.
func (h *followedHQ) post(ctx context.Context, e journal.Entry, r *release.Release) error {
	payload, err := h.f.Payload(ctx, r.Seq)
	if marz.CodeOf(err) == marz.NotFound {
		return h.refuse(ctx, e, err)
	}
	if err != nil {
		return err
	}
	var who release.Person
	if err := json.Unmarshal(payload, &who); err != nil || who.Name == "" || len(who.Name) > 200 {
		return h.refuse(ctx, e, &marz.Error{Code: marz.Invalid, Op: "post officer", Subject: string(r.Officer.Officer), Fix: "what says who he is cannot be read"})
	}
	err = h.p.node(ctx, func(n *node) error {
		seq := n.Next()
		if err := h.appendOfficer(n, r, &who); err != nil {
			return err
		}
		return h.followed(n, followedDone, "", []marz.Seq{seq}, e)
	})
	return h.conclude(ctx, e, err)
}

func (h *followedHQ) appendOfficer(n *node, r *release.Release, who *release.Person) error {
	o := r.Officer
	from := &fromHQ{HQ: h.conf.HQ, Authority: h.conf.Authority, Seq: r.Seq}
	bad := func(fix string) error {
		return &marz.Error{Code: marz.Invalid, Op: "post officer", Subject: string(o.Officer), Fix: fix}
	}
	switch {
	case who.Credential != "" && o.Host == h.p.config.Host:
		var c passkey.Credential
		if err := json.Unmarshal(who.Record, &c); err != nil || c.Officer != o.Officer || hex.EncodeToString(c.ID) != who.Credential {
			return bad("the passkey that is given is not his")
		}
		if _, err := c.PublicKey(); err != nil {
			return bad("the passkey that is given cannot be read")
		}
		var others int
		if err := n.QueryRow(`SELECT count(*) FROM s_passkey WHERE id = ? AND officer <> ?`, who.Credential, o.Officer).Scan(&others); err != nil {
			return err
		}
		if others > 0 {
			return bad("the passkey that is given is another officer's")
		}
		return n.append(KindEnrolled, enrolledEntry{Officer: o.Officer, Role: o.Role, Method: methodPosted, From: from}, credentialPrivate{Name: who.Name, Credential: who.Credential, Record: who.Record})
	case o.Code != "" && o.Expires > n.Now():
		return n.append(KindInvited, invitedEntry{Officer: o.Officer, Role: o.Role, Code: o.Code, Expires: o.Expires, From: from}, invitedPrivate{who.Name})
	}
	return bad(fmt.Sprintf("he has no passkey for %s, and no invitation that still holds; post him anew with marz hq officer post", h.p.config.Host))
}

// methodPosted is how an officer is enrolled whom his headquarters posts.
const methodPosted = "headquarters"

// unpost ends the access of an officer whose posting is taken back, if he is here by that posting.
func (h *followedHQ) unpost(ctx context.Context, e journal.Entry, r *release.Release) error {
	err := h.p.node(ctx, func(n *node) error {
		var here int
		if err := n.QueryRow(`SELECT count(*) FROM s_posted WHERE officer = ? AND hq = ? AND seq = ?`, r.Officer.Officer, h.conf.HQ, r.Seq).Scan(&here); err != nil {
			return err
		}
		if here == 0 {
			return h.followed(n, followedSuperseded, "", nil, e)
		}
		seq := n.Next()
		if err := n.append(KindDismissed, dismissedEntry{r.Officer.Officer}, nil); err != nil {
			return err
		}
		return h.followed(n, followedDone, "", []marz.Seq{seq}, e)
	})
	if err == nil {
		h.settle(e)
	}
	return err
}
