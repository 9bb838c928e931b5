package post

import (
	"encoding/json"
	"io"
	"strconv"

	"marz"
	"marz/agreement"
	"marz/inspection"
	"marz/web"
)

// maxInstruments bounds a file of signed instruments.
const maxInstruments = 1 << 20

var (
	lookupReasons = reasons(inspection.LookupReasons)
	objectReasons = reasons(inspection.ObjectReasons)
)

// instant reads an instant of the address, in the post's time or with its offset; absent is now.
func (p *Post) instant(q *request, name string, absent marz.Instant) (marz.Instant, error) {
	i, err := web.ReadInstant(p.post.Zone, q.FormValue(name))
	if i == 0 {
		i = absent
	}
	return i, err
}

func (p *Post) pageRegister(q *request) error {
	at, err := p.instant(q, "at", p.now())
	if err != nil {
		return err
	}
	return p.render(q, "register", "Register", *p.RegisterPage(at))
}

func (p *Post) pageAgreement(q *request) error {
	at, err := p.instant(q, "at", p.now())
	if err != nil {
		return err
	}
	body, err := p.AgreementPage(q.PathValue("agreement"), at)
	if err != nil {
		return err
	}
	return p.render(q, "agreement", body.Agreement.ID, *body)
}

func (p *Post) pageTimeline(q *request) error {
	at, err := p.instant(q, "at", p.now())
	if err != nil {
		return err
	}
	known, err := p.instant(q, "known", 0)
	if err != nil {
		return err
	}
	body, err := p.TimelinePage(q.Context(), marz.PlaceID(q.PathValue("place")), at, known)
	if err != nil {
		return err
	}
	return p.render(q, "timeline", "Timeline of "+body.Place.Name, *body)
}

func (p *Post) pageMap(q *request) error {
	at, err := p.instant(q, "at", p.now())
	if err != nil {
		return err
	}
	body := p.MapPage(p.now())
	body.At = min(max(at, body.From), body.Until)
	return p.render(q, "map", "Map", *body)
}

func (p *Post) pageLookups(q *request) error {
	body, err := p.LookupsPage(q.actor)
	if err != nil {
		return err
	}
	return p.render(q, "lookups", "Look-ups", *body)
}

func (p *Post) pageSections(q *request) error {
	body, err := p.SectionsPage(q.actor)
	if err != nil {
		return err
	}
	return p.render(q, "sections", "Sections", *body)
}

// addInstruments takes what its parties signed from whoever brings it.
func (p *Post) addInstruments(q *request) error {
	body, err := io.ReadAll(io.LimitReader(q.Body, maxInstruments+1))
	if err != nil {
		return &marz.Error{Code: marz.Invalid, Op: "read", Subject: "signed instruments", Err: err}
	}
	if len(body) > maxInstruments {
		return &marz.Error{Code: marz.Invalid, Op: "read", Subject: "signed instruments", Fix: "they are larger than 1 MB; send them in parts"}
	}
	all, err := agreement.ParseSigned("signed instruments", body)
	if err != nil {
		return err
	}
	recorded, err := p.AddInstruments(q.Context(), all)
	if err != nil {
		return err
	}
	if recorded == nil {
		recorded = []marz.Seq{}
	}
	return q.json(map[string][]marz.Seq{"recorded": recorded})
}

func (p *Post) concur(q *request) error {
	var in struct {
		Submission marz.Seq `json:"submission"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	return q.answer(p.Concur(q.Context(), q.actor, q.inspection(), in.Submission))
}

func (p *Post) object(q *request) error {
	var in struct {
		Submission marz.Seq `json:"submission"`
		Reason     string   `json:"reason"`
		Note       string   `json:"note"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	return q.answer(p.Object(q.Context(), q.actor, q.inspection(), in.Submission, in.Reason, in.Note))
}

func (p *Post) asylum(q *request) error {
	if err := q.read(&struct{}{}); err != nil {
		return err
	}
	return q.answer(p.Asylum(q.Context(), q.actor, q.inspection()))
}

func (p *Post) lookUp(q *request) error {
	var in struct {
		Owner  marz.AuthorityID `json:"owner"`
		Reason string           `json:"reason"`
		Note   string           `json:"note"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	hits, under, err := p.LookUp(q.Context(), q.actor, q.inspection(), in.Owner, in.Reason, in.Note)
	if err != nil {
		return err
	}
	return q.json(struct {
		Hits  []web.Hit       `json:"hits"`
		Under marz.ArticleRef `json:"under"`
	}{hits, under})
}

var toSections = map[string]string{"next": "/sections"}

func (p *Post) roster(q *request) error {
	var in struct {
		From     marz.Instant     `json:"from"`
		Until    marz.Instant     `json:"until"`
		Officers []marz.OfficerID `json:"officers"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	if _, err := p.Roster(q.Context(), q.actor, marz.PlaceID(q.PathValue("section")), in.From, in.Until, in.Officers); err != nil {
		return err
	}
	return q.json(toSections)
}

func (p *Post) endPatrol(q *request) error {
	if err := q.read(&struct{}{}); err != nil {
		return err
	}
	n, err := seq(q.PathValue("id"), 0)
	if err != nil {
		return err
	}
	if err := p.EndPatrol(q.Context(), q.actor, n); err != nil {
		return err
	}
	return q.json(toSections)
}

func (p *Post) recordIncident(q *request) error {
	var in struct {
		At        marz.Instant     `json:"at"`
		Kind      string           `json:"kind"`
		Kilometre json.Number      `json:"kilometre"`
		Present   []marz.OfficerID `json:"present"`
		Patrol    marz.Seq         `json:"patrol"`
		Note      string           `json:"note"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	km, err := strconv.ParseFloat(string(in.Kilometre), 64)
	if err != nil {
		return &marz.Error{Code: marz.Invalid, Op: "record incident", Subject: "kilometre", Fix: "give the distance from the section's beginning as a number, for example 12.5"}
	}
	if _, err := p.RecordIncident(q.Context(), q.actor, marz.PlaceID(q.PathValue("section")), Incident{in.At, in.Kind, km, in.Present, in.Patrol, in.Note}); err != nil {
		return err
	}
	return q.json(toSections)
}

func (p *Post) readIncident(q *request) error {
	var in struct {
		Reason string `json:"reason"`
		Note   string `json:"note"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	n, err := seq(q.PathValue("seq"), 0)
	if err != nil {
		return err
	}
	note, err := p.ReadIncident(q.Context(), q.actor, n, in.Reason, in.Note)
	if err != nil {
		return err
	}
	return q.json(map[string]string{"note": note})
}
