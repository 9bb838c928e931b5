package hq

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"marz"
	"marz/folder"
	"marz/hq/ledger"
	"marz/journal"
	"marz/passkey"
	"marz/web"
)

// Invite lets an officer of the authority make a passkey with a one-time link.
func (h *HQ) Invite(ctx context.Context, actor Actor, id marz.OfficerID, name string, role marz.Role) (*web.Invitation, error) {
	bad := func(code marz.Code, fix string) (*web.Invitation, error) {
		return nil, &marz.Error{Code: code, Op: "invite", Subject: string(id), Fix: fix}
	}
	if err := id.Validate(); err != nil {
		return nil, err
	}
	switch {
	case role != marz.RoleOfficer && role != marz.RoleSupervisor:
		return bad(marz.Invalid, "the role is officer or supervisor")
	case name == "" || len(name) > 200:
		return bad(marz.Invalid, "give the officer's name, in at most 200 bytes")
	case id.Authority() != h.config.Authority:
		return bad(marz.Forbidden, "this is the headquarters of "+string(h.config.Authority)+", whose officers alone work here")
	}
	code, err := folder.Secret(h.opts.Rand)
	if err != nil {
		return nil, err
	}
	inv := &web.Invitation{Officer: id, Link: h.config.origin() + "/enrol/" + code}
	err = h.act(ctx, actor, marz.ActEnrol, func(a *act) error {
		if o := h.officer(id); o != nil && o.enrolled != 0 {
			return &marz.Error{Code: marz.Conflict, Op: "invite", Subject: string(id), Fix: "this officer is enrolled already; to give him a new passkey, end his access first"}
		}
		inv.Expires = a.Now().Add(invitationLife)
		return a.append(KindInvited, invitedEntry{id, role, folder.Digest(code), inv.Expires}, invitedPrivate{name})
	})
	return inv, err
}

// officer returns what is known of one, or nil.
func (h *HQ) officer(id marz.OfficerID) *officer {
	h.state.mu.RLock()
	defer h.state.mu.RUnlock()
	if o := h.state.officers[id]; o != nil {
		known := *o
		return &known
	}
	return nil
}

// Invited returns the officer whom a code invites, or says why it does not.
func (h *HQ) Invited(code string) (passkey.User, marz.Role, error) {
	return h.invited(folder.Digest(code), h.now())
}

func (h *HQ) invited(digest string, now marz.Instant) (passkey.User, marz.Role, error) {
	s := h.state
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := s.invitations[digest]
	if i == nil || i.used || now >= i.expires {
		return passkey.User{}, "", &marz.Error{Code: marz.NotFound, Op: "enrol", Fix: "this invitation is unknown, used or older than a week; ask a supervisor for a new one"}
	}
	o := s.officers[i.officer]
	return passkey.User{Officer: o.id, Name: o.name, Credentials: s.credentialsOf(o.id)}, o.role, nil
}

func (s *state) credentialsOf(id marz.OfficerID) []passkey.Credential {
	var out []passkey.Credential
	for _, k := range s.passkeys {
		if k.officer == id {
			out = append(out, k.record)
		}
	}
	return out
}

// Enrol records the passkey that an invited officer has made.
func (h *HQ) Enrol(ctx context.Context, code string, c passkey.Credential) error {
	return h.node(ctx, func(n *nodeAct) error {
		u, role, err := h.invited(folder.Digest(code), n.Now())
		if err != nil {
			return err
		}
		if u.Officer != c.Officer {
			return &marz.Error{Code: marz.Invalid, Op: "enrol", Subject: string(u.Officer), Fix: "the passkey was made for another officer"}
		}
		return n.append(KindEnrolled, enrolledEntry{Officer: c.Officer, Role: role, Method: "passkey", Code: folder.Digest(code)}, credentialRecord(&c))
	})
}

func credentialRecord(c *passkey.Credential) credentialPrivate {
	record, _ := json.Marshal(c) // plain data
	return credentialPrivate{hex.EncodeToString(c.ID), record}
}

// Dismiss ends all access of an officer: sessions, passkeys and invitations. It is also what to do when a device is lost; a new invitation follows.
func (h *HQ) Dismiss(ctx context.Context, actor Actor, id marz.OfficerID) error {
	return h.act(ctx, actor, marz.ActEnrol, func(a *act) error {
		switch {
		case h.officer(id) == nil:
			return &marz.Error{Code: marz.NotFound, Op: "dismiss", Subject: fmt.Sprintf("%.60q", id), Fix: "this headquarters knows no such officer"}
		case id == actor.Officer:
			return &marz.Error{Code: marz.Conflict, Op: "dismiss", Subject: string(id), Fix: "nobody dismisses himself; another supervisor can"}
		}
		return a.append(KindDismissed, officerEntry{id}, nil)
	})
}

// credentialOwner finds whose passkey signed in.
func (h *HQ) credentialOwner(id, _ []byte) (passkey.User, error) {
	s := h.state
	s.mu.RLock()
	defer s.mu.RUnlock()
	k := s.passkeys[hex.EncodeToString(id)]
	if k == nil || s.officers[k.officer] == nil {
		return passkey.User{}, &marz.Error{Code: marz.NotFound, Op: "sign in", Fix: "this passkey is not enrolled at this headquarters"}
	}
	return passkey.User{Officer: k.officer, Name: s.officers[k.officer].name, Credentials: s.credentialsOf(k.officer)}, nil
}

// signIn opens a session for an officer who has shown who he is.
func (h *HQ) signIn(ctx context.Context, id marz.OfficerID, c *passkey.Credential) (secret string, err error) {
	if secret, err = folder.Secret(h.opts.Rand); err != nil {
		return "", err
	}
	err = h.ledger.Update(ctx, func(tx *ledger.Tx) error {
		if o := h.officer(id); o == nil || o.enrolled == 0 {
			return &marz.Error{Code: marz.Unauthenticated, Op: "sign in", Subject: string(id), Fix: "this officer is not enrolled here; ask a supervisor for an invitation"}
		}
		_, err := tx.Append(journal.Draft{Kind: KindSignedIn, Officer: id, Authority: id.Authority(), Under: OwnHouse, Policy: h.Register().Policy(),
			Public: sessionEntry{Officer: id, Session: folder.Digest(secret), Method: "passkey"}, Private: credentialRecord(c)})
		return err
	})
	h.live.Changed()
	return secret, err
}

// SignOut ends a session.
func (h *HQ) SignOut(ctx context.Context, actor Actor) error {
	return h.act(ctx, actor, marz.ActReadJournal, func(a *act) error {
		return a.append(KindSignedOut, sessionEntry{Officer: actor.Officer, Session: actor.session, Why: "signed out"}, nil)
	})
}

// officerRows lists the officers for the page on which they are invited.
func (h *HQ) officerRows() []web.OfficerRow {
	by, _ := h.Register().Ground().Authority(h.config.Authority)
	var out []web.OfficerRow
	for _, o := range h.state.all() {
		r := web.OfficerRow{Officer: web.Officer{ID: o.id, Name: o.name, Role: o.role, Authority: by}, Enrolled: o.enrolled}
		h.state.mu.RLock()
		r.Passkeys = len(h.state.credentialsOf(o.id))
		for _, s := range h.state.sessions {
			r.SignedIn = r.SignedIn || s.officer == o.id && s.ended == 0 && h.now().Sub(s.opened) <= sessionLife
		}
		h.state.mu.RUnlock()
		out = append(out, r)
	}
	return out
}
