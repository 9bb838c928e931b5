package post

import (
	"context"
	"database/sql"
	"encoding/json"

	"marz"
	"marz/agreement"
	"marz/api"
	"marz/journal"
	"marz/program"
	"marz/web"
)

const programTables = `
CREATE TABLE s_client (key TEXT NOT NULL, authority TEXT NOT NULL, officer TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL, at INTEGER NOT NULL, accepted_by TEXT NOT NULL,
	purpose TEXT NOT NULL, actions TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (key, authority)) STRICT;
CREATE TABLE s_request (officer TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, answer TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (officer, key)) STRICT, WITHOUT ROWID;
CREATE INDEX s_request_at ON s_request (at);`

func foldClientAccepted(f *journal.Fold, e journal.Entry, _ []byte) error {
	var c program.Accepted
	if err := e.Read(nil, &c, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT OR REPLACE INTO s_client (key, authority, officer, seq, at, accepted_by, purpose, actions, until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.Client, e.Authority, c.Officer, e.Seq, e.At, e.Officer, c.Purpose, joined(c.Actions), c.Until)
}

func foldClientDismissed(f *journal.Fold, e journal.Entry, _ []byte) error {
	var c program.Dismissed
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
	var a program.Acted
	if err := e.Read(nil, &a, nil); err != nil {
		return err
	}
	if err := f.Exec(`DELETE FROM s_request WHERE at < ?`, e.At.Add(-program.RequestLife)); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_request (officer, key, request, answer, at) VALUES (?, ?, ?, ?, ?)`, e.Officer, a.Key, a.Request, string(a.Answer), e.At)
}

func readPrograms(q querier, where string, args ...any) ([]program.Program, error) {
	return collect(q, func(rows *sql.Rows) (c program.Program, err error) {
		var actions string
		err = rows.Scan(&c.Client, &c.Authority, &c.Officer, &c.Seq, &c.At, &c.By, &c.Purpose, &actions, &c.Until)
		c.Actions = split[marz.Action](actions)
		return c, err
	}, `SELECT key, authority, officer, seq, at, accepted_by, purpose, actions, until FROM s_client `+where+` ORDER BY seq`, args...)
}

// AcceptProgram lets a program ask for things, for the supervisor's own authority. The same key again is another word about the same program: the newest counts.
func (p *Post) AcceptProgram(ctx context.Context, actor Actor, in program.Acceptance) error {
	return p.act(ctx, actor, marz.ActEnrol, func(a *act) error {
		held, err := readPrograms(a, `WHERE authority = ?`, a.own())
		if err != nil {
			return err
		}
		c, err := in.Accept(a.own(), a.Now(), program.Actions, held)
		if err == nil {
			_, err = a.append(program.KindAccepted, c, nil)
		}
		return err
	})
}

// DismissProgram ends it, for the supervisor's own authority.
func (p *Post) DismissProgram(ctx context.Context, actor Actor, key string) error {
	return p.act(ctx, actor, marz.ActEnrol, func(a *act) error {
		held, err := readPrograms(a, `WHERE authority = ?`, a.own())
		if err != nil {
			return err
		}
		d, err := program.Dismiss(a.own(), key, held)
		if err == nil {
			_, err = a.append(program.KindDismissed, d, nil)
		}
		return err
	})
}

// Program returns who a program acts as, by the key of its certificate, and the authority that it names where several have accepted it.
func (p *Post) Program(_ context.Context, key string, authority marz.AuthorityID) (Actor, error) {
	held, err := readPrograms(p.journal.State(), `WHERE key = ? AND (authority = ? OR ? = '')`, key, authority, authority)
	if err != nil {
		return Actor{}, &marz.Error{Op: "read programs", Err: err}
	}
	c, err := program.Which(key, held)
	if err != nil {
		return Actor{}, err
	}
	return Actor{Officer: c.Officer, Role: marz.RoleProgram, Name: c.Purpose, program: &c}, c.Open(p.now())
}

// openProgram reports whether a program's acceptance still holds.
func (p *Post) openProgram(q querier, actor Actor, now marz.Instant) error {
	held, err := readPrograms(q, `WHERE officer = ? AND seq = ?`, actor.Officer, actor.program.Seq)
	if err != nil {
		return err
	}
	if len(held) == 0 {
		return actor.program.Ended()
	}
	return held[0].Open(now)
}

// mayNow asks the register, for a program after asking whether it was accepted for that.
func (p *Post) mayNow(actor Actor, q agreement.Question) agreement.Answer {
	if actor.program != nil {
		if why := actor.program.Lacks(q.Action); why != "" {
			return agreement.Answer{Reason: why}
		}
	}
	return p.register.Load().May(q)
}

// acted keeps with an act that it was a program's request, and what was answered. It has to be in the transaction of the act's own entries.
func (a *act) acted(once api.Once, answer any) error {
	done, err := program.Act(once, answer)
	if err == nil {
		_, err = a.append(program.KindActed, done, nil)
	}
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
	return &web.ProgramsBody{Own: actor.Officer.Authority(), Listens: p.config.API, MostDays: program.MostDays, Choices: program.Choices(program.Actions), Programs: program.Rows(all, p.now())}, nil
}

func (p *Post) pagePrograms(q *request) error {
	body, err := p.Programs(q.actor)
	if err != nil {
		return err
	}
	return p.render(q, "programs", "Programs", *body)
}

func (p *Post) acceptProgram(q *request) error {
	var in program.Acceptance
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
