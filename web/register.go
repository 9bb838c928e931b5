package web

import "marz"

// RegisterBody is the body of the register's first page: agreements, memberships and obligations. It holds nothing about a person.
type RegisterBody struct {
	At          marz.Instant // for which it is shown
	Agreements  []AgreementRow
	Memberships []Membership
	Obligations []Obligation
	Rules       []Rule       // Marz's own, always in force
	Policy      string       // hex hash of the rules in force
	Places      []marz.Place // whose timelines can be read
}

// AgreementRow is one agreement.
type AgreementRow struct {
	ID             string
	Title          string
	Parties        []marz.AuthorityID
	Signed         string       // date
	From           marz.Instant // 0: from its articles
	Until          marz.Instant // exclusive; 0: no end
	State          string       // "in force", "suspended", "withdrawn", "not yet in force" or "ended"
	Why            string       // by whom and since when it is suspended, or ""
	Reconstruction bool         // not the text, but what was reported of it
	Articles       int
	InForce        int      // how many of its articles are in force
	Seq            marz.Seq // of the entry that recorded it
}

// Membership is a state in a bloc.
type Membership struct {
	Bloc    marz.Bloc
	State   string // ICAO three-letter code
	Periods []MembershipPeriod
	Hangs   []Hanging // articles that depend on it
}

// MembershipPeriod is one status, from an instant until the next.
type MembershipPeriod struct {
	Status string // "active", "suspended" or "withdrawn"
	From   marz.Instant
	Until  marz.Instant     // 0: still
	By     marz.AuthorityID // who declared it
	Learnt marz.Instant     // when this node did
	Source string
	Now    bool
}

// Hanging is an article that depends on something, and whether it is in force.
type Hanging struct {
	Article marz.ArticleRef
	What    string // in words
	InForce bool
	Why     string // why it is not, or ""
}

// Obligation is who owes what by when.
type Obligation struct {
	Article  marz.ArticleRef
	Owes     string // an authority, a state or a bloc
	To       string
	What     string
	Due      marz.Instant // 0: no date
	Status   string       // "pending", "met", "breached" or "waived"
	Overdue  bool
	Entitles string // what the other side may do when it is not met
	Reports  []ObligationReport
}

// ObligationReport is what one side has said about it.
type ObligationReport struct {
	At       marz.Instant
	Learnt   marz.Instant
	By       marz.AuthorityID
	Status   string
	Evidence string
}

// Rule is one of Marz's own rules.
type Rule struct {
	Article marz.ArticleRef
	Text    string
}

// AgreementBody is the body of an agreement's page.
type AgreementBody struct {
	At         marz.Instant
	Agreement  AgreementRow
	Source     string
	Signatures []Signature
	Statements []Statement // suspensions and renewals, newest first
	Articles   []ArticleView
}

// Signature is that an authority signed.
type Signature struct {
	Authority marz.Authority
	Key       string // the verifier key's name and hash
	Signed    bool
}

// Statement is what a party has said about an agreement's, an article's or a membership's standing.
type Statement struct {
	By      marz.AuthorityID
	Subject string // what it is about
	Status  string
	From    marz.Instant
	Expires marz.Instant // 0: never
	Learnt  marz.Instant
	Seq     marz.Seq
}

// ArticleView is one article with what follows from it.
type ArticleView struct {
	Ref     marz.ArticleRef
	Kind    string
	Who     string // in words: whose power, data or debt
	Places  []marz.PlaceID
	From    marz.Instant
	Until   marz.Instant
	Text    string
	InForce bool
	Why     string // why it is not in force, or ""
	Gives   []string
	While   []string // memberships it depends on
	Hangs   []string // what hangs on it now, in words
	Cedar   string   // the policies it compiles to
}

// TimelineBody is the body of the page of one place: who held, holds and will hold it.
type TimelineBody struct {
	Place  marz.Place
	At     marz.Instant
	Known  marz.Instant // as the node knew it then; 0: as it knows it now
	Rows   []Period     // as recorded up to now, and planned from then on
	Actual []Passed     // as recorded at this node; empty for places that other nodes keep
	Places []marz.Place // to choose from
	Now    []Mandate    // who may do what there at At
}

// Period is the control of a place for a time.
type Period struct {
	Control marz.AuthorityID   `json:"control"`
	Article marz.ArticleRef    `json:"article"`
	From    marz.Instant       `json:"from"`
	Until   marz.Instant       `json:"until,omitempty"`   // exclusive; 0: no end is agreed
	With    []marz.AuthorityID `json:"with,omitempty"`    // who serves there beside
	Under   []marz.ArticleRef  `json:"under,omitempty"`   // by which articles
	Overdue marz.Instant       `json:"overdue,omitempty"` // when control was to pass, and has not
}

// Passed is a passing of control as it was recorded.
type Passed struct {
	To      marz.AuthorityID
	From    marz.AuthorityID
	Lanes   []marz.LaneID // none: the place
	Article marz.ArticleRef
	Planned marz.Instant // by the article
	Actual  marz.Instant // of the entry
	Seq     marz.Seq
}

// Mandate is what an authority may do at a place at an instant.
type Mandate struct {
	Authority marz.Authority
	Role      string // "controls", also of lanes, "serves", "serves jointly" or "observes"
	Article   marz.ArticleRef
	Powers    []string
}

// MapBody is the body of the page with the map of who controls what at an instant.
type MapBody struct {
	Map         *Map // nil where the deployment has none
	At          marz.Instant
	From, Until marz.Instant // of the slider
	Authorities []marz.Authority
	Places      []MapPlace
}

// MapPlace is a post or section with all its periods, so that the slider needs no request.
type MapPlace struct {
	marz.Place
	Periods []Period `json:"periods"`
}

// LookupsBody is the body of the page on which an authority sees who of another authority looked at its data.
type LookupsBody struct {
	Own  marz.AuthorityID
	Rows []Lookup // newest first
}

// Lookup is one look of another authority at data of the own.
type Lookup struct {
	Seq        marz.Seq
	At         marz.Instant
	Officer    marz.OfficerID
	What       string // "record", "hit" or "incident"
	Inspection marz.InspectionID
	Incident   marz.Seq
	Reason     string
	Under      marz.ArticleRef
	Fields     []string // what was shown
}

// SectionsBody is the body of the page of the sections whose duty this node keeps.
type SectionsBody struct {
	Sections   []SectionView
	Kinds      []Reason // of incidents
	Reasons    []Reason // for reading an incident
	Supervises bool
}

// SectionView is one section with its patrols and incidents.
type SectionView struct {
	marz.Section
	Control   Period
	Patrols   []Patrol // not ended yet, and the last ten that have
	Incidents []Incident
	Officers  []marz.OfficerID // whom the signed-in supervisor can put on duty
}

// Patrol is a duty of officers on a section, of one authority or of several.
type Patrol struct {
	ID       marz.Seq
	From     marz.Instant
	Until    marz.Instant
	Officers []marz.OfficerID
	Under    marz.ArticleRef
	By       marz.OfficerID
	Ended    bool
}

// Incident is something that happened on the line. Its note is read as a record, with a reason.
type Incident struct {
	ID        marz.Seq
	At        marz.Instant // when it happened
	Kind      string
	Kilometre float64
	Present   []marz.OfficerID
	Patrol    marz.Seq // 0: none
	By        marz.OfficerID
	Owner     marz.AuthorityID
	Under     marz.ArticleRef
	Note      bool // there is one to read
}
