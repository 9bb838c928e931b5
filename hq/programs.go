package hq

import (
	"context"
	"maps"
	"slices"

	"marz"
	"marz/agreement"
	"marz/api"
	"marz/journal"
	"marz/program"
	"marz/web"
)

// programActions are what a program can be accepted for at a headquarters. Nothing about a person is among them: that is asked for by officers (HQ.Read, HQ.Search).
var programActions = []marz.Action{marz.ActReadJournal}

// programs is the fold over the entries about other programs.
type programs struct {
	held map[string]program.Program // by key; the headquarters' authority is the only one that accepts any
	done map[string]done            // by officer and idempotency key
}

// done is a request that was carried out.
type done struct {
	api.Done
	at marz.Instant
}

func newPrograms() programs {
	return programs{map[string]program.Program{}, map[string]done{}}
}

func foldProgramAccepted(s *state, e journal.Entry, _ []byte) error {
	c := program.Program{Authority: e.Authority, Seq: e.Seq, At: e.At, By: e.Officer}
	if err := e.Read(nil, &c.Accepted, nil); err != nil {
		return err
	}
	s.programs.held[c.Client] = c
	return nil
}

func foldProgramDismissed(s *state, e journal.Entry, _ []byte) error {
	var d program.Dismissed
	if err := e.Read(nil, &d, nil); err != nil {
		return err
	}
	delete(s.programs.held, d.Client)
	return nil
}

func foldProgramActed(s *state, e journal.Entry, _ []byte) error {
	var a program.Acted
	if err := e.Read(nil, &a, nil); err != nil {
		return err
	}
	s.programs.done[requestOf(e.Officer, a.Key)] = done{api.Done{Request: a.Request, Answer: a.Answer}, e.At}
	return nil
}

func requestOf(officer marz.OfficerID, key string) string { return string(officer) + " " + key }

// sweep forgets answers whose time is over.
func (p *programs) sweep(now marz.Instant) {
	maps.DeleteFunc(p.done, func(_ string, d done) bool { return now.Sub(d.at) > program.RequestLife })
}

// programList returns all that are accepted, in the order of their entries.
func (s *state) programList() []program.Program {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.SortedFunc(maps.Values(s.programs.held), func(a, b program.Program) int { return int(a.Seq - b.Seq) })
}

// programOf returns by what a key is accepted: one acceptance or none.
func (s *state) programOf(key string) []program.Program {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if c, ok := s.programs.held[key]; ok {
		return []program.Program{c}
	}
	return nil
}

// AcceptProgram lets a program ask for things. The same key again is another word about the same program: the newest counts.
func (h *HQ) AcceptProgram(ctx context.Context, actor Actor, in program.Acceptance) error {
	return h.act(ctx, actor, marz.ActEnrol, func(a *act) error {
		c, err := in.Accept(h.config.Authority, a.Now(), programActions, h.state.programList())
		if err != nil {
			return err
		}
		return a.append(program.KindAccepted, c, nil)
	})
}

// DismissProgram ends it.
func (h *HQ) DismissProgram(ctx context.Context, actor Actor, key string) error {
	return h.act(ctx, actor, marz.ActEnrol, func(a *act) error {
		d, err := program.Dismiss(h.config.Authority, key, h.state.programList())
		if err != nil {
			return err
		}
		return a.append(program.KindDismissed, d, nil)
	})
}

// Program returns who a program acts as, by the key of its certificate, as any node of the headquarters has recorded it.
func (h *HQ) Program(ctx context.Context, key string, authority marz.AuthorityID) (Actor, error) {
	if err := h.ledger.Refresh(ctx); err != nil {
		return Actor{}, err
	}
	held := h.state.programOf(key)
	if authority != "" && authority != h.config.Authority {
		held = nil
	}
	c, err := program.Which(key, held)
	if err != nil {
		return Actor{}, err
	}
	return Actor{Officer: c.Officer, Role: marz.RoleProgram, Name: c.Purpose, program: &c}, c.Open(h.now())
}

// openProgram reports whether the acceptance under which a program asks still holds.
func (s *state) openProgram(p *program.Program, now marz.Instant) error {
	if held := s.programOf(p.Client); len(held) == 0 || held[0].Seq != p.Seq {
		return p.Ended()
	}
	return p.Open(now)
}

// mayProgram reports why a program may not do something in the headquarters' own house. An attempt is an entry.
func (h *HQ) mayProgram(actor Actor, action marz.Action) error {
	err := h.mayHere(actor, action)
	if err != nil {
		h.recordRefusal(context.Background(), actor, action, err)
	}
	return err
}

// mayAt asks the register about a place for a program, as the place itself would.
func (h *HQ) mayAt(actor Actor, action marz.Action, place marz.PlaceID) error {
	q := agreement.Question{Officer: actor.Officer, Role: actor.Role, Action: action, Place: place, At: h.now()}
	return h.Register().May(q).Err(q)
}

// requested returns the request that a program has had carried out under a key, at whichever node.
func (h *HQ) requested(_ context.Context, actor Actor, key string) (*api.Done, error) {
	h.state.mu.RLock()
	defer h.state.mu.RUnlock()
	if d, ok := h.state.programs.done[requestOf(actor.Officer, key)]; ok && h.now().Sub(d.at) <= program.RequestLife {
		return &d.Done, nil
	}
	return nil, nil
}

// acted says in the append of an act that it was a program's request, and what was answered. Of two nodes that are asked at once the second appends after the first, and finds
// the request carried out: it is a conflict, and nothing of its act is written.
func (n *nodeAct) acted(ctx context.Context, actor Actor, once api.Once, answer any) error {
	if err := n.hq.state.openProgram(actor.program, n.Now()); err != nil {
		return err
	}
	if err := n.hq.mayHere(actor, marz.ActReadJournal); err != nil {
		return err
	}
	if d, err := n.hq.requested(ctx, actor, once.Key); d != nil || err != nil {
		return cmpErr(err, &marz.Error{Code: marz.Conflict, Op: once.Operation, Fix: "another node of the headquarters has carried this request out"})
	}
	done, err := program.Act(once, answer)
	if err != nil {
		return err
	}
	_, err = n.Append(journal.Draft{Kind: program.KindActed, Officer: actor.Officer, Authority: n.hq.config.Authority, Under: OwnHouse, Policy: n.hq.Register().Policy(), Public: done})
	return err
}

func (h *HQ) pagePrograms(q *request) error {
	return h.render(q, "programs", "Programs", web.ProgramsBody{Own: h.config.Authority, Listens: h.config.API, MostDays: program.MostDays,
		Choices: program.Choices(programActions), Programs: program.Rows(h.state.programList(), h.now())})
}

func (h *HQ) acceptProgram(q *request) error {
	var in program.Acceptance
	if err := q.read(&in); err != nil {
		return err
	}
	if err := h.AcceptProgram(q.Context(), q.actor, in); err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/programs"})
}

func (h *HQ) dismissProgram(q *request) error {
	var in struct {
		Client string `json:"client"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	if err := h.DismissProgram(q.Context(), q.actor, in.Client); err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/programs"})
}
