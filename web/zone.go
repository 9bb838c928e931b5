package web

import "marz/mrz"

// Candidates is what a zone that was read wrongly may have been, for the officer to compare with the printed document. Nothing of it is stored.
type Candidates struct {
	Read       []string        `json:"read"`       // what was read, in capitals and without blanks: as a zone's lines where it has the shape of one, otherwise as its lines came
	Readable   bool            `json:"readable"`   // it has the shape of a zone and can be inspected as it stands
	BadChecks  []string        `json:"bad_checks"` // fields whose check digit is wrong in it
	Candidates []mrz.Candidate `json:"candidates"` // the likeliest first
	Why        string          `json:"why,omitempty"`
}
