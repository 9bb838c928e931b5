package post

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"strconv"
	"sync"

	"marz"
	"marz/emrtd"
	"marz/emrtd/lds"
	"marz/emrtd/reading"
	trusted "marz/emrtd/trust"
	"marz/inspection"
	"marz/mrz"
	"marz/web"
)

// The kinds of entry about the certificates of issuing states.
const (
	KindTrustLoaded  = "trust.loaded"  // a version of the certificates came into force
	KindTrustRefused = "trust.refused" // none could be read; the one before stays in force
)

type trustEntry struct {
	Version     int          `json:"version,omitempty"`
	Digest      string       `json:"digest,omitempty"` // of its files
	Since       marz.Instant `json:"since,omitzero"`   // when it was imported
	Authorities int          `json:"authorities,omitempty"`
	Signers     int          `json:"signers,omitempty"`
	Revocations int          `json:"revocations,omitempty"` // lists of revoked certificates
	Refused     string       `json:"refused,omitempty"`
}

// trust is what documents are proven against, and which version of it.
type trust struct {
	emrtd.Trust
	digest  string
	version string // in words
	since   marz.Instant
}

// loadTrust puts the newest version of the certificates in force. When it cannot be read the one before stays, and without one no chip is proven, which every finding says.
func (p *Post) loadTrust(ctx context.Context, actor *Actor) error {
	if p.config.Documents.Trust == "" {
		return nil
	}
	t, v, err := trusted.Open(p.path(p.config.Documents.Trust))
	if err != nil {
		p.opts.Log.Warn("the certificates of issuing states were refused; those before stay in force", "err", err)
		return p.record(ctx, actor, KindTrustRefused, trustEntry{Refused: err.Error()})
	}
	if old := p.trust.Load(); old != nil && old.digest == v.Digest && old.since == v.At {
		return nil
	}
	p.trust.Store(&trust{Trust: t, digest: v.Digest, version: fmt.Sprintf("%d (%.8s)", v.Number, v.Digest), since: v.At})
	return p.record(ctx, actor, KindTrustLoaded, trustEntry{Version: v.Number, Digest: v.Digest, Since: v.At, Authorities: len(t.CSCAs.All()), Signers: len(t.Signers.All()), Revocations: len(t.CRLs)})
}

// prove proves what a reader took of a document, against what is trusted now.
func (p *Post) prove(r *reading.Reading, doc *mrz.Document, at marz.Instant) *inspection.Evidence {
	t := p.trust.Load()
	if t == nil {
		t = &trust{}
	}
	return &inspection.Evidence{Proof: reading.Prove(r, doc, t.Trust, at), Version: t.version, Since: t.since}
}

// portraits are those of the inspections that are open, by inspection. They lie in memory alone: what is needed for the officer's eye is not kept for ever.
type portraits struct {
	mu sync.Mutex
	of map[int64]portrait
}

type portrait struct {
	lane   marz.LaneID
	jpeg   []byte
	proven bool   // signed by whom the issuing state trusts
	why    string // there is none
}

// set keeps the portrait of the inspection that has just been opened at a lane, in the place of the lane's last one.
func (s *portraits) set(id int64, lane marz.LaneID, e *inspection.Evidence) {
	p := portrait{lane: lane, why: e.Proof.NoPortrait, proven: e.Proof.Proven()}
	if e.Proof.Portrait != nil {
		p.jpeg, p.why = redraw(e.Proof.Portrait)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear(lane)
	if s.of == nil {
		s.of = map[int64]portrait{}
	}
	s.of[id] = p
}

// clear forgets a lane's portrait. The lock is held.
func (s *portraits) clear(lane marz.LaneID) {
	for id, p := range s.of {
		if p.lane == lane {
			delete(s.of, id)
		}
	}
}

// end forgets the portrait of an inspection that has ended.
func (s *portraits) end(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, id)
}

func (s *portraits) get(id int64) (portrait, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.of[id]
	return p, ok
}

// redraw decodes an image from a chip and writes it anew, so that no browser decodes what a stranger's chip holds.
func redraw(i *lds.Image) (jpg []byte, why string) {
	img, err := i.Decode()
	if err != nil {
		return nil, err.Error()
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 92}); err != nil {
		return nil, "the image cannot be shown"
	}
	return b.Bytes(), ""
}

// Portrait returns the portrait of the chip of an open inspection, to an officer who sits at its lane. It is gone when the inspection ends, and when the node starts anew.
func (p *Post) Portrait(_ context.Context, actor Actor, id marz.InspectionID) ([]byte, error) {
	r, err := readRow(p.journal.State(), number(id))
	if err != nil {
		return nil, err
	}
	if err := p.mayAt(actor, r.lane, marz.ActInspect); err != nil {
		return nil, err
	}
	l, err := p.lane(p.journal.State(), r.lane)
	if err != nil {
		return nil, err
	}
	if err := l.heldBy(actor.Officer); err != nil {
		return nil, err
	}
	portrait, ok := p.portraits.get(r.id)
	if !ok || portrait.jpeg == nil || l.open != r.id {
		return nil, &marz.Error{Code: marz.NotFound, Op: "portrait", Subject: "of inspection " + strconv.FormatInt(r.id, 10), Fix: "there is none any more; lay the document down again"}
	}
	return portrait.jpeg, nil
}

// shownPortrait says what there is of a portrait, to the page of the lane.
func (p *Post) shownPortrait(r *row) *web.Portrait {
	if r.ended() {
		p.portraits.end(r.id)
		return nil
	}
	portrait, ok := p.portraits.get(r.id)
	if !ok {
		return nil
	}
	w := &web.Portrait{Why: portrait.why, Proven: portrait.proven}
	if portrait.jpeg != nil {
		w.Address = "/api/inspections/" + string(inspectionID(r.id)) + "/portrait"
	}
	return w
}

// chipOf returns what passive authentication found, check by check, for the record.
func chipOf(e *inspection.Evidence) *emrtd.Report {
	if e == nil {
		return nil
	}
	return e.Proof.Report
}

// TakeReading opens an inspection for what a reader at the lane handed over. The reading waits in memory until it is taken, by an officer whose authority has accepted the reader for this lane. With certain, a zone that has a
// wrong check digit opens none, unless the chip has it too.
func (p *Post) TakeReading(ctx context.Context, actor Actor, lane marz.LaneID, id string, again, certain bool) (*web.Inspection, error) {
	r, key, err := p.handedOver(actor, lane, id)
	if err != nil {
		return nil, err
	}
	p.stations.use(key, id) // whatever becomes of it: a reading that the lane refuses is read anew
	doc, err := printedOrRead(r, p.today())
	if err != nil {
		return nil, err
	}
	if certain && r.Chip.Files[reading.DG(1)] == nil {
		if err := sure(doc); err != nil {
			return nil, err
		}
	}
	return p.take(ctx, actor, lane, taken{doc: doc, evidence: p.prove(r, doc, p.opts.Clock()), reader: key, again: again})
}

// handedOver returns what a reader at the lane handed over lately, and which reader that was.
func (p *Post) handedOver(actor Actor, lane marz.LaneID, id string) (*reading.Reading, string, error) {
	if err := p.mayAt(actor, lane, marz.ActInspect); err != nil {
		return nil, "", err
	}
	held, err := readAccepted(p.journal.State(), `WHERE lane = ? AND authority = ?`, lane, actor.Officer.Authority())
	if err != nil {
		return nil, "", err
	}
	var keys []string
	for _, a := range held {
		keys = append(keys, a.key)
	}
	r, key := p.stations.waits(keys, id)
	if r == nil {
		return nil, "", &marz.Error{Code: marz.NotFound, Op: "take reading", Subject: "at lane " + string(lane), Fix: "it is gone: lay the document down again"}
	}
	return r, key, nil
}

// printedOrRead reads the zone of a reading: the printed one, or where that cannot be read the chip's. That the two do not agree is a finding of its own.
func printedOrRead(r *reading.Reading, today marz.Date) (*mrz.Document, error) {
	doc, err := mrz.Parse(r.Zone, today)
	dg1 := r.Chip.Files[reading.DG(1)]
	if err == nil || dg1 == nil {
		return doc, err
	}
	text, err := emrtd.ZoneText(dg1)
	if err != nil {
		return nil, err
	}
	return mrz.Parse(text, today)
}
