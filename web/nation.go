package web

import (
	"marz"
	"marz/transfer"
)

// NationBody is the body of the page of the whole state: what its headquarters knows of all posts. It holds no personal data.
type NationBody struct {
	From, Until   marz.Instant // between which crossings are counted
	Choices       []int        // of how many days can be chosen
	Days          int          // that were chosen
	ByDay         bool         // Times are days, not hours
	Posts         []NationPost
	Times         []NationTime  // every hour or day from From to Until, also those without a crossing
	Decisions     []NationCount // in the order of marz.Decisions
	Nationalities []NationCount // the most first; "" is of whom it is not known here
	Refused       []NationCase  // the newest first
	Referred      []NationCase  // to second line, or held: those first of which no end is known
	Late          []NationLate  // that nobody has answered for, the newest first
	Debts         []NationDebt  // that are overdue
	Transfers     []NationTransfer
	Map           *Map `json:"-"`
}

// NationPost is one post as the headquarters knows it.
type NationPost struct {
	Origin   marz.Origin
	Post     marz.Post
	Exercise bool
	Control  []NationControl // of the whole post first, then of lanes that another one controls
	Lanes    []NationLane
	Open     int          // inspections that have not ended
	Oldest   marz.Instant // when the one that waits longest was opened
	Count    int          // crossings decided in the time shown
	Refused  int          // of them
	Head     marz.Instant // of the newest entry that is here
	Size     int64        // entries that are here
	Missing  int64        // entries that are known to exist and are not folded yet
	Payloads int64        // entries of which the payload is still to come
	Odd      int64        // entries that could not be understood
	Lists    []ListState
	Officers []NationOfficers // signed in, by authority
}

// NationControl is who controls a post, or some of its lanes.
type NationControl struct {
	Authority marz.AuthorityID
	Lanes     []marz.LaneID // none: all
	Article   marz.ArticleRef
	Since     marz.Instant
}

// NationLane is a lane at an instant.
type NationLane struct {
	ID        marz.LaneID
	Direction marz.Direction
	Flow      string
	Officers  []marz.OfficerID // who sit there
	Case      *LaneCase        // the open one
}

// NationOfficers is how many officers of an authority are signed in at a post.
type NationOfficers struct {
	Authority marz.AuthorityID
	Count     int
}

// NationTime is an hour or a day with the crossings decided in it.
type NationTime struct {
	At      marz.Instant // its beginning
	Entries int
	Exits   int
	Stopped int // refused, referred or held, of both
}

// Sum is how many crossings were decided in it.
func (t NationTime) Sum() int { return t.Entries + t.Exits }

// NationCount is how many crossings there were of one kind.
type NationCount struct {
	Name     string
	Decision marz.Decision // of a count by decisions
	Count    int
}

// NationCase is one inspection that has ended. It holds no personal data.
type NationCase struct {
	Origin      marz.Origin
	Post        string // its name
	ID          marz.InspectionID
	Lane        marz.LaneID
	Direction   marz.Direction
	Verdict     marz.Verdict
	Hits        int
	Decision    marz.Decision // none: it was withdrawn
	Reason      string
	Authority   marz.AuthorityID
	Nationality string // "": not known here
	At          marz.Instant
	Seq         marz.Seq
	Asylum      bool
	Open        bool // of a referral: nothing is known of its end
}

// NationLate is a late hit at any post.
type NationLate struct {
	NationCase
	Seq   marz.Seq     // of the alarm
	Since marz.Instant // when it was raised
	List  marz.ListID
	Owner marz.AuthorityID // whose own list it is
	Count int              // hits
}

// NationDebt is an obligation that is overdue.
type NationDebt struct {
	Article marz.ArticleRef
	Owes    string
	Owed    string
	Text    string
	Due     marz.Instant
	Status  string
	Posts   []string // at which it is known
}

// NationTransfer is a transfer of control that has not been executed, or not been closed.
type NationTransfer struct {
	Origin  marz.Origin
	Post    string
	ID      transfer.ID // "": nobody has begun to prepare it
	Article marz.ArticleRef
	From    marz.AuthorityID
	To      marz.AuthorityID
	Lanes   []marz.LaneID
	At      marz.Instant
	Phase   transfer.Phase
	Turned  []marz.AuthorityID // whose keys are turned
	Overdue bool               // its instant has gone by
}

// HistoryBody is the body of the page of what is known of one person's crossings. Who it is, the page says as it was asked.
type HistoryBody struct {
	Asked  []string // nationality, birth date, names, document, as they were given
	Entry  marz.Seq // of the entry in the headquarters' journal that says that it was asked
	Reason string   // why
	Rows   []NationCase
	More   bool   // there are older ones
	Stay   string // days used, over all posts, in words; "": no limit applies
	Gap    bool   // an entry or an exit is missing
}

// PostDayBody is the body of the page of one post's day. It holds no personal data.
type PostDayBody struct {
	Origin    marz.Origin
	Post      marz.Post
	Day       string // YYYY-MM-DD
	Earlier   string
	Later     string // "": it is still to come
	Times     []NationTime
	Decisions []NationCount
	Rows      []NationCase // the newest first
	Before    string       // of the next page of older ones; "": there are none
}

// SearchBody is the body of the page on which a person's crossings are asked for. Rows are who asked lately, the newest first; whom for stands in the entries' payloads alone.
type SearchBody struct {
	Reasons []Reason
	Rows    []Lookup
}
