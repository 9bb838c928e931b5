package agreement

import (
	"fmt"
	"slices"

	"marz"
)

// Status is the standing of an agreement, an article or a membership.
type Status string

// The statuses.
const (
	Active    Status = "active"
	Suspended Status = "suspended"
	Withdrawn Status = "withdrawn" // of an agreement or article: for good
)

// Statement is what an authority says about the standing of an agreement or article to which it is a party, or about its state's membership of
// a bloc. It is signed by that authority alone.
type Statement struct {
	By        marz.AuthorityID `json:"by" toml:"by"`
	Agreement string           `json:"agreement,omitempty" toml:"agreement"`
	Article   string           `json:"article,omitempty" toml:"article"` // none: the whole agreement
	Bloc      marz.BlocID      `json:"bloc,omitempty" toml:"bloc"`
	State     string           `json:"state,omitempty" toml:"state"` // ICAO three-letter code
	Status    Status           `json:"status" toml:"status"`
	From      marz.Instant     `json:"from" toml:"from"`
	Issued    marz.Instant     `json:"issued" toml:"issued"`             // the later word of an authority goes before the earlier
	Expires   marz.Instant     `json:"expires,omitempty" toml:"expires"` // when it is not to be believed any longer; none: never
	Source    string           `json:"source,omitempty" toml:"source"`
}

// subject is what statements are about: "agreement", "agreement/article" or "STATE/bloc".
func (s *Statement) subject() string {
	switch {
	case s.Bloc != "":
		return Condition{s.State, s.Bloc}.String()
	case s.Article != "":
		return s.Agreement + "/" + s.Article
	}
	return s.Agreement
}

func (s *Statement) refuse(format string, args ...any) error {
	return &marz.Error{Code: marz.Invalid, Op: "check statement", Subject: fmt.Sprintf("of %.63s on %.130s", s.By, s.subject()), Fix: fmt.Sprintf(format, args...)}
}

// check holds a statement to what can be said of it on the ground given; agreement returns the one it is about, or nil.
func (s *Statement) check(g *Ground, agreement func(string) *Agreement) error {
	by, ok := g.Authority(s.By)
	switch {
	case !ok:
		return s.refuse("%.40q is not an authority that is known here; correct by", s.By)
	case (s.Agreement == "") == (s.Bloc == ""):
		return s.refuse("it is about an agreement, or about a bloc and a state; give one of the two")
	case !slices.Contains([]Status{Active, Suspended, Withdrawn}, s.Status):
		return s.refuse("the status %.20q is not known; use active, suspended or withdrawn", s.Status)
	case s.From == 0 || s.Issued == 0:
		return s.refuse(`say from when it holds and when it was issued: from and issued, as 2024-02-22T00:00:00+04:00`)
	case s.Expires != 0 && s.Expires <= s.Issued:
		return s.refuse("it expires at %s, which is not after it was issued at %s; correct expires or issued", s.Expires, s.Issued)
	}
	if s.Bloc != "" {
		switch {
		case s.Article != "":
			return s.refuse("a membership has no article; leave article out")
		case !g.bloc(s.Bloc):
			return s.refuse("the bloc %.40q is not known here; correct it, or add the bloc to the scenario", s.Bloc)
		case by.State != s.State:
			return s.refuse("%s is an authority of %s and cannot speak for %.20q; correct by or state", by.ID, by.State, s.State)
		}
		return nil
	}
	if s.State != "" {
		return s.refuse("an agreement is not of a state; leave state out")
	}
	return s.checkAgreement(agreement(s.Agreement))
}

func (s *Statement) checkAgreement(ag *Agreement) error {
	switch {
	case ag == nil:
		return s.refuse("no such agreement is recorded; correct its id, or record the agreement first")
	case !slices.Contains(ag.Parties, s.By):
		return s.refuse("%s is not a party to it; only a party says whether it stands", s.By)
	case s.Article == "":
		return nil
	}
	i := slices.IndexFunc(ag.Articles, func(a Article) bool { return a.ID == s.Article })
	if i < 0 {
		return s.refuse("the agreement has no such article; correct article, or leave it out to speak of the whole agreement")
	}
	if k := ag.Articles[i].Kind; k == Control || k == Transfer {
		return s.refuse("it says who controls a place, and nobody would if it were suspended; agree on a transfer instead")
	}
	return nil
}

// Report is what one side of an obligation says about it.
type Report struct {
	By       marz.AuthorityID `json:"by" toml:"by"`
	Article  marz.ArticleRef  `json:"article" toml:"article"`
	Status   string           `json:"status" toml:"status"` // "pending", "met", "breached" or "waived"
	At       marz.Instant     `json:"at" toml:"at"`
	Evidence string           `json:"evidence,omitempty" toml:"evidence"` // where it can be found; nothing personal
}

// The statuses of an obligation.
const (
	Pending  = "pending"
	Met      = "met"
	Breached = "breached"
	Waived   = "waived"
)

func (r *Report) check(g *Ground, clauseOf func(marz.ArticleRef) *clause) error {
	bad := func(format string, args ...any) error {
		return &marz.Error{Code: marz.Invalid, Op: "check report", Subject: fmt.Sprintf("of %.63s on %.130s", r.By, r.Article), Fix: fmt.Sprintf(format, args...)}
	}
	by, ok := g.Authority(r.By)
	if !ok {
		return bad("%.40q is not an authority that is known here; correct by", r.By)
	}
	c := clauseOf(r.Article)
	if c == nil || c.Kind != Obligation {
		return bad("there is no such obligation; write article as agreement/article of an article of kind obligation")
	}
	debtor, creditor := speaksFor(by, c.Owes), speaksFor(by, c.Owed)
	switch {
	case r.At == 0:
		return bad("say at which instant: at, as 2024-02-22T00:00:00+04:00")
	case !slices.Contains([]string{Pending, Met, Breached, Waived}, r.Status):
		return bad("the status %.20q is not known; use pending, met, breached or waived", r.Status)
	case !debtor && !creditor && !slices.Contains(c.agreement.Parties, r.By):
		return bad("%s neither owes it nor is owed it, and is not a party to the agreement; correct by", r.By)
	case r.Status == Waived && !creditor:
		return bad("only who is owed a thing can waive it")
	case r.Status == Met && debtor && r.Evidence == "":
		return bad("who says that he has met an obligation says where the evidence is: evidence")
	}
	return nil
}

// speaksFor reports whether an authority speaks for who owes or is owed: itself or its state. For a bloc nobody does alone.
func speaksFor(a marz.Authority, who string) bool { return string(a.ID) == who || a.State == who }

// track is what is known of one subject's standing from one mouth: an authority on an agreement, or a state's authorities on its membership. It does not change once made.
type track struct {
	spans   []span // by from, ascending
	issued  marz.Instant
	expires marz.Instant // of the newest statement; 0: never
}

// span is a status from an instant until the next span.
type span struct {
	from   marz.Instant
	status Status
	by     marz.AuthorityID
	learnt marz.Instant
	source string
}

// with returns the track after a statement. A statement older than the newest changes nothing.
func (t *track) with(s *Statement, learnt marz.Instant) *track {
	if t != nil && s.Issued <= t.issued {
		return t
	}
	out := &track{issued: s.Issued, expires: s.Expires}
	if t != nil {
		if t.says(s) {
			out.spans = t.spans
			return out
		}
		n := len(t.spans)
		for n > 0 && t.spans[n-1].from >= s.From {
			n--
		}
		out.spans = slices.Clone(t.spans[:n])
	}
	if n := len(out.spans); n == 0 || out.spans[n-1].status != s.Status {
		out.spans = append(out.spans, span{s.From, s.Status, s.By, learnt, s.Source})
	}
	return out
}

// says reports whether the newest span already says what the statement says, so that the statement only renews it.
func (t *track) says(s *Statement) bool {
	last := t.spans[len(t.spans)-1]
	return last.status == s.Status && last.from <= s.From
}

// at returns the span at the instant, or nil before the first.
func (t *track) at(when marz.Instant) *span {
	if t == nil {
		return nil
	}
	for i := len(t.spans) - 1; i >= 0; i-- {
		if t.spans[i].from <= when {
			return &t.spans[i]
		}
	}
	return nil
}
