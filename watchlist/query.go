package watchlist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"marz"
)

// Query asks whether a traveller, document or vehicle stands on a list. Every field may be empty; an empty query has no
// hits.
type Query struct {
	ID          string    `json:"id"`          // the caller's own, given back in the answer
	Primary     string    `json:"primary"`     // primary identifier, usually the surname (ICAO 9303-3 §4.6)
	Secondary   string    `json:"secondary"`   // secondary identifier, usually the given names
	Names       []string  `json:"names"`       // further whole names, in any script and order of parts
	Birth       marz.Date `json:"birth"`       //
	Nationality string    `json:"nationality"` // ICAO 9303-3 §5 code; ISO 3166-1 alpha-2 and English names are understood
	Sex         string    `json:"sex"`         // "M", "F"; anything else is no evidence
	Document    string    `json:"document"`    // document number
	// DocumentCheck is the character that was read after the document number as its check digit (ICAO 9303-3 §4.9), or nothing. It is never one that was computed. Numbers that only look like this one are then
	// hits if the digit does not speak against it.
	DocumentCheck string `json:"document_check,omitempty"`
	Vehicle       string `json:"vehicle"` // number plate, tail number or IMO number
}

// ParseQuery reads one query from a JSON object. A key that is unknown or stands twice is refused, since a misspelt
// key would screen less than was meant.
func ParseQuery(b []byte) (Query, error) {
	var q Query
	if !utf8.Valid(b) {
		return q, badQuery("write it in UTF-8", nil)
	}
	fields := map[string]any{
		"id": &q.ID, "primary": &q.Primary, "secondary": &q.Secondary, "names": &q.Names, "birth": &q.Birth,
		"nationality": &q.Nationality, "sex": &q.Sex, "document": &q.Document, "document_check": &q.DocumentCheck, "vehicle": &q.Vehicle,
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	t, err := dec.Token()
	if err != nil || t != json.Delim('{') {
		return q, badQuery("write one JSON object, for example {\"names\":[\"BADEGE ERIC\"]}", nil)
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return q, badQuery("not JSON", syntax(err))
		}
		key, _ := t.(string)
		into, ok := fields[key]
		if !ok {
			return q, badQuery(fmt.Sprintf("%.40q is not a key of a query, or stands twice; the keys are id, primary, "+
				"secondary, names, birth, nationality, sex, document, document_check, vehicle", key), nil)
		}
		delete(fields, key)
		if err := dec.Decode(into); err != nil {
			return q, badQuery(fmt.Sprintf("the value of %q cannot be read", key), syntax(err))
		}
	}
	if _, err := dec.Token(); err != nil {
		return q, badQuery("the object is not closed", nil)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return q, badQuery("more follows after the object; write one query a line", nil)
	}
	if len(q.DocumentCheck) > 1 {
		return q, badQuery("document_check is the one character that was read after the number", nil)
	}
	return q, nil
}

func badQuery(fix string, err error) error {
	return &marz.Error{Code: marz.Invalid, Op: "query", Fix: fix, Err: err}
}

// syntax passes on only what is free of the values themselves: an error about a query must not quote a person's data.
func syntax(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("it is a JSON %s", e.Value)
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		if e.Error() == "unexpected end of JSON input" {
			return errors.New("it is cut short")
		}
		return fmt.Errorf("syntax error at byte %d", e.Offset)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is cut short")
	}
	if e, ok := errors.AsType[*marz.Error](err); ok {
		return errors.New(e.Fix)
	}
	return nil
}

// HitKind says by what an alert was found.
type HitKind string

// The kinds of hit. An alert that is found by several is one hit, of the first kind in this order.
const (
	ByDocument HitKind = "document"
	ByVehicle  HitKind = "vehicle"
	ByName     HitKind = "name"
)

// Hit is a possible match of a query with one alert.
type Hit struct {
	Alert    marz.AlertID     `json:"alert"`
	Kind     HitKind          `json:"kind"`
	Score    float64          `json:"score"`    // points, from Threshold on, see there
	Name     string           `json:"name"`     // the alert's name that matched best; for other kinds of hit its first
	Reasons  []string         `json:"reasons"`  // what speaks for it and against it, in words
	Sentence string           `json:"sentence"` // what the traveller could be told
	Evidence []Line           `json:"evidence"` // the same as a table
	About    Kind             `json:"about"`    // what the alert is about
	List     marz.ListID      `json:"list"`
	Version  string           `json:"alert_version"` // of the alert: a namesake cleared for it need not be stopped again
	Owner    marz.AuthorityID `json:"owner"`
}

// ListVersion says which state of a list an answer rests on.
type ListVersion struct {
	Name    string       `json:"name"`
	Version string       `json:"version"`
	Loaded  marz.Instant `json:"loaded"`
}

// Answer is what the lists in force say to a query.
type Answer struct {
	ID     string        `json:"id"`
	Hits   []Hit         `json:"hits"`   // by falling score, then by alert; never nil
	Lists  []ListVersion `json:"lists"`  // all that were searched, in order of their IDs; never nil
	Micros int64         `json:"micros"` // time taken in microseconds
}
