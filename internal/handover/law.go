package handover

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/mod/sumdb/note"

	"marz"
	"marz/journal"
)

// law folds a journal and holds it to what must hold of a transfer of control. It is written from the contract alone: it shares no code with the post that writes the
// journal, nor with the machine that decides what may be written.
type law struct {
	terms terms
	keys  map[marz.AuthorityID]string // public
	begun marz.Seq                    // where the run begins
	size  int64
	at    marz.Instant // of the newest entry

	whole    marz.AuthorityID                 // who controls the post as a whole
	holder   map[marz.LaneID]marz.AuthorityID // who controls a lane
	handings []*handing
	cases    map[marz.InspectionID]*crossing
	open     map[marz.LaneID]marz.InspectionID // that is open at a lane, or was last
	first    string                            // kind of the first entry of the act under way
	wrote    map[marz.OfficerID]int            // how many entries of it are by an officer
	executed int
}

// handing is a transfer, as the law reads it.
type handing struct {
	plan     plan
	phase    string // "open", "executed", "closed" or "cancelled"
	digest   string // presented and not void
	signed   []byte // the instrument of it
	keys     map[marz.AuthorityID]marz.Instant
	said     map[marz.AuthorityID]bool
	refused  map[marz.AuthorityID]bool
	closings map[marz.AuthorityID]string
	left     []string // to be destroyed yet
}

type plan struct {
	ID         string           `json:"id"`
	Article    marz.ArticleRef  `json:"article"`
	Place      marz.PlaceID     `json:"place"`
	Lanes      []marz.LaneID    `json:"lanes"`
	From       marz.AuthorityID `json:"from"`
	To         marz.AuthorityID `json:"to"`
	At         marz.Instant     `json:"at"`
	Agreed     marz.Instant     `json:"agreed"`
	Deadline   bool             `json:"deadline"`
	Clock      string           `json:"clock"`
	Tolerance  int64            `json:"tolerance"`
	Destroy    []string         `json:"destroy"`
	Unilateral marz.Instant     `json:"unilateral"`
}

// crossing is one inspection.
type crossing struct {
	lane     marz.LaneID
	proposal marz.Seq
	decided  marz.Seq // zero: not
	decision marz.Decision
	ended    bool
}

// reading is what a source of time beside the node's clock shows.
type reading struct {
	source string
	at     marz.Instant
	dead   bool
}

// moment is when the entries that are read came about: between two true times, with the clocks as they were.
type moment struct {
	from, to marz.Instant
	offset   marz.Instant // of the node's clock
	readings []reading    // at true time zero
}

func newLaw(t *template) *law {
	return &law{terms: t.terms, keys: t.public, holder: map[marz.LaneID]marz.AuthorityID{}, cases: map[marz.InspectionID]*crossing{}, open: map[marz.LaneID]marz.InspectionID{}}
}

// last returns the transfer that was opened last, or nil.
func (l *law) last() *handing {
	if len(l.handings) == 0 {
		return nil
	}
	return l.handings[len(l.handings)-1]
}

// armed reports whether all keys that the transfer needs are turned.
func (h *handing) armed() bool {
	to, ok := h.keys[h.plan.To]
	if _, both := h.keys[h.plan.From]; both && ok {
		return h.phase == "open"
	}
	return h.phase == "open" && ok && h.plan.Unilateral != 0 && to >= h.plan.Unilateral
}

// come reports whether an armed transfer's instant has come, by what clocks show and commanders said.
func (h *handing) come(node marz.Instant, others []reading) bool {
	_, both := h.keys[h.plan.From]
	if both && h.said[h.plan.From] && h.said[h.plan.To] && !h.clear(node, others) {
		return true
	}
	return h.byClock(node, others)
}

// clear reports whether the node's clock is beyond doubt.
func (h *handing) clear(node marz.Instant, others []reading) bool {
	for _, r := range others {
		if r.dead || apart(r.at, node) > h.plan.Tolerance {
			return false
		}
	}
	return len(others) > 0
}

func (h *handing) byClock(node marz.Instant, others []reading) bool {
	at := h.plan.At
	_, both := h.keys[h.plan.From]
	if !both {
		at = max(at, h.plan.Unilateral)
	}
	if h.clear(node, others) {
		return node >= at
	}
	if both && h.plan.Clock != "sources" {
		return false
	}
	all := append([]reading{{"node", node, false}}, others...)
	for i := range all {
		for j := range i {
			a, b := all[i], all[j]
			if !a.dead && !b.dead && min(a.at, b.at) >= at && apart(a.at, b.at) <= h.plan.Tolerance {
				return true
			}
		}
	}
	return false
}

func apart(a, b marz.Instant) int64 { return int64(max(a, b) - min(a, b)) }

// due reports whether a transfer should be executed before anything else happens.
func (l *law) due(node marz.Instant, others []reading) bool {
	return slices.ContainsFunc(l.handings, func(h *handing) bool { return h.armed() && h.come(node, others) })
}

// after holds what one act did to the law: what was due came first, and who was refused has done nothing.
func (l *law) after(name string, d did, err error, due bool, faulted bool) error {
	defer func() { l.first, l.wrote = "", nil }()
	if due && l.first != "transfer.executed" && (l.first != "" || d.ticks) {
		return fmt.Errorf("%s: control was due to pass, and the first entry is %q", name, l.first)
	}
	if err != nil && !faulted && d.by != "" && l.wrote[d.by] > 0 {
		return fmt.Errorf("%s: %s was refused (%w), and %d entries are by him", name, d.by, err, l.wrote[d.by])
	}
	return nil
}

// take folds one entry, and says which law it breaks.
func (l *law) take(e journal.Entry, m moment) error {
	if int64(e.Seq) != l.size {
		return fmt.Errorf("it is not entry %d", l.size)
	}
	if e.At < l.at {
		return fmt.Errorf("time runs back from %s to %s", l.at, e.At)
	}
	if l.first == "" {
		l.first, l.wrote = e.Kind, map[marz.OfficerID]int{}
	}
	if e.Officer != "" {
		l.wrote[e.Officer]++
		if e.Officer.Authority() != e.Authority {
			return fmt.Errorf("%s acts as %s", e.Officer, e.Authority)
		}
	}
	if e.Under == "" || e.Authority == "" {
		return errors.New("it names no article or authority")
	}
	if err := l.late(e, m); err != nil {
		return err
	}
	if err := l.fold(e, m); err != nil {
		return err
	}
	l.size, l.at = l.size+1, e.At
	return l.may(e)
}

// late holds an entry to the law that nothing comes between the instant and the execution. It is asked of entries that bear what the node's clock showed then, for then it is known
// what the other sources did.
func (l *law) late(e journal.Entry, m moment) error {
	truly := e.At - m.offset
	if e.Kind == "transfer.executed" || truly < m.from || truly > m.to {
		return nil
	}
	var others []reading
	for _, r := range m.readings {
		others = append(others, reading{r.source, r.at + truly, r.dead})
	}
	if l.due(e.At, others) {
		return errors.New("control was due to pass before it")
	}
	return nil
}

func (l *law) fold(e journal.Entry, m moment) error {
	switch e.Kind {
	case "control.passed":
		return l.foldControl(e)
	case "inspection.opened", "decision.proposed", "crossing.decided", "inspection.withdrawn":
		return l.foldCase(e)
	case "transfer.opened":
		return l.foldOpened(e)
	case "transfer.executed":
		return l.foldExecuted(e, m)
	case "transfer.postponed", "transfer.counted", "transfer.disposed", "transfer.presented", "transfer.armed", "transfer.disarmed", "transfer.refused", "transfer.cancelled",
		"transfer.clock", "transfer.destroyed", "transfer.closed":
		return l.foldStep(e)
	}
	return nil
}

// foldControl takes the first passing. In these runs no article gives control to anybody without a transfer.
func (l *law) foldControl(e journal.Entry) error {
	if l.whole != "" {
		return errors.New("control passed without a transfer")
	}
	var c struct{ To marz.AuthorityID }
	if err := json.Unmarshal(e.Public, &c); err != nil {
		return err
	}
	l.whole = c.To
	for _, lane := range lanes {
		l.holder[lane.ID] = c.To
	}
	return nil
}

func (l *law) foldCase(e journal.Entry) error {
	var p struct {
		Inspection marz.InspectionID
		Lane       marz.LaneID
		Decision   marz.Decision
	}
	if err := json.Unmarshal(e.Public, &p); err != nil {
		return err
	}
	if e.Kind == "inspection.opened" {
		id := marz.InspectionID(strconv.FormatInt(int64(e.Seq), 10))
		if was := l.cases[l.open[p.Lane]]; was != nil && !was.ended {
			return fmt.Errorf("a second inspection is open at lane %s", p.Lane)
		}
		l.cases[id], l.open[p.Lane] = &crossing{lane: p.Lane}, id
		return l.works(e, p.Lane)
	}
	c := l.cases[p.Inspection]
	switch {
	case c == nil:
		return fmt.Errorf("there is no inspection %s", p.Inspection)
	case c.ended:
		return fmt.Errorf("inspection %s had ended, by entry %d", p.Inspection, c.decided)
	}
	switch e.Kind {
	case "decision.proposed":
		c.proposal = e.Seq
	case "crossing.decided":
		c.decided, c.decision, c.ended = e.Seq, p.Decision, true
	case "inspection.withdrawn":
		c.ended = true
	}
	return l.works(e, c.lane)
}

// works holds an act at a lane to the law that who controls it acts there, or a guest by an article of his own.
func (l *law) works(e journal.Entry, lane marz.LaneID) error {
	if e.Authority != l.holder[lane] && !l.terms.guest(e.Authority, e.At) {
		return fmt.Errorf("%s acts at lane %s, which %s controls", e.Officer, lane, l.holder[lane])
	}
	return nil
}

// may holds an entry to the law that nobody acts who has no power left, and that the node acts under who controls it.
func (l *law) may(e journal.Entry) error {
	if e.Kind == "lane.opened" {
		var p struct{ Lane marz.LaneID }
		if err := json.Unmarshal(e.Public, &p); err != nil {
			return err
		}
		return l.works(e, p.Lane)
	}
	switch {
	case len(e.Kind) > 9 && e.Kind[:9] == "transfer.":
		return nil
	case e.Kind == "alerts.settled" || e.Kind == "alerts.barred": // what the execution before it means for alerts, also where only lanes passed
		if h := l.last(); h == nil || h.phase != "executed" || e.Authority != h.plan.To || e.Officer != "" {
			return fmt.Errorf("%s settles alerts, and control has not passed to it", e.Authority)
		}
	case e.Officer == "":
		if l.whole != "" && e.Authority != l.whole {
			return fmt.Errorf("the node acts under %s, and %s controls it", e.Authority, l.whole)
		}
	case e.Authority == third:
		if e.Kind != "session.opened" && e.Kind != "session.closed" {
			return fmt.Errorf("%s, of neither side, did this", e.Officer)
		}
	case e.Authority == outgoing && l.whole == incoming:
		if !l.terms.guest(e.Authority, e.At) && !(l.terms.observes && e.At >= agreed) {
			return fmt.Errorf("%s acts after control has passed", e.Officer)
		}
	}
	return nil
}

func (l *law) foldOpened(e journal.Entry) error {
	var p struct{ Plan plan }
	if err := json.Unmarshal(e.Public, &p); err != nil {
		return err
	}
	h := &handing{plan: p.Plan, phase: "open", refused: map[marz.AuthorityID]bool{}, closings: map[marz.AuthorityID]string{}}
	h.void()
	switch {
	case e.Authority != outgoing && e.Authority != incoming:
		return fmt.Errorf("%s opened it", e.Authority)
	case h.plan.ID != fmt.Sprintf("%s-%d", place, len(l.handings)+1):
		return fmt.Errorf("it is called %s", h.plan.ID)
	case h.plan.From != outgoing || h.plan.To != incoming || h.plan.Article != article || h.plan.Agreed != agreed || h.plan.Clock != string(l.terms.clock) || h.plan.Deadline != l.terms.deadline:
		return fmt.Errorf("its plan is not that of the article: %+v", h.plan)
	case (h.plan.Unilateral != 0) != (l.terms.unilateral != 0) || h.plan.Unilateral != 0 && h.plan.Unilateral != agreed+l.terms.unilateral:
		return fmt.Errorf("one side may act alone from %s", h.plan.Unilateral)
	}
	for _, lane := range h.lanes() {
		if l.holder[lane] != outgoing && len(h.plan.Lanes) > 0 {
			return fmt.Errorf("lane %s is not %s's to hand over", lane, outgoing)
		}
		for _, o := range l.handings {
			if o.phase == "open" && slices.Contains(o.lanes(), lane) {
				return fmt.Errorf("%s is open for lane %s already", o.plan.ID, lane)
			}
		}
	}
	l.handings = append(l.handings, h)
	return nil
}

// lanes are those that pass.
func (h *handing) lanes() []marz.LaneID {
	if len(h.plan.Lanes) > 0 {
		return h.plan.Lanes
	}
	var out []marz.LaneID
	for _, lane := range lanes {
		out = append(out, lane.ID)
	}
	return out
}

// void lets the keys fall.
func (h *handing) void() {
	h.digest, h.signed, h.keys, h.said = "", nil, map[marz.AuthorityID]marz.Instant{}, map[marz.AuthorityID]bool{}
}

// step is the public part of every other entry of a transfer.
type step struct {
	ID         string
	Plan       plan
	Digest     string
	Instrument json.RawMessage
	Signature  *struct {
		Says      string
		Authority marz.AuthorityID
		Officer   marz.OfficerID
		Digest    string
		Line      string
	}
	What json.RawMessage
	Of   marz.AuthorityID
}

func (l *law) handing(id string) (*handing, error) {
	for _, h := range l.handings {
		if h.plan.ID == id {
			return h, nil
		}
	}
	return nil, fmt.Errorf("there is no transfer %q", id)
}

func (l *law) foldStep(e journal.Entry) error {
	var p step
	if err := json.Unmarshal(e.Public, &p); err != nil {
		return err
	}
	if e.Kind == "transfer.postponed" {
		p.ID = p.Plan.ID
	}
	h, err := l.handing(p.ID)
	if err != nil {
		return err
	}
	late := e.Kind == "transfer.destroyed" || e.Kind == "transfer.closed"
	switch {
	case e.Authority != outgoing && e.Authority != incoming:
		return fmt.Errorf("%s is neither side", e.Authority)
	case late && h.phase != "executed" && (h.phase != "closed" || e.Kind == "transfer.closed"):
		return fmt.Errorf("%s is %s", p.ID, h.phase)
	case !late && h.phase != "open":
		return fmt.Errorf("%s is %s, and nothing undoes that", p.ID, h.phase)
	}
	if p.Signature != nil {
		if err := l.signature(e, &p); err != nil {
			return err
		}
	}
	return h.step(e, &p)
}

var said = map[string]string{"transfer.armed": "arm", "transfer.disarmed": "disarm", "transfer.cancelled": "cancel", "transfer.clock": "now", "transfer.closed": "close"}

// signature verifies one, from the text of the contract.
func (l *law) signature(e journal.Entry, p *step) error {
	s := p.Signature
	if s.Says != said[e.Kind] || s.Authority != e.Authority || s.Officer != e.Officer || s.Digest != p.Digest {
		return fmt.Errorf("its signature says %s of %s by %s %s", s.Says, s.Digest, s.Authority, s.Officer)
	}
	v, err := note.NewVerifier(l.keys[s.Authority])
	if err != nil {
		return err
	}
	text := "marz/transfer/v1\n" + s.Says + " " + p.ID + "\n" + s.Digest + "\n"
	if _, err := note.Open([]byte(text+"\n"+s.Line+"\n"), note.VerifierList(v)); err != nil {
		return fmt.Errorf("the signature of %s: %w", s.Authority, err)
	}
	return nil
}

func (h *handing) step(e journal.Entry, p *step) error {
	switch e.Kind {
	case "transfer.postponed":
		moved := h.plan
		if moved.At = p.Plan.At; fmt.Sprint(moved) != fmt.Sprint(p.Plan) {
			return fmt.Errorf("it changes more than the instant: %+v", p.Plan)
		}
		h.plan = moved
		h.void()
	case "transfer.counted", "transfer.disposed":
		h.void()
	case "transfer.presented":
		return h.present(p)
	case "transfer.armed", "transfer.clock":
		return h.sign(e, p)
	case "transfer.disarmed":
		if _, ok := h.keys[e.Authority]; !ok {
			return fmt.Errorf("%s had not turned its key", e.Authority)
		}
		delete(h.keys, e.Authority)
		clear(h.said)
	case "transfer.refused":
		h.refused[e.Authority] = true
	case "transfer.cancelled":
		h.phase = "cancelled"
	case "transfer.destroyed":
		var what []string
		if err := json.Unmarshal(p.What, &what); err != nil {
			return err
		}
		for _, w := range what {
			i := slices.Index(h.left, w)
			if i < 0 || p.Of != h.plan.From {
				return fmt.Errorf("%s of %s were not to be destroyed any more", w, p.Of)
			}
			h.left = slices.Delete(h.left, i, i+1)
		}
	case "transfer.closed":
		if p.Signature == nil {
			return errors.New("nobody signed it")
		}
		for a, d := range h.closings {
			if a == e.Authority || d != p.Digest {
				return fmt.Errorf("%s signed %s before", a, d)
			}
		}
		if h.closings[e.Authority] = p.Digest; len(h.closings) == 2 {
			h.phase = "closed"
		}
	}
	return nil
}

// present takes an instrument, which must be of this plan and of nothing that has changed since.
func (h *handing) present(p *step) error {
	sum := sha256.Sum256(p.Instrument)
	var i struct{ Plan plan }
	if err := json.Unmarshal(p.Instrument, &i); err != nil {
		return err
	}
	switch {
	case base64.StdEncoding.EncodeToString(sum[:]) != p.Digest:
		return errors.New("its digest is not that of the instrument")
	case fmt.Sprint(i.Plan) != fmt.Sprint(h.plan):
		return fmt.Errorf("its plan is another: %+v", i.Plan)
	}
	h.void()
	h.digest, h.signed = p.Digest, bytes.Clone(p.Instrument)
	return nil
}

// sign takes a key that is turned, or a word that the instant has come: only for what is presented, and only with a signature.
func (h *handing) sign(e journal.Entry, p *step) error {
	_, turned := h.keys[e.Authority]
	switch {
	case p.Signature == nil:
		return errors.New("nobody signed it")
	case h.digest == "" || p.Digest != h.digest:
		return fmt.Errorf("it is for %q, and %q is presented", p.Digest, h.digest)
	case e.Kind == "transfer.clock" && (!turned || !h.armed()):
		return fmt.Errorf("%s says that the instant has come, and its transfer is not armed", e.Authority)
	case e.Kind == "transfer.armed" && e.At > h.plan.At+5*minute:
		return fmt.Errorf("a key is turned for %s, which is past", h.plan.At)
	}
	if e.Kind == "transfer.clock" {
		h.said[e.Authority] = true
		return nil
	}
	h.keys[e.Authority] = e.At
	delete(h.refused, e.Authority)
	clear(h.said)
	return nil
}
