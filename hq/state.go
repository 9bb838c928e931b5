package hq

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"marz"
	"marz/agreement"
	"marz/hq/nation"
	"marz/journal"
	"marz/passkey"
	"marz/program"
	"marz/release"
)

// state is the fold over the headquarters' own journal. The ledger writes it, one entry after another; everybody reads it.
type state struct {
	mu          sync.RWMutex // guards all below
	described   *describedEntry
	nodes       []Enrolled // in the order in which they were enrolled
	officers    map[marz.OfficerID]*officer
	invitations map[string]*invitation  // by digest of the code
	passkeys    map[string]*credential  // by hex ID
	sessions    map[string]*session     // by digest of the cookie; those of the last day
	refused     map[string]marz.Instant // when an attempt was last noted, by officer and action
	history     *agreement.History      // of the register
	recorded    map[string]bool         // digests of the instruments in it
	signatures  map[marz.Seq][]string   // of each instrument
	register    *agreement.Register     // nil: to be made anew
	keeping     keeping                 // own payloads, and how long they stay
	programs    programs                // other programs, and their requests
	releases    release.State           // what was given out to posts
	searches    []searched              // the newest questions about people, in order
	swept       marz.Instant            // when sessions that are over were last dropped
}

type officer struct {
	id       marz.OfficerID
	role     marz.Role
	name     string
	named    marz.Seq     // the entry beside which the name stands
	enrolled marz.Instant // 0: invited, or dismissed
}

type invitation struct {
	officer marz.OfficerID
	expires marz.Instant
	used    bool
}

type credential struct {
	officer marz.OfficerID
	record  passkey.Credential
}

type session struct {
	officer marz.OfficerID
	opened  marz.Instant
	ended   marz.Instant
	why     string
}

func newState() *state {
	return &state{officers: map[marz.OfficerID]*officer{}, invitations: map[string]*invitation{}, passkeys: map[string]*credential{}, sessions: map[string]*session{},
		refused: map[string]marz.Instant{}, recorded: map[string]bool{}, signatures: map[marz.Seq][]string{}, programs: newPrograms(), keeping: newKeeping()}
}

// sessionLife is longer than any shift and shorter than two.
const sessionLife = 14 * time.Hour

// apply folds one entry. It depends on nothing but what it is given and what was folded before.
func (s *state) apply(e journal.Entry, payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(e.At)
	s.releases.Fold(e)
	if fold := folds[e.Kind]; fold != nil {
		if err := fold(s, e, payload); err != nil {
			return err
		}
	}
	return s.keeping.fold(e)
}

var folds = map[string]func(*state, journal.Entry, []byte) error{
	KindDescribed:  foldDescribed,
	KindNode:       foldNode,
	KindNodeGone:   foldNodeGone,
	KindAgreement:  foldInstrument,
	KindStatement:  foldInstrument,
	KindReport:     foldInstrument,
	KindCommission: foldInstrument,
	KindInvited:    foldInvited,
	KindEnrolled:   foldEnrolled,
	KindDismissed:  foldDismissed,
	KindSignedIn:   foldSignedIn,
	KindSignedOut:  foldSignedOut,
	KindRefusedAct: foldRefused,

	journal.KindErased: foldErased,

	program.KindAccepted:  foldProgramAccepted,
	program.KindDismissed: foldProgramDismissed,
	program.KindActed:     foldProgramActed,

	nation.KindSearched: foldSearched,
}

// sweep forgets sessions and attempts that are long over, so that memory holds those of a day.
func (s *state) sweep(now marz.Instant) {
	if now.Sub(s.swept) < time.Hour {
		return
	}
	s.swept = now
	s.programs.sweep(now)
	maps.DeleteFunc(s.sessions, func(_ string, v *session) bool { return now.Sub(v.opened) > sessionLife+10*time.Hour })
	maps.DeleteFunc(s.refused, func(_ string, at marz.Instant) bool { return now.Sub(at) > time.Hour })
}

func foldDescribed(s *state, e journal.Entry, _ []byte) error {
	var d describedEntry
	if err := e.Read(nil, &d, nil); err != nil {
		return err
	}
	s.described = &d
	s.history, s.register = agreement.NewHistory(agreement.Ground{Authorities: d.Authorities, Places: d.Places, Blocs: d.Blocs}), nil
	return nil
}

func foldNode(s *state, e journal.Entry, _ []byte) error {
	n := Enrolled{Since: e.At, Seq: e.Seq}
	if err := e.Read(nil, &n.Node, nil); err != nil {
		return err
	}
	s.nodes = append(slices.DeleteFunc(slices.Clone(s.nodes), func(o Enrolled) bool { return o.Origin == n.Origin }), n)
	return nil
}

func foldNodeGone(s *state, e journal.Entry, _ []byte) error {
	var g nodeGoneEntry
	if err := e.Read(nil, &g, nil); err != nil {
		return err
	}
	s.nodes = slices.Clone(s.nodes)
	for i := range s.nodes {
		if s.nodes[i].Origin == g.Origin {
			s.nodes[i].Gone = e.At
		}
	}
	return nil
}

func foldInstrument(s *state, e journal.Entry, _ []byte) error {
	var i agreement.Instrument
	if err := e.Read(nil, &i, nil); err != nil {
		return err
	}
	event := i.Event()
	event.Seq, event.At = e.Seq, e.At
	s.history.Add(event)
	s.recorded[i.Digest()], s.signatures[e.Seq], s.register = true, i.Signatures, nil
	return nil
}

// now returns the register as it is known. It is made when it is first asked for after an instrument, so that a long journal is folded once.
func (s *state) now() (*agreement.Register, error) {
	s.mu.RLock()
	r := s.register
	s.mu.RUnlock()
	if r != nil {
		return r, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.register != nil {
		return s.register, nil
	}
	r, err := s.history.Register()
	if err == nil {
		s.register = r
	}
	return r, err
}

func foldInvited(s *state, e journal.Entry, payload []byte) error {
	var in invitedEntry
	var who invitedPrivate
	if err := e.Read(payload, &in, &who); err != nil {
		return err
	}
	o := s.officers[in.Officer]
	if o == nil {
		o = &officer{id: in.Officer}
		s.officers[in.Officer] = o
	}
	o.role, o.name, o.named = in.Role, who.Name, e.Seq
	s.invitations[in.Code] = &invitation{officer: in.Officer, expires: in.Expires}
	return nil
}

func foldEnrolled(s *state, e journal.Entry, payload []byte) error {
	var en enrolledEntry
	var c credentialPrivate
	if err := e.Read(payload, &en, &c); err != nil {
		return err
	}
	if o := s.officers[en.Officer]; o != nil {
		o.enrolled = e.At
	}
	if i := s.invitations[en.Code]; i != nil {
		i.used = true
	}
	return s.keep(en.Officer, c)
}

// keep notes a passkey, or how far its counter has moved on. One that was erased is gone.
func (s *state) keep(of marz.OfficerID, c credentialPrivate) error {
	if c.Credential == "" {
		return nil
	}
	k := &credential{officer: of}
	if err := json.Unmarshal(c.Record, &k.record); err != nil {
		return &marz.Error{Op: "fold passkey", Err: err}
	}
	s.passkeys[c.Credential] = k
	return nil
}

func foldDismissed(s *state, e journal.Entry, _ []byte) error {
	var d officerEntry
	if err := e.Read(nil, &d, nil); err != nil {
		return err
	}
	if o := s.officers[d.Officer]; o != nil {
		o.enrolled = 0
	}
	for _, v := range s.sessions {
		if v.officer == d.Officer && v.ended == 0 {
			v.ended, v.why = e.At, "dismissed by "+string(e.Officer)
		}
	}
	maps.DeleteFunc(s.passkeys, func(_ string, k *credential) bool { return k.officer == d.Officer })
	maps.DeleteFunc(s.invitations, func(_ string, i *invitation) bool { return i.officer == d.Officer && !i.used })
	return nil
}

// foldErased forgets the names that are erased, as a node does that folds the journal anew.
func foldErased(s *state, e journal.Entry, _ []byte) error {
	var gone journal.Erased
	if err := e.Read(nil, &gone, nil); err != nil {
		return err
	}
	for _, o := range s.officers {
		if slices.Contains(gone.Seqs, o.named) {
			o.name = ""
		}
	}
	return nil
}

func foldSignedIn(s *state, e journal.Entry, payload []byte) error {
	var in sessionEntry
	var c credentialPrivate
	if err := e.Read(payload, &in, &c); err != nil {
		return err
	}
	s.sessions[in.Session] = &session{officer: in.Officer, opened: e.At}
	if s.passkeys[c.Credential] == nil { // taken away since
		return nil
	}
	return s.keep(in.Officer, c)
}

func foldSignedOut(s *state, e journal.Entry, _ []byte) error {
	var out sessionEntry
	if err := e.Read(nil, &out, nil); err != nil {
		return err
	}
	if v := s.sessions[out.Session]; v != nil && v.ended == 0 {
		v.ended, v.why = e.At, out.Why
	}
	return nil
}

func foldRefused(s *state, e journal.Entry, _ []byte) error {
	var r refusedEntry
	if err := e.Read(nil, &r, nil); err != nil {
		return err
	}
	s.refused[string(r.Officer)+" "+string(r.Action)] = e.At
	return nil
}

// all lists the officers by number.
func (s *state) all() []officer {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]officer, 0, len(s.officers))
	for _, o := range s.officers {
		out = append(out, *o)
	}
	slices.SortFunc(out, func(a, b officer) int { return strings.Compare(string(a.id), string(b.id)) })
	return out
}

func foldSearched(s *state, e journal.Entry, _ []byte) error {
	var asks nation.Searched
	if err := e.Read(nil, &asks, nil); err != nil {
		return err
	}
	s.searches = append(s.searches, searched{e.Seq, e.At, e.Officer, asks.Reason, e.Under})
	if more := len(s.searches) - mostSearched; more > 0 {
		s.searches = slices.Delete(s.searches, 0, more)
	}
	return nil
}
