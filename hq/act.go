package hq

import (
	"context"
	"strconv"
	"time"

	"marz"
	"marz/agreement"
	"marz/folder"
	"marz/hq/ledger"
	"marz/journal"
	"marz/program"
)

// OwnHouse is Marz's own rule under which a headquarters runs. A headquarters is no place: no article gives or takes anything there, and what is done there touches no place.
// So an authority rules its own house: its officers, and the programs that it has accepted, see how far its mirrors are and read the public register and journal, and its supervisors let
// officers, programs and nodes in and end that, and say how long what stands beside its own entries is kept. The rule gives nothing at any post or section, and nothing about a person: that is asked of the register, as there (HQ.Read).
const OwnHouse marz.ArticleRef = "marz/own-house"

// ownHouseText says the rule on the register's page.
const ownHouseText = "an authority's officers and programs see their headquarters, and its supervisors let officers, programs and nodes in and say how long its own payloads are kept; it gives nothing at any place and nothing about a person"

// ownHouse are the roles that may do what.
var ownHouse = map[marz.Action][]marz.Role{
	marz.ActReadJournal: {marz.RoleOfficer, marz.RoleSupervisor, marz.RoleProgram},
	marz.ActEnrol:       {marz.RoleSupervisor},
	marz.ActErase:       {marz.RoleSupervisor},
	marz.ActSupervise:   {marz.RoleSupervisor},
}

// Actor is an officer with an open session, or a program that was accepted.
type Actor struct {
	Officer marz.OfficerID
	Role    marz.Role
	Name    string
	session string           // hex SHA-256 of the cookie
	program *program.Program // of a program, which has no session: its acceptance; nil for an officer
}

// mayHere reports why an actor may not do something in the headquarters' own house.
func (h *HQ) mayHere(actor Actor, action marz.Action) error {
	if actor.program != nil {
		if why := actor.program.Lacks(action); why != "" {
			return &marz.Error{Code: marz.Forbidden, Op: string(action), Subject: "at the headquarters", Fix: why}
		}
	}
	for _, r := range ownHouse[action] {
		if r == actor.Role && actor.Officer.Authority() == h.config.Authority {
			return nil
		}
	}
	return &marz.Error{Code: marz.Forbidden, Op: string(action), Subject: "at the headquarters", Fix: "a supervisor of " + string(h.config.Authority) + " can (" + string(OwnHouse) + ")"}
}

// act is one officer's act while it runs inside the ledger.
type act struct {
	*ledger.Tx
	hq    *HQ
	actor Actor
	under marz.ArticleRef
}

// append adds an entry of this act.
func (a *act) append(kind string, public, private any) error {
	_, err := a.Append(journal.Draft{Kind: kind, Officer: a.actor.Officer, Authority: a.actor.Officer.Authority(), Under: a.under, Policy: a.hq.Register().Policy(),
		Public: public, Private: private})
	return err
}

// act runs what an officer does in the headquarters' own house. What he may not is refused, and the refusal is an entry.
func (h *HQ) act(ctx context.Context, actor Actor, action marz.Action, do func(*act) error) error {
	return h.asked(ctx, actor, action, func(Actor, marz.Instant) (marz.ArticleRef, error) { return OwnHouse, h.mayHere(actor, action) }, do)
}

// asked runs an act after the question that stands before it, at the act's instant. may returns the article that allows it.
func (h *HQ) asked(ctx context.Context, actor Actor, action marz.Action, may func(Actor, marz.Instant) (marz.ArticleRef, error), do func(*act) error) error {
	var refused error
	err := h.ledger.Update(ctx, func(tx *ledger.Tx) error {
		refused = nil
		if err := h.openSession(&actor, tx.Now()); err != nil {
			return err
		}
		under, err := may(actor, tx.Now())
		if err != nil {
			refused = err
			return err
		}
		return do(&act{Tx: tx, hq: h, actor: actor, under: under})
	})
	if marz.CodeOf(refused) == marz.Forbidden {
		h.recordRefusal(ctx, actor, action, refused)
	}
	h.live.Changed()
	return err
}

// recordRefusal notes an attempt, the same one once a minute, so that nobody without power can fill the disk. That it cannot be noted is logged, and changes nothing for him
// who was refused.
func (h *HQ) recordRefusal(ctx context.Context, actor Actor, action marz.Action, why error) {
	err := h.node(ctx, func(n *nodeAct) error {
		h.state.mu.RLock()
		last, ok := h.state.refused[string(actor.Officer)+" "+string(action)]
		h.state.mu.RUnlock()
		if ok && n.Now().Sub(last) < time.Minute {
			return nil
		}
		return n.append(KindRefusedAct, refusedEntry{actor.Officer, action, why.Error()}, nil)
	})
	if err != nil {
		h.opts.Log.Error("a refused act could not be recorded", "err", err)
	}
}

// nodeAct is an act of the node itself: of who owns its folder, or by what is signed.
type nodeAct struct {
	*ledger.Tx
	hq *HQ
}

func (n *nodeAct) append(kind string, public, private any) error {
	_, err := n.Append(journal.Draft{Kind: kind, Authority: n.hq.config.Authority, Under: OwnHouse, Policy: n.hq.Register().Policy(), Public: public, Private: private})
	return err
}

func (h *HQ) node(ctx context.Context, do func(*nodeAct) error) error {
	err := h.ledger.Update(ctx, func(tx *ledger.Tx) error { return do(&nodeAct{tx, h}) })
	h.live.Changed()
	return err
}

// Session returns who is signed in with a cookie's secret. ended says why a session that was open is not any more.
func (h *HQ) Session(secret string) (actor Actor, ended string, err error) {
	actor.session = folder.Digest(secret)
	s := h.state
	s.mu.RLock()
	v := s.sessions[actor.session]
	if v != nil {
		actor.Officer = v.officer
		if v.ended != 0 {
			ended = v.why
		}
	}
	s.mu.RUnlock()
	if err := h.openSession(&actor, h.now()); err != nil {
		return Actor{}, ended, err
	}
	return actor, "", nil
}

const tooOld = "this session is older than a shift; sign in again"

// sessionEnded begins the words on a session that was ended, before why.
const sessionEnded = "this session has ended: "

// openSession reports whether the actor's session is open at an instant, and fills in who he is now.
func (h *HQ) openSession(actor *Actor, now marz.Instant) error {
	s := h.state
	s.mu.RLock()
	defer s.mu.RUnlock()
	bad := func(fix string) error {
		return &marz.Error{Code: marz.Unauthenticated, Op: "act", Fix: fix}
	}
	v := s.sessions[actor.session]
	switch {
	case v == nil || v.officer != actor.Officer:
		return bad("nobody is signed in; sign in")
	case v.ended != 0:
		return bad(sessionEnded + v.why)
	case now.Sub(v.opened) > sessionLife:
		return bad(tooOld)
	}
	o := s.officers[actor.Officer]
	if o == nil || o.enrolled == 0 {
		return bad("this officer is not enrolled here any more")
	}
	actor.Role, actor.Name = o.role, o.name
	return nil
}

// Subject is what is about a person in a mirrored journal: an entry, at a place, that somebody owns.
type Subject struct {
	Origin marz.Origin // of the journal
	Entry  marz.Seq
	Place  marz.PlaceID
	Record agreement.Record
}

// Read lets an officer read what is about a person in a mirrored journal. It asks what the post would ask: whether an article lets the officer read such a record at its place
// (read-record, with the record's owner). That he reads is an entry, under that article, before give is called with the
// fields that the articles open.
func (h *HQ) Read(ctx context.Context, actor Actor, what Subject, reason, note string, give func(fields []marz.Field) error) error {
	if reason == "" || len(reason) > 60 || len(note) > 1000 {
		return &marz.Error{Code: marz.Invalid, Op: "read record", Subject: string(what.Origin) + " " + strconv.FormatInt(int64(what.Entry), 10), Fix: "choose a reason, and a remark of at most 1,000 bytes"}
	}
	var fields []marz.Field
	may := func(actor Actor, now marz.Instant) (marz.ArticleRef, error) {
		if err := h.mayHere(actor, marz.ActReadJournal); err != nil {
			return "", err
		}
		q := agreement.Question{Officer: actor.Officer, Role: actor.Role, Action: marz.ActReadRecord, Place: what.Place, At: now, Record: &what.Record}
		var articles []marz.ArticleRef
		if fields, articles = h.Register().Fields(q); len(fields) > 0 {
			return articles[0], nil
		}
		if err := h.Register().May(q).Err(q); err != nil {
			return "", err
		}
		return "", &marz.Error{Code: marz.Forbidden, Op: string(q.Action), Subject: "at " + string(q.Place), Fix: "no article in force opens any part of it to " + string(h.config.Authority)}
	}
	err := h.asked(ctx, actor, marz.ActReadRecord, may, func(a *act) error {
		e := readEntry{Origin: what.Origin, Entry: what.Entry, Reason: reason}
		if len(what.Record.Owners) != 1 || what.Record.Owners[0] != h.config.Authority { // who owns it sees what was shown
			e.Owners, e.Fields = what.Record.Owners, fields
		}
		return a.append(KindRead, e, readPrivate{note})
	})
	if err != nil {
		return err
	}
	return give(fields)
}
