package web_test

import (
	"io"
	"net/http"
	"strings"

	"marz"
	"marz/mrz"
	"marz/web"
)

// fakeScan is what a page sends of a zone.
type fakeScan struct {
	Text    string
	Again   bool
	Certain bool
	Way     string
	Read    string
}

var fakeToday = marz.Date{Year: 2024, Month: 12, Day: 31}

// refused answers a certain scan of a zone with a wrong check digit, and reports whether it did.
func (s fakeScan) refused(w http.ResponseWriter, r *http.Request) bool {
	if d, err := mrz.Parse(s.Text, fakeToday); s.Certain && err == nil && !d.ChecksOK() {
		web.WriteError(w, r, &marz.Error{Code: marz.Invalid, Op: "scan", Fix: "wrong check digit"})
		return true
	}
	return false
}

func (f *fakePost) candidates(w http.ResponseWriter, r *http.Request) {
	var in struct{ Text string }
	if err := web.ReadJSON(w, r, &in, 2000); err != nil {
		web.WriteError(w, r, err)
		return
	}
	web.WriteJSON(w, http.StatusOK, fakeCandidates(in.Text))
}

func (f *fakePost) photograph(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Content-Type") != "image/jpeg" {
		f.t.Errorf("a photograph came as %q: %v", r.Header.Get("Content-Type"), err)
	}
	web.WriteJSON(w, http.StatusOK, fakeCandidates(string(b)))
}

func fakeCandidates(text string) web.Candidates {
	c := web.Candidates{Read: strings.Split(text, "\n"), BadChecks: []string{}, Candidates: []mrz.Candidate{}}
	if d, err := mrz.Parse(text, fakeToday); err == nil {
		c.Read, c.Readable = d.Lines, true
		for _, check := range d.Checks {
			if !check.OK {
				c.BadChecks = append(c.BadChecks, check.Field)
			}
		}
	}
	if found, err := mrz.Repair(text, fakeToday); err == nil {
		c.Candidates = found
	} else {
		c.Why = "too much of it is wrong"
	}
	return c
}
