// Package program is what nodes of any kind hold of other programs: the entries by which a supervisor lets one in and ends that, and by which a request that changes something is carried out once.
//
// It promises: a program is known by its key alone, acts for one authority under a number that is no officer's, and has nothing that a supervisor has not named. It asks nobody for an article: that is the node's, for every act.
package program

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"marz"
	"marz/api"
	"marz/web"
)

// The kinds of entry about other programs.
const (
	KindAccepted  = "client.accepted"  // a program may ask for things, for one authority
	KindDismissed = "client.dismissed" // it may not any more
	KindActed     = "client.acted"     // a request that changes something was carried out
)

// Actions are what a program can be accepted for. The register gives programs no other (marz/programs).
var Actions = []marz.Action{marz.ActReadJournal, marz.ActReadRecord, marz.ActManageLists}

// Bounds of an acceptance.
const (
	most     = 32  // of one authority
	MostDays = 730 // for which one lasts
)

// RequestLife is for how long the answer to a program's request is remembered. Folds go by the instants of entries.
const RequestLife = 30 * 24 * time.Hour

// Accepted is the public part of KindAccepted.
type Accepted struct {
	Client  string         `json:"client"` // hex SHA-256 of its key's SubjectPublicKeyInfo
	Officer marz.OfficerID `json:"as"`     // under which number it stands in entries
	Purpose string         `json:"purpose"`
	Actions []marz.Action  `json:"actions"`
	Until   marz.Instant   `json:"until"`
}

// Dismissed is the public part of KindDismissed.
type Dismissed struct {
	Client  string         `json:"client"`
	Officer marz.OfficerID `json:"as"`
}

// Acted is the public part of KindActed. It stands in the transaction of what a program's request changed, so that the request is known again. Its digests are keyed.
type Acted struct {
	Operation string          `json:"operation"`
	Key       string          `json:"key"`
	Request   string          `json:"request"`
	Answer    json.RawMessage `json:"answer"`
}

// Act returns the entry of a request that is carried out.
func Act(once api.Once, answer any) (Acted, error) {
	b, err := api.Encode(answer)
	return Acted{once.Operation, once.Key, once.Request, b}, err
}

// Program is one authority's acceptance of a program.
type Program struct {
	Accepted
	Authority marz.AuthorityID
	Seq       marz.Seq // of the entry
	At        marz.Instant
	By        marz.OfficerID
}

// Prefix begins the service numbers of programs, and of nobody else.
const Prefix = "program-"

// Number is the number of a program in entries: its authority's, and half of its fingerprint.
func Number(authority marz.AuthorityID, key string) marz.OfficerID {
	return marz.OfficerID(string(authority) + "/" + Prefix + key[:32])
}

// Is reports whether a number is one that programs have.
func Is(o marz.OfficerID) bool {
	_, number, _ := strings.Cut(string(o), "/")
	return strings.HasPrefix(number, Prefix)
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

func (in *Acceptance) check(actions []marz.Action) error {
	bad := func(fix string) error { return &marz.Error{Code: marz.Invalid, Op: "accept program", Fix: fix} }
	if err := checkFingerprint("accept program", in.Client); err != nil {
		return err
	}
	in.Purpose = strings.TrimSpace(in.Purpose)
	if in.Purpose == "" || len(in.Purpose) > 200 || strings.ContainsFunc(in.Purpose, func(r rune) bool { return r < ' ' || r == 0xfffd }) {
		return bad("say what for, in 1 to 200 bytes without line breaks; it is public, so name no person")
	}
	for i, a := range in.Actions {
		if !slices.Contains(actions, a) || slices.Contains(in.Actions[:i], a) {
			return bad(fmt.Sprintf("programs are accepted for %v, each once, and for nothing that decides about a person; %.20q is none of them", actions, a))
		}
	}
	if !slices.Contains(in.Actions, marz.ActReadJournal) {
		return bad("read-journal is the least that a program is accepted for; name it too")
	}
	if in.Days < 1 || in.Days > MostDays {
		return bad(fmt.Sprintf("give for how many days: 1 to %d", MostDays))
	}
	return nil
}

// Accept returns the entry by which an authority accepts a program at a node that lets programs do some actions, beside those that it has accepted.
func (in Acceptance) Accept(authority marz.AuthorityID, now marz.Instant, actions []marz.Action, held []Program) (Accepted, error) {
	if err := in.check(actions); err != nil {
		return Accepted{}, err
	}
	others := 0
	for i := range held {
		if held[i].Client != in.Client {
			others++
		}
	}
	if others >= most {
		return Accepted{}, &marz.Error{Code: marz.Conflict, Op: "accept program", Fix: fmt.Sprintf("%s has %d already; dismiss those that are not needed", authority, others)}
	}
	return Accepted{in.Client, Number(authority, in.Client), in.Purpose, in.Actions, now.Add(time.Duration(in.Days) * 24 * time.Hour)}, nil
}

// Dismiss returns the entry that ends an authority's acceptance.
func Dismiss(authority marz.AuthorityID, key string, held []Program) (Dismissed, error) {
	if err := checkFingerprint("dismiss program", key); err != nil {
		return Dismissed{}, err
	}
	for i := range held {
		if held[i].Client == key {
			return Dismissed{key, held[i].Officer}, nil
		}
	}
	return Dismissed{}, &marz.Error{Code: marz.NotFound, Op: "dismiss program", Subject: fmt.Sprintf("%.16s…", key), Fix: string(authority) + " has not accepted such a program"}
}

// Which returns as what a key acts, of those by which it is accepted.
func Which(key string, held []Program) (Program, error) {
	switch len(held) {
	case 0:
		return Program{}, &marz.Error{Code: marz.Forbidden, Op: "program", Subject: key, Fix: "no supervisor has accepted a program with this fingerprint; compare it on the page Programs and accept it"}
	case 1:
		return held[0], nil
	}
	return Program{}, &marz.Error{Code: marz.Invalid, Op: "program", Subject: key, Fix: "several authorities have accepted it: name the one for which it acts in the header " + api.HeaderAuthority}
}

// Open reports whether an acceptance still holds.
func (p *Program) Open(now marz.Instant) error {
	if p.Until <= now {
		return p.Ended()
	}
	return nil
}

// Ended is that an acceptance does not hold any more.
func (p *Program) Ended() error {
	return &marz.Error{Code: marz.Forbidden, Op: "program", Subject: string(p.Officer), Fix: "its acceptance has ended; a supervisor has to accept it anew"}
}

// Lacks says that a program is not accepted for an action; "": it is.
func (p *Program) Lacks(action marz.Action) string {
	if slices.Contains(p.Actions, action) {
		return ""
	}
	var names []string
	for _, a := range p.Actions {
		names = append(names, string(a))
	}
	return fmt.Sprintf("%s has accepted this program for %s, and not for %s", p.Authority, strings.Join(names, ","), action)
}

// Client says to a program what is known of it.
func Client(key string, held []Program) api.Client {
	out := api.Client{Fingerprint: key}
	for _, c := range held {
		out.Accepted = append(out.Accepted, api.Acceptance{Authority: c.Authority, Officer: c.Officer, Purpose: c.Purpose, Actions: c.Actions, Until: c.Until, Entry: c.Seq})
	}
	return out
}

// Rows are the programs of one authority on the page on which a supervisor accepts them.
func Rows(held []Program, now marz.Instant) (out []web.ProgramRow) {
	for i := range held {
		c := &held[i]
		out = append(out, web.ProgramRow{Key: c.Client, Officer: c.Officer, Purpose: c.Purpose, Actions: c.Actions, At: c.At, By: c.By, Until: c.Until, Ended: c.Open(now) != nil})
	}
	return out
}

// Choices are what a supervisor can let a program do beside reading the journal.
func Choices(actions []marz.Action) (out []marz.Action) {
	return slices.DeleteFunc(slices.Clone(actions), func(a marz.Action) bool { return a == marz.ActReadJournal })
}
