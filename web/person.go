package web

import "marz"

// PersonBody is the body of the page on which a supervisor gives a person what is held about him.
type PersonBody struct {
	Own     marz.AuthorityID
	Reasons []Reason
	Kinds   []Reason // of notes
}

// PersonRecords are what an authority holds about a person at a post, as it is given to him.
type PersonRecords struct {
	Post      string           `json:"post"`
	Authority marz.Authority   `json:"authority"` // whose records they are
	Exercise  bool             `json:"exercise,omitempty"`
	At        marz.Instant     `json:"at"`
	Entry     marz.Seq         `json:"entry"` // that says that they were given
	Under     marz.ArticleRef  `json:"under"`
	Reason    string           `json:"reason"`
	Asked     PersonAsked      `json:"asked"`
	Crossings []PersonCrossing `json:"crossings"`
	Others    int              `json:"others"`   // of somebody of the same name, birth date and nationality, with documents whose numbers were not given
	Withheld  string           `json:"withheld"` // stands in the place of what may not be told, whether there is any or not
	Elsewhere string           `json:"elsewhere,omitempty"`
	Erasure   string           `json:"erasure"` // what becomes of what is erased
}

// PersonAsked is by what somebody was looked for.
type PersonAsked struct {
	Primary     string   `json:"primary"`
	Secondary   string   `json:"secondary"`
	Birth       string   `json:"birth"`
	Nationality string   `json:"nationality"`
	Numbers     []string `json:"numbers"`
}

// PersonCrossing is one crossing as it is told to whose it is.
type PersonCrossing struct {
	Inspection marz.InspectionID  `json:"inspection"`
	Opened     marz.Instant       `json:"opened"`
	Ended      marz.Instant       `json:"ended,omitzero"`
	Lane       marz.LaneID        `json:"lane"`
	Direction  marz.Direction     `json:"direction"`
	State      string             `json:"state"`
	Decision   marz.Decision      `json:"decision,omitempty"`
	Grounds    string             `json:"grounds,omitempty"` // of a refusal: the reason of the standard form
	By         string             `json:"by,omitempty"`      // who decided
	Under      marz.ArticleRef    `json:"under,omitempty"`
	Owners     []marz.AuthorityID `json:"owners"`
	Asylum     bool               `json:"asylum,omitempty"`
	Document   Document           `json:"document"`
	Findings   []PersonFinding    `json:"findings"`
	Stay       string             `json:"stay,omitempty"`
	Chip       bool               `json:"chip"` // its chip was read and proven
	Hits       []PersonHit        `json:"hits,omitempty"`
	Notes      []PersonNote       `json:"notes,omitempty"`
	Read       []PersonRead       `json:"read"`
	Erased     []PersonErased     `json:"erased,omitempty"`
	Until      []PersonUntil      `json:"until,omitempty"` // how long it is kept
}

// PersonFinding is one check's result.
type PersonFinding struct {
	Check  string      `json:"check"`
	Result marz.Result `json:"result"`
	Reason string      `json:"reason,omitempty"`
}

// PersonHit is a match with a list that may be told. What the alert says of whom it means is not in it: that can be somebody else.
type PersonHit struct {
	List    marz.ListID `json:"list"`
	Owner   string      `json:"owner"`
	Says    string      `json:"says,omitempty"`    // the sentence of the match
	Cleared bool        `json:"cleared,omitempty"` // he was found not to be the one on it
}

// PersonNote is what somebody wrote about the record.
type PersonNote struct {
	At   marz.Instant `json:"at"`
	Kind string       `json:"kind"`
	By   string       `json:"by"`
	Note string       `json:"note"`
}

// PersonRead is that the record was read.
type PersonRead struct {
	At     marz.Instant `json:"at"`
	By     string       `json:"by"`
	Reason string       `json:"reason"`
}

// PersonErased is what of the record was erased.
type PersonErased struct {
	At   marz.Instant `json:"at"`
	What string       `json:"what"`
	Seq  marz.Seq     `json:"seq"` // of the entry that erased it
}

// PersonUntil is how long one authority keeps the record.
type PersonUntil struct {
	Authority marz.AuthorityID `json:"authority"`
	Until     marz.Instant     `json:"until,omitzero"` // 0: no schedule in force, or its time does not run yet
	Law       string           `json:"law,omitempty"`
}
