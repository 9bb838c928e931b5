package agreement

import (
	"errors"
	"fmt"
	"strings"

	"marz"
)

// Events returns what the document holds as a history takes it.
func (d *Document) Events() []Event {
	var out []Event
	for i := range d.Agreements {
		out = append(out, Event{Agreement: &d.Agreements[i]})
	}
	for i := range d.Statements {
		out = append(out, Event{Statement: &d.Statements[i]})
	}
	for i := range d.Reports {
		out = append(out, Event{Report: &d.Reports[i]})
	}
	for i := range d.Commissions {
		out = append(out, Event{Commission: &d.Commissions[i]})
	}
	return out
}

// Check makes the register that follows from the documents together, or says everything that is wrong with them, each with file, line and article.
func Check(g Ground, now marz.Instant, docs ...*Document) (*Register, error) {
	return NewHistory(g).Check(now, docs...)
}

// Check is Consider for documents: its faults name file, line and article.
func (h *History) Check(now marz.Instant, docs ...*Document) (*Register, error) {
	var events []Event
	var origins []origin
	for _, d := range docs {
		count := map[string]int{}
		for _, e := range d.Events() {
			kind := e.kind()
			events, origins = append(events, e), append(origins, origin{d, element{kind, count[kind], -1}})
			count[kind]++
		}
	}
	r, found := h.consider(now, events)
	if len(found) == 0 {
		err := r.Validate()
		if err == nil {
			return r, nil
		}
		found = append(found, fault{-1, err})
	}
	var faults []error
	for _, f := range found {
		for _, err := range join([]error{f.err}).(Faults) {
			faults = append(faults, f.locate(origins, err))
		}
	}
	return nil, join(faults)
}

// kind is the kind of element that holds the event.
func (e *Event) kind() string {
	switch {
	case e.Agreement != nil:
		return "agreement"
	case e.Statement != nil:
		return "statement"
	case e.Commission != nil:
		return "commission"
	}
	return "report"
}

// origin is where an event stands: the document, and the element of it.
type origin struct {
	doc *Document
	element
}

// fault is what speaks against an event, by its index; -1: against what follows from all of them.
type fault struct {
	event int
	err   error
}

// locate puts file and line before a fault. A fault of all together is at its article, if that is in one of the documents; of several with the same
// id the last is meant, since that is the one that is refused.
func (f fault) locate(origins []origin, err error) error {
	e, ok := errors.AsType[*marz.Error](err)
	if !ok {
		return err
	}
	agreement, article, _ := strings.Cut(e.Subject, "/")
	i := f.event
	if i < 0 {
		for n, o := range origins {
			if o.kind == "agreement" && o.doc.Agreements[o.n].ID == agreement {
				i = n
			}
		}
	}
	if i < 0 {
		return err
	}
	o := origins[i]
	if o.kind == "agreement" {
		for n := range o.doc.Agreements[o.n].Articles {
			if id := o.doc.Agreements[o.n].Articles[n].ID; article != "" && (id == article || fmt.Sprintf("%.40q", id) == article) {
				o.article = n
			}
		}
	}
	what := strings.TrimPrefix(e.Op, "check ")
	subject := o.doc.Name
	if line := o.doc.lines.of(o.element); line > 0 { // what was not read from TOML has no lines
		subject = fmt.Sprintf("%s:%d", o.doc.Name, line)
	}
	return &marz.Error{Code: marz.Invalid, Op: "check", Subject: subject, Fix: what + " " + e.Subject + ": " + e.Fix, Err: e.Err}
}
