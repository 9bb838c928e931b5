package post

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"marz"
	"marz/agreement"
	"marz/folder"
	"marz/journal"
	"marz/passkey"
	"marz/program"
	"marz/transfer"
	"marz/web"
)

// invitationLife is how long an invited officer has to make his passkey.
const invitationLife = 7 * 24 * time.Hour

func (p *Post) random() io.Reader {
	if p.opts.Rand != nil {
		return p.opts.Rand
	}
	return rand.Reader
}

// Session returns who is signed in with a cookie's secret. ended says why a session that was open is not any more.
func (p *Post) Session(ctx context.Context, secret string) (actor Actor, ended string, err error) {
	actor.session = folder.Digest(secret)
	var why sql.NullString
	var end sql.NullInt64
	var opened marz.Instant
	err = p.journal.State().QueryRowContext(ctx, `SELECT s.officer, o.role, coalesce(o.name, ''), s.opened, s.ended, s.why
		FROM s_session s JOIN s_officer o ON o.id = s.officer WHERE s.hash = ?`, actor.session).Scan(&actor.Officer, &actor.Role, &actor.Name, &opened, &end, &why)
	if absent(err) {
		return Actor{}, "", &marz.Error{Code: marz.Unauthenticated, Op: "sign in", Fix: "nobody is signed in; sign in"}
	}
	if err != nil {
		return Actor{}, "", &marz.Error{Op: "read session", Err: err}
	}
	if end.Valid {
		return Actor{}, why.String, &marz.Error{Code: marz.Unauthenticated, Op: "sign in", Fix: sessionEnded + why.String}
	}
	if p.now().Sub(opened) > sessionLife {
		return Actor{}, tooOld, &marz.Error{Code: marz.Unauthenticated, Op: "sign in", Fix: tooOld}
	}
	return actor, "", nil
}

// openFor opens a session for an officer who has shown who he is, under the article that gives his authority anything here at all.
func (p *Post) openFor(ctx context.Context, officer marz.OfficerID, method string, credential *passkey.Credential) (secret string, actor Actor, err error) {
	if secret, err = folder.Secret(p.random()); err != nil {
		return "", Actor{}, err
	}
	var private any
	if credential != nil {
		private = credentialRecord(credential)
	}
	var refused agreement.Answer
	actor = Actor{Officer: officer, session: folder.Digest(secret)}
	err = p.change(ctx, func(tx *journal.Tx) error {
		if err := readOfficer(tx, &actor); err != nil {
			return err
		}
		register := p.register.Load()
		q := agreement.Question{Officer: officer, Role: actor.Role, Action: marz.ActReadJournal, Place: p.post.ID.Place(), At: tx.Now()}
		answer := register.May(q)
		if !answer.Allowed {
			refused = answer
			return answer.Err(q)
		}
		key, err := p.hangsOn(tx, credential, tx.Now())
		if marz.CodeOf(err) == marz.Forbidden {
			refused = agreement.Answer{Reason: "a passkey by another authority's invitation, that nobody commissioned"}
		}
		if err != nil {
			return err
		}
		_, err = tx.Append(journal.Draft{Kind: KindSignedIn, Officer: officer, Authority: officer.Authority(), Under: answer.Article, Policy: register.Policy(),
			Public: sessionEntry{Officer: officer, Session: actor.session, Method: method, Commissioned: key}, Private: private})
		return err
	})
	if marz.CodeOf(err) == marz.Forbidden && refused.Reason != "" {
		p.recordRefusal(ctx, actor, "sign-in", refused)
	}
	p.live.Changed()
	return secret, actor, err
}

func readOfficer(q querier, a *Actor) error {
	var enrolled sql.NullInt64
	err := q.QueryRow(`SELECT role, coalesce(name, ''), enrolled FROM s_officer WHERE id = ?`, a.Officer).Scan(&a.Role, &a.Name, &enrolled)
	if absent(err) || err == nil && !enrolled.Valid {
		return &marz.Error{Code: marz.Unauthenticated, Op: "sign in", Subject: string(a.Officer), Fix: "this officer is not enrolled here; ask a supervisor for an invitation"}
	}
	return err
}

// SignInExercise signs in an invented officer with one click. Only a post that was an exercise's from entry 0 does it.
func (p *Post) SignInExercise(ctx context.Context, officer marz.OfficerID) (string, Actor, error) {
	if !p.Exercise() {
		return "", Actor{}, &marz.Error{Code: marz.NotFound, Op: "sign in", Fix: "this is not an exercise: sign in with a passkey"}
	}
	return p.openFor(ctx, officer, "exercise", nil)
}

// SignOut ends a session and leaves the officer's lane. While an inspection is open there it is refused: decide or withdraw it first.
func (p *Post) SignOut(ctx context.Context, actor Actor) error {
	return p.act(ctx, actor, marz.ActReadJournal, func(a *act) error {
		lane, err := p.laneOf(a, actor.Officer)
		if err != nil {
			return err
		}
		if lane != nil {
			if err := a.closeSeat(lane, actor.Officer, "signed out"); err != nil {
				return err
			}
		}
		_, err = a.append(KindSignedOut, sessionEntry{Officer: actor.Officer, Session: actor.session, Why: "signed out"}, nil)
		return err
	})
}

// Invite lets an officer make a passkey with a one-time link. A supervisor invites officers of his own authority and, where a transfer of the post is planned, the first
// supervisor of the authority that takes control, since nobody of that authority is there yet. A passkey that is made so opens nothing until that authority has
// commissioned it: whom the other side lets in, and with whose device, is not for the other side to say.
func (p *Post) Invite(ctx context.Context, actor Actor, o Officer) (*web.Invitation, error) {
	if err := o.ID.Validate(); err != nil {
		return nil, err
	}
	if program.Is(o.ID) {
		return nil, &marz.Error{Code: marz.Invalid, Op: "invite", Subject: string(o.ID), Fix: "numbers that begin with " + program.Prefix + " are those of programs; give another"}
	}
	if o.Role != marz.RoleOfficer && o.Role != marz.RoleSupervisor {
		return nil, &marz.Error{Code: marz.Invalid, Op: "invite", Subject: string(o.ID), Fix: "the role is officer or supervisor"}
	}
	if o.Name == "" || len(o.Name) > 200 {
		return nil, &marz.Error{Code: marz.Invalid, Op: "invite", Subject: string(o.ID), Fix: "give the officer's name, in at most 200 bytes"}
	}
	if o.ID.Authority() != actor.Officer.Authority() && (o.Role != marz.RoleSupervisor || !p.takesControl(o.ID.Authority())) {
		return nil, &marz.Error{Code: marz.Forbidden, Op: "invite", Subject: string(o.ID), Fix: "a supervisor invites officers of his own authority, " + string(actor.Officer.Authority())}
	}
	code, err := folder.Secret(p.random())
	if err != nil {
		return nil, err
	}
	inv := &web.Invitation{Officer: o.ID, Link: p.config.origins()[0] + "/enrol/" + code}
	err = p.act(ctx, actor, marz.ActEnrol, func(a *act) error {
		in, err := p.letIn(a, `o.id = ?`, o.ID)
		if err != nil {
			return err
		}
		if in {
			return &marz.Error{Code: marz.Conflict, Op: "invite", Subject: string(o.ID), Fix: "this officer is enrolled already; to give him a new passkey, end his access first"}
		}
		if o.ID.Authority() != a.own() {
			if err := p.isFirst(a, o.ID); err != nil {
				return err
			}
		}
		inv.Expires = a.Now().Add(invitationLife)
		_, err = a.append(KindInvited, invitedEntry{Officer: o.ID, Role: o.Role, Code: folder.Digest(code), Expires: inv.Expires}, invitedPrivate{o.Name})
		return err
	})
	return inv, err
}

// takesControl reports whether an authority is to take control of the post by a transfer that is planned or prepared.
func (p *Post) takesControl(authority marz.AuthorityID) bool {
	return slices.ContainsFunc(p.transfers().Open(), func(t *transfer.Transfer) bool { return t.Plan.To == authority }) ||
		slices.ContainsFunc(p.planned(p.now()), func(plan *transfer.Plan) bool { return plan.To == authority })
}

// isFirst refuses to invite for another authority once it has a supervisor here, who invites its officers.
func (p *Post) isFirst(q querier, officer marz.OfficerID) error {
	in, err := p.letIn(q, `o.authority = ? AND o.role = ?`, officer.Authority(), marz.RoleSupervisor)
	if err == nil && in {
		err = &marz.Error{Code: marz.Forbidden, Op: "invite", Subject: string(officer), Fix: string(officer.Authority()) + " has a supervisor here, who invites its officers"}
	}
	return err
}

// firstInvited are the authorities other than own whose first supervisor can be invited: they are to take control, and have none here.
func (p *Post) firstInvited(q querier, own marz.AuthorityID) (out []marz.AuthorityID, err error) {
	for _, a := range p.register.Load().Ground().Authorities {
		if a.ID == own || !p.takesControl(a.ID) {
			continue
		}
		switch err := p.isFirst(q, marz.OfficerID(a.ID+"/1")); {
		case err == nil:
			out = append(out, a.ID)
		case marz.CodeOf(err) != marz.Forbidden:
			return nil, err
		}
	}
	return out, nil
}

// Invited returns the officer whom a code invites, or says why it does not.
func (p *Post) Invited(ctx context.Context, code string) (passkey.User, marz.Role, error) {
	var u passkey.User
	var role marz.Role
	err := readInvitation(p.journal.State(), folder.Digest(code), p.now(), &u, &role)
	return u, role, err
}

func readInvitation(q querier, hash string, now marz.Instant, u *passkey.User, role *marz.Role) error {
	var expires marz.Instant
	var used sql.NullInt64
	err := q.QueryRow(`SELECT o.id, coalesce(o.name, ''), o.role, i.expires, i.used FROM s_invitation i JOIN s_officer o ON o.id = i.officer WHERE i.code = ?`, hash).
		Scan(&u.Officer, &u.Name, role, &expires, &used)
	if absent(err) || err == nil && (used.Valid || now >= expires) {
		return &marz.Error{Code: marz.NotFound, Op: "enrol", Fix: "this invitation is unknown, used or older than a week; ask a supervisor for a new one"}
	}
	if err != nil {
		return &marz.Error{Op: "read invitation", Err: err}
	}
	u.Credentials, err = credentials(q, u.Officer)
	return err
}

// Enrol records the passkey that an invited officer has made.
func (p *Post) Enrol(ctx context.Context, code string, c passkey.Credential) error {
	err := p.node(ctx, func(n *node) error {
		var u passkey.User
		var role marz.Role
		if err := readInvitation(n, folder.Digest(code), n.Now(), &u, &role); err != nil {
			return err
		}
		q := agreement.Question{Officer: u.Officer, Role: role, Action: marz.ActReadJournal, Place: p.post.ID.Place(), At: n.Now()}
		if err := p.register.Load().May(q).Err(q); err != nil {
			return err
		}
		if u.Officer != c.Officer {
			return &marz.Error{Code: marz.Invalid, Op: "enrol", Subject: string(u.Officer), Fix: "the passkey was made for another officer"}
		}
		return n.append(KindEnrolled, enrolledEntry{Officer: c.Officer, Role: role, Method: "passkey", Code: folder.Digest(code)}, credentialRecord(&c))
	})
	return err
}

// Dismiss ends all access of an officer of the supervisor's own authority: sessions, passkeys and invitations. It is also what to do when a
// device is lost; a new invitation follows.
func (p *Post) Dismiss(ctx context.Context, actor Actor, officer marz.OfficerID) error {
	return p.act(ctx, actor, marz.ActEnrol, func(a *act) error {
		var known int
		if err := a.QueryRow(`SELECT count(*) FROM s_officer WHERE id = ?`, officer).Scan(&known); err != nil {
			return err
		}
		switch {
		case known == 0:
			return &marz.Error{Code: marz.NotFound, Op: "dismiss", Subject: fmt.Sprintf("%.60q", officer), Fix: "this post knows no such officer"}
		case officer.Authority() != actor.Officer.Authority():
			return &marz.Error{Code: marz.Forbidden, Op: "dismiss", Subject: string(officer), Fix: "a supervisor dismisses officers of his own authority, " + string(actor.Officer.Authority())}
		case officer == actor.Officer:
			return &marz.Error{Code: marz.Conflict, Op: "dismiss", Subject: string(officer), Fix: "nobody dismisses himself; another supervisor can"}
		}
		_, err := a.append(KindDismissed, dismissedEntry{officer}, nil)
		return err
	})
}

func credentialRecord(c *passkey.Credential) credentialPrivate {
	record, _ := json.Marshal(c) // plain data
	return credentialPrivate{Credential: hex.EncodeToString(c.ID), Record: record}
}

func scanCredential(rows *sql.Rows) (passkey.Credential, error) {
	var c passkey.Credential
	var record string
	if err := rows.Scan(&record); err != nil {
		return c, err
	}
	return c, json.Unmarshal([]byte(record), &c)
}

func credentials(q querier, officer marz.OfficerID) ([]passkey.Credential, error) {
	return collect(q, scanCredential, `SELECT record FROM s_passkey WHERE officer = ? ORDER BY seq`, officer)
}

// credentialOwner finds whose passkey signed in.
func (p *Post) credentialOwner(id, _ []byte) (passkey.User, error) {
	var u passkey.User
	db := p.journal.State()
	err := db.QueryRow(`SELECT o.id, coalesce(o.name, '') FROM s_passkey k JOIN s_officer o ON o.id = k.officer WHERE k.id = ?`, hex.EncodeToString(id)).Scan(&u.Officer, &u.Name)
	if absent(err) {
		return u, &marz.Error{Code: marz.NotFound, Op: "sign in", Fix: "this passkey is not enrolled at this post"}
	}
	if err != nil {
		return u, err
	}
	u.Credentials, err = credentials(db, u.Officer)
	return u, err
}

// OfficerRows lists the officers of the actor's own authority.
func (p *Post) OfficerRows(ctx context.Context, actor Actor) ([]web.OfficerRow, error) {
	if err := p.may(actor, marz.ActEnrol); err != nil {
		return nil, err
	}
	return collect(p.journal.State(), func(rows *sql.Rows) (r web.OfficerRow, err error) {
		var enrolled sql.NullInt64
		err = rows.Scan(&r.ID, &r.Name, &r.Role, &enrolled, &r.Passkeys, &r.SignedIn)
		r.Enrolled = marz.Instant(enrolled.Int64)
		r.Authority = p.bodies[r.ID.Authority()]
		return r, err
	}, `SELECT id, coalesce(name, ''), role, enrolled, (SELECT count(*) FROM s_passkey k WHERE k.officer = o.id),
		EXISTS (SELECT 1 FROM s_session s WHERE s.officer = o.id AND s.ended IS NULL)
		FROM s_officer o WHERE authority = ? ORDER BY id`, actor.Officer.Authority())
}

// ExerciseOfficers lists the invented officers for one-click sign-in; none at a post that is no exercise's.
func (p *Post) ExerciseOfficers(ctx context.Context) ([]web.Officer, error) {
	if !p.Exercise() {
		return nil, nil
	}
	all, err := collect(p.journal.State(), func(rows *sql.Rows) (o web.Officer, err error) {
		err = rows.Scan(&o.ID, &o.Name, &o.Role)
		o.Authority = p.bodies[o.ID.Authority()]
		return o, err
	}, `SELECT id, coalesce(name, ''), role FROM s_officer WHERE enrolled IS NOT NULL ORDER BY authority, role DESC, id`)
	if err != nil || len(p.opts.Viewers) == 0 {
		return all, err
	}
	return slices.DeleteFunc(all, func(o web.Officer) bool { return !slices.Contains(p.opts.Viewers, o.ID) }), nil
}
