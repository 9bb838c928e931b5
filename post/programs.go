package post

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"marz"
	"marz/agreement"
	"marz/api"
	"marz/journal"
	"marz/web"
)

// The kinds of entry about other programs.
const (
	KindClientAccepted  = "client.accepted"  // a program may ask for things, for one authority
	KindClientDismissed = "client.dismissed" // it may not any more
	KindClientActed     = "client.acted"     // a request that changes something was carried out
)

// programActions are what a program can be accepted for. The register gives programs no other (marz/programs).
var programActions = []marz.Action{marz.ActReadJournal, marz.ActReadRecord, marz.ActManageLists}

// Bounds of an acceptance.
const (
	mostPrograms = 32  // of one authority
	mostDays     = 730 // for which one lasts
)

// requestLife is for how long the answer to a program's request is remembered. The fold goes by the instants of entries.
const requestLife = 30 * 24 * time.Hour

type clientEntry struct {
	Client  string         `json:"client"` // hex SHA-256 of its key's SubjectPublicKeyInfo
	Officer marz.OfficerID `json:"as"`     // under which number it stands in entries
	Purpose string         `json:"purpose"`
	Actions []marz.Action  `json:"actions"`
	Until   marz.Instant   `json:"until"`
}

type clientDismissedEntry struct {
	Client  string         `json:"client"`
	Officer marz.OfficerID `json:"as"`
}

// actedEntry stands in the transaction of what a program's request changed, so that the request is known again. Its digests are keyed.
type actedEntry struct {
	Operation string          `json:"operation"`
	Key       string          `json:"key"`
	Request   string          `json:"request"`
	Answer    json.RawMessage `json:"answer"`
}

const programTables = `
CREATE TABLE s_client (key TEXT NOT NULL, authority TEXT NOT NULL, officer TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL, at INTEGER NOT NULL, accepted_by TEXT NOT NULL,
	purpose TEXT NOT NULL, actions TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (key, authority)) STRICT;
CREATE TABLE s_request (officer TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, answer TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (officer, key)) STRICT, WITHOUT ROWID;
CREATE INDEX s_request_at ON s_request (at);`

func foldClientAccepted(f *journal.Fold, e journal.Entry, _ []byte) error {
	var c clientEntry
	if err := e.Read(nil, &c, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT OR REPLACE INTO s_client (key, authority, officer, seq, at, accepted_by, purpose, actions, until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.Client, e.Authority, c.Officer, e.Seq, e.At, e.Officer, c.Purpose, joined(c.Actions), c.Until)
}

func foldClientDismissed(f *journal.Fold, e journal.Entry, _ []byte) error {
	var c clientDismissedEntry
	if err := e.Read(nil, &c, nil); err != nil {
		return err
	}
	return f.Exec(`DELETE FROM s_client WHERE key = ? AND authority = ?`, c.Client, e.Authority)
}

// foldClientsEnded ends the acceptances of an authority that has no power here any more.
func foldClientsEnded(f *journal.Fold, authority marz.AuthorityID) error {
	return f.Exec(`DELETE FROM s_client WHERE authority = ?`, authority)
}

// foldClientActed keeps the answer. That the same program uses a key twice contradicts the table's primary key, and undoes the second change whole.
func foldClientActed(f *journal.Fold, e journal.Entry, _ []byte) error {
	var a actedEntry
	if err := e.Read(nil, &a, nil); err != nil {
		return err
	}
	if err := f.Exec(`DELETE FROM s_request WHERE at < ?`, e.At.Add(-requestLife)); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_request (officer, key, request, answer, at) VALUES (?, ?, ?, ?, ?)`, e.Officer, a.Key, a.Request, string(a.Answer), e.At)
}

// programRow is one authority's acceptance of a program.
type programRow struct {
	key       string
	authority marz.AuthorityID
	officer   marz.OfficerID // under which number it stands in entries
	seq       marz.Seq
	at        marz.Instant
	by        marz.OfficerID
	purpose   string
	actions   []marz.Action
	until     marz.Instant
}

func readPrograms(q querier, where string, args ...any) ([]programRow, error) {
	return collect(q, func(rows *sql.Rows) (c programRow, err error) {
		var actions string
		err = rows.Scan(&c.key, &c.authority, &c.officer, &c.seq, &c.at, &c.by, &c.purpose, &actions, &c.until)
		c.actions = split[marz.Action](actions)
		return c, err
	}, `SELECT key, authority, officer, seq, at, accepted_by, purpose, actions, until FROM s_client `+where+` ORDER BY seq`, args...)
}

// programPrefix begins the service numbers of programs, and of nobody else.
const programPrefix = "program-"

// programNumber is the number of a program in entries: its authority's, and half of its fingerprint.
func programNumber(authority marz.AuthorityID, key string) marz.OfficerID {
	return marz.OfficerID(string(authority) + "/" + programPrefix + key[:32])
}

// isProgram reports whether a number is one that programs have.
func isProgram(o marz.OfficerID) bool {
	_, number, _ := strings.Cut(string(o), "/")
	return strings.HasPrefix(number, programPrefix)
}

func checkFingerprint(op, key string) error {
	if b, err := hex.DecodeString(key); err != nil || len(b) != sha256.Size || key != strings.ToLower(key) {
		return &marz.Error{Code: marz.Invalid, Op: op, Fix: "give its fingerprint: 64 hexadecimal digits in small letters"}
	}
	return nil
}

// Acceptance is what a supervisor accepts a program for.
type Acceptance struct {
	Client  string        `json:"client"`  // hex SHA-256 of its key's SubjectPublicKeyInfo
	Purpose string        `json:"purpose"` // in words; it is public, and names nobody
	Actions []marz.Action `json:"actions"`
	Days    int           `json:"days"` // for how long
}

func (in *Acceptance) check() error {
	bad := func(fix string) error { return &marz.Error{Code: marz.Invalid, Op: "accept program", Fix: fix} }
	if err := checkFingerprint("accept program", in.Client); err != nil {
		return err
	}
	in.Purpose = strings.TrimSpace(in.Purpose)
	if in.Purpose == "" || len(in.Purpose) > 200 || strings.ContainsFunc(in.Purpose, func(r rune) bool { return r < ' ' || r == 0xfffd }) {
		return bad("say what for, in 1 to 200 bytes without line breaks; it is public, so name no person")
	}
	for i, a := range in.Actions {
		if !slices.Contains(programActions, a) || slices.Contains(in.Actions[:i], a) {
			return bad(fmt.Sprintf("programs are accepted for %v, each once, and for nothing that decides about a person; %.20q is none of them", programActions, a))
		}
	}
	if !slices.Contains(in.Actions, marz.ActReadJournal) {
		return bad("read-journal is the least that a program is accepted for; name it too")
	}
	if in.Days < 1 || in.Days > mostDays {
		return bad(fmt.Sprintf("give for how many days: 1 to %d", mostDays))
	}
	return nil
}

// AcceptProgram lets a program ask for things, for the supervisor's own authority. The same key again is another word about the same program: the newest counts.
func (p *Post) AcceptProgram(ctx context.Context, actor Actor, in Acceptance) error {
	return p.act(ctx, actor, marz.ActEnrol, func(a *act) error {
		if err := in.check(); err != nil {
			return err
		}
		held, err := readPrograms(a, `WHERE authority = ? AND key <> ?`, a.own(), in.Client)
		if err != nil {
			return err
		}
		if len(held) >= mostPrograms {
			return &marz.Error{Code: marz.Conflict, Op: "accept program", Fix: fmt.Sprintf("%s has %d already; dismiss those that are not needed", a.own(), len(held))}
		}
		_, err = a.append(KindClientAccepted, clientEntry{in.Client, programNumber(a.own(), in.Client), in.Purpose, in.Actions, a.Now().Add(time.Duration(in.Days) * 24 * time.Hour)}, nil)
		return err
	})
}

// DismissProgram ends it, for the supervisor's own authority.
func (p *Post) DismissProgram(ctx context.Context, actor Actor, key string) error {
	return p.act(ctx, actor, marz.ActEnrol, func(a *act) error {
		if err := checkFingerprint("dismiss program", key); err != nil {
			return err
		}
		held, err := readPrograms(a, `WHERE key = ? AND authority = ?`, key, a.own())
		if err != nil {
			return err
		}
		if len(held) == 0 {
			return &marz.Error{Code: marz.NotFound, Op: "dismiss program", Subject: fmt.Sprintf("%.16s…", key), Fix: string(a.own()) + " has not accepted such a program"}
		}
		_, err = a.append(KindClientDismissed, clientDismissedEntry{key, held[0].officer}, nil)
		return err
	})
}

// Program returns who a program acts as, by the key of its certificate, and the authority that it names where several have accepted it.
func (p *Post) Program(_ context.Context, key string, authority marz.AuthorityID) (Actor, error) {
	held, err := readPrograms(p.journal.State(), `WHERE key = ? AND (authority = ? OR ? = '')`, key, authority, authority)
	if err != nil {
		return Actor{}, &marz.Error{Op: "read programs", Err: err}
	}
	switch len(held) {
	case 0:
		return Actor{}, &marz.Error{Code: marz.Forbidden, Op: "program", Subject: key, Fix: "no supervisor has accepted a program with this fingerprint; compare it on the page Programs and accept it"}
	case 1:
		a := Actor{Officer: held[0].officer, Role: marz.RoleProgram, Name: held[0].purpose, program: &held[0]}
		return a, p.openProgram(p.journal.State(), a, p.now())
	}
	return Actor{}, &marz.Error{Code: marz.Invalid, Op: "program", Subject: key, Fix: "several authorities have accepted it: name the one for which it acts in the header " + api.HeaderAuthority}
}

// openProgram reports whether a program's acceptance still holds.
func (p *Post) openProgram(q querier, actor Actor, now marz.Instant) error {
	held, err := readPrograms(q, `WHERE officer = ? AND seq = ?`, actor.Officer, actor.program.seq)
	if err != nil {
		return err
	}
	if len(held) == 0 || held[0].until <= now {
		return &marz.Error{Code: marz.Forbidden, Op: "program", Subject: string(actor.Officer), Fix: "its acceptance has ended; a supervisor has to accept it anew"}
	}
	return nil
}

// mayNow asks the register, for a program after asking whether it was accepted for that.
func (p *Post) mayNow(actor Actor, q agreement.Question) agreement.Answer {
	if actor.program != nil && !slices.Contains(actor.program.actions, q.Action) {
		return agreement.Answer{Reason: fmt.Sprintf("%s has accepted this program for %s, and not for %s", actor.Officer.Authority(), joined(actor.program.actions), q.Action)}
	}
	return p.register.Load().May(q)
}

// acted keeps with an act that it was a program's request, and what was answered. It has to be in the transaction of the act's own entries.
func (a *act) acted(once api.Once, answer any) error {
	b, err := api.Encode(answer)
	if err != nil {
		return err
	}
	_, err = a.append(KindClientActed, actedEntry{once.Operation, once.Key, once.Request, b}, nil)
	return err
}

// requested returns the request that a program has had carried out under a key.
func (p *Post) requested(ctx context.Context, actor Actor, key string) (*api.Done, error) {
	var d api.Done
	var answer string
	err := p.journal.State().QueryRowContext(ctx, `SELECT request, answer FROM s_request WHERE officer = ? AND key = ?`, actor.Officer, key).Scan(&d.Request, &answer)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, &marz.Error{Op: "read requests", Err: err}
	}
	d.Answer = json.RawMessage(answer)
	return &d, nil
}

// Programs returns the programs that a supervisor's authority has accepted.
func (p *Post) Programs(actor Actor) (*web.ProgramsBody, error) {
	all, err := readPrograms(p.journal.State(), `WHERE authority = ?`, actor.Officer.Authority())
	if err != nil {
		return nil, &marz.Error{Op: "read programs", Err: err}
	}
	body := &web.ProgramsBody{Own: actor.Officer.Authority(), Listens: p.config.API, MostDays: mostDays}
	for _, c := range all {
		body.Programs = append(body.Programs, web.ProgramRow{Key: c.key, Officer: c.officer, Purpose: c.purpose, Actions: c.actions, At: c.at, By: c.by, Until: c.until, Ended: c.until <= p.now()})
	}
	return body, nil
}

func (p *Post) pagePrograms(q *request) error {
	body, err := p.Programs(q.actor)
	if err != nil {
		return err
	}
	return p.render(q, "programs", "Programs", *body)
}

func (p *Post) acceptProgram(q *request) error {
	var in Acceptance
	if err := q.read(&in); err != nil {
		return err
	}
	if err := p.AcceptProgram(q.Context(), q.actor, in); err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/programs"})
}

func (p *Post) dismissProgram(q *request) error {
	var in struct {
		Client string `json:"client"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	if err := p.DismissProgram(q.Context(), q.actor, in.Client); err != nil {
		return err
	}
	return q.json(map[string]string{"next": "/programs"})
}
