package web

import "marz"

// RetentionKind is a kind of record for which an authority says how long it is kept.
type RetentionKind struct {
	Name string
	What string // in words
	From string // what its time is counted from, in words
}

// RetentionLook is what the node found when it last looked for payloads whose time is up. It holds nothing about a person.
type RetentionLook struct {
	At     marz.Instant   `json:"at"`
	Doubt  string         `json:"doubt,omitempty"` // why the clock is not believed, so that nothing is erased
	Rows   []RetentionRow `json:"rows"`
	Erased int            `json:"erased"` // payloads that entries say are erased
	Left   int            `json:"left"`   // of these: that are there all the same
}

// RetentionRow is one kind of record of one authority, or of several together.
type RetentionRow struct {
	Owners  []marz.AuthorityID `json:"owners"`
	Kind    string             `json:"kind"` // "" for what no schedule is about
	What    string             `json:"what"`
	From    string             `json:"from"`
	Rules   []RetentionPeriod  `json:"rules"`
	Kept    int                `json:"kept"`    // that are there
	Due     int                `json:"due"`     // of these: whose time is up and that nothing holds
	Held    int                `json:"held"`    // of these: that have to stay, or whose time does not run yet
	Unruled int                `json:"unruled"` // of these: that no schedule in force lets go
	Now     int                `json:"now"`     // erased by the look itself
	Erased  int                `json:"erased"`  // so far
	Oldest  marz.Instant       `json:"oldest,omitzero"`
	Whys    []RetentionWhy     `json:"whys,omitempty"`
}

// RetentionPeriod is what one authority's schedule says.
type RetentionPeriod struct {
	Authority marz.AuthorityID `json:"authority"`
	Days      int              `json:"days"`
	Under     marz.ArticleRef  `json:"under"`
	Law       string           `json:"law"`
}

// RetentionWhy is why payloads stay, and how many.
type RetentionWhy struct {
	What  string `json:"what"`
	Count int    `json:"count"`
}

// RetentionSchedule is an authority's schedule: in force, or as post.toml proposes it.
type RetentionSchedule struct {
	Authority marz.AuthorityID
	Officer   marz.OfficerID // who put it in force
	Seq       marz.Seq
	At        marz.Instant
	Starts    marz.Instant // it erases nothing before
	Rules     []RetentionRule
	Digest    string
}

// RetentionRule is one rule of a schedule.
type RetentionRule struct {
	Kinds []string
	Days  int
	Under marz.ArticleRef
	Law   string
	Gives bool   // the article gives the power to erase now
	Warn  string // what the period is too short for, or ""
}

// RetentionHold is a hold that stands.
type RetentionHold struct {
	Seq       marz.Seq
	At        marz.Instant
	Authority marz.AuthorityID
	Officer   marz.OfficerID
	Entry     marz.Seq
	Reason    string
	Text      string
}

// RetentionReferral is a crossing that was sent to second line and has no outcome.
type RetentionReferral struct {
	Inspection marz.InspectionID
	Lane       marz.LaneID
	Decided    marz.Instant
	Seq        marz.Seq
}

// RetentionBody is the body of the page about how long payloads are kept.
type RetentionBody struct {
	Own       marz.AuthorityID
	Can       bool           // set a schedule, confirm the clock
	Holds     bool           // hold, release, end second line
	Look      *RetentionLook // nil: the node has not looked yet
	Next      marz.Instant   // when it looks again, at the latest; 0: it is not known
	Schedules []RetentionSchedule
	Proposed  *RetentionSchedule // what post.toml has for the own authority and is not in force; nil: nothing
	Silent    []marz.AuthorityID // who have no schedule in force
	Held      []RetentionHold
	Referrals []RetentionReferral
	Reasons   []Reason
	Outcomes  []Reason
}
