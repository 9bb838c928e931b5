package post

import (
	"errors"
	"strings"

	"marz"
	"marz/inspection"
	"marz/mrz"
	"marz/web"
)

// takenOnce returns how the text of a scan came to the lane: a reader gave it, unless something else is said.
func takenOnce(taken []inspection.Taken) (inspection.Taken, error) {
	if len(taken) == 0 {
		return inspection.Taken{}, nil
	}
	how := taken[0]
	if err := how.Validate(); err != nil {
		return how, err
	}
	if how.Way == inspection.Scanned {
		how.Way = ""
	}
	return how, nil
}

// scan opens an inspection. With certain it opens none for a zone that cannot be read or has a wrong check digit: the page then asks for candidates. What is inspected as it stands, after the officer said so, comes without it.
func (p *Post) scan(q *request) error {
	var in struct {
		Text    string         `json:"text"`
		Reading string         `json:"reading"` // of a reader that hands over more than a zone, instead of the text
		Again   bool           `json:"again"`
		Certain bool           `json:"certain"`
		Read    string         `json:"read"`
		Way     inspection.Way `json:"way"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	if in.Reading != "" {
		return q.answer(p.TakeReading(q.Context(), q.actor, q.lane(), in.Reading, in.Again, in.Certain))
	}
	if in.Certain {
		if err := p.certain(q, in.Text); err != nil {
			return err
		}
	}
	return q.answer(p.Scan(q.Context(), q.actor, q.lane(), in.Text, in.Again, inspection.Taken{Way: in.Way, Read: in.Read}))
}

func (p *Post) certain(q *request, text string) error {
	if err := p.mayAt(q.actor, q.lane(), marz.ActInspect); err != nil {
		return err
	}
	doc, err := mrz.Parse(text, p.today())
	if err != nil {
		return err
	}
	return sure(doc)
}

// sure refuses a zone with a wrong check digit.
func sure(doc *mrz.Document) error {
	if bad := inspection.BadChecks(doc); len(bad) > 0 {
		return &marz.Error{Code: marz.Invalid, Op: "scan", Fix: "wrong check digit of " + strings.Join(bad, ", ") + ": scan again, or compare with the printed page"}
	}
	return nil
}

func (p *Post) today() marz.Date { return marz.DateOf(p.opts.Clock().In(p.zone)) }

// candidates says what a zone that was read wrongly may have been. It knows only what it is given: it looks nothing and nobody up, and keeps nothing, so that it is no entry.
func (p *Post) candidates(q *request) error {
	var in struct {
		Text    string `json:"text"`
		Reading string `json:"reading"`
	}
	if err := q.read(&in); err != nil {
		return err
	}
	if in.Reading != "" {
		r, _, err := p.handedOver(q.actor, q.lane(), in.Reading)
		if err != nil {
			return err
		}
		in.Text = r.Zone
	}
	if len(in.Text) > inspection.MostRead {
		return &marz.Error{Code: marz.Invalid, Op: "propose zones", Fix: "the text is longer than any zone; give one zone at a time"}
	}
	return q.json(candidatesFor(in.Text, p.today()))
}

// candidatesFor returns the candidates for a text that was read, or why there are none.
func candidatesFor(text string, today marz.Date) web.Candidates {
	c := web.Candidates{Read: linesRead(text), BadChecks: []string{}, Candidates: []mrz.Candidate{}}
	if doc, err := mrz.Parse(text, today); err == nil {
		c.Read, c.Readable, c.BadChecks = doc.Lines, true, append(c.BadChecks, inspection.BadChecks(doc)...)
	}
	found, err := mrz.Repair(text, today)
	if err != nil {
		c.Why = reason(err)
		return c
	}
	c.Candidates = found
	return c
}

// linesRead are the lines of a text in capitals, without blanks and without empty ones.
func linesRead(text string) []string {
	lines := []string{}
	for line := range strings.Lines(strings.ToUpper(text)) {
		if line = strings.Join(strings.Fields(line), ""); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// reason is what an error says to do.
func reason(err error) string {
	if e, ok := errors.AsType[*marz.Error](err); ok && e.Fix != "" {
		return e.Fix
	}
	return err.Error()
}
