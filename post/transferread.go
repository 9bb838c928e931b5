package post

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/journal"
	"marz/transfer"
	"marz/web"
)

// transferKinds are the kinds of entry of which transfers consist.
var transferKinds = []string{transfer.KindOpened, transfer.KindCounted, transfer.KindDisposed, transfer.KindPresented, transfer.KindArmed, transfer.KindDisarmed, transfer.KindPostponed,
	transfer.KindRefused, transfer.KindCancelled, transfer.KindClock, transfer.KindExecuted, transfer.KindDestroyed, transfer.KindClosed}

// ReadTransfers reads the transfers of control from a data folder, as they were committed at one instant. Like ReadRegister it takes no lock, so that the post may be
// running, and checks no signature over the entries.
func ReadTransfers(ctx context.Context, dir string) (*transfer.State, error) {
	s := transfer.NewState()
	err := journal.Read(ctx, dir, transferKinds, func(e journal.Entry) error {
		return s.Apply(transfer.Entry{Seq: e.Seq, At: e.At, Kind: e.Kind, Authority: e.Authority, Officer: e.Officer, Public: e.Public})
	})
	if marz.CodeOf(err) == marz.NotFound {
		return nil, &marz.Error{Code: marz.NotFound, Op: "read transfers", Subject: dir, Fix: "there is no post in this folder; name the data folder of one, as marz init made it"}
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// ReadAct makes the act of handover of a transfer from a data folder. Like ReadTransfers it takes no lock and writes nothing.
func ReadAct(ctx context.Context, dir string, id transfer.ID) (*transfer.Act, error) {
	s, err := ReadTransfers(ctx, dir)
	if err != nil {
		return nil, err
	}
	t, err := transferOf(s, id)
	if err != nil {
		return nil, err
	}
	h, described, err := ReadRegister(ctx, dir)
	if err != nil {
		return nil, err
	}
	register, err := h.Register()
	if err != nil {
		return nil, err
	}
	j, err := journal.Look(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	p := &Post{journal: j, post: described, bodies: map[marz.AuthorityID]marz.Authority{}}
	for _, a := range h.Ground().Authorities {
		p.bodies[a.ID] = a
	}
	p.register.Store(register)
	return p.actOf(ctx, t)
}

// EncodeAct writes an act as JSON, in which the instrument and the commissions stand byte for byte as they were signed.
func EncodeAct(a *transfer.Act) ([]byte, error) {
	var b bytes.Buffer
	j := json.NewEncoder(&b)
	j.SetEscapeHTML(false)
	if err := j.Encode(a); err != nil {
		return nil, &marz.Error{Op: "write act", Err: err}
	}
	return b.Bytes(), nil
}

// act answers with an act.
func (q *request) act(a *transfer.Act, err error) error {
	if err != nil {
		return err
	}
	b, err := EncodeAct(a)
	if err != nil {
		return err
	}
	q.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, err = q.ResponseWriter.Write(b)
	return err
}

// PrintAct writes an act as a page to print that needs nothing beside it. Instants stand in the zone given too.
func PrintAct(w io.Writer, a *transfer.Act, zone string) error {
	bad := func(err error) error {
		return &marz.Error{Code: marz.Invalid, Op: "print act", Fix: "it is no act of handover, or a damaged one; check it with marz verify", Err: err}
	}
	b := web.ActBody{Act: *a, Names: map[marz.AuthorityID]marz.Authority{}, Code: "-"} // a page without links into a post
	for _, of := range a.Authorities {
		b.Names[of.ID] = of
	}
	core, err := a.Core() // it has an execution, over this instrument
	if err != nil {
		return err
	}
	var e journal.Entry
	if err := json.Unmarshal([]byte(a.Entries[len(a.Entries)-1].Body), &e); err != nil {
		return bad(err)
	}
	if err := errors.Join(json.Unmarshal(e.Public, &b.Execution), json.Unmarshal(a.Instrument, &b.Instrument)); err != nil {
		return bad(err)
	}
	qr, err := a.QR()
	if err == nil {
		b.QR, err = qr.Text()
	}
	if err != nil {
		return err
	}
	b.Executed, b.Seq, b.Digest = e.At, e.Seq, transfer.DigestOf([]byte(core))
	return web.Print(w, "act", &web.Page{Title: "Act of handover " + string(b.Execution.ID), Post: marz.Post{Name: a.Post}, Exercise: strings.HasPrefix(string(b.Instrument.Origin), "exercise/"), Zone: zone, Body: b})
}

// A running post tells its transfers to officers, by their sessions, and to the headquarters of the two sides, which have no session here and prove who they are with the
// authority's own key. It changes nothing and holds nothing about a person.

// TransferReader is a headquarters' proof of who asks.
type TransferReader struct {
	Authority marz.AuthorityID `json:"authority"`
	At        marz.Instant     `json:"at"`           // when it was made, by the asker's clock
	Line      string           `json:"line"`         // C2SP signed-note line of the authority's key under readerText
	ID        transfer.ID      `json:"id,omitempty"` // whose act is asked for
}

// readerLife is for how long a proof is good, so that one that is found later opens nothing.
const readerLife = 5 * time.Minute

func (r *TransferReader) text() string {
	return fmt.Sprintf("marz/transfer-read/v1\n%s %s\n", r.Authority, r.At)
}

// SignTransferReader makes a proof with an authority's secret key.
func SignTransferReader(signer string, now marz.Instant) (*TransferReader, error) {
	bad := &marz.Error{Code: marz.Invalid, Op: "sign", Subject: "question to a post", Fix: "this is no authority's secret key"}
	s, err := note.NewSigner(strings.TrimSpace(signer))
	if err != nil {
		return nil, bad
	}
	r := &TransferReader{Authority: marz.AuthorityID(s.Name()), At: now}
	n, err := note.Sign(&note.Note{Text: r.text()}, s)
	if err != nil {
		return nil, bad
	}
	r.Line = strings.TrimSpace(strings.TrimPrefix(string(n), r.text()))
	return r, nil
}

// check reports whether the proof is good, and made just now.
func (r *TransferReader) check(key string, now marz.Instant) error {
	bad := func(fix string) error {
		return &marz.Error{Code: marz.Forbidden, Op: "read transfers", Subject: fmt.Sprintf("%.60q", string(r.Authority)), Fix: fix}
	}
	v, err := note.NewVerifier(key)
	if err != nil {
		return bad("no key of this authority is known here")
	}
	if _, err := note.Open([]byte(r.text()+"\n"+r.Line+"\n"), note.VerifierList(v)); err != nil {
		return bad("the signature is not by the key by which it is known here")
	}
	if age := now.Sub(r.At); age > readerLife || age < -readerLife {
		return bad("the question was signed at " + r.At.String() + " and this machine's clock shows " + now.String() + "; set the clocks, and ask again")
	}
	return nil
}

// TransferEntries are the entries of a post's transfers, public parts alone.
type TransferEntries struct {
	Post    marz.Post       `json:"post"`
	Now     marz.Instant    `json:"now"`
	Entries []TransferEntry `json:"entries"`
}

// TransferEntry is transfer.Entry as JSON.
type TransferEntry struct {
	Seq       marz.Seq         `json:"seq"`
	At        marz.Instant     `json:"at"`
	Kind      string           `json:"kind"`
	Authority marz.AuthorityID `json:"authority"`
	Officer   marz.OfficerID   `json:"officer,omitempty"`
	Public    json.RawMessage  `json:"public"`
}

// TransfersFor returns the entries of the post's transfers to a side of one of them.
func (p *Post) TransfersFor(ctx context.Context, r TransferReader) (*TransferEntries, error) {
	if err := r.check(p.bodies[r.Authority].Key, p.wallClock()()); err != nil {
		return nil, err
	}
	out := &TransferEntries{Post: p.post, Now: p.now()}
	s := transfer.NewState()
	var err error
	out.Entries, err = collect(p.journal.State(), func(rows *sql.Rows) (e TransferEntry, err error) {
		var doc string
		if err = rows.Scan(&e.Seq, &e.At, &e.Kind, &e.Authority, &e.Officer, &doc); err == nil {
			e.Public = json.RawMessage(doc)
			err = s.Apply(transfer.Entry(e))
		}
		return e, err
	}, `SELECT seq, at, kind, authority, officer, doc FROM s_transfer ORDER BY seq`)
	if err != nil {
		return nil, &marz.Error{Op: "read transfers", Err: err}
	}
	if len(out.Entries) > 0 && !slices.ContainsFunc(s.All(), func(t *transfer.Transfer) bool { return t.Plan.From == r.Authority || t.Plan.To == r.Authority }) {
		return nil, &marz.Error{Code: marz.Forbidden, Op: "read transfers", Subject: string(r.Authority), Fix: "it is not a side of a transfer here"}
	}
	return out, nil
}

func (p *Post) readTransfers(q *request) error {
	var r TransferReader
	if err := q.read(&r); err != nil {
		return err
	}
	all, err := p.TransfersFor(q.Context(), r)
	if err != nil {
		return err
	}
	switch what := q.PathValue("what"); what {
	case "entries":
		return q.json(all)
	case "act":
		return q.act(p.Act(q.Context(), r.ID))
	default:
		return &marz.Error{Code: marz.NotFound, Op: "read transfers", Subject: fmt.Sprintf("%.20q", what), Fix: "ask for entries or act"}
	}
}
