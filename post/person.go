package post

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/mrz"
	"marz/web"
)

// The kinds of entry about a person's own data.
const (
	KindPersonExported = "person.exported" // a supervisor took out what is held about a person, to give it to him
	KindNoted          = "person.noted"    // what a person says about his record, or what was done about it
)

// PersonReasons are why what is held about a person is taken out.
var PersonReasons = []web.Reason{
	{Code: "person-asks", Text: "The person asks for his data"},
	{Code: "represented", Text: "Somebody asks who represents the person"},
	{Code: "authority-asks", Text: "The supervisory authority for data protection asks"},
	{Code: "court-asks", Text: "A court asks"},
}

// NoteKinds are what a note on a record can be.
var NoteKinds = []web.Reason{
	{Code: "correction", Text: "The person says that something is wrong"},
	{Code: "complaint", Text: "The person complains"},
	{Code: "restriction", Text: "The person asks that it be used no further"},
	{Code: "answer", Text: "What was found and done"},
}

// exportedPersonEntry says how many crossings there were, and not which: that would join all that is about one person in a log that is kept for ever.
type exportedPersonEntry struct {
	Reason    string `json:"reason"`
	Crossings int    `json:"crossings"`
}

type exportedPersonPrivate struct {
	Asked       web.PersonAsked     `json:"asked"`
	Inspections []marz.InspectionID `json:"inspections"`
	Note        string              `json:"note,omitempty"`
}

type notedEntry struct {
	Inspection marz.InspectionID `json:"inspection"`
	Kind       string            `json:"kind"`
}

// Person is by what somebody is looked for: by the zone of his document, or by what stands in it. Name, birth date and nationality never tell a person from his namesake, so a number of a document of his is always needed.
type Person struct {
	Zone        string
	Primary     string // as the zone has it
	Secondary   string
	Birth       string // YYYY-MM-DD, X for digits that are not known
	Nationality string // ICAO code
	Numbers     []string
}

// most numbers of documents that one request can name
const mostNumbers = 10

// asked puts what somebody is looked for by into the form in which records have it.
func (p *Post) asked(who Person) (web.PersonAsked, error) {
	bad := func(fix string) (web.PersonAsked, error) {
		return web.PersonAsked{}, &marz.Error{Code: marz.Invalid, Op: "find person", Fix: fix}
	}
	a := web.PersonAsked{Primary: zoned(who.Primary), Secondary: zoned(who.Secondary), Birth: strings.TrimSpace(who.Birth), Nationality: zoned(who.Nationality)}
	for _, n := range who.Numbers {
		if n = numbered(n); n != "" && !slices.Contains(a.Numbers, n) {
			a.Numbers = append(a.Numbers, n)
		}
	}
	if strings.TrimSpace(who.Zone) != "" {
		doc, err := mrz.Parse(who.Zone, p.today())
		if err != nil {
			return a, err
		}
		a.Primary, a.Secondary, a.Birth, a.Nationality = doc.Primary, doc.Secondary, doc.Birth.String(), doc.Nationality
		if n := numbered(doc.Number); !slices.Contains(a.Numbers, n) {
			a.Numbers = append(a.Numbers, n)
		}
	}
	birth, err := marz.ParseDate(a.Birth)
	switch {
	case a.Primary == "" || a.Nationality == "":
		return bad("give the zone of the document, or surname, given names, birth date and nationality as it has them")
	case err != nil:
		return bad("write the birth date as YYYY-MM-DD, with X for digits that are not known")
	case len(a.Numbers) == 0 || len(a.Numbers) > mostNumbers:
		return bad("give the number of one to ten documents of his: a namesake born on the same day is somebody else")
	}
	a.Birth = birth.String()
	return a, nil
}

// zoned is a name as a zone has it once it is read: capital letters, words apart by one space.
func zoned(s string) string {
	return strings.Join(strings.Fields(strings.ToUpper(strings.NewReplacer("<", " ", "-", " ", "'", "").Replace(s))), " ")
}

func numbered(s string) string { return strings.ReplaceAll(zoned(s), " ", "") }

// ExportPerson gives a supervisor all that is held about a person here and is his authority's, after the entry that says that he took it and why. Only what may be told to the person is in it.
func (p *Post) ExportPerson(ctx context.Context, actor Actor, who Person, reason, note string) (*web.PersonRecords, error) {
	note, err := trim(note)
	if err == nil && !slices.ContainsFunc(PersonReasons, func(r web.Reason) bool { return r.Code == reason }) {
		err = &marz.Error{Code: marz.Invalid, Op: "export person", Fix: "give one of the reasons for taking out what is held about a person"}
	}
	var asked web.PersonAsked
	if err == nil {
		asked, err = p.asked(who)
	}
	if err != nil {
		return nil, err
	}
	own := actor.Officer.Authority()
	out := &web.PersonRecords{Post: p.post.Name, Authority: p.bodies[own], Exercise: p.Exercise(), Reason: reason, Asked: asked, Withheld: p.sentence(), Crossings: []web.PersonCrossing{},
		Erasure: "What was erased because its time was up is gone: nobody can tell any more that it was about this person, and so it is not listed here."}
	if len(p.bodies) > 1 {
		out.Elsewhere = "Records that another authority made here alone are told by that authority."
	}
	var found []*row
	err = p.actOn(ctx, actor, p.post.ID.Place(), marz.ActReadRecord, ownRecords(own), func(a *act) error {
		under := a.under
		if err := a.ask(marz.ActSupervise, nil); err != nil {
			return err
		}
		a.under = under
		if found, out.Others, err = p.find(a, a.Tx, own, asked); err != nil {
			return err
		}
		private := exportedPersonPrivate{Asked: asked, Note: note}
		for _, r := range found {
			private.Inspections = append(private.Inspections, inspectionID(r.id))
		}
		e, err := a.append(KindPersonExported, exportedPersonEntry{reason, len(found)}, private)
		out.At, out.Entry, out.Under = e.At, e.Seq, e.Under
		return err
	})
	if err != nil {
		return nil, err
	}
	k, err := p.keeps(p.journal.State(), committed{ctx, p.journal}, p.now())
	if err != nil {
		return nil, err
	}
	for _, r := range found {
		c, err := p.told(k, r, own)
		if err != nil {
			return nil, err
		}
		if c != nil {
			out.Crossings = append(out.Crossings, *c)
		}
	}
	return out, nil
}

// ownRecords is about the records of an authority as such.
func ownRecords(own marz.AuthorityID) about {
	return ofRecord(func(*journal.Tx) (*agreement.Record, error) {
		return &agreement.Record{Kind: "record", Owners: []marz.AuthorityID{own}}, nil
	})
}

// sentence stands in the place of what may not be told. It is the same whether there is any or not.
func (p *Post) sentence() string {
	if s := strings.TrimSpace(p.config.Person.Sentence); s != "" {
		return s
	}
	return "What lists of wanted persons, documents and vehicles hold or do not hold is not told here, and neither is what a look at them had as a result. Their owners answer for it."
}

// find returns an authority's records of a person, the oldest first, and how many there are of somebody who could be he, with other documents.
func (p *Post) find(q querier, from entries, own marz.AuthorityID, who web.PersonAsked) (found []*row, others int, err error) {
	digest := p.keyed("traveller", who.Nationality, who.Birth, who.Primary, who.Secondary)
	rows, err := collect(q, func(r *sql.Rows) (*row, error) { return scanRow(r) }, rowQuery+`WHERE traveller = ? AND instr(' ' || owners || ' ', ' ' || ? || ' ') > 0 ORDER BY id`, digest, own)
	if err != nil {
		return nil, 0, &marz.Error{Op: "find person", Err: err}
	}
	for _, r := range rows {
		in, err := readCase(from, r.id)
		switch {
		case err != nil:
			return nil, 0, err
		case in == nil: // erased
		case slices.Contains(who.Numbers, numbered(in.Document.Number)):
			found = append(found, r)
		default:
			others++
		}
	}
	return found, others, nil
}

// readCase reads an inspection's payload; nil: it was erased.
func readCase(from entries, id int64) (*inspectionPrivate, error) {
	payload, err := from.Payload(marz.Seq(id))
	if marz.CodeOf(err) == marz.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	in := new(inspectionPrivate)
	if err := json.Unmarshal(payload, in); err != nil {
		return nil, &marz.Error{Op: "read inspection", Subject: string(inspectionID(id)), Fix: "its payload is malformed; run marz verify"}
	}
	return in, nil
}

// Note attaches to a record what the person says about it, or what was done about that. It changes nothing of the record.
func (p *Post) Note(ctx context.Context, actor Actor, id marz.InspectionID, kind, note string) error {
	note, err := trim(note)
	bad := func(c marz.Code, fix string) error {
		return &marz.Error{Code: c, Op: "note on record", Subject: string(inspectionID(number(id))), Fix: fix}
	}
	switch {
	case err != nil:
		return err
	case !slices.ContainsFunc(NoteKinds, func(r web.Reason) bool { return r.Code == kind }):
		return bad(marz.Invalid, "say what kind of note it is")
	case note == "":
		return bad(marz.Invalid, "write what there is to be said")
	}
	return p.actIn(ctx, actor, id, marz.ActSupervise, func(a *act) error {
		r, err := readRow(a, number(id))
		if err != nil {
			return err
		}
		if !slices.Contains(r.owners, a.own()) {
			return bad(marz.Forbidden, "the record belongs to "+names(r.owners))
		}
		_, err = a.append(KindNoted, notedEntry{inspectionID(r.id), kind}, decisionPrivate{Note: note})
		return err
	})
}

func foldNoted(f *journal.Fold, e journal.Entry, _ []byte) error {
	var n notedEntry
	if err := e.Read(nil, &n, nil); err != nil {
		return err
	}
	return f.Exec(`INSERT INTO s_note (seq, at, authority, inspection, kind) VALUES (?, ?, ?, ?, ?)`, e.Seq, e.At, e.Authority, number(n.Inspection), n.Kind)
}
