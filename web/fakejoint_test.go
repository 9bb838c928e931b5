package web_test

import (
	"net/http"
	"slices"

	"marz"
	"marz/web"
)

// fakeDuty is joint service at lane 1 of a fakePost, between am-bg and ru-bg. All alerts are am-bg's. The post's lock guards it.
type fakeDuty struct {
	decisions  []marz.Decision    // that need both
	first      []marz.AuthorityID // who proposes them first, or nobody in particular
	shared     bool               // am-bg's hits are shared with ru-bg
	submission marz.Seq
	objected   *web.Objection
	given      []string // "owner/reason/note" of every look-up
}

const jointArticle, shareArticle = "am-ru-2024-agarak/5", "am-ru-2024-agarak/6"

var (
	tigran     = web.Officer{ID: "am-bg/0107", Name: "Tigran Sahakyan", Role: marz.RoleOfficer, Authority: armenia}
	objections = []web.Reason{{Code: "identity", Text: "Not the person of the alert"}, {Code: "ground", Text: "The ground does not hold here"}}
	lookups    = []web.Reason{{Code: "comparison", Text: "To compare with the traveller"}, {Code: "concurrence", Text: "To decide on concurrence"}}
)

// serveJointly puts two officers at lane 1: ru-bg/0102, who is who asks when nothing else is said, and am-bg/0107.
func (f *fakePost) serveJointly(decisions ...marz.Decision) *fakeDuty {
	f.with(func() {
		f.duty = &fakeDuty{decisions: decisions}
		for i := range f.lanes {
			f.lanes[i].Joint = true
		}
		f.lanes[0].Seats = []web.Seat{{Authority: russia.ID, Officer: officer.ID, Since: midday - 3600e3}, {Authority: armenia.ID, Officer: tigran.ID, Since: midday - 1800e3}}
	})
	return f.duty
}

// whoAsks returns whose window a request comes from.
func whoAsks(r *http.Request) web.Officer {
	c, err := r.Cookie("officer")
	if err != nil {
		return officer
	}
	return map[string]web.Officer{string(tigran.ID): tigran, string(anahit.ID): anahit, string(officer.ID): officer}[c.Value]
}

// signInAs makes the window that of another officer.
func (f *fakePost) signInAs(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "officer", Value: r.PathValue("authority") + "/" + r.PathValue("number"), Path: "/"})
	http.Redirect(w, r, "/lane/1", http.StatusSeeOther)
}

func (f *fakePost) needs(d marz.Decision) bool {
	return f.duty != nil && slices.Contains(f.duty.decisions, d)
}

// view returns an inspection as an officer sees it. The caller holds the lock.
func (f *fakePost) view(c *web.Inspection, who web.Officer) web.Inspection {
	v := *c
	if f.duty == nil {
		return v
	}
	own, other := who.Authority.ID, russia.ID
	if own == russia.ID {
		other = armenia.ID
		if len(c.Hits) > 0 {
			o := web.OtherHits{Owner: other, Count: len(c.Hits), Shared: f.duty.shared, Under: shareArticle}
			if !o.Shared {
				o.Why, o.Under = "no article in force shares hits of am-bg with ru-bg", ""
			}
			v.Hits, v.Others = nil, []web.OtherHits{o}
		}
	}
	if c.State == "decided" || c.State == "withdrawn" {
		return v
	}
	v.Joint = &web.Joint{Article: jointArticle, With: []marz.AuthorityID{other}, Decisions: f.duty.decisions, First: f.duty.first, Exit: f.duty.first != nil}
	if c.State == "open" {
		v.Joint.Objected = f.duty.objected
	}
	if p := c.Proposal; c.State == "awaiting" {
		v.Joint.Waiting = &web.Waiting{Submission: f.duty.submission, Decision: p.Decision, Reason: p.Reason, Note: p.Note, By: p.By,
			For: []marz.AuthorityID{otherThan(p.By.Authority())}, Mine: p.By.Authority() != own}
	}
	return v
}

func otherThan(a marz.AuthorityID) marz.AuthorityID {
	if a == russia.ID {
		return armenia.ID
	}
	return russia.ID
}

// actJointly does what only joint service knows: concurrence, and refusals of what is out of turn. The caller holds the lock.
func (f *fakePost) actJointly(w http.ResponseWriter, r *http.Request, c *web.Inspection, d marz.Decision, submission marz.Seq) bool {
	act, who := r.PathValue("act"), whoAsks(r)
	refuse := func(code marz.Code, fix string) bool {
		web.WriteError(w, r, &marz.Error{Code: code, Op: act, Subject: "inspection " + string(c.ID), Fix: fix})
		return true
	}
	switch {
	case c.Asylum && act == "decide" && who.Authority.ID != armenia.ID && d != marz.Refer:
		return refuse(marz.Forbidden, "asylum was asked for: officers of am-bg decide")
	case f.duty == nil || act == "withdraw" || act == "asylum":
		return false
	case act == "concur" || act == "object":
		if c.State != "awaiting" || submission != f.duty.submission || c.Proposal.By.Authority() == who.Authority.ID {
			return refuse(marz.Conflict, "this is not what waits; look at the case again")
		}
		if act == "object" {
			return false
		}
		f.seq++
		c.With, c.By = []marz.OfficerID{who.ID}, c.Proposal.By
		f.end(c, "decided", c.Proposal.Decision)
		c.By = c.Proposal.By
		f.step(c)
		web.WriteJSON(w, http.StatusOK, f.view(c, who))
		return true
	case c.State == "awaiting" && c.Proposal.By.Authority() != who.Authority.ID:
		return refuse(marz.Conflict, "a decision of "+string(c.Proposal.By)+" waits for concurrence: concur or refuse to first")
	case act == "decide" && f.needs(d) && slices.Contains(c.Ordinary, d):
		f.seq++
		c.State, c.Proposal = "awaiting", &web.Proposal{Seq: f.seq, Decision: d, By: who.ID}
		f.duty.submission = f.seq
		f.step(c)
		web.WriteJSON(w, http.StatusOK, f.view(c, who))
		return true
	}
	return false
}

// lookUp gives am-bg's hits to ru-bg, as an entry about the inspection.
func (f *fakePost) lookUp(w http.ResponseWriter, r *http.Request) {
	var in struct{ Owner, Reason, Note string }
	if err := web.ReadJSON(w, r, &in, 1000); err != nil {
		web.WriteError(w, r, err)
		return
	}
	f.with(func() {
		c := f.cases[marz.InspectionID(r.PathValue("id"))]
		f.seq++
		f.step(c)
		f.duty.given = append(f.duty.given, in.Owner+"/"+in.Reason+"/"+in.Note)
		web.WriteJSON(w, http.StatusOK, map[string]any{"hits": c.Hits, "under": shareArticle})
	})
}
