package nation

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"time"

	"marz"
	"marz/inspection"
	"marz/inspection/stays"
	"marz/journal"
	"marz/mirror"
	"marz/web"
)

// The kinds of entry in the headquarters' journal without which nothing about a person is read. Whoever asks appends one first; the index looks for it in the journal itself.
const (
	KindSearched   = "person.searched" // somebody asks for a person's crossings
	KindRecordRead = "person.read"     // somebody reads the record of one crossing
)

// Searched is the public part of person.searched. Mark is a keyed digest of the question with the nonce: without the index's key it tells nothing, and two questions about one person have nothing in common.
type Searched struct {
	Reason string `json:"reason"`
	Nonce  string `json:"nonce"`
	Mark   string `json:"mark"`
}

// RecordRead is the public part of person.read.
type RecordRead struct {
	Origin     marz.Origin       `json:"node"`
	Inspection marz.InspectionID `json:"inspection"`
	Reason     string            `json:"reason"`
}

// Receipt is the entry that says that somebody asks. It holds for ReceiptHolds, and for exactly the question that the entry is about.
type Receipt struct {
	Entry   marz.Seq       // in the headquarters' journal, which has committed it
	Officer marz.OfficerID // who asks: it is his entry
}

// ReceiptHolds is how long an answer can be read after its entry.
const ReceiptHolds = 10 * time.Minute

// Ask returns the public part of the entry that has to be in the journal before Search answers. Its private payload, whom the question is about, is the caller's to add. random is nil for the machine's.
func (x *Index) Ask(random io.Reader, who Identity, reason string) (Searched, error) {
	if err := who.Validate(); err != nil {
		return Searched{}, err
	}
	if reason == "" {
		return Searched{}, &marz.Error{Code: marz.Invalid, Op: "search", Fix: "give a reason"}
	}
	if random == nil {
		random = rand.Reader
	}
	nonce := make([]byte, 16)
	if _, err := io.ReadFull(random, nonce); err != nil {
		return Searched{}, &marz.Error{Op: "search", Err: err}
	}
	s := Searched{Reason: reason, Nonce: hex.EncodeToString(nonce)}
	s.Mark = x.about(s.Nonce, who)
	return s, nil
}

// receipt reads the entry that a receipt names. Forbidden is that there is none that would allow what is asked.
func (x *Index) receipt(ctx context.Context, r Receipt, kind string, now marz.Instant, public any) error {
	refuse := func(why string) error {
		return &marz.Error{Code: marz.Forbidden, Op: "read about a person", Subject: "by entry " + strconv.FormatInt(int64(r.Entry), 10), Fix: why + ": nothing is read about a person before an entry says who asks and why"}
	}
	st, err := x.Store.State(ctx, x.HQ)
	if err != nil {
		return err
	}
	if r.Entry < 0 || int64(r.Entry) >= st.Size {
		return refuse("there is no such entry in the headquarters' journal")
	}
	bodies, err := x.Store.Bodies(ctx, x.HQ, []int64{int64(r.Entry)})
	if err != nil {
		return err
	}
	e, err := journal.ParseEntry(bodies[0])
	if err != nil {
		return err
	}
	switch {
	case e.Kind != kind || e.Officer == "" || e.Officer != r.Officer:
		return refuse("it is not this officer's question")
	case now < e.At || now.Sub(e.At) > ReceiptHolds:
		return refuse("it was made too long ago")
	case json.Unmarshal(e.Public, public) != nil:
		return refuse("it is malformed")
	}
	return nil
}

const (
	historyRows = 200
	mostMoves   = 10_000 // of one person in the window of the rule
)

// Search returns the crossings of a person at all posts, the newest first, once the entry of the receipt says that exactly this is asked. It is Forbidden without.
func (x *Index) Search(ctx context.Context, r Receipt, who Identity, rule inspection.StayRule, now marz.Instant) (*web.HistoryBody, error) {
	if err := who.Validate(); err != nil {
		return nil, err
	}
	var s Searched
	if err := x.receipt(ctx, r, KindSearched, now, &s); err != nil {
		return nil, err
	}
	if s.Reason == "" || s.Mark != x.about(s.Nonce, who) {
		return nil, &marz.Error{Code: marz.Forbidden, Op: "read about a person", Subject: "by entry " + strconv.FormatInt(int64(r.Entry), 10), Fix: "that entry asks for somebody else: nothing is read about a person before an entry says who asks and why"}
	}
	b := &web.HistoryBody{Entry: r.Entry, Reason: s.Reason}
	for _, part := range []string{who.Nationality, who.Birth, who.Primary, who.Secondary, who.Issuer, who.Number} {
		if part != "" {
			b.Asked = append(b.Asked, part)
		}
	}
	return b, x.failed("search", x.history(ctx, b, who, rule, now))
}

func (x *Index) history(ctx context.Context, b *web.HistoryBody, who Identity, rule inspection.StayRule, now marz.Instant) error {
	names, err := x.names(ctx)
	if err != nil {
		return err
	}
	type key struct{ origin, id int64 }
	seen := map[key]bool{}
	find := func(column string, digest int64) (found []*crossing, err error) {
		err = x.all(ctx, func(rows *sql.Rows) error {
			c, origin, err := scanCrossing(rows)
			found = append(found, c)
			if k := (key{origin, c.id}); !seen[k] {
				seen[k] = true
				b.Rows = append(b.Rows, shown(c, names[origin]))
			}
			return err
		}, `SELECT `+crossingColumns+` FROM n_crossing WHERE `+column+` = ? ORDER BY ended DESC LIMIT `+strconv.Itoa(historyRows+1), digest)
		return found, err
	}
	if who.hasDocument() {
		if _, err := find("document", x.documentOf(who.Issuer, who.Number)); err != nil {
			return err
		}
	}
	if who.hasPerson() {
		found, err := find("person", x.personOf(who.Person))
		if err != nil {
			return err
		}
		if err := x.stayOf(ctx, b, who.Person, found, rule, now); err != nil {
			return err
		}
	}
	slices.SortStableFunc(b.Rows, func(a, b web.NationCase) int { return -compareCases(a, b) })
	if b.More = len(b.Rows) > historyRows; b.More {
		b.Rows = b.Rows[:historyRows]
	}
	return nil
}

// compareCases orders by time; a case that has not ended is the newest.
func compareCases(a, b web.NationCase) int {
	at := func(c web.NationCase) marz.Instant {
		if c.At == 0 {
			return 1 << 62
		}
		return c.At
	}
	switch x, y := at(a), at(b); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return int(a.Seq - b.Seq)
}

// names are the names of the posts by the numbers of their origins.
func (x *Index) names(ctx context.Context) (map[int64]*web.NationPost, error) {
	out := map[int64]*web.NationPost{}
	err := x.all(ctx, func(rows *sql.Rows) error {
		var id int64
		p := &web.NationPost{}
		var public string
		if err := rows.Scan(&id, &p.Origin, &public); err != nil {
			return err
		}
		var d described
		if json.Unmarshal([]byte(public), &d) == nil {
			p.Post = d.Post
		}
		out[id] = p
		return nil
	}, `SELECT o.id, o.name, coalesce((SELECT e.public FROM n_entry e WHERE e.origin = o.id AND e.kind = 'post.described' ORDER BY e.seq DESC LIMIT 1), '{}') FROM n_origin o`)
	return out, err
}

// stayOf counts the days of the rule's window on which the person was in the state, by the crossings of all posts. found are the newest of them, the newest first: all, unless there are more than are shown.
func (x *Index) stayOf(ctx context.Context, b *web.HistoryBody, who stays.Person, found []*crossing, rule inspection.StayRule, now marz.Instant) (err error) {
	if rule.Days == 0 || slices.Contains(rule.Exempt, who.Nationality) {
		return nil
	}
	var moves []inspection.Movement
	if len(found) > historyRows {
		moves, err = x.movements(ctx, who, x.startOf(dayOf(now, x.Zone)-int64(rule.Window)))
	} else {
		for _, c := range slices.Backward(found) {
			if c.state == stateDecided && decisions[c.decision].Passes() {
				moves = append(moves, inspection.Movement{At: marz.Instant(c.ended), Direction: directions[c.direction]})
			}
		}
	}
	b.Stay = rule.StayText(who.Nationality, moves, now, x.Zone)
	_, b.Gap = rule.Used(moves, now, x.Zone)
	return err
}

// movements are a person's entries and exits at all posts since an instant, in order of time, with the last one before it: who was in the state then has been there since.
func (x *Index) movements(ctx context.Context, who stays.Person, since marz.Instant) (out []inspection.Movement, err error) {
	scan := func(rows *sql.Rows) error {
		var m inspection.Movement
		var direction int
		err := rows.Scan(&m.At, &direction)
		m.Direction = directions[direction]
		out = append(out, m)
		return err
	}
	person := x.personOf(who)
	err = x.all(ctx, scan, `SELECT ended, direction FROM n_crossing WHERE person = ? AND decision IN (0, 3) AND ended < ? ORDER BY ended DESC LIMIT 1`, person, int64(since))
	if len(out) > 0 && out[0].Direction == marz.ExitDirection {
		out = out[:0]
	}
	if err != nil {
		return nil, err
	}
	return out, x.all(ctx, scan, `SELECT ended, direction FROM n_crossing WHERE person = ? AND decision IN (0, 3) AND ended >= ? ORDER BY ended, origin, id LIMIT `+strconv.Itoa(mostMoves), person, int64(since))
}

// Record returns the payload of one inspection as the mirror holds it, once the entry of the receipt says that it is read. It is NotFound where the payload is not held, or was erased.
func (x *Index) Record(ctx context.Context, r Receipt, origin marz.Origin, id marz.InspectionID, now marz.Instant) (payload []byte, err error) {
	var read RecordRead
	if err := x.receipt(ctx, r, KindRecordRead, now, &read); err != nil {
		return nil, err
	}
	seq, err := strconv.ParseInt(string(id), 10, 64)
	if err != nil || read.Origin != origin || read.Inspection != id || read.Reason == "" {
		return nil, &marz.Error{Code: marz.Forbidden, Op: "read record", Fix: "the entry is about another record: nothing is read about a person before an entry says who asks and why"}
	}
	err = x.Store.Payloads(ctx, origin, seq, seq+1, func(p mirror.PayloadRow) error {
		payload = slices.Clone(p.Body)
		return nil
	})
	if err == nil && payload == nil {
		err = &marz.Error{Code: marz.NotFound, Op: "read record", Subject: string(origin) + " " + string(id), Fix: "its payload is not here: it was erased, or this headquarters may not hold it"}
	}
	return payload, err
}
